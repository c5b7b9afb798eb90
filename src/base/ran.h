/*
 * ran: how a command ended that an agent was asked to run, as its answer says (wire/wire.h): for whoever reads such answers.
 */
#ifndef REEVE_BASE_RAN_H
#define REEVE_BASE_RAN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/mem.h"

struct ran {
	int status;         /* 0 to 255; -1: a signal or a bound of time ended it, or it did not run */
	bool cut;           /* it said more than was asked for */
	bool late;          /* a bound of time ended it */
	const char *out;    /* borrowed from the answer; NULL: none, or bytes that are no UTF-8 */
	const char *errors; /* likewise */
};

/* Of an answer, or of an item's; NULL, and what is of another shape: it did not run. */
struct ran ran_of(const json_t *answer);

/* Why it did not end with 0: the first line of what it said, printable; NULL: it did. In `arena`. */
const char *ran_failure(const struct ran *ran, struct arena *arena);

#endif
