#include "agent/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/failpoint.h"
#include "agent/lock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

#define BACKUP_DIR STATE_DIR "/backup"

enum { STAMP = 22 }; /* bytes of ".20261122T220408.123456" without the dot */

static char *file_name(const char *path)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	for (const char *p = path; *p; p++)
		if (*p == '/')
			strbuf_adds(&name, "%2F");
		else if (*p == '%')
			strbuf_adds(&name, "%25");
		else
			strbuf_addc(&name, *p);
	if (name.len > 200) { /* NAME_MAX is 255: the hash tells long ones apart */
		struct digest digest = digest_of(name.data, name.len);
		name.len = 120;
		name.data[120] = '\0';
		strbuf_addf(&name, "~%s", digest.hex);
	}
	return strbuf_take(&name);
}

static int open_directory(const struct root *root, struct err *err)
{
	const char *name;
	_cleanup_fd_ int above = root_parent_make(root, BACKUP_DIR, &name, err);
	if (above < 0)
		return -1;
	if (mkdirat(above, name, 0700) < 0 && errno != EEXIST)
		return root_error(err, errno, "cannot make", BACKUP_DIR);
	int dir = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fchmod(dir, 0700) < 0) {
		int sys = errno;
		fd_closep(&dir);
		return root_error(err, sys, "cannot open", BACKUP_DIR);
	}
	return dir;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

/* The newest stay. What cannot be removed stays too: it harms nothing. */
static void prune(int dir, const char *prefix)
{
	DIR *d = fdopendir(fcntl(dir, F_DUPFD_CLOEXEC, 3));
	VEC(char *) names = {0};
	size_t len = strlen(prefix);
	if (!d)
		return;
	rewinddir(d);
	for (struct dirent *e; (e = readdir(d));)
		if (str_starts(e->d_name, prefix) && e->d_name[len] == '.' && strlen(e->d_name + len + 1) == STAMP)
			*vec_push(&names) = xstrdup(e->d_name);
	if (names.len)
		qsort(names.items, names.len, sizeof *names.items, compare);
	for (size_t i = 0; i < names.len; i++) {
		if (i >= BACKUP_KEPT)
			unlinkat(dir, names.items[i], 0);
		free(names.items[i]);
	}
	vec_free(&names);
	closedir(d);
}

static int copy(int from, int to)
{
	char bytes[65536];
	off_t at = 0;
	for (ssize_t n; (n = pread(from, bytes, sizeof bytes, at)) != 0; at += n)
		if (n < 0 || fd_write_all(to, bytes, (size_t)n) < 0)
			return -1;
	return fsync(to);
}

int backup_keep(const struct root *root, const char *path, int fd, struct err *err)
{
	_cleanup_fd_ int dir = open_directory(root, err);
	if (dir < 0)
		return -1;
	struct timespec now;
	struct tm tm;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	char stamp[64];
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &tm);
	_cleanup_free_ char *prefix = file_name(path);
	_cleanup_free_ char *name = xasprintf("%s.%.15s.%06ld", prefix, stamp, now.tv_nsec / 1000);
	failpoint();
	_cleanup_fd_ int out = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return root_error(err, errno, "cannot keep a copy of", path);
	failpoint();
	if (copy(fd, out) < 0) {
		int sys = errno;
		unlinkat(dir, name, 0);
		return root_error(err, sys, "cannot keep a copy of", path);
	}
	failpoint();
	prune(dir, prefix);
	return 0;
}
