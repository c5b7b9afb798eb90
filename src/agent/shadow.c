#include "agent/shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"

enum {
	FILE_MAX = 16 << 20,
	EXPIRES = 7
}; /* the field behind name, hash, last change, least, most, warning, inactive */

struct field {
	const char *text;
	size_t len;
};

static struct field field_of(const char *line, size_t len, unsigned number)
{
	const char *end = line + len;
	for (; number > 0 && line < end; number--) {
		const char *colon = memchr(line, ':', (size_t)(end - line));
		line = colon ? colon + 1 : end;
	}
	const char *colon = line < end ? memchr(line, ':', (size_t)(end - line)) : NULL;
	return (struct field){line, (size_t)((colon ? colon : end) - line)};
}

static int judge(const char *line, size_t len, const char *salt, struct shadow *ret, struct err *err)
{
	struct field hash = field_of(line, len, 1), expires = field_of(line, len, EXPIRES);
	char number[24] = "";
	size_t marks = 0;
	while (marks < hash.len && hash.text[marks] == '!')
		marks++;
	ret->there = true;
	ret->has_hash = hash.len > marks && hash.text[marks] != '*';
	ret->locked = marks > 0 || !ret->has_hash;
	ret->expires = -1;
	if (expires.len && expires.len < sizeof number) {
		uint64_t days;
		memcpy(number, expires.text, expires.len);
		ret->expires = str_to_u64(number, 0, INT32_MAX, &days) == 0 ? (long)days : -1;
	}
	return salt ? wire_fingerprint(salt, hash.text, hash.len, ret->fingerprint, err) : 0;
}

static int find(const char *bytes, size_t len, const char *name, const char *salt, struct shadow *ret, struct err *err)
{
	size_t name_len = strlen(name);
	for (size_t at = 0; at < len;) {
		const char *line = bytes + at, *newline = memchr(line, '\n', len - at);
		size_t line_len = newline ? (size_t)(newline - line) : len - at;
		if (line_len > name_len && memcmp(line, name, name_len) == 0 && line[name_len] == ':')
			return judge(line, line_len, salt, ret, err);
		at += line_len + 1;
	}
	return 0;
}

int shadow_look(struct session *s, const char *name, const char *salt, struct shadow *ret, struct err *err)
{
	struct stat st;
	*ret = (struct shadow){.expires = -1};
	_cleanup_fd_ int fd = root_file(&s->root, "/etc/shadow", O_RDONLY | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return root_error(err, errno, "cannot open", "/etc/shadow");
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return err_set(err, ERR_LIMIT, "/etc/shadow is not a regular file of a proper size");
	char *bytes = sodium_malloc((size_t)st.st_size + 1);
	ssize_t len = bytes ? pread(fd, bytes, (size_t)st.st_size, 0) : -1;
	int r = len < 0 ? root_error(err, errno, "cannot read", "/etc/shadow")
			: find(bytes, (size_t)len, name, salt, ret, err);
	sodium_free(bytes);
	return r;
}
