#include "cli/newfile.h"

#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "modules/module.h"

enum { MODE = 0644 };

const char *newfile_path(const struct context *context)
{
	const char *path = context_option(context, "output");
	if (!path)
		path = context_option(context, "file");
	return path ? path : "cluster.yaml";
}

int newfile_name(const struct context *context, const char **ret, int *ret_status)
{
	*ret = context_option(context, "name");
	if (!*ret || inventory_is_cluster_name(*ret))
		return 0;
	*ret_status = context_misused(
	    context, "'%s' is not a name for a cluster: lower-case letters, digits, '.', '_', '-'", *ret);
	return -1;
}

int newfile_refused(const struct context *context, const char *path)
{
	struct err err = {0};
	struct stat st;
	if (streq(path, "-") || context_option(context, "force") || lstat(path, &st) < 0)
		return -1;
	err_set(&err, ERR_REFUSED, "%s is there already; --force replaces it, -o writes elsewhere", path);
	return context_fail(context, &err);
}

static int check(const char *path, const struct strbuf *text, struct arena *arena, struct err *err)
{
	struct diags diags;
	const struct inventory *inv =
	    inventory_parse(path, strbuf_str(text), text->len, module_sections, &diags, arena, err);
	if (!inv && diags.len)
		err_set(err, ERR_INPUT, "what was found makes no cluster: %s", diags.items[0].message);
	diags_free(&diags);
	return inv ? 0 : -1;
}

int newfile_save(struct context *context, const char *path, const struct strbuf *text, size_t count, const char *next)
{
	struct err err = {0};
	if (check(path, text, context->arena, &err) < 0)
		return context_fail(context, &err);
	if (streq(path, "-")) {
		fwrite(strbuf_str(text), 1, text->len, stdout);
		return EXIT_DONE;
	}
	if (file_write_atomic(path, strbuf_str(text), text->len, MODE, &err) < 0)
		return context_fail(context, &err);
	if (context->json)
		printf("{\"hosts\": %zu}\n", count);
	else
		printf("wrote %s: %zu host%s; now: %s\n", path, count, count == 1 ? "" : "s", next);
	return EXIT_DONE;
}
