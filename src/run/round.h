/*
 * round: requests to some hosts, all at once, and each answer judged: by a callback (round_ask), or by a loop over `items`
 * between round_send() and round_end(), which is shorter where the answers belong together.
 */
#ifndef REEVE_RUN_ROUND_H
#define REEVE_RUN_ROUND_H

#include "base/ran.h"
#include "run/run.h"

/* The message of the agent's verb run (wire.h) for a command; `input` NULL: none. The caller owns it. */
json_t *round_command(const char *const *argv, const char *input, unsigned max, unsigned timeout_ms);

/* Why such a command failed: the first line of what it said, or what became of the request. NULL: it ended with 0. */
const char *round_failure(const struct fleet_request *request, struct arena *arena);

/* The message of the agent's verb collect for an array of items, whose reference it takes. The caller owns it. */
json_t *round_collect(json_t *items);

/* The same for one file, as the item "file": its first `max` bytes. */
json_t *round_read(const char *path, unsigned max);

/* The message that adds a line to the audit log of a controller. The caller owns it. */
json_t *round_audit(const char *line);

/* What was answered to the item of that name. Borrowed; NULL: nothing. */
const json_t *round_item(const struct fleet_request *request, const char *name);

/*
 * Begin with {.run = run}: hosts are those of the inventory, by index. Where there is no run, with {.fleet = fleet}: hosts are
 * places of the fleet. round_ask() or round_end() ends it, and frees `items`.
 */
struct round {
	struct run *run;     /* borrowed; or else: */
	struct fleet *fleet; /* borrowed */
	bool alike;          /* it takes all hosts about as long: who is much later is not waited for (fleet_ask) */
	struct fleet_request *items;
	size_t len, cap;
};

/*
 * Takes over a reference to the message. The host is asked though it has left the run, as long as its session is there. The request,
 * for what goes with it, until the next is added.
 */
struct fleet_request *round_add(struct round *round, size_t host, json_t *message);

/*
 * The message, or an equal one of the last requests in its place, which is then given back: hosts are mostly asked the same, and of
 * a thousand that is most of a round. Not for who looks for its requests by their message.
 */
json_t *round_shared(const struct round *round, json_t *message);

/* The same message to each of the hosts (by host index; NULL: all) that is in the run; takes it over. Needs a run. */
void round_add_all(struct round *round, const bool *hosts, json_t *message);

/* The same message to each controller that is in the run; takes it over. Needs a run. */
void round_add_controllers(struct round *round, json_t *message);

/* `request->answer` NULL: none came, and `request->error` says why. Both are borrowed. */
typedef void round_judge(void *data, size_t host, const struct fleet_request *request);

/*
 * Asks, judges each answer, and frees all of it. Blocks for `timeout_ms` at most, not at all where there is nobody to ask. -1:
 * ended from outside (ERR_CANCELLED), and nothing is judged. `judge` may be NULL.
 */
int round_ask(struct round *round, unsigned timeout_ms, round_judge *judge, void *data, struct err *err);

/*
 * Asks, and no more: what became of it is in `items` until round_end(), which follows in any case. Blocks for `timeout_ms` at
 * most, not at all where there is nobody to ask. -1: ended from outside (ERR_CANCELLED).
 */
int round_send(struct round *round, unsigned timeout_ms, struct err *err);
void round_end(struct round *round);
#define _cleanup_round_ __attribute__((cleanup(round_end)))

/* The host of the request at `place` of `items`. */
size_t round_host(const struct round *round, size_t place);

/* How one command ended. */
struct round_answer {
	const char *out, *errors; /* in the run's arena; "" where there is none */
	const char *failure;      /* why it did not end with 0, in a line for a person; NULL: it did */
	bool asked;               /* the host answered: what failed, if anything, is the command */
};

/* Of a request whose message is round_command()'s. */
struct round_answer round_answer_of(const struct fleet_request *request, struct arena *arena);

/* One command on one host. Blocks for 10 s longer than the command may take. */
int round_run(struct run *run, size_t host, const char *const *argv, unsigned max_bytes, unsigned timeout_ms,
	      struct round_answer *ret, struct err *err);

#endif
