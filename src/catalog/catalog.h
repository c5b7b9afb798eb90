/*
 * catalog: what should be on one host, as resources. Pure values: made by the modules on the operator's side, sent to
 * the agent as JSON, compared and brought about there. Nothing in a catalog is secret: a file whose content is a secret
 * is described by a keyed hash of it, and the content travels sealed in a frame of its own (wire/wire.h).
 *
 * Semantics, for every type: `probe` finds what is there without changing anything; `apply` changes only what probe
 * found to differ; a second apply finds nothing to do. Order within a host: by stage, and within a stage as listed.
 *
 * packages   every named package is installed, in one transaction, without recommends; with a version where one is
 *	named, and then held (apt-mark hold). A `deb` is fetched as the source of a product is. Daemons are not started by the installation.
 * file       regular file with this content, owner, group and mode. Replaced atomically; what was there is kept in
 *	/var/lib/reeve/backup (root only). A symbolic link or directory in its place is an error, never followed; with
 *	`over_link` a link is replaced, and what it pointed to stays. A secret that is wanted and lies beside its path
 *	(PATH.next) takes its place by rename, and need not be sent.
 * directory  exists with this owner, group and mode. Parents are made (0755, root) where missing, never changed. One that
 *	exists keeps its owner unless it is `ours`: another's is an error, but for an empty one of root's.
 * link       symbolic link with this target. Anything but a link in its place is an error.
 * service    systemd unit enabled/disabled and running/stopped. A running unit is restarted, once, where `restart` says
 *	so, or where one of `inputs` (paths) was changed (ctime) after the unit was started. Success means that it is
 *	active a moment after. With `reload` a changed input has it reloaded instead, where its unit can be: one whose
 *	reload fails runs on with what it had, and still differs.
 * group      exists, with this id where one is given. Another id, or one that is taken, is an error.
 * user       exists, with these ids and this home; one that has others is an error, and never changed, as is an id that
 *	another account has. Shell, password (a secret: its hash as in shadow(5)) and membership in `groups` and
 *	`not_groups` are brought in line, of a system account only the last two; in other groups it stays. `locked`: if it
 *	exists it has no password and has expired; all else of it stays. Its home is a resource of its own.
 * home       directory, made once from /etc/skel, whole or not at all, mode 0700, the user's, where only root can write above
 *	it. A directory that is there is left alone; one of another uid is an error, as is anything else in its place. Never
 *	made or looked at on a file system that is not the host's own, unless it is `shared`: then one host is to be sent it,
 *	which makes it there, too, and on a server that is dead waits no longer than some seconds for each directory above.
 * mount      systemd mounts this, now and at boot, or when it is first used (`automount`). A mount of another source is
 *	replaced where reeve made it and it is not in use; else it is an error. Nothing waits longer than thrice
 *	`timeout_s` and some seconds. No bind mounts. `gone`: what reeve mounted there is unmounted.
 * product    directory that a script of an account's makes of sources (catalog/source.h), whole or not at all, and a symbolic link
 *	by which people use it. Judged by the digest in its stamp alone; a directory without one was not finished, and is
 *	made again. Another product takes its place by a change of the link; the old one stays. Anything but a link in the
 *	link's place is an error. All of it is done by the account, never by root. `gone`: the link and every directory that
 *	it ever pointed to are removed.
 * block      these lines, between the marks BLOCK_BEGIN and BLOCK_END, in a text file of somebody else's that has no directory for
 *	such lines beside it. Its other lines, owner and mode stay. A file that is not there is not made: nobody reads it.
 * spool      of the sources that lie on the host, and of the logs of builds, only those are kept of which a product is made still. What a
 *	build that was cut off left is removed by the account, as it was made.
 * absent     no file, link or empty directory at this path; files are kept in the backup.
 */
#ifndef REEVE_CATALOG_CATALOG_H
#define REEVE_CATALOG_CATALOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/role.h"
#include "catalog/source.h"

enum resource_type {
	RESOURCE_PACKAGES,
	RESOURCE_FILE,
	RESOURCE_DIRECTORY,
	RESOURCE_LINK,
	RESOURCE_SERVICE,
	RESOURCE_GROUP,
	RESOURCE_USER,
	RESOURCE_ABSENT,
	RESOURCE_MOUNT,
	RESOURCE_PRODUCT,
	RESOURCE_HOME,
	RESOURCE_BLOCK,
	RESOURCE_SPOOL,
	RESOURCE_TYPES
};

/*
 * Barriers across the cluster: a stage begins when the one before has ended on every host that is still in the run. What
 * each is for stands in stage.c. A resource of any type may be in any stage.
 */
enum stage {
	STAGE_PREPARE,
	STAGE_SERVERS,
	STAGE_MOUNTS,
	STAGE_AUTH,
	STAGE_DATABASE,
	STAGE_ACTIVATE,
	STAGE_SERVICES,
	STAGE_OFFERS,
	STAGES
};

enum { NO, YES }; /* for `enabled` and `running` of a service */

struct package {
	const char *name;
	const char *version;      /* exact, and held; NULL: any */
	const struct source *deb; /* the file that it is in, with `version`; NULL: the distribution has it */
};

struct resource {
	const char *id; /* "TYPE:SUBJECT", unique on its host: "file:/etc/slurm/slurm.conf" */
	enum resource_type type;
	enum stage stage;
	const char *module; /* "core", "lmod" */
	struct span origin; /* the line of cluster.yaml that caused it; stays on the operator's side */
	enum role
	    role; /* a service: which it is; a file: whose configuration, tested before it is read. Stays there, too */
	bool alone; /* set by the module: nothing but what needs it waits for it, and its host goes on without it */
	const char
	    *needs; /* the id of such a one, of this host or of that which makes it for all; NULL: none. Stays there */
	union {
		struct {
			const struct package *items;
			size_t len;
		} packages;
		struct {
			const char *path, *owner, *group;
			mode_t mode;
			const struct digest *digest; /* of the content; NULL where it is a secret */
			const void *content;         /* operator's side only, NULL at the agent and for secrets */
			size_t size;
			const char *secret;      /* name of the secret that is the content, NULL: not secret */
			const char *fingerprint; /* keyed hash of the secret, hex (crypto_generichash, 32 bytes) */
			const char *salt;        /* its key, hex, 32 bytes; not secret */
			bool over_link;          /* a symbolic link in its place may be replaced */
		} file;
		struct {
			const char *path, *owner, *group;
			mode_t mode;
			bool ours; /* its path is the program's or its packages' own, named by no operator */
		} directory;
		struct {
			const char *path, *target;
		} link;
		struct {
			const char *unit;
			bool enabled, running;
			bool restart;              /* set by the plan: restart although nothing on the host says so */
			bool reload;               /* set by the module: it is not restarted for its inputs */
			const char *const *inputs; /* paths, NULL-terminated; NULL: none */
		} service;
		struct {
			const char *name;
			long gid; /* -1: any */
			bool system;
		} group;
		struct {
			const char *name, *group, *home, *shell;
			long uid; /* -1: any */
			bool system;
			const char *const *groups;               /* supplementary ones, NULL-terminated; NULL: none */
			const char *const *not_groups;           /* it leaves these */
			const char *secret, *fingerprint, *salt; /* of its hash, as of a file; NULL: as it is */
			bool no_subids; /* it is made without the subordinate ids that useradd(8) would give it */
			bool locked;    /* then only name and uid count */
		} user;
		struct {
			const char *path;
		} absent;
		struct {
			const char *where, *source, *fstype;
			const char *options; /* as in fstab(5); NULL: the defaults */
			unsigned timeout_s;  /* of mounting and of unmounting, 1 to 300 */
			bool automount;      /* mounted when it is first used */
			bool gone;           /* then only `where` counts */
		} mount;
		struct {
			const char
			    *path; /* made by nobody else: DIR/.STEM-HEX, the first PRODUCT_HEX digits of `digest` */
			const char *link;            /* the name that people use */
			const char *user;            /* whose it is; exists, and is not root */
			const struct digest *digest; /* of all that it is made of; NULL where it is gone */
			const struct source *sources;
			size_t source_count;
			/*
			 * For `sh -e`, at most 256 KiB; NULL: unpacking is all. It runs in an empty directory, or in what was
			 * unpacked into that, which is $BUILD and $HOME, and fills $PREFIX (`path`). $SOURCES is a directory
			 * with each source under its name, $JOBS the number of CPUs.
			 */
			const char *script;
			const char *const *run; /* arguments before `sh`, as of srun(1) on this same host; NULL: none */
			unsigned timeout_s;     /* of the script, 1 s to a week */
			bool gone;              /* then path (with any digest), link and user alone count */
		} product;
		struct {
			const char *path, *user; /* its owner; the group is the user's own */
			bool shared;
		} home;
		struct {
			const char *path;
			const char *text; /* whole lines, at most BLOCK_BYTES */
		} block;
		struct {
			const char *user;            /* of the products */
			const char *const *keep;     /* digests of sources, hex, NULL-terminated */
			const char *const *products; /* their paths, whose logs are kept, NULL-terminated */
		} spool;
	};
};

struct catalog {
	struct resource *items;
	size_t len, cap;
	struct arena *arena;     /* borrowed: everything in the catalog lives there */
	struct digests *digests; /* borrowed, of the contents that hosts share; NULL: none are remembered */
};

/*
 * Add a resource and return it for what is special about it (each is in its type's kind-*.c). Strings are borrowed and
 * must live as long as the catalog's arena. `module` and `origin` are the caller's to set.
 */
struct resource *catalog_packages(struct catalog *c, enum stage stage, const struct package *items, size_t len);
struct resource *catalog_file(struct catalog *c, enum stage stage, const char *path, const char *owner,
			      const char *group, mode_t mode, const void *content, size_t size);
struct resource *catalog_secret(struct catalog *c, enum stage stage, const char *path, const char *owner,
				const char *group, mode_t mode, const char *secret, const char *fingerprint,
				const char *salt);
struct resource *catalog_directory(struct catalog *c, enum stage stage, const char *path, const char *owner,
				   const char *group, mode_t mode);
/* One whose path is a constant of reeve's or of a package: it is given this owner in any case. */
struct resource *catalog_own_directory(struct catalog *c, enum stage stage, const char *path, const char *owner,
				       const char *group, mode_t mode);
struct resource *catalog_link(struct catalog *c, enum stage stage, const char *path, const char *target);
struct resource *catalog_service(struct catalog *c, enum stage stage, const char *unit, bool enabled, bool running,
				 const char *const *inputs);
struct resource *catalog_absent(struct catalog *c, enum stage stage, const char *path);
struct resource *catalog_group(struct catalog *c, enum stage stage, const char *name, long gid, bool system);
struct resource *catalog_user(struct catalog *c, enum stage stage, const char *name, long uid, const char *group,
			      const char *home, const char *shell, bool system);
struct resource *catalog_locked_user(struct catalog *c, enum stage stage, const char *name, long uid);
struct resource *catalog_mount(struct catalog *c, enum stage stage, const char *where, const char *source,
			       const char *fstype, const char *options, unsigned timeout_s, bool automount);
struct resource *catalog_unmount(struct catalog *c, enum stage stage, const char *where);
/* With its link alone: all else is the caller's to set. */
struct resource *catalog_product(struct catalog *c, enum stage stage, const char *link);
struct resource *catalog_home(struct catalog *c, enum stage stage, const char *path, const char *user, bool shared);
struct resource *catalog_spool(struct catalog *c, enum stage stage, const char *user, const char *const *keep,
			       const char *const *products);
struct resource *catalog_block(struct catalog *c, enum stage stage, const char *path, const char *text);

enum { BLOCK_BYTES = 128 << 10 };

/* In whichever file it is, "#" begins a comment. */
#define BLOCK_BEGIN "# >>> reeve writes from here"
#define BLOCK_END "# <<< reeve: to here"

enum { PRODUCT_HEX = 12 }; /* digits of the digest in the name of a product's directory */

/* The bytes of "/DIR/.STEM-", which is common to all directories that one link ever pointed to; 0: not such a path. */
size_t product_stem(const char *path);

struct resource *catalog_find(const struct catalog *c, const char *id); /* NULL: none; linear */

const char *resource_type_name(enum resource_type type);
const char *stage_name(enum stage stage);
/* Title of the stage's step; NULL: it has steps of its own, in the order that the change wants. */
const char *stage_title(enum stage stage);

/* The path that it makes, changes or removes; NULL for a type that has none. */
const char *resource_path(const struct resource *r);

/* What is sent beside a resource, as a blob. False: nothing. On the agent's side `bytes` is NULL. */
struct content {
	struct digest digest;
	const void *bytes; /* borrowed */
	size_t size;
};
bool resource_content(const struct resource *r, struct content *ret);

/* The source of that index that it is made of; NULL: it has not so many. Borrowed. */
const struct source *resource_source(const struct resource *r, size_t index);

/* Seconds that it may take beyond what any resource may; 0: nothing. */
unsigned resource_limit_s(const struct resource *r);

/* The name of the secret that it needs; NULL: none. */
const char *resource_secret(const struct resource *r);

/* As the agent gets it (docs/protocol.md). The caller owns the reference. */
json_t *resource_encode(const struct resource *r);

/*
 * The other way, with everything checked that a sender could get wrong: unknown types and keys, paths that are not
 * absolute or hold "..", names that could be options, modes over 07777. Strings are copied to `arena`.
 */
int resource_decode(const json_t *json, struct arena *arena, struct resource *ret, struct err *err);

enum { RESOURCE_ID_MAX = 4096 }; /* bytes; the agent and what it says are held to it */

/* What probe found. */
enum observed_state {
	OBSERVED_SAME,    /* as wanted */
	OBSERVED_DIFFERS, /* there, but not as wanted */
	OBSERVED_MISSING, /* not there (for absent: there) */
	OBSERVED_ERROR,   /* could not be found out, or cannot be brought about; see `why` */
	OBSERVED_STATES
};

struct observed {
	const char *id;
	enum observed_state state;
	const char *why; /* one line for a person: "mode 0644, not 0400"; "" where same */
	/* file: what is there now, where it differs, is no secret, and is at most 256 KiB of UTF-8; else NULL */
	const char *content;
	const char *digest; /* file: of what is there now; NULL where there is none */
};

const char *observed_state_name(enum observed_state state);
json_t *observed_encode(const struct observed *o);
int observed_decode(const json_t *json, struct arena *arena, struct observed *ret, struct err *err);

/* What became of a resource. Events are made by the agent and merged on the operator's side by event_merge(). */
enum event_result {
	EVENT_UNCHANGED,
	EVENT_CHANGED,
	EVENT_BLOCKED, /* could not be tried, because something before it failed */
	EVENT_FAILED,
	EVENT_RESULTS
};

const char *event_result_name(enum event_result result);

/*
 * The result of two parts of one thing: the worse of the two, in the order of the enumeration. Whatever is not one of
 * these values is failed: invalid input can never become success.
 */
enum event_result event_merge(enum event_result a, enum event_result b);

struct event {
	const char *id; /* the resource's */
	enum event_result result;
	const char *what; /* one line for a person: what was done, or why it failed */
	bool alone;       /* of a resource that is `alone`; the operator's side sets it */
};

json_t *event_encode(const struct event *e);
int event_decode(const json_t *json, struct arena *arena, struct event *ret, struct err *err);

#endif
