/*
 * Success means verified. Where nothing changed, what the probe round brought is judged: each host decodes a credential
 * of the primary, and slurmctld hears each slurmd.
 * Where something did, all is asked anew, and a job runs on the nodes that are idle.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/core/core.h"
#include "modules/module.h"
#include "run/apply.h"

enum { PAUSE_MS = 250, JOIN_MS = 15000 };

struct verifier {
	struct gathered *g;
	struct apply_result *result;
	struct checks checks;
	size_t bad;
	bool all; /* modules are verified whether they were touched or not */
};

static const char *judge(const struct check *check, const struct fleet_request *request, struct arena *arena)
{
	if (!request->answer)
		return arena_strdup(arena, request->error.text);
	const json_t *status = json_object_get(request->answer, "status");
	const char *out = json_string_value(json_object_get(request->answer, "out"));
	const char *errors = json_string_value(json_object_get(request->answer, "err"));
	return check->judge(check, json_is_integer(status) ? (int)json_integer_value(status) : -1, out ? out : "",
			    errors ? errors : "", arena);
}

static void failed(struct verifier *v, const struct check *check, const char *why)
{
	struct finding *f =
	    finding_add(&v->result->findings, FINDING_WARNING, CODE_CHECK, NULL, "not so: %s: %s", check->title, why);
	f->fix = "`reeve status` shows the nodes; slurmctld's and slurmd's logs are in /var/log/slurm";
	f->origin = check->origin;
	v->bad++;
}

/* Each check is tried again until it holds or its time is over. */
static int run_checks(struct verifier *v, struct err *err)
{
	struct gathered *g = v->g;
	for (size_t i = 0; i < v->checks.len; i++) {
		const struct check *check = &v->checks.items[i];
		uint64_t until = clock_ms() + check->wait_ms;
		if (g->options->report)
			report_phase(g->options->report, arena_printf(g->arena, "verify: %s", check->title));
		for (;;) {
			json_t *message = gather_run(check->argv, check->input, 8 << 20, check->timeout_ms);
			struct fleet_request request = roll_request(g->roll, check->host, message);
			int rc = fleet_round(g->fleet, &request, 1, check->timeout_ms + 10000, err);
			const char *why = rc == 0 ? judge(check, &request, g->arena) : NULL;
			bool lost = !request.answer;
			fleet_request_clear(&request);
			json_decref(message);
			if (rc < 0)
				return -1;
			if (!why)
				break;
			if (lost || clock_ms() >= until) {
				failed(v, check, why);
				break;
			}
			if (fleet_pump(g->fleet, PAUSE_MS, err) < 0)
				return -1;
		}
	}
	v->checks.len = 0;
	return 0;
}

static void add_checks(struct verifier *v, const struct verify_context *context)
{
	for (size_t i = 0; modules[i]; i++) {
		const struct module *m = modules[i];
		/* Without jobs nothing is asked but what is known already. */
		bool due = !context->idle || v->all || v->result->touched[i] || v->result->resumed;
		if (m->verify && due && inventory_has_module(v->g->inv, m->name) &&
		    plan_wants(&v->g->options->plan, m->name))
			m->verify(context, &v->checks);
	}
}

/* The others had nothing of it to decode, and are not to blame. */
static void look_at_primary(struct verifier *v)
{
	size_t primary = roll_controller(v->g->roll);
	if (primary == SIZE_MAX || v->g->credentials[primary])
		return;
	finding_add(&v->g->munge, FINDING_HOST, CODE_MUNGE, v->g->inv->hosts[primary].name,
		    "munged does not give credentials")
	    ->fix = "systemctl status munge on that host";
}

static void take_munge(struct verifier *v)
{
	roll_take(v->g->roll, &v->g->munge);
	v->bad += !roll_majority(v->g->roll);
}

/* Registration, judged on what the probe round brought. */
static void judge_live(struct verifier *v, const struct verify_context *context)
{
	add_checks(v, context);
	for (size_t i = 0; i < v->checks.len; i++) {
		const struct check *check = &v->checks.items[i];
		const struct live *live = v->g->live;
		const char *why = live && live->up ? check->judge(check, 0, live->nodes_text, "", v->g->arena)
				  : live           ? live->why
						   : "no slurmctld runs";
		if (why)
			failed(v, check, why);
	}
	v->checks.len = 0;
}

static size_t first_controller(const struct gathered *g)
{
	if (g->live && g->live->up && roll_in(g->roll, g->live->controller))
		return g->live->controller;
	size_t first = roll_controller(g->roll);
	return first == SIZE_MAX ? g->inv->controllers[0] : first;
}

/* Something changed, or nodes were resumed, which served nobody until now. */
static bool wants_jobs(const struct verifier *v)
{
	return v->all || v->result->changed || v->result->resumed;
}

static bool *find_idle(struct verifier *v, const bool *present)
{
	struct gathered *g = v->g;
	bool *idle = arena_calloc(g->arena, g->inv->host_count, sizeof *idle);
	size_t busy = 0;
	for (size_t i = 0; g->live && g->live->up && i < g->live->node_count; i++) {
		const struct slurm_node_state *n = &g->live->nodes[i];
		const struct inv_host *h = inventory_host(g->inv, n->name);
		if (!h || !present[h->index] || !g->cluster->hosts[h->index].serves)
			continue;
		idle[h->index] = slurm_node_is_idle(n) && slurm_node_is_usable(n);
		busy += !idle[h->index];
	}
	if (busy && wants_jobs(v))
		finding_add(&v->result->findings, FINDING_NOTE, CODE_BUSY, NULL,
			    "not proven by a job on %zu node%s that %s busy or not available", busy,
			    busy == 1 ? "" : "s", busy == 1 ? "was" : "were");
	return idle;
}

/* Nodes that joined drained, and are as they should be. */
static size_t find_verified(struct verifier *v, const char **names)
{
	struct gathered *g = v->g;
	size_t n = 0;
	for (size_t i = 0; g->live && g->live->up && i < g->live->node_count; i++) {
		const struct slurm_node_state *node = &g->live->nodes[i];
		const struct inv_host *h = inventory_host(g->inv, node->name);
		if (h && plan_node_waits(node, &g->cluster->hosts[h->index]) && roll_in(g->roll, h->index) &&
		    !core_node_fault(node, &g->cluster->hosts[h->index], g->arena))
			names[n++] = h->name;
	}
	return n;
}

/* Of these nodes, one that a job cannot run on yet. */
static bool still_wait(const struct gathered *g, const char *const *names)
{
	for (size_t i = 0; g->live && g->live->up && i < g->live->node_count; i++) {
		const struct slurm_node_state *node = &g->live->nodes[i];
		for (size_t k = 0; names[k]; k++)
			if (streq(node->name, names[k]) && !slurm_node_is_usable(node))
				return true;
	}
	return false;
}

/* Rule: new nodes come up drained, are verified, then resumed. Each for itself: one that is not right keeps no other
 * out. */
static int let_in(struct verifier *v, const char **names, struct err *err)
{
	struct gathered *g = v->g;
	size_t n = find_verified(v, names);
	if (!n)
		return 0;
	const char *list = hostlist_compress(names, n, g->arena);
	const char *const argv[] = {"scontrol", "update", arena_printf(g->arena, "NodeName=%s", list), "State=RESUME",
				    NULL};
	json_t *message = gather_run(argv, NULL, 65536, 30000);
	struct fleet_request request = roll_request(g->roll, g->live->controller, message);
	if (g->options->report)
		report_phase(g->options->report, "verify: resume the nodes that joined");
	int rc = fleet_round(g->fleet, &request, 1, 40000, err);
	const char *why = rc == 0 ? gather_run_failure(&request, g->arena) : NULL;
	if (why) {
		finding_add(&v->result->findings, FINDING_WARNING, CODE_RESUME, NULL, "%s could not be resumed: %s",
			    list, why)
		    ->fix = "apply again, or: scontrol update NodeName=... State=RESUME";
		v->bad++;
	} else if (rc == 0) {
		v->result->resumed = n;
		if (g->options->report)
			report_note(g->options->report, "%s: verified, resumed", list);
	}
	fleet_request_clear(&request);
	json_decref(message);
	return rc;
}

/* What slurmctld says now, until the nodes that were resumed are what a job can run on. */
static int look_again(struct verifier *v, struct err *err)
{
	struct gathered *g = v->g;
	const char **names = arena_calloc(g->arena, g->inv->host_count + 1, sizeof *names);
	uint64_t until = clock_ms() + JOIN_MS;
	if (gather_live(g, err) < 0 || let_in(v, names, err) < 0)
		return -1;
	/* At least once: what was asked before is the state before. */
	for (bool wait = v->result->resumed; wait; wait = still_wait(g, names) && clock_ms() < until)
		if (fleet_pump(g->fleet, PAUSE_MS, err) < 0 || gather_live(g, err) < 0)
			return -1;
	return 0;
}

static void look_who_is_in(const struct verifier *v, bool *present)
{
	for (size_t i = 0; i < v->g->inv->host_count; i++)
		present[i] = roll_in(v->g->roll, i);
}

int apply_verify(struct gathered *g, bool all, struct apply_result *ret, struct err *err)
{
	struct verifier v = {.g = g, .result = ret, .checks = {.arena = g->arena}, .all = all};
	bool *present = arena_calloc(g->arena, g->inv->host_count, sizeof *present);
	look_who_is_in(&v, present);
	struct verify_context context = {.cluster = g->cluster, .controller = first_controller(g), .present = present};
	bool core = plan_wants(&g->options->plan, "core");
	if (!ret->changed && !all && !(core && (g->plan->drains.len || g->plan->waiting))) {
		if (core)
			look_at_primary(&v);
		take_munge(&v);
		look_who_is_in(&v, present);
		judge_live(&v, &context);
		ret->verified = !v.bad;
		return 0;
	}
	if (core) {
		if (g->options->report)
			report_phase(g->options->report, "verify: MUNGE credentials");
		if (gather_munge(g, err) < 0)
			return -1;
		take_munge(&v);
		look_who_is_in(&v, present);
	}
	add_checks(&v, &context);
	if (run_checks(&v, err) < 0)
		return -1;
	if (core && look_again(&v, err) < 0)
		return -1;
	if (!v.bad) {
		if (!core && gather_live(g, err) < 0)
			return -1;
		context.idle = find_idle(&v, present);
		context.controller = first_controller(g);
		add_checks(&v, &context);
		if (run_checks(&v, err) < 0)
			return -1;
	}
	ret->verified = !v.bad;
	return 0;
}
