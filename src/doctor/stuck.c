/*
 * Nodes that stay in COMPLETING: slurmctld waits for a slurmd to say that a job is over there. Nobody can use the node
 * until it has.
 */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"

/* KillWait and UnkillableStepTimeout are 30 s and 60 s unless set otherwise (slurm.conf(5)); an epilog may take a while. */
enum { LONG_S = 180, NODES_MOST = 65536 };

static void ask_completing(const struct doctor_host *h, json_t *items)
{
	static const char *const squeue[] = {
	    "env", "SLURM_TIME_FORMAT=%s", "squeue", "-h", "-a", "-t", "CG", "-o", "%i|%e|%N", NULL};
	if (h->host->controller && h->cluster->hosts[h->host->index].facts &&
	    facts_unit_runs(&h->cluster->hosts[h->host->index].facts->roles[ROLE_CONTROLLER].unit))
		doctor_ask_run(items, "completing", squeue, 8000);
	if (!h->host->compute)
		return;
	doctor_ask_process(items, "slurmstepd");
	doctor_ask_tail(items, doctor_param(h, "SlurmdLogFile"), 16 << 10);
}

/* A slurmd that was started before libpmix came: its slurmstepd can load what it cannot (src/slurmd/slurmd/req.c,
 * "_send_slurmstepd_init failed"). */
static const char *pmix_line(const char *log, struct arena *arena)
{
	const char *found = NULL;
	char *rest = log ? arena_strdup(arena, log) : NULL;
	for (char *line; rest && (line = str_next_line(&rest));)
		if (strstr(line, "_send_slurmstepd_init failed") || strstr(line, "can not load PMIx library"))
			found = line;
	return found;
}

static void say(struct doctor *d, size_t host, const char *job, long seconds)
{
	const struct doctor_host h = doctor_host_of(d, host);
	const char *log = doctor_tail(d, host, doctor_param(&h, "SlurmdLogFile"), NULL);
	const char *pmix = pmix_line(log, d->findings->arena);
	struct doctor_process p[8];
	int steps = doctor_processes(d, host, "slurmstepd", p, ARRAY_LEN(p));
	struct finding *f = doctor_add(d, host, "job %s has been COMPLETING for %ld minutes there", job, seconds / 60);
	const char *name = d->cluster->inv->hosts[host].name;
	if (pmix) {
		f->evidence = doctor_text(d, "%s", pmix);
		f->fix =
		    doctor_text(d,
				"on %s: systemctl restart slurmd, which its jobs outlive; `reeve apply` brings the "
				"library before slurmd starts",
				name);
	} else if (steps > 0) {
		f->evidence = doctor_text(d, "%d slurmstepd still there, the first in state %c", steps, p[0].state);
		f->fix = doctor_text(d,
				     "on %s: what its processes wait for (ps -eo pid,stat,wchan,args); a reboot where "
				     "they cannot be killed",
				     name);
	} else {
		f->evidence = doctor_last_error(d, log);
		doctor_cure(d, f, host, "systemctl restart slurmd.service");
	}
}

static void judge_line(struct doctor *d, size_t controller, char *line)
{
	char *rest = line, *job = str_next(&rest, "|"), *end = str_next(&rest, "|"), *nodes = str_next(&rest, "|");
	const char *const *names;
	size_t count;
	uint64_t ended;
	int64_t now = d->now_ms ? d->now_ms[controller] / 1000 : 0;
	if (!nodes || str_to_u64(end, 1, INT64_MAX, &ended) < 0 || now - (int64_t)ended < LONG_S ||
	    hostlist_expand(nodes, NODES_MOST, d->findings->arena, &names, &count, NULL, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct inv_host *h = inventory_host(d->cluster->inv, names[i]);
		const struct slurm_node_state *n = h ? doctor_node(d, h->index) : NULL;
		if (n && n->flags & SLURM_NODE_COMPLETING)
			say(d, h->index, job, (long)(now - (int64_t)ended));
	}
}

static void completing(struct doctor *d, size_t host)
{
	const char *out, *errors;
	if (doctor_run(d, host, "completing", &out, &errors) != 0)
		return;
	for (char *rest = arena_strdup(d->findings->arena, out), *line; (line = str_next_line(&rest));)
		judge_line(d, host, line);
}

static const struct diagnosis rows[] = {
    {CODE_NODE_STUCK, FINDING_STOP, ask_completing, completing, NULL},
};

const struct diagnoses doctor_stuck = {rows, ARRAY_LEN(rows)};
