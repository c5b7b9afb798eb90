/*
 * Directories that are kept by their names: of those in one of reeve's own, all others are removed with the files in them.
 * Nothing is kept in the backup. A directory that holds another is refused, after all else is done.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/failpoint.h"
#include "agent/session.h"
#include "agent/verb.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { KEEP_MOST = 1000 }; /* names */

struct entries {
	char **items;
	size_t len, cap;
};

static void names_free(struct entries *n)
{
	for (size_t i = 0; i < n->len; i++)
		free(n->items[i]);
	vec_free(n);
}

/* All but "." and "..": read before anything is removed. -1 with errno. */
static int list(int fd, struct entries *ret)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		fd_closep(&copy);
		return -1;
	}
	for (struct dirent *e; (e = readdir(dir));)
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			*vec_push(ret) = xstrdup(e->d_name);
	closedir(dir);
	return 0;
}

/* -1 with errno. */
static int remove_directory(int above, const char *name)
{
	_cleanup_fd_ int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct entries files = {0};
	int r = fd < 0 ? -1 : list(fd, &files);
	for (size_t i = 0; r == 0 && i < files.len; i++) {
		failpoint();
		r = unlinkat(fd, files.items[i], 0);
	}
	int sys = errno;
	names_free(&files);
	errno = sys;
	failpoint();
	return r < 0 ? -1 : unlinkat(above, name, AT_REMOVEDIR);
}

static bool is_kept(const json_t *keep, const char *name)
{
	for (size_t i = 0; i < json_array_size(keep); i++)
		if (streq(json_string_value(json_array_get(keep, i)), name))
			return true;
	return false;
}

/* Those that were removed; -1: of one or more that could not be, the last error. */
static int prune(const char *path, int fd, const json_t *keep, struct err *err)
{
	struct entries all = {0};
	int removed = 0, failed = list(fd, &all) < 0 ? root_error(err, errno, "cannot read the directory", path) : 0;
	for (size_t i = 0; i < all.len; i++) {
		struct stat st;
		if (is_kept(keep, all.items[i]) || fstatat(fd, all.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		if (remove_directory(fd, all.items[i]) == 0) {
			removed++;
			continue;
		}
		_cleanup_free_ char *whole = xasprintf("%s/%s", path, all.items[i]);
		failed = root_error(err, errno, "cannot remove", whole);
	}
	names_free(&all);
	if (fsync(fd) < 0 && !failed)
		failed = root_error(err, errno, "cannot write the directory", path);
	return failed ? -1 : removed;
}

static bool are_names(const json_t *keep)
{
	if (!json_is_array(keep) || json_array_size(keep) > KEEP_MOST)
		return false;
	for (size_t i = 0; i < json_array_size(keep); i++)
		if (!json_is_string(json_array_get(keep, i)))
			return false;
	return true;
}

json_t *prune_answer(struct session *s, json_t *request, struct err *err)
{
	const char *path, *name;
	json_t *keep;
	if (verb_unpack(request, err, "{s:s, s:o}", "path", &path, "keep", &keep) < 0)
		return NULL;
	if (!are_names(keep))
		return err_set(err, ERR_PROTOCOL, "what is to be kept is a list of at most %d names", KEEP_MOST), NULL;
	if (!verb_is_below(path, STATE_DIR))
		return err_set(err, ERR_REFUSED, "prune removes below %s only", STATE_DIR), NULL;
	if (!lock_held(&s->lock))
		return err_set(err, ERR_REFUSED, "prune without this host's lock"), NULL;
	_cleanup_fd_ int above = root_parent(&s->root, path, &name);
	_cleanup_fd_ int fd = above < 0 ? -1 : openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return root_error(err, errno, "cannot open", path), NULL;
	int removed = fd < 0 ? 0 : prune(path, fd, keep, err);
	return removed < 0 ? NULL : json_pack("{s:i}", "removed", removed);
}
