/* Operations on stores, in memory and in files, and transactions. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void test_containers(void) {
    sb_error *error;
    sb_store *store = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default");
    sb_container *container = new_container("web"), *created, *found, *updated;
    OK(sb_container_set_label(container, SB_STR("tier"), SB_STR("front"), &error));
    OK(sb_container_set_label(container, SB_STR("empty"), SB_STR(""), &error));
    OK(sb_container_create(in_namespace, container, &created, &error));
    CHECK(sb_container_created_at(created).is_set);
    CHECK(sb_container_created_at(created).seconds > 1600000000);
    CHECK(sb_container_created_at(created).nanos < 1000000000);
    CHECK(sb_container_label_count(created) == 1);
    CHECK(sb_container_label_count(container) == 2);
    CHECK(!sb_container_created_at(container).is_set);

    REFUSED(SB_ERR_ALREADY_EXISTS, "container \"web\": already exists",
            sb_container_create(in_namespace, container, NULL, &error));
    OK(sb_container_get(in_namespace, SB_STR("web"), &found, &error));
    CHECK(is(sb_container_id(found), "web"));
    CHECK(sb_container_updated_at(found).seconds == sb_container_updated_at(created).seconds);
    CHECK(sb_container_updated_at(found).nanos == sb_container_updated_at(created).nanos);

    OK(sb_container_set_image(found, SB_STR("nginx"), &error));
    OK(sb_container_set_label(found, SB_STR("tier"), SB_STR("back"), &error));
    sb_str image = SB_STR("image");
    OK(sb_container_update(in_namespace, found, &image, 1, &updated, &error));
    sb_str tier;
    OK(sb_container_label(updated, SB_STR("tier"), &tier, &error));
    CHECK(is(sb_container_image(updated), "nginx") && is(tier, "front"));
    OK(sb_container_update(in_namespace, found, NULL, 0, NULL, &error));
    sb_str fields[] = {SB_STR("labels.tier"), SB_STR("runtime")};
    sb_container *none = GARBAGE;
    REFUSED(SB_ERR_INVALID_ARGUMENT, "cannot update \"runtime\" field on \"web\": invalid argument",
            sb_container_update(in_namespace, found, fields, 2, &none, &error));
    CHECK(none == NULL);

    OK(sb_container_delete(in_namespace, SB_STR("web"), &error));
    REFUSED(SB_ERR_NOT_FOUND, "container web: not found", sb_container_delete(in_namespace, SB_STR("web"), &error));
    none = GARBAGE;
    REFUSED(SB_ERR_NOT_FOUND, "container \"web\" in namespace \"default\": not found",
            sb_container_get(in_namespace, SB_STR("web"), &none, &error));
    CHECK(none == NULL);
    sb_container_free(container);
    sb_container_free(created);
    sb_container_free(found);
    sb_container_free(updated);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}

static void test_lists(void) {
    sb_error *error;
    sb_store *store = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default");
    create(in_namespace, "web-2");
    create(in_namespace, "web-1");
    create(in_namespace, "db");
    sb_container_array *found;
    OK(sb_container_list(in_namespace, NULL, 0, &found, &error));
    CHECK(sb_container_array_len(found) == 3);
    CHECK(is(sb_container_id(sb_container_array_at(found, 0)), "db"));
    CHECK(is(sb_container_id(sb_container_array_at(found, 2)), "web-2"));
    CHECK(sb_container_array_at(found, 3) == NULL);
    CHECK(sb_container_array_at(found, SIZE_MAX) == NULL);
    sb_container_array_free(found);

    sb_str filters[] = {SB_STR("id==web-1"), SB_STR("id~=^d")};
    OK(sb_container_list(in_namespace, filters, 2, &found, &error));
    CHECK(sb_container_array_len(found) == 2);
    sb_container_array_free(found);

    sb_str bad[] = {SB_STR("id"), SB_STR("id==")};
    found = GARBAGE;
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_list(in_namespace, bad, 2, &found, &error));
    CHECK(found == NULL);
    bad[1] = SB_STR("id~=(");
    OK(sb_container_list(in_namespace, bad + 1, 1, &found, &error));
    CHECK(sb_container_array_len(found) == 0);
    sb_container_array_free(found);

    sb_namespace *other = namespace_of(store, "other"), *unnamed = namespace_of(store, ""), *wrong = namespace_of(store, "-");
    CHECK(count_containers(other) == 0);
    REFUSED(SB_ERR_FAILED_PRECONDITION, "namespace is required: failed precondition",
            sb_container_list(unnamed, NULL, 0, &found, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_container_list(wrong, NULL, 0, &found, &error));
    sb_namespace_free(wrong);
    sb_namespace_free(unnamed);
    sb_namespace_free(other);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}

static void test_errors(void) {
    sb_error *error = GARBAGE;
    sb_store *store = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default");

    /* A label that is too long: what containerd hides is among the details. */
    size_t length = 1 << 20;
    char *text = malloc(length);
    memset(text, 'x', length);
    sb_str value = {text, length};
    sb_container *container = new_container("web");
    OK(sb_container_set_label(container, SB_STR("key"), value, &error));
    error = GARBAGE;
    CHECK(sb_container_create(in_namespace, container, NULL, &error) == SB_ERR_INVALID_ARGUMENT);
    CHECK(is(sb_error_kind(error), "invalid_argument"));
    CHECK(strcmp(sb_error_kind(error).data, "invalid_argument") == 0);
    CHECK(sb_error_message(error).len == strlen(sb_error_message(error).data));
    CHECK(sb_error_detail_count(error) > 0);
    CHECK(strcmp(detail(error, "limit_bytes"), "4096") == 0);
    size_t count = sb_error_detail_count(error);
    CHECK(sb_error_detail_name(error, count).data == NULL);
    CHECK(sb_error_detail_value(error, SIZE_MAX).data == NULL);
    CHECK(sb_error_help(error).data == NULL || sb_error_help(error).data[sb_error_help(error).len] == '\0');
    sb_error_free(error);
    free(text);

    /* Many labels are no problem. */
    OK(sb_container_remove_label(container, SB_STR("key"), &error));
    for (int i = 0; i < 5000; i++) {
        char key[16];
        sprintf(key, "key-%d", i);
        if (sb_container_set_label(container, sb_str_of(key), SB_STR("value"), NULL) != SB_OK) {
            CHECK(!"label was set");
        }
    }
    OK(sb_container_create(in_namespace, container, NULL, &error));
    sb_container_free(container);
    OK(sb_container_get(in_namespace, SB_STR("web"), &container, &error));
    CHECK(sb_container_label_count(container) == 5000);
    sb_container_free(container);

    /* Advice where there is some, and a message with a NUL in it. */
    sb_namespace *unnamed = namespace_of(store, "");
    CHECK(sb_container_delete(unnamed, SB_STR("web"), &error) == SB_ERR_FAILED_PRECONDITION);
    CHECK(is(sb_error_help(error), "name one, for example default"));
    sb_error_free(error);
    CHECK(sb_container_delete(in_namespace, SB_STR("a\0b"), &error) == SB_ERR_NOT_FOUND);
    CHECK(sb_error_message(error).len == strlen("container a.b: not found"));
    CHECK(memcmp(sb_error_message(error).data, "container a\0b: not found", sb_error_message(error).len) == 0);
    sb_error_free(error);

    /* Without a place for the error there is still the status. */
    CHECK(sb_container_delete(in_namespace, SB_STR("absent"), NULL) == SB_ERR_NOT_FOUND);
    sb_namespace_free(unnamed);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}

static void test_namespaces(void) {
    sb_error *error;
    sb_store *store = memory_store();
    sb_namespaces *namespaces;
    sb_namespace_record *record, *created, *found;
    sb_namespace_record_array *all;
    sb_str value;
    OK(sb_store_namespaces(store, &namespaces, &error));
    OK(sb_namespace_record_new(SB_STR("prod"), &record, &error));
    OK(sb_namespace_record_set_label(record, SB_STR("team"), SB_STR("a"), &error));
    OK(sb_namespaces_create(namespaces, record, &created, &error));
    CHECK(is(sb_namespace_record_name(created), "prod"));
    REFUSED(SB_ERR_ALREADY_EXISTS, "namespace \"prod\": already exists",
            sb_namespaces_create(namespaces, record, NULL, &error));

    OK(sb_namespace_record_set_label(record, SB_STR("team"), SB_STR("b"), &error));
    sb_str field = SB_STR("labels.team");
    OK(sb_namespaces_update(namespaces, record, &field, 1, &error));
    OK(sb_namespaces_get(namespaces, SB_STR("prod"), &found, &error));
    OK(sb_namespace_record_label(found, SB_STR("team"), &value, &error));
    CHECK(is(value, "b"));
    field = SB_STR("name");
    REFUSED(SB_ERR_INVALID_ARGUMENT, "cannot update \"name\" field", sb_namespaces_update(namespaces, record, &field, 1, &error));

    sb_namespace *in_namespace = namespace_of(store, "other");
    create(in_namespace, "web");
    OK(sb_namespaces_list(namespaces, &all, &error));
    CHECK(sb_namespace_record_array_len(all) == 2);
    CHECK(is(sb_namespace_record_name(sb_namespace_record_array_at(all, 0)), "other"));
    CHECK(sb_namespace_record_array_at(all, 2) == NULL);
    sb_namespace_record_array_free(all);

    REFUSED(SB_ERR_FAILED_PRECONDITION, NULL, sb_namespaces_delete(namespaces, SB_STR("other"), &error));
    OK(sb_namespaces_delete(namespaces, SB_STR("prod"), &error));
    REFUSED(SB_ERR_NOT_FOUND, "namespace \"prod\": not found", sb_namespaces_delete(namespaces, SB_STR("prod"), &error));
    sb_namespace_record_free(record);
    sb_namespace_record_free(created);
    sb_namespace_record_free(found);
    sb_namespace_free(in_namespace);
    sb_namespaces_free(namespaces);
    sb_store_free(store);
}

void test_operations(void) {
    test_containers();
    test_lists();
    test_errors();
    test_namespaces();
}

void test_transactions(void) {
    sb_error *error;
    sb_store *store = memory_store();
    sb_namespace *outside = namespace_of(store, "default"), *inside;
    sb_namespaces *namespaces;
    sb_namespace_record_array *all;
    sb_txn *txn, *second;

    /* Nobody else sees it before the commit. */
    OK(sb_txn_begin(store, &txn, &error));
    OK(sb_txn_namespace(txn, SB_STR("default"), &inside, &error));
    OK(sb_txn_namespaces(txn, &namespaces, &error));
    create(inside, "web-1");
    create(inside, "web-2");
    CHECK(count_containers(inside) == 2);
    CHECK(count_containers(outside) == 0);
    OK(sb_namespaces_list(namespaces, &all, &error));
    CHECK(sb_namespace_record_array_len(all) == 1);
    sb_namespace_record_array_free(all);
    OK(sb_txn_commit(txn, &error));
    CHECK(count_containers(outside) == 2);

    /* After its end it refuses, and a rollback does nothing. */
    sb_container *container = GARBAGE;
    const char *ended = "the transaction has ended: failed precondition";
    REFUSED(SB_ERR_FAILED_PRECONDITION, ended, sb_container_get(inside, SB_STR("web-1"), &container, &error));
    CHECK(container == NULL);
    REFUSED(SB_ERR_FAILED_PRECONDITION, ended, sb_container_delete(inside, SB_STR("web-1"), &error));
    REFUSED(SB_ERR_FAILED_PRECONDITION, ended, sb_namespaces_list(namespaces, &all, &error));
    REFUSED(SB_ERR_FAILED_PRECONDITION, ended, sb_txn_commit(txn, &error));
    OK(sb_txn_rollback(txn, &error));
    OK(sb_txn_rollback(txn, &error));
    CHECK(count_containers(outside) == 2);
    sb_namespaces_free(namespaces);
    sb_namespace_free(inside);
    sb_txn_free(txn);

    /* Rolled back twice, then used. */
    OK(sb_txn_begin(store, &txn, &error));
    OK(sb_txn_namespace(txn, SB_STR("default"), &inside, &error));
    OK(sb_container_delete(inside, SB_STR("web-1"), &error));
    OK(sb_txn_rollback(txn, &error));
    OK(sb_txn_rollback(txn, &error));
    REFUSED(SB_ERR_FAILED_PRECONDITION, ended, sb_txn_commit(txn, &error));
    sb_namespace_free(inside);
    sb_txn_free(txn);
    CHECK(count_containers(outside) == 2);

    /* Freed without an end: its namespace is still there, and finds that it has ended. */
    OK(sb_txn_begin(store, &txn, &error));
    OK(sb_txn_namespace(txn, SB_STR("default"), &inside, &error));
    create(inside, "web-3");
    sb_txn_free(txn);
    REFUSED(SB_ERR_FAILED_PRECONDITION, ended, sb_container_get(inside, SB_STR("web-3"), &container, &error));
    sb_namespace_free(inside);
    CHECK(count_containers(outside) == 2);

    /* Two that contradict each other. */
    OK(sb_txn_begin(store, &txn, &error));
    OK(sb_txn_begin(store, &second, &error));
    OK(sb_txn_namespace(txn, SB_STR("default"), &inside, &error));
    create(inside, "web-3");
    sb_namespace_free(inside);
    OK(sb_txn_namespace(second, SB_STR("default"), &inside, &error));
    create(inside, "web-3");
    sb_namespace_free(inside);
    OK(sb_txn_commit(txn, &error));
    REFUSED(SB_ERR_ABORTED, NULL, sb_txn_commit(second, &error));
    REFUSED(SB_ERR_FAILED_PRECONDITION, ended, sb_txn_commit(second, &error));
    sb_txn_free(second);
    sb_txn_free(txn);

    /* What a failing operation did is gone, the rest of the transaction stays. */
    OK(sb_txn_begin(store, &txn, &error));
    OK(sb_txn_namespace(txn, SB_STR("default"), &inside, &error));
    create(inside, "web-4");
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_container_delete(inside, SB_STR("absent"), &error));
    OK(sb_txn_commit(txn, &error));
    CHECK(count_containers(outside) == 4);

    /* Everything may be freed in any order. */
    sb_store_free(store);
    sb_txn_free(txn);
    CHECK(count_containers(outside) == 4);
    sb_namespace_free(inside);
    sb_namespace_free(outside);
}

void test_files(void) {
    sb_error *error;
    char folder[] = "/tmp/stowbook-c-test-XXXXXX", path[64], other[64];
    CHECK(mkdtemp(folder) != NULL);
    sprintf(path, "%s/book.redb", folder);
    sprintf(other, "%s/other", folder);

    sb_store *store, *second = GARBAGE;
    OK(sb_store_open(sb_str_of(path), &store, &error));
    sb_namespace *in_namespace = namespace_of(store, "default");
    sb_container *container = new_container("web"), *created, *found;
    OK(sb_container_set_image(container, SB_STR("nginx"), &error));
    OK(sb_container_create(in_namespace, container, &created, &error));
    sb_container_free(container);

    /* Held here, also when only a namespace is left of it. */
    REFUSED(SB_ERR_UNAVAILABLE, NULL, sb_store_open(sb_str_of(path), &second, &error));
    CHECK(second == NULL);
    sb_store_free(store);
    REFUSED(SB_ERR_UNAVAILABLE, NULL, sb_store_open(sb_str_of(path), &second, &error));
    sb_namespace_free(in_namespace);

    OK(sb_store_open(sb_str_of(path), &store, &error));
    in_namespace = namespace_of(store, "default");
    OK(sb_container_get(in_namespace, SB_STR("web"), &found, &error));
    CHECK(is(sb_container_image(found), "nginx"));
    CHECK(sb_container_created_at(found).seconds == sb_container_created_at(created).seconds);
    CHECK(sb_container_created_at(found).nanos == sb_container_created_at(created).nanos);
    sb_container_free(found);
    sb_container_free(created);
    sb_namespace_free(in_namespace);
    sb_store_free(store);

    /* Not a book; a folder; a folder that is not there; no name. */
    FILE *file = fopen(other, "w");
    for (int i = 0; i < 1000; i++) {
        fputs("this is no book", file);
    }
    fclose(file);
    CHECK(sb_store_open(sb_str_of(other), &second, &error) != SB_OK);
    CHECK(second == NULL && sb_error_message(error).len > 0);
    sb_error_free(error);
    CHECK(sb_store_open(sb_str_of(folder), &second, NULL) != SB_OK);
    CHECK(sb_store_open(SB_STR("/tmp/stowbook-c-test-absent/book.redb"), &second, NULL) == SB_ERR_NOT_FOUND);
    CHECK(sb_store_open(SB_STR(""), &second, NULL) != SB_OK);
    CHECK(sb_store_open(SB_STR("/tmp/a\0b"), &second, NULL) != SB_OK);
    CHECK(second == NULL);
    unlink(other);
    unlink(path);
    CHECK(rmdir(folder) == 0);
}
