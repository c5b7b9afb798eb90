#include "slurm/conf.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "slurm/lines.h"

#define PAIRS_MAX 200000U     /* of a whole file */
#define UNIT_LINES_MAX 70000U /* that describe nodes and the like */
#define GLOBALS_MAX 20000U    /* Slurm knows some 250 parameters */

struct parser {
	struct slurm_conf *conf;
	struct slurm_lines *rows; /* of a file without global parameters */
	struct arena *arena;
	struct err *err;
	unsigned line; /* where the joined line began */
	size_t pairs, lines;
};

static bool is_key_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
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
	const char *equals = lines_skip_space(key_end);
	if (key_end == start || *equals == '\0')
		return fail(parser, "not a key=value pair", start);
	if (*equals != '=')
		return fail(parser, "'=' is missing behind the key", start);
	value = lines_skip_space(equals + 1);
	size_t len = strcspn(value, " \t\r\v\f");
	if (*value == '"') {
		/* Quotes that do not enclose the value are bytes of it (keyvalue_pattern of src/common/parse_config.c). */
		const char *quote = strchr(value + 1, '"');
		if (quote && (lines_is_space(quote[1]) || quote[1] == '\0')) {
			value++;
			len = (size_t)(quote - value);
			*p = quote + 1;
		} else {
			*p = value + len;
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
	if (strcasecmp(key, "PowerAction") == 0)
		return &conf->power_actions;
	return NULL;
}

static int read_unit_line(struct parser *parser, struct slurm_lines *lines, const char *names, const char *p)
{
	struct slurm_pairs pairs = {0};
	if (++parser->lines > UNIT_LINES_MAX)
		return err_set(parser->err, ERR_LIMIT, "line %u: more than %u lines of nodes and the like",
			       parser->line, UNIT_LINES_MAX);
	for (p = lines_skip_space(p); *p; p = lines_skip_space(p))
		if (read_pair(parser, &p, vec_push_in(parser->arena, &pairs)) < 0)
			return -1;
	*vec_push_in(parser->arena, lines) =
	    (struct slurm_line){.names = names, .pairs = pairs.items, .count = pairs.len, .line = parser->line};
	return 0;
}

static int read_line(struct parser *parser, const char *p)
{
	struct slurm_conf *conf = parser->conf;
	struct slurm_lines *lines;
	size_t len;
	const char *included = lines_included(p, &len);
	if (included) {
		*vec_push_in(parser->arena, &conf->includes) = (struct slurm_pair){
		    .key = "Include", .value = arena_strndup(parser->arena, included, len), .line = parser->line};
		return 0;
	}
	p = lines_skip_space(p);
	while (*p) {
		struct slurm_pair pair;
		if (read_pair(parser, &p, &pair) < 0)
			return -1;
		if ((lines = lines_for(conf, pair.key)))
			return read_unit_line(parser, lines, pair.value, p);
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a member's address is never NULL */
		if (conf->globals.len >= GLOBALS_MAX)
			return err_set(parser->err, ERR_LIMIT, "line %u: more than %u parameters", parser->line,
				       GLOBALS_MAX);
		*vec_push_in(parser->arena, &conf->globals) = pair;
		p = lines_skip_space(p);
	}
	return 0;
}

/* Each line of a file, joined and without its comment, to `read`. */
static int read_lines(struct parser *parser, const char *text, size_t len, int (*read)(struct parser *, const char *))
{
	_cleanup_strbuf_ struct strbuf line = {0};
	const char *p = text, *end = text + len;
	unsigned count = 0;
	if (len > SLURM_CONF_MAX)
		return err_set(parser->err, ERR_LIMIT, "a file of more than %u bytes", SLURM_CONF_MAX);
	if (len > 0 && memchr(text, '\0', len))
		return err_set(parser->err, ERR_INPUT, "a file with a NUL byte in it");
	for (;;) {
		parser->line = count + 1;
		if (!lines_next(&p, end, &line, &count))
			return 0;
		if (line.len > LINES_MAX_BYTES)
			return err_set(parser->err, ERR_LIMIT, "line %u: longer than %u bytes", parser->line,
				       LINES_MAX_BYTES);
		if (read(parser, strbuf_str(&line)) < 0)
			return -1;
	}
}

int slurm_conf_parse(const char *text, size_t len, struct arena *arena, struct slurm_conf **ret, struct err *err)
{
	struct parser parser = {.arena = arena, .err = err, .conf = arena_alloc(arena, sizeof *parser.conf)};
	if (read_lines(&parser, text, len, read_line) < 0)
		return -1;
	*ret = parser.conf;
	return 0;
}

static int read_row(struct parser *parser, const char *p)
{
	return *lines_skip_space(p) ? read_unit_line(parser, parser->rows, NULL, p) : 0;
}

int slurm_rows_parse(const char *text, size_t len, struct arena *arena, struct slurm_lines *ret, struct err *err)
{
	struct slurm_lines rows = {0};
	struct parser parser = {.arena = arena, .err = err, .rows = &rows};
	if (read_lines(&parser, text, len, read_row) < 0)
		return -1;
	*ret = rows;
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
