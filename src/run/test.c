/*
 * A configuration is tested before a daemon reads it: on the first controller that is there, in a scratch slurmctld
 * over a copy of the state (modules/core/scratch.h). What it finds is a finding; one that blocks ends the run before
 * anything is in force.
 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "modules/core/core.h"
#include "modules/core/scratch.h"
#include "run/apply.h"
#include "run/round.h"

enum { TEST_MS = 75000, LATE_MS = 8000 };

static const char *text_of(const struct run *run, const struct scratch_finding *f)
{
	if (f->before || f->after)
		return arena_printf(run->arena, "%s: %s before, %s after: %s", f->subject,
				    f->before ? f->before : "not there", f->after ? f->after : "gone", f->text);
	return *f->subject ? arena_printf(run->arena, "%s: %s", f->subject, f->text) : f->text;
}

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* The name of a node, not as a part of another's. */
static bool mentions(const char *text, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = text; (p = strstr(p, name)); p += len)
		if ((p == text || !is_name_byte(p[-1])) && !is_name_byte(p[len]))
			return true;
	return false;
}

/* That a node or a partition is gone which the plan removes is what was wanted. */
static bool is_wanted(const struct run *run, const struct scratch_finding *f, const char *text)
{
	const struct slurm_activation *a = run->plan->activation;
	for (size_t i = 0; a && f->kind == SCRATCH_PARTITION_GONE && i < a->partitions_removed.len; i++)
		if (mentions(f->subject, a->partitions_removed.items[i]))
			return true;
	for (size_t i = 0; a && i < a->nodes_removed.len; i++)
		if (mentions(text, a->nodes_removed.items[i]))
			return true;
	return false;
}

static int judge(struct run *run, const json_t *answer, struct scratch_verdict *ret, struct err *err)
{
	const char *out = json_string_value(json_object_get(answer, "out"));
	struct scratch_live live = {0};
	if (run->live && run->live->up)
		live =
		    (struct scratch_live){.jobs = run->live->jobs_text, .reservations = run->live->reservations_text};
	return scratch_judge(out ? out : "", out ? strlen(out) : 0, &live, run->arena, ret, err);
}

/* slurmctld writes its state some seconds late. Where that is compared with what runs, a job that was just started differs. */
static bool may_be_late(const struct scratch_verdict *verdict)
{
	bool late = false;
	for (size_t i = 0; i < verdict->findings.len; i++) {
		const struct scratch_finding *f = &verdict->findings.items[i];
		bool job = f->kind == SCRATCH_JOB_CHANGED || f->kind == SCRATCH_JOB_GONE;
		if (f->blocks && !job)
			return false;
		late |= f->blocks;
	}
	return verdict->with_live && late;
}

static void tell(struct run *run, const char *controller, const struct scratch_verdict *verdict,
		 struct apply_result *ret)
{
	for (size_t i = 0; i < verdict->findings.len; i++) {
		const struct scratch_finding *f = &verdict->findings.items[i];
		if (!f->blocks && is_wanted(run, f, text_of(run, f)))
			continue;
		struct finding *x = finding_add(&ret->findings, f->blocks ? FINDING_STOP : FINDING_NOTE, CODE_TEST,
						NULL, "the new configuration: %s", text_of(run, f));
		if (f->blocks)
			x->fix = "correct cluster.yaml: no daemon has read this configuration";
	}
	if (!verdict->ok && !findings_count(&ret->findings, FINDING_STOP))
		finding_add(&ret->findings, FINDING_STOP, CODE_TEST, NULL,
			    "a slurmctld did not start with the new configuration");
	if (verdict->ok && verdict->old_failed)
		finding_add(
		    &ret->findings, FINDING_NOTE, CODE_TEST, controller,
		    "the configuration in force could not be rehearsed beside the new one (%s): jobs were not compared",
		    verdict->old_failed);
	if (!verdict->ok || !run->options->report)
		return;
	if (verdict->compared)
		report_note(run->options->report,
			    "tested: a scratch slurmctld started with it in %u ms; %llu job%s compared, none touched",
			    verdict->ms, (unsigned long long)verdict->jobs, verdict->jobs == 1 ? "" : "s");
	else
		report_note(run->options->report, "tested: a scratch slurmctld started with it in %u ms", verdict->ms);
}

/* `*ret_late`: what it found may be no fault of the configuration's, and is not told. NULL: it is told whatever it is. */
static int run_once(struct run *run, size_t host, json_t *message, struct apply_result *ret, bool *ret_late,
		    struct err *err)
{
	const char *name = run->inv->hosts[host].name;
	struct scratch_verdict verdict;
	struct err why = {0};
	_cleanup_round_ struct round round = {.run = run};
	const struct fleet_request *request = round_add(&round, host, json_incref(message));
	if (round_send(&round, TEST_MS, err) < 0)
		return -1;
	/* What is not there any more is asked after the copy was made: a job may have come since this run began. */
	if (request->answer && run->live && run_ask_live(run, err) < 0)
		return -1;
	if (!request->answer)
		finding_add(&ret->findings, FINDING_STOP, CODE_TEST, name, "the configuration could not be tested: %s",
			    request->error.text);
	else if (judge(run, request->answer, &verdict, &why) < 0)
		finding_add(&ret->findings, FINDING_STOP, CODE_TEST, name, "the configuration could not be tested: %s",
			    why.text)
		    ->fix = "no daemon has read it; where the host is busy, apply again when it is less so";
	else if (ret_late && may_be_late(&verdict))
		*ret_late = true;
	else
		tell(run, name, &verdict, ret);
	return 0;
}

int apply_test(struct run *run, struct apply_result *ret, struct err *err)
{
	size_t host = roll_controller(run->roll);
	if (host == SIZE_MAX)
		return err_set(err, ERR_UNREACHABLE, "no controller is left to test the configuration on");
	const struct facts *facts = run->facts[host];
	struct scratch_test test = {
	    .host = run->inv->hosts[host].hostname,
	    .state = run->inv->state.text,
	    .user = "slurm",
	    .new_conf = core_slurm_conf(run->cluster),
	    .old_conf = facts->in_force_slurm ? facts->in_force_slurm : facts_slurm(facts),
	    .new_cgroup = core_cgroup_conf(run->cluster),
	    .new_gres = core_gres_conf(run->cluster),
	    .new_topology = core_topology_conf(run->cluster),
	};
	struct err why = {0};
	json_t *message = scratch_request(&test, &why);
	if (!message) {
		finding_add(&ret->findings, FINDING_STOP, CODE_TEST, NULL, "the configuration cannot be tested: %s",
			    why.text);
		return 0;
	}
	bool late = false;
	int rc = run_once(run, host, message, ret, &late, err);
	if (rc == 0 && late && (rc = fleet_pump(run->fleet, LATE_MS, err)) == 0)
		rc = run_once(run, host, message, ret, NULL, err);
	json_decref(message);
	return rc;
}
