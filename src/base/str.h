/* str: small questions about strings that the C library does not answer. Nothing here allocates but where said. */
#ifndef REEVE_BASE_STR_H
#define REEVE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

static inline bool streq(const char *a, const char *b)
{
	return __builtin_strcmp(a, b) == 0;
}

/* The same text, or both none (NULL). */
static inline bool str_same(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

bool str_starts(const char *s, const char *prefix);

/* Is it this directory, or a path below it? Both absolute and in their plain form; everything is under "/". */
bool str_is_under(const char *path, const char *directory);
bool str_ends(const char *s, const char *suffix);

/* The whole of `s` as a decimal number in [min, max]; -1 (and *ret untouched) for anything else, also signs and spaces.
 */
int str_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);

/* The digits at the beginning of `s` as a decimal number of at most `max`: how many they are; 0 where there is none, or it
 * is more. No signs, no spaces. */
size_t str_read_u64(const char *s, uint64_t max, uint64_t *ret);

/* 1 to `max` of [A-Za-z0-9._-], not beginning with '-' or '.': what a host may call itself. */
bool str_is_name(const char *s, size_t max);

/* An IPv4 or IPv6 address, as inet_pton(3) reads it? */
bool str_is_address(const char *s);

/* Damerau-Levenshtein distance without case, not beyond `bound` (then bound + 1); for "did you mean". Allocates inside.
 */
size_t str_distance(const char *a, const char *b, size_t bound);

/* The nearest of `words` (a NULL-terminated list) to `word`, or NULL where none is near enough to be meant. */
const char *str_nearest(const char *word, const char *const *words);

/* What is not plain, and invalid UTF-8, made visible (\n as "\n", others as "\xNN"): for text from outside on a terminal.
 * Of a longer text the first STR_PRINTABLE_MAX bytes, and "...". */
char *str_printable(struct arena *a, const char *s, size_t len);
char *str_printable_whole(struct arena *a, const char *s, size_t len); /* of what is bounded otherwise */
enum { STR_PRINTABLE_MAX = 8192 };

/* Length of the UTF-8 sequence at `s`, 0 where it is not one; are these bytes the beginning of one? */
size_t str_utf8_length(const unsigned char *s, size_t len);
bool str_utf8_begins(const unsigned char *s, size_t len);

/* Is this one character, valid UTF-8, neither a control (C0, DEL, C1) nor one that turns the direction of writing,
 * breaks lines or is not seen? */
bool str_is_plain(const unsigned char *s, size_t len);

/* Valid UTF-8 without NUL (RFC 3629)? */
bool str_is_utf8(const char *s, size_t len);

/* Is `item` in a list with commas between? `compare` is strncmp or strncasecmp. NULL is an empty list. */
bool str_has_item(const char *list, const char *item, int (*compare)(const char *, const char *, size_t));

/* Next piece of `*rest` before any of `separators`, empty pieces left out; changes the string; NULL at its end. */
char *str_next(char **rest, const char *separators);

/* Lines of `text` with '\n' (and '\r' before it) taken off; changes the text; NULL at its end. Empty lines are given.
 */
char *str_next_line(char **rest);

#endif
