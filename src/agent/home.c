#include "agent/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/failpoint.h"
#include "agent/mountinfo.h"
#include "agent/session.h"
#include "base/fd.h"

#define SKELETON "/etc/skel"

enum { COPY_MS = 120000 };

int home_is_missing(struct session *s, const char *home, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct mountinfo all;
	struct stat st;
	if (mountinfo_read(&s->root, arena, &all, err) < 0)
		return -1;
	if (mountinfo_is_remote(&all, home) || root_lstat(&s->root, home, &st) == 0)
		return 0;
	return errno == ENOENT ? 1 : root_error(err, errno, "cannot look at", home);
}

/* Relative to the root, which is a command's working directory. */
static int run(struct session *s, const char *const *argv, struct err *err)
{
	failpoint();
	int r = child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = COPY_MS}, NULL, err);
	failpoint();
	return r;
}

static int fill(struct session *s, int above, const char *name, const char *path, uid_t uid, gid_t gid, struct err *err)
{
	struct stat st;
	char owner[32];
	snprintf(owner, sizeof owner, "%u:%u", uid, gid);
	const char *const copy[] = {"cp", "-a", "--", &SKELETON "/."[1], path, NULL};
	const char *const change[] = {"chown", "-R", "--no-dereference", "--", owner, path, NULL};
	const char *const sync[] = {"sync", "--file-system", "--", path, NULL};
	if (root_stat(&s->root, SKELETON, &st) == 0 && run(s, copy, err) < 0)
		return -1;
	if (run(s, change, err) < 0)
		return -1;
	_cleanup_fd_ int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0700) < 0)
		return root_error(err, errno, "cannot change the mode of the home", path);
	return run(s, sync, err);
}

int home_make(struct session *s, const char *home, uid_t uid, gid_t gid, struct err *err)
{
	const char *name;
	_cleanup_fd_ int above = root_parent_make(&s->root, home, &name, err);
	if (above < 0)
		return -1;
	if (!root_is_private(above))
		return err_set(err, ERR_REFUSED, "the directory that %s is to be in is not root's alone", home);
	_cleanup_free_ char *temporary = xasprintf(".%.240s.reeve~", name);
	_cleanup_free_ char *path = xasprintf("%.*s%s", (int)(name - home - 1), home + 1, temporary);
	const char *const clear[] = {"rm", "-rf", "--one-file-system", "--", path, NULL};
	if (run(s, clear, err) < 0)
		return -1;
	if (mkdirat(above, temporary, 0700) < 0)
		return root_error(err, errno, "cannot make the directory of", home);
	failpoint();
	if (fill(s, above, temporary, path, uid, gid, err) < 0)
		return -1;
	if (renameat2(above, temporary, above, name, RENAME_NOREPLACE) < 0)
		return root_error(err, errno, "cannot put in place", home);
	failpoint();
	return fsync(above) < 0 ? root_error(err, errno, "cannot write the directory of", home) : 0;
}
