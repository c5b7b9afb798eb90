/*
 * fault: what can be done to a node of the lab, and how it ends: one row each in fault.c. The command line, its help, the completion
 * and the manual page follow from the table.
 */
#ifndef REEVE_LAB_FAULT_H
#define REEVE_LAB_FAULT_H

#include <stdbool.h>

#include "lab/lab.h"

struct work;
struct roster_node;

struct fault {
	const char *name, *help;         /* the word that injects it, "stop", and what it does to the node */
	const char *end_name, *end_help; /* the word that ends it: "start" */
	/* The lab's lock is held; both may block, as lab_up() does. */
	int (*inject)(struct work *w, struct roster_node *n, struct err *err);
	int (*heal)(struct work *w, struct roster_node *n, struct err *err);
	const char *const *backends; /* of nodes that can have it, NULL-terminated; NULL: any */
};

extern const struct fault faults[]; /* ends with a NULL name */

/* The fault that a word injects or, with `*ret_heal`, ends. NULL: none. */
const struct fault *fault_named(const char *word, bool *ret_heal);

/* Can a node of this backend have it? */
bool fault_fits(const struct fault *fault, const char *backend);

/* "stop, start, cut, heal". In `arena`. */
const char *fault_words(struct arena *arena);

/* Injects it into a node of the lab that is up, or ends it there. ERR_MISSING: no such node, or it does not run; ERR_REFUSED: its
 * backend cannot have it. As the functions of lab.h. */
int fault_do(const struct fault *fault, bool heal, const char *cluster, const char *node, lab_progress *progress,
	     void *context, struct err *err);

#endif
