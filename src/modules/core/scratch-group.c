/* What happens to many jobs in the same way is one finding. */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/core/scratch.h"

enum { MOST_SUBJECTS = 20 };

struct group {
	size_t at; /* in the list */
	struct {
		const char **items;
		size_t len, cap;
	} subjects;
};

/* "job 12" is 12 of the jobs; NULL: it is about something else, and stands alone. */
static const char *job_of(const struct scratch_finding *f)
{
	bool job = f->kind == SCRATCH_JOB_GONE || f->kind == SCRATCH_JOB_CHANGED;
	return job && str_starts(f->subject, "job ") ? f->subject + strlen("job ") : NULL;
}

static const char *subjects_text(const struct group *g, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_adds(&out, "jobs ");
	for (size_t i = 0; i < g->subjects.len && i < MOST_SUBJECTS; i++)
		strbuf_addf(&out, "%s%s", i ? ", " : "", g->subjects.items[i]);
	if (g->subjects.len > MOST_SUBJECTS)
		strbuf_addf(&out, " and %zu more", g->subjects.len - MOST_SUBJECTS);
	return arena_strdup(arena, strbuf_str(&out));
}

void scratch_group(struct scratch_findings *findings, struct arena *arena)
{
	_cleanup_map_ struct map groups = {0};
	size_t kept = 0;
	for (size_t i = 0; i < findings->len; i++) {
		struct scratch_finding f = findings->items[i];
		const char *job = job_of(&f);
		if (!job) {
			findings->items[kept++] = f;
			continue;
		}
		const char *key = arena_printf(arena, "%d %d %s\n%s\n%s", f.kind, f.blocks, f.before ? f.before : "",
					       f.after ? f.after : "", f.text);
		struct group *g = map_get(&groups, key);
		if (!g) {
			g = arena_alloc(arena, sizeof *g);
			g->at = kept;
			map_set(&groups, key, g);
			findings->items[kept++] = f;
		} else {
			findings->items[g->at].subject = NULL;
		}
		*vec_push_in(arena, &g->subjects) = job;
	}
	findings->len = kept;
	for (size_t i = 0; i < kept; i++) {
		struct scratch_finding *f = &findings->items[i];
		if (f->subject)
			continue;
		const struct group *g =
		    map_get(&groups, arena_printf(arena, "%d %d %s\n%s\n%s", f->kind, f->blocks,
						  f->before ? f->before : "", f->after ? f->after : "", f->text));
		f->subject = subjects_text(g, arena);
	}
}
