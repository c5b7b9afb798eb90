/*
 * What is asked of a host. One request holds everything, since a round trip costs more than any of these; each command
 * is run once, bounded in time and output. Commands that may be missing fail on their own without spoiling the rest.
 */
#include <stdio.h>
#include <string.h>

#include "facts/facts.h"

enum { TEXT_MAX = 1 << 20, RUN_MS = 20000 };

static void ask_read(json_t *items, const char *name, const char *path, int max)
{
	json_array_append_new(items, json_pack("{s:s, s:s, s:i}", "name", name, "read", path, "max", max));
}

static void ask_run(json_t *items, const char *name, json_t *argv)
{
	json_array_append_new(
	    items, json_pack("{s:s, s:o, s:i, s:i}", "name", name, "run", argv, "max", TEXT_MAX, "timeout", RUN_MS));
}

static void ask_shell(json_t *items, const char *name, const char *script)
{
	ask_run(items, name, json_pack("[s, s, s]", "sh", "-c", script));
}

static void ask_state(json_t *items, const char *state)
{
	char path[4200], name[32];
	int depth = 0;
	for (const char *p = state; p && depth < FACTS_DEPTH; depth++) {
		p = strchr(p + 1, '/');
		snprintf(path, sizeof path, "%.*s", (int)(p ? p - state : (long)strlen(state)), state);
		snprintf(name, sizeof name, "state.%d", depth);
		json_array_append_new(items, json_pack("{s:s, s:s, s:b}", "name", name, "stat", path, "follow", 1));
	}
	snprintf(path, sizeof path, "%s/clustername", state);
	ask_read(items, "state.cluster", path, 4096);
}

json_t *facts_request(const struct facts_scope *scope)
{
	json_t *items = json_array();
	ask_read(items, "hostname", "/proc/sys/kernel/hostname", 4096);
	ask_read(items, "kernel", "/proc/sys/kernel/osrelease", 4096);
	ask_read(items, "boot", "/proc/sys/kernel/random/boot_id", 4096);
	ask_read(items, "machine", "/etc/machine-id", 4096);
	ask_read(items, "os", "/etc/os-release", 65536);
	ask_read(items, "meminfo", "/proc/meminfo", 65536);
	ask_read(items, "mounts", "/proc/self/mountinfo", 4 * TEXT_MAX);
	ask_read(items, "controllers", "/sys/fs/cgroup/cgroup.controllers", 4096);
	ask_shell(items, "hardware",
		  "slurmd -C 2>/dev/null || grep -s '' /sys/devices/system/cpu/online "
		  "/sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id "
		  "/sys/devices/system/cpu/cpu[0-9]*/topology/core_id");
	ask_shell(items, "packages",
		  "dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\\n' slurmctld slurmd slurm-client munge "
		  "2>/dev/null; [ -x /usr/sbin/slurmd ] && [ -x /usr/bin/munge ] || "
		  "apt-cache policy slurmctld slurmd slurm-client munge 2>/dev/null; :");
	ask_run(items, "units",
		json_pack("[s, s, s, s, s, s]", "systemctl", "show", "--property",
			  "Id,LoadState,ActiveState,UnitFileState,ActiveEnterTimestampMonotonic", "munge.service",
			  "slurmctld.service"));
	json_array_append_new(json_object_get(json_array_get(items, json_array_size(items) - 1), "run"),
			      json_string("slurmd.service"));
	ask_run(items, "users", json_pack("[s, s, s, s]", "getent", "passwd", "slurm", "munge"));
	ask_run(items, "credential", json_pack("[s, s]", "munge", "-n"));
	json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "name", "key", "fingerprint", "/etc/munge/munge.key",
					       "salt", scope->salt));
	ask_read(items, "slurm.conf", "/etc/slurm/slurm.conf", 4 * TEXT_MAX);
	ask_read(items, "cgroup.conf", "/etc/slurm/cgroup.conf", TEXT_MAX);
	ask_read(items, "in-force.slurm", "/var/lib/reeve/in-force/slurm.conf", 4 * TEXT_MAX);
	ask_read(items, "in-force.cgroup", "/var/lib/reeve/in-force/cgroup.conf", TEXT_MAX);
	if (scope->controller)
		ask_read(items, "record", "/var/lib/reeve/record.json", 16 * TEXT_MAX);
	if (scope->controller && scope->state)
		ask_state(items, scope->state);
	return items;
}
