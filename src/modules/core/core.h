/* core: MUNGE and Slurm themselves. */
#ifndef REEVE_MODULES_CORE_CORE_H
#define REEVE_MODULES_CORE_CORE_H

#include "modules/module.h"
#include "slurm/state.h"

extern const struct module core_module;
extern const struct inv_section core_section;
extern const struct secret_row core_munge_key;
extern const struct role_names core_roles[ROLES];

/*
 * slurm.conf and cgroup.conf: the same bytes for every host, and for the same cluster; no dates, no names of the
 * moment. In the cluster's arena; made once, then given again.
 */
const char *core_slurm_conf(const struct cluster *cluster);
const char *core_cgroup_conf(const struct cluster *cluster);
/* The same for topology.conf; NULL: there is to be none. */
const char *core_topology_conf(const struct cluster *cluster);

/* gres.conf(5), likewise: lines for the GPUs and the bandwidth of each node and those of its class, by NodeName=. NULL where no node
 * has any and no host has such a file of ours. */
const char *core_gres_conf(const struct cluster *cluster);

/* Does it name device files, which jobs can be kept from? */
bool core_gres_has_files(const struct cluster *cluster);

/* The operator's value of GresTypes or AccountingStorageTRES (NULL: none) with what the nodes' GRES need beside it (TRES only
 * where there is slurmdbd); of other keys as it is. NULL: nothing to write. */
const char *core_gres_param(const struct cluster *cluster, const char *key, const char *value);

/* What core owns of slurm.conf beside nodes and partitions. */
void core_params(const struct cluster *cluster, struct module_params *params);

/* Are whole nodes given to jobs (SelectType=select/linear)? */
bool core_whole_nodes(const struct inventory *inv);

/* DefMemPerCPU, MiB, of the whole cluster, and of a partition where the cluster's is `global`; 0: none is to be written,
 * because the operator wrote what holds, memory is no resource, or the partition's is the cluster's. */
uint64_t core_memory_default(const struct cluster *cluster);
uint64_t core_memory_of_partition(const struct cluster *cluster, const struct cluster_partition *partition,
				  uint64_t global);

/* Directories and paths that the configuration names. */
#define CORE_CONF "/etc/slurm/slurm.conf"
#define CORE_CGROUP "/etc/slurm/cgroup.conf"
#define CORE_GRES "/etc/slurm/gres.conf"
#define CORE_TOPOLOGY "/etc/slurm/topology.conf"
#define CORE_SPOOL INV_SPOOL
#define CORE_LOGS "/var/log/slurm"
#define CORE_KEY "/etc/munge/munge.key"

/* A library that Slurm's plugins on a host open by a name which no package they depend on has. */
struct core_library {
	unsigned release;    /* of Slurm, as its distribution packages it */
	const char *package; /* has the library, by its soname */
	const char *link;    /* the path it is opened by, below /usr/lib/MULTIARCH */
	const char *target;  /* of that link */
};
const struct core_library *core_library_of(const struct cluster_host *host); /* NULL: none, or not known */
const char *core_library_path(const struct core_library *library, const struct cluster_host *host, struct arena *arena);

/* What core asks of a host for itself: NULL where the host's munged gives no credential, or was not asked. */
void core_ask(const struct inventory *inv, const struct inv_host *host, json_t *items);
void *core_take(const json_t *items, struct arena *arena, struct err *err);
const char *core_credential(const struct facts *facts);

void core_settle(struct cluster *cluster);

extern const struct diagnoses core_diagnoses; /* of munged and its key */

/*
 * MUNGE as a star: the primary decodes a credential of every host, every host one of the primary's. Where nothing has
 * changed only the controllers give credentials: a munged that decodes one has the key with which it encodes, and that
 * slurmctld hears what its slurmd sends is judged from the node's state. Items for the agent's verb collect (wire.h) on
 * `host`; `credentials` by host index, NULL where there is none. NULL where there is nothing to decode. The caller owns
 * it.
 */
json_t *core_munge_items(const struct cluster *cluster, size_t primary, size_t host, const char *const *credentials);

/* The answers to these: what does not hold becomes a finding (FINDING_HOST for a host). */
void core_munge_judge(const struct cluster *cluster, size_t primary, size_t host, const json_t *answer,
		      struct findings *findings);

/* What is wrong with a node's registration, in `arena`; NULL: nothing. What an administrator did to it (drain,
 * reservation) is not ours to judge. */
const char *core_node_fault(const struct slurm_node_state *node, const struct cluster_host *host, struct arena *arena);

/*
 * The command that asks a host's own slurmd whether it answers; in `arena`. scontrol(1) asks localhost where Slurm is built
 * with --enable-multiple-slurmd, as Debian's is, unless SLURMD_NODENAME names the node (src/api/config_info.c,
 * slurm_load_slurmd_status); with NoInAddrAny slurmd is not there.
 */
const char *const *core_ask_slurmd(const struct inventory *inv, size_t host, struct arena *arena);

void core_verify(const struct verify_context *context, struct checks *checks);
void core_prove(const struct verify_context *context, const struct job_set *set, struct checks *checks);

/* guide.c */
void core_guide(const struct inventory *inv, struct strbuf *out);

#endif
