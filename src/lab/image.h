/*
 * image: bare Debian trees that nodes are made from. An image is named by the hash of its recipe (format, suite,
 * architecture, packages, apt sources and options), built aside and renamed into place, so that one that is there is
 * whole. It holds apt's lists and the archives of what a cluster installs first (struct lab_stock), so that nodes need no
 * network for it. Nothing of that runs or is configured in it, and no key is.
 */
#ifndef REEVE_LAB_IMAGE_H
#define REEVE_LAB_IMAGE_H

#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "lab/lab.h"
#include "lab/place.h"

struct image_file {
	const char *path;
	mode_t mode;
	const char *text; /* NULL: a link to /dev/null */
};

/* What a backend wants otherwise than the others. */
struct image_recipe {
	const char *name;               /* the beginning of the image's id */
	const char *packages;           /* beside those of every image; each with a comma in front */
	const struct image_file *files; /* the unit reeve-lab.service among them; ends with a NULL path */
	const char *const *masks;       /* units that have no work in such a node, beside those of every node */

	/* Commands that mmdebstrap runs with the tree in $1, after all else; ends with NULL. NULL: none. */
	const char *const *(*hooks)(const struct lab_stock *stock, struct arena *arena);

	/* Adds what else decides about the image, beside IMAGE_FORMAT. NULL: nothing. */
	int (*describe)(struct strbuf *recipe, struct err *err);

	/* Makes of DIR/tree what nodes lie on; programs write to log_fd. NULL: it is the tree. */
	int (*finish)(const struct place *p, const char *dir, int log_fd, struct err *err);
};

/* The machine's architecture in Debian's words; NULL for one that the lab does not know. */
const char *image_native_arch(void);

/*
 * Gives in `*ret_id` (in p's arena) the image of that recipe, suite and architecture, builds it first where it is
 * missing (a minute or more, with the network), under a lock. For a foreign architecture registers qemu with the
 * kernel.
 */
int image_get(const struct place *p, const struct image_recipe *recipe, const struct lab_stock *stock,
	      const char *suite, const char *arch, lab_progress *progress, void *context, const char **ret_id,
	      struct err *err);

/* The version of systemd in an image that is a tree, 252; 0: not known. */
unsigned image_systemd(const struct place *p, const char *id);

/* CACHE/images/ID in p's arena. */
const char *image_path(const struct place *p, const char *id);

#endif
