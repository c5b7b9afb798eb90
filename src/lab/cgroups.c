#include "lab/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "lab/tool.h"

bool cgroups_systemd(void)
{
	struct stat st;

	return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

/* The mount points of all hierarchies, in the place's arena. */
static int hierarchies(const struct place *p, const char ***ret, size_t *ret_count, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	VEC(const char *) found = {0};

	if (file_read("/proc/self/mounts", 16U << 20, &text, err) < 0)
		return -1;
	for (char *rest = text.data, *line; rest && (line = str_next_line(&rest));) {
		str_next(&line, " ");
		char *point = str_next(&line, " ");
		char *type = str_next(&line, " ");
		if (point && type && (streq(type, "cgroup") || streq(type, "cgroup2")) &&
		    str_starts(point, "/sys/fs/cgroup"))
			*vec_push_in(p->arena, &found) = arena_strdup(p->arena, point);
	}
	*ret = found.items;
	*ret_count = found.len;
	return 0;
}

static int write_control(const char *dir, const char *file, const char *value)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, file);
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -1 : fd_write_all(fd, value, strlen(value));
}

/* A new group of the cpuset controller has no CPUs and no memory nodes, and takes no process until it has
 * (cpuset(7)). */
static void inherit_cpuset(const char *parent, const char *dir)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		_cleanup_strbuf_ struct strbuf value = {0};
		_cleanup_free_ char *path = xasprintf("%s/%s", parent, files[i]);
		if (file_read(path, 1U << 16, &value, NULL) == 0)
			(void)write_control(dir, files[i], strbuf_str(&value));
	}
}

/* In the unified hierarchy controllers reach a group only where its parent passes them on; what cannot be passed on
 * here (a container's root with processes in it) the nodes do without. */
static void pass_controllers(const char *parent)
{
	_cleanup_strbuf_ struct strbuf names = {0};
	_cleanup_free_ char *path = xasprintf("%s/cgroup.controllers", parent);

	if (file_read(path, 1U << 16, &names, NULL) < 0)
		return;
	for (char *rest = names.data, *name; rest && (name = str_next(&rest, " \n"));) {
		_cleanup_free_ char *value = xasprintf("+%s", name);
		(void)write_control(parent, "cgroup.subtree_control", value);
	}
}

/* The upper group is shared by all labs, and the last that goes down removes it: not while another makes its way through it. The
 * lock ends with the descriptor; -1 with errno. */
static int lock_hierarchy(const char *hierarchy)
{
	int fd = open(hierarchy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) < 0) {
		int sys = errno;
		if (sys == EINTR)
			continue;
		fd_closep(&fd);
		fd = -1;
		errno = sys;
	}
	return fd;
}

static int enter(const struct place *p, const char *hierarchy, const char *node, unsigned long memory_mib,
		 struct err *err)
{
	const char *names[] = {"reeve-lab", p->tag, node};
	_cleanup_free_ char *dir = xstrdup(hierarchy);
	_cleanup_fd_ int lock = lock_hierarchy(hierarchy);
	char pid[32];

	if (lock < 0)
		return err_system(err, errno, "cannot lock %s", hierarchy);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_free_ char *above = dir;
		dir = xasprintf("%s/%s", above, names[i]);
		pass_controllers(above);
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return err_system(err, errno, "cannot make the control group %s", dir);
		inherit_cpuset(above, dir);
	}
	if (memory_mib) {
		_cleanup_free_ char *bytes = xasprintf("%luM", memory_mib);
		/* one of them, in one hierarchy; a kernel may have neither */
		(void)write_control(dir, "memory.limit_in_bytes", bytes);
		(void)write_control(dir, "memory.max", bytes);
	}
	(void)snprintf(pid, sizeof pid, "%d", (int)getpid());
	if (write_control(dir, "cgroup.procs", pid) < 0)
		return err_system(err, errno, "cannot enter the control group %s", dir);
	return 0;
}

int cgroups_enter(const struct place *p, const char *node, unsigned long memory_mib, struct err *err)
{
	const char **mounts;
	size_t count;

	if (cgroups_systemd())
		return 0;
	if (hierarchies(p, &mounts, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (enter(p, mounts[i], node, memory_mib, err) < 0)
			return -1;
	return 0;
}

/* A process may end, and its number go to another, between the look at the group and the signal: the pidfd is opened
 * first and the process's own word for its group is read after. */
static void kill_member(const char *line, const char *group)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	uint64_t pid;

	if (str_to_u64(line, 2, INT32_MAX, &pid) < 0)
		return;
	_cleanup_fd_ int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	_cleanup_free_ char *path = xasprintf("/proc/%d/cgroup", (int)pid);
	if (fd >= 0 && file_read(path, 1U << 16, &text, NULL) == 0 && strstr(strbuf_str(&text), group))
		(void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

static void kill_tree(const char *dir, const char *group)
{
	_cleanup_strbuf_ struct strbuf members = {0};
	_cleanup_free_ char *procs = xasprintf("%s/cgroup.procs", dir);
	DIR *d = opendir(dir);

	if (!d)
		return;
	if (file_read(procs, 16U << 20, &members, NULL) == 0)
		for (char *rest = members.data, *line; rest && (line = str_next_line(&rest));)
			kill_member(line, group);
	for (struct dirent *entry; (entry = readdir(d));) {
		if (entry->d_type != DT_DIR || streq(entry->d_name, ".") || streq(entry->d_name, ".."))
			continue;
		_cleanup_free_ char *below = xasprintf("%s/%s", dir, entry->d_name);
		kill_tree(below, group);
	}
	closedir(d);
}

/* A job that slurmd suspended sits in a frozen group, and a frozen process does not die of SIGKILL before it is thawed. */
static void thaw_tree(const char *dir)
{
	DIR *d = opendir(dir);

	if (!d)
		return;
	(void)write_control(dir, "freezer.state", "THAWED");
	(void)write_control(dir, "cgroup.freeze", "0");
	for (struct dirent *entry; (entry = readdir(d));) {
		if (entry->d_type != DT_DIR || streq(entry->d_name, ".") || streq(entry->d_name, ".."))
			continue;
		_cleanup_free_ char *below = xasprintf("%s/%s", dir, entry->d_name);
		thaw_tree(below);
	}
	closedir(d);
}

int cgroups_thaw(const struct place *p, const char *node, struct err *err)
{
	const char **mounts;
	size_t count;

	if (cgroups_systemd())
		return 0; /* stopping the scope thaws it */
	if (hierarchies(p, &mounts, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *dir = xasprintf("%s/reeve-lab/%s/%s", mounts[i], p->tag, node ? node : "");
		thaw_tree(dir);
	}
	return 0;
}

int cgroups_kill(const struct place *p, const char *node, struct err *err)
{
	_cleanup_free_ char *group = xasprintf("/reeve-lab/%s/%s", p->tag, node ? node : "");
	const char **mounts;
	size_t count;

	if (cgroups_systemd() && node) {
		_cleanup_free_ char *scope = xasprintf("%s-%s.scope", p->tag, node);
		if (tool_run((const char *const[]){"systemctl", "--quiet", "is-active", scope, NULL}, NULL, NULL, -1,
			     NULL) < 0)
			return 0;
		return tool_run((const char *const[]){"systemctl", "kill", "--signal=KILL", scope, NULL}, NULL, NULL,
				-1, err);
	}
	if (cgroups_thaw(p, node, err) < 0 || hierarchies(p, &mounts, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *dir = xasprintf("%s%s", mounts[i], group);
		kill_tree(dir, group);
	}
	return 0;
}

static int remove_tree(const char *dir)
{
	DIR *d = opendir(dir);

	if (!d)
		return errno == ENOENT ? 0 : -1;
	for (struct dirent *entry; (entry = readdir(d));) {
		if (entry->d_type != DT_DIR || streq(entry->d_name, ".") || streq(entry->d_name, ".."))
			continue;
		_cleanup_free_ char *below = xasprintf("%s/%s", dir, entry->d_name);
		(void)remove_tree(below);
	}
	closedir(d);
	return rmdir(dir) < 0 && errno != ENOENT ? -1 : 0;
}

int cgroups_remove(const struct place *p, const char *node, struct err *err)
{
	const char **mounts;
	size_t count;

	if (hierarchies(p, &mounts, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *top = xasprintf("%s/reeve-lab", mounts[i]);
		_cleanup_free_ char *dir =
		    node ? xasprintf("%s/%s/%s", top, p->tag, node) : xasprintf("%s/%s", top, p->tag);
		for (int tries = 0; remove_tree(dir) < 0; tries++) {
			if (tries == 20)
				return err_system(err, errno, "cannot remove the control group %s", dir);
			nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		}
		if (node)
			continue;
		_cleanup_fd_ int lock = lock_hierarchy(mounts[i]);
		if (lock < 0 || (rmdir(top) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EBUSY))
			return err_system(err, errno, "cannot remove the control group %s", top);
	}
	return 0;
}
