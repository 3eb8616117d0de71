/* Many threads on the same handles. Threads only count; the main thread checks. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

enum { THREADS = 8, EACH = 20 };

struct worker {
    pthread_t thread;
    const sb_namespace *in_namespace;
    int number;
    int created, existed, refused, other;
};

static void count(struct worker *worker, sb_status status) {
    switch (status) {
    case SB_OK: worker->created++; break;
    case SB_ERR_ALREADY_EXISTS: worker->existed++; break;
    case SB_ERR_FAILED_PRECONDITION: worker->refused++; break;
    default: worker->other++; break;
    }
}

/* Creates records of its own, then one that all want, and lists between. */
static void *work(void *argument) {
    struct worker *worker = argument;
    sb_container *container;
    sb_container_array *containers;
    char id[32];
    for (int i = 0; i < EACH; i++) {
        sprintf(id, "web-%d-%d", worker->number, i);
        if (sb_container_new(sb_str_of(id), SB_STR("runc"), &container, NULL) != SB_OK) {
            worker->other++;
            continue;
        }
        count(worker, sb_container_create(worker->in_namespace, container, NULL, NULL));
        sb_container_free(container);
        sb_status listed = sb_container_list(worker->in_namespace, NULL, 0, &containers, NULL);
        if (listed != SB_OK && listed != SB_ERR_FAILED_PRECONDITION) {
            worker->other++;
        }
        sb_container_array_free(containers);
    }
    if (sb_container_new(SB_STR("shared"), SB_STR("runc"), &container, NULL) == SB_OK) {
        count(worker, sb_container_create(worker->in_namespace, container, NULL, NULL));
        sb_container_free(container);
    }
    return NULL;
}

static struct worker run_all(const sb_namespace *in_namespace) {
    struct worker workers[THREADS], sum = {0};
    for (int i = 0; i < THREADS; i++) {
        struct worker worker = {0};
        worker.in_namespace = in_namespace;
        worker.number = i;
        workers[i] = worker;
        CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(workers[i].thread, NULL) == 0);
        sum.created += workers[i].created;
        sum.existed += workers[i].existed;
        sum.refused += workers[i].refused;
        sum.other += workers[i].other;
    }
    return sum;
}

void test_threads(void) {
    sb_error *error;

    /* On a store: each gets its own, and one of them gets the shared one. */
    sb_store *store = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default");
    struct worker sum = run_all(in_namespace);
    CHECK(sum.created == THREADS * EACH + 1);
    CHECK(sum.existed == THREADS - 1);
    CHECK(sum.refused == 0 && sum.other == 0);
    CHECK(count_containers(in_namespace) == THREADS * EACH + 1);
    sb_namespace_free(in_namespace);

    /* On one transaction: an operation is done, or refused because another one runs. */
    sb_txn *txn;
    OK(sb_txn_begin(store, &txn, &error));
    OK(sb_txn_namespace(txn, SB_STR("other"), &in_namespace, &error));
    sum = run_all(in_namespace);
    CHECK(sum.created > 0 && sum.other == 0);
    CHECK(sum.created + sum.existed + sum.refused == THREADS * (EACH + 1));
    OK(sb_txn_commit(txn, &error));
    sb_namespace_free(in_namespace);
    sb_txn_free(txn);
    in_namespace = namespace_of(store, "other");
    CHECK(count_containers(in_namespace) == (size_t)sum.created);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}
