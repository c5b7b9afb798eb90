#include "lab/wait.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "lab/answer.h"
#include "lab/backend.h"
#include "lab/image.h"
#include "lab/machine.h"

enum { WAIT_FOREIGN_S = 240 };

static bool still_runs(struct answer *a, void *context)
{
	struct work *w = context;
	const struct roster_node *n = a->data;

	return machine_runs(&w->place, n->node.name);
}

static void has_answered(struct answer *a, void *context)
{
	struct work *w = context;
	const struct roster_node *n = a->data;

	work_say(
	    w, n->node.name,
	    arena_printf(w->place.arena, "answers at %s (%.1f s)", a->address, (double)(clock_ms() - w->start) / 1000));
}

int wait_nodes(struct work *w, const struct roster_node *first, size_t count, unsigned wait_s, struct err *err)
{
	struct answer *all = arena_calloc(w->place.arena, count + 1, sizeof *all);
	_cleanup_strbuf_ struct strbuf missing = {0};
	unsigned longest = 0;

	for (size_t i = 0; i < count; i++) {
		const struct lab_node *n = &first[i].node;
		unsigned s = streq(n->arch, image_native_arch()) ? backend_of_node(n)->wait_s : WAIT_FOREIGN_S;
		all[i] = (struct answer){.address = n->address, .data = (void *)&first[i]};
		longest = s > longest ? s : longest;
	}
	if (!wait_s)
		wait_s = longest;
	if (answer_wait(all, count, wait_s * 1000, still_runs, has_answered, w) == count)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (all[i].yes)
			continue;
		const char *name = first[i].node.name;
		strbuf_addf(&missing, "%s%s %s", missing.len ? "; " : "", name,
			    all[i].given_up ? "ended" : "does not answer");
		work_say(w, name,
			 arena_printf(w->place.arena, "%s; its last words: %s",
				      all[i].given_up ? "ended" : "does not answer",
				      machine_last_words(&w->place, name)));
	}
	return err_set(err, ERR_TIMEOUT, "%s (what they said is in %s/NODE/log)", strbuf_str(&missing), w->place.nodes);
}
