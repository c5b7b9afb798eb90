/* reeve guide: a page for the people who use the cluster, of cluster.yaml alone. */
#include "base/str.h"
#include "base/strbuf.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "modules/module.h"

static void add_host(const struct inv_host *h, struct strbuf *out)
{
	const char *address = h->local ? h->hostname : h->address;
	strbuf_addf(out, "    ssh NAME@%s", address);
	if (!streq(address, h->name))
		strbuf_addf(out, "        # %s", h->name);
	strbuf_addc(out, '\n');
}

/* The hosts that were named, or the first controller. Of ports and users of the operator's ssh nothing is said. */
static void add_login(const struct inventory *inv, const struct inv_choice *hosts, struct strbuf *out)
{
	strbuf_adds(out, "\n## Log in\n\n");
	for (size_t i = 0; i < inv->host_count; i++)
		if (hosts ? hosts->hosts[i] : i == inv->controllers[0])
			add_host(&inv->hosts[i], out);
}

static int run(struct context *context)
{
	const struct inventory *inv = context_inventory(context);
	if (!inv)
		return EXIT_FAILED;
	const struct inv_choice *hosts = NULL;
	const char *nodes = context_option(context, "login");
	if (nodes && !(hosts = context_select(context, inv, nodes, false)))
		return EXIT_FAILED;
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_addf(&out, "# The cluster %s\n", inv->cluster.text);
	add_login(inv, hosts, &out);
	modules_guide(inv, &out);
	fputs(strbuf_str(&out), stdout);
	return EXIT_DONE;
}

static const struct option_spec options[] = {
    {"login", 'l', "NODES", "the hosts to log in on; the first controller, where none is given"},
    {0},
};

const struct command cmd_guide = {
    .name = "guide",
    .synopsis = "[-l NODES]",
    .summary = "Print a page for the cluster's own people",
    .help = "Prints in Markdown what those who use the cluster have to know of it: where to log\n"
	    "in, its partitions and their limits, how a job is submitted, shared directories,\n"
	    "modules and software. It is made from cluster.yaml; no host is asked.\n"
	    "\n"
	    "What each part means is in docs/handbook/users.md.",
    .options = options,
    .run = run,
};
