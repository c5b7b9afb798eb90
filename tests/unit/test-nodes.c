/* What hosts are, and what follows: classes, the baseline, exclusions, and which nodes are kept from jobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "modules/core/core.h"
#include "world.h"

static const char classes[] = "reeve: 1\n"
			      "cluster: tiny\n"
			      "hosts:\n"
			      "  c1: 10.0.0.1\n"
			      "  n1: 10.0.0.2\n"
			      "  n2: 10.0.0.3\n"
			      "controllers: [c1]\n"
			      "compute: [n1, n2]\n"
			      "classes:\n"
			      "  - { name: big, when: \"memory >= 7000 MB\", features: [mem8g, fast], weight: 10,\n"
			      "      reserve: 1 GB, core_spec_count: 1, expect: { cores: 4, memory: 7 GB } }\n"
			      "  - { name: small, when: \"memory < 3000 MB\", exclude: \"below the floor\" }\n"
			      "  - { name: rest }\n"
			      "partitions:\n"
			      "  work: { nodes: all, default: true }\n"
			      "  large: { nodes: \"class:big\" }\n"
			      "  both: { nodes: [\"partition:large\", n1] }\n";

static void first_class_that_fits(void **state)
{
	(void)state;
	struct world *w = world_new(classes);
	w->facts[2].hardware.memory = 8000;
	world_resolve(w);
	assert_string_equal(w->cluster->hosts[0].class->name, "rest");
	assert_string_equal(w->cluster->hosts[1].class->name, "rest");
	assert_string_equal(w->cluster->hosts[2].class->name, "big");
	assert_null(w->cluster->hosts[2].unexpected);
	const char *conf = core_slurm_conf(w->cluster);
	assert_non_null(strstr(conf, "NodeName=n1 NodeAddr=10.0.0.2 CPUs=4 Sockets=1 CoresPerSocket=4 ThreadsPerCore=1 "
				     "RealMemory=3800 State=UNKNOWN\n"));
	assert_non_null(strstr(conf, "NodeName=n2 NodeAddr=10.0.0.3 CPUs=4 Sockets=1 CoresPerSocket=4 ThreadsPerCore=1 "
				     "RealMemory=6976 Features=mem8g,fast Weight=10 CoreSpecCount=1 State=UNKNOWN\n"));
	assert_non_null(strstr(conf, "PartitionName=work Nodes=n[1-2] "));
	assert_non_null(strstr(conf, "PartitionName=large Nodes=n2 "));
	assert_non_null(strstr(conf, "PartitionName=both Nodes=n[1-2] "));
	world_free(w);
}

/* What is not known makes no host of another class in silence. */
static void a_class_that_cannot_be_told_is_named(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_edit(w, "partitions:",
		   "classes:\n  - { name: books, when: \"suite == bookworm\" }\n  - { name: rest }\npartitions:");
	w->facts[1].suite = "bookworm";
	w->facts[2].suite = "trixie";
	world_resolve(w);
	assert_string_equal(w->cluster->hosts[1].class->name, "books");
	assert_string_equal(w->cluster->hosts[2].class->name, "rest");
	assert_string_equal(w->cluster->hosts[0].class->name, "rest");
	size_t unsure = 0;
	for (size_t i = 0; i < w->cluster->findings.len; i++)
		if (streq(w->cluster->findings.items[i].code, "class-unsure")) {
			assert_string_equal(w->cluster->findings.items[i].host, "c1");
			unsure++;
		}
	assert_int_equal(unsure, 1);
	world_free(w);
}

/* What the drivers and links say is as good as any other fact. */
static void gpus_and_links_make_classes(void **state)
{
	(void)state;
	struct facts_gpu cards[] = {{.vendor = GPU_NVIDIA,
				     .state = GPU_READY,
				     .address = "0000:3b:00.0",
				     .type = "nvidia_a100",
				     .files = "/dev/nvidia0"},
				    {.vendor = GPU_NVIDIA, .state = GPU_NO_FILE, .address = "0000:3c:00.0"}};
	const struct facts_link link = {.name = "eth0", .kind = LINK_PHYSICAL, .up = true, .speed = 10000};
	struct world *w = world_new(world_yaml);
	world_edit(w, "partitions:",
		   "classes:\n  - { name: two, when: \"gpus >= 2\" }\n"
		   "  - { name: one, when: \"gpus == 1 and gpu has nvidia_a100\" }\n"
		   "  - { name: quick, when: \"speed >= 10 Gbit and not infiniband\" }\npartitions:");
	w->facts[1].gpus = (struct facts_gpus){cards, 2};
	w->facts[2].network.links = &link;
	w->facts[2].network.link_count = 1;
	world_resolve(w);
	assert_string_equal(w->cluster->hosts[1].class->name, "one");
	assert_string_equal(w->cluster->hosts[2].class->name, "quick");
	assert_null(w->cluster->hosts[0].class);
	assert_true(world_has(&w->cluster->findings, "class-unsure"));
	world_free(w);
}

/* Nobody looks for them there, and nothing is unsure. */
static void a_host_without_jobs_has_no_gpus_for_them(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_edit(w, "partitions:",
		   "classes:\n  - { name: fast, when: \"gpus >= 1 or gpu has nvidia_a100\" }\n  - { name: rest "
		   "}\npartitions:");
	world_resolve(w);
	assert_string_equal(w->cluster->hosts[0].class->name, "rest");
	assert_false(world_has(&w->cluster->findings, "class-unsure"));
	world_free(w);
}

static void a_class_excludes_what_never_served(void **state)
{
	(void)state;
	struct world *w = world_new(classes);
	w->facts[2].hardware.memory = 2000;
	world_resolve(w);
	const struct cluster_host *h = &w->cluster->hosts[2];
	assert_string_equal(h->class->name, "small");
	assert_non_null(h->excluded);
	assert_string_equal(h->excluded->reason, "below the floor");
	assert_false(h->serves || h->listed);
	assert_null(strstr(core_slurm_conf(w->cluster), "n2"));
	assert_int_equal(w->cluster->exclusion_count, 0); /* nobody decided it: it is not recorded */
	world_free(w);

	w = world_new(classes); /* one that serves is an operator's to take out */
	world_running(w);
	w->facts[2].hardware.memory = 2900;
	world_resolve(w);
	h = &w->cluster->hosts[2];
	assert_string_equal(h->class->name, "small");
	assert_null(h->excluded);
	assert_true(h->serves && h->listed);
	assert_true(world_has(&w->cluster->findings, "class-excludes"));
	world_free(w);

	w = world_new(classes); /* or to let in */
	bool include[HOSTS] = {[2] = true};
	w->facts[2].hardware.memory = 2000;
	w->options.decisions.include.hosts = include;
	world_resolve(w);
	assert_true(w->cluster->hosts[2].serves && w->cluster->hosts[2].listed);
	world_free(w);
}

/* RealMemory with a reserve of 256 MB of 64,000 MB, which leaves room between what is reserved and what is a fault. */
static void memory_has_hysteresis(void **state)
{
	(void)state;
	const struct {
		uint64_t now, configured;
		enum cluster_change change;
	} cases[] = {
	    {64000, 63744, CHANGE_NONE},   /* as it was */
	    {63990, 63744, CHANGE_NONE},   /* a kernel took a little more: nothing changes */
	    {64100, 63744, CHANGE_NONE},   /* it grew a little */
	    {63000, 62744, CHANGE_NONE},   /* it does not fit any more: lowered */
	    {60000, 63744, CHANGE_SHRANK}, /* a module died: nothing is configured to that by itself */
	    {128000, 63744, CHANGE_OTHER}, /* it doubled: offered, not taken */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(world_yaml);
		w->facts[1].hardware.memory = 64000;
		world_running(w);
		w->facts[1].hardware.memory = cases[i].now;
		world_resolve(w);
		assert_int_equal(w->cluster->hosts[1].memory, cases[i].configured);
		assert_int_equal(w->cluster->hosts[1].change, cases[i].change);
		assert_int_equal(w->cluster->hosts[1].hardware.memory, 64000);
		world_free(w);
	}
}

/* What was lowered once is not lowered anew with each boot, and the baseline does not creep after it. */
static void lowered_memory_stays(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	w->facts[1].hardware.memory = 64000;
	world_running(w);
	const uint64_t boots[] = {63000, 62990, 63010, 62800};
	for (size_t i = 0; i < ARRAY_LEN(boots); i++) {
		w->facts[1].hardware.memory = boots[i];
		world_running(w);
		assert_int_equal(w->cluster->hosts[1].memory, 62744);
		assert_int_equal(w->cluster->hosts[1].hardware.memory, 64000);
	}
	w->facts[1].hardware.memory = 60000;
	world_resolve(w);
	assert_int_equal(w->cluster->hosts[1].change, CHANGE_SHRANK);
	world_free(w);
}

/* An operator who changes the reserve sees it, reckoned from the baseline. */
static void a_changed_reserve_is_used(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_edit(w, "partitions:", "memory: { reserve: 1 GB }\npartitions:");
	world_resolve(w);
	assert_int_equal(w->cluster->hosts[1].memory, 4000 - 1024);
	world_free(w);
}

/* Cores gone: drained with the evidence, its line as it was; accepted: its line as it is; repaired: let in again. */
static void a_node_that_shrank_is_drained_until_it_is_mended(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	const char *before = core_slurm_conf(w->cluster);
	w->facts[1].hardware.cores = w->facts[1].hardware.cpus = 3;
	world_plan(w, OBSERVED_SAME);
	assert_string_equal(core_slurm_conf(w->cluster), before);
	assert_true(world_has(&w->plan->findings, "shrank"));
	const struct step *drain = world_step(w, "drain the nodes");
	assert_non_null(drain);
	assert_string_equal(drain->items[0].argv[2], "NodeName=n1");
	assert_string_equal(drain->items[0].argv[4],
			    "Reason=reeve: less than it was: CPUs 3, was 4, cores per socket 3, was 4");
	assert_false(w->cluster->record_differs);

	w->nodes[0].flags = SLURM_NODE_DRAIN;
	w->nodes[0].reason = "reeve: less than it was: CPUs 3, was 4";
	world_plan(w, OBSERVED_SAME);
	assert_null(world_step(w, "drain the nodes")); /* it is already */
	assert_int_equal(w->plan->waiting, 0);

	bool accept[HOSTS] = {[1] = true};
	w->options.decisions.accept.hosts = accept;
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->waiting, 1);
	assert_true(w->cluster->record_differs);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "NodeName=n1 NodeAddr=10.0.0.2 CPUs=3 "));

	w->options.decisions.accept.hosts = NULL;
	w->facts[1].hardware.cores = w->facts[1].hardware.cpus = 4;
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->waiting, 1);
	assert_string_equal(core_slurm_conf(w->cluster), before);

	w->nodes[0].reason = "the fan is loud"; /* somebody else's */
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->waiting, 0);
	w->nodes[0].reason = "Low RealMemory (reported:3797 < 100.00% of configured:4096)"; /* slurmctld's own */
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(w->plan->waiting, 1);
	world_free(w);
}

static void what_a_class_expects_is_held_against_its_hosts(void **state)
{
	(void)state;
	struct world *w = world_new(classes);
	w->facts[2].hardware.memory = 7100;
	world_running(w);
	world_plan(w, OBSERVED_SAME);
	assert_non_null(w->cluster->hosts[2].unexpected);
	assert_true(world_has(&w->plan->findings, "unexpected"));
	const struct step *drain = world_step(w, "drain the nodes");
	assert_non_null(drain);
	assert_string_equal(drain->items[0].argv[2], "NodeName=n2");
	assert_non_null(strstr(drain->items[0].argv[4], "reeve: not as its class expects: memory >= 7"));
	world_free(w);
}

static void an_excluded_node_keeps_its_line_and_loses_its_partitions(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	bool exclude[HOSTS] = {[2] = true};
	w->options.decisions.exclude.hosts = exclude;
	w->options.decisions.exclusion = (struct record_exclusion){.who = "root@here",
								   .when = "2026-11-25T20:00:00Z",
								   .until = "2026-12-24",
								   .reason = "bad SD card",
								   .leaving = true};
	world_plan(w, OBSERVED_SAME);
	assert_true(w->cluster->hosts[2].serves); /* its jobs are not over */
	assert_non_null(strstr(core_slurm_conf(w->cluster), "PartitionName=work Nodes=n[1-2] "));
	assert_string_equal(world_step(w, "drain the nodes")->items[0].argv[4],
			    "Reason=reeve: excluded: bad SD card (root@here)");
	w->options.decisions.exclusion.leaving = false;
	world_plan(w, OBSERVED_DIFFERS);
	assert_false(w->cluster->hosts[2].serves);
	assert_non_null(strstr(core_slurm_conf(w->cluster), "NodeName=n[1-2] "));
	assert_non_null(strstr(core_slurm_conf(w->cluster), "PartitionName=work Nodes=n1 "));
	const struct resource *slurmd = catalog_find(w->catalogs[2], "service:slurmd.service");
	assert_int_equal(slurmd->service.running, NO);
	assert_int_equal(catalog_find(w->catalogs[2], "service:munge.service")->service.enabled, NO);
	assert_null(catalog_find(w->catalogs[2], "file:/etc/slurm/slurm.conf"));

	/* From then on the record says so, until it is included. */
	world_running(w);
	w->options.decisions = (struct cluster_decisions){.today = "2026-12-01"};
	world_resolve(w);
	assert_true(cluster_is_out(&w->cluster->hosts[2]));
	assert_string_equal(w->cluster->hosts[2].excluded->until, "2026-12-24");
	assert_false(world_has(&w->cluster->findings, "exclusion-ended"));
	assert_false(w->cluster->record_differs);
	w->options.decisions.today = "2026-12-24";
	world_resolve(w);
	assert_true(cluster_is_out(&w->cluster->hosts[2]));
	assert_true(world_has(&w->cluster->findings, "exclusion-ended"));
	w->options.decisions.include.hosts = exclude;
	w->nodes[1].flags = SLURM_NODE_DRAIN;
	w->nodes[1].reason = "reeve: excluded: bad SD card (root@here)";
	world_plan(w, OBSERVED_DIFFERS);
	assert_true(w->cluster->hosts[2].serves);
	assert_int_equal(w->plan->waiting, 1);
	assert_true(w->cluster->record_differs);
	world_free(w);
}

static void exclusion_wants_a_reason_once(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	bool exclude[HOSTS] = {[2] = true};
	w->options.decisions.exclude.hosts = exclude;
	w->options.decisions.exclusion =
	    (struct record_exclusion){.who = "me", .when = "2026-11-25T20:00:00Z", .leaving = true};
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "no-reason"));
	w->options.decisions.exclusion.reason = "fan";
	world_running(w);
	w->options.decisions.exclusion = (struct record_exclusion){.who = "you", .when = "2026-11-26T20:00:00Z"};
	world_resolve(w);
	assert_false(world_has(&w->cluster->findings, "no-reason"));
	assert_string_equal(w->cluster->hosts[2].excluded->reason, "fan");
	assert_string_equal(w->cluster->hosts[2].excluded->who, "me");
	assert_false(w->cluster->hosts[2].serves);
	world_free(w);
}

static void a_removed_node_has_no_line(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	bool exclude[HOSTS] = {[2] = true};
	w->options.decisions.exclude.hosts = exclude;
	w->options.decisions.exclusion = (struct record_exclusion){
	    .who = "me", .when = "2026-11-25T20:00:00Z", .reason = "removed", .removed = true};
	struct slurm_job job = {
	    .id = "7", .user = "bob", .phase = SLURM_JOB_PENDING, .asked_nodes = "n2", .partitions = "work"};
	w->live.jobs = &job;
	w->live.job_count = 1;
	world_plan(w, OBSERVED_DIFFERS);
	assert_true(world_has(&w->plan->findings, "node-in-use"));
	w->live.job_count = 0;
	world_plan(w, OBSERVED_DIFFERS);
	assert_false(world_has(&w->plan->findings, "node-in-use"));
	assert_null(strstr(core_slurm_conf(w->cluster), "n2"));
	/* Taken out of the file, too: then nothing of it is left. */
	world_running(w);
	w->options.decisions = (struct cluster_decisions){0};
	world_edit(w, "compute: [n1, n2]", "compute: [n1]");
	world_resolve(w);
	assert_null(strstr(core_slurm_conf(w->cluster), "n2"));
	world_free(w);
}

/* What cannot be measured cannot be accepted, and keeps its line. */
static void an_unreached_node_is_not_accepted(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	const char *before = core_slurm_conf(w->cluster);
	bool chosen[HOSTS] = {[2] = true};
	w->options.decisions.accept.hosts = chosen;
	w->given[2] = NULL;
	w->unreached[2] = "it is off";
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "not-measured"));
	assert_string_equal(core_slurm_conf(w->cluster), before);
	world_free(w);
}

static void only_what_is_excluded_is_included(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	bool node[HOSTS] = {[2] = true}, controller[HOSTS] = {[0] = true};
	w->options.decisions.include.hosts = node;
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "not-excluded"));
	w->options.decisions.include.hosts = NULL;
	w->options.decisions.exclude.hosts = controller;
	w->options.decisions.exclusion = (struct record_exclusion){.who = "me", .when = "x", .reason = "y"};
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "not-compute"));
	world_free(w);
}

/* cgroup.conf is the same whether a node is there or not. */
static void cgroups_are_remembered(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	w->facts[2].cgroup_cpuset = false;
	world_running(w);
	assert_false(w->cluster->cgroup_cores);
	w->given[2] = NULL;
	w->unreached[2] = "it is off";
	world_resolve(w);
	assert_false(w->cluster->cgroup_cores);
	assert_true(w->cluster->cgroup_memory);
	world_free(w);
}

/* Cut off after slurmctld was stopped, with the jobs judged: the next run goes on. For another file it does not. */
static void what_was_begun_is_completed(void **state)
{
	(void)state;
	for (int same = 0; same < 2; same++) {
		struct world *w = world_new(world_yaml);
		world_running(w);
		world_edit(w, "compute: [n1, n2]", "compute: [n1]");
		world_resolve(w);
		struct record *record = cluster_record(w->cluster, w->arena);
		const char *conf = same ? core_slurm_conf(w->cluster) : "another";
		record->begun = arena_strdup(w->arena, digest_of(conf, strlen(conf)).hex);
		char *text = record_encode(record);
		w->facts[0].record = arena_strdup(w->arena, text);
		free(text);
		w->facts[0].roles[ROLE_CONTROLLER].unit.active = "inactive";
		w->live.up = false;
		world_plan(w, OBSERVED_DIFFERS);
		assert_int_equal(world_has(&w->plan->findings, "unknown-jobs"), !same);
		assert_int_equal(w->plan->step_count > 0, same);
		world_free(w);
	}
}

/* The record is lost: a run's epoch is above what the controllers have seen. */
static void a_lost_record_does_not_end_a_cluster(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	w->facts[0].record = NULL;
	w->facts[0].epoch = 41;
	world_resolve(w);
	assert_int_equal(w->cluster->epoch, 42);
	/* A run that was cut off after it had the lock: the record does not know of it. */
	w->facts[0].record =
	    "{\"format\": 2, \"epoch\": 40, \"cluster\": \"tiny\", \"hosts\": [], \"generations\": [], "
	    "\"exclusions\": []}";
	world_resolve(w);
	assert_non_null(w->cluster->record);
	assert_int_equal(w->cluster->epoch, 42);
	w->facts[0].record = "{";
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "record-lost"));
	world_free(w);
}

/* A wrong clock or name of a host that is out stops nobody. */
static void what_is_out_stops_nobody(void **state)
{
	(void)state;
	struct world *w = world_new(classes);
	w->facts[2].hardware.memory = 2000;
	w->facts[2].clock_offset_ms = 600000;
	w->facts[2].roles[ROLE_CONTROLLER].uid = 5;
	world_resolve(w);
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_HOST), 0);
	world_free(w);
}

/* What the operator says of cgroup.conf replaces ours, and is refused where slurmd would end of it. */
static void operators_cgroups_are_kept_and_checked(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_edit(w, "partitions:\n",
		   "cgroup: { constrain_cores: no, ConstrainSwapSpace: yes, AllowedSwapSpace: 10 }\npartitions:\n");
	world_resolve(w);
	assert_string_equal(core_cgroup_conf(w->cluster),
			    "# Written by reeve; the same on every host.\nConstrainRAMSpace=yes\n"
			    "ConstrainCores=no\nConstrainSwapSpace=yes\nAllowedSwapSpace=10\n");
	assert_false(world_has(&w->cluster->findings, "cgroup"));
	w->facts[2].cgroup_memory = false;
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "cgroup"));
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_HOST), 1);
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_STOP), 0);
	w->facts[2].cgroup_memory = true;
	w->facts[2].cgroup_cpuset = false; /* which it is not asked for */
	world_resolve(w);
	assert_false(world_has(&w->cluster->findings, "cgroup"));
	w->facts[2].cgroup_memory = false;
	world_edit(w, "partitions:\n",
		   "cgroup: { ConstrainRAMSpace: yes }\nslurm: { task_plugin: task/affinity }\npartitions:\n");
	world_resolve(w); /* nothing reads it */
	assert_false(world_has(&w->cluster->findings, "cgroup"));
	world_free(w);
}

/* A file of somebody else's is not replaced where reeve has one of its own for the place, unless it was adopted. */
static void files_of_others_are_left(void **state)
{
	(void)state;
	static const char topology[] = "SwitchName=s1 Nodes=n[1-2]\n", cgroup[] = "ConstrainCores=no\n";
	const char *const network = "network: { switches: { s1: { nodes: all } } }\npartitions:\n";
	struct world *w = world_new(world_yaml);
	w->facts[1].topology_conf = topology;
	w->facts[1].cgroup_conf = cgroup;
	world_resolve(w);
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_STOP), 0);
	world_edit(w, "partitions:\n", network);
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "foreign-topology-conf"));
	assert_false(world_has(&w->cluster->findings, "foreign-cgroup-conf"));
	w->facts[1].slurm_conf = "ClusterName=other\n";
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "foreign-slurm-conf"));
	assert_true(world_has(&w->cluster->findings, "foreign-cgroup-conf"));
	const char *const texts[] = {topology, cgroup, w->facts[1].slurm_conf};
	const char *list = "adopted: [";
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		list = arena_printf(w->arena, "%s%s\"sha256:%s\"", list, i ? ", " : "",
				    digest_of(texts[i], strlen(texts[i])).hex);
	world_edit(w, "partitions:\n", arena_printf(w->arena, "%s]\n%s", list, network));
	world_resolve(w);
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_STOP), 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_class_that_fits),
	    cmocka_unit_test(a_class_that_cannot_be_told_is_named),
	    cmocka_unit_test(gpus_and_links_make_classes),
	    cmocka_unit_test(a_host_without_jobs_has_no_gpus_for_them),
	    cmocka_unit_test(a_class_excludes_what_never_served),
	    cmocka_unit_test(memory_has_hysteresis),
	    cmocka_unit_test(lowered_memory_stays),
	    cmocka_unit_test(a_changed_reserve_is_used),
	    cmocka_unit_test(a_node_that_shrank_is_drained_until_it_is_mended),
	    cmocka_unit_test(what_a_class_expects_is_held_against_its_hosts),
	    cmocka_unit_test(an_excluded_node_keeps_its_line_and_loses_its_partitions),
	    cmocka_unit_test(exclusion_wants_a_reason_once),
	    cmocka_unit_test(a_removed_node_has_no_line),
	    cmocka_unit_test(what_is_out_stops_nobody),
	    cmocka_unit_test(an_unreached_node_is_not_accepted),
	    cmocka_unit_test(only_what_is_excluded_is_included),
	    cmocka_unit_test(cgroups_are_remembered),
	    cmocka_unit_test(operators_cgroups_are_kept_and_checked),
	    cmocka_unit_test(files_of_others_are_left),
	    cmocka_unit_test(what_was_begun_is_completed),
	    cmocka_unit_test(a_lost_record_does_not_end_a_cluster),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
