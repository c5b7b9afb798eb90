/*
 * gres.conf as `gres_conf` of classes. A line is for the nodes of its NodeName, or for all, and counts on those that have
 * its name in their Gres= (slurmd's merge of both, src/common/gres.c): there it is kept.
 */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "inventory/inventory.h"
#include "slurm/gres.h"

#define FILE_NAME "gres.conf"

/* The line as a class takes it; NULL with a note. */
static const struct inv_gres_line *line_of(struct builder *b, const struct slurm_line *row)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct inv_gres_line *line = arena_alloc(b->arena, sizeof *line);
	const char *hint, *fault = NULL;
	struct err why = {0};
	for (size_t i = 0; i < row->count; i++) {
		const struct slurm_pair *p = &row->pairs[i];
		if (!str_is_utf8(p->value, strlen(p->value)) || strpbrk(p->value, " \t\"#\\"))
			fault = arena_printf(b->arena, "the value of %s is not a word", p->key);
		else if (strcasecmp(p->key, "NodeName") != 0)
			strbuf_addf(&out, "%s=%s ", p->key, p->value);
	}
	if (!fault && inventory_gres_line(strbuf_str(&out), out.len, b->release, b->arena, line, &hint, &why) < 0)
		fault = why.text;
	if (fault)
		make_note_in(b, FILE_NAME, row->line, "the line is not kept: %s", fault);
	return fault ? NULL : line;
}

static long cores_of(struct builder *b, const struct slurm_unit *node)
{
	uint64_t sockets = 0, cores = 0;
	str_read_u64(effective_of_processors(&b->meaning, node->line, "Sockets"), UINT16_MAX, &sockets);
	str_read_u64(effective_of_processors(&b->meaning, node->line, "CoresPerSocket"), UINT16_MAX, &cores);
	return (long)(sockets * cores);
}

/* False where the node's Gres= does not name what the line gives. `*small`: the first node that says how many cores it has, and
 * has not so many. What is not said is measured, and judged then. */
static bool give(struct builder *b, const struct slurm_unit *node, const struct inv_gres_line *line,
		 const struct slurm_unit **small)
{
	if (!node || !slurm_gres_names(effective_of_node(&b->meaning, node, "Gres"), line->name))
		return false;
	struct adopt_texts *lines = map_get(&b->gres, node->name);
	if (!lines) {
		lines = arena_alloc(b->arena, sizeof *lines);
		map_set(&b->gres, node->name, lines);
	}
	*vec_push_in(b->arena, lines) = line->text;
	if (!*small && effective_get(node->line, "CoresPerSocket") &&
	    slurm_gres_highest_core(line->text) >= cores_of(b, node))
		*small = node;
	return true;
}

static void read_row(struct builder *b, const struct slurm_line *row)
{
	const struct inv_gres_line *line = line_of(b, row);
	const char *nodes = slurm_line_get(row, "NodeName");
	const struct slurm_unit *small = NULL;
	const char *const *names;
	size_t count, given = 0;
	struct err why = {0};
	if (!line)
		return;
	if (!nodes) {
		for (size_t i = 0; i < b->nodes.count; i++)
			given += give(b, &b->nodes.items[i], line, &small);
		count = given;
	} else if (hostlist_expand(nodes, SLURM_CONF_NODES_MAX, b->arena, &names, &count, NULL, &why) < 0) {
		make_note_in(b, FILE_NAME, row->line, "the line is not kept: %s", why.text);
		return;
	} else {
		for (size_t i = 0; i < count; i++)
			given += give(b, slurm_units_get(&b->nodes, names[i]), line, &small);
	}
	if (given < count || !given)
		make_note_in(
		    b, FILE_NAME, row->line,
		    "the line is not kept for nodes without %s in their Gres=: Slurm takes no notice of it there",
		    line->name);
	if (small)
		make_note_in(b, FILE_NAME, row->line,
			     "it names core %ld, and node %s has cores 0-%ld: Slurm counts cores through the node, not "
			     "threads as the operating system does, and takes the line for invalid; correct gres_conf",
			     slurm_gres_highest_core(line->text), small->name, cores_of(b, small) - 1);
}

static bool any_has_gres(struct builder *b)
{
	for (size_t i = 0; i < b->nodes.count; i++)
		if (effective_of_node(&b->meaning, &b->nodes.items[i], "Gres"))
			return true;
	return false;
}

void make_gres_of(struct builder *b)
{
	const struct adopt_text *file = &b->files->gres;
	struct slurm_lines rows;
	struct err why = {0};
	if (!file->text && any_has_gres(b))
		make_note_in(b, FILE_NAME, 0, "there is none beside slurm.conf, and nodes have Gres=; " MAKE_AGAIN);
	if (!file->text)
		return;
	if (slurm_rows_parse(file->text, file->len, b->arena, &rows, &why) < 0) {
		make_note_in(b, FILE_NAME, 0, "it cannot be read as Slurm reads it, and is left on the hosts: %s",
			     why.text);
		return;
	}
	for (size_t i = 0; i < rows.len; i++)
		read_row(b, &rows.items[i]);
	if (file->digest) /* else it is of no file */
		*vec_push_in(b->arena, &b->out->digests) = file->digest;
}
