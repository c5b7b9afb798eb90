/*
 * home: a home directory, made once: a copy of /etc/skel that belongs to its user, mode 0700, there whole or not at all. One
 * that is there, whatever it is, is left alone; and where it lies on a file system that is not this host's own, or might
 * be mounted by looking, nobody looks.
 */
#ifndef REEVE_AGENT_HOME_H
#define REEVE_AGENT_HOME_H

#include <sys/types.h>

#include "base/err.h"

struct session;

/* 1: it is to be made here, 0: not, -1: that could not be found out. */
int home_is_missing(struct session *s, const char *home, struct err *err);

/* ERR_REFUSED where somebody else than root can write in the directory that it is to be in. */
int home_make(struct session *s, const char *home, uid_t uid, gid_t gid, struct err *err);

#endif
