/*
 * report: how a run over many hosts looks to the one who started it.
 *
 * Made from a handful of calls about hosts, phases and events; it knows nothing of ssh, plans or Slurm. There are three
 * ways to look at a run:
 *
 *	live    on a terminal: a block at its foot, one line for each host where they fit, else one line for each thing
 *	        that hosts are busy with; redrawn at most ten times a second. What must be read later scrolls past above.
 *	plain   elsewhere: one line for each phase, each failure and each host that ended.
 *	JSON    one object a line on `out`: progress, and last the summary.
 *
 * A frame of the live block is one write that hides the cursor and shows it again, so that a run that is interrupted at
 * any point leaves a terminal in order. Text from hosts is made printable and cut to the width of the terminal.
 *
 * Write errors are not handled here: they stay in the FILEs, and main asks ferror(3) at the end. Not for two threads.
 */
#ifndef REEVE_REPORT_REPORT_H
#define REEVE_REPORT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "catalog/catalog.h"

struct report_options {
	FILE *out;      /* results: the summary; with `json` also the progress */
	FILE *progress; /* progress for people */
	bool json;      /* JSON lines on `out`, nothing on `progress` */
	bool live;      /* `progress` is a terminal that can move its cursor: report_can_redraw() */
	bool color;     /* on `progress` */
	bool out_color; /* on `out` */
	bool verbose;   /* every change as it happens, also those that change nothing */
};

enum report_state {
	REPORT_WAITING, /* nothing heard of it yet */
	REPORT_WORKING,
	REPORT_DONE,
	REPORT_FAILED,      /* it answered, and something on it failed */
	REPORT_UNREACHABLE, /* it did not answer, or stopped to */
	REPORT_STATES
};

const char *report_state_name(enum report_state state);

struct report;

/* Options are copied, the FILEs borrowed until report_free. */
struct report *report_new(const struct report_options *options);
void report_free(struct report *r); /* takes the live block off the screen; NULL is fine */

/* The hosts of the run, once, before anything is said about one; `names` are copied. The clock of the run starts. */
void report_begin(struct report *r, const char *const *names, size_t count);

/* What is done from now on: "prepare". A phase ends with the next one, or with the run. Nobody works until report_host() says
 * so; those that failed stay so. The live block counts those who have something to do. */
void report_phase(struct report *r, const char *title);

/* Where one host is; `text` (may be NULL) is what it does now, or why it failed. For REPORT_FAILED and
 * REPORT_UNREACHABLE the first text is the host's error and stays. */
void report_host(struct report *r, size_t host, enum report_state state, const char *text);

/* It is REPORT_FAILED or REPORT_UNREACHABLE, for a reason that the caller tells in words of its own: progress says
 * that it is skipped, the summary counts it. */
void report_skip(struct report *r, size_t host, enum report_state state, const char *text);

/* It has done what there was for it in this phase. */
void report_ready(struct report *r, size_t host);

/* What became of a resource. `where` is the place in cluster.yaml that caused it ("cluster.yaml:12:5"), or NULL. A
 * failed event makes the host failed. */
void report_event(struct report *r, size_t host, const struct event *event, const char *where);

/* A line about the whole run, for people; with JSON {"note": ...}. */
void report_note(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Why the whole run failed; shown in the summary, and makes it one that is not ok. The first text stays. */
void report_error(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A last word, for people: what report_end() prints behind its summary, in the order given. A text may have several lines. */
void report_close(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Redraws where something changed and a tenth of a second has passed: to be called from a timer of the caller, so that
 * the last change and the seconds are seen. All other calls do this too. */
void report_tick(struct report *r);

/* From now on there is no live block: something else has the screen. */
void report_still(struct report *r);

/* Takes the live block off the screen, so that someone else may write there; the next call draws it again. */
void report_hide(struct report *r);

struct report_totals {
	size_t changed;             /* resources, over all hosts */
	size_t failed, unreachable; /* hosts */
	double seconds;             /* since report_begin */
	bool ok;                    /* nobody failed, nobody was unreachable, and there was no report_error */
};

struct report_totals report_totals(const struct report *r);

/*
 * Ends the run with its summary on `out`: what changed, where, grouped over equal hosts (of long lists, unless verbose, only how
 * many of each kind); who failed and why; how long it took; and the last words. With JSON the last line is {"ok", "changed", "failed", "unreachable", "seconds", "hosts": [{"name", "state",
 * "changed", "failed", "error"}], "error"}, to which the members of `extra` (may be NULL, borrowed) are added. A host that is
 * neither failed nor unreachable is "done" then; "stopped" where the run failed before all was done.
 */
struct report_totals report_end(struct report *r, const json_t *extra);

/* May `f` be redrawn: is it a terminal, and not TERM=dumb? */
bool report_can_redraw(FILE *f);

/* Columns of the terminal behind `f`, 0 where it is none. */
unsigned report_width(FILE *f);

static inline void report_freep(struct report **r)
{
	report_free(*r);
}
#define _cleanup_report_ __attribute__((cleanup(report_freep)))

#endif
