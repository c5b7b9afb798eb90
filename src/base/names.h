/* names: some names, of hosts mostly, as a list that grows (vec.h). Whose the strings and the array are, its user says. */
#ifndef REEVE_BASE_NAMES_H
#define REEVE_BASE_NAMES_H

#include <stddef.h>

struct names {
	const char **items;
	size_t len, cap;
};

#endif
