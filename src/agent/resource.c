#include "agent/resource.h"

#include <stdarg.h>
#include <string.h>

#include "agent/remote.h"
#include "agent/session.h"
#include "agent/tell.h"
#include "agent/verb.h"
#include "base/str.h"
#include "base/vec.h"

enum { CONTENT_MAX = 2 << 20 }; /* bytes of all observed files together */

static const struct resource_ops *const ops[RESOURCE_TYPES] = {
    [RESOURCE_PACKAGES] = &apt_ops,    [RESOURCE_FILE] = &file_ops,       [RESOURCE_DIRECTORY] = &directory_ops,
    [RESOURCE_LINK] = &link_ops,       [RESOURCE_SERVICE] = &service_ops, [RESOURCE_GROUP] = &group_ops,
    [RESOURCE_USER] = &user_ops,       [RESOURCE_ABSENT] = &absent_ops,   [RESOURCE_MOUNT] = &mount_ops,
    [RESOURCE_PRODUCT] = &product_ops, [RESOURCE_HOME] = &home_ops,       [RESOURCE_BLOCK] = &block_ops,
    [RESOURCE_SPOOL] = &spool_ops,
};

void probe_found(struct probe *p, enum observed_state state, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	p->observed.state = state;
	p->observed.why = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
}

/* What is looked at; NULL: nothing. Mounts are not (mount.c), nor homes on what is not the host's own (home.c). */
static const char *path_looked_at(const struct resource *r)
{
	bool looks = r->type != RESOURCE_MOUNT && (r->type != RESOURCE_HOME || r->home.shared);
	return looks ? resource_path(r) : NULL;
}

/* Is it on a file server that is dead? */
static bool is_silent(struct session *s, const struct resource *r, const struct probe *p, struct err *err)
{
	const char *path = path_looked_at(r);
	return path && remote_check(s, path, p->applies ? REMOTE_MINUTE : REMOTE_SECONDS, err) < 0;
}

/* True: nothing but that is known of it. What is on a dead server is not known, and is looked at again when its turn comes: the run may have started the server. */
static bool probe_one(struct session *s, const struct resource *r, struct probe *p)
{
	struct err err;
	p->observed = (struct observed){.id = r->id, .state = OBSERVED_ERROR, .why = ""};
	if (is_silent(s, r, p, &err)) {
		probe_found(p, p->applies ? OBSERVED_ERROR : OBSERVED_DIFFERS, "%s", err.text);
		return true;
	}
	ops[r->type]->probe(s, r, p);
	return false;
}

struct list {
	struct resource *items;
	size_t len, cap;
};

static int decode_all(const json_t *json, struct arena *arena, struct list *ret, struct err *err)
{
	size_t i;
	json_t *item;
	if (!json_is_array(json))
		return err_set(err, ERR_PROTOCOL, "resources that are not a list");
	json_array_foreach(json, i, item)
	{
		if (resource_decode(item, arena, vec_push_in(arena, ret), err) < 0)
			return -1;
	}
	return 0;
}

json_t *probe_answer(struct session *s, json_t *request, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct list wanted = {0};
	json_t *json;
	int content;
	if (verb_unpack(request, err, "{s:o, s:b}", "resources", &json, "content", &content) < 0 ||
	    decode_all(json, arena, &wanted, err) < 0)
		return NULL;
	struct probe p = {.arena = arena, .content = content};
	remote_renew(s);
	for (size_t i = 0; i < wanted.len; i++)
		if (path_looked_at(&wanted.items[i]))
			remote_ask(s, path_looked_at(&wanted.items[i]));
	p.services = services_ask(s, wanted.items, wanted.len, arena);
	json_t *found = json_array();
	size_t content_bytes = 0;
	for (size_t i = 0; i < wanted.len && !s->pump.gone; i++) {
		probe_one(s, &wanted.items[i], &p);
		content_bytes += p.observed.content ? strlen(p.observed.content) : 0;
		p.content = content && content_bytes < CONTENT_MAX;
		json_array_append_new(found, observed_encode(&p.observed));
	}
	return json_pack("{s:o}", "observed", found);
}

static void report(struct session *s, const struct resource *r, enum event_result result, const char *what, size_t len)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct event event = {.id = r->id, .result = result, .what = str_printable(arena, what, len)};
	tell_event(s, event_encode(&event));
}

/* Brings one resource about and says what became of it. `*ret_ends`: what stands behind it is not tried. */
static enum event_result bring_about(struct session *s, const struct resource *r, bool *ret_ends)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct probe p = {.arena = arena, .applies = true};
	_cleanup_strbuf_ struct strbuf what = {0};
	struct err err = {0};
	enum event_result result = EVENT_FAILED;
	remote_renew(s);
	/* A server that is dead would be waited for by each of those that lie on it. */
	bool silent = probe_one(s, r, &p);
	if (p.observed.state == OBSERVED_SAME)
		result = EVENT_UNCHANGED;
	else if (p.observed.state == OBSERVED_ERROR)
		strbuf_adds(&what, p.observed.why);
	else if (ops[r->type]->apply(s, r, &p.observed, &what, &err) < 0)
		strbuf_reset(&what), strbuf_adds(&what, err.text);
	else
		result = EVENT_CHANGED;
	report(s, r, result, strbuf_str(&what), what.len);
	*ret_ends = result == EVENT_FAILED && (silent || !r->alone);
	return result;
}

/* What one call of apply goes over. */
struct work {
	struct list wanted;
	bool *done; /* brought about together with one before it */
	int changed, failed;
	struct arena *arena;
};

/*
 * Brings about this one and those of its type behind it, where there are others and they can be. Each is told as what it is;
 * of a failure nothing is said here.
 */
static void bring_about_all(struct session *s, struct work *w, size_t first)
{
	const struct resource_ops *o = ops[w->wanted.items[first].type];
	const struct resource **all = arena_calloc(w->arena, w->wanted.len, sizeof *all);
	size_t n = 0, left = 0;
	for (size_t i = first; o->apply_all && i < w->wanted.len; i++)
		left += ops[w->wanted.items[i].type] == o && !w->done[i];
	remote_renew(s);
	/* A single one is probed where it is brought about. */
	for (size_t i = first; left > 1 && i < w->wanted.len; i++) {
		struct probe p = {.arena = w->arena, .applies = true};
		const struct resource *r = &w->wanted.items[i];
		if (ops[r->type] != o || w->done[i])
			continue;
		probe_one(s, r, &p);
		if (p.observed.state == OBSERVED_DIFFERS || p.observed.state == OBSERVED_MISSING)
			all[n++] = r;
	}
	if (n < 2 || all[0] != &w->wanted.items[first])
		return;
	struct strbuf *what = arena_calloc(w->arena, n, sizeof *what);
	struct err ignored;
	bool good = o->apply_all(s, all, n, what, &ignored) == 0;
	for (size_t i = 0; i < n; i++) {
		if (good) {
			report(s, all[i], EVENT_CHANGED, strbuf_str(&what[i]), what[i].len);
			w->done[all[i] - w->wanted.items] = true;
			w->changed++;
		}
		strbuf_free(&what[i]);
	}
}

static int bring_about_each(struct session *s, struct work *w, struct err *err)
{
	const struct resource *culprit = NULL;
	for (size_t i = 0; i < w->wanted.len; i++) {
		const struct resource *r = &w->wanted.items[i];
		if (pump_check(&s->pump, err) < 0)
			return -1;
		if (!w->done[i] && !culprit)
			bring_about_all(s, w, i);
		if (w->done[i])
			continue;
		if (culprit) {
			const char *what = arena_printf(w->arena, "not tried, because %s failed", culprit->id);
			report(s, r, EVENT_BLOCKED, what, strlen(what));
			continue;
		}
		bool ends;
		enum event_result result = bring_about(s, r, &ends);
		w->changed += result == EVENT_CHANGED;
		w->failed += result == EVENT_FAILED;
		if (ends)
			culprit = r;
		pump_wait(&s->pump, 0);
	}
	return 0;
}

json_t *apply_answer(struct session *s, json_t *request, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct work work = {.arena = arena};
	json_t *json;
	json_int_t epoch;
	if (verb_unpack(request, err, "{s:I, s:o}", "epoch", &epoch, "resources", &json) < 0 ||
	    decode_all(json, arena, &work.wanted, err) < 0)
		return NULL;
	if (!lock_held(&s->lock) || s->lock.epoch != epoch)
		return err_set(err, ERR_REFUSED, "apply without this host's lock for its epoch"), NULL;
	services_forget(s);
	work.done = arena_calloc(arena, work.wanted.len, sizeof *work.done);
	if (bring_about_each(s, &work, err) < 0)
		return NULL;
	return json_pack("{s:i, s:i}", "changed", work.changed, "failed", work.failed);
}
