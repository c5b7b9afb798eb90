#include "agent/worker.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/launch.h"
#include "agent/session.h"
#include "base/fd.h"

enum { DONE, FAILED, MUTE }; /* how a copy ends: `data` on its stdout, an err, neither */

struct job {
	struct session *s;
	int (*work)(struct session *s, void *data, struct err *err);
	void *data;
	size_t size;
};

static int work_in_copy(void *userdata)
{
	const struct job *j = userdata;
	struct err err = {0};
	bool good = root_open(&j->s->root, &err) == 0 && j->work(j->s, j->data, &err) == 0;
	const void *said = good ? j->data : &err;
	if (fd_write_all(STDOUT_FILENO, said, good ? j->size : sizeof err) < 0)
		return MUTE;
	return good ? DONE : FAILED;
}

static int take_result(const struct child *c, void *data, size_t size, struct err *err)
{
	_cleanup_strbuf_ struct strbuf said = {0};
	struct err theirs;
	if (child_succeeded(c) && c->outbuf.len == size) {
		memcpy(data, strbuf_str(&c->outbuf), size);
		return 0;
	}
	if (!c->timed_out && WIFEXITED(c->status) && WEXITSTATUS(c->status) == FAILED &&
	    c->outbuf.len == sizeof theirs) {
		memcpy(&theirs, strbuf_str(&c->outbuf), sizeof theirs);
		*err = theirs;
		child_last_words(c, &said);
		if (theirs.code != ERR_FAILED || !said.len)
			return -1;
		return err_set(err, ERR_FAILED, "%s: %s", theirs.text, said.data);
	}
	child_describe(c, "work on files", &said);
	return err_set(err, c->timed_out ? ERR_TIMEOUT : ERR_FAILED, "%s", said.data);
}

static struct child *start(struct job *job, unsigned timeout_ms, struct err *err)
{
	const struct child_spec spec = {.call = work_in_copy, .userdata = job, .timeout_ms = timeout_ms};
	return child_start(job->s, &spec, err);
}

struct child *worker_start(struct session *s, int (*work)(struct session *s, void *data, struct err *err), void *data,
			   struct err *err)
{
	struct job job = {.s = s, .work = work, .data = data};
	return start(&job, 0, err);
}

int worker_call(struct session *s, unsigned timeout_ms, int (*work)(struct session *s, void *data, struct err *err),
		void *data, size_t size, struct err *err)
{
	struct job job = {.s = s, .work = work, .data = data, .size = size};
	struct child *c = start(&job, timeout_ms, err);
	if (!c)
		return -1;
	int r = child_wait(s, c, err);
	if (r == 0)
		r = take_result(c, data, size, err);
	child_free(s, c);
	return r;
}

int worker_run(struct session *s, const char *const *argv, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_free_ char *program = child_program(s, argv[0]);
	int status;
	if (!program)
		return err_set(err, ERR_MISSING, "there is no command %s on this host", argv[0]);
	const struct launch l = {.program = program,
				 .argv = (char *const *)argv,
				 .envp = child_environment(s, NULL, arena),
				 .fds = {STDIN_FILENO, STDERR_FILENO, STDERR_FILENO},
				 .lock = -1,
				 .dies_with_us = true};
	pid_t pid = launch(&l, NULL);
	if (pid < 0)
		return err_system(err, errno, "cannot start %s", program);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_system(err, errno, "cannot wait for %s", program);
	if (WIFSIGNALED(status))
		return err_set(err, ERR_FAILED, "%s was killed by signal %d", argv[0], WTERMSIG(status));
	return WEXITSTATUS(status) ? err_set(err, ERR_FAILED, "%s ended with status %d", argv[0], WEXITSTATUS(status))
				   : 0;
}
