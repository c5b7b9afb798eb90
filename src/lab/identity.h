/*
 * identity: the keys by which a lab and its nodes know each other, made once and kept until the lab is purged, and the
 * files made from them: known_hosts, ssh_config, hosts.
 */
#ifndef REEVE_LAB_IDENTITY_H
#define REEVE_LAB_IDENTITY_H

#include "base/err.h"
#include "lab/place.h"
#include "lab/roster.h"

/* The lab's own key (DIR/keys/id_ed25519) and one host key for each node (DIR/keys/NODE): those that are missing are
 * made. */
int identity_keys(const struct place *p, const struct roster *r, struct err *err);

const char *identity_host_key(const struct place *p,
			      const char *node); /* the path; ".pub" behind it is the public half */
const char *identity_lab_key(const struct place *p);

/* Writes DIR/known_hosts and DIR/ssh_config. */
int identity_write(const struct place *p, const struct roster *r, struct err *err);

/* The nodes' /etc/hosts: it stands for the DNS that real nodes have. In p's arena. */
const char *identity_hosts(const struct place *p, const struct roster *r);

#endif
