/*
 * What is asked of a host. One request holds all that a host in order is asked for, since a round trip costs more than
 * any of these; and nothing that starts a program where the agent can find out by itself, since on a host in order the
 * programs are what a run costs. What can only be told in another way where Slurm is not installed yet is asked in a
 * second request. Each command is run once, bounded in time and output; one that is missing spoils nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "facts/beside.h"
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

/* Names of the roles, NULL where one has none. */
static const char *unit_of(const struct role_names *role)
{
	return role->unit;
}

static const char *package_of(const struct role_names *role)
{
	return role->package;
}

static const char *user_of(const struct role_names *role)
{
	return role->user;
}

static json_t *names_of(const struct role_names *roles, const char *(*name_of)(const struct role_names *), json_t *list)
{
	for (enum role i = 0; i < ROLES; i++)
		if (name_of(&roles[i]))
			json_array_append_new(list, json_string(name_of(&roles[i])));
	return list;
}

static void ask_names(json_t *items, const char *question, const struct role_names *roles,
		      const char *(*name_of)(const struct role_names *))
{
	json_array_append_new(
	    items, json_pack("{s:s, s:o}", "name", question, question, names_of(roles, name_of, json_array())));
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

static void ask_devices(json_t *items, const struct facts_scope *scope)
{
	char name[32];
	for (size_t i = 0; i < scope->device_count; i++) {
		snprintf(name, sizeof name, "device.%zu", i);
		json_array_append_new(
		    items, json_pack("{s:s, s:s, s:b}", "name", name, "stat", scope->devices[i], "follow", 1));
	}
}

static void ask_secrets(json_t *items, const struct facts_scope *scope)
{
	char name[32], path[4200];
	for (size_t i = 0; scope->secrets && scope->secrets[i] && !scope->secrets[i]->file; i++) {
		const struct secret_row *row = scope->secrets[i];
		if (!row->has(scope->host))
			continue;
		for (int next = 0; next < 2; next++) {
			snprintf(name, sizeof name, next ? "secret.%zu.next" : "secret.%zu", i);
			snprintf(path, sizeof path, "%s%s", row->path, next ? SECRET_NEXT : "");
			json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "name", name, "fingerprint", path,
							       "salt", scope->salt));
		}
	}
}

/* Slurm is to have nothing to do there. */
static bool lacks_role(const struct facts_scope *scope)
{
	return !scope->controller && !scope->compute;
}

/* What slurmd would say of processors, where there is none. */
static void ask_topology(json_t *items)
{
	ask_run(items, "topology",
		json_pack("[s, s, s]", "sh", "-c",
			  "grep -s '' /sys/devices/system/cpu/online "
			  "/sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id "
			  "/sys/devices/system/cpu/cpu[0-9]*/topology/core_id"));
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
	ask_read(items, "init.groups", "/proc/1/cgroup", 4096);
	ask_read(items, "controllers", "/sys/fs/cgroup/cgroup.controllers", 4096);
	json_array_append_new(items, json_pack("{s:s, s:b}", "name", "hardware", "hardware", 1));
	if (lacks_role(scope))
		ask_topology(items);
	facts_network_request(items, scope->neighbours);
	ask_names(items, "packages", scope->roles, package_of);
	ask_names(items, "units", scope->roles, unit_of);
	json_array_append_new(
	    items, json_pack("{s:s, s:s, s:b}", "name", "systemd", "stat", "/run/systemd/system", "follow", 1));
	ask_names(items, "users", scope->roles, user_of);
	ask_secrets(items, scope);
	ask_read(items, "epoch", "/var/lib/reeve/epoch", 4096);
	ask_read(items, "slurm.conf", "/etc/slurm/slurm.conf", 4 * TEXT_MAX);
	ask_read(items, "cgroup.conf", "/etc/slurm/cgroup.conf", TEXT_MAX);
	ask_read(items, "gres.conf", "/etc/slurm/gres.conf", TEXT_MAX);
	ask_read(items, "in-force.slurm", "/var/lib/reeve/in-force/slurm.conf", 4 * TEXT_MAX);
	ask_read(items, "in-force.cgroup", "/var/lib/reeve/in-force/cgroup.conf", TEXT_MAX);
	ask_read(items, "in-force.gres", "/var/lib/reeve/in-force/gres.conf", TEXT_MAX);
	if (scope->compute)
		facts_gpus_request(items);
	ask_read(items, "topology.conf", "/etc/slurm/topology.conf", 4 * TEXT_MAX);
	ask_read(items, "in-force.topology", "/var/lib/reeve/in-force/topology.conf", 4 * TEXT_MAX);
	if (scope->controller)
		ask_read(items, "record", "/var/lib/reeve/record.json", 16 * TEXT_MAX);
	if (scope->controller)
		json_array_append_new(items, json_pack("{s:s, s:b}", "name", "begun", "begun", 1));
	if (scope->controller && scope->state)
		ask_state(items, scope->state);
	ask_devices(items, scope);
	facts_beside_request(scope, items);
	if (scope->others)
		json_array_extend(items, (json_t *)scope->others);
	return items;
}

static bool said_hardware(const json_t *items)
{
	const char *out = json_string_value(json_object_get(json_object_get(items, "hardware"), "out"));
	return out && str_starts(out, "NodeName=");
}

static bool has_package(const json_t *items, const char *name)
{
	return json_object_get(json_object_get(json_object_get(items, "packages"), "versions"), name);
}

static bool lacks_packages(const json_t *items, const struct facts_scope *scope)
{
	for (enum role i = 0; i < ROLES; i++) {
		bool belongs = i == ROLE_NODE ? scope->compute : i == ROLE_CONTROLLER ? scope->controller : true;
		if (belongs && scope->roles[i].package && !has_package(items, scope->roles[i].package))
			return true;
	}
	return false;
}

static bool has_user(const json_t *items, const char *name)
{
	return json_object_get(json_object_get(json_object_get(items, "users"), "users"), name);
}

json_t *facts_request_more(const json_t *answer, const struct facts_scope *scope)
{
	const json_t *items = json_object_get(answer, "items");
	json_t *more = json_array();
	facts_network_more(items, more);
	if (!lacks_role(scope) && !has_user(items, scope->roles[ROLE_CONTROLLER].user)) {
		char number[16];
		snprintf(number, sizeof number, "%d", FACTS_SLURM_UID);
		ask_run(more, "uid", json_pack("[s, s, s]", "getent", "passwd", number));
		ask_run(more, "gid", json_pack("[s, s, s]", "getent", "group", number));
	}
	if (!lacks_role(scope) && !said_hardware(items))
		ask_topology(more);
	if (!lacks_role(scope) && lacks_packages(items, scope))
		ask_run(more, "candidates",
			names_of(scope->roles, package_of, json_pack("[s, s]", "apt-cache", "policy")));
	if (scope->compute)
		facts_gpus_request_more(items, more);
	if (json_array_size(more))
		return more;
	json_decref(more);
	return NULL;
}
