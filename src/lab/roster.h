/*
 * roster: what a lab consists of, as it was last brought up: kept in DIR/lab.json, so that status, faults and down need
 * no cluster.yaml.
 */
#ifndef REEVE_LAB_ROSTER_H
#define REEVE_LAB_ROSTER_H

#include <stddef.h>

#include "base/err.h"
#include "lab/bridge.h"
#include "lab/lab.h"
#include "lab/place.h"

struct roster_node {
	struct lab_node node; /* nothing in it is NULL */
	const char *image;    /* the id of the image it lies on */
};

struct roster {
	struct subnet subnet;
	struct roster_node *nodes;
	size_t node_count;
	struct lab_bind *binds;
	size_t bind_count;
};

/* In p's arena. No such lab: an empty roster and success. */
int roster_load(const struct place *p, struct roster *ret, struct err *err);
int roster_save(const struct place *p, const struct roster *r, struct err *err);

/* By name, host name or address; NULL where there is none. */
struct roster_node *roster_find(const struct roster *r, const char *name);

#endif
