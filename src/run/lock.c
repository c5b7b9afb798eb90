#include "run/lock.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "run/round.h"

enum { LOCK_MS = 60000 };

struct taker {
	struct run *run;
	const json_t *message;
	size_t granted;       /* controllers */
	size_t first;         /* the controller that refused first; SIZE_MAX: none */
	const char **refused; /* by host index, in its words */
};

static void judge(void *data, size_t host, const struct fleet_request *request)
{
	struct taker *t = data;
	struct run *run = t->run;
	const struct inv_host *h = &run->inv->hosts[host];
	if (request->answer) {
		t->granted += h->controller;
	} else if (!*request->error_code) {
		roll_fail(run->roll, host, CODE_LOST, &request->error);
	} else {
		t->refused[host] = str_printable(run->arena, request->error.text, strlen(request->error.text));
		if (h->controller && t->first == SIZE_MAX)
			t->first = host;
	}
}

/* Those of the hosts that are in the run. */
static int ask(struct taker *t, const size_t *hosts, size_t count, struct err *err)
{
	struct run *run = t->run;
	struct round round = {.run = run};
	for (size_t i = 0; i < count; i++) {
		if (!roll_in(run->roll, hosts[i]))
			continue;
		json_t *message = json_copy((json_t *)t->message);
		if (run->cluster->hosts[hosts[i]].epoch_over)
			json_object_set_new(message, "over", json_integer(run->facts[hosts[i]]->epoch));
		round_add(&round, hosts[i], message);
	}
	return round_ask(&round, LOCK_MS, judge, t, err);
}

/* The controllers, the first of them alone; and the others with those that follow, where nobody refused. */
static int ask_all(struct taker *t, struct err *err)
{
	const struct inventory *inv = t->run->inv;
	size_t *hosts = arena_calloc(t->run->arena, inv->host_count, sizeof *hosts), n = 0;
	size_t first = roll_controller(t->run->roll);
	if (first == SIZE_MAX)
		return 0;
	if (ask(t, &first, 1, err) < 0)
		return -1;
	for (size_t i = 0; i < inv->controller_count; i++)
		if (inv->controllers[i] != first)
			hosts[n++] = inv->controllers[i];
	size_t controllers = n;
	for (size_t i = 0; i < inv->host_count; i++)
		if (!inv->hosts[i].controller)
			hosts[n++] = i;
	if (t->first == SIZE_MAX)
		return ask(t, hosts, n, err);
	if (ask(t, hosts, controllers, err) < 0)
		return -1;
	return t->granted * 2 > inv->controller_count ? ask(t, hosts + controllers, n - controllers, err) : 0;
}

static int refuse(const struct taker *t, struct err *err)
{
	struct run *run = t->run;
	const char *name = run->inv->hosts[t->first].name;
	finding_add(&run->refused, FINDING_STOP, CODE_LOCKED, name, "%s", t->refused[t->first])->fix =
	    "nothing was changed; start it again: `reeve apply --wait 600` waits for a run that is at work";
	return err_set(err, ERR_REFUSED, "%s: %s", name, t->refused[t->first]);
}

static void skip(const struct taker *t)
{
	struct run *run = t->run;
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (t->refused[i])
			roll_leave(run->roll, i, CODE_LOCKED, "the lock was refused; %s says: %s",
				   run->inv->hosts[i].name, t->refused[i]);
}

int lock_take(struct run *run, struct err *err)
{
	char when[21];
	clock_iso(clock_wall_ms(), when);
	json_t *message =
	    json_pack("{s:s, s:I, s:s, s:s}", "verb", "lock", "epoch", (json_int_t)run->cluster->epoch, "holder",
		      run->options->holder, "run", run->options->command ? run->options->command : when);
	struct taker t = {.run = run,
			  .message = message,
			  .first = SIZE_MAX,
			  .refused = arena_calloc(run->arena, run->inv->host_count, sizeof *t.refused)};
	int rc = ask_all(&t, err);
	json_decref(message);
	if (rc == 0 && t.first != SIZE_MAX && t.granted * 2 <= run->inv->controller_count)
		return refuse(&t, err);
	run->locked = rc == 0;
	for (size_t i = 0; i < run->inv->controller_count; i++) {
		const struct facts *f = run->facts[run->inv->controllers[i]];
		run->marked |= f && (f->at_work || f->cut_off);
		run->strays |= f && f->cut_off;
	}
	if (rc == 0)
		skip(&t);
	return rc;
}

/* The end of its session frees it. */
static void judge_release(void *data, size_t host, const struct fleet_request *request)
{
	struct run *run = data;
	if (!request->answer)
		roll_hang_up(run->roll, host, &request->error);
}

int lock_release(struct run *run, bool done, struct err *err)
{
	struct round round = {.run = run};
	round_add_all(&round, NULL, json_pack("{s:s, s:b}", "verb", "unlock", "done", done));
	run->locked = false;
	return round_ask(&round, LOCK_MS, judge_release, run, err);
}

void lock_mark(struct round *round, const char *step)
{
	round->run->marked = true;
	round_add_controllers(round, json_pack("{s:s, s:s}", "verb", "mark", "step", step));
}

static void tell(struct findings *findings, const char *host, const struct facts_run *run, bool at_work)
{
	const char *at = *run->step ? finding_text(findings, ", at the step '%s'", run->step) : "";
	struct finding *f =
	    finding_add(findings, at_work ? FINDING_NOTE : FINDING_WARNING, at_work ? CODE_AT_WORK : CODE_CUT_OFF, host,
			"a run %s%s: %s, by %s, started %s", at_work ? "is in progress" : "was cut off", at,
			*run->command ? run->command : "unknown command", *run->holder ? run->holder : "unknown user",
			*run->since ? run->since : "at an unknown time");
	f->fix = at_work ? "wait until it ends: until then hosts may differ, and daemons may be stopped"
			 : "`reeve apply` completes it";
}

void lock_tell(const struct run *run, struct findings *findings)
{
	for (size_t i = 0; i < run->inv->controller_count; i++) {
		size_t host = run->inv->controllers[i];
		const struct facts *f = run->facts[host];
		if (!f || (!f->at_work && !f->cut_off))
			continue;
		tell(findings, run->inv->hosts[host].name, f->at_work ? f->at_work : f->cut_off, f->at_work != NULL);
		return;
	}
}
