/* What a controller says of the run that is at work, or was cut off (agent/begun.h): four lines each. Its words, made printable. */
#include <string.h>

#include "base/str.h"
#include "facts/facts.h"

enum { LINE_MAX = 200 };

static const char *next(char **rest, struct arena *arena)
{
	const char *line = str_next_line(rest);
	if (!line)
		return "";
	size_t len = strlen(line);
	return str_printable(arena, line, len < LINE_MAX ? len : LINE_MAX);
}

static const struct facts_run *run_of(const json_t *answer, const char *key, struct arena *arena)
{
	const char *text = json_string_value(json_object_get(answer, key));
	if (!text)
		return NULL;
	char *rest = arena_strdup(arena, text);
	struct facts_run *run = arena_alloc(arena, sizeof *run);
	run->holder = next(&rest, arena);
	run->since = next(&rest, arena);
	run->command = next(&rest, arena);
	run->step = next(&rest, arena);
	return run;
}

static bool same_run(const struct facts_run *a, const struct facts_run *b)
{
	return streq(a->holder, b->holder) && streq(a->since, b->since) && streq(a->command, b->command);
}

void facts_begun_decode(const json_t *answer, struct arena *arena, struct facts *f)
{
	const struct facts_run *begun = run_of(answer, "begun", arena);
	if (!json_is_true(json_object_get(answer, "held"))) {
		f->cut_off = begun;
		return;
	}
	const struct facts_run *holder = run_of(answer, "holder", arena);
	f->at_work = holder && begun && same_run(holder, begun) ? begun : holder;
}
