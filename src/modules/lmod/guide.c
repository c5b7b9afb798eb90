/* What users are told of modules. */
#include "modules/lmod/lmod.h"

void lmod_guide(const struct inventory *inv, struct strbuf *out)
{
	const struct lmod *lmod = inventory_section(inv, NULL, lmod_section.name);
	strbuf_adds(out, "\n## Modules\n\n"
			 "Programs that are not in every PATH come by `module`, in login shells, in shells and in "
			 "scripts that begin with\n"
			 "#!/bin/bash (one that begins with #!/bin/sh has no `module`):\n\n"
			 "    module avail            # what there is\n"
			 "    module spider NAME      # in which versions, and how to get at them\n"
			 "    module load NAME        # or NAME/VERSION\n"
			 "    module list; module purge\n");
	if (!lmod || !lmod->load[0])
		return;
	strbuf_adds(out, "\nEvery login loads StdEnv, and with it:");
	for (const char *const *name = lmod->load; *name; name++)
		strbuf_addf(out, " %s", *name);
	strbuf_addc(out, '\n');
}
