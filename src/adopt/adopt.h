/*
 * adopt: the cluster.yaml of a cluster that exists, from its slurm.conf or from an inventory of Ansible's.
 *
 * Nothing is lost in silence: what the language has no place for, what reeve measures or decides itself, and what was
 * guessed is a note, with its place and the reason. What slurm.conf leaves to Slurm's defaults is written out where
 * reeve's default is another, so that what is in force stays. Pure: texts in, a value out, and a file's text from it.
 * The texts are untrusted.
 */
#ifndef REEVE_ADOPT_ADOPT_H
#define REEVE_ADOPT_ADOPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "slurm/include.h"

struct adopt_note {
	const char *where; /* "slurm.conf:12"; NULL: nowhere in particular */
	const char *text;
};

struct adopt_texts {
	const char **items;
	size_t len, cap;
};

struct adopt_host {
	const char *name, *address, *hostname; /* the address "local": this machine */
	const char *user;                      /* NULL: ssh's own */
	unsigned port;                         /* 0: ssh's own */
	const char *was;                       /* what the old file said that is measured now; "" */
	bool compute;
};

struct adopt_param {
	const char *key, *value; /* "MaxTime"; a value that cluster.yaml takes */
	bool added;              /* Slurm's default, written out because reeve's is another */
};

struct adopt_params {
	struct adopt_param *items;
	size_t len, cap;
};

/* Nodes for which the old file says the same beyond what is measured. */
struct adopt_class {
	const char *name, *when;    /* when: an expression, without double quotes */
	struct adopt_params params; /* "Features" among them */
	struct adopt_texts gres_conf;
};

/* A switch of a tree, or a block. */
struct adopt_switch {
	const char *name;
	const char *nodes;    /* hostlist; NULL: it has switches below it */
	const char *switches; /* hostlist; NULL: it has nodes */
};

struct adopt_partition {
	const char *name;
	const char *nodes; /* hostlist; NULL: all compute nodes */
	bool is_default;
	struct adopt_params params;
};

struct adopted {
	const char *from; /* the file, as it was named */
	struct adopt_texts
	    digests; /* of the files that were taken over, 64 hex digits each; empty: it is not from such */
	const char *slurm_version; /* NULL: not said */
	const char *cluster;
	const char *state; /* NULL: reeve's default */
	struct {
		struct adopt_host *items;
		size_t len, cap;
	} hosts;
	struct adopt_texts controllers; /* names of hosts, the primary first */
	struct {
		struct adopt_partition *items;
		size_t len, cap;
	} partitions;
	struct {
		struct adopt_class *items;
		size_t len, cap;
	} classes;
	struct adopt_params params; /* `slurm:` */
	struct adopt_params cgroup; /* `cgroup:` */
	struct {
		const char *topology; /* "tree" or "block"; NULL: none is taken over */
		struct {
			struct adopt_switch *items;
			size_t len, cap;
		} switches;        /* or blocks */
		const char *sizes; /* of blocks: "18,36"; NULL: not said */
	} network;
	struct {
		struct adopt_note *items;
		size_t len, cap;
	} notes;
};

struct adopt_options {
	const char *name;          /* of the cluster; NULL: ClusterName, or "cluster" */
	const char *slurm_version; /* what the cluster runs, "22.05"; NULL: not said */
	/* Ansible's: groups; NULL: guessed by their names */
	const char *controllers, *compute;
};

/* The files of a Slurm cluster; of those that are not there `text` is NULL. */
struct adopt_files {
	const char *path;        /* slurm.conf's, as the operator named it */
	const char *digest;      /* of its bytes, or, where it includes files, of the whole text */
	struct slurm_text slurm; /* with what it includes */
	struct adopt_text {
		const char *text, *digest;
		size_t len;
	} cgroup, gres, topology, topology_yaml;
};

/* ERR_INPUT where it is no slurm.conf, or none of its nodes can be kept. */
int adopt_slurm(const struct adopt_files *files, const struct adopt_options *options, struct arena *arena,
		struct adopted **ret, struct err *err);

/* `text` is what `ansible-inventory --list` prints. ERR_INPUT where it is not that, or where no group is known to be
 * the controllers or the compute nodes. */
int adopt_ansible(const char *path, const char *text, size_t len, const struct adopt_options *options,
		  struct arena *arena, struct adopted **ret, struct err *err);

/* The whole file. */
void adopt_print(struct strbuf *out, const struct adopted *adopted, struct arena *arena);

#endif
