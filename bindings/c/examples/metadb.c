/* Lists what a meta.db of containerd holds, without containerd: metadb FILE [FILTER...]. When the file is damaged, tells what is
 * wrong with it, and where the rest is. */
#include <stdio.h>
#include <stdlib.h>
#include <stowbook.h>

static int fail(const char *what, sb_error *error) {
    fprintf(stderr, "metadb: %s: %s\n", what, sb_error_message(error).data);
    sb_error_free(error);
    return EXIT_FAILURE;
}

/* The containers of a namespace that any of the filters selects. */
static int list(const sb_metadb *metadb, sb_str name, const sb_str *filters, size_t filter_count) {
    sb_namespace *in_namespace;
    sb_container_array *containers = NULL;
    sb_error *error;
    if (sb_metadb_namespace(metadb, name, &in_namespace, &error) != SB_OK) return fail("namespace", error);
    sb_status status = sb_container_list(in_namespace, filters, filter_count, &containers, &error);
    for (size_t i = 0; i < sb_container_array_len(containers); i++) {
        const sb_container *container = sb_container_array_at(containers, i);
        sb_str id = sb_container_id(container), image = sb_container_image(container);
        printf("%.*s\t%.*s\t%.*s\n", (int)name.len, name.data, (int)id.len, id.data, (int)image.len, image.data);
    }
    sb_container_array_free(containers);
    sb_namespace_free(in_namespace);
    return status == SB_OK ? EXIT_SUCCESS : fail("list", error);
}

/* What is wrong with a file, as JSON. */
static void explain(sb_str file) {
    sb_bytes findings;
    if (sb_metadb_check(file, &findings, NULL) == SB_OK) fprintf(stderr, "%s\n", (const char *)findings.data);
    fprintf(stderr, "sb_metadb_salvage() reads what is left\n");
    sb_bytes_free(&findings);
}

int main(int argc, char **argv) {
    if (argc < 2) return fprintf(stderr, "usage: metadb FILE [FILTER...]\n"), 2;
    sb_metadb *metadb;
    sb_namespaces *namespaces = NULL;
    sb_namespace_record_array *records = NULL;
    sb_error *error;
    sb_str file = sb_str_of(argv[1]);
    if (sb_metadb_open(file, &metadb, &error) != SB_OK) {
        explain(file);
        return fail(argv[1], error);
    }
    size_t filter_count = (size_t)argc - 2;
    sb_str *filters = calloc(filter_count + 1, sizeof *filters);
    if (filters == NULL) return EXIT_FAILURE;
    for (size_t i = 0; i < filter_count; i++) filters[i] = sb_str_of(argv[i + 2]);

    int outcome = EXIT_SUCCESS;
    if (sb_metadb_namespaces(metadb, &namespaces, &error) != SB_OK || sb_namespaces_list(namespaces, &records, &error) != SB_OK) {
        outcome = fail("namespaces", error);
    }
    for (size_t i = 0; i < sb_namespace_record_array_len(records) && outcome == EXIT_SUCCESS; i++) {
        sb_str name = sb_namespace_record_name(sb_namespace_record_array_at(records, i));
        outcome = list(metadb, name, filters, filter_count);
    }
    free(filters);
    sb_namespace_record_array_free(records);
    sb_namespaces_free(namespaces);
    sb_metadb_free(metadb);
    return outcome;
}
