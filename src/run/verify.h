/* verify: the parts of apply_verify, in files of their own. */
#ifndef REEVE_RUN_VERIFY_H
#define REEVE_RUN_VERIFY_H

#include "modules/module.h"
#include "run/apply.h"

struct verifier {
	struct run *run;
	struct apply_result *result;
	struct verify_context context;   /* .present: in the run, and nothing is wrong with it */
	bool *present;                   /* the same, to be changed */
	bool *told;                      /* by host index: it was said what is wrong with it */
	const char **why;                /* by host index: that; NULL: nothing, or another part of the run said it */
	bool *unproven;                  /* by host index: nothing is wrong with it, and a job did not run there */
	const struct inv_choice *resume; /* nodes that the operator lets in whoever drained them; NULL: none */
	size_t bad;                      /* what is wrong with the cluster, whatever host it shows on */
};

/* Something is wrong with this host: it is said once, and the host is not looked at again. */
struct finding *verify_fault(struct verifier *v, size_t host, enum finding_code code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Something is wrong that is no single host's. */
struct finding *verify_failed(struct verifier *v, enum finding_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What was proven, for people, into the result; `munge`: credentials were decoded both ways. */
void apply_verdict(struct verifier *v, bool munge);

/* Says on the report what is looked at now. */
void verify_phase(const struct verifier *v, const char *title);

/* One question of a check to one host, and what became of it. */
struct due {
	const struct check *check;
	size_t host;
	enum check_verdict verdict;
	const char *why;    /* where it does not hold, or what was measured; "" where there is nothing to say */
	const char *errors; /* what the command wrote on standard error */
	bool lost;          /* the host did not answer */
	bool done;          /* not to be asked again */
};

/* Asks all that are not done, in one round over all hosts; commands of one host run in parallel. */
int verify_round(struct verifier *v, struct due *due, size_t count, struct err *err);

/* Runs those of the checks that are commands, each until it holds or its time is over, and says what does not hold. */
int verify_checks(struct verifier *v, const struct checks *checks, struct err *err);

/*
 * Judges those that are about slurmctld's view of nodes by v->run->live. `wait`: what does not hold is asked again until it
 * does or the checks' time is over. Says what does not hold, with what slurmd's own log has to say.
 */
int verify_live(struct verifier *v, const struct checks *checks, bool wait, struct err *err);

/* What slurmd of a host says itself. */
struct witness {
	bool silent;           /* it does not answer on its own host */
	const char *complaint; /* the last in its log since it was started; NULL: none, or it was not asked */
};

/* Asks these hosts (by index); of those that are not in the run nothing is known. The result is by host index. */
int verify_witness(struct verifier *v, const bool *hosts, struct witness **ret, struct err *err);

/* `why` with what slurmd has to say, in `arena`. */
const char *verify_with_witness(const char *why, const struct witness *witness, struct arena *arena);

/* A command to slurmctld; `*ret_why` NULL where it ended with 0. */
int verify_tell(struct verifier *v, const char *const *argv, const char **ret_why, struct err *err);

/*
 * Proves by jobs like a user's that the modules work (`due` by module index), on the hosts of context.idle. Nodes in `reserved`
 * (by host index; NULL: none) are held by this reservation. What ran is in result->proofs.
 */
int verify_prove(struct verifier *v, const bool *due, const bool *reserved, const char *reservation, struct err *err);

/* Adds what explains what is said already, as its cause; and where slurmctld was started, what else is broken. */
int verify_diagnose(struct verifier *v, struct err *err);

/* Nodes that this run lets in (run/joining.c). */
struct joining {
	bool *hosts; /* by host index */
	size_t count;
	const char *list;
	const char
	    *reservation; /* that keeps others' jobs away until one of ours ran there; NULL: none could be made */
};

/* Resumes those that were drained without a cause any more, and those that the operator named. */
int verify_open(struct verifier *v, struct joining *ret, struct err *err);
/* Ends the reservation; nodes that a job did not run on are drained again. */
int verify_close(struct verifier *v, const struct joining *joining, struct err *err);

/* The reason of a drain by which a later run knows that a test job failed there. In `arena`. */
const char *verify_job_reason(const char *why, struct arena *arena);

/* An ordinary user whom the controller and most of the nodes know by the same numbers; name NULL: there is none. */
struct verify_user {
	const char *name;
	long gid;
	bool *hosts; /* by host index: it knows that user */
};
int verify_find_user(struct verifier *v, const bool *hosts, struct verify_user *ret, struct err *err);

/* The lowest user of the controller's passwd(5) whom most of the hosts' know, too; pure. `passwd` by host index, NULL where it
 * was not read. */
void verify_choose_user(const char *const *passwd, size_t count, size_t controller, struct arena *arena,
			struct verify_user *ret);

#endif
