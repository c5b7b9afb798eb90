/*
 * Products: what is there of one is told by two names, the link and the stamp in the directory that it points to. The stamp
 * is written last of all, so a directory without it was not finished, whatever else is in it.
 */
#include "agent/product.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/remote.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"

static bool is_stamped(struct session *s, const struct resource *r, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err ignored;
	const char *path = arena_printf(arena, "%s/" PRODUCT_STAMP, r->product.path);
	return root_read(&s->root, path, DIGEST_HEX + 1, &text, &ignored) == 0 && text.len == DIGEST_HEX + 1 &&
	       memcmp(text.data, r->product.digest->hex, DIGEST_HEX) == 0;
}

static bool is_there(struct session *s, const char *path)
{
	struct stat st;
	return root_lstat(&s->root, path, &st) == 0;
}

const char *product_target(const struct resource *r, struct arena *arena)
{
	const char *path = r->product.path, *link = r->product.link;
	size_t common = 0;
	for (size_t i = 0; path[i] == link[i]; i++)
		if (path[i] == '/')
			common = i + 1;
	const char *target = path + common;
	for (const char *p = link + common; (p = strchr(p, '/')); p++)
		target = arena_printf(arena, "../%s", target);
	return target;
}

/* The text of the link; "" where there is none. -1: something else is there, or it cannot be seen. */
static int read_link(struct session *s, const struct resource *r, struct arena *arena, const char **ret,
		     struct err *err)
{
	struct stat st;
	const char *path = r->product.link, *name;
	char text[4097];
	*ret = "";
	_cleanup_fd_ int dir = root_parent(&s->root, path, &name);
	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : root_error(err, errno, "cannot look at", path);
	if (!S_ISLNK(st.st_mode))
		return err_set(err, ERR_REFUSED, "%s is a %s, and was not made by reeve", path, root_kind(st.st_mode));
	ssize_t len = readlinkat(dir, name, text, sizeof text - 1);
	if (len < 0)
		return root_error(err, errno, "cannot read the link", path);
	*ret = arena_strndup(arena, text, (size_t)len);
	return 0;
}

static void judge(struct session *s, const struct resource *r, const char *link, struct probe *p)
{
	bool stamped = is_stamped(s, r, p->arena), ours = streq(link, product_target(r, p->arena));
	if (!stamped && (ours || is_there(s, r->product.path)))
		probe_found(p, OBSERVED_DIFFERS, "was not finished");
	else if (!*link)
		probe_found(p, OBSERVED_MISSING, "is not there");
	else if (!ours)
		probe_found(p, OBSERVED_DIFFERS, "another build of it is in use: %s", link);
	else
		probe_found(p, OBSERVED_SAME, "%s", "");
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	const char *link;
	struct err err;
	if (remote_check(s, r->product.path, p->applies ? REMOTE_MINUTE : REMOTE_SECONDS, &err) < 0)
		return probe_found(p, p->applies ? OBSERVED_ERROR : OBSERVED_DIFFERS, "%s", err.text);
	if (read_link(s, r, p->arena, &link, &err) < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	if (!r->product.gone)
		return judge(s, r, link, p);
	if (*link || product_trees(s, r, p->arena)[0])
		return probe_found(p, OBSERVED_DIFFERS, "is still there");
	probe_found(p, OBSERVED_SAME, "%s", "");
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct product p = {.session = s, .resource = r, .arena = arena};
	if (product_begin(&p, err) < 0)
		return -1;
	if (r->product.gone) {
		strbuf_adds(what, "removed");
		return product_remove(&p, err);
	}
	bool stamped = is_stamped(s, r, arena);
	if (!stamped && product_make(&p, err) < 0)
		return -1;
	if (product_link(&p, err) < 0)
		return -1;
	strbuf_adds(what, found->state == OBSERVED_MISSING ? "made" : stamped ? "changed the link" : "replaced");
	return 0;
}

const struct resource_ops product_ops = {.probe = probe, .apply = apply};
