#include "run/includes.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "model/cluster.h"
#include "run/round.h"
#include "slurm/conf.h"
#include "slurm/include.h"

#define SLURM_CONF "/etc/slurm/slurm.conf"

enum { INCLUDED_BYTES = 4 << 20 }; /* of all files of a host: as much as a slurm.conf may have */

/* A host's files while they come in. */
struct host {
	struct facts *facts;
	struct map texts; /* path -> text */
	VEC(const char *) wanted;
	bool done; /* nothing more is to be asked */
	size_t bytes;
};

struct includes {
	struct fleet *fleet;
	struct arena *arena;
	struct host *hosts;
	size_t count;
};

/* What is not there yet is noted, and stands for nothing until it is. */
static int read_known(void *data, const char *path, struct arena *arena, const char **ret, size_t *ret_len,
		      struct err *err)
{
	struct host *h = data;
	*ret = map_get(&h->texts, path);
	if (!*ret && !str_is_utf8(path, strlen(path)))
		return err_set(err, ERR_INPUT, "a file with an odd name");
	if (!*ret) {
		*vec_push_in(arena, &h->wanted) = path;
		*ret = "";
	}
	*ret_len = strlen(*ret);
	return 0;
}

/* With what is known so far. */
static void join(struct includes *x, struct host *h)
{
	struct slurm_text text;
	h->wanted.len = 0;
	if (slurm_include(SLURM_CONF, read_known, h, x->arena, &text, NULL) < 0) {
		h->done = true;
	} else if (!h->wanted.len) {
		h->done = true;
		h->facts->slurm_whole = text.files > 1 ? text.text : NULL;
	}
}

static json_t *question(const struct host *h)
{
	json_t *items = json_array();
	char name[24];
	for (size_t i = 0; i < h->wanted.len; i++) {
		snprintf(name, sizeof name, "%zu", i);
		json_array_append_new(items, json_pack("{s:s, s:s, s:i}", "name", name, "read", h->wanted.items[i],
						       "max", INCLUDED_BYTES));
	}
	return round_collect(items);
}

/* A file that cannot be read ends it: half of a configuration says nothing. */
static void take(struct includes *x, struct host *h, const struct fleet_request *r)
{
	const json_t *items = r->answer ? json_object_get(r->answer, "items") : NULL;
	char name[24];
	for (size_t i = 0; i < h->wanted.len; i++) {
		snprintf(name, sizeof name, "%zu", i);
		const char *text = json_string_value(json_object_get(json_object_get(items, name), "text"));
		if (text && (h->bytes += strlen(text)) <= INCLUDED_BYTES)
			map_set(&h->texts, h->wanted.items[i], arena_strdup(x->arena, text));
		else
			h->done = true;
	}
}

/* One level for all hosts. `*ret_asked`: how many hosts had something to be asked for. */
static int round_of(struct includes *x, unsigned timeout_ms, size_t *ret_asked, struct err *err)
{
	_cleanup_round_ struct round round = {.fleet = x->fleet};
	for (size_t i = 0; i < x->count; i++) {
		struct host *h = &x->hosts[i];
		if (!h->done)
			join(x, h);
		if (!h->done)
			round_add(&round, i, question(h));
	}
	int rc = round_send(&round, timeout_ms, err);
	for (size_t i = 0; i < round.len; i++)
		take(x, &x->hosts[round_host(&round, i)], &round.items[i]);
	*ret_asked = round.len;
	return rc;
}

static bool includes_files(const char *text)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct slurm_conf *conf;
	return text && !str_starts(text, CLUSTER_CONF_MARK) &&
	       slurm_conf_parse(text, strlen(text), arena, &conf, NULL) == 0 && conf->includes.len;
}

int includes_read(struct fleet *fleet, struct asked *asked, struct arena *arena, unsigned timeout_ms, struct err *err)
{
	uint64_t until = clock_ms() + timeout_ms, now = until - timeout_ms;
	struct includes x = {.fleet = fleet, .arena = arena, .count = fleet_count(fleet)};
	size_t left = x.count;
	int rc = 0;
	x.hosts = arena_calloc(arena, x.count, sizeof *x.hosts);
	for (size_t i = 0; i < x.count; i++) {
		struct host *h = &x.hosts[i];
		h->facts = asked[i].facts;
		h->done = !h->facts || !includes_files(h->facts->slurm_conf);
		if (!h->done)
			map_set(&h->texts, SLURM_CONF, (void *)h->facts->slurm_conf);
	}
	for (size_t depth = 0; left && rc == 0 && depth <= SLURM_INCLUDE_DEPTH && now < until; depth++) {
		rc = round_of(&x, (unsigned)(until - now), &left, err);
		now = clock_ms();
	}
	for (size_t i = 0; i < x.count; i++)
		map_free(&x.hosts[i].texts);
	return rc;
}
