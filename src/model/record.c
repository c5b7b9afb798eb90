#include "model/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/epoch.h"
#include "base/hash.h"
#include "base/json-text.h"
#include "base/str.h"
#include "hostlist/hostlist.h"
#include "model/gpus.h"

enum {
	MOST_HOSTS = 65536,
	MOST_MODULES = 64,
	MOST_VALUES = 500000, /* ten thousand hosts */
};

struct reader {
	struct arena *arena;
	struct err *err;
	bool bad;
};

static void fail(struct reader *r, const char *key)
{
	if (!r->bad)
		err_set(r->err, ERR_PROTOCOL, "the record's '%s' is missing or malformed", key);
	r->bad = true;
}

static uint64_t number(struct reader *r, const json_t *o, const char *key, uint64_t max)
{
	const json_t *v = json_object_get(o, key);
	json_int_t n = json_integer_value(v);
	if (!json_is_integer(v) || n < 0 || (uint64_t)n > max) {
		fail(r, key);
		return 0;
	}
	return (uint64_t)n;
}

static const char *text(struct reader *r, const json_t *o, const char *key, bool required)
{
	const json_t *v = json_object_get(o, key);
	if (!v && !required)
		return NULL;
	if (!json_is_string(v) || json_string_length(v) > 4096) {
		fail(r, key);
		return "";
	}
	return str_printable_whole(r->arena, json_string_value(v), json_string_length(v));
}

/* Records of older versions have none of it. */
static void decode_network(struct reader *r, const json_t *o, struct record_network *n)
{
	n->leaf = text(r, o, "switch", false);
	n->infiniband = json_is_true(json_object_get(o, "infiniband"));
	if (json_object_get(o, "speed"))
		n->speed = (unsigned)number(r, o, "speed", FACTS_MOST_MBIT);
	if (!r->bad && n->leaf && !str_is_name(n->leaf, 63))
		fail(r, "switch");
}

static void decode_host(struct reader *r, const json_t *o, struct record_host *h)
{
	h->name = text(r, o, "name", true);
	h->arch = text(r, o, "arch", true);
	h->class = text(r, o, "class", false);
	h->memory = number(r, o, "memory", 1 << 30);
	h->hardware = (struct facts_hardware){
	    .boards = 1,
	    .sockets = (unsigned)number(r, o, "sockets", 65533),
	    .cores = (unsigned)number(r, o, "cores", 65533),
	    .threads = (unsigned)number(r, o, "threads", 65533),
	    .cpus = (unsigned)number(r, o, "cpus", 65533),
	    .memory = number(r, o, "measured", 1 << 30),
	    .by_slurmd = !json_is_false(json_object_get(o, "by_slurmd")),
	};
	h->cgroups = json_object_get(o, "cgroups") ? (unsigned)number(r, o, "cgroups", CGROUP_USE_ALL) : CGROUP_USE_ALL;
	h->memory_from = json_object_get(o, "memory_from") ? number(r, o, "memory_from", 1 << 30) : h->hardware.memory;
	h->scratch = json_object_get(o, "scratch") ? number(r, o, "scratch", FACTS_MOST_SCRATCH) : 0;
	h->nvml = json_is_true(json_object_get(o, "nvml"));
	h->gpus_known = json_object_get(o, "gpus");
	if (!r->bad && gpus_decode(json_object_get(o, "gpus"), r->arena, &h->gpus, r->err) < 0)
		fail(r, "gpus");
	decode_network(r, o, &h->network);
	if (!r->bad &&
	    (!str_is_name(h->name, 63) || !str_is_name(h->arch, 20) || (h->class && !str_is_name(h->class, 63))))
		fail(r, "hosts");
}

static void decode_exclusion(struct reader *r, const json_t *o, struct record_exclusion *x)
{
	*x = (struct record_exclusion){
	    .name = text(r, o, "name", true),
	    .who = text(r, o, "who", true),
	    .reason = text(r, o, "reason", true),
	    .when = text(r, o, "when", true),
	    .until = text(r, o, "until", false),
	    .leaving = json_is_true(json_object_get(o, "leaving")),
	    .removed = json_is_true(json_object_get(o, "removed")),
	};
	if (!r->bad && !str_is_name(x->name, 63))
		fail(r, "exclusions");
}

/* Hostlists by module. Records of older versions have none. */
static void decode_modules(struct reader *r, json_t *o, struct record *out)
{
	const char *name;
	json_t *list;
	struct record_module *modules = arena_calloc(r->arena, json_object_size(o) + 1, sizeof *modules);
	if (o && (!json_is_object(o) || json_object_size(o) > MOST_MODULES))
		fail(r, "modules");
	json_object_foreach(o, name, list)
	{
		struct record_module *m = &modules[out->module_count];
		if (r->bad)
			return;
		if (!str_is_name(name, 63) || !json_is_string(list) ||
		    hostlist_expand(json_string_value(list), MOST_HOSTS, r->arena, &m->hosts, &m->host_count, NULL,
				    NULL) < 0) {
			fail(r, "modules");
			return;
		}
		m->name = arena_strdup(r->arena, name);
		out->module_count++;
	}
	out->modules = modules;
}

/* Fingerprints by name; up to format 3 there was one, without. */
static void decode_secrets(struct reader *r, const json_t *json, struct record *out)
{
	struct digest ignored;
	const char *name;
	json_t *value, *o = json_object_get(json, "secrets");
	const char *only = text(r, json, "key", false);
	if (only && digest_parse(only, &ignored) < 0)
		fail(r, "key");
	if (only)
		out->secrets[out->secret_count++] = (struct record_secret){NULL, only};
	if (o && (!json_is_object(o) || only || json_object_size(o) > SECRETS_MAX)) {
		fail(r, "secrets");
		return;
	}
	json_object_foreach(o, name, value)
	{
		if (!str_is_name(name, 64) || !json_is_string(value) ||
		    digest_parse(json_string_value(value), &ignored) < 0) {
			fail(r, "secrets");
			return;
		}
		out->secrets[out->secret_count++] = (struct record_secret){
		    arena_strdup(r->arena, name), arena_strdup(r->arena, json_string_value(value))};
	}
}

/* Digests by name. Records of older versions have none. */
static void decode_texts(struct reader *r, json_t *o, struct record_generation *g)
{
	const char *name;
	json_t *digest;
	struct digest ignored;
	if (o && (!json_is_object(o) || json_object_size(o) > RECORD_TEXTS)) {
		fail(r, "texts");
		return;
	}
	struct record_text *texts = arena_calloc(r->arena, json_object_size(o) + 1, sizeof *texts);
	json_object_foreach(o, name, digest)
	{
		if (!str_is_name(name, 63) || !json_is_string(digest) ||
		    digest_parse(json_string_value(digest), &ignored) < 0) {
			fail(r, "texts");
			return;
		}
		texts[g->text_count++] = (struct record_text){arena_strdup(r->arena, name),
							      arena_strdup(r->arena, json_string_value(digest))};
	}
	g->texts = texts;
}

static void decode_generation(struct reader *r, const json_t *o, struct record_generation *g)
{
	*g = (struct record_generation){
	    .number = number(r, o, "number", INT64_MAX),
	    .when = text(r, o, "when", true),
	    .who = text(r, o, "who", true),
	    .digest = text(r, o, "digest", true),
	    .summary = text(r, o, "summary", true),
	    .command = text(r, o, "command", false),
	};
	decode_texts(r, json_object_get(o, "texts"), g);
}

static json_t *encode_generation(const struct record_generation *g)
{
	json_t *texts = g->text_count ? json_object() : NULL;
	for (size_t i = 0; i < g->text_count; i++)
		json_object_set_new(texts, g->texts[i].name, json_string(g->texts[i].digest));
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s*, s:o*}", "number", (json_int_t)g->number, "when", g->when,
			 "who", g->who, "digest", g->digest, "summary", g->summary, "command", g->command, "texts",
			 texts);
}

static json_t *encode_secrets(const struct record *r)
{
	json_t *o = json_object();
	for (size_t i = 0; i < r->secret_count; i++)
		json_object_set_new(o, r->secrets[i].name, json_string(r->secrets[i].fingerprint));
	return o;
}

static json_t *encode_modules(const struct record *r)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	json_t *o = json_object();
	for (size_t i = 0; i < r->module_count; i++)
		json_object_set_new(
		    o, r->modules[i].name,
		    json_string(hostlist_compress(r->modules[i].hosts, r->modules[i].host_count, arena)));
	return o;
}

static json_t *encode_host(const struct record_host *h)
{
	json_t *o = json_pack(
	    "{s:s, s:s, s:s*, s:I, s:I, s:i, s:i, s:i, s:i, s:I, s:b, s:o*, s:s*}", "name", h->name, "arch", h->arch,
	    "class", h->class, "memory", (json_int_t)h->memory, "memory_from", (json_int_t)h->memory_from, "sockets",
	    (int)h->hardware.sockets, "cores", (int)h->hardware.cores, "threads", (int)h->hardware.threads, "cpus",
	    (int)h->hardware.cpus, "measured", (json_int_t)h->hardware.memory, "by_slurmd", h->hardware.by_slurmd,
	    "gpus", h->gpus_known ? gpus_encode(&h->gpus) : NULL, "switch", h->network.leaf);
	json_object_set_new(o, "cgroups", json_integer(h->cgroups));
	if (h->scratch)
		json_object_set_new(o, "scratch", json_integer((json_int_t)h->scratch));
	if (h->network.speed)
		json_object_set_new(o, "speed", json_integer(h->network.speed));
	if (h->nvml)
		json_object_set_new(o, "nvml", json_true());
	if (h->network.infiniband)
		json_object_set_new(o, "infiniband", json_true());
	return o;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct record_host *)a)->name, ((const struct record_host *)b)->name);
}

struct record *record_decode(const char *from, struct arena *arena, struct err *err)
{
	json_t *json = json_text_load(from, strlen(from), MOST_VALUES, err);
	if (!json) {
		err_wrap(err, "the record");
		return NULL;
	}
	struct reader r = {.arena = arena, .err = err};
	struct record *out = arena_alloc(arena, sizeof *out);
	const json_t *hosts = json_object_get(json, "hosts"), *generations = json_object_get(json, "generations");
	const json_t *exclusions = json_object_get(json, "exclusions");
	uint64_t format = number(&r, json, "format", 1000);
	if (!format && !r.bad)
		fail(&r, "format");
	if (format > RECORD_FORMAT && !r.bad) {
		err_set(err, ERR_REFUSED, "a newer reeve wrote it, in format %llu; this one reads up to %d",
			(unsigned long long)format, RECORD_FORMAT);
		r.bad = true;
	}
	out->epoch = number(&r, json, "epoch", EPOCH_MOST - 1);
	out->cluster = text(&r, json, "cluster", true);
	decode_secrets(&r, json, out);
	out->parent = text(&r, json, "parent", false);
	out->state_source = text(&r, json, "state", false);
	out->begun = text(&r, json, "begun", false);
	struct digest ignored;
	if (out->begun && digest_parse(out->begun, &ignored) < 0)
		fail(&r, "begun");
	if (out->parent && digest_parse(out->parent, &ignored) < 0)
		fail(&r, "parent");
	if (!json_is_array(hosts) || json_array_size(hosts) > MOST_HOSTS)
		fail(&r, "hosts");
	if (!json_is_array(generations) || json_array_size(generations) > RECORD_GENERATIONS)
		fail(&r, "generations");
	if (exclusions && (!json_is_array(exclusions) || json_array_size(exclusions) > MOST_HOSTS))
		fail(&r, "exclusions");
	if (!r.bad) {
		out->exclusion_count = json_array_size(exclusions);
		out->exclusions = arena_calloc(arena, out->exclusion_count, sizeof *out->exclusions);
		out->host_count = json_array_size(hosts);
		out->hosts = arena_calloc(arena, out->host_count, sizeof *out->hosts);
		out->generation_count = json_array_size(generations);
		out->generations = arena_calloc(arena, out->generation_count, sizeof *out->generations);
	}
	for (size_t i = 0; !r.bad && i < out->host_count; i++)
		decode_host(&r, json_array_get(hosts, i), &out->hosts[i]);
	for (size_t i = 0; !r.bad && i < out->exclusion_count; i++)
		decode_exclusion(&r, json_array_get(exclusions, i), &out->exclusions[i]);
	for (size_t i = 0; !r.bad && i < out->generation_count; i++)
		decode_generation(&r, json_array_get(generations, i), &out->generations[i]);
	if (!r.bad)
		decode_modules(&r, json_object_get(json, "modules"), out);
	json_decref(json);
	if (r.bad)
		return NULL;
	qsort(out->hosts, out->host_count, sizeof *out->hosts, by_name);
	return out;
}

char *record_encode(const struct record *r)
{
	json_t *hosts = json_array(), *exclusions = json_array(), *generations = json_array();
	for (size_t i = 0; i < r->host_count; i++)
		json_array_append_new(hosts, encode_host(&r->hosts[i]));
	for (size_t i = 0; i < r->exclusion_count; i++) {
		const struct record_exclusion *x = &r->exclusions[i];
		json_array_append_new(exclusions,
				      json_pack("{s:s, s:s, s:s, s:s, s:s*, s:b, s:b}", "name", x->name, "who", x->who,
						"reason", x->reason, "when", x->when, "until", x->until, "leaving",
						x->leaving, "removed", x->removed));
	}
	size_t first = r->generation_count > RECORD_GENERATIONS ? r->generation_count - RECORD_GENERATIONS : 0;
	for (size_t i = first; i < r->generation_count; i++)
		json_array_append_new(generations, encode_generation(&r->generations[i]));
	json_t *json = json_pack("{s:i, s:I, s:s, s:s*, s:o, s:s*, s:s*, s:o, s:o, s:o, s:o}", "format", RECORD_FORMAT,
				 "epoch", (json_int_t)r->epoch, "cluster", r->cluster, "parent", r->parent, "secrets",
				 encode_secrets(r), "state", r->state_source, "begun", r->begun, "hosts", hosts,
				 "exclusions", exclusions, "generations", generations, "modules", encode_modules(r));
	char *out = json ? json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	if (!out)
		abort();
	json_decref(json);
	return out;
}

const char *record_secret(const struct record *r, const struct secret_row *row)
{
	for (size_t i = 0; r && i < r->secret_count; i++) {
		const struct record_secret *s = &r->secrets[i];
		if (s->name ? streq(s->name, row->name) : row->role == ROLE_AUTH)
			return s->fingerprint;
	}
	return NULL;
}

const struct record_host *record_host(const struct record *r, const char *name)
{
	if (!r || !r->host_count)
		return NULL;
	struct record_host key = {.name = name};
	return bsearch(&key, r->hosts, r->host_count, sizeof key, by_name);
}

const struct record_exclusion *record_exclusion(const struct record *r, const char *name)
{
	for (size_t i = 0; r && i < r->exclusion_count; i++)
		if (streq(r->exclusions[i].name, name))
			return &r->exclusions[i];
	return NULL;
}
