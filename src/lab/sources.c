#include "lab/sources.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "lab/tool.h"

#define SOURCES_MAX (1U << 20)

struct entry {
	const char *types, *uris, *suites, *components, *signed_by;
	bool disabled;
};

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = words; s && (s = strstr(s, word)); s += len)
		if ((s == words || isspace((unsigned char)s[-1])) && (!s[len] || isspace((unsigned char)s[len])))
			return true;
	return false;
}

/* The suite that stands for `word` in an image of `suite`: in `ret`; false for one that is left out. */
static bool suite_for(const char *word, const char *own, const char *suite, char *ret, size_t size)
{
	static const char *const kinds[] = {"", "-updates", "-security", "/updates"};
	const char *bases[] = {suite, own};

	for (size_t b = 0; b < 2; b++) {
		size_t len = strlen(bases[b]);
		for (size_t k = 0; len && k < 4; k++)
			if (strncmp(word, bases[b], len) == 0 && streq(word + len, kinds[k])) {
				(void)snprintf(ret, size, "%s%s", suite, kinds[k]);
				return true;
			}
	}
	return false;
}

static bool add_entry(const struct entry *e, const char *own, const char *suite, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf suites = {0};
	_cleanup_strbuf_ struct strbuf text = {0};

	if (e->disabled || !has_word(e->types, "deb") || !has_word(e->components, "main") || !e->uris || !e->suites)
		return false;
	if (e->signed_by && !strstr(e->signed_by, "/debian-archive-"))
		return false;
	if (strncmp(e->uris, "http", 4) != 0 && strncmp(e->uris, "ftp", 3) != 0)
		return false;

	_cleanup_free_ char *words = xstrdup(e->suites);
	for (char *rest = words, *word; (word = str_next(&rest, " \t\n"));) {
		char name[128];
		if (suite_for(word, own, suite, name, sizeof name) && !has_word(strbuf_str(&suites), name))
			strbuf_addf(&suites, "%s%s", suites.len ? " " : "", name);
	}
	if (!suites.len)
		return false;
	strbuf_addf(&text, "Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\nSigned-By: %s\n\n", e->uris, suites.data,
		    e->components, SOURCES_KEYRING);
	if (strstr(strbuf_str(out), text.data))
		return false;
	strbuf_adds(out, text.data);
	return true;
}

/* "deb [options] URI suite component..." */
static bool take_line(char *line, const char *own, const char *suite, struct strbuf *out)
{
	struct entry e = {0};
	char *comment = strchr(line, '#');

	if (comment)
		*comment = '\0';
	e.types = str_next(&line, " \t");
	if (!e.types || !line)
		return false;
	line += strspn(line, " \t");
	if (*line == '[') {
		char *end = strchr(line, ']');
		if (!end)
			return false;
		*end = '\0';
		e.signed_by = strstr(line, "signed-by=");
		line = end + 1;
	}
	e.uris = str_next(&line, " \t");
	e.suites = str_next(&line, " \t");
	if (!line)
		return false;
	line += strspn(line, " \t");
	for (size_t len = strlen(line); len && isspace((unsigned char)line[len - 1]);)
		line[--len] = '\0';
	e.components = line;
	return add_entry(&e, own, suite, out);
}

/* One field of a stanza, its continuation lines joined by blanks. */
static void take_field(struct entry *e, char *field)
{
	static const struct {
		const char *name;
		size_t at;
	} fields[] = {{"types:", offsetof(struct entry, types)},
		      {"uris:", offsetof(struct entry, uris)},
		      {"suites:", offsetof(struct entry, suites)},
		      {"components:", offsetof(struct entry, components)},
		      {"signed-by:", offsetof(struct entry, signed_by)}};
	size_t end = strlen(field);

	while (end && isspace((unsigned char)field[end - 1]))
		field[--end] = '\0';
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		size_t len = strlen(fields[i].name);
		if (strncasecmp(field, fields[i].name, len) == 0) {
			field += len;
			*(const char **)((char *)e + fields[i].at) = field + strspn(field, " \t");
			return;
		}
	}
	if (strncasecmp(field, "enabled:", 8) == 0)
		e->disabled = strcasestr(field, "no") != NULL;
}

size_t sources_take(char *text, bool one_line, const char *own, const char *suite, struct strbuf *out)
{
	struct entry e = {0};
	char *field = NULL;
	size_t taken = 0;

	for (char *rest = text, *line; (line = str_next_line(&rest));) {
		if (one_line) {
			taken += take_line(line, own, suite, out);
			continue;
		}
		if (*line == '#')
			continue;
		if ((*line == ' ' || *line == '\t') && field && line[strspn(line, " \t")]) {
			/* joined where the lines lie: what was between them becomes blanks */
			memset(field + strlen(field), ' ', (size_t)(line - (field + strlen(field))));
			continue;
		}
		if (field)
			take_field(&e, field);
		field = *line ? line : NULL;
		if (!line[strspn(line, " \t")]) {
			taken += add_entry(&e, own, suite, out);
			e = (struct entry){0};
			field = NULL;
		}
	}
	if (field)
		take_field(&e, field);
	return taken + (one_line ? 0 : add_entry(&e, own, suite, out));
}

/* VERSION_CODENAME of os-release(5), where this is a Debian; "" otherwise. */
static void own_suite(char *ret, size_t size)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	bool debian = false;

	*ret = '\0';
	if (file_read("/etc/os-release", 1U << 16, &text, NULL) < 0)
		return;
	for (char *rest = text.data, *line; rest && (line = str_next_line(&rest));) {
		if (streq(line, "ID=debian"))
			debian = true;
		if (str_starts(line, "VERSION_CODENAME="))
			(void)snprintf(ret, size, "%s", line + strlen("VERSION_CODENAME="));
	}
	if (!debian)
		*ret = '\0';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_source(const struct dirent *entry)
{
	return str_ends(entry->d_name, ".list") || str_ends(entry->d_name, ".sources");
}

static void take_file(const char *path, const char *own, const char *suite, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read(path, SOURCES_MAX, &text, NULL) == 0 && text.len)
		sources_take(text.data, str_ends(path, ".list"), own, suite, out);
}

int sources_of_machine(const char *suite, struct strbuf *out, struct err *err)
{
	struct dirent **names = NULL;
	char own[64];

	if (access(SOURCES_KEYRING, R_OK) < 0)
		return err_set(err, ERR_MISSING, "%s is not there: apt-get install debian-archive-keyring",
			       SOURCES_KEYRING);
	own_suite(own, sizeof own);
	take_file("/etc/apt/sources.list", own, suite, out);
	int count = scandir("/etc/apt/sources.list.d", &names, is_source, by_name);
	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *path = xasprintf("/etc/apt/sources.list.d/%s", names[i]->d_name);
		take_file(path, own, suite, out);
		free(names[i]);
	}
	free(names);
	if (!out->len)
		return err_set(err, ERR_MISSING,
			       "/etc/apt/sources.list names no Debian archive to take %s from: add one to it", suite);
	return 0;
}

int sources_options(const char *suite, struct strbuf *out, struct err *err)
{
	static const char *const wanted[] = {"Acquire::http::Proxy", "Acquire::https::Proxy",
					     "Acquire::Check-Valid-Until", "Acquire::Check-Date", "Acquire::Retries"};
	static const char *const dates[] = {"Acquire::Check-Valid-Until", "Acquire::Check-Date"};
	_cleanup_strbuf_ struct strbuf dump = {0};
	const char *proxy = getenv("http_proxy");

	if (tool_run((const char *const[]){"apt-config", "dump", NULL}, NULL, &dump, -1, err) < 0)
		return -1;
	for (char *rest = dump.data, *line; rest && (line = str_next_line(&rest));)
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
			if (str_starts(line, wanted[i]) && line[strlen(wanted[i])] == ' ' && !str_ends(line, "\"\";"))
				strbuf_addf(out, "%s\n", line);
	for (size_t i = 0; streq(suite, SOURCES_UNRELEASED) && i < sizeof dates / sizeof *dates; i++)
		if (!strstr(strbuf_str(out), dates[i]))
			strbuf_addf(out, "%s \"false\";\n", dates[i]);
	if (proxy && *proxy && !strpbrk(proxy, "\"\n") && !strstr(strbuf_str(out), "Acquire::http::Proxy"))
		strbuf_addf(out, "Acquire::http::Proxy \"%s\";\n", proxy);
	strbuf_adds(out, "Acquire::Languages \"none\";\n");
	return 0;
}
