/*
 * Archives: a tree that is there whole or not at all. It is unpacked beside its path, synced, and put in its place by one
 * rename. What it was unpacked from is kept in a stamp beside it; while the trees change places the stamp says that, so
 * that whatever was killed in between is unpacked again, and a tree without a stamp is somebody else's. What the tree
 * became afterwards is not looked at.
 *
 * The commands take paths relative to the root, which is their working directory. The directory that the tree is in must be
 * root's alone, or somebody could lead them elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/archive-list.h"
#include "agent/child.h"
#include "agent/failpoint.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"

#define PENDING "pending "

enum { STAMP_MAX = 200, UNPACK_MS = 1800000 };

/* Paths of what stands beside the tree. */
struct beside {
	const char *stamp;
	const char *trees[2]; /* one that is being made, and one that was replaced */
};

static struct beside beside(const struct resource *r, struct arena *arena)
{
	const char *path = r->archive.path, *name = strrchr(path, '/') + 1;
	int dir = (int)(name - path);
	return (struct beside){.stamp = arena_printf(arena, "%.*s.%s.reeve-digest", dir, path, name),
			       .trees = {arena_printf(arena, "%.*s.%s.reeve~", dir, path, name),
					 arena_printf(arena, "%.*s.%s.reeve~old", dir, path, name)}};
}

/* "" where there is none. */
static const char *read_stamp(struct session *s, const struct beside *b, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err ignored;
	if (root_read(&s->root, b->stamp, STAMP_MAX, &text, &ignored) < 0 || !text.len)
		return "";
	return arena_strndup(arena, text.data, strcspn(text.data, "\n"));
}

static bool is_left(struct session *s, const struct beside *b)
{
	struct stat st;
	return root_lstat(&s->root, b->trees[0], &st) == 0 || root_lstat(&s->root, b->trees[1], &st) == 0;
}

static bool is_empty(struct session *s, const char *path)
{
	_cleanup_fd_ int fd = root_file(&s->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	return fd >= 0 && root_is_empty(fd);
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct stat st;
	struct err err;
	struct beside b = beside(r, p->arena);
	if (root_lstat(&s->root, r->archive.path, &st) < 0) {
		if (errno == ENOENT)
			return probe_found(p, OBSERVED_MISSING, "is not there");
		root_error(&err, errno, "cannot look at", r->archive.path);
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	}
	if (!S_ISDIR(st.st_mode))
		return probe_found(p, OBSERVED_ERROR, "%s is not a directory", r->archive.path);
	const char *stamp = read_stamp(s, &b, p->arena);
	if (streq(stamp, r->archive.digest.hex)) {
		if (is_left(s, &b))
			return probe_found(p, OBSERVED_DIFFERS, "an old tree is left beside it");
		return probe_found(p, OBSERVED_SAME, "%s", "");
	}
	if (!*stamp && !is_empty(s, r->archive.path))
		return probe_found(p, OBSERVED_ERROR, "%s exists already, and was not unpacked by reeve",
				   r->archive.path);
	probe_found(p, OBSERVED_DIFFERS, str_starts(stamp, PENDING) ? "was not finished" : "its content differs");
}

static int run(struct session *s, const char *const *argv, struct err *err)
{
	failpoint();
	int r = child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = UNPACK_MS}, NULL, err);
	failpoint();
	return r;
}

static int remove_trees(struct session *s, const struct beside *b, struct err *err)
{
	struct stat st;
	for (size_t i = 0; i < sizeof b->trees / sizeof *b->trees; i++) {
		const char *const argv[] = {"rm", "-rf", "--one-file-system", "--", b->trees[i] + 1, NULL};
		if (root_lstat(&s->root, b->trees[i], &st) == 0 && run(s, argv, err) < 0)
			return -1;
	}
	return 0;
}

/* With owner, mode and everything on the disk. */
static int unpack(struct session *s, int above, const char *tree, const struct blob *blob, struct err *err)
{
	const char *name = strrchr(tree, '/') + 1;
	const char *const directory[] = {"--directory", tree + 1, NULL};
	const char *const sync[] = {"sync", "--file-system", "--", tree + 1, NULL};
	if (mkdirat(above, name, 0755) < 0)
		return root_error(err, errno, "cannot make the directory", tree);
	failpoint();
	if (archive_list_check(s, blob, err) < 0 ||
	    archive_list_tar(s, blob, "--extract", directory, NULL, NULL, err) < 0)
		return -1;
	failpoint();
	_cleanup_fd_ int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, 0, 0) < 0 || fchmod(fd, 0755) < 0)
		return root_error(err, errno, "cannot change the owner and mode of", tree);
	return run(s, sync, err);
}

/* Where trees cannot change places (NFS) the path is empty for a moment. */
static int put_in_place(int above, const char *made, const char *old, const char *name)
{
	if (renameat(above, made, above, name) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	if (renameat2(above, made, above, name, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (renameat(above, name, above, old) < 0)
		return -1;
	failpoint();
	return renameat(above, made, above, name);
}

static int write_stamp(struct session *s, const struct beside *b, const char *prefix, const struct resource *r,
		       struct err *err)
{
	char text[STAMP_MAX];
	snprintf(text, sizeof text, "%s%s\n", prefix, r->archive.digest.hex);
	return root_write(&s->root, b->stamp, text, strlen(text), 0, 0, 0644, err);
}

static int replace(struct session *s, const struct resource *r, const struct beside *b, struct err *err)
{
	const char *path = r->archive.path, *name;
	const struct blob *blob = blobs_get(&s->blobs, r->archive.digest.hex);
	if (!blob)
		return err_set(err, ERR_PROTOCOL, "the content of %s was not sent", path);
	_cleanup_fd_ int above = root_parent_make(&s->root, path, &name, err);
	if (above < 0)
		return -1;
	if (!root_is_private(above))
		return err_set(err, ERR_REFUSED, "the directory that %s is in is not root's alone", path);
	if (unpack(s, above, b->trees[0], blob, err) < 0 || write_stamp(s, b, PENDING, r, err) < 0)
		return -1;
	if (put_in_place(above, strrchr(b->trees[0], '/') + 1, strrchr(b->trees[1], '/') + 1, name) < 0)
		return root_error(err, errno, "cannot put in place", path);
	failpoint();
	if (fsync(above) < 0)
		return root_error(err, errno, "cannot write the directory of", path);
	return write_stamp(s, b, "", r, err);
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct beside b = beside(r, arena);
	struct err ignored;
	if (remove_trees(s, &b, err) < 0)
		return -1;
	if (found->state != OBSERVED_MISSING && streq(read_stamp(s, &b, arena), r->archive.digest.hex)) {
		strbuf_adds(what, "removed an old tree beside it");
		return 0;
	}
	if (replace(s, r, &b, err) < 0) {
		remove_trees(s, &b, &ignored);
		return -1;
	}
	strbuf_adds(what, found->state == OBSERVED_MISSING ? "unpacked" : "replaced");
	return remove_trees(s, &b, err);
}

const struct resource_ops archive_ops = {.probe = probe, .apply = apply};
