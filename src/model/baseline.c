/*
 * What a host is configured as: the baseline, not the measurement of the moment. The first measurement that an operator
 * applied is the baseline; a later one replaces it only when an operator says so (`reeve accept`). In between, less of
 * something is a fault of the host, and more of it an offer.
 *
 * Memory is the exception within 5 %: kernels differ by some MiB from boot to boot and from release to release.
 * RealMemory stays while it fits under what is measured now; it is lowered where it must be, since slurmctld takes a
 * node that reports less than its line says for broken (slurm.conf(5), RealMemory). What was reckoned once stays as
 * long as the rule that gave it stays the same: each change of slurm.conf costs.
 */
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "model/cluster.h"
#include "model/gpus.h"
#include "model/network.h"
#include "slurm/gres.h"

enum { LEAST_PERCENT = 95, DEFAULT_RESERVE_MIB = 256 };

static const struct inv_reserve *reserve_of(const struct cluster *c, const struct cluster_host *h)
{
	return h->class && h->class->reserve.at.line ? &h->class->reserve : &c->inv->reserve;
}

/* Nobody wrote a reserve: 5 %, at most 256 MiB. */
static uint64_t less_reserve(const struct inv_reserve *r, uint64_t measured)
{
	uint64_t reserve = r->percent ? measured * r->percent / 100 : r->mib;
	if (!r->at.line)
		reserve = measured / 20 < DEFAULT_RESERVE_MIB ? measured / 20 : DEFAULT_RESERVE_MIB;
	return measured > reserve ? measured - reserve : 1;
}

/* What a class names in its own Gres= it does all by itself. */
bool cluster_class_gives(const struct inv_class *class, const char *gres)
{
	return class && slurm_gres_names(inventory_param(class->params, class->param_count, "Gres"), gres);
}

static struct facts_gpus gpus_now(const struct cluster *c, const struct cluster_host *h)
{
	struct facts_gpus none = {0};
	if (cluster_class_gives(h->class, "gpu"))
		return none;
	return gpus_ready(&h->facts->gpus, c->arena);
}

/* The record's, and of these in gres.conf those that are there; where the types and their numbers are the same, or no
 * record is, what is there: cards may change places. */
static void keep_gpus(const struct cluster *c, struct cluster_host *h)
{
	const char *less, *more;
	h->gpus = h->gpus_there = h->last->gpus;
	if (!h->facts || !h->serves)
		return;
	struct facts_gpus now = gpus_now(c, h);
	gpus_differ(&h->last->gpus, &now, c->arena, &less, &more);
	if (!h->last->gpus_known || (!less && !more))
		h->gpus = h->gpus_there = now;
	else
		h->gpus_there = gpus_among(&h->last->gpus, &now, c->arena);
}

/* Less of it, by more than kernels and file systems differ from one look to the next. Not known counts as nothing. */
static bool scratch_shrank(const struct cluster *c, const struct cluster_host *h)
{
	return c->inv->scratch && h->facts->scratch < h->last->scratch * LEAST_PERCENT / 100;
}

/* As memory's: what is configured stays while it fits, since slurmctld takes a node that reports less for broken
 * (slurm.conf(5), TmpDisk). */
static uint64_t scratch_of(const struct cluster *c, const struct cluster_host *h, bool keep)
{
	uint64_t now = h->facts ? h->facts->scratch : 0;
	if (!c->inv->scratch)
		return 0;
	if (!keep || !h->last->scratch)
		return now;
	bool stays = !h->facts || !h->serves || scratch_shrank(c, h) || now >= h->last->scratch;
	return stays ? h->last->scratch : now;
}

static void configure(const struct cluster *c, struct cluster_host *h, const struct facts_hardware *as,
		      uint64_t measured)
{
	h->hardware = *as;
	h->memory_from = measured;
	h->memory = less_reserve(reserve_of(c, h), measured);
}

/* As the record has it, unless the rule for the reserve changed or it does not fit any more. */
static void keep(struct cluster *c, struct cluster_host *h)
{
	const struct record_host *last = h->last;
	const struct inv_reserve *reserve = reserve_of(c, h);
	uint64_t now = h->facts ? h->facts->hardware.memory : last->memory_from;
	bool same_rule = last->memory == less_reserve(reserve, last->memory_from);
	bool fits = h->change == CHANGE_SHRANK || last->memory <= now;
	configure(c, h, &last->hardware, fits ? last->memory_from : now);
	if (same_rule && fits)
		h->memory = last->memory;
	else if (!fits)
		finding_add(&c->findings, FINDING_NOTE, CODE_MEMORY_LOWER, h->inv->name,
			    "reports %llu MB now: RealMemory is lowered from %llu to %llu", (unsigned long long)now,
			    (unsigned long long)last->memory, (unsigned long long)h->memory);
}

static void say(struct strbuf *out, const char *name, uint64_t now, uint64_t was, const char *unit)
{
	if (now != was)
		strbuf_addf(out, "%s%s %llu%s, was %llu%s", out->len ? ", " : "", name, (unsigned long long)now, unit,
			    (unsigned long long)was, unit);
}

/* By the bits of enum facts_cgroup_use. */
static const char *const controllers[] = {"cpuset", "memory", "freezer", "devices"};

static void compare(const struct cluster *c, struct cluster_host *h)
{
	const struct facts_hardware *now = &h->facts->hardware, *was = &h->last->hardware;
	uint64_t was_scratch = h->last->scratch;
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *gpus_less = NULL, *gpus_more = NULL;
	struct facts_gpus gpus = gpus_now(c, h);
	if (h->last->gpus_known)
		gpus_differ(&h->last->gpus, &gpus, c->arena, &gpus_less, &gpus_more);
	bool less = now->cpus < was->cpus || now->sockets * now->cores < was->sockets * was->cores;
	say(&text, "CPUs", now->cpus, was->cpus, "");
	say(&text, "sockets", now->sockets, was->sockets, "");
	say(&text, "cores per socket", now->cores, was->cores, "");
	say(&text, "threads per core", now->threads, was->threads, "");
	bool shrank = now->memory < was->memory * LEAST_PERCENT / 100;
	if (shrank || was->memory < now->memory * LEAST_PERCENT / 100)
		say(&text, "memory", now->memory, was->memory, " MB");
	unsigned cgroups = facts_cgroup_use(h->facts), lost = h->cgroups & ~cgroups;
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
		if ((h->cgroups ^ cgroups) & 1U << i)
			strbuf_addf(&text, "%scgroup controller %s %s", text.len ? ", " : "", controllers[i],
				    lost & 1U << i ? "missing" : "added");
	bool scratch = scratch_shrank(c, h);
	if (c->inv->scratch && was_scratch && (scratch || was_scratch < h->facts->scratch * LEAST_PERCENT / 100))
		say(&text, "scratch", h->facts->scratch, was_scratch, " MB");
	bool slower = network_compare(c, h, &text);
	if (gpus_less)
		strbuf_addf(&text, "%s%s less", text.len ? ", " : "", gpus_less);
	if (gpus_more)
		strbuf_addf(&text, "%s%s more", text.len ? ", " : "", gpus_more);
	if (!text.len)
		return;
	h->change = less || shrank || lost || scratch || slower || gpus_less ? CHANGE_SHRANK : CHANGE_OTHER;
	h->change_text = arena_strndup(c->arena, text.data, text.len);
}

static void report(struct cluster *c, struct cluster_host *h)
{
	struct finding *f;
	/* slurmd ends of a controller that is missing. */
	if (h->change == CHANGE_SHRANK && h->cgroups & ~facts_cgroup_use(h->facts))
		f = cluster_blame_slurmd(c, h, CODE_SHRANK, "below its baseline: %s", h->change_text);
	else if (h->change == CHANGE_SHRANK)
		f = finding_add(&c->findings, FINDING_WARNING, CODE_SHRANK, h->inv->name, "below its baseline: %s",
				h->change_text);
	else
		f = finding_add(&c->findings, FINDING_NOTE, CODE_CHANGED, h->inv->name, "differs from its baseline: %s",
				h->change_text);
	f->fix = finding_text(&c->findings,
			      h->change == CHANGE_SHRANK ? "repair it, or make this the new baseline: reeve accept %s"
							 : "to make this the new baseline: reeve accept %s",
			      h->inv->name);
	f->origin = h->inv->at;
}

static unsigned cgroups_of(const struct cluster_host *h, bool accept)
{
	if (h->last && !(accept && h->facts))
		return h->last->cgroups;
	return h->facts ? facts_cgroup_use(h->facts) : CGROUP_USE_ALL;
}

void cluster_baseline(struct cluster *c, struct cluster_host *h, bool accept)
{
	h->cgroups = cgroups_of(h, accept);
	network_resolve_host(h, accept);
	if (!h->inv->compute || (h->excluded && h->excluded->removed && !h->excluded->leaving))
		return;
	/* Before slurmd was installed it was reckoned from /proc and /sys; slurmd is the judge. */
	bool provisional = h->last && !h->last->hardware.by_slurmd && h->facts && h->facts->hardware.by_slurmd;
	if (accept && !h->facts) {
		struct finding *f = finding_add(&c->findings, FINDING_STOP, CODE_NOT_MEASURED, h->inv->name,
						"not reached, so its hardware cannot be measured: %s", h->unreached);
		f->fix = "bring it back first";
		f->origin = h->inv->at;
	}
	if (h->last && (!accept || !h->facts) && !provisional) {
		if (h->facts && h->serves)
			compare(c, h);
		keep(c, h);
		keep_gpus(c, h);
		h->scratch = scratch_of(c, h, true);
		if (h->change)
			report(c, h);
	} else if (h->facts && h->serves) {
		configure(c, h, &h->facts->hardware, h->facts->hardware.memory);
		h->gpus = h->gpus_there = gpus_now(c, h);
		h->scratch = scratch_of(c, h, false);
	} else {
		return;
	}
	h->listed = true;
}
