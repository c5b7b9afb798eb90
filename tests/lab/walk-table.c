/*
 * One change of each parameter of slurm.conf and cgroup.conf, valid on the nodes of tests/variants/walk.bats: three or
 * four of one cluster, with Debian's packages and no database, class "one" for node keys, partition "main" for its keys.
 * What reeve writes itself has its reason in src/slurm/owned.c and no row here, but for what follows from another key of
 * cluster.yaml (WALK_FILE). Programs are /bin/true: what they do to a job is not what is tried.
 */
#include "walk.h"

#define TRUE_PROGRAM "/bin/true"
#define DATABASE "it needs a slurmdbd, and says nothing without"
#define NO_PLUGIN "Debian's slurmd has no plugin for it, but the one in force"
#define DEVICES "it needs devices that the nodes do not have"
#define BESIDE "it needs a file of its own beside slurm.conf, which reeve does not write"

#define SET(name, value) \
	{ \
		SLURM_GLOBAL, name, value, NULL, WALK_TOGETHER, NULL, 0, 0 \
	}
#define WITH(name, value, with) \
	{ \
		SLURM_GLOBAL, name, value, with, WALK_TOGETHER, NULL, 0, 0 \
	}
#define EXCLUDES(name, value, with) \
	{ \
		SLURM_GLOBAL, name, value, with, WALK_EXCLUDES, NULL, 0, 0 \
	}
#define ASKED(name, value, with) \
	{ \
		SLURM_GLOBAL, name, value, with, WALK_ASKED, NULL, 0, 0 \
	}
#define NEVER(name, why) \
	{ \
		SLURM_GLOBAL, name, NULL, NULL, WALK_TOGETHER, why, 0, 0 \
	}
#define UNTIL(name, value, until) \
	{ \
		SLURM_GLOBAL, name, value, NULL, WALK_TOGETHER, NULL, 0, until \
	}
#define SINCE(name, value, since) \
	{ \
		SLURM_GLOBAL, name, value, NULL, WALK_TOGETHER, NULL, since, 0 \
	}
#define NODE(name, value) \
	{ \
		SLURM_NODE, name, value, NULL, WALK_TOGETHER, NULL, 0, 0 \
	}
#define PART(name, value) \
	{ \
		SLURM_PARTITION, name, value, NULL, WALK_TOGETHER, NULL, 0, 0 \
	}
#define PART_EXCLUDES(name, value, with) \
	{ \
		SLURM_PARTITION, name, value, with, WALK_EXCLUDES, NULL, 0, 0 \
	}
#define PART_NEVER(name, why) \
	{ \
		SLURM_PARTITION, name, NULL, NULL, WALK_TOGETHER, why, 0, 0 \
	}
#define CGROUP(name, value) \
	{ \
		SLURM_CGROUP, name, value, NULL, WALK_TOGETHER, NULL, 0, 0 \
	}
#define FILE_LINE(name, value) \
	{ \
		WALK_FILE, name, value, NULL, WALK_EXCLUDES, NULL, 0, 0 \
	}

/* clang-format off */
const struct walk_row walk_rows[] = {
    SET("AccountingStorageBackupHost", "head"),
    NEVER("AccountingStorageEnforce", DATABASE),
    SET("AccountingStorageExternalHost", "head"),
    SET("AccountingStorageHost", "head"),
    SET("AccountingStorageParameters", "SSL_CIPHER=x"),
    NEVER("AccountingStoragePass", DATABASE),
    SET("AccountingStoragePort", "7031"),
    NEVER("AccountingStorageTRES", DATABASE),
    SET("AccountingStorageType", "accounting_storage/none"),
    SET("AccountingStorageUser", "slurm"),
    SET("AccountingStoreFlags", "job_comment"),
    SET("AcctGatherEnergyType", "acct_gather_energy/none"),
    SET("AcctGatherFilesystemType", "acct_gather_filesystem/lustre"),
    SET("AcctGatherInterconnectType", "acct_gather_interconnect/none"),
    SET("AcctGatherNodeFreq", "30"),
    SET("AcctGatherProfileType", "acct_gather_profile/none"),
    SET("AllowSpecResourcesUsage", "YES"),
    SET("AuthAltParameters", "disable_token_creation"),
    NEVER("AuthAltTypes", "Debian has the plugin of auth/jwt in a package of its own"),
    SET("AuthInfo", "cred_expire=180"),
    SET("BatchStartTimeout", "20"),
    SET("BcastExclude", "/opt"),
    SET("BcastParameters", "DestDir=/tmp"),
    SET("BurstBufferParameters", "x"),
    ASKED("BurstBufferType", "burst_buffer/lua", NULL),
    SET("CertmgrParameters", "generate_csr_script=" TRUE_PROGRAM),
    NEVER("CertmgrType", "it is for tls/s2n, which Debian does not build"),
    SET("CliFilterPlugins", "user_defaults"),
    NEVER("ClusterName", "the lab's nodes belong to the cluster's name"),
    EXCLUDES("CommunicationParameters", "keepalivetime=30", NULL),
    EXCLUDES("CommunicationParameters", "NoCtldInAddrAny", NULL),
    EXCLUDES("CommunicationParameters", "NoInAddrAny", NULL),
    EXCLUDES("CommunicationParameters", "EnableIPv6", NULL),
    SET("CompleteWait", "5"),
    UNTIL("CoreSpecPlugin", "core_spec/none", 2302),
    {SLURM_GLOBAL, "CoreSpecPlugin", NULL, NULL, WALK_TOGETHER, "it means nothing from 23.11", 2311, 0},
    SET("CpuFreqDef", "Performance"),
    SET("CpuFreqGovernors", "Performance,OnDemand"),
    SET("DataParserParameters", "v0.0.41"),
    SET("DebugFlags", "Backfill"),
    EXCLUDES("DefCPUPerGPU", "1", NULL),
    EXCLUDES("DefMemPerCPU", "100", NULL),
    EXCLUDES("DefMemPerGPU", "100", NULL),
    EXCLUDES("DefMemPerNode", "100", NULL),
    SET("DependencyParameters", "disable_remote_singleton"),
    NEVER("DisableRootJobs", "reeve proves with root's jobs, where no other user exists"),
    SET("EioTimeout", "90"),
    SET("EnforcePartLimits", "ALL"),
    SET("Epilog", TRUE_PROGRAM),
    SET("EpilogMsgTime", "3000"),
    SET("EpilogSlurmctld", TRUE_PROGRAM),
    SET("ExtSensorsFreq", "60"),
    SET("ExtSensorsType", "ext_sensors/none"),
    SET("FairShareDampeningFactor", "2"),
    SET("FederationParameters", "fed_display"),
    SET("FirstJobId", "2"),
    SET("GetEnvTimeout", "5"),
    SET("GpuFreqDef", "medium"),
    EXCLUDES("GresTypes", "test", NULL),
    SET("GroupUpdateForce", "0"),
    SET("GroupUpdateTime", "700"),
    SET("HashPlugin", "hash/sha3"),
    WITH("HealthCheckInterval", "60", "HealthCheckProgram: " TRUE_PROGRAM),
    SET("HealthCheckNodeState", "CYCLE"),
    EXCLUDES("HealthCheckProgram", TRUE_PROGRAM, NULL),
    SET("InactiveLimit", "3600"),
    SET("InteractiveStepOptions", "--interactive --pty"),
    SET("JobAcctGatherFrequency", "task=60"),
    SET("JobAcctGatherParams", "UsePss"),
    EXCLUDES("JobAcctGatherType", "jobacct_gather/linux", NULL),
    SET("JobCompHost", "head"),
    EXCLUDES("JobCompLoc", "/var/log/slurm/jobcomp.log", "JobCompType: jobcomp/filetxt"),
    SET("JobCompParams", "x"),
    NEVER("JobCompPass", "a password: reeve refuses it"),
    SET("JobCompPort", "3307"),
    EXCLUDES("JobCompType", "jobcomp/filetxt", "JobCompLoc: /var/log/slurm/jobcomp.log"),
    SET("JobCompUser", "slurm"),
    ASKED("JobContainerType", "job_container/tmpfs", NULL),
    SET("JobCredentialPrivateKey", "/etc/hostname"),
    SET("JobCredentialPublicCertificate", "/etc/hostname"),
    SET("JobFileAppend", "1"),
    SET("JobRequeue", "0"),
    SET("JobSubmitPlugins", "logging"),
    SET("KeepAliveTime", "30"),
    SET("KillOnBadExit", "1"),
    SET("KillWait", "45"),
    SET("LaunchParameters", "mem_sort"),
    SET("LaunchType", "launch/slurm"),
    SET("Licenses", "lic:4"),
    SET("LogTimeFormat", "short"),
    SET("MailDomain", "example.com"),
    SET("MailProg", TRUE_PROGRAM),
    SET("MaxArraySize", "2001"),
    SET("MaxBatchRequeue", "6"),
    SET("MaxDBDMsgs", "20000"),
    SET("MaxJobCount", "9000"),
    SET("MaxJobId", "60000000"),
    EXCLUDES("MaxMemPerCPU", "20000", NULL),
    EXCLUDES("MaxMemPerNode", "23000", NULL),
    SET("MaxNodeCount", "128"),
    SET("MaxStepCount", "30000"),
    SET("MaxTasksPerNode", "256"),
    EXCLUDES("MCSParameters", "noenforced,noselect", "MCSPlugin: mcs/user"),
    EXCLUDES("MCSPlugin", "mcs/user", "MCSParameters: noenforced,noselect"),
    SET("MessageTimeout", "20"),
    SET("MinJobAge", "500"),
    SET("MpiDefault", "pmi2"),
    SET("MpiParams", "ports=12000-12999"),
    NEVER("NodeFeaturesPlugins", BESIDE),
    SET("OverTimeLimit", "5"),
    SET("PlugStackConfig", "/usr/local/etc/plugstack.conf"),
    UNTIL("PowerParameters", "balance_interval=30", 2302),
    {SLURM_GLOBAL, "PowerParameters", NULL, NULL, WALK_TOGETHER, NO_PLUGIN, 2311, 0},
    UNTIL("PowerPlugin", "power/none", 2302),
    {SLURM_GLOBAL, "PowerPlugin", NULL, NULL, WALK_TOGETHER, NO_PLUGIN, 2311, 0},
    SET("PreemptExemptTime", "00:10:00"),
    EXCLUDES("PreemptMode", "REQUEUE", "PreemptType: preempt/partition_prio"),
    SET("PreemptParameters", "youngest_first"),
    EXCLUDES("PreemptType", "preempt/partition_prio", "PreemptMode: REQUEUE"),
    SET("PrEpParameters", "x"),
    SET("PrEpPlugins", "prep/script"),
    SET("PriorityCalcPeriod", "10"),
    SET("PriorityDecayHalfLife", "1-0"),
    SET("PriorityFavorSmall", "YES"),
    SET("PriorityFlags", "ACCRUE_ALWAYS"),
    SET("PriorityMaxAge", "1-0"),
    SET("PriorityParameters", "x"),
    SET("PrioritySiteFactorParameters", "x"),
    UNTIL("PrioritySiteFactorPlugin", "site_factor/none", 2205),
    SINCE("PrioritySiteFactorPlugin", "site_factor/example", 2302),
    EXCLUDES("PriorityType", "priority/basic", NULL),
    EXCLUDES("PriorityType", "priority/multifactor", NULL),
    SET("PriorityUsageResetPeriod", "WEEKLY"),
    SET("PriorityWeightAge", "100"),
    SET("PriorityWeightAssoc", "100"),
    SET("PriorityWeightFairshare", "100"),
    SET("PriorityWeightJobSize", "100"),
    SET("PriorityWeightPartition", "100"),
    SET("PriorityWeightQOS", "100"),
    SET("PriorityWeightTRES", "CPU=10"),
    SET("PrivateData", "usage"),
    EXCLUDES("ProctrackType", "proctrack/linuxproc", "TaskPlugin: task/affinity"),
    SET("Prolog", TRUE_PROGRAM),
    SET("PrologEpilogTimeout", "100"),
    EXCLUDES("PrologFlags", "Alloc", NULL),
    EXCLUDES("PrologFlags", "Contain", NULL),
    SET("PrologSlurmctld", TRUE_PROGRAM),
    SET("PropagatePrioProcess", "1"),
    EXCLUDES("PropagateResourceLimits", "NONE", NULL),
    EXCLUDES("PropagateResourceLimitsExcept", "MEMLOCK", NULL),
    SET("RebootProgram", TRUE_PROGRAM),
    UNTIL("ReconfigFlags", "KeepPartInfo", 2205),
    SINCE("ReconfigFlags", "KeepPartState,KeepPowerSaveSettings", 2302),
    SET("RequeueExit", "99"),
    SET("RequeueExitHold", "98"),
    SET("ResumeFailProgram", TRUE_PROGRAM),
    EXCLUDES("ResumeProgram", TRUE_PROGRAM, "SuspendProgram: " TRUE_PROGRAM ";SuspendTime: 36000"),
    SET("ResumeRate", "100"),
    SET("ResumeTimeout", "120"),
    SET("ResvEpilog", TRUE_PROGRAM),
    SET("ResvOverRun", "5"),
    SET("ResvProlog", TRUE_PROGRAM),
    SET("ReturnToService", "2"),
    SET("RoutePlugin", "route/default"),
    SET("SbcastParameters", "DestDir=/tmp"),
    EXCLUDES("SchedulerParameters", "bf_continue", NULL),
    EXCLUDES("SchedulerParameters", "no_backup_scheduling", NULL),
    SET("SchedulerTimeSlice", "60"),
    SET("SchedulerType", "sched/builtin"),
    SET("ScronParameters", "enable"),
    ASKED("SelectType", "select/linear", "SelectTypeParameters: CR_Memory"),
    EXCLUDES("SelectTypeParameters", "CR_Core", NULL),
    EXCLUDES("SelectTypeParameters", "CR_CPU_Memory", NULL),
    EXCLUDES("SelectTypeParameters", "CR_Socket_Memory", NULL),
    SET("SlurmctldDebug", "verbose"),
    FILE_LINE("SlurmctldHost", "controllers: [head, n1]"),
    SET("SlurmctldLogFile", "/var/log/slurm/other-slurmctld.log"),
    EXCLUDES("SlurmctldParameters", "idle_on_node_suspend", NULL),
    EXCLUDES("SlurmctldParameters", "enable_configless", NULL),
    NEVER("SlurmctldPlugstack", BESIDE),
    SET("SlurmctldPort", "7017"),
    SET("SlurmctldPrimaryOffProg", TRUE_PROGRAM),
    SET("SlurmctldPrimaryOnProg", TRUE_PROGRAM),
    SET("SlurmctldSyslogDebug", "error"),
    SET("SlurmctldTimeout", "90"),
    SET("SlurmdDebug", "verbose"),
    SET("SlurmdLogFile", "/var/log/slurm/other-slurmd.log"),
    EXCLUDES("SlurmdParameters", "config_overrides", NULL),
    SET("SlurmdPort", "7018"),
    SET("SlurmdSpoolDir", "/var/lib/slurm/other"),
    SET("SlurmdSyslogDebug", "error"),
    SET("SlurmdTimeout", "200"),
    SET("SlurmSchedLogFile", "/var/log/slurm/sched.log"),
    SET("SlurmSchedLogLevel", "1"),
    SET("SrunEpilog", TRUE_PROGRAM),
    SET("SrunPortRange", "60001-60100"),
    SET("SrunProlog", TRUE_PROGRAM),
    FILE_LINE("StateSaveLocation", "state: /srv/shared/slurm/other"),
    SET("SuspendExcNodes", "n1"),
    SET("SuspendExcParts", "main"),
    SET("SuspendExcStates", "DOWN"),
    EXCLUDES("SuspendProgram", TRUE_PROGRAM, "ResumeProgram: " TRUE_PROGRAM ";SuspendTime: 36000"),
    SET("SuspendRate", "50"),
    EXCLUDES("SuspendTime", "36000", "ResumeProgram: " TRUE_PROGRAM ";SuspendProgram: " TRUE_PROGRAM),
    SET("SuspendTimeout", "40"),
    SET("SwitchParameters", "x"),
    SET("SwitchType", "switch/none"),
    SET("TaskEpilog", TRUE_PROGRAM),
    EXCLUDES("TaskPlugin", "task/affinity", NULL),
    EXCLUDES("TaskPlugin", "task/none", NULL),
    SET("TaskPluginParam", "Verbose"),
    SET("TaskProlog", TRUE_PROGRAM),
    SET("TCPTimeout", "5"),
    SET("TLSParameters", "x"),
    ASKED("TLSType", "tls/s2n", NULL),
    SET("TmpFS", "/var/tmp"),
    SET("TopologyParam", "TopoOptional"),
    FILE_LINE("TopologyPlugin", "network: { switches: { leaf: { nodes: all } } }"),
    SET("TrackWCKey", "YES"),
    SET("TreeWidth", "30"),
    SET("UnkillableStepProgram", TRUE_PROGRAM),
    SET("UnkillableStepTimeout", "190"),
    EXCLUDES("UsePAM", "YES", NULL),
    SET("VSizeFactor", "110"),
    SET("WaitTime", "60"),
    SET("X11Parameters", "home_xauthority"),

    {SLURM_NODE, "BcastAddr", "10.69.0.11", "CommunicationParameters: keepalivetime=30", WALK_EXCLUDES, NULL, 0, 0},
    NODE("CoreSpecCount", "1"),
    NODE("CpuBind", "core"),
    {SLURM_NODE, "CPUSpecList", "0", NULL, WALK_ASKED, NULL, 0, 0}, /* CoreSpecCount excludes it */
    NODE("Gres", "test:2"),
    NODE("MemSpecLimit", "200"),
    NODE("Port", "7019"),
    {SLURM_NODE, "RestrictedCoresPerGPU", NULL, NULL, WALK_TOGETHER, DEVICES, 0, 0},
    NODE("TmpDisk", "100"),
    NODE("TRESWeights", "CPU=1"),
    NODE("Weight", "5"),

    PART("AllocNodes", "head,n1,n2,n3"),
    PART("AllowAccounts", "ALL"),
    PART("AllowGroups", "root"),
    PART("AllowQos", "ALL"),
    PART("Alternate", "side"),
    PART("CpuBind", "core"),
    PART("DefaultTime", "1:00:00"),
    PART_EXCLUDES("DefCPUPerGPU", "1", NULL),
    PART_EXCLUDES("DefMemPerCPU", "100", NULL),
    PART_EXCLUDES("DefMemPerGPU", "100", NULL),
    PART_EXCLUDES("DefMemPerNode", "100", NULL),
    PART_EXCLUDES("DenyAccounts", "nobody", NULL),
    PART_EXCLUDES("DenyQos", "nobody", NULL),
    PART_NEVER("DisableRootJobs", "reeve proves with root's jobs, where no other user exists"),
    PART_NEVER("ExclusiveTopo", "it needs topology/block"),
    PART_EXCLUDES("ExclusiveUser", "YES", NULL),
    PART("GraceTime", "10"),
    PART("Hidden", "YES"),
    PART("LLN", "YES"),
    PART("MaxCPUsPerNode", "2"),
    PART("MaxCPUsPerSocket", "2"),
    PART_EXCLUDES("MaxMemPerCPU", "20000", NULL),
    PART_EXCLUDES("MaxMemPerNode", "23000", NULL),
    PART("MaxNodes", "4"),
    PART("MaxTime", "7-0"),
    PART("MinNodes", "1"),
    PART_EXCLUDES("OverSubscribe", "YES:2", NULL),
    PART("OverTimeLimit", "5"),
    PART_EXCLUDES("PowerDownOnIdle", "NO", NULL),
    PART_EXCLUDES("PreemptMode", "REQUEUE", "PreemptType: preempt/partition_prio;PreemptMode: REQUEUE"),
    PART_EXCLUDES("Priority", "2", NULL),
    PART("PriorityJobFactor", "2"),
    PART("PriorityTier", "2"),
    PART_NEVER("QOS", DATABASE),
    PART("ReqResv", "NO"),
    PART("ResumeTimeout", "100"),
    PART("RootOnly", "YES"),
    PART_EXCLUDES("SelectTypeParameters", "CR_Socket_Memory", NULL),
    PART_EXCLUDES("Shared", "YES", NULL),
    PART("State", "UP"),
    PART("SuspendTime", "INFINITE"),
    PART("SuspendTimeout", "40"),
    PART("TRESBillingWeights", "CPU=2"),

    CGROUP("AllowedKmemSpace", "100"),
    CGROUP("AllowedRAMSpace", "99"),
    CGROUP("AllowedSwapSpace", "1"),
    CGROUP("CgroupAutomount", "yes"),
    CGROUP("CgroupMountpoint", "/sys/fs/cgroup"),
    CGROUP("CgroupPlugin", "cgroup/v1"),
    CGROUP("ConstrainCores", "no"),
    CGROUP("ConstrainDevices", "yes"),
    CGROUP("ConstrainKmemSpace", "no"),
    CGROUP("ConstrainRAMSpace", "no"),
    CGROUP("ConstrainSwapSpace", "yes"),
    CGROUP("EnableControllers", "yes"),
    CGROUP("IgnoreSystemd", "yes"),
    CGROUP("IgnoreSystemdOnFailure", "yes"),
    CGROUP("MaxKmemPercent", "90"),
    CGROUP("MaxRAMPercent", "90"),
    CGROUP("MaxSwapPercent", "90"),
    CGROUP("MemorySwappiness", "50"),
    CGROUP("MinKmemSpace", "40"),
    CGROUP("MinRAMSpace", "40"),
    CGROUP("RootOwnedCgroups", "yes"),
    CGROUP("SignalChildrenProcesses", "yes"),
    CGROUP("SystemdTimeout", "2000"),
    {0},
};
/* clang-format on */
