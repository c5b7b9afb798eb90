/*
 * Success means verified. Where nothing changed, what the probe round brought is judged: each host decodes a credential
 * of the primary, and slurmctld hears each slurmd. Where something did, all is asked again, and jobs run on the nodes that are
 * idle. In either case it is said which nodes do not serve, since exit status 0 says that every one of them does.
 *
 * A host with which something is wrong is named once, and left out of what follows: it spoils no verdict about others. It does
 * not leave the run, though: it may be a controller, and what is wrong is its node.
 */
#include "run/verify.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "plan/serving.h"
#include "run/alone.h"
#include "run/strays.h"

void verify_phase(const struct verifier *v, const char *title)
{
	if (v->run->options->report)
		report_phase(v->run->options->report,
			     str_starts(title, "verify: ") ? title : arena_printf(v->run->arena, "verify: %s", title));
}

static void blame(struct verifier *v, size_t host, const char *why)
{
	v->present[host] = false;
	v->told[host] = true;
	v->why[host] = why;
	v->result->faulty++;
}

struct finding *verify_fault(struct verifier *v, size_t host, enum finding_code code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	const struct inv_host *h = &v->run->inv->hosts[host];
	struct finding *f = finding_add(&v->result->findings, FINDING_HOST, code, h->name, "%s", strbuf_str(&text));
	f->origin = h->at;
	blame(v, host, f->what);
	return f;
}

struct finding *verify_failed(struct verifier *v, enum finding_code code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	v->bad++;
	return finding_add(&v->result->findings, FINDING_WARNING, code, NULL, "%s", strbuf_str(&text));
}

/* The others had nothing of it to decode, and are not to blame. */
static void look_at_primary(struct verifier *v)
{
	size_t primary = roll_controller(v->run->roll);
	if (primary == SIZE_MAX || v->run->credentials[primary])
		return;
	finding_add(&v->run->munge, FINDING_HOST, CODE_MUNGE, v->run->inv->hosts[primary].name,
		    "munged does not give credentials")
	    ->fix = "systemctl status munge on that host";
}

/* A munged that issues no credentials decodes none: of a host the first finding is the cause. */
static void keep_first(struct findings *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->len; i++) {
		size_t k = 0;
		while (k < n && !str_same(f->items[k].host, f->items[i].host))
			k++;
		if (k == n)
			f->items[n++] = f->items[i];
	}
	f->len = n;
}

/* A host whose MUNGE is wrong has left the run; where that is most of the controllers, the cluster is at fault. */
static void take_munge(struct verifier *v)
{
	keep_first(&v->run->munge);
	roll_take(v->run->roll, &v->run->munge);
	v->bad += !roll_majority(v->run->roll);
	for (size_t i = 0; i < v->run->inv->host_count; i++) {
		if (!v->present[i] || roll_in(v->run->roll, i))
			continue;
		v->present[i] = false;
		v->told[i] = true;
		v->why[i] = roll_why(v->run->roll, i);
	}
}

/* A closed port is named before a node that never registers, or a job that does not end, would be waited for. */
static void take_ports(struct verifier *v)
{
	const struct findings *ports = &v->run->ports;
	for (size_t i = 0; i < ports->len; i++) {
		const struct finding *f = &ports->items[i];
		size_t host = inventory_host(v->run->inv, f->host)->index;
		bool blames = f->weight == FINDING_HOST;
		if (blames && !v->present[host])
			continue;
		*vec_push_in(v->run->arena, &v->result->findings) = *f;
		if (blames)
			blame(v, host, f->what);
	}
}

static size_t first_controller(const struct run *run)
{
	if (run->live && run->live->up && roll_in(run->roll, run->live->controller))
		return run->live->controller;
	size_t first = roll_controller(run->roll);
	return first == SIZE_MAX ? run->inv->controllers[0] : first;
}

static void begin(struct verifier *v)
{
	struct run *run = v->run;
	size_t count = run->inv->host_count;
	v->present = arena_calloc(run->arena, count, sizeof *v->present);
	v->told = arena_calloc(run->arena, count, sizeof *v->told);
	v->unproven = arena_calloc(run->arena, count, sizeof *v->unproven);
	v->why = arena_calloc(run->arena, count, sizeof *v->why);
	for (size_t i = 0; i < count; i++) {
		v->present[i] = roll_in(run->roll, i);
		v->told[i] = !v->present[i] && inventory_takes_part(&run->inv->hosts[i]);
	}
	bool *let_in = arena_calloc(run->arena, count, sizeof *let_in);
	for (size_t i = 0; v->resume && i < count; i++)
		let_in[i] = cluster_decided(run->cluster, v->resume, i);
	v->context = (struct verify_context){
	    .cluster = run->cluster,
	    .missing = alone_missing(run),
	    .controller = first_controller(run),
	    .present = v->present,
	    .let_in = v->resume ? let_in : NULL,
	    .job_name = arena_printf(run->arena, STRAYS_NAME "%llu", (unsigned long long)run->cluster->epoch),
	};
}

/* Which nodes a job can run on now, and which run some. */
static void find_idle(struct verifier *v)
{
	struct run *run = v->run;
	bool *idle = arena_calloc(run->arena, run->inv->host_count, sizeof *idle);
	bool *busy = arena_calloc(run->arena, run->inv->host_count, sizeof *busy);
	for (size_t i = 0; run->live && run->live->up && i < run->live->node_count; i++) {
		const struct slurm_node_state *n = &run->live->nodes[i];
		const struct inv_host *h = inventory_host(run->inv, n->name);
		if (!h || !v->present[h->index] || !run->cluster->hosts[h->index].serves)
			continue;
		idle[h->index] = slurm_node_is_idle(n) && slurm_node_is_usable(n);
		busy[h->index] = !idle[h->index] && serving_of(n) == SERVING_BUSY;
	}
	for (size_t i = 0; run->live && i < run->live->reservation_count; i++)
		v->context.hurry |= !str_same(run->live->reservations[i].state, "ACTIVE");
	v->context.idle = idle;
	v->context.busy = busy;
}

static struct checks find_checks(struct verifier *v)
{
	struct checks checks = {.arena = v->run->arena};
	for (size_t i = 0; modules[i]; i++)
		if (modules[i]->verify && inventory_has_module(v->run->inv, modules[i]->name) &&
		    plan_wants(&v->run->options->plan, modules[i]->name))
			modules[i]->verify(&v->context, &checks);
	return checks;
}

/* What the nodes do now that all is done. That none serves is a failure of the whole; a single one's is said of it. */
static void judge_serving(struct verifier *v)
{
	struct run *run = v->run;
	struct findings reasons = {.arena = run->arena};
	if (!run->live || !run->live->up)
		return;
	bool *wrong = arena_calloc(run->arena, run->inv->host_count, sizeof *wrong);
	for (size_t i = 0; i < run->inv->host_count; i++)
		wrong[i] = v->why[i] != NULL;
	struct serving_count count = serving_judge(run->cluster, run->live, v->told, wrong, &reasons);
	v->result->nodes = serving_text(&count, run->arena);
	v->result->not_serving = count.out;
	bool none = count.nodes && count.out == count.nodes;
	for (size_t i = 0; i < reasons.len; i++)
		*vec_push_in(run->arena, &v->result->findings) = reasons.items[i];
	if (none)
		verify_failed(v, CODE_NOT_SERVING, "no compute node can take a job")->fix =
		    "see above what is wrong with each of them";
}

/* The least of a run: what the probe round brought. */
static int verify_idle_run(struct verifier *v, bool core, struct err *err)
{
	if (core)
		look_at_primary(v);
	take_munge(v);
	if (core)
		take_ports(v);
	struct checks checks = find_checks(v);
	return verify_live(v, &checks, false, err) < 0 ? -1 : verify_checks(v, &checks, err);
}

/* The daemons are those that the probe round found, with the key and the ports that they had: who hears whom is as it was. */
static bool wires_stay(const struct verifier *v)
{
	const struct plan *plan = v->run->plan;
	bool stay = !v->result->beyond_files && plan->need <= SLURM_NEED_RECONFIGURE;
	for (size_t i = 0; i < v->run->inv->host_count; i++)
		stay &= plan->hosts[i].need <= SLURM_NEED_RECONFIGURE;
	return stay;
}

/* In a run that changed something. Without core nothing is asked about nodes but whether a job can run there. */
static int verify_changed_run(struct verifier *v, bool core, bool all, struct err *err)
{
	struct run *run = v->run;
	struct joining joining = {0};
	bool *due = arena_calloc(run->arena, MODULES_MAX, sizeof *due);
	if (core && wires_stay(v)) {
		look_at_primary(v);
	} else if (core) {
		verify_phase(v, "MUNGE credentials");
		if (run_ask_wires(run, err) < 0)
			return -1;
	}
	take_munge(v);
	if (core)
		take_ports(v);
	if (strays_end(run, err) < 0 || run_ask_live(run, err) < 0)
		return -1;
	v->context.controller = first_controller(run);
	find_idle(v);
	struct checks checks = find_checks(v);
	if (verify_live(v, &checks, true, err) < 0 || verify_checks(v, &checks, err) < 0)
		return -1;
	if (v->bad)
		return 0;
	if (core && verify_open(v, &joining, err) < 0)
		return -1;
	find_idle(v);
	for (size_t i = 0; modules[i]; i++)
		due[i] = (all || v->result->touched[i] || joining.count) &&
			 inventory_has_module(run->inv, modules[i]->name) &&
			 plan_wants(&run->options->plan, modules[i]->name);
	bool jobs = all || v->result->changed || joining.count;
	if (jobs && verify_prove(v, due, joining.hosts, joining.reservation, err) < 0)
		return -1;
	return verify_close(v, &joining, err);
}

int apply_verify(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err)
{
	struct verifier v = {.run = run, .result = ret, .resume = options->resume};
	bool core = plan_wants(&run->options->plan, module_slurm->name), all = options->verify_jobs;
	begin(&v);
	v.context.asked = all;
	bool idle_run =
	    !ret->changed && !all && !options->resume && !(core && (run->plan->drains.len || run->plan->waiting));
	if ((idle_run ? verify_idle_run(&v, core, err) : verify_changed_run(&v, core, all, err)) < 0)
		return -1;
	judge_serving(&v);
	apply_verdict(&v, !idle_run && core);
	ret->verified = !v.bad;
	return verify_diagnose(&v, err);
}
