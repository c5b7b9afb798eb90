/*
 * Mounts: two unit files at most, and systemd. A server that is dead must hang nobody, so nothing here looks at the mount
 * point: what is there is read from the kernel's list, and every command is given up in time.
 *
 * What is mounted there from something else is nobody's to unmount, unless our own unit on the disk names that very
 * source: then it was ours, and a new source takes its place. For that to stay true whenever the power goes, the old
 * one is unmounted before the unit that names it is replaced. A mount that is in use is not unmounted: that is an error,
 * and nothing was changed.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/failpoint.h"
#include "agent/mount-unit.h"
#include "agent/mountinfo.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "agent/unit.h"
#include "base/str.h"
#include "catalog/unit-name.h"

#define UNIT_DIR "/etc/systemd/system/"

enum { MOUNT, AUTOMOUNT, BOTH };
enum { GONE_S = 60, SLACK_S = 10, UNIT_FILE_MAX = 65536, SYSTEMCTL_MS = 100000 };

/* A mount as it is wanted, and as it is. All in the arena. */
struct look {
	const char *names[BOTH], *paths[BOTH];
	const char *wanted[BOTH], *found[BOTH]; /* texts of the unit files; NULL: none */
	struct unit units[BOTH];
	const struct mountinfo_entry *at; /* what is mounted there; NULL: nothing */
	bool right;                       /* from the wanted source */
	bool old;                         /* from the source of our unit file */
	bool watched;                     /* an automount is there */
};

static size_t length_of(const char *source)
{
	size_t len = strlen(source);
	while (len > 1 && source[len - 1] == '/' && source[len - 2] != ':')
		len--;
	return len;
}

/* "UUID=..." as the link that udev makes for it. */
static const char *device_of(const char *source, struct arena *arena)
{
	static const char *const tags[][2] = {{"UUID=", "/dev/disk/by-uuid/"},
					      {"LABEL=", "/dev/disk/by-label/"},
					      {"PARTUUID=", "/dev/disk/by-partuuid/"},
					      {"PARTLABEL=", "/dev/disk/by-partlabel/"}};
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (str_starts(source, tags[i][0]))
			return arena_printf(arena, "%s%s", tags[i][1], source + strlen(tags[i][0]));
	return str_starts(source, "/dev/") ? source : NULL;
}

static bool same_source(struct session *s, const char *wanted, const char *found, struct arena *arena)
{
	struct stat a, b;
	size_t len = length_of(wanted);
	if (len == length_of(found) && strncmp(wanted, found, len) == 0)
		return true;
	const char *device = device_of(wanted, arena);
	return device && str_starts(found, "/dev/") && root_stat(&s->root, device, &a) == 0 &&
	       root_stat(&s->root, found, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool same_type(const char *wanted, const char *found)
{
	return streq(wanted, found) || streq(wanted, "auto") || (streq(wanted, "nfs") && streq(found, "nfs4"));
}

static bool is_from(struct session *s, const struct mountinfo_entry *at, const char *source, const char *fstype,
		    struct arena *arena)
{
	return at && same_type(fstype, at->fstype) && same_source(s, source, at->source, arena);
}

static int read_file(struct session *s, struct look *l, int which, struct arena *arena, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err why = {0};
	if (root_read(&s->root, l->paths[which], UNIT_FILE_MAX, &text, &why) < 0) {
		if (why.sys == ENOENT)
			return 0;
		return err_set(err, why.code, "%s", why.text);
	}
	l->found[which] = arena_strndup(arena, strbuf_str(&text), text.len);
	if (!mount_unit_is_ours(l->found[which]))
		return err_set(err, ERR_REFUSED, "%s was not written by reeve", l->paths[which]);
	return 0;
}

static int look(struct session *s, const struct resource *r, struct arena *arena, struct look *l, struct err *err)
{
	static const char *const suffixes[BOTH] = {".mount", ".automount"};
	const char *where = r->mount.where;
	struct mountinfo all;
	struct units units = {0};
	*l = (struct look){0};
	for (int i = 0; i < BOTH; i++) {
		l->names[i] = unit_name(arena, where, suffixes[i]);
		l->paths[i] = arena_printf(arena, UNIT_DIR "%s", l->names[i]);
		if (lock_held(&s->lock))
			root_forget(&s->root, l->paths[i]);
		if (read_file(s, l, i, arena, err) < 0)
			return -1;
	}
	if (mountinfo_read(&s->root, arena, &all, err) < 0 || unit_show(s, l->names, BOTH, arena, &units, err) < 0)
		return -1;
	memcpy(l->units, units.items, sizeof l->units);
	l->at = mountinfo_at(&all, where);
	l->watched = mountinfo_is_watched(&all, where);
	if (l->found[MOUNT])
		l->old = is_from(s, l->at, mount_unit_get(l->found[MOUNT], "What", arena),
				 mount_unit_get(l->found[MOUNT], "Type", arena), arena);
	if (r->mount.gone)
		return 0;
	l->right = is_from(s, l->at, r->mount.source, r->mount.fstype, arena);
	l->wanted[MOUNT] = mount_unit_text(r, arena);
	l->wanted[AUTOMOUNT] = r->mount.automount ? mount_unit_automount_text(r, arena) : NULL;
	return 0;
}

static bool is_foreign(const struct resource *r, const struct look *l)
{
	return l->at && !l->right && !l->old && (!r->mount.gone || l->found[MOUNT] || l->found[AUTOMOUNT]);
}

static int refuse(const struct resource *r, const struct look *l, struct err *err)
{
	return err_set(err, ERR_REFUSED, "%s (%s) is mounted on %s, and not by reeve", l->at->source, l->at->fstype,
		       r->mount.where);
}

/* The unit that is started at boot: the automount where there is one. */
static int starter(const struct resource *r)
{
	return r->mount.automount ? AUTOMOUNT : MOUNT;
}

static bool is_up(const struct resource *r, const struct look *l)
{
	return l->right || (r->mount.automount && l->watched && !l->at);
}

static bool needs_reload(const struct look *l)
{
	return l->units[MOUNT].needs_reload || l->units[AUTOMOUNT].needs_reload;
}

static void describe(const struct resource *r, const struct look *l, struct strbuf *why)
{
	int other = starter(r) == MOUNT ? AUTOMOUNT : MOUNT;
	const struct unit *u = &l->units[starter(r)];
	if (l->at && !l->right)
		strbuf_addf(why, ", mounted from %s, not %s", l->at->source, r->mount.source);
	else if (!is_up(r, l))
		strbuf_addf(why, ", not mounted%s%s%s", streq(u->active, "failed") ? " (" : "",
			    streq(u->active, "failed") ? u->result : "", streq(u->active, "failed") ? ")" : "");
	for (int i = 0; i < BOTH; i++)
		if (!str_same(l->wanted[i], l->found[i]))
			strbuf_addf(why, ", %s %s", l->names[i],
				    !l->found[i]    ? "is missing"
				    : !l->wanted[i] ? "is left over"
						    : "differs");
	if (l->found[starter(r)] && !unit_is_enabled(u))
		strbuf_adds(why, ", not enabled");
	if (l->found[other] && unit_is_enabled(&l->units[other]))
		strbuf_addf(why, ", %s is enabled", l->names[other]);
	if (needs_reload(l))
		strbuf_adds(why, ", its unit file was changed and not read");
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct look l;
	struct err err;
	_cleanup_strbuf_ struct strbuf why = {0};
	if (look(s, r, p->arena, &l, &err) < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	if (is_foreign(r, &l)) {
		refuse(r, &l, &err);
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	}
	if (r->mount.gone) {
		if (l.found[MOUNT] || l.found[AUTOMOUNT])
			return probe_found(p, OBSERVED_MISSING, l.at ? "is still mounted" : "has its unit still");
		return probe_found(p, OBSERVED_SAME, "%s", "");
	}
	describe(r, &l, &why);
	if (!why.len)
		return probe_found(p, OBSERVED_SAME, "%s", "");
	bool anything = l.found[MOUNT] || l.found[AUTOMOUNT] || l.at;
	probe_found(p, anything ? OBSERVED_DIFFERS : OBSERVED_MISSING, "%s", why.data + 2);
}

/* systemd waits for mount(8) for its TimeoutSec, as long again after SIGTERM, and after SIGKILL (systemd.mount(5)). */
static unsigned bound_ms(const struct resource *r)
{
	return (3 * (r->mount.gone ? GONE_S : r->mount.timeout_s) + SLACK_S) * 1000;
}

/* The mount first: an automount that ends lets go of what is mounted, in use or not. */
static int stop(struct session *s, const struct resource *r, const struct look *l, struct err *err)
{
	unsigned ms = bound_ms(r);
	failpoint();
	if (l->at && unit_command(s, ms, "stop", l->names[MOUNT], err) < 0) {
		err_wrap(err, "%s stays mounted on %s", l->at->source, r->mount.where);
		return unit_explain(s, l->names[MOUNT], err);
	}
	failpoint();
	if ((l->watched || unit_runs(&l->units[AUTOMOUNT])) &&
	    unit_command(s, ms, "stop", l->names[AUTOMOUNT], err) < 0)
		return -1;
	failpoint();
	return 0;
}

static int disable(struct session *s, const struct look *l, int which, struct err *err)
{
	failpoint();
	return unit_is_enabled(&l->units[which]) ? unit_command(s, SYSTEMCTL_MS, "disable", l->names[which], err) : 0;
}

/* The mount's file goes last: while it is there, what is mounted is known for ours. */
static int take_away(struct session *s, const struct resource *r, const struct look *l, struct strbuf *what,
		     struct err *err)
{
	if (stop(s, r, l, err) < 0)
		return -1;
	for (int i = AUTOMOUNT; i >= MOUNT; i--)
		if (l->found[i] && (disable(s, l, i, err) < 0 || root_remove(&s->root, l->paths[i], err) < 0))
			return -1;
	strbuf_adds(what, l->at ? "unmounted" : "removed");
	return unit_reload(s, err);
}

/* Whether anything was written, or -1. */
static int write_units(struct session *s, const struct resource *r, const struct look *l, struct err *err)
{
	int other = starter(r) == MOUNT ? AUTOMOUNT : MOUNT, written = 0;
	if (l->found[other] && disable(s, l, other, err) < 0)
		return -1;
	for (int i = 0; i < BOTH; i++) {
		if (str_same(l->wanted[i], l->found[i]))
			continue;
		if (!l->wanted[i]
			? root_remove(&s->root, l->paths[i], err) < 0
			: root_write(&s->root, l->paths[i], l->wanted[i], strlen(l->wanted[i]), 0, 0, 0644, err) < 0)
			return -1;
		written = 1;
	}
	return written;
}

static int start(struct session *s, const struct resource *r, const struct look *l, struct strbuf *what,
		 struct err *err)
{
	const char *name = l->names[starter(r)];
	struct mountinfo all;
	_cleanup_arena_ struct arena *arena = arena_new();
	if (unit_command(s, bound_ms(r), "start", name, err) < 0)
		return unit_explain(s, name, err);
	failpoint();
	if (mountinfo_read(&s->root, arena, &all, err) < 0)
		return -1;
	const struct mountinfo_entry *at = mountinfo_at(&all, r->mount.where);
	if (!is_from(s, at, r->mount.source, r->mount.fstype, arena) &&
	    !(r->mount.automount && !at && mountinfo_is_watched(&all, r->mount.where))) {
		err_set(err, ERR_FAILED, "%s was started, and %s is not mounted on %s", name, r->mount.source,
			r->mount.where);
		return unit_explain(s, name, err);
	}
	strbuf_adds(what, r->mount.automount ? ", mounted when it is used" : ", mounted");
	return 0;
}

/* Options of what is mounted: what the file system does not take now holds from the next time on. */
static void remount(struct session *s, const struct resource *r, const struct look *l, struct strbuf *what)
{
	struct err err;
	if (unit_command(s, bound_ms(r), "reload", l->names[MOUNT], &err) < 0)
		strbuf_adds(what, ", whose options hold from the next mount on");
	else
		strbuf_adds(what, ", mounted again with its options");
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	struct look l;
	(void)found;
	_cleanup_arena_ struct arena *arena = arena_new();
	if (look(s, r, arena, &l, err) < 0)
		return -1;
	if (is_foreign(r, &l))
		return refuse(r, &l, err);
	if (r->mount.gone)
		return take_away(s, r, &l, what, err);
	bool replaced = l.at && !l.right;
	if (replaced && stop(s, r, &l, err) < 0)
		return -1;
	int written = write_units(s, r, &l, err);
	if (written < 0 || ((written || needs_reload(&l)) && unit_reload(s, err) < 0))
		return -1;
	failpoint();
	if ((written || !unit_is_enabled(&l.units[starter(r)])) &&
	    unit_command(s, SYSTEMCTL_MS, "enable", l.names[starter(r)], err) < 0)
		return -1;
	failpoint();
	if (written)
		strbuf_adds(what, ", unit written");
	if (replaced || !is_up(r, &l)) {
		if (start(s, r, &l, what, err) < 0)
			return -1;
	} else if (l.right && l.found[MOUNT] && !streq(l.found[MOUNT], l.wanted[MOUNT])) {
		remount(s, r, &l, what);
	}
	if (what->len)
		strbuf_consume(what, 2);
	else
		strbuf_adds(what, "enabled");
	return 0;
}

const struct resource_ops mount_ops = {.probe = probe, .apply = apply};
