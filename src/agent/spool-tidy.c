/* What nothing is made of any more: sources, and logs of builds. What is not named as one of these is somebody else's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/failpoint.h"
#include "agent/product.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "agent/tell.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { WORK_MS = 1800000 };

struct tidying {
	struct session *session;
	const struct resource *resource;
	struct arena *arena;
	bool removes;
	size_t files;
	unsigned long long bytes;
};

static bool is_listed(const char *const *list, const char *text, size_t len)
{
	for (; *list; list++)
		if (strncmp(*list, text, len) == 0 && !(*list)[len])
			return true;
	return false;
}

/* SHA256, SHA256.part, SHA256.deb. */
static bool is_stray_source(const struct tidying *t, const char *name)
{
	const char *rest = name + strspn(name, "0123456789abcdef");
	return rest - name == DIGEST_HEX && (!*rest || streq(rest, ".part") || streq(rest, ".deb")) &&
	       !is_listed(t->resource->spool.keep, name, DIGEST_HEX);
}

/* DIRECTORY.STEM-HEX.log (product_log). */
static bool is_stray_log(const struct tidying *t, const char *name)
{
	const char *dash = strrchr(name, '-');
	if (!dash || strspn(dash + 1, "0123456789abcdef") != PRODUCT_HEX || !streq(dash + 1 + PRODUCT_HEX, ".log"))
		return false;
	for (const char *const *path = t->resource->spool.products; *path; path++)
		if (streq(strrchr(product_log(*path, t->arena), '/') + 1, name))
			return false;
	return true;
}

/* A directory that is not there has nothing in it. */
static int tidy(struct tidying *t, const char *path, bool (*is_stray)(const struct tidying *t, const char *name),
		struct err *err)
{
	VEC(const char *) strays = {0};
	struct stat st;
	_cleanup_fd_ int fd = root_file(&t->session->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	int copy = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return errno == ENOENT ? 0 : root_error(err, errno, "cannot look into", path);
	for (struct dirent *e; (e = readdir(dir));)
		if (is_stray(t, e->d_name))
			*vec_push_in(t->arena, &strays) = arena_strdup(t->arena, e->d_name);
	closedir(dir);
	for (size_t i = 0; i < strays.len; i++) {
		if (fstatat(fd, strays.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
			continue;
		failpoint();
		if (t->removes && unlinkat(fd, strays.items[i], 0) < 0)
			return root_error(err, errno, "cannot remove a file in", path);
		failpoint();
		t->files++;
		t->bytes += (unsigned long long)st.st_size;
	}
	return 0;
}

/* What a build that was cut off left: the account's, and removed by it. */
static int tidy_work(struct tidying *t, const char *path, struct err *err)
{
	struct stat st;
	const char *work = arena_printf(t->arena, "%s/work", path);
	if (root_lstat(&t->session->root, work, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	t->files++;
	if (!t->removes)
		return 0;
	const struct child_user *user = run_user(t->session, t->resource->spool.user, t->arena, err);
	if (!user)
		return -1;
	const char *const argv[] = {
	    "rm", "-rf", "--one-file-system", "--", arena_printf(t->arena, "%s%s", t->session->root.path, work), NULL};
	struct child_spec spec = {.argv = argv, .user = user->uid == geteuid() ? NULL : user, .timeout_ms = WORK_MS};
	struct child *c = child_start(t->session, &spec, err);
	return c ? tell_child(t->session, t->resource->id, "rm", c, "rm", err) : -1;
}

static int tidy_all(struct tidying *t, struct err *err)
{
	const char *own = arena_printf(t->arena, SPOOL_DIR "/%s", t->resource->spool.user);
	if (tidy(t, SPOOL_DIR, is_stray_source, err) < 0 || tidy(t, own, is_stray_source, err) < 0 ||
	    tidy_work(t, own, err) < 0)
		return -1;
	return tidy(t, PRODUCT_LOGS, is_stray_log, err);
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct err err;
	struct tidying t = {.session = s, .resource = r, .arena = p->arena};
	if (tidy_all(&t, &err) < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	if (!t.files)
		return probe_found(p, OBSERVED_SAME, "%s", "");
	probe_found(p, OBSERVED_DIFFERS, "nothing is made any more of %zu file%s, %llu MB", t.files,
		    t.files == 1 ? "" : "s", (t.bytes + 999999) / 1000000);
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct tidying t = {.session = s, .resource = r, .arena = arena, .removes = true};
	(void)found;
	if (tidy_all(&t, err) < 0)
		return -1;
	strbuf_addf(what, "removed %zu file%s, %llu MB", t.files, t.files == 1 ? "" : "s",
		    (t.bytes + 999999) / 1000000);
	return 0;
}

const struct resource_ops spool_ops = {.probe = probe, .apply = apply};
