#include "report/json.h"

void json_print(json_t *object, size_t flags, FILE *out)
{
	if (!object)
		return;
	json_object_set_new(object, "schema", json_integer(JSON_SCHEMA));
	json_dumpf(object, out, flags);
	fputc('\n', out);
	json_decref(object);
}
