/* adopt/range: texts that count upwards together, as one hostlist. Private to src/adopt. */
#ifndef REEVE_ADOPT_RANGE_H
#define REEVE_ADOPT_RANGE_H

#include <stdbool.h>

#include "base/mem.h"

/* A text that counts up at one place: "10.4.0.[11-19]". */
struct range {
	const char *first, *last;
	size_t prefix; /* bytes before the number; meaningless while first == last */
};

/* Does `next` follow range->last, at the same place as before? Then it is the last one. The texts are borrowed. */
bool range_extend(struct range *range, const char *next);

/* "n[1-9]", or the one text. hostlist_expand gives the texts back in their order. */
const char *range_text(const struct range *range, struct arena *arena);

#endif
