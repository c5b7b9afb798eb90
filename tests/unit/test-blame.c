/*
 * One host's word is that host's. Every lie and fault of a compute host, in a first installation and in a cluster at work: none
 * stops the run, and what the other hosts get is byte for byte what they get where that host is off.
 */
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
#include "world.h"

enum { LIAR = 2 };

struct lie {
	const char *name;
	void (*tell)(struct world *w, struct facts *f);
	const char *code; /* of the finding that leaves it out; NULL: it is not left out */
	bool serving;     /* only where it serves: of a host that joins the first measurement counts */
};

static void clock_ahead(struct world *w, struct facts *f)
{
	(void)w;
	f->clock_offset_ms = 3600000;
}

static void clock_behind(struct world *w, struct facts *f)
{
	(void)w;
	f->clock_offset_ms = INT64_MIN / 4;
}

static void hostname(struct world *w, struct facts *f)
{
	(void)w;
	f->hostname = "c1";
}

static void uid(struct world *w, struct facts *f)
{
	(void)w;
	f->roles[ROLE_CONTROLLER].uid = 5;
}

static void uid_taken(struct world *w, struct facts *f)
{
	(void)w;
	f->roles[ROLE_CONTROLLER].uid = -1;
	f->uid_taken = "alice";
}

static void version(struct world *w, struct facts *f)
{
	(void)w;
	f->roles[ROLE_NODE].package.installed = "24.11.5-4";
}

static void no_package(struct world *w, struct facts *f)
{
	(void)w;
	f->roles[ROLE_NODE].package = f->roles[ROLE_CLIENT].package = (struct facts_package){0};
}

static void foreign(struct world *w, struct facts *f)
{
	(void)w;
	f->slurm_conf = "ClusterName=x\n";
	f->in_force_slurm = NULL;
}

static void machine_id(struct world *w, struct facts *f)
{
	f->machine_id = w->facts[0].machine_id;
}

static void no_cgroups(struct world *w, struct facts *f)
{
	(void)w;
	f->cgroup = CGROUP_NONE;
	f->cgroup_cpuset = f->cgroup_memory = f->cgroup_freezer = f->cgroup_devices = false;
}

static void more_cgroups(struct world *w, struct facts *f)
{
	(void)w;
	f->cgroup_devices = true;
}

static void less_memory(struct world *w, struct facts *f)
{
	(void)w;
	f->hardware.memory = 100;
}

static void more_of_all(struct world *w, struct facts *f)
{
	(void)w;
	f->hardware.memory = 1 << 20;
	f->hardware.cpus = f->hardware.cores = 4096;
}

static void other_link(struct world *w, struct facts *f)
{
	struct facts_link *link = arena_alloc(w->arena, sizeof *link);
	struct facts_neighbour *switch_ = arena_alloc(w->arena, sizeof *switch_);
	*link = (struct facts_link){.name = "eth0", .kind = LINK_PHYSICAL, .up = true, .speed = 100};
	*switch_ = (struct facts_neighbour){.link = "eth0", .system = "evil-7", .is_switch = true};
	f->network.links = link;
	f->network.link_count = 1;
	f->network.neighbours = switch_;
	f->network.neighbour_count = 1;
}

static void other_key(struct world *w, struct facts *f)
{
	f->secrets[0].fingerprint = arena_printf(w->arena, "%064d", 77);
}

static void no_key(struct world *w, struct facts *f)
{
	(void)w;
	f->secrets[0].fingerprint = NULL;
}

static void epoch_ahead(struct world *w, struct facts *f)
{
	(void)w;
	f->epoch = 1LL << 39;
}

static void epoch_bad(struct world *w, struct facts *f)
{
	(void)w;
	f->epoch = -1;
}

static void a_record(struct world *w, struct facts *f)
{
	(void)w;
	f->record = "{\"format\": 2, \"epoch\": 99, \"cluster\": \"x\", \"hosts\": [], \"generations\": []}";
}

static void slurmctld_runs(struct world *w, struct facts *f)
{
	(void)w;
	f->roles[ROLE_CONTROLLER].unit.active = "active";
}

static const struct lie lies[] = {
    {"nothing", NULL, NULL},
    {"a clock that is ahead", clock_ahead, "clock-skew"},
    {"a clock that is far behind", clock_behind, "clock-skew"},
    {"another host's name", hostname, "hostname"},
    {"another uid of slurm", uid, "slurm-uid"},
    {"somebody with Slurm's uid", uid_taken, "uid-taken"},
    {"a release that does not fit", version, "slurm-versions"},
    {"no package", no_package, "no-slurm-package"},
    {"somebody's slurm.conf", foreign, "foreign-slurm-conf"},
    {"a machine-id twice", machine_id, NULL},
    {"no cgroups", no_cgroups, "shrank", .serving = true},
    {"more cgroups", more_cgroups, NULL, .serving = true},
    {"less memory", less_memory, NULL, .serving = true},
    {"more of everything", more_of_all, NULL, .serving = true},
    {"another link and switch", other_link, NULL, .serving = true},
    {"another key", other_key, NULL, .serving = true},
    {"no key", no_key, NULL, .serving = true},
    {"an epoch that is ahead", epoch_ahead, NULL},
    {"an epoch that is none", epoch_bad, NULL},
    {"a record", a_record, NULL},
    {"a slurmctld that runs", slurmctld_runs, NULL, .serving = true},
};

/* All that another host would get, as text. */
static const char *given_to(const struct world *w, size_t host)
{
	json_t *list = json_array();
	const struct catalog *c = modules_compile(w->cluster, host, w->arena);
	for (size_t i = 0; i < c->len; i++) {
		json_t *o = resource_encode(&c->items[i]);
		if (c->items[i].type == RESOURCE_FILE && c->items[i].file.content)
			json_object_set_new(o, "text", json_string(c->items[i].file.content));
		json_array_append_new(list, o);
	}
	char *text = json_dumps(list, JSON_INDENT(1) | JSON_SORT_KEYS);
	const char *copy = arena_strdup(w->arena, text);
	free(text);
	json_decref(list);
	return copy;
}

/* Links count in it. */
static struct world *new_world(bool running)
{
	struct world *w = world_new(world_yaml);
	static const struct facts_link link = {.name = "eth0", .kind = LINK_PHYSICAL, .up = true, .speed = 1000};
	static const struct facts_neighbour near = {.link = "eth0", .system = "sw1", .is_switch = true};
	world_edit(w, "partitions:", "network: { bandwidth_gres: true, discover: true }\npartitions:");
	for (size_t i = 0; i < HOSTS; i++)
		w->facts[i].network =
		    (struct facts_network){.links = &link, .link_count = 1, .neighbours = &near, .neighbour_count = 1};
	if (running)
		world_running(w);
	return w;
}

static void one_hosts_word_is_that_hosts(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ARRAY_LEN(lies) * 2; k++) {
		const struct lie *lie = &lies[k / 2];
		bool running = k % 2;
		if (lie->serving && !running)
			continue;
		struct world *w = new_world(running);
		/* Honest, and where it serves already, or where the lie is believed, that is what all get. */
		bool off = lie->code && !running;
		w->given[LIAR] = off ? NULL : &w->facts[LIAR];
		w->unreached[LIAR] = off ? "it is off" : NULL;
		world_plan(w, OBSERVED_SAME);
		const char *expected[] = {given_to(w, 0), given_to(w, 1)};
		size_t steps = w->plan->step_count;

		w->given[LIAR] = &w->facts[LIAR];
		w->unreached[LIAR] = NULL;
		if (lie->tell)
			lie->tell(w, &w->facts[LIAR]);
		world_plan(w, OBSERVED_SAME);
		if (findings_count(&w->plan->findings, FINDING_STOP))
			fail_msg("%s stops the run", lie->name);
		for (size_t i = 0; i < LIAR; i++)
			if (!streq(given_to(w, i), expected[i]))
				fail_msg("%s changes what %s gets", lie->name, w->inv->hosts[i].name);
		if (w->cluster->hosts[LIAR].change != CHANGE_SHRANK)
			assert_int_equal(w->plan->step_count, steps);
		if (!lie->code) {
			assert_non_null(w->cluster->hosts[LIAR].facts);
			world_free(w);
			continue;
		}
		if (!world_has(&w->plan->findings, lie->code))
			fail_msg("%s is not said", lie->name);
		assert_int_equal(findings_count(&w->plan->findings, FINDING_HOST), 1);
		assert_string_equal(w->plan->findings.items[0].host, "n2");
		assert_null(w->cluster->hosts[LIAR].facts);
		assert_non_null(w->cluster->hosts[LIAR].blamed);
		assert_string_equal(w->cluster->hosts[LIAR].unreached, w->cluster->hosts[LIAR].blamed);
		assert_int_equal(w->cluster->hosts[LIAR].listed, running);
		world_free(w);
	}
}

/* The same of the controller is the cluster's trouble. */
static void of_a_controller_it_stops(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(lies); k++) {
		/* It is alone: it cannot differ from itself. */
		if (!lies[k].code || lies[k].serving || lies[k].tell == clock_ahead || lies[k].tell == clock_behind ||
		    lies[k].tell == uid || lies[k].tell == version || lies[k].tell == no_package)
			continue;
		struct world *w = new_world(true);
		lies[k].tell(w, &w->facts[0]);
		if (lies[k].tell == hostname)
			w->facts[0].hostname = "other";
		world_plan(w, OBSERVED_SAME);
		if (!findings_count(&w->plan->findings, FINDING_STOP))
			fail_msg("%s does not stop", lies[k].name);
		assert_non_null(w->cluster->hosts[0].facts);
		world_free(w);
	}
}

/* What confines jobs goes down by an operator's word only, and that is said. */
static void confinement_goes_down_by_an_operators_word(void **state)
{
	(void)state;
	struct world *w = new_world(true);
	bool accept[HOSTS] = {[LIAR] = true};
	no_cgroups(w, &w->facts[LIAR]);
	world_plan(w, OBSERVED_SAME);
	assert_true(w->cluster->cgroup_track && w->cluster->cgroup_memory && w->cluster->cgroup_cores);
	const struct step *drain = world_step(w, "drain the nodes");
	assert_non_null(drain);
	assert_string_equal(drain->items[0].argv[2], "NodeName=n2");
	assert_non_null(strstr(drain->items[0].argv[4], "reeve: less than it was: cgroup controller cpuset missing"));
	w->options.decisions.include.hosts = accept; /* which is no word about that */
	world_resolve(w);
	assert_true(w->cluster->cgroup_track);
	w->options.decisions.include.hosts = NULL;
	w->options.decisions.accept.hosts = accept;
	world_resolve(w);
	assert_false(w->cluster->cgroup_track || w->cluster->cgroup_memory || w->cluster->cgroup_cores);
	assert_true(world_has(&w->cluster->findings, "confinement"));
	assert_true(w->cluster->record_differs);
	world_free(w);

	w = world_new(world_yaml); /* n2 joins */
	world_edit(w, "compute: [n1, n2]", "compute: [n1]");
	world_running(w);
	w->facts[LIAR].roles[ROLE_NODE].unit.active = "inactive";
	w->facts[LIAR].slurm_conf = w->facts[LIAR].in_force_slurm = NULL;
	no_cgroups(w, &w->facts[LIAR]);
	world_edit(w, "reeve: 1", "reeve: 1");
	world_resolve(w);
	assert_true(w->cluster->cgroup_track);
	assert_true(world_has(&w->cluster->findings, "confinement"));
	assert_null(w->cluster->hosts[LIAR].facts);
	w->options.decisions.accept.hosts = accept;
	world_resolve(w);
	assert_false(w->cluster->cgroup_track);
	assert_true(w->cluster->hosts[LIAR].listed);
	world_free(w);
}

/* Who joins with little memory is named. */
static void who_lowers_the_default_memory_is_named(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_edit(w, "compute: [n1, n2]", "compute: [n1]");
	world_running(w);
	world_edit(w, "reeve: 1", "reeve: 1");
	world_resolve(w);
	assert_false(world_has(&w->cluster->findings, "memory-default"));
	w->facts[LIAR].hardware.memory = 1000;
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "memory-default"));
	world_running(w); /* once */
	world_resolve(w);
	assert_false(world_has(&w->cluster->findings, "memory-default"));
	world_free(w);
}

/* Of what somebody wrote where reeve's file was in force, the lines are shown; it stops nobody. */
static void an_edited_file_is_drift(void **state)
{
	(void)state;
	for (size_t host = 0; host < HOSTS; host++)
		for (unsigned whole = 0; whole < 2; whole++) {
			struct world *w = new_world(true);
			const char *was = w->facts[host].in_force_slurm;
			w->facts[host].slurm_conf =
			    whole ? "ClusterName=mine\n" : world_with(w, was, "SlurmdTimeout=300", "SlurmdTimeout=600");
			world_plan(w, OBSERVED_DIFFERS);
			const struct finding *f = NULL;
			for (size_t i = 0; i < w->plan->findings.len; i++)
				if (streq(w->plan->findings.items[i].code, "edited-file"))
					f = &w->plan->findings.items[i];
			assert_non_null(f);
			assert_string_equal(f->host, w->inv->hosts[host].name);
			assert_int_equal(f->weight, host ? FINDING_NOTE : FINDING_WARNING);
			assert_int_equal(findings_count(&w->plan->findings, FINDING_HOST), 0);
			if (!whole)
				assert_non_null(strstr(f->what, ": -SlurmdTimeout=300, +SlurmdTimeout=600"));
			world_free(w);
		}
}

/* A controller that is off is one cause; a few nodes that run something are theirs alone, most of them may be a lost cluster. */
static void what_runs_without_a_record(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	w->given[0] = NULL;
	w->unreached[0] = "Connection refused";
	world_plan(w, OBSERVED_SAME);
	assert_int_equal(findings_count(&w->plan->findings, FINDING_STOP), 1);
	assert_true(world_has(&w->plan->findings, "controller-unreachable"));
	w->given[0] = &w->facts[0];
	w->unreached[0] = NULL;
	w->facts[0].record = NULL;
	w->facts[0].roles[ROLE_CONTROLLER].unit.active = "inactive";
	world_resolve(w);
	assert_int_equal(findings_count(&w->cluster->findings, FINDING_STOP), 1);
	assert_true(world_has(&w->cluster->findings, "key-unknown"));
	world_free(w);
}

/* To take a host out, nothing that it says matters, and nothing is said of it. */
static void what_leaves_is_not_judged(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(lies) * 2; k++) {
		struct world *w = new_world(true);
		bool chosen[HOSTS] = {[LIAR] = true};
		if (lies[k / 2].tell)
			lies[k / 2].tell(w, &w->facts[LIAR]);
		w->options.decisions.exclude.hosts = chosen;
		w->options.decisions.exclusion = (struct record_exclusion){
		    .who = "me", .when = "2026-11-25T20:00:00Z", .reason = "bad", .leaving = k % 2};
		world_plan(w, OBSERVED_SAME);
		if (findings_count(&w->plan->findings, FINDING_HOST))
			fail_msg("%s: %s", lies[k / 2].name, w->plan->findings.items[0].what);
		assert_int_equal(cluster_is_out(&w->cluster->hosts[LIAR]), k % 2 == 0);
		world_free(w);
	}
}

static const char three[] = "reeve: 1\ncluster: tiny\nhosts:\n  c1: 10.0.0.1\n  c2: 10.0.0.2\n  c3: 10.0.0.3\n"
			    "controllers: [c1, c2, c3]\nstate: /srv/state\ncompute: all\npartitions:\n"
			    "  work: { nodes: all, default: true }\n";

/* Which of three controllers has the wrong clock or uid does not depend on their order. */
static void most_of_the_controllers_are_right(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 6; k++) {
		struct world *w = world_new(three);
		struct facts *wrong = &w->facts[k / 2];
		if (k % 2)
			wrong->roles[ROLE_CONTROLLER].uid = 5;
		else
			wrong->clock_offset_ms = k % 4 ? 600000 : -600000;
		world_resolve(w);
		size_t said = 0;
		for (size_t i = 0; i < w->cluster->findings.len; i++) {
			const struct finding *f = &w->cluster->findings.items[i];
			if (!streq(f->code, k % 2 ? "slurm-uid" : "clock-skew"))
				continue;
			said++;
			assert_string_equal(f->host, w->inv->hosts[k / 2].name);
			assert_int_equal(f->weight, FINDING_STOP);
		}
		assert_int_equal(said, 1);
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_hosts_word_is_that_hosts),
	    cmocka_unit_test(of_a_controller_it_stops),
	    cmocka_unit_test(what_leaves_is_not_judged),
	    cmocka_unit_test(confinement_goes_down_by_an_operators_word),
	    cmocka_unit_test(who_lowers_the_default_memory_is_named),
	    cmocka_unit_test(an_edited_file_is_drift),
	    cmocka_unit_test(what_runs_without_a_record),
	    cmocka_unit_test(most_of_the_controllers_are_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
