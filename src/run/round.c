#include "run/round.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

enum { SLACK_MS = 10000 }; /* for the way there and back */
enum { NEAR = 4 };         /* requests among which an equal message is looked for */

json_t *round_command(const char *const *argv, const char *input, unsigned max, unsigned timeout_ms)
{
	json_t *list = json_array();
	for (; *argv; argv++)
		json_array_append_new(list, json_string(*argv));
	return json_pack("{s:s, s:o, s:s*, s:i, s:i}", "verb", "run", "argv", list, "input", input, "max", (int)max,
			 "timeout", (int)timeout_ms);
}

const char *round_failure(const struct fleet_request *request, struct arena *arena)
{
	struct ran ran = ran_of(request->answer);
	if (request->answer)
		return ran_failure(&ran, arena);
	const char *text = *request->error.text ? request->error.text : "no reason given";
	return str_printable(arena, text, strcspn(text, "\n"));
}

json_t *round_collect(json_t *items)
{
	return json_pack("{s:s, s:o}", "verb", "collect", "items", items);
}

json_t *round_read(const char *path, unsigned max)
{
	return round_collect(json_pack("[{s:s, s:s, s:i}]", "name", "file", "read", path, "max", (int)max));
}

json_t *round_audit(const char *line)
{
	return json_pack("{s:s, s:s, s:s}", "verb", "append", "path", "/var/log/reeve/audit.log", "line", line);
}

const json_t *round_item(const struct fleet_request *request, const char *name)
{
	return json_object_get(json_object_get(request->answer, "items"), name);
}

struct fleet_request *round_add(struct round *round, size_t host, json_t *message)
{
	struct fleet_request *request = vec_push(round);
	*request = round->run ? roll_request(round->run->roll, host, message)
			      : (struct fleet_request){.host = host, .message = message};
	return request;
}

json_t *round_shared(const struct round *round, json_t *message)
{
	for (size_t i = round->len; i > 0 && round->len - i < NEAR; i--) {
		json_t *before = (json_t *)round->items[i - 1].message;
		if (!json_equal(before, message))
			continue;
		json_decref(message);
		return json_incref(before);
	}
	return message;
}

void round_add_all(struct round *round, const bool *hosts, json_t *message)
{
	for (size_t i = 0; i < round->run->inv->host_count; i++)
		if ((!hosts || hosts[i]) && roll_in(round->run->roll, i))
			round_add(round, i, json_incref(message));
	json_decref(message);
}

void round_add_controllers(struct round *round, json_t *message)
{
	const struct inventory *inv = round->run->inv;
	for (size_t i = 0; i < inv->controller_count; i++)
		if (roll_in(round->run->roll, inv->controllers[i]))
			round_add(round, inv->controllers[i], json_incref(message));
	json_decref(message);
}

int round_send(struct round *round, unsigned timeout_ms, struct err *err)
{
	struct fleet *fleet = round->run ? round->run->fleet : round->fleet;
	if (!round->len)
		return 0;
	return round->alike ? fleet_ask(fleet, round->items, round->len, timeout_ms, err)
			    : fleet_round(fleet, round->items, round->len, timeout_ms, err);
}

void round_end(struct round *round)
{
	for (size_t i = 0; i < round->len; i++) {
		json_decref((json_t *)round->items[i].message);
		fleet_request_clear(&round->items[i]);
	}
	free(round->items);
	round->items = NULL;
	round->len = round->cap = 0;
}

size_t round_host(const struct round *round, size_t place)
{
	const struct fleet_request *request = &round->items[place];
	return round->run ? roll_host(round->run->roll, request) : request->host;
}

int round_ask(struct round *round, unsigned timeout_ms, round_judge *judge, void *data, struct err *err)
{
	int rc = round_send(round, timeout_ms, err);
	for (size_t i = 0; rc == 0 && judge && i < round->len; i++)
		judge(data, round_host(round, i), &round->items[i]);
	round_end(round);
	return rc;
}

struct command {
	struct arena *arena;
	struct round_answer *ret;
};

struct round_answer round_answer_of(const struct fleet_request *request, struct arena *arena)
{
	struct ran ran = ran_of(request->answer);
	return (struct round_answer){
	    .out = arena_strdup(arena, ran.out ? ran.out : ""),
	    .errors = arena_strdup(arena, ran.errors ? ran.errors : ""),
	    .failure = round_failure(request, arena),
	    .asked = request->answer != NULL,
	};
}

static void judge_command(void *data, size_t host, const struct fleet_request *request)
{
	const struct command *c = data;
	(void)host;
	*c->ret = round_answer_of(request, c->arena);
}

int round_run(struct run *run, size_t host, const char *const *argv, unsigned max_bytes, unsigned timeout_ms,
	      struct round_answer *ret, struct err *err)
{
	struct round round = {.run = run};
	struct command command = {run->arena, ret};
	*ret = (struct round_answer){.out = "", .errors = "", .failure = "the run was ended"};
	round_add(&round, host, round_command(argv, NULL, max_bytes, timeout_ms));
	return round_ask(&round, timeout_ms + SLACK_MS, judge_command, &command, err);
}
