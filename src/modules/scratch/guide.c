/* What users are told of scratch. */
#include "modules/scratch/scratch.h"

void scratch_guide(const struct inventory *inv, struct strbuf *out)
{
	const struct scratch *s = inventory_section(inv, NULL, scratch_section.name);
	if (!s)
		return;
	strbuf_adds(out, "\n## Scratch\n\nEach job has a directory of its own on a disk of its node, in $TMPDIR, which "
			 "goes with the job: read and write\n"
			 "there, and copy what is to stay before the end.\n");
	if (!s->prolog) {
		_cleanup_arena_ struct arena *arena = arena_new();
		strbuf_addf(out, "Private to the job: %s.\n", scratch_private(s, ", ", arena));
	}
	strbuf_adds(out, "`--tmp=10G` asks for a node that has as much; others on it may use it, too.\n");
}
