#include "run/ask.h"

#include "base/clock.h"
#include "base/vec.h"
#include "model/beside.h"
#include "model/cluster.h"
#include "modules/module.h"
#include "run/round.h"
#include "run/weigh.h"

struct asking {
	struct fleet *fleet;
	const struct facts_scope *scopes;
	struct arena *arena;
	bool keep;
	struct asked *asked;
	struct round first, more;
	size_t *first_of; /* each request of `more` adds to this one's answer */
};

static struct names devices_of(const struct inventory *inv, struct arena *arena)
{
	struct names devices = {0};
	for (size_t i = 0; i < inv->class_count; i++)
		for (size_t k = 0; k < inv->classes[i].device_count; k++)
			names_add_once(&devices, inv->classes[i].devices[k], arena);
	return devices;
}

void ask_scopes(const struct inventory *inv, const size_t *hosts, size_t count, const struct secret_row *const *secrets,
		struct arena *arena, struct facts_scope *ret)
{
	const struct names devices = devices_of(inv, arena);
	char *salt = arena_calloc(arena, 65, 1);
	cluster_salt(inv->cluster.text, salt);
	for (size_t i = 0; i < count; i++) {
		const struct inv_host *h = &inv->hosts[hosts[i]];
		ret[i] = (struct facts_scope){.roles = module_roles,
					      .controller = h->controller,
					      .compute = h->compute,
					      .state = h->controller ? inv->state.text : NULL,
					      .secrets = secrets,
					      .host = h,
					      .neighbours = h->compute && inv->network.discover,
					      .devices = devices.items,
					      .device_count = h->compute ? devices.len : 0,
					      .others = modules_ask(inv, h),
					      .inv = inv,
					      .salt = salt};
		beside_scope(inv, h, arena, &ret[i]);
	}
}

void ask_scopes_end(struct facts_scope *scopes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_decref((json_t *)scopes[i].others);
}

static void ask_all(struct asking *a)
{
	for (size_t i = 0; i < fleet_count(a->fleet); i++)
		if (fleet_phase(a->fleet, i) == FLEET_OPEN)
			round_add(&a->first, i, round_shared(&a->first, round_collect(facts_request(&a->scopes[i]))));
		else
			a->asked[i].error = *fleet_error(a->fleet, i);
}

/* What is left to ask, ours and the modules'; NULL: nothing. */
static json_t *more_of(const json_t *answer, const struct facts_scope *scope)
{
	json_t *items = facts_request_more(answer, scope);
	json_t *theirs =
	    scope->inv ? modules_ask_more(scope->inv, scope->host, json_object_get(answer, "items")) : NULL;
	if (!items || !theirs)
		return items ? items : theirs;
	json_array_extend(items, theirs);
	json_decref(theirs);
	return items;
}

static void ask_more(struct asking *a)
{
	for (size_t i = 0; i < a->first.len; i++) {
		const struct fleet_request *first = &a->first.items[i];
		json_t *items = first->answer ? more_of(first->answer, &a->scopes[first->host]) : NULL;
		if (!items)
			continue;
		a->first_of[a->more.len] = i;
		round_add(&a->more, first->host, round_shared(&a->more, round_collect(items)));
	}
}

/* An answer that did not come fails the host: what is known of it would be half of the facts. */
static void join(struct asking *a)
{
	for (size_t i = 0; i < a->more.len; i++) {
		struct fleet_request *first = &a->first.items[a->first_of[i]], *more = &a->more.items[i];
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

struct facts *ask_take(const struct answer *answer, const struct facts_scope *scope, struct arena *arena,
		       struct err *err)
{
	struct facts *f = facts_decode(answer->json, scope, answer->arch, answer->sent_ms, answer->got_ms, arena, err);
	if (!f || modules_take(json_object_get(answer->json, "items"), arena, &f->own, err) < 0)
		return NULL;
	modules_measure(f);
	return f;
}

static void judge(struct asking *a, int64_t sent_ms)
{
	struct weigh weigh = {0};
	for (size_t i = 0; i < a->first.len; i++) {
		const struct fleet_request *r = &a->first.items[i];
		struct asked *asked = &a->asked[r->host];
		asked->error = r->error;
		asked->answer =
		    (struct answer){r->answer, fleet_hello(a->fleet, r->host)->arch, sent_ms, r->answered_ms};
		if (r->answer)
			asked->facts = ask_take(&asked->answer, &a->scopes[r->host], a->arena, &asked->error);
		asked->answer.json = a->keep ? json_incref(r->answer) : NULL;
		asked->answer.arch = a->keep ? arena_strdup(a->arena, asked->answer.arch) : NULL;
		if (asked->facts && weigh_facts(&weigh, asked->facts, &asked->error) < 0)
			asked->facts = NULL;
		if (!asked->facts)
			fleet_fail(a->fleet, r->host, &asked->error);
	}
	weigh_free(&weigh);
}

int ask_facts(struct fleet *fleet, const struct facts_scope *scopes, bool keep, struct arena *arena,
	      unsigned timeout_ms, struct asked *ret, struct err *err)
{
	const struct round round = {.fleet = fleet, .alike = true};
	struct asking a = {.fleet = fleet,
			   .scopes = scopes,
			   .keep = keep,
			   .arena = arena,
			   .asked = ret,
			   .first = round,
			   .more = round};
	a.first_of = arena_calloc(arena, fleet_count(fleet), sizeof *a.first_of);
	ask_all(&a);
	int64_t sent_ms = clock_wall_ms();
	int rc = round_send(&a.first, timeout_ms, err);
	if (rc == 0) {
		ask_more(&a);
		rc = round_send(&a.more, timeout_ms, err);
	}
	if (rc == 0) {
		join(&a);
		judge(&a, sent_ms);
	}
	round_end(&a.more);
	round_end(&a.first);
	return rc;
}
