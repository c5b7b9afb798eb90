#include "agent/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

enum { READ_SIZE = 256 << 10 };
enum { POLL_MAX = 64 };

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int pump_open(struct pump *p, int in, int out, const struct pump_ops *ops, void *owner, struct err *err)
{
	*p = (struct pump){.in = in, .out = out, .ops = ops, .owner = owner};
	p->last_in = p->last_out = clock_ms();
	if (set_nonblocking(in) < 0 || set_nonblocking(out) < 0)
		return err_system(err, errno, "no session on stdin and stdout");
	return 0;
}

void pump_close(struct pump *p)
{
	strbuf_free(&p->inbuf);
	strbuf_free(&p->outbuf);
}

void pump_lose(struct pump *p, const char *why)
{
	if (p->gone)
		return;
	p->gone = true;
	snprintf(p->why, sizeof p->why, "%s", why);
}

int pump_check(const struct pump *p, struct err *err)
{
	return p->gone ? err_set(err, ERR_CANCELLED, "the operator is gone: %s", p->why) : 0;
}

static void write_out(struct pump *p)
{
	while (p->sent < p->outbuf.len) {
		ssize_t n = write(p->out, p->outbuf.data + p->sent, p->outbuf.len - p->sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			pump_lose(p, "the answers cannot be written: the connection is closed");
			break;
		}
		p->sent += (size_t)n;
		p->last_out = clock_ms();
	}
	if (p->sent == p->outbuf.len || p->gone) {
		p->sent = 0;
		strbuf_reset(&p->outbuf);
	}
}

static void take_frames(struct pump *p)
{
	size_t done = 0;
	struct err err;
	while (!p->gone) {
		struct wire_frame frame;
		int r = wire_parse(strbuf_str(&p->inbuf) + done, p->inbuf.len - done, WIRE_MAX, &frame, &err);
		if (r == 0)
			break;
		if (r < 0 || p->ops->on_frame(p->owner, &frame, &err) < 0) {
			pump_lose(p, err.text);
			break;
		}
		done += WIRE_HEADER + frame.len;
	}
	strbuf_consume(&p->inbuf, done);
}

static void read_in(struct pump *p)
{
	for (int rounds = 0; rounds < 16 && !p->gone; rounds++) {
		strbuf_reserve(&p->inbuf, READ_SIZE);
		ssize_t n = read(p->in, p->inbuf.data + p->inbuf.len, READ_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0) {
			pump_lose(p, n == 0 ? "end of file" : "the requests cannot be read");
			break;
		}
		p->inbuf.len += (size_t)n;
		p->inbuf.data[p->inbuf.len] = '\0';
		p->last_in = clock_ms();
		take_frames(p);
	}
}

static int until(uint64_t when, uint64_t now, int timeout_ms)
{
	int wait = when <= now ? 0 : when - now > 60000 ? 60000 : (int)(when - now);
	return timeout_ms < 0 || wait < timeout_ms ? wait : timeout_ms;
}

void pump_wait(struct pump *p, int timeout_ms)
{
	struct pollfd fds[2 + POLL_MAX];
	uint64_t deadline = 0, now = clock_ms();
	size_t more = p->ops->prepare(p->owner, fds + 2, POLL_MAX, &deadline);
	bool talking = !p->gone;
	fds[0] = (struct pollfd){.fd = talking ? p->in : -1, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = talking ? p->out : -1, .events = p->outbuf.len ? POLLOUT : 0};
	if (talking) {
		timeout_ms = until(p->last_out + WIRE_BEAT_MS, now, timeout_ms);
		timeout_ms = until(p->last_in + WIRE_DEAD_MS, now, timeout_ms);
	}
	if (deadline)
		timeout_ms = until(deadline, now, timeout_ms);
	/* SIGCHLD is blocked everywhere but in here (main.c), so a death cannot be missed before the wait begins. */
	sigset_t none;
	sigemptyset(&none);
	struct timespec ts = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
	if (ppoll(fds, 2 + more, timeout_ms < 0 ? NULL : &ts, &none) < 0)
		for (size_t i = 0; i < 2 + more; i++)
			fds[i].revents = 0;
	if (fds[0].revents)
		read_in(p);
	if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL) && !p->outbuf.len)
		pump_lose(p, "the connection is closed");
	now = clock_ms();
	if (!p->gone && now - p->last_in >= WIRE_DEAD_MS && !fds[0].revents)
		pump_lose(p, "silence");
	if (!p->gone && now - p->last_out >= WIRE_BEAT_MS && !p->outbuf.len)
		wire_put(&p->outbuf, WIRE_HEARTBEAT, "", 0);
	write_out(p);
	p->ops->handle(p->owner, fds + 2, more);
}

static void drain(struct pump *p)
{
	write_out(p);
	while (!p->gone && p->outbuf.len - p->sent > PUMP_PENDING_OUT)
		pump_wait(p, -1);
}

void pump_say(struct pump *p, json_t *message)
{
	if (!p->gone)
		wire_put_json(&p->outbuf, message);
	json_decref(message);
	drain(p);
}

void pump_say_text(struct pump *p, const char *text, size_t len)
{
	if (!p->gone)
		wire_put(&p->outbuf, WIRE_MESSAGE, text, len);
	drain(p);
}
