/* names: some names, of hosts mostly, as a list that grows (vec.h). Whose the strings and the array are, its user says. */
#ifndef REEVE_BASE_NAMES_H
#define REEVE_BASE_NAMES_H

#include <stddef.h>

#include "base/str.h"
#include "base/vec.h"

struct names {
	const char **items;
	size_t len, cap;
};

/* In an arena, unless it is there: for lists of a few. */
static inline void names_add_once(struct names *names, const char *name, struct arena *arena)
{
	for (size_t i = 0; i < names->len; i++)
		if (streq(names->items[i], name))
			return;
	*vec_push_in(arena, names) = name;
}

#endif
