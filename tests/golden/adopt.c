/*
 * Runs golden cases: each directory adopt-* beside this file holds a slurm.conf with what it includes, or an
 * inventory.json of Ansible's. It is adopted; the cluster.yaml must be expect.yaml and must pass reeve's check. From it
 * and made-up facts (nodes that have what the old file says, a cluster that runs) comes a slurm.conf: what differs in
 * meaning from the old one must be expect.txt. A file `version` says which Slurm the cluster runs; else it is 22.05, and
 * adopt is not told. With UPDATE=1 in the environment the expectations are written instead.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adopt/adopt.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "modules/core/core.h"
#include "modules/module.h"
#include "slurm/activation.h"
#include "slurm/effective.h"

#define MOST (4 << 20)

struct golden {
	struct arena *arena;
	const char *version; /* NULL: not told */
	struct adopt_files files;
	struct adopted *adopted;
	struct inventory *inv;
	struct diags diags;
	struct cluster *cluster;
};

static const char *slurp(struct golden *g, const char *path, size_t *ret_len)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	if (file_read(path, MOST, &text, NULL) < 0)
		return NULL;
	*ret_len = text.len;
	return arena_strndup(g->arena, strbuf_str(&text), text.len);
}

static int read_conf(void *data, const char *path, struct arena *arena, const char **ret, size_t *ret_len,
		     struct err *err)
{
	struct golden *g = data;
	(void)arena;
	*ret = slurp(g, path, ret_len);
	if (!*ret)
		return err_set(err, ERR_MISSING, "%s is not there", path);
	if (streq(path, "slurm.conf"))
		g->files.digest = arena_strdup(g->arena, digest_of(*ret, *ret_len).hex);
	return 0;
}

static void slurp_beside(struct golden *g, const char *path, struct adopt_text *ret)
{
	ret->text = slurp(g, path, &ret->len);
	if (ret->text)
		ret->digest = arena_strdup(g->arena, digest_of(ret->text, ret->len).hex);
}

static int adopt(struct golden *g, struct err *err)
{
	const struct adopt_options options = {.slurm_version = g->version};
	size_t len;
	const char *inventory = slurp(g, "inventory.json", &len);
	if (inventory)
		return adopt_ansible("inventory.json", inventory, len, &options, g->arena, &g->adopted, err);
	g->files.path = "slurm.conf";
	slurp_beside(g, "cgroup.conf", &g->files.cgroup);
	slurp_beside(g, "gres.conf", &g->files.gres);
	slurp_beside(g, "topology.conf", &g->files.topology);
	slurp_beside(g, "topology.yaml", &g->files.topology_yaml);
	if (slurm_include("slurm.conf", read_conf, g, g->arena, &g->files.slurm, err) < 0)
		return -1;
	if (g->files.slurm.files > 1)
		g->files.digest = arena_strdup(g->arena, digest_of(g->files.slurm.text, g->files.slurm.len).hex);
	return adopt_slurm(&g->files, &options, g->arena, &g->adopted, err);
}

static unsigned number(const struct slurm_unit *node, const char *key, unsigned otherwise)
{
	uint64_t n;
	const char *text = node ? effective_get(node->line, key) : NULL;
	return text && str_to_u64(text, 1, 1 << 30, &n) == 0 ? (unsigned)n : otherwise;
}

/* A machine that has what the old file says. */
static struct facts_hardware hardware(const struct slurm_unit *node)
{
	unsigned cores = number(node, "CoresPerSocket", 1), threads = number(node, "ThreadsPerCore", 1);
	unsigned cpus = number(node, "CPUs", 0), boards = number(node, "Boards", 1);
	unsigned sockets = boards * number(node, "SocketsPerBoard", number(node, "Sockets", 0));
	if (!sockets)
		sockets = number(node, "Sockets", cpus ? cpus / (cores * threads) : 1);
	return (struct facts_hardware){boards,
				       sockets,
				       cores,
				       threads,
				       cpus ? cpus : sockets * cores * threads,
				       number(node, "RealMemory", 4000) + 256,
				       true};
}

/* The cluster runs, with the file that was adopted, or another. */
static void resolve(struct golden *g, const char *conf_text)
{
	const char *package = arena_printf(g->arena, "%s.5-1", g->version ? g->version : "22.05");
	const struct facts **facts = arena_calloc(g->arena, g->inv->host_count, sizeof *facts);
	const char **unreached = arena_calloc(g->arena, g->inv->host_count, sizeof *unreached);
	_cleanup_slurm_units_ struct slurm_units nodes = {0};
	struct slurm_conf *conf;
	if (g->files.slurm.text &&
	    slurm_conf_parse(g->files.slurm.text, g->files.slurm.len, g->arena, &conf, NULL) == 0)
		slurm_conf_nodes(conf, g->arena, &nodes, NULL);
	for (size_t i = 0; i < g->inv->host_count; i++) {
		const struct inv_host *h = &g->inv->hosts[i];
		struct facts *f = arena_alloc(g->arena, sizeof *f);
		*f = (struct facts){
		    .hostname = h->hostname,
		    .arch = "x86_64",
		    .machine_id = arena_printf(g->arena, "id%zu", i),
		    .hardware = hardware(nodes.count ? slurm_units_get(&nodes, h->name) : NULL),
		    .roles[ROLE_CONTROLLER].uid = 64030,
		    .cgroup = CGROUP_V2,
		    .cgroup_cpuset = true,
		    .cgroup_memory = true,
		    .cgroup_freezer = true,
		    .cgroup_devices = true,
		    .roles[ROLE_CONTROLLER].package = {.installed = package},
		    .roles[ROLE_NODE].package = {.installed = package},
		    .roles[ROLE_NODE].unit = {true, "active", "enabled", 1},
		    .roles[ROLE_CONTROLLER].unit = {true, h->controller ? "active" : "inactive", "enabled", 1},
		    .secrets[0].fingerprint = arena_printf(g->arena, "%064d", 7),
		    .slurm_conf = conf_text,
		    .slurm_whole = g->files.slurm.files > 1 ? conf_text : NULL,
		    .cgroup_conf = g->files.cgroup.text,
		    .gres_conf = g->files.gres.text,
		    .topology_conf = g->files.topology.text,
		};
		facts[i] = f;
	}
	const struct cluster_options options = {.secrets = modules_secrets(g->inv, g->arena)};
	g->cluster = cluster_resolve(g->inv, facts, unreached, &options, modules_settle, g->arena);
}

static bool is_foreign(const struct golden *g)
{
	for (size_t i = 0; i < g->cluster->findings.len; i++)
		if (str_starts(g->cluster->findings.items[i].code, "foreign-"))
			return true;
	return false;
}

/* What becomes of a file that was there. */
static void put_beside(struct strbuf *out, const char *name, const char *old, const char *now)
{
	if (old)
		strbuf_addf(out, "--- %s\n%s", name, now ? now : "(left as it is)\n");
}

/* What the running cluster would notice: NULL, said, where it cannot be told. */
static const char *differences(struct golden *g, struct err *err)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct slurm_conf *old, *now;
	struct slurm_activation *a;
	size_t len;
	const char *bytes = slurp(g, "slurm.conf", &len);
	if (!bytes)
		return "";
	if (g->files.slurm.files > 1)
		bytes = g->files.slurm.text;
	resolve(g, arena_printf(g->arena, "%s# another\n", bytes));
	if (!is_foreign(g)) {
		err_set(err, ERR_INTERNAL, "another file than the one that was adopted may be replaced");
		return NULL;
	}
	resolve(g, bytes);
	if (is_foreign(g) || g->cluster->secrets[0].state != SECRET_KNOWN) {
		err_set(err, ERR_INTERNAL, "the file that was adopted may not be replaced, or its key not kept");
		return NULL;
	}
	const char *text = core_slurm_conf(g->cluster);
	if (slurm_conf_parse(g->files.slurm.text, g->files.slurm.len, g->arena, &old, err) < 0 ||
	    slurm_conf_parse(text, strlen(text), g->arena, &now, err) < 0 ||
	    slurm_activation_of(g->cluster->release, old, now, g->arena, &a, err) < 0)
		return NULL;
	for (size_t i = 0; i < a->len; i++)
		strbuf_addf(&out, "%s: %s -> %s\n", a->reasons[i].subject,
			    a->reasons[i].old_value ? a->reasons[i].old_value : "(none)",
			    a->reasons[i].new_value ? a->reasons[i].new_value : "(none)");
	/* Jobs run on them. */
	if (a->nodes_idle.len)
		strbuf_addf(&out, "resized: %zu nodes\n", a->nodes_idle.len);
	strbuf_addf(&out, "need: %s\n", slurm_need_name(a->need));
	put_beside(&out, "cgroup.conf", g->files.cgroup.text, core_cgroup_conf(g->cluster));
	put_beside(&out, "gres.conf", g->files.gres.text, core_gres_conf(g->cluster));
	put_beside(&out, "topology.conf", g->files.topology.text, core_topology_conf(g->cluster));
	return arena_strdup(g->arena, strbuf_str(&out));
}

static int compare(struct golden *g, const char *name, const char *file, const char *text)
{
	size_t len;
	struct err err = {0};
	if (getenv("UPDATE"))
		file_write_atomic(file, text, strlen(text), 0644, &err);
	const char *expected = slurp(g, file, &len);
	if (expected && streq(expected, text))
		return 0;
	printf("not ok %s: %s\n--- expected\n%s--- printed\n%s---\n", name, file, expected ? expected : "", text);
	return 1;
}

static int run_loaded(struct golden *g, const char *name)
{
	struct err err = {0};
	size_t len;
	char *version = (char *)slurp(g, "version", &len);
	if (version)
		version[strcspn(version, "\n")] = '\0';
	g->version = version;
	if (adopt(g, &err) < 0) {
		_cleanup_free_ char *why = xasprintf("%s\n", err.text);
		return compare(g, name, "expect.err", why);
	}
	_cleanup_strbuf_ struct strbuf yaml = {0};
	adopt_print(&yaml, g->adopted, g->arena);
	int failed = compare(g, name, "expect.yaml", strbuf_str(&yaml));
	g->inv =
	    inventory_parse("cluster.yaml", strbuf_str(&yaml), yaml.len, module_sections, &g->diags, g->arena, &err);
	if (!g->inv) {
		diags_print(&g->diags, stdout, false);
		printf("not ok %s: what it wrote is not right\n", name);
		return 1;
	}
	const char *text = differences(g, &err);
	if (!text) {
		printf("not ok %s: %s\n", name, err.text);
		return 1;
	}
	return *text ? failed | compare(g, name, "expect.txt", text) : failed;
}

static int run_case(const char *directory, const char *name)
{
	struct golden g = {.arena = arena_new()};
	_cleanup_free_ char *here = xasprintf("%s/%s", directory, name);
	int failed = 1;
	if (chdir(here) == 0)
		failed = run_loaded(&g, name);
	if (!failed)
		printf("ok %s\n", name);
	diags_free(&g.diags);
	arena_free(g.arena);
	return failed;
}

static int only_cases(const struct dirent *entry)
{
	return str_starts(entry->d_name, "adopt-");
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	_cleanup_free_ char *golden = argc == 2 ? realpath(argv[1], NULL) : NULL;
	int failed = 0, cases = golden ? scandir(golden, &entries, only_cases, alphasort) : -1;
	if (cases <= 0) {
		fprintf(stderr, "usage: %s GOLDEN-DIRECTORY; no cases found\n", argv[0]);
		return 2;
	}
	for (int i = 0; i < cases; i++) {
		failed += run_case(golden, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return failed ? 1 : 0;
}
