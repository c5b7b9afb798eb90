/* What the system below Slurm needs to keep working. */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

static const char *const clocks[] = {"systemd-timesyncd.service", "chrony.service", "ntpsec.service", "ntp.service",
				     "openntpd.service"};

static void ask_clock(const struct doctor_host *h, json_t *items)
{
	(void)h;
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++)
		doctor_ask_unit(items, clocks[i]);
	doctor_ask_stat(items, "/run/systemd/container");
}

/* A container has the clock of its machine. */
static void time_sync(struct doctor *d, size_t host)
{
	struct doctor_stat st;
	struct doctor_unit u;
	bool asked = false;
	if (doctor_stat(d, host, "/run/systemd/container", &st, NULL))
		return;
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		bool known = doctor_unit(d, host, clocks[i], &u);
		asked |= known;
		if (known && streq(u.active, "active"))
			return;
	}
	if (asked)
		doctor_add(d, host, "nothing sets its clock: MUNGE fails when it is minutes off")->fix =
		    doctor_text(d, "on %s: apt-get install systemd-timesyncd", d->cluster->inv->hosts[host].name);
}

static void ask_reboot(const struct doctor_host *h, json_t *items)
{
	(void)h;
	doctor_ask_stat(items, "/run/reboot-required");
}

static void reboot(struct doctor *d, size_t host)
{
	struct doctor_stat st;
	if (doctor_stat(d, host, "/run/reboot-required", &st, NULL))
		doctor_add(d, host, "its packages ask for a reboot")->fix = doctor_text(
		    d, "when it suits: scontrol reboot ASAP nextstate=RESUME %s", d->cluster->inv->hosts[host].name);
}

static void ask_kernel(const struct doctor_host *h, json_t *items)
{
	(void)h;
	doctor_ask_read(items, "/proc/cmdline", 8192);
}

static void memory_off(struct doctor *d, size_t host)
{
	const char *line = doctor_read(d, host, "/proc/cmdline", NULL);
	if (!d->cluster->hosts[host].serves || !line || !strstr(line, "cgroup_disable=memory") ||
	    strstr(line, "cgroup_enable=memory"))
		return;
	struct finding *f = doctor_add(d, host,
				       "its kernel was booted without the memory controller: jobs are not held "
				       "to their memory");
	f->evidence = "cgroup_disable=memory in /proc/cmdline";
	f->fix = "cgroup_enable=memory on the kernel's command line, then reboot";
}

static const struct diagnosis rows[] = {
    {CODE_TIME_SYNC, FINDING_NOTE, ask_clock, time_sync, NULL},
    {CODE_REBOOT_REQUIRED, FINDING_NOTE, ask_reboot, reboot, NULL},
    {CODE_CGROUP_MEMORY_OFF, FINDING_NOTE, ask_kernel, memory_off, NULL},
};

const struct diagnoses doctor_system = {rows, ARRAY_LEN(rows)};
