#include "slurm/why.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/names.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/pending.h"
#include "slurm/state-text.h"
#include "slurm/why-table.h"

/*
 * id, state, user, account, QOS, partitions, nodes, CPUs, CPUs of a node, memory, features, GRES, time limit, submitted, start,
 * end, nodes that it has or is to have, nodes asked for, nodes excluded, reservation, dependency, priority, reason. Nothing of
 * it is a text of the user's own but the last, which is Slurm's. The mark in front is in no other output.
 */
#define MARK "why"
static const char format[] =
    MARK "\t%i\t%T\t%u\t%a\t%q\t%P\t%D\t%C\t%c\t%m\t%f\t%b\t%l\t%V\t%S\t%e\t%N\t%n\t%x\t%v\t%E\t%Q\t%r";
enum { FIELDS = 24, MOST_NAMES = 65536, SHOWN = 8 };

const char *const slurm_why_argv[] = {"squeue", "-h", "-a", "-t", "all", "-o", format, "-j", NULL};
const char *const slurm_why_all_argv[] = {"squeue", "-h", "-a", "-t", "PENDING", "-o", format, NULL};

static const char *or_null(const char *value)
{
	static const char *const nothing[] = {"", "(null)", "N/A", "None", "NONE", "Unknown"};
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++)
		if (streq(value, nothing[i]))
			return NULL;
	return value;
}

/* "4-8": at least 4. */
static uint64_t number(const char *text)
{
	uint64_t n = 0;
	return str_read_u64(text, UINT32_MAX, &n) ? n : 0;
}

static bool parse_line(char *line, struct arena *arena, struct slurm_why_job *ret)
{
	const char *f[FIELDS];
	char *rest = line;
	size_t n = 0;
	for (; n < FIELDS && rest; n++)
		f[n] = arena_strdup(arena, strsep(&rest, "\t"));
	if (n != FIELDS || rest || !streq(f[0], MARK) || !*f[1])
		return false;
	*ret = (struct slurm_why_job){
	    .id = f[1],
	    .state = f[2],
	    .user = or_null(f[3]),
	    .account = or_null(f[4]),
	    .qos = or_null(f[5]),
	    .partitions = or_null(f[6]),
	    .nodes = number(f[7]),
	    .cpus = number(f[8]),
	    .node_cpus = number(f[9]),
	    .memory_mib = slurm_mebibytes(f[10]),
	    .memory = or_null(f[10]),
	    .features = or_null(f[11]),
	    .gres = or_null(f[12]),
	    .limit = or_null(f[13]),
	    .submitted = or_null(f[14]),
	    .starts = or_null(f[15]),
	    .ends = or_null(f[16]),
	    .on = or_null(f[17]),
	    .asked_nodes = or_null(f[18]),
	    .excluded_nodes = or_null(f[19]),
	    .reservation = or_null(f[20]),
	    .dependency = or_null(f[21]),
	    .priority = number(f[22]),
	    .reason = f[23],
	};
	return true;
}

int slurm_why_parse(const char *text, size_t len, struct arena *arena, struct slurm_why_job **ret, size_t *ret_count,
		    struct err *err)
{
	VEC(struct slurm_why_job) jobs = {0};
	char *rest = arena_strndup(arena, text, len);
	for (char *line; rest && (line = str_next_line(&rest));) {
		struct slurm_why_job job;
		if (!*line)
			continue;
		if (!parse_line(line, arena, &job))
			return err_set(err, ERR_PROTOCOL, "squeue printed a line that is not of a job");
		*vec_push_in(arena, &jobs) = job;
	}
	*ret = jobs.items;
	*ret_count = jobs.len;
	return 0;
}

struct explaining {
	const struct slurm_why_job *job;
	const struct slurm_why_scene *scene;
	VEC(const char *) figures;
	struct arena *arena;
};

static void add(struct explaining *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct explaining *e, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	*vec_push_in(e->arena, &e->figures) = str_printable(e->arena, strbuf_str(&text), text.len);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* What it asks for, as far as that decides where it can run. */
static void add_request(struct explaining *e)
{
	const struct slurm_why_job *j = e->job;
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_addf(&text, "it asks for %llu node%s, %llu CPU%s", (unsigned long long)j->nodes, plural(j->nodes),
		    (unsigned long long)j->cpus, plural(j->cpus));
	if (j->memory && j->memory_mib)
		strbuf_addf(&text, ", %s of memory a node or CPU", j->memory);
	if (j->gres)
		strbuf_addf(&text, ", %s", j->gres);
	if (j->features)
		strbuf_addf(&text, ", nodes that are %s", j->features);
	if (j->asked_nodes)
		strbuf_addf(&text, ", on %s", j->asked_nodes);
	if (j->excluded_nodes)
		strbuf_addf(&text, ", not on %s", j->excluded_nodes);
	add(e, "%s", strbuf_str(&text));
}

enum fit {
	FIT_NOT, /* another kind of node than the job asks for */
	FIT_IDLE,
	FIT_BUSY,
	FIT_OUT, /* drained, down, or not answering */
	FITS
};

static bool names_has(struct arena *arena, const char *list, const char *name)
{
	const char *const *names;
	size_t count;
	struct err ignored;
	if (hostlist_expand(list, MOST_NAMES, arena, &names, &count, NULL, &ignored) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (streq(names[i], name))
			return true;
	return false;
}

/* Features with operators, and GRES, are Slurm's to judge: a node is doubted as little as can be. */
static bool is_of_kind(const struct explaining *e, const struct slurm_node_state *n)
{
	const struct slurm_why_job *j = e->job;
	bool plain = j->features && !strpbrk(j->features, "&|!()[]*");
	if (j->node_cpus > n->cpus || j->memory_mib > n->memory_mib)
		return false;
	if (plain && !(n->features && str_has_item(n->features, j->features, strncmp)))
		return false;
	if (j->gres && !n->gres)
		return false;
	return !(j->asked_nodes && !names_has(e->arena, j->asked_nodes, n->name)) &&
	       !(j->excluded_nodes && names_has(e->arena, j->excluded_nodes, n->name));
}

static enum fit fit_of(const struct explaining *e, const struct slurm_node_state *n)
{
	if (!is_of_kind(e, n))
		return FIT_NOT;
	if (n->flags & (SLURM_NODE_DRAIN | SLURM_NODE_NO_RESPOND | SLURM_NODE_INVALID_REG | SLURM_NODE_FAIL |
			SLURM_NODE_MAINT | SLURM_NODE_REBOOT) ||
	    n->base == SLURM_NODE_DOWN || n->base == SLURM_NODE_ERROR || n->base == SLURM_NODE_UNKNOWN ||
	    n->base == SLURM_NODE_FUTURE)
		return FIT_OUT;
	return n->base == SLURM_NODE_IDLE && !(n->flags & (SLURM_NODE_COMPLETING | SLURM_NODE_RESERVED)) ? FIT_IDLE
													 : FIT_BUSY;
}

/* Those that are out, each with Slurm's reason, so far as they are few. */
static void add_out(struct explaining *e, const struct slurm_node_state *const *out, size_t count)
{
	for (size_t i = 0; i < count && i < SHOWN; i++)
		add(e, "%s is %s%s%s%s%s%s", out[i]->name, out[i]->state_text, out[i]->reason ? ": " : "",
		    out[i]->reason ? out[i]->reason : "", out[i]->reason_by ? " (" : "",
		    out[i]->reason_by ? out[i]->reason_by : "", out[i]->reason_by ? ")" : "");
	if (count > SHOWN)
		add(e, "and %zu more that are drained or down", count - SHOWN);
}

/* True: enough nodes of its kind are there, so that it can start some time. */
static bool add_partition_nodes(struct explaining *e, const char *partition)
{
	VEC(const struct slurm_node_state *) out = {0};
	size_t count[FITS] = {0}, all = 0;
	for (size_t i = 0; i < e->scene->node_count; i++) {
		const struct slurm_node_state *n = &e->scene->nodes[i];
		if (!n->partitions || !str_has_item(n->partitions, partition, strncmp))
			continue;
		enum fit fit = fit_of(e, n);
		count[fit]++;
		all++;
		if (fit == FIT_OUT)
			*vec_push_in(e->arena, &out) = n;
	}
	size_t fits = all - count[FIT_NOT];
	add(e, "partition %s: %zu of %zu node%s fit, of which %zu idle, %zu in use, %zu drained or down", partition,
	    fits, all, plural(all), count[FIT_IDLE], count[FIT_BUSY], count[FIT_OUT]);
	add_out(e, out.items, out.len);
	return fits >= e->job->nodes && fits;
}

static const struct slurm_partition_state *partition_named(const struct slurm_why_scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->partition_count; i++)
		if (streq(scene->partitions[i].name, name))
			return &scene->partitions[i];
	return NULL;
}

/* Calls it for each partition that the job may run in; gives whether any said yes. */
static bool each_partition(struct explaining *e, bool (*each)(struct explaining *e, const char *partition))
{
	bool any = false;
	char *rest = arena_strdup(e->arena, e->job->partitions ? e->job->partitions : "");
	for (const char *name; (name = str_next(&rest, ","));)
		any |= each(e, name);
	return any;
}

static bool add_limits(struct explaining *e, const char *partition)
{
	const struct slurm_partition_state *p = partition_named(e->scene, partition);
	static const char *const keys[] = {"MinNodes",      "MaxNodes", "MaxTime",   "AllowGroups",
					   "AllowAccounts", "AllowQos", "TotalNodes"};
	_cleanup_strbuf_ struct strbuf text = {0};
	for (size_t i = 0; p && i < ARRAY_LEN(keys); i++) {
		const char *value = slurm_field_get(p->text, keys[i], e->arena);
		if (value && !streq(value, "ALL") && !streq(value, "UNLIMITED") && !streq(value, "0"))
			strbuf_addf(&text, " %s=%s", keys[i], value);
	}
	add(e, "partition %s:%s", partition, p ? strbuf_str(&text) : " there is none of this name");
	return true;
}

static bool add_time(struct explaining *e, const char *partition)
{
	const struct slurm_partition_state *p = partition_named(e->scene, partition);
	const char *most = p ? slurm_field_get(p->text, "MaxTime", e->arena) : NULL;
	add(e, "it asks for %s; partition %s allows %s", e->job->limit ? e->job->limit : "the partition's default",
	    partition, most ? most : "nothing: there is none of this name");
	return true;
}

static bool add_state(struct explaining *e, const char *partition)
{
	const struct slurm_partition_state *p = partition_named(e->scene, partition);
	add(e, "partition %s is %s", partition, p ? p->state : "not there");
	return true;
}

static bool shares_partition(const struct slurm_why_job *a, const struct slurm_why_job *b, struct arena *arena)
{
	char *rest = arena_strdup(arena, a->partitions ? a->partitions : "");
	for (const char *name; (name = str_next(&rest, ","));)
		if (b->partitions && str_has_item(b->partitions, name, strncmp))
			return true;
	return false;
}

static void add_before(struct explaining *e)
{
	size_t count = 0;
	_cleanup_strbuf_ struct strbuf ids = {0};
	for (size_t i = 0; i < e->scene->waiting_count; i++) {
		const struct slurm_why_job *o = &e->scene->waiting[i];
		if (o->priority <= e->job->priority || !shares_partition(e->job, o, e->arena))
			continue;
		if (count++ < SHOWN)
			strbuf_addf(&ids, "%s%s", ids.len ? ", " : "", o->id);
	}
	if (count)
		add(e, "its priority is %llu; %zu job%s with a higher one wait%s: %s%s",
		    (unsigned long long)e->job->priority, count, plural(count), count == 1 ? "s" : "", strbuf_str(&ids),
		    count > SHOWN ? ", ..." : "");
	else
		add(e, "its priority is %llu; those that were before it have started since",
		    (unsigned long long)e->job->priority);
}

static void add_reservation(struct explaining *e)
{
	const char *name = e->job->reservation;
	for (size_t i = 0; name && i < e->scene->reservation_count; i++) {
		const struct slurm_reservation *r = &e->scene->reservations[i];
		if (!streq(r->name, name))
			continue;
		add(e, "reservation %s is %s, from %s to %s, on %s", name, r->state, r->start, r->end,
		    r->nodes ? r->nodes : "no nodes");
		return;
	}
	add(e, name ? "there is no reservation %s" : "it names no reservation", name);
}

/* Are there enough nodes of its kind, as far as that is looked at? */
static bool add_figures(struct explaining *e, enum why_figures figures)
{
	const struct slurm_why_job *j = e->job;
	switch (figures) {
	case WHY_NODES:
	case WHY_PRIORITY:
		add_request(e);
		if (figures == WHY_PRIORITY)
			add_before(e);
		return each_partition(e, add_partition_nodes);
	case WHY_TIME:
		return each_partition(e, add_time);
	case WHY_NODE_LIMITS:
		add_request(e);
		each_partition(e, add_limits);
		return each_partition(e, add_partition_nodes);
	case WHY_PARTITION:
		return each_partition(e, add_state);
	case WHY_DEPENDENCY:
		if (j->dependency)
			add(e, "it waits for %s", j->dependency);
		return true;
	case WHY_BEGIN:
		if (j->starts)
			add(e, "it starts at %s at the earliest", j->starts);
		return true;
	case WHY_RESERVATION:
		add_reservation(e);
		return true;
	case WHY_PLAIN:
		break;
	}
	return true;
}

static const struct why_row *row_of(const struct why_row *rows, const char *name)
{
	/* "ReqNodeNotAvail, UnavailableNodes:n[1-2]", "launch failed requeued held" of old */
	for (const struct why_row *r = rows; r->name; r++) {
		size_t len = strlen(r->name);
		if (strncmp(name, r->name, len) == 0 && (!name[len] || name[len] == ','))
			return r;
	}
	return NULL;
}

/* Slurm writes some with blanks, some with underscores, some in brackets. Only the first piece of what has others behind it, as
 * "ReqNodeNotAvail, UnavailableNodes:n3", is a reason's name; "DOWN, DRAINED or reserved" is one. */
static const char *plain_reason(const char *reason, struct arena *arena)
{
	char *text = arena_strdup(arena, *reason == '(' ? reason + 1 : reason);
	size_t len = strlen(text);
	if (len && text[len - 1] == ')')
		text[len - 1] = '\0';
	for (char *p = text; *p; p++)
		if (*p == ' ' && p > text)
			*p = '_';
	return text;
}

/* "QOSGrpCpuLimit", "AssocMaxGRESPerJob", "MaxCpuPerAccount": whose limit, of what. */
static const char *limit_text(const struct explaining *e, const char *reason, const char **ret_fix)
{
	static const struct {
		const char *name, *text;
	} things[] = {{"SubmitJobs", "jobs that run and wait"},
		      {"SubmitJob", "jobs that run and wait"},
		      {"Jobs", "running jobs"},
		      {"Cpu", "CPUs"},
		      {"CPU", "CPUs"},
		      {"Memory", "memory"},
		      {"Mem", "memory"},
		      {"Node", "nodes"},
		      {"Energy", "energy"},
		      {"GRES", "GRES"},
		      {"License", "licenses"},
		      {"BB", "burst buffer"},
		      {"Billing", "billing units"},
		      {"Wall", "time"},
		      {"Unknown", "a resource"}};
	bool qos = str_starts(reason, "QOS"), assoc = str_starts(reason, "Assoc");
	const char *p = reason + (qos ? 3 : assoc ? 5 : 0), *thing = NULL;
	bool group = str_starts(p, "Grp"), most = str_starts(p, "Max"), least = str_starts(p, "Min");
	if (!group && !most && !least)
		return NULL;
	p += 3;
	for (size_t i = 0; i < ARRAY_LEN(things) && !thing; i++)
		if (str_starts(p, things[i].name))
			thing = things[i].text;
	bool job = strstr(p, "PerJob") || strstr(p, "PerNode") || least;
	const char *each = strstr(p, "PerJob")       ? " of one job"
			   : strstr(p, "PerNode")    ? " of one node of a job"
			   : strstr(p, "PerUser")    ? " of one user"
			   : strstr(p, "PerAccount") ? " of one account"
			   : group                   ? " of all jobs together"
						     : "";
	const char *whose = assoc ? "account and user" : "QOS";
	const char *whom = assoc ? e->job->account : e->job->qos;
	*ret_fix =
	    job ? "it will not start as it is: ask for less, or `scancel JOB`; `sacctmgr show assoc`, `sacctmgr show "
		  "qos` show the limits"
		: "it starts when jobs under the same limit have ended; `sacctmgr show assoc`, `sacctmgr show qos` "
		  "show "
		  "the limits";
	return arena_printf(e->arena, "a limit of its %s%s%s%s is reached: %s %s%s%s", whose, whom ? " (" : "",
			    whom ? whom : "", whom ? ")" : "", least ? "at least so many" : "at most so many",
			    thing ? thing : "something",
			    strstr(p, "Minutes") || strstr(p, "RunM") ? ", by their time" : "", each);
}

/* The job's number in the place of JOB. */
static const char *with_number(const char *text, const char *id, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	size_t digits = strspn(id, "0123456789");
	for (const char *at; (at = strstr(text, "JOB")); text = at + 3)
		strbuf_addf(&out, "%.*s%.*s", (int)(at - text), text, (int)digits, id);
	strbuf_adds(&out, text);
	return arena_strndup(arena, strbuf_str(&out), out.len);
}

static void add_when(struct explaining *e, bool waiting)
{
	const struct slurm_why_job *j = e->job;
	if (waiting && j->starts)
		add(e, "Slurm expects to start it at %s, if nothing changes", j->starts);
	else if (!waiting && j->on)
		add(e, "on %s%s%s%s%s", j->on, j->starts ? ", from " : "", j->starts ? j->starts : "",
		    j->ends ? " to " : "", j->ends ? j->ends : "");
}

struct slurm_why slurm_why_explain(const struct slurm_why_job *job, const struct slurm_why_scene *scene,
				   struct arena *arena)
{
	struct explaining e = {.job = job, .scene = scene, .arena = arena};
	bool waiting = slurm_job_phase_of(job->state) == SLURM_JOB_PENDING, possible = true;
	const char *reason = plain_reason(job->reason, arena), *fix = NULL, *what = NULL;
	const struct why_row *row = waiting ? row_of(why_reasons, reason) : row_of(why_states, job->state);
	if (row) {
		what = row->what;
		fix = row->fix;
		possible = add_figures(&e, row->figures);
	} else if (waiting) {
		what = limit_text(&e, reason, &fix);
	}
	if (!what)
		what = arena_printf(arena, waiting ? "Slurm's reason is '%s'" : "it is %s",
				    waiting ? str_printable(arena, job->reason, strlen(job->reason)) : job->state);
	if (!possible) {
		what = arena_printf(
		    arena, "%s; and there are not as many nodes of the kind that it asks for: it will wait for ever",
		    what);
		fix = "`scontrol update JobId=JOB` with less, `scancel JOB`, or nodes that have it";
	}
	if (!row || row->figures != WHY_BEGIN)
		add_when(&e, waiting);
	*vec_push_in(arena, &e.figures) = NULL;
	return (struct slurm_why){what, e.figures.items, fix ? with_number(fix, job->id, arena) : NULL};
}
