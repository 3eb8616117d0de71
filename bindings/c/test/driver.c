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

/* Decodes a value in its place. An absent one is the empty text. */
static sb_str decode(char *word) {
    sb_str text = {word, 0};
    if (strcmp(word, "-") == 0) return text;
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

static void say_container(const sb_container *container) {
    sb_bytes json;
    say_json(sb_container_to_json(container, &json, NULL), &json);
}

static void say_namespace(const sb_namespace_record *record) {
    sb_bytes json;
    say_json(sb_namespace_record_to_json(record, &json, NULL), &json);
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

static sb_container *read_container(sb_str json) {
    sb_container *container;
    if (sb_container_from_json(json, &container, NULL) != SB_OK) die("not a container record");
    return container;
}

static sb_namespace_record *read_namespace(sb_str json) {
    sb_namespace_record *record;
    if (sb_namespace_record_from_json(json, &record, NULL) != SB_OK) die("not a namespace record");
    return record;
}

/* `values` are those behind the namespace. Answers whether there is such an operation. */
static bool on_containers(const sb_namespace *in_namespace, const char *operation, const sb_str *values, size_t count) {
    sb_error *error;
    sb_container *container = NULL, *given = NULL;
    if (strcmp(operation, "get") == 0 && count == 1) {
        if (say_outcome(sb_container_get(in_namespace, values[0], &container, &error), &error)) say_container(container);
    } else if (strcmp(operation, "list") == 0) {
        sb_container_array *found;
        if (say_outcome(sb_container_list(in_namespace, values, count, &found, &error), &error)) {
            for (size_t i = 0; i < sb_container_array_len(found); i++) say_container(sb_container_array_at(found, i));
        }
        sb_container_array_free(found);
    } else if (strcmp(operation, "create") == 0 && count == 1) {
        given = read_container(values[0]);
        if (say_outcome(sb_container_create(in_namespace, given, &container, &error), &error)) say_container(container);
    } else if (strcmp(operation, "update") == 0 && count >= 1) {
        given = read_container(values[0]);
        sb_status status = sb_container_update(in_namespace, given, values + 1, count - 1, &container, &error);
        if (say_outcome(status, &error)) say_container(container);
    } else if (strcmp(operation, "delete") == 0 && count == 1) {
        say_outcome(sb_container_delete(in_namespace, values[0], &error), &error);
    } else {
        return false;
    }
    sb_container_free(container);
    sb_container_free(given);
    return true;
}

static bool on_namespaces(const sb_namespaces *namespaces, const char *operation, const sb_str *values, size_t count) {
    sb_error *error;
    sb_namespace_record *record = NULL, *given = NULL;
    if (strcmp(operation, "get") == 0 && count == 1) {
        if (say_outcome(sb_namespaces_get(namespaces, values[0], &record, &error), &error)) say_namespace(record);
    } else if (strcmp(operation, "list") == 0 && count == 0) {
        sb_namespace_record_array *found;
        if (say_outcome(sb_namespaces_list(namespaces, &found, &error), &error)) {
            for (size_t i = 0; i < sb_namespace_record_array_len(found); i++) {
                say_namespace(sb_namespace_record_array_at(found, i));
            }
        }
        sb_namespace_record_array_free(found);
    } else if (strcmp(operation, "create") == 0 && count == 1) {
        given = read_namespace(values[0]);
        if (say_outcome(sb_namespaces_create(namespaces, given, &record, &error), &error)) say_namespace(record);
    } else if (strcmp(operation, "update") == 0 && count >= 1) {
        given = read_namespace(values[0]);
        say_outcome(sb_namespaces_update(namespaces, given, values + 1, count - 1, &error), &error);
    } else if (strcmp(operation, "delete") == 0 && count == 1) {
        say_outcome(sb_namespaces_delete(namespaces, values[0], &error), &error);
    } else {
        return false;
    }
    sb_namespace_record_free(record);
    sb_namespace_record_free(given);
    return true;
}

static bool run(const sb_store *store, const char *operation, const sb_str *values, size_t count) {
    bool known = false;
    if (strncmp(operation, "containers.", 11) == 0 && count >= 1) {
        sb_namespace *in_namespace;
        if (sb_store_namespace(store, values[0], &in_namespace, NULL) != SB_OK) die("not a namespace");
        known = on_containers(in_namespace, operation + 11, values + 1, count - 1);
        sb_namespace_free(in_namespace);
    } else if (strncmp(operation, "namespaces.", 11) == 0) {
        sb_namespaces *namespaces;
        if (sb_store_namespaces(store, &namespaces, NULL) != SB_OK) die("no namespaces");
        known = on_namespaces(namespaces, operation + 11, values, count);
        sb_namespaces_free(namespaces);
    }
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
