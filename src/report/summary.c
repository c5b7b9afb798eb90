/* The end of a run: totals, and the summary for people or for programs. */
#include "report/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/term.h"
#include "hostlist/hostlist.h"
#include "report/json.h"

struct report_totals report_totals(const struct report *r)
{
	struct report_totals t = {.seconds = (double)(clock_ms() - r->started_ms) / 1000};
	for (size_t i = 0; i < r->count; i++) {
		t.changed += r->hosts[i].changed;
		t.failed += r->hosts[i].state == REPORT_FAILED;
		t.unreachable += r->hosts[i].state == REPORT_UNREACHABLE;
	}
	t.ok = !r->error && !t.failed && !t.unreachable;
	return t;
}

/* At the end nobody works any more. */
static const char *end_state(const struct report *r, const struct report_host *h)
{
	if (h->state == REPORT_FAILED || h->state == REPORT_UNREACHABLE)
		return report_state_name(h->state);
	return r->error ? "stopped" : report_state_name(REPORT_DONE);
}

static json_t *summary_json(const struct report *r, const struct report_totals *t, const json_t *extra)
{
	json_t *hosts = json_array();
	for (size_t i = 0; i < r->count; i++) {
		const struct report_host *h = &r->hosts[i];
		json_array_append_new(hosts, json_pack("{s:s, s:s, s:I, s:I, s:s?}", "name", h->name, "state",
						       end_state(r, h), "changed", (json_int_t)h->changed, "failed",
						       (json_int_t)h->failed, "error", h->error));
	}
	json_t *all = json_pack("{s:b, s:I, s:I, s:I, s:f, s:o, s:s?}", "ok", t->ok, "changed", (json_int_t)t->changed,
				"failed", (json_int_t)t->failed, "unreachable", (json_int_t)t->unreachable, "seconds",
				t->seconds, "hosts", hosts, "error", r->error);
	if (extra)
		json_object_update(all, (json_t *)extra);
	return all;
}

static bool changed(const struct report_thing *t, size_t host)
{
	return t->result[host] == 1 + EVENT_CHANGED;
}

static bool same_hosts(const struct report *r, const struct report_thing *a, const struct report_thing *b)
{
	if (a->changed != b->changed)
		return false;
	for (size_t i = 0; i < r->count; i++)
		if (changed(a, i) != changed(b, i))
			return false;
	return true;
}

enum { MOST_LISTED = 8 };

struct kind {
	const char *name; /* what stands before ':' in the id: "file" */
	size_t len, count;
};

/* "12 files, 2 services" */
static const char *count_kinds(const char *const *ids, size_t count, struct arena *arena)
{
	struct kind *kinds = arena_calloc(arena, count, sizeof *kinds);
	size_t n = 0;
	const char *text = "";
	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(ids[i], ":"), k = 0;
		while (k < n && !(kinds[k].len == len && memcmp(kinds[k].name, ids[i], len) == 0))
			k++;
		if (k == n)
			kinds[n++] = (struct kind){ids[i], len, 0};
		kinds[k].count++;
	}
	for (size_t k = 0; k < n; k++) {
		bool packages = strncmp(kinds[k].name, "packages", kinds[k].len) == 0;
		bool directory = kinds[k].name[kinds[k].len - 1] == 'y';
		const char *what = arena_strndup(arena, kinds[k].name, kinds[k].len - (directory ? 1 : 0));
		text = packages ? arena_printf(arena, "%s%s%s", text, *text ? ", " : "", what)
				: arena_printf(arena, "%s%s%zu %s%s", text, *text ? ", " : "", kinds[k].count, what,
					       directory && kinds[k].count == 1 ? "y"
					       : directory                      ? "ies"
					       : kinds[k].count == 1            ? ""
										: "s");
	}
	return text;
}

static void print_group(const struct report *r, const char *hosts, const char *const *ids, size_t count,
			struct arena *arena, FILE *out)
{
	if (count > MOST_LISTED && !r->options.verbose) {
		fprintf(out, "changed on %s: %s\n", hosts, count_kinds(ids, count, arena));
		return;
	}
	fprintf(out, "changed on %s:\n", hosts);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "  %s\n", ids[i]);
}

/* What changed, under a heading for each set of hosts. */
static void print_changes(const struct report *r, struct arena *arena, FILE *out)
{
	bool *done = arena_calloc(arena, r->things.len, sizeof *done);
	const char **names = arena_calloc(arena, r->count, sizeof *names);
	const char **ids = arena_calloc(arena, r->things.len, sizeof *ids);
	for (size_t i = 0; i < r->things.len; i++) {
		const struct report_thing *t = r->things.items[i];
		if (done[i] || !t->changed)
			continue;
		size_t n = 0, count = 0;
		for (size_t k = 0; k < r->count; k++)
			if (changed(t, k))
				names[n++] = r->hosts[k].name;
		for (size_t k = i; k < r->things.len; k++) {
			if (done[k] || !r->things.items[k]->changed || !same_hosts(r, t, r->things.items[k]))
				continue;
			done[k] = true;
			ids[count++] = r->things.items[k]->id;
		}
		print_group(r, hostlist_compress(names, n, arena), ids, count, arena, out);
	}
}

/* Who failed or was out of reach, under the reason that they have in common. */
static void print_errors(const struct report *r, enum report_state state, struct arena *arena, FILE *out)
{
	bool *done = arena_calloc(arena, r->count, sizeof *done);
	const char **names = arena_calloc(arena, r->count, sizeof *names);
	const char *color = report_color(state, r->options.out_color);
	for (size_t i = 0; i < r->count; i++) {
		if (done[i] || r->hosts[i].state != state || r->hosts[i].told)
			continue;
		size_t n = 0;
		for (size_t k = i; k < r->count; k++) {
			if (done[k] || r->hosts[k].state != state || r->hosts[k].told ||
			    strcmp(r->hosts[k].error, r->hosts[i].error) != 0)
				continue;
			done[k] = true;
			names[n++] = r->hosts[k].name;
		}
		fprintf(out, "%s%s: %s%s\n  %s\n", color, report_state_name(state), hostlist_compress(names, n, arena),
			*color ? TERM_PLAIN : "", r->hosts[i].error);
	}
}

static void print_summary(const struct report *r, const struct report_totals *t, FILE *out)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	print_changes(r, arena, out);
	print_errors(r, REPORT_FAILED, arena, out);
	print_errors(r, REPORT_UNREACHABLE, arena, out);
	const char *color = report_color(t->ok ? REPORT_DONE : REPORT_FAILED, r->options.out_color);
	if (r->error)
		fprintf(out, "%sfailed: %s%s\n", color, r->error, *color ? TERM_PLAIN : "");
	fprintf(out, "%s%zu host%s: %zu changed, %zu failed, %zu unreachable; %.1f s%s\n", color, r->count,
		r->count == 1 ? "" : "s", t->changed, t->failed, t->unreachable, t->seconds, *color ? TERM_PLAIN : "");
	for (size_t i = 0; i < r->closing.len; i++)
		fprintf(out, "%s\n", r->closing.items[i]);
}

struct report_totals report_end(struct report *r, const json_t *extra)
{
	struct report_totals t = report_totals(r);
	live_clear(r);
	r->options.live = false;
	if (r->options.json) {
		json_print(summary_json(r, &t, extra), JSON_COMPACT | JSON_REAL_PRECISION(6), r->options.out);
	} else {
		print_summary(r, &t, r->options.out);
	}
	fflush(r->options.out);
	return t;
}
