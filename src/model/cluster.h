/*
 * cluster: inventory, facts and record resolved into what the cluster is to be. Pure.
 *
 * What a host said is used for that host alone. A host that was not reached keeps what the record knows of it; one that
 * was never seen is pending: it is left out of slurm.conf until it answers. A compute host with which something is wrong is as
 * one that was not reached (blame.c). All that speaks against touching anything
 * is in `findings`.
 */
#ifndef REEVE_MODEL_CLUSTER_H
#define REEVE_MODEL_CLUSTER_H

#include <stdbool.h>

#include "base/hash.h"
#include "facts/facts.h"
#include "inventory/inventory.h"
#include "model/finding.h"
#include "model/installed.h"
#include "model/record.h"

/* The first line of every slurm.conf that reeve writes: what lacks it is somebody else's. */
#define CLUSTER_CONF_MARK "# Written by reeve"

/* Clocks further apart than this stop a run: MUNGE tolerates 300 s in all (munge(7), TTL), and a wrong clock drifts. */
enum { CLUSTER_CLOCK_BOUND_MS = 60000 };

/* What a host is now, against the baseline: what an operator last applied or accepted. */
enum cluster_change {
	CHANGE_NONE,   /* the same, or as good as */
	CHANGE_SHRANK, /* less of something: it is drained until it is mended or accepted */
	CHANGE_OTHER,  /* more, or otherwise: offered, and not used until it is accepted */
};

/* A path that will be a mount when a run has come to its stage of mounts. */
struct cluster_mount {
	const char *where, *source; /* "/mnt/nfs", "10.4.0.10:/srv/nfs" */
	bool serves;   /* the host has the directory itself: there is no mount, and what lies there is the same */
	bool squashed; /* root of this host is nobody there, and can make nothing */
	bool silent;   /* it is mounted, its server does not answer, and there is a finding that says so */
};

/* An account that will be there when a run has come to its end. */
struct cluster_account {
	const char *name, *group; /* its first */
	unsigned uid, gid;
};

struct cluster_host {
	const struct inv_host *inv;
	const struct facts *facts;               /* NULL: not reached in this run, or blamed */
	const char *unreached;                   /* why; NULL where reached */
	const char *blamed;                      /* what is wrong with it: this run leaves it out; NULL: nothing */
	const struct record_host *last;          /* what the record knows; NULL: never served */
	const struct inv_class *class;           /* of what it is now, or was; NULL: none fits, or it was never seen */
	const struct record_exclusion *excluded; /* NULL: it is not */
	bool dismissed;  /* this command takes it out of service: nothing that it says can stop that */
	bool epoch_over; /* its epoch is ahead of the run to come, or none: the run says so when it takes the lock */
	bool serves;     /* a compute host that is not excluded, or not yet without jobs: its daemons are to run */
	bool listed;     /* has a NodeName line: compute, and known now or from the record */
	struct facts_hardware hardware; /* the baseline, for its line, where listed */
	uint64_t memory, memory_from;   /* RealMemory and the measurement it comes from, MiB, where listed */
	uint64_t scratch;               /* the baseline: TmpDisk, MiB, where listed; 0: none */
	struct facts_gpus gpus;         /* the baseline: Gres= of its line, where listed (model/gpus.h) */
	bool nvml;                      /* AutoDetect=nvml on its lines of gres.conf */
	struct facts_gpus gpus_there;   /* those of them whose files slurmd will find: gres.conf */
	enum cluster_change change;
	const char *change_text;       /* "memory 3707 MB, was 7666 MB"; NULL where nothing changed */
	const char *unexpected;        /* what its class expects and does not hold; NULL: nothing */
	unsigned cgroups;              /* the baseline, as bits (facts.h); CGROUP_USE_ALL where nothing is known */
	struct record_network network; /* the baseline, or what is known now */
	const char *leaf;              /* the switch that it is below, where listed in a tree; else NULL */
	const char *part; /* its block, or the switch at the top of its tree: no job that names nodes of two is sure to
			   * start; NULL: the network has no parts, or it is not listed */
	struct {
		struct cluster_mount *items;
		size_t len, cap;
	} mounts; /* that modules promise */
	struct {
		struct installed *items;
		size_t len, cap;
	} installed;                            /* likewise */
	const struct cluster_account *accounts; /* likewise, of people */
	size_t account_count;
	bool subids; /* a module gives accounts their subordinate ids (subuid(5)) */
	const char
	    *slurm_package; /* version of the Slurm packages to be there: what is installed, else apt's candidate */
};

/* A partition's hosts that have a NodeName line, in the order of inventory.hosts: those that serve, and all of them, for
 * what is not to change when a node is excluded for a time. */
struct cluster_partition {
	const struct inv_partition *inv;
	const size_t *nodes; /* indexes */
	size_t node_count;
	const size_t *members; /* indexes */
	size_t member_count;
};

/* Texts that are the same for every host, NULL until a module has made them; in the cluster's arena. */
struct cluster_texts {
	const char *slurm_conf, *cgroup_conf, *gres_conf, *topology_conf;
	bool no_gres_conf; /* it was found out that there is none to be made */
	struct digests digests;
};

enum cluster_secret_state {
	SECRET_KNOWN,   /* the fingerprint is known, and `holders` have it */
	SECRET_NEW,     /* nothing runs and nothing is recorded: one is made */
	SECRET_GIVEN,   /* it is in a file of the operator's, and the fingerprint known when that was read */
	SECRET_UNKNOWN, /* cannot be decided: there is a finding that stops the run */
};

struct cluster_secret {
	const struct secret_row *row;
	enum cluster_secret_state state;
	const char *fingerprint; /* NULL with SECRET_NEW until it is made (run/secret.h) */
	const size_t
	    *holders; /* hosts that say they have it, maybe beside its path; controllers first; with SECRET_KNOWN */
	size_t holder_count;
};

struct cluster {
	const struct inventory *inv;
	struct cluster_host *hosts;                /* as inv->hosts */
	struct cluster_partition *partitions;      /* as inv->partitions */
	const struct record_exclusion *exclusions; /* as they are to be recorded */
	size_t exclusion_count;
	bool record_differs;            /* from what is to be recorded: baselines, classes, modules, exclusions */
	const struct record *record;    /* NULL: none was found */
	struct digest record_digest;    /* of its text; "" where there is none */
	bool quorum;                    /* a majority of the controllers was reached */
	bool replace;                   /* files of Slurm's that reeve did not write may be replaced */
	bool fresh;                     /* a quorum has no record, and no Slurm daemon runs: a first installation */
	unsigned release;               /* of Slurm on the controllers: 2205; 0 where no controller was reached */
	struct cluster_secret *secrets; /* by place in cluster_options.secrets */
	size_t secret_count;
	char salt[65]; /* for fingerprints of this cluster's secrets; not secret itself */
	bool cgroup_cores, cgroup_memory, cgroup_track, cgroup_devices; /* what every listed node can do */
	const char *state_source;                                       /* what the state directory is on */
	uint64_t epoch;                                                 /* of the run to come */
	struct cluster_texts *texts; /* what the modules made of it once for all hosts */
	struct findings findings;
	struct arena *arena; /* borrowed */
};

/* What an operator decided about hosts with this run. */
struct cluster_decisions {
	struct inv_choice accept;          /* what is measured now is their new baseline */
	struct inv_choice include;         /* they serve again */
	struct inv_choice exclude;         /* they serve no longer: ... */
	struct record_exclusion exclusion; /* ... who, why, when, until; its name is not used */
	bool goes_on;      /* with an exclusion that an earlier run began: what is taken back stays so */
	const char *today; /* "2026-12-24", for exclusions that end; NULL: they are not looked at */
};

struct cluster_options {
	const struct secret_row *const
	    *secrets; /* NULL-terminated, at most SECRETS_MAX that hosts hold and these first; NULL: none */
	struct cluster_decisions decisions;
	bool replace; /* a foreign slurm.conf may be replaced */
	bool new_key; /* make a new secret of ROLE_AUTH although one cannot be found; refused where daemons run */
	const char *key_from; /* name of the host whose secret of ROLE_AUTH is right; NULL: not said */
};

/* The salt of a cluster's fingerprints: needed before the facts. */
void cluster_salt(const char *cluster_name, char out[65]);

/*
 * `facts[i]` and `unreached[i]` belong to inv->hosts[i]; one of them is NULL. Never fails: what is wrong is a finding.
 * `settle` adds the findings of those whom the model does not know, the modules (modules_settle); NULL: there are none.
 * Everything lives in `arena`; facts and inventory must live as long.
 */
struct cluster *cluster_resolve(const struct inventory *inv, const struct facts *const *facts,
				const char *const *unreached, const struct cluster_options *options,
				void (*settle)(struct cluster *), struct arena *arena);

/* Of this name; NULL: there is none. And that of ROLE_AUTH. */
const struct cluster_secret *cluster_secret(const struct cluster *c, const char *name);
const struct cluster_secret *cluster_secret_of(const struct cluster *c, enum role role);

/* Says the host that it has this secret? Beside its path counts, too: `*ret_next`. */
bool cluster_holds_secret(const struct cluster *c, size_t host, const struct cluster_secret *secret, bool *ret_next);

/* The record as it is to be after this run; key and hosts filled in, no generation added. */
struct record *cluster_record(const struct cluster *c, struct arena *arena);

/*
 * Something is wrong with one host. Of a controller that stops the run; a compute host is left out of it: it is resolved as if it had
 * not been reached. Of a host that is out, or that this command takes out, nothing is said. Returns the finding, for fix and origin
 * (which is the host's line already).
 */
struct finding *cluster_blame(struct cluster *c, struct cluster_host *h, enum finding_code code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same of what only its slurmd would end of: a controller is not left out for that, and does not stop the run. */
struct finding *cluster_blame_slurmd(struct cluster *c, struct cluster_host *h, enum finding_code code, const char *fmt,
				     ...) __attribute__((format(printf, 4, 5)));

/* Memory that a CPU of it may count on, MiB: RealMemory less what its class keeps for daemons, by CPUs; at least 1. 0: it is not listed. */
uint64_t cluster_memory_each(const struct cluster_host *h);

/*
 * A module's promise, made when it settles: this will be mounted there before anything of Slurm's is told anything. What the
 * model wants of a directory below it is not asked of what lies there now. What is returned is the module's to complete
 * before it promises another.
 */
struct cluster_mount *cluster_promise_mount(struct cluster *c, struct cluster_host *h, const char *where,
					    const char *source);

/* Likewise: this will be installed there. */
void cluster_promise_installed(struct cluster *c, struct cluster_host *h, const struct installed *what);

/* Likewise: these accounts. Borrowed. */
void cluster_promise_accounts(struct cluster_host *h, const struct cluster_account *accounts, size_t count);

/* The promise that a path on the host falls under; NULL: none. */
const struct cluster_mount *cluster_mount_of(const struct cluster_host *h, const char *path);

/* The first host that fits, controllers before others, since they are there when anything is to be changed; SIZE_MAX: none does. */
size_t cluster_first(const struct cluster *c, bool (*fits)(const struct cluster *c, size_t host, const void *about),
		     const void *about);

/* The same, for who makes something at `path`: one whose root is root there before one that will say that it may not. */
size_t cluster_first_at(const struct cluster *c, const char *path,
			bool (*fits)(const struct cluster *c, size_t host, const void *about), const void *about);

/* May root of the host make what it wants at `path`, as far as promises say? */
bool cluster_is_root_at(const struct cluster_host *h, const char *path);

/* Does the host get the module? One that is excluded gets the base, which takes it out, and no more; one without a role what needs
 * it. */
bool cluster_has_module(const struct cluster *c, size_t host, const char *module);

/* Excluded, and no controller: nothing of Slurm runs there, and what is wrong with it hurts nobody. */
bool cluster_is_out(const struct cluster_host *h);

const struct cluster_host *
cluster_primary(const struct cluster *c); /* the first controller that was reached, or NULL */

bool cluster_has_gpus(const struct cluster *c);        /* any listed node */
bool cluster_has_task_cgroup(const struct cluster *c); /* else cgroup.conf constrains nothing */
bool cluster_has_gres(const struct cluster *c);        /* is there something for gres.conf to say? */

/* Does the class have this resource in a Gres= of its own? NULL: no. */
bool cluster_class_gives(const struct inv_class *class, const char *gres);

/* Is the host one of those that were chosen: named, or of a class that is meant? A host that was not reached is of the
 * class that it was of. */
bool cluster_chosen(const struct cluster *c, const struct inv_choice *choice, size_t host);

/* The same for a decision: of a class its compute hosts are meant. */
bool cluster_decided(const struct cluster *c, const struct inv_choice *choice, size_t host);

/* A choice by class that means nobody is a finding that stops; that a host which was never seen may be of such a class is
 * a warning. `decided`: as cluster_decided() has it. Adds to `findings`. */
void cluster_check_choice(const struct cluster *c, const struct inv_choice *choice, bool decided,
			  struct findings *findings);

/* Part of cluster_resolve, in files of their own: each adds its findings. */
void cluster_recall(struct cluster *c);                                             /* record, quorum */
void cluster_count_epoch(struct cluster *c);                                        /* epoch */
void cluster_exclude(struct cluster *c, const struct cluster_decisions *decisions); /* exclusions, serves */
void cluster_baseline(struct cluster *c, struct cluster_host *h, bool accept); /* hardware, memory, change, listed */
void cluster_classify(struct cluster *c, struct cluster_host *h);              /* class, unexpected */
void cluster_populate(struct cluster *c);                                      /* partitions */
void cluster_check_hosts(struct cluster *c);
void cluster_check_beside(struct cluster *c); /* what stands beside slurm.conf, and names */
void cluster_check_claims(struct cluster *c); /* what the file says of nodes, against their baselines */
void cluster_confine(struct cluster *c, const struct inv_choice *accept); /* what every node can do with cgroups */
void cluster_check_cgroups(struct cluster *c);
void cluster_check_memory(struct cluster *c); /* whoever joins and lowers the default of others */
void cluster_check_state(struct cluster *c);
void cluster_autodetect(struct cluster *c); /* nvml; before what is to be recorded */
void cluster_check_modules(struct cluster *c);
void cluster_record_modules(const struct cluster *c, struct record *r); /* those to be recorded */
bool cluster_modules_differ(const struct cluster *c);                   /* from the record's */
void cluster_check_gpus(struct cluster *c);
void cluster_check_versions(struct cluster *c);
void cluster_decide_secrets(struct cluster *c, const struct cluster_options *options);
bool cluster_secrets_differ(const struct cluster *c);                   /* from the record's */
void cluster_record_secrets(const struct cluster *c, struct record *r); /* those to be recorded */

#endif
