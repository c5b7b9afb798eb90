/*
 * inventory: what the operator asked for: cluster.yaml, read, checked and resolved.
 *
 * All findings of a file are collected in one run, each with its place (codes: conf/codes.h, inventory/codes.h). There
 * is an inventory only when there was no error among them, so whoever holds one may rely on what is promised here:
 * names and addresses are safe as arguments and in lines of configuration, indexes are in range, lists have no doubles,
 * there is at least one controller and one compute host, Slurm's parameters exist in the pinned version and no value
 * carries a line break, a quote or a '#'.
 *
 * Everything lives in the arena it was made in and is only read afterwards. Pure but for inventory_load, which reads
 * one file, and those files that a module's section names (inventory_file).
 */
#ifndef REEVE_INVENTORY_INVENTORY_H
#define REEVE_INVENTORY_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/mem.h"

struct conf_value;
struct expr;

enum {
	INV_MAX_HOSTS = 65533, /* the largest MaxNodeCount (slurm.conf(5)) */
	INV_MAX_NAME = 63,     /* bytes of a host's name: one DNS label */
	INV_MAX_CLUSTER = 40,  /* bytes of ClusterName (slurm.conf(5)) */
	INV_MAX_CONTROLLERS = 8,
	INV_MAX_SWITCH = 63, /* bytes of a switch's name: Slurm takes HOST_NAME_MAX */
	INV_MAX_SWITCHES = 4096,
	INV_MAX_MBIT = 10000000, /* of a link: what a host may claim (facts/network.h) */
	INV_MAX_DEPTH = 20,      /* levels of switches: more are fatal to slurmctld (src/plugins/topology/tree) */
};

/* A text and where it was written. `at.line` 0: it was not written, it is the default. */
struct inv_text {
	const char *text;
	struct span at;
};

/* A parameter of Slurm's own, on a line of slurm.conf of its own or on a partition's. */
struct inv_param {
	const char *key;   /* in Slurm's spelling: "MaxTime" */
	const char *value; /* as written */
	struct span at, value_at;
};

struct inv_host {
	const char *name;             /* the NodeName */
	const char *address;          /* for ssh: an IP address or a DNS name; "localhost" where `local` */
	const char *user;             /* NULL: ssh's own default */
	const char *hostname;         /* what the machine calls itself; never NULL, = name unless given */
	unsigned port;                /* 0: ssh's own default */
	bool local;                   /* `address: local`: this machine, reached without ssh */
	const char *slurm_address;    /* where the other hosts find its daemons; never NULL, = address unless given */
	bool controller, compute;     /* neither: Slurm has nothing to do there */
	const char *const *needed_by; /* modules that have, NULL-terminated; NULL: none. Of a host without a role */
	const char *suite;            /* lab: Debian's code name, e.g. "bookworm"; never NULL */
	const char *arch;             /* lab: "amd64" or "arm64"; NULL: that of the machine the lab is on */
	const char *backend;          /* lab: "nspawn" or "uml"; never NULL */
	unsigned long memory;         /* lab: MiB that the node is given; 0: not said */
	unsigned gpus;                /* lab: GPUs that the node is shown */
	struct span at;               /* its name in `hosts`; for one of a range the range's */
	size_t index;                 /* its place in inventory.hosts */
};

/* What is kept from jobs on each node. Neither given: both 0. At most one of them is not 0. */
struct inv_reserve {
	unsigned long mib;
	unsigned percent; /* of what the node has, at most 90 */
	struct span at;   /* line 0: not given */
};

/* The countable GRES `bandwidth`, Mbit/s of the node's link. */
struct inv_bandwidth {
	bool wanted;
	unsigned count;   /* as many in any case; 0: what the link has, less ... */
	unsigned reserve; /* ... these, Mbit/s, ... */
	unsigned percent; /* ... or these of a hundred, at most 90; not both */
	struct span at;   /* line 0: not said */
};

/* What Slurm finds out of GPUs itself. */
struct inv_gpus {
	bool nvml;      /* AutoDetect=nvml in gres.conf, where slurmd has the plugin */
	struct span at; /* line 0: not said */
};

/* A kind of hosts: what they are (`when`), and what follows from it. */
struct inv_class {
	const char *name;
	struct span at;
	const struct expr *when; /* over inv_fact_names; NULL: fits every host */
	struct span when_at;
	const char *const *features; /* words, each once */
	size_t feature_count;
	struct inv_reserve reserve;     /* at.line 0: `memory` says it */
	struct inv_bandwidth bandwidth; /* at.line 0: `network` says it */
	struct inv_gpus gpus;           /* at.line 0: the file's `gpus` says it */
	struct inv_text exclude;        /* why its hosts are not to serve; text NULL: they are */
	const struct expr *expect;      /* what must hold for its hosts; NULL: nothing was written */
	struct span expect_at;
	const char *const *modules;     /* what its hosts get, NULL-terminated: the base first */
	void *const *section_values;    /* as those of the inventory, with what the class says instead */
	const struct inv_param *params; /* Slurm's own of a node: "Weight", "CoreSpecCount" */
	size_t param_count;
	const char *const
	    *gres_conf; /* lines of gres.conf(5) for its hosts, without NodeName: "Name=fpga File=/dev/fpga0";
				       * what they name is in its Gres= */
	size_t gres_conf_count;
	const char *const *devices; /* absolute paths of the device files that these lines name */
	size_t device_count;
};

struct inv_partition {
	const char *name;
	struct span at;
	/* Who is in it: hosts that were named, and those that will be of these classes; what other partitions were
	 * named is written out here. Each once, in the order of inventory.hosts and inventory.classes; hosts are compute
	 * hosts. At least one of both. */
	const size_t *nodes;
	size_t node_count;
	const size_t *classes;
	size_t class_count;
	struct span nodes_at;
	bool is_default;
	const struct inv_param *params; /* what else was written: "MaxTime", ... never Nodes, PartitionName, Default */
	size_t param_count;
};

struct inv_lab {
	const char *suite;    /* for hosts that say nothing; "bookworm" */
	const char *backend;  /* likewise; "nspawn" */
	unsigned long memory; /* likewise; 0 */
	const struct inv_text
	    *binds; /* absolute paths: one shared directory of the lab is mounted at each, in every node */
	size_t bind_count;
	const char *const
	    *shared;    /* likewise, those of modules, where all nodes are containers; NULL-terminated, NULL: none */
	struct span at; /* line 0: there is no `lab` section */
};

/* Anything with hosts or other switches below it: a switch of a tree, or a block. */
struct inv_switch {
	const char *name; /* at most INV_MAX_SWITCH bytes of [A-Za-z0-9_-] */
	struct span at;
	const size_t *nodes; /* a leaf's: indexes into inventory.hosts, in their order there; all are compute hosts */
	size_t node_count;
	const size_t *switches; /* another's: indexes into inv_network.switches */
	size_t switch_count;    /* 0 in a leaf and in a block */
};

enum inv_topology {
	INV_TOPOLOGY_NONE, /* no topology.conf */
	INV_TOPOLOGY_TREE,
	INV_TOPOLOGY_BLOCK, /* Slurm 23.11 or later */
};

/*
 * The network. A tree has no cycles, no node and no switch below two switches, at most INV_MAX_DEPTH levels; without
 * `discover` each compute host is below a leaf.
 */
struct inv_network {
	enum inv_topology topology;
	struct span at; /* line 0: there is no `network` section */
	bool features;  /* nodes get the feature of their link's speed; true unless written */
	bool discover;  /* leaves are what the nodes' LLDP daemons see */
	struct inv_bandwidth bandwidth;
	const struct inv_switch *switches; /* of a tree */
	size_t switch_count;
	const struct inv_switch *blocks;
	size_t block_count;
	const unsigned
	    *block_sizes; /* nodes: the first is that of a block, each other one is that times a power of two */
	size_t block_size_count;
};

/* Hosts that somebody chose: by index, those that were named, and the classes whose hosts are meant, too. Either NULL:
 * none. What a host's class is says the model (model/cluster.h). */
struct inv_choice {
	const bool *hosts, *classes;
};

/* What a section is read with. All hosts, classes and partitions are known by then. */
struct inv_reader {
	struct arena *arena;
	struct diags *diags;
	const char *module;            /* whose it is */
	bool enabled;                  /* for some host */
	const struct inv_class *class; /* for whose hosts it is read; NULL: for all, as the file's own */
	const struct inv_host *hosts;  /* as they will be in the inventory, with their roles */
	size_t host_count;
	struct build *build; /* inventory's */
};

/* The hosts that a text or a list of texts means: hostlists, "class:NAME", "partition:NAME", "all". -1 when there were findings;
 * `ret` then holds what was good. `what` as in conf/schema.h. */
int inventory_read_choice(struct inv_reader *r, const struct conf_value *value, const char *what,
			  struct inv_choice *ret);

/* The module has something to do on this host, also where it has no role: then reeve goes there for its sake. */
void inventory_need(struct inv_reader *r, size_t host);

/* In the lab's containers, whose kernel mounts nothing over a network, a directory that all nodes share is at this path. */
void inventory_share_in_lab(struct inv_reader *r, const char *path);

/* The file system of this directory is what TmpDisk of nodes says, and the fact `scratch`. */
void inventory_offer_scratch(struct inv_reader *r, const char *path);

/* Has a section that was read before said so of this path, or of one above it? */
bool inventory_is_shared(const struct inv_reader *r, const char *path);

/* A path as cluster.yaml means it, relative to its directory; in r->arena. It is not looked at. */
const char *inventory_beside(struct inv_reader *r, const char *path);

/* The path of a regular file that a text names, relative to the directory of cluster.yaml, in r->arena; and what is in it, at most
 * CONF_MAX_BYTES. -1 with a finding. They block on the disk. */
int inventory_file(struct inv_reader *r, const struct conf_value *value, const char *what, const char **ret);
int inventory_file_text(struct inv_reader *r, const struct conf_value *value, const char *what, const char **ret,
			size_t *ret_len);

/* A text beside cluster.yaml that says part of what the cluster is, and no secret: generations keep it, under the path that `value`
 * names, written as a name. Borrowed. At most INV_FILES_MAX, each once. */
void inventory_keep(struct inv_reader *r, const struct conf_value *value, const char *text, size_t len);

/*
 * A top-level section that belongs to a module: it owns its part of the language and its struct. The caller hands the
 * table in, so that inventory knows no module. The first may be `always`: the module that every host has, without a
 * section of its own.
 */
struct inv_section {
	bool always;
	const char *name;   /* the module's name, its top-level key and its key in a class: "lmod" */
	const char *leaves; /* what stays on a host that is not to have it any more: "the package lmod and ..." */
	/* Makes the module's own struct in r->arena, with findings into r->diags (codes of its own are in its header, and in
	 * nobody else's range: codes.h); with `value` NULL (the module is
	 * enabled, its section not written, or empty) its defaults. For a class that has a section of it, once more: with the
	 * class's keys and the file's others. What it returns is given back by inventory_section; NULL is allowed. */
	void *(*parse)(struct inv_reader *r, const struct conf_value *value);
};

/* A file that cluster.yaml names and that is read as a part of it (inventory_keep). */
struct inv_file {
	const char *name; /* of letters, digits and "._-": "people_users.csv" for people/users.csv */
	const char *text;
	size_t len;
};

enum { INV_FILES_MAX = 8 };

struct inventory {
	const char *file;   /* as the operator named it */
	const char *source; /* its bytes, as they were read; NULL: it was not read from a file */
	size_t source_len;
	struct inv_file files[INV_FILES_MAX];
	size_t file_count;
	struct inv_text cluster;        /* ClusterName */
	const struct inv_text *adopted; /* SHA-256, hex, of texts in /etc/slurm that may be replaced */
	size_t adopted_count;
	struct inv_text slurm_version; /* "22.05", "24.11.5": the pin; text NULL: none */
	const struct inv_host *hosts;  /* in the order of the file */
	size_t host_count;
	const size_t *controllers; /* indexes into hosts; the first is the primary */
	size_t controller_count;
	struct span controllers_at;
	const size_t *compute; /* indexes into hosts, in their order there */
	size_t compute_count;
	struct span compute_at;
	struct inv_text
	    state; /* StateSaveLocation: an absolute path; for one controller /var/spool/slurmctld unless given */
	struct inv_reserve reserve;
	const struct inv_class *classes; /* in the order of the file */
	size_t class_count;
	const struct inv_partition *partitions; /* in the order of the file; at least 1 */
	size_t partition_count;
	struct inv_network network;
	struct inv_gpus gpus;
	const char *scratch;            /* the directory that jobs have for scratch; NULL: no module offers one */
	const struct inv_param *params; /* `slurm:`; none of those that reeve writes itself */
	size_t param_count;
	const struct inv_param *cgroup; /* `cgroup:`, of cgroup.conf(5) */
	size_t cgroup_count;
	const char *const
	    *modules; /* enabled for any host, NULL-terminated: `base` first, then in the order of the section table */
	const char *const *common_modules; /* of these, what hosts of no class get */
	struct inv_lab lab;
	const char *base;                          /* the module that every host has; NULL: none was handed in */
	const struct inv_section *const *sections; /* as handed in (borrowed), but for it, with ... */
	void *const *section_values;               /* ... what each one's parse returned */
	const size_t *by_name;                     /* indexes into hosts, sorted by name: for inventory_host */
};

/*
 * Reads and checks `path`. `sections` is a NULL-terminated table, borrowed, as long-lived as the inventory; NULL: none, and
 * any word may be a module.
 * `diags` need not be set up: it is, in any case, and the caller frees it with diags_free (after which the inventory is
 * still good). NULL on failure: ERR_INPUT when errors were found in the file (they are in `diags`, and diags_print
 * shows them), else why the file could not be read. Warnings may be in `diags` in either case. Blocks on the disk.
 */
struct inventory *inventory_load(const char *path, const struct inv_section *const *sections, struct diags *diags,
				 struct arena *arena, struct err *err);

/* The same for a text in memory, borrowed until diags_free; `file` is its name in messages. */
struct inventory *inventory_parse(const char *file, const char *text, size_t len,
				  const struct inv_section *const *sections, struct diags *diags, struct arena *arena,
				  struct err *err);

/* An IP address, or digits and dots, which programs take for one. */
bool inventory_is_address(const char *text);
/* The machine's own: 127.0.0.0/8, ::1, localhost. */
bool inventory_is_loopback(const char *address);

/* Why a name cannot be a host's, a NodeName ("is an address, ..."); NULL: it can. */
const char *inventory_name_fault(const char *name);

/* Why the other hosts cannot find a host at this address ("is a multicast address"); NULL: they can, or it is `alone` in its
 * cluster, where the loopback does. Whether it is an address at all says conf/schema.h. */
const char *inventory_address_fault(const char *address, bool alone);

/* Where slurmd keeps its spool unless SlurmdSpoolDir is given. */
#define INV_SPOOL "/var/lib/slurm/slurmd"

/* Why a directory for Slurm's own use cannot be at this absolute path, because it is the system's or other people's ("is a
 * directory of the system"); NULL: it can. The state directory, too, wants a disk that is there after a boot. */
const char *inventory_directory_fault(const char *path);
const char *inventory_state_fault(const char *path);
/* Why a file system cannot be mounted there; NULL: it can. */
const char *inventory_mount_fault(const char *path);
/* The same for a parameter of slurm.conf that names one; NULL also where it names none. */
const char *inventory_param_fault(const char *key, const char *value);

/* Without doubled and trailing slashes, which Slurm takes and cluster.yaml does not. */
const char *inventory_plain_path(struct arena *arena, const char *path);

/* A line of gres.conf(5) as a class takes it, in words that `release` (0: any) has. */
struct inv_gres_line {
	const char *text;           /* keys as the manual writes them */
	const char *name;           /* what it gives; "gpu" where it only detects */
	bool names_itself;          /* it has a Name */
	const char *const *devices; /* paths */
	size_t device_count;
};

/* 1 to INV_MAX_CLUSTER of [a-z0-9._-], the first of [a-z0-9]: Slurm folds ClusterName to lower case. */
bool inventory_is_cluster_name(const char *name);

/* What --constraint can name (sbatch(1)): 1 to 63 of [A-Za-z0-9._:-], not beginning with '-', '.' or ':'. */
bool inventory_is_feature(const char *text);

/* ERR_INPUT says why it cannot be one; a way out may be in `*ret_hint`, else NULL. In `arena`. */
int inventory_gres_line(const char *text, size_t len, unsigned release, struct arena *arena, struct inv_gres_line *ret,
			const char **ret_hint, struct err *err);

/* NULL where there is none. */
const struct inv_host *inventory_host(const struct inventory *inv, const char *name);
const struct inv_partition *inventory_partition(const struct inventory *inv, const char *name);
const struct inv_class *inventory_class(const struct inventory *inv, const char *name);

/* Is it a controller or a compute host? Those without a role reeve leaves alone, unless a module needs them. */
bool inventory_has_role(const struct inv_host *host);
bool inventory_is_needed(const struct inv_host *host, const char *module);
bool inventory_takes_part(const struct inv_host *host); /* either */

/* May a file with this SHA-256 (hex) be replaced, because the cluster was adopted with it? */
bool inventory_has_adopted(const struct inventory *inv, const char *digest);

/* Value of one of Slurm's parameters among `params`, without case; NULL: it is not among them. */
const char *inventory_param(const struct inv_param *params, size_t count, const char *key);

/* Is it enabled, if only for the hosts of one class? */
bool inventory_has_module(const struct inventory *inv, const char *name);
/* Do hosts of this class (NULL: of none) get it? */
bool inventory_class_has(const struct inventory *inv, const struct inv_class *class, const char *name);

/* What the section's parse made for hosts of this class (NULL: of none); NULL where the module is not enabled and its
 * section not written. */
void *inventory_section(const struct inventory *inv, const struct inv_class *class, const char *name);

/*
 * Which hosts a text of the command line means (-l, NODE...): a Slurm hostlist, "partition:NAME", "class:NAME", "all", or
 * several of these with commas between. `by_class` false: a class is an error, because nobody knows there what the hosts
 * are. At least one host or class is chosen. In `arena`. ERR_INPUT names what is unknown, with the nearest name.
 */
int inventory_select(const struct inventory *inv, const char *nodes, bool by_class, struct arena *arena,
		     struct inv_choice *ret, struct err *err);

/* Does such a text name a class or a partition? */
bool inventory_names_group(const char *nodes);

#endif
