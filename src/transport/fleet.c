#include "transport/fleet.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/str.h"
#include "hostlist/hostlist.h"
#include "transport/session.h"
#include "transport/trust.h"

enum { TICK_MS = 100, WINDOW = 64, SLICE_MS = 5, PAUSE_MS = 1000, CONNECT_TIMEOUT_MS = 30000, TCP_TIMEOUT_S = 10 };

/* Three descriptors for each host, and some. */
static void raise_files(size_t hosts)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= 3 * hosts + 256)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void set_up_ssh(struct fleet *f, struct err *err)
{
	const struct fleet_options *o = &f->options;
	const char *program = o->ssh ? o->ssh : getenv("REEVE_SSH");
	/* less than our own bound, so that ssh says why; enough for any network, while a login may take longer */
	unsigned tcp_s = o->connect_timeout_ms * 3 / 4 / 1000;
	f->ssh = (struct ssh){
	    .program = program && *program ? program : "ssh",
	    .config = o->ssh_config,
	    .known_hosts = trust_path(o, f->arena),
	    .connect_timeout_s = tcp_s > TCP_TIMEOUT_S ? TCP_TIMEOUT_S
				 : tcp_s               ? tcp_s
						       : 1,
	};
	if (f->count > SSH_MASTERS_MAX || (o->control_dir && streq(o->control_dir, "none")))
		return;
	if (!o->control_dir)
		f->ssh.control_dir = ssh_control_dir(f->arena, err);
	else if (ssh_control_dir_check(o->control_dir, err) == 0)
		f->ssh.control_dir = o->control_dir;
	if (!f->ssh.control_dir && o->on_warning)
		o->on_warning(o->data, SIZE_MAX, err->text);
}

struct fleet *fleet_new(const struct fleet_target *targets, size_t count, const struct fleet_options *options,
			struct err *err)
{
	struct err ignored;
	if (sodium_init() < 0) {
		err_set(err, ERR_SYSTEM, "no source of random numbers");
		return NULL;
	}
	struct arena *arena = arena_new();
	struct bootstrap bootstrap;
	if (bootstrap_load(options->agent_dir, arena, &bootstrap, err) < 0) {
		arena_free(arena);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_files(count);
	struct fleet *f = xcalloc(1, sizeof *f);
	f->arena = arena;
	f->bootstrap = bootstrap;
	f->agent_fd = -1;
	f->options = *options;
	f->count = count;
	if (!f->options.connect_timeout_ms)
		f->options.connect_timeout_ms = CONNECT_TIMEOUT_MS;
	set_up_ssh(f, &ignored);
	f->keys = wire_keys_new();
	wire_keys_public_hex(f->keys, f->key);
	uv_loop_init(&f->loop);
	uv_timer_init(&f->loop, &f->tick);
	channel_set_init(&f->channels, &f->loop);
	f->beat = beat_new();
	f->sessions = arena_calloc(arena, count ? count : 1, sizeof *f->sessions);
	for (size_t i = 0; i < count; i++)
		f->sessions[i] = (struct session){.fleet = f,
						  .index = i,
						  .target = targets[i],
						  .first = SESSION_NONE,
						  .last = SESSION_NONE,
						  .sending = SESSION_NONE};
	return f;
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	beat_free(f->beat);
	for (size_t i = 0; i < f->count; i++)
		session_clear(&f->sessions[i]);
	uv_close((uv_handle_t *)&f->tick, NULL);
	channel_set_free(&f->channels);
	uv_loop_close(&f->loop);
	wire_keys_free(f->keys);
	if (f->agent_fd >= 0)
		close(f->agent_fd);
	arena_free(f->arena);
	free(f);
}

static void on_tick(uv_timer_t *timer)
{
	struct fleet *f = timer->data;
	uint64_t now = uv_now(&f->loop);
	for (size_t i = 0; i < f->count; i++)
		session_tick(&f->sessions[i], now);
	if (f->options.on_tick)
		f->options.on_tick(f->options.data);
}

/* The time the caller spent elsewhere is not the hosts' silence: what they said meanwhile waits in the pipes. */
static void begin_pumping(struct fleet *f)
{
	beat_end(f->beat);
	uv_update_time(&f->loop);
	uint64_t now = uv_now(&f->loop), pause = f->pumped_ms ? now - f->pumped_ms : 0;
	if (pause > PAUSE_MS)
		for (size_t i = 0; i < f->count; i++) {
			f->sessions[i].received_ms += pause;
			f->sessions[i].progress_ms += pause;
			f->sessions[i].said_ms += pause;
		}
	f->tick.data = f;
	uv_timer_start(&f->tick, on_tick, TICK_MS, TICK_MS);
}

static void end_pumping(struct fleet *f)
{
	int *fds = xcalloc(f->count, sizeof *fds), fd;
	size_t n = 0;
	uv_timer_stop(&f->tick);
	f->pumped_ms = uv_now(&f->loop);
	for (size_t i = 0; i < f->count; i++)
		if (f->sessions[i].phase == FLEET_OPEN && (fd = channel_idle_fd(f->sessions[i].channel)) >= 0)
			fds[n++] = fd;
	beat_begin(f->beat, fds, n);
	free(fds);
}

static bool cancelled(const struct fleet *f)
{
	return f->options.cancel && *f->options.cancel;
}

/* Fails all whose phase is in [from, to]. */
static void fail_between(struct fleet *f, enum fleet_phase from, enum fleet_phase to, const struct err *why)
{
	for (size_t i = 0; i < f->count; i++) {
		struct session *s = &f->sessions[i];
		if (s->phase < from || s->phase > to)
			continue;
		if (why)
			session_fail(s, why);
		else
			session_fail_late(s);
	}
}

/* Starts what may be started, for at most a slice of time. Sets *more where there is something left that may. */
static size_t launch(struct fleet *f, size_t from, bool *more)
{
	uint64_t start = uv_hrtime();
	size_t i = from;
	*more = false;
	for (; i < f->count && f->connecting < WINDOW; i++) {
		if (f->sessions[i].phase != FLEET_NEW)
			continue;
		if (uv_hrtime() - start > SLICE_MS * 1000000ULL) {
			*more = true;
			break;
		}
		session_start(&f->sessions[i]);
	}
	return i;
}

static bool any_new(const struct fleet *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->sessions[i].phase == FLEET_NEW)
			return true;
	return false;
}

static bool settled(const struct fleet *f, const bool *hosts)
{
	for (size_t i = 0; i < f->count; i++)
		if ((!hosts || hosts[i]) && f->sessions[i].phase < FLEET_OPEN)
			return false;
	return true;
}

/* Who was given the password for sudo is said, host by host: one that should not have asked is seen. */
static void tell_sudo(struct fleet *f)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char **names = arena_calloc(arena, f->count + 1, sizeof *names);
	size_t count = 0;
	for (size_t i = 0; i < f->count; i++) {
		struct session *s = &f->sessions[i];
		if (s->gave && !s->told)
			names[count++] = s->target.name;
		s->told = s->gave;
	}
	if (count && f->options.on_warning)
		f->options.on_warning(f->options.data, SIZE_MAX,
				      arena_printf(arena, "`sudo -n` was refused, and the sudo password sent: %s",
						   hostlist_compress(names, count, arena)));
}

int fleet_await(struct fleet *f, const bool *hosts, unsigned timeout_ms, struct err *err)
{
	size_t at = 0;
	int rc = 0;
	begin_pumping(f);
	uint64_t deadline = uv_now(&f->loop) + timeout_ms;
	while (!settled(f, hosts)) {
		bool more;
		if (cancelled(f)) {
			rc = err_set(err, ERR_CANCELLED, "interrupted");
			struct err why;
			err_set(&why, ERR_CANCELLED, "interrupted");
			fail_between(f, FLEET_NEW, FLEET_STARTING, &why);
			break;
		}
		if (uv_now(&f->loop) >= deadline)
			break;
		at = launch(f, at, &more);
		/* some may be new again: their kept connection was dead */
		if (f->connecting)
			uv_run(&f->loop, more ? UV_RUN_NOWAIT : UV_RUN_ONCE);
		if (at == f->count && f->connecting < WINDOW && any_new(f))
			at = 0;
	}
	end_pumping(f);
	tell_sudo(f);
	return rc;
}

int fleet_connect(struct fleet *f, unsigned timeout_ms, struct err *err)
{
	int rc = fleet_await(f, NULL, timeout_ms, err);
	if (rc == 0)
		fail_between(f, FLEET_NEW, FLEET_STARTING, NULL);
	return rc;
}

size_t fleet_count(const struct fleet *f)
{
	return f->count;
}

const char *fleet_name(const struct fleet *f, size_t host)
{
	return f->sessions[host].target.name;
}

enum fleet_phase fleet_phase(const struct fleet *f, size_t host)
{
	return f->sessions[host].phase;
}

const char *fleet_phase_name(enum fleet_phase phase)
{
	static const char *const names[] = {
	    [FLEET_NEW] = "new",
	    [FLEET_CONNECTING] = "connecting",
	    [FLEET_PUSHING] = "copying the agent",
	    [FLEET_STARTING] = "starting the agent",
	    [FLEET_OPEN] = "connected",
	    [FLEET_CLOSED] = "closed",
	    [FLEET_FAILED] = "failed",
	};
	return names[phase];
}

const struct err *fleet_error(const struct fleet *f, size_t host)
{
	static const struct err none = {0};
	return f->sessions[host].error ? f->sessions[host].error : &none;
}

const struct fleet_hello *fleet_hello(const struct fleet *f, size_t host)
{
	const struct session *s = &f->sessions[host];
	return s->hello.key[0] ? &s->hello : NULL;
}

const char *fleet_key(const struct fleet *f)
{
	return f->key;
}

/* Links each request to the one before it on the same host. Requests to hosts that are gone have their error at once.
 */
static void begin_round(struct fleet *f, struct fleet_request *requests, size_t count)
{
	f->requests = requests;
	f->next = xcalloc(count ? count : 1, sizeof *f->next);
	f->pending = 0;
	for (size_t i = 0; i < count; i++) {
		struct fleet_request *request = &requests[i];
		struct session *s = &f->sessions[request->host];
		f->next[i] = SESSION_NONE;
		request->id = ++f->last_id;
		if (s->phase != FLEET_OPEN) {
			if (s->error)
				request->error = *s->error;
			else
				err_set(&request->error, ERR_UNREACHABLE, "there is no session with it");
			continue;
		}
		if (s->last == SESSION_NONE) {
			s->first = s->sending = i;
			budget_begin(&s->budget);
		} else {
			f->next[s->last] = i;
		}
		budget_ask(&s->budget, request->message);
		s->last = i;
		f->pending++;
	}
}

static void end_round(struct fleet *f, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct session *s = &f->sessions[f->requests[i].host];
		struct err err;
		/* the caller's bytes are not borrowed beyond the round */
		if (s->channel && channel_borrowed(s->channel)) {
			err_set(&err, ERR_PROTOCOL, "it answered before it was asked");
			session_fail(s, &err);
		}
	}
	free(f->next);
	f->next = NULL;
	f->requests = NULL;
}

static void fail_pending(struct fleet *f, size_t count, const struct err *why)
{
	for (size_t i = 0; i < count && f->pending; i++) {
		struct session *s = &f->sessions[f->requests[i].host];
		if (s->first == SESSION_NONE)
			continue;
		if (why)
			session_fail(s, why);
		else
			session_fail_late(s);
	}
}

/* When the others were kept waiting for long enough. 0: half of them have not answered yet. */
static uint64_t patience_of(const struct fleet *f, size_t asked, uint64_t began)
{
	enum { TIMES = 4 };
	if (!asked || f->pending * 2 > asked)
		return 0;
	uint64_t took = TIMES * (uv_now(&f->loop) - began);
	return began + (took > FLEET_PATIENCE_MS ? took : FLEET_PATIENCE_MS);
}

static int run_round(struct fleet *f, struct fleet_request *requests, size_t count, unsigned timeout_ms, bool together,
		     struct err *err)
{
	int rc = 0;
	begin_round(f, requests, count);
	begin_pumping(f);
	uint64_t began = uv_now(&f->loop), deadline = began + timeout_ms, patience = 0;
	size_t asked = f->pending;
	for (size_t i = 0; i < count; i++)
		session_feed(&f->sessions[requests[i].host]);
	while (f->pending) {
		if (cancelled(f)) {
			struct err why;
			rc = err_set(err, ERR_CANCELLED, "interrupted");
			err_set(&why, ERR_CANCELLED, "interrupted");
			fail_pending(f, count, &why);
			break;
		}
		if (together && !patience && (patience = patience_of(f, asked, began)) && patience < deadline)
			deadline = patience;
		if (uv_now(&f->loop) >= deadline) {
			fail_pending(f, count, NULL);
			break;
		}
		uv_run(&f->loop, UV_RUN_ONCE);
	}
	end_pumping(f);
	end_round(f, count);
	return rc;
}

int fleet_round(struct fleet *f, struct fleet_request *requests, size_t count, unsigned timeout_ms, struct err *err)
{
	return run_round(f, requests, count, timeout_ms, false, err);
}

int fleet_ask(struct fleet *f, struct fleet_request *requests, size_t count, unsigned timeout_ms, struct err *err)
{
	return run_round(f, requests, count, timeout_ms, true, err);
}

void fleet_request_clear(struct fleet_request *request)
{
	json_decref(request->answer);
	sodium_free(request->secret);
	request->answer = NULL;
	request->secret = NULL;
	request->secret_len = 0;
	request->answered_ms = 0;
	request->secret_name[0] = request->error_code[0] = '\0';
	request->error = (struct err){0};
}

int fleet_pump(struct fleet *f, unsigned ms, struct err *err)
{
	int rc = 0;
	begin_pumping(f);
	uint64_t deadline = uv_now(&f->loop) + ms;
	while (uv_now(&f->loop) < deadline) {
		if (cancelled(f)) {
			rc = err_set(err, ERR_CANCELLED, "interrupted");
			break;
		}
		uv_run(&f->loop, UV_RUN_ONCE);
	}
	end_pumping(f);
	return rc;
}

void fleet_fail(struct fleet *f, size_t host, const struct err *why)
{
	struct session *s = &f->sessions[host];
	if (s->channel)
		beat_drop(f->beat, channel_idle_fd(s->channel));
	session_fail(s, why);
}

void fleet_bye(struct fleet *f, unsigned timeout_ms)
{
	begin_pumping(f);
	uint64_t deadline = uv_now(&f->loop) + timeout_ms;
	size_t left = 0;
	for (size_t i = 0; i < f->count; i++)
		session_say_bye(&f->sessions[i]);
	do {
		left = 0;
		for (size_t i = 0; i < f->count; i++)
			left += f->sessions[i].channel != NULL;
		if (left)
			uv_run(&f->loop, UV_RUN_ONCE);
	} while (left && uv_now(&f->loop) < deadline);
	for (size_t i = 0; i < f->count; i++)
		session_clear(&f->sessions[i]);
	end_pumping(f);
}
