/*
 * roll: who is in a run, who is out of it, and why; by index of inventory.hosts. The places that hosts have in the fleet and in
 * the report are known here and nowhere else.
 *
 * A host with a role, or that a module needs, is in the run until it could not be reached, or until it leaves: once, for the causes that are found
 * together. Each is a finding that skips the host. What comes of that later (a step that was not done there, a check that
 * cannot hold) is a consequence, and is not told. A host whose session ended has left.
 *
 * A host that the cluster does without anyway (it is excluded) may be missing: that is a note, and nobody counts it.
 */
#ifndef REEVE_RUN_ROLL_H
#define REEVE_RUN_ROLL_H

#include <stdbool.h>

#include "base/interrupt.h"
#include "inventory/inventory.h"
#include "model/finding.h"
#include "report/report.h"
#include "transport/fleet.h"

enum roll_state {
	ROLL_ABSENT, /* it takes no part, or was not reached (roll_why) */
	ROLL_IN,
	ROLL_LEFT, /* it was reached, and is skipped (roll_why) */
};

struct roll;

/* Everybody who takes part is in. Lives in `arena`, borrows the rest; `report` and `interrupt` may be NULL. */
struct roll *roll_new(const struct inventory *inv, struct report *report, struct interrupt *interrupt,
		      struct arena *arena);

/* Makes the fleet, without connecting, and begins the report. `by_name`: hosts are reached by ssh under their names. */
int roll_open(struct roll *roll, const struct fleet_options *options, bool by_name, struct err *err);
void roll_close(struct roll *roll); /* says bye and frees the fleet; NULL is fine */

struct fleet *roll_fleet(const struct roll *roll);

/* Hosts that take part, and which they are: the host at `place` of the fleet. */
size_t roll_count(const struct roll *roll);
size_t roll_at(const struct roll *roll, size_t place);

/* May it be asked something: is it in the run, and its session open? */
bool roll_in(const struct roll *roll, size_t host);
enum roll_state roll_state(const struct roll *roll, size_t host);

/* Why it is absent or has left: the text of its first finding. NULL: it is in, or takes no part. */
const char *roll_why(const struct roll *roll, size_t host);

/* The same for all, by host index: as cluster_resolve() takes them. */
const char *const *roll_reasons(const struct roll *roll);

/*
 * The host leaves. The finding is to be completed before the next call; where it had left before, that is a finding that nobody
 * reads. An error that is an interruption (ERR_CANCELLED) is no reason: roll_fail() does nothing then.
 */
struct finding *roll_leave(struct roll *roll, size_t host, enum finding_code code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void roll_fail(struct roll *roll, size_t host, enum finding_code code, const struct err *why);

/* It was not reached, or what it said was not believed: it is absent. */
void roll_miss(struct roll *roll, size_t host, const struct err *why);

/* All hosts that these findings skip leave. The findings become the roll's, and are taken out of the list; those about hosts
 * that had left before are consequences, and nobody's. */
void roll_take(struct roll *roll, struct findings *findings);

/* Those whose session ended without anybody's word leave. */
void roll_look(struct roll *roll);

/* The cluster does without it. */
void roll_excuse(struct roll *roll, size_t host);

/* Hosts that are absent or have left, without those that are excused. */
size_t roll_skipped(const struct roll *roll);

/* Is a majority of the controllers in the run? */
bool roll_majority(const struct roll *roll);

/* The first controller that is in the run, in their order; SIZE_MAX: none. */
size_t roll_controller(const struct roll *roll);

/* Adds why hosts are skipped. */
void roll_tell(const struct roll *roll, struct findings *to);
void roll_hush(struct roll *roll, size_t host); /* why this one is, the caller tells as a part of something larger */

/* A request to one host, filled in for fleet_round; the message is borrowed. And the host of such a request. */
struct fleet_request roll_request(const struct roll *roll, size_t host, const json_t *message);
size_t roll_host(const struct roll *roll, const struct fleet_request *request);

/* Goes on connecting until each of `hosts` (by index; NULL: all) is connected or failed: fleet_await(). */
int roll_await(const struct roll *roll, const bool *hosts, unsigned timeout_ms, struct err *err);
enum fleet_phase roll_phase(const struct roll *roll, size_t host); /* FLEET_CLOSED where it has no role */
void roll_hang_up(const struct roll *roll, size_t host, const struct err *why);

/* To the report, if there is one. */
void roll_show(const struct roll *roll, size_t host, enum report_state state, const char *text);
void roll_show_ready(const struct roll *roll, size_t host);
void roll_show_event(const struct roll *roll, size_t host, const struct event *event, const char *where);

#endif
