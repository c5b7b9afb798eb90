#include "model/finding.h"

#include <string.h>

#include "base/mask.h"
#include "base/str.h"
#include "base/vec.h"

static const struct {
	const char *word, *meaning;
} codes[] = {
#define FINDING_CODE_ROW(name, word, meaning) [CODE_##name] = {word, meaning},
    FINDING_CODES(FINDING_CODE_ROW)
#undef FINDING_CODE_ROW
};

const char *finding_code_word(enum finding_code code)
{
	return codes[code].word;
}

const char *finding_code_meaning(enum finding_code code)
{
	return codes[code].meaning;
}

/* What a host or one of its files says may be in it. */
static const char *shown(struct findings *f, char *text)
{
	mask_secrets(text, strlen(text));
	return str_printable(f->arena, text, strlen(text));
}

const char *finding_text(struct findings *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(f->arena, fmt, ap);
	va_end(ap);
	return shown(f, text);
}

struct finding *finding_add(struct findings *f, enum finding_weight weight, enum finding_code code, const char *host,
			    const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(f->arena, fmt, ap);
	va_end(ap);
	struct finding *x = vec_push_in(f->arena, f);
	*x = (struct finding){
	    .weight = weight,
	    .code = finding_code_word(code),
	    .host = host,
	    .what = shown(f, text),
	};
	return x;
}

size_t findings_count(const struct findings *f, enum finding_weight least)
{
	size_t n = 0;
	for (size_t i = 0; i < f->len; i++)
		n += f->items[i].weight >= least;
	return n;
}

const char *finding_weight_name(enum finding_weight weight)
{
	static const char *const names[] = {"note", "warning", "skipped", "error"};
	return (unsigned)weight < 4 ? names[weight] : "error";
}
