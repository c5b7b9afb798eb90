/* Checks: what modules say must hold, asked in one round over all hosts. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/ran.h"
#include "base/str.h"
#include "base/vec.h"
#include "run/round.h"
#include "run/verify.h"

enum { PAUSE_MS = 250, WAKE_MS = 3000, MOST_OUTPUT = 8 << 20 };

struct dues {
	struct due *items;
	size_t len, cap;
};

static json_t *item_of(const struct due *due, size_t i)
{
	char name[32];
	json_t *argv = json_array();
	const struct check *check = due->check;
	for (const char *const *a = check->argv_of ? check->argv_of[due->host] : check->argv; *a; a++)
		json_array_append_new(argv, json_string(*a));
	snprintf(name, sizeof name, "check.%zu", i);
	return json_pack("{s:s, s:o, s:s*, s:i, s:i}", "name", name, "run", argv, "input", check->input, "max",
			 MOST_OUTPUT, "timeout", (int)check->timeout_ms);
}

static void judge(struct due *due, const json_t *items, size_t i, struct arena *arena)
{
	char name[32];
	snprintf(name, sizeof name, "check.%zu", i);
	struct ran ran = ran_of(json_object_get(items, name));
	struct check_answer answer = {
	    .status = ran.status,
	    .out = arena_strdup(arena, ran.out ? ran.out : ""),
	    .errors = arena_strdup(arena, ran.errors ? ran.errors : ""),
	};
	due->errors = answer.errors;
	due->verdict = due->check->judge(due->check, &answer, arena, &due->why);
}

/* What one host is asked in a round. */
static json_t *message_for(const struct due *due, size_t count, size_t host, unsigned *timeout)
{
	json_t *items = json_array();
	for (size_t i = 0; i < count; i++) {
		if (due[i].done || due[i].host != host)
			continue;
		json_array_append_new(items, item_of(&due[i], i));
		if (due[i].check->timeout_ms > *timeout)
			*timeout = due[i].check->timeout_ms;
	}
	if (json_array_size(items))
		return round_collect(items);
	json_decref(items);
	return NULL;
}

int verify_round(struct verifier *v, struct due *due, size_t count, struct err *err)
{
	enum { AT_ONCE = 8 }; /* commands of one host (wire.h) */
	struct run *run = v->run;
	_cleanup_round_ struct round round = {.run = run};
	unsigned timeout = 0;
	size_t most = 0;
	for (size_t i = 0; i < roll_count(run->roll); i++) {
		json_t *message = message_for(due, count, roll_at(run->roll, i), &timeout);
		if (!message)
			continue;
		size_t len = json_array_size(json_object_get(message, "items"));
		most = len > most ? len : most;
		round_add(&round, roll_at(run->roll, i), round_shared(&round, message));
	}
	unsigned waves = (unsigned)((most + AT_ONCE - 1) / AT_ONCE);
	if (round_send(&round, timeout * waves + 10000, err) < 0)
		return -1;
	for (size_t r = 0; r < round.len; r++) {
		const json_t *items = json_object_get(round.items[r].answer, "items");
		for (size_t i = 0; i < count; i++) {
			if (due[i].done || due[i].host != round_host(&round, r))
				continue;
			due[i].lost = !items;
			due[i].verdict = CHECK_FAILED;
			due[i].why = arena_strdup(run->arena, round.items[r].error.text);
			due[i].errors = "";
			if (items)
				judge(&due[i], items, i, run->arena);
		}
	}
	return 0;
}

static void add_due(struct verifier *v, const struct check *check, struct dues *dues)
{
	for (size_t i = 0; i < v->run->inv->host_count; i++)
		if (check->hosts[i] && v->present[i])
			*vec_push_in(v->run->arena, dues) = (struct due){.check = check, .host = i};
}

static void say(struct verifier *v, const struct check *check, size_t host, const char *why)
{
	struct finding *f = check->for_all ? verify_failed(v, CODE_CHECK, "%s: %s", check->title, why)
					   : verify_fault(v, host, CODE_CHECK, "%s", why);
	f->fix = check->fix ? check->fix : f->fix;
	f->origin = check->origin;
}

int verify_checks(struct verifier *v, const struct checks *checks, struct err *err)
{
	struct dues dues = {0};
	uint64_t began = clock_ms();
	for (size_t i = 0; i < checks->len; i++) {
		if (checks->items[i].where != CHECK_RUN)
			continue;
		add_due(v, &checks->items[i], &dues);
		verify_phase(v, checks->items[i].title);
	}
	for (bool again = dues.len > 0; again;) {
		again = false;
		if (verify_round(v, dues.items, dues.len, err) < 0)
			return -1;
		uint64_t gone = clock_ms() - began;
		for (size_t i = 0; i < dues.len; i++) {
			struct due *d = &dues.items[i];
			d->done = d->done || d->lost || d->verdict == CHECK_HOLDS || gone >= d->check->wait_ms;
			again |= !d->done;
		}
		if (again && fleet_pump(v->run->fleet, PAUSE_MS, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < dues.len; i++)
		if (dues.items[i].verdict != CHECK_HOLDS)
			say(v, dues.items[i].check, dues.items[i].host, dues.items[i].why);
	return 0;
}

/* Why each host's node is not as the check wants it, by host index; true: some is not. */
static bool look(struct verifier *v, const struct check *check, const char **why)
{
	const struct inventory *inv = v->run->inv;
	const struct live *live = v->run->live;
	_cleanup_map_ struct map nodes = {0};
	bool any = false;
	for (size_t i = 0; i < live->node_count; i++)
		map_set(&nodes, live->nodes[i].name, &live->nodes[i]);
	for (size_t i = 0; i < inv->host_count; i++) {
		why[i] = NULL;
		if (check->hosts[i] && v->present[i])
			why[i] = check->judge_node(check, i, map_get(&nodes, inv->hosts[i].name), v->run->arena);
		any |= why[i] != NULL;
	}
	return any;
}

static int ask_those(struct verifier *v, const char *const *why, struct witness **ret, struct err *err)
{
	bool *hosts = arena_calloc(v->run->arena, v->run->inv->host_count, sizeof *hosts);
	for (size_t i = 0; i < v->run->inv->host_count; i++)
		hosts[i] = why[i] != NULL;
	return verify_witness(v, hosts, ret, err);
}

static int say_live(struct verifier *v, const struct check *check, const char *const *why, struct err *err)
{
	const struct inventory *inv = v->run->inv;
	struct witness *witness;
	if (ask_those(v, why, &witness, err) < 0)
		return -1;
	for (size_t i = 0; i < inv->host_count; i++)
		if (why[i])
			say(v, check, i, verify_with_witness(why[i], &witness[i], v->run->arena));
	return 0;
}

/*
 * A slurmd that is told to reconfigure in the moment before it waits for its next connection sees it only when that comes
 * (_msg_engine of 22.05's slurmd.c, a signal between the look at its flag and accept): minutes, where nobody pings. To ask it
 * anything is such a connection.
 */
static int judge_live(struct verifier *v, const struct check *check, bool wait, struct err *err)
{
	const char **why = arena_calloc(v->run->arena, v->run->inv->host_count, sizeof *why);
	uint64_t until = clock_ms() + check->wait_ms, wake = clock_ms() + WAKE_MS;
	struct witness *woken;
	verify_phase(v, check->title);
	for (;;) {
		const struct live *live = v->run->live;
		bool up = live && live->up;
		if (up && !look(v, check, why))
			return 0;
		if (!wait || clock_ms() >= until) {
			if (up)
				return say_live(v, check, why, err);
			verify_failed(v, CODE_SLURMCTLD, "slurmctld does not answer: %s",
				      live && live->why ? live->why : "it runs on no controller")
			    ->fix = "systemctl status slurmctld on the controllers, and its log";
			return 0;
		}
		if (up && clock_ms() >= wake) {
			if (ask_those(v, why, &woken, err) < 0)
				return -1;
			wake = clock_ms() + WAKE_MS;
		}
		if (fleet_pump(v->run->fleet, PAUSE_MS, err) < 0 || run_ask_live(v->run, err) < 0)
			return -1;
	}
}

int verify_live(struct verifier *v, const struct checks *checks, bool wait, struct err *err)
{
	for (size_t i = 0; i < checks->len; i++)
		if (checks->items[i].where == CHECK_LIVE && judge_live(v, &checks->items[i], wait, err) < 0)
			return -1;
	return 0;
}
