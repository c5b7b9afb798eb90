/*
 * codes: every code that a finding can have, with what it means in general; one row each, sorted. What a finding says in
 * particular is its own. The handbook has a paragraph on each of them (docs/handbook/findings.md), held against this list by
 * tests/project/findings.bats, which also wants each code produced by some test.
 */
#ifndef REEVE_MODEL_CODES_H
#define REEVE_MODEL_CODES_H

/* Constant, the word that is printed and stays stable, the meaning. */
#define FINDING_CODES(X) \
	X(APPLY, "apply", "a resource could not be brought to its state on a host") \
	X(ASYMMETRIC, "asymmetric", "two hosts see different speeds in the two directions") \
	X(AT_WORK, "at-work", "another run is at work") \
	X(BANDWIDTH, "bandwidth", "the bandwidth of a node is unknown or differs from its class") \
	X(BESIDE, "beside", "a file, program or plugin that slurm.conf names is missing or unusable on a host") \
	X(BLOCK_SIZE, "block-size", "the blocks of the topology cannot be described to Slurm") \
	X(BUSY, "busy", "no test job was run on nodes that were not available") \
	X(CANARY, "canary", "a daemon did not come up with the new configuration, and what was in force was put back") \
	X(CANDIDATE, "candidate", "the slurm.conf that reeve made cannot be parsed") \
	X(CGROUP, "cgroup", "cgroup.conf asks for a controller that a node's kernel does not have") \
	X(CHANGED, "changed", "the hardware of a node differs from its baseline") \
	X(CHECK, "check", "a check after the run failed") \
	X(CLAIM, "claim", "cluster.yaml claims of a node what it was not measured with") \
	X(CLASS_EXCLUDES, "class-excludes", "a node's class excludes it") \
	X(CLASS_UNKNOWN, "class-unknown", "the class of a host that was never seen is unknown") \
	X(CLASS_UNSURE, "class-unsure", "facts that a class asks for are unknown on a host") \
	X(CLOCK_SKEW, "clock-skew", "a host's clock is off from that of the controller") \
	X(COMMAND, "command", "a command of the run failed on a host") \
	X(CONFINEMENT, "confinement", "a node cannot confine jobs as the others do") \
	X(CONTROLLER_DOWN, "controller-down", "a controller does not answer") \
	X(CONTROLLER_UNREACHABLE, "controller-unreachable", "no controller was reached") \
	X(CUT_OFF, "cut-off", "a run was interrupted before its end") \
	X(EDITED_FILE, "edited-file", "a file that reeve wrote was edited by somebody else") \
	X(EMPTY_PARTITION, "empty-partition", "a partition has no node") \
	X(EPOCH, "epoch", "a host's file with the number of the last run does not belong to this cluster") \
	X(EXCLUSION_ENDED, "exclusion-ended", "the review date of an exclusion has passed") \
	X(FOREIGN_CGROUP_CONF, "foreign-cgroup-conf", "cgroup.conf was not written by reeve") \
	X(FOREIGN_GRES_CONF, "foreign-gres-conf", "gres.conf was not written by reeve") \
	X(FOREIGN_SLURM_CONF, "foreign-slurm-conf", "slurm.conf was not written by reeve") \
	X(FOREIGN_TOPOLOGY_CONF, "foreign-topology-conf", "topology.conf was not written by reeve") \
	X(GPU_AUTODETECT, "gpu-autodetect", "GPUs cannot be detected by slurmd") \
	X(GPU_DEVICE, "gpu-device", "a GPU's device file is missing") \
	X(GPU_DRIVER, "gpu-driver", "a GPU has no working driver") \
	X(GPU_MIG, "gpu-mig", "a GPU is cut into MIG instances") \
	X(GRES_AUTODETECT, "gres-autodetect", "slurmd lacks the plugin that gres.conf asks for") \
	X(GRES_CORES, "gres-cores", "gres.conf names cores that a node does not have") \
	X(GRES_DEVICE, "gres-device", "a device file of a GRES is missing") \
	X(HOSTNAME, "hostname", "a host's own name differs from that in cluster.yaml") \
	X(JOBS_IN_THE_WAY, "jobs-in-the-way", "jobs depend on what would be removed") \
	X(KEY_BUSY, "key-busy", "the MUNGE key cannot be changed while a host that may run jobs is unreachable") \
	X(KEY_FALSE, "key-false", "a host does not hold the MUNGE key that it says it has") \
	X(KEY_FROM, "key-from", "the host of --key-from has no key or was not reached") \
	X(KEY_LOST, "key-lost", "no host that was reached holds the cluster's MUNGE key") \
	X(KEY_UNKNOWN, "key-unknown", "slurmds run, and nothing says which MUNGE key is the cluster's") \
	X(LEAVES, "leaves", "a node leaves the cluster") \
	X(LIMITED, "limited", "-l cannot be used for a change that concerns every host") \
	X(LOCKED, "locked", "another run has the lock of a host") \
	X(LOST, "lost", "a host was lost during the run") \
	X(MACHINE_ID, "machine-id", "two hosts have the same machine-id") \
	X(MEMORY_DEFAULT, "memory-default", "a node that joins lowers the default memory of jobs") \
	X(MEMORY_LOWER, "memory-lower", "the configured memory of a node was lowered") \
	X(MODULE_LEFT, "module-left", "a module no longer applies to a host, and its files stay") \
	X(MTU, "mtu", "the MTUs of two hosts differ") \
	X(MUNGE, "munge", "a MUNGE credential cannot be made or decoded") \
	X(NEW_KEY, "new-key", "--new-key was given while daemons run") \
	X(NOBODY_CHOSEN, "nobody-chosen", "no host is of the class that was named") \
	X(NODE_BUSY, "node-busy", "jobs run on a node that has to be idle for a change") \
	X(NODE_IN_USE, "node-in-use", "jobs run on a node that would be removed") \
	X(NODE_STATE, "node-state", "a node's state in the live cluster differs from cluster.yaml") \
	X(NOT_COMPUTE, "not-compute", "a host is not a compute node") \
	X(NOT_EXCLUDED, "not-excluded", "a node is not excluded") \
	X(NOT_MEASURED, "not-measured", "a host could not be measured") \
	X(NOT_SERVING, "not-serving", "a compute node is drained, down or does not respond") \
	X(NO_NODES, "no-nodes", "no compute host was reached") \
	X(NO_PING, "no-ping", "the latency between hosts could not be measured") \
	X(NO_QUORUM, "no-quorum", "no majority of the controllers was reached") \
	X(NO_REASON, "no-reason", "an exclusion needs a reason") \
	X(NO_SLURM_PACKAGE, "no-slurm-package", "apt has no package for Slurm on a host") \
	X(NO_SWITCH, "no-switch", "the switch of some nodes is unknown") \
	X(PARTITION_IN_USE, "partition-in-use", "jobs wait or run in a partition that would be removed") \
	X(PARTITION_LIVE, "partition-live", "a partition of the live cluster is not in the file") \
	X(PARTITION_STATE, "partition-state", "a partition of the live cluster is not UP") \
	X(PENDING, "pending", "pending jobs could not run any more after a change") \
	X(PROOF, "proof", "a test job failed") \
	X(PURGE, "purge", "packages could not be removed from a host") \
	X(RECORD, "record", "the cluster's record could not be written on a majority of the controllers") \
	X(RECORD_CLUSTER, "record-cluster", "a controller serves a cluster of another name") \
	X(RECORD_COPIES, "record-copies", "a controller's copy of the cluster's record differs or is missing") \
	X(RECORD_DAMAGED, "record-damaged", "a copy of the cluster's record cannot be read") \
	X(RECORD_LOST, "record-lost", "no readable copy of the cluster's record is left") \
	X(RECORD_SPLIT, "record-split", "the controllers' copies of the record differ, and no majority agrees") \
	X(RESOURCE, "resource", "a resource cannot be examined on a host") \
	X(RESUME, "resume", "nodes could not be resumed") \
	X(SHRANK, "shrank", "a node has less hardware than its baseline") \
	X(SLOW, "slow", "a link is slower than expected") \
	X(SLURMCTLD, "slurmctld", "slurmctld does not answer or refuses") \
	X(SLURM_PIN, "slurm-pin", "the installed Slurm is not the version that cluster.yaml pins") \
	X(SLURM_RELEASE, "slurm-release", "a release of Slurm that reeve does not know") \
	X(SLURM_UID, "slurm-uid", "the user slurm has different uids on two hosts") \
	X(SLURM_VERSIONS, "slurm-versions", "a host's Slurm does not work with the controller's") \
	X(STATE_ASK, "state-ask", "the state directory could not be examined") \
	X(STATE_CLUSTER, "state-cluster", "the state directory belongs to another cluster") \
	X(STATE_MOUNT, "state-mount", "the state directory is not on the file system it should be on") \
	X(STATE_PATH, "state-path", "the user slurm cannot reach the state directory") \
	X(STATE_SHARE, "state-share", "controllers do not see the same state directory") \
	X(STATE_WRITE, "state-write", "the user slurm cannot write to the state directory") \
	X(STOPPED, "stopped", "the run was aborted on all hosts") \
	X(TAKEN_BACK, "taken-back", "an exclusion was revoked in the meantime") \
	X(TEST, "test", "what the test of the configuration in a scratch slurmctld found") \
	X(TOPOLOGY, "topology", "the topology cannot be described to Slurm") \
	X(UNEXPECTED, "unexpected", "a node is not as its class expects") \
	X(UNKNOWN_JOBS, "unknown-jobs", "slurmctld does not say which jobs a change would affect") \
	X(UNPROVEN, "unproven", "no test job could be run in a partition") \
	X(UNREACHED, "unreached", "a host was not reached, or what it said was not believed") \
	X(UNRESOLVED, "unresolved", "a host does not know the name of another") \
	X(WRITABLE, "writable", "everybody may write to a file that Slurm's daemons run or read")

#define FINDING_CODE_ENUM(name, word, meaning) CODE_##name,
enum finding_code { FINDING_CODES(FINDING_CODE_ENUM) FINDING_CODE_COUNT };
#undef FINDING_CODE_ENUM

const char *finding_code_word(enum finding_code code);
const char *finding_code_meaning(enum finding_code code);

#endif
