#include "run/rotate.h"

#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "run/lock.h"
#include "run/secret.h"

enum { PUT_MS = 60000, RESTART_MS = 60000, MOST_HOSTS = 65536 };

struct rotation {
	struct run *run;
	const struct rotate_options *options;
	struct rotate_result *result;
	const struct cluster_secret *secret;
	size_t place;     /* in cluster.secrets */
	bool *member;     /* by host index: it gets the secret in this run */
	const char *step; /* that is at work */
};

static struct findings *findings_of(struct rotation *r)
{
	return &r->result->apply.findings;
}

static bool stopped(struct rotation *r)
{
	r->result->apply.stopped = findings_count(findings_of(r), FINDING_STOP) > 0;
	return r->result->apply.stopped;
}

static bool is_ours(const struct rotation *r, const struct resource *x)
{
	const char *name = resource_secret(x);
	return x->type == RESOURCE_FILE && name && streq(name, r->secret->row->name);
}

/* The file on a host; NULL: it has none of it, or what it belongs to is not installed there yet. */
static const struct resource *file_of(const struct rotation *r, size_t host)
{
	const struct catalog *c = r->run->catalogs[host];
	const struct facts *f = r->run->cluster->hosts[host].facts;
	if (!c || !f || !f->roles[r->options->role].unit.loaded)
		return NULL;
	for (size_t i = 0; i < c->len; i++)
		if (is_ours(r, &c->items[i]))
			return &c->items[i];
	return NULL;
}

static bool reads(const struct resource *service, const char *path)
{
	for (const char *const *p = service->service.inputs; p && *p; p++)
		if (streq(*p, path))
			return true;
	return false;
}

/* Does slurmctld know of a job on that node? */
static bool holds_job(const struct rotation *r, const char *name)
{
	const struct live *live = r->run->live;
	for (size_t i = 0; i < live->job_count; i++) {
		const char *const *names;
		size_t count;
		const struct slurm_job *job = &live->jobs[i];
		if (!job->nodes || !slurm_job_holds_nodes(job))
			continue;
		if (hostlist_expand(job->nodes, MOST_HOSTS, r->run->arena, &names, &count, NULL, NULL) < 0)
			return true;
		for (size_t k = 0; k < count; k++)
			if (streq(names[k], name))
				return true;
	}
	return false;
}

/* Why a host without the new secret would be missed; NULL: slurmctld has lost it anyway, and knows of no job there. */
static const char *why_missed(const struct rotation *r, const struct cluster_host *h)
{
	const struct live *live = r->run->live;
	if (h->inv->controller)
		return "it is a controller";
	if (!live || !live->up || live->brief)
		return "slurmctld does not answer, so that it is unknown whether jobs run there";
	for (size_t i = 0; i < live->node_count; i++) {
		const struct slurm_node_state *node = &live->nodes[i];
		if (!streq(node->name, h->inv->name))
			continue;
		bool gone = node->base == SLURM_NODE_DOWN || (node->flags & SLURM_NODE_NO_RESPOND);
		if (holds_job(r, node->name) || node->cpus_allocated)
			return "jobs run there";
		return gone ? NULL : "slurmctld reaches it, and may start jobs there";
	}
	return NULL;
}

/* It is part of the cluster, and does not get the new secret now. */
static void judge_left(struct rotation *r, const struct cluster_host *h)
{
	size_t host = h->inv->index;
	const char *why = why_missed(r, h), *reason = roll_why(r->run->roll, host);
	*vec_push_in(r->run->arena, &r->result->left) = h->inv->name;
	if (why && r->options->without && cluster_decided(r->run->cluster, r->options->without, host)) {
		*vec_push_in(r->run->arena, &r->result->cut) = h->inv->name;
		return;
	}
	if (!why)
		return;
	struct finding *f =
	    finding_add(findings_of(r), FINDING_STOP, CODE_KEY_BUSY, h->inv->name,
			"the new %s cannot be put there (%s), and without it the host would be cut off: %s",
			r->secret->row->said, reason ? reason : "its session ended", why);
	f->fix =
	    finding_text(findings_of(r),
			 "bring it back; or `--without %s`: its jobs may be lost, and it gets the key when it is back",
			 h->inv->name);
	f->origin = h->inv->at;
}

static bool served(const struct cluster_host *h)
{
	return !cluster_is_out(h) && (h->inv->controller || (h->serves && h->last));
}

/* Asks slurmctld about those that do not get it, where there are any. */
static int judge_all_left(struct rotation *r, struct err *err)
{
	struct run *run = r->run;
	size_t left = 0;
	r->result->left.len = r->result->cut.len = 0;
	for (size_t i = 0; i < run->inv->host_count; i++)
		left += served(&run->cluster->hosts[i]) && !(r->member[i] && roll_in(run->roll, i));
	if (left && run_ask_live(run, err) < 0)
		return -1;
	for (size_t i = 0; left && i < run->inv->host_count; i++)
		if (served(&run->cluster->hosts[i]) && !(r->member[i] && roll_in(run->roll, i)))
			judge_left(r, &run->cluster->hosts[i]);
	return 0;
}

static void refuse(struct rotation *r, const char *what, const char *fix)
{
	finding_add(findings_of(r), FINDING_STOP, CODE_ROTATE_KEY, NULL, "%s", what)->fix = fix;
}

/* What speaks against it before anything was touched; whose turn it is. */
static int settle(struct rotation *r, struct err *err)
{
	struct run *run = r->run;
	const struct findings *from = roll_majority(run->roll) ? &run->cluster->findings : &run->plan->findings;
	for (size_t i = 0; i < from->len; i++)
		*vec_push_in(run->arena, findings_of(r)) = from->items[i];
	if (stopped(r))
		return 0;
	if (!record_secret(run->cluster->record, r->secret->row) || cluster_secrets_differ(run->cluster)) {
		refuse(r, "the cluster's record names no key that could be exchanged", "`reeve apply` first");
		return 0;
	}
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (roll_in(run->roll, i) && file_of(r, i)) {
			r->member[i] = true;
			*vec_push_in(run->arena, &r->result->hosts) = run->inv->hosts[i].name;
		}
	return judge_all_left(r, err);
}

static int make(struct rotation *r, struct err *err)
{
	struct run *run = r->run;
	const char *old = r->secret->fingerprint;
	if (!r->options->file)
		secret_make(run, r->place);
	else if (secret_read(run, r->place, r->options->file, err) < 0)
		return -1;
	if (streq(old, r->secret->fingerprint))
		refuse(r, "that is the key that the cluster has already", "name another file, or none");
	return 0;
}

/* The file with the new fingerprint, at its path or beside it. */
static struct resource *new_file(const struct rotation *r, const struct resource *old, bool next)
{
	struct arena *a = r->run->arena;
	struct resource *x = arena_alloc(a, sizeof *x);
	*x = *old;
	x->file.fingerprint = r->secret->fingerprint;
	if (next) {
		x->file.path = arena_printf(a, "%s" SECRET_NEXT, old->file.path);
		x->id = arena_printf(a, "file:%s", x->file.path);
	}
	return x;
}

static const struct resource *no_file(const struct rotation *r, const struct resource *old)
{
	struct catalog list = {.arena = r->run->arena};
	struct resource *x =
	    catalog_absent(&list, STAGE_AUTH, arena_printf(r->run->arena, "%s" SECRET_NEXT, old->file.path));
	x->module = old->module;
	x->origin = old->origin;
	return x;
}

static void add_resource(struct rotation *r, struct step *s, size_t host, const struct resource *x)
{
	const struct resource **list = arena_calloc(r->run->arena, 1, sizeof *list);
	list[0] = x;
	*vec_push_in(r->run->arena, s) =
	    (struct action){.kind = ACTION_APPLY, .host = host, .resources = list, .count = 1, .timeout_ms = PUT_MS};
}

static void add_restarts(struct rotation *r, struct step *s, size_t host, const char *path)
{
	const struct catalog *c = r->run->catalogs[host];
	for (size_t i = 0; i < c->len; i++) {
		if (c->items[i].type != RESOURCE_SERVICE || !reads(&c->items[i], path))
			continue;
		const char **argv = arena_calloc(r->run->arena, 4, sizeof *argv);
		argv[0] = "systemctl";
		argv[1] = "restart";
		argv[2] = c->items[i].service.unit;
		*vec_push_in(r->run->arena, s) =
		    (struct action){.kind = ACTION_RUN, .host = host, .argv = argv, .timeout_ms = RESTART_MS};
	}
}

enum kind { BESIDE, WITHDRAW, PLACE, RESTART };

static int do_step(struct rotation *r, enum kind kind, struct err *err)
{
	static const struct {
		const char *before, *behind;
	} titles[] = {
	    [BESIDE] = {"put the new", " beside the old"},
	    [WITHDRAW] = {"remove the new", " again"},
	    [PLACE] = {"put the new", " in place"},
	    [RESTART] = {"restart what uses the", ""},
	};
	struct run *run = r->run;
	struct step s = {.stage = STAGE_AUTH};
	s.title = arena_printf(run->arena, "%s %s%s", titles[kind].before, r->secret->row->said, titles[kind].behind);
	r->step = s.title;
	for (size_t i = 0; i < run->inv->host_count; i++) {
		const struct resource *file = r->member[i] && roll_in(run->roll, i) ? file_of(r, i) : NULL;
		if (!file)
			continue;
		if (kind == RESTART)
			add_restarts(r, &s, i, file->file.path);
		else
			add_resource(r, &s, i, kind == WITHDRAW ? no_file(r, file) : new_file(r, file, kind == BESIDE));
	}
	return apply_step(run, r->options->apply, &s, &r->result->apply, err);
}

static bool is_cancelled(const struct rotation *r, struct err *err)
{
	const struct interrupt *i = r->run->options->interrupt;
	if (!i || !i->cancel)
		return false;
	err_set(err, ERR_CANCELLED, "interrupted");
	return true;
}

/* From the record to the last restart: an interruption waits for its end. */
static int exchange(struct rotation *r, struct err *err)
{
	struct run *run = r->run;
	struct interrupt *interrupt = run->options->interrupt;
	const char *section = arena_printf(run->arena, "the %s is exchanged", r->secret->row->said);
	if (interrupt && !interrupt_hold(interrupt, section))
		return err_set(err, ERR_CANCELLED, "interrupted");
	int rc = apply_record_secrets(run, r->options->apply, &r->result->apply, err);
	if (rc == 0)
		rc = do_step(r, PLACE, err);
	uint64_t began = clock_ms();
	if (rc == 0)
		rc = do_step(r, RESTART, err);
	if (rc == 0)
		r->result->apply.window_ms = (unsigned)(clock_ms() - began) + 1;
	if (interrupt)
		interrupt_release(interrupt);
	return rc;
}

/* All hosts have it beside the old one; or all of it is taken back. */
static int prepare(struct rotation *r, struct err *err)
{
	struct run *run = r->run;
	struct err ignored;
	int rc = do_step(r, BESIDE, err);
	if (rc == 0 && !is_cancelled(r, err)) {
		roll_look(run->roll);
		if (!roll_majority(run->roll))
			refuse(r, "no majority of the controllers took the new key: the old one stays",
			       "see below why");
		else
			rc = judge_all_left(r, err);
	}
	bool ended = rc < 0 || is_cancelled(r, err);
	if (!ended && !stopped(r))
		return 0;
	if (ended && run->options->interrupt)
		interrupt_grace(run->options->interrupt);
	do_step(r, WITHDRAW, &ignored);
	return ended ? -1 : 0;
}

/* Where it was cut off, as a last word. */
static void say_cut_off(struct rotation *r, const struct err *err)
{
	bool interrupted = r->result->apply.interrupted = err->code == ERR_CANCELLED;
	if (!r->step)
		return;
	finding_add(findings_of(r), FINDING_STOP, interrupted ? CODE_CUT_OFF : CODE_STOPPED, NULL,
		    "%s %s the step '%s'", interrupted ? "interrupted" : "the run was aborted",
		    r->result->apply.window_ms ? "after" : "at", r->step)
	    ->fix = r->result->apply.window_ms
			? "the key is exchanged; `reeve apply --verify` verifies it"
			: "`reeve apply` completes it, or takes it back where no host uses the new key yet";
}

static int act(struct rotation *r, struct err *err)
{
	struct run *run = r->run;
	struct apply_result *ret = &r->result->apply;
	if (make(r, err) < 0 || stopped(r))
		return stopped(r) ? 0 : -1;
	if (prepare(r, err) < 0 || stopped(r))
		return stopped(r) ? 0 : -1;
	if (exchange(r, err) < 0)
		return -1;
	roll_look(run->roll);
	if (!roll_majority(run->roll)) {
		finding_add(findings_of(r), FINDING_STOP, CODE_STOPPED, NULL,
			    "the run was aborted after the key was exchanged: no majority of the controllers is left")
		    ->fix = "`reeve apply` completes it";
		ret->stopped = true;
		return 0;
	}
	if (apply_verify(run, r->options->apply, ret, err) < 0)
		return -1;
	run->done = true;
	return apply_audit(run, r->options->apply, ret->verified, ret, err);
}

int rotate(struct run *run, const struct rotate_options *options, struct rotate_result *ret, struct err *err)
{
	struct rotation r = {
	    .run = run,
	    .options = options,
	    .result = ret,
	    .secret = cluster_secret_of(run->cluster, options->role),
	    .member = arena_calloc(run->arena, run->inv->host_count, sizeof *r.member),
	};
	*ret = (struct rotate_result){.apply = {.findings = {.arena = run->arena}}};
	if (!r.secret)
		return err_set(err, ERR_INTERNAL, "no module has a secret of that role");
	r.place = (size_t)(r.secret - run->cluster->secrets);
	ret->said = r.secret->row->said;
	if (settle(&r, err) < 0)
		return -1;
	if (stopped(&r) || options->look)
		return 0;
	int rc = act(&r, err);
	if (rc < 0)
		say_cut_off(&r, err);
	return rc;
}
