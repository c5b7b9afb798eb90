/* reeve why: why a node does not serve, or a job does not start. */
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/show-findings.h"
#include "cli/target.h"
#include "plan/serving.h"
#include "report/json.h"
#include "run/examine.h"
#include "run/round.h"
#include "slurm/why.h"

enum { WHY_MS = 30000, WHY_BYTES = 16 << 20, JOBS_SHOWN = 20 };

/* What is wrong there, whatever it is of. */
static int why_node(struct context *context, struct operation *o, const struct inv_host *h)
{
	struct run *run = &o->run;
	struct err err = {0};
	bool *chosen = arena_calloc(run->arena, o->inv->host_count, sizeof *chosen);
	chosen[h->index] = true;
	struct findings findings = {.arena = run->arena};
	struct findings all = operation_findings(o, &run->cluster->findings, run->arena);
	for (size_t i = 0; i < all.len; i++)
		if (all.items[i].host && streq(all.items[i].host, h->name))
			*vec_push_in(run->arena, &findings) = all.items[i];
	if (examine(run, chosen, &findings, &err) < 0)
		return context_fail(context, &err);
	const struct slurm_node_state *node = NULL;
	for (size_t i = 0; run->live && i < run->live->node_count; i++)
		if (streq(run->live->nodes[i].name, h->name))
			node = &run->live->nodes[i];
	bool serves = node && serving_of(node) != SERVING_NOT;
	report_hide(o->report);
	if (context->json) {
		operation_print_json(json_pack("{s:s, s:s?, s:s?, s:s?, s:b, s:o}", "node", h->name, "state",
					       node ? node->state_text : NULL, "reason", node ? node->reason : NULL,
					       "by", node ? node->reason_by : NULL, "serves", serves, "findings",
					       show_findings_json(o, &findings)));
	} else {
		printf("%s: %s%s%s%s%s%s\n", h->name,
		       node          ? node->state_text
		       : !h->compute ? "not a compute host"
				     : "slurmctld does not know it, or does not answer",
		       node && node->reason ? ": " : "", node && node->reason ? node->reason : "",
		       node && node->reason_by ? " (" : "", node && node->reason_by ? node->reason_by : "",
		       node && node->reason_by ? ")" : "");
		if (!show_findings(context, o, &findings, FINDING_NOTE, stdout, context->color))
			printf("nothing wrong was found there\n");
	}
	return serves || (!h->compute && !findings_count(&findings, FINDING_WARNING)) ? EXIT_DONE : EXIT_FAILED;
}

/* What one of the commands of slurm/why.h printed. */
static int ask(struct operation *o, const char *const *argv, const char *job, struct slurm_why_job **ret,
	       size_t *ret_count, struct err *err)
{
	struct run *run = &o->run;
	struct round_answer answer;
	VEC(const char *) line = {0};
	for (; *argv; argv++)
		*vec_push_in(run->arena, &line) = *argv;
	if (job)
		*vec_push_in(run->arena, &line) = job;
	*vec_push_in(run->arena, &line) = NULL;
	*ret_count = 0;
	if (round_run(run, run->live->controller, line.items, WHY_BYTES, WHY_MS, &answer, err) < 0)
		return -1;
	if (answer.failure && job && strstr(answer.errors, "Invalid job id"))
		return 0;
	if (answer.failure)
		return err_set(err, ERR_FAILED, "%s", answer.failure);
	return slurm_why_parse(answer.out, strlen(answer.out), run->arena, ret, ret_count, err);
}

static json_t *job_json(const struct slurm_why_job *j, const struct slurm_why *w)
{
	json_t *figures = json_array();
	for (const char *const *f = w->figures; *f; f++)
		json_array_append_new(figures, json_string(*f));
	return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:o, s:s?}", "job", j->id, "state", j->state, "user", j->user,
			 "reason", j->reason, "why", w->what, "figures", figures, "fix", w->fix);
}

static void print_job(const struct slurm_why_job *j, const struct slurm_why *w)
{
	printf("job %s of %s, %s%s%s: %s\n", j->id, j->user ? j->user : "nobody", j->state,
	       j->submitted ? ", submitted " : "", j->submitted ? j->submitted : "", w->what);
	for (const char *const *f = w->figures; *f; f++)
		printf("    %s\n", *f);
	if (w->fix)
		printf("    fix: %s\n", w->fix);
}

static int unknown_job(struct context *context, const char *job)
{
	struct err err = {0};
	err_set(&err, ERR_MISSING,
		"slurmctld does not know job %s (any more): it forgets a job MinJobAge after its end; `sacct -j %s` "
		"knows it where accounting is kept",
		job, job);
	return context_fail(context, &err);
}

static int why_job(struct context *context, struct operation *o, const char *job)
{
	struct run *run = &o->run;
	struct slurm_why_job *jobs, *waiting;
	struct slurm_why_scene scene = {0};
	size_t count;
	struct err err = {0};
	if (!run->live || !run->live->up) {
		err_set(&err, ERR_FAILED, "slurmctld does not answer%s%s: `reeve doctor` finds out why",
			run->live && run->live->why ? ": " : "", run->live && run->live->why ? run->live->why : "");
		return context_fail(context, &err);
	}
	if (ask(o, slurm_why_argv, job, &jobs, &count, &err) < 0 ||
	    ask(o, slurm_why_all_argv, NULL, &waiting, &scene.waiting_count, &err) < 0)
		return context_fail(context, &err);
	report_hide(o->report);
	if (!count)
		return unknown_job(context, job);
	scene = (struct slurm_why_scene){
	    .nodes = run->live->nodes,
	    .node_count = run->live->node_count,
	    .partitions = run->live->partitions,
	    .partition_count = run->live->partition_count,
	    .reservations = run->live->reservations,
	    .reservation_count = run->live->reservation_count,
	    .waiting = waiting,
	    .waiting_count = scene.waiting_count,
	};
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		struct slurm_why why = slurm_why_explain(&jobs[i], &scene, run->arena);
		if (context->json)
			json_array_append_new(list, job_json(&jobs[i], &why));
		else if (i < JOBS_SHOWN)
			print_job(&jobs[i], &why);
	}
	if (context->json)
		operation_print_json(json_pack("{s:O}", "jobs", list));
	else if (count > JOBS_SHOWN)
		printf("and %zu more tasks: `reeve why %s_TASK`\n", count - JOBS_SHOWN, job);
	json_decref(list);
	return EXIT_DONE;
}

static int act(struct context *context, struct operation *o)
{
	struct err err = {0};
	const char *what = context->operands[0];
	const struct inv_host *h = inventory_host(o->inv, what);
	if (!h && !target_is_job(what, true))
		return target_unknown(context, o->inv, what);
	o->options.looks = true;
	if (run_begin(&o->run, o->inv, &o->options, &err) < 0)
		return context_fail(context, &err);
	o->run.done = true;
	return h ? why_node(context, o, h) : why_job(context, o, what);
}

static int run(struct context *context)
{
	struct operation o;
	if (context->operand_count != 1)
		return context_misused(context, "say of what: reeve why NODE, or reeve why JOB");
	int status = operation_begin(&o, context, OPERATION_LOOKS);
	if (status < 0)
		status = act(context, &o);
	operation_end(&o);
	return status;
}

const struct command cmd_why = {
    .name = "why",
    .synopsis = "[--json] NODE|JOB",
    .summary = "Say why a node does not serve, or a job does not start",
    .help = "Of a node: what slurmctld says of it, and what is wrong there, with the fix.\n"
	    "\n"
	    "Of a job that waits: Slurm's reason in words, with the figures that belong to it: what\n"
	    "the job asks for, how many nodes fit and what they do now, which jobs are before it,\n"
	    "which limit is reached, and whether it can start at all. Of one that runs or ended:\n"
	    "where, since when, and how. An array has a paragraph for each task that is under way,\n"
	    "and one for those that wait.\n"
	    "\n"
	    "The exit status of a node is 0 when it serves, else 1; of a job 0 when slurmctld knows it.",
    .operands_max = 1,
    .run = run,
};
