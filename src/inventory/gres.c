/*
 * `gres_conf` of a class: lines of gres.conf(5), in Slurm's own words, for what reeve does not find by itself: other
 * devices than GPUs, shares of them, resources that are counted. A line is for the hosts of its class, and for a name
 * that the class's Gres= gives them: slurmctld takes no notice of others.
 */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "inventory/build.h"
#include "slurm/conf.h"
#include "slurm/gres.h"

enum { MOST_LINES = 64 };

static bool fault(struct build *b, const struct conf_value *value, const char *hint, const char *text)
{
	diag_error(b->diags, INV_GRES_CONF_CODE, value->at, hint, "a line of 'gres_conf': %s", text);
	return false;
}

/* "Name" of gres.conf(5), whatever the line calls it; NULL with a finding. */
static const char *key_of(struct build *b, const struct conf_value *value, const struct slurm_pair *pair)
{
	const struct slurm_owned *owned = slurm_param_owned(SLURM_GRES, pair->key);
	const struct slurm_param *param = slurm_param_find(SLURM_GRES, pair->key);
	struct err err = {0};
	if (owned) {
		fault(b, value, NULL, diags_text(b->diags, "%s cannot be set: %s", pair->key, owned->reason));
	} else if (!param) {
		const char *near = str_nearest(pair->key, slurm_param_names(SLURM_GRES, b->release, b->arena));
		fault(b, value, near ? diags_text(b->diags, "did you mean '%s'?", near) : NULL,
		      diags_text(b->diags, "gres.conf has no key '%s'", pair->key));
	} else if (strpbrk(pair->value, " \t\"#\\")) {
		fault(b, value, NULL, diags_text(b->diags, "%s has a blank, a quote, '#' or a backslash", param->name));
	} else if (slurm_param_check(param, b->release, pair->value, &err) < 0) {
		fault(b, value, NULL, err.text);
	} else {
		return param->name;
	}
	return NULL;
}

static bool goes_with_class(struct build *b, const struct inv_class *class, const struct conf_value *value,
			    const char *name)
{
	const char *gres = inventory_param(class->params, class->param_count, "Gres");
	if (slurm_gres_names(gres, name))
		return true;
	return fault(
	    b, value,
	    diags_text(b->diags, "for example: Gres: \"%s%s%.40s:1\"", gres ? gres : "", gres ? "," : "", name),
	    diags_text(b->diags, "the class's Gres does not name '%.40s'", name));
}

/* The line as it is written behind NodeName=; NULL with a finding. */
static const char *read_line(struct build *b, const struct inv_class *class, const struct conf_value *value)
{
	struct slurm_lines rows;
	struct err err = {0};
	if (slurm_rows_parse(value->text, value->len, b->arena, &rows, &err) < 0 || rows.len != 1) {
		fault(b, value, "for example: \"Name=fpga File=/dev/fpga0\"",
		      !err.code                          ? "it is not one line"
		      : str_starts(err.text, "line 1: ") ? err.text + strlen("line 1: ")
							 : err.text);
		return NULL;
	}
	const struct slurm_line *row = &rows.items[0];
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < row->count; i++) {
		const char *key = key_of(b, value, &row->pairs[i]);
		if (!key)
			return NULL;
		for (size_t k = 0; k < i; k++)
			if (strcasecmp(row->pairs[k].key, row->pairs[i].key) == 0) {
				fault(b, value, NULL, diags_text(b->diags, "%s is given twice", key));
				return NULL;
			}
		strbuf_addf(&out, "%s%s=%s", i ? " " : "", key, row->pairs[i].value);
	}
	const char *name = slurm_line_get(row, "Name");
	if (name && !goes_with_class(b, class, value, name))
		return NULL;
	if (!name && !slurm_line_get(row, "AutoDetect")) {
		fault(b, value, NULL, "it has no Name");
		return NULL;
	}
	if (slurm_line_get(row, "MultipleFiles") && (slurm_line_get(row, "File") || slurm_line_get(row, "Files"))) {
		fault(b, value, NULL, "it has both File and MultipleFiles");
		return NULL;
	}
	return arena_strndup(b->arena, out.data, out.len);
}

void build_gres(struct build *b, struct inv_class *class, const struct conf_value *value)
{
	const struct conf_value *const *texts;
	size_t count, n = 0;
	if (conf_texts(value, "'gres_conf'", b->arena, &texts, &count, b->diags) < 0)
		return;
	if (count > MOST_LINES) {
		diag_error(b->diags, INV_GRES_CONF_CODE, value->at, NULL, "'gres_conf' has %zu lines, more than %d",
			   count, MOST_LINES);
		return;
	}
	const char **lines = arena_calloc(b->arena, count, sizeof *lines);
	for (size_t i = 0; i < count; i++)
		if ((lines[n] = read_line(b, class, texts[i])))
			n++;
	class->gres_conf = lines;
	class->gres_conf_count = n;
}
