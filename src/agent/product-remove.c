#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/product.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { REMOVE_MS = 1800000, COMMAND_MS = 60000 };

/* ".STEM-" and as many digits as a product's directory has. */
static bool is_tree(const char *name, const char *stem, size_t len)
{
	return strncmp(name, stem, len) == 0 && strspn(name + len, "0123456789abcdef") == PRODUCT_HEX &&
	       strlen(name) == len + PRODUCT_HEX;
}

const char *const *product_trees(struct session *s, const struct resource *r, struct arena *arena)
{
	const char *path = r->product.path, *name = strrchr(path, '/') + 1;
	const char *dir = name - 1 == path ? "/" : arena_strndup(arena, path, (size_t)(name - 1 - path));
	size_t len = product_stem(path) - (size_t)(name - path);
	VEC(const char *) list = {0};
	int fd = root_file(&s->root, dir, O_RDONLY | O_DIRECTORY);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	for (struct dirent *e; entries && (e = readdir(entries));)
		if (is_tree(e->d_name, name, len))
			*vec_push_in(arena, &list) = arena_printf(arena, "%.*s%s", (int)(name - path), path, e->d_name);
	if (entries)
		closedir(entries);
	else if (fd >= 0)
		close(fd);
	*vec_push_in(arena, &list) = NULL;
	return list.items;
}

/* The directory above, where nothing is left in it; what is not the account's stays. */
static void remove_empty(struct product *p, const char *path)
{
	struct err ignored;
	const char *slash = strrchr(path, '/');
	if (slash == path)
		return;
	const char *dir = arena_printf(p->arena, "%s%.*s", p->session->root.path, (int)(slash - path), path);
	product_run(p, COMMAND_MS, NULL, &ignored, "rmdir", "--", dir, NULL);
}

int product_remove(struct product *p, struct err *err)
{
	const struct resource *r = p->resource;
	struct stat st;
	const char *link = arena_printf(p->arena, "%s%s", p->session->root.path, r->product.link);
	if (root_lstat(&p->session->root, r->product.link, &st) == 0 && S_ISLNK(st.st_mode) &&
	    product_run(p, COMMAND_MS, NULL, err, "rm", "-f", "--", link, NULL) < 0)
		return -1;
	for (const char *const *tree = product_trees(p->session, r, p->arena); *tree; tree++) {
		const char *path = arena_printf(p->arena, "%s%s", p->session->root.path, *tree);
		if (product_run(p, REMOVE_MS, NULL, err, "rm", "-rf", "--one-file-system", "--", path, NULL) < 0)
			return -1;
	}
	remove_empty(p, r->product.link);
	remove_empty(p, r->product.path);
	return 0;
}
