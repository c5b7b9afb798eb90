#include "transport/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

extern char **environ;

enum { REAP_EVERY_MS = 5, END_AFTER_MS = 2000, KILL_AFTER_MS = 500 };

struct channel {
	struct channel_set *set;
	struct channel *next, *prev;
	const struct channel_ops *ops; /* NULL: closed, nobody listens */
	void *data;
	pid_t pid; /* 0: waited for */
	int status;
	uint64_t since; /* of eof or close; for the kill */
	bool eof, ending, killed, handles_closing;
	unsigned handles; /* open ones */
	size_t queued, borrowed;
	uv_pipe_t in, out, errs;
};

struct channel_item {
	uv_write_t write;
	struct channel *channel;
	char *owned;
	size_t len, borrowed;
};

static void release(struct channel *ch)
{
	if (ch->handles || ch->pid || ch->ops)
		return;
	if (ch->next)
		ch->next->prev = ch->prev;
	if (ch->prev)
		ch->prev->next = ch->next;
	else
		ch->set->all = ch->next;
	free(ch);
}

static void handle_closed(uv_handle_t *handle)
{
	struct channel *ch = handle->data;
	ch->handles--;
	release(ch);
}

static void close_handles(struct channel *ch)
{
	if (ch->handles_closing)
		return;
	ch->handles_closing = true;
	uv_close((uv_handle_t *)&ch->in, handle_closed);
	uv_close((uv_handle_t *)&ch->out, handle_closed);
	uv_close((uv_handle_t *)&ch->errs, handle_closed);
}

/* What is still in stderr's pipe once the child is gone; whoever inherited it may hold it open, so no waiting for its
 * end. */
static void drain_errors(struct channel *ch)
{
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)&ch->errs, &fd) != 0)
		return;
	for (size_t total = 0; ch->ops && total < sizeof ch->set->buffer;) {
		ssize_t n = read(fd, ch->set->buffer, sizeof ch->set->buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		total += (size_t)n;
		ch->ops->on_err(ch->data, ch->set->buffer, (size_t)n);
	}
}

static void reap_one(struct channel *ch, uint64_t now)
{
	if (ch->pid) {
		int status;
		pid_t got = waitpid(ch->pid, &status, WNOHANG);
		if (got == ch->pid || (got < 0 && errno == ECHILD)) {
			ch->pid = 0;
			ch->status = got < 0 ? 0 : status;
		} else if (!ch->killed && now - ch->since > (ch->ops ? END_AFTER_MS : KILL_AFTER_MS)) {
			ch->killed = true;
			kill(ch->pid, SIGKILL);
		}
	}
	if (ch->pid)
		return;
	ch->ending = false;
	ch->set->ending--;
	if (!ch->ops) {
		release(ch);
		return;
	}
	drain_errors(ch);
	if (ch->ops)
		ch->ops->on_end(ch->data, ch->status);
}

static void reap(uv_timer_t *timer)
{
	struct channel_set *set = timer->data;
	uint64_t now = uv_now(set->loop);
	for (struct channel *ch = set->all, *next; ch; ch = next) {
		next = ch->next;
		if (ch->ending)
			reap_one(ch, now);
	}
	if (!set->ending)
		uv_timer_stop(timer);
}

static void begin_ending(struct channel *ch)
{
	ch->since = uv_now(ch->set->loop);
	if (ch->ending)
		return;
	ch->ending = true;
	if (!ch->set->ending++)
		uv_timer_start(&ch->set->timer, reap, 0, REAP_EVERY_MS);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)suggested;
	struct channel *ch = handle->data;
	*buf = uv_buf_init(ch->set->buffer, sizeof ch->set->buffer);
}

static void read_out(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct channel *ch = stream->data;
	if (n > 0 && ch->ops)
		ch->ops->on_out(ch->data, buf->base, (size_t)n);
	if (n < 0 && ch->ops && !ch->eof) {
		ch->eof = true;
		uv_read_stop(stream);
		begin_ending(ch);
	}
}

static void read_errors(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct channel *ch = stream->data;
	if (n > 0 && ch->ops)
		ch->ops->on_err(ch->data, buf->base, (size_t)n);
	if (n < 0)
		uv_read_stop(stream);
}

void channel_set_init(struct channel_set *set, uv_loop_t *loop)
{
	set->loop = loop;
	set->all = NULL;
	set->ending = 0;
	uv_timer_init(loop, &set->timer);
	set->timer.data = set;
}

void channel_set_free(struct channel_set *set)
{
	uint64_t start = uv_now(set->loop);
	while (set->all && uv_now(set->loop) - start < KILL_AFTER_MS + 500)
		uv_run(set->loop, UV_RUN_ONCE);
	/* a child that SIGKILL does not end at once is in the kernel's hands: it is not waited for */
	for (struct channel *ch = set->all, *next; ch; ch = next) {
		next = ch->next;
		ch->pid = 0;
		if (!ch->handles)
			release(ch);
	}
	uv_close((uv_handle_t *)&set->timer, NULL);
	uv_run(set->loop, UV_RUN_DEFAULT);
}

/* fds: the child's stdin, stdout, stderr. */
static int spawn(char *const argv[], const int fds[3], pid_t *ret, struct err *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	int rc = posix_spawnp(ret, argv[0], &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return rc ? err_system(err, rc, "cannot run %s", argv[0]) : 0;
}

/* ret[0] to read, ret[1] to write; above 2, so that dup2 onto 0 to 2 cannot hit another one of them. */
static int make_pipe(int ret[2], struct err *err)
{
	if (pipe2(ret, O_CLOEXEC) < 0)
		return err_system(err, errno, "pipe");
	for (int i = 0; i < 2; i++) {
		if (ret[i] > 2)
			continue;
		int up = fcntl(ret[i], F_DUPFD_CLOEXEC, 3);
		if (up < 0) {
			int sys = errno;
			fd_closep(&ret[0]);
			fd_closep(&ret[1]);
			return err_system(err, sys, "pipe");
		}
		close(ret[i]);
		ret[i] = up;
	}
	return 0;
}

static void open_handle(struct channel *ch, uv_pipe_t *handle, int *fd)
{
	uv_pipe_init(ch->set->loop, handle, 0);
	handle->data = ch;
	ch->handles++;
	uv_pipe_open(handle, *fd);
	*fd = -1;
}

struct channel *channel_spawn(struct channel_set *set, char *const argv[], const struct channel_ops *ops, void *data,
			      struct err *err)
{
	int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	struct channel *ch = NULL;
	pid_t pid;
	for (int i = 0; i < 3; i++)
		if (make_pipe(pipes[i], err) < 0)
			goto out;
	if (spawn(argv, (const int[]){pipes[0][0], pipes[1][1], pipes[2][1]}, &pid, err) < 0)
		goto out;
	ch = xcalloc(1, sizeof *ch);
	*ch = (struct channel){.set = set, .next = set->all, .ops = ops, .data = data, .pid = pid};
	if (set->all)
		set->all->prev = ch;
	set->all = ch;
	open_handle(ch, &ch->in, &pipes[0][1]);
	open_handle(ch, &ch->out, &pipes[1][0]);
	open_handle(ch, &ch->errs, &pipes[2][0]);
	uv_read_start((uv_stream_t *)&ch->out, give_buffer, read_out);
	uv_read_start((uv_stream_t *)&ch->errs, give_buffer, read_errors);
out:
	for (int i = 0; i < 3; i++) {
		fd_closep(&pipes[i][0]);
		fd_closep(&pipes[i][1]);
	}
	return ch;
}

static void written(uv_write_t *write, int status)
{
	struct channel_item *item = write->data;
	struct channel *ch = item->channel;
	ch->queued -= item->len;
	ch->borrowed -= item->borrowed;
	free(item->owned);
	free(item);
	if (status == 0 && ch->ops && ch->ops->on_written)
		ch->ops->on_written(ch->data);
}

void channel_write(struct channel *ch, char *owned, size_t owned_len, const void *borrowed, size_t borrowed_len)
{
	if (ch->handles_closing) {
		free(owned);
		return;
	}
	struct channel_item *item = xcalloc(1, sizeof *item);
	*item = (struct channel_item){
	    .channel = ch, .owned = owned, .len = owned_len + borrowed_len, .borrowed = borrowed_len};
	item->write.data = item;
	uv_buf_t bufs[2];
	unsigned n = 0;
	if (owned_len)
		bufs[n++] = uv_buf_init(owned, (unsigned)owned_len);
	if (borrowed_len)
		bufs[n++] = uv_buf_init((char *)borrowed, (unsigned)borrowed_len);
	ch->queued += item->len;
	ch->borrowed += item->borrowed;
	if (!n || uv_write(&item->write, (uv_stream_t *)&ch->in, bufs, n, written) != 0) {
		ch->queued -= item->len;
		ch->borrowed -= item->borrowed;
		free(item->owned);
		free(item);
	}
}

size_t channel_queued(const struct channel *ch)
{
	return ch->queued;
}

size_t channel_borrowed(const struct channel *ch)
{
	return ch->borrowed;
}

int channel_idle_fd(const struct channel *ch)
{
	uv_os_fd_t fd;
	return !ch->queued && uv_fileno((const uv_handle_t *)&ch->in, &fd) == 0 ? fd : -1;
}

void channel_close(struct channel *ch)
{
	if (!ch)
		return;
	ch->ops = NULL;
	close_handles(ch);
	if (ch->pid) {
		kill(ch->pid, SIGTERM);
		begin_ending(ch);
	}
}
