#include "run/ask.h"

#include "base/clock.h"
#include "modules/module.h"
#include "run/round.h"
#include "run/weigh.h"

struct asking {
	struct fleet *fleet;
	const struct facts_scope *scopes;
	struct arena *arena;
	struct asked *asked;
	struct requests {
		struct fleet_request *items;
		size_t len;
	} first, more;
	struct fleet_request **first_of; /* each request of `more` adds to this one's answer */
};

static void add(struct requests *r, size_t host, json_t *items)
{
	json_t *message = round_collect(items);
	r->items[r->len++] = (struct fleet_request){.host = host, .message = message};
}

static void ask_all(struct asking *a)
{
	for (size_t i = 0; i < fleet_count(a->fleet); i++)
		if (fleet_phase(a->fleet, i) == FLEET_OPEN)
			add(&a->first, i, facts_request(&a->scopes[i]));
		else
			a->asked[i].error = *fleet_error(a->fleet, i);
}

static void ask_more(struct asking *a)
{
	for (size_t i = 0; i < a->first.len; i++) {
		struct fleet_request *first = &a->first.items[i];
		json_t *items = first->answer ? facts_request_more(first->answer, &a->scopes[first->host]) : NULL;
		if (!items)
			continue;
		a->first_of[a->more.len] = first;
		add(&a->more, first->host, items);
	}
}

/* An answer that did not come fails the host: what is known of it would be half of the facts. */
static void join(struct asking *a)
{
	for (size_t i = 0; i < a->more.len; i++) {
		struct fleet_request *first = a->first_of[i], *more = &a->more.items[i];
		if (more->answer) {
			json_object_update(json_object_get(first->answer, "items"),
					   json_object_get(more->answer, "items"));
			continue;
		}
		first->error = more->error;
		json_decref(first->answer);
		first->answer = NULL;
	}
}

static void judge(struct asking *a, int64_t sent_ms)
{
	struct weigh weigh = {0};
	for (size_t i = 0; i < a->first.len; i++) {
		const struct fleet_request *r = &a->first.items[i];
		struct asked *asked = &a->asked[r->host];
		asked->error = r->error;
		if (r->answer)
			asked->facts =
			    facts_decode(r->answer, &a->scopes[r->host], fleet_hello(a->fleet, r->host)->arch, sent_ms,
					 r->answered_ms, a->arena, &asked->error);
		if (asked->facts &&
		    modules_take(json_object_get(r->answer, "items"), a->arena, &asked->facts->own, &asked->error) < 0)
			asked->facts = NULL;
		if (asked->facts && weigh_facts(&weigh, asked->facts, &asked->error) < 0)
			asked->facts = NULL;
		if (!asked->facts)
			fleet_fail(a->fleet, r->host, &asked->error);
	}
	weigh_free(&weigh);
}

static void clear(struct requests *r)
{
	for (size_t i = 0; i < r->len; i++) {
		json_decref((json_t *)r->items[i].message);
		fleet_request_clear(&r->items[i]);
	}
}

int ask_facts(struct fleet *fleet, const struct facts_scope *scopes, struct arena *arena, unsigned timeout_ms,
	      struct asked *ret, struct err *err)
{
	size_t count = fleet_count(fleet);
	struct asking a = {.fleet = fleet, .scopes = scopes, .arena = arena, .asked = ret};
	a.first.items = arena_calloc(arena, count, sizeof *a.first.items);
	a.more.items = arena_calloc(arena, count, sizeof *a.more.items);
	a.first_of = arena_calloc(arena, count, sizeof(struct fleet_request *));
	ask_all(&a);
	int64_t sent_ms = clock_wall_ms();
	int rc = fleet_ask(fleet, a.first.items, a.first.len, timeout_ms, err);
	if (rc == 0) {
		ask_more(&a);
		if (a.more.len)
			rc = fleet_ask(fleet, a.more.items, a.more.len, timeout_ms, err);
	}
	if (rc == 0) {
		join(&a);
		judge(&a, sent_ms);
	}
	clear(&a.more);
	clear(&a.first);
	return rc;
}
