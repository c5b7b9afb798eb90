/*
 * state: what a running Slurm says of itself. Parses the outputs of the commands below, of 22.05 to 25.11, into typed
 * structures. The text is untrusted: it is bounded, a line that cannot be understood is ERR_PROTOCOL and says which,
 * and keys that are not known are skipped. Everything lives in the arena given. Empty texts give no items.
 *
 * Formats: slurm_sprint_node_table (src/api/node_info.c), slurm_sprint_partition_info, slurm_sprint_reservation_info,
 * scontrol's _print_ping, node_state_string (src/common).
 */
#ifndef REEVE_SLURM_STATE_H
#define REEVE_SLURM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define SLURM_STATE_TEXT_MAX (64U << 20) /* bytes of one command's output */

/* The commands, ready for exec; ended by NULL. */
extern const char *const slurm_nodes_argv[];        /* scontrol show nodes -o */
extern const char *const slurm_partitions_argv[];   /* scontrol show partitions -o */
extern const char *const slurm_jobs_argv[];         /* squeue -h -a -o SLURM_JOBS_FORMAT */
extern const char *const slurm_reservations_argv[]; /* scontrol show reservations -o */
extern const char *const slurm_ping_argv[];         /* scontrol ping */

/* id, state, partitions, user, nodes in use, nodes asked for, reservation, working count of nodes, reason */
#define SLURM_JOBS_FORMAT "%i|%T|%P|%u|%N|%n|%v|%D|%r"

enum slurm_node_base {
	SLURM_NODE_UNKNOWN,
	SLURM_NODE_DOWN,
	SLURM_NODE_IDLE,
	SLURM_NODE_ALLOCATED,
	SLURM_NODE_MIXED,
	SLURM_NODE_ERROR,
	SLURM_NODE_FUTURE,
};

enum slurm_node_flag {
	SLURM_NODE_DRAIN = 1 << 0,       /* DRAIN */
	SLURM_NODE_NO_RESPOND = 1 << 1,  /* NOT_RESPONDING, or '*' behind the state */
	SLURM_NODE_COMPLETING = 1 << 2,  /* COMPLETING */
	SLURM_NODE_INVALID_REG = 1 << 3, /* INVALID_REG: registered with other values than configured */
	SLURM_NODE_FAIL = 1 << 4,        /* FAIL */
	SLURM_NODE_MAINT = 1 << 5,       /* MAINTENANCE */
	SLURM_NODE_RESERVED = 1 << 6,    /* RESERVED */
	SLURM_NODE_REBOOT = 1 << 7,      /* REBOOT_REQUESTED, REBOOT_ISSUED, REBOOT^, REBOOT@ */
	SLURM_NODE_POWER = 1 << 8,       /* POWERED_DOWN, POWERING_UP, POWERING_DOWN, POWER_DOWN, POWER_UP, CLOUD */
	SLURM_NODE_PLANNED = 1 << 9,     /* PLANNED */
	SLURM_NODE_DYNAMIC = 1 << 10,    /* DYNAMIC_NORM, DYNAMIC_FUTURE */
	SLURM_NODE_BLOCKED = 1 << 11,    /* BLOCKED */
	SLURM_NODE_OTHER = 1 << 12,      /* a flag that is not known here */
};

struct slurm_node_state {
	const char *name;
	enum slurm_node_base base;
	unsigned flags;         /* of enum slurm_node_flag */
	const char *state_text; /* as printed: "IDLE+DRAIN" */
	uint64_t memory_mib;    /* RealMemory */
	unsigned cpus;          /* CPUTot */
	unsigned cpus_allocated;
	unsigned boards, sockets, cores, threads; /* 0: not printed */
	uint64_t weight;
	const char *version;            /* of its slurmd; NULL: it never registered */
	const char *arch, *os;          /* NULL: it never registered */
	const char *address, *hostname; /* NodeAddr, NodeHostName */
	const char *gres;               /* NULL: none */
	const char *features;           /* AvailableFeatures; NULL: none */
	const char *reason;             /* without "[user@time]"; NULL: none */
	const char *reason_by;          /* "root@2026-11-22T22:04:08"; NULL: not printed */
	const char *boot_time;          /* "2026-11-22T22:04:08"; NULL: None */
	const char *slurmd_start_time;
	const char *partitions; /* with commas; NULL: in none */
};

struct slurm_partition_state {
	const char *name;
	const char *state; /* UP DOWN DRAIN INACTIVE */
	const char *nodes; /* hostlist; NULL: none */
	bool is_default;
	uint64_t total_cpus, total_nodes;
	const char *text; /* the whole line, for comparing with what is configured: slurm_field_get */
};

/* Job states as squeue's long form has them. */
enum slurm_job_phase {
	SLURM_JOB_PENDING,    /* PENDING REQUEUED REQUEUE_HOLD REQUEUE_FED RESV_DEL_HOLD SPECIAL_EXIT */
	SLURM_JOB_RUNNING,    /* RUNNING CONFIGURING SIGNALING STAGE_OUT RESIZING STOPPED: holds nodes */
	SLURM_JOB_SUSPENDED,  /* SUSPENDED: holds nodes */
	SLURM_JOB_COMPLETING, /* COMPLETING: holds nodes */
	SLURM_JOB_ENDED,      /* everything that is over */
	SLURM_JOB_UNKNOWN,    /* a state not known here: holds nodes, to be safe */
};

struct slurm_job {
	const char *id;  /* "12", "12_3", "12_[4-9%2]", "12+1" */
	uint64_t number; /* 12: of the array or heterogeneous job */
	enum slurm_job_phase phase;
	const char *state;
	const char *partitions; /* with commas while pending */
	const char *user;
	const char *nodes;       /* hostlist; NULL: none yet */
	const char *asked_nodes; /* --nodelist; NULL: none */
	const char *reservation; /* NULL: none */
	const char *reason;      /* "None", "Resources", "(launch failed requeued held)" */
	unsigned node_count;
};

struct slurm_reservation {
	const char *name;
	const char *nodes;     /* hostlist; NULL: none */
	const char *partition; /* NULL: none */
	const char *start, *end;
	const char *state; /* ACTIVE INACTIVE */
	const char *flags;
};

struct slurm_controller {
	const char *host;
	unsigned index; /* 0: primary, n: n-th backup */
	bool up;
};

/* Of a state in its long form. */
enum slurm_job_phase slurm_job_phase_of(const char *state);

int slurm_nodes_parse(const char *text, size_t len, struct arena *arena, struct slurm_node_state **ret,
		      size_t *ret_count, struct err *err);
int slurm_partitions_parse(const char *text, size_t len, struct arena *arena, struct slurm_partition_state **ret,
			   size_t *ret_count, struct err *err);
int slurm_jobs_parse(const char *text, size_t len, struct arena *arena, struct slurm_job **ret, size_t *ret_count,
		     struct err *err);
int slurm_reservations_parse(const char *text, size_t len, struct arena *arena, struct slurm_reservation **ret,
			     size_t *ret_count, struct err *err);
int slurm_ping_parse(const char *text, size_t len, struct arena *arena, struct slurm_controller **ret,
		     size_t *ret_count, struct err *err);

/* Value of "key=" in a line of `scontrol show ... -o`, copied into `arena`; NULL where there is none. */
const char *slurm_field_get(const char *line, const char *key, struct arena *arena);

/* Does the job hold nodes now? Unknown is busy. */
bool slurm_job_holds_nodes(const struct slurm_job *job);

/* Responding, not down, drained or failing: it can run jobs. */
bool slurm_node_is_usable(const struct slurm_node_state *node);

/* Runs no job and is not completing one; false where that cannot be known (down, unknown, not responding). */
bool slurm_node_is_idle(const struct slurm_node_state *node);

/* "IDLE+DRAIN*" into base and flags, as printed by scontrol and sinfo of all releases; false: the base state is not
 * known. */
bool slurm_node_state_parse(const char *text, enum slurm_node_base *ret_base, unsigned *ret_flags);

#endif
