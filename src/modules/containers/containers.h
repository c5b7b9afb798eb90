/*
 * containers: programs of users in containers, without root.
 *
 *	containers:
 *	  runtimes: [crun, podman, apptainer]	# [crun, podman] unless given
 *	  on: "class:gpu"				# compute hosts, all unless given
 *	  storage: /scratch/containers		# on a disk of each node; images and what runs lie there, by uid
 *	  subids: { first: 600200000, count: 65536 }
 *
 * crun, or runc, is what `srun --container` starts: with oci.conf and a program that keeps its state apart for each user. Podman gets
 * subordinate ids for accounts that modules promise, and a storage that is not in a shared home. Apptainer and SingularityCE come
 * with `software`: this module only says where they are missing. All are proven by jobs of an ordinary user.
 *
 * What others wrote stays: files without our first line, and their ranges of ids. Why it is so: docs/adr/0070-containers.md.
 */
#ifndef REEVE_MODULES_CONTAINERS_CONTAINERS_H
#define REEVE_MODULES_CONTAINERS_CONTAINERS_H

#include "modules/module.h"

enum containers_code {
	CONTAINERS_RUNTIME_CODE = 1701, /* not a runtime, or twice, or two that srun would start */
	CONTAINERS_CLASS_CODE = 1702,   /* a key that a class cannot have of its own */
	CONTAINERS_STORAGE_CODE = 1703, /* a directory of the system's, or one that is emptied, for images */
	CONTAINERS_SUBIDS_CODE = 1704,  /* ranges that end behind the last id */
};

#define CONTAINERS_OCI_CONF "/etc/slurm/oci.conf"
#define CONTAINERS_OCI "/usr/local/libexec/reeve-oci"
#define CONTAINERS_PODMAN "/usr/local/bin/podman"
#define CONTAINERS_PODMAN_CONF "/etc/containers/containers.conf.d/reeve.conf"
#define CONTAINERS_STORAGE_CONF "/etc/containers/storage.conf"
#define CONTAINERS_STORAGE "/var/lib/user-containers"
#define CONTAINERS_MARK "# Written by reeve" /* the first words of its files; of a script on the second line */

enum containers_runtime {
	CONTAINERS_CRUN,
	CONTAINERS_RUNC,
	CONTAINERS_PODMAN_RUNTIME,
	CONTAINERS_APPTAINER,
	CONTAINERS_SINGULARITY,
	CONTAINERS_RUNTIMES
};

extern const char *const containers_runtimes[CONTAINERS_RUNTIMES + 1];

struct containers {
	bool runtimes[CONTAINERS_RUNTIMES];
	struct inv_choice on; /* both NULL: all compute hosts */
	const char *storage;
	uint64_t first, count; /* of subordinate ids: those of uid PERSON_UID_FIRST, and of each */
	struct span at;        /* line 0: no section was written */
};

enum { CONTAINERS_ID_MAX = 0xFFFEFFFF }; /* the last id that an account is given */

extern const struct module containers_module;
extern const struct inv_section containers_section;

void *containers_parse(struct inv_reader *r, const struct conf_value *value); /* read.c */

/* NULL: the host is to have none of it. */
const struct containers *containers_of(const struct cluster *cluster, size_t host);
bool containers_has(const struct cluster *cluster, size_t host, enum containers_runtime runtime);

/* What srun starts there, "crun" or "runc"; NULL: nothing. */
const char *containers_oci(const struct containers *containers);

/* ids.c: ranges of ids in subuid(5) and subgid(5). */
struct containers_range {
	const char *who; /* a name, or a uid */
	uint64_t first, count;
};

struct containers_ranges {
	struct containers_range *items;
	size_t len, cap;
	bool there; /* the file is */
};

/* Of the file's text (NULL: it is not there) what is not ours. */
struct containers_ranges containers_ranges_of(const char *text, struct arena *arena);

/* Our lines for that file of the host, in `arena`; "": none. Where `findings` is given, what keeps accounts from having a range. */
const char *containers_ids(const struct cluster *cluster, size_t host, const char *path,
			   const struct containers_ranges *ranges, struct arena *arena, struct findings *findings);

/* there.c: what a host has. */
enum containers_file {
	CONTAINERS_FILE_OCI_CONF,
	CONTAINERS_FILE_OCI,
	CONTAINERS_FILE_PODMAN,
	CONTAINERS_FILE_PODMAN_CONF,
	CONTAINERS_FILE_STORAGE_CONF,
	CONTAINERS_FILES
};

extern const char *const containers_files[CONTAINERS_FILES];

struct containers_there {
	struct {
		bool there, ours;
	} files[CONTAINERS_FILES];
	struct containers_ranges uids, gids;
	const char *kernel; /* why users can make no namespaces there; NULL: they can, or it is not known */
	const char *sysctl; /* with it: what lets them */
	bool no_json;       /* its Slurm has no plugin that reads a bundle's config.json */
	bool programs[CONTAINERS_RUNTIMES];
	const char *
	    fs; /* the file system of the storage, where Podman cannot unpack images on it; NULL: it can, or it is not known */
};

void containers_ask(const struct inventory *inv, const struct inv_host *host, json_t *items);
void *containers_take(const json_t *items, struct arena *arena, struct err *err);
const struct containers_there *containers_there(const struct cluster *cluster, size_t host); /* NULL: not known */

/* What is run there: a path, or a name that is in the PATH; NULL: it is not there, and nobody brings it. */
const char *containers_program(const struct cluster *cluster, size_t host, enum containers_runtime runtime,
			       struct arena *arena);

/* settle.c */
void containers_settle(struct cluster *cluster);

/* put.c */
void containers_compile(const struct cluster *cluster, size_t host, struct catalog *catalog);
/* The text of oci.conf for that release; in `arena`. */
const char *containers_oci_conf(unsigned release, struct arena *arena);

/* verify.c */
extern const struct diagnoses containers_diagnoses;
void containers_prove(const struct verify_context *context, const struct job_set *set, struct checks *checks);

/* guide.c */
void containers_guide(const struct inventory *inv, struct strbuf *out);

#endif
