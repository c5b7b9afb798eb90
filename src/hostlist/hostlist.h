/*
 * hostlist: Slurm's notation for sets of names, slurm.conf(5) "NodeName": "bettley,n[1-3,05-07],rack[0-3]blade[01-16]".
 *
 * Brackets hold numbers and ranges of numbers. Leading zeros of a range's first number are a minimum width: [08-11] is
 * 08 09 10 11. Several brackets in one name give every combination, the last one running fastest. Items are separated
 * by commas or blanks. Slurm wants a name that has brackets to end with one; here text may follow them ("n[1-3].lan"),
 * so that addresses can be written too. Letters, digits, '.', '_', '-' and ':' make names; anything else is an error,
 * as are empty items, empty brackets and ranges that run backwards.
 *
 * Duplicates are kept in their order: whether they are an error is the caller's to say.
 */
#ifndef REEVE_HOSTLIST_HOSTLIST_H
#define REEVE_HOSTLIST_HOSTLIST_H

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

#define HOSTLIST_NAME_MAX 255 /* bytes of one expanded name */

/*
 * Expands `text`. The names and the list, which ends with NULL, live in `arena`. An empty text is no names. More than
 * `max` names is ERR_LIMIT, found before anything is allocated for them; all else is ERR_INPUT. On failure `*ret_at`
 * (ret_at may be NULL) is the offset in `text`, in bytes, of what is wrong.
 */
int hostlist_expand(const char *text, size_t max, struct arena *arena, const char *const **ret_names, size_t *ret_count,
		    size_t *ret_at, struct err *err);

/* As hostlist_expand, but only counts. Allocates nothing. */
int hostlist_count(const char *text, size_t max, size_t *ret_count, size_t *ret_at, struct err *err);

/* As hostlist_count; `*ret_bytes` is at least what the names take, each with an end of its own. */
int hostlist_measure(const char *text, size_t max, size_t *ret_count, size_t *ret_bytes, size_t *ret_at,
		     struct err *err);

/*
 * The shortest usual notation of a set of names, as `scontrol show hostlistsorted` would print it: sorted naturally,
 * without duplicates, ranges over the number at the end of the names, widths that differ kept apart. The names may not
 * hold brackets or commas. hostlist_expand of the result gives the same set. Lives in `arena`; "" for no names.
 */
char *hostlist_compress(const char *const *names, size_t count, struct arena *arena);

/* Order of names as people expect it, for qsort and alike: runs of digits by their value ("n9" before "n10"). */
int hostlist_compare(const char *a, const char *b);

#endif
