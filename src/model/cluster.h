/*
 * cluster: inventory, facts and record resolved into what the cluster is to be. Pure.
 *
 * What a host said is used for that host alone. A host that was not reached keeps what the record knows of it; one that
 * was never seen is pending: it is left out of slurm.conf until it answers. All that speaks against touching anything
 * is in `findings`.
 */
#ifndef REEVE_MODEL_CLUSTER_H
#define REEVE_MODEL_CLUSTER_H

#include <stdbool.h>

#include "facts/facts.h"
#include "inventory/inventory.h"
#include "model/finding.h"
#include "model/record.h"

/* The first line of every slurm.conf that reeve writes: what lacks it is somebody else's. */
#define CLUSTER_CONF_MARK "# Written by reeve"

/* Clocks further apart than this stop a run: MUNGE tolerates 300 s in all (munge(7), TTL), and a wrong clock drifts. */
enum { CLUSTER_CLOCK_BOUND_MS = 60000 };

struct cluster_host {
	const struct inv_host *inv;
	const struct facts *facts;      /* NULL: not reached in this run, or not believed */
	const char *unreached;          /* why; NULL where reached */
	const struct record_host *last; /* what the record knows; NULL: never served */
	bool listed;                    /* has a NodeName line: compute, and known now or from the record */
	struct facts_hardware hardware; /* for its line, where listed */
	uint64_t memory;                /* RealMemory, MiB, where listed */
	const char
	    *slurm_package; /* version of the Slurm packages to be there: what is installed, else apt's candidate */
	const char *munge_package;
};

/* Texts that are the same for every host, NULL until a module has made them; in the cluster's arena. */
struct cluster_texts {
	const char *slurm_conf, *cgroup_conf;
};

enum cluster_key {
	KEY_KNOWN,   /* the fingerprint is known, and `holder` has the key */
	KEY_NEW,     /* nothing runs and nothing is recorded: one is made */
	KEY_UNKNOWN, /* cannot be decided: there is a finding that stops the run */
};

struct cluster {
	const struct inventory *inv;
	struct cluster_host *hosts;  /* as inv->hosts */
	const struct record *record; /* NULL: none was found */
	bool quorum;                 /* a majority of the controllers was reached */
	bool fresh;                  /* no record and no Slurm daemon running: a first installation */
	unsigned release;            /* of Slurm on the controllers: 2205; 0 where no controller was reached */
	enum cluster_key key;
	const char *key_fingerprint;                    /* NULL with KEY_NEW until it is made (cluster_set_key) */
	size_t key_holder;                              /* index of a host that has it, with KEY_KNOWN */
	char salt[65];                                  /* for fingerprints of this cluster's key; not secret */
	bool cgroup_cores, cgroup_memory, cgroup_track; /* what every listed node can do */
	const char *state_source;                       /* what the state directory is on */
	uint64_t epoch;                                 /* of the run to come */
	struct cluster_texts *texts;                    /* what the modules made of it once for all hosts */
	struct findings findings;
	struct arena *arena; /* borrowed */
};

struct cluster_options {
	bool replace;         /* a foreign slurm.conf may be replaced */
	bool new_key;         /* make a new MUNGE key although one cannot be found; refused where daemons run */
	const char *key_from; /* name of the host whose key is right; NULL: not said */
};

/* The salt of a cluster's fingerprints: needed before the facts. */
void cluster_salt(const char *cluster_name, char out[65]);

/*
 * `facts[i]` and `unreached[i]` belong to inv->hosts[i]; one of them is NULL. Never fails: what is wrong is a finding.
 * Everything lives in `arena`; facts and inventory must live as long.
 */
struct cluster *cluster_resolve(const struct inventory *inv, const struct facts *const *facts,
				const char *const *unreached, const struct cluster_options *options,
				struct arena *arena);

/* The record as it is to be after this run; key and hosts filled in, no generation added. */
struct record *cluster_record(const struct cluster *c, struct arena *arena);

const struct cluster_host *
cluster_primary(const struct cluster *c); /* the first controller that was reached, or NULL */

/* Part of cluster_resolve, in files of their own: each adds its findings. */
void cluster_check_hosts(struct cluster *c, const struct cluster_options *options);
void cluster_check_state(struct cluster *c);
void cluster_check_versions(struct cluster *c);
void cluster_decide_key(struct cluster *c, const struct cluster_options *options);

#endif
