/*
 * scratch: a rehearsal of a slurm.conf before any daemon reads it, as evidence that it starts and touches no job.
 *
 * slurmctld has no test mode (slurmctld(8): no option only checks a configuration). So a slurmctld is started on the
 * primary controller over a copy of the state directory, where nothing it does can reach anything: own mount, network,
 * UTS, PID and IPC namespaces, a network without a route, and a configuration in which everything that runs a program,
 * starts a job, talks to a database or writes outside is neutralised (scratch_conf). It is asked for its jobs, nodes,
 * partitions and reservations, and killed with its namespaces.
 *
 * Where a configuration is in force already, two such slurmctlds run at the same time over equal copies of the state,
 * one with the old configuration and one with the new. What differs between them is the new configuration's doing and
 * nothing else: not a job that ended while the test ran, not one that the state directory does not know yet (slurmctld
 * writes it some seconds late), not the neutralising.
 *
 * Not proven by it: what a slurmd makes of the file, what the new programs do, limits of accounting (with slurmdbd the
 * accounting settings are neutralised), and jobs submitted after the state was copied.
 *
 * Everything here is pure: texts and a request in, findings out. The agent runs the request.
 */
#ifndef REEVE_MODULES_CORE_SCRATCH_H
#define REEVE_MODULES_CORE_SCRATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define SCRATCH_ADDRESS "192.0.2.1"     /* of the sandbox's only host (RFC 5737: documentation) */
#define SCRATCH_STATE_KIB (256 << 10)   /* of files in the state directory, job scripts left out; more is not copied */
#define SCRATCH_OUTPUT_BYTES (10 << 20) /* of the report; a longer one is refused by scratch_judge */
#define SCRATCH_START_MS 20000          /* for a slurmctld to answer */
#define SCRATCH_TASKS_MAX (64U << 20)   /* array tasks compared in one call of scratch_judge */

/*
 * The neutralised text of a slurm.conf. NodeName, PartitionName, NodeSet and DownNodes lines stay, but for addresses
 * (each node gets a numeric one of RFC 2544's test network, so that no name is looked up), and lines keep their
 * numbers, so that what slurmctld says about a line is true of `text` too. The only controller is `host` (the name a
 * host in the sandbox has), listening on `port`, its state, log and PID file in `directory`. The result lives in
 * `arena`. ERR_REFUSED for a text with an Include line (what is in that file would not be neutralised), ERR_INPUT for a
 * NUL in it.
 */
int scratch_conf(const char *text, size_t len, const char *host, unsigned port, const char *directory,
		 struct arena *arena, char **ret, struct err *err);

struct scratch_test {
	const char *host;         /* of the primary controller, as in SlurmctldHost */
	const char *state;        /* StateSaveLocation, an absolute path, not in /tmp; need not exist yet */
	const char *user;         /* SlurmUser */
	const char *new_conf;     /* the candidate slurm.conf */
	const char *old_conf;     /* the one in force; NULL: none. One with Include lines counts as none */
	const char *new_cgroup;   /* the candidate cgroup.conf; NULL: the host's own */
	const char *new_gres;     /* the candidate gres.conf; NULL: the host's own, if there is one */
	const char *new_topology; /* the candidate topology.conf; NULL: the host's own, if there is one */
};

/*
 * The request to the agent, without its "id": verb `run` with a sandbox (wire/wire.h). The answer's "out" is for
 * scratch_judge. It takes no lock, writes nothing outside its namespaces, and ends within SCRATCH_START_MS and 40 s. NULL
 * and `err` where scratch_conf refuses new_conf. The caller owns it.
 */
json_t *scratch_request(const struct scratch_test *test, struct err *err);

enum scratch_kind {
	SCRATCH_PARSE,       /* Slurm's commands do not accept the file at all */
	SCRATCH_FATAL,       /* slurmctld ended, or did not answer in time */
	SCRATCH_ERROR,       /* slurmctld logged an error that it does not log with the old configuration */
	SCRATCH_JOB_GONE,    /* .after NULL */
	SCRATCH_JOB_CHANGED, /* another state, other nodes, or pending for a reason that waiting does not fix */
	SCRATCH_NODE_GONE,
	SCRATCH_NODE_CHANGED, /* another state, as a drain that is lost */
	SCRATCH_PARTITION_GONE,
	SCRATCH_PARTITION_CHANGED, /* another state */
	SCRATCH_RESERVATION_GONE,
	SCRATCH_RESERVATION_CHANGED, /* other nodes */
};

struct scratch_finding {
	enum scratch_kind kind;
	bool blocks;         /* the configuration must not be put in force; the others are for the reader */
	const char *subject; /* "job 12_[3-9]", "jobs 7, 8", "node n3", "slurm.conf:17"; "" where there is none */
	const char *before;  /* "PENDING"; NULL */
	const char *after;   /* "FAILED"; NULL */
	const char *text;    /* what Slurm said, or a sentence; never NULL */
};

struct scratch_findings {
	struct scratch_finding *items;
	size_t len, cap;
};

/* Jobs to which the same happens become one finding, in the place of the first. Part of scratch_judge. */
void scratch_group(struct scratch_findings *findings, struct arena *arena);

struct scratch_verdict {
	struct scratch_findings findings;
	bool ok;                /* it started, and no finding blocks */
	bool compared;          /* there was something to compare with; where not, only the start is proven */
	bool with_live;         /* and that was what the running slurmctld says */
	bool over_state;        /* there was a state directory with content */
	uint64_t jobs;          /* jobs compared; an array's waiting tasks count as one */
	unsigned ms;            /* until the new slurmctld answered */
	const char *old_failed; /* why the old configuration could not be rehearsed; NULL: it was, or there is none */
};

/* What the running slurmctld says, as it printed it, after the state was copied (slurm/state.h); NULL: not known. */
struct scratch_live {
	const char *jobs, *reservations;
};

/*
 * Judges a report (the "out" of the answer). The state that was copied is some seconds old: a job or a reservation that
 * the running slurmctld does not know any more is over, and what would become of it is nobody's loss. Without an old
 * configuration in the request, the live jobs are what is compared with; then a difference may also come from a job
 * that ended, or was submitted in the seconds before. Findings live in `arena`. The texts are untrusted. ERR_FAILED
 * where the test itself could not be done, with its reason; ERR_PROTOCOL for a report that is none or is cut; ERR_LIMIT
 * beyond SCRATCH_TASKS_MAX.
 */
int scratch_judge(const char *report, size_t len, const struct scratch_live *live, struct arena *arena,
		  struct scratch_verdict *ret, struct err *err);

#endif
