#include "agent/keeper.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { GRACE_MS = 2000, SIGNALLED = 128, BROKEN = 125 };

pid_t keeper_fork(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
}

/* What is mounted later, as by an automount, comes in. */
static int mount_proc(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -1;
	return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* It may have died before we asked to be told: then nobody has the other end of our stdout. */
static bool agent_is_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};
	return poll(&out, 1, 0) > 0 && out.revents & POLLERR;
}

/* Reaps all that has ended. False: nobody is left. */
static bool reap(pid_t program, int *ret_status, bool *ret_ended)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == program) {
			*ret_ended = true;
			*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status);
		}
	return pid == 0;
}

static _Noreturn void keep(pid_t program, const sigset_t *signals)
{
	int status = SIGNALLED + SIGTERM;
	bool ended = false;
	uint64_t end = 0; /* clock_ms(); 0: nobody asked for it */
	while (reap(program, &status, &ended) && !(ended && !end)) {
		uint64_t now = clock_ms(), left = end > now ? end - now : 0;
		const struct timespec wait = {.tv_sec = (time_t)(left / 1000),
					      .tv_nsec = (long)(left % 1000) * 1000000};
		if (end && !left)
			break;
		if (sigtimedwait(signals, NULL, end ? &wait : NULL) == SIGTERM && !end) {
			end = now + GRACE_MS;
			kill(-1, SIGTERM);
		}
	}
	_exit(status);
}

void keeper_stay(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL); /* what a first process neither blocks nor handles, it never gets */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (agent_is_gone())
		_exit(BROKEN);
	pid_t program = mount_proc() < 0 ? -1 : fork();
	if (program < 0) {
		dprintf(STDERR_FILENO, "cannot make a namespace for its processes: %s\n", strerror(errno));
		_exit(BROKEN);
	}
	if (program > 0)
		keep(program, &signals);
}

int keeper_status(int status)
{
	bool signalled =
	    WIFEXITED(status) && WEXITSTATUS(status) > SIGNALLED && WEXITSTATUS(status) <= SIGNALLED + SIGRTMAX;
	return signalled ? WEXITSTATUS(status) - SIGNALLED : status;
}
