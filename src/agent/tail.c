/* The question "tail": the end of a file that may be large, as logs are. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/question.h"
#include "agent/session.h"
#include "base/fd.h"

enum { TAIL_MAX = 1 << 20 };

json_t *tail_ask(struct session *s, json_t *item, struct err *err)
{
	const char *path;
	json_int_t max;
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:I}", "tail", &path, "max", &max) < 0 || max < 1 ||
	    max > TAIL_MAX) {
		err_set(err, ERR_PROTOCOL, "an item (tail) of a wrong shape");
		return NULL;
	}
	_cleanup_fd_ int fd = root_file(&s->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return json_pack("{s:i}", "errno", errno);
	if (!S_ISREG(st.st_mode))
		return json_pack("{s:i}", "errno", S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
	_cleanup_free_ char *text = xcalloc((size_t)max, 1);
	off_t from = st.st_size > max ? st.st_size - max : 0;
	ssize_t len = pread(fd, text, (size_t)max, from);
	if (len < 0)
		return json_pack("{s:i}", "errno", errno);
	const char *begin = text, *line = from ? memchr(text, '\n', (size_t)len) : NULL;
	if (from)
		begin = line ? line + 1 : text + len;
	json_t *result = json_pack("{s:I}", "size", (json_int_t)st.st_size);
	child_set_text(result, "text", "b64", begin, (size_t)(text + len - begin));
	return result;
}
