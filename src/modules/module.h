/*
 * module: a part of what reeve deploys. One directory under src/modules/, one line in modules.c.
 *
 * A module owns its section of cluster.yaml, compiles the cluster to resources for each host, and says what must hold
 * when all is done. All of it is pure: what it wants done are values, and judging an answer is a function of that
 * answer.
 */
#ifndef REEVE_MODULES_MODULE_H
#define REEVE_MODULES_MODULE_H

#include "base/strbuf.h"
#include "catalog/catalog.h"
#include "doctor/doctor.h"
#include "inventory/inventory.h"
#include "model/cluster.h"
#include "slurm/state.h"

enum check_where {
	CHECK_RUN,  /* a command on hosts */
	CHECK_LIVE, /* what slurmctld says of hosts' nodes */
};

enum check_verdict {
	CHECK_HOLDS,
	CHECK_FAILED,
	CHECK_NOT_RUN, /* of a job: it got no nodes in time, which proves nothing either way */
	CHECK_REFUSED, /* likewise: the site's own rules keep it out, for good */
};

/* How the command of a check ended. */
struct check_answer {
	int status; /* -1: killed or timed out */
	const char *out, *errors;
};

/*
 * Something that must hold when all is done, on each of some hosts. Tried again until it holds or `wait_ms` have passed. What
 * does not hold on a host is that host's, unless `for_all`.
 */
struct check {
	const char *id;    /* "core:registered" */
	const char *title; /* "every node registered as configured" */
	const char *module;
	enum check_where where;
	const bool *hosts;       /* by host index: where the command runs, or whose node is judged */
	bool for_all;            /* where it fails, the cluster is at fault and not the host that was asked */
	const char *const *argv; /* CHECK_RUN: NULL-terminated */
	const char *input;       /* NULL: none */
	unsigned timeout_ms;     /* of one try */
	unsigned wait_ms;        /* of all tries; 0: one try */
	const void *about;       /* the judge's own */
	/* CHECK_RUN, where each host has a command of its own: by host index. NULL: `argv`. */
	const char *const *const *argv_of;
	/* CHECK_RUN. `*ret_why`, for a person, where it does not hold; of a job that holds, what it measured, or untouched. */
	enum check_verdict (*judge)(const struct check *check, const struct check_answer *answer, struct arena *arena,
				    const char **ret_why);
	/* CHECK_LIVE: why it does not hold, NULL where it does. `node` NULL: slurmctld does not know it. */
	const char *(*judge_node)(const struct check *check, size_t host, const struct slurm_node_state *node,
				  struct arena *arena);
	const char *fix;    /* NULL: nothing in particular */
	struct span origin; /* line of cluster.yaml that wants it */
};

struct checks {
	struct check *items;
	size_t len, cap;
	struct arena *arena; /* borrowed */
};

/* A line KEY=VALUE of slurm.conf, of no node and no partition. */
struct module_param {
	const char *key, *value;
	const char *owner; /* name of the module */
	bool fallback;     /* it holds where no other module owns the key */
};

struct module_params {
	struct module_param *items;
	size_t len, cap;
	const char *owner;   /* of what is added now */
	struct arena *arena; /* borrowed */
};

void params_add(struct module_params *params, const char *key, const char *value);
/* The same, unless cluster.yaml says it under `slurm:`. */
void params_default(struct module_params *params, const struct inventory *inv, const char *key, const char *value);

/* The same, unless another module has the parameter for its own. */
void params_fallback(struct module_params *params, const struct inventory *inv, const char *key, const char *value);

/* What the run knows when it is time to verify. */
struct verify_context {
	const struct cluster *cluster;
	size_t controller;   /* index of the host whose slurmctld answers */
	const bool *present; /* by host index: it is still in the run */
	const bool *idle;    /* by host index: its node runs no job and can take one; NULL: that is not known yet */
	const bool *busy;    /* by host index: it runs jobs, so that none of ours is to be had; NULL with `idle` */
	const struct resource *const
	    *missing; /* what is `alone` and not there, NULL-terminated: what needs it need not hold; NULL: nothing */
	const bool *let_in;   /* by host index: it is let in by this run, drained or down as it is; NULL: none is */
	const char *job_name; /* of the jobs that prove something: this run's own */
	bool asked;           /* the operator asked for a verification: what takes longer is proven, too */
	bool hurry;           /* a reservation is to come: a job without a time limit would not start on its nodes */
};

/* Nodes of a partition and of one part of the network (cluster_host.part): a job can run on all of them at once. */
struct job_set {
	const struct inv_partition *partition;
	const char *label;        /* "long", or "long in b1" */
	const char *const *names; /* NULL-terminated */
	const char *hostlist;
	size_t count;            /* at least 1 */
	const char *user;        /* whose job it is to be; NULL: root's */
	long gid;                /* the user's, where there is one */
	const char *reservation; /* that holds the nodes for this job; NULL: none */
};

/* Is something missing that this line of cluster.yaml caused? */
bool verify_is_missing(const struct verify_context *context, struct span origin);

/*
 * The sets of idle nodes that have the module, in `arena`: each node is in one of the first partition that has it, and each
 * further partition has a set of one node of each kind of hardware, so that its own limits meet all kinds. None is larger than
 * its partition's MaxNodes. 0 where no node is idle.
 */
size_t verify_job_sets(const struct verify_context *context, const char *module, struct arena *arena,
		       struct job_set **ret);

/* A set for some of another's nodes: `names` is NULL-terminated and in `arena`. */
struct job_set verify_job_subset(const struct job_set *set, const char *const *names, struct arena *arena);

/* `command`, NULL-terminated, as a job of the set's user: a task on each node, that does not wait for what is not idle. */
const char *const *verify_job_argv(const struct verify_context *context, const struct job_set *set,
				   const char *const *command, struct arena *arena);

/* The same as an allocation, in which `command` runs on the controller. */
const char *const *verify_allocation_argv(const struct verify_context *context, const struct job_set *set,
					  const char *const *command, struct arena *arena);

/* The last line of such a job that is neither srun's own nor a rule of dashes, which mostly names the cause; NULL: none. */
const char *verify_job_said(const char *errors, struct arena *arena);

/* How such a job ended; `*ret_why` where it did not end well. */
enum check_verdict verify_job_end(const struct check_answer *answer, struct arena *arena, const char **ret_why);

struct module {
	const char *name;
	const char *summary; /* what it brings, for people: "Slurm and MUNGE" */
	const char *const
	    *packages; /* what `exclude --purge` removes from a compute host, NULL-terminated; NULL: nothing */
	const struct inv_section *section; /* of cluster.yaml; NULL: it has none of its own */
	/* Appends the secrets that hosts share for it: those that they hold, whether it is enabled or not. NULL: none. */
	void (*secrets)(const struct inventory *inv, struct secret_rows *rows);
	/*
	 * Appends what it asks of a host beside what every host is asked (wire/wire.h, collect), under names that only it
	 * knows. One item that starts a program costs more than all that read: a run asks every host. NULL: nothing.
	 */
	void (*ask)(const struct inventory *inv, const struct inv_host *host, json_t *items);
	/* The same of what is left to ask when these are answered, which costs that host a round trip: NULL, or nothing added, where
	 * it has what it needs. */
	void (*ask_more)(const struct inventory *inv, const struct inv_host *host, const json_t *answers,
			 json_t *items);
	/*
	 * Its facts of that host, in `arena`, of the answers to these items and no others; module_own() gives them back. What
	 * a host says is untrusted: with `err` set where it cannot be believed, which leaves the host out, NULL; without: there
	 * are none.
	 */
	void *(*take)(const json_t *items, struct arena *arena, struct err *err);
	/* Fills those facts of the language that it alone can measure, from its own. NULL: there are none. */
	void (*measure)(const void *own, struct facts *facts);
	/* Adds findings that speak against touching a host (cluster_blame) or anything, before anything is touched. NULL: none. */
	void (*settle)(struct cluster *cluster);
	/* Adds the parameters of slurm.conf that it owns: nobody else may add one of them. Of those that an operator can write,
	 * what he wrote holds (params_default). NULL: none. */
	void (*params)(const struct cluster *cluster, struct module_params *params);
	const struct diagnoses *diagnoses; /* rows of doctor's table, of clusters that have it enabled; NULL: none */
	/* Adds the resources of one host; NULL: it has none. */
	void (*compile)(const struct cluster *cluster, size_t host, struct catalog *catalog);
	/* Adds the checks that need no job; NULL: none beyond its resources being in place. */
	void (*verify)(const struct verify_context *context, struct checks *checks);
	/* Adds a check that is a job on the set's nodes, run from the controller; NULL: no job proves it. It may add none. */
	void (*prove)(const struct verify_context *context, const struct job_set *set, struct checks *checks);
	/* Adds its part of the page for the cluster's own people (`reeve guide`): Markdown that begins with an empty line, of
	 * cluster.yaml alone. NULL: they see nothing of it. */
	void (*guide)(const struct inventory *inv, struct strbuf *out);
};

extern const struct role_names *const module_roles;       /* ROLES of them */
extern const struct module *const modules[];              /* NULL-terminated, core first */
extern const struct module *const module_slurm;           /* that which deploys Slurm itself; every host has it */
extern const struct inv_section *const module_sections[]; /* theirs, NULL-terminated, for inventory_load */

enum { MODULES_MAX = 16 }; /* a bound for tables by module */

const struct module *module_named(const char *name);                           /* NULL: none */
bool module_enabled(const struct inventory *inv, const struct module *module); /* some host may have it */
size_t module_index(const char *name); /* its place in the table; MODULES_MAX: none */

/* What the enabled modules ask of a host, each item's name behind "MODULE.". The caller owns the reference. */
json_t *modules_ask(const struct inventory *inv, const struct inv_host *host);

/* What they ask when these items are answered; NULL: nothing. The caller owns the reference. */
json_t *modules_ask_more(const struct inventory *inv, const struct inv_host *host, const json_t *items);

/* What each makes of its answers, for facts.own. -1: what one of them got cannot be believed. */
int modules_take(const json_t *items, struct arena *arena, void *const **ret, struct err *err);

/* Of these the items by which facts of the language are measured, and what comes of the answers, when they are taken. */
json_t *modules_ask_facts(const struct inventory *inv, const struct inv_host *host);
void modules_measure(struct facts *facts);

/* What the module's take made of this host's answers; NULL: nothing, or it was not asked. */
void *module_own(const struct facts *facts, const struct module *module);

/* What the enabled modules have against it: for cluster_resolve(). */
void modules_settle(struct cluster *cluster);

/* The diagnoses of the enabled modules, NULL-terminated, in `arena`: for doctor's functions. */
const struct diagnoses *const *modules_diagnoses(const struct inventory *inv, struct arena *arena);

/* Those of the enabled modules, in their order and each one's own. In the cluster's arena. `table` as `modules`. */
struct module_params modules_params(const struct module *const *table, const struct cluster *cluster);

/* Two that want the same are a finding that stops. */
void modules_check_params(const struct module *const *table, struct cluster *cluster);

/* The secrets of all modules, NULL-terminated, for cluster_options; in `arena`. */
const struct secret_row *const *modules_secrets(const struct inventory *inv, struct arena *arena);

/* The catalog of one host: everything that the enabled modules want there. Lives in `arena`. */
struct catalog *modules_compile(const struct cluster *cluster, size_t host, struct arena *arena);

/* What users are told of the enabled modules, in their order. */
void modules_guide(const struct inventory *inv, struct strbuf *out);

/* `hosts` is borrowed. */
struct check *checks_add(struct checks *checks, const char *module, const char *id, const char *title,
			 enum check_where where, const bool *hosts);

/* A command on the controller, which speaks for the cluster. */
struct check *checks_add_for_all(struct checks *checks, const struct verify_context *context, const char *module,
				 const char *id, const char *title);

#endif
