/* What Go calls. Each function is one crossing from Go into C and does all that one operation needs, so Go never holds a
 * handle of a namespace or of a record. Lists of texts come as one run of bytes and their lengths, because C may not be
 * handed Go memory with pointers in it. */
#ifndef SBGO_SHIM_H
#define SBGO_SHIM_H

#include <stowbook.h>

/* Where an operation works: a namespace, by its name, in a store or in a transaction. The other of the two is NULL. */
typedef struct sbgo_place {
    const sb_store *store;
    const sb_txn *txn;
    sb_str name;
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

/* The namespace of a place; NULL and an error when it cannot be reached. The caller frees it. */
sb_namespace *sbgo_namespace(sbgo_place place, sb_error **error_out);

/* Records are containerd's protobuf messages; a list is field 1 of a message, repeated. */
sbgo_result sbgo_container_get(sbgo_place place, sb_str id);
sbgo_result sbgo_container_list(sbgo_place place, sbgo_texts filters);
sbgo_result sbgo_container_create(sbgo_place place, sb_slice message);
sbgo_result sbgo_container_update(sbgo_place place, sb_slice message, sbgo_texts fields);
sbgo_result sbgo_container_delete(sbgo_place place, sb_str id);
sbgo_result sbgo_container_to_json(sb_slice message);
sbgo_result sbgo_container_from_json(sb_str json);

#endif
