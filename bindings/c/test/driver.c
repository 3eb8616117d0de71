/* Plays the requests of tests/conformance/DOORS.md over the C library. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "stowbook.h"

static void die(const char *why) {
    fprintf(stderr, "driver: %s\n", why);
    exit(2);
}

/* --- lines --- */

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    die("not a hex digit");
    return 0;
}

/* Decodes a value in its place. An absent one has no data, which functions take for the empty text. */
static sb_str decode(char *word) {
    sb_str text = {NULL, 0};
    if (strcmp(word, "-") == 0) return text;
    text.data = word;
    if (word[0] != '=') die("not a value");
    const char *hex = word + 1;
    char *out = word;
    while (hex[0] != '\0') {
        *out++ = (char)(digit(hex[0]) << 4 | digit(hex[1]));
        hex += 2;
    }
    text.len = (size_t)(out - word);
    return text;
}

static void say_value(const char *data, size_t len) {
    static const char digits[] = "0123456789abcdef";
    fputs(" =", stdout);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)data[i];
        putchar(digits[byte >> 4]);
        putchar(digits[byte & 15]);
    }
}

static void say_json(sb_status status, sb_bytes *json) {
    if (status != SB_OK) die("a record cannot be written");
    say_value((const char *)json->data, json->len);
    sb_bytes_free(json);
}

/* `ok`, or the refusal. Frees the error. It is passed by its place, because a call among the arguments sets it. */
static bool say_outcome(sb_status status, sb_error **error) {
    if (status == SB_OK) {
        fputs("ok", stdout);
        return true;
    }
    sb_str message = sb_error_message(*error);
    printf("error %s", sb_error_kind(*error).data);
    say_value(message.data, message.len);
    sb_error_free(*error);
    return false;
}

/* --- operations --- */

/* What the header forms alike for each kind of record: reading one from a request, saying one, and a list of them. */
#define KIND(kind)                                                                                                       \
    static sb_##kind *read_##kind(sb_str json) {                                                                         \
        sb_##kind *record;                                                                                               \
        if (sb_##kind##_from_json(json, &record, NULL) != SB_OK) die("not a record");                                    \
        return record;                                                                                                   \
    }                                                                                                                    \
    static void say_##kind(const sb_##kind *record) {                                                                    \
        sb_bytes json;                                                                                                   \
        say_json(sb_##kind##_to_json(record, &json, NULL), &json);                                                       \
    }                                                                                                                    \
    /* Each takes the outcome of a call, and the record that came of it. */                                              \
    static bool answer_##kind(sb_status status, sb_error **error, sb_##kind *record) {                                   \
        if (say_outcome(status, error)) say_##kind(record);                                                              \
        sb_##kind##_free(record);                                                                                        \
        return true;                                                                                                     \
    }                                                                                                                    \
    static bool answer_##kind##s(sb_status status, sb_error **error, sb_##kind##_array *records) {                       \
        if (say_outcome(status, error)) {                                                                                \
            for (size_t i = 0; i < sb_##kind##_array_len(records); i++) say_##kind(sb_##kind##_array_at(records, i));    \
        }                                                                                                                \
        sb_##kind##_array_free(records);                                                                                 \
        return true;                                                                                                     \
    }

KIND(container)
KIND(image)
KIND(lease)
KIND(sandbox)
KIND(namespace_record)

/* What is the same for containers, images and sandboxes. Each `on_` answers whether there is such an operation. */
#define OPERATIONS(kind)                                                                                                 \
    static bool on_##kind##s(const sb_namespace *place, const char *operation, const sb_str *values, size_t count,       \
                             const sb_str *fields, size_t field_count) {                                                 \
        sb_error *error;                                                                                                 \
        sb_status status;                                                                                                \
        sb_##kind *record = NULL, *given = NULL;                                                                         \
        sb_##kind##_array *found;                                                                                        \
        if (strcmp(operation, "list") == 0) {                                                                            \
            status = sb_##kind##_list(place, values, count, &found, &error);                                             \
            return answer_##kind##s(status, &error, found);                                                              \
        }                                                                                                                \
        if (count == 0) return false;                                                                                    \
        if (strcmp(operation, "get") == 0) {                                                                             \
            status = sb_##kind##_get(place, values[0], &record, &error);                                                 \
        } else if (strcmp(operation, "create") == 0) {                                                                   \
            given = read_##kind(values[0]);                                                                              \
            status = sb_##kind##_create(place, given, &record, &error);                                                  \
        } else if (strcmp(operation, "update") == 0) {                                                                   \
            given = read_##kind(values[0]);                                                                              \
            status = sb_##kind##_update(place, given, fields, field_count, &record, &error);                             \
        } else if (strcmp(operation, "delete") == 0) {                                                                   \
            say_outcome(sb_##kind##_delete(place, values[0], &error), &error);                                           \
            return true;                                                                                                 \
        } else {                                                                                                         \
            return false;                                                                                                \
        }                                                                                                                \
        sb_##kind##_free(given);                                                                                         \
        return answer_##kind(status, &error, record);                                                                    \
    }

OPERATIONS(container)
OPERATIONS(image)
OPERATIONS(sandbox)

/* A word that is absent has no data. */
static bool is_given(sb_str word) { return word.data != NULL; }

/* The time of `2020-02-02T02:02:02Z`, read as the library reads times: out of a record. */
static sb_time read_time(sb_str text) {
    char json[128];
    sb_image *image;
    if (text.len > 64) die("not a time");
    int length = sprintf(json, "{\"created_at\": \"%.*s\"}", (int)text.len, text.data);
    sb_str record = {json, (size_t)length};
    if (sb_image_from_json(record, &image, NULL) != SB_OK) die("not a time");
    sb_time time = sb_image_created_at(image);
    sb_image_free(image);
    return time;
}

/* Images may be written on behalf of a lease, and with a time of the caller's choice. */
static bool with_context(const sb_namespace *place, const char *operation, const sb_str *values, size_t count) {
    sb_namespace *leased = NULL, *timed = NULL;
    bool known = false;
    bool deletes = strcmp(operation, "delete") == 0;
    if (deletes ? count != 4 : count < 3) return false;
    if (is_given(values[1])) {
        if (sb_namespace_with_lease(place, values[1], &leased, NULL) != SB_OK) die("not a lease");
        place = leased;
    }
    if (deletes) {
        sb_error *error;
        sb_str digest = is_given(values[2]) ? values[2] : SB_STR("");
        say_outcome(sb_image_delete_with(place, values[0], digest, is_given(values[3]), &error), &error);
        known = true;
    } else {
        if (is_given(values[2])) {
            if (sb_namespace_with_source_date_epoch(place, read_time(values[2]), &timed, NULL) != SB_OK) die("no time");
            place = timed;
        }
        known = on_images(place, operation, values, 1, values + 3, count - 3);
    }
    sb_namespace_free(timed);
    sb_namespace_free(leased);
    return known;
}

static bool on_leases(const sb_namespace *place, const char *operation, const sb_str *values, size_t count) {
    sb_error *error;
    if (strcmp(operation, "list") == 0) {
        sb_lease_array *found;
        sb_status status = sb_lease_list(place, values, count, &found, &error);
        return answer_leases(status, &error, found);
    }
    if (strcmp(operation, "create") == 0 && count == 1) {
        sb_lease *given = read_lease(values[0]), *created;
        sb_status status = sb_lease_create(place, given, &created, &error);
        sb_lease_free(given);
        return answer_lease(status, &error, created);
    }
    if (strcmp(operation, "delete") == 0 && count == 2) {
        bool sync = is_given(values[1]);
        say_outcome(sync ? sb_lease_delete_and_collect(place, values[0], &error) : sb_lease_delete(place, values[0], &error),
                    &error);
        return true;
    }
    if (strcmp(operation, "list_resources") == 0 && count == 1) {
        sb_lease_resource_array *found;
        sb_str type, id;
        if (say_outcome(sb_lease_list_resources(place, values[0], &found, &error), &error)) {
            for (size_t i = 0; i < sb_lease_resource_array_len(found); i++) {
                if (sb_lease_resource_array_at(found, i, &type, &id, NULL) != SB_OK) die("no resource");
                say_value(type.data, type.len);
                say_value(id.data, id.len);
            }
        }
        sb_lease_resource_array_free(found);
        return true;
    }
    bool adds = strcmp(operation, "add_resource") == 0;
    if ((!adds && strcmp(operation, "delete_resource") != 0) || count != 3) return false;
    say_outcome(adds ? sb_lease_add_resource(place, values[0], values[1], values[2], &error)
                     : sb_lease_delete_resource(place, values[0], values[1], values[2], &error),
                &error);
    return true;
}

static bool on_namespaces(const sb_namespaces *namespaces, const char *operation, const sb_str *values, size_t count) {
    sb_error *error;
    sb_status status;
    sb_namespace_record *record = NULL, *given = NULL;
    if (strcmp(operation, "list") == 0 && count == 0) {
        sb_namespace_record_array *found;
        status = sb_namespaces_list(namespaces, &found, &error);
        return answer_namespace_records(status, &error, found);
    }
    if (count == 0) return false;
    if (strcmp(operation, "get") == 0) {
        status = sb_namespaces_get(namespaces, values[0], &record, &error);
    } else if (strcmp(operation, "create") == 0) {
        given = read_namespace_record(values[0]);
        status = sb_namespaces_create(namespaces, given, &record, &error);
    } else if (strcmp(operation, "update") == 0) {
        given = read_namespace_record(values[0]);
        say_outcome(sb_namespaces_update(namespaces, given, values + 1, count - 1, &error), &error);
        sb_namespace_record_free(given);
        return true;
    } else if (strcmp(operation, "delete") == 0) {
        say_outcome(sb_namespaces_delete(namespaces, values[0], &error), &error);
        return true;
    } else {
        return false;
    }
    sb_namespace_record_free(given);
    return answer_namespace_record(status, &error, record);
}

/* The events behind a number. */
static bool read_events(const sb_store *store, sb_str number) {
    sb_error *error;
    sb_event_array *found;
    sb_bytes json;
    if (say_outcome(sb_event_read(store, number, NULL, 0, SIZE_MAX, &found, NULL, &error), &error)) {
        for (size_t i = 0; i < sb_event_array_len(found); i++) {
            say_json(sb_event_to_json(sb_event_array_at(found, i), &json, NULL), &json);
        }
    }
    sb_event_array_free(found);
    return true;
}

static bool on_events(const sb_namespace *place, const char *operation, const sb_str *values, size_t count) {
    sb_error *error;
    if (strcmp(operation, "publish") == 0 && count == 3) {
        sb_slice value = {(const uint8_t *)values[2].data, values[2].len};
        say_outcome(sb_event_publish(place, values[0], values[1], value, &error), &error);
    } else if (strcmp(operation, "forward") == 0 && count == 1) {
        sb_slice envelope = {(const uint8_t *)values[0].data, values[0].len};
        say_outcome(sb_event_forward(place, envelope, &error), &error);
    } else {
        return false;
    }
    return true;
}

/* Whether there is such an operation. */
static bool run(const sb_store *store, const char *request, const sb_str *values, size_t count) {
    const char *operation = strchr(request, '.');
    if (operation == NULL) return false;
    size_t kind = (size_t)(operation++ - request);
#define IS(name) (kind == strlen(name) && memcmp(request, name, kind) == 0)
    bool known = false;
    if (IS("namespaces")) {
        sb_namespaces *namespaces;
        if (sb_store_namespaces(store, &namespaces, NULL) != SB_OK) die("no namespaces");
        known = on_namespaces(namespaces, operation, values, count);
        sb_namespaces_free(namespaces);
        return known;
    }
    if (count == 0) return false;
    if (strcmp(request, "events.read") == 0) return read_events(store, values[0]);
    /* An envelope says itself in which namespace it is. */
    bool forwards = strcmp(request, "events.forward") == 0;
    sb_namespace *place;
    if (sb_store_namespace(store, forwards ? SB_STR("") : values[0], &place, NULL) != SB_OK) die("not a namespace");
    if (!forwards) values++, count--;
    if (IS("containers")) known = on_containers(place, operation, values, count, values + 1, count - 1);
    if (IS("sandboxes")) known = on_sandboxs(place, operation, values, count, values + 1, count - 1);
    if (IS("leases")) known = on_leases(place, operation, values, count);
    if (IS("events")) known = on_events(place, operation, values, count);
    if (IS("images")) {
        bool looks = strcmp(operation, "get") == 0 || strcmp(operation, "list") == 0;
        known = looks ? on_images(place, operation, values, count, NULL, 0)
                      : with_context(place, operation, values, count);
    }
    sb_namespace_free(place);
    return known;
}

int main(void) {
    sb_store *store = NULL;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        if (line[length - 1] == '\n') line[length - 1] = '\0';
        char *operation = strtok(line, " ");
        if (operation == NULL) die("an empty request");
        /* A value takes two bytes of the line at least. */
        sb_str *values = calloc((size_t)length, sizeof *values);
        if (values == NULL) die("no memory");
        size_t count = 0;
        for (char *word; (word = strtok(NULL, " ")) != NULL;) values[count++] = decode(word);

        if (strcmp(operation, "reset") == 0) {
            sb_store_free(store);
            if (sb_store_open_memory(&store, NULL) != SB_OK) die("no store");
            fputs("ok", stdout);
        } else if (!run(store, operation, values, count)) {
            fputs("unsupported", stdout);
        }
        putchar('\n');
        fflush(stdout);
        free(values);
    }
    free(line);
    sb_store_free(store);
    return 0;
}
