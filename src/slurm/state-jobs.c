#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/state-text.h"
#include "slurm/state.h"

#define FIELDS 9

const char *const slurm_jobs_argv[] = {"squeue", "-h", "-a", "-o", SLURM_JOBS_FORMAT, NULL};

/* squeue(1) "JOB STATE CODES", the long forms. */
static const struct {
	const char *word;
	enum slurm_job_phase phase;
} states[] = {
    {"PENDING", SLURM_JOB_PENDING},       {"REQUEUED", SLURM_JOB_PENDING},      {"REQUEUE_HOLD", SLURM_JOB_PENDING},
    {"REQUEUE_FED", SLURM_JOB_PENDING},   {"RESV_DEL_HOLD", SLURM_JOB_PENDING}, {"SPECIAL_EXIT", SLURM_JOB_PENDING},
    {"RUNNING", SLURM_JOB_RUNNING},       {"CONFIGURING", SLURM_JOB_RUNNING},   {"SIGNALING", SLURM_JOB_RUNNING},
    {"STAGE_OUT", SLURM_JOB_RUNNING},     {"RESIZING", SLURM_JOB_RUNNING},      {"STOPPED", SLURM_JOB_RUNNING},
    {"POWER_UP_NODE", SLURM_JOB_RUNNING}, {"SUSPENDED", SLURM_JOB_SUSPENDED},   {"COMPLETING", SLURM_JOB_COMPLETING},
    {"COMPLETED", SLURM_JOB_ENDED},       {"CANCELLED", SLURM_JOB_ENDED},       {"FAILED", SLURM_JOB_ENDED},
    {"TIMEOUT", SLURM_JOB_ENDED},         {"NODE_FAIL", SLURM_JOB_ENDED},       {"PREEMPTED", SLURM_JOB_ENDED},
    {"BOOT_FAIL", SLURM_JOB_ENDED},       {"DEADLINE", SLURM_JOB_ENDED},        {"OUT_OF_MEMORY", SLURM_JOB_ENDED},
    {"LAUNCH_FAILED", SLURM_JOB_ENDED},   {"RECONFIG_FAIL", SLURM_JOB_ENDED},   {"REVOKED", SLURM_JOB_ENDED},
};

static const char *or_null(const char *value)
{
	return *value == '\0' || streq(value, "(null)") ? NULL : value;
}

enum slurm_job_phase slurm_job_phase_of(const char *state)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcasecmp(states[i].word, state) == 0)
			return states[i].phase;
	return SLURM_JOB_UNKNOWN;
}

/* "12", "12_3", "12_[4-9%2]", "12+1", "12_[1,3,5...]": the number in front. */
static int read_id(const char *id, uint64_t *ret)
{
	char digits[16];
	size_t len = strspn(id, "0123456789");
	if (len == 0 || len >= sizeof digits || strlen(id) > 4096 ||
	    strspn(id + len, "0123456789_[],-%+:.") != strlen(id + len))
		return -1;
	memcpy(digits, id, len);
	digits[len] = '\0';
	return str_to_u64(digits, 1, UINT32_MAX, ret);
}

static int read_job(char *line, struct slurm_job *job, struct err *err)
{
	char *fields[FIELDS];
	size_t count = 0;
	uint64_t nodes = 0;
	for (char *p = line; count < FIELDS; count++) {
		fields[count] = p;
		/* The last one is free text and may hold the separator. */
		p = count + 1 < FIELDS ? strchr(p, '|') : NULL;
		if (!p)
			break;
		*p++ = '\0';
	}
	if (count + 1 != FIELDS)
		return err_set(err, ERR_PROTOCOL, "a line has %zu fields, not %d: '%.60s'", count + 1, FIELDS, line);
	if (read_id(fields[0], &job->number) < 0)
		return err_set(err, ERR_PROTOCOL, "'%.60s' is not the number of a job", fields[0]);
	if (str_to_u64(fields[7], 0, UINT32_MAX, &nodes) < 0)
		return err_set(err, ERR_PROTOCOL, "job %.60s has no number of nodes", fields[0]);
	*job = (struct slurm_job){
	    .id = fields[0],
	    .number = job->number,
	    .phase = slurm_job_phase_of(fields[1]),
	    .state = fields[1],
	    .partitions = fields[2],
	    .user = fields[3],
	    .nodes = or_null(fields[4]),
	    .asked_nodes = or_null(fields[5]),
	    .reservation = or_null(fields[6]),
	    .node_count = (unsigned)nodes,
	    .reason = fields[8],
	};
	return 0;
}

int slurm_jobs_parse(const char *text, size_t len, struct arena *arena, struct slurm_job **ret, size_t *ret_count,
		     struct err *err)
{
	struct {
		struct slurm_job *items;
		size_t len, cap;
	} jobs = {0};
	char *rest = slurm_text_copy(text, len, "squeue", arena, err), *line;
	if (!rest)
		return -1;
	while ((line = str_next_line(&rest)))
		if (*line && read_job(line, vec_push_in(arena, &jobs), err) < 0)
			return err_wrap(err, "squeue");
	*ret = jobs.items;
	*ret_count = jobs.len;
	return 0;
}

bool slurm_job_holds_nodes(const struct slurm_job *job)
{
	return job->phase != SLURM_JOB_PENDING && job->phase != SLURM_JOB_ENDED;
}
