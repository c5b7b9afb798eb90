/*
 * What would become of jobs: two answers of squeue compared.
 *
 * An array's tasks are listed together as long as they wait ("12_[4-9%2]") and alone afterwards, so that the same task
 * may stand in another line before and after: tasks are compared, not lines.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/core/scratch-judge.h"

enum { TASK_MAX = 4000001, NODES_MAX = 65536 };
enum { NAMES_BYTES = 8 << 20, NAME_COST = 16, LINE_COST = 16 }; /* in tasks, of a budget of SCRATCH_TASKS_MAX */

struct job {
	struct job *next; /* of the same number */
	const char *id, *state, *nodes, *reason, *tasks;
	uint64_t number;
};

struct jobs {
	struct job *items;
	size_t len, cap;
	struct map by_id, by_number; /* by_number: the first of a chain, keys in the arena */
};

static int jobs_parse(const char *text, struct arena *arena, struct jobs *ret, struct err *err)
{
	char *rest = arena_strdup(arena, text), *line;
	while ((line = str_next_line(&rest))) {
		char *fields[9], *p = line;
		size_t n = 0;
		while (n < 9 && p) {
			fields[n++] = p;
			p = n < 9 ? strchr(p, '|') : NULL;
			if (p)
				*p++ = 0;
		}
		if (n < 9)
			return err_set(err, ERR_PROTOCOL, "squeue printed a line that is not a job: %.60s", line);
		struct job *job = vec_push_in(arena, ret);
		*job = (struct job){.id = fields[0], .state = fields[1], .nodes = fields[4], .reason = fields[8]};
		size_t len = str_read_u64(fields[0], UINT32_MAX, &job->number);
		job->tasks = len && fields[0][len] == '_' ? fields[0] + len + 1 : NULL;
	}
	for (size_t i = 0; i < ret->len; i++) {
		struct job *job = &ret->items[i];
		const char *number = arena_printf(arena, "%llu", (unsigned long long)job->number);
		map_set(&ret->by_id, job->id, job);
		job->next = map_set(&ret->by_number, number, job);
	}
	return 0;
}

static bool is_over(const char *state)
{
	static const char *const over[] = {"COMPLETED", "CANCELLED", "FAILED",   "TIMEOUT",       "NODE_FAIL",
					   "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY", "REVOKED"};
	for (size_t i = 0; i < ARRAY_LEN(over); i++)
		if (streq(state, over[i]))
			return true;
	return false;
}

/* A job that waits for one of these waits for a person (slurm.conf(5), squeue(1) "JOB REASON CODES"). */
static bool is_stuck(const char *reason)
{
	static const char *const stuck[] = {"BadConstraints", "JobHeldAdmin",      "JobHeldUser",
					    "InvalidAccount", "InvalidQOS",        "AccountNotAllowed",
					    "QOSNotAllowed",  "ReservationDeleted"};
	for (size_t i = 0; i < ARRAY_LEN(stuck); i++)
		if (strstr(reason, stuck[i]))
			return true;
	return false;
}

/* False where that is more than is left of the work that all of a report may make. */
static bool spend(struct scratch_work *j, size_t work)
{
	if (work > j->budget)
		return false;
	j->budget -= work;
	return true;
}

/* The same nodes, however they are written? */
bool scratch_same_nodes(struct scratch_work *j, const char *a, const char *b)
{
	if (streq(a, b))
		return true;
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *const *x, *const *y;
	size_t nx, ny, bytes_x, bytes_y;
	if (hostlist_measure(a, NODES_MAX, &nx, &bytes_x, NULL, NULL) < 0 ||
	    hostlist_measure(b, NODES_MAX, &ny, &bytes_y, NULL, NULL) < 0 || nx != ny ||
	    bytes_x + bytes_y > NAMES_BYTES || !spend(j, (nx + ny) * NAME_COST))
		return false;
	if (hostlist_expand(a, nx, arena, &x, &nx, NULL, NULL) < 0 ||
	    hostlist_expand(b, ny, arena, &y, &ny, NULL, NULL) < 0)
		return false;
	return streq(hostlist_compress(x, nx, arena), hostlist_compress(y, ny, arena));
}

static bool state_is_kept(const struct scratch_work *j, const char *before, const char *after)
{
	if (streq(before, after))
		return true;
	if (streq(before, "COMPLETING") && is_over(after))
		return true;
	return j->live && (streq(after, "COMPLETED") || (streq(before, "PENDING") && streq(after, "RUNNING")));
}

static void compare_job(struct scratch_work *j, const struct job *before, const struct job *after, const char *id)
{
	const char *subject = arena_printf(j->arena, "job %s", id);
	struct scratch_finding *f;
	if (!state_is_kept(j, before->state, after->state)) {
		f = scratch_find(j, SCRATCH_JOB_CHANGED, true,
				 arena_printf(j->arena, "would become %s (%s)", after->state, after->reason));
		f->before = before->state;
		f->after = after->state;
	} else if (streq(before->state, after->state) && *before->nodes &&
		   !scratch_same_nodes(j, before->nodes, after->nodes)) {
		f = scratch_find(j, SCRATCH_JOB_CHANGED, true, "would hold other nodes");
		f->before = before->nodes;
		f->after = after->nodes;
	} else if (!is_stuck(before->reason) && is_stuck(after->reason)) {
		f = scratch_find(j, SCRATCH_JOB_CHANGED, true, "would wait until somebody repairs it");
		f->before = before->reason;
		f->after = after->reason;
	} else {
		return;
	}
	f->subject = subject;
}

static void job_gone(struct scratch_work *j, const struct job *before, const char *id)
{
	struct scratch_finding *f = scratch_find(j, SCRATCH_JOB_GONE, true, "would be lost");
	f->subject = arena_printf(j->arena, "job %s", id);
	f->before = before->state;
}

/* "4", "4-9" or "4-9:2": where it ends; NULL where it is none of these. */
static const char *read_tasks(const char *p, uint64_t *from, uint64_t *to, uint64_t *step)
{
	size_t len = str_read_u64(p, TASK_MAX - 1, from);
	const char *end = p + len;
	*to = *from;
	if (len && *end == '-')
		end += 1 + (len = str_read_u64(end + 1, TASK_MAX - 1, to));
	if (len && *end == ':')
		end += 1 + (len = str_read_u64(end + 1, TASK_MAX - 1, step));
	return len && *from <= *to && *step ? end : NULL;
}

/*
 * Calls `each` for the tasks in "4", "[4-9]", "[1,3,5-20:5%2]"; -1 for what is none of these. An array that squeue cut
 * off ("[1-3,...]") gives what is there.
 */
static int each_task(struct scratch_work *j, const char *tasks, void (*each)(unsigned char *bits, size_t task),
		     unsigned char *bits, struct err *err)
{
	const char *p = tasks + (*tasks == '[');
	while (*p && *p != ']' && *p != '%' && *p != '.') {
		uint64_t from, to, step = 1;
		const char *end = read_tasks(p, &from, &to, &step);
		if (!end)
			return err_set(err, ERR_PROTOCOL, "squeue printed tasks that cannot be: %.60s", tasks);
		if (!spend(j, (to - from) / step + LINE_COST + to / 64))
			return err_set(err, ERR_LIMIT, "more than %u array tasks", SCRATCH_TASKS_MAX);
		if (to >= j->tasks)
			j->tasks = to + 1;
		for (uint64_t task = from; task <= to; task += step)
			each(bits, task);
		p = end + (*end == ',');
		if (p == end && *end && *end != ']' && *end != '%' && *end != '.')
			return err_set(err, ERR_PROTOCOL, "squeue printed array tasks that cannot be read: %.60s",
				       tasks);
	}
	return 0;
}

static void task_set(unsigned char *bits, size_t task)
{
	bits[task / 8] |= (unsigned char)(1U << task % 8);
}

/* A hit is remembered in the byte behind the bits. */
static void task_take(unsigned char *bits, size_t task)
{
	unsigned char bit = (unsigned char)(1U << task % 8);
	if (bits[task / 8] & bit)
		bits[TASK_MAX / 8 + 1] = 1;
	bits[task / 8] &= (unsigned char)~bit;
}

/* A line of tasks that has no equal afterwards: each task has to be in another line of that array. */
static int compare_tasks(struct scratch_work *j, const struct job *before, const struct jobs *after, struct err *err)
{
	unsigned char *bits = j->bits = j->bits ? j->bits : arena_alloc(j->arena, TASK_MAX / 8 + 2);
	char number[24];
	memset(bits, 0, j->tasks / 8 + 1);
	j->tasks = 0;
	if (each_task(j, before->tasks, task_set, bits, err) < 0)
		return -1;
	snprintf(number, sizeof number, "%llu", (unsigned long long)before->number);
	for (const struct job *a = map_get(&after->by_number, number); a; a = a->next) {
		if (!a->tasks)
			continue;
		bits[TASK_MAX / 8 + 1] = 0;
		if (each_task(j, a->tasks, task_take, bits, err) < 0)
			return -1;
		if (bits[TASK_MAX / 8 + 1])
			compare_job(j, before, a, *before->tasks == '[' ? a->id : before->id);
	}
	size_t left = 0;
	for (size_t i = 0; i <= j->tasks / 8; i++)
		left += (size_t)__builtin_popcount(bits[i]);
	if (left)
		job_gone(j, before, arena_printf(j->arena, "%s (%zu tasks)", before->id, left));
	return 0;
}

static void jobs_free(struct jobs *jobs)
{
	map_free(&jobs->by_id);
	map_free(&jobs->by_number);
}

/* Is any part of that job still known to the running slurmctld? */
static bool is_live(const struct jobs *live, const struct job *job)
{
	char number[24];
	snprintf(number, sizeof number, "%llu", (unsigned long long)job->number);
	return map_get(&live->by_number, number);
}

int scratch_compare_jobs(struct scratch_work *j, const char *before_text, const char *after_text, struct err *err)
{
	struct jobs before = {0}, after = {0}, live = {0};
	const char *live_text = j->known->jobs;
	int r = -1;
	if (jobs_parse(before_text, j->arena, &before, err) < 0 || jobs_parse(after_text, j->arena, &after, err) < 0 ||
	    (live_text && jobs_parse(live_text, j->arena, &live, err) < 0))
		goto end;
	for (size_t i = 0; i < before.len; i++) {
		const struct job *b = &before.items[i], *a = map_get(&after.by_id, b->id);
		if (is_over(b->state) || (live_text && !is_live(&live, b)))
			continue;
		j->verdict->jobs++;
		if (a)
			compare_job(j, b, a, b->id);
		else if (!b->tasks)
			job_gone(j, b, b->id);
		else if (compare_tasks(j, b, &after, err) < 0)
			goto end;
	}
	r = 0;
end:
	jobs_free(&before);
	jobs_free(&after);
	jobs_free(&live);
	return r;
}
