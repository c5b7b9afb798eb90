/* slurmctld as it answers, or does not. */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

static size_t host_called(const struct doctor *d, const char *hostname)
{
	for (size_t i = 0; i < d->cluster->inv->host_count; i++)
		if (streq(d->cluster->inv->hosts[i].hostname, hostname))
			return i;
	return SIZE_MAX;
}

/* Its unit is active, and it was asked. */
static void silent(struct doctor *d)
{
	size_t host = d->slurm.controller;
	if (d->slurm.up || !d->slurm.why || !d->cluster->hosts[host].facts ||
	    !streq(d->cluster->hosts[host].facts->roles[ROLE_CONTROLLER].unit.active, "active"))
		return;
	struct finding *f = doctor_add(d, host, "slurmctld runs, and does not answer");
	f->evidence = doctor_text(d, "%s", d->slurm.why);
	f->fix = doctor_text(d, "see the end of slurmctld's log; on %s: systemctl restart slurmctld (no job is hurt)",
			     d->cluster->inv->hosts[host].name);
}

/* The primary counts as one, too, when a backup answers for it. */
static void ping(struct doctor *d)
{
	for (size_t i = 0; d->slurm.up && i < d->slurm.controller_count; i++) {
		const struct slurm_controller *c = &d->slurm.controllers[i];
		size_t host = host_called(d, c->host);
		if (c->up || host == SIZE_MAX)
			continue;
		doctor_add(d, host, "its slurmctld (%s) does not answer `scontrol ping`",
			   c->index ? "a backup" : "the primary")
		    ->fix = doctor_text(d, "see slurmctld's log; on %s: systemctl restart slurmctld",
					d->cluster->inv->hosts[host].name);
	}
}

static const struct diagnosis rows[] = {
    {CODE_SLURMCTLD_SILENT, FINDING_STOP, NULL, NULL, silent},
    {CODE_CONTROLLER_DOWN, FINDING_STOP, NULL, NULL, ping, .passes = true},
};

const struct diagnoses doctor_controllers = {rows, ARRAY_LEN(rows)};
