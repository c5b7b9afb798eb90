#include "agent/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/failpoint.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

int root_open(struct root *r, struct err *err)
{
	const char *path = getenv("REEVE_ROOT");
	static char kept[4096];
	kept[0] = '\0';
	if (path && *path && !streq(path, "/")) {
		if (*path != '/' || strlen(path) >= sizeof kept)
			return err_set(err, ERR_INPUT, "REEVE_ROOT is not an absolute path");
		strcpy(kept, path);
		for (size_t n = strlen(kept); n > 1 && kept[n - 1] == '/'; n--)
			kept[n - 1] = '\0';
	}
	r->path = kept;
	r->fd = open(*kept ? kept : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->fd < 0 ? err_system(err, errno, "cannot open the root %s", kept) : 0;
}

void root_close(struct root *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

int root_enter(const struct root *r, struct err *err)
{
	return fchdir(r->fd) < 0 ? err_system(err, errno, "cannot enter the root %s", r->path) : 0;
}

bool root_is_scratch(const struct root *r)
{
	return r->path && *r->path;
}

/* Where the kernel has no openat2 (an emulator): component by component, and links on the way are refused. */
static int walk(int root, const char *path, int flags)
{
	_cleanup_fd_ int at = fcntl(root, F_DUPFD_CLOEXEC, 3);
	_cleanup_free_ char *copy = xstrdup(path);
	char *rest = copy;
	char *name = str_next(&rest, "/");
	if (at < 0)
		return -1;
	if (!name)
		return openat(at, ".", flags | O_CLOEXEC);
	for (char *after; (after = str_next(&rest, "/")); name = after) {
		int next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -1;
		close(at);
		at = next;
	}
	return openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC);
}

int root_file(const struct root *r, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	if (*path != '/') {
		errno = EINVAL;
		return -1;
	}
	for (int tries = 0; tries < 8; tries++) {
		long fd = syscall(SYS_openat2, r->fd, path, &how, sizeof how);
		if (fd >= 0)
			return (int)fd;
		if (errno == ENOSYS)
			return root_is_scratch(r) ? walk(r->fd, path, flags) : open(path, flags | O_CLOEXEC);
		if (errno != EAGAIN && errno != EINTR) /* EAGAIN: a rename somewhere during the walk (openat2(2)) */
			return -1;
	}
	return -1;
}

/* As openat2(2), where no component may be a link. */
static int open_straight(const struct root *r, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS};
	for (int tries = 0; tries < 8; tries++) {
		long fd = syscall(SYS_openat2, r->fd, path, &how, sizeof how);
		if (fd >= 0)
			return (int)fd;
		if (errno == ENOSYS)
			return walk(r->fd, path, flags);
		if (errno != EAGAIN && errno != EINTR)
			return -1;
	}
	return -1;
}

static bool is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

const char *root_kind(mode_t mode)
{
	return S_ISLNK(mode) ? "symbolic link" : S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "directory" : "special file";
}

bool root_is_private(int directory)
{
	struct stat st;
	return fstatat(directory, "", &st, AT_EMPTY_PATH) == 0 && is_ours(&st) && !(st.st_mode & S_IWOTH) &&
	       (!(st.st_mode & S_IWGRP) || st.st_gid == 0);
}

/* Could only root have put something into this directory? */
static bool only_ours(const struct root *r, const char *dir)
{
	_cleanup_fd_ int fd = open_straight(r, *dir ? dir : "/", O_PATH | O_DIRECTORY);
	return fd >= 0 && root_is_private(fd);
}

/*
 * The path with its links resolved, the caller's; NULL with errno, ELOOP where one of them might be somebody else's. Who
 * writes as root must not be led elsewhere by who owns a directory on the way.
 */
static char *straighten(const struct root *r, const char *path)
{
	char *done = xstrdup(""), *todo = xstrdup(path), *rest = todo;
	unsigned links = 0;
	for (char *name; (name = str_next(&rest, "/"));) {
		struct stat st;
		char target[PATH_MAX];
		if (streq(name, "."))
			continue;
		if (streq(name, "..")) {
			char *slash = strrchr(done, '/');
			if (slash)
				*slash = '\0';
			continue;
		}
		_cleanup_free_ char *here = xasprintf("%s/%s", done, name);
		_cleanup_fd_ int fd = open_straight(r, here, O_PATH | O_NOFOLLOW);
		if (fd < 0 || fstatat(fd, "", &st, AT_EMPTY_PATH) < 0)
			goto fail;
		ssize_t len = S_ISLNK(st.st_mode) ? readlinkat(fd, "", target, sizeof target - 1) : 0;
		if (len < 0)
			goto fail;
		if (!S_ISLNK(st.st_mode)) {
			free(done);
			done = TAKE(here);
			continue;
		}
		if (++links > 40 || !is_ours(&st) || !only_ours(r, done)) {
			errno = ELOOP;
			goto fail;
		}
		target[len] = '\0';
		if (*target == '/')
			*done = '\0';
		char *more = xasprintf("%s/%s", target, rest ? rest : "");
		free(todo);
		rest = todo = more;
	}
	free(todo);
	if (!*done) {
		free(done);
		done = xstrdup("/");
	}
	return done;
fail:
	free(todo);
	free(done);
	return NULL;
}

/* A directory to write in. */
static int open_parent(const struct root *r, const char *dir)
{
	int fd = open_straight(r, dir, O_RDONLY | O_DIRECTORY);
	if (fd >= 0 || errno != ELOOP)
		return fd;
	_cleanup_free_ char *straight = straighten(r, dir);
	return straight ? open_straight(r, straight, O_RDONLY | O_DIRECTORY) : -1;
}

static int split(const char *path, char **ret_dir, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	if (*path != '/' || !slash[1] || streq(slash + 1, ".") || streq(slash + 1, "..")) {
		errno = EINVAL;
		return -1;
	}
	*ret_name = slash + 1;
	*ret_dir = slash == path ? xstrdup("/") : xasprintf("%.*s", (int)(slash - path), path);
	return 0;
}

int root_parent(const struct root *r, const char *path, const char **ret_name)
{
	_cleanup_free_ char *dir = NULL;
	if (split(path, &dir, ret_name) < 0)
		return -1;
	return open_parent(r, dir);
}

int root_parent_make(const struct root *r, const char *path, const char **ret_name, struct err *err)
{
	_cleanup_free_ char *dir = NULL;
	if (split(path, &dir, ret_name) < 0)
		return root_error(err, errno, "cannot use the path", path);
	int fd = open_parent(r, dir);
	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return root_error(err, errno, "cannot open", dir);
	const char *name;
	_cleanup_fd_ int above = root_parent_make(r, dir, &name, err);
	if (above < 0)
		return -1;
	failpoint();
	if (mkdirat(above, name, 0755) < 0 && errno != EEXIST)
		return root_error(err, errno, "cannot make the directory", dir);
	failpoint();
	fd = open_parent(r, dir);
	return fd < 0 ? root_error(err, errno, "cannot open", dir) : fd;
}

int root_lstat(const struct root *r, const char *path, struct stat *ret)
{
	const char *name;
	if (streq(path, "/"))
		return fstatat(r->fd, "", ret, AT_EMPTY_PATH);
	_cleanup_fd_ int dir = root_parent(r, path, &name);
	return dir < 0 ? -1 : fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW);
}

int root_stat(const struct root *r, const char *path, struct stat *ret)
{
	_cleanup_fd_ int fd = root_file(r, path, O_PATH);
	return fd < 0 ? -1 : fstatat(fd, "", ret, AT_EMPTY_PATH);
}

int root_read(const struct root *r, const char *path, size_t max, struct strbuf *out, struct err *err)
{
	_cleanup_fd_ int fd = root_file(r, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return root_error(err, errno, "cannot open", path);
	if (S_ISDIR(st.st_mode))
		return err_system(err, EISDIR, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return err_system(err, EINVAL, "cannot read %s, which is not a regular file", path);
	if (fd_read_all(fd, max, out, err) < 0)
		return err_wrap(err, "%s", path);
	return 0;
}

int root_remove(const struct root *r, const char *path, struct err *err)
{
	const char *name;
	_cleanup_fd_ int dir = root_parent(r, path, &name);
	if (dir < 0)
		return errno == ENOENT ? 0 : root_error(err, errno, "cannot open the directory of", path);
	failpoint();
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return root_error(err, errno, "cannot remove", path);
	failpoint();
	return fsync(dir) < 0 ? root_error(err, errno, "cannot write the directory of", path) : 0;
}

bool root_is_empty(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	bool empty = d != NULL;
	if (!d) {
		fd_closep(&fd);
		return false;
	}
	for (struct dirent *e; empty && (e = readdir(d));)
		empty = streq(e->d_name, ".") || streq(e->d_name, "..") || streq(e->d_name, "lost+found");
	closedir(d);
	return empty;
}

int root_error(struct err *err, int sys, const char *what, const char *path)
{
	if (sys == ENOSPC || sys == EDQUOT)
		return err_system(err, sys, "the disk is full: %s %s", what, path);
	if (sys == EROFS)
		return err_system(err, sys, "mounted read-only: %s %s", what, path);
	if (sys == EIO)
		return err_system(err, sys, "the disk fails: %s %s", what, path);
	if (sys == ELOOP)
		return err_system(err, sys, "a symbolic link is in the way: %s %s", what, path);
	return err_system(err, sys, "%s %s", what, path);
}

static int fill(int fd, const void *bytes, size_t len, uid_t uid, gid_t gid, mode_t mode)
{
	failpoint();
	if (fd_write_all(fd, bytes, len) < 0)
		return -1;
	failpoint();
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) < 0)
		return -1;
	failpoint();
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -1;
	failpoint();
	return 0;
}

#define LEFTOVER ".reeve~"

/* One name for each target: what a killed run left behind is replaced by the next. */
static char *temporary_of(const char *name)
{
	return xasprintf(".%.240s" LEFTOVER, name);
}

void root_forget(const struct root *r, const char *path)
{
	const char *name;
	_cleanup_fd_ int dir = root_parent(r, path, &name);
	_cleanup_free_ char *temporary = dir < 0 ? NULL : temporary_of(name);
	if (temporary)
		unlinkat(dir, temporary, 0);
}

void root_sweep(const struct root *r, const char *path)
{
	int fd = root_file(r, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	for (struct dirent *e; dir && (e = readdir(dir));)
		if (e->d_name[0] == '.' && str_ends(e->d_name, LEFTOVER))
			unlinkat(fd, e->d_name, 0);
	if (dir)
		closedir(dir);
	else
		fd_closep(&fd);
}

int root_write(const struct root *r, const char *path, const void *bytes, size_t len, uid_t uid, gid_t gid, mode_t mode,
	       struct err *err)
{
	const char *name;
	_cleanup_fd_ int dir = root_parent_make(r, path, &name, err);
	if (dir < 0)
		return -1;
	_cleanup_free_ char *temporary = temporary_of(name);
	if (unlinkat(dir, temporary, 0) < 0 && errno != ENOENT)
		return root_error(err, errno, "cannot remove an old temporary file beside", path);
	_cleanup_fd_ int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return root_error(err, errno, "cannot write beside", path);
	if (fill(fd, bytes, len, uid, gid, mode) < 0 || renameat(dir, temporary, dir, name) < 0) {
		int sys = errno;
		unlinkat(dir, temporary, 0);
		return root_error(err, sys, "cannot write", path);
	}
	failpoint();
	if (fsync(dir) < 0)
		return root_error(err, errno, "cannot write the directory of", path);
	failpoint();
	return 0;
}
