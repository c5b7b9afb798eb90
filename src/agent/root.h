/*
 * root: every path of the host is opened below one directory: "/" or, for tests, $REEVE_ROOT. Paths are walked by the
 * kernel (openat2(2) RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: links on the way count from the root and cannot leave
 * it). Whoever writes takes the last component by hand, and never follows it; of the links on the way to its directory
 * only those count that root alone can have made (RESOLVE_NO_SYMLINKS finds that there are any).
 */
#ifndef REEVE_AGENT_ROOT_H
#define REEVE_AGENT_ROOT_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"

struct root {
	int fd;
	const char *path; /* "" for "/", else $REEVE_ROOT without a final slash */
};

int root_open(struct root *r, struct err *err);
void root_close(struct root *r);

/* Makes it the working directory, also of commands: what they name relatively stays in a scratch root. */
int root_enter(const struct root *r, struct err *err);

bool root_is_scratch(const struct root *r);

/* As open(2) with O_CLOEXEC: the descriptor, or -1 with errno. Links are followed within the root unless O_NOFOLLOW. */
int root_file(const struct root *r, const char *path, int flags);

/*
 * The directory that holds `path`, open for *at() calls and fsync, and the last component in *ret_name (it points into
 * `path`). -1 with errno; ELOOP where a link on the way is not root's own, EINVAL for a path that is not absolute or ends in a slash, "." or "..".
 */
int root_parent(const struct root *r, const char *path, const char **ret_name);

/* The same, with missing directories made (0755). */
int root_parent_make(const struct root *r, const char *path, const char **ret_name, struct err *err);

/* lstat(2) and stat(2) below the root; -1 with errno. */
int root_lstat(const struct root *r, const char *path, struct stat *ret);
int root_stat(const struct root *r, const char *path, struct stat *ret);

/* The whole of a regular, proc or sys file, at most `max` bytes (more is ERR_LIMIT). Never blocks on a FIFO. */
int root_read(const struct root *r, const char *path, size_t max, struct strbuf *out, struct err *err);

/* Writes a whole file in place of `path`: temporary in the same directory, owner and mode by descriptor, fsync, rename,
 * fsync of the directory. `uid`, `gid` -1: as they come. Nothing is left behind on failure. */
int root_write(const struct root *r, const char *path, const void *bytes, size_t len, uid_t uid, gid_t gid, mode_t mode,
	       struct err *err);

/* Removes a file or a link, and syncs its directory. One that is not there is fine. */
int root_remove(const struct root *r, const char *path, struct err *err);

/* "symbolic link", "file", "directory" or "special file": for a person. */
const char *root_kind(mode_t mode);

/* Can nobody but root put something into this directory, or take it out? */
bool root_is_private(int directory);

/* Is there nothing in it? A new file system has lost+found. What cannot be read counts as full. */
bool root_is_empty(int directory);

/* Removes what a killed root_write() of `path` left beside it; or all such leftovers in a directory. Errors are ignored: they
 * are nobody's files. */
void root_forget(const struct root *r, const char *path);
void root_sweep(const struct root *r, const char *dir);

/* ": no space left on device" and its like are what people need to read first. */
int root_error(struct err *err, int sys, const char *what, const char *path);

#endif
