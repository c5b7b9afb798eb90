#include "run/canary.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/core/core.h"
#include "slurm/slurmd-log.h"
#include "run/round.h"

enum { PAUSE_MS = 100, REGISTER_MS = 30000, LOG_MS = 10000, UNDO_MS = 180000, COMMAND_MS = 30000, LOG_BYTES = 65536 };

static const struct slurm_node_state *state_of(const struct live *live, const char *name)
{
	for (size_t i = 0; live && live->up && i < live->node_count; i++)
		if (streq(live->nodes[i].name, name))
			return &live->nodes[i];
	return NULL;
}

/* Has slurmctld heard of that slurmd since the plan was made, when it ran with what it had before? */
static bool registered(const struct run *run, size_t host)
{
	const char *name = run->inv->hosts[host].name;
	const struct slurm_node_state *now = state_of(run->live, name), *before = state_of(run->plan->live, name);
	return now && now->slurmd_start_time && !(now->flags & SLURM_NODE_NO_RESPOND) &&
	       !(before && str_same(before->slurmd_start_time, now->slurmd_start_time));
}

static int await_registration(struct run *run, const struct step *step, bool *missing, struct err *err)
{
	uint64_t until = clock_ms() + REGISTER_MS;
	for (;;) {
		size_t waiting = 0;
		if (run_ask_live(run, err) < 0)
			return -1;
		for (size_t i = 0; i < step->len; i++) {
			missing[i] = roll_in(run->roll, step->items[i].host) && !registered(run, step->items[i].host);
			waiting += missing[i];
		}
		if (!waiting || clock_ms() >= until)
			return 0;
		if (fleet_pump(run->fleet, PAUSE_MS, err) < 0)
			return -1;
	}
}

/* slurmctld's as well: both write the same kind of lines. */
static int ask_log(struct run *run, const struct action *a, const char **ret_said, struct err *err)
{
	const struct inv_host *h = &run->inv->hosts[a->host];
	bool slurmd = a->undo[a->undo_count - 1]->role == ROLE_NODE;
	const char *path =
	    inventory_param(run->inv->params, run->inv->param_count, slurmd ? "SlurmdLogFile" : "SlurmctldLogFile");
	if (!path)
		path = slurmd ? CORE_LOGS "/slurmd.log" : CORE_LOGS "/slurmctld.log";
	const char *const argv[] = {"tail", "-n", "100", slurmd_log_path(path, h->hostname, h->name, run->arena), NULL};
	struct round_answer answer;
	int rc = round_run(run, a->host, argv, LOG_BYTES, LOG_MS, &answer, err);
	*ret_said = slurmd_log_complaint(answer.out, run->arena);
	return rc;
}

struct putting {
	struct arena *arena;
	const char *why; /* NULL: it is done */
};

static void judge_put_back(void *data, size_t host, const struct fleet_request *request)
{
	struct putting *p = data;
	const json_t *failed = json_object_get(request->answer, "failed");
	(void)host;
	if (!request->answer)
		p->why = arena_strdup(p->arena, request->error.text);
	else
		p->why = json_is_integer(failed) && json_integer_value(failed) == 0
			     ? NULL
			     : "the agent could not bring it back";
}

/* NULL: what was in force is back, and its daemon runs. */
static int put_back(struct run *run, const struct action *a, const char **ret_why, struct err *err)
{
	struct fleet_blob *blobs = arena_calloc(run->arena, a->undo_count, sizeof *blobs);
	json_t *list = json_array();
	size_t n = 0;
	for (size_t i = 0; i < a->undo_count; i++) {
		const struct resource *r = a->undo[i];
		json_array_append_new(list, resource_encode(r));
		struct content content;
		if (resource_content(r, &content))
			blobs[n++] = (struct fleet_blob){content.digest, content.bytes, content.size};
	}
	struct round round = {.run = run};
	struct putting putting = {run->arena, "its session ended"};
	struct fleet_request *request = round_add(&round, a->host, run_apply_message(run, list));
	request->blobs = blobs;
	request->blob_count = n;
	int rc = round_ask(&round, UNDO_MS, judge_put_back, &putting, err);
	*ret_why = putting.why;
	return rc;
}

static int fail(struct run *run, const struct step *step, const struct action *a, struct down *down,
		struct apply_result *ret, struct err *err)
{
	const char *name = run->inv->hosts[a->host].name, *said = NULL, *why = "its session ended";
	bool back = a->undo_count > 0;
	bool there = roll_phase(run->roll, a->host) == FLEET_OPEN;
	if (back && there && (ask_log(run, a, &said, err) < 0 || put_back(run, a, &why, err) < 0))
		return -1;
	said = slurmd_log_cause(said, roll_why(run->roll, a->host), run->arena);
	roll_hush(run->roll, a->host);
	if (back && !why)
		down_undone(down, a);
	const char *daemon = back && a->undo[a->undo_count - 1]->role == ROLE_CONTROLLER ? "slurmctld" : "slurmd";
	const char *outcome = !back ? "nothing was in force there before"
			      : !why
				  ? arena_printf(run->arena, "what was in force is back, and %s runs with it", daemon)
				  : arena_printf(run->arena, "what was in force could not be put back: %s", why);
	struct finding *f =
	    finding_add(&ret->findings, FINDING_STOP, CODE_CANARY, name,
			"%s did not come up with the new configuration: %s; %s; %s", daemon, said, outcome,
			step->items == a && step->len == 1 ? "the other nodes were left as they were"
							   : "the nodes after it were left as they were");
	f->fix = why && back
		     ? arena_printf(run->arena, "systemctl status %s on that host; correct the cause, then apply again",
				    daemon)
		     : "correct the cause, in cluster.yaml or on that host, then apply again";
	f->origin = run->inv->hosts[a->host].at;
	return 0;
}

int canary_prove(struct run *run, const struct step *step, const bool *before, struct down *down,
		 struct apply_result *ret, struct err *err)
{
	bool *missing = arena_calloc(run->arena, step->len, sizeof *missing);
	if (step->proof == PROOF_REGISTERS && await_registration(run, step, missing, err) < 0)
		return -1;
	for (size_t i = 0; i < step->len; i++) {
		const struct action *a = &step->items[i];
		if (!before[a->host] || (roll_in(run->roll, a->host) && !missing[i]))
			continue;
		roll_leave(run->roll, a->host, CODE_CANARY, "slurmctld has not heard of it since");
		if (fail(run, step, a, down, ret, err) < 0)
			return -1;
	}
	return 0;
}

int canary_look(struct run *run, struct apply_result *ret, struct err *err)
{
	if (run_ask_live(run, err) < 0)
		return -1;
	plan_judge_demands(run->plan, run->live, &ret->findings);
	return 0;
}

int canary_release(struct run *run, struct apply_result *ret, struct err *err)
{
	const struct names *quiet = &run->plan->quiet;
	if (!quiet->len || run_ask_live(run, err) < 0)
		return quiet->len ? -1 : 0;
	struct names ours = {0};
	for (size_t i = 0; i < quiet->len; i++) {
		const struct slurm_node_state *n = state_of(run->live, quiet->items[i]);
		if (n && n->reason && str_starts(n->reason, PLAN_REASON_QUIET))
			*vec_push_in(run->arena, &ours) = quiet->items[i];
	}
	if (!ours.len)
		return 0;
	const char *list = hostlist_compress(ours.items, ours.len, run->arena);
	const char *const argv[] = {"scontrol", "update", arena_printf(run->arena, "NodeName=%s", list), "State=RESUME",
				    NULL};
	struct round_answer answer;
	int rc = round_run(run, run->live->controller, argv, LOG_BYTES, COMMAND_MS, &answer, err);
	if (rc == 0 && answer.failure)
		finding_add(&ret->findings, FINDING_WARNING, CODE_RESUME, NULL, "%s could not be resumed: %s", list,
			    answer.failure)
		    ->fix = arena_printf(run->arena, "scontrol update NodeName=%s State=RESUME", list);
	return rc;
}
