#include "shim.h"

#include <stdlib.h>
#include <string.h>

/* Writes a record as its message, and frees it. */
static void give(sb_container *container, sbgo_result *out) {
    sb_container_to_protobuf(container, &out->bytes, &out->error);
    sb_container_free(container);
}

sbgo_result sbgo_container_get(sbgo_place place, sb_str id) {
    sbgo_result out = {0};
    sb_namespace *in_namespace = sbgo_namespace(place, &out.error);
    sb_container *container = NULL;
    if (in_namespace != NULL && sb_container_get(in_namespace, id, &container, &out.error) == SB_OK) {
        give(container, &out);
    }
    sb_namespace_free(in_namespace);
    return out;
}

sbgo_result sbgo_container_create(sbgo_place place, sb_slice message) {
    sbgo_result out = {0};
    sb_namespace *in_namespace = sbgo_namespace(place, &out.error);
    sb_container *container = NULL, *created = NULL;
    if (in_namespace != NULL && sb_container_from_protobuf(message, &container, &out.error) == SB_OK
        && sb_container_create(in_namespace, container, &created, &out.error) == SB_OK) {
        give(created, &out);
    }
    sb_container_free(container);
    sb_namespace_free(in_namespace);
    return out;
}

sbgo_result sbgo_container_update(sbgo_place place, sb_slice message, sbgo_texts fields) {
    sbgo_result out = {0};
    sb_namespace *in_namespace = sbgo_namespace(place, &out.error);
    sb_container *container = NULL, *updated = NULL;
    sb_str *paths = sbgo_unpack(fields);
    if (in_namespace != NULL && sb_container_from_protobuf(message, &container, &out.error) == SB_OK
        && sb_container_update(in_namespace, container, paths, fields.count, &updated, &out.error) == SB_OK) {
        give(updated, &out);
    }
    free(paths);
    sb_container_free(container);
    sb_namespace_free(in_namespace);
    return out;
}

sbgo_result sbgo_container_delete(sbgo_place place, sb_str id) {
    sbgo_result out = {0};
    sb_namespace *in_namespace = sbgo_namespace(place, &out.error);
    if (in_namespace != NULL) sb_container_delete(in_namespace, id, &out.error);
    sb_namespace_free(in_namespace);
    return out;
}

sbgo_result sbgo_container_to_json(sb_slice message) {
    sbgo_result out = {0};
    sb_container *container = NULL;
    if (sb_container_from_protobuf(message, &container, &out.error) == SB_OK) {
        sb_container_to_json(container, &out.bytes, &out.error);
    }
    sb_container_free(container);
    return out;
}

sbgo_result sbgo_container_from_json(sb_str json) {
    sbgo_result out = {0};
    sb_container *container = NULL;
    if (sb_container_from_json(json, &container, &out.error) == SB_OK) give(container, &out);
    return out;
}

/* Until the library gives lists as one run of bytes itself. */
sbgo_result sbgo_container_list(sbgo_place place, sbgo_texts filters) {
    sbgo_result out = {0};
    sb_namespace *in_namespace = sbgo_namespace(place, &out.error);
    sb_container_array *found = NULL;
    sb_str *list = sbgo_unpack(filters);
    if (in_namespace != NULL
        && sb_container_list(in_namespace, list, filters.count, &found, &out.error) == SB_OK) {
        for (size_t i = 0; i < sb_container_array_len(found); i++) {
            sb_bytes one;
            sb_container_to_protobuf(sb_container_array_at(found, i), &one, NULL);
            out.bytes.data = realloc(out.bytes.data, out.bytes.len + one.len + 10);
            size_t v = one.len;
            do { out.bytes.data[out.bytes.len++] = (uint8_t)((v & 127) | (v > 127 ? 128 : 0)); v >>= 7; } while (v);
            memcpy(out.bytes.data + out.bytes.len, one.data, one.len);
            out.bytes.len += one.len;
            sb_bytes_free(&one);
        }
    }
    free(list);
    sb_container_array_free(found);
    sb_namespace_free(in_namespace);
    return out;
}
