/* Words of slurm.conf(5) and cgroup.conf(5), 22.05 to 25.11. Each row: word, first release, last release (0: 22.05 or
 * before; still there). */
#include "slurm/words.h"

const struct slurm_word slurm_accounting_storage_enforce_words[] = {
    {"all", 0, 0}, {"associations", 0, 0}, {"limits", 0, 0}, {"nojobs", 0, 0}, {"nosteps", 0, 0},
    {"qos", 0, 0}, {"safe", 0, 0},         {"wckeys", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_accounting_storage_type_words[] = {
    {"accounting_storage/none", 0, 0}, {"accounting_storage/slurmdbd", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_accounting_store_flags_words[] = {{"job_comment", 0, 0},  {"job_env", 0, 0},
								{"job_extra", 2302, 0}, {"job_script", 0, 0},
								{"no_stdio", 2405, 0},  {NULL, 0, 0}};

const struct slurm_word slurm_acct_gather_energy_type_words[] = {
    {"acct_gather_energy/gpu", 0, 0},         {"acct_gather_energy/ibmaem", 0, 0},
    {"acct_gather_energy/ipmi", 0, 0},        {"acct_gather_energy/none", 0, 0},
    {"acct_gather_energy/pm_counters", 0, 0}, {"acct_gather_energy/rapl", 0, 0},
    {"acct_gather_energy/xcc", 0, 0},         {NULL, 0, 0}};

const struct slurm_word slurm_acct_gather_interconnect_type_words[] = {{"acct_gather_interconnect/none", 0, 0},
								       {"acct_gather_interconnect/ofed", 0, 0},
								       {"acct_gather_interconnect/sysfs", 0, 0},
								       {NULL, 0, 0}};

const struct slurm_word slurm_acct_gather_filesystem_type_words[] = {
    {"acct_gather_filesystem/lustre", 0, 0}, {"acct_gather_filesystem/none", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_acct_gather_profile_type_words[] = {{"acct_gather_profile/hdf5", 0, 0},
								  {"acct_gather_profile/influxdb", 0, 0},
								  {"acct_gather_profile/none", 0, 0},
								  {NULL, 0, 0}};

const struct slurm_word slurm_auth_alt_types_words[] = {{"auth/jwt", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_auth_alt_parameters_words[] = {{"disable_token_creation", 0, 0},
							     {"jwks=", 0, 0},
							     {"jwt_key=", 0, 0},
							     {"max_token_lifespan=", 0, 0},
							     {"use_jwt_client_ids", 2605, 0},
							     {"use_jwt_client_ids_only", 2605, 0},
							     {"userclaimfield=", 2311, 0},
							     {NULL, 0, 0}};

const struct slurm_word slurm_auth_type_words[] = {{"auth/munge", 0, 0}, {"auth/slurm", 2311, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_cred_type_words[] = {{"cred/munge", 0, 0}, {"cred/slurm", 2311, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_bcast_parameters_words[] = {
    {"Compression=", 0, 0}, {"DestDir=", 0, 0}, {"send_libs", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_burst_buffer_type_words[] = {
    {"burst_buffer/datawarp", 0, 0}, {"burst_buffer/lua", 0, 0}, {"burst_buffer/none", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_cpu_freq_def_words[] = {{"Conservative", 0, 0}, {"OnDemand", 0, 0},
						      {"Performance", 0, 0},  {"PowerSave", 0, 0},
						      {"SchedUtil", 0, 0},    {NULL, 0, 0}};

const struct slurm_word slurm_cpu_freq_governors_words[] = {
    {"Conservative", 0, 0}, {"OnDemand", 0, 0},  {"Performance", 0, 0}, {"PowerSave", 0, 0},
    {"SchedUtil", 0, 0},    {"UserSpace", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_dependency_parameters_words[] = {
    {"disable_remote_singleton", 0, 0}, {"kill_invalid_depend", 0, 0}, {"max_depend_depth=", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_enforce_part_limits_words[] = {
    {"ALL", 0, 0}, {"ANY", 0, 0}, {"NO", 0, 0}, {"YES", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_federation_parameters_words[] = {{"fed_display", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_health_check_node_state_words[] = {
    {"ALLOC", 0, 0},          {"ANY", 0, 0},           {"CYCLE", 0, 0},
    {"IDLE", 0, 0},           {"MIXED", 0, 0},         {"NONDRAINED_IDLE", 2302, 0},
    {"REBOOT_ONLY", 2605, 0}, {"START_ONLY", 2511, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_job_acct_gather_params_words[] = {
    {"DisableGPUAcct", 2302, 0}, {"no_file_cache", 2511, 0}, {"NoShared", 0, 0},
    {"OverMemoryKill", 0, 0},    {"UsePss", 0, 0},           {NULL, 0, 0}};

const struct slurm_word slurm_job_acct_gather_type_words[] = {
    {"jobacct_gather/cgroup", 0, 0}, {"jobacct_gather/linux", 0, 0}, {"jobacct_gather/none", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_job_comp_type_words[] = {
    {"jobcomp/elasticsearch", 0, 0}, {"jobcomp/filetxt", 0, 0}, {"jobcomp/kafka", 2302, 0}, {"jobcomp/lua", 0, 0},
    {"jobcomp/mysql", 0, 0},         {"jobcomp/none", 0, 0},    {"jobcomp/script", 0, 0},   {NULL, 0, 0}};

const struct slurm_word slurm_job_container_type_words[] = {
    {"job_container/cncu", 0, 2311}, {"job_container/none", 0, 0}, {"job_container/tmpfs", 0, 2505}, {NULL, 0, 0}};

const struct slurm_word slurm_log_time_format_words[] = {
    {"clock", 0, 0},   {"format_stderr", 2311, 0}, {"iso8601", 0, 0}, {"iso8601_ms", 0, 0}, {"rfc3339", 2302, 0},
    {"rfc5424", 0, 0}, {"rfc5424_ms", 0, 0},       {"short", 0, 0},   {"thread_id", 0, 0},  {NULL, 0, 0}};

const struct slurm_word slurm_mcsplugin_words[] = {{"mcs/account", 0, 0}, {"mcs/group", 0, 0}, {"mcs/label", 2411, 0},
						   {"mcs/none", 0, 0},    {"mcs/user", 0, 0},  {NULL, 0, 0}};

const struct slurm_word slurm_preempt_mode_words[] = {{"CANCEL", 0, 0},      {"GANG", 0, 0},    {"OFF", 0, 0},
						      {"PRIORITY", 2505, 0}, {"REQUEUE", 0, 0}, {"SUSPEND", 0, 0},
						      {"WITHIN", 0, 0},      {NULL, 0, 0}};

const struct slurm_word slurm_preempt_type_words[] = {
    {"preempt/none", 0, 0}, {"preempt/partition_prio", 0, 0}, {"preempt/qos", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_priority_type_words[] = {
    {"priority/basic", 0, 0}, {"priority/multifactor", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_priority_usage_reset_period_words[] = {
    {"DAILY", 0, 0},     {"MONTHLY", 0, 0}, {"NONE", 0, 0},   {"NOW", 0, 0},
    {"QUARTERLY", 0, 0}, {"WEEKLY", 0, 0},  {"YEARLY", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_private_data_words[] = {{"accounts", 0, 0}, {"all", 0, 0},        {"cloud", 0, 2205},
						      {"events", 0, 0},   {"jobs", 0, 0},       {"nodes", 0, 0},
						      {"none", 0, 0},     {"partitions", 0, 0}, {"reservations", 0, 0},
						      {"usage", 0, 0},    {"users", 0, 0},      {NULL, 0, 0}};

const struct slurm_word slurm_proctrack_type_words[] = {{"proctrack/cgroup", 0, 0},
							{"proctrack/cray_aries", 0, 2311},
							{"proctrack/linuxproc", 0, 0},
							{"proctrack/pgid", 0, 0},
							{NULL, 0, 0}};

const struct slurm_word slurm_prolog_flags_words[] = {
    {"Alloc", 0, 0},  {"Contain", 0, 0},     {"DeferBatch", 0, 0}, {"ForceRequeueOnFail", 2302, 0},
    {"NoHold", 0, 0}, {"RunInJob", 2405, 0}, {"Serial", 0, 0},     {"X11", 0, 0},
    {NULL, 0, 0}};

const struct slurm_word slurm_propagate_resource_limits_words[] = {
    {"ALL", 0, 0},   {"AS", 0, 0},      {"CORE", 0, 0},   {"CPU", 0, 0},  {"DATA", 0, 0},
    {"FSIZE", 0, 0}, {"MEMLOCK", 0, 0}, {"NOFILE", 0, 0}, {"NONE", 0, 0}, {"NPROC", 0, 0},
    {"RSS", 0, 0},   {"STACK", 0, 0},   {NULL, 0, 0}};

const struct slurm_word slurm_reconfig_flags_words[] = {
    {"KeepPartInfo", 0, 0}, {"KeepPartState", 0, 0}, {"KeepPowerSaveSettings", 2302, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_route_plugin_words[] = {
    {"route/default", 0, 2302}, {"route/topology", 0, 2302}, {NULL, 0, 0}};

const struct slurm_word slurm_scheduler_type_words[] = {
    {"sched/backfill", 0, 0}, {"sched/builtin", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_scron_parameters_words[] = {
    {"enable", 0, 0}, {"explicit_scancel", 2302, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_select_type_words[] = {{"select/cons_res", 0, 2302},
						     {"select/cons_tres", 0, 0},
						     {"select/cray_aries", 0, 2311},
						     {"select/linear", 0, 0},
						     {NULL, 0, 0}};

const struct slurm_word slurm_debug_level_words[] = {
    {"quiet", 0, 0},  {"fatal", 0, 0},  {"error", 0, 0},  {"info", 0, 0},   {"verbose", 0, 0}, {"debug", 0, 0},
    {"debug2", 0, 0}, {"debug3", 0, 0}, {"debug4", 0, 0}, {"debug5", 0, 0}, {"0", 0, 0},       {"1", 0, 0},
    {"2", 0, 0},      {"3", 0, 0},      {"4", 0, 0},      {"5", 0, 0},      {"6", 0, 0},       {"7", 0, 0},
    {"8", 0, 0},      {"9", 0, 0},      {NULL, 0, 0}};

const struct slurm_word slurm_switch_type_words[] = {{"switch/cray_aries", 0, 2311},
						     {"switch/hpe_slingshot", 0, 0},
						     {"switch/none", 0, 0},
						     {"switch/nvidia_imex", 2405, 0},
						     {NULL, 0, 0}};

const struct slurm_word slurm_task_plugin_words[] = {
    {"task/affinity", 0, 0}, {"task/cgroup", 0, 0}, {"task/cray_aries", 0, 2311}, {"task/none", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_task_plugin_param_words[] = {{"Autobind=", 0, 0},     {"Cores", 0, 0},
							   {"None", 0, 0},          {"OOMKillStep", 2411, 0},
							   {"SlurmdOffSpec", 0, 0}, {"SlurmdSpecOverride", 2505, 0},
							   {"Sockets", 0, 0},       {"Threads", 0, 0},
							   {"Verbose", 0, 0},       {NULL, 0, 0}};

const struct slurm_word slurm_topology_param_words[] = {{"BlockAsNodeRank", 2511, 0},  {"Dragonfly", 0, 0},
							{"RoutePart", 2311, 0},        {"RouteTree", 2311, 0},
							{"SwitchAsNodeRank", 2302, 0}, {"TopoMaxSizeUnroll=", 2411, 0},
							{"TopoOptional", 0, 0},        {NULL, 0, 0}};

const struct slurm_word slurm_topology_plugin_words[] = {
    {"topology/3d_torus", 0, 2411},   {"topology/block", 2311, 0},
    {"topology/default", 2311, 2411}, {"topology/flat", 2505, 0},
    {"topology/hypercube", 0, 2302},  {"topology/none", 0, 0},
    {"topology/ring", 2605, 0},       {"topology/torus3d", 2605, 0},
    {"topology/tree", 0, 0},          {NULL, 0, 0}};

const struct slurm_word slurm_x11parameters_words[] = {{"home_xauthority", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_hash_plugin_words[] = {{"hash/k12", 0, 0}, {"hash/sha3", 2405, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_tlstype_words[] = {{"tls/none", 2405, 0}, {"tls/s2n", 2405, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_certmgr_type_words[] = {{"certmgr/script", 2411, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_certgen_type_words[] = {{"certgen/script", 2505, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_http_parser_type_words[] = {
    {"http_parser/libhttp_parser", 2511, 0}, {"http_parser/llhttp_parser", 2605, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_url_parser_type_words[] = {
    {"url_parser/internal", 2605, 0}, {"url_parser/libhttp_parser", 2511, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_metrics_type_words[] = {{"metrics/openmetrics", 2511, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_license_parameters_words[] = {{"RemoteFuzzyMatch", 2605, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_metrics_parameters_words[] = {{"ignore_private_data", 2605, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_partition_exclusive_words[] = {
    {"NO", 2605, 0}, {"NODE", 2605, 0}, {"TOPO", 2605, 0}, {"USER", 2605, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_namespace_type_words[] = {
    {"namespace/linux", 2511, 0}, {"namespace/none", 2511, 0}, {"namespace/tmpfs", 2511, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_node_state_words[] = {{"CLOUD", 0, 0}, {"DOWN", 0, 0},    {"DRAIN", 0, 0},
						    {"FAIL", 0, 0},  {"FAILING", 0, 0}, {"FUTURE", 0, 0},
						    {"IDLE", 0, 0},  {"UNKNOWN", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_cpu_bind_words[] = {{"core", 0, 0},   {"ldom", 0, 0},   {"none", 0, 0}, {"off", 0, 0},
						  {"socket", 0, 0}, {"thread", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_partition_state_words[] = {
    {"DOWN", 0, 0}, {"DRAIN", 0, 0}, {"INACTIVE", 0, 0}, {"UP", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_partition_select_words[] = {
    {"CR_Core", 0, 0}, {"CR_Core_Memory", 0, 0}, {"CR_Socket", 0, 0}, {"CR_Socket_Memory", 0, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_cgroup_plugin_words[] = {
    {"autodetect", 0, 0}, {"cgroup/v1", 0, 0}, {"cgroup/v2", 0, 0}, {"disabled", 2302, 0}, {NULL, 0, 0}};

const struct slurm_word slurm_auto_detect_words[] = {{"full", 2605, 0}, {"nrt", 2311, 0}, {"nvidia", 2411, 0},
						     {"nvml", 0, 0},    {"off", 0, 0},    {"oneapi", 2302, 0},
						     {"rsmi", 0, 0},    {NULL, 0, 0}};

const struct slurm_word slurm_gres_flags_words[] = {
    {"all_sharing", 0, 0}, {"amd_gpu_env", 0, 0},   {"CountOnly", 0, 0},  {"env_uuid", 2605, 0},
    {"explicit", 2302, 0}, {"intel_gpu_env", 0, 0}, {"no_gpu_env", 0, 0}, {"nvidia_gpu_env", 0, 0},
    {"one_sharing", 0, 0}, {"opencl_env", 0, 0},    {NULL, 0, 0}};

const struct slurm_word slurm_extra_controller_words[] = {{"all", 2505, 0},  {"hugetlb", 2505, 0}, {"io", 2505, 0},
							  {"misc", 2505, 0}, {"pids", 2505, 0},    {"rdma", 2505, 0},
							  {NULL, 0, 0}};
