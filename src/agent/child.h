/*
 * child: commands, run with limits. A child gets its own session and process group, an environment that holds nothing
 * but what is given, and no descriptor but its three. apt, dpkg and systemctl, as root and in no sandbox, get the host's
 * lock as well, to read only: it then stays locked until they and everything they left behind have ended. Output beyond
 * the bound is read and thrown away.
 *
 * One that is to end and waits in the kernel for a disk or a file server that is dead ends not even by SIGKILL. It is
 * left behind after five seconds, and has then failed like others.
 *
 * argv[0] without a slash is looked up in a fixed PATH; with a scratch root, in its /bin first.
 */
#ifndef REEVE_AGENT_CHILD_H
#define REEVE_AGENT_CHILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strbuf.h"

struct session;
struct sandbox;

#define CHILD_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { CHILD_OUTPUT = 256 << 10 }; /* bytes kept of each stream unless said otherwise */

struct child_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[64];
	size_t group_count;
	const char *home, *name;
};

struct child_spec {
	const char *const *argv; /* NULL-terminated; all pointers are borrowed until child_start returns */
	/* Instead of a program: called in a copy of the agent that has no descriptor of it, with `userdata`; its exit
	 * status. */
	int (*call)(void *userdata);
	const char *const *env; /* "K=V", NULL-terminated, on top of PATH and LC_ALL; NULL: none */
	const char *input;      /* NULL: /dev/null; borrowed until child_free */
	size_t input_len;
	size_t max;                    /* bytes kept of stdout and of stderr; 0: CHILD_OUTPUT */
	unsigned timeout_ms;           /* then the process group gets SIGTERM, 2 s later SIGKILL; 0: no bound */
	bool whole;                    /* all that it started ends with it, and when the agent does (keeper.h) */
	bool locked;                   /* goes on without the agent where the host's lock is held */
	const struct child_user *user; /* NULL: as we are */
	const struct sandbox *sandbox; /* NULL: none */
	void (*on_output)(void *userdata, const char *bytes, size_t len); /* stdout, as it comes; may be NULL */
	void *userdata;
};

struct child {
	struct child *next;
	pid_t pid;
	int in, out, err; /* our ends; -1: closed */
	struct strbuf outbuf, errbuf;
	size_t max;
	bool cut;
	const char *input;
	size_t input_len;
	uint64_t deadline, kill_at, leave_at, linger; /* clock_ms(); 0: none */
	bool whole, locked, timed_out, reaped, ended, killed;
	bool left;  /* waits in the kernel, and SIGKILL does not end it: nobody waits for it any longer */
	int status; /* of waitpid(2), once reaped */
	void (*on_output)(void *userdata, const char *bytes, size_t len);
	void *userdata;
};

/* The file for argv[0], looked for as execvp(3) would, a scratch root's own programs first; NULL: there is none. The
 * caller's. */
char *child_program(struct session *s, const char *name);

/* What a child finds in its environment, `more` ("K=V", NULL-terminated; NULL: none) among it. In the arena. */
char **child_environment(struct session *s, const char *const *more, struct arena *arena);

/* Fails with ERR_CANCELLED once the operator is gone, ERR_MISSING where there is no such command. */
struct child *child_start(struct session *s, const struct child_spec *spec, struct err *err);

/* Pumps the session until the child has ended; -1 (ERR_CANCELLED) where it was killed because the operator is gone. */
int child_wait(struct session *s, struct child *child, struct err *err);
void child_free(struct session *s,
		struct child *child); /* kills its group first where it has not ended; NULL is fine */

/* Kills and frees it as well, and does not wait for its end, which may never come. */
void child_leave(struct session *s, struct child *child);

/* Start and wait; 0 only where it ended with status 0. Otherwise ERR_FAILED and the last line or two of what it said.
 */
int child_run(struct session *s, const struct child_spec *spec, struct strbuf *ret_out, struct err *err);

/* Is this a program that is never stopped halfway, and keeps the host's lock? */
bool child_keeps_lock(const struct child_spec *spec);

/* The same with a list of arguments, `locked`, with a bound in milliseconds. */
int child_command(struct session *s, unsigned timeout_ms, struct err *err, const char *command, ...)
    __attribute__((sentinel));

/* run.c: a list of JSON strings as argv (the strings stay the list's), and the bounds of a request. */
const char **run_arguments(const json_t *list, struct arena *arena, struct err *err);
int run_limits(json_int_t max, json_int_t timeout_ms, struct child_spec *spec, struct err *err);

/* The account of that name, for child_spec.user, in the arena. NULL: ERR_MISSING, or it cannot be found out. */
const struct child_user *run_user(struct session *s, const char *name, struct arena *arena, struct err *err);

bool child_succeeded(const struct child *child);

/* The last lines that it said on stderr, else on stdout: for a person. */
void child_last_words(const struct child *child, struct strbuf *out);

/* "status 100: E: Unable to locate package x": for a person, in `arena`-free storage of the caller. */
void child_describe(const struct child *child, const char *name, struct strbuf *out);

/* {"status": ..., "out": ..., "err": ..., "cut": ...} (wire/wire.h). */
json_t *child_encode(const struct child *child);

/* For the pump of a session, its owner: one pass over descriptors, deaths and deadlines (struct pump_ops). */
struct pollfd;
size_t child_prepare(void *session, struct pollfd *fds, size_t max, uint64_t *next_deadline);
void child_handle(void *session, const struct pollfd *fds, size_t count);

/* A bytes-to-JSON helper for all that comes from files and commands: sets obj[name] where it is UTF-8 without NUL, else
 * obj[b64_name] in base64. */
void child_set_text(json_t *obj, const char *name, const char *b64_name, const char *bytes, size_t len);

#endif
