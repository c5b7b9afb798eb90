#include "slurm/beside.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/action.h"

#define CONF "/etc/slurm/"

static const struct {
	const char *param;
	enum slurm_beside_kind kind;
	unsigned readers;
	bool soft;
} paths[] = {
    {"Prolog", BESIDE_PROGRAM, BESIDE_NODES, false},
    {"Epilog", BESIDE_PROGRAM, BESIDE_NODES, false},
    {"TaskProlog", BESIDE_SCRIPT, BESIDE_NODES, false},
    {"TaskEpilog", BESIDE_SCRIPT, BESIDE_NODES, false},
    {"PrologSlurmctld", BESIDE_PROGRAM, BESIDE_CONTROLLERS, false},
    {"EpilogSlurmctld", BESIDE_PROGRAM, BESIDE_CONTROLLERS, false},
    {"HealthCheckProgram", BESIDE_PROGRAM, BESIDE_NODES, false},
    {"RebootProgram", BESIDE_PROGRAM, BESIDE_NODES, true},
    {"UnkillableStepProgram", BESIDE_PROGRAM, BESIDE_NODES, true},
    {"ResumeProgram", BESIDE_PROGRAM, BESIDE_CONTROLLERS, false},
    {"ResumeFailProgram", BESIDE_PROGRAM, BESIDE_CONTROLLERS, false},
    {"SuspendProgram", BESIDE_PROGRAM, BESIDE_CONTROLLERS, false},
    {"ResvProlog", BESIDE_PROGRAM, BESIDE_CONTROLLERS, false},
    {"ResvEpilog", BESIDE_PROGRAM, BESIDE_CONTROLLERS, false},
    {"SlurmctldPrimaryOnProg", BESIDE_PROGRAM, BESIDE_CONTROLLERS, true},
    {"SlurmctldPrimaryOffProg", BESIDE_PROGRAM, BESIDE_CONTROLLERS, true},
    {"MailProg", BESIDE_PROGRAM, BESIDE_CONTROLLERS, true},
    {"SrunProlog", BESIDE_SCRIPT, BESIDE_BOTH, true},
    {"SrunEpilog", BESIDE_SCRIPT, BESIDE_BOTH, true},
    {"PlugStackConfig", BESIDE_FILE, BESIDE_BOTH, true},
};

/* Values are lists of plugins; `prefix` is that of a library, where a value has it not itself ("job_submit/lua" is "lua"). */
static const struct {
	const char *param, *prefix;
	unsigned readers;
} plugins[] = {
    {"AccountingStorageType", "accounting_storage", BESIDE_CONTROLLERS},
    {"AcctGatherEnergyType", "acct_gather_energy", BESIDE_NODES},
    {"AcctGatherFilesystemType", "acct_gather_filesystem", BESIDE_NODES},
    {"AcctGatherInterconnectType", "acct_gather_interconnect", BESIDE_NODES},
    {"AcctGatherProfileType", "acct_gather_profile", BESIDE_NODES},
    {"AuthAltTypes", "auth", BESIDE_CONTROLLERS},
    {"BurstBufferType", "burst_buffer", BESIDE_CONTROLLERS},
    {"CliFilterPlugins", "cli_filter", BESIDE_BOTH},
    {"JobAcctGatherType", "jobacct_gather", BESIDE_NODES},
    {"JobCompType", "jobcomp", BESIDE_CONTROLLERS},
    {"JobContainerType", "job_container", BESIDE_NODES},
    {"JobSubmitPlugins", "job_submit", BESIDE_CONTROLLERS},
    {"MCSPlugin", "mcs", BESIDE_CONTROLLERS},
    {"MpiDefault", "mpi", BESIDE_NODES},
    {"NamespaceType", "namespace", BESIDE_NODES},
    {"NodeFeaturesPlugins", "node_features", BESIDE_BOTH},
    {"PreemptType", "preempt", BESIDE_CONTROLLERS},
    {"PriorityType", "priority", BESIDE_CONTROLLERS},
    {"ProctrackType", "proctrack", BESIDE_NODES},
    {"SchedulerType", "sched", BESIDE_CONTROLLERS},
    {"SelectType", "select", BESIDE_BOTH},
    {"TaskPlugin", "task", BESIDE_NODES},
};

static void add(struct slurm_besides *out, struct arena *arena, const char *param, const char *path,
		enum slurm_beside_kind kind, unsigned readers, bool soft)
{
	for (size_t i = 0; i < out->len; i++)
		if (streq(out->items[i].path, path) && out->items[i].kind == kind)
			return;
	*vec_push_in(arena, out) = (struct slurm_beside){param, path, kind, readers, soft};
}

/* Absolute and plain: what has a pattern or a %-word in it stands for what is found there when it is used. */
static bool is_plain(const char *path)
{
	return *path == '/' && path[1] && !strpbrk(path, "*?[%{");
}

static void add_plugin(const char *param, const char *prefix, unsigned readers, const char *word, struct arena *arena,
		       struct slurm_besides *out)
{
	const char *slash = strchr(word, '/'), *name = slash ? slash + 1 : word;
	if (!*name || strcasecmp(name, "none") == 0 || !str_is_name(name, 63))
		return;
	add(out, arena, param, arena_printf(arena, "%s_%s.so", prefix, name), BESIDE_PLUGIN, readers, false);
	if (streq(name, "lua") && (streq(prefix, "job_submit") || streq(prefix, "cli_filter")))
		add(out, arena, param, arena_printf(arena, CONF "%s.lua", prefix), BESIDE_FILE, readers, false);
}

static void add_actions(char *rest, struct arena *arena, struct slurm_besides *out)
{
	struct slurm_action action;
	while (slurm_action_next(&rest, arena, &action) == 1) {
		const char *path = arena_strndup(arena, action.program, strcspn(action.program, " "));
		if (is_plain(path))
			add(out, arena, "PowerAction", path, BESIDE_PROGRAM,
			    action.on_nodes ? BESIDE_NODES : BESIDE_CONTROLLERS, true);
	}
}

void slurm_beside(const char *param, const char *value, struct arena *arena, struct slurm_besides *out)
{
	char *rest = arena_strdup(arena, value);
	if (strcasecmp(param, "AuthAltParameters") == 0) {
		const char *key = strcasestr(value, "jwt_key=");
		const char *path = key ? arena_strndup(arena, key + 8, strcspn(key + 8, ", ")) : "";
		if (is_plain(path))
			add(out, arena, "AuthAltParameters", path, BESIDE_FILE, BESIDE_CONTROLLERS, false);
		return;
	}
	if (strcasecmp(param, "PowerAction") == 0) {
		add_actions(rest, arena, out);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (strcasecmp(param, paths[i].param) == 0)
			for (char *word; (word = strsep(&rest, ", "));)
				if (is_plain(word))
					add(out, arena, paths[i].param, word, paths[i].kind, paths[i].readers,
					    paths[i].soft);
	for (size_t i = 0; rest && i < ARRAY_LEN(plugins); i++)
		if (strcasecmp(param, plugins[i].param) == 0)
			for (char *word; (word = strsep(&rest, ", "));)
				add_plugin(plugins[i].param, plugins[i].prefix, plugins[i].readers, word, arena, out);
}

const char *slurm_beside_package(const char *library)
{
	static const char *const packages[][2] = {
	    {"auth_jwt.so", "slurm-wlm-jwt-plugin"},
	    {"acct_gather_energy_ipmi.so", "slurm-wlm-ipmi-plugins"},
	    {"acct_gather_energy_xcc.so", "slurm-wlm-ipmi-plugins"},
	    {"acct_gather_profile_hdf5.so", "slurm-wlm-hdf5-plugin"},
	    {"acct_gather_profile_influxdb.so", "slurm-wlm-influxdb-plugin"},
	    {"jobcomp_elasticsearch.so", "slurm-wlm-elasticsearch-plugin"},
	    {"jobcomp_mysql.so", "slurm-wlm-mysql-plugin"},
	    {"accounting_storage_mysql.so", "slurm-wlm-mysql-plugin"},
	};
	for (size_t i = 0; i < ARRAY_LEN(packages); i++)
		if (streq(packages[i][0], library))
			return packages[i][1];
	return NULL;
}
