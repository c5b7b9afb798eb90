#include "run/history.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "run/round.h"

enum { ROUND_MS = 30000 };

/* The text that came, "" for what is no text; NULL: there is no such file. */
static const char *text_of(const struct fleet_request *request, struct arena *arena, size_t *ret_len)
{
	const json_t *file = round_item(request, "file");
	const json_t *text = json_object_get(file, "text");
	*ret_len = json_string_length(text);
	if (json_integer_value(json_object_get(file, "errno")) == ENOENT)
		return NULL;
	return json_is_string(text) ? arena_strndup(arena, json_string_value(text), *ret_len) : "";
}

static int ask_records(struct history *h, struct facts *facts, struct err *err)
{
	_cleanup_round_ struct round round = {.fleet = h->fleet};
	size_t len;
	for (size_t i = 0; i < h->inv->controller_count; i++)
		round_add(&round, i, round_read(RECORD_PATH, RECORD_BYTES));
	int rc = round_send(&round, ROUND_MS, err);
	for (size_t i = 0; i < round.len; i++) {
		if (round.items[i].answer) {
			facts[i].record = text_of(&round.items[i], h->arena, &len);
		} else {
			h->unreached[i] = arena_strdup(h->arena, round.items[i].error.text);
			h->unreached_count++;
		}
	}
	return rc;
}

int history_begin(struct history *h, const struct inventory *inv, struct fleet *fleet, struct arena *arena,
		  struct err *err)
{
	*h = (struct history){.inv = inv, .fleet = fleet, .arena = arena, .findings = {.arena = arena}};
	h->unreached = arena_calloc(arena, inv->controller_count, sizeof *h->unreached);
	struct facts *facts = arena_calloc(arena, inv->controller_count, sizeof *facts);
	struct cluster cluster = {.inv = inv, .arena = arena, .findings = {.arena = arena}};
	cluster.hosts = arena_calloc(arena, inv->host_count, sizeof *cluster.hosts);
	for (size_t i = 0; i < inv->host_count; i++)
		cluster.hosts[i].inv = &inv->hosts[i];
	if (ask_records(h, facts, err) < 0)
		return -1;
	for (size_t i = 0; i < inv->controller_count; i++)
		cluster.hosts[inv->controllers[i]].facts = h->unreached[i] ? NULL : &facts[i];
	cluster_recall(&cluster);
	h->quorum = cluster.quorum;
	h->findings = cluster.findings;
	if (h->quorum && !findings_count(&h->findings, FINDING_STOP))
		h->record = cluster.record;
	return 0;
}

/* One controller's text: NULL where it has none, or not the right one, which is a warning. */
static int ask_text(struct history *h, size_t place, const char *path, const char *digest, const char **ret,
		    struct err *err)
{
	_cleanup_round_ struct round round = {.fleet = h->fleet};
	size_t len = 0;
	const struct fleet_request *request = round_add(&round, place, round_read(path, GENERATION_BYTES));
	int rc = round_send(&round, ROUND_MS, err);
	const char *text = request->answer ? text_of(request, h->arena, &len) : NULL;
	if (text && !streq(digest_of(text, len).hex, digest)) {
		finding_add(&h->findings, FINDING_WARNING, CODE_GENERATION,
			    h->inv->hosts[h->inv->controllers[place]].name,
			    "its %s is not what the cluster's record says: it is not used", path);
		text = NULL;
	}
	*ret = text;
	return rc;
}

int history_text(struct history *h, const struct record_generation *g, const char *name, const char **ret,
		 struct err *err)
{
	const char *path = generation_path(g, name, h->arena), *digest = generation_digest(g, name);
	*ret = NULL;
	for (size_t i = 0; digest && !*ret && i < h->inv->controller_count; i++)
		if (!h->unreached[i] && ask_text(h, i, path, digest, ret, err) < 0)
			return -1;
	if (!*ret)
		finding_add(&h->findings, FINDING_WARNING, CODE_GENERATION, NULL,
			    "no controller that was reached has the right %s", path);
	return 0;
}
