/*
 * json-text: JSON of somebody else's, as text. All that a host sent and that is JSON is read here, also JSON in a string of
 * an answer: a tree takes up to 150 times the memory of its text, so the values in it are counted before it is built.
 */
#ifndef REEVE_BASE_JSON_TEXT_H
#define REEVE_BASE_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

enum {
	JSON_TEXT_VALUES = 100000
}; /* what a tree may weigh where its text gives no better bound: under 10 MiB of memory */

/*
 * What the tree of a text weighs, in values: no valid text makes a larger tree. Keys count, and objects count for four,
 * which is what they take; a value is less than 100 bytes of memory beside its own text. Counts what is no JSON, too.
 */
size_t json_text_weigh(const char *text, size_t len);

/* The tree of a text that weighs at most `most`, strictly read (no duplicate keys, no NUL); the caller owns it. NULL:
 * ERR_LIMIT, found before anything is built, or ERR_PROTOCOL. */
json_t *json_text_load(const char *text, size_t len, size_t most, struct err *err);

#endif
