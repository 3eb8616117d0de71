// The header is C++ too.
#include "stowbook.h"

int main() {
    sb_store *store = nullptr;
    sb_namespace *in_namespace = nullptr;
    sb_container *container = nullptr;
    sb_error *error = nullptr;
    sb_status status = sb_store_open_memory(&store, nullptr);
    if (status == SB_OK) status = sb_store_namespace(store, SB_STR("default"), &in_namespace, nullptr);
    bool refused = sb_container_get(in_namespace, SB_STR("web"), &container, &error) == SB_ERR_NOT_FOUND;
    sb_error_free(error);
    sb_namespace_free(in_namespace);
    sb_store_free(store);
    return status == SB_OK && refused && sb_abi_version() == SB_ABI_VERSION ? 0 : 1;
}
