/* JSON of hosts: a tree is never larger than its text was weighed, and what weighs more than may be is never built. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t values_of(const json_t *json)
{
	size_t n = json_is_object(json) ? 4 : 1;
	const char *key;
	json_t *value;
	for (size_t i = 0; i < json_array_size(json); i++)
		n += values_of(json_array_get(json, i));
	json_object_foreach((json_t *)json, key, value) n += 1 + values_of(value);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1); /* as long as the input: what reads further is caught */
	struct err err;
	if (!copy)
		abort();
	memcpy(copy, data, size);
	size_t weight = json_text_weigh(copy, size);
	json_t *json = json_text_load(copy, size, weight, &err);
	if (json && values_of(json) > weight)
		abort();
	json_decref(json);
	if (json_text_load(copy, size, weight - 1, &err) || err.code != ERR_LIMIT)
		abort();
	free(copy);
	return 0;
}
