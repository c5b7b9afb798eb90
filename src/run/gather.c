#include "run/gather.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ran.h"
#include "base/str.h"
#include "base/vec.h"
#include "doctor/doctor.h"
#include "model/beside.h"
#include "modules/core/core.h"
#include "modules/module.h"
#include "run/ask.h"
#include "run/includes.h"
#include "run/lock.h"
#include "run/secret.h"
#include "run/strays.h"

enum { ROUND_MS = 60000, INCLUDES_MS = 20000 };

json_t *gather_apply(const struct gathered *g, json_t *resources)
{
	return json_pack("{s:s, s:I, s:o}", "verb", "apply", "epoch", (json_int_t)g->cluster->epoch, "resources",
			 resources);
}

json_t *gather_run(const char *const *argv, const char *input, unsigned max, unsigned timeout_ms)
{
	json_t *list = json_array();
	for (; *argv; argv++)
		json_array_append_new(list, json_string(*argv));
	return json_pack("{s:s, s:o, s:s*, s:i, s:i}", "verb", "run", "argv", list, "input", input, "max", (int)max,
			 "timeout", (int)timeout_ms);
}

const char *gather_run_failure(const struct fleet_request *request, struct arena *arena)
{
	struct ran ran = ran_of(request->answer);
	if (request->answer)
		return ran_failure(&ran, arena);
	const char *text = *request->error.text ? request->error.text : "no reason given";
	return str_printable(arena, text, strcspn(text, "\n"));
}

static void phase(const struct gathered *g, const char *title)
{
	if (g->options->report)
		report_phase(g->options->report, title);
}

static json_t *collect(json_t *items)
{
	return json_pack("{s:s, s:o}", "verb", "collect", "items", items);
}

static void add_once(struct gathered *g, struct slurm_names *names, const char *name)
{
	for (size_t i = 0; i < names->len; i++)
		if (streq(names->items[i], name))
			return;
	*vec_push_in(g->arena, names) = name;
}

static int gather_all_facts(struct gathered *g, struct err *err)
{
	size_t count = roll_count(g->roll);
	struct facts_scope *scopes = arena_calloc(g->arena, count, sizeof *scopes);
	struct asked *asked = arena_calloc(g->arena, count, sizeof *asked);
	struct slurm_names devices = {0};
	char salt[65];
	cluster_salt(g->inv->cluster.text, salt);
	for (size_t i = 0; i < g->inv->class_count; i++)
		for (size_t k = 0; k < g->inv->classes[i].device_count; k++)
			add_once(g, &devices, g->inv->classes[i].devices[k]);
	for (size_t i = 0; i < count; i++) {
		const struct inv_host *h = &g->inv->hosts[roll_at(g->roll, i)];
		scopes[i] = (struct facts_scope){.roles = module_roles,
						 .controller = h->controller,
						 .compute = h->compute,
						 .state = h->controller ? g->inv->state.text : NULL,
						 .secrets = g->options->cluster.secrets,
						 .host = h,
						 .neighbours = h->compute && g->inv->network.discover,
						 .devices = devices.items,
						 .device_count = h->compute ? devices.len : 0,
						 .others = modules_ask(g->inv, h),
						 .salt = salt};
		beside_scope(g->inv, h, g->arena, &scopes[i]);
	}
	phase(g, "facts");
	int rc = ask_facts(g->fleet, scopes, g->arena, ROUND_MS, asked, err);
	for (size_t i = 0; i < count; i++)
		json_decref((json_t *)scopes[i].others);
	if (rc < 0)
		return -1;
	if (includes_read(g->fleet, asked, g->arena, INCLUDES_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t host = roll_at(g->roll, i);
		g->facts[host] = asked[i].facts;
		if (!asked[i].facts)
			roll_miss(g->roll, host, &asked[i].error);
		else
			g->credentials[host] = core_credential(asked[i].facts);
	}
	return 0;
}

static json_t *probe_message(const struct gathered *g, size_t host)
{
	json_t *list = json_array();
	const struct catalog *c = g->catalogs[host];
	for (size_t k = 0; k < c->len; k++)
		json_array_append_new(list, resource_encode(&c->items[k]));
	return json_pack("{s:s, s:o, s:b}", "verb", "probe", "resources", list, "content", g->options->content);
}

static int take_observed(struct gathered *g, size_t host, const json_t *answer, struct err *err)
{
	const json_t *list = json_object_get(answer, "observed");
	const struct catalog *c = g->catalogs[host];
	if (json_array_size(list) != c->len)
		return err_set(err, ERR_PROTOCOL, "it answered for %zu resources of %zu", json_array_size(list),
			       c->len);
	struct observed *observed = arena_calloc(g->arena, c->len, sizeof *observed);
	for (size_t k = 0; k < c->len; k++) {
		if (observed_decode(json_array_get(list, k), g->arena, &observed[k], err) < 0)
			return -1;
		if (!streq(observed[k].id, c->items[k].id))
			return err_set(err, ERR_PROTOCOL, "it answered for a resource that it was not asked about");
	}
	g->observed[host] = observed;
	return 0;
}

/* The first controller, in order, whose slurmctld runs. */
static size_t running_controller(const struct gathered *g)
{
	for (size_t i = 0; i < g->inv->controller_count; i++) {
		size_t host = g->inv->controllers[i];
		if (roll_in(g->roll, host) && facts_unit_runs(&g->facts[host]->roles[ROLE_CONTROLLER].unit))
			return host;
	}
	return SIZE_MAX;
}

/* How hosts hear each other: what MUNGE says, and who gets through to which port. `*ret_munge`: there is something to decode. NULL: nothing. */
static json_t *wires_of(struct gathered *g, size_t primary, size_t host, bool *ret_munge)
{
	json_t *munge = primary == SIZE_MAX ? NULL : core_munge_items(g->cluster, primary, host, g->credentials);
	json_t *ports =
	    g->options->wires || g->options->lock ? doctor_wire_items(g->cluster, host, g->arena) : json_array();
	*ret_munge = munge != NULL;
	if (munge) {
		json_array_extend(munge, ports);
		json_decref(ports);
		return munge;
	}
	if (json_array_size(ports))
		return ports;
	json_decref(ports);
	return NULL;
}

/* A host that Slurm does not get through to, or from, does not serve. Without slurmdbd all of them do. */
static enum finding_weight weight_of(const struct finding *f)
{
	enum finding_weight most =
	    streq(f->code, finding_code_word(CODE_ACCOUNTING_DOWN)) ? FINDING_WARNING : FINDING_HOST;
	return f->weight < most ? f->weight : most;
}

/* The answers, by host index; they are released. What a port's being closed means for the run, its verification says. */
static void judge_ports(struct gathered *g, json_t **answers)
{
	struct doctor d = {
	    .cluster = g->cluster, .answers = (const json_t *const *)answers, .wires = true, .findings = &g->ports};
	g->ports = (struct findings){.arena = g->arena};
	doctor_judge(&d);
	for (size_t i = 0; i < g->ports.len; i++)
		g->ports.items[i].weight = weight_of(&g->ports.items[i]);
	for (size_t i = 0; i < g->inv->host_count; i++)
		json_decref(answers[i]);
}

enum question { ASKED_PROBE, ASKED_MUNGE, ASKED_PORTS, ASKED_LIVE };

/* Probe, the MUNGE star and the live state in one round: several requests to a host are sent ahead and answered in
 * order. */
static int ask_probe(struct gathered *g, struct err *err)
{
	size_t most = g->inv->host_count * 2 + 1, n = 0;
	size_t primary = roll_controller(g->roll), controller = running_controller(g);
	struct fleet_request *requests = arena_calloc(g->arena, most, sizeof *requests);
	enum question *kinds = arena_calloc(g->arena, most, sizeof *kinds);
	json_t **messages = arena_calloc(g->arena, most, sizeof *messages);
	json_t **heard = arena_calloc(g->arena, g->inv->host_count, sizeof *heard);
	bool munge;
	for (size_t host = 0; host < g->inv->host_count; host++) {
		g->catalogs[host] = NULL;
		if (!roll_in(g->roll, host))
			continue;
		g->catalogs[host] = modules_compile(g->cluster, host, g->arena);
		messages[n] = probe_message(g, host);
		kinds[n] = ASKED_PROBE;
		requests[n] = roll_request(g->roll, host, messages[n]);
		n++;
		json_t *items = wires_of(g, primary, host, &munge);
		if (!items)
			continue;
		messages[n] = collect(items);
		kinds[n] = munge ? ASKED_MUNGE : ASKED_PORTS;
		requests[n] = roll_request(g->roll, host, messages[n]);
		n++;
	}
	/* A run that finds nothing to do needs no more of slurmctld than its nodes; gather() asks for the rest. */
	bool brief = g->options->lock;
	if (controller != SIZE_MAX) {
		messages[n] = collect(live_items(brief));
		kinds[n] = ASKED_LIVE;
		requests[n] = roll_request(g->roll, controller, messages[n]);
		n++;
	}
	phase(g, "probe");
	int rc = fleet_ask(g->fleet, requests, n, ROUND_MS, err);
	for (size_t i = 0; i < n; i++) {
		size_t host = roll_host(g->roll, &requests[i]);
		struct err why = requests[i].error;
		if (kinds[i] == ASKED_PROBE &&
		    (!requests[i].answer || take_observed(g, host, requests[i].answer, &why) < 0)) {
			roll_fail(g->roll, host, CODE_LOST, &why);
			g->catalogs[host] = NULL;
			roll_hang_up(g->roll, host, &why);
		} else if (kinds[i] == ASKED_MUNGE && requests[i].answer) {
			core_munge_judge(g->cluster, primary, host, requests[i].answer, &g->munge);
		} else if (kinds[i] == ASKED_LIVE && requests[i].answer) {
			g->live = live_decode(requests[i].answer, host, brief, g->arena);
		}
		if (kinds[i] == ASKED_MUNGE || kinds[i] == ASKED_PORTS)
			heard[host] = json_incref(json_object_get(requests[i].answer, "items"));
		fleet_request_clear(&requests[i]);
		json_decref(messages[i]);
	}
	judge_ports(g, heard);
	return rc;
}

static int begin(struct gathered *g, const struct inventory *inv, const struct gather_options *options, struct err *err)
{
	*g = (struct gathered){.inv = inv, .options = options, .arena = arena_new()};
	g->refused.arena = g->arena;
	g->roll = roll_new(inv, options->report, options->interrupt, g->arena);
	g->facts = arena_calloc(g->arena, inv->host_count, sizeof *g->facts);
	g->catalogs = arena_calloc(g->arena, inv->host_count, sizeof *g->catalogs);
	g->observed = arena_calloc(g->arena, inv->host_count, sizeof *g->observed);
	g->credentials = arena_calloc(g->arena, inv->host_count, sizeof *g->credentials);
	g->munge.arena = g->arena;
	if (roll_open(g->roll, &options->fleet, options->by_name, err) < 0)
		return -1;
	g->fleet = roll_fleet(g->roll);
	return gather_connect(g, err);
}

/* Those that the model skips are out before anybody asks them for more. */
static void resolve(struct gathered *g, const struct cluster_options *options)
{
	g->cluster = cluster_resolve(g->inv, g->facts, roll_reasons(g->roll), options, modules_settle, g->arena);
	for (size_t i = 0; i < g->inv->host_count; i++)
		if (cluster_is_out(&g->cluster->hosts[i]))
			roll_excuse(g->roll, i);
	roll_take(g->roll, &g->cluster->findings);
}

static int gather_facts(struct gathered *g, const struct inventory *inv, const struct gather_options *options,
			struct err *err)
{
	if (begin(g, inv, options, err) < 0 || gather_all_facts(g, err) < 0)
		return -1;
	resolve(g, &options->cluster);
	return 0;
}

/* Without a majority of the controllers nothing can be changed; without any of them all else that could be said is a
 * consequence. */
static void check_controllers(struct gathered *g)
{
	const struct inventory *inv = g->inv;
	struct plan *plan = g->plan;
	size_t in = 0, only = inv->controllers[0];
	if (roll_majority(g->roll))
		return;
	for (size_t i = 0; i < inv->controller_count; i++)
		in += roll_in(g->roll, inv->controllers[i]);
	plan->step_count = 0;
	if (!cluster_primary(g->cluster)) {
		plan->findings.len = plan->drains.len = plan->changes = plan->waiting = 0;
		plan->need = SLURM_NEED_NOTHING;
		for (size_t i = 0; i < inv->host_count; i++)
			plan->hosts[i].catalog = NULL;
	}
	struct finding *f;
	if (inv->controller_count == 1) {
		const char *why = roll_why(g->roll, only);
		f = finding_add(&plan->findings, FINDING_STOP, CODE_NO_QUORUM, inv->hosts[only].name,
				"the only controller %s: %s",
				roll_state(g->roll, only) == ROLL_ABSENT ? "is unreachable" : "cannot be used",
				why ? why : "its session ended");
		roll_hush(g->roll, only);
	} else {
		f = finding_add(&plan->findings, FINDING_STOP, CODE_NO_QUORUM, NULL,
				"%zu of %zu controllers can be used, and a change needs a majority", in,
				inv->controller_count);
	}
	f->fix = "bring it back first: nothing is changed without it; jobs run on";
	if (inv->controller_count > 1)
		f->fix = "see below why; nothing is changed until a majority is back; jobs run on";
}

static void plan_once(struct gathered *g)
{
	g->plan = plan_make(g->cluster, g->catalogs, g->observed, g->live, &g->options->plan, g->arena);
	roll_take(g->roll, &g->plan->findings);
}

/* From a resolved cluster to a plan. */
static int make_plan(struct gathered *g, struct err *err)
{
	if (ask_probe(g, err) < 0)
		return -1;
	plan_once(g);
	/* There is something to do: now jobs and reservations count. */
	if (g->live && g->live->brief && (g->plan->changes || g->plan->need || g->plan->step_count)) {
		if (gather_live(g, err) < 0)
			return -1;
		plan_once(g);
	}
	roll_look(g->roll);
	if (!g->options->lock)
		lock_tell(g, &g->plan->findings);
	check_controllers(g);
	return 0;
}

/* A compute host that refused its lock is like one that was not reached: what it said is not built upon. */
static int take_lock(struct gathered *g, struct err *err)
{
	uint64_t epoch = g->cluster->epoch;
	struct digest record = g->cluster->record_digest;
	bool *before = arena_calloc(g->arena, g->inv->host_count, sizeof *before), left = false;
	phase(g, "lock");
	for (size_t i = 0; i < g->inv->host_count; i++)
		before[i] = roll_in(g->roll, i);
	if (lock_take(g, err) < 0)
		return -1;
	for (size_t i = 0; i < g->inv->host_count; i++)
		if (before[i] && !roll_in(g->roll, i) && !g->inv->hosts[i].controller) {
			g->facts[i] = NULL;
			left = true;
		}
	if (!left)
		return 0;
	resolve(g, &g->options->cluster);
	g->cluster->epoch = epoch;
	g->cluster->record_digest = record;
	return 0;
}

/* What a run that was cut off left in the queue would be taken for somebody's job. */
static int end_strays(struct gathered *g, struct err *err)
{
	return running_controller(g) != SIZE_MAX ? strays_end(g, err) : 0;
}

int gather(struct gathered *g, const struct inventory *inv, const struct gather_options *options, struct err *err)
{
	if (gather_facts(g, inv, options, err) < 0)
		return -1;
	if (options->lock && (take_lock(g, err) < 0 || end_strays(g, err) < 0))
		return -1;
	for (size_t i = 0; i < g->cluster->secret_count; i++)
		if (g->cluster->secrets[i].state == SECRET_NEW)
			secret_make(g, i);
	return make_plan(g, err);
}

void gather_end(struct gathered *g)
{
	struct err ignored;
	if (g->locked && g->done && g->marked)
		lock_release(g, true, &ignored);
	roll_close(g->roll);
	secret_wipe(g);
	arena_free(g->arena);
	*g = (struct gathered){0};
}

int gather_now(struct gathered *g, const struct cluster **ret, struct err *err)
{
	size_t count = g->inv->host_count;
	const struct facts **facts = g->facts;
	const char **credentials = g->credentials;
	g->facts = arena_calloc(g->arena, count, sizeof *g->facts);
	g->credentials = arena_calloc(g->arena, count, sizeof *g->credentials);
	int rc = gather_all_facts(g, err);
	if (rc == 0)
		*ret = cluster_resolve(g->inv, g->facts, roll_reasons(g->roll), &g->options->cluster, modules_settle,
				       g->arena);
	g->facts = facts;
	g->credentials = credentials;
	return rc;
}

int gather_live(struct gathered *g, struct err *err)
{
	g->live = NULL;
	for (size_t i = 0; i < g->inv->controller_count; i++) {
		size_t host = g->inv->controllers[i];
		if (!roll_in(g->roll, host))
			continue;
		json_t *message = collect(live_items(false));
		struct fleet_request request = roll_request(g->roll, host, message);
		int rc = fleet_round(g->fleet, &request, 1, ROUND_MS, err);
		if (rc == 0 && request.answer)
			g->live = live_decode(request.answer, host, false, g->arena);
		fleet_request_clear(&request);
		json_decref(message);
		if (rc < 0 || (g->live && g->live->up))
			return rc;
	}
	return 0;
}

/* Fresh credentials first: one that was decoded already is refused as replayed. */
static int ask_credentials(struct gathered *g, struct err *err)
{
	struct fleet_request *requests = arena_calloc(g->arena, g->inv->host_count, sizeof *requests);
	json_t *message = collect(json_pack("[{s:s, s:[s, s], s:i, s:i}]", "name", "credential", "run", "munge", "-n",
					    "max", 8192, "timeout", 10000));
	size_t n = 0;
	for (size_t i = 0; i < g->inv->host_count; i++)
		if (roll_in(g->roll, i) && !cluster_is_out(&g->cluster->hosts[i]))
			requests[n++] = roll_request(g->roll, i, message);
	int rc = fleet_ask(g->fleet, requests, n, ROUND_MS, err);
	for (size_t i = 0; i < n; i++) {
		size_t host = roll_host(g->roll, &requests[i]);
		const json_t *o = json_object_get(json_object_get(requests[i].answer, "items"), "credential");
		const json_t *status = json_object_get(o, "status");
		char *text = arena_strdup(g->arena, json_string_value(json_object_get(o, "out")));
		g->credentials[host] = NULL;
		if (text && json_is_integer(status) && json_integer_value(status) == 0 && str_starts(text, "MUNGE:")) {
			text[strcspn(text, "\n")] = '\0';
			g->credentials[host] = text;
		} else {
			finding_add(&g->munge, FINDING_HOST, CODE_MUNGE, g->inv->hosts[host].name,
				    "munged does not give credentials")
			    ->fix = "systemctl status munge on that host";
		}
		fleet_request_clear(&requests[i]);
	}
	json_decref(message);
	return rc;
}

int gather_wires(struct gathered *g, struct err *err)
{
	g->munge = (struct findings){.arena = g->arena};
	size_t primary = roll_controller(g->roll), n = 0;
	if (ask_credentials(g, err) < 0 || primary == SIZE_MAX)
		return primary == SIZE_MAX ? 0 : -1;
	struct fleet_request *requests = arena_calloc(g->arena, g->inv->host_count, sizeof *requests);
	json_t **messages = arena_calloc(g->arena, g->inv->host_count, sizeof *messages);
	json_t **heard = arena_calloc(g->arena, g->inv->host_count, sizeof *heard);
	bool *munge = arena_calloc(g->arena, g->inv->host_count, sizeof *munge);
	for (size_t host = 0; host < g->inv->host_count; host++) {
		json_t *items = roll_in(g->roll, host) ? wires_of(g, primary, host, &munge[host]) : NULL;
		if (!items)
			continue;
		messages[n] = collect(items);
		requests[n] = roll_request(g->roll, host, messages[n]);
		n++;
	}
	int rc = fleet_ask(g->fleet, requests, n, ROUND_MS, err);
	for (size_t i = 0; i < n; i++) {
		size_t host = roll_host(g->roll, &requests[i]);
		if (requests[i].answer && munge[host])
			core_munge_judge(g->cluster, primary, host, requests[i].answer, &g->munge);
		heard[host] = json_incref(json_object_get(requests[i].answer, "items"));
		fleet_request_clear(&requests[i]);
		json_decref(messages[i]);
	}
	judge_ports(g, heard);
	return rc;
}

int gather_again(struct gathered *g, const struct cluster_options *options, struct err *err)
{
	uint64_t epoch = g->cluster->epoch;
	struct digest record = g->cluster->record_digest;
	resolve(g, options);
	g->cluster->epoch = epoch;
	g->cluster->record_digest = record;
	secret_keep(g);
	/* Those that were decoded would be refused as replayed. */
	g->munge.len = 0;
	return ask_credentials(g, err) < 0 ? -1 : make_plan(g, err);
}
