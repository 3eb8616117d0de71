/* Runs all tests of the C library: prints `N passed, N failed`, and fails if any failed. */
#include "check.h"

static int passed, failed;

void check(bool holds, const char *what, const char *file, int line) {
    if (holds) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "%s:%d: %s\n", file, line, what);
    }
}

void check_ok(sb_status status, sb_error **error, const char *call, const char *file, int line) {
    check(status == SB_OK && *error == NULL, call, file, line);
    if (*error != NULL) {
        fprintf(stderr, "    %d: %s\n", (int)status, sb_error_message(*error).data);
    }
    sb_error_free(*error);
    *error = NULL;
}

void check_refused(sb_status status, sb_error **error, sb_status wanted, const char *message, const char *call,
                   const char *file, int line) {
    sb_str found = sb_error_message(*error);
    bool as_wanted = status == wanted && sb_error_status(*error) == wanted && (message == NULL || is(found, message));
    check(as_wanted, call, file, line);
    if (!as_wanted) {
        fprintf(stderr, "    %d: %s\n", (int)status, *error == NULL ? "(no error)" : found.data);
    }
    sb_error_free(*error);
    *error = NULL;
}

bool is(sb_str text, const char *wanted) {
    return text.data != NULL && text.len == strlen(wanted) && memcmp(text.data, wanted, text.len) == 0;
}

const char *detail(const sb_error *error, const char *name) {
    for (size_t i = 0; i < sb_error_detail_count(error); i++) {
        if (is(sb_error_detail_name(error, i), name)) {
            return sb_error_detail_value(error, i).data;
        }
    }
    return NULL;
}

sb_store *memory_store(void) {
    sb_store *store;
    sb_error *error;
    OK(sb_store_open_memory(&store, &error));
    return store;
}

sb_namespace *namespace_of(const sb_store *store, const char *name) {
    sb_namespace *in_namespace;
    sb_error *error;
    OK(sb_store_namespace(store, sb_str_of(name), &in_namespace, &error));
    return in_namespace;
}

sb_container *new_container(const char *id) {
    sb_container *container;
    sb_error *error;
    OK(sb_container_new(sb_str_of(id), SB_STR("io.containerd.runc.v2"), &container, &error));
    return container;
}

void create(const sb_namespace *in_namespace, const char *id) {
    sb_error *error;
    sb_container *container = new_container(id);
    OK(sb_container_create(in_namespace, container, NULL, &error));
    sb_container_free(container);
}

size_t count_containers(const sb_namespace *in_namespace) {
    sb_container_array *containers;
    sb_error *error;
    OK(sb_container_list(in_namespace, NULL, 0, &containers, &error));
    size_t count = sb_container_array_len(containers);
    sb_container_array_free(containers);
    return count;
}

int main(void) {
    test_values();
    test_records();
    test_operations();
    test_transactions();
    test_files();
    test_books();
    test_hostile_calls();
    test_every_function();
    test_images();
    test_leases();
    test_sandboxes();
    test_crossing();
    test_events();
    test_collector();
    test_metadb();
    test_checker();
    test_threads();
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
