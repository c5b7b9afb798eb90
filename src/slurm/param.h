/*
 * param: the parameters of slurm.conf, cgroup.conf and gres.conf, by release, with the type of their values.
 *
 * The tables (table-*.c) are made from the manual pages slurm.conf(5), cgroup.conf(5) and gres.conf(5) at the last tag of each
 * release from 22.05 to 26.05 and held against the option tables of src/common/read_config.c and cgroup.c there: what
 * those do not have is a fatal "unrecognized key" for every daemon of that release. A parameter that a release still
 * reads but calls defunct counts as removed.
 */
#ifndef REEVE_SLURM_PARAM_H
#define REEVE_SLURM_PARAM_H

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

enum slurm_section {
	SLURM_GLOBAL,    /* slurm.conf, outside of lines of their own */
	SLURM_NODE,      /* on a NodeName line, behind the name */
	SLURM_PARTITION, /* on a PartitionName line, behind the name */
	SLURM_CGROUP,    /* cgroup.conf */
	SLURM_GRES,      /* on a line of gres.conf */
};

enum slurm_type {
	SLURM_STRING,    /* any text of one line */
	SLURM_PATH,      /* an absolute path, without blanks */
	SLURM_UINT,      /* min..max */
	SLURM_UINT_INF,  /* min..max, or INFINITE or UNLIMITED */
	SLURM_TIME,      /* min, min:sec, h:min:sec, days-h, days-h:min, days-h:min:sec; INFINITE or UNLIMITED */
	SLURM_BOOL,      /* YES or NO (TRUE FALSE UP DOWN 1 0 are read too) */
	SLURM_WORD,      /* one of .words */
	SLURM_WORDS,     /* some of .words, with commas between */
	SLURM_SHARE,     /* NO, EXCLUSIVE, YES, FORCE, YES:2 and up, FORCE:1 and up */
	SLURM_HOSTS,     /* a hostlist; ALL is one too */
	SLURM_FLOAT,     /* not below 0 */
	SLURM_PORT,      /* 1..65535, or a range of them "6817-6819" */
	SLURM_NAME_LIST, /* names with commas between, without blanks */
	SLURM_PROGRAM,   /* as SLURM_PATH; from 26.05 on also the name of an action */
	SLURM_ACTIONS,   /* lines of their own (slurm/action.h), with line feeds between */
};

/*
 * Words are compared without case. One ending in '=' takes a value, which is not looked into ("default_queue_depth=100"
 * is "default_queue_depth="); it is also accepted without a value.
 */
struct slurm_word {
	const char *name; /* NULL ends the list */
	uint16_t since;   /* first release that has it; 0: 22.05 or before */
	uint16_t until;   /* last release that has it; 0: it is still there */
};

struct slurm_param {
	const char *name; /* as the manual writes it; NULL ends a table */
	uint16_t since;   /* as in slurm_word */
	uint16_t until;
	enum slurm_type type;
	uint64_t min, max;              /* SLURM_UINT, SLURM_UINT_INF */
	const struct slurm_word *words; /* SLURM_WORD, SLURM_WORDS */
	const char *note;               /* where removed or renamed: what to use instead; NULL: nothing to say */
};

/* Without case, as Slurm does. NULL: no release has it. */
const struct slurm_param *slurm_param_find(enum slurm_section section, const char *name);

/*
 * Whether `release` (0: any) has the parameter and `value` fits its type. ERR_INPUT, with a text that names what is
 * allowed: "SelectType: 'select/cons_res' was removed after 23.02; allowed: select/linear, select/cons_tres". A release
 * that is newer than the tables is taken as the newest of them.
 */
int slurm_param_check(const struct slurm_param *param, unsigned release, const char *value, struct err *err);

/* Only the first half: does `release` have it? */
int slurm_param_available(const struct slurm_param *param, unsigned release, struct err *err);

/* The names `release` (0: any) has in a section, NULL-terminated, for "did you mean". Lives in `arena`. */
const char *const *slurm_param_names(enum slurm_section section, unsigned release, struct arena *arena);

/* The table itself, ended by a NULL name. */
const struct slurm_param *slurm_param_table(enum slurm_section section);

/*
 * What Slurm takes in `release` (0: any, what all of them take) where a global parameter is not given. NULL where that
 * is nothing, or not known here (defaults.c: which ones are).
 */
const char *slurm_param_default(const char *name, unsigned release);

/* A parameter that reeve itself writes and the operator may not give under `slurm:` or in a partition. */
struct slurm_owned {
	const char *name;
	const char *instead; /* the key of cluster.yaml to use, or NULL: there is none */
	const char *reason;  /* a sentence for the operator */
};

/* NULL: the operator may set it. Not SLURM_CGROUP: it has no such ones. */
const struct slurm_owned *slurm_param_owned(enum slurm_section section, const char *name);

/*
 * Where `value` is a password, or holds one: what to do instead, for the operator. slurm.conf is readable by everybody
 * on every host. NULL: it is none.
 */
const char *slurm_param_secret(const char *name, const char *value);

#endif
