/*
 * Before slurmd is installed a host's memory and CPUs are reckoned from /proc and /sys. slurmd is the judge, and may
 * count otherwise (hybrid cores, a machine within bounds of its own): so once its package is there, and before the first
 * slurm.conf is in force, it is asked. Where it differs, the plan is made anew.
 */
#include <string.h>

#include "base/str.h"
#include "run/apply.h"

enum { RECOUNT_MS = 30000 };

static bool unsure(const struct gathered *g, size_t host)
{
	return roll_in(g->roll, host) && g->cluster->hosts[host].serves && !g->facts[host]->hardware.by_slurmd;
}

/* What slurmd says in place of what was reckoned; true: it is another. An answer that is none leaves things as they are:
 * verification will say what comes of it. */
static bool take(struct gathered *g, size_t host, const json_t *answer)
{
	const json_t *item = json_object_get(json_object_get(answer, "items"), "hardware");
	const char *out = json_string_value(json_object_get(item, "out"));
	struct facts_hardware said;
	if (!out || !str_starts(out, "NodeName=") || facts_parse_slurmd(out, &said, NULL) < 0)
		return false;
	struct facts *f = arena_alloc(g->arena, sizeof *f);
	*f = *g->facts[host];
	bool differs = !facts_same_hardware(&f->hardware, &said);
	f->hardware = said;
	g->facts[host] = f;
	g->cluster->hosts[host].facts = f;
	if (!differs)
		g->cluster->hosts[host].hardware.by_slurmd = true;
	return differs;
}

int apply_recount(struct gathered *g, bool *ret_differs, struct err *err)
{
	struct fleet_request *requests = arena_calloc(g->arena, g->inv->host_count, sizeof *requests);
	json_t *message =
	    json_pack("{s:s, s:[{s:s, s:b}]}", "verb", "collect", "items", "name", "hardware", "hardware", 1);
	size_t n = 0;
	*ret_differs = false;
	for (size_t i = 0; i < g->inv->host_count; i++)
		if (unsure(g, i))
			requests[n++] = roll_request(g->roll, i, message);
	int rc = n ? fleet_round(g->fleet, requests, n, RECOUNT_MS, err) : 0;
	for (size_t i = 0; i < n; i++) {
		if (rc == 0 && requests[i].answer)
			*ret_differs |= take(g, roll_host(g->roll, &requests[i]), requests[i].answer);
		fleet_request_clear(&requests[i]);
	}
	json_decref(message);
	return rc;
}
