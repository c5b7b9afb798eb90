#include "agent/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/begun.h"
#include "agent/session.h"
#include "agent/spool.h"
#include "base/epoch.h"
#include "base/fd.h"
#include "base/str.h"

#define LOG_DIR "/var/log/reeve"

int verb_unpack(json_t *request, struct err *err, const char *fmt, ...)
{
	json_error_t why;
	va_list ap;
	va_start(ap, fmt);
	int r = json_vunpack_ex(request, &why, JSON_STRICT, fmt, ap);
	va_end(ap);
	return r < 0 ? err_set(err, ERR_PROTOCOL, "a request of a wrong shape: %s", why.text) : 0;
}

static json_t *lock(struct session *s, json_t *request, struct err *err)
{
	json_int_t epoch, over = LOCK_OVER_NONE;
	const char *holder, *run;
	if (verb_unpack(request, err, "{s:I, s:s, s:s, s?I}", "epoch", &epoch, "holder", &holder, "run", &run, "over",
			&over) < 0)
		return NULL;
	if (epoch < 0 || epoch > EPOCH_MOST || strchr(holder, '\n') || strchr(run, '\n'))
		return err_set(err, ERR_PROTOCOL, "a lock without a proper epoch or holder"), NULL;
	if (lock_take(&s->lock, &s->root, epoch, over, holder, run, err) < 0)
		return NULL;
	return json_pack("{s:I}", "epoch", epoch);
}

static json_t *unlock(struct session *s, json_t *request, struct err *err)
{
	int done = 0;
	if (verb_unpack(request, err, "{s?b}", "done", &done) < 0)
		return NULL;
	if (done && lock_held(&s->lock) && begun_clear(&s->root, err) < 0)
		return NULL;
	lock_drop(&s->lock);
	return json_object();
}

static json_t *mark(struct session *s, json_t *request, struct err *err)
{
	const char *step;
	if (verb_unpack(request, err, "{s:s}", "step", &step) < 0)
		return NULL;
	if (strchr(step, '\n'))
		return err_set(err, ERR_PROTOCOL, "a step is one line"), NULL;
	return begun_mark(&s->lock, &s->root, step, err) < 0 ? NULL : json_object();
}

bool verb_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);
	return str_starts(path, dir) && path[len] == '/' && path[len + 1] && !strstr(path, "/../") &&
	       !str_ends(path, "/..") && !str_ends(path, "/.") && !str_ends(path, "/");
}

static json_t *put(struct session *s, json_t *request, struct err *err)
{
	const char *path, *hex, *mode_text;
	if (verb_unpack(request, err, "{s:s, s:s, s:s}", "path", &path, "digest", &hex, "mode", &mode_text) < 0)
		return NULL;
	char *end;
	unsigned long mode = strtoul(mode_text, &end, 8);
	if (*end || !*mode_text || mode > 0777 || strspn(mode_text, "01234567") != strlen(mode_text))
		return err_set(err, ERR_PROTOCOL, "put: the mode is not octal"), NULL;
	if (!verb_is_below(path, STATE_DIR))
		return err_set(err, ERR_REFUSED, "put writes below %s only", STATE_DIR), NULL;
	const struct blob *blob = blobs_get(&s->blobs, hex);
	if (!blob)
		return err_set(err, ERR_MISSING, "the content of %s did not come", path), NULL;
	if (root_write(&s->root, path, blob->bytes, blob->len, (uid_t)-1, (gid_t)-1, (mode_t)mode, err) < 0)
		return NULL;
	return json_object();
}

static int append_line(struct session *s, const char *path, const char *line, struct err *err)
{
	const char *name;
	_cleanup_fd_ int dir = root_parent_make(&s->root, path, &name, err);
	if (dir < 0)
		return -1;
	int fd = openat(dir, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
	if (fd < 0)
		return root_error(err, errno, "cannot open", path);
	struct stat st;
	_cleanup_free_ char *text = xasprintf("%s\n", line);
	int failed = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode);
	if (failed)
		err_set(err, ERR_REFUSED, "%s is not a regular file", path);
	else if (fd_write_all(fd, text, strlen(text)) < 0 || fsync(fd) < 0) {
		failed = root_error(err, errno, "cannot write", path);
		/* Half a line is no line: what was there before stays readable. */
		if (ftruncate(fd, st.st_size) < 0)
			err_wrap(err, "and half a line stays");
	}
	close(fd);
	return failed ? -1 : 0;
}

static json_t *append(struct session *s, json_t *request, struct err *err)
{
	const char *path, *line;
	if (verb_unpack(request, err, "{s:s, s:s}", "path", &path, "line", &line) < 0)
		return NULL;
	if (!verb_is_below(path, LOG_DIR))
		return err_set(err, ERR_REFUSED, "append writes below %s only", LOG_DIR), NULL;
	if (strchr(line, '\n') || strchr(line, '\r'))
		return err_set(err, ERR_PROTOCOL, "append takes one line"), NULL;
	return append_line(s, path, line, err) < 0 ? NULL : json_object();
}

static json_t *secret(struct session *s, json_t *request, struct err *err)
{
	const char *path, *name, *key;
	json_int_t max;
	if (verb_unpack(request, err, "{s:s, s:s, s:s, s:I}", "path", &path, "name", &name, "for", &key, "max", &max) <
	    0)
		return NULL;
	if (max < 1 || max > SECRET_BYTES)
		return err_set(err, ERR_PROTOCOL, "secret: invalid bound"), NULL;
	const char *base;
	_cleanup_fd_ int dir = root_parent(&s->root, path, &base);
	_cleanup_fd_ int fd = dir < 0 ? -1 : openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return root_error(err, errno, "cannot open", path), NULL;
	if (!S_ISREG(st.st_mode) || st.st_size > max)
		return err_set(err, ERR_LIMIT, "%s is not a regular file of at most %lld bytes", path, (long long)max),
		       NULL;
	unsigned char *bytes = sodium_malloc((size_t)max);
	ssize_t len = bytes ? pread(fd, bytes, (size_t)max, 0) : -1;
	int r = -1;
	if (len < 0)
		root_error(err, errno, "cannot read", path);
	else
		r = s->pump.gone ? 0 : wire_put_secret(&s->pump.outbuf, name, key, bytes, (size_t)len, err);
	sodium_free(bytes);
	return r < 0 ? NULL : json_pack("{s:I}", "size", (json_int_t)len);
}

static json_t *store(struct session *s, json_t *request, struct err *err)
{
	const char *hex, *piece_hex = NULL;
	json_int_t size, offset;
	uint64_t have;
	struct digest digest;
	const struct blob *piece = NULL;
	if (verb_unpack(request, err, "{s:s, s:I, s:I, s?s}", "digest", &hex, "size", &size, "offset", &offset, "piece",
			&piece_hex) < 0)
		return NULL;
	if (piece_hex && !(piece = blobs_get(&s->blobs, piece_hex)))
		return err_set(err, ERR_MISSING, "the piece did not come"), NULL;
	json_int_t len = piece ? (json_int_t)piece->len : 0;
	if (digest_parse(hex, &digest) < 0 || size < 0 || size > SOURCE_BYTES || offset < 0 || len > WIRE_PIECE ||
	    offset > size - len)
		err_set(err, ERR_PROTOCOL, "store: invalid digest, size or offset");
	else if (!lock_held(&s->lock))
		err_set(err, ERR_REFUSED, "store without this host's lock");
	else if (spool_store(s, &digest, (uint64_t)size, (uint64_t)offset, piece ? piece->bytes : NULL, (size_t)len,
			     &have, err) == 0) {
		blobs_drop(&s->blobs, piece_hex);
		return json_pack("{s:I}", "have", (json_int_t)have);
	}
	blobs_drop(&s->blobs, piece_hex);
	return NULL;
}

static json_t *bye(struct session *s, json_t *request, struct err *err)
{
	if (verb_unpack(request, err, "{}") < 0)
		return NULL;
	s->done = true;
	return json_object();
}

static const struct {
	const char *name;
	json_t *(*answer)(struct session *s, json_t *request, struct err *err);
} verbs[] = {
    {"collect", collect}, {"probe", probe_answer}, {"apply", apply_answer}, {"run", run_answer},
    {"secret", secret},   {"lock", lock},          {"unlock", unlock},      {"mark", mark},
    {"put", put},         {"append", append},      {"prune", prune_answer}, {"store", store},
    {"bye", bye},
};

json_t *verb_answer(struct session *s, const char *name, json_t *request, struct err *err)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (streq(name, verbs[i].name)) {
			json_object_del(request, "id");
			json_object_del(request, "verb"); /* `name` may have lived there: not used from here on */
			return verbs[i].answer(s, request, err);
		}
	err_set(err, ERR_PROTOCOL, "an unknown verb");
	return NULL;
}
