/* What Go calls. Each function is one crossing from Go into C and does all that one operation needs, so Go never holds a
 * handle of a namespace or of a record. Lists of texts come as one run of bytes and their lengths, because C may not be
 * handed Go memory with pointers in it. */
#ifndef SBGO_SHIM_H
#define SBGO_SHIM_H

#include <stowbook.h>

/* Where an operation works: a namespace, in a store, a transaction or a database; the others are NULL. On behalf of a lease if
 * `on_lease`, at the time of `epoch` if that is set. */
typedef struct sbgo_place {
    const sb_store *store;
    const sb_txn *txn;
    const sb_metadb *metadb;
    sb_str name;
    bool on_lease;
    sb_str lease;
    sb_time epoch;
} sbgo_place;

/* How a call went. `error` is NULL when it went well. Go frees it and `bytes`. */
typedef struct sbgo_result {
    sb_error *error;
    sb_bytes bytes;
} sbgo_result;

/* A list of texts: `count` of them, one behind the other. */
typedef struct sbgo_texts {
    const char *joined;
    const size_t *lengths;
    size_t count;
} sbgo_texts;

/* The list as the library takes it, NULL for an empty one. The caller frees it. */
sb_str *sbgo_unpack(sbgo_texts texts);

/* Records are containerd's protobuf messages. A list is messages one behind the other, each with its length before it. */
#define SBGO_DECLARE_GET(kind) sbgo_result sbgo_##kind##_get(sbgo_place place, sb_str key);
#define SBGO_DECLARE_UPDATE(kind) \
    sbgo_result sbgo_##kind##_update(sbgo_place place, sb_slice message, sbgo_texts fields);
#define SBGO_DECLARE_KIND(kind)                                                \
    sbgo_result sbgo_##kind##_list(sbgo_place place, sbgo_texts filters);      \
    sbgo_result sbgo_##kind##_create(sbgo_place place, sb_slice message);      \
    sbgo_result sbgo_##kind##_delete(sbgo_place place, sb_str key);
#define SBGO_DECLARE_JSON(kind)                              \
    sbgo_result sbgo_##kind##_to_json(sb_slice message);     \
    sbgo_result sbgo_##kind##_from_json(sb_str json);

SBGO_DECLARE_GET(container)
SBGO_DECLARE_UPDATE(container)
SBGO_DECLARE_KIND(container)
SBGO_DECLARE_JSON(container)

SBGO_DECLARE_GET(image)
SBGO_DECLARE_UPDATE(image)
SBGO_DECLARE_KIND(image)
SBGO_DECLARE_JSON(image)
sbgo_result sbgo_image_delete_with(sbgo_place place, sb_str name, sb_str target, bool sync);

SBGO_DECLARE_GET(sandbox)
SBGO_DECLARE_UPDATE(sandbox)
SBGO_DECLARE_KIND(sandbox)
SBGO_DECLARE_JSON(sandbox)

SBGO_DECLARE_KIND(lease)
SBGO_DECLARE_JSON(lease)
sbgo_result sbgo_lease_delete_and_collect(sbgo_place place, sb_str id);
sbgo_result sbgo_lease_add_resource(sbgo_place place, sb_str lease, sb_str type, sb_str id);
sbgo_result sbgo_lease_delete_resource(sbgo_place place, sb_str lease, sb_str type, sb_str id);
sbgo_result sbgo_lease_list_resources(sbgo_place place, sb_str lease);

/* Of namespaces the place's name does not matter. */
SBGO_DECLARE_GET(namespaces)
sbgo_result sbgo_namespaces_list(sbgo_place place);
sbgo_result sbgo_namespaces_create(sbgo_place place, sb_slice message);
SBGO_DECLARE_UPDATE(namespaces)
sbgo_result sbgo_namespaces_delete(sbgo_place place, sb_str name);
SBGO_DECLARE_JSON(namespace_record)

sbgo_result sbgo_event_publish(sbgo_place place, sb_str topic, sb_str type_url, sb_slice value);
sbgo_result sbgo_event_forward(sbgo_place place, sb_slice envelope);
sbgo_result sbgo_event_read(const sb_store *store, sb_str since, sbgo_texts filters, size_t limit, sb_event_array **events_out);
sbgo_result sbgo_event_subscribe(const sb_store *store, sb_str since, sbgo_texts filters, sb_subscription **subscription_out);

void sbgo_store_open_with(sb_str path, bool create, bool read_only, uint64_t lock_timeout_ms, sb_store **store_out, sb_error **error_out);
sbgo_result sbgo_store_collect(const sb_store *store, bool dry_run, sb_str rules, sb_collected **collected_out);
sbgo_result sbgo_store_import_metadb(
    const sb_store *store, const sb_metadb *metadb, sbgo_texts namespaces, bool dry_run, bool keep_existing);

/* What a check is asked to do; a text that is empty is as at first. */
typedef struct sbgo_check {
    sb_str kind, platform, profile, cgroup, phase, min_severity;
    bool rootless, systemd_cgroup, advice, strict, show_secrets;
    size_t max_findings; /* 0: as at first */
    sbgo_texts ignore;
} sbgo_check;

/* A report as JSON. */
sbgo_result sbgo_validate(sb_slice text, sbgo_check check);
/* The text; the codes of what was put right go to `codes_out`. */
sbgo_result sbgo_fix(sb_slice text, sbgo_check check, sb_bytes *codes_out);

#endif
