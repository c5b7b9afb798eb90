#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

void fd_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int fd_write_all(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;
	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_read_all(int fd, size_t max, struct strbuf *out, struct err *err)
{
	size_t start = out->len;
	for (;;) {
		strbuf_reserve(out, 16384);
		ssize_t n = read(fd, out->data + out->len, 16384);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_system(err, errno, "cannot read");
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (out->len - start > max)
			return err_set(err, ERR_LIMIT, "more than %zu bytes", max);
	}
}

int file_read(const char *path, size_t max, struct strbuf *out, struct err *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_system(err, errno, "cannot open %s", path);
	if (fd_read_all(fd, max, out, err) < 0)
		return err_wrap(err, "%s", path);
	return 0;
}

static int sync_directory_of(const char *path)
{
	_cleanup_free_ char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	_cleanup_fd_ int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : fsync(fd);
}

int file_write_atomic(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err)
{
	_cleanup_free_ char *temporary = xasprintf("%s.reeve-XXXXXX", path);
	_cleanup_fd_ int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return err_system(err, errno, "cannot make a file beside %s", path);
	if (fd_write_all(fd, bytes, len) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0) {
		int sys = errno;
		unlink(temporary);
		return err_system(err, sys, "cannot write %s", path);
	}
	if (sync_directory_of(path) < 0)
		return err_system(err, errno, "cannot sync the directory of %s", path);
	return 0;
}

int dir_make(const char *path, mode_t mode, struct err *err)
{
	_cleanup_free_ char *copy = xstrdup(path);
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return err_system(err, errno, "cannot make the directory %s", copy);
		*p = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return err_system(err, errno, "cannot make the directory %s", copy);
	return 0;
}
