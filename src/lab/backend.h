/*
 * backend: what a node is made of. Each is one const struct in a file of its own, listed in backend.c; machine.c does
 * what is the same for all of them.
 *
 *	nspawn  a container: starts in a second, shares the machine's kernel, processors and clock
 *	uml     user-mode Linux: a kernel, memory, a clock and control groups of its own, and slow
 */
#ifndef REEVE_LAB_BACKEND_H
#define REEVE_LAB_BACKEND_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "lab/image.h"
#include "lab/place.h"
#include "lab/roster.h"

struct backend {
	const char *name;              /* in cluster.yaml, on the command line, in lab.json */
	const char *const (*tools)[2]; /* programs and their Debian packages; ends with a NULL program */
	const struct image_recipe *image;
	bool foreign;        /* nodes may be of another architecture than the machine */
	bool binds;          /* nodes can share directories of the lab */
	bool shows;          /* nodes have the machine's devices, and can be shown others (lab/made.h) */
	unsigned memory_mib; /* of a node for which none was said; 0: nodes have the machine's */
	unsigned wait_s;     /* how long a node may take to start; a sixtieth of it, to answer when it is up */
	const char *seed;    /* the directory of the node's in which its own files are laid: "upper" */

	/*
	 * Its leader is a child of the recorded process and is to be ended first, so that the process can clean up;
	 * otherwise the process is the leader.
	 */
	bool child_leads;

	/* In reeve: what must be there before the node's process starts. */
	int (*prepare)(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err);

	/* In the node's own process, in a session and control group of its own: becomes the node. Returns only with an
	 * error. Standard output and error are the node's log. */
	int (*become)(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err);

	/* Brings the node's /etc/hosts from what reeve wrote last to `hosts`, where the node has not changed it itself. */
	int (*refresh)(const struct place *p, const char *node, bool runs, const char *hosts, struct err *err);

	/* The bridge's port of a node that runs; 0: it has none (yet). */
	unsigned (*port)(const struct place *p, const char *node);

	/* Takes from the machine what a node that does not run (any more) has left there outside its directory. */
	int (*clear)(const struct place *p, const char *node, struct err *err);
};

extern const struct backend *const backends[]; /* NULL-terminated; the first is the default */
extern const struct backend backend_nspawn, backend_uml;

/* NULL where there is none of that name. */
const struct backend *backend_named(const char *name);

/* A node's; the default where it says none, NULL where there is none of that name. */
const struct backend *backend_of_node(const struct lab_node *n);

#endif
