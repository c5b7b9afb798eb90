#include "transport/beat.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "wire/wire.h"

struct beat {
	uv_thread_t thread;
	uv_mutex_t lock; /* over what follows, and held while something is written */
	uv_cond_t changed;
	bool started, over;
	int *fds;
	size_t count;
};

static void write_all(const struct beat *b)
{
	static const char heartbeat[WIRE_HEADER] = {0, 0, 0, 0, WIRE_HEARTBEAT};
	for (size_t i = 0; i < b->count; i++)
		if (write(b->fds[i], heartbeat, sizeof heartbeat) < 0)
			continue; /* full or closed: the next round finds out */
}

static void work(void *data)
{
	struct beat *b = data;
	uv_mutex_lock(&b->lock);
	while (!b->over)
		if (!b->count)
			uv_cond_wait(&b->changed, &b->lock);
		else if (uv_cond_timedwait(&b->changed, &b->lock, WIRE_BEAT_MS / 2 * 1000000ULL) == UV_ETIMEDOUT)
			write_all(b);
	uv_mutex_unlock(&b->lock);
}

/* Signals are the main thread's. */
static void start(struct beat *b)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	b->started = uv_thread_create(&b->thread, work, b) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct beat *beat_new(void)
{
	struct beat *b = xcalloc(1, sizeof *b);
	uv_mutex_init(&b->lock);
	uv_cond_init(&b->changed);
	return b;
}

void beat_free(struct beat *b)
{
	if (!b)
		return;
	uv_mutex_lock(&b->lock);
	b->over = true;
	uv_cond_signal(&b->changed);
	uv_mutex_unlock(&b->lock);
	if (b->started)
		uv_thread_join(&b->thread);
	uv_cond_destroy(&b->changed);
	uv_mutex_destroy(&b->lock);
	free(b->fds);
	free(b);
}

void beat_begin(struct beat *b, const int *fds, size_t count)
{
	if (!b->started)
		start(b);
	uv_mutex_lock(&b->lock);
	b->fds = xrealloc(b->fds, count ? count : 1, sizeof *b->fds);
	if (count)
		memcpy(b->fds, fds, count * sizeof *fds);
	b->count = count;
	uv_cond_signal(&b->changed);
	uv_mutex_unlock(&b->lock);
}

void beat_end(struct beat *b)
{
	uv_mutex_lock(&b->lock);
	b->count = 0;
	uv_cond_signal(&b->changed);
	uv_mutex_unlock(&b->lock);
}

void beat_drop(struct beat *b, int fd)
{
	uv_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->count; i++)
		if (b->fds[i] == fd)
			b->fds[i--] = b->fds[--b->count];
	uv_mutex_unlock(&b->lock);
}
