/*
 * activation: what has to be done so that a new slurm.conf is in force where an old one is.
 *
 * Pure: two trees and a release in, a verdict with its reasons out. It compares values as Slurm reads them: keys
 * without case, the last of repetitions, node lines expanded and with their defaults. A file whose bytes differ while
 * nothing here does (comments, order) still wants a reconfigure: daemons compare a hash of the bytes. That is for the
 * caller, who has the bytes. Sources: each parameter's text in slurm.conf(5) of the release; Slurm's FAQ
 * (doc/html/faq.shtml) on adding nodes; scontrol(1) "reconfigure", which from 23.11 on leaves listening ports and
 * authentication to a restart.
 */
#ifndef REEVE_SLURM_ACTIVATION_H
#define REEVE_SLURM_ACTIVATION_H

#include "base/err.h"
#include "slurm/conf.h"

/* From little to much. */
enum slurm_need {
	SLURM_NEED_NOTHING,
	SLURM_NEED_RECONFIGURE,    /* scontrol reconfigure; backups signalled for themselves */
	SLURM_NEED_RESTART_SLURMD, /* slurmds only */
	SLURM_NEED_RESTART_CTLD,   /* slurmctlds only */
	SLURM_NEED_RESTART_BOTH,   /* slurmctlds, then slurmds */
	SLURM_NEED_NODES,          /* stop slurmctld, file in force everywhere, restart slurmds, start slurmctld */
	SLURM_NEED_STOP_ALL,       /* stop every daemon, start every daemon; running jobs must be gone first */
	SLURM_NEED_START,          /* nothing runs yet: start everything */
};

struct slurm_reason {
	enum slurm_need need;
	const char *subject;   /* "MaxJobCount", "node n[1-3]", "node n[1-3] RealMemory", "partition debug MaxTime" */
	const char *old_value; /* NULL: was not there */
	const char *new_value; /* NULL: is not there any more */
	const char *why;       /* "slurm.conf(5): takes effect when slurmctld is restarted" */
};

struct slurm_names {
	const char **items;
	size_t len, cap;
};

struct slurm_activation {
	enum slurm_need need; /* the most of all reasons; RESTART_SLURMD and RESTART_CTLD together are RESTART_BOTH */
	struct slurm_reason *reasons;
	size_t len;
	struct slurm_names nodes_added, nodes_removed;
	struct slurm_names
	    nodes_resized; /* other cores or CPUs in all, CoreSpecCount, CPUSpecList, Gres: must be idle */
	struct slurm_names nodes_changed; /* any key, the resized ones among them */
	struct slurm_names partitions_added, partitions_removed, partitions_changed;
};

/* `old` NULL: nothing runs yet. The result lives in `arena`; it may point into both trees. ERR_INPUT where node lines
 * cannot be expanded. */
int slurm_activation_of(unsigned release, const struct slurm_conf *old, const struct slurm_conf *new_conf,
			struct arena *arena, struct slurm_activation **ret, struct err *err);

/* What a changed global parameter needs in `release`; *ret_why (may be NULL) is static. Unknown ones:
 * SLURM_NEED_RECONFIGURE. */
enum slurm_need slurm_activation_param(unsigned release, const char *name, const char **ret_why);

/* The same for one change of it: an option in a list may need more than the parameter. Values may be NULL. */
enum slurm_need slurm_activation_change(unsigned release, const char *name, const char *old_value,
					const char *new_value, const char **ret_why);

/* The same for a key of a NodeName line. */
enum slurm_need slurm_activation_node_key(unsigned release, const char *name, const char **ret_why);

enum slurm_need slurm_need_join(enum slurm_need a, enum slurm_need b);

/* A word for JSON ("reconfigure", "restart-slurmctld", ...) and what it means for a person ("restart slurmctld"). Never
 * NULL. */
const char *slurm_need_name(enum slurm_need need);
const char *slurm_need_text(enum slurm_need need);

#endif
