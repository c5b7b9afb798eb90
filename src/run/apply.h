/*
 * apply: runs a plan, step by step, verifies, and writes down what was done.
 *
 * A step is a barrier. A compute host that fails is skipped and named; a failure of a step that is essential, or of
 * so many controllers that no majority is left, ends the run for all. Whatever happened, a second apply goes on from
 * what it finds.
 */
#ifndef REEVE_RUN_APPLY_H
#define REEVE_RUN_APPLY_H

#include "base/names.h"
#include "modules/module.h"
#include "run/run.h"

struct apply_options {
	bool verify_jobs;                /* run the job checks also where nothing changed */
	const struct inv_choice *resume; /* nodes to be let in whoever drained them; NULL: none */
	const char *who;                 /* for the audit log */
	const char *command;             /* as the operator typed it, for the audit log */
};

/* A kind of job that ran, and where. */
struct proof {
	const struct inv_partition *partition;
	const char *user; /* "root" */
	struct names names;
};

struct apply_result {
	size_t changed;            /* resources */
	bool touched[MODULES_MAX]; /* by module: one of its resources changed */
	bool beyond_files;         /* something else than the text of a file changed: a package, a key, a daemon */
	size_t resumed;            /* nodes that were let in, are verified, and take jobs now */
	bool stopped;              /* the run did not come to its end */
	bool interrupted;          /* by the operator */
	bool verified;             /* everything that was checked holds for the cluster, and some node serves */
	size_t faulty;             /* hosts with which verification found something wrong */
	size_t unmade;             /* resources that failed and are `alone`, or cannot be examined: the rest went on */
	size_t not_serving;        /* compute hosts that should serve and do not, whatever the reason */
	struct {
		struct proof *items;
		size_t len, cap;
	} proofs;
	struct names proven;  /* other modules whose own jobs ran well, each once */
	bool only_verified;   /* nothing was to be changed: `reeve verify` */
	unsigned window_ms;   /* a rotation: for how long hosts did not understand each other, at most; 0: they did */
	const char *nodes;    /* what they are when all is done: "9 nodes: 8 idle, 1 running jobs"; NULL: unknown */
	const char *verdict;  /* what was proven, for people: "verified: ..."; NULL: nothing was */
	const char *try_this; /* what to type next; NULL: nothing in particular */
	struct findings findings; /* the plan's, and what failed; why hosts are skipped says the roll */
};

/*
 * Runs run->plan. -1 only for what ended it from outside (ERR_CANCELLED); failures of hosts and steps are in the result.
 * The result lives in run's arena.
 */
int apply(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err);

/* Lets options->resume in, and does nothing else (run/verify-only.c). As apply(). */
int apply_resume(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err);

/* Verifies, with jobs, what is there, and changes nothing (run/verify-only.c). As apply(). */
int apply_prove(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err);

/* Runs one step that is no plan's: who fails in it leaves the roll. Whether the run may end in it is the caller's to say. */
int apply_step(struct run *run, const struct apply_options *options, const struct step *step, struct apply_result *ret,
	       struct err *err);

/* Parts, in files of their own. */
int apply_record(struct run *run, const struct apply_options *options, bool done, struct apply_result *ret,
		 struct err *err);
/* Nothing new is recorded but the cluster's secrets, as they are now. There is a record. */
int apply_record_secrets(struct run *run, const struct apply_options *options, struct apply_result *ret,
			 struct err *err);
/* The line of the audit log alone. */
int apply_audit(struct run *run, const struct apply_options *options, bool done, struct apply_result *ret,
		struct err *err);
/* Asks slurmd what it counts where it was not installed when the facts were asked for; true: on some host otherwise than
 * was reckoned, and the plan is to be made anew. */
int apply_recount(struct run *run, bool *ret_differs, struct err *err);
/* options->verify_jobs: every module that is chosen is verified with jobs, else those that were touched. */
int apply_verify(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err);
/* Do the controllers see one state directory? A finding that stops where they do not; one that cannot say is skipped. */
int apply_shared_state(struct run *run, struct apply_result *ret, struct err *err);
int apply_test(struct run *run, struct apply_result *ret,
	       struct err *err); /* of the candidate; 0 with a finding where it fails */

#endif
