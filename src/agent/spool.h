/*
 * spool: sources on this host, each in a file named by its SHA-256, kept so that none is fetched twice. SHA256.part is one
 * of which a beginning came; who fetches goes on from there. A file is hashed whenever it is taken, whatever its name says.
 *
 * /var/spool/reeve is root's: what the operator's side sent (the verb `store`), readable for all. /var/spool/reeve/USER is the
 * account's own: what it fetched. Root opens, renames and removes names there and follows none of them.
 */
#ifndef REEVE_AGENT_SPOOL_H
#define REEVE_AGENT_SPOOL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"
#include "catalog/source.h"

#define SPOOL_DIR "/var/spool/reeve"

struct child_user;
struct session;

/* Whose: begin with the first four. */
struct spool {
	struct session *session;
	const char *resource; /* its id, for progress */
	struct arena *arena;
	const struct child_user *user; /* who fetches; NULL: as we are */
	const char *path;              /* the directory, from the root */
};

/* Makes the directory of that account, NULL: root's. ERR_REFUSED where it is somebody else's. */
int spool_open(struct spool *sp, const char *account, uid_t uid, gid_t gid, struct err *err);

/*
 * Where the source lies, as a child sees it: what is there and right, else fetched now. ERR_MISSING where no place has
 * it, with what was wrong with each. Pumps the session, and tells how far it is.
 */
int spool_get(struct spool *sp, const struct source *src, const char **ret_path, struct err *err);

/* The file of that name in the spool, to be read; -1: there is none, or it is not a regular file. */
int spool_file(const struct spool *sp, const char *name);

/* 1: `fd` has this content, 0: another, which is in `*ret`; -1: the operator is gone, or it cannot be read. Pumps the session. */
int spool_is(struct session *s, int fd, const struct digest *digest, struct digest *ret, struct err *err);

/* Makes SHA256 of SHA256.part, or removes the latter. */
int spool_keep_part(const struct spool *sp, const struct digest *digest, struct err *err);
void spool_drop_part(const struct spool *sp, const struct digest *digest);

/*
 * A piece of what the operator's side has, behind what came so far: `offset` is where that ends. With the last piece the whole
 * is hashed; content that is not the digest's is removed, ERR_PROTOCOL. *ret_have: bytes that are here then. Pumps the session.
 */
int spool_store(struct session *s, const struct digest *digest, uint64_t size, uint64_t offset, const void *bytes,
		size_t len, uint64_t *ret_have, struct err *err);

#endif
