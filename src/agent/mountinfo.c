#include "agent/mountinfo.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

enum { TEXT_MAX = 16 << 20 };

/* What is not sure to be local is taken for remote. */
static const char *const local_types[] = {"bcachefs", "btrfs", "ext2",  "ext3",     "ext4",   "f2fs", "jfs",
					  "overlay",  "ramfs", "tmpfs", "reiserfs", "rootfs", "xfs",  "zfs"};

/* \040 and its like, in place. */
static char *undo_escapes(char *text)
{
	char *to = text;
	for (const char *p = text; *p; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
		    p[3] <= '7') {
			*to++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return text;
}

/* "36 35 98:0 /root /where options optional... - type source superoptions" */
static int read_line(char *line, struct mountinfo_entry *ret)
{
	char *rest = line, *word, *where = NULL;
	for (int i = 0; (word = str_next(&rest, " ")) && !streq(word, "-"); i++)
		if (i == 4)
			where = word;
	char *type = word ? str_next(&rest, " ") : NULL, *source = type ? str_next(&rest, " ") : NULL;
	if (!where || !source)
		return -1;
	*ret = (struct mountinfo_entry){undo_escapes(where), undo_escapes(source), undo_escapes(type)};
	return 0;
}

int mountinfo_read(const struct root *root, struct arena *arena, struct mountinfo *ret, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	*ret = (struct mountinfo){0};
	if (root_read(root, "/proc/self/mountinfo", TEXT_MAX, &text, err) < 0)
		return -1;
	char *rest = arena_strndup(arena, strbuf_str(&text), text.len);
	for (char *line; (line = str_next_line(&rest));) {
		struct mountinfo_entry entry;
		if (read_line(line, &entry) == 0)
			*vec_push_in(arena, ret) = entry;
	}
	return 0;
}

static bool is_automount(const struct mountinfo_entry *e)
{
	return streq(e->fstype, "autofs") && streq(e->source, "systemd-1");
}

const struct mountinfo_entry *mountinfo_at(const struct mountinfo *m, const char *where)
{
	for (size_t i = m->len; i-- > 0;)
		if (streq(m->items[i].where, where) && !is_automount(&m->items[i]))
			return &m->items[i];
	return NULL;
}

bool mountinfo_is_watched(const struct mountinfo *m, const char *where)
{
	for (size_t i = 0; i < m->len; i++)
		if (streq(m->items[i].where, where) && is_automount(&m->items[i]))
			return true;
	return false;
}

const struct mountinfo_entry *mountinfo_over(const struct mountinfo *m, const char *path)
{
	const struct mountinfo_entry *over = NULL;
	size_t longest = 0;
	for (size_t i = 0; i < m->len; i++) {
		const char *where = m->items[i].where;
		size_t len = streq(where, "/") ? 0 : strlen(where);
		if (len >= longest && strncmp(path, where, len) == 0 && (path[len] == '/' || !path[len])) {
			over = &m->items[i];
			longest = len;
		}
	}
	return over;
}

bool mountinfo_is_remote(const struct mountinfo *m, const char *path)
{
	const struct mountinfo_entry *over = mountinfo_over(m, path);
	for (size_t i = 0; over && i < ARRAY_LEN(local_types); i++)
		if (streq(over->fstype, local_types[i]))
			return false;
	return over != NULL;
}
