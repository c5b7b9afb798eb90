#include "agent/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>

#include "agent/session.h"
#include "agent/worker.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { ANSWER_MS = 5000 };

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

static struct remote_mount *find(struct remote *r, const char *where)
{
	for (size_t i = 0; i < r->asked.len; i++)
		if (streq(r->asked.items[i].where, where))
			return &r->asked.items[i];
	return NULL;
}

int remote_check(struct session *s, struct remote *r, const char *path, struct err *err)
{
	if (!r->known && mountinfo_read(&s->root, r->arena, &r->mounts, err) < 0)
		r->mounts.len = 0; /* where there is no list, there is no server on it */
	r->known = true;
	const struct mountinfo_entry *over = mountinfo_over(&r->mounts, path);
	if (!over || !is_network(over))
		return 0;
	struct remote_mount *m = find(r, over->where);
	if (!m) {
		struct question q = {over->where};
		struct err why = {0};
		bool answers = worker_call(s, ANSWER_MS, ask, &q, sizeof q, &why) == 0 || why.code != ERR_TIMEOUT;
		if (pump_check(&s->pump, err) < 0)
			return -1;
		m = vec_push_in(r->arena, &r->asked);
		*m = (struct remote_mount){over->where, answers};
	}
	if (m->answers)
		return 0;
	err_set(err, ERR_TIMEOUT, "%s does not answer, which is mounted on %s", over->source, over->where);
	err->sys = ETIMEDOUT;
	return -1;
}
