/* Files of the operator's that cluster.yaml names: beside it, or by their whole path. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "inventory/build.h"

const char *inventory_beside(struct inv_reader *r, const char *path)
{
	const char *slash = strrchr(r->build->inv->file, '/');
	int above = *path == '/' || !slash ? 0 : (int)(slash + 1 - r->build->inv->file);
	return arena_printf(r->arena, "%.*s%s", above, r->build->inv->file, path);
}

int inventory_file(struct inv_reader *r, const struct conf_value *value, const char *what, const char **ret)
{
	const char *text;
	struct stat st;
	if (conf_text(value, what, &text, r->diags) < 0)
		return -1;
	const char *path = inventory_beside(r, text);
	const char *why = stat(path, &st) < 0   ? strerror(errno)
			  : S_ISREG(st.st_mode) ? NULL
						: "it is not a regular file";
	if (!why) {
		*ret = path;
		return 0;
	}
	diag_error(r->diags, INV_FILE_CODE, value->at, "a path is relative to the directory of this file",
		   "%s '%s': %s", what, path, why);
	return -1;
}

int inventory_file_text(struct inv_reader *r, const struct conf_value *value, const char *what, const char **ret,
			size_t *ret_len)
{
	const char *path;
	struct err err;
	if (inventory_file(r, value, what, &path) < 0)
		return -1;
	if (conf_read(path, r->arena, ret, ret_len, &err) == 0)
		return 0;
	diag_error(r->diags, INV_FILE_CODE, value->at, NULL, "%s: %s", what, err.text);
	return -1;
}

enum { NAME_BYTES = 60 };

void inventory_keep(struct inv_reader *r, const struct conf_value *value, const char *text, size_t len)
{
	struct inventory *inv = r->build->inv;
	const char *path = value->text + strspn(value->text, "./");
	size_t bytes = strlen(path);
	char *name = arena_strdup(r->arena, bytes > NAME_BYTES ? path + bytes - NAME_BYTES : path);
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p))
			*p = '_';
	name += strspn(name, ".-");
	for (size_t i = 0; i < inv->file_count; i++)
		if (streq(inv->files[i].name, name))
			return;
	if (*name && inv->file_count < INV_FILES_MAX)
		inv->files[inv->file_count++] = (struct inv_file){name, text, len};
}
