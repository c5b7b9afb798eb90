#include "run/down.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"

#define SUFFIX ".service"

static const char *bare(const struct down *down, const char *unit)
{
	return str_ends(unit, SUFFIX) ? arena_strndup(down->arena, unit, strlen(unit) - strlen(SUFFIX)) : unit;
}

/* The daemon that a command stops; NULL: none. */
static const char *stopped_by(const struct down *down, const struct action *a)
{
	if (a->kind != ACTION_RUN || !streq(a->argv[0], "systemctl") || !a->argv[1] || !streq(a->argv[1], "stop"))
		return NULL;
	return a->argv[2] ? bare(down, a->argv[2]) : NULL;
}

bool down_begin(struct down *down, const struct step *step)
{
	for (size_t i = 0; i < step->len; i++) {
		const char *unit = stopped_by(down, &step->items[i]);
		if (!unit)
			continue;
		__typeof__(down->items) x = vec_push_in(down->arena, down);
		x->host = step->items[i].host;
		x->unit = unit;
	}
	if (!down->interrupt)
		return true;
	if (down->len)
		return interrupt_hold(down->interrupt, down_text(down));
	return !down->interrupt->cancel;
}

static void remove_unit(struct down *down, size_t host, const char *unit)
{
	size_t kept = 0;
	for (size_t i = 0; i < down->len; i++)
		if (down->items[i].host != host || !streq(down->items[i].unit, unit))
			down->items[kept++] = down->items[i];
	down->len = kept;
}

static void remove_started(struct down *down, size_t host, const struct resource *const *resources, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (resources[i]->type == RESOURCE_SERVICE && resources[i]->service.running)
			remove_unit(down, host, bare(down, resources[i]->service.unit));
}

void down_done(struct down *down, const struct action *a)
{
	if (a->kind == ACTION_APPLY)
		remove_started(down, a->host, (const struct resource *const *)a->resources, a->count);
}

void down_undone(struct down *down, const struct action *a)
{
	remove_started(down, a->host, (const struct resource *const *)a->undo, a->undo_count);
}

void down_end(struct down *down)
{
	if (!down->interrupt)
		return;
	if (!down->len)
		interrupt_release(down->interrupt);
	else
		down->interrupt->section = down_text(down);
}

const char *down_text(const struct down *down)
{
	const char *text = NULL;
	const char **names = arena_calloc(down->arena, down->len, sizeof *names);
	for (size_t i = 0; i < down->len; i++) {
		size_t n = 0, before = 0;
		while (before < i && !streq(down->items[before].unit, down->items[i].unit))
			before++;
		for (size_t k = i; before == i && k < down->len; k++)
			if (streq(down->items[k].unit, down->items[i].unit))
				names[n++] = down->inv->hosts[down->items[k].host].name;
		if (n)
			text = arena_printf(down->arena, "%s%s%s is stopped on %s", text ? text : "", text ? ", " : "",
					    down->items[i].unit, hostlist_compress(names, n, down->arena));
	}
	return text;
}
