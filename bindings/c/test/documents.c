/* containerd's databases, and the checker. */
#include "check.h"

#define DATABASE "tests/metadb/containerd-2.3.4.db"

void test_metadb(void) {
    sb_error *error;
    sb_metadb *metadb;
    sb_namespace *in_namespace;
    sb_namespaces *namespaces;
    sb_namespace_record_array *records;
    sb_container_array *containers;
    sb_bytes file = read_file(DATABASE), json;
    OK(sb_metadb_open(SB_STR(DATABASE), &metadb, &error));
    uint64_t page_size, transaction;
    int64_t version;
    OK(sb_metadb_info(metadb, &page_size, &transaction, &version, &error));
    CHECK(page_size == 4096 && transaction > 0 && version == 4);
    OK(sb_metadb_info(metadb, NULL, NULL, NULL, &error));
    OK(sb_metadb_dump(metadb, &json, &error));
    sb_bytes expected = read_file("tests/metadb/containerd-2.3.4.json");
    CHECK(json.len > expected.len / 4 && have(&json, "\"snapshots\""));
    free(expected.data);
    sb_bytes_free(&json);

    /* The functions are those of a store. They outlive the handle that they came from. */
    OK(sb_metadb_namespaces(metadb, &namespaces, &error));
    OK(sb_namespaces_list(namespaces, &records, &error));
    size_t count = sb_namespace_record_array_len(records), found = 0, images = 0, sandboxes = 0;
    CHECK(count > 1);
    for (size_t i = 0; i < count; i++) {
        sb_image_array *image_array;
        sb_sandbox_array *sandbox_array;
        sb_lease_array *lease_array;
        OK(sb_metadb_namespace(metadb, sb_namespace_record_name(sb_namespace_record_array_at(records, i)), &in_namespace, &error));
        OK(sb_container_list(in_namespace, NULL, 0, &containers, &error));
        found += sb_container_array_len(containers);
        for (size_t j = 0; j < sb_container_array_len(containers); j++) {
            sb_container *container;
            sb_str id = sb_container_id(sb_container_array_at(containers, j));
            OK(sb_container_get(in_namespace, id, &container, &error));
            CHECK(sb_container_created_at(container).is_set);
            sb_container_free(container);
        }
        OK(sb_image_list(in_namespace, NULL, 0, &image_array, &error));
        OK(sb_sandbox_list(in_namespace, NULL, 0, &sandbox_array, &error));
        OK(sb_lease_list(in_namespace, NULL, 0, &lease_array, &error));
        images += sb_image_array_len(image_array);
        sandboxes += sb_sandbox_array_len(sandbox_array);
        sb_lease_array_free(lease_array);
        sb_sandbox_array_free(sandbox_array);
        sb_image_array_free(image_array);
        sb_container_array_free(containers);
        sb_namespace_free(in_namespace);
    }
    CHECK(found > 3 && images > 3 && sandboxes > 0);
    sb_namespace_record_array_free(records);

    /* Nothing can be changed. */
    sb_namespace_record *record;
    OK(sb_namespace_record_new(SB_STR("prod"), &record, &error));
    REFUSED(SB_ERR_FAILED_PRECONDITION, NULL, sb_namespaces_create(namespaces, record, NULL, &error));
    sb_namespace_record_free(record);
    OK(sb_metadb_namespace(metadb, SB_STR("default"), &in_namespace, &error));
    REFUSED(SB_ERR_FAILED_PRECONDITION, NULL, sb_container_delete(in_namespace, SB_STR("web"), &error));
    REFUSED(SB_ERR_FAILED_PRECONDITION, NULL,
            sb_event_publish(in_namespace, SB_STR("/a"), SB_STR("t"), (sb_slice){NULL, 0}, &error));

    OK(sb_metadb_owners(metadb, SB_STR("nothing"), &json, &error));
    CHECK(are(&json, "[]"));

    /* Into a store: first asked, then done, and not twice. */
    sb_store *store = memory_store();
    OK(sb_store_import_metadb(store, metadb, NULL, 0, true, false, &json, &error));
    CHECK(have(&json, "\"containers\":"));
    sb_bytes_free(&json);
    sb_str absent = SB_STR("absent");
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_store_import_metadb(store, metadb, &absent, 1, false, false, &json, &error));
    CHECK(json.data == NULL);
    sb_metadb_free(metadb);
    sb_namespace_free(in_namespace);
    sb_namespaces_free(namespaces);
    sb_metadb *copy;
    OK(sb_metadb_open_bytes(slice_of(&file), &copy, &error));
    sb_str name = SB_STR("k8s.io");
    sb_status status = sb_store_import_metadb(store, copy, &name, 1, false, false, NULL, &error);
    CHECK(status == SB_OK || status == SB_ERR_FAILED_PRECONDITION);
    sb_error_free(error);
    if (status == SB_OK) {
        /* The same once more is no conflict; a record with another content is. */
        OK(sb_store_import_metadb(store, copy, &name, 1, false, false, NULL, &error));
        sb_namespace *imported = namespace_of(store, "k8s.io");
        sb_str image = SB_STR("image");
        OK(sb_container_list(imported, NULL, 0, &containers, &error));
        sb_container *changed;
        OK(sb_container_get(imported, sb_container_id(sb_container_array_at(containers, 0)), &changed, &error));
        OK(sb_container_set_image(changed, SB_STR("another"), &error));
        OK(sb_container_update(imported, changed, &image, 1, NULL, &error));
        REFUSED(SB_ERR_ALREADY_EXISTS, NULL, sb_store_import_metadb(store, copy, &name, 1, false, false, NULL, &error));
        OK(sb_store_import_metadb(store, copy, &name, 1, false, true, NULL, &error));
        sb_container_free(changed);
        sb_container_array_free(containers);
        sb_namespace_free(imported);
    }
    sb_metadb_free(copy);
    sb_store_free(store);

    /* Whole, then damaged: told, and what is left is read. */
    OK(sb_metadb_check(SB_STR(DATABASE), &json, &error));
    CHECK(!have(&json, "\"damage\""));
    sb_bytes_free(&json);
    OK(sb_metadb_salvage(SB_STR(DATABASE), &json, &error));
    CHECK(json.len > 1000);
    sb_bytes_free(&json);
    memset(file.data + 6 * 4096, 0xff, 4096);
    OK(sb_metadb_check_bytes(slice_of(&file), &json, &error));
    CHECK(have(&json, "\"damage\""));
    sb_bytes_free(&json);
    OK(sb_metadb_salvage_bytes(slice_of(&file), &json, &error));
    CHECK(json.len > 1000);
    sb_bytes_free(&json);
    memset(file.data, 0, 2 * 4096);
    REFUSED(SB_ERR_FAILED_PRECONDITION, NULL, sb_metadb_open_bytes(slice_of(&file), &copy, &error));
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_metadb_open(SB_STR("target/no/such/file"), &copy, &error));
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_metadb_check(SB_STR("target/no/such/file"), &json, &error));
    free(file.data);
}

#define CONFIG "{\"ociVersion\": \"1.2.0\", \"process\": {\"cwd\": \"/\", \"args\": [\"sh\"], \"user\": {}}, \"root\": {\"path\": \"r\"},\n" \
    " \"mounts\": [{\"destination\": \"/data\", \"type\": \"bind\", \"source\": \"/srv\"}], \"hostnme\": \"x\"}"

void test_checker(void) {
    sb_error *error;
    sb_str code, needs, kind;
    sb_bytes json, codes, fixed;
    sb_report *report;
    sb_check_options *options;
    sb_slice text = {(const uint8_t *)CONFIG, sizeof CONFIG - 1};
    OK(sb_detect(text, &kind, &error));
    CHECK(is(kind, "runtime-config"));
    OK(sb_detect((sb_slice){(const uint8_t *)"[]", 2}, &kind, &error));
    CHECK(kind.data == NULL);

    OK(sb_validate(text, NULL, &report, &error));
    CHECK(is(sb_report_kind(report), "runtime-config") && is(sb_report_spec_version(report), "1.2.0"));
    CHECK(is(sb_report_verdict(report), "invalid"));
    CHECK(sb_report_error_count(report) >= 1 && sb_report_warning_count(report) >= 1 && sb_report_advice_count(report) == 0);
    CHECK(sb_report_diagnostic_at(report, sb_report_diagnostic_count(report)) == NULL);
    const sb_diagnostic *mount = NULL, *misspelt = NULL;
    for (size_t i = 0; i < sb_report_diagnostic_count(report); i++) {
        const sb_diagnostic *finding = sb_report_diagnostic_at(report, i);
        if (is(sb_diagnostic_code(finding), "OCI-RT-0415")) mount = finding;
        if (is(sb_diagnostic_pointer(finding), "/hostnme")) misspelt = finding;
    }
    CHECK(mount != NULL && is(sb_diagnostic_severity(mount), "error") && is(sb_diagnostic_pointer(mount), "/mounts/0"));
    CHECK(sb_diagnostic_span(mount).line == 2 && sb_diagnostic_span(mount).length > 0);
    CHECK(sb_diagnostic_message(mount).len > 0 && sb_diagnostic_explain(mount).data != NULL);
    CHECK(sb_diagnostic_suggestion(mount).len > 0 && sb_diagnostic_missing(mount).data == NULL);
    CHECK(misspelt != NULL && is(sb_diagnostic_severity(misspelt), "warning"));
    CHECK(is(sb_diagnostic_value(misspelt), "\"x\"") || sb_diagnostic_value(misspelt).data == NULL);
    CHECK(!sb_diagnostic_is_fixable(misspelt) || sb_diagnostic_suggestion(misspelt).data != NULL);
    OK(sb_report_to_json(report, &json, &error));
    CHECK(strncmp((const char *)json.data, "{\"kind\":\"runtime-config\",\"specVersion\":\"1.2.0\",\"verdict\":\"invalid\",\"findings\":[", 77) == 0);
    sb_bytes_free(&json);
    if (sb_report_skipped_count(report) > 0) {
        OK(sb_report_skipped_at(report, 0, &code, &needs, &error));
        CHECK(code.len > 0 && needs.len > 0);
    }
    REFUSED(SB_ERR_OUT_OF_RANGE, NULL,
            sb_report_skipped_at(report, sb_report_skipped_count(report), &code, &needs, &error));
    sb_report_free(report);

    /* Each option is heard. */
    OK(sb_check_options_new(&options, &error));
    OK(sb_check_options_set_kind(options, SB_STR("runtime-config"), &error));
    OK(sb_check_options_set_platform(options, SB_STR("linux"), &error));
    OK(sb_check_options_set_profile(options, SB_STR("any"), &error));
    OK(sb_check_options_set_cgroup(options, SB_STR("v2"), &error));
    OK(sb_check_options_set_phase(options, SB_STR("start"), &error));
    OK(sb_check_options_set_min_severity(options, SB_STR("advice"), &error));
    OK(sb_check_options_set_rootless(options, false, &error));
    OK(sb_check_options_set_systemd_cgroup(options, false, &error));
    OK(sb_check_options_set_advice(options, true, &error));
    OK(sb_check_options_set_strict(options, true, &error));
    OK(sb_check_options_set_max_findings(options, 100, &error));
    OK(sb_check_options_add_ignore(options, SB_STR("OCI-RT-0415@/mounts/*"), &error));
    OK(sb_validate(text, options, &report, &error));
    CHECK(sb_report_advice_count(report) > 0);
    misspelt = mount = NULL;
    for (size_t i = 0; i < sb_report_diagnostic_count(report); i++) {
        const sb_diagnostic *finding = sb_report_diagnostic_at(report, i);
        if (is(sb_diagnostic_code(finding), "OCI-RT-0415")) mount = finding;
        if (is(sb_diagnostic_pointer(finding), "/hostnme")) misspelt = finding;
    }
    CHECK(mount == NULL && misspelt != NULL && is(sb_diagnostic_severity(misspelt), "error"));
    sb_report_free(report);
    OK(sb_check_options_set_max_findings(options, 1, &error));
    OK(sb_validate(text, options, &report, &error));
    CHECK(sb_report_diagnostic_count(report) == 2);
    sb_report_free(report);
    REFUSED(SB_ERR_INVALID_ARGUMENT, "kind \"runtime\" is not known: invalid argument",
            sb_check_options_set_kind(options, SB_STR("runtime"), &error));
    OK(sb_check_options_set_kind(options, SB_STR(""), &error));
    sb_check_options_free(options);

    /* What can only be meant one way is put right, and nothing else is touched. */
    sb_slice trailing = {(const uint8_t *)"{\"ociVersion\": \"1.2.0\",}", 24};
    OK(sb_fix(trailing, NULL, &fixed, &codes, &error));
    CHECK(have(&codes, "[\"") && fixed.len < trailing.len);
    OK(sb_fix(slice_of(&fixed), NULL, &json, NULL, &error));
    CHECK(json.len == fixed.len && memcmp(json.data, fixed.data, json.len) == 0);
    sb_bytes_free(&json);
    sb_bytes_free(&fixed);
    sb_bytes_free(&codes);

    OK(sb_explain(SB_STR("oci-rt-0415"), &json, &error));
    CHECK(have(&json, "\"code\":\"OCI-RT-0415\""));
    sb_bytes_free(&json);
    REFUSED(SB_ERR_NOT_FOUND, "there is no diagnostic with the code X: not found", sb_explain(SB_STR("X"), &json, &error));

    /* Anything can be checked. */
    const char *odd[] = {"", "\xff\xfe", "{", "null", "\xef\xbb\xbf{}", "[[[[[[[["};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        sb_slice bytes = {(const uint8_t *)odd[i], strlen(odd[i])};
        OK(sb_validate(bytes, NULL, &report, &error));
        CHECK(sb_report_diagnostic_count(report) > 0);
        sb_report_free(report);
    }
}
