/* What an agent says in answer. Everything is checked: the agent's host may be in anybody's hands. */
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "transport/session.h"

static bool is_hex(const char *s, size_t len)
{
	if (!s || strlen(s) != len)
		return false;
	return strspn(s, "0123456789abcdef") == len;
}

int session_take_hello(struct session *s, const json_t *message, struct err *err)
{
	const json_t *hello = json_object_get(message, "hello");
	if (!json_is_object(hello))
		return err_set(err, ERR_PROTOCOL, "the agent's hello is not valid");
	json_int_t protocol = json_integer_value(json_object_get(hello, "protocol"));
	const char *digest = json_string_value(json_object_get(hello, "agent"));
	const char *arch = json_string_value(json_object_get(hello, "arch"));
	const char *key = json_string_value(json_object_get(hello, "key"));
	const json_t *uid = json_object_get(hello, "uid");
	if (protocol != WIRE_PROTOCOL)
		return err_set(err, ERR_PROTOCOL, "the agent speaks protocol %lld, not %d", (long long)protocol,
			       WIRE_PROTOCOL);
	if (!digest || digest_parse(digest, &s->hello.agent) < 0 || !arch ||
	    !str_is_name(arch, sizeof s->hello.arch - 1) || !is_hex(key, sizeof s->hello.key - 1) ||
	    !json_is_integer(uid) || json_integer_value(uid) < 0)
		return err_set(err, ERR_PROTOCOL, "the agent's hello is malformed");
	const struct bootstrap_agent *agent = bootstrap_agent_for(&s->fleet->bootstrap, arch);
	if (!agent || !streq(agent->digest.hex, digest))
		return err_set(err, ERR_PROTOCOL, "the agent that answers is not the one that was sent");
	if (json_integer_value(uid) != 0 && !getenv("REEVE_ROOT"))
		return err_set(err, ERR_REFUSED, "the agent does not run as root, but as uid %lld",
			       (long long)json_integer_value(uid));
	snprintf(s->hello.arch, sizeof s->hello.arch, "%s", arch);
	snprintf(s->hello.key, sizeof s->hello.key, "%s", key);
	s->hello.uid = (uint64_t)json_integer_value(uid);
	s->hello.connect_ms = (unsigned)(uv_now(&s->fleet->loop) - s->start_ms);
	return 0;
}

/* The request that an answer must be for: the oldest without one, if it was sent at all. */
static struct fleet_request *awaited(struct session *s)
{
	return s->first == SESSION_NONE || s->first == s->sending ? NULL : &s->fleet->requests[s->first];
}

static enum err_code code_of(const char *word)
{
	for (int code = ERR_NONE + 1; code < ERR_INTERNAL; code++)
		if (streq(err_code_name((enum err_code)code), word))
			return (enum err_code)code;
	return ERR_FAILED;
}

static int take_error(struct fleet_request *request, const json_t *error, struct err *err)
{
	const char *code = json_string_value(json_object_get(error, "code"));
	const json_t *text = json_object_get(error, "text");
	if (!code || !str_is_name(code, sizeof request->error_code - 1) || !json_is_string(text))
		return err_set(err, ERR_PROTOCOL, "an error without code or text");
	_cleanup_arena_ struct arena *arena = arena_new();
	snprintf(request->error_code, sizeof request->error_code, "%s", code);
	err_set(&request->error, code_of(code), "%s",
		str_printable(arena, json_string_value(text), json_string_length(text)));
	return 0;
}

int session_take_answer(struct session *s, json_t *message, struct err *err)
{
	struct fleet *f = s->fleet;
	const json_t *id = json_object_get(message, "id");
	json_t *ok = json_object_get(message, "ok"), *error = json_object_get(message, "error");
	const json_t *event = json_object_get(message, "event");
	struct fleet_request *request = awaited(s);
	if (!json_is_integer(id))
		return err_set(err, ERR_PROTOCOL, "an answer without an id");
	if (!request)
		return err_set(err, ERR_PROTOCOL, "an answer (%lld) to nothing", (long long)json_integer_value(id));
	if (json_integer_value(id) != (json_int_t)request->id)
		return err_set(err, ERR_PROTOCOL, "an answer to %lld where %u is asked",
			       (long long)json_integer_value(id), request->id);
	if (!!ok + !!error + !!event != 1)
		return err_set(err, ERR_PROTOCOL, "an answer must have exactly one of ok, error and event");
	if (event) {
		if (!json_is_object(event))
			return err_set(err, ERR_PROTOCOL, "an event that is not an object");
		if (budget_take_event(&s->budget, err) < 0)
			return -1;
		if (request->on_event)
			request->on_event(request->data, request, event);
		return 0;
	}
	if (ok) {
		if (!json_is_object(ok))
			return err_set(err, ERR_PROTOCOL, "an answer that is not an object");
		if (budget_check(request->message, ok, err) < 0)
			return -1;
		request->answer = json_incref(ok);
	} else if (take_error(request, error, err) < 0) {
		return -1;
	}
	request->answered_ms = clock_wall_ms();
	s->first = f->next[s->first];
	if (s->first == SESSION_NONE)
		s->last = SESSION_NONE;
	f->pending--;
	if (request->on_answer)
		request->on_answer(request->data, request);
	return 0;
}

int session_take_secret(struct session *s, const struct wire_frame *frame, struct err *err)
{
	struct fleet_request *request = s->phase == FLEET_OPEN ? awaited(s) : NULL;
	if (!request || request->secret)
		return err_set(err, ERR_PROTOCOL, "a secret that nobody asked for");
	return wire_secret(frame, s->fleet->keys, request->secret_name, &request->secret, &request->secret_len, err);
}
