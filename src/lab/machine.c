#include "lab/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "lab/backend.h"
#include "lab/cgroups.h"
#include "lab/process.h"
#include "lab/seed.h"

static const char *pid_file(const struct place *p, const char *node)
{
	return place_node(p, node, "pid");
}

/* By what the node's directory says, so that also a lab without a readable roster is taken down. */
static const struct backend *backend_of(const struct place *p, const char *node)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	const struct backend *found = NULL;

	if (file_read(place_node(p, node, "backend"), 64, &name, NULL) == 0)
		found = backend_named(strbuf_str(&name));
	return found ? found : backends[0];
}

bool machine_runs(const struct place *p, const char *node)
{
	return process_find(pid_file(p, node)) > 0;
}

pid_t machine_leader(const struct place *p, const char *node)
{
	pid_t pid = process_find(pid_file(p, node));

	return pid && backend_of(p, node)->child_leads ? process_child(pid) : pid;
}

unsigned machine_port(const struct place *p, const char *node)
{
	return machine_runs(p, node) ? backend_of(p, node)->port(p, node) : 0;
}

int machine_refresh(const struct place *p, const char *node, const char *hosts, struct err *err)
{
	return backend_of(p, node)->refresh(p, node, true, hosts, err);
}

static int put(const struct place *p, const char *node, const char *file, const char *text, struct err *err)
{
	return place_write(place_node(p, node, file), 0644, text, strlen(text), err);
}

int machine_prepare(const struct place *p, const struct roster *r, const struct roster_node *n, const char *hosts,
		    struct err *err)
{
	const char *node = n->node.name, *dir = place_path(p, "nodes/%s", node);
	const struct backend *b = backend_named(n->node.backend);
	_cleanup_strbuf_ struct strbuf image = {0};

	if (file_read(place_node(p, node, "image"), 4096, &image, NULL) == 0 && streq(strbuf_str(&image), n->image))
		return b->refresh(p, node, false, hosts, err);
	if (place_unmount(dir, err) < 0 || place_remove(dir, err) < 0 || dir_make(dir, 0755, err) < 0)
		return -1;
	if (put(p, node, "backend", b->name, err) < 0 || seed_write(p, r, n, b->seed, hosts, err) < 0 ||
	    put(p, node, "hosts", hosts, err) < 0)
		return -1;
	/* written last: a disk with it is whole */
	return put(p, node, "image", n->image, err);
}

/* In the node's own process. */
static int become(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err)
{
	const char *log = place_node(p, n->node.name, "log");
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);

	umask(022);
	if (process_record(pid_file(p, n->node.name), getpid(), err) < 0 ||
	    cgroups_enter(p, n->node.name, backend_named(n->node.backend)->shows ? n->node.memory_mib : 0, err) < 0)
		return -1;
	if (null < 0 || out < 0)
		return err_system(err, errno, "cannot write %s", log);
	/* a lock or a pipe of whoever called reeve would be held as long as the node runs */
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 && errno != ENOSYS)
		return err_system(err, errno, "cannot close what was inherited");
	if (chdir("/") < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return err_system(err, errno, "cannot set up standard input and output");
	return backend_named(n->node.backend)->become(p, r, n, err);
}

/* The middle process: leaves the session and is no parent for long, so that the node lives on by itself. */
__attribute__((noreturn)) static void leave(const struct place *p, const struct roster *r, const struct roster_node *n,
					    int report)
{
	struct err err = {0};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	pid_t pid = setsid() < 0 ? -1 : fork();
	if (pid > 0)
		_exit(0);
	if (pid < 0)
		err_system(&err, errno, "cannot start a session");
	else
		(void)become(p, r, n, &err);
	(void)fd_write_all(report, &err, sizeof err);
	_exit(1);
}

/* What a node that does not run may have left when it was killed. */
static int clear(const struct place *p, const char *node, struct err *err)
{
	if (cgroups_kill(p, node, err) < 0 || cgroups_remove(p, node, err) < 0 ||
	    backend_of(p, node)->clear(p, node, err) < 0)
		return -1;
	return place_unmount(place_path(p, "nodes/%s", node), err);
}

int machine_start(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err)
{
	const char *node = n->node.name;
	_cleanup_strbuf_ struct strbuf said = {0};
	int report[2];

	if (clear(p, node, err) < 0 || backend_named(n->node.backend)->prepare(p, r, n, err) < 0)
		return -1;
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_system(err, errno, "cannot make a pipe");
	pid_t pid = fork();
	if (pid == 0)
		leave(p, r, n, report[1]);
	_cleanup_fd_ int from = report[0];
	close(report[1]);
	if (pid < 0)
		return err_system(err, errno, "cannot start %s", node);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	/* ends when the node's process has become it: the pipe is closed then */
	if (fd_read_all(from, sizeof(struct err), &said, err) < 0)
		return -1;
	if (said.len == sizeof(struct err)) {
		if (err)
			memcpy(err, said.data, sizeof *err);
		return -1;
	}
	return 0;
}

void machine_strike(const struct place *p, const char *node)
{
	process_strike(pid_file(p, node), backend_of(p, node)->child_leads);
}

int machine_stop(const struct place *p, const char *node, struct err *err)
{
	if (cgroups_thaw(p, node, err) < 0 || process_end(pid_file(p, node), backend_of(p, node)->child_leads, err) < 0)
		return err_wrap(err, "%s", node);
	(void)unlink(pid_file(p, node));
	return clear(p, node, err);
}

const char *machine_last_words(const struct place *p, const char *node)
{
	_cleanup_strbuf_ struct strbuf log = {0};
	const char *last = "";

	if (file_read(place_node(p, node, "log"), 16U << 20, &log, NULL) < 0)
		return "";
	for (char *rest = log.data, *line; rest && (line = str_next_line(&rest));)
		/* that one it says at every end where /run is no tmpfs */
		if (line[strspn(line, " \t\r")] && !strstr(line, "Attempted to remove disk file system"))
			last = line;
	return str_printable(p->arena, last, strlen(last));
}
