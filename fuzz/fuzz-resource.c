/* Resources, observations and events from JSON: taken or refused; what was taken is written and read again the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const json_t *json, struct arena *arena)
{
	struct resource r, second;
	struct err err;
	if (resource_decode(json, arena, &r, &err) < 0)
		return;
	json_t *out = resource_encode(&r);
	if (resource_decode(out, arena, &second, &err) < 0)
		abort();
	json_t *twice = resource_encode(&second);
	if (!json_equal(out, twice))
		abort();
	json_decref(out);
	json_decref(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (!json)
		return 0;
	struct arena *arena = arena_new();
	struct observed observed;
	struct event event;
	struct err err;
	again(json, arena);
	if (observed_decode(json, arena, &observed, &err) == 0)
		json_decref(observed_encode(&observed));
	if (event_decode(json, arena, &event, &err) == 0)
		json_decref(event_encode(&event));
	arena_free(arena);
	json_decref(json);
	return 0;
}
