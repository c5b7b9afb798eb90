#include "catalog/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"

enum { TEXT_MAX = 4096, PATH_BYTES = 4000, NAME_BYTES = 255 };

void fields_put_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_string(text));
}

void fields_put_flag(json_t *object, const char *key, bool value)
{
	if (value)
		json_object_set_new(object, key, json_true());
}

void fields_put_mode(json_t *object, mode_t mode)
{
	char text[8];
	snprintf(text, sizeof text, "%04o", (unsigned)mode & 07777);
	fields_put_text(object, "mode", text);
}

void fields_put_list(json_t *object, const char *key, const char *const *texts)
{
	json_t *list = json_array();
	for (const char *const *text = texts; text && *text; text++)
		json_array_append_new(list, json_string(*text));
	json_object_set_new(object, key, list);
}

void fields_fail(struct fields *f, const char *key, const char *what)
{
	if (!f->bad)
		err_set(f->err, ERR_PROTOCOL, "resource: '%s' %s", key, what);
	f->bad = true;
}

const json_t *fields_take(struct fields *f, const char *key)
{
	const json_t *value = json_object_get(f->object, key);
	if (value)
		f->taken++;
	return value;
}

const char *fields_text(struct fields *f, const char *key, bool required)
{
	const json_t *value = fields_take(f, key);
	if (!value && !required)
		return NULL;
	if (!json_is_string(value) || json_string_length(value) > TEXT_MAX) {
		fields_fail(f, key, "is not a string");
		return "";
	}
	return arena_strdup(f->arena, json_string_value(value));
}

const char *fields_long_text(struct fields *f, const char *key, size_t max)
{
	const json_t *value = fields_take(f, key);
	if (!value)
		return NULL;
	if (!json_is_string(value) || json_string_length(value) > max) {
		fields_fail(f, key, "is not a string, or too long");
		return "";
	}
	return arena_strdup(f->arena, json_string_value(value));
}

bool fields_is_path(const char *path)
{
	if (path[0] != '/' || !path[1] || strlen(path) > PATH_BYTES)
		return false;
	for (const char *p = path; *p;) {
		size_t len = strcspn(++p, "/");
		if (!len || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.') || len > NAME_BYTES)
			return false;
		p += len;
	}
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			return false;
	return true;
}

static bool is_word(const char *s)
{
	if (!*s || *s == '-' || strlen(s) > NAME_BYTES)
		return false;
	for (; *s; s++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+:~@", *s))
			return false;
	return true;
}

const char *fields_path(struct fields *f, const char *key)
{
	const char *path = fields_text(f, key, true);
	if (!f->bad && !fields_is_path(path))
		fields_fail(f, key, "is not a plain absolute path");
	return path;
}

const char *fields_word(struct fields *f, const char *key, bool required)
{
	const char *word = fields_text(f, key, required);
	if (word && !f->bad && !is_word(word))
		fields_fail(f, key, "is not a plain name");
	return word;
}

const char *const *fields_texts(struct fields *f, const char *key, size_t max, bool (*fits)(const char *),
				const char *complaint)
{
	static const char *const nothing[] = {NULL};
	const json_t *list = fields_take(f, key);
	size_t len = json_array_size(list);
	if (!json_is_array(list) || len > max) {
		fields_fail(f, key, "is not a list, or too long");
		return nothing;
	}
	const char **texts = arena_calloc(f->arena, len + 1, sizeof *texts);
	for (size_t i = 0; i < len; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (!text || !fits(text)) {
			fields_fail(f, key, complaint);
			return nothing;
		}
		texts[i] = arena_strdup(f->arena, text);
	}
	return texts;
}

const char *const *fields_words(struct fields *f, const char *key, size_t max)
{
	return fields_texts(f, key, max, is_word, "has something that is not a plain name");
}

const char *const *fields_paths(struct fields *f, const char *key, size_t max)
{
	return fields_texts(f, key, max, fields_is_path, "has something that is not a plain absolute path");
}

bool fields_bool(struct fields *f, const char *key)
{
	const json_t *value = fields_take(f, key);
	if (!json_is_boolean(value))
		fields_fail(f, key, "is not a boolean");
	return json_is_true(value);
}

bool fields_flag(struct fields *f, const char *key)
{
	return json_object_get(f->object, key) && fields_bool(f, key);
}

long fields_long(struct fields *f, const char *key, long min, long max)
{
	const json_t *value = fields_take(f, key);
	if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max) {
		fields_fail(f, key, "is not a number in its range");
		return min;
	}
	return (long)json_integer_value(value);
}

mode_t fields_mode(struct fields *f)
{
	const char *text = fields_text(f, "mode", true);
	mode_t mode = 0;
	if (!*text || strlen(text) > 4)
		fields_fail(f, "mode", "is not a mode");
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			fields_fail(f, "mode", "is not a mode");
		mode = mode * 8 + (mode_t)(*text - '0');
	}
	return mode & 07777;
}

const struct digest *fields_digest(struct fields *f, const char *key)
{
	struct digest *digest = arena_alloc(f->arena, sizeof *digest);
	const char *text = fields_text(f, key, true);
	*digest = (struct digest){0};
	if (!f->bad && digest_parse(text, digest) < 0)
		fields_fail(f, key, "is not 64 hexadecimal digits");
	return digest;
}

const char *fields_hex32(struct fields *f, const char *key)
{
	return fields_digest(f, key)->hex;
}

int fields_one_of(struct fields *f, const char *key, const char *const *names, size_t count)
{
	const char *text = fields_text(f, key, true);
	for (size_t i = 0; i < count; i++)
		if (streq(text, names[i]))
			return (int)i;
	fields_fail(f, key, "is none of the known words");
	return 0;
}

void fields_end(struct fields *f, const char *name)
{
	if (!f->bad && f->taken != json_object_size(f->object))
		fields_fail(f, name, "has an unknown key");
}
