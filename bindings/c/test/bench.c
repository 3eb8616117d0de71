/* What the door takes for what `stowbook-bench doors` does in Rust: bench RECORDS SPEC-FILE [ROUNDS]. Prints for each operation its
 * name and how many nanoseconds one took, the best of the rounds. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stowbook.h>

enum { ROUNDS = 7, LISTS = 5 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void must(sb_status status) {
    if (status == SB_OK) return;
    fprintf(stderr, "bench: status %d\n", status);
    exit(EXIT_FAILURE);
}

static void keep_best(double *best, double start, size_t operations) {
    double each = (now() - start) / (double)operations;
    if (*best == 0 || each < *best) *best = each;
}

static sb_container *make(size_t i, sb_slice spec) {
    char id[32], app[16];
    sb_container *record;
    sprintf(id, "c%07zu", i);
    sprintf(app, "a%zu", i % 100);
    must(sb_container_new(sb_str_of(id), SB_STR("io.containerd.runc.v2"), &record, NULL));
    must(sb_container_set_image(record, SB_STR("docker.io/library/nginx:alpine"), NULL));
    must(sb_container_set_label(record, SB_STR("app"), sb_str_of(app), NULL));
    must(sb_container_set_label(record, SB_STR("tier"), SB_STR("web"), NULL));
    must(sb_container_set_label(record, SB_STR("io.cri-containerd.kind"), SB_STR("container"), NULL));
    must(sb_container_set_snapshotter(record, SB_STR("overlayfs"), NULL));
    must(sb_container_set_snapshot_key(record, sb_str_of(id), NULL));
    must(sb_container_set_spec(record, SB_STR("types.containerd.io/opencontainers/runtime-spec/1/Spec"), spec, NULL));
    return record;
}

int main(int argc, char **argv) {
    static uint8_t content[1 << 20];
    if (argc != 3 && argc != 4) return fprintf(stderr, "usage: bench RECORDS SPEC-FILE [ROUNDS]\n"), 2;
    size_t count = (size_t)atol(argv[1]);
    int rounds = argc == 4 ? atoi(argv[3]) : ROUNDS;
    FILE *file = fopen(argv[2], "rb");
    if (file == NULL) return perror(argv[2]), 2;
    sb_slice spec = {content, fread(content, 1, sizeof content, file)};
    fclose(file);

    double create = 0, get = 0, list = 0, get_protobuf = 0, list_protobuf = 0;
    sb_container **records = calloc(count, sizeof *records);
    char id[32];
    if (records == NULL) return EXIT_FAILURE;
    for (int round = 0; round < rounds; round++) {
        sb_store *store;
        sb_namespace *space;
        sb_container *found;
        sb_container_array *all;
        sb_bytes message;
        must(sb_store_open_memory(&store, NULL));
        must(sb_store_namespace(store, SB_STR("default"), &space, NULL));
        for (size_t i = 0; i < count; i++) records[i] = make(i, spec);

        double start = now();
        for (size_t i = 0; i < count; i++) must(sb_container_create(space, records[i], NULL, NULL));
        keep_best(&create, start, count);
        start = now();
        for (size_t i = 0; i < count; i++) {
            sprintf(id, "c%07zu", i);
            must(sb_container_get(space, sb_str_of(id), &found, NULL));
            sb_container_free(found);
        }
        keep_best(&get, start, count);
        start = now();
        for (int i = 0; i < LISTS; i++) {
            must(sb_container_list(space, NULL, 0, &all, NULL));
            if (sb_container_array_len(all) != count) return EXIT_FAILURE;
            sb_container_array_free(all);
        }
        keep_best(&list, start, LISTS);

        /* As messages, for other languages. */
        start = now();
        for (size_t i = 0; i < count; i++) {
            sprintf(id, "c%07zu", i);
            must(sb_container_get_protobuf(space, sb_str_of(id), &message, NULL));
            sb_bytes_free(&message);
        }
        keep_best(&get_protobuf, start, count);
        start = now();
        for (int i = 0; i < LISTS; i++) {
            must(sb_container_list_protobuf(space, NULL, 0, &message, NULL));
            sb_bytes_free(&message);
        }
        keep_best(&list_protobuf, start, LISTS);

        for (size_t i = 0; i < count; i++) sb_container_free(records[i]);
        sb_namespace_free(space);
        sb_store_free(store);
    }
    free(records);
    printf("create %.0f\nget %.0f\nlist %.0f\nget_protobuf %.0f\nlist_protobuf %.0f\n", create, get, list, get_protobuf,
           list_protobuf);
    return EXIT_SUCCESS;
}
