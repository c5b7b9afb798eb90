#include "run/apply.h"
#include "run/key.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "run/canary.h"

struct runner {
	struct gathered *g;
	const struct apply_options *options;
	struct apply_result *result;
	bool *left;         /* by host index: it failed, nothing more is done there */
	unsigned char *key; /* the cluster's, sodium_malloc; NULL: not needed yet */
	size_t key_len;
	bool activated; /* a daemon was told something, or the configuration put in place */
};

/* One request: which host and action it belongs to, and the events that came. */
struct sent {
	struct runner *runner;
	const struct action *action;
	size_t host; /* where it went */
	size_t failed, results;
};

static const char *place_of(struct gathered *g, struct span at)
{
	return at.line ? arena_printf(g->arena, "%s:%u:%u", g->inv->file, at.line, at.column) : NULL;
}

static const struct resource *resource_of(const struct action *a, const char *id)
{
	for (size_t i = 0; i < a->count; i++)
		if (streq(a->resources[i]->id, id))
			return a->resources[i];
	return NULL;
}

static void fail_host(struct runner *r, size_t host, enum finding_code code, struct span origin, const char *what)
{
	r->left[host] = true;
	struct finding *f =
	    finding_add(&r->result->findings, FINDING_HOST, code, r->g->inv->hosts[host].name, "%s", what);
	f->origin = origin;
	if (r->g->options->report)
		report_host(r->g->options->report, r->g->fleet_of[host], REPORT_FAILED, f->what);
}

static void on_event(void *data, struct fleet_request *request, const json_t *json)
{
	(void)request;
	struct sent *s = data;
	struct runner *r = s->runner;
	struct gathered *g = r->g;
	struct event event;
	size_t host = s->host;
	const char *id = json_string_value(json_object_get(json, "id"));
	const struct resource *resource = id ? resource_of(s->action, id) : NULL;
	if (!resource)
		return;
	if (event_decode(json, g->arena, &event, NULL) < 0) {
		/* Progress of something that takes long: {"id", "progress"}. */
		const char *progress = json_string_value(json_object_get(json, "progress"));
		if (progress && g->options->report)
			report_host(g->options->report, g->fleet_of[host], REPORT_WORKING, progress);
		return;
	}
	if (++s->results > s->action->count)
		return;
	if (event.result == EVENT_CHANGED) {
		r->result->changed++;
		size_t module = module_index(resource->module);
		if (module < MODULES_MAX)
			r->result->touched[module] = true;
	}
	if (g->options->report)
		report_event(g->options->report, g->fleet_of[host], &event, place_of(g, resource->origin));
	if (event.result != EVENT_FAILED)
		return;
	s->failed++;
	fail_host(r, host, CODE_APPLY, resource->origin, arena_printf(g->arena, "%s: %s", event.id, event.what));
}

static json_t *apply_message(const struct runner *r, const struct action *a)
{
	json_t *list = json_array();
	for (size_t i = 0; i < a->count; i++)
		json_array_append_new(list, resource_encode(a->resources[i]));
	return json_pack("{s:s, s:I, s:o, s:b}", "verb", "apply", "epoch", (json_int_t)r->g->cluster->epoch,
			 "resources", list, "keep_going", 0);
}

static bool needs_key(const struct action *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->resources[i]->type == RESOURCE_FILE && a->resources[i]->file.secret)
			return true;
	return false;
}

static void attach(struct runner *r, struct fleet_request *request, const struct action *a, struct fleet_secret *secret)
{
	struct fleet_blob *blobs = arena_calloc(r->g->arena, a->count, sizeof *blobs);
	size_t n = 0;
	for (size_t i = 0; i < a->count; i++) {
		const struct resource *x = a->resources[i];
		if (x->type == RESOURCE_FILE && !x->file.secret)
			blobs[n++] = (struct fleet_blob){x->file.digest, x->file.content, x->file.size};
	}
	request->blobs = blobs;
	request->blob_count = n;
	if (needs_key(a)) {
		request->secrets = secret;
		request->secret_count = 1;
	}
}

static void judge_action(struct runner *r, struct fleet_request *request, struct sent *s)
{
	struct gathered *g = r->g;
	size_t host = s->host;
	struct span nowhere = {0};
	if (!request->answer) {
		if (!s->failed)
			fail_host(r, host, CODE_LOST, g->inv->hosts[host].at, request->error.text);
		return;
	}
	if (s->action->kind == ACTION_APPLY) {
		const json_t *failed = json_object_get(request->answer, "failed");
		/* Events and the closing count must agree: a failure that was not told is one all the same. */
		if (!s->failed && (!json_is_integer(failed) || json_integer_value(failed) != 0))
			fail_host(r, host, CODE_APPLY, nowhere, "the agent says that something failed, and not what");
		return;
	}
	const char *why = gather_run_failure(request, g->arena);
	if (!why)
		return;
	fail_host(r, host, CODE_COMMAND, nowhere,
		  arena_printf(g->arena, "`%s %s%s%s` failed: %s", s->action->argv[0],
			       s->action->argv[1] ? s->action->argv[1] : "",
			       s->action->argv[1] && s->action->argv[2] ? " " : "",
			       s->action->argv[1] && s->action->argv[2] ? s->action->argv[2] : "", why));
}

static bool can_be_told(const struct runner *r, size_t host)
{
	return !r->left[host] && gather_present(r->g, host);
}

/* Where an action goes; SIZE_MAX: nowhere any more. */
static size_t host_for(const struct runner *r, const struct action *a)
{
	const struct inventory *inv = r->g->inv;
	if (can_be_told(r, a->host))
		return a->host;
	for (size_t i = 0; a->to_slurmctld && i < inv->controller_count; i++)
		if (can_be_told(r, inv->controllers[i]))
			return inv->controllers[i];
	return SIZE_MAX;
}

static int run_step(struct runner *r, const struct step *step, struct err *err)
{
	struct gathered *g = r->g;
	struct fleet_request *requests = arena_calloc(g->arena, step->len, sizeof *requests);
	struct sent *sent = arena_calloc(g->arena, step->len, sizeof *sent);
	json_t **messages = arena_calloc(g->arena, step->len, sizeof *messages);
	struct fleet_secret secret = {.name = "munge.key"};
	size_t n = 0;
	unsigned timeout = 0;
	for (size_t i = 0; i < step->len; i++)
		if (can_be_told(r, step->items[i].host) && needs_key(&step->items[i]) &&
		    key_fetch(g, &r->key, &r->key_len, &r->result->findings, err) < 0)
			return -1;
	secret.bytes = r->key;
	secret.len = r->key_len;
	for (size_t i = 0; i < step->len; i++) {
		const struct action *a = &step->items[i];
		size_t host = host_for(r, a);
		if (host == SIZE_MAX)
			continue;
		messages[n] =
		    a->kind == ACTION_APPLY ? apply_message(r, a) : gather_run(a->argv, NULL, 65536, a->timeout_ms);
		sent[n] = (struct sent){.runner = r, .action = a, .host = host};
		requests[n] = gather_request(g, host, messages[n]);
		requests[n].on_event = on_event;
		requests[n].data = &sent[n];
		if (a->kind == ACTION_APPLY)
			attach(r, &requests[n], a, &secret);
		if (a->timeout_ms > timeout)
			timeout = a->timeout_ms;
		if (g->options->report)
			report_host(g->options->report, g->fleet_of[host], REPORT_WORKING, step->title);
		n++;
	}
	if (step->essential && step->len && !n)
		finding_add(&r->result->findings, FINDING_HOST, CODE_LEFT, g->inv->hosts[step->items[0].host].name,
			    "it was left behind, and '%s' was not done", step->title);
	int rc = n ? fleet_round(g->fleet, requests, n, timeout + 10000, err) : 0;
	for (size_t i = 0; i < n; i++) {
		judge_action(r, &requests[i], &sent[i]);
		fleet_request_clear(&requests[i]);
		json_decref(messages[i]);
	}
	return rc;
}

/* Rule: no working controller, or no quorum of them, ends the run; one dead backup is a finding. */
static bool controllers_left(const struct runner *r)
{
	const struct inventory *inv = r->g->inv;
	size_t n = 0;
	for (size_t i = 0; i < inv->controller_count; i++)
		n += gather_present(r->g, inv->controllers[i]) && !r->left[inv->controllers[i]];
	return n * 2 > inv->controller_count;
}

static void stop(struct runner *r, const char *where, const char *step)
{
	struct finding *f = finding_add(&r->result->findings, FINDING_STOP, CODE_STOPPED, NULL,
					"the run was stopped %s the step '%s', for all hosts", where, step);
	f->fix = "fix what is said above and apply again: it goes on from there";
	r->result->stopped = true;
}

/*
 * Once, before the first daemon is told anything: the controllers must share their state, and then it is written down
 * what that state lies on, and the key, before anything depends on them.
 */
static int before_activation(struct runner *r, struct err *err)
{
	struct gathered *g = r->g;
	if (apply_share(g, r->left, r->result, err) < 0)
		return -1;
	const struct record *record = g->cluster->record;
	const struct slurm_activation *a = g->plan->activation;
	bool judged = a && (a->nodes_removed.len || a->nodes_idle.len || a->partitions_removed.len ||
			    g->plan->need == SLURM_NEED_STOP_ALL);
	bool recorded = !judged && record && str_same(record->key, g->cluster->key_fingerprint) &&
			str_same(record->state_source, g->cluster->state_source);
	if (recorded || findings_count(&r->result->findings, FINDING_STOP))
		return 0;
	return apply_record(g, r->options, false, r->result, err);
}

/* The plan anew, where slurmd counts otherwise than was reckoned before it was there. */
static int plan_anew(struct runner *r, struct err *err)
{
	struct gathered *g = r->g;
	if (g->options->report)
		report_note(g->options->report, "slurmd counts otherwise than was reckoned: the plan is made anew");
	if (gather_again(g, &g->options->cluster, err) < 0)
		return -1;
	for (size_t i = 0; i < g->plan->findings.len; i++)
		if (g->plan->findings.items[i].weight == FINDING_STOP)
			*vec_push_in(g->arena, &r->result->findings) = g->plan->findings.items[i];
	return 0;
}

static int run_steps(struct runner *r, struct err *err)
{
	struct gathered *g = r->g;
	bool active = false, measured = false, differs = false;
	for (size_t i = 0; i < g->plan->step_count; i++) {
		const struct step *step = &g->plan->steps[i];
		if (!measured && step->stage == STAGE_ACTIVATE) {
			measured = true;
			if (apply_recount(g, &differs, err) < 0 || (differs && plan_anew(r, err) < 0))
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
		if (g->options->report)
			report_phase(g->options->report, step->title);
		if (!active && step->stage == STAGE_ACTIVATE) {
			active = true;
			if (before_activation(r, err) < 0)
				return -1;
			if (findings_count(&r->result->findings, FINDING_STOP)) {
				stop(r, "before", step->title);
				return 0;
			}
		}
		size_t failures = findings_count(&r->result->findings, FINDING_HOST), first = r->result->findings.len;
		r->activated |= step->stage >= STAGE_ACTIVATE && !step->test;
		if ((step->test ? apply_test(g, r->result, err) : run_step(r, step, err)) < 0)
			return -1;
		if (step->look && canary_look(g, r->result, err) < 0)
			return -1;
		if (step->proof != PROOF_NONE && canary_prove(g, step, r->left, first, r->result, err) < 0)
			return -1;
		bool failed = findings_count(&r->result->findings, FINDING_HOST) > failures;
		if ((failed && step->essential) || !controllers_left(r)) {
			stop(r, "after", step->title);
			return 0;
		}
	}
	return 0;
}

int apply(struct gathered *g, const struct apply_options *options, struct apply_result *ret, struct err *err)
{
	*ret = (struct apply_result){.findings = {.arena = g->arena}};
	struct runner r = {
	    .g = g,
	    .options = options,
	    .result = ret,
	    .left = arena_calloc(g->arena, g->inv->host_count, sizeof *r.left),
	};
	for (size_t i = 0; i < g->plan->findings.len; i++)
		*vec_push_in(g->arena, &ret->findings) = g->plan->findings.items[i];
	if (!g->cluster->quorum || !controllers_left(&r))
		finding_add(&ret->findings, FINDING_STOP, CODE_NO_QUORUM, NULL,
			    "no majority of the controllers was reached")
		    ->fix = "see why above; a change needs most of them, so that they agree on what was done";
	if (findings_count(&ret->findings, FINDING_STOP)) {
		ret->stopped = true;
		return 0;
	}
	int rc = run_steps(&r, err);
	if (rc == 0 && ret->stopped && r.activated)
		rc = canary_release(g, ret, err);
	sodium_free(r.key);
	if (rc == 0 && !ret->stopped)
		rc = apply_verify(g, options->verify_jobs, ret, err);
	bool done = rc == 0 && !ret->stopped && ret->verified;
	bool differs =
	    ret->changed || g->plan->drains.len || ret->resumed || !g->cluster->record || g->cluster->record_differs;
	/* What was decided and did not come about is not recorded as if it had. */
	if (ret->stopped && !r.activated)
		differs = false;
	struct err ignored;
	if (differs && apply_record(g, options, done, ret, rc == 0 ? err : &ignored) < 0 && rc == 0)
		rc = -1;
	for (size_t i = 0; i < g->asked; i++) {
		size_t host = g->host_of[i];
		bool there = !r.left[host] && gather_present(g, host);
		ret->left_behind += !there && !cluster_is_out(&g->cluster->hosts[host]);
	}
	return rc;
}
