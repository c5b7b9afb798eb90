/*
 * archive: tar(1) over a file, and what may be in one: files, directories, and links. No name is absolute or has a ".." in it,
 * and no link leads out of the tree that comes of it. Packed with gzip, xz, zstd or bzip2, or not at all; that is tar's to find
 * out. Both pump the session while they wait.
 */
#ifndef REEVE_AGENT_ARCHIVE_H
#define REEVE_AGENT_ARCHIVE_H

#include "base/err.h"

struct child_user;
struct session;

struct archive {
	const char *resource;          /* its id, for progress */
	const char *path;              /* as a child sees it */
	const char *name;              /* for messages */
	unsigned strip;                /* leading components of names that unpacking drops */
	const struct child_user *user; /* who reads it; NULL: as we are */
};

/* ERR_REFUSED names the member that may not be there, ERR_FAILED says what tar says. At most half an hour. */
int archive_check(struct session *s, const struct archive *a, struct err *err);

/* Into a directory that is there. Owner and modes become those of a new file of that account's. At most half an hour. */
int archive_unpack(struct session *s, const struct archive *a, const char *into, struct err *err);

#endif
