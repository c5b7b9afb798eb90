/* state: what a report knows, shared by its ways of showing it. Private to this part. */
#ifndef REEVE_REPORT_STATE_H
#define REEVE_REPORT_STATE_H

#include <stdint.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "report/report.h"

struct report_host {
	const char *name;
	enum report_state state;
	const char *text;       /* what it does now, printable */
	const char *error;      /* why it failed, printable; NULL: it did not */
	bool told;              /* and is told by the caller */
	char *busy;             /* text's memory, freed with the report */
	size_t changed, failed; /* resources */
};

/* One resource id over all hosts. */
struct report_thing {
	const char *id;
	unsigned char *result; /* one a host: 0 not heard of, else 1 + enum event_result */
	size_t changed;        /* hosts */
};

struct report {
	struct report_options options;
	struct arena *arena;
	struct report_host *hosts;
	size_t count;
	VEC(struct report_thing *) things;
	struct map by_id;
	const char *phase;
	const char *error;
	VEC(const char *) closing;
	uint64_t started_ms;
	/* the live block */
	struct strbuf scroll; /* whole lines that go above the block with the next frame */
	VEC(unsigned) rows;   /* columns of each line of the block that is on the screen */
	uint64_t drawn_ms;
	bool dirty;
};

/* Draws a frame when it is time, or in any case with `now`. */
void live_draw(struct report *r, bool now);
/* Takes the block off the screen and prints what was to go above it. */
void live_clear(struct report *r);

/* Adds at most `columns` columns of the printable text `s`, with "..." where it was cut. Returns the columns added. */
unsigned live_fit(struct strbuf *out, const char *s, unsigned columns);

/* The color that goes with a state, "" without `color`. */
const char *report_color(enum report_state state, bool color);

#endif
