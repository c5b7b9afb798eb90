/* What users are told of software. */
#include "base/str.h"
#include "modules/software/software.h"

/* The name by which `module load` knows it. */
static void add_item(const struct software_item *item, bool loaded, struct strbuf *out)
{
	const char *version = item->version ? item->version : "of the distribution";
	strbuf_addf(out, "| %s | %s%s | ", item->name, version, item->is_default && item->version ? " (default)" : "");
	if (loaded && item->version)
		strbuf_addf(out, "`module load %s/%s`", item->module.name, item->version);
	else if (loaded)
		strbuf_addf(out, "`module load %s`", item->module.name);
	strbuf_addf(out, " | %s |\n", item->about ? item->about : "");
}

void software_guide(const struct inventory *inv, struct strbuf *out)
{
	const struct software *s = inventory_section(inv, NULL, software_section.name);
	bool loaded = inventory_has_module(inv, "modulefiles");
	if (!s || !s->count)
		return;
	strbuf_adds(out, "\n## Software\n\n| name | version | | what it is |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < s->count; i++)
		if (!s->items[i].absent)
			add_item(&s->items[i], loaded, out);
	if (!loaded)
		strbuf_addf(out, "\nWhat does not come from the distribution is in %s/NAME/VERSION.\n", s->prefix);
}
