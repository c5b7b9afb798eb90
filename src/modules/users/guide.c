/* What users are told of their accounts and homes. */
#include "modules/users/users.h"

void users_guide(const struct inventory *inv, struct strbuf *out)
{
	const struct users *users = inventory_section(inv, NULL, users_section.name);
	strbuf_adds(out, "\n## Your account\n\nIt is the same on all hosts, with the same number. ");
	if (users && users->shared)
		strbuf_addf(out, "Your home is %s/NAME, one directory for all hosts.\n", users->home);
	else
		strbuf_addf(
		    out,
		    "Your home is %s/NAME, and each host has its own: what a job writes there stays on its node. Copy\n"
		    "files to it with `sbcast`, or have the job print what is to come back.\n",
		    users ? users->home : "/home");
	strbuf_adds(out, "You log in with your ssh key. More keys are yours to add, in ~/.ssh/authorized_keys.\n");
}
