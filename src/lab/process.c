#include "lab/process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

#define GRACE_MS 10000 /* a systemd-nspawn that is killed before it has cleaned up leaves its cable behind */

struct stat_line {
	char state;
	pid_t parent;
	uint64_t start; /* clock ticks since boot, field 22 of proc(5) */
};

static int stat_read(pid_t pid, struct stat_line *ret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (file_read(path, 1U << 16, &text, NULL) < 0)
		return -1;
	/* the name in parentheses may hold anything */
	const char *fields = strrchr(strbuf_str(&text), ')');
	if (!fields ||
	    sscanf(fields + 1, " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64,
		   &ret->state, &ret->parent, &ret->start) != 3)
		return -1;
	return 0;
}

const char *process_boot(char ret[64])
{
	_cleanup_strbuf_ struct strbuf text = {0};

	*ret = '\0';
	if (file_read("/proc/sys/kernel/random/boot_id", 256, &text, NULL) == 0)
		(void)snprintf(ret, 64, "%.*s", (int)strcspn(strbuf_str(&text), "\n"), strbuf_str(&text));
	return ret;
}

int process_record(const char *path, pid_t pid, struct err *err)
{
	struct stat_line line;
	char boot[64];

	if (stat_read(pid, &line) < 0)
		return err_set(err, ERR_INTERNAL, "process %d cannot be read", (int)pid);
	_cleanup_free_ char *text = xasprintf("%d %" PRIu64 " %s\n", (int)pid, line.start, process_boot(boot));
	return file_write_atomic(path, text, strlen(text), 0644, err);
}

pid_t process_find(const char *path)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char boot[64], now[64];
	struct stat_line line;
	uint64_t start;
	int pid;

	if (file_read(path, 4096, &text, NULL) < 0 ||
	    sscanf(strbuf_str(&text), "%d %" SCNu64 " %63s", &pid, &start, boot) != 3 || pid <= 1)
		return 0;
	if (!streq(boot, process_boot(now)) || stat_read(pid, &line) < 0 || line.start != start || line.state == 'Z' ||
	    line.state == 'X')
		return 0;
	return pid;
}

pid_t process_child(pid_t pid)
{
	DIR *dir = opendir("/proc");
	struct stat_line line;
	pid_t found = 0;

	if (!dir)
		return 0;
	for (struct dirent *entry; !found && (entry = readdir(dir));) {
		uint64_t number;
		if (str_to_u64(entry->d_name, 1, INT32_MAX, &number) == 0 && stat_read((pid_t)number, &line) == 0 &&
		    line.parent == pid && line.state != 'Z')
			found = (pid_t)number;
	}
	closedir(dir);
	return found;
}

/* Waits until the process of the pidfd has ended; false after `ms`. */
static bool gone(int fd, int ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return fd < 0 || poll(&pfd, 1, ms) > 0;
}

static int pidfd(pid_t pid)
{
	return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

static int kill_fd(int fd)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

/* A pidfd of the recorded process, -1 where it does not run: it is opened between two looks at the record. */
static int recorded(const char *path, pid_t *ret)
{
	pid_t pid = process_find(path);
	int fd = pidfd(pid);

	if (fd >= 0 && process_find(path) != pid) {
		close(fd);
		return -1;
	}
	*ret = pid;
	return fd;
}

/* The same of the first child of `pid`. */
static int child_of(pid_t pid)
{
	pid_t child = process_child(pid);
	int fd = pidfd(child);
	struct stat_line line;

	if (fd >= 0 && (stat_read(child, &line) < 0 || line.parent != pid)) {
		close(fd);
		return -1;
	}
	return fd;
}

void process_strike(const char *path, bool child)
{
	pid_t pid;
	_cleanup_fd_ int fd = recorded(path, &pid);
	_cleanup_fd_ int child_fd = fd >= 0 && child ? child_of(pid) : -1;

	if (fd >= 0 && (!child || child_fd >= 0))
		(void)kill_fd(child ? child_fd : fd);
}

int process_end(const char *path, bool child, struct err *err)
{
	pid_t pid;
	_cleanup_fd_ int fd = recorded(path, &pid);

	if (fd < 0)
		return 0;
	_cleanup_fd_ int child_fd = child ? child_of(pid) : -1;
	if (child_fd >= 0)
		(void)kill_fd(child_fd);
	if (child_fd < 0 || !gone(fd, GRACE_MS))
		(void)kill_fd(fd);
	if (!gone(fd, GRACE_MS) || !gone(child_fd, GRACE_MS))
		return err_set(err, ERR_TIMEOUT, "process %d does not end", (int)pid);
	return 0;
}
