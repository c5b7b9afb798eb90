/*
 * scratch: fast local space on each compute host, a directory of its own for each job, gone when the job is over.
 *
 *	scratch:
 *	  path: /scratch			# on a local disk; all nodes have it there
 *	  mount: true				# a disk of its own is mounted there: without it the node is left out
 *	  private: [/tmp, /dev/shm]		# what each job has for itself
 *	  how: namespace			# or prolog, where kernels give no mount namespaces
 *
 * namespace: Slurm's own plugin (job_container.conf(5)) puts a directory below path/jobs in the place of /tmp, for the job alone, and
 * removes it. prolog: programs of reeve's make path/jobs/JOB, set TMPDIR to it, and remove it. What a node that was switched
 * off left there goes when it boots, before any job. Other directories of `path` are nobody's business.
 *
 * The size of the file system is the fact `scratch` and TmpDisk of the node. Jobs ask for it with --tmp, or by features of a class.
 */
#ifndef REEVE_MODULES_SCRATCH_SCRATCH_H
#define REEVE_MODULES_SCRATCH_SCRATCH_H

#include "modules/module.h"

enum scratch_code {
	SCRATCH_PATH_CODE = 1601,    /* a directory of the system's, or one that a boot empties */
	SCRATCH_HOW_CODE = 1602,     /* a way that there is not */
	SCRATCH_PRIVATE_CODE = 1603, /* a directory that cannot be private, or is not with this way */
	SCRATCH_CLASS_CODE = 1604,   /* a class has a section of its own */
};

/* Directories that can be private, as bits. */
enum scratch_private { SCRATCH_TMP = 1, SCRATCH_SHM = 2, SCRATCH_VAR_TMP = 4 };
enum { SCRATCH_USUAL = SCRATCH_TMP | SCRATCH_SHM }; /* what Slurm makes private unless told otherwise */

struct scratch {
	const char *path;
	const char *jobs; /* path/jobs: Slurm's and ours */
	unsigned private; /* 0: prolog */
	bool prolog, mount;
	struct span at; /* line 0: no section was written */
	struct span path_at, private_at, how_at;
};

#define SCRATCH_CONF "/etc/slurm/job_container.conf"
#define SCRATCH_BOOT "/etc/tmpfiles.d/reeve-scratch.conf"
#define SCRATCH_PROLOG "/usr/local/libexec/reeve-scratch-prolog"
#define SCRATCH_EPILOG "/usr/local/libexec/reeve-scratch-epilog"
#define SCRATCH_TASK "/usr/local/libexec/reeve-scratch-task"

extern const struct module scratch_module;
extern const struct inv_section scratch_section;

void *scratch_parse(struct inv_reader *r, const struct conf_value *value); /* read.c */
/* "/tmp,/dev/shm", with `between` for the comma; in `arena`. */
const char *scratch_private(const struct scratch *scratch, const char *between, struct arena *arena);

/* The cluster's section. NULL: the module is not enabled. */
const struct scratch *scratch_of(const struct cluster *cluster);

/* slurmd runs there, with private directories. */
bool scratch_is_on(const struct cluster *cluster, size_t host);

/* The parameters that bring it about in a release of Slurm (0: not known); ended by a NULL key. */
struct scratch_param {
	const char *key, *value;
	bool joins; /* the value has to be among others, in a list */
};
const struct scratch_param *scratch_params_of(const struct scratch *scratch, unsigned release, struct arena *arena);

/* there.c: what a compute host has at the path. */
struct scratch_there {
	const char *type; /* "directory", "file", "link", "other"; NULL: not there */
	unsigned mode;
	long uid;
	bool mounted; /* something is mounted there */
	bool silent;  /* it is on a server that does not answer */
	bool ours;    /* job_container.conf is there, and reeve's */
	uint64_t mib; /* of the file system; 0: not known, or not the one that it is to be */
};

void scratch_ask(const struct inventory *inv, const struct inv_host *host, json_t *items);
void *scratch_take(const json_t *items, struct arena *arena, struct err *err);
void scratch_measure(const void *own, struct facts *facts);

void scratch_settle(struct cluster *cluster); /* settle.c */

void scratch_compile(const struct cluster *cluster, size_t host, struct catalog *catalog); /* put.c */

/* verify.c */
extern const struct diagnoses scratch_diagnoses;
void scratch_verify(const struct verify_context *context, struct checks *checks);

/* prove.c */
void scratch_prove(const struct verify_context *context, const struct job_set *set, struct checks *checks);

/* guide.c */
void scratch_guide(const struct inventory *inv, struct strbuf *out);

#endif
