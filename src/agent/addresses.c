#include "agent/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "agent/session.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strbuf.h"

enum { NAMES_MAX = 256, SWITCH_BYTES = 64 << 10, HOSTS_BYTES = 1 << 20 };

/* Is /etc/hosts what is asked first, and is what it has the last word? (nsswitch.conf(5): "files" of "hosts", and no action in
 * brackets behind it.) */
static bool files_come_first(const struct root *root)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err ignored;

	if (root_read(root, "/etc/nsswitch.conf", SWITCH_BYTES, &text, &ignored) < 0)
		return false;
	for (char *rest = text.data, *line; rest && (line = str_next_line(&rest));) {
		const char *database = str_next(&line, " \t");
		if (!database || !streq(database, "hosts:"))
			continue;
		const char *first = str_next(&line, " \t"), *second = str_next(&line, " \t");
		return first && streq(first, "files") && !(second && *second == '[');
	}
	return false;
}

static bool is_address(const char *word)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, word, bytes) == 1 || inet_pton(AF_INET6, word, bytes) == 1;
}

/* Each name that stands in a line gets the line's address (hosts(5)). */
static void read_hosts(char *text, const json_t *names, struct strbuf *found)
{
	for (char *rest = text, *line; rest && (line = str_next_line(&rest));) {
		line[strcspn(line, "#")] = '\0';
		const char *address = str_next(&line, " \t");
		if (!address || !is_address(address))
			continue;
		for (const char *word; (word = str_next(&line, " \t"));)
			for (size_t i = 0; i < json_array_size(names); i++)
				if (strcasecmp(word, json_string_value(json_array_get(names, i))) == 0)
					strbuf_addf(&found[i], " %s", address);
	}
}

/* As src/facts/resolve.sh says it; NULL where one of them has no address. */
static json_t *tell(const json_t *names, const struct strbuf *found)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	strbuf_adds(&out, "= each\n");
	for (size_t i = 0; i < json_array_size(names); i++) {
		if (!found[i].len)
			return NULL;
		strbuf_addf(&out, "%s =%s\n", json_string_value(json_array_get(names, i)), found[i].data);
	}
	return json_pack("{s:i, s:s}", "status", 0, "out", strbuf_str(&out));
}

int addresses_find(struct session *s, const json_t *names, json_t **ret, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct strbuf found[NAMES_MAX] = {0};
	struct err ignored;

	*ret = NULL;
	if (!json_array_size(names) || json_array_size(names) > NAMES_MAX)
		return err_set(err, ERR_PROTOCOL, "addresses of no names, or of more than %d", NAMES_MAX);
	for (size_t i = 0; i < json_array_size(names); i++)
		if (!json_is_string(json_array_get(names, i)))
			return err_set(err, ERR_PROTOCOL, "addresses of what is not a name");
	if (!files_come_first(&s->root) || root_read(&s->root, "/etc/hosts", HOSTS_BYTES, &text, &ignored) < 0)
		return 0;
	read_hosts(text.data, names, found);
	*ret = tell(names, found);
	for (size_t i = 0; i < NAMES_MAX; i++)
		strbuf_free(&found[i]);
	return *ret != NULL;
}
