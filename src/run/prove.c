/*
 * The proof: jobs like a user's, in each partition and each part of the network, on the nodes that are idle.
 *
 * A job that did not run says little by itself. Its nodes were idle a moment ago, and what became of them since tells the cases
 * apart: taken by people's jobs (which proves nothing either way), drained or lost (that node's fault, with Slurm's reason), or idle
 * still. With those the job is tried again, as a whole and then in smaller ones, down to one for each node, so that what
 * is said at the end is about nodes, and only what fails everywhere is the cluster's fault.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "plan/serving.h"
#include "run/round.h"
#include "run/verify.h"
#include "slurm/srun.h"

enum { PIECES = 32, MOST_TRIES = 5, END_MS = 60000, LOOK_MS = 100, ROUND_MS = 30000, MOST_NAMES = 65536 };

struct trial {
	const struct module *module;
	struct job_set set;
	unsigned tries;
};

struct trials {
	struct trial *items;
	size_t len, cap;
};

/* Nodes on which a job did not run although nothing is wrong with them; those of the same job with the same end. */
struct failure {
	const struct module *module;
	struct job_set set; /* `names` is not used */
	enum check_verdict verdict;
	const char *why;
	struct names names;
};

struct prover {
	struct verifier *v;
	const struct slurm_node_state **before; /* by host index */
	const char **fault;                     /* by host index: what is wrong with it; NULL: nothing */
	bool *by_job;                           /* by host index: it was drained because of a job of ours */
	bool *taken;                            /* by host index: people's jobs were quicker */
	bool *held;                             /* by host index: a job of ours does not leave it */
	struct {
		struct failure *items;
		size_t len, cap;
	} failures;
};

static const struct slurm_node_state **by_host(const struct run *run)
{
	const struct slurm_node_state **nodes = arena_calloc(run->arena, run->inv->host_count, sizeof *nodes);
	for (size_t i = 0; run->live && run->live->up && i < run->live->node_count; i++) {
		const struct inv_host *h = inventory_host(run->inv, run->live->nodes[i].name);
		if (h)
			nodes[h->index] = &run->live->nodes[i];
	}
	return nodes;
}

static size_t host_named(const struct prover *p, const char *name)
{
	return inventory_host(p->v->run->inv, name)->index;
}

/* The nodes of our jobs, of squeue's text. */
static void find_held(struct prover *p, const char *text, bool *ret_held)
{
	const struct run *run = p->v->run;
	struct slurm_job *jobs = NULL;
	size_t count = 0;
	if (text)
		slurm_jobs_parse(text, strlen(text), run->arena, &jobs, &count, NULL);
	memset(p->held, 0, run->inv->host_count * sizeof *p->held);
	*ret_held = false;
	for (size_t i = 0; i < count; i++) {
		const char *const *names;
		size_t n;
		if (!jobs[i].nodes ||
		    hostlist_expand(jobs[i].nodes, MOST_NAMES, run->arena, &names, &n, NULL, NULL) < 0)
			continue;
		for (size_t k = 0; k < n; k++) {
			const struct inv_host *h = inventory_host(run->inv, names[k]);
			if (!h)
				continue;
			p->held[h->index] = true;
			*ret_held |= !p->fault[h->index];
		}
	}
}

/* What the nodes are now, and which of them our jobs still hold. */
static int look(struct prover *p, bool *ret_held, struct err *err)
{
	struct run *run = p->v->run;
	size_t controller = p->v->context.controller;
	_cleanup_round_ struct round round = {.run = run};
	json_t *items = live_items(LIVE_NODES);
	json_array_append_new(items, json_pack("{s:s, s:[s, s, s, s, s, s, s], s:i, s:i}", "name", "jobs", "run",
					       "squeue", "-h", "-a", "-n", p->v->context.job_name, "-o",
					       SLURM_JOBS_FORMAT, "max", 4 << 20, "timeout", ROUND_MS - 5000));
	const struct fleet_request *request = round_add(&round, controller, round_collect(items));
	if (round_send(&round, ROUND_MS, err) < 0)
		return -1;
	struct live *now = request->answer ? live_decode(request->answer, controller, LIVE_NODES, run->arena) : NULL;
	if (now && now->up && run->live) {
		run->live->nodes = now->nodes;
		run->live->node_count = now->node_count;
	}
	find_held(p, ran_of(round_item(request, "jobs")).out, ret_held);
	return 0;
}

/* Until our jobs have left their nodes; those that are known to be in trouble are not waited for. */
static int wait_for_end(struct prover *p, struct err *err)
{
	uint64_t until = clock_ms() + END_MS;
	bool held;
	if (look(p, &held, err) < 0)
		return -1;
	while (held && clock_ms() < until)
		if (fleet_pump(p->v->run->fleet, LOOK_MS, err) < 0 || look(p, &held, err) < 0)
			return -1;
	return 0;
}

/* A job whose srun was ended may still wait, or run. */
static int cancel_jobs(struct prover *p, struct err *err)
{
	const char *const argv[] = {"scancel", "-n", p->v->context.job_name, NULL};
	const char *ignored;
	return verify_tell(p->v, argv, &ignored, err);
}

static void put_fault(struct prover *p, size_t host, const char *why)
{
	if (!p->fault[host])
		p->fault[host] = why;
}

/* What srun says of single nodes. */
static void blame(struct prover *p, const struct trial *t, const struct due *due)
{
	for (const char *const *name = t->set.names; *name; name++)
		if (due->verdict == CHECK_FAILED && slurm_srun_blames(due->errors, *name))
			put_fault(p, host_named(p, *name),
				  arena_printf(p->v->run->arena, "the test job could not be started: %s", due->why));
}

static const char *user_of(const struct job_set *set)
{
	return set->user ? set->user : "root";
}

static void add_proof(struct prover *p, const struct trial *t, const char *const *names)
{
	struct apply_result *r = p->v->result;
	struct arena *arena = p->v->run->arena;
	size_t i = 0;
	if (t->module != module_slurm)
		return names_add_once(&r->proven, t->module->name, arena);
	if (!*names)
		return;
	while (i < r->proofs.len &&
	       !(r->proofs.items[i].partition == t->set.partition && streq(r->proofs.items[i].user, user_of(&t->set))))
		i++;
	if (i == r->proofs.len)
		*vec_push_in(arena, &r->proofs) =
		    (struct proof){.partition = t->set.partition, .user = user_of(&t->set)};
	for (; *names; names++)
		*vec_push_in(arena, &r->proofs.items[i].names) = *names;
}

static void add_failure(struct prover *p, const struct trial *t, const struct due *due, const char *const *names)
{
	struct arena *arena = p->v->run->arena;
	size_t i = 0;
	while (i < p->failures.len) {
		const struct failure *f = &p->failures.items[i];
		if (f->module == t->module && f->set.partition == t->set.partition && f->verdict == due->verdict &&
		    str_same(f->set.user, t->set.user) && streq(f->why, due->why))
			break;
		i++;
	}
	if (i == p->failures.len)
		*vec_push_in(arena, &p->failures) =
		    (struct failure){.module = t->module, .set = t->set, .verdict = due->verdict, .why = due->why};
	for (; *names; names++)
		*vec_push_in(arena, &p->failures.items[i].names) = *names;
}

static void try_again(struct prover *p, const struct trial *t, const char *const *names, size_t count, size_t pieces,
		      struct trials *next)
{
	struct arena *arena = p->v->run->arena;
	size_t each = (count + pieces - 1) / pieces;
	for (size_t at = 0; at < count; at += each) {
		size_t n = count - at < each ? count - at : each;
		const char **some = arena_calloc(arena, n + 1, sizeof *some);
		memcpy(some, names + at, n * sizeof *some);
		*vec_push_in(arena, next) = (struct trial){
		    .module = t->module, .set = verify_job_subset(&t->set, some, arena), .tries = t->tries + 1};
	}
}

/* Which nodes of a trial are neither in trouble nor taken. */
static const char **sort_nodes(struct prover *p, const struct trial *t, const struct due *due,
			       const struct slurm_node_state **after, size_t *ret_count)
{
	struct arena *arena = p->v->run->arena;
	const char **rest = arena_calloc(arena, t->set.count + 1, sizeof *rest);
	size_t n = 0;
	for (const char *const *name = t->set.names; *name; name++) {
		size_t host = host_named(p, *name);
		const char *why;
		bool by_job;
		enum serving s = serving_since(p->before[host], after[host], arena, &why, &by_job);
		p->by_job[host] |= by_job;
		if (s == SERVING_NOT)
			put_fault(p, host, why);
		else if (p->held[host])
			put_fault(p, host, "the test job does not end there: its node stays COMPLETING");
		if (p->fault[host])
			continue;
		if (s == SERVING_IDLE || due->verdict == CHECK_HOLDS)
			rest[n++] = *name;
		else
			p->taken[host] = true;
	}
	*ret_count = n;
	return rest;
}

static void settle(struct prover *p, const struct trial *t, const struct due *due,
		   const struct slurm_node_state **after, struct trials *next)
{
	size_t count;
	const char **rest = sort_nodes(p, t, due, after, &count);
	if (due->verdict == CHECK_HOLDS) {
		add_proof(p, t, rest);
		if (due->why && *due->why)
			finding_add(&p->v->result->findings, FINDING_NOTE, CODE_MEASURED, NULL, "%s: %s",
				    due->check->title, due->why);
		return;
	}
	if (!count)
		return;
	bool last = t->tries + 1 >= MOST_TRIES || (count == 1 && t->tries);
	if (last || due->verdict == CHECK_REFUSED || due->lost)
		add_failure(p, t, due, rest);
	else if (due->verdict == CHECK_NOT_RUN && !t->tries)
		try_again(p, t, rest, count, 1, next);
	else
		try_again(p, t, rest, count, count < PIECES ? count : PIECES, next);
}

static int run_trials(struct prover *p, const struct trials *trials, struct trials *next, struct err *err)
{
	struct verifier *v = p->v;
	struct checks checks = {.arena = v->run->arena};
	struct trials tried = {0};
	bool failed = false;
	for (size_t i = 0; i < trials->len; i++) {
		size_t had = checks.len;
		trials->items[i].module->prove(&v->context, &trials->items[i].set, &checks);
		for (; had < checks.len; had++)
			*vec_push_in(v->run->arena, &tried) = trials->items[i];
	}
	struct due *due = arena_calloc(v->run->arena, checks.len, sizeof *due);
	for (size_t i = 0; i < checks.len; i++)
		due[i] = (struct due){.check = &checks.items[i], .host = v->context.controller};
	if (!checks.len)
		return 0;
	verify_phase(v, checks.items[0].title);
	if (verify_round(v, due, checks.len, err) < 0)
		return -1;
	for (size_t i = 0; i < checks.len; i++) {
		failed |= due[i].verdict != CHECK_HOLDS;
		blame(p, &tried.items[i], &due[i]);
	}
	if ((failed && cancel_jobs(p, err) < 0) || wait_for_end(p, err) < 0)
		return -1;
	const struct slurm_node_state **after = by_host(v->run);
	for (size_t i = 0; i < checks.len; i++)
		settle(p, &tried.items[i], &due[i], after, next);
	return 0;
}

static const char *list_of(const struct prover *p, const bool *hosts)
{
	const struct inventory *inv = p->v->run->inv;
	const char **names = arena_calloc(p->v->run->arena, inv->host_count, sizeof *names);
	size_t n = 0;
	for (size_t i = 0; i < inv->host_count; i++)
		if (hosts[i])
			names[n++] = inv->hosts[i].name;
	return n ? hostlist_compress(names, n, p->v->run->arena) : NULL;
}

/* Slurm's reason stays readable behind ours, by which a later run finds what it has to prove and let in again. */
static int keep_reasons(struct prover *p, struct err *err)
{
	struct run *run = p->v->run;
	for (size_t i = 0; i < run->live->node_count; i++) {
		const struct slurm_node_state *n = &run->live->nodes[i];
		const struct inv_host *h = inventory_host(run->inv, n->name);
		if (!h || !p->by_job[h->index] || !n->reason)
			continue;
		const char *const argv[] = {
		    "scontrol",
		    "update",
		    arena_printf(run->arena, "NodeName=%s", n->name),
		    "State=DRAIN",
		    arena_printf(run->arena, "Reason=%s", verify_job_reason(n->reason, run->arena)),
		    NULL};
		const char *ignored;
		if (verify_tell(p->v, argv, &ignored, err) < 0)
			return -1;
	}
	return 0;
}

static int say_faults(struct prover *p, struct err *err)
{
	struct verifier *v = p->v;
	size_t count = v->run->inv->host_count;
	bool *hosts = arena_calloc(v->run->arena, count, sizeof *hosts);
	struct witness *witness;
	for (size_t i = 0; i < count; i++)
		hosts[i] = p->fault[i] != NULL;
	if (!list_of(p, hosts))
		return 0;
	if (verify_witness(v, hosts, &witness, err) < 0 || keep_reasons(p, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!p->fault[i])
			continue;
		struct finding *f =
		    verify_fault(v, i, CODE_PROOF, "%s", verify_with_witness(p->fault[i], &witness[i], v->run->arena));
		f->fix = p->by_job[i] ? "fix the cause and apply again: it lets the node in when a job ran there"
				      : "see slurmd's log on that host; then `reeve apply --verify`";
	}
	return 0;
}

static bool queue_waits(const struct live *live, const char *partition)
{
	for (size_t i = 0; live && i < live->job_count; i++)
		if (live->jobs[i].phase == SLURM_JOB_PENDING &&
		    str_has_item(live->jobs[i].partitions, partition, strncmp))
			return true;
	return false;
}

static void say_failure(struct prover *p, const struct failure *f)
{
	struct verifier *v = p->v;
	const char *list = hostlist_compress(f->names.items, f->names.len, v->run->arena);
	const struct inv_partition *partition = f->set.partition;
	const char *as = f->set.user ? arena_printf(v->run->arena, " as %s", f->set.user) : "";
	const char *what = f->module == module_slurm
			       ? "the test job"
			       : arena_printf(v->run->arena, "the test job of module %s", f->module->name);
	struct finding *x;
	if (f->verdict == CHECK_REFUSED) {
		x = finding_add(&v->result->findings, FINDING_NOTE, CODE_UNPROVEN, NULL,
				"no test job%s in partition %s: %s", as, partition->name, f->why);
	} else {
		x = verify_failed(v, CODE_PROOF, "%s%s %s on %s (partition %s)%s: %s", what, as,
				  f->verdict == CHECK_NOT_RUN ? "did not start" : "failed", list, partition->name,
				  f->verdict == CHECK_NOT_RUN ? " although idle" : "", f->why);
		x->fix = finding_text(&v->result->findings, "try it by hand on a controller: srun -p %s -w %s hostname",
				      partition->name, list);
	}
	x->origin = partition->at;
}

/* Nodes whose slurmd does not even answer on its own host are what is wrong; and where people's jobs wait, ours had to. */
static int say_failures(struct prover *p, struct err *err)
{
	struct run *run = p->v->run;
	bool *hosts = arena_calloc(run->arena, run->inv->host_count, sizeof *hosts);
	struct witness *witness;
	if (!p->failures.len)
		return 0;
	for (size_t i = 0; i < p->failures.len; i++)
		for (size_t k = 0; k < p->failures.items[i].names.len; k++)
			hosts[host_named(p, p->failures.items[i].names.items[k])] =
			    p->failures.items[i].verdict == CHECK_FAILED;
	if (verify_witness(p->v, hosts, &witness, err) < 0 || run_ask_live(run, err) < 0)
		return -1;
	for (size_t i = 0; i < p->failures.len; i++) {
		struct failure *f = &p->failures.items[i];
		bool waits = f->verdict == CHECK_NOT_RUN && queue_waits(run->live, f->set.partition->name);
		size_t n = 0;
		for (size_t k = 0; k < f->names.len; k++) {
			size_t host = host_named(p, f->names.items[k]);
			if (witness[host].silent)
				put_fault(p, host, f->why);
			else if (waits)
				p->taken[host] = true;
			else
				f->names.items[n++] = f->names.items[k];
		}
		f->names.len = n;
		for (size_t k = 0; k < n && f->verdict != CHECK_REFUSED; k++)
			p->v->unproven[host_named(p, f->names.items[k])] = true;
		if (n)
			say_failure(p, f);
	}
	return 0;
}

static void say_taken(struct prover *p)
{
	const struct verifier *v = p->v;
	for (size_t i = 0; i < v->run->inv->host_count; i++)
		p->taken[i] = (p->taken[i] || (v->context.busy && v->context.busy[i])) && !p->fault[i];
	const char *list = list_of(p, p->taken);
	if (list)
		finding_add(&v->result->findings, FINDING_NOTE, CODE_BUSY, NULL, "no test job on %s: busy with jobs",
			    list);
}

static bool says_yes(const struct inv_param *params, size_t count, const char *key)
{
	const char *value = inventory_param(params, count, key);
	return value && strcasecmp(value, "YES") == 0;
}

/* May root, or the user, ask for a job there at all? */
static bool may_ask(const struct prover *p, const struct job_set *s, bool root)
{
	const struct inventory *inv = p->v->run->inv;
	const struct inv_partition *x = s->partition;
	if (!root)
		return !says_yes(x->params, x->param_count, "RootOnly");
	return !says_yes(inv->params, inv->param_count, "DisableRootJobs") &&
	       !says_yes(x->params, x->param_count, "DisableRootJobs");
}

static bool is_up(const struct prover *p, const struct inv_partition *partition)
{
	const struct live *live = p->v->run->live;
	for (size_t i = 0; i < live->partition_count; i++)
		if (streq(live->partitions[i].name, partition->name))
			return streq(live->partitions[i].state, "UP");
	return true;
}

static void add_trials(struct prover *p, const struct module *m, const struct job_set *s,
		       const struct verify_user *user, struct trials *trials)
{
	struct arena *arena = p->v->run->arena;
	const char **names = arena_calloc(arena, s->count + 1, sizeof *names);
	size_t n = 0;
	for (const char *const *name = s->names; user->name && *name; name++)
		if (user->hosts[host_named(p, *name)])
			names[n++] = *name;
	bool root = may_ask(p, s, true), other = n && may_ask(p, s, false), up = is_up(p, s->partition);
	if (up && root)
		*vec_push_in(arena, trials) = (struct trial){.module = m, .set = *s};
	if (up && other) {
		struct job_set theirs = verify_job_subset(s, names, arena);
		theirs.user = user->name;
		theirs.gid = user->gid;
		*vec_push_in(arena, trials) = (struct trial){.module = m, .set = theirs};
	}
	if (!up || (!root && !other))
		finding_add(&p->v->result->findings, FINDING_NOTE, CODE_UNPROVEN, NULL,
			    "no test job in partition %s: %s", s->partition->name,
			    !up ? "it is not UP"
				: "root may not, and there is no user that the controller and its nodes know")
		    ->origin = s->partition->at;
}

/* The sets of the nodes that are reserved for us, or of all others. */
static void find_trials(struct prover *p, const struct module *m, const bool *reserved, const char *reservation,
			const struct verify_user *user, struct trials *trials)
{
	struct verifier *v = p->v;
	struct verify_context some = v->context;
	bool *idle = arena_calloc(v->run->arena, v->run->inv->host_count, sizeof *idle);
	struct job_set *sets;
	for (size_t i = 0; i < v->run->inv->host_count; i++)
		idle[i] = v->context.idle[i] && (reserved && reserved[i]) == (reservation != NULL);
	some.idle = idle;
	size_t count = verify_job_sets(&some, m->name, v->run->arena, &sets);
	for (size_t i = 0; i < count; i++) {
		sets[i].reservation = reservation;
		add_trials(p, m, &sets[i], user, trials);
	}
}

int verify_prove(struct verifier *v, const bool *due, const bool *reserved, const char *reservation, struct err *err)
{
	struct arena *arena = v->run->arena;
	size_t count = v->run->inv->host_count;
	struct prover p = {
	    .v = v,
	    .before = by_host(v->run),
	    .fault = arena_calloc(arena, count, sizeof *p.fault),
	    .by_job = arena_calloc(arena, count, sizeof *p.by_job),
	    .taken = arena_calloc(arena, count, sizeof *p.taken),
	    .held = arena_calloc(arena, count, sizeof *p.held),
	};
	struct verify_user user = {0};
	struct trials trials = {0};
	if (verify_find_user(v, v->context.idle, &user, err) < 0)
		return -1;
	for (size_t i = 0; modules[i]; i++) {
		if (!due[i] || !modules[i]->prove)
			continue;
		find_trials(&p, modules[i], reserved, NULL, &user, &trials);
		if (reservation)
			find_trials(&p, modules[i], reserved, reservation, &user, &trials);
	}
	while (trials.len) {
		struct trials next = {0};
		if (run_trials(&p, &trials, &next, err) < 0)
			return -1;
		trials = next;
	}
	if (say_failures(&p, err) < 0 || say_faults(&p, err) < 0)
		return -1;
	say_taken(&p);
	return 0;
}
