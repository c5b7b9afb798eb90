/*
 * users: the groups and accounts of people, with the same numbers on all hosts that have a role.
 *
 *	users:
 *	  groups: { physics: 2000 }
 *	  accounts:
 *	    alice: { uid: 2001, group: physics, keys: ["ssh-ed25519 AAAA... alice@desk"], sudo: true }
 *	    bob: 2002					# with a group of his own, bob, 2002
 *	    carol: { uid: 2003, absent: true }		# locked; her home is kept
 *	  from: users.csv				# more accounts (read.c), beside this file
 *	  home: /mnt/nfs/home				# shared by all hosts; without it each has its own in /home
 *
 * An account that is taken out of the file is locked as well: each host keeps a list of those that it was given
 * (USERS_LIST), which the next run compares. Nothing that a host had before is taken over or changed: an account of that name
 * with other numbers, or of another name with that number, leaves the host out before anything is touched.
 *
 * The ssh keys are in root's directory and not in the home, which may be another machine's and is the user's: those that
 * he adds to his own authorized_keys stay. sshd is told of it for these accounts alone.
 */
#ifndef REEVE_MODULES_USERS_USERS_H
#define REEVE_MODULES_USERS_USERS_H

#include "base/passwd-line.h"
#include "modules/module.h"

enum users_code {
	USERS_NAME_CODE = 901,   /* a name that an account or group cannot have */
	USERS_NUMBER_CODE = 902, /* a number that is not for people */
	USERS_TWICE_CODE = 903,  /* a name or number that two accounts or two groups have */
	USERS_GROUP_CODE = 904,  /* the group of an account is not among 'groups' */
	USERS_KEY_CODE = 905,    /* a key that is not a public key of ssh */
	USERS_CSV_CODE = 906,    /* the file of 'from' is not as its reader wants it */
	USERS_COUNT_CODE = 907,  /* more accounts or groups than a host can be asked for at once */
};

enum { USERS_MOST = 1500 };       /* accounts */
enum { USERS_MOST_GROUPS = 200 }; /* in `groups`, and of one account: what a resource takes (catalog/kind-user.c) */

#define USERS_LIST "/var/lib/reeve/accounts" /* "NAME UID", a line each */
#define USERS_KEYS "/etc/ssh/reeve"          /* a file for each account */
#define USERS_SSHD "/etc/ssh/sshd_config.d/reeve-users.conf"
#define USERS_SUDO "/etc/sudoers.d/reeve"

struct users_group {
	const char *name;
	unsigned gid;
	struct span at;
};

struct users_account {
	const char *name;
	unsigned uid, gid;
	const char *group;               /* its first */
	const char *const *groups;       /* more of them, NULL-terminated; some may not be among users.groups */
	const char *shell;               /* absolute path */
	const char *keys;                /* lines of an authorized_keys file; NULL: none */
	const struct secret_row *secret; /* the hash of its password, in a file; NULL: it has none from here */
	bool sudo;
	bool absent; /* it is locked where it exists */
	struct span at;
};

struct users {
	const struct users_group *groups; /* those of the file, and then those of accounts that have one of their own */
	size_t group_count;
	size_t shared_group_count; /* of the file */
	const struct users_account *accounts;
	size_t account_count;
	const char *home; /* where homes are; "/home" */
	bool shared;      /* it is one directory for all hosts */
	struct span at;   /* line 0: no section was written */
};

extern const struct module users_module;
extern const struct inv_section users_section;

/* read.c */
void *users_parse(struct inv_reader *r, const struct conf_value *value);

/* keys.c: why it is not a line of authorized_keys with a key in it (sshd(8)); NULL: it is one. */
const char *users_key_fault(const char *line);

/* What the host's accounts are to be. Of hosts that do not have the module, nothing. */
const struct users *users_of(const struct cluster *cluster, size_t host);

const struct users_account *users_account(const struct users *users, const char *name); /* NULL: none */

/* PATH of its home, in `arena`. */
const char *users_home(const struct users *users, const struct users_account *account, struct arena *arena);

/* There is no such group among users.groups: it has to be on the host already. */
bool users_is_foreign(const struct users *users, const char *group);

/* Which host makes the homes that all share; SIZE_MAX: none that was reached. */
size_t users_home_maker(const struct cluster *cluster);

/* there.c: what a host has already. */
struct users_names {
	struct passwd_line *items; /* of a group name and gid */
	size_t len, cap;
};

struct users_list {
	struct users_listed {
		const char *name;
		unsigned uid;
	} * items;
	size_t len, cap;
};

struct users_there {
	struct users_names accounts, groups; /* that getent knows under our names and numbers */
	struct users_names local;            /* of /etc/passwd; empty: not known */
	struct users_list given;             /* USERS_LIST as the last run left it */
	bool silent;                         /* getent did not end in time */
	bool against;                        /* users_settle: something there is in the way of our accounts */
	bool sshd;                           /* it is installed */
	bool socket;                         /* systemd starts it for each connection */
	const char *const *no_shells;        /* of those that accounts have, NULL-terminated: they are not there */
};

void users_ask(const struct inventory *inv, const struct inv_host *host, json_t *items);
void *users_take(const json_t *items, struct arena *arena, struct err *err);
void users_settle(struct cluster *cluster);

/* put.c: resources. */
void users_compile(const struct cluster *cluster, size_t host, struct catalog *catalog);

/* guide.c */
void users_guide(const struct inventory *inv, struct strbuf *out);

/* verify.c */
void users_verify(const struct verify_context *context, struct checks *checks);
void users_prove(const struct verify_context *context, const struct job_set *set, struct checks *checks);

#endif
