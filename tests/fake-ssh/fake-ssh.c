/*
 * fake-ssh: stands in for ssh(1) where a test needs a thousand hosts, or bad ones. Host NAME is the scratch root
 * $FAKE_SSH_ROOTS/NAME; the command is really run, by the login shell, with the environment of a fresh login and
 * REEVE_ROOT set to that root. $ROOT/bin is first in PATH, for a sudo or an id of the test's own. How the host behaves
 * is in $ROOT/behaviour, one `key=value` a line:
 *
 *	shell=PATH	the login shell; default /bin/sh
 *	noise=TEXT	printed before anything else, as rc files do; noise-bytes=N: so many bytes of it
 *	delay=MS	before anything happens
 *	cut-after=N	the connection breaks after N bytes of its output; cut-in=N: of its input
 *	say=FILE, exit=N	prints a file (in the root) on stderr and ends: what the real ssh says
 *	black-hole=yes	nothing ever comes
 *	deaf-after=N	after N bytes of its output nothing ever comes
 *	uid=N	the login is that user; with -G only its name is printed, as ssh does with all of its configuration
 *	lie=WORD	FAKE_LIE for the test peer
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct behaviour {
	char shell[256], noise[1024], say[256], lie[64];
	long noise_bytes, delay, cut_after, cut_in, deaf_after, status, uid;
	bool black_hole;
};

static void behaviour_read(const char *root, struct behaviour *b)
{
	char path[4096], line[2048];
	*b = (struct behaviour){.cut_after = -1, .cut_in = -1, .deaf_after = -1, .status = -1};
	strcpy(b->shell, "/bin/sh");
	snprintf(path, sizeof path, "%s/behaviour", root);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		char *value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (!strcmp(line, "shell"))
			snprintf(b->shell, sizeof b->shell, "%s", value);
		else if (!strcmp(line, "noise"))
			snprintf(b->noise, sizeof b->noise, "%s", value);
		else if (!strcmp(line, "say"))
			snprintf(b->say, sizeof b->say, "%s/%s", root, value);
		else if (!strcmp(line, "lie"))
			snprintf(b->lie, sizeof b->lie, "%s", value);
		else if (!strcmp(line, "noise-bytes"))
			b->noise_bytes = atol(value);
		else if (!strcmp(line, "delay"))
			b->delay = atol(value);
		else if (!strcmp(line, "cut-after"))
			b->cut_after = atol(value);
		else if (!strcmp(line, "cut-in"))
			b->cut_in = atol(value);
		else if (!strcmp(line, "uid"))
			b->uid = atol(value);
		else if (!strcmp(line, "deaf-after"))
			b->deaf_after = atol(value);
		else if (!strcmp(line, "exit"))
			b->status = atol(value);
		else if (!strcmp(line, "black-hole"))
			b->black_hole = true;
		else {
			fprintf(stderr, "fake-ssh: unknown behaviour %s\n", line);
			exit(99);
		}
	}
	fclose(f);
}

static void run_shell(const struct behaviour *b, const char *root, const char *command)
{
	char path[4200], reeve_root[4200], shell[300], lie[100];
	snprintf(path, sizeof path, "PATH=%s/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", root);
	snprintf(reeve_root, sizeof reeve_root, "REEVE_ROOT=%s", root);
	snprintf(shell, sizeof shell, "SHELL=%s", b->shell);
	snprintf(lie, sizeof lie, "FAKE_LIE=%s", b->lie);
	char home[] = "HOME=/nonexistent", user[] = "USER=somebody";
	char *env[] = {path, reeve_root, shell, home, user, lie, NULL};
	const char *name = strrchr(b->shell, '/');
	signal(SIGPIPE, SIG_DFL);
	if (b->uid && (setgid((gid_t)b->uid) < 0 || setuid((uid_t)b->uid) < 0))
		_exit(254);
	execle(b->shell, name ? name + 1 : b->shell, "-c", command, (char *)NULL, env);
	fprintf(stderr, "%s: %s\n", b->shell, strerror(errno));
	_exit(255);
}

static void put(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

static int broken(pid_t child)
{
	fputs("client_loop: send disconnect: Broken pipe\r\n", stderr);
	kill(child, SIGKILL);
	return 255;
}

/* Carries both streams, so that they can be cut. Gives the exit status. */
static int carry(const struct behaviour *b, const char *root, const char *command)
{
	int in[2], out[2], status;
	long in_total = 0, out_total = 0;
	char buf[4096];
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return 255;
	pid_t child = fork();
	if (child == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		run_shell(b, root, command);
	}
	close(in[0]);
	close(out[1]);
	for (bool in_open = true;;) {
		struct pollfd fds[2] = {{.fd = out[0], .events = POLLIN}, {.fd = in_open ? 0 : -1, .events = POLLIN}};
		if (poll(fds, 2, -1) < 0)
			return broken(child);
		if (fds[0].revents) {
			ssize_t n = read(out[0], buf, sizeof buf);
			if (n <= 0)
				break;
			if (b->cut_after >= 0 && out_total + n > b->cut_after) {
				put(1, buf, (size_t)(b->cut_after - out_total));
				return broken(child);
			}
			if (b->deaf_after >= 0 && out_total + n > b->deaf_after) {
				put(1, buf, (size_t)(b->deaf_after - out_total));
				for (;;)
					pause();
			}
			put(1, buf, (size_t)n);
			out_total += n;
		}
		if (fds[1].revents) {
			ssize_t n = read(0, buf, sizeof buf);
			if (n <= 0) {
				in_open = false;
				close(in[1]);
			} else {
				if (b->cut_in >= 0 && in_total + n > b->cut_in)
					return broken(child);
				put(in[1], buf, (size_t)n);
				in_total += n;
			}
		}
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int say(const struct behaviour *b)
{
	char line[4096];
	FILE *f = fopen(b->say, "re");
	while (f && fgets(line, sizeof line, f))
		fputs(line, stderr);
	return b->status >= 0 ? (int)b->status : 255;
}

int main(int argc, char **argv)
{
	struct behaviour b;
	char root[4096];
	int opt;
	bool configuration = false;
	const char *user = NULL, *roots = getenv("FAKE_SSH_ROOTS");
	if (getenv("FAKE_SSH_LOG")) {
		FILE *log = fopen(getenv("FAKE_SSH_LOG"), "ae");
		for (int i = 1; log && i < argc; i++)
			fprintf(log, "%s%c", argv[i], i + 1 < argc ? ' ' : '\n');
		if (log)
			fclose(log);
	}
	while ((opt = getopt(argc, argv, "+TGF:o:l:p:")) != -1) {
		if (opt == '?')
			return 255;
		configuration = configuration || opt == 'G';
		user = opt == 'l' ? optarg : user;
	}
	if (!roots || argc - optind != 2) {
		fputs("usage: fake-ssh [-T] [-F F] [-o O] [-l U] [-p P] -- HOST COMMAND\n", stderr);
		return 255;
	}
	snprintf(root, sizeof root, "%s/%s", roots, argv[optind]);
	if (access(root, F_OK) < 0) {
		fprintf(stderr, "ssh: Could not resolve hostname %s: Name or service not known\r\n", argv[optind]);
		return 255;
	}
	signal(SIGPIPE, SIG_IGN);
	behaviour_read(root, &b);
	if (configuration)
		return printf("user %s\n", user ? user : b.uid ? "somebody" : "root") < 0;
	if (b.delay)
		usleep((useconds_t)b.delay * 1000);
	while (b.black_hole)
		pause();
	if (b.say[0])
		return say(&b);
	if (b.noise[0])
		put(1, b.noise, strlen(b.noise));
	for (long i = 0; i < b.noise_bytes; i++)
		put(1, i % 64 == 63 ? "\n" : "#", 1);
	if (b.cut_after < 0 && b.cut_in < 0 && b.deaf_after < 0)
		run_shell(&b, root, argv[optind + 1]);
	return carry(&b, root, argv[optind + 1]);
}
