#include "conf/value.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"

static int too_large(const char *path, struct err *err)
{
	return err_set(err, ERR_LIMIT, "%s is larger than %d MiB, the most that reeve reads", path,
		       CONF_MAX_BYTES >> 20);
}

int conf_read(const char *path, struct arena *arena, const char **ret_text, size_t *ret_len, struct err *err)
{
	/* O_NONBLOCK: a FIFO without a writer must not hang; it has no effect on files. */
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_system(err, errno, "cannot open %s", path);
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_system(err, errno, "cannot look at %s", path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is a directory", path);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is neither a file nor a pipe", path);
	if (S_ISREG(st.st_mode) && st.st_size > CONF_MAX_BYTES)
		return too_large(path, err);
	_cleanup_strbuf_ struct strbuf text = {0};
	if (fcntl(fd, F_SETFL, 0) < 0)
		return err_system(err, errno, "cannot set up %s", path);
	if (fd_read_all(fd, CONF_MAX_BYTES, &text, err) < 0)
		return err && err->code == ERR_LIMIT ? too_large(path, err) : err_wrap(err, "%s", path);
	*ret_text = arena_strndup(arena, text.len ? text.data : "", text.len);
	*ret_len = text.len;
	return 0;
}

const struct conf_pair *conf_find(const struct conf_value *map, const char *key)
{
	if (!map || map->kind != CONF_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (streq(map->pairs[i].key, key))
			return &map->pairs[i];
	return NULL;
}

const struct conf_value *conf_get(const struct conf_value *map, const char *key)
{
	const struct conf_pair *pair = conf_find(map, key);
	return pair ? pair->value : NULL;
}

const char *conf_kind_name(const struct conf_value *value)
{
	switch (value->kind) {
	case CONF_NULL:
		return "nothing";
	case CONF_SCALAR:
		return "a text";
	case CONF_LIST:
		return "a list";
	case CONF_MAP:
		return "a map";
	}
	return "nothing";
}
