/*
 * Resources and what probe found, as JSON and back. The decoder is what stands between a damaged or lying sender and
 * root's file system, so it takes nothing on trust: every key must be known, every string must have the form of what it
 * is.
 */
#include "catalog/catalog.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const char *const type_names[RESOURCE_TYPES] = {
    [RESOURCE_PACKAGES] = "packages", [RESOURCE_FILE] = "file",       [RESOURCE_DIRECTORY] = "directory",
    [RESOURCE_LINK] = "link",         [RESOURCE_SERVICE] = "service", [RESOURCE_GROUP] = "group",
    [RESOURCE_USER] = "user",         [RESOURCE_ABSENT] = "absent",
};

static const char *const stage_names[STAGES] = {
    [STAGE_PREPARE] = "prepare",
    [STAGE_AUTH] = "auth",
    [STAGE_ACTIVATE] = "activate",
    [STAGE_SERVICES] = "services",
};

static const char *const tristate_names[] = {[NO] = "no", [YES] = "yes", [KEEP] = "keep"};

static const char *const state_names[OBSERVED_STATES] = {
    [OBSERVED_SAME] = "same",
    [OBSERVED_DIFFERS] = "differs",
    [OBSERVED_MISSING] = "missing",
    [OBSERVED_ERROR] = "error",
};

const char *resource_type_name(enum resource_type type)
{
	return (unsigned)type < RESOURCE_TYPES ? type_names[type] : "unknown";
}

const char *stage_name(enum stage stage)
{
	return (unsigned)stage < STAGES ? stage_names[stage] : "unknown";
}

const char *observed_state_name(enum observed_state state)
{
	return (unsigned)state < OBSERVED_STATES ? state_names[state] : "error";
}

static void set(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string(text));
}

static void set_mode(json_t *o, mode_t mode)
{
	char text[8];
	snprintf(text, sizeof text, "%04o", (unsigned)mode & 07777);
	set(o, "mode", text);
}

static void set_flag(json_t *o, const char *key, bool value)
{
	if (value)
		json_object_set_new(o, key, json_true());
}

static json_t *encode_packages(const struct resource *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->packages.len; i++) {
		json_t *p = json_object();
		set(p, "name", r->packages.items[i].name);
		set(p, "version", r->packages.items[i].version);
		json_array_append_new(list, p);
	}
	return list;
}

json_t *resource_encode(const struct resource *r)
{
	json_t *o = json_object();
	set(o, "id", r->id);
	set(o, "type", type_names[r->type]);
	set(o, "stage", stage_names[r->stage]);
	switch (r->type) {
	case RESOURCE_PACKAGES:
		json_object_set_new(o, "packages", encode_packages(r));
		break;
	case RESOURCE_FILE:
		set(o, "path", r->file.path);
		set(o, "owner", r->file.owner);
		set(o, "group", r->file.group);
		set_mode(o, r->file.mode);
		set_flag(o, "over_link", r->file.over_link);
		if (r->file.secret) {
			set(o, "secret", r->file.secret);
			set(o, "fingerprint", r->file.fingerprint);
			set(o, "salt", r->file.salt);
		} else {
			set(o, "digest", r->file.digest.hex);
			json_object_set_new(o, "size", json_integer((json_int_t)r->file.size));
		}
		break;
	case RESOURCE_DIRECTORY:
		set(o, "path", r->directory.path);
		set(o, "owner", r->directory.owner);
		set(o, "group", r->directory.group);
		set_mode(o, r->directory.mode);
		set_flag(o, "ours", r->directory.ours);
		break;
	case RESOURCE_LINK:
		set(o, "path", r->link.path);
		set(o, "target", r->link.target);
		break;
	case RESOURCE_SERVICE:
		set(o, "unit", r->service.unit);
		set(o, "enabled", tristate_names[r->service.enabled]);
		set(o, "running", tristate_names[r->service.running]);
		json_object_set_new(o, "masked", json_boolean(r->service.masked));
		json_object_set_new(o, "restart", json_boolean(r->service.restart));
		json_t *inputs = json_array();
		for (const char *const *p = r->service.inputs; p && *p; p++)
			json_array_append_new(inputs, json_string(*p));
		json_object_set_new(o, "inputs", inputs);
		break;
	case RESOURCE_GROUP:
		set(o, "name", r->group.name);
		json_object_set_new(o, "gid", json_integer(r->group.gid));
		json_object_set_new(o, "system", json_boolean(r->group.system));
		break;
	case RESOURCE_USER:
		set(o, "name", r->user.name);
		set(o, "group", r->user.group);
		set(o, "home", r->user.home);
		set(o, "shell", r->user.shell);
		json_object_set_new(o, "uid", json_integer(r->user.uid));
		json_object_set_new(o, "system", json_boolean(r->user.system));
		break;
	case RESOURCE_ABSENT:
		set(o, "path", r->absent.path);
		break;
	case RESOURCE_TYPES:
		break;
	}
	return o;
}

/* A reader of one object: it remembers the first thing that was wrong, and how many keys were asked for, to find
 * unknown ones. */
struct reader {
	const json_t *object;
	struct arena *arena;
	struct err *err;
	size_t taken;
	bool bad;
};

static void fail(struct reader *r, const char *key, const char *what)
{
	if (!r->bad)
		err_set(r->err, ERR_PROTOCOL, "resource: '%s' %s", key, what);
	r->bad = true;
}

static const json_t *take(struct reader *r, const char *key)
{
	const json_t *value = json_object_get(r->object, key);
	if (value)
		r->taken++;
	return value;
}

static const char *take_text(struct reader *r, const char *key, bool required)
{
	const json_t *value = take(r, key);
	if (!value && !required)
		return NULL;
	if (!json_is_string(value) || json_string_length(value) > 4096) {
		fail(r, key, "is no string");
		return "";
	}
	return arena_strdup(r->arena, json_string_value(value));
}

static bool take_bool(struct reader *r, const char *key)
{
	const json_t *value = take(r, key);
	if (!json_is_boolean(value))
		fail(r, key, "is no boolean");
	return json_is_true(value);
}

/* One that is false where it is not there. */
static bool take_flag(struct reader *r, const char *key)
{
	return json_object_get(r->object, key) && take_bool(r, key);
}

static long take_long(struct reader *r, const char *key, long min, long max)
{
	const json_t *value = take(r, key);
	if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max) {
		fail(r, key, "is no number in its range");
		return min;
	}
	return (long)json_integer_value(value);
}

/* Absolute, no empty, "." or ".." component, no control bytes, not the root itself. */
static bool is_path(const char *path)
{
	if (path[0] != '/' || !path[1] || strlen(path) > 4000)
		return false;
	for (const char *p = path; *p;) {
		size_t len = strcspn(++p, "/");
		if (!len || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.') || len > 255)
			return false;
		p += len;
	}
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			return false;
	return true;
}

static const char *take_path(struct reader *r, const char *key)
{
	const char *path = take_text(r, key, true);
	if (!r->bad && !is_path(path))
		fail(r, key, "is no plain absolute path");
	return path;
}

/* Names of users, groups, packages and units: nothing that could be an option, a path or a second argument. */
static bool is_word(const char *s)
{
	if (!*s || *s == '-' || strlen(s) > 255)
		return false;
	for (; *s; s++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+:~@", *s))
			return false;
	return true;
}

static const char *take_word(struct reader *r, const char *key, bool required)
{
	const char *word = take_text(r, key, required);
	if (word && !r->bad && !is_word(word))
		fail(r, key, "is no plain name");
	return word;
}

static mode_t take_mode(struct reader *r)
{
	const char *text = take_text(r, "mode", true);
	mode_t mode = 0;
	if (!*text || strlen(text) > 4)
		fail(r, "mode", "is no mode");
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			fail(r, "mode", "is no mode");
		mode = mode * 8 + (mode_t)(*text - '0');
	}
	return mode & 07777;
}

static int take_one_of(struct reader *r, const char *key, const char *const *names, size_t count)
{
	const char *text = take_text(r, key, true);
	for (size_t i = 0; i < count; i++)
		if (streq(text, names[i]))
			return (int)i;
	fail(r, key, "is none of the known words");
	return 0;
}

static const char *take_hex32(struct reader *r, const char *key)
{
	struct digest d;
	const char *text = take_text(r, key, true);
	if (!r->bad && digest_parse(text, &d) < 0)
		fail(r, key, "is not 64 hexadecimal digits");
	return text;
}

static void take_packages(struct reader *r, struct resource *ret)
{
	const json_t *list = take(r, "packages");
	size_t len = json_array_size(list);
	if (!json_is_array(list) || len > 1000) {
		fail(r, "packages", "is no list");
		return;
	}
	struct package *items = arena_calloc(r->arena, len, sizeof *items);
	for (size_t i = 0; i < len; i++) {
		struct reader p = {.object = json_array_get(list, i), .arena = r->arena, .err = r->err};
		items[i].name = take_word(&p, "name", true);
		items[i].version = take_word(&p, "version", false);
		if (!p.bad && p.taken != json_object_size(p.object))
			fail(&p, "packages", "has an unknown key");
		if (p.bad) {
			r->bad = true;
			return;
		}
	}
	ret->packages.items = items;
	ret->packages.len = len;
}

static void take_file(struct reader *r, struct resource *ret)
{
	ret->file.path = take_path(r, "path");
	ret->file.owner = take_word(r, "owner", true);
	ret->file.group = take_word(r, "group", true);
	ret->file.mode = take_mode(r);
	ret->file.over_link = take_flag(r, "over_link");
	ret->file.secret = take_word(r, "secret", false);
	if (ret->file.secret) {
		ret->file.fingerprint = take_hex32(r, "fingerprint");
		ret->file.salt = take_hex32(r, "salt");
	} else {
		const char *hex = take_hex32(r, "digest");
		if (!r->bad)
			digest_parse(hex, &ret->file.digest);
		ret->file.size = (size_t)take_long(r, "size", 0, 1L << 30);
	}
}

static void take_service(struct reader *r, struct resource *ret)
{
	ret->service.unit = take_word(r, "unit", true);
	ret->service.enabled = take_one_of(r, "enabled", tristate_names, 3);
	ret->service.running = take_one_of(r, "running", tristate_names, 3);
	ret->service.masked = take_bool(r, "masked");
	ret->service.restart = take_bool(r, "restart");
	const json_t *list = take(r, "inputs");
	size_t len = json_array_size(list);
	if (!json_is_array(list) || len > 100) {
		fail(r, "inputs", "is no list");
		return;
	}
	const char **inputs = arena_calloc(r->arena, len + 1, sizeof *inputs);
	for (size_t i = 0; i < len; i++) {
		const char *path = json_string_value(json_array_get(list, i));
		if (!path || !is_path(path)) {
			fail(r, "inputs", "has something that is no plain absolute path");
			return;
		}
		inputs[i] = arena_strdup(r->arena, path);
	}
	ret->service.inputs = inputs;
}

int resource_decode(const json_t *json, struct arena *arena, struct resource *ret, struct err *err)
{
	struct reader r = {.object = json, .arena = arena, .err = err};
	struct resource out = {0};
	if (!json_is_object(json))
		return err_set(err, ERR_PROTOCOL, "a resource that is no object");
	out.id = take_text(&r, "id", true);
	if (!r.bad && (!*out.id || strlen(out.id) > RESOURCE_ID_MAX))
		fail(&r, "id", "is empty or too long");
	out.type = (enum resource_type)take_one_of(&r, "type", type_names, RESOURCE_TYPES);
	out.stage = (enum stage)take_one_of(&r, "stage", stage_names, STAGES);
	if (r.bad)
		return -1;
	switch (out.type) {
	case RESOURCE_PACKAGES:
		take_packages(&r, &out);
		break;
	case RESOURCE_FILE:
		take_file(&r, &out);
		break;
	case RESOURCE_DIRECTORY:
		out.directory.path = take_path(&r, "path");
		out.directory.owner = take_word(&r, "owner", true);
		out.directory.group = take_word(&r, "group", true);
		out.directory.mode = take_mode(&r);
		out.directory.ours = take_flag(&r, "ours");
		break;
	case RESOURCE_LINK:
		out.link.path = take_path(&r, "path");
		out.link.target = take_text(&r, "target", true);
		if (!r.bad && (!*out.link.target || strlen(out.link.target) > 4000))
			fail(&r, "target", "is empty or too long");
		break;
	case RESOURCE_SERVICE:
		take_service(&r, &out);
		break;
	case RESOURCE_GROUP:
		out.group.name = take_word(&r, "name", true);
		out.group.gid = take_long(&r, "gid", -1, 0x7FFFFFFF);
		out.group.system = take_bool(&r, "system");
		break;
	case RESOURCE_USER:
		out.user.name = take_word(&r, "name", true);
		out.user.group = take_word(&r, "group", true);
		out.user.home = take_path(&r, "home");
		out.user.shell = take_path(&r, "shell");
		out.user.uid = take_long(&r, "uid", -1, 0x7FFFFFFF);
		out.user.system = take_bool(&r, "system");
		break;
	case RESOURCE_ABSENT:
		out.absent.path = take_path(&r, "path");
		break;
	case RESOURCE_TYPES:
		break;
	}
	if (!r.bad && r.taken != json_object_size(json))
		fail(&r, out.id, "has an unknown key");
	if (r.bad)
		return -1;
	*ret = out;
	return 0;
}

json_t *observed_encode(const struct observed *o)
{
	json_t *json = json_object();
	set(json, "id", o->id);
	set(json, "state", observed_state_name(o->state));
	set(json, "why", o->why ? o->why : "");
	set(json, "content", o->content);
	set(json, "digest", o->digest);
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
