/* Does everything many times, and looks whether memory grows: leaks OPERATIONS. The first half warms caches up. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stowbook.h>

/* The memory of the process, in KiB. */
static long resident(void) {
    long pages = 0, ignored;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &ignored, &pages) != 2) exit(EXIT_FAILURE);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void expect(sb_status status, sb_status wanted) {
    if (status == wanted) return;
    fprintf(stderr, "leaks: status %d\n", status);
    exit(EXIT_FAILURE);
}

/* Ten operations. A book keeps its events, so there is a new one each time. */
static void round_trip(const sb_slice config, sb_metadb *metadb) {
    sb_store *store;
    sb_namespace *space, *in_txn, *in_metadb;
    sb_container *container, *updated;
    sb_container_array *list;
    sb_txn *txn;
    sb_event_array *events;
    sb_bytes message, next;
    sb_error *error;
    sb_report *report;
    sb_str image = SB_STR("image");
    expect(sb_store_open_memory(&store, NULL), SB_OK);
    expect(sb_store_namespace(store, SB_STR("default"), &space, NULL), SB_OK);
    expect(sb_container_new(SB_STR("web"), SB_STR("io.containerd.runc.v2"), &container, NULL), SB_OK);
    expect(sb_container_set_spec(container, SB_STR("spec"), config, NULL), SB_OK);
    expect(sb_container_create(space, container, NULL, NULL), SB_OK);
    expect(sb_container_create(space, container, NULL, &error), SB_ERR_ALREADY_EXISTS);
    sb_error_free(error);
    expect(sb_container_get_protobuf(space, SB_STR("web"), &message, NULL), SB_OK);
    sb_bytes_free(&message);
    expect(sb_container_list(space, NULL, 0, &list, NULL), SB_OK);
    sb_container_array_free(list);
    expect(sb_txn_begin(store, &txn, NULL), SB_OK);
    expect(sb_txn_namespace(txn, SB_STR("default"), &in_txn, NULL), SB_OK);
    expect(sb_container_update(in_txn, container, &image, 1, &updated, NULL), SB_OK);
    expect(sb_txn_commit(txn, NULL), SB_OK);
    sb_container_free(updated);
    sb_namespace_free(in_txn);
    sb_txn_free(txn);
    expect(sb_container_delete(space, SB_STR("web"), NULL), SB_OK);
    expect(sb_event_read(store, SB_STR("oldest"), NULL, 0, 10, &events, &next, NULL), SB_OK);
    sb_event_array_free(events);
    sb_bytes_free(&next);
    expect(sb_store_collect(store, false, SB_STR(""), NULL, NULL), SB_OK);
    expect(sb_validate(config, NULL, &report, NULL), SB_OK);
    sb_report_free(report);
    expect(sb_metadb_namespace(metadb, SB_STR("default"), &in_metadb, NULL), SB_OK);
    expect(sb_container_list(in_metadb, NULL, 0, &list, NULL), SB_OK);
    sb_container_array_free(list);
    sb_namespace_free(in_metadb);
    sb_container_free(container);
    sb_namespace_free(space);
    sb_store_free(store);
}

int main(int argc, char **argv) {
    long operations = argc > 1 ? atol(argv[1]) : 10000, rounds = operations / 10;
    static const char config[] = "{\"ociVersion\": \"1.2.0\", \"process\": {\"cwd\": \"/\"}, \"root\": {\"path\": \"r\"}}";
    sb_slice text = {(const uint8_t *)config, sizeof config - 1};
    sb_metadb *metadb;
    expect(sb_metadb_open(SB_STR("tests/metadb/containerd-1.7.27.db"), &metadb, NULL), SB_OK);
    for (long i = 0; i < rounds / 2; i++) round_trip(text, metadb);
    long before = resident();
    for (long i = 0; i < rounds / 2; i++) round_trip(text, metadb);
    long grown = resident() - before;
    sb_metadb_free(metadb);
    printf("%ld operations, %ld KiB at half of them, %ld KiB more at the end\n", operations, before, grown);
    /* A single leaked record of each round would be more. */
    return grown <= 256 ? EXIT_SUCCESS : EXIT_FAILURE;
}
