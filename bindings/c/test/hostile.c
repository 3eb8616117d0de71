/* Calls that no header allows, but that must be refused rather than crash. */
#include "check.h"

static sb_error *error;
static sb_store *store;
static sb_namespace *in_namespace;
static sb_container *container;
static sb_namespaces *namespaces;
static sb_namespace_record *record;
static sb_txn *txn;

#define MISSING(parameter, call) REFUSED(SB_ERR_INVALID_ARGUMENT, parameter " is NULL: invalid argument", call)

/* Freeing nothing, and looking into nothing. */
static void test_nothing(void) {
    sb_store_free(NULL);
    sb_txn_free(NULL);
    sb_namespace_free(NULL);
    sb_namespaces_free(NULL);
    sb_container_free(NULL);
    sb_container_array_free(NULL);
    sb_namespace_record_free(NULL);
    sb_namespace_record_array_free(NULL);
    sb_error_free(NULL);
    sb_bytes_free(NULL);
    sb_bytes none = {NULL, 7};
    sb_bytes_free(&none);
    CHECK(none.len == 0);

    CHECK(sb_error_status(NULL) == SB_OK);
    CHECK(sb_error_kind(NULL).data == NULL);
    CHECK(sb_error_message(NULL).data == NULL);
    CHECK(sb_error_help(NULL).data == NULL);
    CHECK(sb_error_detail_count(NULL) == 0);
    CHECK(sb_error_detail_name(NULL, 0).data == NULL);
    CHECK(sb_error_detail_value(NULL, 0).data == NULL);
    CHECK(sb_container_id(NULL).data == NULL);
    CHECK(sb_container_image(NULL).data == NULL);
    CHECK(sb_container_runtime(NULL).data == NULL);
    CHECK(sb_container_snapshotter(NULL).data == NULL);
    CHECK(sb_container_snapshot_key(NULL).data == NULL);
    CHECK(sb_container_sandbox_id(NULL).data == NULL);
    CHECK(sb_container_label_count(NULL) == 0);
    CHECK(sb_container_spec_type_url(NULL).data == NULL);
    CHECK(sb_container_spec_value(NULL).data == NULL);
    CHECK(!sb_container_created_at(NULL).is_set);
    CHECK(!sb_container_updated_at(NULL).is_set);
    CHECK(sb_container_array_len(NULL) == 0);
    CHECK(sb_container_array_at(NULL, 0) == NULL);
    CHECK(sb_namespace_record_name(NULL).data == NULL);
    CHECK(sb_namespace_record_label_count(NULL) == 0);
    CHECK(sb_namespace_record_array_len(NULL) == 0);
    CHECK(sb_namespace_record_array_at(NULL, 0) == NULL);
}

/* NULL for each handle: what goes out is cleared all the same. */
static void test_missing_handles(void) {
    sb_str a = SB_STR("a"), key = {GARBAGE, 1}, value = {GARBAGE, 1};
    sb_slice slice = {(const uint8_t *)"a", 1};
    sb_bytes bytes = {GARBAGE, 1};
    sb_txn *txn_out = GARBAGE;
    sb_namespace *namespace_out = GARBAGE;
    sb_namespaces *namespaces_out = GARBAGE;
    sb_container *container_out = GARBAGE;
    sb_container_array *containers_out = GARBAGE;
    sb_namespace_record *record_out = GARBAGE;
    sb_namespace_record_array *records_out = GARBAGE;

    MISSING("store", sb_store_namespace(NULL, a, &namespace_out, &error));
    CHECK(namespace_out == NULL);
    MISSING("store", sb_store_namespaces(NULL, &namespaces_out, &error));
    CHECK(namespaces_out == NULL);
    MISSING("store", sb_txn_begin(NULL, &txn_out, &error));
    CHECK(txn_out == NULL);
    MISSING("txn", sb_txn_namespace(NULL, a, &namespace_out, &error));
    MISSING("txn", sb_txn_namespaces(NULL, &namespaces_out, &error));
    MISSING("txn", sb_txn_commit(NULL, &error));
    MISSING("txn", sb_txn_rollback(NULL, &error));

    MISSING("in_namespace", sb_container_get(NULL, a, &container_out, &error));
    CHECK(container_out == NULL);
    MISSING("in_namespace", sb_container_list(NULL, NULL, 0, &containers_out, &error));
    CHECK(containers_out == NULL);
    container_out = GARBAGE;
    MISSING("in_namespace", sb_container_create(NULL, container, &container_out, &error));
    CHECK(container_out == NULL);
    MISSING("in_namespace", sb_container_update(NULL, container, NULL, 0, &container_out, &error));
    MISSING("in_namespace", sb_container_delete(NULL, a, &error));
    container_out = GARBAGE;
    MISSING("container", sb_container_create(in_namespace, NULL, &container_out, &error));
    CHECK(container_out == NULL);
    container_out = GARBAGE;
    MISSING("container", sb_container_update(in_namespace, NULL, NULL, 0, &container_out, &error));
    CHECK(container_out == NULL);

    MISSING("container", sb_container_to_json(NULL, &bytes, &error));
    CHECK(bytes.data == NULL && bytes.len == 0);
    MISSING("container", sb_container_to_protobuf(NULL, &bytes, &error));
    MISSING("container", sb_container_label(NULL, a, &value, &error));
    CHECK(value.data == NULL);
    MISSING("container", sb_container_label_at(NULL, 0, &key, &value, &error));
    CHECK(key.data == NULL);
    MISSING("container", sb_container_set_image(NULL, a, &error));
    MISSING("container", sb_container_set_snapshotter(NULL, a, &error));
    MISSING("container", sb_container_set_snapshot_key(NULL, a, &error));
    MISSING("container", sb_container_set_sandbox_id(NULL, a, &error));
    MISSING("container", sb_container_set_label(NULL, a, a, &error));
    MISSING("container", sb_container_remove_label(NULL, a, &error));
    MISSING("container", sb_container_set_spec(NULL, a, slice, &error));
    MISSING("container", sb_container_remove_spec(NULL, &error));

    MISSING("namespaces", sb_namespaces_get(NULL, a, &record_out, &error));
    CHECK(record_out == NULL);
    MISSING("namespaces", sb_namespaces_list(NULL, &records_out, &error));
    CHECK(records_out == NULL);
    record_out = GARBAGE;
    MISSING("namespaces", sb_namespaces_create(NULL, record, &record_out, &error));
    CHECK(record_out == NULL);
    MISSING("namespaces", sb_namespaces_update(NULL, record, NULL, 0, &error));
    MISSING("namespaces", sb_namespaces_delete(NULL, a, &error));
    MISSING("record", sb_namespaces_create(namespaces, NULL, &record_out, &error));
    MISSING("record", sb_namespaces_update(namespaces, NULL, NULL, 0, &error));
    MISSING("record", sb_namespace_record_to_json(NULL, &bytes, &error));
    MISSING("record", sb_namespace_record_label(NULL, a, &value, &error));
    MISSING("record", sb_namespace_record_label_at(NULL, 0, &key, &value, &error));
    MISSING("record", sb_namespace_record_set_label(NULL, a, a, &error));
    MISSING("record", sb_namespace_record_remove_label(NULL, a, &error));
}

/* NULL for each result that somebody must want. */
static void test_missing_outs(void) {
    sb_str a = SB_STR("a"), other = {GARBAGE, 1};
    sb_slice slice = {NULL, 0};
    MISSING("store_out", sb_store_open(SB_STR("/tmp/stowbook-c-test-never-made"), NULL, &error));
    MISSING("store_out", sb_store_open_memory(NULL, &error));
    MISSING("namespace_out", sb_store_namespace(store, a, NULL, &error));
    MISSING("namespaces_out", sb_store_namespaces(store, NULL, &error));
    MISSING("txn_out", sb_txn_begin(store, NULL, &error));
    MISSING("namespace_out", sb_txn_namespace(txn, a, NULL, &error));
    MISSING("namespaces_out", sb_txn_namespaces(txn, NULL, &error));
    MISSING("container_out", sb_container_get(in_namespace, a, NULL, &error));
    MISSING("containers_out", sb_container_list(in_namespace, NULL, 0, NULL, &error));
    MISSING("container_out", sb_container_new(a, a, NULL, &error));
    MISSING("container_out", sb_container_from_json(SB_STR("{}"), NULL, &error));
    MISSING("json_out", sb_container_to_json(container, NULL, &error));
    MISSING("container_out", sb_container_from_protobuf(slice, NULL, &error));
    MISSING("message_out", sb_container_to_protobuf(container, NULL, &error));
    MISSING("value_out", sb_container_label(container, a, NULL, &error));
    MISSING("key_out", sb_container_label_at(container, 0, NULL, &other, &error));
    CHECK(other.data == NULL && other.len == 0);
    MISSING("value_out", sb_container_label_at(container, 0, &other, NULL, &error));
    MISSING("record_out", sb_namespaces_get(namespaces, a, NULL, &error));
    MISSING("records_out", sb_namespaces_list(namespaces, NULL, &error));
    MISSING("record_out", sb_namespace_record_new(a, NULL, &error));
    MISSING("record_out", sb_namespace_record_from_json(SB_STR("{}"), NULL, &error));
    MISSING("json_out", sb_namespace_record_to_json(record, NULL, &error));
    MISSING("value_out", sb_namespace_record_label(record, a, NULL, &error));
    MISSING("key_out", sb_namespace_record_label_at(record, 0, NULL, &other, &error));
    /* And nobody wants to know why. */
    CHECK(sb_container_label_at(NULL, 0, NULL, NULL, NULL) == SB_ERR_INVALID_ARGUMENT);
    CHECK(sb_store_open_memory(NULL, NULL) == SB_ERR_INVALID_ARGUMENT);
}

/* Texts that are none: in each place where a text goes in. */
static void test_bad_texts(void) {
    sb_str a = SB_STR("a"), bad = {"ab\xff", 3}, value;
    sb_slice slice = {(const uint8_t *)"\xff", 1};
    sb_store *store_out;
    sb_namespace *namespace_out;
    sb_container *container_out = GARBAGE;
    sb_container_array *containers_out;
    sb_namespace_record *record_out;
#define NOT_UTF8(parameter, call) \
    REFUSED(SB_ERR_INVALID_ARGUMENT, parameter " is not UTF-8 at byte 2: invalid argument", call)
    NOT_UTF8("path", sb_store_open(bad, &store_out, &error));
    NOT_UTF8("name", sb_store_namespace(store, bad, &namespace_out, &error));
    NOT_UTF8("name", sb_txn_namespace(txn, bad, &namespace_out, &error));
    NOT_UTF8("id", sb_container_get(in_namespace, bad, &container_out, &error));
    CHECK(container_out == NULL);
    NOT_UTF8("id", sb_container_delete(in_namespace, bad, &error));
    NOT_UTF8("id", sb_container_new(bad, a, &container_out, &error));
    NOT_UTF8("runtime", sb_container_new(a, bad, &container_out, &error));
    NOT_UTF8("json", sb_container_from_json(bad, &container_out, &error));
    NOT_UTF8("key", sb_container_label(container, bad, &value, &error));
    NOT_UTF8("image", sb_container_set_image(container, bad, &error));
    NOT_UTF8("snapshotter", sb_container_set_snapshotter(container, bad, &error));
    NOT_UTF8("snapshot_key", sb_container_set_snapshot_key(container, bad, &error));
    NOT_UTF8("sandbox_id", sb_container_set_sandbox_id(container, bad, &error));
    NOT_UTF8("key", sb_container_set_label(container, bad, a, &error));
    NOT_UTF8("value", sb_container_set_label(container, a, bad, &error));
    NOT_UTF8("key", sb_container_remove_label(container, bad, &error));
    NOT_UTF8("type_url", sb_container_set_spec(container, bad, slice, &error));
    NOT_UTF8("name", sb_namespaces_get(namespaces, bad, &record_out, &error));
    NOT_UTF8("name", sb_namespaces_delete(namespaces, bad, &error));
    NOT_UTF8("name", sb_namespace_record_new(bad, &record_out, &error));
    NOT_UTF8("json", sb_namespace_record_from_json(bad, &record_out, &error));
    NOT_UTF8("key", sb_namespace_record_label(record, bad, &value, &error));
    NOT_UTF8("value", sb_namespace_record_set_label(record, a, bad, &error));
    NOT_UTF8("key", sb_namespace_record_remove_label(record, bad, &error));

    sb_str list[] = {SB_STR("id"), {"ab\xff", 3}};
    NOT_UTF8("filters[1]", sb_container_list(in_namespace, list, 2, &containers_out, &error));
    NOT_UTF8("fields[1]", sb_container_update(in_namespace, container, list, 2, NULL, &error));
    NOT_UTF8("fields[0]", sb_namespaces_update(namespaces, record, list + 1, 1, &error));

    /* Where they are not UTF-8, and of what, is told apart from the message too. */
    sb_str cut = {"\xe2\x82\xac\xe2\x82", 5};
    CHECK(sb_container_delete(in_namespace, cut, &error) == SB_ERR_INVALID_ARGUMENT);
    CHECK(strcmp(detail(error, "parameter"), "id") == 0);
    CHECK(strcmp(detail(error, "byte"), "3") == 0);
    sb_error_free(error);
}

/* Lengths that cannot be. */
static void test_bad_lengths(void) {
    sb_str empty = {NULL, 0}, no_data = {NULL, 3}, huge = {"a", SIZE_MAX}, half = {"a", (size_t)PTRDIFF_MAX + 1};
    sb_slice no_bytes = {NULL, 3}, huge_bytes = {(const uint8_t *)"a", SIZE_MAX};
    sb_container *out = GARBAGE;
    sb_container_array *list;
    OK(sb_container_set_image(container, empty, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, "image is NULL, but has a length of 3: invalid argument",
            sb_container_set_image(container, no_data, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_set_image(container, huge, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_set_image(container, half, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_set_spec(container, empty, no_bytes, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_set_spec(container, empty, huge_bytes, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_from_protobuf(no_bytes, &out, &error));
    CHECK(out == NULL);
    CHECK(sb_container_spec_value(container).data == NULL);

    REFUSED(SB_ERR_INVALID_ARGUMENT, "filters is NULL, but has a length of 2: invalid argument",
            sb_container_list(in_namespace, NULL, 2, &list, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_list(in_namespace, &empty, SIZE_MAX, &list, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL,
            sb_container_list(in_namespace, &empty, PTRDIFF_MAX / sizeof(sb_str) + 1, &list, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, "filters[1] is NULL, but has a length of 3: invalid argument",
            sb_container_list(in_namespace, (sb_str[]){SB_STR("id"), {NULL, 3}}, 2, &list, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_update(in_namespace, container, NULL, 1, NULL, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_namespaces_update(namespaces, record, NULL, 1, &error));
    const void *crooked = (const char *)&empty + 1;
    REFUSED(SB_ERR_INVALID_ARGUMENT, "filters is not aligned: invalid argument",
            sb_container_list(in_namespace, crooked, 1, &list, &error));
}

void test_hostile_calls(void) {
    store = memory_store();
    in_namespace = namespace_of(store, "default");
    container = new_container("web");
    OK(sb_store_namespaces(store, &namespaces, &error));
    OK(sb_namespace_record_new(SB_STR("prod"), &record, &error));
    OK(sb_txn_begin(store, &txn, &error));

    test_nothing();
    test_missing_handles();
    test_missing_outs();
    test_bad_texts();
    test_bad_lengths();

    /* None of that changed anything, and a success clears the place of the error. */
    CHECK(count_containers(in_namespace) == 0);
    error = GARBAGE;
    OK(sb_container_create(in_namespace, container, NULL, &error));
    sb_txn_free(txn);
    sb_namespace_record_free(record);
    sb_namespaces_free(namespaces);
    sb_container_free(container);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}
