/* The module scratch: what is read, what each release gets, what a host's answers mean, the baseline, and what a job says. */
#include <errno.h>
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
#include "modules/scratch/scratch.h"
#include "ward.h"

static void set_release(struct world *w, const char *version)
{
	for (size_t i = 0; i < HOSTS; i++)
		for (enum role r = ROLE_CONTROLLER; r <= ROLE_CLIENT; r++)
			w->facts[i].roles[r].package.installed = version;
}

/* `answers` as the agent gives them, under names of the module's; stolen. */
static void tell(struct world *w, size_t host, json_t *answers)
{
	struct err err = {0};
	json_t *all = json_object(), *answer;
	const char *name;
	assert_non_null(answers);
	json_object_foreach(answers, name, answer)
	    json_object_set(all, arena_printf(w->arena, "scratch.%s", name), answer);
	assert_int_equal(modules_take(all, w->arena, &w->facts[host].own, &err), 0);
	modules_measure(&w->facts[host]);
	json_decref(answers);
	json_decref(all);
}

static json_t *directory(const char *mode, int uid, json_int_t mib)
{
	return json_pack("{s:{s:s, s:s, s:i, s:i}, s:{s:I}}", "path", "type", "directory", "mode", mode, "uid", uid,
			 "dev", 7, "fs.0", "total", mib * 1024);
}

static void what_cannot_be_is_found_in_the_file(void **state)
{
	(void)state;
	static const struct {
		const char *more, *faults;
	} cases[] = {
	    {"scratch:\n", ""},
	    {"scratch: { path: /local, mount: true, how: prolog }\n", ""},
	    {"scratch: { private: [/tmp, /var/tmp] }\n", ""},
	    {"scratch: { path: /tmp }\n", "1601 'path' of 'scratch': /tmp is a directory of the system"},
	    {"scratch: { path: /run/x }\n",
	     "1601 'path' of 'scratch': /run/x is under a directory that is emptied at a boot"},
	    {"scratch: { how: magic }\n", "1602 'magic' is not a way to give jobs directories of their own"},
	    {"scratch: { private: [/tmp, /home] }\n", "1603 '/home' cannot be private to a job"},
	    {"scratch: { private: /dev/shm }\n", "1603 without /tmp in 'private' the TMPDIR of jobs would be shared"},
	    {"scratch: { how: prolog, private: [/tmp] }\n",
	     "1603 'how: prolog' gives each job a TMPDIR of its own, and can make no directory private"},
	    {"scratch:\nclasses: [ { name: odd, scratch: { path: /x } } ]\n",
	     "1604 'scratch' is the same on all nodes: a class cannot have one of its own"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(world_faults(cases[i].more, a), cases[i].faults);
}

static void each_release_gets_its_own_words(void **state)
{
	(void)state;
	static const struct {
		const char *more, *version, *conf, *own;
	} cases[] = {
	    {"scratch:\n", "22.05.8-4+deb12u3",
	     "\nJobContainerType=job_container/tmpfs\nPrologFlags=Contain\nTmpFS=/scratch\n",
	     "\nAutoBasePath=true\nBasePath=/scratch/jobs\n"},
	    {"scratch: { path: /local/s, private: [/tmp, /var/tmp, /dev/shm] }\n", "24.11.5-4",
	     "\nJobContainerType=job_container/tmpfs\nPrologFlags=Contain\nTmpFS=/local/s\n",
	     "\nAutoBasePath=true\nBasePath=/local/s/jobs Dirs=/tmp,/var/tmp,/dev/shm\n"},
	    {"scratch:\n", "25.11.1-1", "\nNamespaceType=namespace/tmpfs\nPrologFlags=Contain\nTmpFS=/scratch\n",
	     "\nBasePath=/scratch/jobs\n"},
	    {"scratch: { how: prolog }\n", "24.11.5-4",
	     "\nProlog=/usr/local/libexec/reeve-scratch-prolog\nEpilog=/usr/local/libexec/reeve-scratch-epilog\n"
	     "TaskProlog=/usr/local/libexec/reeve-scratch-task\nPrologFlags=Alloc\nTmpFS=/scratch\n",
	     NULL},
	    {"scratch:\nslurm: { PrologFlags: \"Contain,X11\" }\n", "24.11.5-4", "\nPrologFlags=Contain,X11\n", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_more(cases[i].more);
		set_release(w, cases[i].version);
		world_resolve(w);
		assert_false(world_has(&w->cluster->findings, "scratch-param"));
		if (!strstr(core_slurm_conf(w->cluster), cases[i].conf))
			fail_msg("%zu: %s", i, core_slurm_conf(w->cluster));
		const struct catalog *node = modules_compile(w->cluster, 1, w->arena),
				     *controller = modules_compile(w->cluster, 0, w->arena);
		const struct resource *own = catalog_find(node, "file:" SCRATCH_CONF);
		assert_int_equal(own != NULL, cases[i].own != NULL);
		if (own)
			assert_non_null(strstr(own->file.content, cases[i].own));
		assert_null(catalog_find(controller, "file:" SCRATCH_CONF));
		assert_null(catalog_find(controller, "file:" SCRATCH_BOOT));
		const struct resource *boot = catalog_find(node, "file:" SCRATCH_BOOT);
		assert_non_null(
		    strstr(boot->file.content, i == 1 ? "\nR! /local/s/jobs/*\n" : "\nR! /scratch/jobs/*\n"));
		const struct resource *task = catalog_find(node, "file:" SCRATCH_TASK);
		assert_int_equal(task != NULL, cases[i].own == NULL);
		if (task)
			assert_true(
			    str_starts(task->file.content,
				       "#!/bin/sh\n# Written by reeve from cluster.yaml.\nset -- '/scratch/jobs'\n"));
		world_free(w);
	}
}

/* With which code the cluster is stopped; "": it is not. */
static void what_stands_against_it_stops_the_run(void **state)
{
	(void)state;
	static const struct {
		const char *more, *version, *code;
	} cases[] = {
	    {"scratch:\n", "22.05.8", ""},
	    {"scratch: { private: [/tmp, /var/tmp] }\n", "22.05.8", "scratch-private"},
	    {"scratch: { private: [/tmp, /var/tmp] }\n", "23.02.1", ""},
	    {"scratch:\nslurm: { JobContainerType: job_container/none }\n", "22.05.8", "scratch-param"},
	    {"scratch:\nslurm: { PrologFlags: Serial }\n", "22.05.8", "scratch-param"},
	    {"scratch: { how: prolog }\nslurm: { Epilog: /etc/slurm/epilog }\n", "22.05.8", "scratch-param"},
	    {"scratch:\nslurm: { Epilog: /etc/slurm/epilog }\n", "22.05.8", ""},
	    {"scratch:\nclasses: [ { name: bare, when: \"name == n1\", scratch: false } ]\n", "22.05.8",
	     "scratch-nodes"},
	    {"scratch:\nclasses: [ { name: out, when: \"name == n1\", scratch: false, exclude: \"broken\" } ]\n",
	     "22.05.8", ""},
	};
	static const char *const codes[] = {"scratch-private", "scratch-param", "scratch-nodes"};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_more(cases[i].more);
		set_release(w, cases[i].version);
		world_resolve(w);
		for (size_t k = 0; k < ARRAY_LEN(codes); k++)
			if (world_has(&w->cluster->findings, codes[k]) != streq(codes[k], cases[i].code))
				fail_msg("%zu: %s", i, codes[k]);
		world_free(w);
	}
}

/* The other way's file and programs go when slurmd has left them behind: what is somebody else's stays. */
static void another_way_takes_the_place_of_the_first(void **state)
{
	(void)state;
	struct world *w = world_more("scratch: { how: prolog }\n");
	tell(w, 1, json_pack("{s:{s:s}}", "conf", "text", CLUSTER_CONF_MARK "; the same\n"));
	tell(w, 2, json_pack("{s:{s:s}}", "conf", "text", "BasePath=/mine\n"));
	world_resolve(w);
	assert_int_equal(catalog_find(modules_compile(w->cluster, 1, w->arena), "absent:" SCRATCH_CONF)->stage,
			 STAGE_SERVICES);
	assert_null(catalog_find(modules_compile(w->cluster, 2, w->arena), "absent:" SCRATCH_CONF));
	world_free(w);
	w = world_more("scratch:\n");
	world_resolve(w);
	assert_int_equal(catalog_find(modules_compile(w->cluster, 1, w->arena), "absent:" SCRATCH_EPILOG)->stage,
			 STAGE_SERVICES);
	world_free(w);
}

static const char *blamed(const struct world *w, size_t host)
{
	const char *what = w->cluster->hosts[host].blamed;
	return what ? what : "";
}

static void a_host_says_what_it_has_at_the_path(void **state)
{
	(void)state;
	struct world *w = world_more("scratch:\n");
	const struct {
		json_t *answers;
		uint64_t mib;
		const char *blamed;
	} cases[] = {
	    {directory("0755", 0, 50000), 50000, ""},
	    {directory("1777", 0, 50000), 50000, ""},
	    {directory("0777", 0, 50000), 0,
	     "everybody may put another directory in place of /scratch/jobs (/scratch has mode 0777)"},
	    {directory("0755", 1000, 50000), 0,
	     "/scratch belongs to the uid 1000, who could put another directory in place of /scratch/jobs"},
	    {directory("0755", 0, -1), 0, ""},
	    {directory("0755", 0, INT64_C(1) << 40), FACTS_MOST_SCRATCH, ""},
	    {json_pack("{s:{s:i}, s:{s:i}, s:{s:I}}", "path", "errno", ENOENT, "fs.0", "errno", ENOENT, "fs.1", "total",
		       (json_int_t)20000 << 10),
	     20000, ""},
	    {json_pack("{s:{s:s, s:s, s:i}}", "path", "type", "file", "mode", "0644", "uid", 0), 0,
	     "/scratch is not a directory, and is to be scratch"},
	    {json_pack("{s:{s:i}, s:{s:i}}", "path", "errno", ETIMEDOUT, "fs.0", "errno", ETIMEDOUT), 0,
	     "/scratch does not answer, and is to be scratch"},
	    {json_pack("{s:[], s:{s:s}}", "path", "fs.0", "total", "much"), 0, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		tell(w, 1, cases[i].answers);
		world_resolve(w);
		assert_string_equal(blamed(w, 1), cases[i].blamed);
		assert_int_equal(world_has(&w->cluster->findings, "scratch-path"), *cases[i].blamed != '\0');
		assert_int_equal(w->cluster->hosts[1].scratch, cases[i].mib);
	}
	world_free(w);
}

static void a_declared_mount_has_to_be_there(void **state)
{
	(void)state;
	struct world *w = world_more("scratch: { mount: true }\n");
	json_t *here = directory("0755", 0, 50000), *there = directory("0755", 0, 50000);
	json_object_set_new(here, "above", json_pack("{s:i}", "dev", 6));
	json_object_set_new(there, "above", json_pack("{s:i}", "dev", 7));
	tell(w, 1, here);
	tell(w, 2, there);
	assert_int_equal(w->facts[1].scratch, 50000);
	assert_int_equal(w->facts[2].scratch, 0);
	world_resolve(w);
	assert_string_equal(blamed(w, 1), "");
	assert_string_equal(blamed(w, 2), "nothing is mounted at /scratch: jobs would fill the disk of the system");
	world_free(w);
}

static void users_have_to_come_to_what_is_not_mounted_for_them(void **state)
{
	(void)state;
	static const char *const ways[] = {"scratch:\n", "scratch: { how: prolog }\n"};
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct world *w = world_more(ways[i]);
		tell(w, 1, directory("0700", 0, 50000));
		world_resolve(w);
		assert_string_equal(blamed(w, 1), i ? "users cannot reach /scratch (mode 0700)" : "");
		world_free(w);
	}
}

static void only_compute_hosts_are_asked(void **state)
{
	(void)state;
	struct world *w = world_more("scratch: { path: /a/b }\n");
	json_t *node = modules_ask_facts(w->inv, &w->inv->hosts[1]),
	       *controller = modules_ask_facts(w->inv, &w->inv->hosts[0]);
	const char *all = "";
	size_t i;
	const json_t *item;
	json_array_foreach(node, i, item) all =
	    arena_printf(w->arena, "%s %s", all, json_string_value(json_object_get(item, "name")));
	assert_string_equal(all, " scratch.path scratch.conf scratch.fs.0 scratch.fs.1 scratch.fs.2");
	assert_string_equal(json_string_value(json_object_get(json_array_get(node, 4), "fs")), "/");
	assert_int_equal(json_array_size(controller), 0);
	json_decref(node);
	json_decref(controller);
	world_free(w);
}

static const char yaml_classes[] = "scratch:\nclasses:\n"
				   "  - { name: big, when: \"scratch >= 40 GB\", features: [scratch] }\n";

static void the_size_is_a_fact_and_tmpdisk(void **state)
{
	(void)state;
	struct world *w = world_more(yaml_classes);
	tell(w, 1, directory("0755", 0, 50000));
	tell(w, 2, directory("0755", 0, 30000));
	world_resolve(w);
	assert_string_equal(w->cluster->hosts[1].class->name, "big");
	assert_null(w->cluster->hosts[2].class);
	assert_false(world_has(&w->cluster->findings, "class-unsure"));
	assert_non_null(strstr(core_slurm_conf(w->cluster), " TmpDisk=50000 Features=scratch "));
	assert_non_null(strstr(core_slurm_conf(w->cluster), " TmpDisk=30000 State="));
	world_free(w);
	w = world_more("scratch:\nclasses: [ { name: own, TmpDisk: 7 } ]\n");
	tell(w, 1, directory("0755", 0, 50000));
	world_resolve(w);
	assert_non_null(strstr(core_slurm_conf(w->cluster), " TmpDisk=7 "));
	assert_null(strstr(core_slurm_conf(w->cluster), "TmpDisk=50000"));
	world_free(w);
}

/* The baseline stays while it fits; less is a fault, more an offer; without the module there is none. */
static void the_size_has_a_baseline(void **state)
{
	(void)state;
	static const struct {
		json_int_t now;
		uint64_t configured;
		enum cluster_change change;
		const char *text;
	} cases[] = {
	    {50000, 50000, CHANGE_NONE, NULL},
	    {51000, 50000, CHANGE_NONE, NULL},
	    {49000, 49000, CHANGE_NONE, NULL},
	    {30000, 50000, CHANGE_SHRANK, "scratch 30000 MB, was 50000 MB"},
	    {90000, 50000, CHANGE_OTHER, "scratch 90000 MB, was 50000 MB"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_more("scratch:\n");
		for (size_t h = 1; h < HOSTS; h++)
			tell(w, h, directory("0755", 0, 50000));
		world_running(w);
		tell(w, 1, directory("0755", 0, cases[i].now));
		world_resolve(w);
		const struct cluster_host *h = &w->cluster->hosts[1];
		assert_int_equal(h->scratch, cases[i].configured);
		assert_int_equal(h->change, cases[i].change);
		assert_true(str_same(h->change_text, cases[i].text));
		assert_int_equal(w->cluster->record_differs, cases[i].configured != 50000);
		assert_int_equal(world_has(&w->cluster->findings, "shrank"), cases[i].change == CHANGE_SHRANK);
		w->given[1] = NULL;
		w->unreached[1] = "off";
		world_resolve(w);
		assert_int_equal(w->cluster->hosts[1].scratch, 50000);
		world_edit(w, "cluster: tiny", "cluster: tiny\nmemory: { reserve: 0 MB }");
		world_resolve(w);
		assert_int_equal(w->cluster->hosts[1].scratch, 0);
		world_free(w);
	}
}

static void a_cluster_that_had_none_takes_what_there_is(void **state)
{
	(void)state;
	struct world *w = world_more("");
	world_running(w);
	world_edit(w, "cluster: tiny", "cluster: tiny\nscratch:");
	tell(w, 1, directory("0755", 0, 50000));
	world_resolve(w);
	assert_int_equal(w->cluster->hosts[1].scratch, 50000);
	assert_int_equal(w->cluster->hosts[1].change, CHANGE_NONE);
	assert_true(w->cluster->record_differs);
	world_free(w);
}

/* The plan of a cluster that runs with scratch, where job_container.conf of n1, and maybe of n2, is another now. */
static void plan_with_other_file(struct world *w, bool both)
{
	struct plan_options options = {0};
	world_plan(w, OBSERVED_SAME);
	for (size_t i = 1; i < HOSTS; i++)
		for (size_t k = 0; k < w->catalogs[i]->len; k++)
			if (streq(w->catalogs[i]->items[k].id, "file:" SCRATCH_CONF) && (i == 1 || both))
				((struct observed *)w->observed[i])[k].state = OBSERVED_DIFFERS;
	w->plan = plan_make(w->cluster, w->catalogs, w->observed, &w->live, &options, w->arena);
}

static void its_file_changes_only_without_jobs(void **state)
{
	(void)state;
	for (int both = 0; both < 2; both++)
		for (int busy = 0; busy < 2; busy++) {
			struct world *w = world_more("scratch:\n");
			struct slurm_job job = {
			    .id = "7", .phase = SLURM_JOB_RUNNING, .user = "ann", .partitions = "work", .nodes = "n1"};
			world_running(w);
			w->live.jobs = &job;
			w->live.job_count = (size_t)busy;
			plan_with_other_file(w, both);
			assert_int_equal(world_has(&w->plan->findings, "node-busy"), busy);
			assert_int_equal(w->plan->step_count == 0, busy && both);
			bool held = w->plan->hosts[1].held;
			assert_int_equal(held, busy && !both);
			const struct step *start = world_step(w, "start slurmd");
			assert_int_equal(world_acts_on(start, 1), !busy);
			assert_int_equal(world_acts_on(start, 2), !busy && both);
			for (size_t i = 0; start && i < start->len; i++)
				assert_true(start->items[i].resources[0]->service.restart);
			world_free(w);
		}
}

static struct checks checks_of(struct world *w, const char *user)
{
	static const char *const names[] = {"n1", NULL};
	const struct job_set set = {.partition = w->inv->partitions,
				    .label = "work",
				    .names = names,
				    .hostlist = "n1",
				    .count = 1,
				    .user = user,
				    .gid = 2000};
	struct verify_context *v = arena_alloc(w->arena, sizeof *v);
	*v = (struct verify_context){.cluster = w->cluster, .job_name = "reeve-1"};
	struct checks checks = {.arena = w->arena};
	scratch_prove(v, &set, &checks);
	assert_int_equal(checks.len, 1);
	return checks;
}

static void a_job_says_what_it_found(void **state)
{
	(void)state;
	static const struct {
		const char *how;
		struct check_answer answer;
		enum check_verdict verdict;
		const char *why;
	} cases[] = {
	    {"namespace", {0, "job 7\n", ""}, CHECK_HOLDS, NULL},
	    {"namespace",
	     {9, "scratch: on n1 /tmp is not the job's own\n", "srun: error: n1: task 0: Exited with exit code 9\n"},
	     CHECK_FAILED,
	     "on n1 /tmp is not the job's own"},
	    {"namespace",
	     {1, "", "srun: error: Job prolog failed on n1\n"},
	     CHECK_FAILED,
	     "Job prolog failed on n1: slurmd could not give the job a mount namespace, its log says why; where the "
	     "kernel "
	     "has none for it, `how: prolog` does without"},
	    {"namespace",
	     {1, "", "srun: error: Nodes n1 are still not ready\n"},
	     CHECK_FAILED,
	     "Nodes n1 are still not ready: slurmd could not give the job a mount namespace, its log says why; where "
	     "the "
	     "kernel has none for it, `how: prolog` does without"},
	    {"prolog", {1, "", "srun: error: Job prolog failed on n1\n"}, CHECK_FAILED, "Job prolog failed on n1"},
	    {"prolog", {1, "", "srun: error: Requested nodes are busy\n"}, CHECK_NOT_RUN, "Requested nodes are busy"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *more = xasprintf("scratch: { how: %s }\n", cases[i].how);
		struct world *w = world_more(more);
		const char *why = NULL;
		world_resolve(w);
		const struct checks checks = checks_of(w, i % 2 ? "ann" : NULL);
		const struct check *c = &checks.items[0];
		assert_string_equal(c->argv[4], cases[i].how);
		assert_string_equal(c->argv[5], "/scratch/jobs");
		assert_string_equal(c->argv[6], streq(cases[i].how, "prolog") ? "" : "/tmp /dev/shm");
		assert_string_equal(c->argv[7], i % 2 ? "setpriv" : "srun");
		assert_int_equal(c->judge(c, &cases[i].answer, w->arena, &why), cases[i].verdict);
		assert_true(str_same(why, cases[i].why));
		world_free(w);
	}
}

static void a_kernel_without_namespaces_is_named(void **state)
{
	(void)state;
	struct world *w = world_more("scratch:\n");
	const bool all[HOSTS] = {true, true, true};
	struct verify_context v = {.cluster = NULL, .present = all};
	struct checks checks = {.arena = w->arena};
	const char *why = NULL;
	world_resolve(w);
	v.cluster = w->cluster;
	scratch_verify(&v, &checks);
	assert_int_equal(checks.len, 0);
	v.idle = all;
	scratch_verify(&v, &checks);
	assert_int_equal(checks.len, 1);
	const struct check *c = &checks.items[0];
	assert_false(c->hosts[0]);
	assert_true(c->hosts[1] && c->hosts[2]);
	assert_int_equal(c->judge(c, &(struct check_answer){0, "", ""}, w->arena, &why), CHECK_HOLDS);
	assert_string_equal(c->argv[4], "/scratch/jobs");
	const struct check_answer refused = {1, "", "on CPU 1: unshare: mount ns failed: Invalid argument\n"};
	assert_int_equal(c->judge(c, &refused, w->arena, &why), CHECK_FAILED);
	assert_string_equal(why,
			    "it cannot make the mount namespaces that keep the directories of jobs apart: on CPU 1: "
			    "unshare: mount ns failed: Invalid argument");
	world_free(w);
}

static struct ward *ward_with(const char *more)
{
	char *text = xasprintf("%s%s", world_yaml, more);
	struct ward *x = ward_of(text);
	free(text);
	return x;
}

static const struct finding *found(const struct ward *x, const char *code)
{
	for (size_t i = 0; i < x->findings.len; i++)
		if (streq(x->findings.items[i].code, code))
			return &x->findings.items[i];
	return NULL;
}

static void scratch_that_fills_up_is_told(void **state)
{
	(void)state;
	static const struct {
		int total, free, inodes, free_inodes;
		const char *evidence;
	} cases[] = {
	    {50000, 2000, 100, 90, "2000 MiB free of 50000 MiB"},
	    {50000, 3000, 100, 90, NULL},
	    {50000, 40000, 100, 1, "1 inodes free of 100"},
	    {9000, 100, 500, 400, NULL}, /* the system's own */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ward *x = ward_with("scratch:\n");
		ward_set_fs(x, 1, "/", 9000, 100, 500, 400);
		ward_set_fs(x, 1, "/scratch", cases[i].total, cases[i].free, cases[i].inodes, cases[i].free_inodes);
		doctor_judge(&x->d);
		const struct finding *f = found(x, "scratch-full");
		assert_int_equal(f != NULL, cases[i].evidence != NULL);
		if (f)
			assert_string_equal(f->evidence, cases[i].evidence);
		ward_free(x);
	}
}

static void what_jobs_left_is_told_where_none_runs(void **state)
{
	(void)state;
	static const struct {
		const char *how, *fix;
	} cases[] = {
	    {"namespace",
	     "on n1, while no job runs there: systemctl restart slurmd, and if they stay: rm -r them; or boot it"},
	    {"prolog", "on n1, while no job runs there: rm -r them; or boot it"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int busy = 0; busy < 2; busy++) {
			_cleanup_free_ char *more = xasprintf("scratch: { how: %s }\n", cases[i].how);
			struct ward *x = ward_with(more);
			ward_tell(x, 1, "list:/scratch/jobs", json_pack("{s:[s, s, s]}", "names", "n1", "12", "x9"));
			ward_tell(x, 1, "list:/scratch/jobs/n1", json_pack("{s:[s]}", "names", "13"));
			if (busy)
				ward_set_node(x, SLURM_NODE_MIXED, 0, NULL, NULL);
			doctor_judge(&x->d);
			const struct finding *f = found(x, "scratch-left");
			assert_int_equal(f != NULL, !busy);
			if (f) {
				assert_string_equal(f->what, "2 directories of jobs that are over take space");
				assert_string_equal(f->evidence, "/scratch/jobs/12 /scratch/jobs/n1/13");
				assert_string_equal(f->fix, cases[i].fix);
			}
			ward_free(x);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_cannot_be_is_found_in_the_file),
	    cmocka_unit_test(each_release_gets_its_own_words),
	    cmocka_unit_test(what_stands_against_it_stops_the_run),
	    cmocka_unit_test(another_way_takes_the_place_of_the_first),
	    cmocka_unit_test(a_host_says_what_it_has_at_the_path),
	    cmocka_unit_test(a_declared_mount_has_to_be_there),
	    cmocka_unit_test(users_have_to_come_to_what_is_not_mounted_for_them),
	    cmocka_unit_test(only_compute_hosts_are_asked),
	    cmocka_unit_test(the_size_is_a_fact_and_tmpdisk),
	    cmocka_unit_test(the_size_has_a_baseline),
	    cmocka_unit_test(a_cluster_that_had_none_takes_what_there_is),
	    cmocka_unit_test(its_file_changes_only_without_jobs),
	    cmocka_unit_test(a_job_says_what_it_found),
	    cmocka_unit_test(a_kernel_without_namespaces_is_named),
	    cmocka_unit_test(scratch_that_fills_up_is_told),
	    cmocka_unit_test(what_jobs_left_is_told_where_none_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
