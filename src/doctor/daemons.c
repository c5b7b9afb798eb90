/*
 * slurmctld and slurmd as systemd and the kernel see them. The witness of why a daemon died is its own log; systemd only
 * knows that it did.
 */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

enum { LOG_TAIL = 16 << 10 };

struct daemon {
	const char *name, *unit, *log; /* the parameter that says where the log is */
	bool (*wanted)(const struct doctor *d, size_t host);
};

static const struct daemon slurmd = {"slurmd", "slurmd.service", "SlurmdLogFile", doctor_wants_slurmd};
static const struct daemon slurmctld = {"slurmctld", "slurmctld.service", "SlurmctldLogFile", doctor_wants_slurmctld};

static void ask(const struct doctor_host *h, json_t *items, const struct daemon *daemon)
{
	doctor_ask_unit(items, daemon->unit);
	doctor_ask_process(items, daemon->name);
	doctor_ask_tail(items, doctor_param(h, daemon->log), LOG_TAIL);
}

static void ask_daemons(const struct doctor_host *h, json_t *items)
{
	if (h->host->compute)
		ask(h, items, &slurmd);
	if (h->host->controller)
		ask(h, items, &slurmctld);
}

static const char *last_error(const struct doctor *d, size_t host, const struct daemon *daemon)
{
	const struct doctor_host h = doctor_host_of(d, host);
	return doctor_last_error(d, doctor_tail(d, host, doctor_param(&h, daemon->log), NULL));
}

/* A unit that ought to run and does not; on its way up or down it is neither, unless systemd only tries again. */
static bool is_down(const struct doctor *d, size_t host, const struct daemon *daemon, struct doctor_unit *ret)
{
	return daemon->wanted(d, host) && doctor_unit(d, host, daemon->unit, ret) && streq(ret->load, "loaded") &&
	       (streq(ret->active, "inactive") || streq(ret->active, "failed") || streq(ret->sub, "auto-restart"));
}

static const char *how_it_ended(const struct doctor_unit *u)
{
	static const struct {
		const char *result, *text;
	} ends[] = {{"oom-kill", "the kernel killed it because memory ran out"},
		    {"signal", "it was killed by a signal"},
		    {"core-dump", "it crashed"},
		    {"timeout", "it did not start in time"},
		    {"watchdog", "it did not answer its watchdog"},
		    {"start-limit-hit", "it ended too often, and systemd gave up"},
		    {"exit-code", "it ended with an error"}};
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (streq(u->result, ends[i].result))
			return ends[i].text;
	return "it ended";
}

static void stopped(struct doctor *d, size_t host, const struct daemon *daemon)
{
	struct doctor_unit u;
	if (!is_down(d, host, daemon, &u) || !streq(u.active, "inactive") || !streq(u.result, "success"))
		return;
	struct finding *f = doctor_add(d, host, "%s is stopped", daemon->name);
	doctor_cure(d, f, host, "systemctl start %s", daemon->unit);
}

static void died(struct doctor *d, size_t host, const struct daemon *daemon)
{
	struct doctor_unit u;
	if (!is_down(d, host, daemon, &u) || (streq(u.active, "inactive") && streq(u.result, "success")))
		return;
	struct finding *f = doctor_add(d, host, "%s died: %s", daemon->name, how_it_ended(&u));
	f->evidence = last_error(d, host, daemon);
	doctor_cure(d, f, host, "systemctl restart %s", daemon->unit);
}

/* Stopped by a signal or a debugger: systemd takes it for running. */
static void hangs(struct doctor *d, size_t host, const struct daemon *daemon)
{
	struct doctor_process p[8];
	struct doctor_unit u;
	int n = doctor_processes(d, host, daemon->name, p, ARRAY_LEN(p));
	if (n < 0 || !doctor_unit(d, host, daemon->unit, &u))
		return;
	for (int i = 0; i < n && i < (int)ARRAY_LEN(p); i++) {
		if (p[i].pid != u.pid || (p[i].state != 'T' && p[i].state != 't'))
			continue;
		struct finding *f =
		    doctor_add(d, host, "%s hangs: %s", daemon->name,
			       p[i].state == 'T' ? "it was stopped by a signal" : "a debugger holds it");
		f->evidence = doctor_text(d, "process %ld is in state %c, and answers nobody", p[i].pid, p[i].state);
		if (p[i].state == 'T')
			doctor_cure(d, f, host, "kill -CONT %ld", p[i].pid);
	}
}

static void masked(struct doctor *d, size_t host, const struct daemon *daemon)
{
	struct doctor_unit u;
	if (!daemon->wanted(d, host) || !doctor_unit(d, host, daemon->unit, &u) || !streq(u.load, "masked"))
		return;
	doctor_add(d, host, "%s is masked: nothing can start it", daemon->unit)->fix = doctor_text(
	    d, "on %s: systemctl unmask %s, then reeve apply", d->cluster->inv->hosts[host].name, daemon->unit);
}

static void disabled(struct doctor *d, size_t host, const struct daemon *daemon)
{
	struct doctor_unit u;
	if (!daemon->wanted(d, host) || !doctor_unit(d, host, daemon->unit, &u) || !streq(u.file, "disabled"))
		return;
	struct finding *f = doctor_add(d, host, "%s is disabled: it will not start when the host boots", daemon->unit);
	doctor_cure(d, f, host, "systemctl enable %s", daemon->unit);
}

/* The file of its program was replaced since it started: a package was upgraded beside it. */
static void replaced(struct doctor *d, size_t host, const struct daemon *daemon)
{
	struct doctor_process p[8];
	struct doctor_unit u;
	int n = doctor_processes(d, host, daemon->name, p, ARRAY_LEN(p));
	if (n < 0 || !doctor_unit(d, host, daemon->unit, &u))
		return;
	for (int i = 0; i < n && i < (int)ARRAY_LEN(p); i++)
		if (p[i].pid == u.pid && p[i].replaced)
			doctor_add(d, host, "%s runs a program that was replaced since it started", daemon->name)->fix =
			    doctor_text(d, "on %s, when it suits: systemctl restart %s (no job is hurt)",
					d->cluster->inv->hosts[host].name, daemon->unit);
}

#define BOTH(what) \
	static void slurmd_##what(struct doctor *d, size_t host) \
	{ \
		what(d, host, &slurmd); \
	} \
	static void slurmctld_##what(struct doctor *d, size_t host) \
	{ \
		what(d, host, &slurmctld); \
	}

BOTH(stopped)
BOTH(died)
BOTH(hangs)
BOTH(masked)
BOTH(disabled)
BOTH(replaced)

static const struct diagnosis rows[] = {
    {CODE_SLURMCTLD_STOPPED, FINDING_STOP, ask_daemons, slurmctld_stopped, NULL},
    {CODE_SLURMCTLD_DIED, FINDING_STOP, ask_daemons, slurmctld_died, NULL},
    {CODE_SLURMCTLD_HANGS, FINDING_STOP, ask_daemons, slurmctld_hangs, NULL},
    {CODE_SLURMCTLD_MASKED, FINDING_STOP, ask_daemons, slurmctld_masked, NULL},
    {CODE_SLURMCTLD_DISABLED, FINDING_WARNING, ask_daemons, slurmctld_disabled, NULL},
    {CODE_SLURMCTLD_REPLACED, FINDING_WARNING, ask_daemons, slurmctld_replaced, NULL},
    {CODE_SLURMD_STOPPED, FINDING_STOP, ask_daemons, slurmd_stopped, NULL},
    {CODE_SLURMD_DIED, FINDING_STOP, ask_daemons, slurmd_died, NULL},
    {CODE_SLURMD_HANGS, FINDING_STOP, ask_daemons, slurmd_hangs, NULL},
    {CODE_SLURMD_MASKED, FINDING_STOP, ask_daemons, slurmd_masked, NULL},
    {CODE_SLURMD_DISABLED, FINDING_WARNING, ask_daemons, slurmd_disabled, NULL},
    {CODE_SLURMD_REPLACED, FINDING_WARNING, ask_daemons, slurmd_replaced, NULL},
};

const struct diagnoses doctor_daemons = {rows, ARRAY_LEN(rows)};
