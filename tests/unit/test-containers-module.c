/* The module containers: what is read, who gets which files, whose ids are whose, and what a proof's answer means. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/containers/containers.h"
#include "ward.h"

#define USERS "users: { accounts: { alice: 2001, bob: 2002 } }\n"

static void what_cannot_be_is_found_in_the_file(void **state)
{
	(void)state;
	static const struct {
		const char *section, *faults;
	} cases[] = {
	    {"", ""},
	    {"{ runtimes: [] }", ""},
	    {"{ runtimes: [apptainer, podman, crun], on: n1, storage: /scratch/images, subids: { first: 100000 } }",
	     ""},
	    {"{ runtimes: docker }", "1701 'docker' is not a runtime of containers"},
	    {"{ runtimes: [podman, podman] }", "1701 podman is named twice"},
	    {"{ runtimes: [crun, runc] }", "1701 srun --container starts one runtime, and crun and runc are named"},
	    {"{ storage: /tmp/x }",
	     "1703 'storage' of 'containers': /tmp/x is under a directory that is emptied at a boot"},
	    {"{ storage: /usr }", "1703 'storage' of 'containers': /usr is a directory of the system"},
	    {"{ storage: x }", "109 'storage' of 'containers' 'x' is not absolute"},
	    {"{ subids: { first: 4294900000 } }",
	     "1704 'subids': not even one account has room between 4294900000 and the last id"},
	    {"{ subids: { first: 0 } }",
	     "105 'first' of 'subids' should be a whole number from 65536 to 4294901759, not '0'"},
	    {"{ runtime: crun }", "102 unknown key 'runtime' in 'containers'"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(world_faults(arena_printf(a, "containers: %s\n", cases[i].section), a),
				    cases[i].faults);
}

/* IDs of what the module wants on a host, with " " between. */
static const char *wanted(struct world *w, size_t host)
{
	const struct catalog *c = modules_compile(w->cluster, host, w->arena);
	const char *all = "";
	for (size_t i = 0; i < c->len; i++)
		if (streq(c->items[i].module, "containers"))
			all = arena_printf(w->arena, "%s%s%s", all, *all ? " " : "", c->items[i].id);
	return all;
}

static const struct resource *found(struct world *w, size_t host, const char *id)
{
	return catalog_find(modules_compile(w->cluster, host, w->arena), id);
}

/* Names of the packages there, with " " between. */
static const char *packages_of(struct world *w, size_t host)
{
	const struct catalog *c = modules_compile(w->cluster, host, w->arena);
	const char *all = "";
	for (size_t i = 0; i < c->len; i++)
		for (size_t k = 0; streq(c->items[i].module, "containers") && c->items[i].type == RESOURCE_PACKAGES &&
				   k < c->items[i].packages.len;
		     k++)
			all =
			    arena_printf(w->arena, "%s%s%s", all, *all ? " " : "", c->items[i].packages.items[k].name);
	return all;
}

/* Answers of a host: a JSON text of items, named without "containers.". */
static void tell(struct world *w, size_t host, const char *items)
{
	struct err err = {0};
	json_t *given = json_loads(items, 0, NULL), *named = json_object(), *answer;
	const char *name;
	assert_non_null(given);
	json_object_foreach(given, name, answer)
	    json_object_set(named, *name == '/' ? name + 1 : arena_printf(w->arena, "containers.%s", name), answer);
	assert_int_equal(modules_take(named, w->arena, &w->facts[host].own, &err), 0);
	json_decref(given);
	json_decref(named);
}

/* "n1 containers-x: what | ...", of hosts alone, or of what is said of the cluster. */
static const char *said_of(const struct world *w, bool hosts)
{
	const char *all = "";
	for (size_t i = 0; i < w->cluster->findings.len; i++) {
		const struct finding *f = &w->cluster->findings.items[i];
		if (str_starts(f->code, "containers") && !f->host == !hosts)
			all = arena_printf(w->arena, "%s%s%s %s: %s", all, *all ? " | " : "", f->host ? f->host : "-",
					   f->code, f->what);
	}
	return all;
}

static const char *said(const struct world *w)
{
	return said_of(w, true);
}

#define EMPTY "{\"subuid\": {\"text\": \"\"}, \"subgid\": {\"text\": \"\"}}"

static void compute_hosts_get_what_is_named(void **state)
{
	(void)state;
	struct world *w = world_more(USERS "containers: { runtimes: [crun, podman] }\n");
	tell(w, 1, EMPTY);
	tell(w, 2, EMPTY);
	world_resolve(w);
	assert_string_equal(wanted(w, 0), "");
	assert_string_equal(
	    wanted(w, 1),
	    "packages:crun file:/usr/local/libexec/reeve-oci "
	    "file:/etc/slurm/oci.conf file:/etc/containers/containers.conf.d/reeve.conf "
	    "file:/etc/containers/storage.conf file:/usr/local/bin/podman block:/etc/subuid "
	    "block:/etc/subgid directory:/var/lib/user-containers directory:/var/lib/user-containers/2001 "
	    "directory:/var/lib/user-containers/2002");
	const struct resource *ids = found(w, 1, "block:/etc/subuid"),
			      *own = found(w, 1, "directory:/var/lib/user-containers/2001");
	assert_string_equal(ids->block.text, "alice:665801536:65536\nbob:665867072:65536\n");
	assert_string_equal(found(w, 2, "block:/etc/subgid")->block.text, ids->block.text);
	assert_string_equal(own->directory.owner, "alice");
	assert_int_equal(own->directory.mode, 0700);
	assert_int_equal(found(w, 1, "directory:/var/lib/user-containers")->directory.mode, 0711);
	assert_non_null(strstr(found(w, 1, "file:/etc/containers/storage.conf")->file.content,
			       "\nrootless_storage_path = \"/var/lib/user-containers/$UID/storage\"\n"));
	assert_non_null(strstr(found(w, 1, "file:/usr/local/libexec/reeve-oci")->file.content,
			       "\nruntime=crun storage=/var/lib/user-containers\n"));
	assert_true(found(w, 1, "user:alice")->user.no_subids);
	assert_false(found(w, 0, "user:alice")->user.no_subids);
	world_free(w);
}

/* Nobody's accounts are known: whoever comes makes a directory of his own. */
static void one_host_and_one_runtime_can_be_named(void **state)
{
	(void)state;
	struct world *w = world_more("containers: { runtimes: runc, on: n2, storage: /scratch/images }\n");
	w->facts[2].kernel = "5.10.0-1-amd64";
	world_resolve(w);
	assert_string_equal(wanted(w, 1), "");
	assert_string_equal(wanted(w, 2), "packages:runc file:/usr/local/libexec/reeve-oci file:/etc/slurm/oci.conf "
					  "directory:/scratch/images");
	assert_int_equal(found(w, 2, "directory:/scratch/images")->directory.mode, 01777);
	assert_false(found(w, 2, "directory:/scratch/images")->directory.ours);
	assert_non_null(strstr(found(w, 2, "file:/usr/local/libexec/reeve-oci")->file.content, "\nruntime=runc "));
	world_free(w);
	w = world_more("containers: { runtimes: podman }\n");
	w->facts[2].kernel = "5.10.0-1-amd64";
	w->facts[1].kernel = "6.1.0-9-amd64";
	world_resolve(w);
	assert_string_equal(packages_of(w, 2), "crun podman uidmap slirp4netns passt catatonit fuse-overlayfs");
	assert_string_equal(packages_of(w, 1), "crun podman uidmap slirp4netns passt catatonit");
	assert_non_null(strstr(found(w, 2, "file:/etc/containers/storage.conf")->file.content, "mount_program"));
	assert_null(strstr(found(w, 1, "file:/etc/containers/storage.conf")->file.content, "mount_program"));
	assert_null(found(w, 1, "file:/etc/slurm/oci.conf"));
	world_free(w);
}

/* 22.05 ends at a replacement that it does not know, and at no key of later releases. */
static void oci_conf_is_of_the_release(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	const char *old = containers_oci_conf(2205, a);
	assert_null(strstr(old, "EnvExclude"));
	for (const char *p = old; (p = strchr(p, '%')); p++)
		assert_non_null(strchr("bejnrstu", p[1]));
	assert_non_null(strstr(old, "\nRunTimeRun=\"/usr/local/libexec/reeve-oci run %u %n.%u.%j.%s.%t '%b'\"\n"));
	assert_non_null(
	    strstr(containers_oci_conf(2302, a), "\nRunTimeEnvExclude=\"^(SLURM_CONF|SLURM_CONF_SERVER)=\"\n"));
}

/* What others wrote stays, and is no reason to leave a host alone. */
static void files_of_others_stay(void **state)
{
	(void)state;
	struct world *w = world_more("containers: { runtimes: [crun, podman] }\n");
	tell(w, 1,
	     "{\"file.0\": {\"text\": \"RunTimeRun=x\\n\"}, \"file.1\": {\"text\": \"#!/bin/sh\\n# Written by "
	     "reeve\\n\"}, "
	     "\"file.4\": {\"errno\": 27}, \"file.2\": {\"errno\": 2}}");
	tell(w, 2, EMPTY);
	world_resolve(w);
	assert_string_equal(
	    said(w),
	    "n1 containers-foreign: /etc/slurm/oci.conf was not written by reeve, and is left as it is | "
	    "n1 containers-foreign: /etc/containers/storage.conf was not written by reeve, and is left as it is");
	assert_null(found(w, 1, "file:/etc/slurm/oci.conf"));
	assert_null(found(w, 1, "file:/etc/containers/storage.conf"));
	assert_non_null(found(w, 1, "file:/usr/local/libexec/reeve-oci"));
	assert_non_null(found(w, 1, "file:/usr/local/bin/podman"));
	world_free(w);
}

/* What a runtime left out of the list had goes, where it is ours. */
static void what_left_the_list_goes(void **state)
{
	(void)state;
	struct world *w = world_more("containers: { runtimes: [] }\n");
	tell(w, 1,
	     "{\"file.0\": {\"text\": \"# Written by reeve from\\n\"}, \"file.1\": {\"text\": \"#!/bin/sh\\n# Written "
	     "by reeve\\n\"}, "
	     "\"file.2\": {\"text\": \"#!/bin/sh\\n# the site's own\\n\"}, \"file.4\": {\"text\": \"# Written by "
	     "reeve\\n\"}}");
	tell(w, 2, EMPTY);
	world_resolve(w);
	assert_string_equal(wanted(w, 1), "absent:/etc/slurm/oci.conf absent:/usr/local/libexec/reeve-oci "
					  "absent:/etc/containers/storage.conf");
	assert_string_equal(wanted(w, 2), "");
	assert_string_equal(said(w), "");
	world_free(w);
}

static const char *ids_of(const char *subids, const char *subuid, const char **ret_said)
{
	static char kept[2][500];
	char *more = xasprintf(USERS "containers: { runtimes: podman, on: n1%s }\n", subids);
	struct world *w = world_more(more);
	free(more);
	json_t *items =
	    json_pack("{s:{s:s}, s:{s:s}}", "subuid", "text", subuid, "subgid", "text", "alice:1:65536\nbob:1:65536\n");
	char *text = json_dumps(items, 0);
	tell(w, 1, text);
	world_resolve(w);
	const struct resource *r = found(w, 1, "block:/etc/subuid");
	snprintf(kept[0], sizeof kept[0], "%s", r ? r->block.text : "");
	snprintf(kept[1], sizeof kept[1], "%s", said(w));
	*ret_said = kept[1];
	free(text);
	json_decref(items);
	world_free(w);
	return kept[0];
}

static void ranges_follow_uids_and_overlap_nobody(void **state)
{
	(void)state;
	static const char both[] = "alice:665801536:65536\nbob:665867072:65536\n";
	static const struct {
		const char *subids, *there, *ids, *said;
	} cases[] = {
	    {"", "", both, ""},
	    {"", "# ours\n" BLOCK_BEGIN "\nalice:1:65536\n" BLOCK_END "\neve:100000:65536\n", both, ""},
	    {"", "nonsense\nx:y:z\n:665801536:6\neve:4294967296:1\neve:665801536:0\n", both, ""},
	    /* whoever has one keeps it, by name or by number; one that is too small is not enough */
	    {"", "alice:100000:65536\n2002:165536:65536\n", "", ""},
	    {"", "alice:100000:1000\n", both, ""},
	    {"", "eve:665801000:1000\n", "bob:665867072:65536\n",
	     "n1 containers-ids: 1 account gets no subordinate ids in /etc/subuid: alice would have those of eve, from "
	     "665801000"},
	    {"", "eve:600000000:65801537\n", "bob:665867072:65536\n",
	     "n1 containers-ids: 1 account gets no subordinate ids in /etc/subuid: alice would have those of eve, from "
	     "600000000"},
	    {"", "eve:600000000:65801536\n", both, ""},
	    {", subids: { first: 1000000, count: 10 }", "", "alice:1010010:10\nbob:1010020:10\n", ""},
	    /* 4294901759 is the last */
	    {", subids: { first: 4294801560, count: 100 }", "", "alice:4294901660:100\n",
	     "n1 containers-ids: 1 account gets no subordinate ids in /etc/subuid: there are none left for such a uid"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *what, *ids = ids_of(cases[i].subids, cases[i].there, &what);
		assert_string_equal(ids, cases[i].ids);
		assert_string_equal(what, cases[i].said);
	}
}

/* All that `users` takes go into one block, and the agent takes it. */
static void many_accounts_can_be_sent(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err err = {0};
	struct resource read;
	strbuf_adds(&text, "containers: { runtimes: podman }\nusers: { accounts: { ");
	for (int i = 0; i < 1500; i++)
		strbuf_addf(&text, "somebody-with-a-long-name-%d: %d, ", i, 2000 + i);
	strbuf_adds(&text, "} }\n");
	struct world *w = world_more(strbuf_str(&text));
	tell(w, 1, EMPTY);
	world_resolve(w);
	json_t *json = resource_encode(found(w, 1, "block:/etc/subuid"));
	assert_int_equal(resource_decode(json, w->arena, &read, &err), 0);
	assert_non_null(strstr(read.block.text, "\nsomebody-with-a-long-name-1499:763974464:65536\n"));
	json_object_set_new(json, "text", json_string("no line"));
	assert_int_equal(resource_decode(json, w->arena, &read, &err), -1);
	json_object_del(json, "text");
	assert_int_equal(resource_decode(json, w->arena, &read, &err), -1);
	json_decref(json);
	world_free(w);
}

static void what_a_host_cannot_do_is_said(void **state)
{
	(void)state;
	static const struct {
		const char *items, *said;
	} cases[] = {
	    {"{\"user.max\": {\"text\": \"63000\\n\"}, \"user.clone\": {\"text\": \"1\\n\"}, \"user.apparmor\": "
	     "{\"text\": "
	     "\"0\\n\"}}",
	     ""},
	    {"{\"user.max\": {\"text\": \"0\\n\"}}",
	     "n1 containers-kernel: users can run no containers there: its kernel lets nobody make user namespaces"},
	    {"{\"user.max\": {\"text\": \"9\\n\"}, \"user.clone\": {\"text\": \"0\\n\"}}",
	     "n1 containers-kernel: users can run no containers there: its kernel lets only root make user namespaces"},
	    {"{\"user.apparmor\": {\"text\": \"1\\n\"}}", "n1 containers-kernel: users can run no containers there: "
							  "AppArmor lets only programs with a profile make user "
							  "namespaces"},
	    {"{\"user.max\": {\"text\": \"-1\\n\"}, \"user.clone\": {\"errno\": 2}}", ""},
	    {"{\"slurm.x\": {\"type\": \"directory\"}}",
	     "n1 containers-slurm: `srun --container` fails there: its Slurm was built without JSON "
	     "(serializer_json.so), by which it "
	     "reads a bundle's config.json"},
	    {"{\"slurm.a\": {\"type\": \"directory\"}, \"json.a\": {\"type\": \"file\"}}", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_more("containers: { runtimes: crun, on: n1 }\n");
		tell(w, 1, cases[i].items);
		world_resolve(w);
		assert_string_equal(said(w), cases[i].said);
		assert_null(w->cluster->hosts[1].blamed);
		world_free(w);
	}
}

static void images_need_a_disk(void **state)
{
	(void)state;
	static const char nfs[] = "storage: { nfs: [ { server: 10.9.9.9, export: /srv, mount: /mnt/nfs } ] }\n";
	static const struct {
		const char *more, *items, *said;
	} cases[] = {
	    {"podman", "{\"storage\": {\"errno\": 2}, \"storage.in\": {\"type\": \"directory\", \"fstype\": \"ext4\"}}",
	     ""},
	    {"podman",
	     "{\"storage\": {\"errno\": 2}, \"storage.in\": {\"type\": \"directory\", \"fstype\": \"overlay\"}}",
	     "n1 containers-storage: Podman cannot unpack images in /mnt/nfs/images: its file system is overlay"},
	    {"podman",
	     "{\"storage\": {\"type\": \"directory\", \"fstype\": \"xfs\"}, \"storage.in\": {\"type\": \"directory\", "
	     "\"fstype\": \"nfs\"}}",
	     ""},
	    {"crun", "{\"storage\": {\"type\": \"directory\", \"fstype\": \"nfs\"}}", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *more =
		    xasprintf("containers: { runtimes: %s, on: n1, storage: /mnt/nfs/images }\n", cases[i].more);
		struct world *w = world_more(more);
		free(more);
		tell(w, 1, cases[i].items);
		world_resolve(w);
		assert_string_equal(said(w), cases[i].said);
		world_free(w);
	}
	char *more = xasprintf("containers: { runtimes: podman, on: n1, storage: /mnt/nfs/images }\n%s", nfs);
	struct world *w = world_more(more);
	free(more);
	tell(w, 1, "{\"subuid\": {\"text\": \"\"}, \"/storage.list\": {\"errno\": 2}}");
	world_resolve(w);
	assert_int_equal(w->cluster->hosts[1].mounts.len, 1);
	assert_string_equal(
	    said(w), "n1 containers-storage: Podman cannot unpack images in /mnt/nfs/images: /mnt/nfs is mounted "
		     "over the network, from 10.9.9.9:/srv");
	world_free(w);
}

static void what_a_release_lacks_and_nobody_sets_up_is_said_once(void **state)
{
	(void)state;
	static struct facts_gpu card[] = {{.vendor = GPU_NVIDIA,
					   .address = "0000:01:00.0",
					   .type = "tesla_t4",
					   .files = "/dev/nvidia0",
					   .driver = "nvidia"}};
	static const char old[] =
	    "- containers-slurm: Slurm 22.05 starts one task on each node in a container, and has no scrun: "
	    "Podman and Docker cannot hand containers to it";
	static const char gpus[] =
	    "- containers-gpu: crun, runc and Podman are not given the GPUs of a job: what does that is not in "
	    "Debian (docs/handbook/containers.md has it); Apptainer has --nv";
	static const struct {
		const char *runtimes, *package;
		size_t cards;
		const char *const said[2];
	} cases[] = {
	    {"crun", "22.05.8-4", 0, {old, NULL}},           {"podman", "22.05.8-4", 0, {NULL, NULL}},
	    {"crun", "24.11.5-4", 0, {NULL, NULL}},          {"crun", "24.11.5-4", 1, {gpus, NULL}},
	    {"[runc, podman]", "22.05.8-4", 1, {old, gpus}}, {"apptainer", "24.11.5-4", 1, {NULL, NULL}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *more = xasprintf("containers: { runtimes: %s }\n", cases[i].runtimes);
		struct world *w = world_more(more);
		free(more);
		for (size_t h = 0; h < HOSTS; h++) {
			w->facts[h].roles[ROLE_CONTROLLER].package.installed = cases[i].package;
			w->facts[h].roles[ROLE_NODE].package.installed = cases[i].package;
			w->facts[h].roles[ROLE_CLIENT].package.installed = cases[i].package;
		}
		w->facts[1].gpus = (struct facts_gpus){card, cases[i].cards};
		tell(w, 1, EMPTY);
		tell(w, 2, EMPTY);
		world_resolve(w);
		const char *const *texts = cases[i].said;
		assert_string_equal(said_of(w, false), arena_printf(w->arena, "%s%s%s", texts[0] ? texts[0] : "",
								    texts[1] ? " | " : "", texts[1] ? texts[1] : ""));
		world_free(w);
	}
}

/* `software` brings it, or it is there. */
static void apptainer_comes_from_elsewhere(void **state)
{
	(void)state;
	struct world *w = world_more("containers: { runtimes: [apptainer, singularity], on: n1 }\n");
	tell(w, 1, "{\"singularity.local\": {\"type\": \"file\"}}");
	world_resolve(w);
	assert_string_equal(said(w), "n1 containers-software: apptainer is to run there, and nothing installs it");
	assert_string_equal(containers_program(w->cluster, 1, CONTAINERS_SINGULARITY, w->arena), "singularity");
	const struct installed one = {.name = "apptainer-deb", .version = "1"}, other = {.name = "apptainer",
											 .version = "2",
											 .root = "/apps/apptainer/2",
											 .is_default = true};
	cluster_promise_installed(w->cluster, &w->cluster->hosts[1], &one);
	assert_string_equal(containers_program(w->cluster, 1, CONTAINERS_APPTAINER, w->arena), "apptainer");
	cluster_promise_installed(w->cluster, &w->cluster->hosts[1], &other);
	assert_string_equal(containers_program(w->cluster, 1, CONTAINERS_APPTAINER, w->arena),
			    "/apps/apptainer/2/bin/apptainer");
	world_free(w);
}

static const char *const both_names[] = {"n1", "n2", NULL};

static struct job_set both_of(const struct world *w)
{
	return (struct job_set){
	    .partition = w->inv->partitions, .label = "work", .names = both_names, .hostlist = "n[1-2]", .count = 2};
}

/* The words behind the image's script, with "|" between. */
static const char *groups_of(const struct check *check, struct arena *a)
{
	const char *const *word = check->argv;
	const char *all = "";
	while (!streq(*word, "bash"))
		word++;
	for (word += 5; *word; word++)
		all = arena_printf(a, "%s%s%s", all, *all ? "|" : "", *word);
	return all;
}

static void a_job_of_a_user_shows_it(void **state)
{
	(void)state;
	static const struct {
		struct check_answer answer;
		enum check_verdict verdict;
		const char *why;
	} cases[] = {
	    {{0, "crun n2: this is an image\ncrun n1: this is an image\n", ""}, CHECK_HOLDS, NULL},
	    {{0, "crun n1: this is an image\n", ""}, CHECK_FAILED, "crun ran nothing in a container on n2"},
	    {{0, "crun n1: this is an image\ncrun n2: this is an image of mine\n", ""},
	     CHECK_FAILED,
	     "crun ran nothing in a container on n2"},
	    {{1, "crun n1: this is an image\nfailed: crun\n",
	      "mount `proc` to `/proc`: Operation not permitted\nsrun: error: n2: task 1: Exited\n"},
	     CHECK_FAILED,
	     "crun: mount `proc` to `/proc`: Operation not permitted"},
	    {{1, "", "salloc: error: Unable to allocate resources: Requested nodes are busy\n"},
	     CHECK_NOT_RUN,
	     "Unable to allocate resources: Requested nodes are busy"},
	};
	struct world *w = world_more(USERS "containers: { runtimes: [crun, podman] }\n");
	tell(w, 1, EMPTY);
	tell(w, 2, EMPTY);
	world_resolve(w);
	struct job_set set = both_of(w);
	struct verify_context v = {.cluster = w->cluster, .job_name = "reeve-1"};
	struct checks checks = {.arena = w->arena};
	containers_prove(&v, &set, &checks);
	assert_int_equal(checks.len, 1);
	const struct check *c = &checks.items[0];
	assert_string_equal(c->title, "containers of alice run on n[1-2]: crun");
	assert_string_equal(c->argv[1], "--reuid=alice");
	assert_string_equal(c->argv[4], "salloc");
	assert_string_equal(groups_of(c, w->arena), "crun|crun|/var/lib/user-containers|2|n[1-2]");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *why = NULL;
		assert_int_equal(c->judge(c, &cases[i].answer, w->arena, &why), cases[i].verdict);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		else
			assert_null(why);
	}
	v.asked = true;
	containers_prove(&v, &set, &checks);
	assert_int_equal(checks.len, 2);
	assert_string_equal(checks.items[1].title, "containers of alice run on n[1-2]: crun, podman");
	/* a user of whom no module knows is for where there are no others */
	set.user = "debian";
	containers_prove(&v, &set, &checks);
	assert_int_equal(checks.len, 2);
	world_free(w);
}

/* A kernel that refuses is no failure of a run: that was said. */
static void who_cannot_is_not_tried(void **state)
{
	(void)state;
	struct world *w = world_more("containers: { runtimes: crun }\n");
	tell(w, 1, "{\"user.max\": {\"text\": \"0\"}}");
	tell(w, 2, EMPTY);
	world_resolve(w);
	struct job_set set = both_of(w);
	struct verify_context v = {.cluster = w->cluster, .job_name = "reeve-1"};
	struct checks checks = {.arena = w->arena};
	containers_prove(&v, &set, &checks);
	assert_int_equal(checks.len, 0);
	set.user = "debian";
	set.gid = 1000;
	containers_prove(&v, &set, &checks);
	assert_int_equal(checks.len, 1);
	assert_string_equal(checks.items[0].title, "containers of debian run on n2: crun");
	world_free(w);
}

/* Programs of two architectures are two groups, and a node that has none of it is in neither. */
static void each_node_is_tried_with_its_own(void **state)
{
	(void)state;
	struct world *w = world_more("containers: { runtimes: [crun, apptainer] }\n");
	tell(w, 1, EMPTY);
	tell(w, 2, EMPTY);
	world_resolve(w);
	const struct installed x = {.name = "apptainer", .version = "1", .root = "/apps/apptainer/1/x86_64"},
			       arm = {.name = "apptainer", .version = "1", .root = "/apps/apptainer/1/aarch64"};
	cluster_promise_installed(w->cluster, &w->cluster->hosts[1], &x);
	struct job_set set = both_of(w);
	set.user = "debian";
	struct verify_context v = {.cluster = w->cluster, .job_name = "reeve-1", .asked = true};
	struct checks checks = {.arena = w->arena};
	containers_prove(&v, &set, &checks);
	assert_string_equal(groups_of(&checks.items[0], w->arena),
			    "crun|crun|/var/lib/user-containers|2|n[1-2]|"
			    "apptainer|/apps/apptainer/1/x86_64/bin/apptainer|/var/lib/user-containers|1|n1");
	cluster_promise_installed(w->cluster, &w->cluster->hosts[2], &arm);
	containers_prove(&v, &set, &checks);
	assert_string_equal(groups_of(&checks.items[1], w->arena),
			    "crun|crun|/var/lib/user-containers|2|n[1-2]|"
			    "apptainer|/apps/apptainer/1/x86_64/bin/apptainer|/var/lib/user-containers|1|n1|"
			    "apptainer|/apps/apptainer/1/aarch64/bin/apptainer|/var/lib/user-containers|1|n2");
	world_free(w);
}

static void doctor_looks_at_the_place_and_the_helpers(void **state)
{
	(void)state;
	char *text = xasprintf("%scontainers: { runtimes: podman }\n", world_yaml);
	struct ward *x = ward_of(text);
	free(text);
	ward_set_fs(x, 1, "/var/lib/user-containers", 100000, 500, 1000, 900);
	ward_set_fs(x, 2, "/var/lib/user-containers", 100000, 5000, 1000, 900);
	ward_set_stat(x, 2, "/usr/bin/newuidmap", "0755", "root", 1);
	ward_set_stat(x, 2, "/usr/bin/newgidmap", "4755", "root", 1);
	assert_string_equal(ward_causes(x), "containers-storage n1, containers-newuidmap n2");
	ward_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_cannot_be_is_found_in_the_file),
	    cmocka_unit_test(compute_hosts_get_what_is_named),
	    cmocka_unit_test(one_host_and_one_runtime_can_be_named),
	    cmocka_unit_test(oci_conf_is_of_the_release),
	    cmocka_unit_test(files_of_others_stay),
	    cmocka_unit_test(what_left_the_list_goes),
	    cmocka_unit_test(ranges_follow_uids_and_overlap_nobody),
	    cmocka_unit_test(many_accounts_can_be_sent),
	    cmocka_unit_test(what_a_host_cannot_do_is_said),
	    cmocka_unit_test(images_need_a_disk),
	    cmocka_unit_test(what_a_release_lacks_and_nobody_sets_up_is_said_once),
	    cmocka_unit_test(apptainer_comes_from_elsewhere),
	    cmocka_unit_test(a_job_of_a_user_shows_it),
	    cmocka_unit_test(who_cannot_is_not_tried),
	    cmocka_unit_test(each_node_is_tried_with_its_own),
	    cmocka_unit_test(doctor_looks_at_the_place_and_the_helpers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
