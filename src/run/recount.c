/*
 * Before slurmd is installed a host's memory and CPUs are reckoned from /proc and /sys. slurmd is the judge, and may
 * count otherwise (hybrid cores, a machine within bounds of its own): so once its package is there, and before the first
 * slurm.conf is in force, it is asked. Where it differs, the plan is made anew.
 */
#include <string.h>

#include "base/str.h"
#include "run/apply.h"
#include "run/round.h"

enum { RECOUNT_MS = 30000 };

static bool unsure(const struct run *run, size_t host)
{
	return roll_in(run->roll, host) && run->cluster->hosts[host].serves && !run->facts[host]->hardware.by_slurmd;
}

struct recount {
	struct run *run;
	bool differs;
};

/* What slurmd says in place of what was reckoned. An answer that is none leaves things as they are:
 * verification will say what comes of it. */
static void take(void *data, size_t host, const struct fleet_request *request)
{
	struct recount *recount = data;
	struct run *run = recount->run;
	const char *out = ran_of(round_item(request, "hardware")).out;
	struct facts_hardware said;
	if (!out || !str_starts(out, "NodeName=") || facts_parse_slurmd(out, &said, NULL) < 0)
		return;
	struct facts *f = arena_alloc(run->arena, sizeof *f);
	*f = *run->facts[host];
	bool differs = !facts_same_hardware(&f->hardware, &said);
	f->hardware = said;
	run->facts[host] = f;
	run->cluster->hosts[host].facts = f;
	if (!differs)
		run->cluster->hosts[host].hardware.by_slurmd = true;
	recount->differs |= differs;
}

int apply_recount(struct run *run, bool *ret_differs, struct err *err)
{
	struct recount recount = {.run = run};
	struct round round = {.run = run};
	bool *hosts = arena_calloc(run->arena, run->inv->host_count, sizeof *hosts);
	for (size_t i = 0; i < run->inv->host_count; i++)
		hosts[i] = unsure(run, i);
	round_add_all(&round, hosts, round_collect(json_pack("[{s:s, s:b}]", "name", "hardware", "hardware", 1)));
	int rc = round_ask(&round, RECOUNT_MS, take, &recount, err);
	*ret_differs = recount.differs;
	return rc;
}
