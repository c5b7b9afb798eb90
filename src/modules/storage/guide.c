/* What users are told of directories that hosts share. */
#include "modules/storage/storage.h"

void storage_guide(const struct inventory *inv, struct strbuf *out)
{
	const struct storage *s = inventory_section(inv, NULL, storage_section.name);
	if (!s || !s->count)
		return;
	strbuf_adds(out, "\n## Shared directories\n\n| directory | where | |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < s->count; i++) {
		const struct storage_nfs *n = &s->nfs[i];
		bool some = n->on.hosts || n->on.classes;
		strbuf_addf(out, "| %s | %s | %s |\n", n->mount, some ? "some hosts" : "all hosts",
			    n->readonly ? "read only" : "");
	}
}
