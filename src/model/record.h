/*
 * record: what the cluster knows about itself, kept on its controllers in /var/lib/reeve/record.json (root only).
 *
 * Each controller has a copy with the epoch of the run that wrote it. Which one is right, a majority of them says
 * (model/copies.h). A controller without a copy (reimaged, new), or with another one, gets it with the next run. A
 * host that is no controller any more loses its copy. The record holds no secret: of those of the cluster only keyed
 * hashes.
 */
#ifndef REEVE_MODEL_RECORD_H
#define REEVE_MODEL_RECORD_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "facts/facts.h"

#define RECORD_PATH "/var/lib/reeve/record.json"

enum {
	/* Of what is written; read, too, are 1, which knew no exclusions, 2, which knew no texts of generations, and 3, which
	 * knew one secret, that of ROLE_AUTH. */
	RECORD_FORMAT = 4,
	RECORD_GENERATIONS = 200, /* kept */
	RECORD_TEXTS = 16,        /* of one generation, at most */
	RECORD_BYTES = 16 << 20,  /* that are read of it */
};

/* What was last seen of a node's network. */
struct record_network {
	unsigned speed; /* Mbit/s of its link; 0: never known */
	bool infiniband;
	const char *leaf; /* the switch that its LLDP daemon saw; NULL: none */
};

struct record_host {
	const char *name, *arch;
	const char *class;              /* NULL: none */
	struct facts_hardware hardware; /* the baseline: as measured when an operator applied or accepted it */
	uint64_t memory;                /* MiB: RealMemory as configured */
	unsigned cgroups;               /* enum facts_cgroup_use, as last seen */
	uint64_t memory_from;           /* MiB: the measurement that it was reckoned from */
	uint64_t scratch;               /* MiB: TmpDisk as configured; 0: none */
	struct facts_gpus gpus;         /* as configured */
	struct record_network network;
	bool nvml;       /* with AutoDetect=nvml */
	bool gpus_known; /* false: written before GPUs were looked for */
};

/* A host that does not serve because somebody said so. */
struct record_exclusion {
	const char *name, *who, *reason;
	const char *when;  /* "2026-11-22T22:04:08Z" */
	const char *until; /* "2026-12-24"; NULL: no end was named */
	bool leaving;      /* drained, and its jobs were not over yet: its daemons run on */
	bool removed;      /* for good: it has no NodeName line any more */
};

/* Where a module beyond core was to be. */
struct record_module {
	const char *name;
	const char *const *hosts;
	size_t host_count;
};

struct record_secret {
	const char *name;        /* NULL: in a record up to format 3, whose one secret is that of ROLE_AUTH */
	const char *fingerprint; /* 64 hex digits */
};

/* A text that is kept on the controllers (model/generation.h). */
struct record_text {
	const char *name;   /* "slurm.conf": a name without a directory */
	const char *digest; /* 64 hex digits */
};

struct record_generation {
	uint64_t number;
	const char *when, *who, *digest, *summary; /* digest of slurm.conf */
	const char *command;                       /* as the operator typed it; NULL: written by an older reeve */
	const struct record_text *texts;
	size_t text_count; /* 0: none are kept, or not any more */
};

struct record {
	uint64_t epoch; /* of the run that wrote it; each run has a higher one */
	const char *cluster;
	const char
	    *parent; /* digest of the copy that it was made from, 64 hex digits; NULL: the first, or an older reeve's */
	struct record_secret secrets[SECRETS_MAX];
	size_t secret_count;
	const char
	    *begun; /* digest of the slurm.conf whose activation was begun, its jobs judged; NULL: none, or it ended */
	const char *state_source; /* what the state directory was on (facts.h); NULL: not known */
	struct record_host *hosts;
	size_t host_count;
	struct record_exclusion *exclusions;
	size_t exclusion_count;
	const struct record_module *modules;
	size_t module_count;
	struct record_generation *generations; /* oldest first */
	size_t generation_count;
};

/* Everything is bounded and typed, as it comes from a host. In `arena`. */
struct record *record_decode(const char *text, struct arena *arena, struct err *err);
/* The same bytes for the same record. The caller frees it. */
char *record_encode(const struct record *r);
/* Its fingerprint. NULL: none; also where there is no record. */
const char *record_secret(const struct record *r, const struct secret_row *row);
/* NULL: none; also where there is no record. */
const struct record_host *record_host(const struct record *r, const char *name);
const struct record_exclusion *record_exclusion(const struct record *r, const char *name);

#endif
