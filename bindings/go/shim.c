#include "shim.h"

#include <stdlib.h>

sb_str *sbgo_unpack(sbgo_texts texts) {
    if (texts.count == 0) return NULL;
    sb_str *list = calloc(texts.count, sizeof *list);
    if (list == NULL) abort(); /* as the library does, and Go, when memory runs out */
    const char *at = texts.joined;
    for (size_t i = 0; i < texts.count; i++) {
        list[i].data = at;
        list[i].len = texts.lengths[i];
        at += texts.lengths[i];
    }
    return list;
}

/* Puts the next handle in place of the last one, which is freed. */
static void advance(sb_namespace **handle, sb_namespace *next) {
    sb_namespace_free(*handle);
    *handle = next;
}

/* The namespace of a place; NULL, and an error, when it cannot be reached. The caller frees it. */
static sb_namespace *reach(sbgo_place place, sb_error **error_out) {
    sb_namespace *handle = NULL, *next = NULL;
    if (place.txn != NULL) {
        sb_txn_namespace(place.txn, place.name, &handle, error_out);
    } else if (place.metadb != NULL) {
        sb_metadb_namespace(place.metadb, place.name, &handle, error_out);
    } else {
        sb_store_namespace(place.store, place.name, &handle, error_out);
    }
    if (handle != NULL && place.on_lease) {
        sb_namespace_with_lease(handle, place.lease, &next, error_out);
        advance(&handle, next);
    }
    if (handle != NULL && place.epoch.is_set) {
        sb_namespace_with_source_date_epoch(handle, place.epoch, &next, error_out);
        advance(&handle, next);
    }
    return handle;
}

static sb_namespaces *reach_namespaces(sbgo_place place, sb_error **error_out) {
    sb_namespaces *handle = NULL;
    if (place.txn != NULL) {
        sb_txn_namespaces(place.txn, &handle, error_out);
    } else if (place.metadb != NULL) {
        sb_metadb_namespaces(place.metadb, &handle, error_out);
    } else {
        sb_store_namespaces(place.store, &handle, error_out);
    }
    return handle;
}

/* Runs `call` with `in_namespace` and the result `out`, which it gives. */
#define IN_NAMESPACE(place, call)                                \
    sbgo_result out = {0};                                       \
    sb_namespace *in_namespace = reach((place), &out.error);     \
    if (in_namespace != NULL) (void)(call);                      \
    sb_namespace_free(in_namespace);                             \
    return out

/* As IN_NAMESPACE, with `list` for the list of texts. */
#define WITH_TEXTS(place, texts, call)                           \
    sbgo_result out = {0};                                       \
    sb_namespace *in_namespace = reach((place), &out.error);     \
    sb_str *list = sbgo_unpack(texts);                           \
    if (in_namespace != NULL) (void)(call);                      \
    free(list);                                                  \
    sb_namespace_free(in_namespace);                             \
    return out

/* As IN_NAMESPACE, with `namespaces`. */
#define ON_NAMESPACES(place, call)                                       \
    sbgo_result out = {0};                                               \
    sb_namespaces *namespaces = reach_namespaces((place), &out.error);   \
    if (namespaces != NULL) (void)(call);                                \
    sb_namespaces_free(namespaces);                                      \
    return out

#define DEFINE_GET(kind)                                                                               \
    sbgo_result sbgo_##kind##_get(sbgo_place place, sb_str key) {                                      \
        IN_NAMESPACE(place, sb_##kind##_get_protobuf(in_namespace, key, &out.bytes, &out.error));      \
    }

#define DEFINE_UPDATE(kind)                                                                            \
    sbgo_result sbgo_##kind##_update(sbgo_place place, sb_slice message, sbgo_texts fields) {          \
        WITH_TEXTS(place, fields,                                                                      \
            sb_##kind##_update_protobuf(                                                               \
                in_namespace, message, list, fields.count, &out.bytes, &out.error));                   \
    }

#define DEFINE_KIND(kind)                                                                              \
    sbgo_result sbgo_##kind##_list(sbgo_place place, sbgo_texts filters) {                             \
        WITH_TEXTS(place, filters,                                                                     \
            sb_##kind##_list_protobuf(in_namespace, list, filters.count, &out.bytes, &out.error));     \
    }                                                                                                  \
    sbgo_result sbgo_##kind##_create(sbgo_place place, sb_slice message) {                             \
        IN_NAMESPACE(place, sb_##kind##_create_protobuf(in_namespace, message, &out.bytes, &out.error)); \
    }                                                                                                  \
    sbgo_result sbgo_##kind##_delete(sbgo_place place, sb_str key) {                                   \
        IN_NAMESPACE(place, sb_##kind##_delete(in_namespace, key, &out.error));                        \
    }

#define DEFINE_JSON(kind)                                                                              \
    sbgo_result sbgo_##kind##_to_json(sb_slice message) {                                              \
        sbgo_result out = {0};                                                                         \
        sb_##kind *record = NULL;                                                                      \
        if (sb_##kind##_from_protobuf(message, &record, &out.error) == SB_OK) {                        \
            sb_##kind##_to_json(record, &out.bytes, &out.error);                                       \
        }                                                                                              \
        sb_##kind##_free(record);                                                                      \
        return out;                                                                                    \
    }                                                                                                  \
    sbgo_result sbgo_##kind##_from_json(sb_str json) {                                                 \
        sbgo_result out = {0};                                                                         \
        sb_##kind *record = NULL;                                                                      \
        if (sb_##kind##_from_json(json, &record, &out.error) == SB_OK) {                               \
            sb_##kind##_to_protobuf(record, &out.bytes, &out.error);                                   \
        }                                                                                              \
        sb_##kind##_free(record);                                                                      \
        return out;                                                                                    \
    }

DEFINE_GET(container)
DEFINE_UPDATE(container)
DEFINE_KIND(container)
DEFINE_JSON(container)

DEFINE_GET(image)
DEFINE_UPDATE(image)
DEFINE_KIND(image)
DEFINE_JSON(image)

sbgo_result sbgo_image_delete_with(sbgo_place place, sb_str name, sb_str target, bool sync) {
    IN_NAMESPACE(place, sb_image_delete_with(in_namespace, name, target, sync, &out.error));
}

DEFINE_GET(sandbox)
DEFINE_UPDATE(sandbox)
DEFINE_KIND(sandbox)
DEFINE_JSON(sandbox)

DEFINE_KIND(lease)
DEFINE_JSON(lease)

sbgo_result sbgo_lease_delete_and_collect(sbgo_place place, sb_str id) {
    IN_NAMESPACE(place, sb_lease_delete_and_collect(in_namespace, id, &out.error));
}

sbgo_result sbgo_lease_add_resource(sbgo_place place, sb_str lease, sb_str type, sb_str id) {
    IN_NAMESPACE(place, sb_lease_add_resource(in_namespace, lease, type, id, &out.error));
}

sbgo_result sbgo_lease_delete_resource(sbgo_place place, sb_str lease, sb_str type, sb_str id) {
    IN_NAMESPACE(place, sb_lease_delete_resource(in_namespace, lease, type, id, &out.error));
}

sbgo_result sbgo_lease_list_resources(sbgo_place place, sb_str lease) {
    IN_NAMESPACE(place, sb_lease_list_resources_protobuf(in_namespace, lease, &out.bytes, &out.error));
}

DEFINE_JSON(namespace_record)

sbgo_result sbgo_namespaces_get(sbgo_place place, sb_str key) {
    ON_NAMESPACES(place, sb_namespaces_get_protobuf(namespaces, key, &out.bytes, &out.error));
}

sbgo_result sbgo_namespaces_list(sbgo_place place) {
    ON_NAMESPACES(place, sb_namespaces_list_protobuf(namespaces, &out.bytes, &out.error));
}

sbgo_result sbgo_namespaces_create(sbgo_place place, sb_slice message) {
    ON_NAMESPACES(place, sb_namespaces_create_protobuf(namespaces, message, &out.bytes, &out.error));
}

sbgo_result sbgo_namespaces_update(sbgo_place place, sb_slice message, sbgo_texts fields) {
    sbgo_result out = {0};
    sb_namespaces *namespaces = reach_namespaces(place, &out.error);
    sb_str *list = sbgo_unpack(fields);
    if (namespaces != NULL) sb_namespaces_update_protobuf(namespaces, message, list, fields.count, &out.error);
    free(list);
    sb_namespaces_free(namespaces);
    return out;
}

sbgo_result sbgo_namespaces_delete(sbgo_place place, sb_str name) {
    ON_NAMESPACES(place, sb_namespaces_delete(namespaces, name, &out.error));
}

sbgo_result sbgo_event_publish(sbgo_place place, sb_str topic, sb_str type_url, sb_slice value) {
    IN_NAMESPACE(place, sb_event_publish(in_namespace, topic, type_url, value, &out.error));
}

sbgo_result sbgo_event_forward(sbgo_place place, sb_slice envelope) {
    IN_NAMESPACE(place, sb_event_forward(in_namespace, envelope, &out.error));
}

sbgo_result sbgo_event_read(const sb_store *store, sb_str since, sbgo_texts filters, size_t limit, sb_event_array **events_out) {
    sbgo_result out = {0};
    sb_str *list = sbgo_unpack(filters);
    sb_event_read(store, since, list, filters.count, limit, events_out, &out.bytes, &out.error);
    free(list);
    return out;
}

sbgo_result sbgo_event_subscribe(const sb_store *store, sb_str since, sbgo_texts filters, sb_subscription **subscription_out) {
    sbgo_result out = {0};
    sb_str *list = sbgo_unpack(filters);
    sb_event_subscribe(store, since, list, filters.count, subscription_out, &out.error);
    free(list);
    return out;
}

void sbgo_store_open_with(
    sb_str path, bool create, bool read_only, uint64_t lock_timeout_ms, sb_store **store_out, sb_error **error_out) {
    sb_open_options *options = NULL;
    bool well = sb_open_options_new(&options, error_out) == SB_OK
        && sb_open_options_set_create(options, create, error_out) == SB_OK
        && sb_open_options_set_read_only(options, read_only, error_out) == SB_OK
        && sb_open_options_set_lock_timeout_ms(options, lock_timeout_ms, error_out) == SB_OK;
    if (well) sb_store_open_with(path, options, store_out, error_out);
    sb_open_options_free(options);
}

sbgo_result sbgo_store_collect(const sb_store *store, bool dry_run, sb_str rules, sb_collected **collected_out) {
    sbgo_result out = {0};
    if (sb_store_collect(store, dry_run, rules, collected_out, &out.error) == SB_OK) {
        sb_collected_to_json(*collected_out, &out.bytes, &out.error);
    }
    return out;
}

sbgo_result sbgo_store_import_metadb(
    const sb_store *store, const sb_metadb *metadb, sbgo_texts namespaces, bool dry_run, bool keep_existing) {
    sbgo_result out = {0};
    sb_str *list = sbgo_unpack(namespaces);
    sb_store_import_metadb(
        store, metadb, list, namespaces.count, dry_run, keep_existing, &out.bytes, &out.error);
    free(list);
    return out;
}

/* The options of a check; NULL, and an error, for those that cannot be. The caller frees them. */
static sb_check_options *check_options(sbgo_check check, sb_error **error_out) {
    sb_check_options *options = NULL;
    bool well = sb_check_options_new(&options, error_out) == SB_OK
        && (check.kind.len == 0 || sb_check_options_set_kind(options, check.kind, error_out) == SB_OK)
        && (check.platform.len == 0 || sb_check_options_set_platform(options, check.platform, error_out) == SB_OK)
        && (check.profile.len == 0 || sb_check_options_set_profile(options, check.profile, error_out) == SB_OK)
        && (check.cgroup.len == 0 || sb_check_options_set_cgroup(options, check.cgroup, error_out) == SB_OK)
        && (check.phase.len == 0 || sb_check_options_set_phase(options, check.phase, error_out) == SB_OK)
        && (check.min_severity.len == 0
            || sb_check_options_set_min_severity(options, check.min_severity, error_out) == SB_OK)
        && sb_check_options_set_rootless(options, check.rootless, error_out) == SB_OK
        && sb_check_options_set_systemd_cgroup(options, check.systemd_cgroup, error_out) == SB_OK
        && sb_check_options_set_advice(options, check.advice, error_out) == SB_OK
        && sb_check_options_set_strict(options, check.strict, error_out) == SB_OK
        && sb_check_options_set_show_secrets(options, check.show_secrets, error_out) == SB_OK
        && (check.max_findings == 0
            || sb_check_options_set_max_findings(options, check.max_findings, error_out) == SB_OK);
    sb_str *ignore = sbgo_unpack(check.ignore);
    for (size_t i = 0; well && i < check.ignore.count; i++) {
        well = sb_check_options_add_ignore(options, ignore[i], error_out) == SB_OK;
    }
    free(ignore);
    if (well) return options;
    sb_check_options_free(options);
    return NULL;
}

sbgo_result sbgo_validate(sb_slice text, sbgo_check check) {
    sbgo_result out = {0};
    sb_check_options *options = check_options(check, &out.error);
    sb_report *report = NULL;
    if (options != NULL && sb_validate(text, options, &report, &out.error) == SB_OK) {
        sb_report_to_json(report, &out.bytes, &out.error);
    }
    sb_report_free(report);
    sb_check_options_free(options);
    return out;
}

sbgo_result sbgo_fix(sb_slice text, sbgo_check check, sb_bytes *codes_out) {
    sbgo_result out = {0};
    sb_check_options *options = check_options(check, &out.error);
    if (options != NULL) sb_fix(text, options, &out.bytes, codes_out, &out.error);
    sb_check_options_free(options);
    return out;
}
