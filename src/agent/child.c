#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/keeper.h"
#include "agent/launch.h"
#include "agent/session.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

enum { GRACE_MS = 2000 }; /* between SIGTERM and SIGKILL */
enum { LEAVE_MS = 5000 }; /* after SIGKILL */
enum { LAST_LINES = 3 };
enum { LINGER_MS = 300 }; /* for output that is still in the pipes when the process has ended */

char *child_program(struct session *s, const char *name)
{
	if (strchr(name, '/'))
		return xstrdup(name);
	if (root_is_scratch(&s->root)) {
		char *path = xasprintf("%s/bin/%s", s->root.path, name);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	_cleanup_free_ char *copy = xstrdup(CHILD_PATH);
	char *rest = copy;
	for (char *dir; (dir = str_next(&rest, ":"));) {
		char *path = xasprintf("%s/%s", dir, name);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

bool child_keeps_lock(const struct child_spec *spec)
{
	static const char *const programs[] = {"apt", "apt-get", "apt-mark", "dpkg", "systemctl"};
	const char *slash = strrchr(spec->argv[0], '/'), *name = slash ? slash + 1 : spec->argv[0];
	for (size_t i = 0; i < ARRAY_LEN(programs) && !spec->user && !spec->sandbox; i++)
		if (streq(programs[i], name))
			return true;
	return false;
}

static int make_pipe(int ends[2])
{
	int raw[2];
	if (pipe2(raw, O_CLOEXEC) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, 10);
		close(raw[i]);
	}
	return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

static void close_pipe(int ends[2])
{
	fd_closep(&ends[0]);
	fd_closep(&ends[1]);
}

char **child_environment(struct session *s, const char *const *more, struct arena *arena)
{
	size_t n = 0, extra = 0;
	bool has_path = false;
	while (more && more[extra])
		extra++;
	char **env = arena_calloc(arena, extra + 4, sizeof *env);
	for (size_t i = 0; i < extra; i++) {
		env[n++] = arena_strdup(arena, more[i]);
		has_path = has_path || str_starts(more[i], "PATH=");
	}
	if (!has_path && root_is_scratch(&s->root))
		env[n++] = arena_printf(arena, "PATH=%s/bin:%s", s->root.path, CHILD_PATH);
	else if (!has_path)
		env[n++] = arena_strdup(arena, "PATH=" CHILD_PATH);
	env[n++] = arena_strdup(arena, "LC_ALL=C.UTF-8");
	if (root_is_scratch(&s->root))
		env[n++] = arena_printf(arena, "REEVE_ROOT=%s", s->root.path);
	return env;
}

static struct child *new_child(struct session *s, const struct child_spec *spec, pid_t pid)
{
	struct child *c = xcalloc(1, sizeof *c);
	c->pid = pid;
	c->in = c->out = c->err = -1;
	c->max = spec->max ? spec->max : CHILD_OUTPUT;
	c->input = spec->input;
	c->input_len = spec->input_len;
	c->deadline = spec->timeout_ms ? clock_ms() + spec->timeout_ms : 0;
	c->whole = spec->whole;
	c->locked = spec->locked && lock_held(&s->lock);
	c->on_output = spec->on_output;
	c->userdata = spec->userdata;
	c->next = s->children;
	s->children = c;
	return c;
}

struct child *child_start(struct session *s, const struct child_spec *spec, struct err *err)
{
	if (pump_check(&s->pump, err) < 0)
		return NULL;
	_cleanup_free_ char *program = spec->call ? xstrdup("a copy of the agent") : child_program(s, spec->argv[0]);
	if (!program) {
		err_set(err, ERR_MISSING, "there is no command %s on this host", spec->argv[0]);
		return NULL;
	}
	_cleanup_arena_ struct arena *arena = arena_new();
	int in[2] = {-1, -1}, out[2] = {-1, -1}, errors[2] = {-1, -1};
	if (spec->input) {
		if (make_pipe(in) < 0)
			in[0] = -1;
	} else {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		in[0] = fcntl(null, F_DUPFD_CLOEXEC, 10);
		fd_closep(&null);
	}
	pid_t pid = -1;
	if (in[0] >= 0 && make_pipe(out) == 0 && make_pipe(errors) == 0) {
		struct launch l = {.program = program,
				   .argv = (char *const *)spec->argv,
				   .envp = child_environment(s, spec->env, arena),
				   .fds = {in[0], out[1], errors[1]},
				   .lock = !spec->call && child_keeps_lock(spec) ? s->lock.fd : -1,
				   .dies_with_us = !(spec->locked && lock_held(&s->lock)),
				   .whole = spec->whole,
				   .user = spec->user,
				   .call = spec->call,
				   .userdata = spec->userdata};
		pid = launch(&l, spec->sandbox);
	}
	if (pid < 0) {
		err_system(err, errno, "cannot start %s", program);
		close_pipe(in), close_pipe(out), close_pipe(errors);
		return NULL;
	}
	fd_closep(&in[0]), fd_closep(&out[1]), fd_closep(&errors[1]);
	struct child *c = new_child(s, spec, pid);
	c->in = in[1], c->out = out[0], c->err = errors[0];
	const int ours[] = {c->in, c->out, c->err};
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (ours[i] >= 0)
			fcntl(ours[i], F_SETFL, fcntl(ours[i], F_GETFL) | O_NONBLOCK);
	return c;
}

static void shut(int *fd)
{
	fd_closep(fd);
	*fd = -1;
}

static void read_stream(struct child *c, int *fd, struct strbuf *kept, bool is_output)
{
	char bytes[65536];
	for (int rounds = 0; rounds < 16; rounds++) {
		ssize_t n = read(*fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			shut(fd);
			return;
		}
		if (is_output && c->on_output)
			c->on_output(c->userdata, bytes, (size_t)n);
		size_t room = c->max - kept->len;
		if ((size_t)n > room)
			c->cut = true;
		strbuf_add(kept, bytes, (size_t)n < room ? (size_t)n : room);
	}
}

static void write_input(struct child *c)
{
	while (c->input_len) {
		ssize_t n = write(c->in, c->input, c->input_len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break;
		c->input += n;
		c->input_len -= (size_t)n;
	}
	shut(&c->in);
}

size_t child_prepare(void *owner, struct pollfd *fds, size_t max, uint64_t *next_deadline)
{
	const struct session *s = owner;
	size_t n = 0;
	for (struct child *c = s->children; c; c = c->next) {
		if (c->ended)
			continue;
		const uint64_t times[] = {c->reaped ? 0 : c->deadline, c->reaped ? 0 : c->kill_at,
					  c->reaped ? 0 : c->leave_at, c->linger};
		for (size_t i = 0; i < ARRAY_LEN(times); i++)
			if (times[i] && (!*next_deadline || times[i] < *next_deadline))
				*next_deadline = times[i];
		if (n + 3 > max)
			continue;
		fds[n++] = (struct pollfd){.fd = c->in, .events = POLLOUT};
		fds[n++] = (struct pollfd){.fd = c->out, .events = POLLIN};
		fds[n++] = (struct pollfd){.fd = c->err, .events = POLLIN};
	}
	return n;
}

/* Asked first: srun takes its job back, which would run on with nobody to end it. */
static void ask_to_end(struct child *c, uint64_t now)
{
	c->deadline = 0;
	c->kill_at = now + GRACE_MS;
	kill(-c->pid, SIGTERM);
}

static void check_deadlines(struct session *s, struct child *c, uint64_t now)
{
	if (c->reaped)
		return;
	if (s->pump.gone && !c->locked && !c->killed) {
		c->killed = true;
		ask_to_end(c, now);
	}
	if (c->deadline && now >= c->deadline) {
		c->timed_out = true;
		ask_to_end(c, now);
	}
	if (c->kill_at && now >= c->kill_at) {
		c->kill_at = 0;
		c->leave_at = now + LEAVE_MS;
		kill(-c->pid, SIGKILL);
	}
	c->left = c->leave_at && now >= c->leave_at;
}

static void look_after(struct session *s, struct child *c)
{
	uint64_t now = clock_ms();
	check_deadlines(s, c, now);
	if (!c->reaped && waitpid(c->pid, &c->status, WNOHANG) == c->pid) {
		c->reaped = true;
		c->status = c->whole ? keeper_status(c->status) : c->status;
		c->linger = now + LINGER_MS;
		if (c->timed_out || c->killed)
			kill(-c->pid,
			     SIGKILL); /* what it left of its group; the id is free only when the group is empty */
		if (c->out >= 0)
			read_stream(c, &c->out, &c->outbuf, true);
		if (c->err >= 0)
			read_stream(c, &c->err, &c->errbuf, false);
	}
	if (c->left || (c->reaped && ((c->out < 0 && c->err < 0) || now >= c->linger))) {
		shut(&c->in), shut(&c->out), shut(&c->err);
		c->ended = true;
	}
}

void child_handle(void *owner, const struct pollfd *fds, size_t count)
{
	struct session *s = owner;
	size_t n = 0;
	for (struct child *c = s->children; c; c = c->next) {
		if (c->ended)
			continue;
		if (n + 3 <= count) {
			if (fds[n].revents && c->in >= 0)
				write_input(c);
			if (fds[n + 1].revents && c->out >= 0)
				read_stream(c, &c->out, &c->outbuf, true);
			if (fds[n + 2].revents && c->err >= 0)
				read_stream(c, &c->err, &c->errbuf, false);
			n += 3;
		}
		look_after(s, c);
	}
}

int child_wait(struct session *s, struct child *child, struct err *err)
{
	while (!child->ended)
		pump_wait(&s->pump, -1);
	return child->killed ? pump_check(&s->pump, err) : 0;
}

void child_free(struct session *s, struct child *child)
{
	if (!child)
		return;
	if (!child->reaped && !child->left) {
		kill(-child->pid, SIGKILL);
		kill(child->pid, SIGKILL);
		while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
			;
	}
	for (struct child **at = &s->children; *at; at = &(*at)->next)
		if (*at == child) {
			*at = child->next;
			break;
		}
	shut(&child->in), shut(&child->out), shut(&child->err);
	strbuf_free(&child->outbuf);
	strbuf_free(&child->errbuf);
	free(child);
}

void child_leave(struct session *s, struct child *child)
{
	if (!child->reaped) {
		kill(-child->pid, SIGKILL);
		kill(child->pid, SIGKILL);
		child->left = true;
	}
	child_free(s, child);
}

bool child_succeeded(const struct child *c)
{
	return c->ended && !c->timed_out && WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0;
}

void child_last_words(const struct child *c, struct strbuf *out)
{
	_cleanup_free_ char *copy = xstrdup(strbuf_str(c->errbuf.len ? &c->errbuf : &c->outbuf));
	VEC(char *) lines = {0};
	char *rest = copy;
	for (char *line; (line = str_next_line(&rest));)
		if (line[strspn(line, " \t")])
			*vec_push(&lines) = line;
	size_t first = lines.len > LAST_LINES ? lines.len - LAST_LINES : 0;
	for (size_t i = first; i < lines.len; i++)
		strbuf_addf(out, "%s%.300s", i == first ? "" : "; ", lines.items[i]);
	vec_free(&lines);
}

void child_describe(const struct child *c, const char *name, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf said = {0};
	child_last_words(c, &said);
	if (c->left)
		strbuf_addf(out, "%s took too long and cannot be stopped", name);
	else if (c->timed_out)
		strbuf_addf(out, "%s took too long and was stopped", name);
	else if (WIFSIGNALED(c->status))
		strbuf_addf(out, "%s was killed by signal %d", name, WTERMSIG(c->status));
	else
		strbuf_addf(out, "%s ended with status %d", name, WEXITSTATUS(c->status));
	if (said.len)
		strbuf_addf(out, ": %s", said.data);
}

int child_run(struct session *s, const struct child_spec *spec, struct strbuf *ret_out, struct err *err)
{
	struct child *c = child_start(s, spec, err);
	if (!c)
		return -1;
	int r = child_wait(s, c, err);
	if (r == 0 && !child_succeeded(c)) {
		_cleanup_strbuf_ struct strbuf why = {0};
		child_describe(c, spec->argv[0], &why);
		r = err_set(err, c->timed_out ? ERR_TIMEOUT : ERR_FAILED, "%s", why.data);
	}
	if (ret_out)
		strbuf_add(ret_out, strbuf_str(&c->outbuf), c->outbuf.len);
	child_free(s, c);
	return r;
}

int child_command(struct session *s, unsigned timeout_ms, struct err *err, const char *command, ...)
{
	const char *argv[32] = {command};
	va_list ap;
	va_start(ap, command);
	for (size_t n = 1; n < ARRAY_LEN(argv) - 1 && (argv[n] = va_arg(ap, const char *)); n++)
		;
	va_end(ap);
	return child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = timeout_ms, .locked = true}, NULL, err);
}

void child_set_text(json_t *obj, const char *name, const char *b64_name, const char *bytes, size_t len)
{
	if (str_is_utf8(bytes, len)) {
		json_object_set_new(obj, name, json_stringn(bytes, len));
		return;
	}
	size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	_cleanup_free_ char *text = xcalloc(1, size);
	sodium_bin2base64(text, size, (const unsigned char *)bytes, len, sodium_base64_VARIANT_ORIGINAL);
	json_object_set_new(obj, b64_name, json_string(text));
}

json_t *child_encode(const struct child *c)
{
	json_t *obj = json_object();
	if (c->timed_out)
		json_object_set_new(obj, "timeout", json_true());
	else if (WIFSIGNALED(c->status))
		json_object_set_new(obj, "signal", json_integer(WTERMSIG(c->status)));
	else
		json_object_set_new(obj, "status", json_integer(WEXITSTATUS(c->status)));
	child_set_text(obj, "out", "out_b64", strbuf_str(&c->outbuf), c->outbuf.len);
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *said = strbuf_str(&c->errbuf);
	if (!str_is_utf8(said, c->errbuf.len))
		said = str_printable(arena, said, c->errbuf.len);
	json_object_set_new(obj, "err", json_string(said));
	json_object_set_new(obj, "cut", json_boolean(c->cut));
	return obj;
}
