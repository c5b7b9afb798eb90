#include "run/weigh.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/conf.h"
#include "slurm/gres.h"

/* What is no configuration at all is judged elsewhere. */
static void weigh_slurm(const char *text, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_slurm_units_ struct slurm_units nodes = {0};
	_cleanup_slurm_units_ struct slurm_units partitions = {0};
	struct slurm_conf *conf;
	if (slurm_conf_parse(text, strlen(text), arena, &conf, err) == 0 &&
	    slurm_conf_nodes(conf, arena, &nodes, err) == 0)
		slurm_conf_partitions(conf, arena, &partitions, err);
}

static const struct err *judge(struct weigh *w, const char *text, bool gres)
{
	for (size_t i = 0; i < w->len; i++)
		if (w->items[i].gres == gres && streq(w->items[i].text, text))
			return &w->items[i].err;
	struct weigh_text *new_text = vec_push(w);
	*new_text = (struct weigh_text){.text = text, .gres = gres};
	if (gres)
		slurm_gres_check(text, &new_text->err);
	else
		weigh_slurm(text, &new_text->err);
	return &new_text->err;
}

int weigh_facts(struct weigh *w, const struct facts *f, struct err *err)
{
	const struct {
		const char *text, *path;
		bool gres;
	} texts[] = {
	    {f->slurm_conf, "/etc/slurm/slurm.conf", false},
	    {f->in_force_slurm, "/var/lib/reeve/in-force/slurm.conf", false},
	    {f->gres_conf, "/etc/slurm/gres.conf", true},
	    {f->in_force_gres, "/var/lib/reeve/in-force/gres.conf", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct err *why = texts[i].text ? judge(w, texts[i].text, texts[i].gres) : NULL;
		if (why && why->code == ERR_LIMIT)
			return err_set(err, ERR_LIMIT, "%s costs too much to read: %s", texts[i].path, why->text);
	}
	return 0;
}

void weigh_free(struct weigh *w)
{
	vec_free(w);
}
