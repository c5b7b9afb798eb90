#include "base/json-text.h"

#include <stdbool.h>

enum { OBJECT_WEIGHT = 4 };

/* Each value but the first follows one of these, and so does each key. */
size_t json_text_weigh(const char *text, size_t len)
{
	size_t weight = 1;
	bool quoted = false;
	for (const char *p = text, *end = text + len; p < end; p++) {
		if (quoted) {
			if (*p == '\\')
				p++;
			else
				quoted = *p != '"';
			continue;
		}
		switch (*p) {
		case '"':
			quoted = true;
			break;
		case '{':
			weight += OBJECT_WEIGHT;
			break;
		case '[':
		case ',':
		case ':':
			weight++;
			break;
		default:
			break;
		}
	}
	return weight;
}

json_t *json_text_load(const char *text, size_t len, size_t most, struct err *err)
{
	json_error_t why;
	if (json_text_weigh(text, len) > most) {
		err_set(err, ERR_LIMIT, "JSON of more than %zu values", most);
		return NULL;
	}
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json)
		err_set(err, ERR_PROTOCOL, "it is not JSON: %s (line %d)", why.text, why.line);
	return json;
}
