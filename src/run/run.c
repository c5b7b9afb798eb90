#include "run/run.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "doctor/doctor.h"
#include "modules/core/core.h"
#include "modules/module.h"
#include "run/ask.h"
#include "run/includes.h"
#include "run/lock.h"
#include "run/round.h"
#include "run/secret.h"
#include "run/strays.h"

enum { ROUND_MS = 60000, INCLUDES_MS = 20000 };

json_t *run_apply_message(const struct run *run, json_t *resources)
{
	return json_pack("{s:s, s:I, s:o}", "verb", "apply", "epoch", (json_int_t)run->cluster->epoch, "resources",
			 resources);
}

static void phase(const struct run *run, const char *title)
{
	if (run->options->report)
		report_phase(run->options->report, title);
}

static int ask_all_facts(struct run *run, struct err *err)
{
	size_t count = roll_count(run->roll);
	struct facts_scope *scopes = arena_calloc(run->arena, count, sizeof *scopes);
	struct asked *asked = arena_calloc(run->arena, count, sizeof *asked);
	size_t *hosts = arena_calloc(run->arena, count, sizeof *hosts);
	for (size_t i = 0; i < count; i++)
		hosts[i] = roll_at(run->roll, i);
	ask_scopes(run->inv, hosts, count, run->options->cluster.secrets, run->arena, scopes);
	phase(run, "facts");
	int rc = ask_facts(run->fleet, scopes, false, run->arena, ROUND_MS, asked, err);
	ask_scopes_end(scopes, count);
	if (rc < 0)
		return -1;
	if (includes_read(run->fleet, asked, run->arena, INCLUDES_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t host = roll_at(run->roll, i);
		run->facts[host] = asked[i].facts;
		if (!asked[i].facts)
			roll_miss(run->roll, host, &asked[i].error);
		else
			run->credentials[host] = core_credential(asked[i].facts);
	}
	return 0;
}

static json_t *probe_message(const struct run *run, size_t host)
{
	json_t *list = json_array();
	const struct catalog *c = run->catalogs[host];
	for (size_t k = 0; k < c->len; k++)
		json_array_append_new(list, resource_encode(&c->items[k]));
	return json_pack("{s:s, s:o, s:b}", "verb", "probe", "resources", list, "content", run->options->content);
}

static int take_observed(struct run *run, size_t host, const json_t *answer, struct err *err)
{
	const json_t *list = json_object_get(answer, "observed");
	const struct catalog *c = run->catalogs[host];
	if (json_array_size(list) != c->len)
		return err_set(err, ERR_PROTOCOL, "it answered for %zu resources of %zu", json_array_size(list),
			       c->len);
	struct observed *observed = arena_calloc(run->arena, c->len, sizeof *observed);
	for (size_t k = 0; k < c->len; k++) {
		if (observed_decode(json_array_get(list, k), run->arena, &observed[k], err) < 0)
			return -1;
		if (!streq(observed[k].id, c->items[k].id))
			return err_set(err, ERR_PROTOCOL, "it answered for a resource that it was not asked about");
	}
	run->observed[host] = observed;
	return 0;
}

/* The first controller, in order, whose slurmctld runs. */
static size_t running_controller(const struct run *run)
{
	for (size_t i = 0; i < run->inv->controller_count; i++) {
		size_t host = run->inv->controllers[i];
		if (roll_in(run->roll, host) && facts_unit_runs(&run->facts[host]->roles[ROLE_CONTROLLER].unit))
			return host;
	}
	return SIZE_MAX;
}

/* How hosts hear each other: what MUNGE says, and who gets through to which port. */
struct wires {
	struct run *run;
	size_t primary;       /* the controller whose credentials are decoded; SIZE_MAX: none */
	bool *munge;          /* by host index: there is something to decode */
	const json_t **heard; /* by host index: the items of its answer, as long as the round has them; NULL: none */
};

static struct wires wires_begin(struct run *run)
{
	size_t count = run->inv->host_count;
	return (struct wires){run, roll_controller(run->roll), arena_calloc(run->arena, count, sizeof(bool)),
			      arena_calloc(run->arena, count, sizeof(const json_t *))};
}

static void wires_add(struct wires *w, size_t host, struct round *round)
{
	const struct run *run = w->run;
	json_t *munge =
	    w->primary == SIZE_MAX ? NULL : core_munge_items(run->cluster, w->primary, host, run->credentials);
	json_t *items = munge ? munge : json_array();
	w->munge[host] = munge != NULL;
	if (run->options->wires || run->options->lock) {
		json_t *ports = doctor_wire_items(run->cluster, host, run->arena);
		json_array_extend(items, ports);
		json_decref(ports);
	}
	if (munge || json_array_size(items))
		round_add(round, host, round_shared(round, round_collect(items)));
	else
		json_decref(items);
}

static void wires_take(const struct wires *w, size_t host, const struct fleet_request *request)
{
	w->heard[host] = json_object_get(request->answer, "items");
	if (request->answer && w->munge[host])
		core_munge_judge(w->run->cluster, w->primary, host, request->answer, &w->run->munge);
}

/* A host that Slurm does not get through to, or from, does not serve. Without slurmdbd all of them do. */
static enum finding_weight weight_of(const struct finding *f)
{
	enum finding_weight most =
	    streq(f->code, finding_code_word(CODE_ACCOUNTING_DOWN)) ? FINDING_WARNING : FINDING_HOST;
	return f->weight < most ? f->weight : most;
}

/* The answers, by host index. What a port's being closed means for the run, its verification says. */
static void judge_ports(struct run *run, const json_t *const *answers)
{
	struct doctor d = {.cluster = run->cluster, .answers = answers, .wires = true, .findings = &run->ports};
	run->ports = (struct findings){.arena = run->arena};
	doctor_judge(&d);
	for (size_t i = 0; i < run->ports.len; i++)
		run->ports.items[i].weight = weight_of(&run->ports.items[i]);
}

/* What was found on one host; one that did not say it has left. */
static void judge_probe(struct run *run, size_t host, const struct fleet_request *request)
{
	struct err why = request->error;
	if (request->answer && take_observed(run, host, request->answer, &why) == 0)
		return;
	roll_fail(run->roll, host, CODE_LOST, &why);
	run->catalogs[host] = NULL;
	roll_hang_up(run->roll, host, &why);
}

/* Probe, the MUNGE star and the live state in one round: several requests to a host are sent ahead and answered in
 * order. */
static int ask_probe(struct run *run, struct err *err)
{
	static char probe, live; /* marks of requests; the others are wires */
	struct wires wires = wires_begin(run);
	size_t controller = running_controller(run);
	_cleanup_round_ struct round round = {.run = run, .alike = true};
	for (size_t host = 0; host < run->inv->host_count; host++) {
		run->catalogs[host] = NULL;
		if (!roll_in(run->roll, host))
			continue;
		run->catalogs[host] = modules_compile(run->cluster, host, run->arena);
		round_add(&round, host, round_shared(&round, probe_message(run, host)))->data = &probe;
		wires_add(&wires, host, &round);
	}
	/* A run that finds nothing to do needs no more of slurmctld than its nodes; run_begin() asks for the rest. */
	enum live_extent extent = run->options->lock ? LIVE_NODES : LIVE_ALL;
	if (controller != SIZE_MAX)
		round_add(&round, controller, round_collect(live_items(extent)))->data = &live;
	phase(run, "probe");
	if (round_send(&round, ROUND_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < round.len; i++) {
		const struct fleet_request *request = &round.items[i];
		size_t host = round_host(&round, i);
		if (request->data == &probe)
			judge_probe(run, host, request);
		else if (request->data != &live)
			wires_take(&wires, host, request);
		else if (request->answer)
			run->live = live_decode(request->answer, host, extent, run->arena);
	}
	judge_ports(run, wires.heard);
	return 0;
}

static int begin(struct run *run, const struct inventory *inv, const struct run_options *options, struct err *err)
{
	*run = (struct run){.inv = inv, .options = options, .arena = arena_new()};
	run->refused.arena = run->arena;
	run->roll = roll_new(inv, options->report, options->interrupt, run->arena);
	run->facts = arena_calloc(run->arena, inv->host_count, sizeof *run->facts);
	run->catalogs = arena_calloc(run->arena, inv->host_count, sizeof *run->catalogs);
	run->observed = arena_calloc(run->arena, inv->host_count, sizeof *run->observed);
	run->credentials = arena_calloc(run->arena, inv->host_count, sizeof *run->credentials);
	run->munge.arena = run->arena;
	if (roll_open(run->roll, &options->fleet, options->by_name, err) < 0)
		return -1;
	run->fleet = roll_fleet(run->roll);
	return run_connect(run, err);
}

/* Those that the model skips are out before anybody asks them for more. */
static void resolve(struct run *run, const struct cluster_options *options)
{
	run->cluster =
	    cluster_resolve(run->inv, run->facts, roll_reasons(run->roll), options, modules_settle, run->arena);
	secret_settle(run);
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (cluster_is_out(&run->cluster->hosts[i]))
			roll_excuse(run->roll, i);
	roll_take(run->roll, &run->cluster->findings);
}

static int find_cluster(struct run *run, const struct inventory *inv, const struct run_options *options,
			struct err *err)
{
	if (begin(run, inv, options, err) < 0 || ask_all_facts(run, err) < 0)
		return -1;
	resolve(run, &options->cluster);
	return 0;
}

/* Without a majority of the controllers nothing can be changed; without any of them all else that could be said is a
 * consequence. */
static void check_controllers(struct run *run)
{
	const struct inventory *inv = run->inv;
	struct plan *plan = run->plan;
	size_t in = 0, only = inv->controllers[0];
	if (roll_majority(run->roll))
		return;
	for (size_t i = 0; i < inv->controller_count; i++)
		in += roll_in(run->roll, inv->controllers[i]);
	plan->step_count = 0;
	if (!cluster_primary(run->cluster)) {
		plan->findings.len = plan->drains.len = plan->changes = plan->waiting = 0;
		plan->need = SLURM_NEED_NOTHING;
		for (size_t i = 0; i < inv->host_count; i++)
			plan->hosts[i].catalog = NULL;
	}
	struct finding *f;
	if (inv->controller_count == 1) {
		const char *why = roll_why(run->roll, only);
		f = finding_add(&plan->findings, FINDING_STOP, CODE_NO_QUORUM, inv->hosts[only].name,
				"the only controller %s: %s",
				roll_state(run->roll, only) == ROLL_ABSENT ? "is unreachable" : "cannot be used",
				why ? why : "its session ended");
		roll_hush(run->roll, only);
	} else {
		f = finding_add(&plan->findings, FINDING_STOP, CODE_NO_QUORUM, NULL,
				"%zu of %zu controllers can be used, and a change needs a majority", in,
				inv->controller_count);
	}
	f->fix = "bring it back first: nothing is changed without it; jobs run on";
	if (inv->controller_count > 1)
		f->fix = "see below why; nothing is changed until a majority is back; jobs run on";
}

static void plan_once(struct run *run)
{
	run->plan = plan_make(run->cluster, run->catalogs, run->observed, run->live, &run->options->plan, run->arena);
	roll_take(run->roll, &run->plan->findings);
}

static int ask_live(struct run *run, enum live_extent extent, struct err *err)
{
	run->live = NULL;
	for (size_t i = 0; i < run->inv->controller_count; i++) {
		size_t host = run->inv->controllers[i];
		if (!roll_in(run->roll, host))
			continue;
		_cleanup_round_ struct round round = {.run = run};
		const struct fleet_request *request = round_add(&round, host, round_collect(live_items(extent)));
		if (round_send(&round, ROUND_MS, err) < 0)
			return -1;
		if (request->answer)
			run->live = live_decode(request->answer, host, extent, run->arena);
		if (run->live && run->live->up)
			return 0;
	}
	return 0;
}

/* From a resolved cluster to a plan. */
static int make_plan(struct run *run, struct err *err)
{
	if (ask_probe(run, err) < 0)
		return -1;
	plan_once(run);
	/* There is something to do: now jobs and reservations count. */
	if (run->live && run->live->brief && (run->plan->changes || run->plan->need || run->plan->step_count)) {
		if (ask_live(run, LIVE_ALL, err) < 0)
			return -1;
		plan_once(run);
	}
	roll_look(run->roll);
	if (!run->options->lock)
		lock_tell(run, &run->plan->findings);
	check_controllers(run);
	return 0;
}

/* A compute host that refused its lock is like one that was not reached: what it said is not built upon. */
static int take_lock(struct run *run, struct err *err)
{
	uint64_t epoch = run->cluster->epoch;
	struct digest record = run->cluster->record_digest;
	bool *before = arena_calloc(run->arena, run->inv->host_count, sizeof *before), left = false;
	phase(run, "lock");
	for (size_t i = 0; i < run->inv->host_count; i++)
		before[i] = roll_in(run->roll, i);
	if (lock_take(run, err) < 0)
		return -1;
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (before[i] && !roll_in(run->roll, i) && !run->inv->hosts[i].controller) {
			run->facts[i] = NULL;
			left = true;
		}
	if (!left)
		return 0;
	resolve(run, &run->options->cluster);
	run->cluster->epoch = epoch;
	run->cluster->record_digest = record;
	return 0;
}

/* What a run that was cut off left in the queue would be taken for somebody's job. */
static int end_strays(struct run *run, struct err *err)
{
	return running_controller(run) != SIZE_MAX ? strays_end(run, err) : 0;
}

int run_begin(struct run *run, const struct inventory *inv, const struct run_options *options, struct err *err)
{
	if (find_cluster(run, inv, options, err) < 0)
		return -1;
	if (options->lock && (take_lock(run, err) < 0 || end_strays(run, err) < 0))
		return -1;
	for (size_t i = 0; i < run->cluster->secret_count; i++)
		if (run->cluster->secrets[i].state == SECRET_NEW)
			secret_make(run, i);
	return make_plan(run, err);
}

void run_end(struct run *run)
{
	struct err ignored;
	if (run->locked && run->done && run->marked)
		lock_release(run, true, &ignored);
	roll_close(run->roll);
	secret_wipe(run);
	map_free(&run->missing);
	map_free(&run->made);
	map_free(&run->awaited);
	arena_free(run->arena);
	*run = (struct run){0};
}

int run_cluster_now(struct run *run, const struct cluster **ret, struct err *err)
{
	size_t count = run->inv->host_count;
	const struct facts **facts = run->facts;
	const char **credentials = run->credentials;
	run->facts = arena_calloc(run->arena, count, sizeof *run->facts);
	run->credentials = arena_calloc(run->arena, count, sizeof *run->credentials);
	int rc = ask_all_facts(run, err);
	if (rc == 0)
		*ret = cluster_resolve(run->inv, run->facts, roll_reasons(run->roll), &run->options->cluster,
				       modules_settle, run->arena);
	run->facts = facts;
	run->credentials = credentials;
	return rc;
}

int run_ask_live(struct run *run, struct err *err)
{
	return ask_live(run, LIVE_JOBS, err);
}

/* Fresh credentials first: one that was decoded already is refused as replayed. */
static int ask_credentials(struct run *run, struct err *err)
{
	_cleanup_round_ struct round round = {.run = run, .alike = true};
	bool *hosts = arena_calloc(run->arena, run->inv->host_count, sizeof *hosts);
	for (size_t i = 0; i < run->inv->host_count; i++)
		hosts[i] = inventory_has_role(&run->inv->hosts[i]) && !cluster_is_out(&run->cluster->hosts[i]);
	round_add_all(&round, hosts,
		      round_collect(json_pack("[{s:s, s:[s, s], s:i, s:i}]", "name", "credential", "run", "munge", "-n",
					      "max", 8192, "timeout", 10000)));
	if (round_send(&round, ROUND_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < round.len; i++) {
		size_t host = round_host(&round, i);
		run->credentials[host] = core_take(json_object_get(round.items[i].answer, "items"), run->arena, NULL);
		if (!run->credentials[host])
			finding_add(&run->munge, FINDING_HOST, CODE_MUNGE, run->inv->hosts[host].name,
				    "munged does not give credentials")
			    ->fix = "systemctl status munge on that host";
	}
	return 0;
}

int run_ask_wires(struct run *run, struct err *err)
{
	run->munge = (struct findings){.arena = run->arena};
	struct wires wires = wires_begin(run);
	if (ask_credentials(run, err) < 0 || wires.primary == SIZE_MAX)
		return wires.primary == SIZE_MAX ? 0 : -1;
	_cleanup_round_ struct round round = {.run = run, .alike = true};
	for (size_t host = 0; host < run->inv->host_count; host++)
		if (roll_in(run->roll, host))
			wires_add(&wires, host, &round);
	if (round_send(&round, ROUND_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < round.len; i++)
		wires_take(&wires, round_host(&round, i), &round.items[i]);
	judge_ports(run, wires.heard);
	return 0;
}

int run_replan(struct run *run, const struct cluster_options *options, struct err *err)
{
	uint64_t epoch = run->cluster->epoch;
	struct digest record = run->cluster->record_digest;
	resolve(run, options);
	run->cluster->epoch = epoch;
	run->cluster->record_digest = record;
	/* Those that were decoded would be refused as replayed. */
	run->munge.len = 0;
	return ask_credentials(run, err) < 0 ? -1 : make_plan(run, err);
}
