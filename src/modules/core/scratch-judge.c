/*
 * Reading a report and comparing what two slurmctlds say.
 *
 * An array's tasks are listed together as long as they wait ("12_[4-9%2]") and alone afterwards, so that the same task
 * may stand in another line before and after: tasks are compared, not lines.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/core/scratch.h"

enum { TASK_MAX = 4000001, NODES_MAX = 65536, FINDINGS_MAX = 10000, WORD_MAX = 32 };
enum { NAMES_BYTES = 8 << 20, NAME_COST = 16, LINE_COST = 16 }; /* in tasks, of a budget of SCRATCH_TASKS_MAX */

struct section {
	const char *args; /* behind the word */
	char *body;       /* lines, each ended by '\n' */
};

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

struct judge {
	struct arena *arena;
	struct scratch_verdict *verdict;
	bool live;                        /* compared with the running slurmctld */
	const struct scratch_live *known; /* what is not there any more does not count */
	size_t budget;
	unsigned char *bits; /* a bit a task of the array that is compared; a byte more */
	size_t tasks;        /* the highest of them, and one */
};

/* Reports are asked for in this order of words; others are left out, as a newer script may say more. */
static const char *const words[] = {"scratch",
				    "failed",
				    "parse",
				    "state",
				    "end",
				    "new.up",
				    "new.exited",
				    "new.silent",
				    "new.log",
				    "new.jobs",
				    "new.nodes",
				    "new.partitions",
				    "new.reservations",
				    "old.up",
				    "old.exited",
				    "old.silent",
				    "old.log",
				    "old.jobs",
				    "old.nodes",
				    "old.partitions",
				    "old.reservations",
				    NULL};

struct report {
	struct section sections[ARRAY_LEN(words)];
};

static struct section *section(struct report *report, const char *word)
{
	for (size_t i = 0; words[i]; i++)
		if (streq(words[i], word))
			return &report->sections[i];
	return NULL;
}

static const struct section *part(struct report *report, const char *slurmctld, const char *word)
{
	char name[WORD_MAX];
	snprintf(name, sizeof name, "%s.%s", slurmctld, word);
	return section(report, name);
}

static int report_parse(const char *text, size_t len, struct arena *arena, struct report *ret, struct err *err)
{
	if (len > SCRATCH_OUTPUT_BYTES)
		return err_set(err, ERR_LIMIT, "report of %zu bytes", len);
	if (memchr(text, 0, len) || !str_is_utf8(text, len))
		return err_set(err, ERR_PROTOCOL, "report is not text");
	_cleanup_strbuf_ struct strbuf body = {0};
	char *rest = arena_strndup(arena, text, len), *line;
	struct section *now = NULL;
	memset(ret, 0, sizeof *ret);
	while ((line = str_next_line(&rest))) {
		if (*line == ' ' && now) {
			strbuf_adds(&body, line + 1);
			strbuf_addc(&body, '\n');
			continue;
		}
		if (*line != '@')
			return err_set(err, ERR_PROTOCOL, "report has a line that is none: %.60s", line);
		if (now)
			now->body = arena_strdup(arena, strbuf_str(&body));
		strbuf_reset(&body);
		char *args = strchr(line, ' ');
		if (args)
			*args++ = 0;
		now = section(ret, line + 1);
		if (now)
			now->args = args ? args : "";
	}
	if (now)
		now->body = arena_strdup(arena, strbuf_str(&body));
	const struct section *failed = section(ret, "failed");
	if (failed->args)
		return err_set(err, ERR_FAILED, "%s", failed->args);
	if (!section(ret, "scratch")->args || !section(ret, "end")->args)
		return err_set(err, ERR_PROTOCOL, "the test was not over in its time, or was ended");
	return 0;
}

static struct scratch_finding *find(struct judge *j, enum scratch_kind kind, bool blocks, const char *text)
{
	if (blocks)
		j->verdict->ok = false;
	struct scratch_findings *all = &j->verdict->findings;
	struct scratch_finding *f =
	    all->len < FINDINGS_MAX ? vec_push_in(j->arena, all) : arena_alloc(j->arena, sizeof *f);
	*f = (struct scratch_finding){.kind = kind, .blocks = blocks, .subject = "", .text = text};
	return f;
}

/* What a daemon or command said, without its name and with the file's name as the operator knows it. */
static char *tidy(struct arena *arena, const char *line)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	static const struct {
		const char *from, *to;
	} paths[] = {{"/tmp/new/candidate.conf", "slurm.conf"}, {"/tmp/new/", ""}, {"/tmp/old/", ""}};
	const char *p = line;
	if (*p == '[' && strchr(p, ']'))
		p = strchr(p, ']') + 1;
	p += strspn(p, " ");
	if (str_starts(p, "slurmctld: "))
		p += strlen("slurmctld: ");
	else if (str_starts(p, "scontrol: "))
		p += strlen("scontrol: ");
	while (*p) {
		size_t i = 0;
		while (i < ARRAY_LEN(paths) && !str_starts(p, paths[i].from))
			i++;
		if (i == ARRAY_LEN(paths)) {
			strbuf_addc(&b, *p++);
			continue;
		}
		strbuf_adds(&b, paths[i].to);
		p += strlen(paths[i].from);
	}
	return str_printable(arena, strbuf_str(&b), b.len);
}

/* "slurm.conf:12" where the sentence names a line of it. */
static const char *place(struct arena *arena, const char *text)
{
	const char *p = strstr(text, "slurm.conf line ");
	size_t digits = p ? strspn(p + 16, "0123456789") : 0;
	return digits ? arena_printf(arena, "slurm.conf:%.*s", (int)digits, p + 16) : "";
}

static void find_said(struct judge *j, enum scratch_kind kind, bool blocks, const char *text)
{
	struct scratch_finding *f = find(j, kind, blocks, text);
	f->subject = place(j->arena, text);
}

static void judge_parse(struct judge *j, const struct section *parse)
{
	if (!parse->args)
		return;
	bool bad = !streq(parse->args, "0"), said = false;
	char *rest = arena_strdup(j->arena, parse->body), *line;
	while ((line = str_next_line(&rest))) {
		bool complaint = strstr(line, "error") || strstr(line, "fatal");
		if (!complaint)
			continue;
		find_said(j, bad ? SCRATCH_PARSE : SCRATCH_ERROR, bad, tidy(j->arena, line));
		said = true;
	}
	if (bad && !said)
		find(j, SCRATCH_PARSE, true, arena_printf(j->arena, "scontrol ended with status %s", parse->args));
}

/* The last "fatal: " of a log and the lines that belong to it, tidied; NULL where there is none. */
static const char *last_words(struct judge *j, const struct section *log)
{
	char *rest = log->args ? arena_strdup(j->arena, log->body) : NULL, *line;
	const char *found = NULL;
	bool more = false;
	while (rest && (line = str_next_line(&rest))) {
		bool fatal = strstr(line, "fatal:") != NULL;
		more = fatal || (more && !str_starts(line, "slurmctld: "));
		if (more)
			found =
			    fatal ? tidy(j->arena, line) : arena_printf(j->arena, "%s %s", found, tidy(j->arena, line));
	}
	return found;
}

/* NULL: it answered. */
static const char *start_failed(struct judge *j, struct report *report, const char *who)
{
	const struct section *exited = part(report, who, "exited"), *silent = part(report, who, "silent"),
			     *jobs = part(report, who, "jobs");
	const char *said = last_words(j, part(report, who, "log"));
	if (exited->args)
		return said ? said : arena_printf(j->arena, "slurmctld ended with status %s", exited->args);
	if (silent->args)
		return arena_printf(j->arena, "slurmctld did not answer within %d s%s%.300s", SCRATCH_START_MS / 1000,
				    *silent->body ? ": " : "", said ? said : tidy(j->arena, silent->body));
	if (!part(report, who, "up")->args)
		return "slurmctld was not started";
	if (!jobs->args || !streq(jobs->args, "0"))
		return arena_printf(j->arena, "squeue failed: %.200s", jobs->args ? tidy(j->arena, jobs->body) : "");
	return NULL;
}

/* Does a line of a log speak of a job that is over? Whoever reads it cannot do anything about that one. */
static bool is_about_the_past(const struct judge *j, const char *text)
{
	static const char key[] = "JobId=";
	const char *at = strstr(text, key);
	if (!at || !j->known->jobs)
		return false;
	const char *number = at + strlen(key);
	size_t len = strspn(number, "0123456789");
	for (const char *line = j->known->jobs; line && *line; line = strchr(line, '\n'), line += line != NULL)
		if (strncmp(line, number, len) == 0 && !(line[len] >= '0' && line[len] <= '9'))
			return false;
	return true;
}

/* A busy machine makes slurmctld complain of the clock: that is not the configuration's doing. */
static void judge_log(struct judge *j, const struct section *log, const struct section *old)
{
	_cleanup_map_ struct map known = {0};
	char *rest = old->args ? arena_strdup(j->arena, old->body) : NULL, *line;
	while (rest && (line = str_next_line(&rest)))
		map_set(&known, tidy(j->arena, line), j);
	rest = log->args ? arena_strdup(j->arena, log->body) : NULL;
	while (rest && (line = str_next_line(&rest))) {
		char *text = tidy(j->arena, line);
		if (!map_set(&known, text, j) && strstr(text, "error:") && !strstr(text, "High latency for") &&
		    !is_about_the_past(j, text))
			find_said(j, SCRATCH_ERROR, false, text);
	}
}

/* ---- jobs ---- */

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
			return err_set(err, ERR_PROTOCOL, "squeue printed a line that is no job: %.60s", line);
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
static bool spend(struct judge *j, size_t work)
{
	if (work > j->budget)
		return false;
	j->budget -= work;
	return true;
}

/* The same nodes, however they are written? */
static bool same_nodes(struct judge *j, const char *a, const char *b)
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

static bool state_is_kept(const struct judge *j, const char *before, const char *after)
{
	if (streq(before, after))
		return true;
	if (streq(before, "COMPLETING") && is_over(after))
		return true;
	return j->live && (streq(after, "COMPLETED") || (streq(before, "PENDING") && streq(after, "RUNNING")));
}

static void compare_job(struct judge *j, const struct job *before, const struct job *after, const char *id)
{
	const char *subject = arena_printf(j->arena, "job %s", id);
	struct scratch_finding *f;
	if (!state_is_kept(j, before->state, after->state)) {
		f = find(j, SCRATCH_JOB_CHANGED, true,
			 arena_printf(j->arena, "would become %s (%s)", after->state, after->reason));
		f->before = before->state;
		f->after = after->state;
	} else if (streq(before->state, after->state) && *before->nodes &&
		   !same_nodes(j, before->nodes, after->nodes)) {
		f = find(j, SCRATCH_JOB_CHANGED, true, "would hold other nodes");
		f->before = before->nodes;
		f->after = after->nodes;
	} else if (!is_stuck(before->reason) && is_stuck(after->reason)) {
		f = find(j, SCRATCH_JOB_CHANGED, true, "would wait until somebody mends it");
		f->before = before->reason;
		f->after = after->reason;
	} else {
		return;
	}
	f->subject = subject;
}

static void job_gone(struct judge *j, const struct job *before, const char *id)
{
	struct scratch_finding *f = find(j, SCRATCH_JOB_GONE, true, "would be lost");
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
static int each_task(struct judge *j, const char *tasks, void (*each)(unsigned char *bits, size_t task),
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
			return err_set(err, ERR_PROTOCOL, "squeue printed tasks that are none: %.60s", tasks);
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
static int compare_tasks(struct judge *j, const struct job *before, const struct jobs *after, struct err *err)
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

static int compare_jobs(struct judge *j, const char *before_text, const char *after_text, struct err *err)
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

/* ---- nodes, partitions, reservations: lines of "Key=Value Key=Value" ---- */

static const char *field(struct arena *arena, const char *line, const char *key)
{
	size_t len = strlen(key);
	for (const char *p = line; (p = strstr(p, key)); p += len)
		if ((p == line || p[-1] == ' ') && p[len] == '=')
			return arena_strndup(arena, p + len + 1, strcspn(p + len + 1, " "));
	return "";
}

/* State without what depends on the moment: whether the node answered. */
static const char *steady(struct arena *arena, const char *state)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	char *rest = arena_strdup(arena, state), *word;
	while ((word = str_next(&rest, "+*")))
		if (!streq(word, "NOT_RESPONDING"))
			strbuf_addf(&b, "%s%s", b.len ? "+" : "", word);
	return arena_strdup(arena, strbuf_str(&b));
}

struct things {
	const char *word, *key, *noun, *compared;
	enum scratch_kind gone, changed;
	bool blocks;
};

static const struct things things[] = {
    {"nodes", "NodeName", "node", "State", SCRATCH_NODE_GONE, SCRATCH_NODE_CHANGED, false},
    {"partitions", "PartitionName", "partition", "State", SCRATCH_PARTITION_GONE, SCRATCH_PARTITION_CHANGED, false},
    {"reservations", "ReservationName", "reservation", "Nodes", SCRATCH_RESERVATION_GONE, SCRATCH_RESERVATION_CHANGED,
     true},
};

/* Lines by the value of their first key. */
static void lines_by_name(struct judge *j, const char *key, const char *text, struct map *ret)
{
	char *rest = arena_strdup(j->arena, text);
	for (char *line; (line = str_next_line(&rest));)
		if (str_starts(line, key))
			map_set(ret, field(j->arena, line, key), line);
}

static void compare_things(struct judge *j, const struct things *t, const char *before, const char *after)
{
	_cleanup_map_ struct map now = {0}, live = {0};
	const char *known = streq(t->word, "reservations") ? j->known->reservations : NULL;
	lines_by_name(j, t->key, after, &now);
	if (known)
		lines_by_name(j, t->key, known, &live);
	char *rest = arena_strdup(j->arena, before), *line;
	while ((line = str_next_line(&rest))) {
		if (!str_starts(line, t->key))
			continue;
		const char *name = field(j->arena, line, t->key), *other = map_get(&now, name);
		if (known && !map_get(&live, name))
			continue;
		const char *old = field(j->arena, line, t->compared),
			   *new = other ? field(j->arena, other, t->compared) : NULL;
		struct scratch_finding *f;
		bool nodes = streq(t->compared, "Nodes");
		if (!other)
			f = find(j, t->gone, t->blocks, "would be gone");
		else if (nodes ? same_nodes(j, old, new) : streq(steady(j->arena, old), steady(j->arena, new)))
			continue;
		else
			f = find(j, t->changed, t->blocks, nodes ? "would hold other nodes" : "would change its state");
		f->subject = arena_printf(j->arena, "%s %s", t->noun, name);
		f->before = old;
		f->after = new;
	}
}

int scratch_judge(const char *text, size_t len, const struct scratch_live *live, struct arena *arena,
		  struct scratch_verdict *ret, struct err *err)
{
	struct report report;
	if (report_parse(text, len, arena, &report, err) < 0)
		return err_wrap(err, "scratch slurmctld");
	struct scratch_verdict verdict = {.ok = true};
	struct judge j = {.arena = arena, .verdict = &verdict, .budget = SCRATCH_TASKS_MAX, .known = live};
	const struct section *state = section(&report, "state");
	bool rehearsed = part(&report, "old", "log")->args != NULL;

	verdict.over_state = state->args && !str_ends(state->args, " 0");
	judge_parse(&j, section(&report, "parse"));
	if (rehearsed)
		verdict.old_failed = start_failed(&j, &report, "old");
	bool differential = rehearsed && !verdict.old_failed;
	const char *failed = start_failed(&j, &report, "new");
	if (failed) {
		if (verdict.ok) { /* else the parser has said it already */
			judge_log(&j, part(&report, "new", "log"), part(&report, "old", "log"));
			find_said(&j, SCRATCH_FATAL, true, failed);
		}
		*ret = verdict;
		return 0;
	}
	if (differential)
		judge_log(&j, part(&report, "new", "log"), part(&report, "old", "log"));
	uint64_t ms = 0;
	str_read_u64(part(&report, "new", "up")->args, UINT32_MAX, &ms);
	verdict.ms = (unsigned)ms;
	j.live = !differential;
	const char *before = differential ? part(&report, "old", "jobs")->body : live->jobs;
	if (before && compare_jobs(&j, before, part(&report, "new", "jobs")->body, err) < 0)
		return err_wrap(err, "scratch slurmctld");
	verdict.compared = before != NULL;
	for (size_t i = 0; differential && i < ARRAY_LEN(things); i++) {
		const struct section *a = part(&report, "old", things[i].word),
				     *b = part(&report, "new", things[i].word);
		if (a->args && b->args)
			compare_things(&j, &things[i], a->body, b->body);
	}
	scratch_group(&verdict.findings, arena);
	scratch_group(&verdict.findings, arena);
	*ret = verdict;
	return 0;
}
