/* Paths that must not be there: a file (kept in the backup), a link, or a directory that is empty. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/backup.h"
#include "agent/failpoint.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/fd.h"

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct stat st;
	struct err err;
	if (root_lstat(&s->root, r->absent.path, &st) == 0)
		return probe_found(p, OBSERVED_MISSING, "is still there");
	if (errno == ENOENT || errno == ENOTDIR)
		return probe_found(p, OBSERVED_SAME, "%s", "");
	root_error(&err, errno, "cannot look at", r->absent.path);
	probe_found(p, OBSERVED_ERROR, "%s", err.text);
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	const char *path = r->absent.path, *name;
	struct stat st;
	(void)found;
	_cleanup_fd_ int dir = root_parent(&s->root, path, &name);
	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return root_error(err, errno, "cannot look at", path);
	if (S_ISREG(st.st_mode)) {
		_cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return root_error(err, errno, "cannot open", path);
		if (backup_keep(&s->root, path, fd, err) < 0)
			return -1;
	}
	failpoint();
	if (unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0) {
		if (errno == ENOTEMPTY || errno == EEXIST)
			return err_set(err, ERR_REFUSED, "the directory %s is not empty", path);
		return root_error(err, errno, "cannot remove", path);
	}
	failpoint();
	if (fsync(dir) < 0)
		return root_error(err, errno, "cannot write the directory of", path);
	strbuf_adds(what, "removed");
	service_path_changed(s, path);
	return 0;
}

const struct resource_ops absent_ops = {.probe = probe, .apply = apply};
