#include "lab/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#define OUTPUT_MAX (1U << 20)
#define TOOL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Standard input as a file in memory: a pipe could fill and wait for a child that waits for us. */
static int input_open(const char *input, struct err *err)
{
	if (!input) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return fd < 0 ? err_system(err, errno, "cannot open /dev/null") : fd;
	}
	_cleanup_fd_ int fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, input, strlen(input)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_system(err, errno, "cannot keep %zu bytes in memory", strlen(input));
	int kept = fd;
	fd = -1;
	return kept;
}

__attribute__((noreturn)) static void child(const char *const *argv, int in, int out, int said)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(said, 2) < 0)
		_exit(126);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("DEBIAN_FRONTEND", "noninteractive", 1);
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void drain(int fd, struct strbuf *into, bool *open)
{
	char chunk[8192];
	ssize_t got = read(fd, chunk, sizeof chunk);

	if (got <= 0 && !(got < 0 && errno == EINTR))
		*open = false;
	else if (got > 0 && into && into->len < OUTPUT_MAX)
		strbuf_add(into, chunk, (size_t)got);
}

static const char *last_line(struct strbuf *said)
{
	const char *last = "it said nothing";

	for (char *rest = said->data, *line; rest && (line = str_next_line(&rest));)
		if (*line)
			last = line;
	return last;
}

int tool_run(const char *const *argv, const char *input, struct strbuf *out, int log_fd, struct err *err)
{
	_cleanup_strbuf_ struct strbuf said = {0};
	_cleanup_fd_ int out_read = -1, out_write = -1, said_read = -1, said_write = -1;
	_cleanup_fd_ int in = input_open(input, err);
	int pipe_out[2], pipe_said[2], status;

	if (in < 0)
		return -1;
	if (pipe2(pipe_out, O_CLOEXEC) < 0)
		return err_system(err, errno, "cannot make a pipe");
	out_read = pipe_out[0];
	out_write = pipe_out[1];
	if (pipe2(pipe_said, O_CLOEXEC) < 0)
		return err_system(err, errno, "cannot make a pipe");
	said_read = pipe_said[0];
	said_write = pipe_said[1];

	pid_t pid = fork();
	if (pid < 0)
		return err_system(err, errno, "cannot start %s", argv[0]);
	if (pid == 0)
		child(argv, in, log_fd >= 0 ? log_fd : out_write, log_fd >= 0 ? log_fd : said_write);
	fd_closep(&out_write);
	fd_closep(&said_write);
	out_write = said_write = -1;

	bool out_open = true, said_open = true;
	while (out_open || said_open) {
		struct pollfd fds[] = {{.fd = out_open ? out_read : -1, .events = POLLIN},
				       {.fd = said_open ? said_read : -1, .events = POLLIN}};
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents)
			drain(out_read, out, &out_open);
		if (fds[1].revents)
			drain(said_read, &said, &said_open);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (log_fd >= 0)
		return err_set(err, ERR_FAILED, "%s failed", argv[0]);
	return err_set(err, ERR_FAILED, "%s%s%s failed: %s", argv[0], argv[1] ? " " : "", argv[1] ? argv[1] : "",
		       last_line(&said));
}

int tool_need(const char *program, const char *package, struct err *err)
{
	const char *path = getenv("PATH");
	_cleanup_free_ char *copy = xstrdup(path && *path ? path : TOOL_PATH);

	for (char *rest = copy, *dir; (dir = str_next(&rest, ":"));) {
		_cleanup_free_ char *file = xasprintf("%s/%s", dir, program);
		if (access(file, X_OK) == 0)
			return 0;
	}
	return err_set(err, ERR_MISSING, "the lab needs %s: apt-get install %s (script/setup installs all of it)",
		       program, package);
}
