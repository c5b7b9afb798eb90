/*
 * channel: one child process with its stdin, stdout and stderr in an event loop.
 *
 * A channel lives until its child has been waited for and its handles are closed, which the set of channels sees to;
 * its user lets go of it with channel_close, and hears nothing of it from then on. Children are made with posix_spawn
 * (no copy of this process's page tables for each of a thousand), in a session of their own, with default signal
 * dispositions.
 */
#ifndef REEVE_TRANSPORT_CHANNEL_H
#define REEVE_TRANSPORT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/err.h"

struct channel;

struct channel_set {
	uv_loop_t *loop;
	uv_timer_t timer;    /* runs while a child has closed its stdout and was not yet waited for */
	struct channel *all; /* doubly linked */
	size_t ending;
	char buffer[65536]; /* what is read goes through here; one read at a time */
};

struct channel_ops {
	void (*on_out)(void *data, const char *bytes, size_t len);
	void (*on_err)(void *data, const char *bytes, size_t len);
	void (*on_written)(void *data); /* something that was waiting is out */
	/* The child closed its stdout and has ended (or was killed 2 s later); `status` is wait(2)'s. Called once, the
	 * channel is still there: the callee closes it. */
	void (*on_end)(void *data, int status);
};

void channel_set_init(struct channel_set *set, uv_loop_t *loop);

/* Kills what is left, waits for it (at most 1 s before SIGKILL), closes all handles. All channels must be closed. */
void channel_set_free(struct channel_set *set);

/* argv[0] is looked up in PATH. NULL: ERR_SYSTEM. */
struct channel *channel_spawn(struct channel_set *set, char *const argv[], const struct channel_ops *ops, void *data,
			      struct err *err);

/*
 * Puts `owned` (malloc'd, freed here; NULL: nothing) and then `borrowed` into the child's stdin. The borrowed bytes
 * must stay until they are out (channel_borrowed) or the channel is closed. Failure shows as the channel's end.
 */
void channel_write(struct channel *ch, char *owned, size_t owned_len, const void *borrowed, size_t borrowed_len);

size_t channel_queued(const struct channel *ch);   /* bytes waiting */
size_t channel_borrowed(const struct channel *ch); /* of these, borrowed ones */

/* Its end of the child's stdin, where a few bytes may be written past the queue, for that is empty; else -1. */
int channel_idle_fd(const struct channel *ch);

/* No callback comes any more. SIGTERM to the child, SIGKILL where it is still there 500 ms later. NULL is fine. */
void channel_close(struct channel *ch);

#endif
