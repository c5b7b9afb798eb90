/* Fuzzes hostlists: what expands, compresses to the same set; what does not, says where. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "hostlist/hostlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_map_ struct map set = {0};
	char *text = arena_strndup(arena, size ? (const char *)data : "", size);
	const char *const *names, *const *again;
	size_t count, counted, bytes, used = 0, at = SIZE_MAX, unique = 0;
	struct err err = {0};
	if (hostlist_expand(text, 2000, arena, &names, &count, &at, &err) < 0) {
		if (at > strlen(text) || err.code == ERR_NONE)
			abort();
		return 0;
	}
	if (hostlist_measure(text, 2000, &counted, &bytes, NULL, NULL) < 0 || counted != count || names[count])
		abort();
	for (size_t i = 0; i < count; i++)
		used += strlen(names[i]) + 1;
	if (used > bytes)
		abort();
	for (size_t i = 0; i < count; i++)
		if (!map_set(&set, names[i], (void *)names[i]))
			unique++;
	char *compressed = hostlist_compress(names, count, arena);
	if (hostlist_expand(compressed, 2000, arena, &again, &counted, NULL, NULL) < 0 || counted != unique)
		abort();
	for (size_t i = 0; i < counted; i++)
		if (!map_has(&set, again[i]) || (i > 0 && streq(again[i - 1], again[i])))
			abort();
	return 0;
}
