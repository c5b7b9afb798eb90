/* What reeve writes itself. The keys of cluster.yaml named here are those of its manual page. */
#include <strings.h>

#include "base/mask.h"
#include "slurm/param.h"

static const struct slurm_owned owned_globals[] = {
    {"ClusterName", "cluster", "the cluster's name names its state and its record too"},
    {"SlurmctldHost", "controllers", "the controllers are hosts of cluster.yaml, in their order"},
    {"SlurmctldAddr", "controllers", "the controllers' addresses are those of their hosts"},
    {"ControlMachine", "controllers", "the controllers are hosts of cluster.yaml, in their order"},
    {"ControlAddr", "controllers", "the controllers' addresses are those of their hosts"},
    {"BackupController", "controllers", "the controllers are hosts of cluster.yaml, in their order"},
    {"BackupAddr", "controllers", "the controllers' addresses are those of their hosts"},
    {"StateSaveLocation", "state", "the state directory is mounted, checked and kept safe before it is used"},
    {"NodeName", "hosts", "node lines are made from what the hosts really are"},
    {"NodeSet", "partitions", "partitions name hosts and classes of cluster.yaml"},
    {"PartitionName", "partitions", "partitions name hosts and classes of cluster.yaml"},
    {"DownNodes", NULL, "a node's state is set with 'reeve exclude' and 'reeve include', which survive a restart"},
    {"FrontendName", NULL, "front ends are not supported, and 25.05 has none"},
    {"Include", NULL, "slurm.conf is one file, the same bytes on every host"},
    {"AuthType", NULL, "MUNGE is what reeve sets up and verifies"},
    {"CredType", NULL, "MUNGE is what reeve sets up and verifies"},
    {"SlurmUser", NULL, "the packages' user, slurm, owns the state and runs slurmctld"},
    {"SlurmdUser", NULL, "slurmd has to run as root to start jobs as their users"},
    {"SlurmctldPidFile", NULL, "it has to be what the service's unit expects"},
    {"SlurmdPidFile", NULL, "it has to be what the service's unit expects"},
    {"PluginDir", NULL, "the packages' plugins are the ones of the installed version"},
    {0},
};

static const struct slurm_owned owned_partition_keys[] = {
    {"PartitionName", NULL, "the key of the partition names it"},
    {"Nodes", "nodes", "partitions name hosts and classes of cluster.yaml"},
    {"Default", "default", "only one partition can be the default one"},
    {0},
};

static const struct slurm_owned owned_node_keys[] = {
    {"NodeName", "hosts", "node lines are made from what the hosts really are"},
    {"NodeAddr", "hosts", "addresses are those of the hosts"},
    {"NodeHostname", "hosts", "'hostname' of a host says what it calls itself"},
    {"Boards", NULL, "slurmd counts it, and it is measured"},
    {"Sockets", NULL, "slurmd counts them, and they are measured"},
    {"SocketsPerBoard", NULL, "slurmd counts them, and they are measured"},
    {"CoresPerSocket", NULL, "slurmd counts them, and they are measured"},
    {"ThreadsPerCore", NULL, "slurmd counts them, and they are measured"},
    {"CPUs", NULL, "slurmd counts them, and they are measured"},
    {"Procs", NULL, "slurmd counts them, and they are measured"},
    {"RealMemory", "reserve", "it is measured, less what is kept from jobs"},
    {"Feature", "features", "a class gives its hosts their features"},
    {"Features", "features", "a class gives its hosts their features"},
    {"State", NULL, "a node's state is set with 'reeve exclude' and 'reeve include', which survive a restart"},
    {"Reason", NULL, "'reeve exclude' takes a reason"},
    {0},
};

static const struct slurm_owned owned_gres_keys[] = {
    {"NodeName", NULL, "a line is for the hosts of its class"},
    {0},
};

const struct slurm_owned *slurm_param_owned(enum slurm_section section, const char *name)
{
	static const struct slurm_owned *const owned[] = {
	    [SLURM_GLOBAL] = owned_globals, [SLURM_PARTITION] = owned_partition_keys, [SLURM_NODE] = owned_node_keys,
	    [SLURM_CGROUP] = NULL,          [SLURM_GRES] = owned_gres_keys,
	};
	for (const struct slurm_owned *o = owned[section]; o && o->name; o++)
		if (strcasecmp(o->name, name) == 0)
			return o;
	return NULL;
}

const char *slurm_param_secret(const char *name, const char *value)
{
	static const struct {
		const char *name, *instead;
	} ways[] = {
	    {"JobCompPass",
	     "JobCompPassScript (25.11 and later) names a program that prints it, on the controllers; or "
	     "leave completed jobs to accounting"},
	    {"AccountingStoragePass",
	     "slurmdbd is reached through MUNGE: leave it out, or name the socket of another munged"},
	};
	if (!mask_is_secret(name, value))
		return NULL;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (strcasecmp(ways[i].name, name) == 0)
			return ways[i].instead;
	return "leave the password out, and let the service beside it know the cluster by its address or a key of its "
	       "own";
}
