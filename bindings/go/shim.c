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

sb_namespace *sbgo_namespace(sbgo_place place, sb_error **error_out) {
    sb_namespace *out = NULL;
    if (place.txn != NULL) {
        sb_txn_namespace(place.txn, place.name, &out, error_out);
    } else {
        sb_store_namespace(place.store, place.name, &out, error_out);
    }
    return out;
}
