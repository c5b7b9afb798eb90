/*
 * words: the words that parameters take, by release. Lists of the manuals' itemised values; plugins as the release's
 * src/plugins has them. "none" of a plugin stays accepted by releases that have no such plugin any more
 * (src/common/read_config.c). Private to src/slurm.
 */
#ifndef REEVE_SLURM_WORDS_H
#define REEVE_SLURM_WORDS_H

#include "slurm/param.h"

extern const struct slurm_word slurm_accounting_storage_enforce_words[];
extern const struct slurm_word slurm_accounting_storage_type_words[];
extern const struct slurm_word slurm_accounting_store_flags_words[];
extern const struct slurm_word slurm_acct_gather_energy_type_words[];
extern const struct slurm_word slurm_acct_gather_interconnect_type_words[];
extern const struct slurm_word slurm_acct_gather_filesystem_type_words[];
extern const struct slurm_word slurm_acct_gather_profile_type_words[];
extern const struct slurm_word slurm_auth_alt_types_words[];
extern const struct slurm_word slurm_auth_alt_parameters_words[];
extern const struct slurm_word slurm_auth_type_words[];
extern const struct slurm_word slurm_cred_type_words[];
extern const struct slurm_word slurm_bcast_parameters_words[];
extern const struct slurm_word slurm_burst_buffer_type_words[];
extern const struct slurm_word slurm_communication_parameters_words[];
extern const struct slurm_word slurm_cpu_freq_def_words[];
extern const struct slurm_word slurm_cpu_freq_governors_words[];
extern const struct slurm_word slurm_debug_flags_words[];
extern const struct slurm_word slurm_dependency_parameters_words[];
extern const struct slurm_word slurm_enforce_part_limits_words[];
extern const struct slurm_word slurm_federation_parameters_words[];
extern const struct slurm_word slurm_health_check_node_state_words[];
extern const struct slurm_word slurm_job_acct_gather_params_words[];
extern const struct slurm_word slurm_job_acct_gather_type_words[];
extern const struct slurm_word slurm_job_comp_type_words[];
extern const struct slurm_word slurm_job_container_type_words[];
extern const struct slurm_word slurm_launch_parameters_words[];
extern const struct slurm_word slurm_log_time_format_words[];
extern const struct slurm_word slurm_mcsplugin_words[];
extern const struct slurm_word slurm_preempt_mode_words[];
extern const struct slurm_word slurm_preempt_parameters_words[];
extern const struct slurm_word slurm_preempt_type_words[];
extern const struct slurm_word slurm_priority_flags_words[];
extern const struct slurm_word slurm_priority_type_words[];
extern const struct slurm_word slurm_priority_usage_reset_period_words[];
extern const struct slurm_word slurm_private_data_words[];
extern const struct slurm_word slurm_proctrack_type_words[];
extern const struct slurm_word slurm_prolog_flags_words[];
extern const struct slurm_word slurm_propagate_resource_limits_words[];
extern const struct slurm_word slurm_reconfig_flags_words[];
extern const struct slurm_word slurm_route_plugin_words[];
extern const struct slurm_word slurm_scheduler_parameters_words[];
extern const struct slurm_word slurm_scheduler_type_words[];
extern const struct slurm_word slurm_scron_parameters_words[];
extern const struct slurm_word slurm_select_type_words[];
extern const struct slurm_word slurm_select_type_parameters_words[];
extern const struct slurm_word slurm_debug_level_words[];
extern const struct slurm_word slurm_slurmctld_parameters_words[];
extern const struct slurm_word slurm_slurmd_parameters_words[];
extern const struct slurm_word slurm_switch_type_words[];
extern const struct slurm_word slurm_task_plugin_words[];
extern const struct slurm_word slurm_task_plugin_param_words[];
extern const struct slurm_word slurm_topology_param_words[];
extern const struct slurm_word slurm_topology_plugin_words[];
extern const struct slurm_word slurm_x11parameters_words[];
extern const struct slurm_word slurm_hash_plugin_words[];
extern const struct slurm_word slurm_tlstype_words[];
extern const struct slurm_word slurm_certmgr_type_words[];
extern const struct slurm_word slurm_certgen_type_words[];
extern const struct slurm_word slurm_http_parser_type_words[];
extern const struct slurm_word slurm_url_parser_type_words[];
extern const struct slurm_word slurm_license_parameters_words[];
extern const struct slurm_word slurm_metrics_parameters_words[];
extern const struct slurm_word slurm_metrics_type_words[];
extern const struct slurm_word slurm_namespace_type_words[];
extern const struct slurm_word slurm_node_state_words[];
extern const struct slurm_word slurm_cpu_bind_words[];
extern const struct slurm_word slurm_partition_exclusive_words[];
extern const struct slurm_word slurm_partition_state_words[];
extern const struct slurm_word slurm_partition_select_words[];
extern const struct slurm_word slurm_cgroup_plugin_words[];
extern const struct slurm_word slurm_extra_controller_words[];
extern const struct slurm_word slurm_auto_detect_words[]; /* gres.conf(5), AutoDetect */
extern const struct slurm_word slurm_gres_flags_words[];  /* likewise, Flags */

#endif
