/* Reading a report and comparing what two slurmctlds say of their configuration, nodes, partitions and reservations. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/core/scratch-judge.h"

enum { FINDINGS_MAX = 10000, WORD_MAX = 32 };

struct section {
	const char *args; /* behind the word */
	char *body;       /* lines, each ended by '\n' */
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
			return err_set(err, ERR_PROTOCOL, "report has a line of an unknown kind: %.60s", line);
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

struct scratch_finding *scratch_find(struct scratch_work *j, enum scratch_kind kind, bool blocks, const char *text)
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
	return str_printable_whole(arena, strbuf_str(&b), b.len);
}

/* "slurm.conf:12" where the sentence names a line of it. */
static const char *place(struct arena *arena, const char *text)
{
	const char *p = strstr(text, "slurm.conf line ");
	size_t digits = p ? strspn(p + 16, "0123456789") : 0;
	return digits ? arena_printf(arena, "slurm.conf:%.*s", (int)digits, p + 16) : "";
}

static void find_said(struct scratch_work *j, enum scratch_kind kind, bool blocks, const char *text)
{
	struct scratch_finding *f = scratch_find(j, kind, blocks, text);
	f->subject = place(j->arena, text);
}

static void judge_parse(struct scratch_work *j, const struct section *parse)
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
		scratch_find(j, SCRATCH_PARSE, true,
			     arena_printf(j->arena, "scontrol ended with status %s", parse->args));
}

/* The last "fatal: " of a log and the lines that belong to it, tidied; NULL where there is none. */
static const char *last_words(struct scratch_work *j, const struct section *log)
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
static const char *start_failed(struct scratch_work *j, struct report *report, const char *who)
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
static bool is_about_the_past(const struct scratch_work *j, const char *text)
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
static void judge_log(struct scratch_work *j, const struct section *log, const struct section *old)
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
static void lines_by_name(struct scratch_work *j, const char *key, const char *text, struct map *ret)
{
	char *rest = arena_strdup(j->arena, text);
	for (char *line; (line = str_next_line(&rest));)
		if (str_starts(line, key))
			map_set(ret, field(j->arena, line, key), line);
}

static void compare_things(struct scratch_work *j, const struct things *t, const char *before, const char *after)
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
			f = scratch_find(j, t->gone, t->blocks, "would be gone");
		else if (nodes ? scratch_same_nodes(j, old, new) : streq(steady(j->arena, old), steady(j->arena, new)))
			continue;
		else
			f = scratch_find(j, t->changed, t->blocks,
					 nodes ? "would hold other nodes" : "would change its state");
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
	struct scratch_work j = {.arena = arena, .verdict = &verdict, .budget = SCRATCH_TASKS_MAX, .known = live};
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
	if (before && scratch_compare_jobs(&j, before, part(&report, "new", "jobs")->body, err) < 0)
		return err_wrap(err, "scratch slurmctld");
	verdict.compared = before != NULL;
	verdict.with_live = j.live && before;
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
