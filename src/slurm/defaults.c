/*
 * What Slurm takes where a parameter is not given: of those that reeve writes always, or that it writes to keep what
 * is in force, or whose change demands much and whose default may be written out. From slurm.conf(5) and src/common/read_config.h at the last tags of 22.05 and 24.11.
 */
#include <stddef.h>
#include <strings.h>

#include "base/vec.h"
#include "slurm/param.h"

static const struct {
	const char *name;
	unsigned since, until; /* releases; 0: without bound */
	const char *value;
} defaults[] = {
    {"AuthType", 0, 0, "auth/munge"},
    {"CredType", 0, 0, "cred/munge"},
    {"DefMemPerNode", 0, 0, "0"},
    {"HashPlugin", 2405, 0, "hash/k12"},
    {"MpiDefault", 0, 0, "none"},
    {"ProctrackType", 0, 0, "proctrack/cgroup"},
    {"ReturnToService", 0, 0, "0"},
    {"SelectType", 0, 2205, "select/linear"},
    {"SelectType", 2411, 0, "select/cons_tres"},
    {"SelectTypeParameters", 0, 0, "CR_Core_Memory"}, /* of select/cons_tres */
    {"SlurmctldTimeout", 0, 0, "120"},
    {"SlurmdSpoolDir", 0, 0, "/var/spool/slurmd"},
    {"SlurmdTimeout", 0, 0, "300"},
    {"SlurmdUser", 0, 0, "root"},
    {"SlurmUser", 0, 0, "root"},
    {"StateSaveLocation", 0, 0, "/var/spool"},
    {"TaskPlugin", 0, 0, "task/none"},
    {"TLSType", 2405, 0, "tls/none"},
};

const char *slurm_param_default(const char *name, unsigned release)
{
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (strcasecmp(defaults[i].name, name) == 0 &&
		    (release ? release >= defaults[i].since && (!defaults[i].until || release <= defaults[i].until)
			     : !defaults[i].since && !defaults[i].until))
			return defaults[i].value;
	return NULL;
}
