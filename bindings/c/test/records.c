/* Versions, texts, bytes, and records that are in no store. */
#include "check.h"

#define STRINGIFY(x) #x
#define NUMBER(x) STRINGIFY(x)

void test_values(void) {
    /* The macros, the header and the library agree. */
    CHECK(strcmp(sb_version(), SB_VERSION) == 0);
    CHECK(strcmp(SB_VERSION, NUMBER(SB_VERSION_MAJOR) "." NUMBER(SB_VERSION_MINOR) "." NUMBER(SB_VERSION_PATCH)) == 0);
    CHECK(sb_abi_version() == SB_ABI_VERSION);

    /* Numbers that programs rely on. */
    CHECK(SB_OK == 0);
    CHECK(SB_ERR_INVALID_ARGUMENT == 101);
    CHECK(SB_ERR_NOT_FOUND == 201);
    CHECK(SB_ERR_UNAVAILABLE == 303);

    CHECK(is(SB_STR("web"), "web"));
    CHECK(SB_STR("a\0b").len == 3);
    CHECK(SB_STR("").len == 0);
    const char *text = "web";
    CHECK(sb_str_of(text).data == text && sb_str_of(text).len == 3);
    CHECK(sb_str_of("").len == 0);
    CHECK(sb_str_of(NULL).data == NULL && sb_str_of(NULL).len == 0);
}

static void test_accessors(void) {
    sb_error *error;
    sb_container *container = new_container("web");
    CHECK(is(sb_container_id(container), "web"));
    CHECK(is(sb_container_runtime(container), "io.containerd.runc.v2"));
    CHECK(is(sb_container_image(container), ""));
    CHECK(is(sb_container_snapshotter(container), ""));
    CHECK(is(sb_container_snapshot_key(container), ""));
    CHECK(is(sb_container_sandbox_id(container), ""));
    CHECK(!sb_container_created_at(container).is_set);
    CHECK(!sb_container_updated_at(container).is_set);

    OK(sb_container_set_image(container, SB_STR("docker.io/library/nginx:1.27"), &error));
    OK(sb_container_set_snapshotter(container, SB_STR("overlayfs"), &error));
    OK(sb_container_set_snapshot_key(container, SB_STR("web-snapshot"), &error));
    OK(sb_container_set_sandbox_id(container, SB_STR("pod"), &error));
    CHECK(is(sb_container_image(container), "docker.io/library/nginx:1.27"));
    CHECK(is(sb_container_snapshotter(container), "overlayfs"));
    CHECK(is(sb_container_snapshot_key(container), "web-snapshot"));
    CHECK(is(sb_container_sandbox_id(container), "pod"));

    /* A text may be one that was read from the same record. */
    OK(sb_container_set_image(container, sb_container_id(container), &error));
    OK(sb_container_set_image(container, sb_container_image(container), &error));
    CHECK(is(sb_container_image(container), "web"));
    OK(sb_container_set_image(container, SB_STR(""), &error));
    CHECK(is(sb_container_image(container), ""));
    sb_container_free(container);
}

static void test_labels(void) {
    sb_error *error;
    sb_str key, value;
    sb_container *container = new_container("web");
    CHECK(sb_container_label_count(container) == 0);
    OK(sb_container_set_label(container, SB_STR("tier"), SB_STR("back"), &error));
    OK(sb_container_set_label(container, SB_STR("tier"), SB_STR("front"), &error));
    OK(sb_container_set_label(container, SB_STR("empty"), SB_STR(""), &error));
    OK(sb_container_set_label(container, SB_STR("nul\0key"), SB_STR("a\0b"), &error));
    CHECK(sb_container_label_count(container) == 3);

    OK(sb_container_label(container, SB_STR("tier"), &value, &error));
    CHECK(is(value, "front"));
    OK(sb_container_label(container, SB_STR("empty"), &value, &error));
    CHECK(is(value, ""));
    OK(sb_container_label(container, SB_STR("absent"), &value, &error));
    CHECK(value.data == NULL && value.len == 0);
    OK(sb_container_label(container, SB_STR("nul\0key"), &value, &error));
    CHECK(value.len == 3 && memcmp(value.data, "a\0b", 3) == 0);

    OK(sb_container_label_at(container, 0, &key, &value, &error));
    CHECK(is(key, "empty") && is(value, ""));
    OK(sb_container_label_at(container, 2, &key, &value, &error));
    CHECK(is(key, "tier") && is(value, "front"));
    REFUSED(SB_ERR_OUT_OF_RANGE, "index is 3, but there are 3 labels: out of range",
            sb_container_label_at(container, 3, &key, &value, &error));
    CHECK(key.data == NULL && value.data == NULL);

    /* Key and value of the same record; the very key that goes. */
    OK(sb_container_label_at(container, 2, &key, &value, &error));
    OK(sb_container_set_label(container, value, key, &error));
    OK(sb_container_label_at(container, 3, &key, &value, &error));
    CHECK(is(key, "tier"));
    OK(sb_container_remove_label(container, key, &error));
    OK(sb_container_remove_label(container, SB_STR("tier"), &error));
    OK(sb_container_label(container, SB_STR("front"), &value, &error));
    CHECK(is(value, "tier"));
    sb_container_free(container);
}

static void test_spec(void) {
    sb_error *error;
    sb_container *container = new_container("web");
    CHECK(sb_container_spec_type_url(container).data == NULL);
    CHECK(sb_container_spec_value(container).data == NULL);
    sb_slice bytes = {(const uint8_t *)"{\"ociVersion\":\"1.2.1\"}", 22};
    OK(sb_container_set_spec(container, SB_STR("types.containerd.io/opencontainers/runtime-spec/1/Spec"), bytes, &error));
    CHECK(is(sb_container_spec_type_url(container), "types.containerd.io/opencontainers/runtime-spec/1/Spec"));
    CHECK(sb_container_spec_value(container).len == 22);
    CHECK(memcmp(sb_container_spec_value(container).data, bytes.data, 22) == 0);
    OK(sb_container_set_spec(container, sb_container_spec_type_url(container), sb_container_spec_value(container), &error));
    CHECK(sb_container_spec_value(container).len == 22);

    /* An empty spec is not an absent one. */
    sb_slice none = {NULL, 0};
    OK(sb_container_set_spec(container, SB_STR(""), none, &error));
    CHECK(is(sb_container_spec_type_url(container), ""));
    CHECK(sb_container_spec_value(container).data != NULL && sb_container_spec_value(container).len == 0);
    OK(sb_container_remove_spec(container, &error));
    OK(sb_container_remove_spec(container, &error));
    CHECK(sb_container_spec_value(container).data == NULL);
    sb_container_free(container);
}

static void test_json(void) {
    sb_error *error;
    sb_container *container;
    sb_bytes json;
    const char *text = "{\"id\":\"web\",\"labels\":{\"tier\":\"front\"},\"image\":\"nginx\",\"runtime\":{\"name\":\"runc\"},"
                       "\"spec\":{\"type_url\":\"t\",\"value_base64\":\"AAE=\"},\"snapshotter\":\"\",\"snapshot_key\":\"\"}";
    OK(sb_container_from_json(sb_str_of(text), &container, &error));
    CHECK(is(sb_container_image(container), "nginx"));
    CHECK(sb_container_spec_value(container).len == 2);
    OK(sb_container_to_json(container, &json, &error));
    CHECK(json.len == strlen(text) && strcmp((const char *)json.data, text) == 0);
    sb_bytes_free(&json);
    CHECK(json.data == NULL && json.len == 0);
    sb_bytes_free(&json);
    sb_container_free(container);

    container = GARBAGE;
    CHECK(sb_container_from_json(SB_STR("{\"id\": \"web\",\n \"name\": 1}"), &container, &error) == SB_ERR_INVALID_ARGUMENT);
    CHECK(container == NULL);
    CHECK(strcmp(detail(error, "line"), "2") == 0);
    CHECK(strcmp(detail(error, "column"), "7") == 0);
    sb_error_free(error);
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_from_json(SB_STR(""), &container, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_from_json(SB_STR("{\"labels\": {\"a\": \"\\ud800\"}}"), &container, &error));

    /* Nesting beyond any use ends in an error, not in a crash. */
    size_t depth = 200000;
    char *deep = malloc(depth);
    memset(deep, '[', depth);
    sb_str deep_text = {deep, depth};
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_from_json(deep_text, &container, &error));
    free(deep);
}

static void test_protobuf(void) {
    sb_error *error;
    sb_container *container;
    sb_bytes message;
    /* id "web", runtime { name "runc" }, and field 100, which nobody knows. */
    const uint8_t bytes[] = "\x0a\x03web\x22\x06\x0a\x04runc\xa0\x06\x07";
    sb_slice slice = {bytes, sizeof(bytes) - 1};
    OK(sb_container_from_protobuf(slice, &container, &error));
    CHECK(is(sb_container_id(container), "web"));
    CHECK(is(sb_container_runtime(container), "runc"));
    OK(sb_container_to_protobuf(container, &message, &error));
    CHECK(message.len == slice.len && memcmp(message.data, bytes, slice.len) == 0);
    sb_bytes_free(&message);
    sb_container_free(container);

    sb_slice cut = {bytes, 4};
    container = GARBAGE;
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_from_protobuf(cut, &container, &error));
    CHECK(container == NULL);
    sb_slice empty = {NULL, 0};
    OK(sb_container_from_protobuf(empty, &container, &error));
    CHECK(is(sb_container_id(container), ""));
    sb_container_free(container);
}

static void test_namespace_record(void) {
    sb_error *error;
    sb_namespace_record *record;
    sb_str key, value;
    sb_bytes json;
    OK(sb_namespace_record_new(SB_STR("prod"), &record, &error));
    CHECK(is(sb_namespace_record_name(record), "prod"));
    OK(sb_namespace_record_set_label(record, SB_STR("b"), SB_STR("2"), &error));
    OK(sb_namespace_record_set_label(record, SB_STR("a"), SB_STR("1"), &error));
    CHECK(sb_namespace_record_label_count(record) == 2);
    OK(sb_namespace_record_label_at(record, 0, &key, &value, &error));
    CHECK(is(key, "a") && is(value, "1"));
    REFUSED(SB_ERR_OUT_OF_RANGE, NULL, sb_namespace_record_label_at(record, SIZE_MAX, &key, &value, &error));
    OK(sb_namespace_record_remove_label(record, SB_STR("a"), &error));
    OK(sb_namespace_record_label(record, SB_STR("a"), &value, &error));
    CHECK(value.data == NULL);
    OK(sb_namespace_record_label(record, SB_STR("b"), &value, &error));
    CHECK(is(value, "2"));
    OK(sb_namespace_record_to_json(record, &json, &error));
    CHECK(strcmp((const char *)json.data, "{\"name\":\"prod\",\"labels\":{\"b\":\"2\"}}") == 0);
    sb_namespace_record_free(record);

    sb_str text = {(const char *)json.data, json.len};
    OK(sb_namespace_record_from_json(text, &record, &error));
    CHECK(is(sb_namespace_record_name(record), "prod"));
    sb_bytes_free(&json);
    sb_namespace_record_free(record);
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_namespace_record_from_json(SB_STR("[]x"), &record, &error));
    CHECK(record == NULL);
}

void test_records(void) {
    test_accessors();
    test_labels();
    test_spec();
    test_json();
    test_protobuf();
    test_namespace_record();
}
