/*
 * What a changed parameter needs before it is in force, and what has to hold of jobs meanwhile.
 *
 * Up to 23.02, slurm.conf(5) says so in the text of each parameter that `scontrol reconfigure` does not suffice for.
 * From 23.11 on a reconfigure starts new processes (scontrol(1)), and only TCP listening settings and authentication
 * need a restart. Changes that both daemons have to agree on are for both whatever the release.
 *
 * Jobs: a slurmstepd keeps the configuration that it was started with, for as long as its step runs. So a change hurts
 * where slurmd or slurmctld would look for it, speak to it or count its resources otherwise than it does itself; and
 * slurmctld ends a job whose nodes have other cores or GRES in all (_sync_jobs_to_conf, src/slurmctld/read_config.c).
 */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/activation.h"

#define CTLD "slurm.conf(5): a restart of slurmctld is required"
#define SLURMD "slurm.conf(5): a restart of the slurmds is required"
#define BOTH "slurm.conf(5): a restart of slurmctld and of the slurmds is required"
#define PORT "slurm.conf(5): TCP listening settings require a restart; running steps report to the old port"
#define LISTEN "slurm.conf(5): TCP listening settings require a restart"
#define LOADED "the plugin is loaded when its daemon starts (src/common, src/slurmctld: *_init)"
#define ALL "slurm.conf(5): all daemons and commands must be terminated before it is changed, and started afterwards"
#define HASH \
	"what started with another one does not accept its messages, running steps and srun included " \
	"(src/interfaces/hash.c: it loads its own and hash/k12)"
#define CONTAINER "steps of a job are started in the container that was made when the job began"
#define CGROUPS "slurmd looks for the cgroups of running steps there"

struct need_row {
	const char *name;
	unsigned until; /* last release that this row holds for; 0: all */
	enum slurm_need need;
	enum slurm_condition condition;
	const char *why;
};

/* The first row that fits counts. */
static const struct need_row params[] = {
    {"AccountingStorageEnforce", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, CTLD},
    {"AccountingStorageTRES", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS,
     "slurm.conf(5): TRES are set up on the start of the slurmctld"},
    {"AccountingStorageType", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, LOADED},
    {"AcctGatherEnergyType", 2302, SLURM_NEED_RESTART_SLURMD, SLURM_WITH_JOBS, LOADED},
    {"AcctGatherFilesystemType", 2302, SLURM_NEED_RESTART_SLURMD, SLURM_WITH_JOBS, LOADED},
    {"AcctGatherInterconnectType", 2302, SLURM_NEED_RESTART_SLURMD, SLURM_WITH_JOBS, LOADED},
    {"AcctGatherProfileType", 2302, SLURM_NEED_RESTART_SLURMD, SLURM_WITH_JOBS, LOADED},
    {"AuthAltTypes", 0, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS,
     "a reconfigure does not change the authentication mechanism"},
    {"AuthType", 0, SLURM_NEED_STOP_ALL, SLURM_NO_JOBS, ALL},
    {"BurstBufferType", 2302, SLURM_NEED_RESTART_CTLD, SLURM_NO_JOBS, LOADED},
    {"BurstBufferType", 0, SLURM_NEED_RECONFIGURE, SLURM_NO_JOBS,
     "what was staged for a job is known to the old plugin only"},
    {"ClusterName", 0, SLURM_NEED_STOP_ALL, SLURM_NO_JOBS,
     "slurmctld refuses a state directory of another cluster's name"},
    {"CoreSpecPlugin", 2302, SLURM_NEED_RESTART_SLURMD, SLURM_WITH_JOBS, SLURMD},
    {"CredType", 0, SLURM_NEED_STOP_ALL, SLURM_NO_JOBS,
     "scontrol(1): a reconfigure does not change the authentication mechanism; running steps keep the old one"},
    {"ExtSensorsType", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, LOADED},
    {"GresTypes", 2302, SLURM_NEED_RESTART_BOTH, SLURM_WITH_JOBS, BOTH},
    {"HashPlugin", 0, SLURM_NEED_RESTART_BOTH, SLURM_IDLE_NODES, HASH},
    {"JobAcctGatherType", 2205, SLURM_NEED_RESTART_BOTH, SLURM_IDLE_NODES,
     "slurm.conf(5): it changes the messages between daemons; only while no job step runs"},
    {"JobAcctGatherType", 2302, SLURM_NEED_RESTART_BOTH, SLURM_WITH_JOBS, LOADED},
    {"JobCompType", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, LOADED},
    {"JobContainerType", 2302, SLURM_NEED_RESTART_BOTH, SLURM_IDLE_NODES, CONTAINER},
    {"JobContainerType", 0, SLURM_NEED_RECONFIGURE, SLURM_IDLE_NODES, CONTAINER},
    {"MaxJobCount", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, CTLD},
    {"MaxNodeCount", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, CTLD},
    {"MCSPlugin", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, LOADED},
    {"NamespaceType", 0, SLURM_NEED_RECONFIGURE, SLURM_IDLE_NODES, CONTAINER},
    {"PluginDir", 2302, SLURM_NEED_RESTART_BOTH, SLURM_WITH_JOBS, BOTH},
    {"PowerPlugin", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, CTLD},
    {"PrioritySiteFactorPlugin", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, LOADED},
    {"PriorityType", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, LOADED},
    {"ProctrackType", 2302, SLURM_NEED_RESTART_BOTH, SLURM_WITH_JOBS,
     "slurm.conf(5): a restart of slurmctld is required; slurmd loads the plugin when it starts"},
    {"RoutePlugin", 2302, SLURM_NEED_RESTART_BOTH, SLURM_WITH_JOBS, LOADED},
    {"SchedulerType", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, CTLD},
    {"SelectType", 2302, SLURM_NEED_RESTART_BOTH, SLURM_NO_JOBS,
     "slurm.conf(5): a restart of both is required, and all job information is lost"},
    {"SelectType", 0, SLURM_NEED_RECONFIGURE, SLURM_NO_JOBS, "slurm.conf(5): all job information is lost"},
    {"SelectTypeParameters", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, CTLD},
    {"SlurmctldHost", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, CTLD},
    {"SlurmctldPort", 0, SLURM_NEED_RESTART_BOTH, SLURM_IDLE_NODES, PORT},
    {"SlurmdPort", 0, SLURM_NEED_RESTART_BOTH, SLURM_IDLE_NODES, PORT},
    {"SlurmdSpoolDir", 0, SLURM_NEED_RESTART_SLURMD, SLURM_IDLE_NODES, "slurmd looks for its running steps there"},
    {"SlurmdUser", 0, SLURM_NEED_RESTART_SLURMD, SLURM_IDLE_NODES, "slurmd takes its user when it starts"},
    {"SlurmUser", 0, SLURM_NEED_RESTART_BOTH, SLURM_IDLE_NODES,
     "slurmctld takes its user when it starts, and slurmd trusts it"},
    {"StateSaveLocation", 0, SLURM_NEED_RESTART_CTLD, SLURM_NO_JOBS,
     "slurm.conf(5): a restart of slurmctld is required; it knows the jobs from there"},
    {"SwitchType", 0, SLURM_NEED_STOP_ALL, SLURM_NO_JOBS,
     "slurm.conf(5): daemons, commands and running jobs must be restarted; records of jobs may be lost"},
    {"TaskPlugin", 2302, SLURM_NEED_RESTART_SLURMD, SLURM_WITH_JOBS, LOADED},
    {"TLSType", 0, SLURM_NEED_STOP_ALL, SLURM_IDLE_NODES,
     "daemons, commands and running steps with it and without do not understand each other"},
    {"TopologyPlugin", 2302, SLURM_NEED_RESTART_BOTH, SLURM_WITH_JOBS, LOADED},
    {NULL},
};

/* Read again by a reconfigure, and something that slurmd may not come up with. */
static const char *const slurmd_reads[] = {"MpiDefault",     "MpiParams",        "NodeFeaturesPlugins",
					   "PrEpPlugins",    "SlurmdParameters", "PlugStackConfig",
					   "PrEpParameters", "TaskPluginParams", "AcctGatherNodeFreq"};

/* Options in the list of a parameter: what their coming or going needs. */
static const struct {
	const char *param, *option;
	unsigned until;
	enum slurm_need need;
	const char *why;
} options[] = {
    {"SchedulerParameters", "no_backup_scheduling", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"SlurmctldParameters", "enable_configless", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"CommunicationParameters", "DisableIPv4", 0, SLURM_NEED_RESTART_BOTH, LISTEN},
    {"CommunicationParameters", "EnableIPv6", 0, SLURM_NEED_RESTART_BOTH, LISTEN},
    {"CommunicationParameters", "NoCtldInAddrAny", 0, SLURM_NEED_RESTART_CTLD, LISTEN},
    {"CommunicationParameters", "NoInAddrAny", 0, SLURM_NEED_RESTART_BOTH, LISTEN},
};

/* A node's own keys. Those not named here are read by a reconfigure. */
static const struct need_row node_keys[] = {
/* Which cores and GRES a job holds is kept by their number. Where a node's cores are the same in all, and only cut otherwise, nothing
 * is lost (valid_job_resources, src/common/job_resources.c): activation.c lets that pass. */
#define HARDWARE(key, condition) \
	{key, 2405, SLURM_NEED_RESTART_BOTH, condition, \
	 "slurm.conf(5): changes of nodes' processors require a restart of slurmctld and the slurmds"}, \
	{ \
		key, 0, SLURM_NEED_RECONFIGURE, condition, "slurm.conf(5): read again by both daemons" \
	}
    HARDWARE("Boards", SLURM_IDLE_NODES),
    HARDWARE("Sockets", SLURM_IDLE_NODES),
    HARDWARE("SocketsPerBoard", SLURM_IDLE_NODES),
    HARDWARE("CoresPerSocket", SLURM_IDLE_NODES),
    HARDWARE("ThreadsPerCore", SLURM_IDLE_NODES),
    HARDWARE("CPUs", SLURM_IDLE_NODES),
    HARDWARE("Procs", SLURM_IDLE_NODES),
    HARDWARE("Gres", SLURM_IDLE_NODES),
    HARDWARE("CoreSpecCount", SLURM_IDLE_NODES),
    HARDWARE("CPUSpecList", SLURM_IDLE_NODES),
    HARDWARE("MemSpecLimit", SLURM_WITH_JOBS),
#undef HARDWARE
/* scontrol shows the new value, and the scheduler uses the old one: a job that fits is refused. */
#define KEPT "slurmctld keeps the old value through a reconfigure (slurmctld/read_config.c, _restore_node_state)"
    {"RealMemory", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, KEPT},
    {"TmpDisk", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, KEPT},
    {"Weight", 2302, SLURM_NEED_RESTART_CTLD, SLURM_WITH_JOBS, KEPT},
#undef KEPT
#define ADDRESS "every daemon keeps the nodes' addresses from its start"
    {"NodeAddr", 2405, SLURM_NEED_RESTART_BOTH, SLURM_WITH_JOBS, ADDRESS},
    {"NodeHostname", 2405, SLURM_NEED_RESTART_BOTH, SLURM_IDLE_NODES, ADDRESS},
    {"NodeHostname", 0, SLURM_NEED_RECONFIGURE, SLURM_IDLE_NODES, "its jobs would be looked for on another host"},
    {"BcastAddr", 2405, SLURM_NEED_RESTART_BOTH, SLURM_WITH_JOBS, ADDRESS},
#undef ADDRESS
    {"Port", 0, SLURM_NEED_RESTART_BOTH, SLURM_IDLE_NODES, PORT},
    {NULL},
};

/* cgroup.conf is read when a daemon starts and, from 23.11, at reconfigure too (cgroup.conf(5)). */
static const struct need_row cgroup_keys[] = {
    {"CgroupPlugin", 0, SLURM_NEED_RESTART_SLURMD, SLURM_IDLE_NODES, CGROUPS},
    {"CgroupSlice", 0, SLURM_NEED_RESTART_SLURMD, SLURM_IDLE_NODES, CGROUPS},
    {"CgroupJobIdPaths", 0, SLURM_NEED_RESTART_SLURMD, SLURM_IDLE_NODES, CGROUPS},
    {"CgroupMountpoint", 0, SLURM_NEED_RESTART_SLURMD, SLURM_IDLE_NODES, CGROUPS},
    {"IgnoreSystemd", 0, SLURM_NEED_RESTART_SLURMD, SLURM_IDLE_NODES, CGROUPS},
    {"IgnoreSystemdOnFailure", 0, SLURM_NEED_RESTART_SLURMD, SLURM_IDLE_NODES, CGROUPS},
    {NULL},
};

static bool is_for_slurmd(enum slurm_need need)
{
	return need == SLURM_NEED_RESTART_SLURMD || need == SLURM_NEED_RESTART_BOTH || need == SLURM_NEED_STOP_ALL;
}

static struct slurm_effect look_up(const struct need_row *rows, unsigned release, const char *name)
{
	struct slurm_effect effect = {.need = SLURM_NEED_RECONFIGURE, .why = "read again by scontrol reconfigure"};
	bool found = false;
	for (; rows->name; rows++) {
		if (strcasecmp(rows->name, name) != 0)
			continue;
		/* Whether it reads a parameter at its start or later, it is slurmd that reads it. */
		effect.slurmd |= is_for_slurmd(rows->need);
		if (found || (rows->until != 0 && release > rows->until))
			continue;
		found = true;
		effect.need = rows->need;
		effect.condition = rows->condition;
		effect.why = rows->why;
		/* What even a reconfigure does not do: ports and who is trusted. */
		effect.apart =
		    rows->until == 0 && (rows->need == SLURM_NEED_RESTART_BOTH || rows->need == SLURM_NEED_STOP_ALL);
	}
	return effect;
}

static void add_option(unsigned release, size_t i, const char *old_value, const char *new_value,
		       struct slurm_effect *effect)
{
	if ((options[i].until && release > options[i].until) ||
	    str_has_item(old_value, options[i].option, strncasecmp) ==
		str_has_item(new_value, options[i].option, strncasecmp))
		return;
	enum slurm_need need = slurm_need_join(effect->need, options[i].need);
	if (need == effect->need)
		return;
	effect->need = need;
	effect->slurmd |= is_for_slurmd(need);
	effect->apart |= options[i].until == 0;
	effect->why = options[i].why;
}

/* Does a list lose one of its words? */
static bool loses(const char *old_value, const char *new_value)
{
	for (const char *p = old_value; p && *p; p += strcspn(p, ","), p += *p == ',') {
		char word[64];
		size_t len = strcspn(p, ",");
		if (len >= sizeof word)
			return true;
		memcpy(word, p, len);
		word[len] = '\0';
		if (!str_has_item(new_value, word, strncasecmp))
			return true;
	}
	return false;
}

static bool is(const char *value, const char *word)
{
	return value && strcasecmp(value, word) == 0;
}

struct slurm_effect slurm_effect_of_param(unsigned release, const char *name, const char *old_value,
					  const char *new_value)
{
	struct slurm_effect effect = look_up(params, release, name);
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (strcasecmp(options[i].param, name) == 0)
			add_option(release, i, old_value, new_value, &effect);
	for (size_t i = 0; i < ARRAY_LEN(slurmd_reads); i++)
		effect.slurmd |= strcasecmp(slurmd_reads[i], name) == 0;
	if (strcasecmp(name, "GresTypes") == 0 && loses(old_value, new_value))
		effect.condition = SLURM_IDLE_NODES;
	/* slurm.conf(5): the one way in which the state of jobs is kept whatever they asked for. */
	if (strcasecmp(name, "SelectType") == 0 && is(old_value, "select/cons_res") &&
	    is(new_value, "select/cons_tres"))
		effect.condition = SLURM_WITH_JOBS;
	return effect;
}

struct slurm_effect slurm_effect_of_node_key(unsigned release, const char *name)
{
	return look_up(node_keys, release, name);
}

struct slurm_effect slurm_effect_of_cgroup_key(unsigned release, const char *name)
{
	struct slurm_effect effect = look_up(cgroup_keys, release, name);
	effect.need = SLURM_NEED_RESTART_SLURMD;
	effect.slurmd = true;
	return effect;
}

const char *slurm_effect_name(enum slurm_section section, size_t i)
{
	switch (section) {
	case SLURM_GLOBAL:
		return i < ARRAY_LEN(params) ? params[i].name : NULL;
	case SLURM_NODE:
		return i < ARRAY_LEN(node_keys) ? node_keys[i].name : NULL;
	case SLURM_CGROUP:
		return i < ARRAY_LEN(cgroup_keys) ? cgroup_keys[i].name : NULL;
	default:
		return NULL;
	}
}
