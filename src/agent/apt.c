/*
 * Packages, by apt-get(8). One transaction brings in all that is missing; what is installed already and has no version
 * of its own is not named to apt, so nothing is upgraded by the way.
 *
 * Daemons are not started by their installation. Maintainer scripts start them through deb-systemd-invoke(1p) or
 * invoke-rc.d(8), found by PATH, and apt gives dpkg its PATH (DPkg::Path): a root-only directory in front of it has
 * programs of these names that do nothing. Nothing of the host's policy is changed, so there is nothing that a killed
 * run could leave behind (a policy-rc.d would stay, and keep every later installation from starting anything).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/deb.h"
#include "agent/dpkg.h"
#include "agent/failpoint.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "agent/tell.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum {
	APT_MS = 1800000, /* a transaction */
	MARK_MS = 60000,
	LOCK_MS = 120000, /* waiting for another package manager */
	LOCK_POLL_MS = 500,
	SAY_MS = 10000, /* between two words on how far it is */
	FREE_MIB = 64,  /* below this nothing is begun */
};

#define NOSTART STATE_DIR "/nostart"
#define NOSTART_EXEC "/usr/local/libexec/reeve/nostart" /* where /var is mounted noexec */

struct list {
	const char **items;
	size_t len, cap;
};

static const char *full_name(const struct package *p, struct arena *arena)
{
	return p->version ? arena_printf(arena, "%s=%s", p->name, p->version) : p->name;
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct dpkg now;
	struct err err;
	_cleanup_strbuf_ struct strbuf missing = {0}, why = {0};
	if (dpkg_read(&s->root, r->packages.items, r->packages.len, p->arena, &now, &err) < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	for (size_t i = 0; i < r->packages.len; i++) {
		const struct package *want = &r->packages.items[i];
		const struct dpkg_package *have = &now.packages[i];
		if (have->state == DPKG_NOT_INSTALLED)
			strbuf_addf(&missing, "%s%s", missing.len ? ", " : "", want->name);
		else if (have->state == DPKG_HALF)
			strbuf_addf(&why, ", interrupted dpkg: %s is %s", want->name, have->status);
		else if (want->version && !streq(want->version, have->version))
			strbuf_addf(&why, ", %s is %s, not %s", want->name, have->version, want->version);
		else if (want->version && !have->held)
			strbuf_addf(&why, ", %s is not held", want->name);
	}
	if (now.interrupted && !dpkg_lock_holder(&s->root, p->arena))
		strbuf_adds(&why, ", interrupted dpkg: its last changes are not finished");
	if (missing.len)
		probe_found(p, OBSERVED_MISSING, "not installed: %s%s", missing.data, strbuf_str(&why));
	else if (why.len)
		probe_found(p, OBSERVED_DIFFERS, "%s", why.data + 2);
	else
		probe_found(p, OBSERVED_SAME, "%s", "");
}

static int make_shims(struct session *s, const char **ret_dir, struct err *err)
{
	static const char shim[] = "#!/bin/sh\n# Daemons are started by reeve, once they are configured.\nexit 0\n";
	const char *const names[] = {"deb-systemd-invoke", "invoke-rc.d"};
	struct statvfs fs;
	const char *base;
	_cleanup_fd_ int state = root_parent_make(&s->root, NOSTART, &base, err);
	if (state < 0)
		return -1;
	const char *dir = fstatvfs(state, &fs) == 0 && fs.f_flag & ST_NOEXEC ? NOSTART_EXEC : NOSTART;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, names[i]);
		struct stat st;
		if (root_lstat(&s->root, path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == sizeof shim - 1 &&
		    (st.st_mode & 0777) == 0755 && st.st_uid == geteuid())
			continue;
		if (root_write(&s->root, path, shim, sizeof shim - 1, (uid_t)-1, (gid_t)-1, 0755, err) < 0)
			return -1;
	}
	*ret_dir = dir;
	return 0;
}

static int check_space(struct session *s, struct err *err)
{
	const char *const paths[] = {"/var/cache/apt", "/var/lib/dpkg", "/usr"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct statvfs fs;
		_cleanup_fd_ int fd = root_file(&s->root, paths[i], O_RDONLY | O_DIRECTORY);
		if (fd < 0 || fstatvfs(fd, &fs) < 0)
			continue;
		if (fs.f_flag & ST_RDONLY)
			return err_system(err, EROFS, "%s is mounted read-only", paths[i]);
		unsigned long long mib = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
		if (mib < FREE_MIB)
			return err_system(err, ENOSPC, "the disk is full: %llu MiB are free in %s, %d are needed", mib,
					  paths[i], FREE_MIB);
	}
	return 0;
}

/* Waits while another package manager is at work, and says who. */
static int wait_for_lock(struct session *s, const struct resource *r, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *said = NULL, *holder;
	uint64_t start = clock_ms(), now = start;
	while ((holder = dpkg_lock_holder(&s->root, arena))) {
		if (!said || !streq(said, holder))
			tell_progress(s, r->id, "waiting for the package manager's lock, held by %s", holder);
		said = holder;
		if (pump_check(&s->pump, err) < 0)
			return -1;
		now = clock_ms();
		if (now - start >= LOCK_MS)
			return err_set(err, ERR_TIMEOUT, "the package manager's lock is held by %s for more than %d s",
				       holder, LOCK_MS / 1000);
		for (uint64_t next = now + LOCK_POLL_MS; !s->pump.gone && (now = clock_ms()) < next;)
			pump_wait(&s->pump, (int)(next - now));
	}
	return 0;
}

static const char *const quiet[] = {"DEBIAN_FRONTEND=noninteractive",
				    "DEBCONF_NONINTERACTIVE_SEEN=true",
				    "APT_LISTCHANGES_FRONTEND=none",
				    "NEEDRESTART_SUSPEND=1",
				    "HOME=/root",
				    NULL,
				    NULL};

static bool is_summary(const char *line)
{
	return str_starts(line, "E: ") || str_starts(line, "dpkg: error");
}

/* What dpkg and apt say on their way, and not a maintainer script. */
static bool is_chatter(const char *line)
{
	static const char *const beginnings[] = {
	    "dpkg: ",     "W: ",         "N: ",       "debconf: ",   "Preparing to", "Unpacking ", "Setting up ",
	    "Selecting ", "Processing ", "(Reading ", "Extracting ", "Errors were",  "Fetched ",   "apt-listchanges",
	    "Get:",       "Reading "};
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
		if (str_starts(line, beginnings[i]))
			return true;
	return *line == ' ' || !*line;
}

/*
 * The line right before dpkg's first error, where a maintainer script wrote it: "adduser: The UID 64030 is already in use."
 * says why, dpkg's summary does not. "" where there is none.
 */
static void add_witness(const char *output, struct strbuf *out)
{
	_cleanup_free_ char *copy = xstrdup(output);
	char *rest = copy;
	const char *last = NULL;
	for (char *line; !out->len && (line = str_next_line(&rest));) {
		if (str_starts(line, "dpkg: error processing")) {
			if (last)
				strbuf_addf(out, "%.300s", last);
			return;
		}
		last = is_chatter(line) ? NULL : line;
	}
}

/* Why it failed: what a maintainer script said, then the error lines of apt and dpkg. */
static int failed(const struct child *c, const char *name, struct err *err)
{
	_cleanup_strbuf_ struct strbuf cause = {0}, why = {0};
	add_witness(strbuf_str(&c->errbuf), &cause);
	const struct strbuf *const streams[] = {&c->errbuf, &c->outbuf};
	bool full = false;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		_cleanup_free_ char *copy = xstrdup(strbuf_str(streams[i]));
		char *rest = copy;
		for (char *line; (line = str_next_line(&rest));) {
			full = full || strstr(line, "No space left on device");
			if (is_summary(line) && cause.len < 500)
				strbuf_addf(&cause, "%s%.200s", cause.len ? "; " : "", line);
		}
	}
	if (full)
		return err_system(err, ENOSPC, "the disk is full: %s", name);
	if (cause.len && !c->timed_out)
		return err_set(err, ERR_FAILED, "%s failed: %s", name, cause.data);
	child_describe(c, name, &why);
	return err_set(err, c->timed_out ? ERR_TIMEOUT : ERR_FAILED, "%s", why.data);
}

/* May a fresh list of packages help? */
static bool wants_update(const struct child *c)
{
	const char *const signs[] = {"Unable to locate package",
				     "has no installation candidate",
				     "was not found",
				     "Unable to fetch some archives",
				     "Failed to fetch",
				     "is not available, but is referred to"};
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (strstr(strbuf_str(&c->errbuf), signs[i]) || strstr(strbuf_str(&c->outbuf), signs[i]))
			return true;
	return false;
}

/* What apt is at, said now and then: who waits sees that it goes on. */
struct watched {
	struct session *session;
	const char *resource;
	uint64_t said_ms;
};

static void on_output(void *userdata, const char *bytes, size_t len)
{
	struct watched *w = userdata;
	uint64_t now = clock_ms();
	const char *end = memrchr(bytes, '\n', len), *start = end ? memrchr(bytes, '\n', (size_t)(end - bytes)) : NULL;
	if (!end || now - w->said_ms < SAY_MS)
		return;
	start = start ? start + 1 : bytes;
	w->said_ms = now;
	tell_progress(w->session, w->resource, "%.*s", (int)(end - start > 120 ? 120 : end - start), start);
}

static int run_packaging(struct session *s, const char *resource, const char *const *argv, const char *path_env,
			 bool *ret_stale, struct err *err)
{
	struct watched watched = {.session = s, .resource = resource, .said_ms = clock_ms()};
	const char *env[ARRAY_LEN(quiet)];
	memcpy(env, quiet, sizeof env);
	env[ARRAY_LEN(quiet) - 2] = path_env;
	struct child_spec spec = {.argv = argv,
				  .env = env,
				  .timeout_ms = APT_MS,
				  .max = 1 << 20,
				  .locked = true,
				  .on_output = on_output,
				  .userdata = &watched};
	struct child *c = child_start(s, &spec, err);
	if (!c)
		return -1;
	int r = child_wait(s, c, err);
	if (r == 0 && !child_succeeded(c))
		r = failed(c, argv[0], err);
	if (ret_stale)
		*ret_stale = r < 0 && !c->timed_out && wants_update(c);
	child_free(s, c);
	return r;
}

/* The PATH that maintainer scripts see. */
static const char *script_path(struct session *s, const char *shims, struct arena *arena)
{
	if (root_is_scratch(&s->root))
		return arena_printf(arena, "%s%s:%s/bin:%s", s->root.path, shims, s->root.path, CHILD_PATH);
	return arena_printf(arena, "%s:/usr/sbin:/usr/bin:/sbin:/bin", shims);
}

/* apt-get with what every call of it wants, and `room` for more; the next free place in *ret_n. */
static const char **apt_argv(const char *path, size_t room, struct arena *arena, size_t *ret_n)
{
	const char *const first[] = {"apt-get", "-y",
				     "-q",      "--no-install-recommends",
				     "-o",      "DPkg::Lock::Timeout=120",
				     "-o",      "Dpkg::Options::=--force-confdef",
				     "-o",      "Dpkg::Options::=--force-confold",
				     "-o",      "Dpkg::Use-Pty=0",
				     "-o",      "APT::Install-Suggests=0",
				     "-o",      "APT::Keep-Downloaded-Packages=0",
				     "-o",      arena_printf(arena, "DPkg::Path=%s", path)};
	const char **argv = arena_calloc(arena, ARRAY_LEN(first) + room + 1, sizeof *argv);
	memcpy(argv, first, sizeof first);
	*ret_n = ARRAY_LEN(first);
	return argv;
}

/* Tried again with a fresh list of packages where that may help. */
static int run_apt(struct session *s, const char *id, const char *const *argv, struct err *err)
{
	const char *const update[] = {"apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", "update", NULL};
	bool stale;
	if (run_packaging(s, id, argv, NULL, &stale, err) == 0)
		return 0;
	if (!stale)
		return -1;
	struct err ignored; /* one unreachable source of several is no reason not to try again */
	run_packaging(s, id, update, NULL, NULL, &ignored);
	return run_packaging(s, id, argv, NULL, NULL, err);
}

/*
 * dpkg finishes what is unpacked. What is missing for that, because the package before it was never unpacked, only apt can
 * bring; nothing is removed for it.
 */
static int repair(struct session *s, const struct resource *r, const char *path, struct strbuf *what, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *const configure[] = {"dpkg", "--force-confdef", "--force-confold", "--configure", "-a", NULL};
	struct err ignored;
	tell_progress(s, r->id, "finishing what an interrupted dpkg left");
	if (run_packaging(s, r->id, configure, arena_printf(arena, "PATH=%s", path), NULL, &ignored) < 0) {
		size_t n;
		const char **argv = apt_argv(path, 3, arena, &n);
		argv[n++] = "--no-remove";
		argv[n++] = "-f";
		argv[n++] = "install";
		failpoint();
		if (run_apt(s, r->id, argv, err) < 0)
			return err_wrap(err, "an interrupted dpkg could not be finished");
	}
	strbuf_adds(what, ", finished an interrupted dpkg");
	return 0;
}

static int install(struct session *s, const char *id, const struct list *names, bool exact, const char *path,
		   struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	size_t n;
	const char **argv = apt_argv(path, names->len + 4, arena, &n);
	if (exact) { /* the version is the operator's word, also where it is lower, or another is held */
		argv[n++] = "--allow-change-held-packages";
		argv[n++] = "--allow-downgrades";
	}
	argv[n++] = "install";
	argv[n++] = "--";
	memcpy(argv + n, names->items, names->len * sizeof *argv);
	return run_apt(s, id, argv, err);
}

static int hold(struct session *s, const struct list *names, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char **argv = arena_calloc(arena, names->len + 3, sizeof *argv);
	argv[0] = "apt-mark";
	argv[1] = "hold";
	memcpy(argv + 2, names->items, names->len * sizeof *argv);
	failpoint();
	return child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = MARK_MS, .locked = true}, NULL, err);
}

static void list_names(struct strbuf *what, const char *verb, const struct list *names)
{
	if (!names->len)
		return;
	strbuf_addf(what, ", %s", verb);
	for (size_t i = 0; i < names->len; i++)
		strbuf_addf(what, "%s%s", i ? ", " : " ", names->items[i]);
}

/* What is to be done to packages, in apt's words. */
struct changes {
	struct list names; /* to be installed, with the version where one is wanted */
	struct list files; /* the same, or the file that it is in */
	struct list held;
	bool exact;
};

static bool is_right(const struct package *want, const struct dpkg_package *have)
{
	return have->state == DPKG_INSTALLED && (!want->version || streq(want->version, have->version));
}

static struct changes changes_of(struct session *s, const struct resource *r, const struct dpkg *now,
				 struct arena *arena)
{
	struct changes t = {0};
	for (size_t i = 0; i < r->packages.len; i++) {
		const struct package *want = &r->packages.items[i];
		const struct dpkg_package *have = &now->packages[i];
		bool right = is_right(want, have);
		if (!right) {
			*vec_push_in(arena, &t.names) = full_name(want, arena);
			*vec_push_in(arena, &t.files) = want->deb ? deb_path(s, want, arena) : full_name(want, arena);
		}
		t.exact = t.exact || (!right && want->version);
		if (want->version && !(right && have->held))
			*vec_push_in(arena, &t.held) = want->name;
	}
	return t;
}

static void add_names(struct list *to, const struct list *names, struct arena *arena)
{
	for (size_t i = 0; i < names->len; i++)
		*vec_push_in(arena, to) = names->items[i];
}

static int repair_all(struct session *s, const struct resource *const *all, size_t len, const char *path,
		      struct strbuf *what, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct dpkg now;
	for (size_t i = 0; i < len; i++) {
		if (dpkg_read(&s->root, all[i]->packages.items, all[i]->packages.len, arena, &now, err) < 0)
			return -1;
		if (now.interrupted || now.broken)
			return repair(s, all[i], path, &what[i], err);
	}
	return 0;
}

/* Before the package manager is waited for: that may take long, and keeps nobody else from it. */
static int fetch_debs(struct session *s, const struct resource *const *all, size_t len, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	for (size_t i = 0; i < len; i++) {
		const struct resource *r = all[i];
		struct dpkg now;
		if (!resource_source(r, 0))
			continue;
		if (dpkg_read(&s->root, r->packages.items, r->packages.len, arena, &now, err) < 0)
			return -1;
		for (size_t k = 0; k < r->packages.len; k++)
			if (r->packages.items[k].deb && !is_right(&r->packages.items[k], &now.packages[k]) &&
			    deb_get(s, r->id, &r->packages.items[k], err) < 0)
				return -1;
	}
	return 0;
}

/* One transaction for all of them: two cost twice the time of one. */
static int apply_all(struct session *s, const struct resource *const *all, size_t len, struct strbuf *what,
		     struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *shims;
	if (fetch_debs(s, all, len, err) < 0 || wait_for_lock(s, all[0], err) < 0 || make_shims(s, &shims, err) < 0)
		return -1;
	const char *path = script_path(s, shims, arena);
	failpoint();
	if (repair_all(s, all, len, path, what, err) < 0)
		return -1;
	struct changes sum = {0}, *changes = arena_calloc(arena, len, sizeof *changes);
	for (size_t i = 0; i < len; i++) {
		struct dpkg now;
		if (dpkg_read(&s->root, all[i]->packages.items, all[i]->packages.len, arena, &now, err) < 0)
			return -1;
		changes[i] = changes_of(s, all[i], &now, arena);
		add_names(&sum.files, &changes[i].files, arena);
		add_names(&sum.held, &changes[i].held, arena);
		sum.exact |= changes[i].exact;
	}
	if (sum.files.len && (check_space(s, err) < 0 || install(s, all[0]->id, &sum.files, sum.exact, path, err) < 0))
		return -1;
	failpoint();
	if (sum.held.len && hold(s, &sum.held, err) < 0)
		return -1;
	failpoint();
	for (size_t i = 0; i < len; i++) {
		list_names(&what[i], "installed", &changes[i].names);
		list_names(&what[i], "held", &changes[i].held);
		if (what[i].len)
			strbuf_consume(&what[i], 2);
	}
	return 0;
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	(void)found;
	return apply_all(s, &r, 1, what, err);
}

const struct resource_ops apt_ops = {.probe = probe, .apply = apply, .apply_all = apply_all};
