/*
 * What slurmd itself says, asked where something is wrong with its node: does it answer, and what did it complain of last?
 * slurmctld and srun see only that it is silent, or name a consequence of what its log says plainly.
 */
#include <string.h>

#include "base/str.h"
#include "modules/core/core.h"
#include "run/verify.h"
#include "slurm/slurmd-log.h"

#define END_OF_LOG "65536"

enum { ANSWER_MS = 12000, MOST_TEXT = 128 << 10 };

static const char *log_path(const struct verifier *v, size_t host)
{
	const struct inventory *inv = v->g->inv;
	const char *file = inventory_param(inv->params, inv->param_count, "SlurmdLogFile");
	return slurmd_log_path(file ? file : "/var/log/slurm/slurmd.log", inv->hosts[host].hostname,
			       inv->hosts[host].name, v->g->arena);
}

static json_t *message_for(const struct verifier *v, size_t host)
{
	json_t *ask = json_array();
	for (const char *const *a = core_ask_slurmd(v->g->inv, host, v->g->arena); *a; a++)
		json_array_append_new(ask, json_string(*a));
	return json_pack("{s:s, s:[{s:s, s:o, s:i, s:i}, {s:s, s:[s, s, s, s], s:i, s:i}]}", "verb", "collect", "items",
			 "name", "slurmd", "run", ask, "max", MOST_TEXT, "timeout", ANSWER_MS, "name", "log", "run",
			 "tail", "-c", END_OF_LOG, log_path(v, host), "max", MOST_TEXT, "timeout", ANSWER_MS);
}

static struct witness judge(const json_t *answer, struct arena *arena)
{
	const json_t *items = json_object_get(answer, "items"), *slurmd = json_object_get(items, "slurmd");
	const json_t *status = json_object_get(slurmd, "status");
	const char *log = json_string_value(json_object_get(json_object_get(items, "log"), "out"));
	return (struct witness){
	    .silent = slurmd && !(json_is_integer(status) && json_integer_value(status) == 0),
	    .complaint = log ? slurmd_log_complaint(log, arena) : NULL,
	};
}

const char *verify_with_witness(const char *why, const struct witness *w, struct arena *arena)
{
	return arena_printf(arena, "%s%s%s%s", why, w->silent ? "; slurmd does not answer on its own host" : "",
			    w->complaint ? "; the last complaint in slurmd's log: " : "",
			    w->complaint ? w->complaint : "");
}

int verify_witness(struct verifier *v, const bool *hosts, struct witness **ret, struct err *err)
{
	struct gathered *g = v->g;
	struct fleet_request *requests = arena_calloc(g->arena, roll_count(g->roll), sizeof *requests);
	json_t **messages = arena_calloc(g->arena, roll_count(g->roll), sizeof *messages);
	struct witness *all = arena_calloc(g->arena, g->inv->host_count, sizeof *all);
	size_t n = 0;
	for (size_t i = 0; i < g->inv->host_count; i++) {
		if (!hosts[i] || !roll_in(g->roll, i))
			continue;
		messages[n] = message_for(v, i);
		requests[n] = roll_request(g->roll, i, messages[n]);
		n++;
	}
	int rc = n ? fleet_round(g->fleet, requests, n, ANSWER_MS + 10000, err) : 0;
	for (size_t i = 0; i < n; i++) {
		all[roll_host(g->roll, &requests[i])] = judge(requests[i].answer, g->arena);
		fleet_request_clear(&requests[i]);
		json_decref(messages[i]);
	}
	*ret = all;
	return rc;
}
