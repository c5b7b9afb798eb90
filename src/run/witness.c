/*
 * What slurmd itself says, asked where something is wrong with its node: does it answer, and what did it complain of last?
 * slurmctld and srun see only that it is silent, or name a consequence of what its log says plainly.
 */
#include <string.h>

#include "base/str.h"
#include "modules/core/core.h"
#include "run/round.h"
#include "run/verify.h"
#include "slurm/slurmd-log.h"

#define END_OF_LOG "65536"

enum { ANSWER_MS = 12000, MOST_TEXT = 128 << 10 };

static const char *log_path(const struct verifier *v, size_t host)
{
	const struct inventory *inv = v->run->inv;
	const char *file = inventory_param(inv->params, inv->param_count, "SlurmdLogFile");
	return slurmd_log_path(file ? file : "/var/log/slurm/slurmd.log", inv->hosts[host].hostname,
			       inv->hosts[host].name, v->run->arena);
}

static json_t *message_for(const struct verifier *v, size_t host)
{
	json_t *ask = json_array();
	for (const char *const *a = core_ask_slurmd(v->run->inv, host, v->run->arena); *a; a++)
		json_array_append_new(ask, json_string(*a));
	return json_pack("{s:s, s:[{s:s, s:o, s:i, s:i}, {s:s, s:[s, s, s, s], s:i, s:i}]}", "verb", "collect", "items",
			 "name", "slurmd", "run", ask, "max", MOST_TEXT, "timeout", ANSWER_MS, "name", "log", "run",
			 "tail", "-c", END_OF_LOG, log_path(v, host), "max", MOST_TEXT, "timeout", ANSWER_MS);
}

struct hearing {
	struct witness *all; /* by host index */
	struct arena *arena;
};

static void judge(void *data, size_t host, const struct fleet_request *request)
{
	const struct hearing *h = data;
	const json_t *items = json_object_get(request->answer, "items"), *slurmd = json_object_get(items, "slurmd");
	const char *log = ran_of(json_object_get(items, "log")).out;
	h->all[host] = (struct witness){
	    .silent = slurmd && ran_of(slurmd).status != 0,
	    .complaint = log ? slurmd_log_complaint(log, h->arena) : NULL,
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
	struct run *run = v->run;
	struct round round = {.run = run};
	struct hearing hearing = {arena_calloc(run->arena, run->inv->host_count, sizeof *hearing.all), run->arena};
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (hosts[i] && roll_in(run->roll, i))
			round_add(&round, i, message_for(v, i));
	*ret = hearing.all;
	return round_ask(&round, ANSWER_MS + 10000, judge, &hearing, err);
}
