/* What hosts say of their GPUs: whatever it is, nothing of it is more than a type, files and cores in Slurm's files. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/gpu.h"
#include "model/gpus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_into(const struct facts_gpus *found, struct arena *arena)
{
	const struct facts_gpus ready = gpus_ready(found, arena), recalled = gpus_recall(found, &ready, arena);
	size_t lines = 0;
	if (found->len > FACTS_GPUS_MAX)
		abort();
	for (size_t i = 0; i < ready.len; i++) {
		const struct facts_gpu *g = &ready.items[i];
		if (!facts_gpu_is_type(g->type) || !facts_gpu_are_files(g->files) ||
		    (g->cores && !facts_gpu_are_cores(g->cores)))
			abort();
	}
	for (int nvml = 0; nvml < 2; nvml++)
		for (const char *p = gpus_lines(&ready, nvml, arena); (p = strchr(p, '\n')); p++)
			lines++;
	if (lines > 2 * ready.len || recalled.len > found->len + ready.len)
		abort();
	struct facts_gpus back;
	struct err err;
	json_t *json = gpus_encode(&ready);
	if (gpus_decode(json, arena, &back, &err) < 0 || back.len != ready.len)
		abort();
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *items = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL), *more = json_array();
	struct arena *arena = arena_new();
	struct facts_gpus found;
	struct err err;
	facts_gpus_request_more(items, more);
	if (facts_gpu_plugins_decode(items) >> GPU_PLUGINS)
		abort();
	if (facts_gpus_decode(items, (unsigned)json_integer_value(json_object_get(items, "cores")), arena, &found,
			      &err) == 0)
		look_into(&found, arena);
	json_decref(more);
	json_decref(items);
	arena_free(arena);
	return 0;
}
