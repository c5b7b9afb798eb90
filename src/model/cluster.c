#include "model/cluster.h"

#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "slurm/version.h"

void cluster_salt(const char *cluster_name, char out[65])
{
	_cleanup_free_ char *text = xasprintf("reeve: fingerprints of the MUNGE key of cluster %s", cluster_name);
	memcpy(out, digest_of(text, strlen(text)).hex, 65);
}

const struct cluster_host *cluster_primary(const struct cluster *c)
{
	for (size_t i = 0; i < c->inv->controller_count; i++) {
		const struct cluster_host *h = &c->hosts[c->inv->controllers[i]];
		if (h->facts)
			return h;
	}
	return NULL;
}

/* Of the controllers' copies the one with the highest epoch; damaged ones are findings. */
static void find_record(struct cluster *c)
{
	size_t reached = 0;
	for (size_t i = 0; i < c->inv->controller_count; i++) {
		const struct cluster_host *h = &c->hosts[c->inv->controllers[i]];
		reached += h->facts != NULL;
		if (!h->facts || !h->facts->record)
			continue;
		struct err err = {0};
		const struct record *r = record_decode(h->facts->record, c->arena, &err);
		if (!r) {
			struct finding *f =
			    finding_add(&c->findings, FINDING_WARNING, "record-damaged", h->inv->name,
					"its copy of the cluster's record cannot be read: %s", err.text);
			f->mend = "the next apply replaces it from the other controllers";
			continue;
		}
		if (!streq(r->cluster, c->inv->cluster.text)) {
			struct finding *f = finding_add(&c->findings, FINDING_STOP, "record-cluster", h->inv->name,
							"it serves the cluster '%s', and cluster.yaml says '%s'",
							r->cluster, c->inv->cluster.text);
			f->mend =
			    "take it out of `controllers`, or give the cluster its old name back: Slurm refuses the "
			    "state of a cluster of another name";
			f->origin = c->inv->cluster.at;
			continue;
		}
		if (!c->record || r->epoch > c->record->epoch)
			c->record = r;
	}
	c->quorum = reached * 2 > c->inv->controller_count;
	c->epoch = c->record ? c->record->epoch + 1 : 1;
}

/*
 * RealMemory: what slurmd will report less the reserve. The configured value stays while it still fits under what is
 * measured now and is not below 95 % of what would be configured anew: kernels differ by some MiB from boot to boot,
 * and each change of slurm.conf costs.
 */
static uint64_t less_reserve(const struct inventory *inv, uint64_t measured)
{
	uint64_t reserve = inv->reserve.percent ? measured * inv->reserve.percent / 100 : inv->reserve.mib;
	if (!inv->reserve.at.line)
		reserve = measured / 20 < 256 ? measured / 20 : 256;
	return measured > reserve ? measured - reserve : 1;
}

static uint64_t memory_for(const struct inventory *inv, const struct facts_hardware *now,
			   const struct record_host *last)
{
	uint64_t wanted = less_reserve(inv, now->memory);
	if (!last || !last->memory)
		return wanted;
	/* An operator who changes the reserve wants to see it: only what this rule gave before is kept. */
	bool same_rule = last->memory == less_reserve(inv, last->hardware.memory);
	bool fits = last->memory <= now->memory && last->memory >= wanted * 95 / 100;
	return same_rule && fits ? last->memory : wanted;
}

static void resolve_host(struct cluster *c, struct cluster_host *h)
{
	if (h->facts) {
		const struct facts *f = h->facts;
		const struct facts_package *slurm = f->slurmctld.installed && h->inv->controller ? &f->slurmctld
						    : f->slurmd.installed                        ? &f->slurmd
						    : f->slurm_client.installed                  ? &f->slurm_client
						    : h->inv->controller                         ? &f->slurmctld
												 : &f->slurmd;
		h->slurm_package = slurm->installed ? slurm->installed : slurm->candidate;
		h->munge_package = f->munge.installed ? f->munge.installed : f->munge.candidate;
	}
	if (!h->inv->compute)
		return;
	if (h->facts)
		h->hardware = h->facts->hardware;
	else if (h->last)
		h->hardware = h->last->hardware;
	else
		return;
	h->listed = true;
	h->memory = h->facts ? memory_for(c->inv, &h->hardware, h->last) : h->last->memory;
}

struct cluster *cluster_resolve(const struct inventory *inv, const struct facts *const *facts,
				const char *const *unreached, const struct cluster_options *options,
				struct arena *arena)
{
	struct cluster *c = arena_alloc(arena, sizeof *c);
	c->inv = inv;
	c->arena = arena;
	c->findings.arena = arena;
	c->texts = arena_alloc(arena, sizeof *c->texts);
	c->hosts = arena_calloc(arena, inv->host_count, sizeof *c->hosts);
	cluster_salt(inv->cluster.text, c->salt);
	for (size_t i = 0; i < inv->host_count; i++)
		c->hosts[i] = (struct cluster_host){
		    .inv = &inv->hosts[i],
		    .facts = facts[i],
		    .unreached = facts[i] ? NULL : (unreached[i] ? unreached[i] : "was not asked"),
		};
	find_record(c);
	bool running = false;
	size_t listed = 0;
	c->cgroup_cores = c->cgroup_memory = c->cgroup_track = true;
	for (size_t i = 0; i < inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		h->last = record_host(c->record, h->inv->name);
		resolve_host(c, h);
		listed += h->listed;
		if (!h->facts)
			continue;
		running |= facts_unit_runs(&h->facts->slurmctld_unit) || facts_unit_runs(&h->facts->slurmd_unit);
		if (!h->inv->compute)
			continue;
		c->cgroup_cores &= h->facts->cgroup_cpuset;
		c->cgroup_memory &= h->facts->cgroup_memory;
		c->cgroup_track &= h->facts->cgroup_freezer;
	}
	c->fresh = !c->record && !running;
	if (!listed)
		finding_add(&c->findings, FINDING_STOP, "no-nodes", NULL, "no compute host was reached")->mend =
		    "see why above; `reeve facts` tries again";
	cluster_check_hosts(c, options);
	cluster_check_versions(c);
	cluster_check_state(c);
	cluster_decide_key(c, options);
	return c;
}

struct record *cluster_record(const struct cluster *c, struct arena *arena)
{
	struct record *r = arena_alloc(arena, sizeof *r);
	r->epoch = c->epoch;
	r->cluster = c->inv->cluster.text;
	r->key = c->key_fingerprint;
	r->state_source = c->state_source ? c->state_source : c->record ? c->record->state_source : NULL;
	r->hosts = arena_calloc(arena, c->inv->host_count, sizeof *r->hosts);
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->listed)
			continue;
		/* The baseline is what was measured when the host first served; memory that grew or shrank within it
		 * does not move it. */
		r->hosts[r->host_count++] = (struct record_host){
		    .name = h->inv->name,
		    .arch = h->facts ? h->facts->arch : h->last->arch,
		    .hardware = h->last && h->last->memory == h->memory ? h->last->hardware : h->hardware,
		    .memory = h->memory,
		};
	}
	if (c->record) {
		r->generations = c->record->generations;
		r->generation_count = c->record->generation_count;
	}
	return r;
}
