#include "slurm/srun.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

/* ESLURM_NODES_BUSY and its kin. An allocation that waited for all of --immediate ends with "Connection timed out". */
static const char *const no_node[] = {
    "Requested nodes are busy",
    "Required node not available",
    "Required partition not available",
    "Immediate execution impossible",
    "Job can not start immediately",
    "Unable to allocate resources: Connection timed out",
    "Unable to allocate resources: Job/step already completing",
    "Requested partition configuration not available now",
    "Job can not start due to maintenance reservation",
};

static const char *const denied[] = {
    "Access/permission denied",
    "User's group not permitted",
    "Invalid account or account/partition combination",
    "Invalid qos",
    "Job violates accounting/QOS policy",
    "Access denied to requested reservation",
    "Requested reservation is invalid",
};

static bool says_one(const char *text, const char *const *phrases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasestr(text, phrases[i]))
			return true;
	return false;
}

enum slurm_srun_end slurm_srun_end(const char *errors)
{
	if (says_one(errors, denied, ARRAY_LEN(denied)))
		return SLURM_SRUN_DENIED;
	return says_one(errors, no_node, ARRAY_LEN(no_node)) ? SLURM_SRUN_NO_NODE : SLURM_SRUN_FAILED;
}

const char *slurm_srun_error(const char *errors, struct arena *arena)
{
	static const char mark[] = "error: ";
	const char *line = strstr(errors, mark);
	if (line)
		line += strlen(mark);
	else
		line = errors + strspn(errors, " \n");
	return *line ? str_printable(arena, line, strcspn(line, "\n")) : "srun did not say why";
}

static bool ends_name(char c)
{
	return !isalnum((unsigned char)c) && c != '-' && c != '_' && c != '.';
}

bool slurm_srun_blames(const char *errors, const char *node)
{
	static const char mark[] = "on node ";
	size_t len = strlen(node);
	for (const char *p = errors; (p = strstr(p, mark));) {
		p += strlen(mark);
		if (strncmp(p, node, len) == 0 && ends_name(p[len]))
			return true;
	}
	return false;
}
