#include "run/apply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "run/alone.h"
#include "run/canary.h"
#include "run/delivery.h"
#include "run/down.h"
#include "run/lock.h"
#include "run/round.h"
#include "run/secret.h"

struct runner {
	struct run *run;
	const struct apply_options *options;
	struct apply_result *result;
	bool activated;   /* a daemon was told something, or the configuration put in place */
	struct down down; /* daemons that are stopped for now */
	const char *step; /* that is at work, or was last; NULL: none was begun */
};

/* One request: which host and action it belongs to, and the events that came. */
struct sent {
	struct runner *runner;
	const struct action *action;
	size_t host; /* where it went */
	size_t failed, results;
};

static const char *place_of(struct run *run, struct span at)
{
	return at.line ? arena_printf(run->arena, "%s:%u:%u", run->inv->file, at.line, at.column) : NULL;
}

static const struct resource *resource_of(const struct action *a, const char *id)
{
	for (size_t i = 0; i < a->count; i++)
		if (streq(a->resources[i]->id, id))
			return a->resources[i];
	return NULL;
}

static void on_event(void *data, struct fleet_request *request, const json_t *json)
{
	(void)request;
	struct sent *s = data;
	struct runner *r = s->runner;
	struct run *run = r->run;
	struct event event;
	size_t host = s->host;
	const char *id = json_string_value(json_object_get(json, "id"));
	const struct resource *resource = id ? resource_of(s->action, id) : NULL;
	if (!resource)
		return;
	if (event_decode(json, run->arena, &event, NULL) < 0) {
		/* Progress of something that takes long: {"id", "progress"}. */
		const char *progress = json_string_value(json_object_get(json, "progress"));
		if (progress)
			roll_show(run->roll, host, REPORT_WORKING, progress);
		return;
	}
	if (++s->results > s->action->count)
		return;
	if (event.result == EVENT_CHANGED) {
		r->result->changed++;
		r->result->beyond_files |= resource->type != RESOURCE_FILE || resource_secret(resource) != NULL;
		size_t module = module_index(resource->module);
		if (module < MODULES_MAX)
			r->result->touched[module] = true;
	}
	event.alone = resource->alone;
	s->failed += event.result == EVENT_FAILED;
	if (resource->alone)
		alone_take(run, host, resource, &event, &r->result->findings);
	else if (event.result == EVENT_FAILED)
		roll_leave(run->roll, host, CODE_APPLY, "%s: %s", event.id, event.what)->origin = resource->origin;
	roll_show_event(run->roll, host, &event, place_of(run, resource->origin));
}

static void on_answer(void *data, struct fleet_request *request)
{
	const struct sent *s = data;
	(void)request;
	roll_show_ready(s->runner->run->roll, s->host);
}

/* What it begins with, for who watches. */
static const char *what_of(struct run *run, const struct action *a)
{
	if (a->kind == ACTION_APPLY)
		return a->resources[0]->id;
	return arena_printf(run->arena, "%s %s", a->argv[0], a->argv[1] ? a->argv[1] : "");
}

static json_t *apply_message(const struct runner *r, const struct action *a)
{
	json_t *list = json_array();
	for (size_t i = 0; i < a->count; i++)
		json_array_append_new(list, resource_encode(a->resources[i]));
	return run_apply_message(r->run, list);
}

/* The secrets that an action needs, for what is sent beside its resources. */
static int collect_secrets(struct runner *r, const struct action *a, struct fleet_request *request, struct err *err)
{
	struct fleet_secret *secrets = NULL;
	if (secret_collect(r->run, a->resources, a->count, &secrets, &request->secret_count, &r->result->findings,
			   err) < 0)
		return -1;
	request->secrets = secrets;
	return 0;
}

/* Before the step, since a host may have to be asked for one. */
static int fetch_secrets(struct runner *r, const struct step *step, struct err *err)
{
	struct fleet_request ignored;
	for (size_t i = 0; i < step->len; i++)
		if (roll_in(r->run->roll, step->items[i].host) &&
		    collect_secrets(r, &step->items[i], &ignored, err) < 0)
			return -1;
	return 0;
}

static void attach(struct runner *r, struct fleet_request *request, const struct action *a)
{
	struct err ignored;
	struct fleet_blob *blobs = arena_calloc(r->run->arena, a->count, sizeof *blobs);
	size_t n = 0;
	for (size_t i = 0; i < a->count; i++) {
		struct content content;
		if (resource_content(a->resources[i], &content))
			blobs[n++] = (struct fleet_blob){content.digest, content.bytes, content.size};
	}
	request->blobs = blobs;
	request->blob_count = n;
	collect_secrets(r, a, request, &ignored);
}

/* A command as its first three words; a script as the step that it is. */
static const char *name_of(const struct runner *r, const struct action *a)
{
	if (streq(a->argv[0], "sh"))
		return arena_printf(r->run->arena, "'%s'", r->step);
	const char *text = a->argv[0];
	for (size_t i = 1; i < 3 && a->argv[i]; i++)
		text = arena_printf(r->run->arena, "%s %s", text, a->argv[i]);
	return arena_printf(r->run->arena, "`%s`", text);
}

/* What was done on its host; what failed is the roll's. */
static void judge_action(struct runner *r, struct fleet_request *request, struct sent *s)
{
	struct run *run = r->run;
	size_t host = s->host;
	if (!request->answer) {
		roll_fail(run->roll, host, CODE_LOST, &request->error);
		return;
	}
	if (s->action->kind == ACTION_APPLY) {
		const json_t *failed = json_object_get(request->answer, "failed");
		/* Events and the closing count must agree: a failure that was not told is one all the same. */
		if (!s->failed && (!json_is_integer(failed) || json_integer_value(failed) != 0))
			roll_leave(run->roll, host, CODE_APPLY, "agent reported a failure without naming the resource");
		else if (!s->failed && host == s->action->host)
			down_done(&r->down, s->action);
		return;
	}
	const char *why = round_failure(request, run->arena);
	if (!why)
		return;
	roll_leave(run->roll, host, CODE_COMMAND, "%s failed: %s", name_of(r, s->action), why);
}

/* Where an action goes; SIZE_MAX: nowhere any more. */
static size_t host_for(const struct runner *r, const struct action *a)
{
	if (roll_in(r->run->roll, a->host))
		return a->host;
	return a->to_slurmctld ? roll_controller(r->run->roll) : SIZE_MAX;
}

/* `*ret_undone`: nobody is left to do it. */
static int run_step(struct runner *r, const struct step *step, bool *ret_undone, struct err *err)
{
	struct run *run = r->run;
	_cleanup_round_ struct round round = {.run = run};
	struct sent *sent = arena_calloc(run->arena, step->len, sizeof *sent);
	if (fetch_secrets(r, step, err) < 0 || delivery_send(run, step, err) < 0)
		return -1;
	alone_look(run);
	lock_mark(&round, step->title);
	size_t n = 0, held = 0, marks = round.len;
	unsigned timeout = 0;
	for (size_t i = 0; i < step->len; i++) {
		size_t host = host_for(r, &step->items[i]);
		if (host == SIZE_MAX)
			continue;
		const struct action *a = alone_hold(run, &step->items[i]);
		held += !a;
		if (!a)
			continue;
		struct fleet_request *request = round_add(
		    &round, host,
		    a->kind == ACTION_APPLY ? apply_message(r, a) : round_command(a->argv, NULL, 65536, a->timeout_ms));
		sent[n] = (struct sent){.runner = r, .action = a, .host = host};
		request->on_event = on_event;
		request->on_answer = on_answer;
		request->data = &sent[n++];
		if (a->kind == ACTION_APPLY)
			attach(r, request, a);
		if (a->timeout_ms > timeout)
			timeout = a->timeout_ms;
		roll_show(run->roll, host, REPORT_WORKING, what_of(run, a));
	}
	*ret_undone = step->len && !n && !held;
	int rc = n ? round_send(&round, timeout + 10000, err) : 0;
	for (size_t i = 0; i < n; i++)
		judge_action(r, &round.items[marks + i], &sent[i]);
	return rc;
}

int apply_step(struct run *run, const struct apply_options *options, const struct step *step, struct apply_result *ret,
	       struct err *err)
{
	struct runner r = {.run = run, .options = options, .result = ret, .step = step->title};
	bool undone;
	if (run->options->report)
		report_phase(run->options->report, step->title);
	return run_step(&r, step, &undone, err);
}

/* What is stopped now is the last word of a run that ends early. */
static struct finding *last_words(struct runner *r, enum finding_code code, const char *text)
{
	const char *down = down_text(&r->down);
	struct finding *f = finding_add(&r->result->findings, FINDING_STOP, code, NULL, "%s%s%s", text,
					down ? ": " : "", down ? down : "");
	f->fix = down ? arena_printf(r->run->arena, "run `%s` now: it starts it, and completes the rest",
				     r->options->command)
		      : arena_printf(r->run->arena, "`%s` goes on from there", r->options->command);
	return f;
}

static void interrupted(struct runner *r, bool steps_done)
{
	const char *text = !r->step     ? "interrupted before anything was changed"
			   : steps_done ? "interrupted after all was applied, and before it was verified"
					: arena_printf(r->run->arena, "interrupted at the step '%s'", r->step);
	struct finding *f = last_words(r, CODE_CUT_OFF, text);
	if (steps_done)
		f->fix = "`reeve apply --verify` verifies it";
	else if (!r->step)
		f->fix = NULL;
}

/* Why no majority of the controllers is left. The loss of the only one is the whole story. */
static const char *loss(struct runner *r, const char *step)
{
	const struct inventory *inv = r->run->inv;
	struct roll *roll = r->run->roll;
	size_t only = inv->controllers[0], left = 0;
	for (size_t i = 0; i < inv->controller_count; i++)
		left += roll_in(roll, inv->controllers[i]);
	if (inv->controller_count > 1)
		return arena_printf(r->run->arena,
				    "the run was aborted at the step '%s': %zu of %zu controllers are left", step, left,
				    inv->controller_count);
	const char *why = roll_why(roll, only);
	const char *text = arena_printf(r->run->arena, "lost %s, the only controller, at the step '%s'%s%s",
					inv->hosts[only].name, step, why ? ": " : "", why ? why : "");
	roll_hush(roll, only);
	return text;
}

static void stop(struct runner *r, const char *where, const char *step)
{
	const struct inventory *inv = r->run->inv;
	bool failed = inv->controller_count == 1 && roll_phase(r->run->roll, inv->controllers[0]) == FLEET_OPEN;
	bool lost = !failed && !roll_majority(r->run->roll);
	struct finding *f = last_words(
	    r, CODE_STOPPED,
	    lost ? loss(r, step)
		 : arena_printf(r->run->arena, "the run was aborted on all hosts %s the step '%s'", where, step));
	if (!r->down.len)
		f->fix = lost ? "jobs run on; when it is back, run `reeve apply`: it goes on from there"
			      : "fix the errors above and run `reeve apply` again: it goes on from there";
	r->result->stopped = true;
}

/*
 * Once, before the first daemon is told anything: the controllers must share their state, and then it is written down
 * what that state lies on, and the key, before anything depends on them.
 */
static int before_activation(struct runner *r, struct err *err)
{
	struct run *run = r->run;
	if (apply_shared_state(run, r->result, err) < 0)
		return -1;
	const struct record *record = run->cluster->record;
	const struct slurm_activation *a = run->plan->activation;
	bool judged = a && (a->nodes_removed.len || a->nodes_idle.len || a->partitions_removed.len ||
			    run->plan->need == SLURM_NEED_STOP_ALL);
	bool recorded = !judged && record && !cluster_secrets_differ(run->cluster) &&
			str_same(record->state_source, run->cluster->state_source);
	if (recorded || findings_count(&r->result->findings, FINDING_STOP))
		return 0;
	return apply_record(run, r->options, false, r->result, err);
}

/* The plan anew, where slurmd counts otherwise than was reckoned before it was there. */
static int plan_anew(struct runner *r, struct err *err)
{
	struct run *run = r->run;
	if (run->options->report)
		report_note(run->options->report, "slurmd reports other hardware than estimated: replanning");
	if (run_replan(run, &run->options->cluster, err) < 0)
		return -1;
	for (size_t i = 0; i < run->plan->findings.len; i++)
		if (run->plan->findings.items[i].weight == FINDING_STOP)
			*vec_push_in(run->arena, &r->result->findings) = run->plan->findings.items[i];
	return 0;
}

static bool *who_is_in(const struct run *run)
{
	bool *in = arena_calloc(run->arena, run->inv->host_count, sizeof *in);
	for (size_t i = 0; i < run->inv->host_count; i++)
		in[i] = roll_in(run->roll, i);
	return in;
}

static int run_steps(struct runner *r, struct err *err)
{
	struct run *run = r->run;
	bool active = false, measured = false, differs = false;
	for (size_t i = 0; i < run->plan->step_count; i++) {
		const struct step *step = &run->plan->steps[i];
		if (!measured && step->slurm) {
			measured = true;
			if (apply_recount(run, &differs, err) < 0 || (differs && plan_anew(r, err) < 0))
				return -1;
			if (findings_count(&r->result->findings, FINDING_STOP)) {
				stop(r, "before", step->title);
				return 0;
			}
			if (differs) {
				i = SIZE_MAX; /* from the first step of the new plan */
				continue;
			}
		}
		if (run->options->report)
			report_phase(run->options->report, step->title);
		if (!active && step->slurm) {
			active = true;
			if (before_activation(r, err) < 0)
				return -1;
			if (findings_count(&r->result->findings, FINDING_STOP)) {
				stop(r, "before", step->title);
				return 0;
			}
		}
		size_t skipped = roll_skipped(run->roll);
		bool undone = false;
		bool *before = step->proof != PROOF_NONE ? who_is_in(run) : NULL;
		r->activated |= step->stage >= STAGE_ACTIVATE && !step->test;
		if (!down_begin(&r->down, step))
			return err_set(err, ERR_CANCELLED, "interrupted");
		if (!step->test)
			r->step = step->title;
		if ((step->test ? apply_test(run, r->result, err) : run_step(r, step, &undone, err)) < 0)
			return -1;
		if (step->look && canary_look(run, r->result, err) < 0)
			return -1;
		if (before && canary_prove(run, step, before, &r->down, r->result, err) < 0)
			return -1;
		down_end(&r->down);
		roll_look(run->roll);
		bool failed =
		    undone || roll_skipped(run->roll) > skipped || findings_count(&r->result->findings, FINDING_STOP);
		if ((failed && step->essential) || !roll_majority(run->roll)) {
			stop(r, "after", step->title);
			return 0;
		}
	}
	return 0;
}

int apply(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err)
{
	*ret = (struct apply_result){.findings = {.arena = run->arena}};
	struct runner r = {
	    .run = run,
	    .options = options,
	    .result = ret,
	    .down = {.inv = run->inv, .arena = run->arena, .interrupt = run->options->interrupt},
	};
	for (size_t i = 0; i < run->plan->findings.len; i++)
		*vec_push_in(run->arena, &ret->findings) = run->plan->findings.items[i];
	if (findings_count(&ret->findings, FINDING_STOP)) {
		ret->stopped = true;
		return 0;
	}
	int rc = run_steps(&r, err);
	if (rc == 0 && ret->stopped && r.activated)
		rc = canary_release(run, ret, err);
	bool steps_done = rc == 0 && !ret->stopped;
	if (steps_done)
		rc = apply_verify(run, options, ret, err);
	ret->interrupted = rc < 0 && err->code == ERR_CANCELLED;
	if (ret->interrupted)
		interrupted(&r, steps_done);
	struct err ignored;
	if (ret->interrupted && run->options->interrupt)
		interrupt_grace(run->options->interrupt);
	if (ret->interrupted && r.activated)
		canary_release(run, ret, &ignored);
	if (rc == 0)
		ret->unmade = alone_end(run, &ret->findings);
	bool done = rc == 0 && !ret->stopped && ret->verified;
	bool differs = ret->changed || run->plan->drains.len || ret->resumed || !run->cluster->record ||
		       run->cluster->record_differs;
	/* What was decided and did not come about is not recorded as if it had. */
	if ((ret->stopped || rc < 0) && !r.activated)
		differs = false;
	bool ended = rc < 0 || ret->stopped;
	if (differs && apply_record(run, options, done, ret, ended ? &ignored : err) < 0 && !ended)
		rc = -1;
	run->done = steps_done && rc == 0;
	return rc;
}
