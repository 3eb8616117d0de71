/* What the tests share: checks that count themselves, and short ways to say common things. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stowbook.h"

/* Counts a check; tells of one that fails. Only on the main thread. */
void check(bool holds, const char *what, const char *file, int line);

/* A call that has to succeed. Takes the error over. */
void check_ok(sb_status status, sb_error **error, const char *call, const char *file, int line);

/* A call that has to fail in this way; a message of NULL is any. Takes the error over. */
void check_refused(sb_status status, sb_error **error, sb_status wanted, const char *message, const char *call,
                   const char *file, int line);

#define CHECK(condition) check(condition, #condition, __FILE__, __LINE__)

/* Both expect a variable `sb_error *error`, and that the call is given its address. */
#define OK(call) check_ok(call, &error, #call, __FILE__, __LINE__)
#define REFUSED(wanted, message, call) check_refused(call, &error, wanted, message, #call, __FILE__, __LINE__)

/* A pointer that is neither NULL nor valid, to see that an out parameter is cleared. */
#define GARBAGE ((void *)(uintptr_t)0x10)

/* Whether a text is this one. */
bool is(sb_str text, const char *wanted);

/* The value of a detail of an error; NULL if there is none of this name. */
const char *detail(const sb_error *error, const char *name);

/* Whether bytes are this text; frees them. */
bool are(sb_bytes *bytes, const char *wanted);

/* Whether there is this text in bytes. */
bool have(const sb_bytes *bytes, const char *wanted);

/* Bytes, lent. */
sb_slice slice_of(const sb_bytes *bytes);

/* The content of a file. It has to be there. */
sb_bytes read_file(const char *path);

/* One handle of each type, on a store in memory. The names are those of the types. */
typedef struct sb_fixtures {
    sb_store *sb_store;
    sb_open_options *sb_open_options;
    sb_txn *sb_txn;
    sb_namespace *sb_namespace;
    sb_namespaces *sb_namespaces;
    sb_container *sb_container;
    sb_container_array *sb_container_array;
    sb_image *sb_image;
    sb_image_array *sb_image_array;
    sb_lease *sb_lease;
    sb_lease_array *sb_lease_array;
    sb_lease_resource_array *sb_lease_resource_array;
    sb_sandbox *sb_sandbox;
    sb_sandbox_array *sb_sandbox_array;
    sb_namespace_record *sb_namespace_record;
    sb_namespace_record_array *sb_namespace_record_array;
    sb_subscription *sb_subscription;
    sb_event *sb_event;
    sb_event_array *sb_event_array;
    sb_collected *sb_collected;
    sb_metadb *sb_metadb;
    sb_check_options *sb_check_options;
    sb_report *sb_report;
    sb_diagnostic *sb_diagnostic;
    sb_error *sb_error;
} sb_fixtures;

sb_fixtures make_fixtures(void);
void free_fixtures(sb_fixtures *fixtures);

/* A store in memory, a namespace of a store, and a container in it: for tests that are about something else. */
sb_store *memory_store(void);
sb_namespace *namespace_of(const sb_store *store, const char *name);
sb_container *new_container(const char *id);
void create(const sb_namespace *in_namespace, const char *id);
size_t count_containers(const sb_namespace *in_namespace);

void test_values(void);
void test_records(void);
void test_operations(void);
void test_transactions(void);
void test_files(void);
void test_books(void);
void test_hostile_calls(void);
void test_every_function(void);
void test_images(void);
void test_leases(void);
void test_sandboxes(void);
void test_crossing(void);
void test_events(void);
void test_collector(void);
void test_metadb(void);
void test_checker(void);
void test_threads(void);

#endif
