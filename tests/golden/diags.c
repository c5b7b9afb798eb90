/*
 * Runs golden cases: for each directory diag-* (beside this file) prints the findings about its cluster.yaml and holds
 * them against its expect.txt. With UPDATE=1 in the environment, expect.txt is written instead. Also reads every file
 * of the directories behind the first, where only an end in bounded time matters: the fuzzer's corpus.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "inventory/inventory.h"

/* libfyaml 0.7 leaks the pieces of a quoted text that is not closed: once a file, at most its size's worth. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

/* Stands for a module of any name: its section may hold anything. */
static void *parse_anything(struct inv_reader *r, const struct conf_value *value)
{
	(void)value;
	return arena_strdup(r->arena, "anything");
}

static const struct inv_section core = {.always = true, .name = "core"};
static const struct inv_section lmod = {.name = "lmod", .parse = parse_anything};
static const struct inv_section *const sections[] = {&core, &lmod, NULL};

/* What is printed for the file at `path`: findings, or why it cannot be read. The caller frees it. */
static char *print_findings(const char *path)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct diags diags;
	struct err err = {0};
	const struct inventory *inv = inventory_load(path, sections, &diags, arena, &err);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	diags_print(&diags, out, false);
	if (inv)
		fprintf(out, "good: %zu hosts, %zu partitions\n", inv->host_count, inv->partition_count);
	else
		fprintf(out, "%s\n", err.text);
	fclose(out);
	diags_free(&diags);
	return text;
}

static int run_case(const char *directory, const char *name)
{
	_cleanup_strbuf_ struct strbuf expected = {0};
	_cleanup_free_ char *here = xasprintf("%s/%s", directory, name);
	struct err err = {0};
	if (chdir(here) < 0) {
		printf("not ok %s: no such directory\n", name);
		return 1;
	}
	_cleanup_free_ char *printed = print_findings("cluster.yaml");
	if (getenv("UPDATE"))
		file_write_atomic("expect.txt", printed, strlen(printed), 0644, &err);
	if (file_read("expect.txt", 1 << 20, &expected, &err) < 0) {
		printf("not ok %s: %s\n", name, err.text);
		return 1;
	}
	if (streq(strbuf_str(&expected), printed)) {
		printf("ok %s\n", name);
		return 0;
	}
	printf("not ok %s\n--- expected\n%s--- printed\n%s---\n", name, strbuf_str(&expected), printed);
	return 1;
}

static int only_cases(const struct dirent *entry)
{
	return str_starts(entry->d_name, "diag-");
}

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int run_corpus(const char *directory)
{
	struct dirent **entries;
	int failed = 0, files = scandir(directory, &entries, no_dots, alphasort);
	if (files <= 0) {
		printf("not ok %s: no files\n", directory);
		return 1;
	}
	for (int i = 0; i < files; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", directory, entries[i]->d_name);
		_cleanup_free_ char *printed = print_findings(path);
		failed += !*printed;
		free(entries[i]);
	}
	free(entries);
	printf("%s %s: %d files\n", failed ? "not ok" : "ok", directory, files);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;
	for (int i = 2; i < argc; i++)
		failed += run_corpus(argv[i]);
	struct dirent **entries;
	_cleanup_free_ char *golden = argc > 1 ? realpath(argv[1], NULL) : NULL;
	int cases = golden ? scandir(golden, &entries, only_cases, alphasort) : -1;
	if (cases <= 0) {
		fprintf(stderr, "usage: %s GOLDEN-DIRECTORY [CORPUS-DIRECTORY...]; no cases found\n", argv[0]);
		return 2;
	}
	for (int i = 0; i < cases; i++) {
		failed += run_case(golden, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return failed ? 1 : 0;
}
