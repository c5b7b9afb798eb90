#include "slurm/state-text.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/state.h"

char *slurm_text_copy(const char *text, size_t len, const char *what, struct arena *arena, struct err *err)
{
	if (len > SLURM_STATE_TEXT_MAX) {
		err_set(err, ERR_LIMIT, "%s: more than %u bytes", what, SLURM_STATE_TEXT_MAX);
		return NULL;
	}
	if (len > 0 && memchr(text, '\0', len)) {
		err_set(err, ERR_PROTOCOL, "%s: a NUL byte in the output", what);
		return NULL;
	}
	char *copy = arena_strndup(arena, len ? text : "", len);
	bool is_utf8 = str_is_utf8(copy, len);
	for (char *p = copy; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if ((c < ' ' && c != '\n' && c != '\r') || c == 0x7f || (c >= 0x80 && !is_utf8))
			*p = c == '\t' ? ' ' : '?';
	}
	return copy;
}

/* Behind "key=" in the line, where a blank or the line's beginning stands before it. */
static const char *find(const char *line, const char *key)
{
	size_t len = strlen(key);
	for (const char *p = line; (p = strstr(p, key)); p += len)
		if ((p == line || p[-1] == ' ') && p[len] == '=')
			return p + len + 1;
	return NULL;
}

static bool is_nothing(const char *value, size_t len)
{
	static const char *const words[] = {"(null)", "None", "N/A", "n/a", "Unknown"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && memcmp(words[i], value, len) == 0)
			return true;
	return len == 0;
}

const char *slurm_text_value(const char *line, const char *key, struct arena *arena)
{
	const char *value = find(line, key);
	size_t len = value ? strcspn(value, " ") : 0;
	return !value || is_nothing(value, len) ? NULL : arena_strndup(arena, value, len);
}

const char *slurm_text_until(const char *line, const char *key, const char *next, struct arena *arena)
{
	const char *value = find(line, key), *end = NULL;
	if (!value)
		return NULL;
	if (next)
		end = find(value, next);
	size_t len = end ? (size_t)(end - value) - strlen(next) - 1 : strlen(value);
	while (len > 0 && value[len - 1] == ' ')
		len--;
	return is_nothing(value, len) ? NULL : arena_strndup(arena, value, len);
}

int slurm_text_number(const char *line, const char *key, uint64_t max, uint64_t *ret, struct err *err)
{
	const char *value = find(line, key);
	char copy[24] = "";
	uint64_t n = 0;
	if (!value)
		return 0;
	size_t len = strcspn(value, " ");
	if (len < sizeof copy)
		memcpy(copy, value, len);
	if (str_to_u64(copy, 0, max, &n) < 0)
		return err_set(err, ERR_PROTOCOL, "%s=%.*s is not a number that can be", key,
			       (int)(len < 40 ? len : 40), value);
	*ret = n;
	return 0;
}

const char *slurm_field_get(const char *line, const char *key, struct arena *arena)
{
	const char *value = find(line, key);
	return value ? arena_strndup(arena, value, strcspn(value, " ")) : NULL;
}
