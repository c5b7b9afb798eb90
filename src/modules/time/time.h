/*
 * time: the clocks of all hosts that have a role, and of those that serve time, by chrony.
 *
 *	time:
 *	  servers: [ntp1.example.org, ntp2.example.org]	# asked by all hosts, or by those of `serve`
 *	  serve: [head1, head2]				# asked by all others; without `servers` it is the controllers
 *
 * Hosts that serve without anybody to ask agree among themselves (chrony.conf(5), "local", orphan): what matters is that
 * clocks are the same. They are set in the stage of servers, the others before MUNGE, which refuses credentials of another
 * time. In a container chronyd runs with -x: it serves and measures, and the clock stays its machine's.
 */
#ifndef REEVE_MODULES_TIME_TIME_H
#define REEVE_MODULES_TIME_TIME_H

#include "modules/module.h"

struct time {
	const char *const *servers; /* names and addresses, NULL-terminated */
	struct inv_choice serve;    /* both NULL: it was not said */
	struct span at;             /* line 0: no section was written */
};

extern const struct module time_module;
extern const struct inv_section time_section;

/* The cluster's section. */
const struct time *time_of(const struct cluster *cluster);

/* Does the host serve time to the others? */
bool time_serves(const struct cluster *cluster, size_t host);

/* tracking.c: clocks as chronyd measures them. */
extern const struct diagnoses time_diagnoses;
void time_verify(const struct verify_context *context, struct checks *checks);

/*
 * What is wrong with a clock by a line of `chronyc -c tracking` (chronyc(1)): NULL where it follows its servers and is less than a
 * second from them.
 */
const char *time_fault(const char *tracking, struct arena *arena);

#endif
