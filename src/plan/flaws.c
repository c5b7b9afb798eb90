/*
 * What the installed releases are known to do badly, held against what the plan has their daemons do. A daemon that does not run does
 * nothing badly. Said once for all hosts that have the same.
 */
#include <string.h>

#include "hostlist/hostlist.h"
#include "base/vec.h"
#include "plan/plan.h"
#include "slurm/flaw.h"

struct told {
	const struct slurm_flaw *flaw;
	struct slurm_version version;
	struct names hosts;
};

struct tells {
	struct plan *plan;
	const struct slurm_conf *now;
	struct told *items;
	size_t len, cap;
};

/* What slurmctlds do; those that read again tell all slurmds to. */
static unsigned acts_of(enum slurm_need need)
{
	switch (need) {
	case SLURM_NEED_NOTHING:
	case SLURM_NEED_START:
		break;
	case SLURM_NEED_RECONFIGURE:
	case SLURM_NEED_RESTART_SLURMD:
		return SLURM_ACT_RECONFIGURE;
	case SLURM_NEED_RESTART_CTLD:
		return SLURM_ACT_RECONFIGURE | SLURM_ACT_STOP;
	case SLURM_NEED_RESTART_BOTH:
	case SLURM_NEED_NODES:
	case SLURM_NEED_STOP_ALL:
		return SLURM_ACT_STOP;
	}
	return 0;
}

static void add(struct tells *t, const struct slurm_flaw *flaw, const struct slurm_version *v, const char *host)
{
	struct told *told = NULL;
	for (size_t i = 0; i < t->len && !told; i++)
		if (t->items[i].flaw == flaw && t->items[i].version.micro == v->micro)
			told = &t->items[i];
	if (!told) {
		told = vec_push_in(t->plan->arena, t);
		*told = (struct told){.flaw = flaw, .version = *v};
	}
	*vec_push_in(t->plan->arena, &told->hosts) = host;
}

static void look(struct tells *t, size_t host, enum role role)
{
	const struct plan *plan = t->plan;
	const struct cluster *c = plan->cluster;
	const struct facts *f = c->hosts[host].facts;
	unsigned acts = acts_of(plan->need);
	if (!f || !plan_acts_on(&plan->hosts[host]) || !facts_unit_runs(&f->roles[role].unit) ||
	    !f->roles[role].package.installed)
		return;
	struct slurm_flaw_case what = {
	    .acts = role == ROLE_NODE ? acts & SLURM_ACT_RECONFIGURE : acts,
	    .slurmd = role == ROLE_NODE,
	    .cgroup_v2 = f->cgroup == CGROUP_V2,
	    .gres = plan->gres,
	    .backup = c->inv->controller_count > 1,
	    .conf = t->now,
	};
	const struct slurm_flaw *flaw;
	size_t at = 0;
	if (slurm_version_parse(f->roles[role].package.installed, &what.version, NULL) < 0)
		return;
	while ((flaw = slurm_flaw_next(&what, &at)))
		add(t, flaw, &what.version, c->inv->hosts[host].name);
}

void plan_flaws(struct plan *plan, const struct slurm_conf *now)
{
	const struct inventory *inv = plan->cluster->inv;
	struct tells t = {.plan = plan, .now = now};
	char release[8];
	for (size_t i = 0; i < inv->controller_count; i++)
		look(&t, inv->controllers[i], ROLE_CONTROLLER);
	for (size_t i = 0; i < inv->compute_count; i++)
		look(&t, inv->compute[i], ROLE_NODE);
	for (size_t i = 0; i < t.len; i++) {
		const struct told *told = &t.items[i];
		slurm_release_print(told->version.release, release);
		finding_add(&plan->findings, FINDING_NOTE, CODE_SLURM_FLAW, NULL,
			    "Slurm %s.%u on %s: %s; fixed in %s.%u", release, told->version.micro,
			    hostlist_compress(told->hosts.items, told->hosts.len, plan->arena), told->flaw->what,
			    release, told->flaw->until)
		    ->fix = told->flaw->fix;
	}
}
