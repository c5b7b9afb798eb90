#include "agent/begun.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum { TEXT_MAX = 4096 };

/* One write, then the cut, as in the lock file: whole when its last byte is a newline. */
static int overwrite(const struct root *root, const char *text, struct err *err)
{
	const char *name;
	size_t len = strlen(text);
	_cleanup_fd_ int dir = root_parent_make(root, BEGUN_FILE, &name, err);
	if (dir < 0)
		return -1;
	_cleanup_fd_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return root_error(err, errno, "cannot open", BEGUN_FILE);
	if (pwrite(fd, text, len, 0) != (ssize_t)len || ftruncate(fd, (off_t)len) < 0)
		return root_error(err, errno, "cannot write", BEGUN_FILE);
	return 0;
}

int begun_mark(const struct lock *l, const struct root *root, const char *step, struct err *err)
{
	_cleanup_strbuf_ struct strbuf holder = {0};
	if (!lock_held(l))
		return err_set(err, ERR_REFUSED, "a step without this host's lock");
	if (root_read(root, LOCK_FILE, TEXT_MAX, &holder, err) < 0)
		return -1;
	_cleanup_free_ char *text = xasprintf("%s%s\n", strbuf_str(&holder), step);
	return overwrite(root, text, err);
}

int begun_clear(const struct root *root, struct err *err)
{
	const char *name;
	_cleanup_fd_ int dir = root_parent(root, BEGUN_FILE, &name);
	if (dir >= 0 && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return root_error(err, errno, "cannot remove", BEGUN_FILE);
	return 0;
}

/* A look takes the lock, shared and for a moment: lock_take() tries more than once. */
static bool held_by_another(const struct lock *l, const struct root *root)
{
	if (lock_held(l))
		return false;
	_cleanup_fd_ int fd = root_file(root, LOCK_FILE, O_RDONLY);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static void put_text(json_t *answer, const char *key, const struct root *root, const char *path)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err ignored;
	if (root_read(root, path, TEXT_MAX, &text, &ignored) == 0 && str_is_utf8(strbuf_str(&text), text.len))
		json_object_set_new(answer, key, json_stringn(strbuf_str(&text), text.len));
}

json_t *begun_answer(const struct lock *l, const struct root *root)
{
	json_t *answer = json_pack("{s:b}", "held", held_by_another(l, root));
	put_text(answer, "holder", root, LOCK_FILE);
	put_text(answer, "begun", root, BEGUN_FILE);
	return answer;
}
