#include "run/cure.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "run/round.h"

enum { CURE_MS = 240000, ROUND_MS = 300000, AUDIT_MS = 30000, OUTPUT_MAX = 64 << 10 };

static bool was_tried(const struct cures *tried, const struct finding *f)
{
	for (size_t i = 0; i < tried->len; i++)
		if (str_same(tried->items[i].host, f->host) && streq(tried->items[i].command, f->cure))
			return true;
	return false;
}

static bool is_due(const struct cures *tried, const struct finding *f)
{
	return f->cure && !f->cause && !was_tried(tried, f);
}

bool cure_any(const struct findings *findings, const struct cures *tried)
{
	for (size_t i = 0; i < findings->len; i++)
		if (is_due(tried, &findings->items[i]))
			return true;
	return false;
}

/* The last thing that it said is mostly the one that counts: the maintainer script's line stands before dpkg's summary. */
static const char *failure_of(const struct fleet_request *request, struct arena *arena)
{
	const char *first = round_failure(request, arena);
	return first ? arena_strdup(arena, first) : NULL;
}

/* For the audit log of the controllers. */
static json_t *audit_message(const struct cures *done, size_t from, const char *who)
{
	char when[21];
	json_t *did = json_array();
	for (size_t i = from; i < done->len; i++)
		json_array_append_new(did, json_pack("{s:s?, s:s, s:b}", "host", done->items[i].host, "command",
						     done->items[i].command, "done", done->items[i].failed == NULL));
	clock_iso(clock_wall_ms(), when);
	json_t *line =
	    json_pack("{s:s, s:s, s:s, s:o}", "when", when, "who", who, "command", "reeve doctor --fix", "did", did);
	char *text = json_dumps(line, JSON_COMPACT);
	json_t *message = round_audit(text);
	free(text);
	json_decref(line);
	return message;
}

static int write_audit(struct run *run, json_t *message, struct err *err)
{
	struct round round = {.run = run};
	round_add_controllers(&round, message);
	return round_ask(&round, AUDIT_MS, NULL, NULL, err);
}

struct curing {
	struct cures *tried;
	size_t next; /* whose answer comes next: requests and cures are in one order */
};

static void take_cure(void *data, size_t host, const struct fleet_request *request)
{
	struct curing *c = data;
	(void)host;
	c->tried->items[c->next++].failed = failure_of(request, c->tried->arena);
}

int cure_all(struct run *run, const struct findings *findings, struct cures *tried, struct err *err)
{
	struct round round = {.run = run};
	struct curing curing = {tried, tried->len};
	size_t from = tried->len;
	for (size_t i = 0; i < findings->len; i++) {
		const struct finding *f = &findings->items[i];
		const struct inv_host *on = f->cure ? inventory_host(run->inv, f->cure_on) : NULL;
		if (!is_due(tried, f) || !on || !roll_in(run->roll, on->index))
			continue;
		*vec_push_in(tried->arena, tried) = (struct cure){
		    .host = arena_strdup(tried->arena, f->host),
		    .code = f->code,
		    .command = arena_strdup(tried->arena, f->cure),
		};
		const char *const argv[] = {"sh", "-c", f->cure, NULL};
		round_add(&round, on->index, round_command(argv, NULL, OUTPUT_MAX, CURE_MS));
	}
	int rc = round_ask(&round, ROUND_MS, take_cure, &curing, err);
	return rc < 0 || tried->len == from ? rc
					    : write_audit(run, audit_message(tried, from, run->options->holder), err);
}
