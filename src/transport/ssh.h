/*
 * ssh: how the user's own OpenSSH client is called, and where its kept connections (ControlMaster, ssh_config(5)) lie.
 *
 * The user's ssh_config applies: jump hosts, certificates, agents and hardware keys work as on the command line. What
 * would make ssh ask, forward, fork or run something else is switched off, and so is whatever stands for a host's key in
 * the place of a file of known hosts, or hands the operator's credentials on (docs/adr/0050-ssh-options.md). Host keys
 * are checked, always.
 */
#ifndef REEVE_TRANSPORT_SSH_H
#define REEVE_TRANSPORT_SSH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

enum { SSH_MASTERS_MAX = 64 }; /* above so many hosts no connection is kept */
enum { SSH_PERSIST_S = 60 };   /* how long a kept connection stays without use */

struct ssh {
	const char *program;
	const char *config;      /* -F; NULL: none */
	const char *known_hosts; /* an additional file of host keys; NULL: none */
	const char *control_dir; /* NULL: no connection is kept */
	unsigned connect_timeout_s;
};

struct ssh_dest {
	const char *host; /* as the user would write it */
	const char *user; /* NULL: ssh's default */
	unsigned port;    /* 0: ssh's default */
};

/*
 * A directory for control sockets: below /run/user/UID, /run (root) or /tmp, mode 0700, owned by this user, no symbolic
 * link, short enough for a socket's path (sun_path, unix(7)). NULL: ERR_MISSING; all works without.
 */
const char *ssh_control_dir(struct arena *arena, struct err *err);

/* Is `dir` such a directory? It is made where it is missing. */
int ssh_control_dir_check(const char *dir, struct err *err);

/* The NULL-terminated command line for one host. `keep`: through a kept connection, made where there is none. */
char **ssh_argv(const struct ssh *ssh, const struct ssh_dest *dest, const char *command, bool keep,
		struct arena *arena);

/* The NULL-terminated command line of a person who wants in: a shell, where `command` (NULL-terminated) is empty. The user's own
 * configuration holds, but that host keys are checked as above. */
char **ssh_login_argv(const struct ssh *ssh, const struct ssh_dest *dest, char *const *command, struct arena *arena);

/* The argument as the host's shell has to read it: what ssh sends is a line for it. In `arena`. */
char *ssh_quote(const char *text, struct arena *arena);

/* The command line that prints what ssh makes of its configuration for this host (ssh(1), -G), and ends. */
char **ssh_config_argv(const struct ssh *ssh, const struct ssh_dest *dest, struct arena *arena);

/* Is there a socket of a kept connection to this host? It may be dead. */
bool ssh_has_master(const struct ssh *ssh, const struct ssh_dest *dest);

/* Removes the sockets to this host: the next ssh makes a new connection. */
void ssh_forget_master(const struct ssh *ssh, const struct ssh_dest *dest);

#endif
