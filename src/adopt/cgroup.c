/* cgroup.conf as `cgroup:`. */
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/str.h"
#include "base/vec.h"

static void add(struct builder *b, const struct slurm_pair *pair)
{
	const struct slurm_param *param = slurm_param_find(SLURM_CGROUP, pair->key);
	const char *note = NULL, *value = param ? make_value(b, param, pair->value, &note) : pair->value;
	const char *fault = param ? make_param_fault(b, param, value) : "Slurm from 22.05 on has no such parameter";
	if (!fault && make_param(&b->out->cgroup, pair->key))
		fault = "the parameter is given twice";
	if (note)
		make_note_in(b, "cgroup.conf", pair->line, "%s", note);
	if (fault)
		make_note_in(b, "cgroup.conf", pair->line, "%s=%s is not kept: %s", pair->key, pair->value, fault);
	else
		make_add_param(b, &b->out->cgroup, param->name, value, false);
}

/* In force because the file says nothing, and only with that plugin. Slurm's default is "no" in every release. */
static void add_defaults(struct builder *b)
{
	static const char *const ours[] = {"ConstrainCores", "ConstrainRAMSpace", "ConstrainDevices"};
	const char *plugins = make_param(&b->out->params, "TaskPlugin");
	if (!plugins || !strcasestr(plugins, "cgroup"))
		return;
	if (!b->files->cgroup.text)
		make_note_in(b, "cgroup.conf", 0,
			     "there is none beside slurm.conf, which means no limits; " MAKE_AGAIN);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (!make_param(&b->out->cgroup, ours[i]))
			make_add_param(b, &b->out->cgroup, ours[i], "no", true);
}

void make_cgroup_of(struct builder *b)
{
	const struct adopt_text *file = &b->files->cgroup;
	struct slurm_conf *conf;
	struct err why = {0};
	if (file->text && slurm_conf_parse(file->text, file->len, b->arena, &conf, &why) < 0) {
		make_note_in(b, "cgroup.conf", 0, "it cannot be read as Slurm reads it: %s", why.text);
	} else if (file->text) {
		for (size_t i = 0; i < conf->globals.len; i++)
			add(b, &conf->globals.items[i]);
		*vec_push_in(b->arena, &b->out->digests) = file->digest;
	}
	add_defaults(b);
}
