/*
 * topology.conf as `network`. It is read only with a TopologyPlugin that wants it. Whether cluster.yaml can hold it is for
 * the language to say: what was made is read as a cluster.yaml, and left out with the reason where it is refused. Then the
 * file stays on the hosts as it is.
 */
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "inventory/inventory.h"

#define FILE_NAME "topology.conf"

enum {
	FIRST_YAML = 2505
}; /* topology.yaml(5); a file of that name silences the others (src/interfaces/topology.c, topology_g_init) */

static const char *const kinds[][3] = {{"topology/tree", "tree", "SwitchName"},
				       {"topology/block", "block", "BlockName"}};

/* The names of a list that `keep` has; NULL: none, or, with `*fault`, it is no list. */
static const char *filter(struct builder *b, const char *list, const struct map *keep, size_t *dropped,
			  const char **fault)
{
	const char *const *names;
	size_t count, n = 0;
	struct err why = {0};
	if (hostlist_expand(list, SLURM_CONF_NODES_MAX, b->arena, &names, &count, NULL, &why) < 0) {
		*fault = arena_strdup(b->arena, why.text);
		return NULL;
	}
	const char **kept = arena_calloc(b->arena, count, sizeof *kept);
	for (size_t i = 0; i < count; i++)
		if (map_has(keep, names[i]))
			kept[n++] = names[i];
	*dropped += count - n;
	return n ? hostlist_compress(kept, n, b->arena) : NULL;
}

/* A line of a switch or a block; why it cannot be taken, else NULL. */
static const char *read_row(struct builder *b, const struct slurm_line *row, const char *name_key)
{
	const char *name = slurm_line_get(row, name_key), *sizes = slurm_line_get(row, "BlockSizes");
	struct adopt_switch s = {.name = name};
	const char *fault = NULL;
	size_t dropped = 0;
	for (size_t i = 0; i < row->count; i++) {
		const char *key = row->pairs[i].key;
		if (strcasecmp(key, "LinkSpeed") == 0)
			make_note_in(b, FILE_NAME, row->line, "LinkSpeed=%s is not kept: Slurm makes no use of it",
				     row->pairs[i].value);
		else if (strcasecmp(key, name_key) != 0 && strcasecmp(key, "Nodes") != 0 &&
			 strcasecmp(key, "Switches") != 0 && strcasecmp(key, "BlockSizes") != 0)
			return arena_printf(b->arena, "line %u: '%s' has no place in cluster.yaml", row->line, key);
	}
	if (sizes && strspn(sizes, "0123456789,") != strlen(sizes))
		return arena_printf(b->arena, "line %u: BlockSizes=%s", row->line, sizes);
	if (sizes)
		b->out->network.sizes = sizes;
	if (!name)
		return sizes ? NULL : arena_printf(b->arena, "line %u has no %s", row->line, name_key);
	const char *nodes = slurm_line_get(row, "Nodes");
	s.switches = slurm_line_get(row, "Switches");
	if (nodes)
		s.nodes = filter(b, nodes, &b->hosts, &dropped, &fault);
	if (fault || (nodes && s.switches))
		return arena_printf(b->arena, "line %u: %s", row->line, fault ? fault : "both Nodes and Switches");
	if (dropped)
		make_note_in(b, FILE_NAME, row->line,
			     "nodes that are left out, or in no slurm.conf, are left out here, too");
	if (s.nodes || s.switches)
		*vec_push_in(b->arena, &b->out->network.switches) = s;
	return NULL;
}

/* Switches that have nothing below them any more are taken out of those above, and these with them. */
static const char *prune(struct builder *b)
{
	struct adopt_switch *items = b->out->network.switches.items;
	size_t *len = &b->out->network.switches.len, dropped;
	const char *fault = NULL;
	do {
		_cleanup_map_ struct map names = {0};
		size_t n = 0;
		dropped = 0;
		for (size_t i = 0; i < *len; i++)
			map_set(&names, items[i].name, (void *)items[i].name);
		for (size_t i = 0; i < *len && !fault; i++) {
			if (items[i].switches)
				items[i].switches = filter(b, items[i].switches, &names, &dropped, &fault);
			if (items[i].nodes || items[i].switches)
				items[n++] = items[i];
		}
		*len = n;
	} while (dropped && !fault);
	return fault;
}

/* What the language says against the network that was made; NULL: nothing. */
static const char *refused(struct builder *b)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct diags diags;
	const char *fault = NULL;
	adopt_print(&text, b->out, b->arena);
	inventory_parse("cluster.yaml", strbuf_str(&text), text.len, NULL, &diags, b->arena, NULL);
	for (size_t i = 0; !fault && i < diags.len; i++)
		if (diags.items[i].severity == DIAG_ERROR)
			fault = arena_strdup(b->arena, diags.items[i].message);
	diags_free(&diags);
	return fault;
}

/* Switches that a line names and none describes. */
static void note_strangers(struct builder *b, const struct slurm_lines *rows, const char *name_key)
{
	_cleanup_map_ struct map known = {0};
	for (size_t i = 0; i < rows->len; i++)
		if (slurm_line_get(&rows->items[i], name_key))
			map_set(&known, slurm_line_get(&rows->items[i], name_key), b);
	for (size_t i = 0; i < rows->len; i++) {
		const char *list = slurm_line_get(&rows->items[i], "Switches");
		const char *const *names;
		size_t count, n = 0;
		if (!list || hostlist_expand(list, SLURM_CONF_NODES_MAX, b->arena, &names, &count, NULL, NULL) < 0)
			continue;
		const char **strange = arena_calloc(b->arena, count, sizeof *strange);
		for (size_t k = 0; k < count; k++)
			if (!map_has(&known, names[k]))
				strange[n++] = names[k];
		if (n)
			make_note_in(b, FILE_NAME, rows->items[i].line,
				     "it names %s, which no line describes: it is kept without",
				     hostlist_compress(strange, n, b->arena));
	}
}

static const char *take(struct builder *b, const struct adopt_text *file, const char *const kind[3])
{
	struct slurm_lines rows;
	struct err why = {0};
	const char *fault = NULL;
	if (slurm_rows_parse(file->text, file->len, b->arena, &rows, &why) < 0)
		return arena_strdup(b->arena, why.text);
	for (size_t i = 0; i < rows.len && !fault; i++)
		fault = read_row(b, &rows.items[i], kind[2]);
	if (!fault)
		note_strangers(b, &rows, kind[2]);
	if (!fault)
		fault = prune(b);
	if (!fault && !b->out->network.switches.len)
		fault = "no switch in it has nodes that are kept";
	if (fault)
		return fault;
	b->out->network.topology = kind[1];
	return refused(b);
}

static void drop_plugin(struct adopt_params *params)
{
	size_t n = 0;
	for (size_t i = 0; i < params->len; i++)
		if (strcasecmp(params->items[i].key, "TopologyPlugin") != 0)
			params->items[n++] = params->items[i];
	params->len = n;
}

void make_topology_of(struct builder *b)
{
	const struct adopt_text *file = &b->files->topology;
	const char *plugin = make_param(&b->out->params, "TopologyPlugin");
	size_t kind = 0;
	if (b->files->topology_yaml.text && (!b->release || b->release >= FIRST_YAML)) {
		make_note_in(
		    b, "topology.yaml", 0,
		    "from Slurm 25.05 on it is read, and topology.conf and TopologyPlugin are not: neither is taken "
		    "over, and it stays on the hosts as it is; for 'network' of cluster.yaml to count it has to go");
		return;
	}
	if (!file->text)
		return;
	while (kind < ARRAY_LEN(kinds) && (!plugin || strcasecmp(kinds[kind][0], plugin) != 0))
		kind++;
	if (kind == ARRAY_LEN(kinds)) {
		make_note_in(
		    b, FILE_NAME, 0,
		    "it is not taken over: Slurm reads it only with TopologyPlugin=topology/tree or topology/block");
		return;
	}
	struct adopt_params params = b->out->params;
	params.items = arena_calloc(b->arena, params.len, sizeof *params.items);
	memcpy(params.items, b->out->params.items, params.len * sizeof *params.items);
	params.cap = params.len;
	drop_plugin(&b->out->params);
	const char *fault = take(b, file, kinds[kind]);
	if (!fault) {
		*vec_push_in(b->arena, &b->out->digests) = file->digest;
		return;
	}
	make_note_in(b, FILE_NAME, 0, "it is not taken over, and stays on the hosts as it is: %s", fault);
	b->out->params = params;
	memset(&b->out->network, 0, sizeof b->out->network);
}
