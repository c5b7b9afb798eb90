/*
 * resource: one entry for each type of resource (catalog/catalog.h says what each means). `probe` changes nothing;
 * `apply` is called only when a probe made right before it did not find the resource as wanted.
 */
#ifndef REEVE_AGENT_RESOURCE_H
#define REEVE_AGENT_RESOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "catalog/catalog.h"

struct session;
struct units;

enum { RESOURCE_CONTENT = 256 << 10 }; /* bytes of a file that travel with what was observed, at most */

struct probe {
	struct arena *arena;          /* for the texts of `observed` */
	bool content;                 /* wanted: what is in the file now */
	const struct units *services; /* asked for all at once; NULL: ask for this one */
	const char *silent;           /* a directory that did not answer; NULL: none */
	bool applies;                 /* what was found is brought about at once */
	struct observed observed;
};

/* Sets what was found. */
void probe_found(struct probe *p, enum observed_state state, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

struct resource_ops {
	void (*probe)(struct session *s, const struct resource *r, struct probe *p);
	/* Appends to `what` one line for a person on what was done. */
	int (*apply)(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		     struct err *err);
	/* The same of several at once, where that is much quicker than one after the other, else NULL. `what` is an array as
	 * long as `all`. Where it fails each is tried for itself, which says whose failure it is. */
	int (*apply_all)(struct session *s, const struct resource *const *all, size_t len, struct strbuf *what,
			 struct err *err);
};

extern const struct resource_ops apt_ops, file_ops, directory_ops, link_ops, service_ops, group_ops, user_ops,
    absent_ops, mount_ops, product_ops, home_ops, block_ops, spool_ops;

/*
 * What these units are now, as {UNIT: {"load", "active", "sub", "file", "result", "pid", "since", "stopped"}} in systemd's
 * words (systemctl(1) show);
 * "since" is the start of the main process, else of the unit, in microseconds on the monotonic clock, 0: not since the
 * host booted. The session keeps it for the probe that follows, until services_forget() or for some seconds.
 */
json_t *services_describe(struct session *s, const char *const *units, size_t count, struct err *err);

/* To be called before anything is changed. */
void services_forget(struct session *s);

/*
 * The services of a probe, all at once: what the session keeps, else systemctl(1) in one call. Lives in the arena, or
 * until services_forget(). NULL where there are none, or it failed.
 */
const struct units *services_ask(struct session *s, const struct resource *items, size_t len, struct arena *arena);

/* To be called with each path that was written: a unit file makes systemd read its units again before the next start.
 */
void service_path_changed(struct session *s, const char *path);

#endif
