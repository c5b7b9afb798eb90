/*
 * copies: which of the controllers' copies of the record is right. Pure.
 *
 * A copy names the one that it was made from (`parent`). So a copy that a run wrote to a minority before it was cut off still speaks for
 * what was there before. A copy counts that more than half of those that can be read are, or were made from; of several the newest.
 * It does not count while a newer one may be a majority's: with what controllers hold that were not reached, or whose copy
 * is gone or cannot be read. Then nobody can tell, and an operator has to.
 */
#ifndef REEVE_MODEL_COPIES_H
#define REEVE_MODEL_COPIES_H

#include <stdbool.h>

#include "base/hash.h"
#include "model/record.h"

struct copy {
	const struct record *record; /* NULL: none, none that can be read, or its controller was not reached */
	struct digest digest;        /* of its text */
};

/* `copies[0..count)` are those of all controllers of the cluster. Returns the index of the one that is right; SIZE_MAX where there is none
 * at all, or, with `*ret_split`, where they differ and none is certain. */
size_t copies_choose(const struct copy *copies, size_t count, bool *ret_split);

/* The same from texts, NULL where there is none; what cannot be read is left out. NULL: none is right. */
const struct record *copies_of_texts(const char *const *texts, size_t count, struct arena *arena);

#endif
