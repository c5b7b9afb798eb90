/*
 * doctor: what is wrong with a cluster: one table of diagnoses (table.c), each a row: what it asks of a host, a pure judge
 * over the answers of all hosts, their facts and what slurmctld says, and what it explains. One file a noun: munge.c
 * holds what can be wrong with munged; modules bring rows of their own (modules/module.h).
 *
 * How a row comes about:
 *  1. Its code with its meaning stands in model/codes.h, and a paragraph in docs/handbook/findings.md.
 *  2. `ask` puts items for the agent's verb collect (wire/wire.h) into `items`, with the functions doctor_ask_*: what two
 *     rows ask for is asked once. All rows' items of a host travel in one message, so: no item that takes long, no
 *     command where a file says the same, each bounded. Only what the host's role needs.
 *  3. `judge` is called once for each host that answered, or `judge_all` once for the cluster; either adds its findings
 *     with doctor_add(). Unknown is no finding: a file that could not be read, a host that did not answer, a slurmctld
 *     that is down make a row silent; their own rows speak.
 *  4. What follows from it, on the same host, is a line of because.c: there the consequences stand under their cause.
 *  5. A test in tests/unit/test-doctor.c, and one that injects it (tests/protocol/doctor.bats or tests/lab/doctor.bats).
 *
 * A judge says only what holds whatever happened in between: facts, live state and answers are some tens of
 * milliseconds apart, and a busy cluster changes meanwhile.
 */
#ifndef REEVE_DOCTOR_DOCTOR_H
#define REEVE_DOCTOR_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "model/cluster.h"
#include "model/finding.h"
#include "slurm/state.h"

/* What the running Slurm says of itself. */
struct doctor_slurm {
	bool up;           /* false: nothing of it is known, `why` says why */
	const char *why;   /* NULL: nobody was asked */
	size_t controller; /* index of the host that was asked, where somebody was */
	const struct slurm_node_state *nodes;
	size_t node_count;
	const struct slurm_partition_state *partitions;
	size_t partition_count;
	const struct slurm_job *jobs;
	size_t job_count;
	const struct slurm_reservation *reservations;
	size_t reservation_count;
	const struct slurm_controller *controllers;
	size_t controller_count;
};

struct diagnosis;

struct doctor {
	const struct cluster *cluster;
	struct doctor_slurm slurm;
	const json_t *const *answers;           /* by host index: "items" of its answer; NULL: it did not answer */
	const struct catalog *const *catalogs;  /* by host index, NULL: unknown; the array may be NULL */
	const struct observed *const *observed; /* the same; as long as the catalog */
	const bool *chosen;                     /* by host index: findings of these only; NULL: of all */
	const int64_t *now_ms;                  /* by host index: its clock when it answered; the array may be NULL */
	bool busy;                              /* a run is at work on the cluster */
	bool wires;                             /* only rows about who gets through to which daemon */
	const struct diagnoses *const *others;  /* of modules, NULL-terminated; NULL: none */
	const struct diagnosis *row;            /* whose judge runs */
	struct findings *findings;
};

/* A host that is asked, for the functions `ask`. */
struct doctor_host {
	const struct cluster *cluster;
	const struct inventory *inv;
	const struct inv_host *host;
	struct arena *arena; /* for what is as short-lived as the question */
};

struct diagnosis {
	enum finding_code code;
	enum finding_weight weight; /* NOTE: nothing is broken; WARNING: will be, or partly is; STOP: it is */
	void (*ask)(const struct doctor_host *h, json_t *items);
	void (*judge)(struct doctor *d, size_t host);
	void (*judge_all)(struct doctor *d);
	/* It may be over in a second or two, and is said only where another look at slurmctld finds it, too. */
	bool passes;
};

/* Those of one file; the table of the files is in table.c. */
struct diagnoses {
	const struct diagnosis *items;
	size_t count;
	const char *module; /* that hosts have to have; NULL: they have a role */
};

/* All items for one host, those of `others` (as in struct doctor) with them; the caller owns the reference. */
json_t *doctor_items(const struct cluster *c, size_t host, const struct diagnoses *const *others, struct arena *arena);

/* Runs all judges, and sets `cause` where one finding explains another: of those that were there already, too. */
void doctor_judge(struct doctor *d);

/* What the rows about wires ask, which each run tries, too: ports.c, accounting.c, and controllers.c, which asks nothing. */
json_t *doctor_wire_items(const struct cluster *c, size_t host, struct arena *arena);

/* Is there a finding that nothing explains and that may pass by itself? */
bool doctor_may_pass(const struct doctor *d);

/* because.c: sets `cause` of each finding that another explains. The findings stay as they are otherwise. */
void doctor_explain(struct findings *f);

/*
 * What a judge adds. `host` SIZE_MAX: the cluster as a whole. The finding has the row's code and weight; evidence, fix and
 * cure are the judge's to set. A host that is not among the chosen gives a finding that nobody sees, never NULL.
 */
struct finding *doctor_add(struct doctor *d, size_t host, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const char *doctor_text(const struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A command that mends it and can hurt nobody, run by `reeve doctor --fix` as root on `on` (a host's index); words with
 * one space between. The finding's fix says so. */
void doctor_cure(struct doctor *d, struct finding *f, size_t on, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same host for a judge. */
struct doctor_host doctor_host_of(const struct doctor *d, size_t host);

/* Value of one of slurm.conf's parameters as cluster.yaml has it, else reeve's or Slurm's default; NULL: none. In the path
 * of a file %h and %n are the host's names, as slurmd reads them. */
const char *doctor_param(const struct doctor_host *h, const char *key);

/* The node's line of `scontrol show nodes`; NULL: slurmctld is down, or does not know it. */
const struct slurm_node_state *doctor_node(const struct doctor *d, size_t host);

/* Is slurmd, slurmctld to run there? False for what is excluded or removed. */
bool doctor_wants_slurmd(const struct doctor *d, size_t host);
bool doctor_wants_slurmctld(const struct doctor *d, size_t host);

/* Questions. An item is named after what it asks, so that the same question has the same name in every row. */
void doctor_ask_read(json_t *items, const char *path, int max); /* the whole of it, if it is not larger */
void doctor_ask_tail(json_t *items, const char *path, int max); /* its end, from the beginning of a line */
void doctor_ask_stat(json_t *items, const char *path);          /* links followed */
void doctor_ask_fs(json_t *items, const char *path);
void doctor_ask_list(json_t *items, const char *path, int max);
void doctor_ask_package(json_t *items, const char *name);
void doctor_ask_unit(json_t *items, const char *unit);    /* "munge.service" */
void doctor_ask_process(json_t *items, const char *name); /* as the kernel has it: at most 15 bytes */
enum { DOCTOR_CONNECTS = 4096 };                          /* as many as an agent tries (wire.h) */

/* The parameter's value as a port, or the first of its range ("6817-6820"); `otherwise` where it is none. */
unsigned doctor_port(const struct doctor_host *h, const char *key, unsigned otherwise);

/* Does somebody listen at this address? All are tried beside each other, within 1.3 s. A name that the
 * host does not know is not asked, nor what is beyond the most that an agent takes. */
void doctor_ask_connect(const struct doctor_host *h, json_t *items, const char *name, unsigned port);
/* One that ends at once. `name` is the row's own. */
void doctor_ask_run(json_t *items, const char *name, const char *const *argv, unsigned timeout_ms);

struct doctor_stat {
	const char *type, *mode, *owner, *group; /* "directory", "0755", "root" */
	int64_t size, mtime_ms;
};

struct doctor_fs {
	uint64_t total_kib, free_kib, inodes, free_inodes;
};

struct doctor_unit {
	const char *load, *active, *sub, *file, *result; /* systemd's words */
	uint64_t since_us;                               /* of its main process, on the monotonic clock; 0: none */
	long pid;                                        /* 0: none */
};

struct doctor_packages {
	const json_t *versions; /* {NAME: VERSION} of those asked for that are there */
	const json_t *held;     /* names */
	const char *broken;     /* any package of the host that is half done; NULL: none */
	bool interrupted;       /* a dpkg ended in the middle, or is at work */
	bool busy;              /* somebody holds dpkg's lock */
};

struct doctor_process {
	long pid;
	char state;    /* as in proc(5): 'T' stopped, 'D' waits for a disk, 'Z' */
	bool replaced; /* its program is not the file that is there now */
};

/* Answers. NULL, false or -1: it was not asked, not answered, or not there; `ret_errno` (may be NULL) then says which:
 * 0 where nothing is known. Texts are as the host gave them: what is shown goes through doctor_text(). */
const char *doctor_read(const struct doctor *d, size_t host, const char *path, int *ret_errno);
const char *doctor_tail(const struct doctor *d, size_t host, const char *path, int *ret_errno);
bool doctor_stat(const struct doctor *d, size_t host, const char *path, struct doctor_stat *ret, int *ret_errno);
bool doctor_fs(const struct doctor *d, size_t host, const char *path, struct doctor_fs *ret);
const json_t *doctor_list(const struct doctor *d, size_t host, const char *path);
bool doctor_unit(const struct doctor *d, size_t host, const char *unit, struct doctor_unit *ret);
bool doctor_packages(const struct doctor *d, size_t host, struct doctor_packages *ret);
/* How many of that name there are; the first `max` in ret. -1: unknown. */
int doctor_processes(const struct doctor *d, size_t host, const char *name, struct doctor_process *ret, size_t max);
/* 0, or the errno of the connection; -1: unknown. */
int doctor_connect(const struct doctor *d, size_t host, const char *name, unsigned port);
/* Exit status of a command that ended, with what it printed; -1: it did not run, or took too long. */
int doctor_run(const struct doctor *d, size_t host, const char *name, const char **ret_out, const char **ret_err);

/* log.c: the last line of a daemon's log that says what went wrong, as evidence; NULL: none, or no log. */
const char *doctor_last_error(const struct doctor *d, const char *log);

#endif
