#include "modules/core/core.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void decode(json_t *items, const char *name, const char *credential)
{
	json_array_append_new(items, json_pack("{s:s, s:[s], s:s, s:i, s:i}", "name", name, "run", "unmunge", "input",
					       credential, "max", 65536, "timeout", 10000));
}

/* To be decoded elsewhere: on controllers, since a run that changes nothing needs no more of them. */
void core_ask(const struct inventory *inv, const struct inv_host *host, json_t *items)
{
	(void)inv;
	if (host->controller)
		json_array_append_new(items, json_pack("{s:s, s:[s, s], s:i, s:i}", "name", "credential", "run",
						       "munge", "-n", "max", 8192, "timeout", 20000));
}

void *core_take(const json_t *items, struct arena *arena, struct err *err)
{
	const json_t *o = json_object_get(items, "credential"), *status = json_object_get(o, "status");
	char *text = arena_strdup(arena, json_string_value(json_object_get(o, "out")));
	(void)err;
	if (!text || !json_is_integer(status) || json_integer_value(status) != 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return str_starts(text, "MUNGE:") && strlen(text) < 4096 ? text : NULL;
}

const char *core_credential(const struct facts *facts)
{
	return module_own(facts, &core_module);
}

json_t *core_munge_items(const struct cluster *c, size_t primary, size_t host, const char *const *credentials)
{
	char name[32];
	if (cluster_is_out(&c->hosts[host]) || !inventory_has_role(c->hosts[host].inv))
		return NULL;
	json_t *items = json_array();
	if (host != primary && credentials[primary])
		decode(items, "munge.primary", credentials[primary]);
	for (size_t i = 0; host == primary && i < c->inv->host_count; i++) {
		if (!credentials[i])
			continue;
		snprintf(name, sizeof name, "munge.%zu", i);
		decode(items, name, credentials[i]);
	}
	if (json_array_size(items))
		return items;
	json_decref(items);
	return NULL;
}

/* unmunge(1): "STATUS:  Success (0)" first. What it says otherwise is the cause: "Invalid credential", "Expired
 * credential", ... */
static const char *failure_of(const json_t *result, struct arena *arena)
{
	const json_t *status = json_object_get(result, "status");
	const char *out = json_string_value(json_object_get(result, "out"));
	const char *errors = json_string_value(json_object_get(result, "err"));
	if (json_is_integer(status) && json_integer_value(status) == 0)
		return NULL;
	const char *text = errors && *errors ? errors : out && *out ? out : "unmunge did not answer";
	const char *line = strstr(text, "STATUS:");
	line = line ? line + strlen("STATUS:") : text;
	line += strspn(line, " ");
	return str_printable(arena, line, strcspn(line, "\n"));
}

static void explain(struct finding *f, const char *why)
{
	if (strstr(why, "Expired") || strstr(why, "Rewound"))
		f->fix = "the clocks differ: timedatectl set-ntp true on both";
	else if (strstr(why, "Invalid"))
		f->fix = "the keys differ, or munged still has an old one in memory: `reeve apply` puts that right";
	else
		f->fix = "systemctl status munge on that host";
}

void core_munge_judge(const struct cluster *c, size_t primary, size_t host, const json_t *answer,
		      struct findings *findings)
{
	const json_t *items = json_object_get(answer, "items");
	const char *key;
	json_t *result;
	json_object_foreach((json_t *)items, key, result)
	{
		const char *why = failure_of(result, findings->arena);
		size_t other = primary;
		if (!why || !str_starts(key, "munge."))
			continue;
		uint64_t n;
		if (str_to_u64(key + strlen("munge."), 0, c->inv->host_count - 1, &n) == 0)
			other = (size_t)n;
		/* The primary judges the others: what it cannot decode is the other host's fault, unless it cannot
		 * decode its own. */
		size_t blamed = host == primary ? other : host;
		struct finding *f =
		    host == primary
			? finding_add(findings, FINDING_HOST, CODE_MUNGE, c->inv->hosts[blamed].name,
				      "%s cannot decode its MUNGE credential: %s", c->inv->hosts[primary].name, why)
			: finding_add(findings, FINDING_HOST, CODE_MUNGE, c->inv->hosts[blamed].name,
				      "it cannot decode the MUNGE credential of %s: %s", c->inv->hosts[primary].name,
				      why);
		explain(f, why);
		f->origin = c->inv->hosts[blamed].at;
	}
}
