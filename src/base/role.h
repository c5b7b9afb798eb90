/*
 * role: what a daemon or a package is there for. Facts, plan and run speak of roles; which unit, package and user has
 * one, the module says that deploys it.
 */
#ifndef REEVE_BASE_ROLE_H
#define REEVE_BASE_ROLE_H

enum role {
	ROLE_NONE,
	ROLE_AUTH,       /* makes and decodes the credentials that all others trust */
	ROLE_CONTROLLER, /* decides about jobs */
	ROLE_NODE,       /* runs jobs */
	ROLE_CLIENT,     /* talks to the controller */
	ROLES
};

/* NULL: it has none. */
struct role_names {
	const char *unit;    /* of systemd, with its suffix */
	const char *package; /* of the distribution */
	const char *user;    /* whose processes they are; NULL: root's */
};

#endif
