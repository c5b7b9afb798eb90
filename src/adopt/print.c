/* A cluster that was adopted as the text of a cluster.yaml. */
#include <string.h>

#include "adopt/adopt.h"
#include "adopt/range.h"
#include "base/str.h"
#include "base/vec.h"
#include "conf/print.h"
#include "hostlist/hostlist.h"

enum { MOST_COMMENT = 300, MOST_NOTE = 500 };

/* Hosts that stand on one line of `hosts`. */
struct run {
	const struct adopt_host *host; /* the first */
	size_t count;
	struct range names, addresses, hostnames;
};

static bool extend(struct run *run, const struct adopt_host *next)
{
	const struct adopt_host *h = run->host;
	struct range names = run->names, addresses = run->addresses, hostnames = run->hostnames;
	if (!str_same(h->user, next->user) || h->port != next->port || !streq(h->was, next->was) ||
	    !range_extend(&names, next->name) || !range_extend(&addresses, next->address))
		return false;
	bool named = streq(h->hostname, h->name);
	if (named != streq(next->hostname, next->name) || (!named && !range_extend(&hostnames, next->hostname)))
		return false;
	run->names = names;
	run->addresses = addresses;
	run->hostnames = hostnames;
	run->count++;
	return true;
}

static void print_run(struct strbuf *out, const struct run *run, struct arena *arena)
{
	const struct adopt_host *h = run->host;
	bool named = streq(h->hostname, h->name), map = h->user || h->port || !named;
	strbuf_adds(out, "  ");
	conf_print_scalar(out, range_text(&run->names, arena));
	strbuf_adds(out, map ? ": { address: " : ": ");
	conf_print_scalar(out, range_text(&run->addresses, arena));
	if (h->user) {
		strbuf_adds(out, ", user: ");
		conf_print_scalar(out, h->user);
	}
	if (h->port)
		strbuf_addf(out, ", port: %u", h->port);
	if (!named) {
		strbuf_adds(out, ", hostname: ");
		conf_print_scalar(out, range_text(&run->hostnames, arena));
	}
	strbuf_adds(out, map ? " }" : "");
	if (*h->was) {
		strbuf_adds(out, "  # was ");
		conf_print_comment(out, h->was, MOST_COMMENT);
	}
	strbuf_addc(out, '\n');
}

static void print_hosts(struct strbuf *out, const struct adopted *a, struct arena *arena)
{
	strbuf_adds(out, "\nhosts:\n");
	for (size_t i = 0; i < a->hosts.len;) {
		const struct adopt_host *h = &a->hosts.items[i];
		struct run run = {.host = h,
				  .count = 1,
				  .names = {h->name, h->name, 0},
				  .addresses = {h->address, h->address, 0},
				  .hostnames = {h->hostname, h->hostname, 0}};
		while (i + run.count < a->hosts.len && extend(&run, &a->hosts.items[i + run.count]))
			;
		print_run(out, &run, arena);
		i += run.count;
	}
}

static void print_list(struct strbuf *out, const char *key, const char *const *names, size_t count)
{
	strbuf_addf(out, "%s: [", key);
	for (size_t i = 0; i < count; i++) {
		strbuf_adds(out, i ? ", " : "");
		conf_print_scalar(out, names[i]);
	}
	strbuf_adds(out, "]\n");
}

static void print_compute(struct strbuf *out, const struct adopted *a, struct arena *arena)
{
	const char **names = arena_calloc(arena, a->hosts.len, sizeof *names);
	size_t n = 0;
	for (size_t i = 0; i < a->hosts.len; i++)
		if (a->hosts.items[i].compute)
			names[n++] = a->hosts.items[i].name;
	strbuf_adds(out, "compute: ");
	if (n == a->hosts.len)
		strbuf_adds(out, "all");
	else
		conf_print_scalar(out, hostlist_compress(names, n, arena));
	strbuf_addc(out, '\n');
}

/* On a line of its own behind `indent`; one that was added says so. */
static void print_param(struct strbuf *out, const struct adopt_param *param, const char *indent, struct arena *arena)
{
	strbuf_addf(out, "%s%s:", indent, param->key);
	if (streq(param->key, "PowerAction")) { /* a list, a text to each line */
		char *rest = arena_strdup(arena, param->value);
		strbuf_addc(out, '\n');
		for (const char *line; (line = str_next(&rest, "\n"));) {
			strbuf_addf(out, "%s  - ", indent);
			conf_print_scalar(out, line);
			strbuf_addc(out, '\n');
		}
		return;
	}
	strbuf_addc(out, ' ');
	conf_print_scalar(out, param->value);
	strbuf_adds(out, param->added ? "  # Slurm's default, in force until now; reeve's is another\n" : "\n");
}

static void print_params(struct strbuf *out, const struct adopt_params *params, const char *indent, struct arena *arena)
{
	for (size_t i = 0; i < params->len; i++)
		print_param(out, &params->items[i], indent, arena);
}

static void print_features(struct strbuf *out, const char *features, struct arena *arena)
{
	char *rest = arena_strdup(arena, features);
	const char *before = "";
	strbuf_adds(out, "    features: [");
	for (const char *word; (word = str_next(&rest, ","));) {
		strbuf_adds(out, before);
		conf_print_scalar(out, word);
		before = ", ";
	}
	strbuf_adds(out, "]\n");
}

static void print_classes(struct strbuf *out, const struct adopted *a, struct arena *arena)
{
	strbuf_adds(out, a->classes.len ? "\nclasses:\n" : "");
	for (size_t i = 0; i < a->classes.len; i++) {
		const struct adopt_class *c = &a->classes.items[i];
		strbuf_adds(out, "  - name: ");
		conf_print_scalar(out, c->name);
		strbuf_adds(out, "\n    when: ");
		conf_print_scalar(out, c->when);
		strbuf_addc(out, '\n');
		for (size_t k = 0; k < c->params.len; k++)
			if (streq(c->params.items[k].key, "Features"))
				print_features(out, c->params.items[k].value, arena);
			else
				print_param(out, &c->params.items[k], "    ", arena);
		strbuf_adds(out, c->gres_conf.len ? "    gres_conf:\n" : "");
		for (size_t k = 0; k < c->gres_conf.len; k++) {
			strbuf_adds(out, "      - ");
			conf_print_scalar(out, c->gres_conf.items[k]);
			strbuf_addc(out, '\n');
		}
	}
}

static void print_partitions(struct strbuf *out, const struct adopted *a, struct arena *arena)
{
	strbuf_adds(out, "\npartitions:\n");
	for (size_t i = 0; i < a->partitions.len; i++) {
		const struct adopt_partition *p = &a->partitions.items[i];
		strbuf_adds(out, "  ");
		conf_print_scalar(out, p->name);
		strbuf_adds(out, ":\n    nodes: ");
		if (p->nodes)
			conf_print_scalar(out, p->nodes);
		else
			strbuf_adds(out, "all");
		strbuf_adds(out, p->is_default ? "\n    default: true\n" : "\n");
		print_params(out, &p->params, "    ", arena);
	}
}

/* A switch's name is a word. */
static void print_network(struct strbuf *out, const struct adopted *a)
{
	const char *topology = a->network.topology;
	strbuf_adds(out, "\n# The speeds of links as features: take the line `features` out.\n"
			 "network:\n  features: false\n");
	if (!topology)
		return;
	strbuf_addf(out, "  topology: %s\n  %s:\n", topology, streq(topology, "tree") ? "switches" : "blocks");
	for (size_t i = 0; i < a->network.switches.len; i++) {
		const struct adopt_switch *s = &a->network.switches.items[i];
		strbuf_adds(out, "    ");
		conf_print_scalar(out, s->name);
		strbuf_adds(out, streq(topology, "block") ? ": " : s->nodes ? ": { nodes: " : ": { switches: ");
		conf_print_scalar(out, s->nodes ? s->nodes : s->switches);
		strbuf_adds(out, streq(topology, "block") ? "\n" : " }\n");
	}
	if (a->network.sizes)
		strbuf_addf(out, "  block_sizes: [%s]\n", a->network.sizes);
}

static void print_adopted(struct strbuf *out, const struct adopted *a)
{
	if (!a->digests.len)
		return;
	strbuf_adds(
	    out, "# The first apply may replace these files of Slurm's, and no others. Take the lines out afterwards.\n"
		 "adopted:\n");
	for (size_t i = 0; i < a->digests.len; i++)
		strbuf_addf(out, "  - sha256:%s\n", a->digests.items[i]);
}

static void print_head(struct strbuf *out, const struct adopted *a)
{
	strbuf_adds(out, "# The cluster that ");
	conf_print_comment(out, a->from, MOST_COMMENT);
	strbuf_adds(out, " describes. 'reeve check' says whether this file is right,\n"
			 "# 'reeve plan' what would change on the cluster and why, and 'reeve apply' does it.\n"
			 "# CPUs and memory of the nodes are measured, never written here.\n");
	if (a->notes.len)
		strbuf_adds(out, "#\n# What is not kept as it was, or was guessed:\n");
	for (size_t i = 0; i < a->notes.len; i++) {
		strbuf_adds(out, "#   ");
		if (a->notes.items[i].where) {
			conf_print_comment(out, a->notes.items[i].where, MOST_COMMENT);
			strbuf_adds(out, ": ");
		}
		conf_print_comment(out, a->notes.items[i].text, MOST_NOTE);
		strbuf_addc(out, '\n');
	}
}

void adopt_print(struct strbuf *out, const struct adopted *a, struct arena *arena)
{
	print_head(out, a);
	strbuf_adds(out, "\nreeve: 1\ncluster: ");
	conf_print_scalar(out, a->cluster);
	strbuf_addc(out, '\n');
	print_adopted(out, a);
	if (a->slurm_version)
		strbuf_addf(out, "slurm_version: \"%s\"\n", a->slurm_version);
	print_hosts(out, a, arena);
	strbuf_addc(out, '\n');
	print_list(out, "controllers", a->controllers.items, a->controllers.len);
	if (a->state) {
		strbuf_adds(out, "state: ");
		conf_print_scalar(out, a->state);
		strbuf_addc(out, '\n');
	}
	print_compute(out, a, arena);
	print_classes(out, a, arena);
	print_partitions(out, a, arena);
	if (a->params.len) {
		strbuf_adds(out, "\nslurm:\n");
		print_params(out, &a->params, "  ", arena);
	}
	if (a->cgroup.len) {
		strbuf_adds(out, "\ncgroup:\n");
		print_params(out, &a->cgroup, "  ", arena);
	}
	print_network(out, a);
	strbuf_adds(out, "\nmodules: [core]\n");
}
