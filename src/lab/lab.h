/*
 * lab: a throwaway cluster of real Debian nodes on this machine, each with its own systemd, sshd, apt and network
 * address, its changes kept apart from a shared base image: systemd-nspawn containers, or user-mode Linux kernels where
 * a node needs a kernel or a clock of its own.
 *
 * Everything is kept in one directory, $REEVE_CACHE (/var/cache/reeve where it is not set): images/ by the hash of
 * their recipe, labs/CLUSTER/ with the nodes' disks, keys and state. Overlays are mounted in the mount namespace of
 * their node only and every process is a descendant of a recorded one, so that a lab whose processes were killed
 * leaves nothing that the next lab_up() does not find and clean. Labs of different cluster names run side by side.
 *
 * All functions need root, block, and take the lab's lock where they change it: of two at once the second waits.
 */
#ifndef REEVE_LAB_LAB_H
#define REEVE_LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"

struct lab_node {
	const char *name;         /* at most 50 of [A-Za-z0-9.-] */
	const char *address;      /* IPv4 */
	const char *hostname;     /* NULL: the name */
	const char *suite;        /* "bookworm", "trixie", "forky"; NULL: bookworm */
	const char *arch;         /* "amd64", "arm64"; NULL: the machine's own */
	const char *backend;      /* "nspawn", "uml" (lab/backend.h); NULL: nspawn */
	unsigned long memory_mib; /* what it is given; 0: the backend's default */
	unsigned gpus;            /* what it is shown (lab/made.h), where its backend can */
};

/* A directory of the lab that every node sees at `path`: it stands for a file server's export. */
struct lab_bind {
	const char *name;
	const char *path;
};

/* What a cluster installs first, and so lies ready in the images; it decides about their ids, in its order. */
struct lab_stock {
	const char *packages;       /* of the distribution, with a blank in between */
	const char *units;          /* of these, that are not to start by themselves */
	const char *const *secrets; /* paths that no image may have, NULL-terminated */
};

struct lab_spec {
	const char *cluster; /* at most 40 of [A-Za-z0-9._-] */
	const struct lab_node *nodes;
	size_t node_count;
	const struct lab_bind *binds; /* may be NULL */
	size_t bind_count;
	struct lab_stock stock;
	unsigned wait_s; /* how long a node may take to answer; 0: what its backend and architecture want */
};

/* Told while a function runs, for people: what happens on `node`, or (NULL) on the lab as a whole. */
typedef void lab_progress(void *context, const char *node, const char *text);

/*
 * Brings the lab up: builds the images that are missing (about a minute each, several for a foreign architecture),
 * starts the nodes that do not run and waits until sshd answers on all. Nodes that run are left as they are; what a
 * killed lab left is cleaned first. ERR_MISSING names the package of a program that is not there, ERR_REFUSED the
 * route of the machine that the lab's subnet would shadow, ERR_TIMEOUT the nodes that did not answer.
 */
int lab_up(const struct lab_spec *spec, lab_progress *progress, void *context, struct err *err);

/*
 * Ends all processes of the lab and removes its mounts, bridge, firewall table, cgroups and the nodes' overlays. Images
 * and the keys stay; with `purge` the keys go too. A lab that is not there is a success.
 */
int lab_down(const char *cluster, bool purge, lab_progress *progress, void *context, struct err *err);

struct lab_node_status {
	const char *name, *address, *hostname, *suite, *arch, *backend;
	unsigned long memory_mib; /* that it was given; 0: it has the machine's */
	unsigned gpus;            /* that it is shown */
	bool running;
	pid_t leader; /* its systemd, for nsenter(1), or its kernel (uml); 0 where it does not run */
	bool cut;     /* its network was cut (lab/fault.h) */
	bool ssh;     /* sshd answers at the address */
};

struct lab_status {
	const char *cluster;
	const char *subnet; /* "10.4.0.0/24" */
	const char *bridge;
	const char *ssh_config;
	struct lab_node_status *nodes;
	size_t node_count; /* 0: there is no such lab */
};

/* The lab as it is now, in `arena`. Takes no lock; waits at most two seconds for sshds, ten with nodes of uml. */
int lab_status(struct arena *arena, const char *cluster, struct lab_status *ret, struct err *err);

/* "nspawn", "uml". */
bool lab_has_backend(const char *name);

/*
 * The ssh_config(5) file with which `ssh -F FILE NODE` reaches the lab's nodes by name, host name or address: user
 * root, the lab's key, the nodes' host keys known beforehand. In `arena`; NULL where the name is no cluster's.
 */
const char *lab_ssh_config(struct arena *arena, const char *cluster);

/* Those of `names` that the lab has not been given yet, by `reeve lab up`, NULL-terminated, in `arena`. */
int lab_lacks(struct arena *arena, const char *cluster, const char *const *names, size_t count, const char *const **ret,
	      struct err *err);

/*
 * An argument vector for execvp(3), NULL-terminated, in `arena`: ssh to `node` with `command` (NULL-terminated; NULL or
 * empty: a login shell). ssh's exit status is the command's, 255 where ssh itself failed. ERR_MISSING where there is
 * no such lab or node.
 */
int lab_ssh_argv(struct arena *arena, const char *cluster, const char *node, char *const *command, char ***ret,
		 struct err *err);

#endif
