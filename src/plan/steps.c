/*
 * The order of things. A stage is one step (catalog/stage.c), the same for every change, but for that in which Slurm's configuration
 * comes into force; the order inside that comes from the need:
 *
 *	nothing, start    files; slurmctlds, the primary first; slurmds that do not run, or whose own texts differ
 *	reconfigure       files everywhere, then one `scontrol reconfigure`, which tells all slurmds; backups are
 *	                  signalled for themselves (slurmctld's backup has no case for it), and those that do not run are
 *	                  started; then slurmds that need more
 *	restart           files everywhere; slurmctlds, the primary first; `scontrol reconfigure`, so that slurmds read
 *	                  the file; slurmds
 *	nodes (to 24.05)  Slurm's FAQ, "add nodes": stop slurmctld, files everywhere, restart slurmds, start slurmctld
 *
 * Where slurmd reads what changes, one of them gets it before all of that, alone (canary.c); then the others restart in
 * batches. Their jobs live on (KillMode=process). The first that ran before and does not come up ends the run. Nodes that
 * join come last, drained before their slurmd is started (drains.c).
 */
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/module.h"
#include "plan/plan.h"
#include "plan/snapshot.sh.h"
#include "plan/tell-alone.sh.h"

enum {
	APPLY_MS = 1800000,
	MOST_MS = 20 * 86400000, /* what a timer of ours can count to, and more than anybody waits */
	SERVICE_MS = 180000,
	COMMAND_MS = 60000,
	SLURMD_BATCH = 64, /* nodes: never more of them without slurmd at once */
};

struct builder {
	struct plan *plan;
	const struct plan_options *options;
	bool **
	    taken; /* by host index, then by resource of its catalog: it is in a step of the activation; NULL: none is */
};

static struct step *begin(struct builder *b, enum stage stage, const char *title)
{
	struct {
		struct step *items;
		size_t len, cap;
	} list = {b->plan->steps, b->plan->step_count, b->plan->step_cap};
	struct step *s = vec_push_in(b->plan->arena, &list);
	*s = (struct step){.title = title, .stage = stage, .slurm = stage == STAGE_ACTIVATE};
	b->plan->steps = list.items;
	b->plan->step_count = list.len;
	b->plan->step_cap = list.cap;
	return s;
}

/* A step without actions is taken back. */
static void end(struct builder *b, struct step *s)
{
	if (!s->len && !s->test)
		b->plan->step_count--;
}

static void add_resources(struct builder *b, struct step *s, size_t host, const struct resource **resources,
			  size_t count, unsigned timeout_ms)
{
	if (count)
		*vec_push_in(b->plan->arena, s) = (struct action){.kind = ACTION_APPLY,
								  .host = host,
								  .resources = resources,
								  .count = count,
								  .timeout_ms = timeout_ms};
}

static void add_command(struct builder *b, struct step *s, size_t host, const char *const *argv)
{
	*vec_push_in(b->plan->arena, s) = (struct action){.kind = ACTION_RUN,
							  .host = host,
							  .to_slurmctld = streq(argv[0], "scontrol"),
							  .argv = argv,
							  .timeout_ms = COMMAND_MS};
}

bool plan_acts_on(const struct host_plan *h)
{
	return h->catalog && h->selected && !h->held;
}

static bool differs(const struct host_plan *h, size_t k)
{
	return h->observed[k].state != OBSERVED_SAME && !plan_sets_aside(h, k);
}

static void take(struct builder *b, size_t host, size_t k)
{
	if (!b->taken[host])
		b->taken[host] = arena_calloc(b->plan->arena, b->plan->hosts[host].catalog->len, sizeof **b->taken);
	b->taken[host][k] = true;
}

/* Milliseconds in which all of them are done, or the host is left out. */
static unsigned limit_of(const struct resource *const *resources, size_t count)
{
	uint64_t ms = APPLY_MS;
	for (size_t i = 0; i < count; i++)
		ms += resource_limit_s(resources[i]) * 1000ULL;
	return ms < MOST_MS ? (unsigned)ms : MOST_MS;
}

/* Everything of a stage that differs and is in no step yet, on every selected host. */
static void add_stage(struct builder *b, struct step *s)
{
	for (size_t i = 0; i < b->plan->cluster->inv->host_count; i++) {
		const struct host_plan *h = &b->plan->hosts[i];
		if (!plan_acts_on(h))
			continue;
		const struct resource **list = arena_calloc(b->plan->arena, h->catalog->len, sizeof *list);
		size_t n = 0;
		for (size_t k = 0; k < h->catalog->len; k++) {
			const struct resource *r = &h->catalog->items[k];
			if (r->stage == s->stage && plan_wants(b->options, r->module) && differs(h, k) &&
			    !(b->taken[i] && b->taken[i][k]))
				list[n++] = r;
		}
		add_resources(b, s, i, list, n, limit_of(list, n));
	}
	end(b, s);
}

static bool is_service(const struct resource *r, enum role role)
{
	return r->type == RESOURCE_SERVICE && r->role == role;
}

/* The daemon of a host, where it differs, or where `restart` says that it must be restarted all the same. */
static void add_service(struct builder *b, struct step *s, size_t host, enum role role, bool restart)
{
	struct arena *a = b->plan->arena;
	const struct host_plan *h = &b->plan->hosts[host];
	if (!plan_acts_on(h))
		return;
	for (size_t k = 0; k < h->catalog->len; k++) {
		const struct resource *r = &h->catalog->items[k];
		if (!is_service(r, role) || !(differs(h, k) || restart))
			continue;
		take(b, host, k);
		struct resource *copy = arena_alloc(a, sizeof *copy);
		*copy = *r;
		copy->service.restart = restart && r->service.running;
		const struct resource **list = arena_calloc(a, 1, sizeof *list);
		list[0] = copy;
		add_resources(b, s, host, list, 1, SERVICE_MS);
	}
}

/* The files of a host that are put in place, and room for one more resource. */
static const struct resource **files_of(struct builder *b, size_t host, size_t *ret_count)
{
	const struct host_plan *h = &b->plan->hosts[host];
	const struct resource **list = arena_calloc(b->plan->arena, h->catalog->len + 1, sizeof *list);
	size_t n = 0;
	for (size_t k = 0; k < h->catalog->len; k++) {
		const struct resource *r = &h->catalog->items[k];
		if (r->stage == STAGE_ACTIVATE && r->type != RESOURCE_SERVICE && plan_wants(b->options, r->module) &&
		    differs(h, k)) {
			list[n++] = r;
			take(b, host, k);
		}
	}
	*ret_count = n;
	return list;
}

static void add_files(struct builder *b)
{
	struct step *s = begin(b, STAGE_ACTIVATE, "put the configuration in place");
	for (size_t i = 0; i < b->plan->cluster->inv->host_count; i++) {
		const struct host_plan *h = &b->plan->hosts[i];
		size_t n;
		if (!plan_acts_on(h) || i == b->plan->canary)
			continue;
		const struct resource **list = files_of(b, i, &n);
		add_resources(b, s, i, list, n, APPLY_MS);
	}
	end(b, s);
}

static void add_undo(struct builder *b, struct step *s, enum role role)
{
	for (size_t i = 0; i < s->len; i++)
		s->items[i].undo_count = plan_undo(b->plan, s->items[i].host, role, &s->items[i].undo);
}

/* One slurmd before everything else, with its files. */
static void add_trial(struct builder *b)
{
	size_t host = b->plan->canary, n;
	if (host == SIZE_MAX)
		return;
	const struct host_plan *h = &b->plan->hosts[host];
	const struct resource **list = files_of(b, host, &n);
	struct step *s = begin(b, STAGE_ACTIVATE, "try the configuration on one node first");
	s->essential = true;
	s->proof = PROOF_REGISTERS;
	for (size_t k = 0; k < h->catalog->len; k++)
		if (is_service(&h->catalog->items[k], ROLE_NODE)) {
			struct resource *copy = arena_alloc(b->plan->arena, sizeof *copy);
			*copy = h->catalog->items[k];
			copy->service.restart = true;
			list[n++] = copy;
			take(b, host, k);
		}
	add_resources(b, s, host, list, n, APPLY_MS);
	add_undo(b, s, ROLE_NODE);
	end(b, s);
}

static bool runs(const struct plan *plan, size_t host, enum role role)
{
	const struct facts *f = plan->cluster->hosts[host].facts;
	return f && facts_unit_runs(&f->roles[role].unit);
}

static void add_primary(struct builder *b, bool restart)
{
	const struct inventory *inv = b->plan->cluster->inv;
	struct step *s =
	    begin(b, STAGE_ACTIVATE, restart ? "restart slurmctld on the primary" : "start slurmctld on the primary");
	s->essential = inv->controller_count == 1 || (restart && runs(b->plan, inv->controllers[0], ROLE_CONTROLLER));
	add_service(b, s, inv->controllers[0], ROLE_CONTROLLER, restart);
	if (s->essential) {
		s->proof = PROOF_RUNS;
		add_undo(b, s, ROLE_CONTROLLER);
	}
	end(b, s);
}

static void add_backups(struct builder *b, bool restart)
{
	const struct inventory *inv = b->plan->cluster->inv;
	struct step *s =
	    begin(b, STAGE_ACTIVATE, restart ? "restart slurmctld on the backups" : "start slurmctld on the backups");
	for (size_t i = 1; i < inv->controller_count; i++)
		add_service(b, s, inv->controllers[i], ROLE_CONTROLLER, restart);
	end(b, s);
}

/* The controllers one after the other: the primary is in charge before a backup looks for it. */
static void add_slurmctlds(struct builder *b, bool restart)
{
	add_primary(b, restart);
	add_backups(b, restart);
}

/* All that run, the first of them alone where none was tried before. */
static void restart_slurmds(struct builder *b, bool slurmctld_up)
{
	const struct inventory *inv = b->plan->cluster->inv;
	bool alone = b->plan->canary == SIZE_MAX;
	struct step *s = NULL;
	for (size_t i = 0; i < inv->compute_count; i++) {
		size_t host = inv->compute[i];
		if (b->plan->hosts[host].joins || !b->plan->cluster->hosts[host].serves || host == b->plan->canary ||
		    !runs(b->plan, host, ROLE_NODE) || !plan_acts_on(&b->plan->hosts[host]))
			continue;
		if (!s || s->len == (alone ? 1 : SLURMD_BATCH)) {
			alone &= !s;
			s = begin(b, STAGE_ACTIVATE, alone ? "restart slurmd on one node first" : "restart slurmd");
			s->essential = true;
			s->proof = alone && slurmctld_up ? PROOF_REGISTERS : PROOF_RUNS;
		}
		add_service(b, s, host, ROLE_NODE, true);
		add_undo(b, s, ROLE_NODE);
	}
}

static void add_slurmds(struct builder *b, bool restart, bool slurmctld_up)
{
	const struct inventory *inv = b->plan->cluster->inv;
	if (restart)
		restart_slurmds(b, slurmctld_up);
	/* Whose slurmd does not run, or whose own texts differ: what becomes of one is that host's alone. */
	struct step *s = begin(b, STAGE_ACTIVATE, "start slurmd");
	for (size_t i = 0; i < inv->compute_count; i++) {
		size_t host = inv->compute[i];
		if (b->plan->hosts[host].joins || !b->plan->cluster->hosts[host].serves || host == b->plan->canary ||
		    (restart && runs(b->plan, host, ROLE_NODE)))
			continue;
		add_service(b, s, host, ROLE_NODE, restart || b->plan->hosts[host].need > SLURM_NEED_RECONFIGURE);
	}
	end(b, s);
	/* Services that are to be off, on hosts that have other roles. */
	s = begin(b, STAGE_ACTIVATE, "stop what has no role here");
	for (size_t i = 0; i < inv->host_count; i++) {
		const struct cluster_host *h = &b->plan->cluster->hosts[i];
		if (!h->serves)
			add_service(b, s, i, ROLE_NODE, false);
		if (!inv->hosts[i].controller)
			add_service(b, s, i, ROLE_CONTROLLER, false);
		if (cluster_is_out(h))
			add_service(b, s, i, ROLE_AUTH, false);
	}
	end(b, s);
}

static const char *const reconfigure[] = {"scontrol", "reconfigure", NULL};

/* systemctl `verb` for a daemon. */
static void add_systemctl(struct builder *b, struct step *s, size_t host, const char *verb, enum role role)
{
	const char **argv = arena_calloc(b->plan->arena, 4, sizeof *argv);
	argv[0] = "systemctl";
	argv[1] = verb;
	argv[2] = module_roles[role].unit;
	add_command(b, s, host, argv);
}

/*
 * Before slurmctld is stopped or restarted with another configuration: what it knows of jobs, as it last wrote it down. Read as its user,
 * because root may not be let in (an NFS export with root squashed); the newest five are kept.
 */
static void add_snapshot(struct builder *b)
{
	const struct inventory *inv = b->plan->cluster->inv;
	const struct facts *f = b->plan->cluster->hosts[inv->controllers[0]].facts;
	if (!f || !b->plan->hosts[inv->controllers[0]].catalog || !f->in_force_slurm)
		return;
	const char **argv = arena_calloc(b->plan->arena, 7, sizeof *argv);
	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = snapshot_sh;
	argv[3] = "reeve-snapshot";
	argv[4] = inv->state.text;
	argv[5] = arena_printf(b->plan->arena, "%llu", (unsigned long long)b->plan->cluster->epoch);
	struct step *s = begin(b, STAGE_ACTIVATE, "keep a copy of the state");
	s->essential = true;
	add_command(b, s, inv->controllers[0], argv);
}

/* Hosts whose own texts differ although the cluster's do not: an edited file, a host that was left behind. */
static void add_reloads(struct builder *b)
{
	const struct inventory *inv = b->plan->cluster->inv;
	struct step *s = begin(b, STAGE_ACTIVATE, "reload slurmd where its file differed");
	for (size_t i = 0; i < inv->compute_count; i++) {
		size_t host = inv->compute[i];
		if (b->plan->hosts[host].need == SLURM_NEED_RECONFIGURE && plan_acts_on(&b->plan->hosts[host]))
			add_systemctl(b, s, host, "reload", ROLE_NODE);
	}
	end(b, s);
}

static size_t in_charge(const struct plan *plan)
{
	return plan->live && plan->live->up ? plan->live->controller : plan->cluster->inv->controllers[0];
}

/* The controller that leads, as they say themselves: the first that answers. */
static size_t leader(const struct plan *plan)
{
	const struct inventory *inv = plan->cluster->inv;
	const struct live *live = plan->live;
	for (size_t i = 0; live && live->up && i < live->controller_count; i++)
		for (size_t k = 0; live->controllers[i].up && k < inv->controller_count; k++)
			if (streq(live->controllers[i].host, inv->hosts[inv->controllers[k]].hostname))
				return inv->controllers[k];
	return in_charge(plan);
}

/*
 * scontrol asks one controller after the other, in their order, and waits for each that took the connection (src/common/slurm_protocol_api.c,
 * slurm_open_controller_conn): one that hangs would keep all from being told. So where there are several, it runs on the one that leads with
 * a configuration that knows no other.
 */
static const char *const *tell_alone(struct builder *b, size_t host)
{
	const char **argv = arena_calloc(b->plan->arena, 6, sizeof *argv);
	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = tell_alone_sh;
	argv[3] = "reeve-reconfigure";
	argv[4] = b->plan->cluster->inv->hosts[host].hostname;
	return argv;
}

static void add_reconfigure(struct builder *b, bool backups)
{
	const struct inventory *inv = b->plan->cluster->inv;
	size_t at = leader(b->plan);
	struct step *s = begin(b, STAGE_ACTIVATE, "scontrol reconfigure");
	s->essential = true;
	add_command(b, s, at, inv->controller_count == 1 ? reconfigure : tell_alone(b, at));
	/* Backups that were just restarted have read the file. */
	s = begin(b, STAGE_ACTIVATE, "reload slurmctld on the backups");
	for (size_t i = 0; backups && i < inv->controller_count; i++)
		if (inv->controllers[i] != at && runs(b->plan, inv->controllers[i], ROLE_CONTROLLER))
			add_systemctl(b, s, inv->controllers[i], "reload", ROLE_CONTROLLER);
	end(b, s);
}

/*
 * A backup that is new starts behind that: from 23.11 on the primary, when it reads its file again, tells the backups to
 * stand back and waits for each (src/slurmctld/controller.c, _shutdown_bu_thread), and a backup that starts answers
 * nobody before there is a heartbeat, which the primary writes once it knows of a backup (src/slurmctld/heartbeat.c).
 */
static void add_reconfigured(struct builder *b)
{
	add_files(b);
	add_primary(b, false);
	add_reconfigure(b, true);
	add_backups(b, false);
}

static void add_drain(struct builder *b)
{
	struct arena *a = b->plan->arena;
	struct step *s = begin(b, STAGE_ACTIVATE, "drain the nodes that are to be kept from jobs");
	s->essential = true;
	for (size_t i = 0; i < b->plan->drains.len; i++) {
		const struct plan_drain *d = &b->plan->drains.items[i];
		const char **argv = arena_calloc(a, 6, sizeof *argv);
		argv[0] = "scontrol";
		argv[1] = "update";
		argv[2] = arena_printf(a, "NodeName=%s", hostlist_compress(d->names.items, d->names.len, a));
		argv[3] = "State=DRAIN";
		argv[4] = arena_printf(a, "Reason=%s", d->reason);
		add_command(b, s, in_charge(b->plan), argv);
	}
	end(b, s);
}

/* A slurmd that runs already was started by a run that was cut off; it is restarted where the others are. */
static void add_joining(struct builder *b, bool restart)
{
	const struct inventory *inv = b->plan->cluster->inv;
	add_drain(b);
	struct step *s = begin(b, STAGE_ACTIVATE, "start slurmd on the nodes that join");
	for (size_t i = 0; i < inv->compute_count; i++) {
		const struct host_plan *h = &b->plan->hosts[inv->compute[i]];
		if (h->joins)
			add_service(b, s, inv->compute[i], ROLE_NODE, restart || h->need > SLURM_NEED_RECONFIGURE);
	}
	end(b, s);
}

static void add_stop(struct builder *b, bool slurmds)
{
	const struct inventory *inv = b->plan->cluster->inv;
	/* Backups first, or one of them takes over. */
	struct step *s = begin(b, STAGE_ACTIVATE, "stop slurmctld on the backups");
	for (size_t i = 1; i < inv->controller_count; i++)
		if (runs(b->plan, inv->controllers[i], ROLE_CONTROLLER))
			add_systemctl(b, s, inv->controllers[i], "stop", ROLE_CONTROLLER);
	end(b, s);
	s = begin(b, STAGE_ACTIVATE, "stop slurmctld");
	if (runs(b->plan, inv->controllers[0], ROLE_CONTROLLER))
		add_systemctl(b, s, inv->controllers[0], "stop", ROLE_CONTROLLER);
	end(b, s);
	s = begin(b, STAGE_ACTIVATE, "stop slurmd");
	for (size_t i = 0; slurmds && i < inv->compute_count; i++)
		if (plan_acts_on(&b->plan->hosts[inv->compute[i]]) && b->plan->cluster->hosts[inv->compute[i]].serves)
			add_systemctl(b, s, inv->compute[i], "stop", ROLE_NODE);
	end(b, s);
}

static void add_activation(struct builder *b)
{
	enum slurm_need need = b->plan->need;
	add_trial(b);
	switch (need) {
	case SLURM_NEED_NOTHING:
	case SLURM_NEED_START:
		add_files(b);
		add_slurmctlds(b, false);
		add_reloads(b);
		add_slurmds(b, false, true);
		break;
	case SLURM_NEED_RECONFIGURE:
		add_reconfigured(b);
		add_slurmds(b, false, true);
		break;
	case SLURM_NEED_RESTART_SLURMD:
		add_reconfigured(b);
		add_slurmds(b, true, true);
		break;
	case SLURM_NEED_RESTART_CTLD:
		add_snapshot(b);
		add_files(b);
		add_slurmctlds(b, true);
		add_reconfigure(b, false);
		add_slurmds(b, false, true);
		break;
	case SLURM_NEED_RESTART_BOTH:
		add_snapshot(b);
		add_files(b);
		add_slurmctlds(b, true);
		add_slurmds(b, true, true);
		break;
	case SLURM_NEED_NODES:
		add_snapshot(b);
		add_stop(b, false);
		add_files(b);
		add_slurmds(b, true, false);
		add_slurmctlds(b, true);
		break;
	case SLURM_NEED_STOP_ALL:
		add_snapshot(b);
		add_stop(b, true);
		add_files(b);
		add_slurmctlds(b, true);
		add_slurmds(b, true, true);
		break;
	}
	add_joining(b, need != SLURM_NEED_START && need > SLURM_NEED_RECONFIGURE && need != SLURM_NEED_RESTART_CTLD);
}

/* So that no job enters a node that has to be idle, between the look at the jobs and the change. They are resumed when
 * they are verified, or when the run ends early. */
static void add_quiet(struct builder *b)
{
	struct arena *a = b->plan->arena;
	struct step *s = begin(b, STAGE_ACTIVATE, "keep jobs from the nodes that have to be idle");
	s->essential = true;
	s->look = true;
	if (b->plan->quiet.len) {
		const char **argv = arena_calloc(a, 6, sizeof *argv);
		argv[0] = "scontrol";
		argv[1] = "update";
		argv[2] =
		    arena_printf(a, "NodeName=%s", hostlist_compress(b->plan->quiet.items, b->plan->quiet.len, a));
		argv[3] = "State=DRAIN";
		argv[4] = "Reason=" PLAN_REASON_QUIET;
		add_command(b, s, in_charge(b->plan), argv);
	}
	end(b, s);
}

/* So that no job enters one between the look at the jobs and the activation. */
static void add_closing(struct builder *b)
{
	struct arena *a = b->plan->arena;
	struct step *s = begin(b, STAGE_ACTIVATE, "close the partitions that leave to new jobs");
	s->essential = true;
	for (size_t i = 0; i < b->plan->leaving.len; i++) {
		const char **argv = arena_calloc(a, 5, sizeof *argv);
		argv[0] = "scontrol";
		argv[1] = "update";
		argv[2] = arena_printf(a, "PartitionName=%s", b->plan->leaving.items[i]);
		argv[3] = "State=DRAIN";
		add_command(b, s, in_charge(b->plan), argv);
	}
	end(b, s);
}

/* A daemon reads a configuration only after a test: whenever its bytes change, or the first slurmctld is to start with them. */
static void add_test(struct builder *b)
{
	enum slurm_need need = b->plan->need;
	if (!b->plan->slurm_conf_changes && (need == SLURM_NEED_NOTHING || need == SLURM_NEED_START))
		return;
	add_closing(b);
	struct step *s = begin(b, STAGE_ACTIVATE, "test the configuration");
	s->test = true;
	s->essential = true;
}

/* What no daemon of Slurm's has to do with comes when these are up. */
static void add_others(struct builder *b)
{
	struct step *s = begin(b, STAGE_ACTIVATE, "activate other modules");
	s->slurm = false;
	add_stage(b, s);
}

void plan_steps(struct plan *plan, const struct plan_options *options)
{
	struct builder b = {.plan = plan, .options = options};
	b.taken = arena_calloc(plan->arena, plan->cluster->inv->host_count, sizeof *b.taken);
	for (enum stage stage = 0; stage < STAGES; stage++) {
		if (stage_title(stage)) {
			add_stage(&b, begin(&b, stage, stage_title(stage)));
			continue;
		}
		if (plan_wants(options, module_slurm->name)) {
			add_test(&b);
			add_quiet(&b);
			add_activation(&b);
		}
		add_others(&b);
	}
}
