/* round: one request to each of some hosts of a run, all at once, and each answer judged. */
#ifndef REEVE_RUN_ROUND_H
#define REEVE_RUN_ROUND_H

#include "base/ran.h"
#include "run/gather.h"

/* Begin with {.g = g}; round_ask() ends it. */
struct round {
	struct gathered *g; /* borrowed */
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

/* Of a request whose message is gather_run()'s. */
struct round_answer round_answer_of(const struct fleet_request *request, struct arena *arena);

/* One command on one host. Blocks for 10 s longer than the command may take. */
int round_run(struct gathered *g, size_t host, const char *const *argv, unsigned max_bytes, unsigned timeout_ms,
	      struct round_answer *ret, struct err *err);

#endif
