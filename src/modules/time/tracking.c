/*
 * Clocks, as chronyd measures them against its servers: what it says is a measurement, that it runs is none.
 */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/time/time.h"

/* chronyc(1), tracking: fourteen fields with commas between in 4.x; the fifth is the offset in seconds, the last the leap status. */
enum { OFFSET = 4, LEAP = 13, FIELDS = 14 };

/* Off from its servers, s: MUNGE tolerates 300, and people who compare logs less. */
enum { MOST_S = 1, EVER_S = 1000000000 };

static const char *const tracking[] = {"chronyc", "-n", "-c", "tracking", NULL};

/* "-3.250020014": the whole seconds, with either sign. */
static int whole_seconds(const char *text, uint64_t *ret)
{
	text += *text == '-';
	size_t whole = str_read_u64(text, EVER_S, ret);
	const char *part = text + whole + 1;
	return whole && text[whole] == '.' && *part && !part[strspn(part, "0123456789")] ? 0 : -1;
}

const char *time_fault(const char *line, struct arena *arena)
{
	char *rest = arena_strndup(arena, line, strcspn(line, "\n")), *fields[FIELDS];
	uint64_t off;
	size_t n = 0;
	while (rest && n < FIELDS)
		fields[n++] = strsep(&rest, ",");
	if (n < FIELDS || whole_seconds(fields[OFFSET], &off) < 0)
		return "chronyd does not say how far its clock is off";
	if (streq(fields[LEAP], "Not synchronised"))
		return "its clock follows no server: none has answered yet";
	if (off < MOST_S)
		return NULL;
	return arena_printf(arena, "its clock is %llu s off from its servers", (unsigned long long)off);
}

static enum check_verdict judge(const struct check *check, const struct check_answer *answer, struct arena *arena,
				const char **ret_why)
{
	(void)check;
	if (answer->status) {
		const char *said = *answer->errors ? answer->errors : answer->out;
		*ret_why =
		    arena_printf(arena, "chronyd does not answer: %s", str_printable(arena, said, strcspn(said, "\n")));
		return CHECK_FAILED;
	}
	*ret_why = time_fault(answer->out, arena);
	return *ret_why ? CHECK_FAILED : CHECK_HOLDS;
}

void time_verify(const struct verify_context *v, struct checks *checks)
{
	const struct cluster *c = v->cluster;
	bool *hosts = arena_calloc(checks->arena, c->inv->host_count, sizeof *hosts);
	for (size_t i = 0; i < c->inv->host_count; i++)
		hosts[i] = v->present[i] && cluster_has_module(c, i, "time");
	struct check *check =
	    checks_add(checks, "time", "time:synchronised", "every clock is set by its servers", CHECK_RUN, hosts);
	check->argv = tracking;
	check->timeout_ms = 10000;
	check->wait_ms = 60000;
	check->judge = judge;
	check->fix = "`chronyc -n sources` on that host shows whom it asks, and who answers";
	check->origin = time_of(c)->at;
}

static void ask(const struct doctor_host *h, json_t *items)
{
	(void)h;
	doctor_ask_run(items, "time.tracking", tracking, 5000);
}

static void not_synchronised(struct doctor *d, size_t host)
{
	const char *out, *errors, *name = d->cluster->inv->hosts[host].name;
	int status = doctor_run(d, host, "time.tracking", &out, &errors);
	if (status < 0)
		return;
	const char *why =
	    status ? "chronyd does not answer, so that nothing sets its clock" : time_fault(out, d->findings->arena);
	if (!why)
		return;
	struct finding *f = doctor_add(d, host, "%s", why);
	if (status)
		doctor_cure(d, f, host, "systemctl restart chrony.service");
	else
		f->fix = doctor_text(d, "on %s: `chronyc -n sources` shows whom it asks, and who answers", name);
}

static const struct diagnosis rows[] = {
    {CODE_TIME, FINDING_WARNING, ask, not_synchronised, NULL},
};

const struct diagnoses time_diagnoses = {rows, ARRAY_LEN(rows), "time"};
