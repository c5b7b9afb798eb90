/*
 * product: how a product comes to be and goes (catalog/catalog.h says what one is). Everything under its directories is done
 * by children that are the account's: on an export that squashes root the agent may not do it, and what comes from the
 * internet is not to be root's. The agent itself reads what all may read. All of it pumps the session while it waits, and
 * ends early with ERR_CANCELLED once the operator is gone.
 *
 * What the account needs on the host is in /var/spool/reeve/USER (spool.h), which is the account's own: the sources, and the
 * build directory, whose place nobody else can take before it.
 */
#ifndef REEVE_AGENT_PRODUCT_H
#define REEVE_AGENT_PRODUCT_H

#include "agent/spool.h"
#include "base/err.h"
#include "base/mem.h"
#include "catalog/catalog.h"

#define PRODUCT_STAMP ".reeve-product" /* in its directory: the digest, a line */
#define PRODUCT_LOGS "/var/log/reeve/products"

struct session;

/* One that is worked on. Begin with the first three, then product_begin(). */
struct product {
	struct session *session;
	const struct resource *resource;
	struct arena *arena;
	const struct child_user *user; /* NULL: the agent is that account itself (scratch roots) */
	struct spool spool;
	const char *prefix; /* as children see it: below a scratch root */
};

/* What the link says, from where it is: "../.1.23.0-x86_64-0123456789ab". */
const char *product_target(const struct resource *r, struct arena *arena);

/* The directories that the link points to or ever pointed to, from the root, NULL-terminated. Reads one directory. */
const char *const *product_trees(struct session *s, const struct resource *r, struct arena *arena);

/* Looks the account up. ERR_MISSING: it does not exist; ERR_REFUSED: it is root. */
int product_begin(struct product *p, struct err *err);

/* Fetches what is missing, unpacks, runs the script, stamps. Nothing is left of what failed but the log and the spool. */
int product_make(struct product *p, struct err *err);

/* Puts the link in place. */
int product_link(struct product *p, struct err *err);

/* The link, every tree, and what then is empty above them. */
int product_remove(struct product *p, struct err *err);

/* For the other files of product: a command of the account's, in the root. */
int product_run(struct product *p, unsigned timeout_ms, const char *input, struct err *err, const char *command, ...)
    __attribute__((sentinel));

/* Where what the script of the product at this path says is kept, in the arena. */
const char *product_log(const char *path, struct arena *arena);

/* product-script.c: runs it in `build`, with its log. */
int product_script(struct product *p, const char *work, struct err *err);

#endif
