#include "report/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/term.h"
#include "report/json.h"

const char *report_state_name(enum report_state state)
{
	static const char *const names[REPORT_STATES] = {
	    [REPORT_WAITING] = "waiting", [REPORT_WORKING] = "working",         [REPORT_DONE] = "done",
	    [REPORT_FAILED] = "failed",   [REPORT_UNREACHABLE] = "unreachable",
	};
	return (unsigned)state < REPORT_STATES ? names[state] : "failed";
}

struct report *report_new(const struct report_options *options)
{
	struct report *r = xcalloc(1, sizeof *r);
	r->options = *options;
	if (r->options.json)
		r->options.live = false;
	r->arena = arena_new();
	r->started_ms = clock_ms();
	return r;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	live_clear(r);
	for (size_t i = 0; i < r->count; i++)
		free(r->hosts[i].busy);
	vec_free(&r->things);
	vec_free(&r->rows);
	vec_free(&r->closing);
	map_free(&r->by_id);
	strbuf_free(&r->scroll);
	arena_free(r->arena);
	free(r);
}

/* One JSON line; takes the reference. */
static void say_json(struct report *r, json_t *line)
{
	json_print(line, JSON_COMPACT, r->options.out);
	fflush(r->options.out);
}

/* One line for people. */
static void say(struct report *r, const char *color, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void say(struct report *r, const char *color, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	if (!r->options.color)
		color = "";
	strbuf_adds(&line, color);
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	strbuf_adds(&line, *color ? TERM_PLAIN "\n" : "\n");
	if (r->options.live) {
		strbuf_add(&r->scroll, line.data, line.len);
		r->dirty = true;
		return;
	}
	fwrite(line.data, 1, line.len, r->options.progress);
	fflush(r->options.progress);
}

static char *printable(struct report *r, const char *text)
{
	return str_printable(r->arena, text, strlen(text));
}

void report_begin(struct report *r, const char *const *names, size_t count)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->hosts[i].busy);
	r->hosts = arena_calloc(r->arena, count, sizeof *r->hosts);
	r->count = count;
	for (size_t i = 0; i < count; i++)
		r->hosts[i].name = printable(r, names[i]);
	r->started_ms = clock_ms();
	r->dirty = true;
	live_draw(r, false);
}

void report_phase(struct report *r, const char *title)
{
	r->phase = printable(r, title);
	for (size_t i = 0; i < r->count; i++) {
		struct report_host *h = &r->hosts[i];
		if (h->state != REPORT_DONE && h->state != REPORT_WORKING)
			continue;
		h->state = REPORT_WAITING;
		h->text = NULL;
	}
	r->dirty = true;
	if (r->options.json)
		say_json(r, json_pack("{s:s}", "phase", r->phase));
	else if (!r->options.live)
		say(r, "", "%s", r->phase);
	live_draw(r, false);
}

/* Keeps what a host does now, in memory of its own: a long run says many things. */
static void set_text(struct report_host *h, const char *text)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	free(h->busy);
	h->text = h->busy = text ? xstrdup(str_printable(arena, text, strlen(text))) : NULL;
}

static void set_error(struct report *r, struct report_host *h, const char *text)
{
	if (h->error)
		return;
	h->error = text && *text ? printable(r, text) : report_state_name(h->state);
	if (!r->options.json)
		say(r, report_color(h->state, true), "%s: %s%s%s", h->name,
		    h->told ? "skipped" : report_state_name(h->state), h->told ? "" : ": ", h->told ? "" : h->error);
}

static bool lost(const struct report_host *h)
{
	return h->state == REPORT_FAILED || h->state == REPORT_UNREACHABLE;
}

void report_host(struct report *r, size_t host, enum report_state state, const char *text)
{
	if (host >= r->count)
		return;
	struct report_host *h = &r->hosts[host];
	if ((unsigned)state >= REPORT_STATES)
		state = REPORT_FAILED;
	bool news = h->state != state;
	/* A host that failed does not become well by going on; it may still become unreachable. */
	if (!lost(h) || state == REPORT_UNREACHABLE) {
		h->state = state;
		set_text(h, text);
	}
	if (lost(h))
		set_error(r, h, text);
	if (lost(h) && h->error)
		set_text(h, h->error);
	r->dirty = true;
	if (r->options.json)
		say_json(r, json_pack("{s:s, s:s, s:s*}", "host", h->name, "state", report_state_name(h->state), "text",
				      h->text));
	else if (!r->options.live && news && state == REPORT_DONE && !lost(h))
		say(r, report_color(state, true), "%s: done%s%s", h->name, h->text ? ", " : "", h->text ? h->text : "");
	live_draw(r, false);
}

void report_skip(struct report *r, size_t host, enum report_state state, const char *text)
{
	if (host < r->count && !r->hosts[host].error)
		r->hosts[host].told = true;
	report_host(r, host, state, text);
}

void report_ready(struct report *r, size_t host)
{
	if (host >= r->count || lost(&r->hosts[host]))
		return;
	r->hosts[host].state = REPORT_DONE;
	set_text(&r->hosts[host], NULL);
	r->dirty = true;
	live_draw(r, false);
}

static struct report_thing *thing_of(struct report *r, const char *id)
{
	struct report_thing *t = map_get(&r->by_id, id);
	if (t)
		return t;
	t = arena_alloc(r->arena, sizeof *t);
	*t = (struct report_thing){.id = printable(r, id), .result = arena_calloc(r->arena, r->count, 1)};
	map_set(&r->by_id, arena_strdup(r->arena, id), t);
	*vec_push(&r->things) = t;
	return t;
}

/* Counts the event; of several about one resource of one host the worst is what became of it. */
static enum event_result count(struct report *r, struct report_host *h, const struct event *event)
{
	struct report_thing *t = thing_of(r, event->id);
	unsigned char *slot = &t->result[h - r->hosts];
	enum event_result before = *slot ? (enum event_result)(*slot - 1) : EVENT_UNCHANGED;
	enum event_result merged = event_merge(before, event->result);
	*slot = (unsigned char)(1 + merged);
	t->changed += (merged == EVENT_CHANGED) - (before == EVENT_CHANGED);
	h->changed += (merged == EVENT_CHANGED) - (before == EVENT_CHANGED);
	h->failed += (merged == EVENT_FAILED) - (before == EVENT_FAILED);
	return merged;
}

void report_event(struct report *r, size_t host, const struct event *event, const char *where)
{
	if (host >= r->count)
		return;
	struct report_host *h = &r->hosts[host];
	enum event_result result = count(r, h, event);
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *what = event->what ? event->what : "";
	const char *text = arena_printf(arena, "%s%s%s", event->id, *what ? ": " : "", what);
	if (r->options.json)
		say_json(r,
			 json_pack("{s:s, s:o, s:s*}", "host", h->name, "event", event_encode(event), "where", where));
	else if (r->options.verbose && result != EVENT_FAILED)
		say(r, "", "%s: %s %s", h->name, event_result_name(event->result),
		    str_printable(arena, text, strlen(text)));
	if (result == EVENT_FAILED && event->alone) {
		if (!r->options.json)
			say(r, report_color(REPORT_FAILED, true), "%s: failed: %s", h->name,
			    str_printable(arena, text, strlen(text)));
	} else if (result == EVENT_FAILED) {
		if (!lost(h))
			h->state = REPORT_FAILED;
		set_error(r, h, where ? arena_printf(arena, "%s (%s)", text, where) : text);
		set_text(h, h->error);
	} else if (h->state == REPORT_WORKING && event->result == EVENT_CHANGED) {
		set_text(h, text);
	}
	r->dirty = true;
	live_draw(r, false);
}

void report_note(struct report *r, const char *fmt, ...)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(arena, fmt, ap);
	va_end(ap);
	text = str_printable(arena, text, strlen(text));
	if (r->options.json)
		say_json(r, json_pack("{s:s}", "note", text));
	else
		say(r, "", "%s", text);
	live_draw(r, false);
}

void report_close(struct report *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	char *rest = arena_strdup(r->arena, strbuf_str(&text));
	for (char *line; (line = str_next_line(&rest));)
		*vec_push(&r->closing) = printable(r, line);
}

void report_error(struct report *r, const char *fmt, ...)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(arena, fmt, ap);
	va_end(ap);
	if (!r->error)
		r->error = printable(r, text);
}

void report_tick(struct report *r)
{
	live_draw(r, false);
}

void report_still(struct report *r)
{
	live_clear(r);
	r->options.live = false;
}

void report_hide(struct report *r)
{
	live_clear(r);
	r->dirty = true;
}
