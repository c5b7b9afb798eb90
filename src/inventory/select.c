/* -l NODES: what the command line means by it. */
#include <string.h>

#include "base/str.h"
#include "hostlist/hostlist.h"
#include "inventory/inventory.h"

static int unknown(const struct inventory *inv, const char *name, struct err *err)
{
	_cleanup_arena_ struct arena *scratch = arena_new();
	const char **names = arena_calloc(scratch, inv->host_count + 1, sizeof *names);
	for (size_t i = 0; i < inv->host_count; i++)
		names[i] = inv->hosts[i].name;
	const char *near = str_nearest(name, names);
	return err_set(err, ERR_INPUT, "no host '%.100s' in %s%s%s%s", name, inv->file, near ? "; did you mean '" : "",
		       near ? near : "", near ? "'?" : "");
}

static int select_partition(const struct inventory *inv, const char *name, bool *chosen, struct err *err)
{
	const struct inv_partition *partition = inventory_partition(inv, name);
	if (!partition)
		return err_set(err, ERR_INPUT, "no partition '%.100s' in %s", name, inv->file);
	for (size_t i = 0; i < partition->node_count; i++)
		chosen[partition->nodes[i]] = true;
	return 0;
}

static int select_piece(const struct inventory *inv, const char *piece, bool *chosen, struct err *err)
{
	_cleanup_arena_ struct arena *scratch = arena_new();
	const char *const *names;
	size_t count;
	if (str_starts(piece, "partition:"))
		return select_partition(inv, piece + strlen("partition:"), chosen, err);
	if (str_starts(piece, "class:"))
		return err_set(err, ERR_INPUT, "'%.100s': classes are not supported by this version of reeve", piece);
	if (streq(piece, "all")) {
		memset(chosen, true, inv->host_count * sizeof *chosen);
		return 0;
	}
	if (hostlist_expand(piece, INV_MAX_HOSTS, scratch, &names, &count, NULL, err) < 0)
		return err_wrap(err, "'%.100s'", piece);
	for (size_t i = 0; i < count; i++) {
		const struct inv_host *host = inventory_host(inv, names[i]);
		if (!host)
			return unknown(inv, names[i], err);
		chosen[host->index] = true;
	}
	return 0;
}

int inventory_select(const struct inventory *inv, const char *nodes, bool *chosen, struct err *err)
{
	_cleanup_free_ char *copy = xstrdup(nodes);
	bool any = false;
	/* Commas inside brackets belong to a hostlist. */
	for (char *piece = copy, *p = copy; piece; p++) {
		int depth = 0;
		while (*p && (depth || *p != ',')) {
			depth += *p == '[' ? 1 : *p == ']' ? -1 : 0;
			p++;
		}
		bool last = !*p;
		*p = '\0';
		if (*piece) {
			any = true;
			if (select_piece(inv, piece, chosen, err) < 0)
				return -1;
		}
		piece = last ? NULL : p + 1;
	}
	return any ? 0 : err_set(err, ERR_INPUT, "no host is named");
}
