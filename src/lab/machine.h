/*
 * machine: one node: its disk on the image, its process, its state, whatever its backend (lab/backend.h) makes of it.
 * DIR/nodes/NODE holds backend (its name), pid, hosts (its /etc/hosts as last written), image, log, and what the backend
 * keeps there.
 */
#ifndef REEVE_LAB_MACHINE_H
#define REEVE_LAB_MACHINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "lab/place.h"
#include "lab/roster.h"

/* Does its process run? */
bool machine_runs(const struct place *p, const char *node);

/* Its systemd's process id on this machine, or that of its kernel; 0 where it has none (yet). */
pid_t machine_leader(const struct place *p, const char *node);

/* Its port of the bridge (lab/bridge.h), 0 where it has none (yet). */
unsigned machine_port(const struct place *p, const char *node);

/*
 * Gives the node its disk: a new one, or the one it has where that lies on the same image. The lab's keys exist.
 * `hosts` is its /etc/hosts, replaced only where the node has not changed it itself.
 */
int machine_prepare(const struct place *p, const struct roster *r, const struct roster_node *n, const char *hosts,
		    struct err *err);

/* The same of a node that runs: brings its /etc/hosts up to date. */
int machine_refresh(const struct place *p, const char *node, const char *hosts, struct err *err);

/* Starts a prepared node in a session of its own; returns when its program is being executed, not when it is up. */
int machine_start(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err);

/* Powers it off without clearing anything away, and waits for nothing: before machine_stop() of several. */
void machine_strike(const struct place *p, const char *node);

/* Powers it off at once and clears away what it, or an earlier one that was killed, left; its disk stays. */
int machine_stop(const struct place *p, const char *node, struct err *err);

/* The last line it wrote, in p's arena, "" where there is none. */
const char *machine_last_words(const struct place *p, const char *node);

#endif
