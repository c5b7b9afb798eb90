/* From cluster.yaml and what nodes say of their network to features, GRES and topology.conf. */
#include "model/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/core/core.h"
#include "modules/module.h"
#include "plan/plan.h"

enum { HOSTS = 5 };

#define YAML \
	"reeve: 1\ncluster: tiny\nhosts: { \"n[1-5]\": \"10.0.0.[1-5]\" }\ncontrollers: n1\ncompute: all\n" \
	"partitions: { work: { nodes: all, default: true } }\n"

struct world {
	struct arena *arena;
	struct diags diags;
	struct inventory *inv;
	struct facts facts[HOSTS];
	const struct facts *given[HOSTS];
	const char *unreached[HOSTS];
	struct facts_link links[HOSTS];
	struct facts_neighbour neighbours[HOSTS];
	struct cluster_options options;
	struct cluster *cluster;
};

static void parse(struct world *w, const char *network)
{
	struct err err = {0};
	char *text = arena_printf(w->arena, YAML "%s", network);
	diags_free(&w->diags);
	w->inv = inventory_parse("t.yaml", text, strlen(text), module_sections, &w->diags, w->arena, &err);
	if (!w->inv) {
		diags_print(&w->diags, stderr, false);
		fail_msg("%s", err.text);
	}
}

static void resolve(struct world *w)
{
	w->cluster = cluster_resolve(w->inv, w->given, w->unreached, &w->options, NULL, w->arena);
}

static struct world *world_new(const char *network, const char *slurm)
{
	struct world *w = xcalloc(1, sizeof *w);
	w->arena = arena_new();
	parse(w, network);
	w->options.secrets = modules_secrets(w->inv, w->arena);
	for (size_t i = 0; i < HOSTS; i++) {
		w->links[i] = (struct facts_link){.name = "eth0", .up = true, .speed = 10000, .mtu = 1500};
		w->facts[i] = (struct facts){.hostname = w->inv->hosts[i].name,
					     .arch = "x86_64",
					     .hardware = {1, 1, 4, 1, 4, 4000, true},
					     .roles[ROLE_CONTROLLER].package = {.installed = slurm},
					     .roles[ROLE_NODE].package = {.installed = slurm},
					     .roles[ROLE_CLIENT].package = {.installed = slurm},
					     .roles[ROLE_AUTH].unit = {true, "active", "enabled", 1},
					     .roles[ROLE_CONTROLLER].unit = {true, "inactive", "enabled", 0},
					     .roles[ROLE_NODE].unit = {true, "inactive", "enabled", 0}};
		w->facts[i].network = (struct facts_network){.links = &w->links[i], .link_count = 1};
		w->given[i] = &w->facts[i];
	}
	resolve(w);
	return w;
}

static void world_free(struct world *w)
{
	diags_free(&w->diags);
	arena_free(w->arena);
	free(w);
}

static void sees(struct world *w, size_t host, const char *system)
{
	w->neighbours[host] = (struct facts_neighbour){.link = "eth0", .system = system, .is_switch = true};
	w->facts[host].network.neighbours = &w->neighbours[host];
	w->facts[host].network.neighbour_count = system ? 1 : 0;
}

static bool has(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->len; i++)
		if (streq(f->items[i].code, code))
			return true;
	return false;
}

static void speeds_have_classes(void **state)
{
	(void)state;
	const struct {
		unsigned speed;
		const char *name;
	} cases[] = {{0, NULL},         {10, NULL},        {100, "net100m"},    {999, "net100m"},
		     {1000, "net1g"},   {2500, "net2.5g"}, {10000, "net10g"},   {24999, "net10g"},
		     {25000, "net25g"}, {56000, "net56g"}, {100000, "net100g"}, {10000000, "net800g"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *name = network_class(cases[i].speed);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
		else
			assert_null(name);
	}
}

static void nodes_get_the_feature_of_their_link(void **state)
{
	(void)state;
	struct world *w = world_new("", "22.05.8");
	assert_non_null(strstr(core_slurm_conf(w->cluster), " RealMemory=3800 Features=net10g State=UNKNOWN\n"));
	assert_null(strstr(core_slurm_conf(w->cluster), "Gres"));
	assert_null(core_topology_conf(w->cluster));
	parse(w, "network: { features: false }\n");
	resolve(w);
	assert_null(strstr(core_slurm_conf(w->cluster), "Features"));
	world_free(w);
}

/* A link that is down, and a host that does not answer, keep what they had. */
static void what_is_not_seen_is_kept(void **state)
{
	(void)state;
	struct world *w = world_new("network: { bandwidth_gres: true }\n", "22.05.8");
	struct record *record = cluster_record(w->cluster, w->arena);
	record->hosts[0].network.infiniband = true;
	record->hosts[0].network.leaf = "rack7";
	char *text = record_encode(record);
	struct err err = {0};
	const struct record *back = record_decode(text, w->arena, &err);
	free(text);
	assert_non_null(back);
	const struct record_host *h = record_host(back, "n1");
	assert_int_equal(h->network.speed, 10000);
	assert_true(h->network.infiniband);
	assert_string_equal(h->network.leaf, "rack7");
	assert_false(record_host(back, "n2")->network.infiniband);

	record->hosts[0].network.infiniband = false;
	text = record_encode(record);
	w->facts[0].record = arena_strdup(w->arena, text);
	free(text);
	const char *before = core_slurm_conf(w->cluster);
	assert_non_null(strstr(before, "Features=net10g Gres=bandwidth:10000"));
	assert_non_null(strstr(before, "\nGresTypes=bandwidth\n"));
	assert_string_equal(core_gres_conf(w->cluster),
			    CLUSTER_CONF_MARK "; the same on every host.\n"
					      "NodeName=n[1-5] Name=bandwidth Count=10000 Flags=CountOnly\n");
	w->links[1].up = false;
	w->links[2].speed = 0;
	w->given[3] = NULL;
	w->unreached[3] = "it is off";
	resolve(w);
	assert_string_equal(core_slurm_conf(w->cluster), before);
	/* A cable that came loose, and a faster one: the one is a fault of that node, the other an offer. */
	w->links[1] = (struct facts_link){.name = "eth0", .up = true, .speed = 1000};
	w->links[2].speed = 25000;
	resolve(w);
	assert_string_equal(core_slurm_conf(w->cluster), before);
	assert_int_equal(w->cluster->hosts[1].change, CHANGE_SHRANK);
	assert_string_equal(w->cluster->hosts[1].change_text, "link 1000 Mbit/s, was 10000");
	assert_int_equal(w->cluster->hosts[2].change, CHANGE_OTHER);
	bool accept[HOSTS] = {[1] = true};
	w->options.decisions.accept.hosts = accept;
	resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "Features=net1g Gres=bandwidth:1000"));
	world_free(w);
}

static const char *finding(const struct world *w, const char *code)
{
	for (size_t i = 0; i < w->cluster->findings.len; i++)
		if (streq(w->cluster->findings.items[i].code, code))
			return w->cluster->findings.items[i].what;
	return NULL;
}

/* n2's link has 1000 Mbit/s, n3's does not say; n4 and n5 have 10000. */
static void classes_say_how_much_bandwidth_their_nodes_have(void **state)
{
	(void)state;
	static const struct {
		const char *yaml;
		unsigned count[HOSTS];
		const char *finding;
	} cases[] = {
	    {"classes: [ { name: slow, when: 'speed < 10 Gbit', bandwidth_gres: true } ]\n", {0, 1000, 0, 0, 0}, NULL},
	    {"network: { bandwidth_gres: true }\n"
	     "classes: [ { name: slow, when: 'speed < 10 Gbit', bandwidth_gres: false } ]\n",
	     {10000, 0, 0, 10000, 10000},
	     NULL},
	    {"network: { bandwidth_gres: { reserve: 10% } }\n"
	     "classes: [ { name: slow, when: 'speed < 10 Gbit', bandwidth_gres: { reserve: 200 Mbit } } ]\n",
	     {9000, 800, 0, 9000, 9000},
	     NULL},
	    {"classes: [ { name: all, bandwidth_gres: 25 Gbit } ]\n",
	     {25000, 25000, 25000, 25000, 25000},
	     "n[1-2,4-5]: more 'bandwidth' than the link has Mbit/s"},
	    {"classes: [ { name: all, bandwidth_gres: 1 Gbit } ]\n", {1000, 1000, 1000, 1000, 1000}, NULL},
	    {"classes: [ { name: all, bandwidth_gres: { reserve: 1 Gbit } } ]\n",
	     {9000, 0, 0, 9000, 9000},
	     "n2: the reserve leaves nothing of the link: no 'bandwidth'"},
	    {"classes: [ { name: few, when: \"name == n3\", bandwidth_gres: true } ]\n",
	     {0},
	     "n3: the speed of the link is not known: no 'bandwidth'"},
	    /* What a class writes itself. */
	    {"slurm: { GresTypes: bandwidth }\n"
	     "classes: [ { name: all, bandwidth_gres: true, Gres: 'bandwidth:7' } ]\n",
	     {0},
	     NULL},
	};
	struct world *w = world_new("", "22.05.8");
	w->links[1].speed = 1000;
	w->links[2].speed = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		parse(w, cases[i].yaml);
		resolve(w);
		for (size_t k = 0; k < HOSTS; k++)
			assert_int_equal(network_bandwidth(w->cluster, &w->cluster->hosts[k]), cases[i].count[k]);
		const char *said = finding(w, "bandwidth");
		if (cases[i].finding)
			assert_string_equal(said, cases[i].finding);
		else
			assert_null(said);
	}
	parse(w, cases[2].yaml);
	resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nGresTypes=bandwidth\n"));
	assert_non_null(strstr(core_slurm_conf(w->cluster), " Gres=bandwidth:800 "));
	assert_string_equal(core_gres_conf(w->cluster),
			    CLUSTER_CONF_MARK "; the same on every host.\n"
					      "NodeName=n[1,4-5] Name=bandwidth Count=9000 Flags=CountOnly\n"
					      "NodeName=n2 Name=bandwidth Count=800 Flags=CountOnly\n");
	parse(w, cases[7].yaml);
	resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), " Gres=bandwidth:7 "));
	assert_null(strstr(core_gres_conf(w->cluster), "Name="));
	world_free(w);
}

static void gres_types_of_the_operator_stay(void **state)
{
	(void)state;
	struct world *w =
	    world_new("network: { bandwidth_gres: true }\nslurm: { GresTypes: [license_dongle, tape] }\n", "22.05.8");
	const char *first = strstr(core_slurm_conf(w->cluster), "GresTypes=");
	assert_true(str_starts(first, "GresTypes=license_dongle,tape,bandwidth\n"));
	assert_null(strstr(first + 1, "GresTypes="));
	world_free(w);
}

#define TREE \
	"network:\n  switches:\n    core: { switches: \"leaf[1-3]\" }\n    leaf1: { nodes: \"n[1-2]\" }\n" \
	"    leaf2: { nodes: \"n[3-4]\" }\n    leaf3: { nodes: n5 }\n"

static void a_declared_tree_is_written(void **state)
{
	(void)state;
	struct world *w = world_new(TREE, "22.05.8");
	assert_string_equal(core_topology_conf(w->cluster), CLUSTER_CONF_MARK "; the same on every host.\n"
									      "SwitchName=core Switches=leaf[1-3]\n"
									      "SwitchName=leaf1 Nodes=n[1-2]\n"
									      "SwitchName=leaf2 Nodes=n[3-4]\n"
									      "SwitchName=leaf3 Nodes=n5\n");
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nTopologyPlugin=topology/tree\n"));
	/* One that was never seen has no line, and its switch would have nothing below it. */
	w->given[4] = NULL;
	w->unreached[4] = "it is off";
	resolve(w);
	assert_null(strstr(core_topology_conf(w->cluster), "leaf3"));
	assert_non_null(strstr(core_topology_conf(w->cluster), "SwitchName=core Switches=leaf[1-2]\n"));
	world_free(w);
}

static void a_discovered_tree_is_joined_at_the_top(void **state)
{
	(void)state;
	struct world *w = world_new("network:\n  switches:\n    core: { switches: leaf1 }\n    leaf1:\n"
				    "  discover: true\n",
				    "22.05.8");
	sees(w, 0, "leaf1");
	sees(w, 1, "rack10");
	sees(w, 2, "rack9");
	sees(w, 3, "core"); /* it has a switch below it: what the node says cannot be */
	sees(w, 4, "n1");
	resolve(w);
	assert_string_equal(core_topology_conf(w->cluster),
			    CLUSTER_CONF_MARK "; the same on every host.\n"
					      "SwitchName=core Switches=leaf1\n"
					      "SwitchName=leaf1 Nodes=n1\n"
					      "SwitchName=rack9 Nodes=n3\n"
					      "SwitchName=rack10 Nodes=n2\n"
					      "SwitchName=unplaced Nodes=n[4-5]\n"
					      "SwitchName=fabric Switches=core,rack[9-10],unplaced\n");
	assert_true(has(&w->cluster->findings, "no-switch"));
	world_free(w);
}

static void a_switch_s_name_does_not_take_the_top_s(void **state)
{
	(void)state;
	struct world *w = world_new("network: { discover: true }\n", "22.05.8");
	sees(w, 0, "fabric");
	sees(w, 1, "unplaced");
	resolve(w);
	assert_non_null(strstr(core_topology_conf(w->cluster), "SwitchName=fabric Nodes=n1\n"));
	assert_non_null(strstr(core_topology_conf(w->cluster), "SwitchName=unplaced Nodes=n[2-5]\n"));
	assert_non_null(strstr(core_topology_conf(w->cluster), "SwitchName=fabric1 Switches=fabric,unplaced\n"));
	world_free(w);
}

static void blocks_have_sizes_that_slurmctld_takes(void **state)
{
	(void)state;
	struct world *w = world_new("network: { blocks: { b1: \"n[1-3]\", b2: \"n[4-5]\" } }\n", "24.11.5");
	assert_string_equal(core_topology_conf(w->cluster), CLUSTER_CONF_MARK "; the same on every host.\n"
									      "BlockName=b1 Nodes=n[1-3]\n"
									      "BlockName=b2 Nodes=n[4-5]\n"
									      "BlockSizes=2\n");
	assert_non_null(strstr(core_slurm_conf(w->cluster), "\nTopologyPlugin=topology/block\n"));
	parse(w, "network: { blocks: { b1: \"n[1-3]\", b2: \"n[4-5]\" }, block_sizes: [2, 4] }\n");
	resolve(w);
	assert_non_null(strstr(core_topology_conf(w->cluster), "\nBlockSizes=2,4\n"));
	assert_false(has(&w->cluster->findings, "block-size"));
	w->given[4] = NULL;
	w->unreached[4] = "it is off";
	resolve(w);
	assert_true(has(&w->cluster->findings, "block-size"));
	world_free(w);

	w = world_new("network: { blocks: { b1: all } }\n", "22.05.8");
	assert_true(has(&w->cluster->findings, "topology"));
	world_free(w);
}

static const char *job_sets(struct world *w)
{
	static const bool present[HOSTS] = {true, true, true, true, true},
			  idle[HOSTS] = {true, true, true, false, true};
	const struct verify_context v = {.cluster = w->cluster, .present = present, .idle = idle};
	struct job_set *sets;
	size_t count = verify_job_sets(&v, "core", w->arena, &sets);
	const char *text = "";
	for (size_t i = 0; i < count; i++)
		text = arena_printf(w->arena, "%s%s%s: %s", text, i ? "; " : "", sets[i].label, sets[i].hostlist);
	return text;
}

/* slurmctld does not start a job that names nodes of two blocks or of two trees. */
static void verifying_jobs_stay_in_a_part_of_the_network(void **state)
{
	(void)state;
	struct world *w = world_new("network: { blocks: { b1: \"n[1,3]\", b2: \"n[2,4-5]\" } }\n", "24.11.5");
	assert_string_equal(job_sets(w), "work in b1: n[1,3]; work in b2: n[2,5]");
	parse(w, "network: { switches: { l1: { nodes: \"n[1,4]\" }, l2: { nodes: \"n[2-3]\" }, l3: { nodes: n5 },"
		 " up: { switches: \"l[1,3]\" }, top: { switches: up } } }\n");
	resolve(w);
	assert_string_equal(job_sets(w), "work in top: n[1,5]; work in l2: n[2-3]");
	parse(w, "network: { discover: true }\n");
	resolve(w);
	assert_string_equal(job_sets(w), "work: n[1-3,5]");
	parse(w, "");
	resolve(w);
	assert_string_equal(job_sets(w), "work: n[1-3,5]");
	world_free(w);
}

/* The cluster runs with what it is resolved to. */
static void running(struct world *w)
{
	const char *topology = core_topology_conf(w->cluster), *conf = core_slurm_conf(w->cluster);
	for (size_t i = 0; i < HOSTS; i++) {
		struct facts *f = &w->facts[i];
		f->slurm_conf = f->in_force_slurm = conf;
		f->cgroup_conf = f->in_force_cgroup = core_cgroup_conf(w->cluster);
		f->topology_conf = f->in_force_topology = topology;
		f->roles[ROLE_CONTROLLER].unit.active = i ? "inactive" : "active";
		f->roles[ROLE_NODE].unit.active = "active";
	}
}

static const struct plan *plan_of(struct world *w)
{
	const struct catalog *catalogs[HOSTS];
	const struct observed *observed[HOSTS];
	const struct plan_options options = {0};
	resolve(w);
	w->cluster->secrets[0].fingerprint = arena_printf(w->arena, "%064d", 9);
	for (size_t i = 0; i < HOSTS; i++) {
		catalogs[i] = modules_compile(w->cluster, i, w->arena);
		struct observed *o = arena_calloc(w->arena, catalogs[i]->len, sizeof *o);
		for (size_t k = 0; k < catalogs[i]->len; k++)
			o[k] = (struct observed){.id = catalogs[i]->items[k].id, .why = ""};
		observed[i] = o;
	}
	return plan_make(w->cluster, catalogs, observed, NULL, &options, w->arena);
}

/* What a change of topology.conf alone needs, and that it comes and goes with the section. */
static void a_changed_tree_is_a_reconfigure(void **state)
{
	(void)state;
	struct world *w = world_new(TREE, "22.05.8");
	running(w);
	assert_int_equal(plan_of(w)->need, SLURM_NEED_NOTHING);
	parse(w, "network:\n  switches:\n    core: { switches: \"leaf[1-2]\" }\n    leaf1: { nodes: n1 }\n"
		 "    leaf2: { nodes: \"n[2-5]\" }\n");
	assert_int_equal(plan_of(w)->need, SLURM_NEED_RECONFIGURE);
	const struct catalog *c = modules_compile(w->cluster, 1, w->arena);
	assert_non_null(catalog_find(c, "file:/etc/slurm/topology.conf"));
	assert_non_null(catalog_find(c, "file:/var/lib/reeve/in-force/topology.conf"));
	parse(w, "slurm: { TopologyPlugin: topology/tree }\n");
	resolve(w);
	c = modules_compile(w->cluster, 1, w->arena);
	assert_non_null(catalog_find(c, "absent:/etc/slurm/topology.conf"));
	w->facts[1].topology_conf = "SwitchName=theirs Nodes=n[1-5]\n";
	c = modules_compile(w->cluster, 1, w->arena);
	assert_null(catalog_find(c, "absent:/etc/slurm/topology.conf"));
	world_free(w);
}

/* A node without a line any more, as `reeve remove` makes it. */
static void what_a_switch_has_is_not_removed(void **state)
{
	(void)state;
	struct world *w = world_new(TREE, "22.05.8");
	running(w);
	struct record *record = cluster_record(w->cluster, w->arena);
	struct record_exclusion gone = {
	    .name = "n5", .who = "root", .reason = "sold", .when = "2026-11-25T00:00:00Z", .removed = true};
	record->exclusions = &gone;
	record->exclusion_count = 1;
	char *text = record_encode(record);
	w->facts[0].record = arena_strdup(w->arena, text);
	free(text);
	const struct plan *p = plan_of(w);
	assert_false(w->cluster->hosts[4].listed);
	assert_true(has(&p->findings, "node-in-use"));
	assert_int_equal(p->step_count, 0);
	parse(w, "network: { discover: true }\n");
	assert_false(has(&plan_of(w)->findings, "node-in-use"));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(speeds_have_classes),
	    cmocka_unit_test(nodes_get_the_feature_of_their_link),
	    cmocka_unit_test(what_is_not_seen_is_kept),
	    cmocka_unit_test(classes_say_how_much_bandwidth_their_nodes_have),
	    cmocka_unit_test(gres_types_of_the_operator_stay),
	    cmocka_unit_test(a_declared_tree_is_written),
	    cmocka_unit_test(a_discovered_tree_is_joined_at_the_top),
	    cmocka_unit_test(a_switch_s_name_does_not_take_the_top_s),
	    cmocka_unit_test(blocks_have_sizes_that_slurmctld_takes),
	    cmocka_unit_test(verifying_jobs_stay_in_a_part_of_the_network),
	    cmocka_unit_test(a_changed_tree_is_a_reconfigure),
	    cmocka_unit_test(what_a_switch_has_is_not_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
