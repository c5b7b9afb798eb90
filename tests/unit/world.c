#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "modules/core/core.h"
#include "modules/module.h"

const char world_yaml[] = "reeve: 1\n"
			  "cluster: tiny\n"
			  "hosts:\n"
			  "  c1: 10.0.0.1\n"
			  "  n1: 10.0.0.2\n"
			  "  n2: 10.0.0.3\n"
			  "controllers: [c1]\n"
			  "compute: [n1, n2]\n"
			  "partitions:\n"
			  "  work: { nodes: all, default: true }\n";

/* Three healthy hosts with Slurm installed and nothing configured. */
struct world *world_new(const char *text)
{
	struct world *w = xcalloc(1, sizeof *w);
	struct err err = {0};
	w->arena = arena_new();
	w->inv = inventory_parse("t.yaml", text, strlen(text), module_sections, &w->diags, w->arena, &err);
	if (!w->inv)
		fail_msg("%s", err.text);
	w->options.secrets = modules_secrets(w->inv, w->arena);
	for (size_t i = 0; i < HOSTS; i++) {
		w->facts[i] = (struct facts){
		    .hostname = w->inv->hosts[i].name,
		    .arch = "x86_64",
		    .machine_id = arena_printf(w->arena, "id%zu", i),
		    .hardware = {1, 1, 4, 1, 4, 4000, true},
		    .roles[ROLE_CONTROLLER].uid = 64030,
		    .roles[ROLE_CONTROLLER].gid = 64030,
		    .roles[ROLE_AUTH].uid = 100,
		    .roles[ROLE_AUTH].gid = 100,
		    .cgroup = CGROUP_V2,
		    .cgroup_cpuset = true,
		    .cgroup_memory = true,
		    .cgroup_freezer = true,
		    .roles[ROLE_CONTROLLER].package = {.installed = "22.05.8-4+deb12u3"},
		    .roles[ROLE_NODE].package = {.installed = "22.05.8-4+deb12u3"},
		    .roles[ROLE_CLIENT].package = {.installed = "22.05.8-4+deb12u3"},
		    .roles[ROLE_AUTH].package = {.installed = "0.5.15-2"},
		    .roles[ROLE_AUTH].unit = {true, "active", "enabled", 1},
		    .roles[ROLE_CONTROLLER].unit = {true, "inactive", "enabled", 0},
		    .roles[ROLE_NODE].unit = {true, "inactive", "enabled", 0},
		    .secrets[0].fingerprint = arena_printf(w->arena, "%064zu", i),
		};
		w->given[i] = &w->facts[i];
	}
	return w;
}

struct world *world_more(const char *more)
{
	char *text = xasprintf("%s%s", world_yaml, more);
	struct world *w = world_new(text);
	free(text);
	return w;
}

void world_free(struct world *w)
{
	diags_free(&w->diags);
	arena_free(w->arena);
	free(w);
}

void world_resolve(struct world *w)
{
	w->cluster = cluster_resolve(w->inv, w->given, w->unreached, &w->options, modules_settle, w->arena);
}

/* Everything as wanted but what `state` says of files in /etc/slurm. */
void world_plan(struct world *w, enum observed_state conf_state)
{
	struct plan_options options = {0};
	world_resolve(w);
	if (!w->cluster->secrets[0].fingerprint)
		w->cluster->secrets[0].fingerprint = arena_printf(w->arena, "%064d", 9);
	for (size_t i = 0; i < HOSTS; i++) {
		if (!w->given[i])
			continue;
		struct catalog *c = modules_compile(w->cluster, i, w->arena);
		struct observed *o = arena_calloc(w->arena, c->len, sizeof *o);
		for (size_t k = 0; k < c->len; k++) {
			bool conf = strstr(c->items[k].id, "/etc/slurm/slurm.conf");
			bool slurmd = w->slurmd_differs[i] && streq(c->items[k].id, "service:slurmd.service");
			bool slurmctld = w->slurmctld_differs[i] && streq(c->items[k].id, "service:slurmctld.service");
			o[k] = (struct observed){
			    .id = c->items[k].id,
			    .state = conf                  ? conf_state
				     : slurmd || slurmctld ? OBSERVED_DIFFERS
							   : OBSERVED_SAME,
			    .why = "",
			};
		}
		w->catalogs[i] = c;
		w->observed[i] = o;
	}
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, w->live.up ? &w->live : NULL, &options, w->arena);
}

/* The cluster runs with what cluster.yaml said until now: `w` is made to believe it. */
void world_running(struct world *w)
{
	world_resolve(w);
	const char *conf = core_slurm_conf(w->cluster), *cgroup = core_cgroup_conf(w->cluster);
	struct record *record = cluster_record(w->cluster, w->arena);
	record->secrets[0] = (struct record_secret){"munge.key", w->facts[0].secrets[0].fingerprint};
	record->secret_count = 1;
	char *text = record_encode(record);
	for (size_t i = 0; i < HOSTS; i++) {
		struct facts *f = &w->facts[i];
		f->slurm_conf = f->in_force_slurm = conf;
		f->cgroup_conf = f->in_force_cgroup = cgroup;
		f->gres_conf = f->in_force_gres = core_gres_conf(w->cluster);
		f->secrets[0].fingerprint = w->facts[0].secrets[0].fingerprint;
		f->roles[ROLE_CONTROLLER].unit.active = i ? "inactive" : "active";
		f->roles[ROLE_NODE].unit.active = i ? "active" : "inactive";
	}
	w->facts[0].record = arena_strdup(w->arena, text);
	free(text);
	w->live.up = true;
	w->live.nodes = w->nodes;
	w->live.node_count = HOSTS - 1;
	for (size_t i = 0; i < w->live.node_count; i++)
		w->nodes[i] = (struct slurm_node_state){
		    .name = w->inv->hosts[i + 1].name, .base = SLURM_NODE_IDLE, .version = "22.05.8"};
}

bool world_has(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->len; i++)
		if (streq(f->items[i].code, code))
			return true;
	return false;
}

const char *world_faults(const char *more, struct arena *a)
{
	struct diags diags;
	struct err err = {0};
	const char *text = arena_printf(a, "%s%s", world_yaml, more), *all = "";
	inventory_parse("t.yaml", text, strlen(text), module_sections, &diags, a, &err);
	for (size_t i = 0; i < diags.len; i++)
		all = arena_printf(a, "%s%s%u %s", all, *all ? " | " : "", diags.items[i].code, diags.items[i].message);
	diags_free(&diags);
	return all;
}

const char *world_titles(const struct world *w)
{
	_cleanup_strbuf_ struct strbuf s = {0};
	for (size_t i = 0; i < w->plan->step_count; i++)
		strbuf_addf(&s, "%s%s", i ? " | " : "", w->plan->steps[i].title);
	return arena_strndup(w->arena, strbuf_str(&s), s.len);
}

const char *world_with(struct world *w, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	assert_non_null(at);
	return arena_printf(w->arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* Another cluster.yaml for the same hosts. */
void world_edit(struct world *w, const char *from, const char *to)
{
	struct err err = {0};
	const char *text = world_with(w, world_yaml, from, to);
	diags_free(&w->diags);
	w->inv = inventory_parse("t.yaml", text, strlen(text), module_sections, &w->diags, w->arena, &err);
	if (!w->inv)
		fail_msg("%s", err.text);
}

const struct step *world_step(const struct world *w, const char *title)
{
	for (size_t i = 0; i < w->plan->step_count; i++)
		if (strstr(w->plan->steps[i].title, title))
			return &w->plan->steps[i];
	return NULL;
}

bool world_acts_on(const struct step *step, size_t host)
{
	for (size_t i = 0; step && i < step->len; i++)
		if (step->items[i].host == host)
			return true;
	return false;
}
