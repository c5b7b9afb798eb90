/* Symbolic links: replaced as files are, by a rename of a new one. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/failpoint.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct stat st;
	struct err err;
	const char *name;
	char target[4097];
	_cleanup_fd_ int dir = root_parent(&s->root, r->link.path, &name);
	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return probe_found(p, OBSERVED_MISSING, "is not there");
		root_error(&err, errno, "cannot look at", r->link.path);
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	}
	if (!S_ISLNK(st.st_mode))
		return probe_found(p, OBSERVED_ERROR, "%s is not a symbolic link", r->link.path);
	ssize_t len = readlinkat(dir, name, target, sizeof target - 1);
	if (len < 0)
		return probe_found(p, OBSERVED_ERROR, "%s cannot be read", r->link.path);
	target[len] = '\0';
	if (streq(target, r->link.target))
		probe_found(p, OBSERVED_SAME, "%s", "");
	else
		probe_found(p, OBSERVED_DIFFERS, "points to %s, not %s", target, r->link.target);
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	const char *path = r->link.path, *name;
	_cleanup_fd_ int dir = root_parent_make(&s->root, path, &name, err);
	if (dir < 0)
		return -1;
	_cleanup_free_ char *temporary = xasprintf(".%.240s.reeve~", name);
	if (unlinkat(dir, temporary, 0) < 0 && errno != ENOENT)
		return root_error(err, errno, "cannot remove an old temporary link beside", path);
	failpoint();
	if (symlinkat(r->link.target, dir, temporary) < 0)
		return root_error(err, errno, "cannot make the link", path);
	failpoint();
	if (renameat(dir, temporary, dir, name) < 0) {
		int sys = errno;
		unlinkat(dir, temporary, 0);
		return root_error(err, sys, "cannot put in place the link", path);
	}
	failpoint();
	if (fsync(dir) < 0)
		return root_error(err, errno, "cannot write the directory of", path);
	strbuf_adds(what, found->state == OBSERVED_MISSING ? "made" : "changed");
	service_path_changed(s, path);
	return 0;
}

const struct resource_ops link_ops = {.probe = probe, .apply = apply};
