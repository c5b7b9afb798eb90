/*
 * secret-row: a secret that hosts of a cluster share, and what is known of it beforehand; nothing of the secret itself. A module
 * has its rows; facts, model, run and record speak of secrets by their names.
 *
 * Where a cluster has none yet, one is made of random bytes. One that hosts have is fetched from a host whose fingerprint is
 * right; a file of the operator's can take its place (`reeve rotate-key --key-file`).
 *
 * Of those that are always in a file of the operator's, hosts are asked nothing and the record knows nothing: what is in
 * that file holds.
 */
#ifndef REEVE_BASE_SECRET_ROW_H
#define REEVE_BASE_SECRET_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/role.h"

struct inv_host;

struct secret_row {
	const char *name;                         /* in catalogs, frames and the record: 1 to 64 bytes of [a-z0-9._-] */
	const char *path;                         /* of the file on hosts; NULL with `file` */
	const char *said;                         /* what people call it: "MUNGE key" */
	enum role role;                           /* whose it is */
	size_t bytes;                             /* of one that is made */
	size_t least;                             /* bytes of one of the operator's */
	bool (*has)(const struct inv_host *host); /* NULL with `file` */
	const char *file; /* the operator's own, on his side, a line break at its end left out; NULL: hosts hold it */
	struct span at;   /* where cluster.yaml names `file` */
	/* Why these bytes of `file` cannot be it ("is not ..."); NULL: they can. NULL for bytes of any kind. */
	const char *(*fault)(const unsigned char *bytes, size_t len);
};

/* All of a cluster's: those that hosts hold first. */
struct secret_rows {
	const struct secret_row **items;
	size_t len, cap;
	struct arena *arena; /* borrowed */
};

enum { SECRETS_MAX = 8 };         /* rows of all modules, of those that hosts hold */
enum { SECRET_BYTES_MAX = 4096 }; /* of one of them */

/* Behind the path: the secret that is to take its place, until all hosts have it. */
#define SECRET_NEXT ".next"

#endif
