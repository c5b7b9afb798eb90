/*
 * Services: systemd units. What a unit is now is asked of systemctl(1) show, once for all units of a request.
 *
 * A daemon reads its files when it is started, so a file whose ctime is after the start of the unit's main process was
 * not read. The start is given by systemd on the monotonic clock, which neither stands still nor jumps as the wall
 * clock does; a ctime in the future (the clock was set back since) is set to now before the restart, or it would ask
 * for one for ever.
 *
 * One that is reloaded instead has also read them at its last change of state since it became active: a reload goes from
 * running to reloading and back. So does one that fails, which systemd remembers until the next, or until reset-failed.
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
#include "agent/unit.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { START_MS = 100000, SETTLE_MS = 300 };

/* What was asked for the facts is good enough for a probe that comes with the next request, and saves a program. */
enum { KEEP_MS = 10000 };

struct services_kept {
	struct arena *arena;
	struct units units;
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
	if (unit_show(s, names, count, arena, &kept->units, err) < 0) {
		arena_free(arena);
		return NULL;
	}
	s->services = kept;
	json_t *described = json_object();
	for (size_t i = 0; i < count; i++) {
		const struct unit *u = &kept->units.items[i];
		json_object_set_new(described, u->name,
				    json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "load", u->load, "active",
					      u->active, "sub", u->sub, "file", u->file, "result", u->result, "pid",
					      (json_int_t)u->pid, "since", (json_int_t)u->start_us, "stopped",
					      is_stopped(s, u->pid)));
	}
	return described;
}

static bool is_kept(const struct session *s, const char *unit)
{
	for (size_t i = 0; s->services && i < s->services->units.len; i++)
		if (streq(s->services->units.items[i].name, unit))
			return true;
	return false;
}

const struct units *services_ask(struct session *s, const struct resource *items, size_t len, struct arena *arena)
{
	VEC(const char *) units = {0};
	struct units *found = arena_calloc(arena, 1, sizeof *found);
	bool kept = s->services && clock_ms() - s->services->asked_ms < KEEP_MS;
	for (size_t i = 0; i < len; i++) {
		if (items[i].type != RESOURCE_SERVICE)
			continue;
		*vec_push_in(arena, &units) = items[i].service.unit;
		kept = kept && is_kept(s, items[i].service.unit);
	}
	if (kept)
		return &s->services->units;
	if (!units.len || unit_show(s, units.items, units.len, arena, found, NULL) < 0)
		return NULL; /* each is asked for on its own, and says what is wrong */
	return found;
}

static int find_state(struct session *s, const char *unit, const struct units *known, struct arena *arena,
		      struct unit *ret, struct err *err)
{
	for (size_t i = 0; known && i < known->len; i++)
		if (streq(known->items[i].name, unit)) {
			*ret = known->items[i];
			return 0;
		}
	struct units one = {0};
	if (unit_show(s, &unit, 1, arena, &one, err) < 0)
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

/* The first input that was changed after the unit read them all, or NULL. One that is not there is no reason. */
static const char *newer_input(struct session *s, const struct resource *r, const struct unit *u)
{
	uint64_t read_us = r->service.reload && u->state_us > u->active_us ? u->state_us : u->start_us;
	int64_t start = now_us(CLOCK_REALTIME) - now_us(CLOCK_MONOTONIC) + (int64_t)read_us;
	struct stat st;
	if (!read_us)
		return NULL;
	for (const char *const *input = r->service.inputs; input && *input; input++)
		if (root_lstat(&s->root, *input, &st) == 0 &&
		    st.st_ctim.tv_sec * INT64_C(1000000) + st.st_ctim.tv_nsec / 1000 > start)
			return *input;
	return NULL;
}

static bool is_masked(const struct unit *u)
{
	return streq(u->load, "masked") || str_starts(u->file, "masked");
}

/* Units that cannot be enabled (static and the like) are as enabled as they can be. */
static bool may_be_enabled(const struct unit *u)
{
	return streq(u->file, "disabled") || is_masked(u) || streq(u->file, "enabled-runtime") ||
	       streq(u->file, "linked") || streq(u->file, "linked-runtime");
}

struct wishes {
	bool unmask, enable, disable, start, stop, restart, reload;
	bool reread; /* systemd its unit file */
	const char *newer;
};

static struct wishes compare(struct session *s, const struct resource *r, const struct unit *u)
{
	struct wishes w = {0};
	bool up = unit_runs(u), idle = streq(u->active, "inactive") || streq(u->active, "failed");
	w.unmask = (r->service.running || r->service.enabled) && is_masked(u);
	w.enable = r->service.enabled && may_be_enabled(u);
	w.disable = !r->service.enabled && str_starts(u->file, "enabled");
	w.stop = !r->service.running && !idle;
	w.start = r->service.running && !up;
	if (!r->service.running || !up)
		return w;
	w.newer = newer_input(s, r, u);
	bool unread = w.newer || (r->service.reload && u->reload_failed);
	w.reload = unread && r->service.reload && u->can_reload && !r->service.restart;
	w.restart = r->service.restart || (unread && !w.reload);
	w.reread = u->needs_reload;
	return w;
}

static void describe(const struct resource *r, const struct unit *u, const struct wishes *w, struct strbuf *why)
{
	if (w->unmask)
		strbuf_adds(why, ", masked");
	if (w->enable)
		strbuf_adds(why, ", not enabled");
	if (w->disable)
		strbuf_adds(why, ", enabled");
	if (w->stop)
		strbuf_addf(why, ", %s", unit_runs(u) ? "running" : u->active);
	if (w->start && streq(u->active, "failed"))
		strbuf_addf(why, ", failed (%s)", u->result);
	else if (w->start)
		strbuf_addf(why, ", %s", streq(u->active, "inactive") ? "not running" : u->active);
	if (w->newer)
		strbuf_addf(why, ", %s was changed after it was %s", w->newer,
			    r->service.reload ? "started or reloaded" : "started");
	else if (w->restart && r->service.restart)
		strbuf_adds(why, ", a restart is asked for");
	else if (w->restart || w->reload)
		strbuf_adds(why, ", its last reload failed");
	if (w->reread)
		strbuf_adds(why, ", its unit file was changed and not read");
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct unit u;
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

/* A ctime, a link's too, cannot be set but to now: by a change of owner to whom it has. */
static void bring_to_now(struct session *s, const struct resource *r)
{
	int64_t now = now_us(CLOCK_REALTIME);
	for (const char *const *input = r->service.inputs; input && *input; input++) {
		struct stat st;
		const char *name;
		_cleanup_fd_ int dir = root_parent(&s->root, *input, &name);
		if (dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_ctim.tv_sec * INT64_C(1000000) > now &&
		    fchownat(dir, name, (uid_t)-1, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* it stays as it is, and the service is restarted once more */
	}
}

static void sleep_pumping(struct session *s, unsigned ms)
{
	for (uint64_t end = clock_ms() + ms, now; (now = clock_ms()) < end;)
		pump_wait(&s->pump, (int)(end - now));
}

static int start(struct session *s, const struct resource *r, const char *verb, struct err *err)
{
	const char *unit = r->service.unit;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct unit before, after;
	struct err ignored;
	bring_to_now(s, r);
	if (!streq(verb, "reload"))
		unit_command(s, START_MS, "reset-failed", unit, &ignored); /* fails where there is nothing to reset */
	if (unit_command(s, START_MS, verb, unit, err) < 0)
		return unit_explain(s, unit, err);
	if (find_state(s, unit, NULL, arena, &before, err) < 0)
		return -1;
	if (unit_runs(&before)) {
		sleep_pumping(s, SETTLE_MS);
		if (find_state(s, unit, NULL, arena, &after, err) < 0)
			return -1;
		if (unit_runs(&after) && after.pid == before.pid)
			return 0;
		before = after;
	}
	err_set(err, ERR_FAILED, "%s was %s and is now %s (%s%s%s)", unit,
		streq(verb, "reload") ? "reloaded" : "started", before.active, before.sub,
		streq(before.result, "success") ? "" : ", ", streq(before.result, "success") ? "" : before.result);
	return unit_explain(s, unit, err);
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	const char *unit = r->service.unit;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct unit u;
	if (s->units_changed && unit_reload(s, err) < 0)
		return -1;
	if (find_state(s, unit, NULL, arena, &u, err) < 0)
		return -1;
	if (streq(u.load, "not-found"))
		return err_set(err, ERR_MISSING, "there is no unit %s on this host", unit);
	struct wishes w = compare(s, r, &u);
	if (w.reread)
		strbuf_adds(what, ", its unit file read again");
	if (u.needs_reload) {
		if (unit_reload(s, err) < 0 || find_state(s, unit, NULL, arena, &u, err) < 0)
			return -1;
		w = compare(s, r, &u);
	}
	if (w.unmask && unit_command(s, START_MS, "unmask", unit, err) < 0)
		return -1;
	if (w.enable && unit_command(s, START_MS, "enable", unit, err) < 0)
		return -1;
	if (w.disable && unit_command(s, START_MS, "disable", unit, err) < 0)
		return -1;
	if (w.enable || w.disable)
		strbuf_adds(what, w.enable ? ", enabled" : ", disabled");
	if (w.stop) {
		if (unit_command(s, START_MS, "stop", unit, err) < 0)
			return -1;
		strbuf_adds(what, ", stopped");
	}
	if (w.start || w.restart || w.reload) {
		if (start(s, r, w.restart ? "restart" : w.reload ? "reload" : "start", err) < 0)
			return -1;
		if (w.start)
			strbuf_adds(what, ", started");
		else
			strbuf_addf(what, ", %s: %s", w.restart ? "restarted" : "reloaded", found->why);
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
