/*
 * image: bare Debian trees that nodes lie on as overlays. An image is named by the hash of its recipe (format, suite,
 * architecture, packages, apt sources and options), built aside and renamed into place, so that one that is there is
 * whole. It holds apt's lists and the archives of what a Slurm cluster installs first, so that nodes need no network
 * for it; nothing of Slurm or MUNGE is installed.
 */
#ifndef REEVE_LAB_IMAGE_H
#define REEVE_LAB_IMAGE_H

#include "base/err.h"
#include "lab/lab.h"
#include "lab/place.h"

/* The machine's architecture in Debian's words; NULL for one that the lab does not know. */
const char *image_native_arch(void);

/*
 * Gives in `*ret_id` (in p's arena) the image of that suite and architecture, builds it first where it is missing (a
 * minute or more, with the network), under a lock. For a foreign architecture registers qemu with the kernel.
 */
int image_get(const struct place *p, const char *suite, const char *arch, lab_progress *progress, void *context,
	      const char **ret_id, struct err *err);

/* CACHE/images/ID/tree in p's arena. */
const char *image_tree(const struct place *p, const char *id);

#endif
