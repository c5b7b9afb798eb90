/* Slurm's configuration on a host: is it still what the daemons were last told to read? */
#include "doctor/rows.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

enum { LINES_SHOWN = 4, LINES_MOST = 100000 };

struct pair {
	const char *name, *now, *then;
};

static size_t pairs_of(const struct facts *f, struct pair ret[4])
{
	ret[0] = (struct pair){"slurm.conf", f->slurm_conf, f->in_force_slurm};
	ret[1] = (struct pair){"cgroup.conf", f->cgroup_conf, f->in_force_cgroup};
	ret[2] = (struct pair){"gres.conf", f->gres_conf, f->in_force_gres};
	ret[3] = (struct pair){"topology.conf", f->topology_conf, f->in_force_topology};
	return 4;
}

static void ask_times(const struct doctor_host *h, json_t *items)
{
	(void)h;
	doctor_ask_stat(items, "/etc/slurm/slurm.conf");
	doctor_ask_stat(items, "/etc/slurm/cgroup.conf");
	doctor_ask_stat(items, "/etc/slurm/gres.conf");
	doctor_ask_stat(items, "/etc/slurm/topology.conf");
}

/* The lines of `text` that `other` does not have, each with `sign` before it. */
static size_t put_missing(struct doctor *d, const char *text, const char *other, char sign, struct strbuf *out,
			  size_t room)
{
	_cleanup_map_ struct map there = {0};
	struct arena *arena = d->findings->arena;
	size_t n = 0;
	for (char *rest = arena_strdup(arena, other), *line; (line = str_next_line(&rest));)
		map_set(&there, line, d);
	for (char *rest = arena_strdup(arena, text), *line; (line = str_next_line(&rest));) {
		if (map_has(&there, line) || !*line)
			continue;
		if (n++ < room)
			strbuf_addf(out, "%s%c%.200s", out->len ? "\n" : "", sign, line);
	}
	return n;
}

static const char *difference(struct doctor *d, const struct pair *p)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	size_t gone = put_missing(d, p->then, p->now, '-', &out, LINES_SHOWN);
	size_t come = put_missing(d, p->now, p->then, '+', &out, LINES_SHOWN);
	size_t shown = (gone < LINES_SHOWN ? gone : LINES_SHOWN) + (come < LINES_SHOWN ? come : LINES_SHOWN);
	if (gone + come > shown)
		strbuf_addf(&out, "\nand %zu more lines", gone + come - shown);
	return out.len ? doctor_text(d, "%s", strbuf_str(&out)) : "the order of its lines differs";
}

/* A run that was cut off after it put the file in place, and before it said so, left what cluster.yaml wants. */
static bool is_wanted(const struct doctor *d, size_t host, const struct pair *p)
{
	const struct catalog *c = d->catalogs ? d->catalogs[host] : NULL;
	const struct resource *r =
	    c ? catalog_find(c, arena_printf(d->findings->arena, "file:/etc/slurm/%s", p->name)) : NULL;
	return r && streq(r->file.digest->hex, digest_of(p->now, strlen(p->now)).hex);
}

static const char *edited_at(const struct doctor *d, size_t host, const struct pair *p)
{
	struct doctor_stat st;
	char when[21];
	if (!doctor_stat(d, host, arena_printf(d->findings->arena, "/etc/slurm/%s", p->name), &st, NULL))
		return "";
	clock_iso(st.mtime_ms, when);
	return arena_printf(d->findings->arena, " (%s)", when);
}

static void edited(struct doctor *d, size_t host)
{
	const struct facts *facts = d->cluster->hosts[host].facts;
	struct pair pairs[4];
	size_t count = facts ? pairs_of(facts, pairs) : 0;
	for (size_t i = 0; i < count; i++) {
		const struct pair *p = &pairs[i];
		if (!p->now || !p->then || streq(p->now, p->then) || is_wanted(d, host, p))
			continue;
		struct finding *f = doctor_add(d, host, "/etc/slurm/%s was edited since the last apply", p->name);
		f->evidence = doctor_text(d, "%s%s", difference(d, p), edited_at(d, host, p));
		f->fix = "reeve apply   # puts it back and keeps a copy; what is to stay belongs into cluster.yaml";
	}
}

static void missing(struct doctor *d, size_t host)
{
	const struct facts *facts = d->cluster->hosts[host].facts;
	struct pair pairs[4];
	size_t count = facts ? pairs_of(facts, pairs) : 0;
	for (size_t i = 0; i < count; i++)
		if (!pairs[i].now && pairs[i].then)
			doctor_add(d, host, "/etc/slurm/%s is missing", pairs[i].name)->fix = "reeve apply";
}

static const struct diagnosis rows[] = {
    {CODE_CONF_EDITED, FINDING_WARNING, ask_times, edited, NULL},
    {CODE_CONF_MISSING, FINDING_STOP, NULL, missing, NULL},
};

const struct diagnoses doctor_files = {rows, ARRAY_LEN(rows)};
