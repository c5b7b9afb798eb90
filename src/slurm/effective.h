/*
 * effective: what a key says of one node or partition, however it is written: defaults filled in, old names of keys,
 * lists that are paired with the names of their line, NodeSets, processors given in one way or another.
 *
 * Sources: slurm.conf(5); _parse_nodename() and _build_nodesets() of src/common/read_config.c and
 * src/slurmctld/read_config.c.
 */
#ifndef REEVE_SLURM_EFFECTIVE_H
#define REEVE_SLURM_EFFECTIVE_H

#include <stdbool.h>

#include "slurm/conf.h"

enum { EFFECTIVE_RECENT = 8 }; /* the keys that are lists, before and after */

/* Remembers what it expanded; `{.arena = a}` is an empty one, and effective_free its end. */
struct effective {
	struct arena *arena;
	struct map lists;
	struct {
		const char *text;
		const struct expansion *names;
	} recent[EFFECTIVE_RECENT];
	size_t next;
	size_t
	    spent; /* names of partitions' nodes looked at so far: beyond all measure, their lists are taken as written */
};

void effective_free(struct effective *m);
#define _cleanup_meaning_ __attribute__((cleanup(effective_free)))

/* Procs is CPUs, Feature Features, Shared OverSubscribe; any other key is itself. */
const char *effective_key(const char *key);

/* The value of a key, or of one that means the same, on a line; NULL: not given. */
const char *effective_get(const struct slurm_line *line, const char *key);

/* What `key` (see effective_key) says of a node: its own address out of a list; what Slurm takes where it is not given.
 * NULL: nothing. */
const char *effective_of_node(struct effective *m, const struct slurm_unit *node, const char *key);

/* Boards, Sockets, SocketsPerBoard, CoresPerSocket, ThreadsPerCore, CPUs: those are judged together. */
bool effective_is_processors(const char *key);
bool effective_same_processors(const struct slurm_line *a, const struct slurm_line *b);

/* The same cores and CPUs in all, perhaps in other sockets: that keeps jobs alive which run there (valid_job_resources()
 * in src/common/job_resources.c, 22.05 to 25.11, compares the sums). */
bool effective_same_cores(const struct slurm_line *a, const struct slurm_line *b);

/* What Slurm takes for one of these keys, given or not: a number. */
const char *effective_of_processors(struct effective *m, const struct slurm_line *line, const char *key);

/* What `key` says of a partition. Nodes is a hostlist, sorted, with NodeSets and ALL written out. */
const char *effective_of_partition(struct effective *m, const struct slurm_conf *conf, const struct slurm_units *nodes,
				   const struct slurm_unit *partition, const char *key);

#endif
