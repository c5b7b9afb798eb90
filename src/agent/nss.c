#include "agent/nss.h"

#include <string.h>
#include <strings.h>

#include "agent/session.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

enum { KEYS_MAX = 4096, SWITCH_BYTES = 64 << 10, FILE_BYTES = 4 << 20 };

/* The sources of a database, in order, from `text`, which is changed. NULL: the switch does not name it. */
static char *sources_of(char *text, const char *database)
{
	for (char *rest = text, *line; rest && (line = str_next_line(&rest));) {
		line[strcspn(line, "#")] = '\0';
		char *name = str_next(&line, " \t:");
		if (name && streq(name, database))
			return line ? line + strspn(line, " \t:") : NULL;
	}
	return NULL;
}

/* Are the files asked first, and is what they have the last word: no action in brackets behind them? `only`: and nothing else. */
static bool files_answer(const struct root *root, const char *database, bool only)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err ignored;

	if (root_read(root, "/etc/nsswitch.conf", SWITCH_BYTES, &text, &ignored) < 0)
		return false;
	char *rest = sources_of(text.data, database);
	const char *first = str_next(&rest, " \t"), *second = str_next(&rest, " \t");
	return first && streq(first, "files") && !(second && (only || *second == '['));
}

/* What /etc/hosts (hosts(5)) has for a name: " ADDRESS ...". */
static void add_addresses(char *text, const json_t *keys, struct strbuf *found)
{
	for (char *rest = text, *line; rest && (line = str_next_line(&rest));) {
		line[strcspn(line, "#")] = '\0';
		const char *address = str_next(&line, " \t");
		if (!address || !str_is_address(address))
			continue;
		for (const char *word; (word = str_next(&line, " \t"));)
			for (size_t i = 0; i < json_array_size(keys); i++)
				if (strcasecmp(word, json_string_value(json_array_get(keys, i))) == 0)
					strbuf_addf(&found[i], " %s", address);
	}
}

/* Only where each name has an address: of one that is not in the file another source may know. */
static bool find_hosts(char *text, const json_t *keys, struct strbuf *out)
{
	size_t count = json_array_size(keys);
	struct strbuf *found = xcalloc(count, sizeof *found);
	bool all = true;

	add_addresses(text, keys, found);
	strbuf_adds(out, "= each\n");
	for (size_t i = 0; i < count; i++) {
		all &= found[i].len > 0;
		strbuf_addf(out, "%s =%s\n", json_string_value(json_array_get(keys, i)), strbuf_str(&found[i]));
		strbuf_free(&found[i]);
	}
	free(found);
	return all;
}

/* passwd(5) and group(5): the name is the first field, the number the third. The first line with a key is the one that counts. */
static bool find_lines(char *text, const json_t *keys, struct strbuf *out)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_map_ struct map lines = {0};

	for (char *rest = text, *line; rest && (line = str_next_line(&rest));) {
		char *fields = arena_strdup(arena, line), *name = strsep(&fields, ":");
		strsep(&fields, ":");
		const char *number = strsep(&fields, ":");
		if (!number || !*name ||
		    strchr("+-#", *name)) /* what other services are to add (nss_compat), remarks */
			continue;
		if (!map_has(&lines, name))
			map_set(&lines, name, line);
		if (!map_has(&lines, number))
			map_set(&lines, number, line);
	}
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const char *line = map_get(&lines, json_string_value(json_array_get(keys, i)));
		if (line)
			strbuf_addf(out, "%s\n", line);
	}
	return true;
}

static const struct database {
	const char *name, *file;
	bool only; /* what is not in the file may be elsewhere */
	bool (*find)(char *text, const json_t *keys, struct strbuf *out);
} databases[] = {
    {"hosts", "/etc/hosts", false, find_hosts},
    {"passwd", "/etc/passwd", true, find_lines},
    {"group", "/etc/group", true, find_lines},
};

static int check_keys(const json_t *keys, struct err *err)
{
	size_t count = json_array_size(keys);

	if (!count || count > KEYS_MAX)
		return err_set(err, ERR_PROTOCOL, "it asks for no names, or for more than %d", KEYS_MAX);
	for (size_t i = 0; i < count; i++)
		if (!json_is_string(json_array_get(keys, i)))
			return err_set(err, ERR_PROTOCOL, "it asks for what is not a name");
	return 0;
}

int nss_find(struct session *s, const char *database, const json_t *keys, json_t **ret, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0}, out = {0};
	const struct database *d = databases;
	struct err ignored;

	*ret = NULL;
	while (d < databases + ARRAY_LEN(databases) && !streq(d->name, database))
		d++;
	if (d == databases + ARRAY_LEN(databases))
		return err_set(err, ERR_PROTOCOL, "the files do not have %s", database);
	if (check_keys(keys, err) < 0)
		return -1;
	if (!files_answer(&s->root, database, d->only) ||
	    root_read(&s->root, d->file, FILE_BYTES, &text, &ignored) < 0 ||
	    !str_is_utf8(strbuf_str(&text), text.len) || !d->find(text.data, keys, &out))
		return 0;
	*ret = json_pack("{s:i, s:s}", "status", 0, "out", strbuf_str(&out));
	return 1;
}
