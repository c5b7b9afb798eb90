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

static bool find_holder(struct cluster *c, const char *fingerprint)
{
	c->key_fingerprint = fingerprint;
	for (size_t i = 0; i < c->inv->controller_count; i++)
		if (has_key(&c->hosts[c->inv->controllers[i]], fingerprint)) {
			c->key_holder = c->inv->controllers[i];
			c->key = KEY_KNOWN;
			return true;
		}
	for (size_t i = 0; i < c->inv->host_count; i++)
		if (has_key(&c->hosts[i], fingerprint)) {
			c->key_holder = i;
			c->key = KEY_KNOWN;
			return true;
		}
	return false;
}

static void undecided(struct cluster *c, enum finding_code code, const char *what)
{
	c->key = KEY_UNKNOWN;
	struct finding *f = finding_add(&c->findings, FINDING_STOP, code, NULL, "%s", what);
	f->fix = "bring back a host that has the key, or put it into /etc/munge/munge.key of one host and say "
		 "--key-from HOST; or, when no "
		 "job matters any more, stop slurmctld and slurmd everywhere and say --new-key";
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

void cluster_decide_key(struct cluster *c, const struct cluster_options *options)
{
	bool slurmds = false;
	const struct cluster_host *active = NULL;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->facts)
			continue;
		slurmds |= facts_unit_runs(&h->facts->slurmd_unit);
		if (!active && h->inv->controller && facts_unit_runs(&h->facts->slurmctld_unit) &&
		    h->facts->key_fingerprint)
			active = h;
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
		find_holder(c, h->facts->key_fingerprint);
		c->key_holder = from->index;
	} else if (options->new_key && !active && !slurmds) {
		if (may_be_exchanged(c))
			c->key = KEY_NEW;
	} else if (options->new_key) {
		undecided(c, CODE_NEW_KEY, "a new key was asked for, and Slurm's daemons still run with the old one");
	} else if (c->record && c->record->key) {
		if (!find_holder(c, c->record->key))
			undecided(c, CODE_KEY_LOST,
				  "the record names the cluster's MUNGE key, and no host that was reached holds it");
	} else if (active) {
		find_holder(c, active->facts->key_fingerprint);
	} else if (slurmds) {
		undecided(c, CODE_KEY_UNKNOWN,
			  "slurmds are running, and no controller has a record of this cluster or a running slurmctld: "
			  "was the controller reimaged?");
	} else {
		c->key = KEY_NEW;
	}
}
