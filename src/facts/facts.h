/*
 * facts: what a host really is.
 *
 * facts_request() lists what the agent is to read and run, facts_request_more() what is left to ask after that;
 * facts_decode() judges what came back. The answer is
 * untrusted input: everything is bounded and typed here, names have the form of names, and what does not fit is refused
 * for that host as a whole (faults: a node that lies). A host can say nothing about another host.
 *
 * Memory and CPU topology are what slurmd will count: the line that `slurmd -C` prints where it is installed
 * (slurmd(8), -C), else the same numbers from /proc/meminfo and /sys/devices/system/cpu (MemTotal in MiB; packages,
 * cores and threads of the CPUs that are online).
 */
#ifndef REEVE_FACTS_FACTS_H
#define REEVE_FACTS_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/role.h"
#include "base/secret-row.h"
#include "facts/gpu.h"
#include "facts/network.h"

struct facts_scope {
	const struct role_names *roles; /* ROLES of them, borrowed by the facts */
	bool controller;                /* also the record, and the state directory */
	bool compute;                   /* ROLE_NODE belongs there */
	const char *state;              /* absolute path of the state directory; NULL: not asked for */
	const char *const *devices;     /* absolute paths, borrowed by the facts: are they there? */
	size_t device_count;
	const char *const *paths; /* absolute, borrowed by the facts: what is there? (facts/beside.h) */
	size_t path_count;
	const char *const *names; /* of hosts, borrowed by the facts: at most FACTS_NAMES of them are looked up */
	size_t name_count;
	const json_t *others;        /* items of modules, borrowed: asked beside; NULL: none */
	const struct inventory *inv; /* whose modules ask more when these are answered; NULL: none do */
	bool plugins;                /* which plugins Slurm has there */
	bool neighbours;             /* what its LLDP daemon sees, where it has one: starts a program there */
	const struct secret_row *const *secrets; /* NULL-terminated, at most SECRETS_MAX that hosts hold; NULL: none */
	const struct inv_host *host;             /* for their `has` */
	const char *salt;                        /* 64 hex digits, for their fingerprints */
};

enum { FACTS_NAMES = 128 };                 /* names that a host is asked to look up at most */
#define FACTS_MOST_SCRATCH (UINT32_MAX - 2) /* MiB: as much as TmpDisk takes (src/common/read_config.c) */
enum { FACTS_DEPTH = 32 };                  /* components of the state directory's path at most */

struct facts_hardware {
	unsigned boards, sockets, cores, threads; /* sockets in all, cores a socket, threads a core */
	unsigned cpus;
	uint64_t memory; /* MiB */
	bool by_slurmd;  /* false: from /proc and /sys */
};

struct facts_unit {
	bool loaded;        /* the unit's file is there */
	const char *active; /* systemd's ActiveState: "active", "inactive", "failed", ... */
	const char *file;   /* UnitFileState: "enabled", "disabled", "masked", ... or "" */
	uint64_t since_us;  /* start of the main process on the monotonic clock; 0: not since the host booted */
	bool stopped;       /* that process is stopped by a signal: it answers nobody */
};

struct facts_package {
	const char *installed; /* version, or NULL */
	const char *candidate; /* what apt would install, or NULL where not asked or not known */
};

struct facts_role {
	struct facts_unit unit;
	struct facts_package package;
	long uid, gid; /* of its user; -1: there is none */
};

struct facts_path {
	const char *path, *type; /* "file", "directory", "link", "other"; NULL: not there */
	int error;               /* errno of the stat, 0 where it was answered */
	unsigned mode;
	long uid, gid;
};

/* Fingerprints, 64 hex digits each; NULL: the file is not there, or was not asked for. */
struct facts_secret {
	const char *fingerprint; /* of the file at the row's path */
	const char *next;        /* of that beside it, SECRET_NEXT */
};

/* The permission bits of "0755", as the agent writes a mode; 0 for NULL. */
unsigned facts_mode(const char *text);

/* A name, and the address that a host has for it. */
struct facts_name {
	const char *name, *address;
};

/* As it was asked for: what is not known is no fault. */
struct facts_beside {
	const struct facts_path *paths; /* as facts_scope.paths */
	size_t path_count;
	const char *const
	    *plugins; /* names of files, NULL-terminated; NULL: Slurm is not installed, or it was not asked */
	const char *const *unresolved; /* of facts_scope.names, those that the host does not know */
	size_t unresolved_count;
	const struct facts_name *names; /* of facts_scope.names, those that it knows */
	size_t name_count;
	bool resolved;    /* they were looked up */
	const char *late; /* why they were not, in time; NULL: they were */
};

/* What Slurm's plugins can do with a host's cgroups, as bits: for the record. */
enum facts_cgroup_use {
	CGROUP_USE_CORES = 1,
	CGROUP_USE_MEMORY = 2,
	CGROUP_USE_TRACK = 4,
	CGROUP_USE_DEVICES = 8,
	CGROUP_USE_ALL = 15,
};

/* A run of reeve: who began it, when, what, and the step that it was at, "" where it had begun none. */
struct facts_run {
	const char *holder, *since, *command, *step;
};

enum facts_cgroup { CGROUP_NONE, CGROUP_V1, CGROUP_HYBRID, CGROUP_V2 };

/* Debian's package makes its user slurm, and a group of that name, with this number and no other
 * (debian/slurm-wlm-basic-plugins.postinst). */
enum { FACTS_SLURM_UID = 64030 };

struct facts {
	const char *hostname, *arch, *kernel, *boot_id, *machine_id;
	const char *os, *os_version, *suite; /* "debian", "12", "bookworm" */
	struct facts_hardware hardware;
	uint64_t scratch;       /* of a compute host, MiB: all of the file system for scratch; 0: not known */
	struct facts_gpus gpus; /* of a compute host */
	unsigned gpu_plugins;   /* likewise: of slurmd, bits (gpu.h) */
	struct facts_network network;
	int64_t clock_offset_ms; /* host's clock minus ours, at the middle of the round trip */
	int64_t clock_error_ms;  /* half the round trip: the offset is known no better */
	struct facts_role roles[ROLES];
	const char *uid_taken; /* who has FACTS_SLURM_UID where Slurm is to come; NULL: nobody */
	enum facts_cgroup cgroup;
	bool cgroup_cpuset, cgroup_memory, cgroup_freezer,
	    cgroup_devices; /* there and writable (freezer and devices: also with v2, which always can) */
	int64_t epoch;      /* of the last run that had its lock; 0: none; EPOCH_BAD (base/epoch.h) */
	struct facts_secret secrets[SECRETS_MAX]; /* by place in facts_scope.secrets */
	struct facts_beside beside;
	void *const
	    *own; /* what modules made of their items, by their place in the table (modules/module.h); NULL: nothing */
	const char *const *missing; /* of the devices that were asked for, those that are not there */
	size_t missing_count;
	const char *slurm_whole; /* slurm.conf with what it includes (run/includes.h); NULL: it includes nothing */
	const char *slurm_conf, *cgroup_conf, *gres_conf; /* what lies in /etc/slurm, or NULL */
	const char *in_force_slurm, *in_force_cgroup,
	    *in_force_gres; /* what the daemons were last told to read, or NULL */
	const char *topology_conf, *in_force_topology;
	/* controllers only */
	const char *record;                   /* /var/lib/reeve/record.json, or NULL */
	const struct facts_run *at_work;      /* has its lock now; NULL: nobody */
	const struct facts_run *cut_off;      /* did not come to its end, and nobody is at work; NULL: none */
	struct facts_path state[FACTS_DEPTH]; /* from the first component down to the state directory itself */
	size_t state_len;
	const char *state_mount, *state_source, *state_fstype; /* the mount that the state directory would be on */
	const char *state_cluster;                             /* the file clustername in it, or NULL */
};

/* What to ask the agent: the "items" of its verb collect. The caller owns the reference. */
json_t *facts_request(const struct facts_scope *scope);

/* What is still to be asked of a host that gave this answer to the first request: where Slurm is not installed. Its
 * items are to be added to the answer's. NULL: nothing. The caller owns the reference. */
json_t *facts_request_more(const json_t *answer, const struct facts_scope *scope);

/*
 * The agent's answer, with what more was asked. `sent_ms` and `got_ms` are wall-clock times on our side around the
 * first round trip. Everything in the
 * result lives in `arena`. ERR_PROTOCOL with what was wrong where the host's answer cannot be believed.
 */
struct facts *facts_decode(const json_t *answer, const struct facts_scope *scope, const char *arch, int64_t sent_ms,
			   int64_t got_ms, struct arena *arena, struct err *err);

/* Part of facts_decode: at_work and cut_off, of the item "begun". */
void facts_begun_decode(const json_t *answer, struct arena *arena, struct facts *f);

unsigned facts_cgroup_use(const struct facts *f);

/* Its daemon runs, or is on its way from or to that: what it holds is in use. */
bool facts_unit_runs(const struct facts_unit *unit);

/* The same processors and memory; whoever counted them. */
bool facts_same_hardware(const struct facts_hardware *a, const struct facts_hardware *b);

/* One line of `slurmd -C`, and the other source; for tests and for what holds the two against each other. */
int facts_parse_slurmd(const char *text, struct facts_hardware *ret, struct err *err);
int facts_parse_sysfs(const char *meminfo, const char *topology, struct facts_hardware *ret, struct err *err);

/* What lies in /etc/slurm as slurm.conf, with what it includes; NULL: nothing. */
static inline const char *facts_slurm(const struct facts *f)
{
	return f->slurm_whole ? f->slurm_whole : f->slurm_conf;
}

#endif
