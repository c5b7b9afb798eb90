/*
 * peer: an agent for tests of the transport alone. It says hello, answers each message with {"verb": V, "secrets": N,
 * "blobs": N, "bytes": N}, and lies as FAKE_LIE says. `secret` is answered with a sealed "s3cret"; `fail` with an
 * error; `sleep` waits {"ms": N}, `events` sends {"count": N} of them.
 */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "wire/wire.h"

static const char *lie = "";
static struct strbuf out;
static unsigned blobs, secrets;
static size_t bytes_seen;

static void flush(void)
{
	if (fd_write_all(1, strbuf_str(&out), out.len) < 0)
		exit(1);
	strbuf_reset(&out);
}

static void say_hello(const struct wire_keys *keys)
{
	struct utsname uts;
	struct digest digest;
	char key[65];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uname(&uts);
	digest_of_fd(fd, &digest, NULL);
	wire_keys_public_hex(keys, key);
	if (streq(lie, "digest"))
		memset(digest.hex, 'a', DIGEST_HEX);
	if (streq(lie, "key"))
		key[3] = 'X';
	if (streq(lie, "silent"))
		for (;;)
			pause();
	if (streq(lie, "text")) {
		puts("Segmentation fault");
		exit(1);
	}
	json_t *hello =
	    json_pack("{s:{s:i,s:s,s:s,s:s,s:i}}", "hello", "protocol", streq(lie, "protocol") ? 2 : 1, "agent",
		      digest.hex, "arch", uts.machine, "key", key, "uid", streq(lie, "uid") ? 1000 : 0);
	wire_put_json(&out, hello);
	json_decref(hello);
	flush();
}

static void answer(json_int_t id, json_t *ok)
{
	json_t *message = json_pack("{s:I,s:o}", "id", id, "ok", ok);
	wire_put_json(&out, message);
	if (streq(lie, "twice"))
		wire_put_json(&out, message);
	json_decref(message);
}

static void tell_lie(json_int_t id)
{
	if (streq(lie, "id"))
		answer(id + 1, json_object());
	else if (streq(lie, "huge"))
		strbuf_add(&out, "\xff\xff\xff\xffM", 5);
	else if (streq(lie, "long")) { /* within a frame, but not what anybody asked for */
		static char text[8 << 20];
		memset(text, ' ', sizeof text);
		wire_put(&out, WIRE_MESSAGE, text, sizeof text);
	} else if (streq(lie, "values")) {
		struct strbuf m = {0};
		strbuf_addf(&m, "{\"id\":%lld,\"ok\":{\"x\":[{}", (long long)id);
		while (m.len < 1 << 20)
			strbuf_adds(&m, ",{}");
		strbuf_adds(&m, "]}}");
		wire_put(&out, WIRE_MESSAGE, m.data, m.len);
		strbuf_free(&m);
	} else if (streq(lie, "beats")) {
		for (size_t i = 0; i < 1 << 20; i++)
			wire_put(&out, WIRE_HEARTBEAT, "", 0);
	} else if (streq(lie, "type"))
		strbuf_add(&out, "\0\0\0\0Z", 5);
	else if (streq(lie, "garbage"))
		wire_put(&out, WIRE_MESSAGE, "{\"id\":", 6);
	else if (streq(lie, "duplicate-key"))
		wire_put(&out, WIRE_MESSAGE, "{\"id\":1,\"id\":1}", 15);
	else if (streq(lie, "array"))
		wire_put(&out, WIRE_MESSAGE, "[]", 2);
	else if (streq(lie, "both")) {
		json_t *m = json_pack("{s:I,s:{},s:{s:s,s:s}}", "id", id, "ok", "error", "code", "failed", "text", "x");
		wire_put_json(&out, m);
		json_decref(m);
	} else if (streq(lie, "blob")) {
		struct digest d = digest_of("x", 1);
		wire_put_blob(&out, &d, "x", 1);
	} else if (streq(lie, "secret")) {
		wire_put(&out, WIRE_SECRET, "name\0123456789", 12);
	} else if (streq(lie, "die"))
		_exit(3);
	else if (streq(lie, "deaf"))
		for (;;)
			pause();
}

static void serve(json_t *message)
{
	json_int_t id = json_integer_value(json_object_get(message, "id"));
	const char *verb = json_string_value(json_object_get(message, "verb"));
	verb = verb ? verb : "";
	tell_lie(id);
	if (streq(lie, "busy")) /* and beating */
		return;
	if (streq(verb, "sleep"))
		usleep((useconds_t)json_integer_value(json_object_get(message, "ms")) * 1000);
	if (streq(verb, "events")) {
		json_int_t count = json_integer_value(json_object_get(message, "count"));
		for (json_int_t i = 0; i < count; i++) {
			json_t *event = json_pack("{s:I,s:{s:I}}", "id", id, "event", "n", i);
			wire_put_json(&out, event);
			json_decref(event);
		}
	}
	if (streq(verb, "secret"))
		wire_put_secret(&out, "munge.key", json_string_value(json_object_get(message, "for")), "s3cret", 6,
				NULL);
	if (streq(verb, "fail")) {
		json_t *m = json_pack("{s:I,s:{s:s,s:s}}", "id", id, "error", "code", "refused", "text", "no\nway");
		wire_put_json(&out, m);
		json_decref(m);
	} else {
		answer(id, json_pack("{s:s,s:i,s:i,s:I}", "verb", verb, "blobs", (int)blobs, "secrets", (int)secrets,
				     "bytes", (json_int_t)bytes_seen));
	}
	flush();
	if (streq(verb, "bye"))
		exit(0);
}

int main(void)
{
	struct strbuf in = {0};
	if (sodium_init() < 0)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	lie = getenv("FAKE_LIE") ? getenv("FAKE_LIE") : "";
	struct wire_keys *keys = wire_keys_new();
	say_hello(keys);
	for (;;) {
		struct wire_frame frame;
		struct err err;
		int rc = wire_next(&in, &frame, &err);
		if (rc < 0) {
			fprintf(stderr, "peer: %s\n", err.text);
			return 2;
		}
		if (rc == 0) {
			char buf[65536];
			ssize_t n = read(0, buf, sizeof buf);
			if (n <= 0)
				return 0;
			strbuf_add(&in, buf, (size_t)n);
			continue;
		}
		if (frame.type == WIRE_BLOB) {
			struct digest digest;
			const char *bytes;
			size_t len;
			if (wire_blob(&frame, &digest, &bytes, &len, &err) < 0)
				return 2;
			blobs++;
			bytes_seen += len;
		} else if (frame.type == WIRE_SECRET) {
			char name[WIRE_SECRET_NAME + 1];
			unsigned char *bytes;
			size_t len;
			if (wire_secret(&frame, keys, name, &bytes, &len, &err) < 0)
				return 2;
			secrets++;
			sodium_free(bytes);
		} else if (frame.type == WIRE_HEARTBEAT) {
			if (!streq(lie, "deaf-to-heartbeats"))
				wire_put(&out, WIRE_HEARTBEAT, "", 0);
			flush();
		} else {
			json_t *message = wire_message(&frame, NULL, &err);
			if (!message)
				return 2;
			serve(message);
			json_decref(message);
		}
		strbuf_consume(&in, WIRE_HEADER + frame.len);
	}
}
