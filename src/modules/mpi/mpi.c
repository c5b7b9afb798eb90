#include "modules/mpi/mpi.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/schema.h"

const struct inv_section mpi_section = {
    .name = "mpi",
    .leaves = "nothing: MpiDefault is Slurm's own again",
    .parse = mpi_parse,
};

/* srun(1), --mpi: what Slurm's own plugins are called. */
static const char *const plugins[] = {"pmix", "pmi2", "none", NULL};

static void read_plugin(struct inv_reader *r, const struct conf_value *value, struct mpi *mpi)
{
	const char *text;
	if (!value || conf_text(value, "'default' of 'mpi'", &text, r->diags) < 0)
		return;
	for (const char *const *p = plugins; *p; p++)
		if (streq(*p, text)) {
			mpi->plugin = text;
			return;
		}
	diag_error(r->diags, MPI_VALUE_CODE, value->at, "pmix, pmi2 or none",
		   "'%.100s' is not a plugin of Slurm's for MPI", text);
}

static void read_load(struct inv_reader *r, const struct conf_value *value, struct mpi *mpi)
{
	static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-/";
	const struct conf_value *const *names;
	_cleanup_strbuf_ struct strbuf all = {0};
	size_t count = 0;
	if (!value || conf_texts(value, "'module' of 'mpi'", r->arena, &names, &count, r->diags) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const char *name = names[i]->text;
		if (*name == '-' || name[strspn(name, bytes)])
			diag_error(r->diags, MPI_VALUE_CODE, names[i]->at, NULL, "'%.100s' is not the name of a module",
				   name);
		else
			strbuf_addf(&all, "%s%s", all.len ? " " : "", name);
	}
	mpi->load = arena_strndup(r->arena, strbuf_str(&all), all.len);
}

void *mpi_parse(struct inv_reader *r, const struct conf_value *value)
{
	enum { DEFAULT, MODULE, KEYS };
	static const struct conf_key keys[KEYS + 1] = {[DEFAULT] = {"default"}, [MODULE] = {"module"}};
	const struct conf_value *values[KEYS] = {NULL};
	struct mpi *mpi = arena_alloc(r->arena, sizeof *mpi);
	*mpi = (struct mpi){.plugin = "pmix", .load = "OpenMPI"};
	if (value && value->kind != CONF_NULL) {
		mpi->at = value->at;
		conf_walk(value, "'mpi'", keys, values, r->diags);
	}
	read_plugin(r, values[DEFAULT], mpi);
	read_load(r, values[MODULE], mpi);
	return mpi;
}

void mpi_params(const struct cluster *c, struct module_params *params)
{
	const struct mpi *mpi = inventory_section(c->inv, NULL, mpi_section.name);
	params_default(params, c->inv, "MpiDefault", mpi->plugin);
}

const struct module mpi_module = {
    .name = "mpi",
    .summary = "programs of MPI, started by srun",
    .section = &mpi_section,
    .params = mpi_params,
    .prove = mpi_prove,
    .guide = mpi_guide,
};
