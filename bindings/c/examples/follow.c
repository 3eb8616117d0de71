/* Follows what happens in a book, and goes on where it was the last time: follow BOOK CURSOR-FILE TIMEOUT-MS. It prints an event
 * a line as JSON, and ends when none has come for so long. */
#include <stdio.h>
#include <stdlib.h>
#include <stowbook.h>

static int fail(sb_error *error) {
    fprintf(stderr, "follow: %s\n", sb_error_message(error).data);
    if (sb_error_help(error).data != NULL) fprintf(stderr, "help: %s\n", sb_error_help(error).data);
    sb_error_free(error);
    return EXIT_FAILURE;
}

/* Where the last run ended; `oldest` when there was none. */
static sb_str load(const char *path, char *room, size_t size) {
    FILE *file = fopen(path, "r");
    if (file == NULL) return SB_STR("oldest");
    sb_str cursor = {room, fread(room, 1, size, file)};
    fclose(file);
    return cursor;
}

static void save(const char *path, const sb_subscription *subscription) {
    sb_bytes cursor;
    FILE *file = fopen(path, "w");
    if (file != NULL && sb_subscription_cursor(subscription, &cursor, NULL) == SB_OK) {
        fwrite(cursor.data, 1, cursor.len, file);
        sb_bytes_free(&cursor);
    }
    if (file != NULL) fclose(file);
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: follow BOOK CURSOR-FILE TIMEOUT-MS\n"), 2;
    char room[64];
    sb_store *store = NULL;
    sb_subscription *subscription = NULL;
    sb_event *event = NULL;
    sb_error *error;
    if (sb_store_open(sb_str_of(argv[1]), &store, &error) != SB_OK) return fail(error);
    sb_status status = sb_event_subscribe(store, load(argv[2], room, sizeof room), NULL, 0, &subscription, &error);
    /* The subscription keeps the book open. */
    sb_store_free(store);
    if (status != SB_OK) return fail(error);
    while ((status = sb_subscription_next(subscription, atoi(argv[3]), &event, &error)) == SB_OK && event != NULL) {
        sb_bytes json;
        if (sb_event_to_json(event, &json, NULL) == SB_OK) printf("%s\n", (const char *)json.data);
        sb_bytes_free(&json);
        sb_event_free(event);
        save(argv[2], subscription);
    }
    sb_subscription_free(subscription);
    return status == SB_OK ? EXIT_SUCCESS : fail(error);
}
