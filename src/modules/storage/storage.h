/*
 * storage: directories that hosts share, by NFS.
 *
 *	storage:
 *	  nfs:
 *	    - { server: allyrion, export: /mnt/usb1, mount: /mnt/nfs }	# a host of this file serves it
 *	    - { server: 10.4.0.9, export: /tank/data, mount: /data, on: "class:gpu", options: [ro], automount: true }
 *
 * A server that is a host of the file is set up, role or none: its directory, its exports for the hosts that mount it and for
 * nobody else, and the same path there. Root is squashed but for the controllers, which make the state directory and shared
 * homes; `root` says otherwise. Clients get units of systemd. Servers come in their own stage, then mounts, then all else.
 *
 * Where a kernel has no NFS and is a container's, the mount is its machine's to provide (in the lab it is): that is a note, and only
 * looked at. What a host mounted before and cluster.yaml does not name any more is unmounted: each host has a list
 * (STORAGE_LIST) of what it was given.
 */
#ifndef REEVE_MODULES_STORAGE_STORAGE_H
#define REEVE_MODULES_STORAGE_STORAGE_H

#include "modules/module.h"

enum storage_code {
	STORAGE_TWICE_CODE = 1001,  /* two mounts at one place, or one below the other */
	STORAGE_OPTION_CODE = 1002, /* an option of mount that cannot be, or is reeve's to say */
	STORAGE_PATH_CODE = 1003,   /* a directory of the system's is named as an export or a mount */
	STORAGE_CLASS_CODE = 1004,  /* a class has mounts of its own */
};

enum { STORAGE_TIMEOUT_S = 30 }; /* of mounting and of unmounting */

#define STORAGE_LIST "/var/lib/reeve/mounts" /* a path a line */
#define STORAGE_EXPORTS "/etc/exports.d/reeve.exports"
#define STORAGE_SERVER_UNIT "nfs-server.service"
#define STORAGE_RETRY_UNIT "reeve-mounts.service" /* tries the mounts of a host again */

struct storage_nfs {
	size_t server;          /* a host's index; SIZE_MAX: it is none of the file's */
	const char *address;    /* of it */
	const char *export;     /* the directory there */
	const char *mount;      /* the directory here */
	const char *source;     /* "ADDRESS:EXPORT" */
	const char *options;    /* as in fstab(5) */
	struct inv_choice on;   /* both NULL: all that have a role */
	struct inv_choice root; /* hosts whose root is root there; both NULL: the controllers */
	bool automount, readonly;
	struct span at;
};

struct storage {
	const struct storage_nfs *nfs;
	size_t count;
};

extern const struct module storage_module;
extern const struct inv_section storage_section;

void *storage_parse(struct inv_reader *r, const struct conf_value *value); /* read.c */

const struct storage *storage_of(const struct cluster *cluster);

/* Does the host mount it? Its server does not. */
bool storage_mounts(const struct cluster *cluster, size_t host, const struct storage_nfs *nfs);

/* Is its root root on what the mount shows, and not nobody? Where the server is none of the file's, that is as it was asked to be. */
bool storage_is_root_there(const struct cluster *cluster, size_t host, const struct storage_nfs *nfs);

/* For a person: its name in cluster.yaml, or its address. What to look at where it does not answer. */
const char *storage_server_name(const struct cluster *cluster, const struct storage_nfs *nfs);
const char *storage_server_fix(const struct cluster *cluster, const struct storage_nfs *nfs, struct arena *arena);

/* there.c: what a host has. */
struct storage_there {
	bool provided;            /* it is a container, and its machine's kernel has no NFS for it */
	bool exported;            /* it has STORAGE_EXPORTS */
	const char *const *given; /* paths on STORAGE_LIST, NULL-terminated */
	const size_t *silent;     /* indices of mounts that did not answer */
	size_t silent_count;
	struct storage_path {
		const char *path;
		unsigned mode;
		long uid;
		bool there, directory;
	} * paths; /* of exports, from the first component down */
	size_t path_count;
};

void storage_ask(const struct inventory *inv, const struct inv_host *host, json_t *items);
void *storage_take(const json_t *items, struct arena *arena, struct err *err);
void storage_settle(struct cluster *cluster);

/* Are its mounts somebody else's to provide? */
bool storage_is_provided(const struct cluster *cluster, size_t host);

/* It has this mount (an index), and the server did not answer when the facts were asked for. */
bool storage_is_silent(const struct cluster *cluster, size_t host, size_t mount);

void storage_compile(const struct cluster *cluster, size_t host, struct catalog *catalog); /* put.c */

/* guide.c */
void storage_guide(const struct inventory *inv, struct strbuf *out);

/* verify.c */
extern const struct diagnoses storage_diagnoses;
void storage_verify(const struct verify_context *context, struct checks *checks);

#endif
