#include "model/copies.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

static bool same(const struct copy *a, const struct copy *b)
{
	return streq(a->digest.hex, b->digest.hex);
}

static bool made_from(const struct copy *a, const struct copy *b)
{
	return a->record->parent && streq(a->record->parent, b->digest.hex) && a->record->epoch >= b->record->epoch;
}

/* Surely not newer: a run writes more than once, each time with the same epoch. */
static bool is_older(const struct copy *a, const struct copy *b)
{
	return a->record->epoch < b->record->epoch || (a->record->epoch == b->record->epoch && made_from(b, a));
}

static size_t count(const struct copy *copies, size_t n, const struct copy *x, bool children)
{
	size_t votes = 0;
	for (size_t i = 0; i < n; i++)
		votes += copies[i].record && (same(&copies[i], x) || (children && made_from(&copies[i], x)));
	return votes;
}

size_t copies_choose(const struct copy *copies, size_t n, bool *ret_split)
{
	size_t best = SIZE_MAX, have = 0;
	for (size_t i = 0; i < n; i++)
		have += copies[i].record != NULL;
	for (size_t i = 0; i < n; i++)
		if (copies[i].record && count(copies, n, &copies[i], true) * 2 > have &&
		    (best == SIZE_MAX || is_older(&copies[best], &copies[i])))
			best = i;
	bool certain = best != SIZE_MAX;
	for (size_t i = 0; certain && i < n; i++) {
		const struct copy *x = &copies[i];
		if (!x->record || same(x, &copies[best]) || is_older(x, &copies[best]))
			continue;
		certain = (count(copies, n, x, false) + n - have) * 2 <= n;
	}
	*ret_split = have && !certain;
	return certain ? best : SIZE_MAX;
}

const struct record *copies_of_texts(const char *const *texts, size_t n, struct arena *arena)
{
	struct copy *copies = arena_calloc(arena, n, sizeof *copies);
	bool split;
	for (size_t i = 0; i < n; i++) {
		copies[i].record = texts[i] ? record_decode(texts[i], arena, NULL) : NULL;
		if (copies[i].record)
			copies[i].digest = digest_of(texts[i], strlen(texts[i]));
	}
	size_t best = copies_choose(copies, n, &split);
	return best == SIZE_MAX ? NULL : copies[best].record;
}
