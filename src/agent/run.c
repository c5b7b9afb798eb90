/* The verb run: one command, with limits, as a user and in a sandbox where asked. */
#include <stdlib.h>
#include <string.h>

#include "agent/child.h"
#include "agent/passwd.h"
#include "agent/resource.h"
#include "agent/sandbox.h"
#include "agent/session.h"
#include "agent/verb.h"
#include "base/str.h"
#include "base/vec.h"

enum { ARGS_MAX = 4096, OUTPUT_MAX = 16 << 20 };

const char **run_arguments(const json_t *list, struct arena *arena, struct err *err)
{
	size_t count = json_array_size(list), i;
	json_t *item;
	if (!count || count > ARGS_MAX)
		return err_set(err, ERR_PROTOCOL, "a command is a list of 1 to %d arguments", ARGS_MAX), NULL;
	const char **argv = arena_calloc(arena, count + 1, sizeof *argv);
	json_array_foreach(list, i, item) if (!(argv[i] = json_string_value(item)))
	{
		err_set(err, ERR_PROTOCOL, "an argument that is not text");
		return NULL;
	}
	if (!*argv[0])
		return err_set(err, ERR_PROTOCOL, "a command without a name"), NULL;
	return argv;
}

int run_limits(json_int_t max, json_int_t timeout_ms, struct child_spec *spec, struct err *err)
{
	if (max < 0 || max > OUTPUT_MAX || timeout_ms < 1 || timeout_ms > 86400000)
		return err_set(err, ERR_PROTOCOL, "run: invalid limits");
	spec->max = max ? (size_t)max : 1;
	spec->timeout_ms = (unsigned)timeout_ms;
	return 0;
}

static int set_environment(const json_t *env, struct arena *arena, struct child_spec *spec, struct err *err)
{
	const char *key;
	json_t *value;
	VEC(const char *) list = {0};
	json_object_foreach((json_t *)env, key, value)
	{
		if (!*key || strchr(key, '=') || !json_is_string(value))
			return err_set(err, ERR_PROTOCOL, "run: invalid environment");
		*vec_push_in(arena, &list) = arena_printf(arena, "%s=%s", key, json_string_value(value));
	}
	*vec_push_in(arena, &list) = NULL;
	spec->env = list.items;
	return 0;
}

const struct child_user *run_user(struct session *s, const char *name, struct arena *arena, struct err *err)
{
	struct passwd_user found;
	int r = passwd_user(s, name, 0, arena, &found, err);
	if (r == 0)
		err_set(err, ERR_MISSING, "the user %s does not exist", name);
	if (r <= 0)
		return NULL;
	struct child_user *user = arena_calloc(arena, 1, sizeof *user);
	user->uid = found.uid;
	user->gid = found.gid;
	user->group_count = passwd_groups_of(s, name, found.gid, user->groups, ARRAY_LEN(user->groups));
	return user;
}

json_t *run_answer(struct session *s, json_t *request, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	json_t *argv, *env = NULL, *box = NULL;
	const char *input = NULL, *user = NULL;
	size_t input_len = 0;
	json_int_t max, timeout_ms;
	struct child_spec spec = {0};
	struct sandbox sandbox;
	if (verb_unpack(request, err, "{s:o, s?s%, s:I, s:I, s?o, s?s, s?o}", "argv", &argv, "input", &input,
			&input_len, "max", &max, "timeout", &timeout_ms, "env", &env, "user", &user, "sandbox",
			&box) < 0)
		return NULL;
	if (!(spec.argv = run_arguments(argv, arena, err)) || run_limits(max, timeout_ms, &spec, err) < 0 ||
	    (env && set_environment(env, arena, &spec, err) < 0) ||
	    (user && !(spec.user = run_user(s, user, arena, err))) ||
	    (box && sandbox_decode(box, arena, &sandbox, err) < 0))
		return NULL;
	spec.input = input;
	spec.input_len = input_len;
	spec.sandbox = box ? &sandbox : NULL;
	spec.locked = child_keeps_lock(&spec);
	services_forget(s);
	struct child *c = child_start(s, &spec, err);
	json_t *answer = NULL;
	if (c && child_wait(s, c, err) == 0)
		answer = child_encode(c);
	child_free(s, c);
	return answer;
}
