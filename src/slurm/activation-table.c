/*
 * What a changed parameter needs before it is in force.
 *
 * Up to 23.02, slurm.conf(5) says so in the text of each parameter that `scontrol reconfigure` does not suffice for.
 * From 23.11 on a reconfigure starts new processes (scontrol(1)), and only TCP listening settings and authentication
 * need a restart. Changes that both daemons have to agree on are for both whatever the release.
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
#define PORT "slurm.conf(5): TCP listening settings require a restart"
#define LOADED "the plugin is loaded when its daemon starts (src/common, src/slurmctld: *_init)"
#define ALL "slurm.conf(5): all daemons and commands must be terminated before it is changed, and started afterwards"

struct need_row {
	const char *name;
	unsigned until; /* last release that this row holds for; 0: all */
	enum slurm_need need;
	const char *why;
};

/* The first row that fits counts. */
static const struct need_row params[] = {
    {"AccountingStorageEnforce", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"AccountingStorageTRES", 2302, SLURM_NEED_RESTART_CTLD,
     "slurm.conf(5): TRES are set up on the start of the slurmctld"},
    {"AccountingStorageType", 2302, SLURM_NEED_RESTART_CTLD, LOADED},
    {"AcctGatherEnergyType", 2302, SLURM_NEED_RESTART_SLURMD, LOADED},
    {"AcctGatherFilesystemType", 2302, SLURM_NEED_RESTART_SLURMD, LOADED},
    {"AcctGatherInterconnectType", 2302, SLURM_NEED_RESTART_SLURMD, LOADED},
    {"AcctGatherProfileType", 2302, SLURM_NEED_RESTART_SLURMD, LOADED},
    {"AuthAltTypes", 0, SLURM_NEED_RESTART_CTLD, "a reconfigure does not change the authentication mechanism"},
    {"AuthType", 0, SLURM_NEED_STOP_ALL, ALL},
    {"BurstBufferType", 2302, SLURM_NEED_RESTART_CTLD, LOADED},
    {"ClusterName", 0, SLURM_NEED_STOP_ALL, "slurmctld refuses a state directory of another cluster's name"},
    {"CoreSpecPlugin", 2302, SLURM_NEED_RESTART_SLURMD, SLURMD},
    {"CredType", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"CredType", 0, SLURM_NEED_STOP_ALL, "scontrol(1): a reconfigure does not change the authentication mechanism"},
    {"GresTypes", 2302, SLURM_NEED_RESTART_BOTH, BOTH},
    {"JobAcctGatherType", 2302, SLURM_NEED_RESTART_BOTH, LOADED},
    {"JobCompType", 2302, SLURM_NEED_RESTART_CTLD, LOADED},
    {"JobContainerType", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"MaxJobCount", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"MaxNodeCount", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"MCSPlugin", 2302, SLURM_NEED_RESTART_CTLD, LOADED},
    {"PluginDir", 2302, SLURM_NEED_RESTART_BOTH, BOTH},
    {"PowerPlugin", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"PrioritySiteFactorPlugin", 2302, SLURM_NEED_RESTART_CTLD, LOADED},
    {"PriorityType", 2302, SLURM_NEED_RESTART_CTLD, LOADED},
    {"ProctrackType", 2302, SLURM_NEED_RESTART_BOTH,
     "slurm.conf(5): a restart of slurmctld is required; slurmd loads the plugin when it starts"},
    {"SchedulerType", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"SelectType", 2302, SLURM_NEED_RESTART_BOTH, BOTH},
    {"SelectTypeParameters", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"SlurmctldHost", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"SlurmctldPort", 0, SLURM_NEED_RESTART_BOTH, PORT},
    {"SlurmdPort", 0, SLURM_NEED_RESTART_BOTH, PORT},
    {"SlurmdSpoolDir", 0, SLURM_NEED_RESTART_SLURMD,
     "slurmd looks for its running steps there: the nodes have to be idle"},
    {"SlurmdUser", 0, SLURM_NEED_RESTART_SLURMD, "slurmd takes its user when it starts"},
    {"SlurmUser", 0, SLURM_NEED_RESTART_BOTH, "slurmctld takes its user when it starts, and slurmd trusts it"},
    {"StateSaveLocation", 0, SLURM_NEED_RESTART_CTLD,
     "slurm.conf(5): a restart of slurmctld is required; the state has to be copied between its stop and its start"},
    {"SwitchType", 0, SLURM_NEED_STOP_ALL,
     "slurm.conf(5): daemons, commands and running jobs must be restarted; records of jobs may be lost"},
    {"TaskPlugin", 2302, SLURM_NEED_RESTART_SLURMD, LOADED},
    {"TopologyPlugin", 2302, SLURM_NEED_RESTART_BOTH, LOADED},
    {NULL},
};

/* Options in the list of a parameter: what their coming or going needs. */
static const struct {
	const char *param, *option;
	unsigned until;
	enum slurm_need need;
	const char *why;
} options[] = {
    {"SchedulerParameters", "no_backup_scheduling", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"SlurmctldParameters", "enable_configless", 2302, SLURM_NEED_RESTART_CTLD, CTLD},
    {"CommunicationParameters", "DisableIPv4", 0, SLURM_NEED_RESTART_BOTH, PORT},
    {"CommunicationParameters", "EnableIPv6", 0, SLURM_NEED_RESTART_BOTH, PORT},
    {"CommunicationParameters", "NoCtldInAddrAny", 0, SLURM_NEED_RESTART_CTLD, PORT},
    {"CommunicationParameters", "NoInAddrAny", 0, SLURM_NEED_RESTART_BOTH, PORT},
};

/* A node's own keys. Those not named here are read by a reconfigure. */
static const struct need_row node_keys[] = {
#define HARDWARE(key) \
	{ \
		key, 2405, SLURM_NEED_RESTART_BOTH, \
		    "slurm.conf(5): changes of nodes' processors require a restart of slurmctld and the slurmds" \
	}
    HARDWARE("Boards"),
    HARDWARE("Sockets"),
    HARDWARE("SocketsPerBoard"),
    HARDWARE("CoresPerSocket"),
    HARDWARE("ThreadsPerCore"),
    HARDWARE("CPUs"),
    HARDWARE("Procs"),
    HARDWARE("Gres"),
    HARDWARE("CoreSpecCount"),
    HARDWARE("CPUSpecList"),
    HARDWARE("MemSpecLimit"),
#undef HARDWARE
/* scontrol shows the new value, and the scheduler uses the old one: a job that fits is refused. */
#define KEPT "slurmctld keeps the old value through a reconfigure (slurmctld/read_config.c, _restore_node_state)"
    {"RealMemory", 2302, SLURM_NEED_RESTART_CTLD, KEPT},
    {"TmpDisk", 2302, SLURM_NEED_RESTART_CTLD, KEPT},
    {"Weight", 2302, SLURM_NEED_RESTART_CTLD, KEPT},
#undef KEPT
    {"NodeAddr", 2405, SLURM_NEED_RESTART_BOTH, "every daemon keeps the nodes' addresses from its start"},
    {"NodeHostname", 2405, SLURM_NEED_RESTART_BOTH, "every daemon keeps the nodes' addresses from its start"},
    {"BcastAddr", 2405, SLURM_NEED_RESTART_BOTH, "every daemon keeps the nodes' addresses from its start"},
    {"Port", 0, SLURM_NEED_RESTART_BOTH, PORT},
    {NULL},
};

static enum slurm_need look_up(const struct need_row *rows, unsigned release, const char *name, const char **ret_why)
{
	for (; rows->name; rows++) {
		if (strcasecmp(rows->name, name) != 0 || (rows->until != 0 && release > rows->until))
			continue;
		if (ret_why)
			*ret_why = rows->why;
		return rows->need;
	}
	if (ret_why)
		*ret_why = "read again by scontrol reconfigure";
	return SLURM_NEED_RECONFIGURE;
}

enum slurm_need slurm_activation_param(unsigned release, const char *name, const char **ret_why)
{
	return look_up(params, release, name, ret_why);
}

enum slurm_need slurm_activation_change(unsigned release, const char *name, const char *old_value,
					const char *new_value, const char **ret_why)
{
	enum slurm_need need = slurm_activation_param(release, name, ret_why);
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (strcasecmp(options[i].param, name) != 0 || (options[i].until && release > options[i].until) ||
		    str_has_item(old_value, options[i].option, strncasecmp) ==
			str_has_item(new_value, options[i].option, strncasecmp))
			continue;
		if (slurm_need_join(need, options[i].need) == need)
			continue;
		need = slurm_need_join(need, options[i].need);
		if (ret_why)
			*ret_why = options[i].why;
	}
	return need;
}

enum slurm_need slurm_activation_node_key(unsigned release, const char *name, const char **ret_why)
{
	return look_up(node_keys, release, name, ret_why);
}
