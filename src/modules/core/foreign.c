/* What speaks against touching anything: files in /etc/slurm that somebody else wrote, where reeve would put its own and never had one in force. */
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "modules/core/core.h"

static bool is_ours(const char *text)
{
	return str_starts(text, CLUSTER_CONF_MARK);
}

/* Where one of reeve's was in force in this cluster, what lies there now is drift (plan/edits.c). */
static bool is_drift(const struct cluster *c, const char *in_force)
{
	return c->record && in_force && is_ours(in_force);
}

static void check(struct cluster *c, struct cluster_host *h, enum finding_code code, const char *name, const char *text,
		  const char *in_force, bool wanted)
{
	if (!wanted || !text || !*text || is_ours(text) || is_drift(c, in_force) ||
	    inventory_has_adopted(c->inv, digest_of(text, strlen(text)).hex))
		return;
	struct finding *f = cluster_blame(c, h, code, "/etc/slurm/%s was not written by reeve%s", name,
					  c->inv->adopted_count ? ", and is not the one that was adopted" : "");
	f->fix = "`reeve adopt --slurm-conf FILE` writes a cluster.yaml that keeps what it says; `reeve apply "
		 "--replace` puts reeve's in its place (the old one is kept in /var/lib/reeve/backup)";
}

void core_settle(struct cluster *c)
{
	bool gres = cluster_has_gres(c), topology = c->inv->network.topology != INV_TOPOLOGY_NONE;
	for (size_t i = 0; !c->replace && i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		if (!h->facts)
			continue;
		/* Somebody's cgroup.conf counts as long as his slurm.conf is there: later it is drift, and shown as such. */
		bool first = h->facts->slurm_conf && !is_ours(h->facts->slurm_conf);
		check(c, h, CODE_FOREIGN_SLURM_CONF, "slurm.conf", facts_slurm(h->facts), h->facts->in_force_slurm,
		      true);
		check(c, h, CODE_FOREIGN_CGROUP_CONF, "cgroup.conf", h->facts->cgroup_conf, h->facts->in_force_cgroup,
		      first);
		check(c, h, CODE_FOREIGN_GRES_CONF, "gres.conf", h->facts->gres_conf, h->facts->in_force_gres, gres);
		check(c, h, CODE_FOREIGN_TOPOLOGY_CONF, "topology.conf", h->facts->topology_conf,
		      h->facts->in_force_topology, topology);
	}
}
