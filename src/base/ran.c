#include "base/ran.h"

#include <string.h>

#include "base/str.h"

struct ran ran_of(const json_t *answer)
{
	const json_t *status = json_object_get(answer, "status");
	json_int_t number = json_is_integer(status) ? json_integer_value(status) : -1;
	return (struct ran){
	    .status = number >= 0 && number <= 255 ? (int)number : -1,
	    .cut = json_is_true(json_object_get(answer, "cut")),
	    .late = json_is_true(json_object_get(answer, "timeout")),
	    .out = json_string_value(json_object_get(answer, "out")),
	    .errors = json_string_value(json_object_get(answer, "err")),
	};
}

const char *ran_failure(const struct ran *ran, struct arena *arena)
{
	if (ran->status == 0)
		return NULL;
	const char *text = ran->errors && *ran->errors ? ran->errors : ran->out;
	return text && *text ? str_printable(arena, text, strcspn(text, "\n")) : "no reason given";
}
