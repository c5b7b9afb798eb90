/*
 * codes: every code that a finding can have, with what it means in general; one row each, sorted. What a finding says in
 * particular is its own. The handbook has a paragraph on each of them (docs/handbook/findings.md), held against this list by
 * tests/project/findings.bats, which also wants each code produced by some test.
 */
#ifndef REEVE_MODEL_CODES_H
#define REEVE_MODEL_CODES_H

/* Constant, the word that is printed and stays stable, the meaning. */
#define FINDING_CODES(X) \
	X(ACCOUNTING_DOWN, "accounting-down", "no slurmdbd answers where slurm.conf says that there is one") \
	X(ACCOUNTS_SILENT, "accounts-silent", "a host does not say which accounts it has") \
	X(ACCOUNT_NEEDS, "account-needs", "a group or shell that an account needs is missing on a host") \
	X(ACCOUNT_TAKEN, "account-taken", \
	  "a name or number of an account or group is used for something else on a host") \
	X(APPLY, "apply", "a resource could not be brought to its state on a host") \
	X(ASYMMETRIC, "asymmetric", "two hosts see different speeds in the two directions") \
	X(AT_WORK, "at-work", "another run is in progress") \
	X(BANDWIDTH, "bandwidth", "the bandwidth of a node is unknown or differs from its class") \
	X(BESIDE, "beside", "a file, program or plugin that slurm.conf names is missing or unusable on a host") \
	X(BLOCK_SIZE, "block-size", "the blocks of the topology cannot be described to Slurm") \
	X(BUSY, "busy", "no test job was run on nodes that were not available") \
	X(CANARY, "canary", "a daemon did not come up with the new configuration, and what was in force was put back") \
	X(CANDIDATE, "candidate", "the slurm.conf that reeve made cannot be parsed") \
	X(CGROUP, "cgroup", "cgroup.conf asks for a controller that a node's kernel does not have") \
	X(CGROUP_MEMORY_OFF, "cgroup-memory-off", "a node's kernel was booted without the memory controller") \
	X(CHANGED, "changed", "the hardware of a node differs from its baseline") \
	X(CHECK, "check", "a check after the run failed") \
	X(CLAIM, "claim", "cluster.yaml claims of a node what it was not measured with") \
	X(CLASS_EXCLUDES, "class-excludes", "a node's class excludes it") \
	X(CLASS_UNKNOWN, "class-unknown", "the class of a host that was never seen is unknown") \
	X(CLASS_UNSURE, "class-unsure", "facts that a class asks for are unknown on a host") \
	X(CLOCK_SKEW, "clock-skew", "a host's clock is off from that of the controller") \
	X(COMMAND, "command", "a command of the run failed on a host") \
	X(CONFINEMENT, "confinement", "a node cannot confine jobs as the others do") \
	X(CONF_EDITED, "conf-edited", "a file of Slurm's configuration was edited since the last apply") \
	X(CONF_MISSING, "conf-missing", "a file of Slurm's configuration is missing on a host") \
	X(CONTAINERS_FOREIGN, "containers-foreign", "a file of containers was not written by reeve") \
	X(CONTAINERS_GPU, "containers-gpu", "containers are not given the GPUs of a job") \
	X(CONTAINERS_IDS, "containers-ids", "an account cannot be given subordinate ids") \
	X(CONTAINERS_KERNEL, "containers-kernel", "a host's kernel lets users run no containers") \
	X(CONTAINERS_NEWUIDMAP, "containers-newuidmap", "users cannot use their subordinate ids") \
	X(CONTAINERS_SLURM, "containers-slurm", "what Slurm cannot do with containers") \
	X(CONTAINERS_SOFTWARE, "containers-software", "a runtime of containers is not installed") \
	X(CONTAINERS_STORAGE, "containers-storage", "the place of users' images is full, or cannot hold them") \
	X(CONTROLLER_DOWN, "controller-down", "a controller does not answer") \
	X(CONTROLLER_UNREACHABLE, "controller-unreachable", "no controller was reached") \
	X(CUT_OFF, "cut-off", "a run was interrupted before its end") \
	X(DIRECTORY_DIFFERS, "directory-differs", "a directory has another owner or mode than reeve gave it") \
	X(DIRECTORY_MISSING, "directory-missing", "a directory that reeve made is missing") \
	X(DISK_FULL, "disk-full", "a file system that Slurm writes to is full") \
	X(DISK_LOW, "disk-low", "a file system that Slurm writes to is nearly full") \
	X(EDITED_FILE, "edited-file", "a file that reeve wrote was edited by somebody else") \
	X(EMPTY_PARTITION, "empty-partition", "a partition has no node") \
	X(EPOCH, "epoch", "a host's file with the number of the last run does not belong to this cluster") \
	X(EXCLUSION_ENDED, "exclusion-ended", "the review date of an exclusion has passed") \
	X(FOREIGN_CGROUP_CONF, "foreign-cgroup-conf", "cgroup.conf was not written by reeve") \
	X(FOREIGN_GRES_CONF, "foreign-gres-conf", "gres.conf was not written by reeve") \
	X(FOREIGN_SLURM_CONF, "foreign-slurm-conf", "slurm.conf was not written by reeve") \
	X(FOREIGN_TOPOLOGY_CONF, "foreign-topology-conf", "topology.conf was not written by reeve") \
	X(GENERATION, "generation", "a controller does not have a generation's texts as the record says they are") \
	X(GPU_AUTODETECT, "gpu-autodetect", "GPUs cannot be detected by slurmd") \
	X(GPU_DEVICE, "gpu-device", "a GPU's device file is missing") \
	X(GPU_DRIVER, "gpu-driver", "a GPU has no working driver") \
	X(GPU_MIG, "gpu-mig", "a GPU is cut into MIG instances") \
	X(GRES_AUTODETECT, "gres-autodetect", "slurmd lacks the plugin that gres.conf asks for") \
	X(GRES_CORES, "gres-cores", "gres.conf names cores that a node does not have") \
	X(GRES_DEVICE, "gres-device", "a device file of a GRES is missing") \
	X(HOME_MISSING, "home-missing", "home directories of users are missing on a node") \
	X(HOSTNAME, "hostname", "a host's own name differs from that in cluster.yaml") \
	X(INODES_FULL, "inodes-full", "a file system that Slurm writes to has no inodes left") \
	X(JOBS_HELD, "jobs-held", "Slurm holds jobs that it could not start") \
	X(JOBS_IN_THE_WAY, "jobs-in-the-way", "jobs depend on what would be removed") \
	X(JOBS_STUCK, "jobs-stuck", "pending jobs wait for what does not come by waiting") \
	X(KEY_BUSY, "key-busy", "the MUNGE key cannot be changed while a host that may run jobs is unreachable") \
	X(KEY_FALSE, "key-false", "a host does not hold the MUNGE key that it says it has") \
	X(KEY_FROM, "key-from", "the host of --key-from has no key or was not reached") \
	X(KEY_LOST, "key-lost", "no host that was reached holds the cluster's MUNGE key") \
	X(KEY_UNKNOWN, "key-unknown", "slurmds run, and nothing says which MUNGE key is the cluster's") \
	X(LEAVES, "leaves", "a node leaves the cluster") \
	X(LIMITED, "limited", "-l cannot be used for a change that concerns every host") \
	X(LMOD_CACHE, "lmod-cache", "no host can build Lmod's cache") \
	X(LOCKED, "locked", "another run has the lock of a host") \
	X(LOG_LARGE, "log-large", "a daemon's log is very large") \
	X(LOST, "lost", "a host was lost during the run") \
	X(MACHINE_ID, "machine-id", "two hosts have the same machine-id") \
	X(MEASURED, "measured", "what a verification measured") \
	X(MEMORY_DEFAULT, "memory-default", "a node that joins lowers the default memory of jobs") \
	X(MEMORY_LOWER, "memory-lower", "the configured memory of a node was lowered") \
	X(MODULE_LEFT, "module-left", "a module no longer applies to a host, and its files stay") \
	X(MTU, "mtu", "the MTUs of two hosts differ") \
	X(MUNGE, "munge", "a MUNGE credential cannot be made or decoded") \
	X(MUNGED_HANGS, "munged-hangs", "munged is stopped by a signal") \
	X(MUNGED_MASKED, "munged-masked", "munged's service is masked") \
	X(MUNGED_STOPPED, "munged-stopped", "munged does not run on a host") \
	X(MUNGE_KEY_DIFFERS, "munge-key-differs", "a host's MUNGE key is not the cluster's") \
	X(MUNGE_KEY_MISSING, "munge-key-missing", "a host has no MUNGE key") \
	X(MUNGE_KEY_MODE, "munge-key-mode", "a host's MUNGE key has a wrong owner or mode") \
	X(MUNGE_SOCKET, "munge-socket", "munged's socket cannot be reached") \
	X(NEW_KEY, "new-key", "--new-key was given while daemons run") \
	X(NOBODY_CHOSEN, "nobody-chosen", "no host is of the class that was named") \
	X(NODE_BUSY, "node-busy", "jobs run on a node that has to be idle for a change") \
	X(NODE_DOWN, "node-down", "Slurm set a node down") \
	X(NODE_DRAINED, "node-drained", "Slurm drained a node") \
	X(NODE_DRAINED_HAND, "node-drained-hand", "somebody drained a node or set it down") \
	X(NODE_DRAINED_REEVE, "node-drained-reeve", "reeve drained a node") \
	X(NODE_INVALID, "node-invalid", "a node registered with less than slurm.conf says") \
	X(NODE_IN_USE, "node-in-use", "jobs run on a node that would be removed") \
	X(NODE_SILENT, "node-silent", "the slurmd of a node does not respond to slurmctld") \
	X(NODE_STATE, "node-state", "a node's state in the live cluster differs from cluster.yaml") \
	X(NODE_STUCK, "node-stuck", "a node stays in COMPLETING") \
	X(NODE_UNKNOWN, "node-unknown", "slurmctld does not know a node that serves") \
	X(NODE_UNREGISTERED, "node-unregistered", "the slurmd of a node has never registered") \
	X(NOT_APPLIED, "not-applied", "cluster.yaml wants changes that were not applied") \
	X(NOT_COMPUTE, "not-compute", "a host is not a compute node") \
	X(NOT_EXCLUDED, "not-excluded", "a node is not excluded") \
	X(NOT_MADE, "not-made", "something that users are to find could not be made, and the rest went on") \
	X(NOT_MEASURED, "not-measured", "a host could not be measured") \
	X(NOT_SERVING, "not-serving", "a compute node is drained, down or does not respond") \
	X(NO_DEFAULT, "no-default", "there is no default partition") \
	X(NO_NODES, "no-nodes", "no compute host was reached") \
	X(NO_PING, "no-ping", "the latency between hosts could not be measured") \
	X(NO_QUORUM, "no-quorum", "no majority of the controllers was reached") \
	X(NO_REASON, "no-reason", "an exclusion needs a reason") \
	X(NO_SLURM_PACKAGE, "no-slurm-package", "apt has no package for Slurm on a host") \
	X(NO_SWITCH, "no-switch", "the switch of some nodes is unknown") \
	X(PACKAGES_BROKEN, "packages-broken", "packages of a host are half unpacked or half configured") \
	X(PACKAGE_MISSING, "package-missing", "a package that reeve installed is gone") \
	X(PACKAGE_UNHELD, "package-unheld", "a package of Slurm is not held") \
	X(PARAM_OWNER, "param-owner", "two modules want the same parameter of slurm.conf") \
	X(PARTITION_IN_USE, "partition-in-use", "jobs wait or run in a partition that would be removed") \
	X(PARTITION_LIVE, "partition-live", "a partition of the live cluster is not in the file") \
	X(PARTITION_STATE, "partition-state", "a partition of the live cluster is not UP") \
	X(PARTITION_UNUSABLE, "partition-unusable", "no node of a partition can take a job") \
	X(PENDING, "pending", "pending jobs could not run any more after a change") \
	X(PORT_SLURMCTLD, "port-slurmctld", "a host cannot connect to slurmctld's port on a controller") \
	X(PORT_SLURMD, "port-slurmd", "a controller cannot connect to slurmd's port on a node") \
	X(PORT_SRUN, "port-srun", "a node cannot connect to the ports of srun on a controller") \
	X(PROOF, "proof", "a test job failed") \
	X(PURGE, "purge", "packages could not be removed from a host") \
	X(READ_ONLY, "read-only", "a file system that Slurm writes to is mounted read-only") \
	X(REBOOT_REQUIRED, "reboot-required", "a host's packages ask for a reboot") \
	X(RECORD, "record", "the cluster's record could not be written on a majority of the controllers") \
	X(RECORD_CLUSTER, "record-cluster", "a controller serves a cluster of another name") \
	X(RECORD_COPIES, "record-copies", "a controller's copy of the cluster's record differs or is missing") \
	X(RECORD_DAMAGED, "record-damaged", "a copy of the cluster's record cannot be read") \
	X(RECORD_LOST, "record-lost", "no readable copy of the cluster's record is left") \
	X(RECORD_NEWER, "record-newer", "a newer reeve wrote the cluster's record") \
	X(RECORD_SPLIT, "record-split", "the controllers' copies of the record differ, and no majority agrees") \
	X(RESERVED, "reserved", "a reservation holds every node") \
	X(RESOURCE, "resource", "a resource cannot be examined on a host") \
	X(RESUME, "resume", "nodes could not be resumed") \
	X(ROTATE_KEY, "rotate-key", "the MUNGE key cannot be exchanged now") \
	X(SCRATCH_FULL, "scratch-full", "the file system for the scratch of jobs is nearly full") \
	X(SCRATCH_LEFT, "scratch-left", "scratch of jobs that are over was not removed") \
	X(SCRATCH_NODES, "scratch-nodes", "a class leaves out scratch, which all nodes have or none") \
	X(SCRATCH_PARAM, "scratch-param", "a parameter under 'slurm' stands against scratch") \
	X(SCRATCH_PATH, "scratch-path", "the directory for scratch cannot be used on a host") \
	X(SCRATCH_PRIVATE, "scratch-private", "the release of Slurm cannot make a directory private to jobs") \
	X(SECRET_FILE, "secret-file", "a file with a secret cannot be used") \
	X(SHRANK, "shrank", "a node has less hardware than its baseline") \
	X(SLOW, "slow", "a link is slower than expected") \
	X(SLURMCTLD, "slurmctld", "slurmctld does not answer or refuses") \
	X(SLURMCTLD_DIED, "slurmctld-died", "slurmctld died") \
	X(SLURMCTLD_DISABLED, "slurmctld-disabled", "slurmctld will not start when its host boots") \
	X(SLURMCTLD_HANGS, "slurmctld-hangs", "slurmctld is stopped by a signal or a debugger") \
	X(SLURMCTLD_MASKED, "slurmctld-masked", "slurmctld's unit is masked") \
	X(SLURMCTLD_REPLACED, "slurmctld-replaced", "the program of a running slurmctld was replaced") \
	X(SLURMCTLD_SILENT, "slurmctld-silent", "slurmctld runs and does not answer") \
	X(SLURMCTLD_STOPPED, "slurmctld-stopped", "slurmctld is stopped") \
	X(SLURMD_DIED, "slurmd-died", "slurmd died") \
	X(SLURMD_DISABLED, "slurmd-disabled", "slurmd will not start when its host boots") \
	X(SLURMD_HANGS, "slurmd-hangs", "slurmd is stopped by a signal or a debugger") \
	X(SLURMD_MASKED, "slurmd-masked", "slurmd's unit is masked") \
	X(SLURMD_OLD, "slurmd-old", "slurmd runs a version that is not the installed one") \
	X(SLURMD_REPLACED, "slurmd-replaced", "the program of a running slurmd was replaced") \
	X(SLURMD_STOPPED, "slurmd-stopped", "slurmd is stopped") \
	X(SLURM_FLAW, "slurm-flaw", "a release of Slurm is known to do badly what the plan has it do") \
	X(SLURM_PIN, "slurm-pin", "the installed Slurm is not the version that cluster.yaml pins") \
	X(SLURM_RELEASE, "slurm-release", "a release of Slurm that reeve does not know") \
	X(SLURM_UID, "slurm-uid", "the user slurm has different uids on two hosts") \
	X(SLURM_VERSIONS, "slurm-versions", "a host's Slurm does not work with the controller's") \
	X(SOFTWARE_ARCH, "software-arch", "software has no file for the architecture of a host") \
	X(SOFTWARE_IN_USE, "software-in-use", "a version that is to be removed is in use") \
	X(STATE_ASK, "state-ask", "the state directory could not be examined") \
	X(STATE_CLUSTER, "state-cluster", "the state directory belongs to another cluster") \
	X(STATE_MOUNT, "state-mount", "the state directory is not on the file system it should be on") \
	X(STATE_PATH, "state-path", "the user slurm cannot reach the state directory") \
	X(STATE_SHARE, "state-share", "controllers do not see the same state directory") \
	X(STATE_WRITE, "state-write", "the user slurm cannot write to the state directory") \
	X(STOPPED, "stopped", "the run was aborted on all hosts") \
	X(STORAGE, "storage", "a directory that hosts share is not mounted") \
	X(STORAGE_PATH, "storage-path", "a directory that a host is to export cannot be reached by others") \
	X(STORAGE_PROVIDED, "storage-provided", "in a container the machine it runs on provides the mounts") \
	X(STORAGE_SERVER, "storage-server", "a file server does not answer") \
	X(TAKEN_BACK, "taken-back", "an exclusion was revoked in the meantime") \
	X(TEMPORARY, "temporary", "a run that was killed left a temporary file") \
	X(TEST, "test", "what the test of the configuration in a scratch slurmctld found") \
	X(TIME, "time", "a host's clock does not follow its servers") \
	X(TIME_DAEMON, "time-daemon", "another program than chrony sets a host's clock") \
	X(TIME_SYNC, "time-sync", "nothing sets a host's clock") \
	X(TOPOLOGY, "topology", "the topology cannot be described to Slurm") \
	X(UID_TAKEN, "uid-taken", "the uid of Slurm's user belongs to somebody else") \
	X(UNEXPECTED, "unexpected", "a node is not as its class expects") \
	X(UNKNOWN_JOBS, "unknown-jobs", "slurmctld does not say which jobs a change would affect") \
	X(UNPROVEN, "unproven", "no test job could be run in a partition") \
	X(UNREACHED, "unreached", "a host was not reached, or what it said was not believed") \
	X(UNRESOLVED, "unresolved", "a host does not know the name of another") \
	X(USER_MISSING, "user-missing", "users of the controller are unknown on a node") \
	X(USER_UID, "user-uid", "users have different uids on two hosts") \
	X(WRITABLE, "writable", "everybody may write to a file that Slurm's daemons run or read")

#define FINDING_CODE_ENUM(name, word, meaning) CODE_##name,
enum finding_code { FINDING_CODES(FINDING_CODE_ENUM) FINDING_CODE_COUNT };
#undef FINDING_CODE_ENUM

const char *finding_code_word(enum finding_code code);
const char *finding_code_meaning(enum finding_code code);

#endif
