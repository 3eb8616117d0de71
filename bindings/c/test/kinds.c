/* Images, leases and sandboxes, and how all records cross as protobuf. */
#include "check.h"

#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER_DIGEST "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define INDEX "application/vnd.oci.image.index.v1+json"

static sb_image *new_image(const char *name) {
    sb_image *image;
    sb_error *error;
    OK(sb_image_new(sb_str_of(name), SB_STR(INDEX), SB_STR(DIGEST), 1609, &image, &error));
    return image;
}

void test_images(void) {
    sb_error *error;
    sb_str key, value;
    sb_store *store = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default");
    sb_image *image = new_image("nginx"), *created, *found, *updated;
    CHECK(is(sb_image_name(image), "nginx"));
    CHECK(is(sb_image_target_media_type(image), INDEX));
    CHECK(is(sb_image_target_digest(image), DIGEST));
    CHECK(sb_image_target_size(image) == 1609);
    OK(sb_image_set_target_annotation(image, SB_STR("a"), SB_STR("1"), &error));
    OK(sb_image_set_target_annotation(image, SB_STR("b"), SB_STR("2"), &error));
    OK(sb_image_remove_target_annotation(image, SB_STR("a"), &error));
    CHECK(sb_image_target_annotation_count(image) == 1);
    OK(sb_image_target_annotation(image, SB_STR("b"), &value, &error));
    CHECK(is(value, "2"));
    OK(sb_image_target_annotation_at(image, 0, &key, &value, &error));
    CHECK(is(key, "b") && is(value, "2"));
    REFUSED(SB_ERR_OUT_OF_RANGE, "index is 1, but there are 1 annotations: out of range",
            sb_image_target_annotation_at(image, 1, &key, &value, &error));
    OK(sb_image_set_label(image, SB_STR("tier"), SB_STR("front"), &error));

    OK(sb_image_create(in_namespace, image, &created, &error));
    CHECK(sb_image_created_at(created).is_set && sb_image_label_count(created) == 1);
    REFUSED(SB_ERR_ALREADY_EXISTS, NULL, sb_image_create(in_namespace, image, NULL, &error));
    OK(sb_image_get(in_namespace, SB_STR("nginx"), &found, &error));
    CHECK(sb_image_target_size(found) == 1609 && sb_image_target_annotation_count(found) == 1);

    /* A text of the record itself is taken before the other changes. */
    OK(sb_image_set_target(found, sb_image_target_digest(found), sb_image_target_media_type(found), 7, &error));
    CHECK(is(sb_image_target_digest(found), INDEX) && is(sb_image_target_media_type(found), DIGEST));
    OK(sb_image_set_target(found, SB_STR(INDEX), SB_STR(OTHER_DIGEST), 7, &error));
    sb_str target = SB_STR("target");
    OK(sb_image_update(in_namespace, found, &target, 1, &updated, &error));
    CHECK(is(sb_image_target_digest(updated), OTHER_DIGEST) && sb_image_target_size(updated) == 7);
    CHECK(sb_image_updated_at(updated).is_set);
    sb_image_free(updated);
    sb_image_free(found);
    sb_image_free(created);

    sb_image_array *images;
    sb_str filter = SB_STR("name~=ngi,labels.tier==front");
    OK(sb_image_list(in_namespace, &filter, 1, &images, &error));
    CHECK(sb_image_array_len(images) == 1 && is(sb_image_name(sb_image_array_at(images, 0)), "nginx"));
    sb_image_array_free(images);

    /* Times of the caller's choice. */
    sb_time epoch = {true, 1580608922, 5}, wrong = {true, 0, 2000000000};
    sb_namespace *then = GARBAGE;
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_namespace_with_source_date_epoch(in_namespace, wrong, &then, &error));
    CHECK(then == NULL);
    OK(sb_namespace_with_source_date_epoch(in_namespace, epoch, &then, &error));
    sb_image *again = new_image("again");
    OK(sb_image_create(then, again, &created, &error));
    CHECK(sb_image_created_at(created).seconds == 1580608922 && sb_image_created_at(created).nanos == 5);
    sb_image_free(created);
    sb_image_free(again);
    sb_namespace_free(then);

    /* Only with the target that the caller knows. */
    REFUSED(SB_ERR_NOT_FOUND, NULL,
            sb_image_delete_with(in_namespace, SB_STR("nginx"), SB_STR(DIGEST), false, &error));
    OK(sb_image_delete_with(in_namespace, SB_STR("nginx"), SB_STR(OTHER_DIGEST), true, &error));
    OK(sb_image_delete(in_namespace, SB_STR("again"), &error));
    REFUSED(SB_ERR_NOT_FOUND, "image \"again\": not found", sb_image_delete(in_namespace, SB_STR("again"), &error));
    sb_image_free(image);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}

void test_leases(void) {
    sb_error *error;
    sb_store *store = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default"), *on_behalf;
    sb_lease *unnamed, *lease, *created;
    OK(sb_lease_new(SB_STR(""), &unnamed, &error));
    OK(sb_lease_create(in_namespace, unnamed, &created, &error));
    CHECK(sb_lease_id(created).len > 0 && sb_lease_created_at(created).is_set);
    sb_lease_free(created);
    sb_lease_free(unnamed);
    OK(sb_lease_new(SB_STR("build"), &lease, &error));
    OK(sb_lease_set_label(lease, SB_STR("containerd.io/gc.flat"), SB_STR("1"), &error));
    OK(sb_lease_create(in_namespace, lease, NULL, &error));

    sb_lease_array *leases;
    sb_str filter = SB_STR("id==build");
    OK(sb_lease_list(in_namespace, &filter, 1, &leases, &error));
    CHECK(sb_lease_array_len(leases) == 1 && sb_lease_label_count(sb_lease_array_at(leases, 0)) == 1);
    sb_lease_array_free(leases);

    OK(sb_lease_add_resource(in_namespace, SB_STR("build"), SB_STR("content"), SB_STR(DIGEST), &error));
    OK(sb_lease_add_resource(in_namespace, SB_STR("build"), SB_STR("snapshots/overlayfs"), SB_STR("layer"), &error));
    REFUSED(SB_ERR_NOT_IMPLEMENTED, NULL,
            sb_lease_add_resource(in_namespace, SB_STR("build"), SB_STR("other"), SB_STR("x"), &error));
    sb_lease_resource_array *resources;
    sb_str type, id;
    OK(sb_lease_list_resources(in_namespace, SB_STR("build"), &resources, &error));
    CHECK(sb_lease_resource_array_len(resources) == 2);
    OK(sb_lease_resource_array_at(resources, 0, &type, &id, &error));
    CHECK(is(type, "content") && is(id, DIGEST));
    OK(sb_lease_resource_array_at(resources, 1, &type, &id, &error));
    CHECK(is(type, "snapshots/overlayfs") && is(id, "layer"));
    REFUSED(SB_ERR_OUT_OF_RANGE, NULL, sb_lease_resource_array_at(resources, 2, &type, &id, &error));
    sb_lease_resource_array_free(resources);
    sb_bytes messages;
    OK(sb_lease_list_resources_protobuf(in_namespace, SB_STR("build"), &messages, &error));
    CHECK(messages.len > 80 && messages.data[0] == messages.len - 1 - 1 - messages.data[messages.data[0] + 1]);
    sb_bytes_free(&messages);
    OK(sb_lease_delete_resource(in_namespace, SB_STR("build"), SB_STR("content"), SB_STR(DIGEST), &error));
    REFUSED(SB_ERR_NOT_FOUND, NULL,
            sb_lease_delete_resource(in_namespace, SB_STR("absent"), SB_STR("content"), SB_STR(DIGEST), &error));

    /* What is made on behalf of a lease is held by it. */
    OK(sb_namespace_with_lease(in_namespace, SB_STR("build"), &on_behalf, &error));
    sb_image *image = new_image("held");
    OK(sb_image_set_label(image, SB_STR("containerd.io/gc.expire"), SB_STR("2001-01-01T00:00:00Z"), &error));
    OK(sb_image_create(on_behalf, image, NULL, &error));
    OK(sb_lease_list_resources(in_namespace, SB_STR("build"), &resources, &error));
    CHECK(sb_lease_resource_array_len(resources) == 2);
    sb_lease_resource_array_free(resources);
    sb_image_free(image);
    sb_namespace_free(on_behalf);

    OK(sb_lease_delete_and_collect(in_namespace, SB_STR("build"), &error));
    sb_image *found = GARBAGE;
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_image_get(in_namespace, SB_STR("held"), &found, &error));
    CHECK(found == NULL);
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_lease_delete(in_namespace, SB_STR("build"), &error));
    sb_lease_free(lease);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}

void test_sandboxes(void) {
    sb_error *error;
    sb_str name, type, value_text;
    sb_slice value;
    sb_store *store = memory_store();
    sb_txn *txn;
    sb_namespace *in_namespace = namespace_of(store, "k8s.io"), *in_txn;
    sb_sandbox *pod, *created, *updated;
    sb_slice bytes = {(const uint8_t *)"\x0a\x01x", 3};
    OK(sb_sandbox_new(SB_STR("pod"), SB_STR("runc"), &pod, &error));
    OK(sb_sandbox_set_sandboxer(pod, SB_STR("podsandbox"), &error));
    OK(sb_sandbox_set_runtime_options(pod, SB_STR("containerd.runc.v1.Options"), bytes, &error));
    OK(sb_sandbox_set_spec(pod, SB_STR("spec"), bytes, &error));
    OK(sb_sandbox_set_extension(pod, SB_STR("metadata"), SB_STR("cri"), bytes, &error));
    OK(sb_sandbox_set_extension(pod, SB_STR("other"), SB_STR(""), bytes, &error));
    OK(sb_sandbox_remove_extension(pod, SB_STR("other"), &error));
    OK(sb_sandbox_set_label(pod, SB_STR("tier"), SB_STR("front"), &error));

    /* In a transaction, which sees it before anybody else does. */
    OK(sb_txn_begin(store, &txn, &error));
    OK(sb_txn_namespace(txn, SB_STR("k8s.io"), &in_txn, &error));
    OK(sb_sandbox_create(in_txn, pod, &created, &error));
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_sandbox_get(in_namespace, SB_STR("pod"), &updated, &error));
    OK(sb_txn_commit(txn, &error));
    sb_namespace_free(in_txn);
    sb_txn_free(txn);

    CHECK(is(sb_sandbox_id(created), "pod") && is(sb_sandbox_runtime(created), "runc"));
    CHECK(is(sb_sandbox_sandboxer(created), "podsandbox"));
    CHECK(is(sb_sandbox_runtime_options_type_url(created), "containerd.runc.v1.Options"));
    CHECK(sb_sandbox_runtime_options_value(created).len == 3 && sb_sandbox_spec_value(created).len == 3);
    CHECK(is(sb_sandbox_spec_type_url(created), "spec"));
    CHECK(sb_sandbox_extension_count(created) == 1 && sb_sandbox_label_count(created) == 1);
    OK(sb_sandbox_extension(created, SB_STR("metadata"), &type, &value, &error));
    CHECK(is(type, "cri") && value.len == 3 && memcmp(value.data, bytes.data, 3) == 0);
    OK(sb_sandbox_extension(created, SB_STR("absent"), &type, &value, &error));
    CHECK(type.data == NULL && value.data == NULL);
    OK(sb_sandbox_extension_at(created, 0, &name, &type, &value, &error));
    CHECK(is(name, "metadata") && is(type, "cri") && value.len == 3);
    REFUSED(SB_ERR_OUT_OF_RANGE, "index is 1, but there are 1 extensions: out of range",
            sb_sandbox_extension_at(created, 1, &name, &type, &value, &error));
    OK(sb_sandbox_label_at(created, 0, &name, &value_text, &error));
    CHECK(is(name, "tier") && is(value_text, "front"));

    OK(sb_sandbox_remove_label(created, SB_STR("tier"), &error));
    OK(sb_sandbox_remove_spec(created, &error));
    OK(sb_sandbox_remove_runtime_options(created, &error));
    CHECK(sb_sandbox_runtime_options_type_url(created).data == NULL);
    sb_str labels = SB_STR("labels");
    OK(sb_sandbox_update(in_namespace, created, &labels, 1, &updated, &error));
    CHECK(sb_sandbox_label_count(updated) == 0 && sb_sandbox_spec_value(updated).len == 3);
    CHECK(sb_sandbox_updated_at(updated).is_set && sb_sandbox_created_at(updated).is_set);
    sb_sandbox_array *sandboxes;
    sb_str filter = SB_STR("id==pod");
    OK(sb_sandbox_list(in_namespace, &filter, 1, &sandboxes, &error));
    CHECK(sb_sandbox_array_len(sandboxes) == 1 && is(sb_sandbox_id(sb_sandbox_array_at(sandboxes, 0)), "pod"));
    sb_sandbox_array_free(sandboxes);
    OK(sb_sandbox_delete(in_namespace, SB_STR("pod"), &error));
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_sandbox_delete(in_namespace, SB_STR("pod"), &error));
    sb_sandbox_free(updated);
    sb_sandbox_free(created);
    sb_sandbox_free(pod);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}

/* The first of messages that lie behind each other, each with its length before it. */
static sb_slice first_of(const sb_bytes *messages) {
    size_t length = 0, at = 0, shift = 0;
    do {
        length |= (size_t)(messages->data[at] & 0x7f) << shift;
        shift += 7;
    } while (messages->data[at++] & 0x80);
    sb_slice first = {messages->data + at, length};
    CHECK(at + length == messages->len);
    return first;
}

/* Each kind of record as JSON and as protobuf, and through each operation as protobuf: nothing is lost on the way. */
#define CROSSES(kind, given)                                                                                   \
    do {                                                                                                       \
        sb_bytes message, stored, listed, json, other_json;                                                    \
        struct sb_##kind *back;                                                                                \
        OK(sb_##kind##_to_json(given, &json, &error));                                                         \
        sb_str json_text = {(const char *)json.data, json.len};                                                \
        OK(sb_##kind##_from_json(json_text, &back, &error));                                                   \
        OK(sb_##kind##_to_protobuf(back, &message, &error));                                                   \
        sb_##kind##_free(back);                                                                                \
        OK(sb_##kind##_from_protobuf(slice_of(&message), &back, &error));                                      \
        OK(sb_##kind##_to_json(back, &other_json, &error));                                                    \
        CHECK(are(&other_json, (const char *)json.data));                                                      \
        sb_##kind##_free(back);                                                                                \
        OK(sb_##kind##_create_protobuf(in_namespace, slice_of(&message), &stored, &error));                    \
        REFUSED(SB_ERR_ALREADY_EXISTS, NULL,                                                                   \
                sb_##kind##_create_protobuf(in_namespace, slice_of(&message), NULL, &error));                  \
        CHECK(stored.len > message.len);                                                                       \
        OK(sb_##kind##_list_protobuf(in_namespace, NULL, 0, &listed, &error));                                 \
        OK(sb_##kind##_from_protobuf(first_of(&listed), &back, &error));                                       \
        sb_bytes_free(&listed);                                                                                \
        OK(sb_##kind##_to_protobuf(back, &listed, &error));                                                    \
        CHECK(listed.len == stored.len && memcmp(listed.data, stored.data, stored.len) == 0);                  \
        sb_##kind##_free(back);                                                                                \
        sb_bytes_free(&listed);                                                                                \
        sb_bytes_free(&stored);                                                                                \
        sb_bytes_free(&json);                                                                                  \
        sb_bytes_free(&message);                                                                               \
        sb_slice broken = {(const uint8_t *)"\x0a\x05x", 3};                                                   \
        back = GARBAGE;                                                                                        \
        REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_##kind##_from_protobuf(broken, &back, &error));              \
        CHECK(back == NULL);                                                                                   \
        REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_##kind##_create_protobuf(in_namespace, broken, NULL, &error)); \
        REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_##kind##_from_json(SB_STR("{\"x\":1}"), &back, &error));     \
    } while (0)

/* What has a get and an update gives there what it gave before. */
#define CROSSES_BACK(kind, key, field)                                                            \
    do {                                                                                          \
        sb_bytes found, updated, again;                                                           \
        sb_str path = SB_STR(field);                                                              \
        OK(sb_##kind##_get_protobuf(in_namespace, SB_STR(key), &found, &error));                  \
        OK(sb_##kind##_update_protobuf(in_namespace, slice_of(&found), &path, 1, &updated, &error)); \
        OK(sb_##kind##_get_protobuf(in_namespace, SB_STR(key), &again, &error));                  \
        struct sb_##kind *back;                                                                   \
        OK(sb_##kind##_from_protobuf(slice_of(&again), &back, &error));                           \
        sb_bytes_free(&again);                                                                    \
        OK(sb_##kind##_to_protobuf(back, &again, &error)); /* the fields in order */              \
        sb_##kind##_free(back);                                                                   \
        CHECK(again.len == updated.len && memcmp(again.data, updated.data, again.len) == 0);      \
        sb_bytes_free(&again);                                                                    \
        OK(sb_##kind##_update_protobuf(in_namespace, slice_of(&found), NULL, 0, NULL, &error));   \
        sb_bytes_free(&updated);                                                                  \
        sb_bytes_free(&found);                                                                    \
        found.data = GARBAGE;                                                                     \
        REFUSED(SB_ERR_NOT_FOUND, NULL, sb_##kind##_get_protobuf(in_namespace, SB_STR("absent"), &found, &error)); \
        CHECK(found.data == NULL && found.len == 0);                                              \
    } while (0)

void test_crossing(void) {
    sb_error *error;
    sb_store *store = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default");
    sb_slice bytes = {(const uint8_t *)"\x00\xff", 2};

    sb_container *container = new_container("web");
    OK(sb_container_set_label(container, SB_STR("tier"), SB_STR("front"), &error));
    OK(sb_container_set_spec(container, SB_STR("spec"), bytes, &error));
    OK(sb_container_set_runtime_options(container, SB_STR("options"), bytes, &error));
    OK(sb_container_set_extension(container, SB_STR("extension"), SB_STR("type"), bytes, &error));
    sb_str name, type;
    sb_slice value;
    OK(sb_container_extension_at(container, 0, &name, &type, &value, &error));
    OK(sb_container_extension(container, name, &type, &value, &error));
    CHECK(is(type, "type") && value.len == 2);
    OK(sb_container_set_extension(container, SB_STR("gone"), type, value, &error));
    OK(sb_container_remove_extension(container, SB_STR("gone"), &error));
    CHECK(sb_container_extension_count(container) == 1);
    CHECK(is(sb_container_runtime_options_type_url(container), "options"));
    CHECK(sb_container_runtime_options_value(container).len == 2);
    CROSSES(container, container);
    CROSSES_BACK(container, "web", "labels");
    OK(sb_container_remove_runtime_options(container, &error));
    CHECK(sb_container_runtime_options_value(container).data == NULL);
    sb_container_free(container);

    sb_image *image = new_image("nginx");
    OK(sb_image_set_label(image, SB_STR("tier"), SB_STR("front"), &error));
    OK(sb_image_set_target_annotation(image, SB_STR("a"), SB_STR("1"), &error));
    sb_str tier, front;
    OK(sb_image_label(image, SB_STR("tier"), &front, &error));
    OK(sb_image_label_at(image, 0, &tier, &front, &error));
    CHECK(is(tier, "tier") && is(front, "front"));
    CROSSES(image, image);
    CROSSES_BACK(image, "nginx", "labels.tier");
    OK(sb_image_remove_label(image, SB_STR("tier"), &error));
    sb_image_free(image);

    sb_lease *lease;
    OK(sb_lease_new(SB_STR("build"), &lease, &error));
    OK(sb_lease_set_label(lease, SB_STR("tier"), SB_STR("front"), &error));
    OK(sb_lease_label(lease, SB_STR("tier"), &front, &error));
    OK(sb_lease_label_at(lease, 0, &tier, &front, &error));
    CHECK(is(tier, "tier") && is(front, "front"));
    CROSSES(lease, lease);
    OK(sb_lease_remove_label(lease, SB_STR("tier"), &error));
    sb_lease_free(lease);

    sb_sandbox *sandbox;
    OK(sb_sandbox_new(SB_STR("pod"), SB_STR("runc"), &sandbox, &error));
    OK(sb_sandbox_set_label(sandbox, SB_STR("tier"), SB_STR("front"), &error));
    OK(sb_sandbox_label(sandbox, SB_STR("tier"), &front, &error));
    CROSSES(sandbox, sandbox);
    CROSSES_BACK(sandbox, "pod", "labels");
    sb_sandbox_free(sandbox);

    /* Namespaces have operations of their own. */
    sb_namespaces *namespaces;
    sb_namespace_record *record, *back;
    sb_bytes message, created, found;
    OK(sb_store_namespaces(store, &namespaces, &error));
    OK(sb_namespace_record_new(SB_STR("prod"), &record, &error));
    OK(sb_namespace_record_set_label(record, SB_STR("tier"), SB_STR("front"), &error));
    OK(sb_namespace_record_to_protobuf(record, &message, &error));
    OK(sb_namespaces_create_protobuf(namespaces, slice_of(&message), &created, &error));
    OK(sb_namespaces_get_protobuf(namespaces, SB_STR("prod"), &found, &error));
    CHECK(created.len == message.len && found.len == message.len && memcmp(found.data, message.data, message.len) == 0);
    OK(sb_namespaces_update_protobuf(namespaces, slice_of(&found), NULL, 0, &error));
    sb_bytes_free(&found);
    OK(sb_namespaces_delete(namespaces, SB_STR("prod"), &error));
    OK(sb_namespaces_list_protobuf(namespaces, &found, &error));
    OK(sb_namespace_record_from_protobuf(first_of(&found), &back, &error));
    CHECK(is(sb_namespace_record_name(back), "default"));
    sb_namespace_record_free(back);
    sb_namespace_record_free(record);
    sb_bytes_free(&found);
    sb_bytes_free(&created);
    sb_bytes_free(&message);
    sb_namespaces_free(namespaces);

    /* What a newer containerd adds comes back. */
    sb_slice newer = {(const uint8_t *)"\x0a\x01x\x22\x06\x0a\x04runc\xa2\x06\x01z", 15};
    OK(sb_container_create_protobuf(in_namespace, newer, NULL, &error));
    OK(sb_container_get_protobuf(in_namespace, SB_STR("x"), &found, &error));
    CHECK(found.len > 4 && memcmp(found.data + found.len - 4, "\xa2\x06\x01z", 4) == 0);
    sb_bytes_free(&found);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}
