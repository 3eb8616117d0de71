#include <stdio.h>
#include <stowbook.h>
int main(void) {
    sb_store *store; sb_namespace *space; sb_container *cache; sb_error *error;
    if (sb_store_open(SB_STR("book.redb"), &store, &error) != SB_OK) return puts(sb_error_message(error).data), 1;
    sb_store_namespace(store, SB_STR("default"), &space, NULL);
    sb_container_new(SB_STR("cache"), SB_STR("io.containerd.runc.v2"), &cache, NULL);
    puts(sb_container_create(space, cache, NULL, &error) == SB_OK ? "created" : sb_error_message(error).data);
    sb_error_free(error); sb_container_free(cache); sb_namespace_free(space); sb_store_free(store);
}
