/*
 * gres.conf as `gres_conf` of classes. A line is for the nodes of its NodeName, or for all, and counts on those that have
 * its name in their Gres= (slurmd's merge of both, src/common/gres.c): there it is kept.
 */
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/gres.h"

#define FILE_NAME "gres.conf"

/* What a line gives without an own Name: detected GPUs. */
static const char *name_of(const struct slurm_line *row)
{
	const char *name = slurm_line_get(row, "Name");
	return name ? name : slurm_line_get(row, "AutoDetect") ? "gpu" : NULL;
}

/* The line as a class takes it; NULL with a note. */
static const char *text_of(struct builder *b, const struct slurm_line *row)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	const char *fault = name_of(row) ? NULL : "it has no Name";
	bool file = slurm_line_get(row, "File") || slurm_line_get(row, "Files");
	if (file && slurm_line_get(row, "MultipleFiles"))
		fault = "it has both File and MultipleFiles";
	for (size_t i = 0; !fault && i < row->count; i++) {
		const struct slurm_pair *p = &row->pairs[i];
		const struct slurm_param *param = slurm_param_find(SLURM_GRES, p->key);
		if (strcasecmp(p->key, "NodeName") == 0)
			continue;
		if (!param)
			fault = arena_printf(b->arena, "gres.conf has no key '%s'", p->key);
		else if (strpbrk(p->value, " \t") || !*p->value)
			fault = arena_printf(b->arena, "the value of %s is empty or has blanks", p->key);
		else
			fault = make_param_fault(b, param, p->value);
		for (size_t k = 0; k < i; k++)
			if (strcasecmp(row->pairs[k].key, p->key) == 0)
				fault = arena_printf(b->arena, "%s is given twice", p->key);
		if (!fault)
			strbuf_addf(&out, "%s%s=%s", out.len ? " " : "", param->name, p->value);
	}
	if (!fault)
		return arena_strndup(b->arena, strbuf_str(&out), out.len);
	make_note_in(b, FILE_NAME, row->line, "the line is not kept: %s", fault);
	return NULL;
}

/* False where the node's Gres= does not name what the line gives, or the line is there already. */
static bool give(struct builder *b, const struct slurm_unit *node, const char *name, const char *text)
{
	const char *gres = node ? meaning_of_node(&b->meaning, node, "Gres") : NULL;
	if (!slurm_gres_names(gres, name))
		return false;
	struct adopt_texts *lines = map_get(&b->gres, node->name);
	if (!lines) {
		lines = arena_alloc(b->arena, sizeof *lines);
		map_set(&b->gres, node->name, lines);
	}
	*vec_push_in(b->arena, lines) = text;
	return true;
}

static void read_row(struct builder *b, const struct slurm_line *row)
{
	const char *text = text_of(b, row), *nodes = slurm_line_get(row, "NodeName");
	const char *const *names;
	size_t count, given = 0;
	struct err why = {0};
	if (!text)
		return;
	if (!nodes) {
		for (size_t i = 0; i < b->nodes.count; i++)
			given += give(b, &b->nodes.items[i], name_of(row), text);
		count = given;
	} else if (hostlist_expand(nodes, SLURM_CONF_NODES_MAX, b->arena, &names, &count, NULL, &why) < 0) {
		make_note_in(b, FILE_NAME, row->line, "the line is not kept: %s", why.text);
		return;
	} else {
		for (size_t i = 0; i < count; i++)
			given += give(b, slurm_units_get(&b->nodes, names[i]), name_of(row), text);
	}
	if (given < count || !given)
		make_note_in(
		    b, FILE_NAME, row->line,
		    "the line is not kept for nodes without %s in their Gres=: Slurm takes no notice of it there",
		    name_of(row));
}

void make_gres_of(struct builder *b)
{
	const struct adopt_text *file = &b->files->gres;
	struct slurm_lines rows;
	struct err why = {0};
	if (!file->text)
		return;
	if (slurm_rows_parse(file->text, file->len, b->arena, &rows, &why) < 0) {
		make_note_in(b, FILE_NAME, 0, "it cannot be read as Slurm reads it, and is left on the hosts: %s",
			     why.text);
		return;
	}
	for (size_t i = 0; i < rows.len; i++)
		read_row(b, &rows.items[i]);
	*vec_push_in(b->arena, &b->out->digests) = file->digest;
}
