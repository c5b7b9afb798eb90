/* Regular files: content by digest, or by keyed hash where it is a secret. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/backup.h"
#include "agent/failpoint.h"
#include "agent/passwd.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/secret-row.h"
#include "base/str.h"

static bool is_secret(const struct resource *r)
{
	return r->file.secret != NULL;
}

/* 1 where the content is as wanted, 0 where not, -1 on failure. */
static int same_secret(const struct resource *r, int fd, const struct stat *st, struct err *err)
{
	char hex[65];
	if (st->st_size > SECRET_BYTES)
		return 0;
	unsigned char *bytes = sodium_malloc((size_t)st->st_size + 1);
	ssize_t len = bytes ? pread(fd, bytes, (size_t)st->st_size, 0) : -1;
	int r2 = len < 0 ? root_error(err, errno, "cannot read", r->file.path)
			 : wire_fingerprint(r->file.salt, bytes, (size_t)len, hex, err);
	sodium_free(bytes);
	if (r2 < 0)
		return -1;
	return sodium_memcmp(hex, r->file.fingerprint, 64) == 0 && strlen(r->file.fingerprint) == 64;
}

static void take_content(struct probe *p, int fd, const struct stat *st)
{
	if (st->st_size > RESOURCE_CONTENT)
		return;
	char *bytes = arena_alloc(p->arena, (size_t)st->st_size + 1);
	ssize_t len = pread(fd, bytes, (size_t)st->st_size, 0);
	if (len < 0 || !str_is_utf8(bytes, (size_t)len))
		return;
	bytes[len] = '\0';
	p->observed.content = bytes;
}

static void compare_owner(struct session *s, const struct resource *r, const struct stat *st, struct arena *arena,
			  struct strbuf *why)
{
	uid_t uid;
	gid_t gid;
	struct err err;
	if (passwd_ids(s, r->file.owner, r->file.group, &uid, &gid, &err) < 0) {
		strbuf_addf(why, ", %s", err.text);
		return;
	}
	if (st->st_uid != uid)
		strbuf_addf(why, ", owner %s, not %s", passwd_user_name(s, st->st_uid, arena), r->file.owner);
	if (st->st_gid != gid)
		strbuf_addf(why, ", group %s, not %s", passwd_group_name(s, st->st_gid, arena), r->file.group);
}

static int open_regular(struct session *s, const char *path, struct stat *ret, struct err *err)
{
	const char *name;
	_cleanup_fd_ int dir = root_parent(&s->root, path, &name);
	if (dir < 0 || fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW) < 0)
		return root_error(err, errno, "cannot look at", path);
	if (!S_ISREG(ret->st_mode))
		return err_set(err, ERR_REFUSED, "%s is a %s, not a regular file", path, root_kind(ret->st_mode));
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, ret) < 0) {
		int sys = errno;
		fd_closep(&fd);
		return root_error(err, sys, "cannot open", path);
	}
	return fd;
}

/* Does a symbolic link stand there that may be replaced? What it points to is left alone. */
static bool is_over_link(struct session *s, const struct resource *r)
{
	struct stat st;
	return r->file.over_link && root_lstat(&s->root, r->file.path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct stat st;
	struct err err = {0};
	if (lock_held(&s->lock))
		root_forget(&s->root, r->file.path);
	if (is_over_link(s, r))
		return probe_found(p, OBSERVED_DIFFERS,
				   "is a symbolic link: a file takes its place, and what it points to stays");
	_cleanup_fd_ int fd = open_regular(s, r->file.path, &st, &err);
	if (fd < 0 && err.sys == ENOENT)
		return probe_found(p, OBSERVED_MISSING, "is not there");
	if (fd < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	int same;
	struct digest digest;
	if (is_secret(r)) {
		same = same_secret(r, fd, &st, &err);
	} else {
		same = digest_of_fd(fd, &digest, &err);
		if (same == 0) {
			same = streq(digest.hex, r->file.digest->hex);
			p->observed.digest = arena_strdup(p->arena, digest.hex);
			if (!same && p->content)
				take_content(p, fd, &st);
		}
	}
	if (same < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	_cleanup_strbuf_ struct strbuf why = {0};
	if (!same)
		strbuf_adds(&why, ", content differs");
	compare_owner(s, r, &st, p->arena, &why);
	if ((st.st_mode & 07777) != r->file.mode)
		strbuf_addf(&why, ", mode %04o, not %04o", st.st_mode & 07777, r->file.mode);
	if (why.len)
		probe_found(p, OBSERVED_DIFFERS, "%s", why.data + 2);
	else
		probe_found(p, OBSERVED_SAME, "%s", "");
}

/* Owner and mode of what is there already. Never wider on the way than the narrower of the two modes. */
static int set_owner(const struct resource *r, int fd, const struct stat *st, uid_t uid, gid_t gid, struct err *err)
{
	failpoint();
	if (fchmod(fd, st->st_mode & r->file.mode & 07777) < 0)
		return root_error(err, errno, "cannot change", r->file.path);
	failpoint();
	if (fchown(fd, uid, gid) < 0)
		return root_error(err, errno, "cannot change the owner of", r->file.path);
	failpoint();
	if (fchmod(fd, r->file.mode) < 0 || fsync(fd) < 0)
		return root_error(err, errno, "cannot change the mode of", r->file.path);
	failpoint();
	return 0;
}

static int find_content(struct session *s, const struct resource *r, const void **ret, size_t *ret_len, struct err *err)
{
	if (!is_secret(r)) {
		const struct blob *blob = blobs_get(&s->blobs, r->file.digest->hex);
		if (!blob)
			return err_set(err, ERR_PROTOCOL, "the content of %s was not sent", r->file.path);
		*ret = blob->bytes;
		*ret_len = blob->len;
		return 0;
	}
	const struct secret *secret = secrets_get(&s->secrets, r->file.secret, r->file.salt, r->file.fingerprint, err);
	if (!secret)
		return -1;
	*ret = secret->bytes;
	*ret_len = secret->len;
	return 0;
}

static int exchange(struct session *s, const char *next, const char *path, struct err *err)
{
	const char *from, *to;
	_cleanup_fd_ int dir = root_parent(&s->root, next, &from);
	_cleanup_fd_ int same = root_parent(&s->root, path, &to);
	failpoint();
	if (dir < 0 || same < 0 || renameat(dir, from, same, to) < 0)
		return root_error(err, errno, "cannot replace", path);
	failpoint();
	if (fsync(same) < 0)
		return root_error(err, errno, "cannot write the directory of", path);
	failpoint();
	return 0;
}

/*
 * A secret that was put beside its path, and is the one that is wanted, takes its place: 1. 0: what is there is not it, or
 * nothing is. `old_fd`: what is there now, to be kept; -1: nothing.
 */
static int take_next(struct session *s, const struct resource *r, int old_fd, uid_t uid, gid_t gid, struct err *err)
{
	struct stat st;
	struct err ignored;
	_cleanup_free_ char *next = xasprintf("%s" SECRET_NEXT, r->file.path);
	_cleanup_fd_ int fd = is_secret(r) ? open_regular(s, next, &st, &ignored) : -1;
	if (fd < 0 || same_secret(r, fd, &st, &ignored) <= 0)
		return 0;
	if (set_owner(r, fd, &st, uid, gid, err) < 0 ||
	    (old_fd >= 0 && backup_keep(&s->root, r->file.path, old_fd, err) < 0) ||
	    exchange(s, next, r->file.path, err) < 0)
		return -1;
	return 1;
}

static int write_content(struct session *s, const struct resource *r, int old_fd, uid_t uid, gid_t gid, struct err *err)
{
	const void *content = NULL;
	size_t len = 0;
	int taken = take_next(s, r, old_fd, uid, gid, err);
	if (taken)
		return taken < 0 ? -1 : 0;
	if (find_content(s, r, &content, &len, err) < 0 ||
	    (old_fd >= 0 && backup_keep(&s->root, r->file.path, old_fd, err) < 0))
		return -1;
	return root_write(&s->root, r->file.path, content, len, uid, gid, r->file.mode, err);
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	struct stat st;
	uid_t uid;
	gid_t gid;
	struct err why = {0};
	if (passwd_ids(s, r->file.owner, r->file.group, &uid, &gid, err) < 0)
		return -1;
	bool link = is_over_link(s, r);
	_cleanup_fd_ int fd = link ? -1 : open_regular(s, r->file.path, &st, &why);
	if (fd < 0 && !link && why.sys != ENOENT)
		return err_set(err, why.code, "%s", why.text);
	int same = 0;
	if (fd >= 0 && is_secret(r))
		same = same_secret(r, fd, &st, err);
	else if (fd >= 0)
		same = found->digest && streq(found->digest, r->file.digest->hex);
	if (same < 0)
		return -1;
	if (same) {
		if (set_owner(r, fd, &st, uid, gid, err) < 0)
			return -1;
		strbuf_addf(what, "changed: %s", found->why);
	} else {
		if (write_content(s, r, fd, uid, gid, err) < 0)
			return -1;
		strbuf_adds(what, fd >= 0 || link ? "replaced" : "written");
	}
	service_path_changed(s, r->file.path);
	return 0;
}

const struct resource_ops file_ops = {.probe = probe, .apply = apply};
