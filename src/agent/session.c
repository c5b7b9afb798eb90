#include "agent/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/resource.h"
#include "agent/verb.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

enum { READ_SIZE = 256 << 10 };
enum { POLL_MAX = 64 };

static void lost(struct session *s, const char *why)
{
	if (s->gone)
		return;
	s->gone = true;
	snprintf(s->why, sizeof s->why, "%s", why);
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int session_open(struct session *s, int in, int out, struct err *err)
{
	*s = (struct session){.in = in, .out = out, .root.fd = -1, .lock.fd = -1};
	s->last_in = s->last_out = clock_ms();
	if (set_nonblocking(in) < 0 || set_nonblocking(out) < 0)
		return err_system(err, errno, "no session on stdin and stdout");
	if (root_open(&s->root, err) < 0)
		return -1;
	s->keys = wire_keys_new();
	return 0;
}

void session_close(struct session *s)
{
	while (s->children)
		child_free(s, s->children);
	for (size_t i = s->queue.next; i < s->queue.len; i++)
		json_decref(s->queue.items[i]);
	vec_free(&s->queue);
	services_forget(s);
	blobs_free(&s->blobs);
	secrets_free(&s->secrets);
	if (s->keys)
		wire_keys_free(s->keys);
	lock_drop(&s->lock);
	root_close(&s->root);
	strbuf_free(&s->inbuf);
	strbuf_free(&s->outbuf);
}

static void write_out(struct session *s)
{
	while (s->sent < s->outbuf.len) {
		ssize_t n = write(s->out, s->outbuf.data + s->sent, s->outbuf.len - s->sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			lost(s, "the answers cannot be written: the connection is closed");
			break;
		}
		s->sent += (size_t)n;
		s->last_out = clock_ms();
	}
	if (s->sent == s->outbuf.len || s->gone) {
		s->sent = 0;
		strbuf_reset(&s->outbuf);
	}
}

static int enqueue(struct session *s, const struct wire_frame *frame, struct err *err)
{
	if (s->queue.len - s->queue.next >= SESSION_QUEUE || s->queue.bytes + frame->len > SESSION_QUEUED_BYTES)
		return err_set(err, ERR_LIMIT, "more requests sent ahead than this host keeps");
	json_t *message = wire_message(frame, NULL, err);
	if (!message)
		return -1;
	*vec_push(&s->queue) = message;
	s->queue.bytes += frame->len;
	return 0;
}

static int take_frame(struct session *s, const struct wire_frame *frame, struct err *err)
{
	switch (frame->type) {
	case WIRE_HEARTBEAT:
		return 0;
	case WIRE_BLOB:
		return blobs_add(&s->blobs, frame, err);
	case WIRE_SECRET:
		return secrets_add(&s->secrets, frame, s->keys, err);
	case WIRE_MESSAGE:
		return enqueue(s, frame, err);
	}
	return err_set(err, ERR_PROTOCOL, "a frame of unknown type");
}

static void take_frames(struct session *s)
{
	size_t done = 0;
	struct err err;
	while (!s->gone) {
		struct wire_frame frame;
		int r = wire_parse(strbuf_str(&s->inbuf) + done, s->inbuf.len - done, WIRE_MAX, &frame, &err);
		if (r == 0)
			break;
		if (r < 0 || take_frame(s, &frame, &err) < 0) {
			lost(s, err.text);
			break;
		}
		done += WIRE_HEADER + frame.len;
	}
	strbuf_consume(&s->inbuf, done);
}

static void read_in(struct session *s)
{
	for (int rounds = 0; rounds < 16 && !s->gone; rounds++) {
		strbuf_reserve(&s->inbuf, READ_SIZE);
		ssize_t n = read(s->in, s->inbuf.data + s->inbuf.len, READ_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0) {
			lost(s, n == 0 ? "end of file" : "the requests cannot be read");
			break;
		}
		s->inbuf.len += (size_t)n;
		s->inbuf.data[s->inbuf.len] = '\0';
		s->last_in = clock_ms();
		take_frames(s);
	}
}

static int until(uint64_t when, uint64_t now, int timeout_ms)
{
	int wait = when <= now ? 0 : when - now > 60000 ? 60000 : (int)(when - now);
	return timeout_ms < 0 || wait < timeout_ms ? wait : timeout_ms;
}

void session_pump(struct session *s, int timeout_ms)
{
	struct pollfd fds[2 + POLL_MAX];
	uint64_t deadline = 0, now = clock_ms();
	size_t children = child_poll_prepare(s, fds + 2, POLL_MAX, &deadline);
	bool talking = !s->gone;
	fds[0] = (struct pollfd){.fd = talking ? s->in : -1, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = talking ? s->out : -1, .events = s->outbuf.len ? POLLOUT : 0};
	if (talking) {
		timeout_ms = until(s->last_out + WIRE_BEAT_MS, now, timeout_ms);
		timeout_ms = until(s->last_in + WIRE_DEAD_MS, now, timeout_ms);
	}
	if (deadline)
		timeout_ms = until(deadline, now, timeout_ms);
	/* SIGCHLD is blocked everywhere but in here (main.c), so a death cannot be missed before the wait begins. */
	sigset_t none;
	sigemptyset(&none);
	struct timespec ts = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
	if (ppoll(fds, 2 + children, timeout_ms < 0 ? NULL : &ts, &none) < 0)
		for (size_t i = 0; i < 2 + children; i++)
			fds[i].revents = 0;
	if (fds[0].revents)
		read_in(s);
	if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL) && !s->outbuf.len)
		lost(s, "the connection is closed");
	now = clock_ms();
	if (!s->gone && now - s->last_in >= WIRE_DEAD_MS && !fds[0].revents)
		lost(s, "silence");
	if (!s->gone && now - s->last_out >= WIRE_BEAT_MS && !s->outbuf.len)
		wire_put(&s->outbuf, WIRE_HEARTBEAT, "", 0);
	write_out(s);
	child_poll_handle(s, fds + 2, children);
}

/* Puts a message and waits until not too much of what we said is still to be written. */
static void say(struct session *s, json_t *message)
{
	if (!s->gone)
		wire_put_json(&s->outbuf, message);
	json_decref(message);
	write_out(s);
	while (!s->gone && s->outbuf.len - s->sent > SESSION_PENDING_OUT)
		session_pump(s, -1);
}

void session_event(struct session *s, json_t *event)
{
	say(s, json_pack("{s:I, s:o}", "id", s->request, "event", event));
}

void session_progress(struct session *s, const char *resource, const char *fmt, ...)
{
	va_list ap;
	_cleanup_strbuf_ struct strbuf text = {0};
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *clean = str_printable(arena, text.data, text.len);
	session_event(s, json_pack("{s:s, s:s}", "id", resource, "progress", clean));
}

static int digest_of_self(struct digest *ret, struct err *err)
{
	_cleanup_fd_ int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (exe < 0)
		return err_system(err, errno, "cannot read the agent's own program");
	return digest_of_fd(exe, ret, err);
}

int session_hello(struct session *s, const struct digest *known, struct err *err)
{
	struct digest self;
	struct utsname machine;
	char key[65];
	if (known)
		self = *known;
	else if (digest_of_self(&self, err) < 0)
		return -1;
	if (uname(&machine) < 0)
		return err_system(err, errno, "uname");
	wire_keys_public_hex(s->keys, key);
	json_t *hello = json_pack("{s:i, s:s, s:s, s:s, s:i}", "protocol", WIRE_PROTOCOL, "agent", self.hex, "arch",
				  machine.machine, "key", key, "uid", (int)geteuid());
	say(s, json_pack("{s:o}", "hello", hello));
	return 0;
}

static json_t *refuse(const struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	return json_pack("{s:s, s:s}", "code", err_code_name(err->code), "text",
			 str_printable(arena, err->text, strlen(err->text)));
}

static void answer(struct session *s, json_t *request)
{
	const json_t *id = json_object_get(request, "id");
	const char *name = json_string_value(json_object_get(request, "verb"));
	struct err err = {0};
	json_int_t last = s->request;
	s->request = json_integer_value(id);
	if (!json_is_integer(id) || s->request <= last || s->request > INT32_MAX || !name) {
		lost(s, "a request without its number, in order, and its verb");
		return;
	}
	json_t *ok = verb_answer(s, name, request, &err);
	char *text = NULL;
	if (ok) {
		json_t *reply = json_pack("{s:I, s:O}", "id", s->request, "ok", ok);
		text = json_dumps(reply, JSON_COMPACT);
		json_decref(reply);
		json_decref(ok);
		if (!text)
			abort();
		if (strlen(text) > WIRE_MAX) {
			err_set(&err, ERR_LIMIT, "the answer is longer than a frame may be");
			free(TAKE(text));
		}
	}
	if (text) {
		if (!s->gone)
			wire_put(&s->outbuf, WIRE_MESSAGE, text, strlen(text));
		free(text);
		write_out(s);
	} else {
		say(s, json_pack("{s:I, s:o}", "id", s->request, "error", refuse(&err)));
	}
	while (!s->gone && s->outbuf.len - s->sent > SESSION_PENDING_OUT)
		session_pump(s, -1);
}

static json_t *next_request(struct session *s)
{
	if (s->queue.next == s->queue.len)
		return NULL;
	json_t *request = s->queue.items[s->queue.next++];
	if (s->queue.next == s->queue.len)
		s->queue.next = s->queue.len = s->queue.bytes = 0;
	return request;
}

int session_serve(struct session *s, struct err *err)
{
	while (!s->done && !s->gone) {
		json_t *request = next_request(s);
		if (request)
			answer(s, request);
		else
			session_pump(s, -1);
		json_decref(request);
	}
	while (s->done && !s->gone && s->outbuf.len)
		session_pump(s, WIRE_BEAT_MS);
	return s->done ? 0 : err_set(err, ERR_CANCELLED, "the operator is gone: %s", s->why);
}
