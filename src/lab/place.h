/*
 * place: where a lab keeps what it has, and what its kernel objects are called. Names of bridge, firewall table and
 * cgroup come from the cluster's name alone, so that a lab finds again what an earlier, killed one left.
 */
#ifndef REEVE_LAB_PLACE_H
#define REEVE_LAB_PLACE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"

struct place {
	struct arena *arena;
	const char *cluster;
	const char *cache;  /* $REEVE_CACHE */
	const char *images; /* CACHE/images */
	const char *labs;   /* CACHE/labs */
	const char *dir;    /* CACHE/labs/CLUSTER */
	const char *nodes;  /* DIR/nodes */
	const char *tag;    /* at most 11 of [a-z0-9], different for different clusters */
	const char *bridge; /* rv-TAG */
	const char *table;  /* reeve_TAG */
};

/* Names only: nothing is made. ERR_INPUT for a cluster name or $REEVE_CACHE that cannot be a part of paths. */
int place_init(struct place *p, struct arena *arena, const char *cluster, struct err *err);

/* "DIR/FORMAT..." in the arena. */
char *place_path(const struct place *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "DIR/nodes/NODE/FILE" in the arena. */
char *place_node(const struct place *p, const char *node, const char *file);

/*
 * A directory of trees that are other systems' roots: programs with the set-user-id bit that nobody updates, and whatever
 * root of a node makes of its files. It is made, or made, root's alone (0700).
 */
int place_private(const char *path, struct err *err);

/*
 * The exclusive lock on `path`, made where it is missing; waits at most ten minutes. Released by closing it, or by
 * the end of the process. Returns the descriptor (close-on-exec) or -1.
 */
int place_lock(const char *path, struct err *err);

/*
 * Writes the file and sets its mode, without fsync: what it makes is thrown away with the lab. The parent directories
 * must exist; a symbolic link is not followed.
 */
int place_write(const char *path, mode_t mode, const void *bytes, size_t len, struct err *err);

/* Detaches everything mounted at or beneath `path` in this mount namespace. */
int place_unmount(const char *path, struct err *err);

/* Removes `path` and all beneath it that is on the same file system. Nothing there is a success. */
int place_remove(const char *path, struct err *err);

#endif
