#include <string.h>

#include "base/str.h"
#include "catalog/catalog.h"
#include "catalog/fields.h"

static const char *const state_names[OBSERVED_STATES] = {
    [OBSERVED_SAME] = "same",
    [OBSERVED_DIFFERS] = "differs",
    [OBSERVED_MISSING] = "missing",
    [OBSERVED_ERROR] = "error",
};

const char *observed_state_name(enum observed_state state)
{
	return (unsigned)state < OBSERVED_STATES ? state_names[state] : "error";
}

json_t *observed_encode(const struct observed *o)
{
	json_t *json = json_object();
	fields_put_text(json, "id", o->id);
	fields_put_text(json, "state", observed_state_name(o->state));
	fields_put_text(json, "why", o->why ? o->why : "");
	fields_put_text(json, "content", o->content);
	fields_put_text(json, "digest", o->digest);
	return json;
}

/* What a host said is kept as text and made printable where it is shown; here only its shape and size are judged. */
int observed_decode(const json_t *json, struct arena *arena, struct observed *ret, struct err *err)
{
	const char *id = json_string_value(json_object_get(json, "id"));
	const char *state = json_string_value(json_object_get(json, "state"));
	const char *why = json_string_value(json_object_get(json, "why"));
	const json_t *content = json_object_get(json, "content"), *digest = json_object_get(json, "digest");
	if (!id || strlen(id) > RESOURCE_ID_MAX || !state || !why || (content && !json_is_string(content)) ||
	    (digest && !json_is_string(digest)))
		return err_set(err, ERR_PROTOCOL, "an observation without id, state or reason");
	for (int i = 0; i < OBSERVED_STATES; i++) {
		if (!streq(state, state_names[i]))
			continue;
		*ret = (struct observed){
		    .id = arena_strdup(arena, id),
		    .state = (enum observed_state)i,
		    .why = str_printable(arena, why, strnlen(why, 2000)),
		    .content = arena_strdup(arena, json_string_value(content)),
		    .digest = arena_strdup(arena, json_string_value(digest)),
		};
		return 0;
	}
	return err_set(err, ERR_PROTOCOL, "an observation of unknown state");
}
