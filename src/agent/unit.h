/*
 * unit: what systemd says of its units, and what it is told to do with them. Everything is systemctl(1), and bounded in
 * time: who waits for a server that is dead waits in systemd, and the command is given up.
 */
#ifndef REEVE_AGENT_UNIT_H
#define REEVE_AGENT_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct session;

struct unit {
	const char *name, *load, *active, *sub, *file, *result; /* systemd's words; "" where it has none */
	uint64_t start_us;            /* of the main process, else of the unit; monotonic; 0: never */
	uint64_t active_us, state_us; /* when it became active, and its last change of state; as start_us */
	long pid;
	bool needs_reload;  /* its unit file was changed */
	bool can_reload;    /* its daemon reads its files again when it is told to */
	bool reload_failed; /* the last time, since it was started */
};

struct units {
	struct unit *items;
	size_t len, cap;
};

/* Asks for all in one call. The names are borrowed, the rest is in the arena. At most 30 s. */
int unit_show(struct session *s, const char *const *names, size_t count, struct arena *arena, struct units *ret,
	      struct err *err);

bool unit_runs(const struct unit *u);       /* active or reloading */
bool unit_is_enabled(const struct unit *u); /* so that it is started at boot */

/* `systemctl VERB NAME`, given up after `timeout_ms`. */
int unit_command(struct session *s, unsigned timeout_ms, const char *verb, const char *name, struct err *err);

/* Makes systemd read its unit files again. At most 100 s. */
int unit_reload(struct session *s, struct err *err);

/* Puts the last lines of the unit's own journal behind what `err` says. Always -1. */
int unit_explain(struct session *s, const char *name, struct err *err);

#endif
