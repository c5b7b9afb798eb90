#include "lab/work.h"

#include <unistd.h>

#include "base/clock.h"

int work_open(struct work *w, struct arena *arena, const char *cluster, struct err *err)
{
	if (geteuid() != 0)
		return err_set(err, ERR_REFUSED, "the lab makes containers and networks: it needs root");
	if (place_init(&w->place, arena, cluster, err) < 0 || place_private(w->place.labs, err) < 0)
		return -1;
	w->start = clock_ms();
	return place_lock(arena_printf(arena, "%s.lock", w->place.dir), err);
}

void work_say(struct work *w, const char *node, const char *text)
{
	if (w->progress)
		w->progress(w->context, node, text);
}
