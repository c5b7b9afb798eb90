/*
 * Which MUNGE key is the cluster's. Munge's package makes a random key on each host at installation, so that a key by
 * itself means nothing; what means something is the record, and daemons that talk with a key now.
 *
 *	record has a fingerprint    that key. A host that holds it gives it to those that do not; none does: stop, with
 *	                            the choices.
 *	no record, slurmctld runs   the key in use there: somebody's cluster, or ours after a run that was cut off.
 *	no record, only slurmds run a controller that was reimaged looks like this. Stop, with the choices.
 *	nothing                     a new key.
 *
 * The key that the record names is not exchanged, also when that is asked for, while a node that served cannot be
 * reached: it may run jobs, and would be cut off from the cluster by it.
 */
#include <string.h>

#include "base/str.h"
#include "model/cluster.h"

static bool has_key(const struct cluster_host *h, const char *fingerprint)
{
	return h->facts && h->facts->key_fingerprint && streq(h->facts->key_fingerprint, fingerprint);
}

/* All that say that they have it, controllers first: one that lies is found when it is to give it (run/key.c). */
static bool find_holders(struct cluster *c, const char *fingerprint)
{
	size_t *holders = arena_calloc(c->arena, c->inv->host_count, sizeof *holders);
	c->key_fingerprint = fingerprint;
	c->key_holder_count = 0;
	for (size_t i = 0; i < c->inv->controller_count; i++)
		if (has_key(&c->hosts[c->inv->controllers[i]], fingerprint))
			holders[c->key_holder_count++] = c->inv->controllers[i];
	for (size_t i = 0; i < c->inv->host_count; i++)
		if (!c->hosts[i].inv->controller && has_key(&c->hosts[i], fingerprint))
			holders[c->key_holder_count++] = i;
	c->key_holders = holders;
	if (c->key_holder_count)
		c->key = KEY_KNOWN;
	return c->key_holder_count;
}

/* Only this one's is right. */
static void hold_only(struct cluster *c, size_t host)
{
	size_t *holder = arena_alloc(c->arena, sizeof *holder);
	*holder = host;
	c->key_holders = holder;
	c->key_holder_count = 1;
}

static void undecided(struct cluster *c, enum finding_code code, const char *what)
{
	c->key = KEY_UNKNOWN;
	struct finding *f = finding_add(&c->findings, FINDING_STOP, code, NULL, "%s", what);
	f->fix = "bring back a host that has the key, or put it into /etc/munge/munge.key of one host and say "
		 "--key-from HOST; or, when no "
		 "job matters any more, stop slurmctld and slurmd everywhere and use --new-key";
	f->origin = c->inv->controllers_at;
}

/* Unknown is busy. */
static bool may_be_exchanged(struct cluster *c)
{
	for (size_t i = 0; c->record && c->record->key && i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		bool served = h->inv->controller || (h->serves && h->last);
		if (h->facts || !served)
			continue;
		c->key = KEY_UNKNOWN;
		struct finding *f =
		    finding_add(&c->findings, FINDING_STOP, CODE_KEY_BUSY, h->inv->name,
				"it cannot be reached, and may run jobs that another MUNGE key would cut off");
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
	c->key = KEY_UNKNOWN;
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

void cluster_decide_key(struct cluster *c, const struct cluster_options *options)
{
	size_t slurmds = 0, nodes = 0, controllers = 0;
	const struct cluster_host *active = NULL;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->facts)
			continue;
		controllers += h->inv->controller;
		nodes += h->inv->compute;
		slurmds += facts_unit_runs(&h->facts->roles[ROLE_NODE].unit);
		if (!active && h->inv->controller && facts_unit_runs(&h->facts->roles[ROLE_CONTROLLER].unit) &&
		    h->facts->key_fingerprint)
			active = h;
	}
	if (!controllers) {
		unreachable(c);
		return;
	}
	if (options->key_from) {
		const struct inv_host *from = inventory_host(c->inv, options->key_from);
		const struct cluster_host *h = from ? &c->hosts[from->index] : NULL;
		if (!h || !h->facts || !h->facts->key_fingerprint) {
			undecided(c, CODE_KEY_FROM, "the host of --key-from was not reached, or has no key");
			return;
		}
		bool same = c->record && c->record->key && streq(c->record->key, h->facts->key_fingerprint);
		if (!same && !may_be_exchanged(c))
			return;
		find_holders(c, h->facts->key_fingerprint);
		hold_only(c, from->index);
	} else if (options->new_key && !active && !slurmds) {
		if (may_be_exchanged(c))
			c->key = KEY_NEW;
	} else if (options->new_key) {
		undecided(c, CODE_NEW_KEY, "a new key was asked for, and Slurm's daemons still run with the old one");
	} else if (c->record && c->record->key) {
		if (!find_holders(c, c->record->key))
			undecided(c, CODE_KEY_LOST,
				  "the record names the cluster's MUNGE key, and no host that was reached holds it");
	} else if (active) {
		find_holders(c, active->facts->key_fingerprint);
	} else if (slurmds && slurmds * 2 < nodes) {
		/* A few against most: theirs is no cluster that was lost. */
		blame_slurmds(c);
		c->key = KEY_NEW;
	} else if (slurmds) {
		undecided(c, CODE_KEY_UNKNOWN,
			  "slurmds are running, and no controller has a record of this cluster or a running slurmctld: "
			  "was the controller reimaged?");
	} else {
		c->key = KEY_NEW;
	}
}
