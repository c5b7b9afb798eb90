/*
 * passwd: names of users and groups to numbers and back, from /etc/passwd and /etc/group below the root. A static
 * program has no name service switch, so names that are not in the files are asked of getent(1) once, where there is
 * no scratch root.
 */
#ifndef REEVE_AGENT_PASSWD_H
#define REEVE_AGENT_PASSWD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"

struct session;

struct passwd_user {
	const char *name, *home, *shell;
	uid_t uid;
	gid_t gid;
};

struct passwd_group {
	const char *name;
	gid_t gid;
};

/* 1 where it is found (strings in the arena), 0 where there is none, -1 on failure. By name, or by number where `name`
 * is NULL; numbers are looked for in the files only. */
int passwd_user(struct session *s, const char *name, uid_t uid, struct arena *arena, struct passwd_user *ret,
		struct err *err);
int passwd_group(struct session *s, const char *name, gid_t gid, struct arena *arena, struct passwd_group *ret,
		 struct err *err);

/* Names or decimal numbers to both ids. ERR_MISSING names who does not exist. */
int passwd_ids(struct session *s, const char *owner, const char *group, uid_t *ret_uid, gid_t *ret_gid,
	       struct err *err);

/* The groups that list `name` as a member, besides `gid`, which comes first; at most `max`. From the files only. */
size_t passwd_groups_of(struct session *s, const char *name, gid_t gid, gid_t *ret, size_t max);

/* The names of the groups that list `name` as a member, NULL-terminated, in the arena. From the files only. */
const char *const *passwd_memberships(struct session *s, const char *name, struct arena *arena);

/* A name for messages: the name, or the number as text. */
const char *passwd_user_name(struct session *s, uid_t uid, struct arena *arena);
const char *passwd_group_name(struct session *s, gid_t gid, struct arena *arena);

#endif
