#include "slurm/conf.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

#define LINE_MAX_BYTES (256U << 10) /* of one joined line: ten thousand names of nodes fit */
#define PAIRS_MAX 200000U           /* of a whole file */
#define LINES_MAX 100000U           /* that describe nodes and the like */

struct parser {
	struct slurm_conf *conf;
	struct arena *arena;
	struct err *err;
	unsigned line; /* where the joined line began */
	size_t pairs, lines;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool is_key_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

static const char *skip_space(const char *p)
{
	while (is_space(*p))
		p++;
	return p;
}

/* Cuts a comment off: '#' after an even number of backslashes. */
static size_t without_comment(const char *line, size_t len)
{
	size_t backslashes = 0;
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '#' && backslashes % 2 == 0)
			return i;
		backslashes = line[i] == '\\' ? backslashes + 1 : 0;
	}
	return len;
}

/* Whether the line goes on: an odd number of backslashes at its end, blanks behind them allowed. *ret_len: without the
 * last. */
static bool goes_on(const char *line, size_t len, size_t *ret_len)
{
	size_t end = len, backslashes = 0;
	while (end > 0 && is_space(line[end - 1]))
		end--;
	while (backslashes < end && line[end - backslashes - 1] == '\\')
		backslashes++;
	*ret_len = backslashes % 2 ? end - 1 : len;
	return backslashes % 2 == 1;
}

static void strip_escapes(struct strbuf *b)
{
	size_t out = 0;
	for (size_t in = 0; in < b->len; in++) {
		if (b->data[in] == '\\' && in + 1 < b->len)
			in++;
		b->data[out++] = b->data[in];
	}
	b->len = out;
	b->data[out] = '\0';
}

/* The next joined line into `out`; false at the end. `*line` counts physical lines read. */
static bool next_line(const char **p, const char *end, struct strbuf *out, unsigned *line)
{
	bool more = true;
	if (*p >= end)
		return false;
	strbuf_reset(out);
	while (more && *p < end) {
		const char *newline = memchr(*p, '\n', (size_t)(end - *p));
		size_t len = (size_t)((newline ? newline : end) - *p);
		size_t keep = without_comment(*p, len);
		more = goes_on(*p, keep, &keep);
		if (out->len + keep <= LINE_MAX_BYTES)
			strbuf_add(out, *p, keep);
		else
			out->len = LINE_MAX_BYTES + 1; /* reported by the caller; nothing of it is used */
		*p = newline ? newline + 1 : end;
		(*line)++;
		if (out->len > LINE_MAX_BYTES)
			return true;
	}
	strbuf_adds(out, "");
	strip_escapes(out);
	return true;
}

static int fail(struct parser *parser, const char *what, const char *at)
{
	return err_set(parser->err, ERR_INPUT, "line %u: %s: '%.60s'", parser->line, what, at);
}

/* Reads one key=value from *p on. 0, or -1. */
static int read_pair(struct parser *parser, const char **p, struct slurm_pair *ret)
{
	const char *start = *p, *key_end, *value;
	for (key_end = start; is_key_byte(*key_end); key_end++)
		;
	const char *equals = skip_space(key_end);
	if (key_end == start || *equals == '\0')
		return fail(parser, "not a key=value pair", start);
	if (*equals != '=')
		return fail(parser, "'=' is missing behind the key", start);
	value = skip_space(equals + 1);
	size_t len = strcspn(value, " \t\r\v\f");
	if (*value == '"') {
		const char *quote = strchr(value + 1, '"');
		if (quote && (is_space(quote[1]) || quote[1] == '\0')) {
			value++;
			len = (size_t)(quote - value);
			*p = quote + 1;
		} else if (!quote) {
			return fail(parser, "a closing quote is missing", start);
		} else {
			return fail(parser, "text behind a closing quote", start);
		}
	} else {
		*p = value + len;
	}
	if (++parser->pairs > PAIRS_MAX)
		return err_set(parser->err, ERR_LIMIT, "line %u: more than %u values", parser->line, PAIRS_MAX);
	ret->key = arena_strndup(parser->arena, start, (size_t)(key_end - start));
	ret->value = arena_strndup(parser->arena, value, len);
	ret->line = parser->line;
	return 0;
}

static struct slurm_lines *lines_for(struct slurm_conf *conf, const char *key)
{
	if (strcasecmp(key, "NodeName") == 0)
		return &conf->nodes;
	if (strcasecmp(key, "PartitionName") == 0)
		return &conf->partitions;
	if (strcasecmp(key, "DownNodes") == 0)
		return &conf->down_nodes;
	if (strcasecmp(key, "NodeSet") == 0)
		return &conf->node_sets;
	if (strcasecmp(key, "FrontendName") == 0)
		return &conf->frontends;
	return NULL;
}

static int read_unit_line(struct parser *parser, struct slurm_lines *lines, const struct slurm_pair *first,
			  const char *p)
{
	struct slurm_pairs pairs = {0};
	if (++parser->lines > LINES_MAX)
		return err_set(parser->err, ERR_LIMIT, "line %u: more than %u lines of nodes and partitions",
			       parser->line, LINES_MAX);
	for (p = skip_space(p); *p; p = skip_space(p))
		if (read_pair(parser, &p, vec_push_in(parser->arena, &pairs)) < 0)
			return -1;
	*vec_push_in(parser->arena, lines) =
	    (struct slurm_line){.names = first->value, .pairs = pairs.items, .count = pairs.len, .line = parser->line};
	return 0;
}

static bool is_include(const char *p)
{
	return strncasecmp(p, "Include", 7) == 0 && is_space(p[7]) && *skip_space(p + 7) != '=';
}

static int read_line(struct parser *parser, const char *p)
{
	struct slurm_conf *conf = parser->conf;
	struct slurm_lines *lines;
	p = skip_space(p);
	if (is_include(p)) {
		p = skip_space(p + 7);
		size_t len = strcspn(p, " \t\r\v\f");
		*vec_push_in(parser->arena, &conf->includes) = (struct slurm_pair){
		    .key = "Include", .value = arena_strndup(parser->arena, p, len), .line = parser->line};
		return 0;
	}
	while (*p) {
		struct slurm_pair pair;
		if (read_pair(parser, &p, &pair) < 0)
			return -1;
		if ((lines = lines_for(conf, pair.key)))
			return read_unit_line(parser, lines, &pair, p);
		/* A member's address is never NULL. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		*vec_push_in(parser->arena, &conf->globals) = pair;
		p = skip_space(p);
	}
	return 0;
}

int slurm_conf_parse(const char *text, size_t len, struct arena *arena, struct slurm_conf **ret, struct err *err)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	struct parser parser = {.arena = arena, .err = err, .conf = arena_alloc(arena, sizeof *parser.conf)};
	const char *p = text, *end = text + len;
	unsigned count = 0;
	if (len > SLURM_CONF_MAX)
		return err_set(err, ERR_LIMIT, "a slurm.conf of more than %u bytes", SLURM_CONF_MAX);
	if (len > 0 && memchr(text, '\0', len))
		return err_set(err, ERR_INPUT, "a slurm.conf with a NUL byte in it");
	for (;;) {
		parser.line = count + 1;
		if (!next_line(&p, end, &line, &count))
			break;
		if (line.len > LINE_MAX_BYTES)
			return err_set(err, ERR_LIMIT, "line %u: longer than %u bytes", parser.line, LINE_MAX_BYTES);
		if (read_line(&parser, strbuf_str(&line)) < 0)
			return -1;
	}
	*ret = parser.conf;
	return 0;
}

const char *slurm_conf_get(const struct slurm_conf *conf, const char *key)
{
	for (size_t i = conf->globals.len; i > 0; i--)
		if (strcasecmp(conf->globals.items[i - 1].key, key) == 0)
			return conf->globals.items[i - 1].value;
	return NULL;
}

const char *slurm_line_get(const struct slurm_line *line, const char *key)
{
	for (size_t i = line->count; i > 0; i--)
		if (strcasecmp(line->pairs[i - 1].key, key) == 0)
			return line->pairs[i - 1].value;
	return NULL;
}
