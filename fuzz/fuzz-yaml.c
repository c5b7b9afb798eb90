/* Fuzzes cluster.yaml: any bytes are an inventory or findings, and findings can be printed. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libfyaml 0.7 leaks the pieces of a quoted text that is not closed: once a file, at most its size's worth. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

/* A module's section, which may hold anything. */
static void *parse_anything(struct inv_reader *r, const struct conf_value *value)
{
	(void)value;
	return arena_strdup(r->arena, "anything");
}

static const struct inv_section core = {.always = true, .name = "core"};
static const struct inv_section lmod = {.name = "lmod", .parse = parse_anything};
static const struct inv_section *const sections[] = {&core, &lmod, NULL};

/* Every promise of its header that can be looked at. */
static void check_promises(const struct inventory *inv)
{
	if (!inv->host_count || !inv->controller_count || !inv->compute_count || !inv->partition_count)
		abort();
	for (size_t i = 0; i < inv->host_count; i++) {
		const struct inv_host *host = &inv->hosts[i];
		if (host->index != i || inventory_host(inv, host->name) != host || *host->name == '-' ||
		    *host->address == '-' || !host->suite)
			abort();
	}
	for (size_t i = 0; i < inv->controller_count; i++)
		if (inv->controllers[i] >= inv->host_count || !inv->hosts[inv->controllers[i]].controller)
			abort();
	for (size_t i = 0; i < inv->partition_count; i++) {
		const struct inv_partition *partition = &inv->partitions[i];
		if (!partition->node_count && !partition->class_count)
			abort();
		for (size_t k = 0; k < partition->node_count; k++)
			if (!inv->hosts[partition->nodes[k]].compute)
				abort();
		for (size_t k = 0; k < partition->param_count; k++)
			if (strpbrk(partition->params[k].value, "\n\r#\"\\"))
				abort();
	}
	for (size_t i = 0; i < inv->class_count; i++) {
		const struct inv_class *class = &inv->classes[i];
		bool has = inventory_class_has(inv, class, "lmod");
		if (!inventory_class_has(inv, class, "core") || class->bandwidth.count > INV_MAX_MBIT ||
		    class->bandwidth.reserve > INV_MAX_MBIT || class->bandwidth.percent > 90 ||
		    (has && (!inventory_has_module(inv, "lmod") || !inventory_section(inv, class, "lmod"))))
			abort();
	}
	for (size_t k = 0; k < inv->param_count; k++)
		if (strpbrk(inv->params[k].value, "\n\r#\"\\"))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The text is borrowed without a NUL behind it, and at its exact size, so that a read past it is seen. */
	char *text = malloc(size ? size : 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	struct arena *arena = arena_new();
	struct diags diags;
	struct err err;
	const struct inventory *inv = inventory_parse("cluster.yaml", text, size, sections, &diags, arena, &err);
	if (!inv != !!diags.errors)
		abort();
	if (inv)
		check_promises(inv);
	FILE *out = fopen("/dev/null", "w");
	if (out) {
		diags_print(&diags, out, true);
		fclose(out);
	}
	diags_free(&diags);
	arena_free(arena);
	free(text);
	return 0;
}
