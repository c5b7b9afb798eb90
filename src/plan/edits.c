/*
 * What somebody edited on a host since the last apply: the file differs from what was in force there, and from what is wanted. It is
 * replaced (the host belongs to the cluster), and shown first with its lines, so that whoever meant it can put it into cluster.yaml.
 */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "plan/plan.h"

enum { MOST_LINES = 4, MOST_WIDTH = 100 };

/* Lines of `text` that `other` has not, each after `sign`; without empty ones. */
static size_t add_lines(struct strbuf *out, struct arena *arena, const char *text, const char *other, char sign,
			size_t shown)
{
	_cleanup_map_ struct map there = {0};
	char *rest = arena_strdup(arena, other);
	for (char *line; (line = str_next_line(&rest));)
		map_set(&there, line, line);
	rest = arena_strdup(arena, text);
	for (char *line; (line = str_next_line(&rest));) {
		if (!*line || map_has(&there, line))
			continue;
		if (shown++ < MOST_LINES)
			strbuf_addf(out, "%s%c%.*s", out->len ? ", " : "", sign, (int)strnlen(line, MOST_WIDTH), line);
	}
	return shown;
}

static void say(struct plan *plan, const struct cluster_host *h, const char *path, const char *now, const char *was)
{
	_cleanup_strbuf_ struct strbuf lines = {0};
	const struct record *r = plan->cluster->record;
	const char *since = r && r->generation_count ? r->generations[r->generation_count - 1].when : NULL;
	size_t shown = add_lines(&lines, plan->arena, was, now, '-', 0);
	shown = add_lines(&lines, plan->arena, now, was, '+', shown);
	if (shown > MOST_LINES)
		strbuf_addf(&lines, ", and %zu more", shown - MOST_LINES);
	struct finding *f =
	    finding_add(&plan->findings, h->inv->controller ? FINDING_WARNING : FINDING_NOTE, CODE_EDITED_FILE,
			h->inv->name, "%s was edited there since the last apply%s%s: %s", path, since ? " of " : "",
			since ? since : "", shown ? strbuf_str(&lines) : "only in the order of its lines");
	f->fix = "it is replaced, and kept in /var/lib/reeve/backup; what is to stay belongs into cluster.yaml";
	f->origin = h->inv->at;
}

static bool will_change(const struct host_plan *h, const char *id)
{
	for (size_t k = 0; h->catalog && k < h->catalog->len; k++)
		if (streq(h->catalog->items[k].id, id))
			return h->observed[k].state != OBSERVED_SAME;
	return false;
}

/* Controllers first: their word was the cluster's. */
void plan_edits(struct plan *plan)
{
	const struct cluster *c = plan->cluster;
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; c->record && i < c->inv->host_count; i++) {
			const struct cluster_host *h = &c->hosts[i];
			const struct facts *f = h->facts;
			if (!f || h->inv->controller != !pass)
				continue;
			const struct {
				const char *path, *now, *was;
			} files[] = {{"/etc/slurm/slurm.conf", f->slurm_conf, f->in_force_slurm},
				     {"/etc/slurm/cgroup.conf", f->cgroup_conf, f->in_force_cgroup},
				     {"/etc/slurm/gres.conf", f->gres_conf, f->in_force_gres},
				     {"/etc/slurm/topology.conf", f->topology_conf, f->in_force_topology}};
			for (size_t k = 0; k < sizeof files / sizeof *files; k++)
				if (files[k].now && files[k].was && !streq(files[k].now, files[k].was) &&
				    will_change(&plan->hosts[i], arena_printf(plan->arena, "file:%s", files[k].path)))
					say(plan, h, files[k].path, files[k].now, files[k].was);
		}
}
