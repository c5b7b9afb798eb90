/*
 * A value as Slurm reads it, where cluster.yaml wants it written in another way: plugins without their type ("affinity" is
 * task/affinity, src/slurmd/common/task_plugin.c), numbers in octal (strtoul(3) with base 0, src/common/parse_value.c), lists
 * of words in which some are not known. Slurm looks for the words that it knows in most lists and passes over others.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

/* The word with its plugin's type before it; NULL: no plugin is called so. */
static const char *with_type(const struct slurm_param *param, unsigned release, const char *word)
{
	for (const struct slurm_word *w = param->words; w->name; w++) {
		const char *slash = strchr(w->name, '/');
		if (slash && strcasecmp(slash + 1, word) == 0 && slurm_param_check(param, release, w->name, NULL) == 0)
			return w->name;
	}
	return NULL;
}

/* Another parameter that has the word; NULL: none. */
static const char *home_of(unsigned release, const char *word)
{
	for (const struct slurm_param *p = slurm_param_table(SLURM_GLOBAL); p->name; p++)
		if (p->type == SLURM_WORDS && slurm_param_check(p, release, word, NULL) == 0)
			return p->name;
	return NULL;
}

/* What is allowed instead is a long list; that is for the check of cluster.yaml. */
static const char *without_list(struct arena *arena, const char *text, const char *param)
{
	size_t len = strlen(param);
	const char *start = strncmp(text, param, len) == 0 && str_starts(text + len, ": ") ? text + len + 2 : text;
	const char *end = strstr(start, "; allowed: ");
	return arena_strndup(arena, start, end ? (size_t)(end - start) : strlen(start));
}

static const char *words_of(struct builder *b, const struct slurm_param *param, const char *value,
			    struct adopt_texts *notes)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	char *rest = arena_strdup(b->arena, value);
	for (const char *word; (word = str_next(&rest, ","));) {
		struct err why = {0};
		const char *kept =
		    slurm_param_check(param, b->release, word, &why) == 0 ? word : with_type(param, b->release, word);
		if (kept) {
			strbuf_addf(&out, "%s%s", out.len ? "," : "", kept);
			continue;
		}
		const char *home = home_of(b->release, word);
		*vec_push_in(b->arena, notes) =
		    arena_printf(b->arena, "%s%s%s", without_list(b->arena, why.text, param->name),
				 home ? "; it is one of " : "", home ? home : "");
	}
	return out.len ? arena_strdup(b->arena, strbuf_str(&out)) : NULL;
}

static const char *number_of(struct builder *b, const char *value, struct adopt_texts *notes)
{
	char *end;
	unsigned long long n = strtoull(value, &end, 8);
	if (value[0] != '0' || value[1] == '\0' || *end)
		return value;
	*vec_push_in(b->arena, notes) = "a number that begins with 0 is octal for Slurm";
	return arena_printf(b->arena, "%llu", n);
}

const char *make_value(struct builder *b, const struct slurm_param *param, const char *value, const char **ret_note)
{
	_cleanup_strbuf_ struct strbuf note = {0};
	struct adopt_texts notes = {0};
	const char *out = value;
	*ret_note = NULL;
	if (slurm_param_available(param, b->release, NULL) < 0 || strpbrk(value, "#\"\\ \t"))
		return value;
	if (param->type == SLURM_WORDS || param->type == SLURM_WORD)
		out = words_of(b, param, value, &notes);
	else if (param->type == SLURM_UINT || param->type == SLURM_UINT_INF)
		out = number_of(b, value, &notes);
	if (!out || slurm_param_check(param, b->release, out, NULL) < 0)
		return value;
	for (size_t i = 0; i < notes.len; i++)
		strbuf_addf(&note, "%s%s", i ? "; " : "", notes.items[i]);
	if (note.len)
		*ret_note =
		    arena_printf(b->arena, "%s=%s is written %s: %s", param->name, value, out, strbuf_str(&note));
	return out;
}
