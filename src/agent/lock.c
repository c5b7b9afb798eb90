#include "agent/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#define EPOCH_FILE STATE_DIR "/epoch"

/* Makes /var/lib/reeve with nothing for anybody but root in it. */
static int open_lock_file(const struct root *root, struct err *err)
{
	const char *name;
	_cleanup_fd_ int dir = root_parent_make(root, LOCK_FILE, &name, err);
	if (dir < 0)
		return -1;
	if (fchmod(dir, 0700) < 0)
		return root_error(err, errno, "cannot protect", STATE_DIR);
	/* to read only, since children inherit it; flock(2) asks for no more */
	_cleanup_fd_ int low = openat(dir, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, 10); /* out of the way of a child's own (child.c) */
	return fd < 0 ? root_error(err, errno, "cannot open", LOCK_FILE) : fd;
}

/*
 * The holder writes its three lines just after it has the lock, so a refusal that comes at the same moment finds the last
 * holder's, or none: it waits a moment, and for the lines to be whole.
 */
static bool read_holder(int fd, struct strbuf *text)
{
	for (unsigned tries = 0; tries < 20; tries++) {
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		strbuf_reserve(text, 4096);
		ssize_t len = pread(fd, text->data, 4095, 0);
		if (len > 0 && text->data[len - 1] == '\n') {
			text->data[len] = '\0';
			return true;
		}
	}
	return false;
}

static int refuse(int fd, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char *holder = NULL, *since = NULL, *run = NULL;
	if (read_holder(fd, &text)) {
		char *rest = text.data;
		holder = str_next_line(&rest);
		since = str_next_line(&rest);
		run = str_next_line(&rest);
	}
	return err_set(err, ERR_REFUSED, "this host is locked by %s since %s%s%s",
		       holder && *holder ? holder : "someone", since && *since ? since : "a moment ago",
		       run && *run ? ": " : "", run ? run : "");
}

/* One write, then the cut: the text is never empty, and whole when its last byte is a newline. */
static int write_holder(const struct root *root, const char *text, struct err *err)
{
	size_t len = strlen(text);
	_cleanup_fd_ int fd = root_file(root, LOCK_FILE, O_WRONLY | O_NOFOLLOW);
	if (fd < 0)
		return root_error(err, errno, "cannot write", LOCK_FILE);
	if (pwrite(fd, text, len, 0) != (ssize_t)len || ftruncate(fd, (off_t)len) < 0)
		return root_error(err, errno, "cannot write", LOCK_FILE);
	return 0;
}

static json_int_t read_epoch(const struct root *root)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err why;
	uint64_t seen;
	if (root_read(root, EPOCH_FILE, 64, &text, &why) < 0)
		return why.code == ERR_SYSTEM && why.sys == ENOENT ? 0 : EPOCH_BAD;
	if (text.len && text.data[text.len - 1] == '\n')
		text.data[text.len - 1] = '\0';
	return str_to_u64(strbuf_str(&text), 0, EPOCH_MOST - 1, &seen) < 0 ? EPOCH_BAD : (json_int_t)seen;
}

/* Two runs that looked at the same record have the same epoch: the second of them knows nothing of what the first has
 * done. */
static int raise_epoch(const struct root *root, json_int_t epoch, json_int_t over, bool held, struct err *err)
{
	json_int_t seen = read_epoch(root);
	if (epoch == seen && held)
		return 0;
	if (seen == EPOCH_BAD && over != seen)
		return err_set(err, ERR_REFUSED, "%s does not hold the number of a run", EPOCH_FILE);
	if (epoch < seen && over != seen)
		return err_set(err, ERR_REFUSED,
			       "run %" JSON_INTEGER_FORMAT " is older than run %" JSON_INTEGER_FORMAT
			       ", which was on this host already",
			       epoch, seen);
	if (epoch == seen && over != seen)
		return err_set(err, ERR_REFUSED,
			       "run %" JSON_INTEGER_FORMAT
			       " of somebody else was on this host since this one looked at it",
			       epoch);
	char line[32];
	int len = snprintf(line, sizeof line, "%" JSON_INTEGER_FORMAT "\n", epoch);
	return root_write(root, EPOCH_FILE, line, (size_t)len, (uid_t)-1, (gid_t)-1, 0600, err);
}

int lock_take(struct lock *l, const struct root *root, json_int_t epoch, json_int_t over, const char *holder,
	      const char *run, struct err *err)
{
	bool held = lock_held(l);
	int fd = held ? l->fd : open_lock_file(root, err);
	if (fd < 0)
		return -1;
	if (!held && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int sys = errno;
		if (sys == EWOULDBLOCK)
			refuse(fd, err);
		else
			root_error(err, sys, "cannot lock", LOCK_FILE);
		/* Reading took a while: one that only looked (begun.c) has let go by now. */
		if (sys != EWOULDBLOCK || flock(fd, LOCK_EX | LOCK_NB) < 0) {
			close(fd);
			return -1;
		}
	}
	char since[21];
	clock_iso(clock_wall_ms(), since);
	_cleanup_free_ char *text = xasprintf("%s\n%s\n%s\n", holder, since, run);
	if (write_holder(root, text, err) < 0 || raise_epoch(root, epoch, over, held, err) < 0) {
		if (!held)
			close(fd);
		return -1;
	}
	if (!held)
		root_sweep(root, STATE_DIR);
	l->fd = fd;
	l->epoch = epoch;
	return 0;
}

void lock_drop(struct lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

bool lock_held(const struct lock *l)
{
	return l->fd >= 0;
}
