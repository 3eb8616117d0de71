/* The event log and the collector. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "check.h"

static void *create_later(void *argument) {
    sb_container *container;
    const struct timespec pause = {0, 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    if (sb_container_new(SB_STR("late"), SB_STR("runc"), &container, NULL) != SB_OK) return argument;
    sb_status status = sb_container_create(argument, container, NULL, NULL);
    sb_container_free(container);
    return status == SB_OK ? NULL : argument;
}

void test_events(void) {
    sb_error *error;
    sb_store *store = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default");
    uint64_t first = 7, last = 7;
    OK(sb_event_bounds(store, &first, &last, &error));
    CHECK(first == 1 && last == 0);
    create(in_namespace, "web");
    create(in_namespace, "db");
    OK(sb_container_delete(in_namespace, SB_STR("db"), &error));
    OK(sb_event_bounds(store, &first, &last, &error));
    CHECK(first == 1 && last == 3);

    sb_event_array *events;
    sb_bytes next, json, envelope;
    OK(sb_event_read(store, SB_STR("oldest"), NULL, 0, 2, &events, &next, &error));
    CHECK(sb_event_array_len(events) == 2 && sb_event_array_at(events, 2) == NULL);
    const sb_event *event = sb_event_array_at(events, 0);
    CHECK(sb_event_number(event) == 1 && is(sb_event_topic(event), "/containers/create"));
    CHECK(is(sb_event_namespace(event), "default") && sb_event_timestamp(event).is_set);
    CHECK(is(sb_event_type_url(event), "containerd.events.ContainerCreate"));
    CHECK(sb_event_value(event).len > 5 && sb_event_is_published(event));
    OK(sb_event_to_json(event, &json, &error));
    CHECK(have(&json, "\"payload\":{\"id\":\"web\""));
    sb_bytes_free(&json);
    OK(sb_event_to_protobuf(event, &envelope, &error));
    sb_event_array_free(events);

    /* On from there, by the cursor, the number, and with filters. */
    sb_str cursor = {(const char *)next.data, next.len}, filter = SB_STR("topic~=delete,event.id==db");
    OK(sb_event_read(store, cursor, NULL, 0, 10, &events, NULL, &error));
    CHECK(sb_event_array_len(events) == 1 && sb_event_number(sb_event_array_at(events, 0)) == 3);
    sb_event_array_free(events);
    OK(sb_event_read(store, SB_STR("0"), &filter, 1, 10, &events, NULL, &error));
    CHECK(sb_event_array_len(events) == 1 && is(sb_event_topic(sb_event_array_at(events, 0)), "/containers/delete"));
    sb_event_array_free(events);
    sb_str bad = SB_STR("topic==");
    REFUSED(SB_ERR_UNKNOWN, NULL, sb_event_read(store, SB_STR("0"), &bad, 1, 10, &events, NULL, &error));
    REFUSED(SB_ERR_OUT_OF_RANGE, NULL, sb_event_read(store, SB_STR("4"), NULL, 0, 10, &events, NULL, &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_event_read(store, SB_STR("x"), NULL, 0, 10, &events, NULL, &error));
    sb_store *other = memory_store();
    REFUSED(SB_ERR_FAILED_PRECONDITION, "the cursor belongs to another book: failed precondition",
            sb_event_read(other, cursor, NULL, 0, 10, &events, NULL, &error));
    sb_store_free(other);

    /* Following: what is there, then what comes, and the book stays open as long. */
    sb_subscription *subscription;
    sb_event *found = GARBAGE;
    OK(sb_event_subscribe(store, cursor, NULL, 0, &subscription, &error));
    sb_bytes_free(&next);
    OK(sb_subscription_next(subscription, 0, &found, &error));
    CHECK(sb_event_number(found) == 3);
    sb_event_free(found);
    OK(sb_subscription_next(subscription, 0, &found, &error));
    CHECK(found == NULL);
    OK(sb_subscription_next(subscription, 1, &found, &error));
    CHECK(found == NULL);
    pthread_t thread;
    void *failed;
    CHECK(pthread_create(&thread, NULL, create_later, in_namespace) == 0);
    OK(sb_subscription_next(subscription, -1, &found, &error));
    CHECK(pthread_join(thread, &failed) == 0 && failed == NULL);
    CHECK(sb_event_number(found) == 4);
    sb_event_free(found);
    OK(sb_subscription_cursor(subscription, &next, &error));
    CHECK(next.len == 34 && memcmp(next.data + 32, ":4", 2) == 0);
    sb_bytes_free(&next);

    /* Publishing; with a transaction nobody hears of it before it is committed. */
    sb_slice value = {(const uint8_t *)"\x0a\x01x", 3};
    sb_txn *txn;
    sb_namespace *in_txn;
    OK(sb_txn_begin(store, &txn, &error));
    OK(sb_txn_namespace(txn, SB_STR("default"), &in_txn, &error));
    OK(sb_event_publish(in_txn, SB_STR("/custom/topic"), SB_STR("custom.Type"), value, &error));
    OK(sb_subscription_next(subscription, 0, &found, &error));
    CHECK(found == NULL);
    OK(sb_txn_commit(txn, &error));
    sb_namespace_free(in_txn);
    sb_txn_free(txn);
    OK(sb_subscription_next(subscription, 1000, &found, &error));
    CHECK(is(sb_event_topic(found), "/custom/topic") && is(sb_event_type_url(found), "custom.Type"));
    CHECK(sb_event_value(found).len == 3);
    OK(sb_event_to_json(found, &json, &error));
    CHECK(have(&json, "\"value_base64\":\"CgF4\""));
    sb_bytes_free(&json);
    sb_event_free(found);
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL,
            sb_event_publish(in_namespace, SB_STR("no topic"), SB_STR("t"), value, &error));
    OK(sb_event_forward(in_namespace, slice_of(&envelope), &error));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL,
            sb_event_forward(in_namespace, (sb_slice){(const uint8_t *)"\xff", 1}, &error));
    sb_bytes_free(&envelope);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
    OK(sb_subscription_next(subscription, 0, &found, &error));
    CHECK(is(sb_event_topic(found), "/containers/create"));
    sb_event_free(found);
    sb_subscription_free(subscription);
}

void test_collector(void) {
    sb_error *error;
    sb_str name, type, id;
    sb_bytes json;
    sb_store *store = memory_store();
    sb_namespace *in_namespace = namespace_of(store, "default");
    sb_lease *old, *young;
    OK(sb_lease_new(SB_STR("old"), &old, &error));
    OK(sb_lease_set_label(old, SB_STR("containerd.io/gc.expire"), SB_STR("2001-01-01T00:00:00Z"), &error));
    OK(sb_lease_create(in_namespace, old, NULL, &error));
    OK(sb_lease_new(SB_STR("young"), &young, &error));
    OK(sb_lease_create(in_namespace, young, NULL, &error));
    OK(sb_lease_add_resource(in_namespace, SB_STR("young"), SB_STR("snapshots/overlayfs"), SB_STR("layer"), &error));

    /* First asked, then done. */
    sb_collected *collected;
    for (int dry_run = 1; dry_run >= 0; dry_run--) {
        OK(sb_store_collect(store, dry_run == 1, dry_run == 1 ? SB_STR("2.3") : SB_STR(""), &collected, &error));
        CHECK(sb_collected_removed_count(collected) == 1);
        OK(sb_collected_removed_at(collected, 0, &name, &type, &id, &error));
        CHECK(is(name, "default") && is(type, "lease") && is(id, "old"));
        REFUSED(SB_ERR_OUT_OF_RANGE, NULL, sb_collected_removed_at(collected, 1, &name, &type, &id, &error));
        OK(sb_collected_why(collected, SB_STR("default"), SB_STR("overlayfs/layer"), &json, &error));
        CHECK(are(&json, "[{\"type\":\"snapshot\",\"id\":\"overlayfs/layer\",\"kept\":true,\"way\":["
                         "{\"type\":\"lease\",\"id\":\"young\",\"exists\":true,\"because\":\"root\"},"
                         "{\"type\":\"snapshot\",\"id\":\"overlayfs/layer\",\"exists\":false,\"because\":\"lease\"}]}]"));
        OK(sb_collected_why(collected, SB_STR("default"), SB_STR("old"), &json, &error));
        CHECK(are(&json, "[{\"type\":\"lease\",\"id\":\"old\",\"kept\":false,\"way\":[]}]"));
        REFUSED(SB_ERR_NOT_FOUND, NULL, sb_collected_why(collected, SB_STR("default"), SB_STR("none"), &json, &error));
        OK(sb_collected_to_json(collected, &json, &error));
        CHECK(have(&json, "\"removed\":[{\"type\":\"lease\",\"id\":\"old\"}]"));
        sb_bytes_free(&json);
        sb_collected_free(collected);
    }
    OK(sb_store_collect(store, false, SB_STR("1.6"), &collected, &error));
    CHECK(sb_collected_removed_count(collected) == 0);
    sb_collected_free(collected);
    OK(sb_store_collect(store, false, SB_STR(""), NULL, &error));

    /* And the other way: who holds it. */
    OK(sb_store_owners(store, SB_STR("layer"), &json, &error));
    CHECK(have(&json, "\"owners\":[{\"type\":\"lease\",\"id\":\"young\""));
    sb_bytes_free(&json);
    OK(sb_store_owners(store, SB_STR("nothing"), &json, &error));
    CHECK(are(&json, "[]"));
    REFUSED(SB_ERR_INVALID_ARGUMENT, NULL, sb_store_collect(store, false, SB_STR("3.0"), &collected, &error));
    sb_lease_free(young);
    sb_lease_free(old);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
}
