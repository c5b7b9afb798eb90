/*
 * The script of a product, with all that it says in a log of root's on this host, which stays: of a build that failed it is
 * the only witness. stdout and stderr are one pipe, so that lines stand in the log as they came.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/failpoint.h"
#include "agent/product.h"
#include "agent/session.h"
#include "agent/tell.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum {
	COMMAND_MS = 60000,
	TICK_MS = 1000,
	LOG_BYTES = 256 << 20,
	TAIL_BYTES = 8192, /* of which the last lines are told */
	TAIL_LINES = 6,
	LINE_SHOWN = 100,
	ARGS_MAX = 80,
};

/* Its arguments are all that it needs: what goes before `sh` may give it another environment. */
static const char begin[] =
    "umask 022; cd \"$2\" || exit 1; export PREFIX=\"$1\" BUILD=\"$2\" HOME=\"$2\" SOURCES=\"$3\"; "
    "JOBS=$(nproc) || JOBS=1; export JOBS; exec sh -e \"$4\" </dev/null";

struct script {
	struct product *product;
	int log;
	const char *log_path;
	size_t logged;
	int log_errno; /* why the log is not whole; 0: it is */
	struct strbuf tail;
	struct tell_pace pace;
	uint64_t begun;
};

const char *product_log(const char *path, struct arena *arena)
{
	const char *name = strrchr(path, '/'), *above = name;
	while (above > path && above[-1] != '/')
		above--;
	return arena_printf(arena, PRODUCT_LOGS "/%.*s%s.log", name - above > 40 ? 40 : (int)(name - above), above,
			    name + 1);
}

static int open_log(struct script *x, struct err *err)
{
	const char *name;
	struct stat st;
	_cleanup_fd_ int dir = root_parent_make(&x->product->session->root, x->log_path, &name, err);
	if (dir < 0)
		return -1;
	x->log = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (x->log < 0 || fstat(x->log, &st) < 0)
		return root_error(err, errno, "cannot write the log", x->log_path);
	return S_ISREG(st.st_mode) ? 0 : err_set(err, ERR_REFUSED, "%s is not a regular file", x->log_path);
}

static void on_output(void *userdata, const char *bytes, size_t len)
{
	struct script *x = userdata;
	strbuf_add(&x->tail, bytes, len);
	if (x->tail.len > 2 * (size_t)TAIL_BYTES)
		strbuf_consume(&x->tail, x->tail.len - TAIL_BYTES);
	if (x->logged + len > LOG_BYTES)
		x->log_errno = EFBIG;
	if (!x->log_errno && fd_write_all(x->log, bytes, len) < 0)
		x->log_errno = errno;
	x->logged += len;
}

/* The last lines that have something in them, as one; `most` of them. */
static void last_lines(const struct script *x, size_t most, struct strbuf *out)
{
	_cleanup_free_ char *copy = xstrdup(strbuf_str(&x->tail));
	VEC(char *) lines = {0};
	char *rest = copy;
	for (char *line; (line = str_next_line(&rest));)
		if (line[strspn(line, " \t\r")])
			*vec_push(&lines) = line;
	for (size_t i = lines.len > most ? lines.len - most : 0; i < lines.len; i++)
		strbuf_addf(out, "%s%.150s", out->len ? "; " : "", lines.items[i]);
	vec_free(&lines);
}

static void tell(struct script *x)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	unsigned long long s = (clock_ms() - x->begun) / 1000;
	last_lines(x, 1, &line);
	if (s < 120)
		tell_progress(x->product->session, x->product->resource->id, "building for %llu s: %.*s", s, LINE_SHOWN,
			      strbuf_str(&line));
	else
		tell_progress(x->product->session, x->product->resource->id, "building for %llu min: %.*s", s / 60,
			      LINE_SHOWN, strbuf_str(&line));
}

static int judge(struct script *x, const struct child *c, struct err *err)
{
	_cleanup_strbuf_ struct strbuf why = {0}, lines = {0};
	unsigned limit = x->product->resource->product.timeout_s;
	last_lines(x, TAIL_LINES, &lines);
	if (c->timed_out)
		strbuf_addf(&why, "the script took longer than %u s and was stopped", limit);
	else if (WIFSIGNALED(c->status))
		strbuf_addf(&why, "the script was killed by signal %d", WTERMSIG(c->status));
	else
		strbuf_addf(&why, "the script ended with status %d", WEXITSTATUS(c->status));
	return err_set(err, c->timed_out ? ERR_TIMEOUT : ERR_FAILED, "%s; its log is %s%s%s%s", why.data, x->log_path,
		       x->log_errno ? ", which is not whole: " : "", x->log_errno ? strerror(x->log_errno) : "",
		       lines.len ? arena_printf(x->product->arena, ": %s", lines.data) : ", and is empty");
}

static struct child *start(struct script *x, const char *work, struct err *err)
{
	struct product *p = x->product;
	const struct resource *r = p->resource;
	const char *argv[ARGS_MAX] = {"sh", "-c", "exec \"$@\" 2>&1", "sh"};
	size_t n = 4;
	for (const char *const *word = r->product.run; word && *word && n < ARGS_MAX - 9; word++)
		argv[n++] = *word;
	const char *const rest[] = {"sh",
				    "-c",
				    begin,
				    "sh",
				    p->prefix,
				    arena_printf(p->arena, "%s/build", work),
				    arena_printf(p->arena, "%s/sources", work),
				    arena_printf(p->arena, "%s/script", work)};
	memcpy(argv + n, rest, sizeof rest);
	struct child_spec spec = {.argv = argv,
				  .user = p->user,
				  .timeout_ms = r->product.timeout_s * 1000,
				  .max = 1,
				  .whole = true,
				  .on_output = on_output,
				  .userdata = x};
	return child_start(p->session, &spec, err);
}

static int run(struct script *x, const char *work, struct err *err)
{
	struct session *s = x->product->session;
	x->begun = clock_ms();
	failpoint();
	struct child *c = start(x, work, err);
	if (!c)
		return -1;
	while (!c->ended) {
		pump_wait(&s->pump, TICK_MS);
		if (tell_due(&x->pace))
			tell(x);
	}
	failpoint();
	int r = c->killed ? pump_check(&s->pump, err) : 0;
	if (r == 0 && !child_succeeded(c))
		r = judge(x, c, err);
	child_free(s, c);
	return r;
}

int product_script(struct product *p, const char *work, struct err *err)
{
	struct script x = {.product = p, .log = -1, .log_path = product_log(p->resource->product.path, p->arena)};
	const char *path = arena_printf(p->arena, "%s/script", work), *text = p->resource->product.script;
	if (product_run(p, COMMAND_MS, text, err, "sh", "-c", "cat >\"$0\"", path, NULL) < 0)
		return -1;
	int r = open_log(&x, err);
	if (r == 0)
		r = run(&x, work, err);
	fd_closep(&x.log);
	strbuf_free(&x.tail);
	return r;
}
