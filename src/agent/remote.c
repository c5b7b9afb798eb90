#include "agent/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "agent/child.h"
#include "agent/session.h"
#include "agent/worker.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { ANSWER_MS = 5000, RETURN_MS = 60000 };

/* Where so many wait already, one that was not asked counts as silent: each is a process. */
enum { MOST_WAITING = 16 };

/* Those that can wait for another machine; an automount, because what it mounts can. */
static const char *const network_types[] = {"9p",   "afs",    "autofs", "beegfs", "ceph", "cifs",     "glusterfs",
					    "gpfs", "lustre", "ncpfs",  "nfs",    "nfs4", "orangefs", "smb3"};

static bool is_network(const struct mountinfo_entry *e)
{
	for (size_t i = 0; i < ARRAY_LEN(network_types); i++)
		if (streq(e->fstype, network_types[i]))
			return true;
	return str_starts(e->fstype, "fuse.");
}

struct question {
	const char *where;
};

/* statfs(2) asks the server always, what is kept of directories and files may be older. Any answer is one. */
static int ask(struct session *s, void *data, struct err *err)
{
	const struct question *q = data;
	struct statfs fs;
	(void)err;
	_cleanup_fd_ int fd = root_file(&s->root, q->where, O_RDONLY | O_DIRECTORY);
	(void)(fd < 0 || fstatfs(fd, &fs) < 0);
	return 0;
}

/* The mount over `path`; NULL: it is no network's. */
static const struct mountinfo_entry *over(struct session *s, const char *path)
{
	struct remote *r = &s->remote;
	struct err ignored;
	if (!r->arena) {
		r->arena = arena_new();
		if (mountinfo_read(&s->root, r->arena, &r->mounts, &ignored) < 0)
			r->mounts.len = 0; /* where there is no list, there is no server on it */
	}
	const struct mountinfo_entry *e = mountinfo_over(&r->mounts, path);
	return e && is_network(e) ? e : NULL;
}

/* Has it come back? */
static bool answers(struct session *s, struct remote_mount *m)
{
	if (m->worker && m->worker->ended) {
		child_free(s, m->worker);
		m->worker = NULL;
	}
	return !m->worker;
}

static size_t waiting(struct session *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->remote.asked.len; i++)
		n += !answers(s, &s->remote.asked.items[i]);
	return n;
}

static struct remote_mount *find(struct remote *r, const struct mountinfo_entry *e)
{
	for (size_t i = 0; i < r->asked.len; i++)
		if (streq(r->asked.items[i].where, e->where) && streq(r->asked.items[i].source, e->source))
			return &r->asked.items[i];
	return NULL;
}

/* NULL: too many wait. One whose worker cannot be started is not known to be dead. */
static struct remote_mount *begin(struct session *s, const struct mountinfo_entry *e)
{
	struct remote *r = &s->remote;
	struct question q = {e->where};
	struct err ignored;
	struct remote_mount *m = find(r, e);
	if (m)
		return m;
	if (waiting(s) >= MOST_WAITING)
		return NULL;
	m = vec_push(&r->asked);
	*m = (struct remote_mount){
	    .where = xstrdup(e->where),
	    .source = xstrdup(e->source),
	    .worker = worker_start(s, ask, &q, &ignored),
	    .until = clock_ms() + ANSWER_MS,
	};
	return m;
}

static void drop(struct remote_mount *m)
{
	free(m->where);
	free(m->source);
}

static void drop_list(struct remote *r)
{
	if (r->arena)
		arena_free(r->arena);
	r->arena = NULL;
	r->mounts = (struct mountinfo){0};
}

void remote_renew(struct session *s)
{
	struct remote *r = &s->remote;
	size_t kept = 0;
	for (size_t i = 0; i < r->asked.len; i++) {
		struct remote_mount *m = &r->asked.items[i];
		if (answers(s, m))
			drop(m);
		else
			r->asked.items[kept++] = *m;
	}
	r->asked.len = kept;
	drop_list(r);
}

void remote_ask(struct session *s, const char *path)
{
	const struct mountinfo_entry *e = over(s, path);
	if (e)
		begin(s, e);
}

/* When the last of those who wait has had its time. */
static uint64_t last_time(const struct remote *r)
{
	uint64_t last = 0;
	for (size_t i = 0; i < r->asked.len; i++)
		if (r->asked.items[i].worker && r->asked.items[i].until > last)
			last = r->asked.items[i].until;
	return last;
}

static struct remote_mount *begin_in_time(struct session *s, const struct mountinfo_entry *e)
{
	struct remote_mount *m;
	for (uint64_t now; !(m = begin(s, e)) && !s->pump.gone && (now = clock_ms()) < last_time(&s->remote);)
		pump_wait(&s->pump, (int)(last_time(&s->remote) - now));
	return m;
}

static uint64_t time_of(struct remote_mount *m, enum remote_patience patience)
{
	if (patience == REMOTE_SECONDS || m->waited)
		return m->until;
	m->waited = true;
	return clock_ms() + RETURN_MS;
}

int remote_check(struct session *s, const char *path, enum remote_patience patience, struct err *err)
{
	const struct mountinfo_entry *e = over(s, path);
	struct remote_mount *m = e ? begin_in_time(s, e) : NULL;
	if (!e)
		return 0;
	if (m && !answers(s, m))
		for (uint64_t until = time_of(m, patience), now;
		     !answers(s, m) && !s->pump.gone && (now = clock_ms()) < until;)
			pump_wait(&s->pump, (int)(until - now));
	if (pump_check(&s->pump, err) < 0)
		return -1;
	if (m && answers(s, m))
		return 0;
	err_set(err, ERR_TIMEOUT, "%s does not answer, which is mounted on %s", e->source, e->where);
	err->sys = ETIMEDOUT;
	return -1;
}

void remote_end(struct session *s)
{
	struct remote *r = &s->remote;
	for (size_t i = 0; i < r->asked.len; i++) {
		if (!answers(s, &r->asked.items[i]))
			child_leave(s, r->asked.items[i].worker);
		drop(&r->asked.items[i]);
	}
	vec_free(&r->asked);
	drop_list(r);
}
