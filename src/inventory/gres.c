/*
 * `gres_conf` of a class: lines of gres.conf(5), in Slurm's own words, for what reeve does not find by itself: other
 * devices than GPUs, shares of them, resources that are counted. A line is for the hosts of its class, and for a name
 * that the class's Gres= gives them: slurmctld takes no notice of others.
 */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "hostlist/hostlist.h"
#include "inventory/build.h"
#include "slurm/conf.h"
#include "slurm/gres.h"

enum { MOST_LINES = 64, MOST_DEVICES = 1024 };

struct reading {
	struct arena *arena;
	unsigned release;
	VEC(const char *) devices;
	const char *hint; /* NULL: none */
	struct err *err;
};

/* "Name", whatever the line calls it; NULL where gres.conf has no such key, or the value is none for it. */
static const char *key_of(struct reading *r, const struct slurm_pair *pair)
{
	const struct slurm_owned *owned = slurm_param_owned(SLURM_GRES, pair->key);
	const struct slurm_param *param = slurm_param_find(SLURM_GRES, pair->key);
	if (owned) {
		err_set(r->err, ERR_INPUT, "%s cannot be set: %s", pair->key, owned->reason);
	} else if (!param) {
		r->hint = str_nearest(pair->key, slurm_param_names(SLURM_GRES, r->release, r->arena));
		r->hint = r->hint ? arena_printf(r->arena, "did you mean '%s'?", r->hint) : NULL;
		err_set(r->err, ERR_INPUT, "gres.conf has no key '%.40s'", pair->key);
	} else if (!*pair->value || strpbrk(pair->value, " \t\"#\\")) {
		err_set(r->err, ERR_INPUT, "%s is empty, or has a blank, a quote, '#' or a backslash", param->name);
	} else if (slurm_param_check(param, r->release, pair->value, r->err) == 0) {
		return param->name;
	}
	return NULL;
}

static size_t path_length(const char *list)
{
	size_t len = 0;
	for (bool within = false; list[len] && (within || list[len] != ','); len++)
		within = list[len] == '[' || (within && list[len] != ']');
	return len;
}

/* "/dev/nvidia[0-1]": numbers may stand in the last part of a path. */
static int read_device(struct reading *r, const char *path)
{
	const char *slash = strrchr(path, '/'), *bracket = strchr(path, '['), *const *names = NULL;
	size_t count = 1;
	struct err why = {0};
	const char *wrong = NULL;
	if (bracket && (!slash || slash > bracket))
		wrong = "has brackets before its last part";
	else if (bracket && hostlist_expand(slash + 1, MOST_DEVICES, r->arena, &names, &count, NULL, &why) < 0)
		wrong = arena_printf(r->arena, "has brackets that cannot be read: %s", why.text);
	for (size_t i = 0; !wrong && i < count; i++) {
		const char *one =
		    bracket ? arena_printf(r->arena, "%.*s%s", (int)(slash + 1 - path), path, names[i]) : path;
		wrong = conf_path_fault(one);
		*vec_push_in(r->arena, &r->devices) = one;
	}
	return wrong ? err_set(r->err, ERR_INPUT, "'%.100s' %s", path, wrong) : 0;
}

/* "/dev/nvidia[0-1],/dev/card0" */
static int read_devices(struct reading *r, const char *list)
{
	for (size_t len = path_length(list); *list; list += len + (list[len] == ','), len = path_length(list))
		if (read_device(r, arena_strndup(r->arena, list, len)) < 0)
			return -1;
	return 0;
}

static int read_row(struct reading *r, const struct slurm_line *row, struct strbuf *out)
{
	static const char *const files[] = {"File", "Files", "MultipleFiles"};
	size_t given = 0;
	for (size_t i = 0; i < row->count; i++) {
		const char *key = key_of(r, &row->pairs[i]);
		if (!key)
			return -1;
		for (size_t k = 0; k < i; k++)
			if (strcasecmp(row->pairs[k].key, row->pairs[i].key) == 0)
				return err_set(r->err, ERR_INPUT, "%s is given twice", key);
		strbuf_addf(out, "%s%s=%s", i ? " " : "", key, row->pairs[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *list = slurm_line_get(row, files[i]);
		if (list && ++given > 1)
			return err_set(r->err, ERR_INPUT, "it has both File and MultipleFiles");
		if (list && read_devices(r, list) < 0)
			return -1;
	}
	return 0;
}

int inventory_gres_line(const char *text, size_t len, unsigned release, struct arena *arena, struct inv_gres_line *ret,
			const char **ret_hint, struct err *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct reading r = {.arena = arena, .release = release, .err = err};
	struct slurm_lines rows;
	struct err why = {0};
	int rc = 0;
	*ret_hint = "for example: \"Name=fpga File=/dev/fpga0\"";
	if (slurm_rows_parse(text, len, arena, &rows, &why) < 0)
		return err_set(err, ERR_INPUT, "%s",
			       str_starts(why.text, "line 1: ") ? why.text + strlen("line 1: ") : why.text);
	if (rows.len != 1)
		return err_set(err, ERR_INPUT, "it is not one line");
	const struct slurm_line *row = &rows.items[0];
	const char *name = slurm_line_get(row, "Name");
	rc = read_row(&r, row, &out);
	*ret_hint = r.hint;
	if (rc < 0)
		return -1;
	if (!name && !slurm_line_get(row, "AutoDetect"))
		return err_set(err, ERR_INPUT, "it has no Name");
	*ret = (struct inv_gres_line){
	    .text = arena_strndup(arena, strbuf_str(&out), out.len),
	    .name = name ? name : "gpu",
	    .names_itself = name != NULL,
	    .devices = r.devices.items,
	    .device_count = r.devices.len,
	};
	return 0;
}

/* Its text; NULL with a finding. */
static const char *read_line(struct build *b, const struct inv_class *class, const struct conf_value *value,
			     struct build_texts *devices)
{
	const char *gres = inventory_param(class->params, class->param_count, "Gres"), *hint = NULL;
	struct inv_gres_line line;
	struct err err = {0};
	if (inventory_gres_line(value->text, value->len, b->release, b->arena, &line, &hint, &err) == 0) {
		if (line.names_itself && !slurm_gres_names(gres, line.name)) {
			hint = diags_text(b->diags, "for example: Gres: \"%s%s%.40s:1\"", gres ? gres : "",
					  gres ? "," : "", line.name);
			err_set(&err, ERR_INPUT, "the class's Gres does not name '%.40s'", line.name);
		} else if ((b->devices += line.device_count) > MOST_DEVICES) {
			err_set(&err, ERR_INPUT, "the file names more than %d device files", MOST_DEVICES);
		} else {
			for (size_t i = 0; i < line.device_count; i++)
				*vec_push_in(b->arena, devices) = line.devices[i];
			return line.text;
		}
	}
	diag_error(b->diags, INV_GRES_CONF_CODE, value->at, hint, "a line of 'gres_conf': %s", err.text);
	return NULL;
}

void build_gres(struct build *b, struct inv_class *class, const struct conf_value *value)
{
	const struct conf_value *const *texts;
	size_t count, n = 0;
	struct build_texts devices = {0};
	if (conf_texts(value, "'gres_conf'", b->arena, &texts, &count, b->diags) < 0)
		return;
	if (count > MOST_LINES) {
		diag_error(b->diags, INV_GRES_CONF_CODE, value->at, NULL, "'gres_conf' has %zu lines, more than %d",
			   count, MOST_LINES);
		return;
	}
	const char **lines = arena_calloc(b->arena, count, sizeof *lines);
	for (size_t i = 0; i < count; i++)
		if ((lines[n] = read_line(b, class, texts[i], &devices)))
			n++;
	class->gres_conf = lines;
	class->gres_conf_count = n;
	class->devices = devices.items;
	class->device_count = devices.len;
}
