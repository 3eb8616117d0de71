/* A book as a whole: how its file is opened, copies of it, and the way to text and back. */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/stowbook-c-XXXXXX";

/* A file in the folder. */
static sb_str file(const char *name) {
    static char path[sizeof folder + 32];
    sprintf(path, "%s/%s", folder, name);
    return sb_str_of(path);
}

static void test_options(void) {
    sb_error *error;
    sb_store *store, *second;
    sb_open_options *options;
    sb_container *web = new_container("web");
    OK(sb_open_options_new(&options, &error));
    OK(sb_open_options_set_create(options, false, &error));
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_store_open_with(file("book"), options, &store, &error));
    CHECK(store == NULL);
    OK(sb_store_open_with(file("book"), NULL, &store, &error));
    sb_namespace *in_namespace = namespace_of(store, "default");
    OK(sb_container_create(in_namespace, web, NULL, &error));

    /* It is held. Who waits for it is told so in the end. */
    OK(sb_open_options_set_lock_timeout_ms(options, 30, &error));
    REFUSED(SB_ERR_UNAVAILABLE, NULL, sb_store_open_with(file("book"), options, &second, &error));
    sb_namespace_free(in_namespace);
    sb_store_free(store);

    /* Two that only read. */
    OK(sb_open_options_set_read_only(options, true, &error));
    OK(sb_store_open_with(file("book"), options, &store, &error));
    OK(sb_store_open_with(file("book"), options, &second, &error));
    in_namespace = namespace_of(second, "default");
    CHECK(count_containers(in_namespace) == 1);
    REFUSED(SB_ERR_FAILED_PRECONDITION, NULL, sb_container_delete(in_namespace, SB_STR("web"), &error));
    CHECK(count_containers(in_namespace) == 1);
    sb_namespace_free(in_namespace);
    sb_store_free(second);
    sb_store_free(store);
    sb_open_options_free(options);
    sb_container_free(web);
}

static void test_copies(void) {
    sb_error *error;
    sb_store *store, *copy;
    sb_bytes findings;
    OK(sb_store_open(file("book"), &store, &error));
    OK(sb_store_check(store, &findings, &error));
    CHECK(are(&findings, "[]"));
    OK(sb_store_compact(store, &error));
    OK(sb_store_backup(store, file("backup"), &error));
    REFUSED(SB_ERR_ALREADY_EXISTS, NULL, sb_store_backup(store, file("backup"), &error));
    sb_namespace *in_namespace = namespace_of(store, "default");
    create(in_namespace, "db");
    sb_namespace_free(in_namespace);

    /* Two paths at once, so one of them has a place of its own. */
    char backup[sizeof folder + 32];
    strcpy(backup, file("backup").data);
    REFUSED(SB_ERR_NOT_FOUND, NULL, sb_restore(SB_STR("/nowhere/backup"), file("book"), true, &error));
    REFUSED(SB_ERR_ALREADY_EXISTS, NULL, sb_restore(sb_str_of(backup), file("book"), false, &error));
    REFUSED(SB_ERR_UNAVAILABLE, NULL, sb_restore(sb_str_of(backup), file("book"), true, &error));
    sb_store_free(store);
    OK(sb_restore(sb_str_of(backup), file("book"), true, &error));
    OK(sb_restore(sb_str_of(backup), file("again"), false, &error));
    for (int i = 0; i < 2; i++) {
        OK(sb_store_open(file(i == 0 ? "book" : "again"), &copy, &error));
        in_namespace = namespace_of(copy, "default");
        CHECK(count_containers(in_namespace) == 1);
        sb_namespace_free(in_namespace);
        sb_store_free(copy);
    }
}

static void test_text(void) {
    sb_error *error;
    sb_store *store = memory_store(), *copy = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default");
    sb_bytes lines, report, again;
    create(in_namespace, "web");
    OK(sb_store_export(store, &lines, &error));
    CHECK(have(&lines, "\"kind\":\"container\",\"namespace\":\"default\",\"id\":\"web\""));

    sb_slice cut = {lines.data, lines.len / 2};
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_store_import(copy, cut, false, &report, &error));
    CHECK(report.data == NULL);
    OK(sb_store_import(copy, slice_of(&lines), true, NULL, &error));
    /* The same book holds the same. */
    OK(sb_store_export(copy, &again, &error));
    CHECK(again.len == lines.len && memcmp(again.data, lines.data, lines.len) == 0);
    OK(sb_store_import(copy, slice_of(&lines), false, &report, &error));
    CHECK(have(&report, "\"written_keys\":0,"));
    REFUSED(SB_ERR_FAILED_PRECONDITION, NULL, sb_store_import(copy, slice_of(&lines), true, NULL, &error));
    sb_bytes_free(&report);
    sb_bytes_free(&again);
    sb_bytes_free(&lines);
    sb_namespace_free(in_namespace);
    sb_store_free(copy);
    sb_store_free(store);
}

void test_books(void) {
    CHECK(mkdtemp(folder) != NULL);
    test_options();
    test_copies();
    test_text();
    CHECK(unlink(file("book").data) == 0);
    CHECK(unlink(file("backup").data) == 0);
    CHECK(unlink(file("again").data) == 0);
    CHECK(rmdir(folder) == 0);
    strcpy(folder + sizeof folder - 7, "XXXXXX");
}
