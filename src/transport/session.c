#include "transport/session.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "transport/explain.h"

static void set_phase(struct session *s, enum fleet_phase phase)
{
	struct fleet *f = s->fleet;
	bool was = s->phase > FLEET_NEW && s->phase<FLEET_OPEN, is = phase> FLEET_NEW && phase < FLEET_OPEN;
	f->connecting += (size_t)is - (size_t)was;
	s->phase = phase;
	s->progress_ms = uv_now(&f->loop);
	if (f->options.on_phase)
		f->options.on_phase(f->options.data, s->index, phase);
}

static void drop_channel(struct session *s)
{
	channel_close(s->channel);
	s->channel = NULL;
	strbuf_free(&s->input);
}

void session_fail(struct session *s, const struct err *why)
{
	struct fleet *f = s->fleet;
	if (s->phase == FLEET_FAILED)
		return;
	drop_channel(s);
	s->error = arena_alloc(f->arena, sizeof *s->error);
	*s->error = *why;
	set_phase(s, FLEET_FAILED);
	for (size_t i = s->first; i != SESSION_NONE; i = f->next[i]) {
		struct fleet_request *request = &f->requests[i];
		request->error = *why;
		sodium_free(request->secret);
		request->secret = NULL;
		f->pending--;
	}
	s->first = s->last = s->sending = SESSION_NONE;
}

static int explain(const struct session *s, int status, struct err *err)
{
	const struct explain why = {
	    .name = s->target.name,
	    .local = s->target.local,
	    .status = status,
	    .errors = strbuf_str(&s->errors),
	    .errors_len = s->errors.len,
	    .noise = s->heard ? "" : strbuf_str(&s->input),
	    .noise_len = s->heard ? 0 : s->input.len,
	    .fail = s->fail,
	    .heard = s->heard,
	    .started = s->phase >= FLEET_STARTING,
	    .opened = s->phase == FLEET_OPEN,
	};
	return explain_failure(&why, err);
}

/* The kept connection is of no use: once more, without it. True where that is so. */
static bool try_cold(struct session *s)
{
	if (!s->kept || s->heard || s->asks || s->cold || s->phase != FLEET_CONNECTING)
		return false;
	struct ssh_dest dest = session_dest(s);
	if (s->fleet->options.on_warning)
		s->fleet->options.on_warning(s->fleet->options.data, s->index,
					     "its kept connection is dead; making a new one");
	ssh_forget_master(&s->fleet->ssh, &dest);
	drop_channel(s);
	strbuf_free(&s->errors);
	s->cold = true;
	set_phase(s, FLEET_NEW);
	return true;
}

void session_fail_late(struct session *s)
{
	struct err err;
	if (s->phase == FLEET_OPEN)
		err_set(&err, ERR_TIMEOUT, "it did not answer in time");
	else if (s->phase == FLEET_NEW)
		err_set(&err, ERR_TIMEOUT, "there was no time left to connect to it");
	else
		explain(s, -1, &err);
	session_fail(s, &err);
}

static void put_frame(struct session *s, struct strbuf *frame, const void *borrowed, size_t len)
{
	size_t owned = frame->len;
	channel_write(s->channel, strbuf_take(frame), owned, borrowed, len);
	s->sent_ms = uv_now(&s->fleet->loop);
}

/* wire_put_blob with the bytes where they are. */
static void put_blob(struct session *s, const struct fleet_blob *blob)
{
	size_t payload = DIGEST_HEX + blob->len;
	const unsigned char header[WIRE_HEADER] = {(unsigned char)(payload >> 24), (unsigned char)(payload >> 16),
						   (unsigned char)(payload >> 8), (unsigned char)payload, WIRE_BLOB};
	struct strbuf frame = {0};
	strbuf_add(&frame, header, sizeof header);
	strbuf_add(&frame, blob->digest.hex, DIGEST_HEX);
	put_frame(s, &frame, blob->bytes, blob->len);
}

/* The message with its id put in, without a copy of the tree: {"id":N,...}. */
static int put_message(struct session *s, const struct fleet_request *request, struct err *err)
{
	_cleanup_free_ char *text = json_dumps(request->message, JSON_COMPACT);
	if (!text)
		abort();
	_cleanup_strbuf_ struct strbuf payload = {0};
	strbuf_addf(&payload, "{\"id\":%u%s%s", request->id, text[1] == '}' ? "" : ",", text + 1);
	struct strbuf frame = {0};
	if (payload.len > WIRE_MAX)
		return err_set(err, ERR_LIMIT, "what is to be asked of it takes %zu bytes, more than %d", payload.len,
			       WIRE_MAX);
	wire_put(&frame, WIRE_MESSAGE, payload.data, payload.len);
	put_frame(s, &frame, NULL, 0);
	s->said_ms = s->sent_ms;
	return 0;
}

void session_feed(struct session *s)
{
	struct fleet *f = s->fleet;
	while (s->phase == FLEET_OPEN && s->sending != SESSION_NONE && channel_queued(s->channel) < SESSION_QUEUE_MAX) {
		struct fleet_request *request = &f->requests[s->sending];
		if (s->blob < request->blob_count) {
			put_blob(s, &request->blobs[s->blob++]);
		} else if (s->secret < request->secret_count) {
			const struct fleet_secret *secret = &request->secrets[s->secret++];
			struct strbuf frame = {0};
			struct err err;
			if (wire_put_secret(&frame, secret->name, s->hello.key, secret->bytes, secret->len, &err) < 0) {
				strbuf_free(&frame);
				session_fail(s, &err);
				return;
			}
			put_frame(s, &frame, NULL, 0);
		} else {
			struct err err;
			if (put_message(s, request, &err) < 0) {
				session_fail(s, &err);
				return;
			}
			s->sending = f->next[s->sending];
			s->blob = s->secret = 0;
		}
	}
}

static void on_written(void *data)
{
	struct session *s = data;
	s->progress_ms = uv_now(&s->fleet->loop);
	if (s->sending != SESSION_NONE) /* and not a heartbeat */
		s->said_ms = s->progress_ms;
	session_feed(s);
}

static void on_errors(void *data, const char *bytes, size_t len)
{
	struct session *s = data;
	strbuf_add(&s->errors, bytes, len);
	struct err err;
	if (session_answer_sudo(s, &err) < 0) {
		session_fail(s, &err);
		return;
	}
	if (s->errors.len > SESSION_ERRORS_MAX)
		strbuf_consume(&s->errors, s->errors.len - SESSION_ERRORS_MAX);
}

static void on_end(void *data, int status)
{
	struct session *s = data;
	struct err err;
	if (s->phase == FLEET_CLOSED) {
		drop_channel(s);
		return;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 255 && try_cold(s))
		return;
	explain(s, status, &err);
	session_fail(s, &err);
}

static int push_agent(struct session *s, const char *arch, struct err *err)
{
	const struct bootstrap_agent *agent = bootstrap_agent_for(&s->fleet->bootstrap, arch);
	if (!agent || s->hello.pushed)
		return err_set(err, ERR_PROTOCOL, "it asks for an agent that cannot be");
	s->hello.pushed = true;
	set_phase(s, FLEET_PUSHING);
	channel_write(s->channel, NULL, 0, agent->bytes, agent->len);
	return 0;
}

/* Before the frames begin. Sets *ret to how many bytes were used up. */
static int read_bootstrap(struct session *s, const char *bytes, size_t len, size_t *ret, struct err *err)
{
	struct bootstrap_answer answer;
	*ret = 0;
	if (bootstrap_read(s->nonce, bytes, len, &answer, err) < 0)
		return -1;
	if (answer.noise > BOOTSTRAP_NOISE_MAX) {
		char quote[1300];
		explain_quote(bytes, len, quote, sizeof quote);
		return err_set(err, ERR_PROTOCOL, "its rc files print more than %d bytes before a command runs: \"%s\"",
			       BOOTSTRAP_NOISE_MAX, quote);
	}
	if (answer.word == BOOTSTRAP_MORE)
		return 0;
	*ret = answer.end;
	if (answer.word == BOOTSTRAP_ASKS) {
		if (session_take_asks(s, err) < 0)
			session_fail(s, err);
		return 0;
	}
	s->heard = true;
	switch (answer.word) {
	case BOOTSTRAP_NEED:
		return push_agent(s, answer.rest, err);
	case BOOTSTRAP_FAIL:
		if (!s->fail)
			s->fail = xstrdup(answer.rest);
		return 0;
	default:
		set_phase(s, FLEET_STARTING);
		return 0;
	}
}

static int take_frame(struct session *s, const struct wire_frame *frame, struct err *err)
{
	json_t *message;
	int rc;
	if (frame->type != WIRE_HEARTBEAT)
		s->said_ms = uv_now(&s->fleet->loop);
	switch (frame->type) {
	case WIRE_HEARTBEAT:
		return frame->len ? err_set(err, ERR_PROTOCOL, "a heartbeat with a payload") : 0;
	case WIRE_SECRET:
		return session_take_secret(s, frame, err);
	case WIRE_BLOB:
		return err_set(err, ERR_PROTOCOL, "a blob that nobody asked for");
	case WIRE_MESSAGE:
		break;
	}
	message = wire_message(frame, &s->budget.values, err);
	if (!message)
		return -1;
	if (s->phase == FLEET_STARTING) {
		rc = session_take_hello(s, message, err);
		if (rc == 0)
			set_phase(s, FLEET_OPEN);
	} else if (s->phase == FLEET_CLOSED) {
		rc = 0;
	} else {
		rc = session_take_answer(s, message, err);
	}
	json_decref(message);
	return rc;
}

/* How many bytes of these are used up; -1: broken. The session may be failed when it returns (by a callback). */
static ssize_t take_bytes(struct session *s, const char *bytes, size_t len, struct err *err)
{
	size_t at = 0;
	while (at < len && s->channel) {
		if (s->phase < FLEET_STARTING) {
			size_t used;
			if (read_bootstrap(s, bytes + at, len - at, &used, err) < 0)
				return -1;
			at += used;
			if (!used || s->fail)
				break;
			continue;
		}
		struct wire_frame frame;
		if (s->phase == FLEET_STARTING && len - at >= WIRE_HEADER && (bytes[at] || bytes[at + 1]))
			return err_set(err, ERR_PROTOCOL, "the agent's hello is not valid");
		int rc = wire_parse(bytes + at, len - at, s->budget.bytes, &frame, err);
		if (rc < 0 && err->code == ERR_LIMIT)
			return budget_take_bytes(&s->budget, SIZE_MAX, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			break;
		if (budget_take_bytes(&s->budget, WIRE_HEADER + frame.len, err) < 0)
			return -1;
		if (s->phase == FLEET_STARTING && frame.len > SESSION_HELLO_MAX)
			return err_set(err, ERR_PROTOCOL, "the agent's hello is too long");
		if (take_frame(s, &frame, err) < 0)
			return -1;
		at += WIRE_HEADER + frame.len;
	}
	return (ssize_t)at;
}

static void on_output(void *data, const char *bytes, size_t len)
{
	struct session *s = data;
	struct err err;
	s->received_ms = uv_now(&s->fleet->loop);
	if (s->fail)
		return;
	bool whole = s->input.len == 0;
	if (!whole) {
		strbuf_add(&s->input, bytes, len);
		bytes = s->input.data;
		len = s->input.len;
	}
	ssize_t used = take_bytes(s, bytes, len, &err);
	if (used < 0) {
		if (err.code != ERR_LIMIT)
			err_wrap(&err, "it breaks the protocol");
		session_fail(s, &err);
		return;
	}
	if (!s->channel)
		return;
	if ((size_t)used == len)
		strbuf_free(&s->input);
	else if (whole)
		strbuf_add(&s->input, bytes + used, len - (size_t)used);
	else
		strbuf_consume(&s->input, (size_t)used);
}

const struct channel_ops session_ops = {
    .on_out = on_output,
    .on_err = on_errors,
    .on_written = on_written,
    .on_end = on_end,
};

void session_start(struct session *s)
{
	struct err err;
	bootstrap_nonce(s->nonce);
	s->heard = s->hello.pushed = false;
	budget_begin(&s->budget);
	s->start_ms = s->sent_ms = s->received_ms = uv_now(&s->fleet->loop);
	set_phase(s, FLEET_CONNECTING);
	if (session_login(s, &err) < 0)
		session_fail(s, &err);
	else if (session_runs_directly(s))
		set_phase(s, FLEET_STARTING);
}

void session_tick(struct session *s, uint64_t now)
{
	const struct fleet_options *o = &s->fleet->options;
	unsigned bound = o->connect_timeout_ms, silent = o->silent_ms ? o->silent_ms : SESSION_SILENT_MS;
	struct err err;
	switch (s->phase) {
	case FLEET_CONNECTING:
		if (now - s->start_ms > SESSION_MASTER_MS && try_cold(s))
			return;
		if (now - s->start_ms > bound)
			session_fail_late(s);
		return;
	case FLEET_PUSHING:
	case FLEET_STARTING:
		if (now - s->progress_ms > bound)
			session_fail_late(s);
		return;
	case FLEET_OPEN:
		if (now - s->received_ms > WIRE_DEAD_MS) {
			err_set(&err, ERR_TIMEOUT, "nothing was heard of it for %d s", WIRE_DEAD_MS / 1000);
			session_fail(s, &err);
		} else if (s->first != SESSION_NONE && now - s->said_ms > silent) {
			err_set(&err, ERR_TIMEOUT, "nothing but heartbeats came for %u s", silent / 1000);
			session_fail(s, &err);
		} else if (now - s->sent_ms >= WIRE_BEAT_MS && !channel_queued(s->channel)) {
			struct strbuf frame = {0};
			wire_put(&frame, WIRE_HEARTBEAT, "", 0);
			put_frame(s, &frame, NULL, 0);
		}
		return;
	default:
		return;
	}
}

void session_say_bye(struct session *s)
{
	if (s->phase != FLEET_OPEN)
		return;
	struct strbuf frame = {0};
	_cleanup_free_ char *text = xasprintf("{\"id\":%u,\"verb\":\"bye\"}", ++s->fleet->last_id);
	wire_put(&frame, WIRE_MESSAGE, text, strlen(text));
	put_frame(s, &frame, NULL, 0);
	set_phase(s, FLEET_CLOSED);
}

void session_clear(struct session *s)
{
	drop_channel(s);
	strbuf_free(&s->errors);
	free(s->fail);
	s->fail = NULL;
}
