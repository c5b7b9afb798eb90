#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ward.h"

#include "base/str.h"
#include "modules/module.h"

void ward_set_unit_as(struct ward *x, size_t host, const char *unit, const char *load, const char *active,
		      const char *file, const char *result)
{
	json_t *units = json_object_get(x->answers[host], "units");
	bool runs = streq(active, "active");
	if (!units) {
		units = json_pack("{s:{}}", "units");
		json_object_set_new(x->answers[host], "units", units);
	}
	json_object_set_new(json_object_get(units, "units"), unit,
			    json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:I}", "load", load, "active", active, "sub",
				      runs ? "running" : "dead", "file", file, "result", result, "pid", runs ? 100 : 0,
				      "since", (json_int_t)1));
}

void ward_set_unit(struct ward *x, size_t host, const char *unit, const char *active, const char *result)
{
	ward_set_unit_as(x, host, unit, "loaded", active, "enabled", result);
}

void ward_tell(struct ward *x, size_t host, const char *name, json_t *answer)
{
	assert_non_null(answer);
	json_object_set_new(x->answers[host], name, answer);
}

void ward_set_process(struct ward *x, size_t host, const char *name, char state, bool replaced)
{
	ward_tell(x, host, "processes",
		  json_pack("{s:{s:{s:s, s:s, s:{s:s}}}}", "entries", "100", "comm",
			    arena_printf(x->w->arena, "%s\n", name), "stat",
			    arena_printf(x->w->arena, "100 (%s) %c 1 100\n", name, state), "exe", "link",
			    replaced ? "/usr/sbin/x (deleted)" : "/usr/sbin/x"));
}

void ward_set_fs(struct ward *x, size_t host, const char *path, int total_mib, int free_mib, int inodes,
		 int free_inodes)
{
	ward_tell(x, host, arena_printf(x->w->arena, "fs:%s", path),
		  json_pack("{s:I, s:I, s:i, s:i}", "total", (json_int_t)total_mib << 10, "free",
			    (json_int_t)free_mib << 10, "inodes", inodes, "free_inodes", free_inodes));
}

void ward_set_stat(struct ward *x, size_t host, const char *path, const char *mode, const char *owner, json_int_t size)
{
	ward_tell(x, host, arena_printf(x->w->arena, "stat:%s", path),
		  json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "type", "file", "mode", mode, "owner", owner, "group",
			    owner, "size", size, "mtime", (json_int_t)1764200000000));
}

void ward_set_text(struct ward *x, size_t host, const char *item, const char *text)
{
	ward_tell(x, host, item, json_pack("{s:s}", "text", text));
}

void ward_set_packages(struct ward *x, size_t host, const char *broken)
{
	ward_tell(x, host, "packages",
		  json_pack("{s:{s:s, s:s, s:s, s:s}, s:[s, s, s], s:s*, s:b, s:b}", "versions", "slurmd", "22.05.8-4",
			    "slurmctld", "22.05.8-4", "slurm-client", "22.05.8-4", "munge", "0.5.15-2", "held",
			    "slurmd", "slurmctld", "slurm-client", "broken", broken, "interrupted", 0, "busy", 0));
}

void ward_set_node(struct ward *x, enum slurm_node_base base, unsigned flags, const char *reason, const char *by)
{
	x->w->nodes[0].base = base;
	x->w->nodes[0].flags = flags;
	x->w->nodes[0].reason = reason;
	x->w->nodes[0].reason_by = by;
}

struct ward *ward_new(void)
{
	return ward_of(world_yaml);
}

struct ward *ward_of(const char *text)
{
	struct ward *x = xcalloc(1, sizeof *x);
	x->w = world_new(text);
	world_running(x->w);
	world_plan(x->w, OBSERVED_SAME);
	x->findings.arena = x->w->arena;
	for (size_t i = 0; i < HOSTS; i++) {
		x->answers[i] = json_object();
		x->given[i] = x->answers[i];
		ward_set_unit(x, i, "munge.service", "active", "success");
		ward_set_unit(x, i, i ? "slurmd.service" : "slurmctld.service", "active", "success");
		ward_set_process(x, i, i ? "slurmd" : "slurmctld", 'S', false);
		ward_set_packages(x, i, NULL);
	}
	x->partitions[0] =
	    (struct slurm_partition_state){.name = "work", .state = "UP", .nodes = "n[1-2]", .is_default = true};
	x->d = (struct doctor){
	    .cluster = x->w->cluster,
	    .slurm = {.up = true,
		      .nodes = x->w->nodes,
		      .node_count = HOSTS - 1,
		      .partitions = x->partitions,
		      .partition_count = 1,
		      .jobs = x->jobs,
		      .reservations = x->reservations},
	    .now_ms = x->now_ms,
	    .answers = x->given,
	    .catalogs = x->w->catalogs,
	    .observed = x->w->observed,
	    .others = modules_diagnoses(x->w->inv, x->w->arena),
	    .findings = &x->findings,
	};
	return x;
}

void ward_free(struct ward *x)
{
	for (size_t i = 0; i < HOSTS; i++)
		json_decref(x->answers[i]);
	world_free(x->w);
	free(x);
}

const char *ward_causes(struct ward *x)
{
	const char *text = "";
	x->findings.len = 0;
	doctor_judge(&x->d);
	for (size_t i = 0; i < x->findings.len; i++) {
		const struct finding *f = &x->findings.items[i];
		if (!f->cause)
			text = arena_printf(x->w->arena, "%s%s%s %s", text, *text ? ", " : "", f->code,
					    f->host ? f->host : "-");
	}
	return text;
}

void ward_set_connect(struct ward *x, size_t from, size_t to, int port, int error)
{
	if (!json_object_get(x->answers[from], "connect"))
		ward_tell(x, from, "connect", json_pack("{s:{}}", "results"));
	json_object_set_new(json_object_get(json_object_get(x->answers[from], "connect"), "results"),
			    arena_printf(x->w->arena, "10.0.0.%zu %d", to + 1, port), json_integer(error));
}

void ward_add_param(struct ward *x, const char *key, const char *value)
{
	struct inventory *inv = (struct inventory *)x->w->cluster->inv;
	struct inv_param *params = arena_calloc(x->w->arena, inv->param_count + 1, sizeof *params);
	for (size_t i = 0; i < inv->param_count; i++)
		params[i] = inv->params[i];
	params[inv->param_count] = (struct inv_param){.key = key, .value = value};
	inv->params = params;
	inv->param_count++;
}
