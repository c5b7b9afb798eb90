/*
 * Services: systemd units. What a unit is now is asked of systemctl(1) show, once for all units of a request.
 *
 * A daemon reads its files when it is started, so a file whose ctime is after the start of the unit's main process was
 * not read. The start is given by systemd on the monotonic clock, which neither stands still nor jumps as the wall
 * clock does; a ctime in the future (the clock was set back since) is set to now before the restart, or it would ask
 * for one for ever.
 *
 * A unit of Type=simple counts as started the moment its process exists, also when that dies at once: success is that
 * the same process is still there a moment later.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { SHOW_MS = 30000, START_MS = 100000, SETTLE_MS = 300 };

struct state {
	const char *unit, *load, *active, *sub, *file, *result;
	uint64_t start_us; /* of the main process, else of the unit; monotonic; 0: never */
	long pid;
	bool needs_reload;
};

struct services {
	struct state *items;
	size_t len, cap;
};

static void set_property(struct state *u, const char *key, const char *value, struct arena *arena)
{
	uint64_t number;
	const struct {
		const char *key;
		const char **place;
	} texts[] = {{"LoadState", &u->load},
		     {"ActiveState", &u->active},
		     {"SubState", &u->sub},
		     {"UnitFileState", &u->file},
		     {"Result", &u->result}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (streq(key, texts[i].key))
			*texts[i].place = arena_strdup(arena, value);
	if (streq(key, "NeedDaemonReload"))
		u->needs_reload = streq(value, "yes");
	if (str_to_u64(value, 0, INT64_MAX, &number) < 0)
		return;
	if (streq(key, "MainPID"))
		u->pid = (long)number;
	/* The main process counts where there is one; the unit's own time is then later. */
	if (streq(key, "ExecMainStartTimestampMonotonic") && number)
		u->start_us = number;
	if (streq(key, "ActiveEnterTimestampMonotonic") && !u->start_us)
		u->start_us = number;
}

/* One block of KEY=VALUE lines for each unit, in the order asked for, with an empty line between (systemctl(1)). */
static int parse_show(char *text, const char *const *units, size_t count, struct arena *arena, struct services *ret)
{
	char *rest = text;
	struct state *u = NULL;
	for (char *line; (line = str_next_line(&rest));) {
		char *equals = strchr(line, '=');
		if (!*line) {
			u = NULL;
			continue;
		}
		if (!equals)
			continue;
		if (!u) {
			if (ret->len == count)
				return -1;
			u = vec_push_in(arena, ret);
			*u = (struct state){.unit = units[ret->len - 1], "", "", "", "", ""};
		}
		*equals = '\0';
		set_property(u, line, equals + 1, arena);
	}
	return ret->len == count ? 0 : -1;
}

static int show(struct session *s, const char *const *units, size_t count, struct arena *arena, struct services *ret,
		struct err *err)
{
	const char **argv = arena_calloc(arena, count + 5, sizeof *argv);
	size_t n = 0;
	argv[n++] = "systemctl";
	argv[n++] = "show";
	argv[n++] = "--property=LoadState,ActiveState,SubState,UnitFileState,Result,NeedDaemonReload,MainPID,"
		    "ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic";
	argv[n++] = "--";
	memcpy(argv + n, units, count * sizeof *units);
	_cleanup_strbuf_ struct strbuf out = {0};
	if (child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = SHOW_MS}, &out, err) < 0)
		return -1;
	if (!out.len || parse_show(out.data, units, count, arena, ret) < 0)
		return err_set(err, ERR_FAILED, "systemctl show gave no answer for each unit");
	return 0;
}

/* What was asked for the facts is good enough for a probe that comes with the next request, and saves a program. */
enum { KEEP_MS = 10000 };

struct services_kept {
	struct arena *arena;
	struct services services;
	uint64_t asked_ms;
};

void services_forget(struct session *s)
{
	if (s->services)
		arena_free(s->services->arena);
	s->services = NULL;
}

/* proc(5): the state behind the name in parentheses. 'T': stopped by a signal; its unit is active all the same. */
static bool is_stopped(const struct session *s, long pid)
{
	char path[32], text[512];
	if (pid <= 0)
		return false;
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	_cleanup_fd_ int fd = root_file(&s->root, path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (len < 0)
		return false;
	text[len] = '\0';
	const char *name_end = strrchr(text, ')');
	return name_end && str_starts(name_end, ") T");
}

json_t *services_describe(struct session *s, const char *const *units, size_t count, struct err *err)
{
	services_forget(s);
	struct arena *arena = arena_new();
	struct services_kept *kept = arena_alloc(arena, sizeof *kept);
	const char **names = arena_calloc(arena, count, sizeof *names);
	*kept = (struct services_kept){.arena = arena, .asked_ms = clock_ms()};
	for (size_t i = 0; i < count; i++)
		names[i] = arena_strdup(arena, units[i]);
	if (show(s, names, count, arena, &kept->services, err) < 0) {
		arena_free(arena);
		return NULL;
	}
	s->services = kept;
	json_t *described = json_object();
	for (size_t i = 0; i < count; i++) {
		const struct state *u = &kept->services.items[i];
		json_object_set_new(described, u->unit,
				    json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "load", u->load, "active",
					      u->active, "sub", u->sub, "file", u->file, "result", u->result, "pid",
					      (json_int_t)u->pid, "since", (json_int_t)u->start_us, "stopped",
					      is_stopped(s, u->pid)));
	}
	return described;
}

static bool is_kept(const struct session *s, const char *unit)
{
	for (size_t i = 0; s->services && i < s->services->services.len; i++)
		if (streq(s->services->services.items[i].unit, unit))
			return true;
	return false;
}

const struct services *services_ask(struct session *s, const struct resource *items, size_t len, struct arena *arena)
{
	VEC(const char *) units = {0};
	struct services *found = arena_calloc(arena, 1, sizeof *found);
	bool kept = s->services && clock_ms() - s->services->asked_ms < KEEP_MS;
	for (size_t i = 0; i < len; i++) {
		if (items[i].type != RESOURCE_SERVICE)
			continue;
		*vec_push_in(arena, &units) = items[i].service.unit;
		kept = kept && is_kept(s, items[i].service.unit);
	}
	if (kept)
		return &s->services->services;
	if (!units.len || show(s, units.items, units.len, arena, found, NULL) < 0)
		return NULL; /* each is asked for on its own, and says what is wrong */
	return found;
}

static int find_state(struct session *s, const char *unit, const struct services *known, struct arena *arena,
		      struct state *ret, struct err *err)
{
	for (size_t i = 0; known && i < known->len; i++)
		if (streq(known->items[i].unit, unit)) {
			*ret = known->items[i];
			return 0;
		}
	struct services one = {0};
	if (show(s, &unit, 1, arena, &one, err) < 0)
		return -1;
	*ret = one.items[0];
	return 0;
}

static int64_t now_us(clockid_t clock)
{
	struct timespec ts;
	clock_gettime(clock, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

/* The first input that was changed after the unit was started, or NULL. One that is not there is no reason. */
static const char *newer_input(struct session *s, const struct resource *r, const struct state *u)
{
	int64_t start = now_us(CLOCK_REALTIME) - now_us(CLOCK_MONOTONIC) + (int64_t)u->start_us;
	struct stat st;
	if (!u->start_us)
		return NULL;
	for (const char *const *input = r->service.inputs; input && *input; input++)
		if (root_lstat(&s->root, *input, &st) == 0 &&
		    st.st_ctim.tv_sec * INT64_C(1000000) + st.st_ctim.tv_nsec / 1000 > start)
			return *input;
	return NULL;
}

static bool is_masked(const struct state *u)
{
	return streq(u->load, "masked") || str_starts(u->file, "masked");
}

static bool is_running(const struct state *u)
{
	return streq(u->active, "active") || streq(u->active, "reloading");
}

/* Units that cannot be enabled (static and the like) are as enabled as they can be. */
static bool may_be_enabled(const struct state *u)
{
	return streq(u->file, "disabled") || is_masked(u) || streq(u->file, "enabled-runtime") ||
	       streq(u->file, "linked") || streq(u->file, "linked-runtime");
}

struct wishes {
	bool unmask, enable, disable, start, stop, restart, reload;
	const char *newer;
};

static struct wishes compare(struct session *s, const struct resource *r, const struct state *u)
{
	struct wishes w = {0};
	bool up = is_running(u), idle = streq(u->active, "inactive") || streq(u->active, "failed");
	w.unmask = (r->service.running || r->service.enabled) && is_masked(u);
	w.enable = r->service.enabled && may_be_enabled(u);
	w.disable = !r->service.enabled && str_starts(u->file, "enabled");
	w.stop = !r->service.running && !idle;
	w.start = r->service.running && !up;
	if (!r->service.running || !up)
		return w;
	w.newer = newer_input(s, r, u);
	w.restart = r->service.restart || w.newer;
	w.reload = u->needs_reload;
	return w;
}

static void describe(const struct resource *r, const struct state *u, const struct wishes *w, struct strbuf *why)
{
	if (w->unmask)
		strbuf_adds(why, ", masked");
	if (w->enable)
		strbuf_adds(why, ", not enabled");
	if (w->disable)
		strbuf_adds(why, ", enabled");
	if (w->stop)
		strbuf_addf(why, ", %s", is_running(u) ? "running" : u->active);
	if (w->start && streq(u->active, "failed"))
		strbuf_addf(why, ", failed (%s)", u->result);
	else if (w->start)
		strbuf_addf(why, ", %s", streq(u->active, "inactive") ? "not running" : u->active);
	if (w->newer)
		strbuf_addf(why, ", %s was changed after it was started", w->newer);
	else if (w->restart && r->service.restart)
		strbuf_adds(why, ", a restart is asked for");
	if (w->reload)
		strbuf_adds(why, ", its unit file was changed and not read");
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct state u;
	struct err err;
	if (find_state(s, r->service.unit, p->services, p->arena, &u, &err) < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	if (streq(u.load, "not-found")) {
		if (r->service.running || r->service.enabled)
			return probe_found(p, OBSERVED_MISSING, "there is no such unit");
		return probe_found(p, OBSERVED_SAME, "%s", "");
	}
	struct wishes w = compare(s, r, &u);
	_cleanup_strbuf_ struct strbuf why = {0};
	describe(r, &u, &w, &why);
	if (why.len)
		probe_found(p, OBSERVED_DIFFERS, "%s", why.data + 2);
	else
		probe_found(p, OBSERVED_SAME, "%s", "");
}

static int systemctl(struct session *s, struct err *err, const char *verb, const char *unit)
{
	return child_command(s, START_MS, err, "systemctl", verb, unit, NULL);
}

/* Why it does not run, in the words of its own journal. */
static int explain(struct session *s, const char *unit, struct err *err)
{
	const char *const argv[] = {"journalctl", "-u", unit, "-n", "5", "-o", "cat", "--no-pager", "-q", NULL};
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_strbuf_ struct strbuf said = {0};
	struct err ignored;
	if (child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = SHOW_MS}, &out, &ignored) < 0 || !out.len)
		return -1;
	char *rest = out.data;
	for (char *line; (line = str_next_line(&rest));)
		if (*line)
			strbuf_addf(&said, "%s%.160s", said.len ? "; " : "", line);
	struct err before = *err;
	return err_set(err, before.code, "%.300s; its journal: %s", before.text, strbuf_str(&said));
}

/* A ctime, a link's too, cannot be set but to now: by a change of owner to whom it has. */
static void bring_to_now(struct session *s, const struct resource *r)
{
	int64_t now = now_us(CLOCK_REALTIME);
	for (const char *const *input = r->service.inputs; input && *input; input++) {
		struct stat st;
		const char *name;
		_cleanup_fd_ int dir = root_parent(&s->root, *input, &name);
		if (dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_ctim.tv_sec * INT64_C(1000000) > now)
			(void)fchownat(dir, name, (uid_t)-1, (gid_t)-1, AT_SYMLINK_NOFOLLOW);
	}
}

static void sleep_pumping(struct session *s, unsigned ms)
{
	for (uint64_t end = clock_ms() + ms, now; (now = clock_ms()) < end;)
		session_pump(s, (int)(end - now));
}

static int start(struct session *s, const struct resource *r, const char *verb, struct err *err)
{
	const char *unit = r->service.unit;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct state before, after;
	struct err ignored;
	bring_to_now(s, r);
	systemctl(s, &ignored, "reset-failed", unit); /* fails where there is nothing to reset */
	if (systemctl(s, err, verb, unit) < 0)
		return explain(s, unit, err);
	if (find_state(s, unit, NULL, arena, &before, err) < 0)
		return -1;
	if (is_running(&before)) {
		sleep_pumping(s, SETTLE_MS);
		if (find_state(s, unit, NULL, arena, &after, err) < 0)
			return -1;
		if (is_running(&after) && after.pid == before.pid)
			return 0;
		before = after;
	}
	err_set(err, ERR_FAILED, "%s was started and is now %s (%s%s%s)", unit, before.active, before.sub,
		streq(before.result, "success") ? "" : ", ", streq(before.result, "success") ? "" : before.result);
	return explain(s, unit, err);
}

static int reload_units(struct session *s, struct err *err)
{
	if (child_command(s, START_MS, err, "systemctl", "daemon-reload", NULL) < 0)
		return -1;
	s->units_changed = false;
	return 0;
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	const char *unit = r->service.unit;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct state u;
	if (s->units_changed && reload_units(s, err) < 0)
		return -1;
	if (find_state(s, unit, NULL, arena, &u, err) < 0)
		return -1;
	struct wishes w = compare(s, r, &u);
	if (streq(u.load, "not-found"))
		return err_set(err, ERR_MISSING, "there is no unit %s on this host", unit);
	if (u.needs_reload && reload_units(s, err) < 0)
		return -1;
	if (w.reload)
		strbuf_adds(what, ", its unit file read again");
	if (w.unmask && systemctl(s, err, "unmask", unit) < 0)
		return -1;
	if (w.enable && systemctl(s, err, "enable", unit) < 0)
		return -1;
	if (w.disable && systemctl(s, err, "disable", unit) < 0)
		return -1;
	if (w.enable || w.disable)
		strbuf_adds(what, w.enable ? ", enabled" : ", disabled");
	if (w.stop) {
		if (systemctl(s, err, "stop", unit) < 0)
			return -1;
		strbuf_adds(what, ", stopped");
	}
	if (w.start || w.restart) {
		if (start(s, r, w.restart ? "restart" : "start", err) < 0)
			return -1;
		if (w.restart)
			strbuf_addf(what, ", restarted: %s", found->why);
		else
			strbuf_adds(what, ", started");
	}
	if (what->len)
		strbuf_consume(what, 2);
	return 0;
}

void service_path_changed(struct session *s, const char *path)
{
	if (strstr(path, "/systemd/system/") || str_starts(path, "/etc/init.d/"))
		s->units_changed = true;
}

const struct resource_ops service_ops = {.probe = probe, .apply = apply};
