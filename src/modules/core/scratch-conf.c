/*
 * The neutralising of a slurm.conf, line by line.
 *
 * Rewriting the text, and not printing a parsed tree, keeps everything that is not known here as it was written, also
 * mistakes: they are what the test is to find. Pairs are split as Slurm's own expression does
 * (src/common/parse_config.c): blanks around '=' are allowed, several pairs may share a line, and a line whose first
 * key is NodeName and the like belongs to it as a whole.
 *
 * Values of what is left out are still checked: Slurm's parser gets the candidate as it is (scratch-request.c).
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/core/scratch.h"

enum { NODES_MAX = 65536, RANGE_MAX = 65536 };

/* 198.18.0.0/15 as inet_aton(3) reads a two-part address: a range of one bracket counts through it. */
enum { NET = 198, FIRST = 18 * 65536 + 1, ADDRESSES = 2 * 65536 - 2 };

struct pair {
	const char *key, *value, *end; /* value with its quotes; end is behind it */
	size_t key_len, value_len;
};

/*
 * slurm.conf(5): everything that names a program, a place to write, another host, a database, or starts something.
 *
 * What is left out must leave the rest consistent: what Slurm only takes together goes together or stays together. So
 * PrologFlags stay, which start nothing without a Prolog, for JobContainerType wants Contain among them; and what wants
 * slurmdbd goes with it. tests/unit/test-scratch.c has each pair that read_config.c and the *_init functions check.
 */
static const char *const left_out[] = {
    "SlurmctldHost",
    "ControlMachine",
    "ControlAddr",
    "BackupController",
    "BackupAddr",
    "SlurmctldAddr",
    "SlurmctldPort",
    "CommunicationParameters",
    "StateSaveLocation",
    "SlurmctldPidFile",
    "SlurmctldLogFile",
    "SlurmctldDebug",
    "SlurmctldSyslogDebug",
    "SlurmSchedLogFile",
    "SlurmSchedLogLevel",
    "LogTimeFormat",
    "DebugFlags",
    "SlurmctldPrimaryOnProg",
    "SlurmctldPrimaryOffProg",
    "SlurmctldPlugstack",
    "Prolog",
    "Epilog",
    "PrologSlurmctld",
    "EpilogSlurmctld",
    "PrEpPlugins",
    "PrEpParameters",
    "ResvProlog",
    "ResvEpilog",
    "SrunProlog",
    "SrunEpilog",
    "TaskProlog",
    "TaskEpilog",
    "MailProg",
    "RebootProgram",
    "HealthCheckProgram",
    "HealthCheckInterval",
    "HealthCheckNodeState",
    "UnkillableStepProgram",
    "SuspendProgram",
    "ResumeProgram",
    "ResumeFailProgram",
    "SuspendTime",
    "SuspendExcNodes",
    "SuspendExcParts",
    "SuspendExcStates",
    "PowerPlugin",
    "PowerParameters",
    "BurstBufferType",
    "BurstBufferParameters",
    "ExtSensorsType",
    "ExtSensorsFreq",
    "JobCompType",
    "JobCompHost",
    "JobCompLoc",
    "JobCompParams",
    "JobCompPass",
    "JobCompPassScript",
    "JobCompPort",
    "JobCompUser",
    "AccountingStorageExternalHost",
    "SlurmdTimeout",
    "InactiveLimit",
    "SchedulerParameters",
};

/* With slurmdbd also: what makes no sense, or is fatal, without the database. */
static const char *const left_out_dbd[] = {
    "AccountingStorageType",
    "AccountingStorageHost",
    "AccountingStorageBackupHost",
    "AccountingStoragePort",
    "AccountingStoragePass",
    "AccountingStorageUser",
    "AccountingStorageLoc",
    "AccountingStorageEnforce",
    "AccountingStorageTRES",
    "AccountingStorageParameters",
    "AccountingStoreFlags",
    "PriorityType",
    "TrackWCKey",
    "FederationParameters",
};

static const char *const left_out_node[] = {"NodeAddr", "BcastAddr", "SuspendTime"};
static const char *const left_out_partition[] = {"SuspendTime"};
static const char *const left_out_partition_dbd[] = {"SuspendTime", "QOS", "AllowQos", "DenyQos"};

/* A line that begins with one of these holds no global parameters. The last names a program, and is left out. */
static const char *const whole_lines[] = {"NodeName",  "PartitionName", "NodeSet",
					  "DownNodes", "FrontendName",  "PowerAction"};

struct rewrite {
	struct strbuf *out;
	bool dbd;
	size_t next; /* addresses given out */
	char *scheduler;
	const char *state;     /* StateSaveLocation; NULL: not given */
	const char *directory; /* of the rehearsal */
	struct arena *arena;
};

static bool is_key(const struct pair *p, const char *name)
{
	return p->key_len == strlen(name) && strncasecmp(p->key, name, p->key_len) == 0;
}

static bool is_one_of(const struct pair *p, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_key(p, names[i]))
			return true;
	return false;
}

/* The next pair from `at` on, which begins a word; false where there is none. */
static bool next_pair(const char *at, struct pair *ret)
{
	for (const char *p = at; *p; p++) {
		if (p > at && !isspace((unsigned char)p[-1]))
			continue;
		const char *key = p;
		while (isalnum((unsigned char)*p) || *p == '_' || *p == '.')
			p++;
		size_t key_len = (size_t)(p - key);
		const char *q = p;
		while (isspace((unsigned char)*q))
			q++;
		if (*q && strchr("+-*/", *q))
			q++;
		if (key_len && *q == '=') {
			q++;
			while (isspace((unsigned char)*q))
				q++;
			const char *value = q, *close = *q == '"' ? strchr(q + 1, '"') : NULL;
			if (close)
				q = close + 1;
			else
				while (*q && !isspace((unsigned char)*q))
					q++;
			*ret = (struct pair){
			    .key = key, .key_len = key_len, .value = value, .value_len = (size_t)(q - value), .end = q};
			return true;
		}
		if (!*p)
			break;
	}
	return false;
}

static char *plain_value(struct arena *arena, const struct pair *p)
{
	bool quoted = p->value_len >= 2 && p->value[0] == '"' && p->value[p->value_len - 1] == '"';
	return quoted ? arena_strndup(arena, p->value + 1, p->value_len - 2)
		      : arena_strndup(arena, p->value, p->value_len);
}

/* Copies a line without the pairs named. What stands between pairs is a mistake, and kept to be found. */
static void copy_without(struct strbuf *out, const char *line, const char *const *names, size_t count)
{
	struct pair p;
	const char *at = line;
	for (; next_pair(at, &p); at = p.end) {
		strbuf_add(out, at, (size_t)(p.key - at));
		if (!is_one_of(&p, names, count))
			strbuf_add(out, p.key, (size_t)(p.end - p.key));
	}
	strbuf_adds(out, at);
}

static void add_addresses(struct rewrite *r, size_t count)
{
	strbuf_adds(r->out, " NodeAddr=");
	for (size_t left = count; left;) {
		if (r->next == ADDRESSES)
			r->next = 0;
		size_t room = ADDRESSES - r->next, n = left < room ? left : room;
		if (n > RANGE_MAX)
			n = RANGE_MAX;
		size_t from = FIRST + r->next;
		if (left != count)
			strbuf_addc(r->out, ',');
		if (n == 1)
			strbuf_addf(r->out, "%d.%zu", NET, from);
		else
			strbuf_addf(r->out, "%d.[%zu-%zu]", NET, from, from + n - 1);
		r->next += n;
		left -= n;
	}
}

static void node_line(struct rewrite *r, const char *line, const struct pair *first)
{
	copy_without(r->out, line, left_out_node, ARRAY_LEN(left_out_node));
	const char *names = plain_value(r->arena, first);
	size_t count = 0;
	if (!strcasecmp(names, "DEFAULT") || hostlist_count(names, NODES_MAX, &count, NULL, NULL) < 0 || !count)
		return; /* slurmctld will say what is wrong with it */
	add_addresses(r, count);
}

/* A pair as it is, but for files in the state directory, which is a copy here: a key for JSON web tokens is kept there. */
static void add_pair(struct rewrite *r, const struct pair *p)
{
	const char *text = arena_strndup(r->arena, p->key, (size_t)(p->end - p->key)), *at;
	size_t len = r->state ? strlen(r->state) : 0;
	while (len > 1 && (at = strstr(text, r->state))) {
		strbuf_add(r->out, text, (size_t)(at - text));
		if (at[len] == '/')
			strbuf_addf(r->out, "%s/state", r->directory);
		else
			strbuf_add(r->out, at, len);
		text = at + len;
	}
	strbuf_adds(r->out, text);
}

static void global_line(struct rewrite *r, const char *line)
{
	struct pair p;
	const char *at = line;
	for (; next_pair(at, &p); at = p.end) {
		strbuf_add(r->out, at, (size_t)(p.key - at));
		if (is_key(&p, "SchedulerParameters"))
			r->scheduler = plain_value(r->arena, &p);
		bool out = is_one_of(&p, left_out, ARRAY_LEN(left_out)) ||
			   (r->dbd && is_one_of(&p, left_out_dbd, ARRAY_LEN(left_out_dbd)));
		if (!out)
			add_pair(r, &p);
	}
	strbuf_adds(r->out, at);
}

static int one_line(struct rewrite *r, const char *line, unsigned number, struct err *err)
{
	const char *p = line + strspn(line, " \t");
	if (!strncasecmp(p, "include", 7) && isspace((unsigned char)p[7]))
		return err_set(err, ERR_REFUSED, "line %u includes another file", number);
	struct pair first;
	if (!next_pair(line, &first) || !is_one_of(&first, whole_lines, ARRAY_LEN(whole_lines)))
		global_line(r, line);
	else if (is_key(&first, "NodeName"))
		node_line(r, line, &first);
	else if (is_key(&first, "PartitionName") && r->dbd)
		copy_without(r->out, line, left_out_partition_dbd, ARRAY_LEN(left_out_partition_dbd));
	else if (is_key(&first, "PartitionName"))
		copy_without(r->out, line, left_out_partition, ARRAY_LEN(left_out_partition));
	else if (!is_key(&first, "PowerAction"))
		strbuf_adds(r->out, line);
	return 0;
}

/* How much of a line is left without its comment: '#' after an even number of backslashes begins one. */
static size_t without_comment(const char *line)
{
	size_t backslashes = 0, i = 0;
	for (; line[i] && (line[i] != '#' || backslashes % 2); i++)
		backslashes = line[i] == '\\' ? backslashes + 1 : 0;
	return i;
}

/* Does the line go on below (an odd number of backslashes at its end)? `*len` is then without the last of them. */
static bool goes_on(const char *line, size_t *len)
{
	size_t end = *len, backslashes = 0;
	while (end && isspace((unsigned char)line[end - 1]))
		end--;
	while (backslashes < end && line[end - 1 - backslashes] == '\\')
		backslashes++;
	if (backslashes % 2)
		*len = end - 1;
	return backslashes % 2;
}

/* A line without its comment, lines that continue it joined, and the lines of the text it took; false at the end. */
static bool logical_line(char **rest, struct strbuf *ret, unsigned *ret_count)
{
	char *line;
	strbuf_reset(ret);
	for (*ret_count = 0; (line = str_next_line(rest));) {
		++*ret_count;
		size_t len = without_comment(line);
		bool more = goes_on(line, &len);
		strbuf_add(ret, line, len);
		if (!more)
			break;
	}
	return *ret_count > 0;
}

/* The last of repeated ones counts; NULL: not given. */
static const char *last_value(const char *text, const char *key, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	char *rest = arena_strdup(arena, text);
	const char *value = NULL;
	unsigned count;
	while (logical_line(&rest, &line, &count)) {
		struct pair p;
		for (const char *at = strbuf_str(&line); next_pair(at, &p); at = p.end)
			if (is_key(&p, key))
				value = plain_value(arena, &p);
	}
	return value;
}

static bool uses_dbd(const char *text, struct arena *arena)
{
	const char *type = last_value(text, "AccountingStorageType", arena);
	return type && str_ends(type, "/slurmdbd");
}

/*
 * SlurmdTimeout=0: silent nodes are never set down (slurm.conf(5)). sched_interval=-1 switches the main scheduler off;
 * backfill sleeps for bf_interval first. The operator's own words come behind: the first of repeated ones is read.
 */
static void add_own(const struct rewrite *r, const char *host, unsigned port, const char *directory)
{
	strbuf_addf(r->out, "SlurmctldHost=%s(%s)\nSlurmctldPort=%u\nStateSaveLocation=%s/state\n", host,
		    SCRATCH_ADDRESS, port, directory);
	strbuf_addf(r->out, "SlurmctldPidFile=%s/pid\nSlurmctldDebug=info\nSlurmctldSyslogDebug=quiet\n", directory);
	strbuf_adds(r->out, "SlurmdTimeout=0\nInactiveLimit=0\nMailProg=/bin/true\n");
	strbuf_adds(r->out, "SchedulerParameters=sched_interval=-1,bf_interval=10800");
	if (r->scheduler && *r->scheduler)
		strbuf_addf(r->out, ",%s", r->scheduler);
	strbuf_addc(r->out, '\n');
	if (r->dbd)
		strbuf_adds(r->out, "PriorityType=priority/basic\n");
}

int scratch_conf(const char *text, size_t len, const char *host, unsigned port, const char *directory,
		 struct arena *arena, char **ret, struct err *err)
{
	if (memchr(text, 0, len))
		return err_set(err, ERR_INPUT, "slurm.conf holds a NUL byte");
	_cleanup_strbuf_ struct strbuf out = {0}, line = {0};
	char *copy = arena_strndup(arena, text, len), *rest;
	struct rewrite r = {.out = &out,
			    .dbd = uses_dbd(copy, arena),
			    .state = last_value(copy, "StateSaveLocation", arena),
			    .directory = directory,
			    .arena = arena};
	unsigned number = 1, count;
	for (rest = copy; logical_line(&rest, &line, &count); number += count) {
		if (one_line(&r, strbuf_str(&line), number, err) < 0)
			return -1;
		for (unsigned i = 0; i < count; i++)
			strbuf_addc(&out, '\n');
	}
	add_own(&r, host, port, directory);
	*ret = arena_strdup(arena, strbuf_str(&out));
	return 0;
}
