/*
 * Fuzzes adopt. The first byte chooses: an inventory of Ansible's, or a slurm.conf. A line "@NAME" in the latter begins
 * another file, which may be included. What is adopted must pass reeve's own check.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adopt/adopt.h"
#include "base/str.h"
#include "inventory/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *text;
	size_t len;
};

/* The part of the input behind "\n@NAME\n", up to the next such line. */
static int read_part(void *data, const char *path, struct arena *arena, const char **ret, size_t *ret_len,
		     struct err *err)
{
	const struct input *in = data;
	const char *head = arena_printf(arena, "\n@%s\n", path), *end = in->text + in->len;
	const char *at = streq(path, "slurm.conf") ? in->text : memmem(in->text, in->len, head, strlen(head));
	if (!at)
		return err_set(err, ERR_MISSING, "%s is not there", path);
	*ret = streq(path, "slurm.conf") ? at : at + strlen(head);
	const char *next = memmem(*ret, (size_t)(end - *ret), "\n@", 2);
	*ret_len = (size_t)((next ? next + 1 : end) - *ret);
	return 0;
}

static void check(const struct adopted *adopted, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct diags diags;
	struct err err = {0};
	adopt_print(&text, adopted, arena);
	const struct inventory *inv =
	    inventory_parse("cluster.yaml", strbuf_str(&text), text.len, NULL, &diags, arena, &err);
	if (!inv) {
		fputs(strbuf_str(&text), stderr);
		diags_print(&diags, stderr, false);
		abort();
	}
	diags_free(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct adopt_options options = {0};
	struct adopted *adopted;
	struct err err = {0};
	if (!size)
		return 0;
	struct input in = {arena_strndup(arena, (const char *)data + 1, size - 1), size - 1};
	if (data[0] == 'a') {
		if (adopt_ansible("inventory.json", in.text, in.len, &options, arena, &adopted, &err) == 0)
			check(adopted, arena);
		return 0;
	}
	static const char digest[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct adopt_files files = {.path = "slurm.conf", .digest = digest};
	files.gres.digest = files.topology.digest = files.cgroup.digest = digest;
	options.slurm_version = data[0] == '2' ? "22.05" : data[0] == '4' ? "24.11" : NULL;
	files.gres.text = files.topology.text = files.cgroup.text = in.text;
	files.gres.len = files.topology.len = files.cgroup.len = in.len;
	if (slurm_include("slurm.conf", read_part, &in, arena, &files.slurm, &err) == 0 &&
	    adopt_slurm(&files, &options, arena, &adopted, &err) == 0)
		check(adopted, arena);
	return 0;
}
