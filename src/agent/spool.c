#include "agent/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/failpoint.h"
#include "agent/fetch.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"

enum { CHUNK = 4 << 20 };

/* The directory, open for *at(). */
static int open_dir(const struct spool *sp)
{
	const char *name;
	_cleanup_fd_ int above = root_parent(&sp->session->root, sp->path, &name);
	return above < 0 ? -1 : openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Only what is root's, as after a mkdir(2) behind which the agent was killed, changes hands. */
static int give(int dir, const char *path, uid_t uid, gid_t gid, struct err *err)
{
	struct stat st;
	if (fstat(dir, &st) < 0)
		return root_error(err, errno, "cannot look at", path);
	if (st.st_uid == uid)
		return 0;
	if (st.st_uid != geteuid() || !root_is_empty(dir))
		return err_set(err, ERR_REFUSED, "%s is somebody else's", path);
	failpoint();
	if (fchown(dir, uid, gid) < 0)
		return root_error(err, errno, "cannot change the owner of", path);
	failpoint();
	return 0;
}

int spool_open(struct spool *sp, const char *account, uid_t uid, gid_t gid, struct err *err)
{
	const struct root *root = &sp->session->root;
	const char *name;
	sp->path = account ? arena_printf(sp->arena, SPOOL_DIR "/%s", account) : SPOOL_DIR;
	_cleanup_fd_ int above = root_parent_make(root, sp->path, &name, err);
	if (above < 0)
		return -1;
	failpoint();
	if (mkdirat(above, name, account ? 0700 : 0755) < 0 && errno != EEXIST)
		return root_error(err, errno, "cannot make the directory", sp->path);
	failpoint();
	_cleanup_fd_ int dir = open_dir(sp);
	if (dir < 0)
		return root_error(err, errno, "cannot open", sp->path);
	return account ? give(dir, sp->path, uid, gid, err) : 0;
}

int spool_file(const struct spool *sp, const char *name)
{
	struct stat st;
	_cleanup_fd_ int dir = open_dir(sp);
	int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

int spool_is(struct session *s, int fd, const struct digest *digest, struct digest *ret, struct err *err)
{
	_cleanup_free_ unsigned char *bytes = xcalloc(1, CHUNK);
	unsigned char raw[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	for (off_t at = 0;;) {
		ssize_t n = pread(fd, bytes, CHUNK, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_system(err, errno, "cannot read %s in %s", digest->hex, SPOOL_DIR);
		if (n == 0)
			break;
		crypto_hash_sha256_update(&state, bytes, (size_t)n);
		at += n;
		pump_wait(&s->pump, 0);
		if (pump_check(&s->pump, err) < 0)
			return -1;
	}
	crypto_hash_sha256_final(&state, raw);
	sodium_bin2hex(ret->hex, sizeof ret->hex, raw, sizeof raw);
	return streq(ret->hex, digest->hex);
}

static void part_name(const struct digest *digest, char ret[DIGEST_HEX + 6])
{
	memcpy(ret, digest->hex, DIGEST_HEX);
	memcpy(ret + DIGEST_HEX, ".part", sizeof ".part");
}

int spool_keep_part(const struct spool *sp, const struct digest *digest, struct err *err)
{
	char part[DIGEST_HEX + 6];
	part_name(digest, part);
	_cleanup_fd_ int fd = spool_file(sp, part), dir = open_dir(sp);
	failpoint();
	if (fd < 0 || fsync(fd) < 0 || renameat(dir, part, dir, digest->hex) < 0 || fsync(dir) < 0)
		return root_error(err, errno, "cannot keep what was fetched in", sp->path);
	failpoint();
	return 0;
}

static void drop(const struct spool *sp, const char *name)
{
	_cleanup_fd_ int dir = open_dir(sp);
	if (dir >= 0)
		unlinkat(dir, name, 0);
}

void spool_drop_part(const struct spool *sp, const struct digest *digest)
{
	char part[DIGEST_HEX + 6];
	part_name(digest, part);
	drop(sp, part);
}

/* 1: it is there and right. What is there and wrong is removed. */
static int look(const struct spool *sp, const struct digest *digest, struct err *err)
{
	struct digest found;
	_cleanup_fd_ int fd = spool_file(sp, digest->hex);
	int is = fd < 0 ? 0 : spool_is(sp->session, fd, digest, &found, err);
	if (fd >= 0 && is == 0)
		drop(sp, digest->hex);
	return is;
}

int spool_get(struct spool *sp, const struct source *src, const char **ret_path, struct err *err)
{
	struct spool common = *sp;
	common.path = SPOOL_DIR;
	const struct spool *const places[] = {&common, sp};
	const struct spool *at = NULL;
	for (size_t i = 0; i < sizeof places / sizeof *places && !at; i++) {
		int found = look(places[i], &src->digest, err);
		if (found < 0)
			return -1;
		at = found ? places[i] : NULL;
	}
	if (!at && fetch_source(sp, src, err) < 0)
		return -1;
	*ret_path =
	    arena_printf(sp->arena, "%s%s/%s", sp->session->root.path, at ? at->path : sp->path, src->digest.hex);
	return 0;
}

/* Behind what is there, which is as long as the sender thinks. */
static int append(int fd, uint64_t offset, const void *bytes, size_t len, struct err *err)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, (const char *)bytes + done, len - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return root_error(err, errno, "cannot write into", SPOOL_DIR);
		done += (size_t)n;
	}
	return 0;
}

static int store_part(struct spool *sp, const struct digest *digest, uint64_t size, uint64_t offset, const void *bytes,
		      size_t len, uint64_t *ret_have, struct err *err)
{
	char part[DIGEST_HEX + 6];
	struct digest found;
	struct stat st;
	part_name(digest, part);
	_cleanup_fd_ int dir = open_dir(sp);
	_cleanup_fd_ int fd =
	    dir < 0 ? -1 : openat(dir, part, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return root_error(err, errno, "cannot open a file in", SPOOL_DIR);
	*ret_have = (uint64_t)st.st_size;
	if (*ret_have > size) { /* of another try, whose size was another */
		if (ftruncate(fd, 0) < 0)
			return root_error(err, errno, "cannot write into", SPOOL_DIR);
		*ret_have = 0;
	}
	if (!len && *ret_have < size)
		return 0;
	if (len && offset != *ret_have)
		return err_set(err, ERR_PROTOCOL, "store: byte %llu, where %llu are here", (unsigned long long)offset,
			       (unsigned long long)*ret_have);
	failpoint();
	if (append(fd, *ret_have, bytes, len, err) < 0)
		return -1;
	failpoint();
	*ret_have += len;
	if (*ret_have < size)
		return 0;
	int is = spool_is(sp->session, fd, digest, &found, err);
	if (is > 0)
		return spool_keep_part(sp, digest, err);
	if (is == 0) {
		drop(sp, part);
		*ret_have = 0;
		if (!len) /* what came in another session, and asked for anew */
			return 0;
		err_set(err, ERR_PROTOCOL, "store: the content is %s, not %s", found.hex, digest->hex);
	}
	return -1;
}

int spool_store(struct session *s, const struct digest *digest, uint64_t size, uint64_t offset, const void *bytes,
		size_t len, uint64_t *ret_have, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct spool sp = {.session = s, .arena = arena};
	if (spool_open(&sp, NULL, 0, 0, err) < 0)
		return -1;
	int there = look(&sp, digest, err);
	*ret_have = size;
	return there ? (there < 0 ? -1 : 0) : store_part(&sp, digest, size, offset, bytes, len, ret_have, err);
}
