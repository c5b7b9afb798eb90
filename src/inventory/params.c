/* Slurm's own parameters, under `slurm:` and in partitions, in Slurm's spelling or in snake_case. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "inventory/build.h"
#include "slurm/param.h"

/* Looking for the nearest of many names takes time. */
enum { MOST_SUGGESTIONS = 100 };

/* A list's texts with commas between, as Slurm writes lists, or another byte; a text as it is. -1 with findings. */
static int read_value(struct build *b, const char *what, const struct conf_value *value, char between, const char **ret)
{
	const struct conf_value *const *texts;
	size_t count;
	if (conf_texts(value, what, b->arena, &texts, &count, b->diags) < 0)
		return -1;
	_cleanup_strbuf_ struct strbuf all = {0};
	for (size_t i = 0; i < count; i++) {
		const char *bad = strpbrk(texts[i]->text, "#\"\\");
		if (bad) {
			diag_error(b->diags, INV_PARAM_VALUE_CODE, texts[i]->at, NULL,
				   "%s: a '%c' would end the value in slurm.conf, or worse", what, *bad);
			return -1;
		}
		if (texts[i]->text[0] == ' ' || texts[i]->text[texts[i]->len - 1] == ' ') {
			diag_error(b->diags, INV_PARAM_VALUE_CODE, texts[i]->at, NULL, "%s begins or ends with a blank",
				   what);
			return -1;
		}
		if (i)
			strbuf_addc(&all, between);
		strbuf_adds(&all, texts[i]->text);
	}
	*ret = arena_strndup(b->arena, strbuf_str(&all), all.len);
	return 0;
}

static void without_underscores(const char *key, char *out, size_t size)
{
	size_t n = 0;
	for (; *key && n + 1 < size; key++)
		if (*key != '_')
			out[n++] = *key;
	out[n] = '\0';
}

static void refuse_owned(struct build *b, const struct conf_pair *pair, const char *what,
			 const struct slurm_owned *owned)
{
	diag_error(b->diags, INV_OWNED_PARAM_CODE, pair->at,
		   owned->instead ? diags_text(b->diags, "use '%s'", owned->instead) : NULL,
		   "'%s' cannot be set in %s: %s", pair->key, what, owned->reason);
}

void build_param(struct build *b, enum slurm_section section, const char *what, const struct conf_pair *pair,
		 struct build_params *out)
{
	char name[128];
	without_underscores(pair->key, name, sizeof name);
	const struct slurm_owned *owned = slurm_param_owned(section, name);
	if (owned) {
		refuse_owned(b, pair, what, owned);
		return;
	}
	const struct slurm_param *param = slurm_param_find(section, name);
	struct err err = {0};
	if (!param) {
		static const char *const none[] = {NULL}, *const of_partition[] = {"nodes", "default", NULL},
					 *const of_class[] = {"name",    "when",      "features", "reserve",
							      "exclude", "expect",    "modules",  "bandwidth_gres",
							      "gpus",    "gres_conf", NULL};
		const char *near = str_nearest(pair->key, section == SLURM_PARTITION ? of_partition
							  : section == SLURM_NODE    ? of_class
										     : none);
		if (!near && section == SLURM_NODE)
			near = str_nearest(pair->key, build_module_names(b));
		if (!near && b->suggestions++ < MOST_SUGGESTIONS)
			near = str_nearest(name, slurm_param_names(section, b->release, b->arena));
		diag_error(b->diags, INV_UNKNOWN_PARAM_CODE, pair->at,
			   near ? diags_text(b->diags, "did you mean '%s'?", near) : NULL,
			   "unknown key '%s' in %s; Slurm has no such parameter", pair->key, what);
		return;
	}
	if (slurm_param_available(param, b->release, &err) < 0) {
		diag_error(b->diags, INV_UNKNOWN_PARAM_CODE, pair->at, NULL, "%s", err.text);
		return;
	}
	for (size_t i = 0; i < out->len; i++)
		if (streq(out->items[i].key, param->name)) {
			diag_error(b->diags, INV_PARAM_TWICE_CODE, pair->at, NULL,
				   "'%s' is Slurm's %s, which is already given at line %u", pair->key, param->name,
				   out->items[i].at.line);
			return;
		}
	char described[200];
	snprintf(described, sizeof described, "'%s' of %s", pair->key, what);
	const char *value;
	if (read_value(b, described, pair->value, param->type == SLURM_ACTIONS ? '\n' : ',', &value) < 0)
		return;
	const char *instead = slurm_param_secret(param->name, value);
	if (instead) {
		diag_error(b->diags, INV_SECRET_PARAM_CODE, pair->at, instead,
			   "'%s' of %s would be a password that every user of every host can read", pair->key, what);
		return;
	}
	if (slurm_param_check(param, b->release, value, &err) < 0) {
		diag_error(b->diags, INV_PARAM_VALUE_CODE, pair->value->at, NULL, "%s", err.text);
		return;
	}
	*vec_push_in(b->arena, out) =
	    (struct inv_param){.key = param->name, .value = value, .at = pair->at, .value_at = pair->value->at};
}

/* A map of parameters of one of Slurm's files. */
static void read_section(struct build *b, enum slurm_section section, const char *what, const struct conf_value *value,
			 struct build_params *out)
{
	if (value->kind != CONF_MAP) {
		diag_error(b->diags, value->kind == CONF_NULL ? CONF_EMPTY_CODE : CONF_TYPE_CODE, value->at, NULL,
			   "%s should be a map of Slurm's parameters, this is %s", what, conf_kind_name(value));
		return;
	}
	for (size_t i = 0; i < value->count; i++)
		build_param(b, section, what, &value->pairs[i], out);
}

void build_slurm(struct build *b, const struct conf_value *value)
{
	struct build_params params = {0};
	if (value)
		read_section(b, SLURM_GLOBAL, "'slurm'", value, &params);
	b->inv->params = params.items;
	b->inv->param_count = params.len;
}

void build_cgroup(struct build *b, const struct conf_value *value)
{
	struct build_params params = {0};
	if (value)
		read_section(b, SLURM_CGROUP, "'cgroup'", value, &params);
	b->inv->cgroup = params.items;
	b->inv->cgroup_count = params.len;
}
