/*
 * In this order: the sources, of which most can go wrong and nothing is touched; what was half made is removed; the directory,
 * what is unpacked, the script; all of it readable and on the disk; the stamp; the link. Whatever is cut off in between
 * leaves a directory without a stamp, and the next apply begins at the second of these.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/archive.h"
#include "agent/child.h"
#include "agent/failpoint.h"
#include "agent/product.h"
#include "agent/session.h"
#include "agent/tell.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { COMMAND_MS = 1800000, ARGS_MAX = 32 }; /* a tree of many files on a slow file server */

int product_begin(struct product *p, struct err *err)
{
	const struct resource *r = p->resource;
	const struct child_user *user = run_user(p->session, r->product.user, p->arena, err);
	if (!user)
		return -1;
	if (user->uid == 0)
		return err_set(err, ERR_REFUSED, "the user %s is root", r->product.user);
	p->user = user->uid == geteuid() ? NULL : user;
	p->prefix = arena_printf(p->arena, "%s%s", p->session->root.path, r->product.path);
	p->spool = (struct spool){.session = p->session, .resource = r->id, .arena = p->arena, .user = p->user};
	return spool_open(&p->spool, r->product.user, user->uid, user->gid, err);
}

int product_run(struct product *p, unsigned timeout_ms, const char *input, struct err *err, const char *command, ...)
{
	const char *argv[ARGS_MAX] = {command};
	va_list ap;
	va_start(ap, command);
	for (size_t n = 1; n < ARRAY_LEN(argv) - 1 && (argv[n] = va_arg(ap, const char *)); n++)
		;
	va_end(ap);
	struct child_spec spec = {.argv = argv,
				  .user = p->user,
				  .timeout_ms = timeout_ms,
				  .input = input,
				  .input_len = input ? strlen(input) : 0};
	failpoint();
	struct child *c = child_start(p->session, &spec, err);
	if (!c)
		return -1;
	int r = tell_child(p->session, p->resource->id, command, c, command, err);
	failpoint();
	return r;
}

static const char *dir_of(const char *path, struct arena *arena)
{
	const char *slash = strrchr(path, '/');
	return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

static int remove_tree(struct product *p, const char *path, struct err *err)
{
	return product_run(p, COMMAND_MS, NULL, err, "rm", "-rf", "--one-file-system", "--", path, NULL);
}

static int fetch_all(struct product *p, const char **paths, struct err *err)
{
	const struct resource *r = p->resource;
	for (size_t i = 0; i < r->product.source_count; i++)
		if (spool_get(&p->spool, &r->product.sources[i], &paths[i], err) < 0)
			return -1;
	return 0;
}

/* What it takes as an archive is looked at before anything is unpacked. */
static int check_all(struct product *p, const char *const *paths, struct err *err)
{
	const struct resource *r = p->resource;
	for (size_t i = 0; i < r->product.source_count; i++) {
		const struct source *src = &r->product.sources[i];
		struct archive a = {r->id, paths[i], src->name, src->strip, p->user};
		if (src->unpack == SOURCE_FILE)
			continue;
		if (archive_check(p->session, &a, err) < 0)
			return -1;
	}
	return 0;
}

static int unpack_all(struct product *p, const char *const *paths, const char *work, struct err *err)
{
	const struct resource *r = p->resource;
	for (size_t i = 0; i < r->product.source_count; i++) {
		const struct source *src = &r->product.sources[i];
		struct archive a = {r->id, paths[i], src->name, src->strip, p->user};
		const char *name = arena_printf(p->arena, "%s/sources/%s", work, src->name);
		if (product_run(p, COMMAND_MS, NULL, err, "ln", "-s", "--", paths[i], name, NULL) < 0)
			return -1;
		if (src->unpack == SOURCE_FILE)
			continue;
		const char *into =
		    src->unpack == SOURCE_INTO_PREFIX ? p->prefix : arena_printf(p->arena, "%s/build", work);
		failpoint();
		if (archive_unpack(p->session, &a, into, err) < 0)
			return -1;
		failpoint();
	}
	return 0;
}

static int make_directories(struct product *p, const char *work, struct err *err)
{
	const char *build = arena_printf(p->arena, "%s/build", work);
	const char *sources = arena_printf(p->arena, "%s/sources", work);
	if (remove_tree(p, work, err) < 0 || remove_tree(p, p->prefix, err) < 0)
		return -1;
	return product_run(p, COMMAND_MS, NULL, err, "mkdir", "-p", "--", build, sources, p->prefix, NULL);
}

/* Nothing in it: then it is no use to anybody, whatever the script says. */
static int check_filled(struct product *p, struct err *err)
{
	const char *path = p->resource->product.path;
	_cleanup_fd_ int fd = root_file(&p->session->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0)
		return root_error(err, errno, "cannot look at", path);
	return root_is_empty(fd) ? err_set(err, ERR_FAILED, "nothing was put into %s", path) : 0;
}

static int stamp(struct product *p, struct err *err)
{
	const char *name = arena_printf(p->arena, "%s/" PRODUCT_STAMP, p->prefix);
	const char *temporary = arena_printf(p->arena, "%s~", name);
	const char *text = arena_printf(p->arena, "%s\n", p->resource->product.digest->hex);
	if (product_run(p, COMMAND_MS, NULL, err, "chmod", "-R", "a+rX,go-w", "--", p->prefix, NULL) < 0 ||
	    check_filled(p, err) < 0 ||
	    product_run(p, COMMAND_MS, NULL, err, "sync", "--file-system", "--", p->prefix, NULL) < 0 ||
	    product_run(p, COMMAND_MS, text, err, "sh", "-c", "cat >\"$0\" && sync \"$0\"", temporary, NULL) < 0)
		return -1;
	return product_run(p, COMMAND_MS, NULL, err, "mv", "-fT", "--", temporary, name, NULL);
}

static int fill(struct product *p, const char *const *paths, const char *work, struct err *err)
{
	if (make_directories(p, work, err) < 0 || unpack_all(p, paths, work, err) < 0)
		return -1;
	if (p->resource->product.script && product_script(p, work, err) < 0)
		return -1;
	/* Before the stamp: behind that nobody would look for it. */
	return remove_tree(p, work, err) < 0 ? -1 : stamp(p, err);
}

int product_make(struct product *p, struct err *err)
{
	const char **paths = arena_calloc(p->arena, p->resource->product.source_count, sizeof *paths);
	const char *work = arena_printf(p->arena, "%s%s/work", p->session->root.path, p->spool.path);
	struct err ignored;
	if (fetch_all(p, paths, err) < 0 || check_all(p, paths, err) < 0)
		return -1;
	int r = fill(p, paths, work, err);
	if (r < 0 && (remove_tree(p, p->prefix, &ignored) < 0 || remove_tree(p, work, &ignored) < 0))
		return -1; /* the next apply's first step is the same */
	return r;
}

int product_link(struct product *p, struct err *err)
{
	const char *at = arena_printf(p->arena, "%s%s", p->session->root.path, p->resource->product.link);
	const char *dir = dir_of(at, p->arena), *name = strrchr(at, '/') + 1;
	const char *beside = arena_printf(p->arena, "%s/.%s.reeve~", dir, name);
	const char *target = product_target(p->resource, p->arena);
	if (product_run(p, COMMAND_MS, NULL, err, "mkdir", "-p", "--", dir, NULL) < 0 ||
	    product_run(p, COMMAND_MS, NULL, err, "ln", "-sfnT", "--", target, beside, NULL) < 0)
		return -1;
	return product_run(p, COMMAND_MS, NULL, err, "mv", "-fT", "--", beside, at, NULL);
}
