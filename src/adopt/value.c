/*
 * A value as Slurm reads it, where cluster.yaml wants it written in another way: plugins without their type ("affinity" is
 * task/affinity, src/slurmd/common/task_plugin.c), numbers in octal, hexadecimal or with a K (src/common/parse_value.c), lists
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

/* Words that Slurm takes, too (xlate_cpu_bind_str(), _validate_accounting_storage_enforce(), and what PrivateData is searched
 * for). */
static const struct {
	const char *param, *word, *written;
} synonyms[] = {{"AccountingStorageEnforce", "1", "associations"},
		{"AccountingStorageEnforce", "2", "limits"},
		{"CpuBind", "cores", "core"},
		{"CpuBind", "sockets", "socket"},
		{"CpuBind", "ldoms", "ldom"},
		{"CpuBind", "threads", "thread"},
		{"CpuBind", "no", "none"},
		{"PrivateData", "account", "accounts"},
		{"PrivateData", "event", "events"},
		{"PrivateData", "job", "jobs"},
		{"PrivateData", "node", "nodes"},
		{"PrivateData", "partition", "partitions"},
		{"PrivateData", "reservation", "reservations"},
		{"PrivateData", "user", "users"}};

static const char *synonym_of(const struct slurm_param *param, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(synonyms); i++)
		if (streq(synonyms[i].param, param->name) && strcasecmp(synonyms[i].word, word) == 0)
			return synonyms[i].written;
	return NULL;
}

static const char *words_of(struct builder *b, const struct slurm_param *param, const char *value,
			    struct adopt_texts *notes)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	char *rest = arena_strdup(b->arena, value);
	for (const char *word; (word = str_next(&rest, ","));) {
		struct err why = {0};
		const char *kept =
		    slurm_param_check(param, b->release, word, &why) == 0 ? word : synonym_of(param, word);
		if (!kept)
			kept = with_type(param, b->release, word);
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

/* Of these Slurm has the text, and reads it as a decimal number (src/common/read_config.c). */
static bool is_decimal(const struct slurm_param *param)
{
	return strcasecmp(param->name, "SuspendTime") == 0 ||
	       param == slurm_param_find(SLURM_PARTITION, "OverTimeLimit");
}

/* As strtoul(3) with base 0 has it; behind what has 32 bits or more a K is 1024. */
static const char *number_of(struct builder *b, const struct slurm_param *param, const char *value,
			     struct adopt_texts *notes)
{
	bool decimal = is_decimal(param), octal = !decimal && value[0] == '0' && value[1] >= '0' && value[1] <= '9';
	char *end;
	if (streq(param->name, "SuspendTime") && strcasecmp(value, "NONE") == 0)
		return "INFINITE";
	if (*value < '0' || *value > '9')
		return value;
	unsigned long long n = strtoull(value, &end, decimal ? 10 : 0);
	if (!decimal && (*end == 'k' || *end == 'K') && param->max > UINT16_MAX && n <= UINT32_MAX) {
		n *= 1024;
		end++;
	}
	if (*end)
		return value;
	if (octal)
		*vec_push_in(b->arena, notes) = "a number that begins with 0 is octal for Slurm";
	return arena_printf(b->arena, "%llu", n);
}

/* Slurm looks for the words that it knows in the text of these, wherever they stand in it: quotes in it mean nothing. */
static const char *without_quotes(struct builder *b, const struct slurm_param *param, const char *value,
				  struct adopt_texts *notes)
{
	if (!strchr(value, '"') || (param->type != SLURM_WORDS && !streq(param->name, "AuthInfo")))
		return value;
	_cleanup_strbuf_ struct strbuf out = {0};
	for (const char *p = value; *p; p++)
		if (*p != '"')
			strbuf_addc(&out, *p);
	*vec_push_in(b->arena, notes) = "the quotes in it mean nothing to Slurm";
	return arena_strdup(b->arena, strbuf_str(&out));
}

const char *make_value(struct builder *b, const struct slurm_param *param, const char *value, const char **ret_note)
{
	_cleanup_strbuf_ struct strbuf note = {0};
	struct adopt_texts notes = {0};
	const char *out;
	*ret_note = NULL;
	if (slurm_param_available(param, b->release, NULL) < 0)
		return value;
	out = without_quotes(b, param, value, &notes);
	if (strpbrk(out, "#\"\\ \t"))
		return value;
	if (param->type == SLURM_WORDS || param->type == SLURM_WORD)
		out = words_of(b, param, out, &notes);
	else if (param->type == SLURM_UINT || param->type == SLURM_UINT_INF)
		out = number_of(b, param, out, &notes);
	if (!out || slurm_param_check(param, b->release, out, NULL) < 0)
		return value;
	for (size_t i = 0; i < notes.len; i++)
		strbuf_addf(&note, "%s%s", i ? "; " : "", notes.items[i]);
	if (note.len)
		*ret_note =
		    arena_printf(b->arena, "%s=%s is written %s: %s", param->name, value, out, strbuf_str(&note));
	return out;
}
