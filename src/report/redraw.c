/*
 * The live block. Every frame goes up over the lines of the one before, clears to the end of the screen, and writes
 * what scrolls and the new block, in one write. Where the terminal has become narrower meanwhile its lines have
 * wrapped, so their columns are remembered to know how far to go up.
 */
#include "report/state.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/term.h"
#include "hostlist/hostlist.h"

enum {
	FRAME_MS = 100,
	WIDTH_UNKNOWN = 80,
	HEIGHT_UNKNOWN = 24,
	SPARE_ROWS = 3, /* left to what scrolls above the block */
};

bool report_can_redraw(FILE *f)
{
	const char *term = getenv("TERM");
	return isatty(term_fd(f)) && term && *term && !streq(term, "dumb");
}

static struct winsize window(FILE *f)
{
	struct winsize w = {0};
	if (ioctl(term_fd(f), TIOCGWINSZ, &w) != 0)
		w = (struct winsize){0};
	return w;
}

unsigned report_width(FILE *f)
{
	if (!isatty(term_fd(f)))
		return 0;
	unsigned columns = window(f).ws_col;
	return columns ? columns : WIDTH_UNKNOWN;
}

/* Bytes of the character at `s`, and its columns: those beyond U+10FF count as wide, since being taken for too wide
 * only cuts a line earlier, and being taken for too narrow would wrap it. */
static size_t character(const char *s, unsigned *ret_columns)
{
	unsigned char c = (unsigned char)*s;
	size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	for (size_t i = 1; i < len; i++)
		if (!s[i])
			len = i;
	*ret_columns = c >= 0xE1 ? 2 : 1;
	return len;
}

unsigned live_fit(struct strbuf *out, const char *s, unsigned columns)
{
	unsigned whole = 0, w;
	for (const char *p = s; *p; whole += w)
		p += character(p, &w);
	unsigned used = 0, room = whole <= columns ? columns : columns > 3 ? columns - 3 : 0;
	while (*s) {
		size_t len = character(s, &w);
		if (used + w > room)
			break;
		strbuf_add(out, s, len);
		used += w;
		s += len;
	}
	if (whole > columns && columns > 3) {
		strbuf_adds(out, "...");
		used += 3;
	}
	return used;
}

const char *report_color(enum report_state state, bool color)
{
	if (!color)
		return "";
	switch (state) {
	case REPORT_DONE:
		return TERM_GREEN;
	case REPORT_FAILED:
	case REPORT_UNREACHABLE:
		return TERM_RED;
	case REPORT_WAITING:
		return TERM_FAINT;
	default:
		return "";
	}
}

struct frame {
	struct report *r;
	struct strbuf text;
	unsigned columns;
};

/* One line of the block, in that state's color. */
static void put_line(struct frame *f, enum report_state state, const char *line)
{
	const char *color = report_color(state, f->r->options.color);
	strbuf_adds(&f->text, color);
	unsigned used = live_fit(&f->text, line, f->columns - 1);
	strbuf_adds(&f->text, *color ? TERM_PLAIN "\n" : "\n");
	*vec_push(&f->r->rows) = used;
}

static const char *doing(const struct report_host *h)
{
	return h->text && *h->text ? h->text : report_state_name(h->state);
}

static void put_hosts(struct frame *f, struct arena *arena)
{
	const struct report *r = f->r;
	size_t widest = 0;
	for (size_t i = 0; i < r->count; i++)
		if (strlen(r->hosts[i].name) > widest)
			widest = strlen(r->hosts[i].name);
	for (size_t i = 0; i < r->count; i++) {
		const struct report_host *h = &r->hosts[i];
		put_line(f, h->state, arena_printf(arena, "  %-*s  %s", (int)widest, h->name, doing(h)));
	}
}

static int by_doing(const void *a, const void *b)
{
	const struct report_host *x = *(const struct report_host *const *)a, *y = *(const struct report_host *const *)b;
	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	return strcmp(doing(x), doing(y));
}

/* Hosts that do the same, as one line; at most `lines` of them. */
static void put_groups(struct frame *f, struct arena *arena, unsigned lines)
{
	const struct report *r = f->r;
	const struct report_host **sorted = arena_calloc(arena, r->count, sizeof *sorted);
	const char **names = arena_calloc(arena, r->count, sizeof *names);
	for (size_t i = 0; i < r->count; i++)
		sorted[i] = &r->hosts[i];
	qsort(sorted, r->count, sizeof *sorted, by_doing);
	size_t groups = 0;
	for (size_t i = 0; i < r->count; i++)
		groups += i == 0 || by_doing(&sorted[i - 1], &sorted[i]) != 0;
	for (size_t i = 0, next; i < r->count; i = next, groups--) {
		if (lines <= 1 && groups > 1) {
			put_line(f, REPORT_WORKING,
				 arena_printf(arena, "  %zu  in %zu other states", r->count - i, groups));
			return;
		}
		for (next = i; next < r->count && by_doing(&sorted[i], &sorted[next]) == 0; next++)
			names[next - i] = sorted[next]->name;
		put_line(f, sorted[i]->state,
			 arena_printf(arena, "  %zu  %s: %s", next - i, doing(sorted[i]),
				      hostlist_compress(names, next - i, arena)));
		lines--;
	}
}

static void put_head(struct frame *f, struct arena *arena)
{
	const struct report *r = f->r;
	size_t ended = 0, busy = 0;
	for (size_t i = 0; i < r->count; i++) {
		ended += r->hosts[i].state == REPORT_DONE;
		busy += r->hosts[i].state == REPORT_DONE || r->hosts[i].state == REPORT_WORKING;
	}
	const char *counts = busy ? arena_printf(arena, "  %zu of %zu host%s", ended, busy, busy == 1 ? "" : "s") : "";
	put_line(f, REPORT_WORKING,
		 arena_printf(arena, "%s%s  %.1f s", r->phase ? r->phase : "start", counts,
			      (double)(clock_ms() - r->started_ms) / 1000));
}

/* Goes to the first column of the block's first line and clears from there. */
static void put_up(struct frame *f)
{
	unsigned up = 0;
	for (size_t i = 0; i < f->r->rows.len; i++) {
		unsigned used = f->r->rows.items[i];
		up += used ? (used + f->columns - 1) / f->columns : 1;
	}
	if (up)
		for (unsigned i = 0; i < up; i++)
			strbuf_adds(&f->text, i ? TERM_UP : TERM_RETURN TERM_UP);
	if (up)
		strbuf_adds(&f->text, TERM_CLEAR);
	f->r->rows.len = 0;
}

static void frame_open(struct frame *f, struct report *r, unsigned *ret_height)
{
	struct winsize w = window(r->options.progress);
	*f = (struct frame){.r = r, .columns = w.ws_col > 10 ? w.ws_col : WIDTH_UNKNOWN};
	*ret_height = w.ws_row ? w.ws_row : HEIGHT_UNKNOWN;
	strbuf_adds(&f->text, TERM_HIDE);
	put_up(f);
	strbuf_add(&f->text, strbuf_str(&r->scroll), r->scroll.len);
	strbuf_reset(&r->scroll);
}

static void frame_close(struct frame *f)
{
	strbuf_adds(&f->text, TERM_SHOW);
	fwrite(f->text.data, 1, f->text.len, f->r->options.progress);
	fflush(f->r->options.progress);
	strbuf_free(&f->text);
}

void live_draw(struct report *r, bool now)
{
	if (!r->options.live || !r->count)
		return;
	uint64_t ms = clock_ms();
	/* Without a change, only the seconds go on. */
	if (!now && ms - r->drawn_ms < (r->dirty ? FRAME_MS : 10 * FRAME_MS))
		return;
	r->drawn_ms = ms;
	r->dirty = false;
	struct frame f;
	unsigned height;
	_cleanup_arena_ struct arena *arena = arena_new();
	frame_open(&f, r, &height);
	put_head(&f, arena);
	unsigned lines = height > SPARE_ROWS + 1 ? height - SPARE_ROWS - 1 : 1;
	if (r->count <= lines)
		put_hosts(&f, arena);
	else
		put_groups(&f, arena, lines);
	frame_close(&f);
}

void live_clear(struct report *r)
{
	if (!r->options.live || (!r->rows.len && !r->scroll.len))
		return;
	struct frame f;
	unsigned height;
	frame_open(&f, r, &height);
	frame_close(&f);
}
