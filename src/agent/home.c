/*
 * Homes: a directory that is made once, a copy of /etc/skel that belongs to its user. What is there is its user's: it is
 * never changed, and where it is somebody else's that is said.
 *
 * One that is shared lies where a file server may be dead or let root do nothing, or is mounted by looking: a worker looks
 * and makes. Two hosts that make the same home have each a name of their own for what is not complete; the first that puts
 * its copy in place has made it. What a host left half-made stays until that host makes this home.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/failpoint.h"
#include "agent/mountinfo.h"
#include "agent/passwd.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "agent/worker.h"
#include "base/fd.h"
#include "base/str.h"

#define SKELETON "/etc/skel"

enum { LOOK_MS = 10000, MAKE_MS = 120000 };

/* The directory that it is in. */
static const char *above_of(const struct resource *r, struct arena *arena)
{
	const char *slash = strrchr(r->home.path, '/');
	return slash == r->home.path ? "/" : arena_strndup(arena, r->home.path, (size_t)(slash - r->home.path));
}

struct look {
	const char *path;
	bool there;
	struct stat st;
};

static int look(struct session *s, void *data, struct err *err)
{
	struct look *l = data;
	l->there = root_lstat(&s->root, l->path, &l->st) == 0;
	return l->there || errno == ENOENT ? 0 : root_error(err, errno, "cannot look at", l->path);
}

/* A directory that did not answer is not asked again in the same request. */
static int look_far(struct session *s, struct look *l, const char *above, struct probe *p, struct err *err)
{
	if (!p->silent || !streq(p->silent, above)) {
		if (worker_call(s, LOOK_MS, look, l, sizeof *l, err) == 0)
			return 0;
		if (err->code != ERR_TIMEOUT)
			return -1;
		p->silent = above;
	}
	return err_set(err, ERR_TIMEOUT, "%s does not answer", above);
}

static void judge(struct session *s, const struct resource *r, const struct look *l, struct probe *p)
{
	struct passwd_user user;
	struct err err;
	if (l->there && !S_ISDIR(l->st.st_mode))
		return probe_found(p, OBSERVED_ERROR, "%s is a %s, not a directory", l->path, root_kind(l->st.st_mode));
	int known = passwd_user(s, r->home.user, 0, p->arena, &user, &err);
	if (known < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	if (!known)
		return probe_found(p, OBSERVED_MISSING, "the user %s does not exist", r->home.user);
	if (!l->there)
		return probe_found(p, OBSERVED_MISSING, "is not there");
	if (l->st.st_uid != user.uid)
		return probe_found(p, OBSERVED_ERROR, "%s belongs to %s, not to %s; it is not changed", l->path,
				   passwd_user_name(s, l->st.st_uid, p->arena), r->home.user);
	probe_found(p, OBSERVED_SAME, "%s", "");
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct look l = {.path = r->home.path};
	struct mountinfo all = {0};
	struct err err;
	if (!r->home.shared && mountinfo_read(&s->root, p->arena, &all, &err) < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	if (!r->home.shared && mountinfo_is_remote(&all, r->home.path))
		return probe_found(p, OBSERVED_SAME, "%s", "");
	int done = r->home.shared ? look_far(s, &l, above_of(r, p->arena), p, &err) : look(s, &l, &err);
	if (done < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	judge(s, r, &l, p);
}

/* A home that is made. */
struct making {
	const struct resource *r;
	uid_t uid;
	gid_t gid;
	int above;
	const char *name, *temporary;
	const char *path; /* of the temporary one, from the root, which is a command's working directory */
};

static int run(struct session *s, const char *const *argv, struct err *err)
{
	failpoint();
	int r = worker_run(s, argv, err);
	failpoint();
	return r;
}

static int discard(struct session *s, const struct making *m, struct err *err)
{
	const char *const argv[] = {"rm", "-rf", "--one-file-system", "--", m->path, NULL};
	return run(s, argv, err);
}

static bool is_denied(const struct err *err)
{
	return err->sys == EACCES || err->sys == EPERM || err->sys == EROFS;
}

/* Always -1. What a file server does not let root do is done there. */
static int advise(const struct making *m, struct err *err)
{
	struct err before = *err;
	if (!m->r->home.shared)
		return -1;
	return err_set(err, ERR_REFUSED,
		       "%.600s; where a file server lets root of this host write nothing, make it on the server, or "
		       "export it to this host read-write and with no_root_squash",
		       before.text);
}

static int begin(struct session *s, const struct making *m, struct err *err)
{
	struct stat st;
	if (discard(s, m, err) < 0)
		return -1;
	if (mkdirat(m->above, m->temporary, 0700) < 0)
		return root_error(err, errno, "cannot make the directory of", m->r->home.path);
	failpoint();
	if (fstatat(m->above, m->temporary, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid != geteuid())
		return err_system(err, EPERM, "the file server of %s takes root for the user %u", m->r->home.path,
				  st.st_uid);
	return 0;
}

static int fill(struct session *s, const struct making *m, struct err *err)
{
	struct stat st;
	char owner[32];
	snprintf(owner, sizeof owner, "%u:%u", m->uid, m->gid);
	const char *const copy[] = {"cp", "-a", "--", &SKELETON "/."[1], m -> path, NULL};
	const char *const change[] = {"chown", "-R", "--no-dereference", "--", owner, m->path, NULL};
	const char *const sync[] = {"sync", "--file-system", "--", m->path, NULL};
	if (root_stat(&s->root, SKELETON, &st) == 0 && run(s, copy, err) < 0)
		return -1;
	if (run(s, change, err) < 0)
		return advise(m, err);
	_cleanup_fd_ int fd = openat(m->above, m->temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0700) < 0)
		return root_error(err, errno, "cannot change the mode of the home", m->path);
	return run(s, sync, err);
}

/*
 * NFS knows no RENAME_NOREPLACE. There the plain rename may take the place of an empty directory that came after the look,
 * and of nothing else (rename(2)).
 */
static int put_in_place(const struct making *m)
{
	struct stat st;
	if (renameat2(m->above, m->temporary, m->above, m->name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	if (fstatat(m->above, m->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? renameat(m->above, m->temporary, m->above, m->name) : -1;
}

static int finish(struct session *s, const struct making *m, struct err *err)
{
	struct stat st;
	if (put_in_place(m) < 0) {
		int sys = errno;
		if (fstatat(m->above, m->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
		    st.st_uid == m->uid)
			return discard(s, m, err); /* another host was quicker */
		return root_error(err, sys, "cannot put in place", m->r->home.path);
	}
	failpoint();
	return fsync(m->above) < 0 ? root_error(err, errno, "cannot write the directory of", m->r->home.path) : 0;
}

/* In a worker. */
static int make(struct session *s, void *data, struct err *err)
{
	struct making *m = data;
	const char *home = m->r->home.path;
	struct utsname host;
	struct err ignored;
	_cleanup_fd_ int above = root_parent_make(&s->root, home, &m->name, err);
	if (above < 0)
		return is_denied(err) ? advise(m, err) : -1;
	if (!root_is_private(above))
		return err_set(err, ERR_REFUSED, "the directory that %s is to be in is not root's alone", home);
	uname(&host);
	_cleanup_free_ char *temporary = xasprintf(".%.160s.%.64s.reeve~", m->name, host.nodename);
	_cleanup_free_ char *path = xasprintf("%.*s%s", (int)(m->name - home - 1), home + 1, temporary);
	m->above = above;
	m->temporary = temporary;
	m->path = path;
	if (begin(s, m, err) == 0 && fill(s, m, err) == 0 && finish(s, m, err) == 0)
		return 0;
	discard(s, m, &ignored);
	return is_denied(err) ? advise(m, err) : -1;
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct passwd_user user;
	(void)found;
	int known = passwd_user(s, r->home.user, 0, arena, &user, err);
	if (known < 0)
		return -1;
	if (!known)
		return err_set(err, ERR_MISSING, "the user %s does not exist", r->home.user);
	struct making m = {.r = r, .uid = user.uid, .gid = user.gid};
	if (worker_call(s, MAKE_MS, make, &m, sizeof m, err) == 0) {
		strbuf_adds(what, "made");
		return 0;
	}
	return err->code == ERR_TIMEOUT ? err_set(err, ERR_TIMEOUT, "%s does not answer", above_of(r, arena)) : -1;
}

const struct resource_ops home_ops = {.probe = probe, .apply = apply};
