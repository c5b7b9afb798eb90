#include "catalog/catalog.h"

#include <string.h>

#include "base/str.h"

static const char *const names[EVENT_RESULTS] = {
    [EVENT_UNCHANGED] = "unchanged",
    [EVENT_CHANGED] = "changed",
    [EVENT_BLOCKED] = "blocked",
    [EVENT_FAILED] = "failed",
};

const char *event_result_name(enum event_result result)
{
	return (unsigned)result < EVENT_RESULTS ? names[result] : "failed";
}

enum event_result event_merge(enum event_result a, enum event_result b)
{
	if ((unsigned)a >= EVENT_RESULTS || (unsigned)b >= EVENT_RESULTS)
		return EVENT_FAILED;
	return a > b ? a : b;
}

json_t *event_encode(const struct event *e)
{
	return json_pack("{s:s, s:s, s:s}", "id", e->id, "result", event_result_name(e->result), "what",
			 e->what ? e->what : "");
}

int event_decode(const json_t *json, struct arena *arena, struct event *ret, struct err *err)
{
	const char *id = json_string_value(json_object_get(json, "id"));
	const char *result = json_string_value(json_object_get(json, "result"));
	const char *what = json_string_value(json_object_get(json, "what"));
	if (!id || strlen(id) > RESOURCE_ID_MAX || !result || !what)
		return err_set(err, ERR_PROTOCOL, "an event without id, result or text");
	for (int i = 0; i < EVENT_RESULTS; i++) {
		if (!streq(result, names[i]))
			continue;
		*ret = (struct event){
		    .id = arena_strdup(arena, id),
		    .result = (enum event_result)i,
		    .what = str_printable(arena, what, strnlen(what, 4000)),
		};
		return 0;
	}
	return err_set(err, ERR_PROTOCOL, "an event of unknown result");
}
