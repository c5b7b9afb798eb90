#include "agent/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/resource.h"
#include "agent/verb.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

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

static int take_frame(void *owner, const struct wire_frame *frame, struct err *err)
{
	struct session *s = owner;
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

int session_open(struct session *s, int in, int out, struct err *err)
{
	static const struct pump_ops ops = {take_frame, child_prepare, child_handle};
	*s = (struct session){.root.fd = -1, .lock.fd = -1};
	if (pump_open(&s->pump, in, out, &ops, s, err) < 0 || root_open(&s->root, err) < 0)
		return -1;
	s->keys = wire_keys_new();
	return 0;
}

void session_close(struct session *s)
{
	remote_end(s);
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
	pump_close(&s->pump);
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
	pump_say(&s->pump, json_pack("{s:o}", "hello", hello));
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
		pump_lose(&s->pump, "a request without its number, in order, and its verb");
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
	if (text)
		pump_say_text(&s->pump, text, strlen(text));
	else
		pump_say(&s->pump, json_pack("{s:I, s:o}", "id", s->request, "error", refuse(&err)));
	free(text);
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
	while (!s->done && !s->pump.gone) {
		json_t *request = next_request(s);
		if (request)
			answer(s, request);
		else
			pump_wait(&s->pump, -1);
		json_decref(request);
	}
	while (s->done && !s->pump.gone && s->pump.outbuf.len)
		pump_wait(&s->pump, WIRE_BEAT_MS);
	return s->done ? 0 : pump_check(&s->pump, err);
}
