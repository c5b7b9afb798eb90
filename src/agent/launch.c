#include "agent/launch.h"

#include <errno.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/keeper.h"
#include "agent/sandbox.h"
#include "base/vec.h"

enum { LOCK_FD = 3 }; /* where a child finds the host's lock */

static void close_from(int first)
{
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	for (int fd = first; fd < 1024; fd++)
		close(fd);
}

/* All of ours are at 10 and above, so nothing is overwritten before it is used. */
static void take_descriptors(const struct launch *l)
{
	setsid();
	for (int i = 0; i < 3; i++)
		if (dup2(l->fds[i], i) < 0)
			_exit(126);
	if (l->lock >= 0 && dup2(l->lock, LOCK_FD) < 0)
		_exit(126);
	close_from(l->lock >= 0 ? LOCK_FD + 1 : LOCK_FD);
}

static _Noreturn void become(const struct launch *l)
{
	if (l->user) {
		if (syscall(SYS_setgroups, l->user->group_count, l->user->groups) < 0 ||
		    syscall(SYS_setresgid, l->user->gid, l->user->gid, l->user->gid) < 0 ||
		    syscall(SYS_setresuid, l->user->uid, l->user->uid, l->user->uid) < 0)
			_exit(126);
	}
	if (l->dies_with_us) /* after the change of user, which clears it (PR_SET_PDEATHSIG(2const)) */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	execve(l->program, l->argv, l->envp);
	_exit(127);
}

static void reset_signals(void)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	const int ours[] = {SIGCHLD, SIGPIPE, SIGHUP, SIGINT, SIGTERM};
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		sigaction(ours[i], &standard, NULL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static pid_t launch_plain(const struct launch *l)
{
	pid_t pid = vfork();
	if (pid == 0) {
		take_descriptors(l);
		reset_signals();
		become(l);
	}
	return pid;
}

static pid_t launch_sandboxed(const struct launch *l, const struct sandbox *sandbox)
{
	pid_t pid = fork();
	if (pid == 0) {
		take_descriptors(l);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		struct err err = {0};
		int status, side = sandbox_enter(sandbox, &status, &err);
		if (side < 0) {
			dprintf(STDERR_FILENO, "sandbox: %s\n", err.text);
			_exit(125);
		}
		reset_signals();
		if (side == SANDBOX_INSIDE)
			become(l);
		if (WIFSIGNALED(status))
			kill(getpid(), WTERMSIG(status));
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
	}
	return pid;
}

static pid_t launch_kept(const struct launch *l)
{
	pid_t pid = keeper_fork();
	if (pid == 0) {
		take_descriptors(l);
		keeper_stay();
		reset_signals();
		become(l);
	}
	return pid < 0 && errno == EPERM ? launch_plain(l) : pid;
}

/* What the parent has open stays the parent's: neither its session nor the host's lock hangs on this one. */
static pid_t launch_copy(const struct launch *l)
{
	pid_t pid = fork();
	if (pid == 0) {
		take_descriptors(l);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		reset_signals();
		_exit(l->call(l->userdata));
	}
	return pid;
}

pid_t launch(const struct launch *l, const struct sandbox *sandbox)
{
	if (l->call)
		return launch_copy(l);
	if (l->whole)
		return launch_kept(l);
	return sandbox ? launch_sandboxed(l, sandbox) : launch_plain(l);
}
