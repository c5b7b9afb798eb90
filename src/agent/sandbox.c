#include "agent/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { MOUNTS_MAX = 64 };

static const struct {
	const char *name;
	int flag;
} kinds[] = {
    {"mount", CLONE_NEWNS}, {"net", CLONE_NEWNET}, {"uts", CLONE_NEWUTS}, {"pid", CLONE_NEWPID}, {"ipc", CLONE_NEWIPC}};

static int decode_flags(const json_t *list, int *ret, struct err *err)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		size_t k = 0;
		while (k < ARRAY_LEN(kinds) && !(json_is_string(item) && streq(json_string_value(item), kinds[k].name)))
			k++;
		if (k == ARRAY_LEN(kinds))
			return err_set(err, ERR_PROTOCOL, "a sandbox with an unknown namespace");
		*ret |= kinds[k].flag;
	}
	return 0;
}

static const char *decode_path(const json_t *item, struct arena *arena)
{
	const char *path = json_string_value(item);
	if (!path || *path != '/' || strstr(path, "/../") || str_ends(path, "/.."))
		return NULL;
	return arena_strdup(arena, path);
}

static int decode_mounts(const json_t *tmpfs, const json_t *binds, struct arena *arena, struct sandbox *ret,
			 struct err *err)
{
	if (json_array_size(tmpfs) > MOUNTS_MAX || json_array_size(binds) > MOUNTS_MAX)
		return err_set(err, ERR_PROTOCOL, "a sandbox with more than %d mounts", MOUNTS_MAX);
	const char **paths = arena_calloc(arena, MOUNTS_MAX, sizeof *paths);
	struct sandbox_bind *pairs = arena_calloc(arena, MOUNTS_MAX, sizeof *pairs);
	size_t i;
	json_t *item;
	json_array_foreach(tmpfs, i, item) if (!(paths[ret->tmpfs_count++] = decode_path(item, arena))) return err_set(
	    err, ERR_PROTOCOL, "a sandbox with a tmpfs at no absolute path");
	json_array_foreach(binds, i, item)
	{
		struct sandbox_bind *b = &pairs[ret->bind_count++];
		const char *how = json_string_value(json_array_get(item, 2));
		b->from = decode_path(json_array_get(item, 0), arena);
		b->to = decode_path(json_array_get(item, 1), arena);
		if (!b->from || !b->to || !how || (!streq(how, "ro") && !streq(how, "rw")))
			return err_set(err, ERR_PROTOCOL, "a sandbox with a bind that is not [FROM, TO, ro or rw]");
		b->read_only = streq(how, "ro");
	}
	ret->tmpfs = paths;
	ret->binds = pairs;
	return 0;
}

int sandbox_decode(const json_t *json, struct arena *arena, struct sandbox *ret, struct err *err)
{
	json_t *flags = NULL, *tmpfs = NULL, *binds = NULL;
	const char *hostname = NULL, *address = NULL;
	json_error_t why;
	*ret = (struct sandbox){0};
	if (json_unpack_ex((json_t *)json, &why, JSON_STRICT, "{s:o, s?s, s?s, s?o, s?o}", "unshare", &flags,
			   "hostname", &hostname, "address", &address, "tmpfs", &tmpfs, "bind", &binds) < 0)
		return err_set(err, ERR_PROTOCOL, "a sandbox of a wrong shape: %s", why.text);
	if (!json_is_array(flags) || (tmpfs && !json_is_array(tmpfs)) || (binds && !json_is_array(binds)))
		return err_set(err, ERR_PROTOCOL, "run: invalid lists of the sandbox");
	if (decode_flags(flags, &ret->flags, err) < 0 || decode_mounts(tmpfs, binds, arena, ret, err) < 0)
		return -1;
	if ((hostname && !str_is_name(hostname, 64)) || (hostname && !(ret->flags & CLONE_NEWUTS)))
		return err_set(err, ERR_PROTOCOL, "a sandbox's host name needs to be one, and a uts namespace");
	if (address && !(ret->flags & CLONE_NEWNET))
		return err_set(err, ERR_PROTOCOL, "a sandbox's address needs a net namespace");
	if ((ret->tmpfs_count || ret->bind_count) && !(ret->flags & CLONE_NEWNS))
		return err_set(err, ERR_PROTOCOL, "a sandbox's mounts need a mount namespace");
	if (ret->flags & CLONE_NEWPID) /* for its /proc */
		ret->flags |= CLONE_NEWNS;
	ret->hostname = arena_strdup(arena, hostname);
	ret->address = arena_strdup(arena, address);
	return 0;
}

static bool is_on_tmpfs(const struct sandbox *s, const char *path)
{
	for (size_t i = 0; i < s->tmpfs_count; i++) {
		size_t len = strlen(s->tmpfs[i]);
		if (str_starts(path, s->tmpfs[i]) && path[len] == '/')
			return true;
	}
	return false;
}

/* A place to mount on, made only where it vanishes with the sandbox. */
static int make_target(const struct sandbox *s, const char *path, bool directory, struct err *err)
{
	if (!is_on_tmpfs(s, path))
		return 0;
	_cleanup_free_ char *above = xstrdup(path);
	*strrchr(above, '/') = '\0';
	if (dir_make(directory ? path : above, 0755, err) < 0)
		return -1;
	if (!directory) {
		_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return err_system(err, errno, "cannot make %s", path);
	}
	return 0;
}

/* With all that is mounted below where it becomes read-only. A file system that does not answer is not asked for that. */
static int set_read_only(const char *path, bool on)
{
	struct mount_attr attr = {.attr_set = on ? MOUNT_ATTR_RDONLY : 0, .attr_clr = on ? 0 : MOUNT_ATTR_RDONLY};
	return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, on ? AT_RECURSIVE : 0, &attr, sizeof attr);
}

static int bind_one(const struct sandbox *s, const struct sandbox_bind *b, int fd, struct err *err)
{
	struct stat st;
	char source[64];
	if (fstat(fd, &st) < 0)
		return err_system(err, errno, "cannot look at %s", b->from);
	if (make_target(s, b->to, S_ISDIR(st.st_mode), err) < 0)
		return -1;
	snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
	if (mount(source, b->to, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_system(err, errno, "cannot mount %s at %s", b->from, b->to);
	if (!b->read_only && set_read_only(b->to, false) < 0)
		return err_system(err, errno, "cannot make %s writable", b->to);
	return 0;
}

/* Of /proc what is the machine's. Devices, sockets and pipes work on a read-only file system. */
static int mount_proc(struct err *err)
{
	static const char *const machines[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus"};
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_system(err, errno, "cannot mount /proc");
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		if (access(machines[i], F_OK) < 0)
			continue;
		if (mount(machines[i], machines[i], NULL, MS_BIND, NULL) < 0 || set_read_only(machines[i], true) < 0)
			return err_system(err, errno, "cannot make %s read-only", machines[i]);
	}
	return 0;
}

/*
 * What a command may do to the file system is not listed: all of it is read-only, but for what was asked for. Sources are
 * opened before anything is mounted, so that a tmpfs may cover the place they are in.
 */
static int mount_all(const struct sandbox *s, struct err *err)
{
	int fds[MOUNTS_MAX];
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_system(err, errno, "cannot make the mounts private");
	for (size_t i = 0; i < s->bind_count; i++)
		if ((fds[i] = open(s->binds[i].from, O_PATH | O_CLOEXEC)) < 0)
			return err_system(err, errno, "cannot open %s", s->binds[i].from);
	if (set_read_only("/", true) < 0)
		return err_system(err, errno, "cannot make the file system read-only");
	for (size_t i = 0; i < s->tmpfs_count; i++) {
		if (make_target(s, s->tmpfs[i], true, err) < 0)
			return -1;
		if (mount("reeve", s->tmpfs[i], "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
			return err_system(err, errno, "cannot mount a tmpfs at %s", s->tmpfs[i]);
	}
	for (size_t i = 0; i < s->bind_count; i++)
		if (bind_one(s, &s->binds[i], fds[i], err) < 0)
			return -1;
	if (s->flags & CLONE_NEWPID && mount_proc(err) < 0)
		return -1;
	for (size_t i = 0; i < s->bind_count; i++)
		close(fds[i]);
	return 0;
}

static int furnish(const struct sandbox *s, struct err *err)
{
	if (s->flags & CLONE_NEWNS && mount_all(s, err) < 0)
		return -1;
	if (s->hostname && sethostname(s->hostname, strlen(s->hostname)) < 0)
		return err_system(err, errno, "cannot set the host name");
	if (s->flags & CLONE_NEWNET && net_set_up(s->address, err) < 0)
		return -1;
	return 0;
}

/* The namespace's init: forks the command, reaps, and ends with the command's status; with it ends all that is left. */
static int be_init(const struct sandbox *s, struct err *err)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (furnish(s, err) < 0)
		return -1;
	pid_t command = fork();
	if (command < 0)
		return err_system(err, errno, "cannot start the command");
	if (command == 0)
		return SANDBOX_INSIDE;
	for (int status;;) {
		pid_t pid = wait(&status);
		if (pid == command)
			_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		if (pid < 0 && errno == ECHILD)
			_exit(125);
	}
}

int sandbox_enter(const struct sandbox *s, int *ret_status, struct err *err)
{
	if (unshare(s->flags) < 0)
		return err_system(err, errno, "cannot make namespaces");
	if (!(s->flags & CLONE_NEWPID))
		return furnish(s, err) < 0 ? -1 : SANDBOX_INSIDE;
	pid_t init = fork();
	if (init < 0)
		return err_system(err, errno, "cannot make a PID namespace");
	if (init == 0)
		return be_init(s, err);
	while (waitpid(init, ret_status, 0) < 0)
		if (errno != EINTR)
			return err_system(err, errno, "cannot wait for the sandbox");
	return SANDBOX_OUTSIDE;
}
