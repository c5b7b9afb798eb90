#include "run/strays.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "run/round.h"

enum { COMMAND_MS = 20000, END_MS = 10000, PAUSE_MS = 100, MOST_OUTPUT = 8 << 20 };

static int ask(struct run *run, size_t controller, const char *const *argv, const char **ret_out, struct err *err)
{
	struct round_answer answer;
	int rc = round_run(run, controller, argv, MOST_OUTPUT, COMMAND_MS, &answer, err);
	*ret_out = answer.failure ? NULL : answer.out;
	return rc;
}

/* "27 reeve-verify-40" of an earlier run than this one. */
static bool is_stray(const struct run *run, const char *line, const char **ret_id)
{
	const char *name = strchr(line, ' ');
	uint64_t epoch, id;
	if (!name || !str_starts(name + 1, STRAYS_NAME))
		return false;
	*ret_id = arena_strndup(run->arena, line, (size_t)(name - line));
	return str_to_u64(*ret_id, 1, UINT32_MAX, &id) == 0 &&
	       str_to_u64(name + 1 + strlen(STRAYS_NAME), 0, run->cluster->epoch - 1, &epoch) == 0;
}

static int find(struct run *run, size_t controller, struct names *ids, struct err *err)
{
	static const char *const argv[] = {"squeue", "-h", "-a", "-o", "%A %j", NULL};
	const char *out, *id;
	ids->len = 0;
	if (ask(run, controller, argv, &out, err) < 0)
		return -1;
	char *rest = arena_strdup(run->arena, out);
	for (char *line; rest && (line = str_next_line(&rest));)
		if (is_stray(run, line, &id))
			*vec_push_in(run->arena, ids) = id;
	return 0;
}

int strays_end(struct run *run, struct err *err)
{
	size_t controller = roll_controller(run->roll);
	struct names ids = {0};
	const char *ignored;
	if (!run->strays || controller == SIZE_MAX)
		return 0;
	run->strays = false;
	if (find(run, controller, &ids, err) < 0)
		return -1;
	if (!ids.len)
		return 0;
	if (run->options->report)
		report_note(run->options->report, "ended %zu test job%s of a run that was cut off", ids.len,
			    ids.len == 1 ? "" : "s");
	const char **argv = arena_calloc(run->arena, ids.len + 2, sizeof *argv);
	argv[0] = "scancel";
	memcpy(argv + 1, ids.items, ids.len * sizeof *argv);
	if (ask(run, controller, argv, &ignored, err) < 0)
		return -1;
	for (uint64_t until = clock_ms() + END_MS; ids.len && clock_ms() < until;)
		if (fleet_pump(run->fleet, PAUSE_MS, err) < 0 || find(run, controller, &ids, err) < 0)
			return -1;
	return 0;
}
