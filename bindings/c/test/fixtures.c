/* What tests of every function work on, and what is said often about bytes. */
#include "check.h"

#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

bool are(sb_bytes *bytes, const char *wanted) {
    bool same = bytes->data != NULL && bytes->len == strlen(wanted) && memcmp(bytes->data, wanted, bytes->len) == 0;
    if (!same) fprintf(stderr, "found %.*s\n", (int)bytes->len, bytes->data == NULL ? "" : (const char *)bytes->data);
    sb_bytes_free(bytes);
    return same;
}

bool have(const sb_bytes *bytes, const char *wanted) {
    /* A NUL follows the last byte. */
    return bytes->data != NULL && strstr((const char *)bytes->data, wanted) != NULL;
}

sb_slice slice_of(const sb_bytes *bytes) {
    sb_slice slice = {bytes->data, bytes->len};
    return slice;
}

sb_bytes read_file(const char *path) {
    sb_bytes bytes = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(EXIT_FAILURE);
    }
    bytes.len = (size_t)ftell(file);
    bytes.data = malloc(bytes.len);
    rewind(file);
    if (bytes.data == NULL || fread(bytes.data, 1, bytes.len, file) != bytes.len) exit(EXIT_FAILURE);
    fclose(file);
    return bytes;
}

sb_fixtures make_fixtures(void) {
    sb_error *error;
    sb_fixtures all;
    memset(&all, 0, sizeof all);
    all.sb_store = memory_store();
    sb_namespace *in_namespace = all.sb_namespace = namespace_of(all.sb_store, "default");
    OK(sb_open_options_new(&all.sb_open_options, &error));
    OK(sb_store_namespaces(all.sb_store, &all.sb_namespaces, &error));
    OK(sb_txn_begin(all.sb_store, &all.sb_txn, &error));

    all.sb_container = new_container("web");
    OK(sb_container_create(in_namespace, all.sb_container, NULL, &error));
    OK(sb_container_list(in_namespace, NULL, 0, &all.sb_container_array, &error));
    OK(sb_image_new(SB_STR("nginx"), SB_STR("application/vnd.oci.image.index.v1+json"), SB_STR(DIGEST), 1, &all.sb_image, &error));
    OK(sb_image_list(in_namespace, NULL, 0, &all.sb_image_array, &error));
    OK(sb_lease_new(SB_STR("build"), &all.sb_lease, &error));
    OK(sb_lease_create(in_namespace, all.sb_lease, NULL, &error));
    OK(sb_lease_list(in_namespace, NULL, 0, &all.sb_lease_array, &error));
    OK(sb_lease_list_resources(in_namespace, SB_STR("build"), &all.sb_lease_resource_array, &error));
    OK(sb_sandbox_new(SB_STR("pod"), SB_STR("runc"), &all.sb_sandbox, &error));
    OK(sb_sandbox_list(in_namespace, NULL, 0, &all.sb_sandbox_array, &error));
    OK(sb_namespace_record_new(SB_STR("prod"), &all.sb_namespace_record, &error));
    OK(sb_namespaces_list(all.sb_namespaces, &all.sb_namespace_record_array, &error));

    OK(sb_event_subscribe(all.sb_store, SB_STR("oldest"), NULL, 0, &all.sb_subscription, &error));
    OK(sb_subscription_next(all.sb_subscription, 0, &all.sb_event, &error));
    OK(sb_event_read(all.sb_store, SB_STR("0"), NULL, 0, 10, &all.sb_event_array, NULL, &error));
    OK(sb_store_collect(all.sb_store, true, SB_STR(""), &all.sb_collected, &error));
    OK(sb_metadb_open(SB_STR("tests/metadb/containerd-2.3.4.db"), &all.sb_metadb, &error));
    OK(sb_check_options_new(&all.sb_check_options, &error));
    sb_slice document = {(const uint8_t *)"{\"ociVersion\":1}", 16};
    OK(sb_validate(document, NULL, &all.sb_report, &error));
    /* Lent; nothing changes it. */
    all.sb_diagnostic = (sb_diagnostic *)(uintptr_t)sb_report_diagnostic_at(all.sb_report, 0);
    CHECK(sb_container_delete(in_namespace, SB_STR("absent"), &all.sb_error) == SB_ERR_NOT_FOUND);
    return all;
}

void free_fixtures(sb_fixtures *all) {
    /* The store first: it goes with the last of what was made from it. */
    sb_store_free(all->sb_store);
    sb_open_options_free(all->sb_open_options);
    sb_subscription_free(all->sb_subscription);
    sb_metadb_free(all->sb_metadb);
    sb_namespaces_free(all->sb_namespaces);
    sb_namespace_free(all->sb_namespace);
    sb_txn_free(all->sb_txn);
    sb_container_free(all->sb_container);
    sb_container_array_free(all->sb_container_array);
    sb_image_free(all->sb_image);
    sb_image_array_free(all->sb_image_array);
    sb_lease_free(all->sb_lease);
    sb_lease_array_free(all->sb_lease_array);
    sb_lease_resource_array_free(all->sb_lease_resource_array);
    sb_sandbox_free(all->sb_sandbox);
    sb_sandbox_array_free(all->sb_sandbox_array);
    sb_namespace_record_free(all->sb_namespace_record);
    sb_namespace_record_array_free(all->sb_namespace_record_array);
    sb_event_free(all->sb_event);
    sb_event_array_free(all->sb_event_array);
    sb_collected_free(all->sb_collected);
    sb_check_options_free(all->sb_check_options);
    sb_report_free(all->sb_report);
    sb_error_free(all->sb_error);
}
