/*
 * Success means verified. Where nothing changed, what the probe round brought is judged: credentials, registrations.
 * Where something did, all is asked anew, and a job runs on the nodes that are idle.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "modules/module.h"
#include "run/apply.h"

enum { PAUSE_MS = 250 };

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
	    finding_add(&v->result->findings, FINDING_WARNING, "check", NULL, "not so: %s: %s", check->title, why);
	f->mend = "`reeve status` shows the nodes; slurmctld's and slurmd's logs are in /var/log/slurm";
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
			struct fleet_request request = gather_request(g, check->host, message);
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
		bool due = !context->idle || v->all || v->result->touched[i];
		if (m->verify && due && inventory_has_module(v->g->inv, m->name) &&
		    plan_wants(&v->g->options->plan, m->name))
			m->verify(context, &v->checks);
	}
}

static void take_munge(struct verifier *v)
{
	for (size_t i = 0; i < v->g->munge.len; i++) {
		*vec_push_in(v->g->arena, &v->result->findings) = v->g->munge.items[i];
		v->bad++;
	}
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
	if (g->live && g->live->up && gather_present(g, g->live->controller))
		return g->live->controller;
	for (size_t i = 0; i < g->inv->controller_count; i++)
		if (gather_present(g, g->inv->controllers[i]))
			return g->inv->controllers[i];
	return g->inv->controllers[0];
}

static bool *find_idle(struct verifier *v, const bool *present)
{
	struct gathered *g = v->g;
	bool *idle = arena_calloc(g->arena, g->inv->host_count, sizeof *idle);
	size_t busy = 0;
	for (size_t i = 0; g->live && g->live->up && i < g->live->node_count; i++) {
		const struct slurm_node_state *n = &g->live->nodes[i];
		const struct inv_host *h = inventory_host(g->inv, n->name);
		if (!h || !present[h->index])
			continue;
		idle[h->index] = slurm_node_is_idle(n) && slurm_node_is_usable(n);
		busy += !idle[h->index];
	}
	if (busy)
		finding_add(&v->result->findings, FINDING_NOTE, "busy", NULL,
			    "not proven by a job on %zu node%s that %s busy or not available", busy,
			    busy == 1 ? "" : "s", busy == 1 ? "was" : "were");
	return idle;
}

int apply_verify(struct gathered *g, bool all, struct apply_result *ret, struct err *err)
{
	struct verifier v = {.g = g, .result = ret, .checks = {.arena = g->arena}, .all = all};
	bool *present = arena_calloc(g->arena, g->inv->host_count, sizeof *present);
	for (size_t i = 0; i < g->inv->host_count; i++)
		present[i] = gather_present(g, i);
	struct verify_context context = {.cluster = g->cluster, .controller = first_controller(g), .present = present};
	bool core = plan_wants(&g->options->plan, "core");
	if (!ret->changed && !all) {
		take_munge(&v);
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
	}
	add_checks(&v, &context);
	if (run_checks(&v, err) < 0)
		return -1;
	if (!v.bad) {
		if (gather_live(g, err) < 0)
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
