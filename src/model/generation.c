#include "model/generation.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *short_command(const char *command, struct arena *arena)
{
	if (!command)
		return NULL;
	char *text = str_printable(arena, command, strlen(command));
	size_t len = strlen(text);
	if (len <= GENERATION_COMMAND)
		return text;
	for (len = GENERATION_COMMAND; len && ((unsigned char)text[len] & 0xC0) == 0x80; len--)
		;
	text[len] = '\0';
	return arena_printf(arena, "%s...", text);
}

struct record_generation *generation_add(struct record *r, const struct record_generation *g, struct arena *arena)
{
	size_t count = r->generation_count, with_texts = 0;
	struct record_generation *all = arena_calloc(arena, count + 1, sizeof *all), *new = &all[count];
	if (count)
		memcpy(all, r->generations, count * sizeof *all);
	*new = *g;
	new->number = count ? all[count - 1].number + 1 : 1;
	new->command = short_command(g->command, arena);
	for (size_t i = count + 1; i-- > 0;) {
		with_texts += all[i].text_count > 0;
		if (with_texts > GENERATION_KEPT)
			all[i].text_count = 0;
	}
	r->generations = all;
	r->generation_count = count + 1;
	return new;
}

const struct record_generation *generation_find(const struct record *r, uint64_t number)
{
	for (size_t i = 0; r && i < r->generation_count; i++)
		if (r->generations[i].number == number)
			return &r->generations[i];
	return NULL;
}

const char *generation_digest(const struct record_generation *g, const char *name)
{
	for (size_t i = 0; g && i < g->text_count; i++)
		if (streq(g->texts[i].name, name))
			return g->texts[i].digest;
	return NULL;
}

const char *generation_path(const struct record_generation *g, const char *name, struct arena *arena)
{
	return arena_printf(arena, GENERATION_DIR "/%llu%s%s", (unsigned long long)g->number, name ? "/" : "",
			    name ? name : "");
}

const char *generation_meta(const struct record_generation *g, struct arena *arena)
{
	json_t *texts = json_object();
	for (size_t i = 0; i < g->text_count; i++)
		json_object_set_new(texts, g->texts[i].name, json_string(g->texts[i].digest));
	json_t *json = json_pack("{s:I, s:s, s:s, s:s*, s:s, s:o}", "number", (json_int_t)g->number, "when", g->when,
				 "who", g->who, "command", g->command, "summary", g->summary, "texts", texts);
	char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	if (!text)
		abort();
	const char *out = arena_printf(arena, "%s\n", text);
	free(text);
	json_decref(json);
	return out;
}
