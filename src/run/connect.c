/*
 * The sessions with all hosts. A host that is excluded is often off, and to find that out takes as long as a connection's
 * time-out: no run should wait for it. Who is excluded stands in the controllers' record; it is asked for only where some
 * host is still missing after a moment, and then an excluded host has a little longer than the last of the others. One
 * that answers in that time is in the run, whatever it does next: an old slurmd on it is to be found.
 */
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "model/copies.h"
#include "run/gather.h"

enum { CONNECT_MS = 60000, PATIENCE_MS = 1500, GRACE_MS = 2000, RECORD_MS = 10000, RECORD_MAX = 16 << 20 };

static void on_phase(void *data, size_t host, enum fleet_phase now)
{
	const struct gathered *g = data;
	/* gather_leave_behind() says what failed, with its reason; what is closed had its end before. */
	if (g->options->report && now != FLEET_FAILED && now != FLEET_CLOSED)
		report_host(g->options->report, host, REPORT_WORKING, fleet_phase_name(now));
}

static void on_warning(void *data, size_t host, const char *text)
{
	const struct gathered *g = data;
	if (g->options->report)
		report_note(g->options->report, "%s%s%s", host == SIZE_MAX ? "" : g->inv->hosts[g->host_of[host]].name,
			    host == SIZE_MAX ? "" : ": ", text);
}

static void on_tick(void *data)
{
	const struct gathered *g = data;
	if (g->options->report)
		report_tick(g->options->report);
}

static int make_fleet(struct gathered *g, struct err *err)
{
	const struct inventory *inv = g->inv;
	struct fleet_target *targets = arena_calloc(g->arena, inv->host_count, sizeof *targets);
	const char **names = arena_calloc(g->arena, inv->host_count, sizeof *names);
	for (size_t i = 0; i < inv->host_count; i++) {
		const struct inv_host *h = &inv->hosts[i];
		g->fleet_of[i] = SIZE_MAX;
		if (!h->compute && !h->controller)
			continue;
		g->fleet_of[i] = g->asked;
		g->host_of[g->asked] = i;
		names[g->asked] = h->name;
		struct fleet_target target = {h->name, h->address, h->user, h->port, h->local};
		if (g->options->by_name)
			target = (struct fleet_target){.name = h->name};
		targets[g->asked++] = target;
	}
	if (g->options->report)
		report_begin(g->options->report, names, g->asked);
	if (g->options->report)
		report_phase(g->options->report, "connect");
	struct fleet_options options = g->options->fleet;
	options.on_phase = on_phase;
	options.on_warning = on_warning;
	options.on_tick = on_tick;
	options.data = g;
	g->fleet = fleet_new(targets, g->asked, &options, err);
	return g->fleet ? 0 : -1;
}

static bool any_missing(const struct gathered *g)
{
	for (size_t i = 0; i < g->asked; i++)
		if (fleet_phase(g->fleet, i) < FLEET_OPEN)
			return true;
	return false;
}

/* Of the time for all of it. */
static unsigned left(uint64_t began_ms)
{
	uint64_t gone = clock_ms() - began_ms;
	return gone < CONNECT_MS ? (unsigned)(CONNECT_MS - gone) : 0;
}

/* The record of the controllers that are there; NULL: none is certain. What is wrong with them is said when the facts
 * are. */
static const struct record *known(const struct gathered *g, const struct fleet_request *requests, size_t count)
{
	const char **texts = arena_calloc(g->arena, g->inv->controller_count, sizeof *texts);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_object_get(json_object_get(requests[i].answer, "items"), "record");
		texts[i] = json_string_value(json_object_get(item, "text"));
	}
	return copies_of_texts(texts, g->inv->controller_count, g->arena);
}

static int ask_record(const struct gathered *g, const struct record **ret, struct err *err)
{
	const struct inventory *inv = g->inv;
	struct fleet_request *requests = arena_calloc(g->arena, inv->controller_count, sizeof *requests);
	json_t *message = json_pack("{s:s, s:[{s:s, s:s, s:i}]}", "verb", "collect", "items", "name", "record", "read",
				    "/var/lib/reeve/record.json", "max", RECORD_MAX);
	size_t n = 0;
	for (size_t i = 0; i < inv->controller_count; i++)
		if (fleet_phase(g->fleet, g->fleet_of[inv->controllers[i]]) == FLEET_OPEN)
			requests[n++] = gather_request(g, inv->controllers[i], message);
	int rc = fleet_round(g->fleet, requests, n, RECORD_MS, err);
	*ret = rc == 0 ? known(g, requests, n) : NULL;
	for (size_t i = 0; i < n; i++)
		fleet_request_clear(&requests[i]);
	json_decref(message);
	return rc;
}

static bool is_asked_for(const struct inv_choice *choice, size_t host)
{
	return choice && ((choice->hosts && choice->hosts[host]) || choice->classes);
}

/* Excluded, and nobody named it now. */
static bool may_be_missing(const struct gathered *g, const struct record *record, size_t host)
{
	const struct gather_options *o = g->options;
	const struct record_exclusion *x = record_exclusion(record, g->inv->hosts[host].name);
	return x && !x->leaving && !g->inv->hosts[host].controller &&
	       !is_asked_for(&o->cluster.decisions.include, host) &&
	       !is_asked_for(&o->cluster.decisions.accept, host) && !is_asked_for(o->plan.selected, host);
}

static int wait_for_others(struct gathered *g, const struct record *record, uint64_t began_ms, struct err *err)
{
	bool *others = arena_calloc(g->arena, g->asked, sizeof *others), any = false;
	for (size_t i = 0; i < g->asked; i++) {
		others[i] = !may_be_missing(g, record, g->host_of[i]);
		any |= !others[i];
	}
	if (!any)
		return 0;
	if (fleet_await(g->fleet, others, left(began_ms), err) < 0 || fleet_await(g->fleet, NULL, GRACE_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < g->asked; i++) {
		struct err why;
		err_set(&why, ERR_TIMEOUT, "it is excluded, does not answer, and was not waited for");
		if (!others[i] && fleet_phase(g->fleet, i) <= FLEET_CONNECTING)
			fleet_fail(g->fleet, i, &why);
	}
	return 0;
}

static int connect_all(struct gathered *g, struct err *err)
{
	bool *controllers = arena_calloc(g->arena, g->asked, sizeof *controllers);
	const struct record *record;
	uint64_t began_ms = clock_ms();
	for (size_t i = 0; i < g->inv->controller_count; i++)
		controllers[g->fleet_of[g->inv->controllers[i]]] = true;
	if (fleet_await(g->fleet, NULL, PATIENCE_MS, err) < 0)
		return -1;
	if (any_missing(g)) {
		if (fleet_await(g->fleet, controllers, left(began_ms), err) < 0 || ask_record(g, &record, err) < 0 ||
		    wait_for_others(g, record, began_ms, err) < 0)
			return -1;
	}
	return fleet_connect(g->fleet, left(began_ms), err);
}

int gather_connect(struct gathered *g, struct err *err)
{
	if (make_fleet(g, err) < 0 || connect_all(g, err) < 0)
		return -1;
	for (size_t i = 0; i < g->asked; i++)
		if (fleet_phase(g->fleet, i) != FLEET_OPEN)
			gather_leave_behind(g, g->host_of[i], fleet_error(g->fleet, i));
	return 0;
}
