/* The verb collect: many small questions at once. Commands run beside each other; the rest is asked between. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/child.h"
#include "agent/nss.h"
#include "agent/question.h"
#include "agent/remote.h"
#include "agent/session.h"
#include "agent/verb.h"
#include "base/clock.h"

enum { PARALLEL = 8, ITEMS_MAX = 4096, NAME_MAX_BYTES = 64 };

/* A command of the list and where its result goes. */
struct running {
	const char *name;
	struct child *child;
};

struct work {
	json_t *results;
	struct arena *arena;
	struct running running[PARALLEL];
};

static void finish(struct session *s, struct work *w, struct running *r)
{
	json_object_set_new(w->results, r->name, child_encode(r->child));
	child_free(s, r->child);
	*r = (struct running){0};
}

/* A free place; waits for one. */
static struct running *free_place(struct session *s, struct work *w)
{
	for (;;) {
		for (size_t i = 0; i < PARALLEL; i++) {
			if (w->running[i].child && w->running[i].child->ended)
				finish(s, w, &w->running[i]);
			if (!w->running[i].child)
				return &w->running[i];
		}
		pump_wait(&s->pump, -1);
	}
}

static int start_run(struct session *s, struct work *w, const char *name, json_t *item, struct err *err)
{
	json_t *list;
	const char *input = NULL;
	size_t input_len = 0;
	json_int_t max, timeout_ms;
	struct child_spec spec = {0};
	json_error_t why;
	if (json_unpack_ex(item, &why, JSON_STRICT, "{s:o, s?s%, s:I, s:I}", "run", &list, "input", &input, &input_len,
			   "max", &max, "timeout", &timeout_ms) < 0)
		return err_set(err, ERR_PROTOCOL, "a command of a wrong shape: %s", why.text);
	if (!(spec.argv = run_arguments(list, w->arena, err)) || run_limits(max, timeout_ms, &spec, err) < 0)
		return -1;
	spec.input = input;
	spec.input_len = input_len;
	struct running *place = free_place(s, w);
	struct err failed = {0};
	place->child = child_start(s, &spec, &failed);
	place->name = name;
	if (place->child)
		return 0;
	if (failed.code != ERR_MISSING)
		return err_set(err, failed.code, "%s", failed.text);
	/* As a shell would say it. */
	json_object_set_new(w->results, name,
			    json_pack("{s:i, s:s, s:s, s:b}", "status", 127, "out", "", "err", failed.text, "cut", 0));
	return 0;
}

/* Where the host's files are not all that there is to ask, a command is run, with the keys behind its own arguments. */
static int do_nss(struct session *s, struct work *w, const char *name, json_t *item, struct err *err)
{
	const char *database;
	json_t *keys, *otherwise, *result;

	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:o, s:o}", "nss", &database, "keys", &keys, "otherwise",
			   &otherwise) < 0)
		return err_set(err, ERR_PROTOCOL, "an item (nss) of a wrong shape");
	int r = nss_find(s, database, keys, &result, err);
	if (r == 0) {
		json_array_extend(json_object_get(otherwise, "run"), keys);
		return start_run(s, w, name, otherwise, err);
	}
	return r < 0 ? -1 : json_object_set_new(w->results, name, result);
}

/* Does it start a program, or may it? */
static bool is_command(const json_t *item)
{
	return json_object_get(item, "run") || json_object_get(item, "nss");
}

static int do_item(struct session *s, struct work *w, json_t *item, struct err *err)
{
	json_t *name_value = json_object_get(item, "name");
	const char *name = arena_strdup(w->arena, json_string_value(name_value));
	if (!name || !*name || strlen(name) > NAME_MAX_BYTES || json_object_get(w->results, name))
		return err_set(err, ERR_PROTOCOL, "an item without a name of its own");
	json_object_del(item, "name");
	if (json_object_get(item, "run"))
		return start_run(s, w, name, item, err);
	if (json_object_get(item, "nss"))
		return do_nss(s, w, name, item, err);
	const char *path = question_path(item);
	struct err silent = {0};
	bool dead = path && remote_check(s, path, REMOTE_SECONDS, &silent) < 0;
	json_t *result = dead ? json_pack("{s:i}", "errno", ETIMEDOUT) : question_answer(s, item, err);
	if (!result)
		return err_wrap(err, "%s", name);
	json_object_set_new(w->results, name, result);
	return 0;
}

/* All servers that are in question at once, before anything waits for one. */
static void ask_servers(struct session *s, const json_t *items)
{
	size_t i;
	const json_t *item;
	remote_renew(s);
	json_array_foreach(items, i, item)
	{
		const char *path = question_path(item);
		if (path)
			remote_ask(s, path);
	}
}

json_t *collect(struct session *s, json_t *request, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct work w = {.results = json_object(), .arena = arena};
	json_t *items, *item;
	size_t i;
	int failed = verb_unpack(request, err, "{s:o}", "items", &items);
	int64_t start = clock_wall_ms();
	if (!failed && (!json_is_array(items) || json_array_size(items) > ITEMS_MAX))
		failed = err_set(err, ERR_PROTOCOL, "collect takes a list of at most %d items", ITEMS_MAX);
	if (!failed)
		ask_servers(s, items);
	/* Commands first: they go on while the rest is done. */
	for (int commands = 1; !failed && commands >= 0; commands--)
		json_array_foreach(items, i, item)
		{
			if (failed || is_command(item) != commands)
				continue;
			failed = do_item(s, &w, item, err);
		}
	for (i = 0; i < PARALLEL; i++) {
		if (!w.running[i].child)
			continue;
		/* Where the operator is gone they were all asked to end, and get the time for it. */
		if ((!failed || s->pump.gone) && child_wait(s, w.running[i].child, err) < 0)
			failed = -1;
		if (!failed)
			finish(s, &w, &w.running[i]);
		else
			child_free(s, w.running[i].child);
	}
	if (!failed)
		return json_pack("{s:o, s:I, s:I}", "items", w.results, "start", (json_int_t)start, "end",
				 (json_int_t)clock_wall_ms());
	json_decref(w.results);
	return NULL;
}
