/* round: one request to each of some hosts of a run, all at once, and each answer judged. */
#ifndef REEVE_RUN_ROUND_H
#define REEVE_RUN_ROUND_H

#include "base/ran.h"
#include "run/run.h"

/* The message of the agent's verb run (wire.h) for a command; `input` NULL: none. The caller owns it. */
json_t *round_command(const char *const *argv, const char *input, unsigned max, unsigned timeout_ms);

/* Why such a command failed: the first line of what it said, or what became of the request. NULL: it ended with 0. */
const char *round_failure(const struct fleet_request *request, struct arena *arena);

/* Begin with {.run = run}; round_ask() ends it. */
struct round {
	struct run *run; /* borrowed */
	struct fleet_request *items;
	size_t len, cap;
};

/*
 * Takes over a reference to the message. The host is asked though it has left the run, as long as its session is there. The request,
 * for what goes with it, until the next is added.
 */
struct fleet_request *round_add(struct round *round, size_t host, json_t *message);

/* The same message to each of the hosts (by host index; NULL: all) that is in the run; takes it over. */
void round_add_all(struct round *round, const bool *hosts, json_t *message);

/* The same message to each controller that is in the run; takes it over. */
void round_add_controllers(struct round *round, json_t *message);

/* `request->answer` NULL: none came, and `request->error` says why. Both are borrowed. */
typedef void round_judge(void *data, size_t host, const struct fleet_request *request);

/*
 * Asks, judges each answer, and frees all of it. Blocks for `timeout_ms` at most, not at all where there is nobody to ask. -1:
 * ended from outside (ERR_CANCELLED), and nothing is judged. `judge` may be NULL.
 */
int round_ask(struct round *round, unsigned timeout_ms, round_judge *judge, void *data, struct err *err);

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
