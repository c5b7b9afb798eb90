/*
 * Which secret is the cluster's. A package may make a random one on each host at installation, as MUNGE's does its key, so that
 * what lies there means nothing by itself; what means something is the record, and daemons that work with it now.
 *
 *	record has a fingerprint    that one. A host that holds it gives it to those that do not; none does: stop, with
 *	                            the choices.
 *	no record, slurmctld runs   the one in use there: somebody's cluster, or ours after a run that was cut off.
 *	no record, only slurmds run a controller that was reimaged looks like this. Stop, with the choices.
 *	nothing                     a new one.
 *
 * A rotation writes its new fingerprint into the record when all hosts have the new secret beside the old one, and before the
 * first of them takes it. So what was cut off there is completed from what lies beside; before that nothing has happened.
 *
 * The one that the record names is not exchanged, also when that is asked for, while a node that served cannot be
 * reached: it may run jobs, and would be cut off from the cluster by it.
 */
#include <string.h>

#include "base/str.h"
#include "model/cluster.h"

struct decider {
	struct cluster *c;
	struct cluster_secret *secret;
	size_t place; /* of its row */
	const struct cluster_options *options;
};

static const char *found_at(const struct decider *d, const struct cluster_host *h)
{
	return h->facts ? h->facts->secrets[d->place].fingerprint : NULL;
}

bool cluster_holds_secret(const struct cluster *c, size_t host, const struct cluster_secret *secret, bool *ret_next)
{
	const struct facts *f = c->hosts[host].facts;
	size_t place = (size_t)(secret - c->secrets);
	if (!f || !secret->fingerprint || secret->row->file)
		return false;
	bool there = str_same(f->secrets[place].fingerprint, secret->fingerprint);
	*ret_next = !there;
	return there || str_same(f->secrets[place].next, secret->fingerprint);
}

/* All that say that they have it, controllers first: one that lies is found when it is to give it (run/secret.c). */
static bool find_holders(struct decider *d, const char *fingerprint)
{
	struct cluster *c = d->c;
	struct cluster_secret *s = d->secret;
	size_t *holders = arena_calloc(c->arena, c->inv->host_count, sizeof *holders);
	bool next;
	s->fingerprint = fingerprint;
	s->holder_count = 0;
	for (size_t i = 0; i < c->inv->controller_count; i++)
		if (cluster_holds_secret(c, c->inv->controllers[i], s, &next))
			holders[s->holder_count++] = c->inv->controllers[i];
	for (size_t i = 0; i < c->inv->host_count; i++)
		if (!c->hosts[i].inv->controller && cluster_holds_secret(c, i, s, &next))
			holders[s->holder_count++] = i;
	s->holders = holders;
	if (s->holder_count)
		s->state = SECRET_KNOWN;
	return s->holder_count;
}

/* Only this one's is right. */
static void hold_only(struct decider *d, size_t host)
{
	size_t *holder = arena_alloc(d->c->arena, sizeof *holder);
	*holder = host;
	d->secret->holders = holder;
	d->secret->holder_count = 1;
}

static void undecided(struct decider *d, enum finding_code code, const char *what)
{
	struct cluster *c = d->c;
	d->secret->state = SECRET_UNKNOWN;
	struct finding *f = finding_add(&c->findings, FINDING_STOP, code, NULL, "%s", what);
	f->fix = finding_text(
	    &c->findings,
	    "bring back a host that has it, or put it into %s of one host and use --key-from HOST; or, when no "
	    "job matters any more, stop slurmctld and slurmd everywhere and use --new-key",
	    d->secret->row->path);
	f->origin = c->inv->controllers_at;
}

/* Unknown is busy. */
static bool may_be_exchanged(struct decider *d)
{
	struct cluster *c = d->c;
	for (size_t i = 0; record_secret(c->record, d->secret->row) && i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		bool served = h->inv->controller || (h->serves && h->last);
		if (h->facts || !served)
			continue;
		d->secret->state = SECRET_UNKNOWN;
		struct finding *f = finding_add(&c->findings, FINDING_STOP, CODE_KEY_BUSY, h->inv->name,
						"it cannot be reached, and may run jobs that another %s would cut off",
						d->secret->row->said);
		f->fix = "bring it back; or, where it is gone for good, take it out of cluster.yaml and apply while "
			 "slurmctld still runs, and exchange the key then";
		f->origin = h->inv->at;
		return false;
	}
	return true;
}

/* What the record says, and what runs, nobody can know. */
static void unreachable(struct cluster *c)
{
	const struct cluster_host *first = &c->hosts[c->inv->controllers[0]];
	struct finding *f =
	    finding_add(&c->findings, FINDING_STOP, CODE_CONTROLLER_UNREACHABLE, first->inv->name,
			"%s (%s): the cluster's record is there, so nothing can be said of the cluster",
			c->inv->controller_count == 1 ? "the controller was not reached" : "no controller was reached",
			first->unreached);
	f->fix = "bring it back first; `reeve trust` and ssh(1) show whether it can be reached";
	f->origin = c->inv->controllers_at;
}

static void blame_slurmds(struct cluster *c)
{
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		if (h->facts && !h->inv->controller && facts_unit_runs(&h->facts->roles[ROLE_NODE].unit))
			cluster_blame(c, h, CODE_KEY_UNKNOWN, "its slurmd runs, and no controller has a record of it")
			    ->fix = finding_text(
			    &c->findings, "where no job matters on it: ssh %s systemctl stop slurmd", h->inv->name);
	}
}

/* Who works with it now. */
struct users {
	size_t slurmds, nodes;
	const struct cluster_host *active; /* a controller whose slurmctld runs; NULL: none that has the secret */
};

static struct users find_users(const struct decider *d)
{
	struct users u = {0};
	for (size_t i = 0; i < d->c->inv->host_count; i++) {
		const struct cluster_host *h = &d->c->hosts[i];
		if (!h->facts)
			continue;
		u.nodes += h->inv->compute;
		u.slurmds += facts_unit_runs(&h->facts->roles[ROLE_NODE].unit);
		if (!u.active && h->inv->controller && facts_unit_runs(&h->facts->roles[ROLE_CONTROLLER].unit) &&
		    found_at(d, h))
			u.active = h;
	}
	return u;
}

static void take_from(struct decider *d, const char *name)
{
	const struct inv_host *from = inventory_host(d->c->inv, name);
	const char *fingerprint = from ? found_at(d, &d->c->hosts[from->index]) : NULL;
	if (!fingerprint) {
		undecided(d, CODE_KEY_FROM, "the host of --key-from was not reached, or has no key");
		return;
	}
	if (!str_same(record_secret(d->c->record, d->secret->row), fingerprint) && !may_be_exchanged(d))
		return;
	find_holders(d, fingerprint);
	hold_only(d, from->index);
}

static void decide(struct decider *d)
{
	struct cluster_secret *s = d->secret;
	bool asked = s->row->role == ROLE_AUTH; /* the operator's options are about this one */
	const char *recorded = record_secret(d->c->record, s->row), *said = s->row->said;
	struct users u = find_users(d);
	if (asked && d->options->key_from) {
		take_from(d, d->options->key_from);
	} else if (asked && d->options->new_key && !u.active && !u.slurmds) {
		if (may_be_exchanged(d))
			s->state = SECRET_NEW;
	} else if (asked && d->options->new_key) {
		undecided(d, CODE_NEW_KEY, "a new key was asked for, and Slurm's daemons still run with the old one");
	} else if (recorded) {
		if (!find_holders(d, recorded))
			undecided(
			    d, CODE_KEY_LOST,
			    finding_text(&d->c->findings,
					 "the record names the cluster's %s, and no host that was reached holds it",
					 said));
	} else if (u.active) {
		find_holders(d, found_at(d, u.active));
	} else if (u.slurmds && u.slurmds * 2 < u.nodes) {
		/* A few against most: theirs is no cluster that was lost. */
		blame_slurmds(d->c);
		s->state = SECRET_NEW;
	} else if (u.slurmds) {
		undecided(d, CODE_KEY_UNKNOWN,
			  "slurmds are running, and no controller has a record of this cluster or a running slurmctld: "
			  "was the controller reimaged?");
	} else {
		s->state = SECRET_NEW;
	}
}

void cluster_decide_secrets(struct cluster *c, const struct cluster_options *options)
{
	size_t count = 0;
	while (options->secrets && options->secrets[count])
		count++;
	c->secrets = arena_calloc(c->arena, count, sizeof *c->secrets);
	c->secret_count = count;
	for (size_t i = 0; i < count; i++)
		c->secrets[i] = (struct cluster_secret){
		    .row = options->secrets[i], .state = options->secrets[i]->file ? SECRET_GIVEN : SECRET_UNKNOWN};
	if (!cluster_primary(c)) {
		unreachable(c);
		return;
	}
	for (size_t i = 0; i < c->secret_count; i++) {
		struct decider d = {.c = c, .secret = &c->secrets[i], .place = i, .options = options};
		if (c->secrets[i].state != SECRET_GIVEN)
			decide(&d);
	}
}

const struct cluster_secret *cluster_secret(const struct cluster *c, const char *name)
{
	for (size_t i = 0; i < c->secret_count; i++)
		if (streq(c->secrets[i].row->name, name))
			return &c->secrets[i];
	return NULL;
}

const struct cluster_secret *cluster_secret_of(const struct cluster *c, enum role role)
{
	for (size_t i = 0; i < c->secret_count; i++)
		if (c->secrets[i].row->role == role)
			return &c->secrets[i];
	return NULL;
}

static bool is_recorded(const struct cluster_secret *s)
{
	return s->fingerprint && s->state != SECRET_GIVEN;
}

bool cluster_secrets_differ(const struct cluster *c)
{
	for (size_t i = 0; i < c->secret_count; i++) {
		const struct cluster_secret *s = &c->secrets[i];
		if (is_recorded(s) && !str_same(s->fingerprint, record_secret(c->record, s->row)))
			return true;
	}
	return false;
}

void cluster_record_secrets(const struct cluster *c, struct record *r)
{
	r->secret_count = 0;
	for (size_t i = 0; i < c->secret_count; i++)
		if (is_recorded(&c->secrets[i]))
			r->secrets[r->secret_count++] =
			    (struct record_secret){c->secrets[i].row->name, c->secrets[i].fingerprint};
}
