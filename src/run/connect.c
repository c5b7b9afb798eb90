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
#include "run/round.h"

enum {
	CONNECT_MS = 60000,
	PATIENCE_MS = 1500,
	GRACE_MS = 2000,
	RECORD_MS = 10000,
	LOOK_MS = 50,
	QUIET_MS = 1000,
	RECORD_MAX = 16 << 20
};

static bool any_missing(const struct run *run)
{
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (roll_phase(run->roll, i) < FLEET_OPEN)
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
static int ask_record(struct run *run, const struct record **ret, struct err *err)
{
	const char **texts = arena_calloc(run->arena, run->inv->controller_count, sizeof *texts);
	_cleanup_round_ struct round round = {.run = run};
	round_add_controllers(&round, round_read(RECORD_PATH, RECORD_MAX));
	if (round_send(&round, RECORD_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < round.len; i++)
		texts[i] = json_string_value(json_object_get(round_item(&round.items[i], "file"), "text"));
	*ret = copies_of_texts(texts, run->inv->controller_count, run->arena);
	return 0;
}

static bool is_asked_for(const struct inv_choice *choice, size_t host)
{
	return choice && ((choice->hosts && choice->hosts[host]) || choice->classes);
}

/* Excluded, and nobody named it now. */
static bool may_be_missing(const struct run *run, const struct record *record, size_t host)
{
	const struct run_options *o = run->options;
	const struct record_exclusion *x = record_exclusion(record, run->inv->hosts[host].name);
	return x && !x->leaving && !run->inv->hosts[host].controller &&
	       !is_asked_for(&o->cluster.decisions.include, host) &&
	       !is_asked_for(&o->cluster.decisions.accept, host) && !is_asked_for(o->plan.selected, host);
}

static int wait_for_others(struct run *run, const struct record *record, uint64_t began_ms, struct err *err)
{
	size_t count = run->inv->host_count;
	bool *others = arena_calloc(run->arena, count, sizeof *others), any = false;
	for (size_t i = 0; i < count; i++) {
		others[i] = !may_be_missing(run, record, i);
		any |= !others[i];
	}
	if (!any)
		return 0;
	if (roll_await(run->roll, others, left(began_ms), err) < 0 || roll_await(run->roll, NULL, GRACE_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct err why;
		err_set(&why, ERR_TIMEOUT, "it is excluded, does not answer, and was not waited for");
		if (!others[i] && roll_phase(run->roll, i) <= FLEET_CONNECTING)
			roll_hang_up(run->roll, i, &why);
	}
	return 0;
}

/* Nobody waits for one who looks: a host that is off is found when the others have answered and nobody has since for as
 * long as it took them three times, a second at least. One that has begun to answer is waited for. */
static int connect_answering(struct run *run, struct err *err)
{
	uint64_t began_ms = clock_ms(), last_ms = began_ms;
	size_t open = 0;
	struct err why;
	for (;;) {
		size_t now = 0, answering = 0, silent = 0;
		if (roll_await(run->roll, NULL, LOOK_MS, err) < 0)
			return -1;
		for (size_t i = 0; i < roll_count(run->roll); i++) {
			enum fleet_phase phase = fleet_phase(run->fleet, i);
			now += phase == FLEET_OPEN;
			answering += phase == FLEET_PUSHING || phase == FLEET_STARTING;
			silent += phase <= FLEET_CONNECTING;
		}
		if (now != open || answering)
			last_ms = clock_ms();
		open = now;
		uint64_t patience = 3 * (last_ms - began_ms);
		if (patience < QUIET_MS)
			patience = QUIET_MS;
		if (!answering && (!silent || !left(began_ms) || (open && clock_ms() - last_ms > patience)))
			break;
	}
	err_set(&why, ERR_TIMEOUT, "no answer within %.1f s, and the others have answered",
		(double)(clock_ms() - began_ms) / 1000);
	for (size_t i = 0; i < roll_count(run->roll); i++)
		if (fleet_phase(run->fleet, i) < FLEET_OPEN)
			fleet_fail(run->fleet, i, &why);
	return 0;
}

static int connect_all(struct run *run, struct err *err)
{
	if (run->options->looks)
		return connect_answering(run, err);
	bool *controllers = arena_calloc(run->arena, run->inv->host_count, sizeof *controllers);
	const struct record *record;
	uint64_t began_ms = clock_ms();
	for (size_t i = 0; i < run->inv->controller_count; i++)
		controllers[run->inv->controllers[i]] = true;
	if (roll_await(run->roll, NULL, PATIENCE_MS, err) < 0)
		return -1;
	if (any_missing(run)) {
		if (roll_await(run->roll, controllers, left(began_ms), err) < 0 || ask_record(run, &record, err) < 0 ||
		    wait_for_others(run, record, began_ms, err) < 0)
			return -1;
	}
	return fleet_connect(run->fleet, left(began_ms), err);
}

int run_connect(struct run *run, struct err *err)
{
	if (connect_all(run, err) < 0)
		return -1;
	for (size_t i = 0; i < roll_count(run->roll); i++)
		if (fleet_phase(run->fleet, i) != FLEET_OPEN)
			roll_miss(run->roll, roll_at(run->roll, i), fleet_error(run->fleet, i));
	return 0;
}
