/*
 * reeve-agent: the part of reeve that works on a host. It is started by ssh (or by reeve itself, on its own machine),
 * speaks wire/wire.h on stdin and stdout, and does what it is asked until it is told bye or the operator is gone.
 */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "agent/session.h"
#include "base/str.h"

static void on_child(int signal_number)
{
	(void)signal_number; /* its only use is to end ppoll() */
}

/* SIGCHLD comes only while we wait; a closed pipe is an error of write(), not a death; Ctrl-C is the operator's. */
static void set_signals(void)
{
	sigset_t block;
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_SETMASK, &block, NULL);
	struct sigaction child = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGTERM, &ignore, NULL);
}

/* The session's pipes must never be 0, 1 and 2 of anything else, and stray prints must never be frames. */
static int take_pipes(int *in, int *out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	*in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
	*out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	if (null < 0 || *in < 0 || *out < 0)
		return -1;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (fcntl(STDERR_FILENO, F_GETFD) < 0)
		dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
	return 0;
}

static int fail(const struct err *err)
{
	openlog("reeve-agent", LOG_PID, LOG_DAEMON);
	syslog(LOG_NOTICE, "%s", err->text);
	fprintf(stderr, "reeve-agent: %s\n", err->text);
	return 1;
}

int main(int argc, char **argv)
{
	struct session session;
	struct err err = {0};
	int in, out;
	if (argc == 2 && streq(argv[1], "--version"))
		return printf("reeve-agent %s\n", REEVE_VERSION) < 0;
	/* the bootstrap has hashed what it executes, through fd 3 (transport/bootstrap.h), and says what it found */
	struct digest digest;
	bool known = argc == 2 && digest_parse(argv[1], &digest) == 0;
	if (known)
		close(3);
	else if (argc != 1) {
		fprintf(stderr, "usage: reeve-agent [--version]\nIt is started by reeve and speaks its protocol.\n");
		return 64;
	}
	if (take_pipes(&in, &out) < 0 || sodium_init() < 0)
		return 1;
	umask(022);
	set_signals();
	int failed = session_open(&session, in, out, &err) < 0 || root_enter(&session.root, &err) < 0 ||
		     session_hello(&session, known ? &digest : NULL, &err) < 0 || session_serve(&session, &err) < 0;
	session_close(&session);
	return failed ? fail(&err) : 0;
}
