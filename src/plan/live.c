#include "plan/live.h"

#include <string.h>

#include "base/ran.h"
#include "base/str.h"

static const struct {
	const char *name;
	const char *const *argv;
	enum live_extent extent; /* the least with which it is asked */
} questions[] = {
    {"live.nodes", slurm_nodes_argv, LIVE_NODES},
    {"live.ping", slurm_ping_argv, LIVE_NODES},
    {"live.partitions", slurm_partitions_argv, LIVE_JOBS},
    {"live.jobs", slurm_jobs_argv, LIVE_JOBS},
    {"live.reservations", slurm_reservations_argv, LIVE_JOBS},
    {"live.pending", slurm_pending_argv, LIVE_ALL},
};

json_t *live_items(enum live_extent extent)
{
	json_t *items = json_array();
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		if (questions[i].extent > extent)
			continue;
		json_t *argv = json_array();
		for (const char *const *a = questions[i].argv; *a; a++)
			json_array_append_new(argv, json_string(*a));
		json_array_append_new(items, json_pack("{s:s, s:o, s:i, s:i}", "name", questions[i].name, "run", argv,
						       "max", 16 << 20, "timeout", 25000));
	}
	return items;
}

/* Standard output of a question, or NULL with the reason in live->why. */
static const char *answer_to(const json_t *answer, const char *name, struct live *live, struct arena *arena)
{
	struct ran ran = ran_of(json_object_get(json_object_get(answer, "items"), name));
	/* scontrol ping ends with 1 where a backup is down; what it prints is what counts. */
	bool ping = streq(name, "live.ping");
	if (ran.out && (ran.status == 0 || (ping && ran.status > 0)))
		return arena_strdup(arena, ran.out);
	if (!live->why)
		live->why = ran.errors && *ran.errors ? str_printable(arena, ran.errors, strcspn(ran.errors, "\n"))
						      : "slurmctld does not answer";
	return NULL;
}

/* Nothing hangs on it but a warning. */
static void take_pending(const json_t *answer, struct live *live, struct arena *arena)
{
	const char *out = ran_of(json_object_get(json_object_get(answer, "items"), "live.pending")).out;
	if (out && slurm_pending_parse(out, strlen(out), arena, &live->pending, &live->pending_count, NULL) < 0)
		live->pending_count = 0;
}

struct live *live_decode(const json_t *answer, size_t controller, enum live_extent extent, struct arena *arena)
{
	struct live *live = arena_alloc(arena, sizeof *live);
	live->controller = controller;
	bool brief = live->brief = extent == LIVE_NODES;
	const char *nodes = answer_to(answer, "live.nodes", live, arena);
	const char *partitions = brief ? "" : answer_to(answer, "live.partitions", live, arena);
	const char *jobs = brief ? "" : answer_to(answer, "live.jobs", live, arena);
	const char *reservations = brief ? "" : answer_to(answer, "live.reservations", live, arena);
	const char *ping = answer_to(answer, "live.ping", live, arena);
	struct err err = {0};
	if (!nodes || !partitions || !jobs || !reservations)
		return live;
	if (slurm_nodes_parse(nodes, strlen(nodes), arena, &live->nodes, &live->node_count, &err) < 0 ||
	    slurm_partitions_parse(partitions, strlen(partitions), arena, &live->partitions, &live->partition_count,
				   &err) < 0 ||
	    slurm_jobs_parse(jobs, strlen(jobs), arena, &live->jobs, &live->job_count, &err) < 0 ||
	    slurm_reservations_parse(reservations, strlen(reservations), arena, &live->reservations,
				     &live->reservation_count, &err) < 0 ||
	    (ping &&
	     slurm_ping_parse(ping, strlen(ping), arena, &live->controllers, &live->controller_count, &err) < 0)) {
		live->why = arena_strdup(arena, err.text);
		return live;
	}
	take_pending(answer, live, arena);
	live->jobs_text = brief ? NULL : jobs;
	live->nodes_text = nodes;
	live->reservations_text = brief ? NULL : reservations;
	live->up = true;
	return live;
}
