/* The module storage: what is read, who serves and who mounts, what is promised, and what a mount's answer means. */
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
#include "modules/storage/storage.h"
#include "ward.h"

static const char with_store[] = "reeve: 1\n"
				 "cluster: tiny\n"
				 "hosts: { c1: 10.0.0.1, n1: 10.0.0.2, n2: 10.0.0.3 }\n"
				 "controllers: [c1]\n"
				 "compute: [n1]\n"
				 "partitions: { work: { nodes: all, default: true } }\n";

static struct world *world_of(const char *yaml, const char *more)
{
	char *text = xasprintf("%s%s", yaml, more);
	struct world *w = world_new(text);
	free(text);
	return w;
}

static const char *faults_of(const char *nfs, struct arena *a)
{
	return world_faults(arena_printf(a, "storage: { nfs: %s }\n", nfs), a);
}

static void what_cannot_be_is_found_in_the_file(void **state)
{
	(void)state;
	static const struct {
		const char *nfs, *faults;
	} cases[] = {
	    {"[ { server: c1, export: /srv/a, mount: /mnt/a } ]", ""},
	    {"", ""},
	    {"{ server: c1 }", "101 'nfs' should be a list of mounts, this is a map"},
	    {"[ { server: c1, export: /srv/a } ]", "103 a mount of 'nfs' has no 'mount'"},
	    {"[ { server: c1, export: /srv/a, mount: /tmp } ]", "1003 'mount': /tmp is a directory of the system"},
	    {"[ { server: c1, export: /a, mount: /mnt/a }, { server: c1, export: /b, mount: /mnt/a/b } ]",
	     "1001 /mnt/a and /mnt/a/b: one mount would be below the other"},
	    {"[ { server: c1, export: /a, mount: /usr } ]", "1003 'mount': /usr is a directory of the system"},
	    {"[ { server: c1, export: /a, mount: /run/a } ]",
	     "1003 'mount': /run/a is under a directory that is emptied at a boot"},
	    {"[ { server: c1, export: /usr/lib/x, mount: /mnt/a } ]",
	     "1003 'export': /usr/lib/x is under /usr/lib, the system's"},
	    {"[ { server: 10.9.9.9, export: /usr/lib/x, mount: /mnt/a }, { server: c1, export: /srv, mount: /mnt/b } ]",
	     ""},
	    {"[ { server: c1, export: /a, mount: /mnt/a }, { server: c1, export: /b, mount: /mnt/a } ]",
	     "1001 /mnt/a is mounted twice"},
	    {"[ { server: c1, export: /a, mount: /mnt/a }, { server: c1, export: /a, mount: /mnt/b } ]",
	     "1001 /a of 10.0.0.1 is named twice"},
	    {"[ { server: c1, export: /a, mount: /mnt/a, on: 'class:no' } ]",
	     "404 'on' names the class 'no', which does not exist"},
	    {"[ { server: c1, export: /a, mount: /mnt/a, options: [ro, bind] } ]",
	     "1002 the option 'bind' is not for this list"},
	    {"[ { server: c1, export: /a, mount: /mnt/a, options: ['ro,rw'] } ]",
	     "1002 the option 'ro,rw' has bytes that no option of nfs(5) has"},
	    {"[ { server: -x, export: /a, mount: /mnt/a } ]",
	     "108 'server' of a mount '-x' begins with '-', ssh would take it for an option"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(faults_of(cases[i].nfs, a), cases[i].faults);
}

/* "ID@stage ..." of what the module wants on a host. */
static const char *wanted(struct world *w, size_t host)
{
	const struct catalog *c = modules_compile(w->cluster, host, w->arena);
	const char *all = "";
	for (size_t i = 0; i < c->len; i++)
		if (streq(c->items[i].module, "storage"))
			all = arena_printf(w->arena, "%s%s%s@%s", all, *all ? " " : "", c->items[i].id,
					   stage_name(c->items[i].stage));
	return all;
}

/* n2 has no part in Slurm. */
static void a_host_of_the_file_serves(void **state)
{
	(void)state;
	struct world *w =
	    world_of(with_store, "storage: { nfs: [ { server: n2, export: /srv/disk, mount: /mnt/nfs } ] }\n");
	world_resolve(w);
	assert_string_equal(wanted(w, 0), "packages:nfs-common@prepare mount:/mnt/nfs@mounts "
					  "file:/etc/systemd/system/reeve-mounts.service@mounts "
					  "service:reeve-mounts.service@mounts file:/var/lib/reeve/mounts@mounts");
	assert_non_null(strstr(
	    catalog_find(modules_compile(w->cluster, 0, w->arena), "file:/etc/systemd/system/reeve-mounts.service")
		->file.content,
	    "\nExecStart=/usr/bin/systemctl start mnt-nfs.mount\n"));
	assert_string_equal(wanted(w, 2),
			    "directory:/srv/disk@servers link:/mnt/nfs@servers packages:nfs-kernel-server@prepare "
			    "file:/etc/exports.d/reeve.exports@servers service:nfs-server.service@servers "
			    "file:/var/lib/reeve/mounts@mounts");
	const struct catalog *c = modules_compile(w->cluster, 2, w->arena);
	assert_non_null(strstr(catalog_find(c, "file:/etc/exports.d/reeve.exports")->file.content,
			       "\n/srv/disk 10.0.0.1(rw,sync,no_subtree_check,no_root_squash) "
			       "10.0.0.2(rw,sync,no_subtree_check,root_squash)\n"));
	assert_true(catalog_find(c, "service:nfs-server.service")->service.reload);
	const struct resource *mount = catalog_find(modules_compile(w->cluster, 0, w->arena), "mount:/mnt/nfs");
	assert_string_equal(mount->mount.source, "10.0.0.3:/srv/disk");
	assert_string_equal(mount->mount.options, "hard");
	for (size_t i = 0; i < c->len; i++)
		assert_string_equal(c->items[i].module, "storage");
	world_free(w);
}

static void who_mounts_says_the_file(void **state)
{
	(void)state;
	struct world *w =
	    world_of(world_yaml, "storage: { nfs: [ { server: 10.9.9.9, export: /tank, mount: /data, on: n2, "
				 "options: [ro, nfsvers=4.2], automount: true } ] }\n");
	world_resolve(w);
	assert_string_equal(wanted(w, 0), "file:/var/lib/reeve/mounts@mounts");
	const struct resource *r = catalog_find(modules_compile(w->cluster, 2, w->arena), "mount:/data");
	assert_non_null(r);
	assert_string_equal(r->mount.source, "10.9.9.9:/tank");
	assert_string_equal(r->mount.options, "ro,nfsvers=4.2,hard");
	assert_true(r->mount.automount);
	world_free(w);
}

/* One that serves in a class without the module has nothing done to it, and is not mounted on. */
static void a_class_can_do_without(void **state)
{
	(void)state;
	struct world *w =
	    world_of(world_yaml, "classes: [ { name: bare, storage: false } ]\n"
				 "storage: { nfs: [ { server: 10.9.9.9, export: /tank, mount: /data } ] }\n");
	world_resolve(w);
	assert_string_equal(wanted(w, 1), "");
	world_free(w);
	_cleanup_arena_ struct arena *a = arena_new();
	assert_string_equal(world_faults("storage: { nfs: [] }\nclasses: [ { name: odd, storage: { nfs: [] } } ]\n", a),
			    "1004 'storage' of a class is true or false: each mount says who has it");
}

static void tell(struct world *w, size_t host, json_t *answers)
{
	struct err err = {0};
	assert_int_equal(modules_take(answers, w->arena, &w->facts[host].own, &err), 0);
	json_decref(answers);
}

static void what_left_the_file_is_unmounted(void **state)
{
	(void)state;
	struct world *w =
	    world_of(world_yaml, "storage: { nfs: [ { server: 10.9.9.9, export: /tank, mount: /data } ] }\n");
	tell(w, 1, json_pack("{s:{s:s}}", "storage.list", "text", "/data\n/old\n/etc\nnonsense\n/\n"));
	world_resolve(w);
	const struct catalog *c = modules_compile(w->cluster, 1, w->arena);
	assert_true(catalog_find(c, "mount:/old")->mount.gone);
	assert_true(catalog_find(c, "service:reeve-mounts.service")->service.running);
	assert_false(catalog_find(c, "mount:/data")->mount.gone);
	assert_null(catalog_find(c, "mount:/etc"));
	assert_null(catalog_find(c, "mount:/"));
	world_free(w);
}

static void with_the_last_mount_goes_what_tried_it_again(void **state)
{
	(void)state;
	struct world *w =
	    world_of(world_yaml, "storage: { nfs: [ { server: 10.9.9.9, export: /tank, mount: /data, on: n2 } ] }\n");
	tell(w, 1, json_pack("{s:{s:s}}", "storage.list", "text", "/data\n"));
	world_resolve(w);
	assert_string_equal(wanted(w, 1), "mount:/data@mounts service:reeve-mounts.service@mounts "
					  "absent:/etc/systemd/system/reeve-mounts.service@mounts "
					  "file:/var/lib/reeve/mounts@mounts");
	assert_false(
	    catalog_find(modules_compile(w->cluster, 1, w->arena), "service:reeve-mounts.service")->service.running);
	world_free(w);
}

static void who_serves_no_more_exports_nothing(void **state)
{
	(void)state;
	struct world *w = world_of(world_yaml, "storage:\n");
	tell(w, 2,
	     json_pack("{s:{s:s}, s:{s:s}}", "storage.exports", "type", "file", "storage.filesystems", "text",
		       "nodev\tnfs4\n"));
	world_resolve(w);
	const struct resource *exports =
	    catalog_find(modules_compile(w->cluster, 2, w->arena), "file:/etc/exports.d/reeve.exports");
	assert_null(strchr(exports->file.content, '('));
	assert_non_null(catalog_find(modules_compile(w->cluster, 2, w->arena), "service:nfs-server.service"));
	assert_null(catalog_find(modules_compile(w->cluster, 1, w->arena), "file:/etc/exports.d/reeve.exports"));
	world_free(w);
}

/* One that is a host of the file, and in the run, can be set up again by it; another leaves out who hangs on it. */
static void a_server_that_does_not_answer_is_one_finding(void **state)
{
	(void)state;
	static const char both[] =
	    "storage: { nfs: [ { server: %s, export: /a, mount: /mnt/a }, { server: %s, export: /b, "
	    "mount: /mnt/b } ] }\n";
	static const char *const servers[] = {"n1", "10.9.9.9"};
	for (int other = 0; other < 2; other++) {
		char *text = xasprintf(both, servers[other], servers[other]);
		struct world *w = world_of(world_yaml, text);
		free(text);
		tell(w, 2,
		     json_pack("{s:{s:i}, s:{s:i}}", "storage.answers.0", "errno", ETIMEDOUT, "storage.answers.1",
			       "errno", ETIMEDOUT));
		world_resolve(w);
		const struct findings *all = &w->cluster->findings;
		size_t said = 0;
		for (size_t i = 0; i < all->len; i++) {
			if (!streq(all->items[i].code, "storage-server"))
				continue;
			said++;
			assert_string_equal(all->items[i].host, "n2");
			assert_int_equal(all->items[i].weight, other ? FINDING_HOST : FINDING_WARNING);
			text = xasprintf("the NFS server %s does not answer: /mnt/a, /mnt/b", servers[other]);
			assert_string_equal(all->items[i].what, text);
			free(text);
		}
		assert_int_equal(said, 1);
		world_free(w);
	}
}

static void what_a_container_cannot_is_not_its_own(void **state)
{
	(void)state;
	struct world *w = world_of(world_yaml, "storage: { nfs: [ { server: c1, export: /srv/a, mount: /data } ] }\n");
	for (size_t i = 0; i < HOSTS; i++)
		tell(w, i,
		     json_pack("{s:{s:s}, s:{s:s}}", "storage.container", "type", "file", "storage.filesystems", "text",
			       i == 2 ? "nodev\tproc\nnodev\tnfs4\n" : "nodev\tproc\n\text4\n"));
	world_resolve(w);
	assert_true(storage_is_provided(w->cluster, 0) && storage_is_provided(w->cluster, 1));
	assert_false(storage_is_provided(w->cluster, 2));
	assert_string_equal(wanted(w, 0), "");
	assert_string_equal(wanted(w, 1), "");
	assert_non_null(strstr(wanted(w, 2), "mount:/data@mounts"));
	assert_null(cluster_mount_of(&w->cluster->hosts[1], "/data"));
	assert_true(world_has(&w->cluster->findings, "storage-provided"));
	assert_string_equal(w->inv->lab.shared[0], "/data");
	assert_null(w->inv->lab.shared[1]);
	world_free(w);
}

/* The state directory comes behind what it lies on, and what lies there before is nothing against it. */
static void the_state_may_be_on_it_from_the_first_run_on(void **state)
{
	(void)state;
	static const char state_on[] = "state: /mnt/nfs/slurm/state\n"
				       "storage: { nfs: [ { server: 10.9.9.9, export: /tank, mount: /mnt/nfs } ] }\n";
	static const char two[] = "reeve: 1\ncluster: tiny\nhosts: { c1: 10.0.0.1, n1: 10.0.0.2, n2: 10.0.0.3 }\n"
				  "controllers: [c1, n1]\ncompute: [n1, n2]\n"
				  "partitions: { work: { nodes: all, default: true } }\n";
	for (int without = 0; without < 2; without++) {
		struct world *w = world_of(two, without ? "state: /mnt/nfs/slurm/state\n" : state_on);
		for (size_t i = 0; i < 2; i++) {
			w->facts[i].state_source = "/dev/sda1";
			w->facts[i].state_mount = "/";
			tell(w, i, json_pack("{s:{s:i}}", "storage.list", "errno", 2));
		}
		world_resolve(w);
		assert_int_equal(world_has(&w->cluster->findings, "state-mount"), without);
		const struct resource *r =
		    catalog_find(modules_compile(w->cluster, 0, w->arena), "directory:/mnt/nfs/slurm/state");
		assert_int_equal(r->stage, without ? STAGE_PREPARE : STAGE_AUTH);
		if (!without)
			assert_string_equal(w->cluster->state_source, "10.9.9.9:/tank");
		world_free(w);
	}
}

static void a_way_that_others_cannot_go_is_found_on_the_server(void **state)
{
	(void)state;
	static const struct {
		const char *above, *end;
		int uid;
		const char *what;
	} cases[] = {
	    {"0755", "0755", 0, NULL},
	    {"0755", "0700", 0, NULL}, /* its own: it gets 0755 */
	    {"0755", "0700", 1000,
	     "/srv/disk has mode 0700: users and the user slurm cannot reach the export /srv/disk"},
	    {"0700", "0755", 0, "/srv has mode 0700: users and the user slurm cannot reach the export /srv/disk"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w =
		    world_of(world_yaml, "storage: { nfs: [ { server: n1, export: /srv/disk, mount: /mnt/nfs } ] }\n");
		tell(w, 1,
		     json_pack("{s:{s:s, s:s, s:i}, s:{s:s, s:s, s:i}, s:{s:i}}", "storage.path./srv", "type",
			       "directory", "mode", cases[i].above, "uid", 0, "storage.path./srv/disk", "type",
			       "directory", "mode", cases[i].end, "uid", cases[i].uid, "storage.path./srv/disk/x",
			       "errno", 2));
		world_resolve(w);
		assert_int_equal(world_has(&w->cluster->findings, "storage-path"), cases[i].what != NULL);
		for (size_t k = 0; k < w->cluster->findings.len; k++)
			if (streq(w->cluster->findings.items[k].code, "storage-path"))
				assert_string_equal(w->cluster->findings.items[k].what, cases[i].what);
		world_free(w);
	}
}

static void a_mount_has_to_be_one_and_to_answer(void **state)
{
	(void)state;
	struct world *w =
	    world_of(world_yaml, "storage: { nfs: [ { server: 10.9.9.9, export: /tank, mount: /data } ] }\n");
	const bool present[HOSTS] = {true, true, false};
	world_resolve(w);
	const struct verify_context v = {.cluster = w->cluster, .present = present, .idle = present};
	struct checks checks = {.arena = w->arena};
	storage_verify(&(struct verify_context){.cluster = w->cluster, .present = present}, &checks);
	assert_int_equal(checks.len, 0);
	storage_verify(&v, &checks);
	assert_int_equal(checks.len, 1);
	const struct check *c = &checks.items[0];
	const char *why = NULL;
	assert_true(c->hosts[0] && c->hosts[1] && !c->hosts[2] && !c->for_all);
	assert_string_equal(c->argv[4], "/data");
	assert_int_equal(c->judge(c, &(struct check_answer){0, "nfs\n", ""}, w->arena, &why), CHECK_HOLDS);
	assert_int_equal(c->judge(c, &(struct check_answer){0, "ext2/ext3\n", ""}, w->arena, &why), CHECK_FAILED);
	assert_string_equal(why, "/data is not mounted");
	assert_int_equal(c->judge(c, &(struct check_answer){-1, "", ""}, w->arena, &why), CHECK_FAILED);
	assert_string_equal(why, "/data does not answer: the server 10.9.9.9 is down or unreachable");
	world_free(w);
}

/* The agent gave up one that is dead when it was asked for the facts: doctor does not wait for it once more. */
static void one_that_does_not_answer_is_not_looked_at_again(void **state)
{
	(void)state;
	struct world *w =
	    world_of(world_yaml, "storage: { nfs: [ { server: c1, export: /a, mount: /mnt/a }, { server: c1, "
				 "export: /b, mount: /mnt/b } ] }\n");
	tell(w, 1,
	     json_pack("{s:{s:i}, s:{s:i}}", "storage.answers.0", "errno", ETIMEDOUT, "storage.answers.1", "total", 1));
	world_resolve(w);
	const struct doctor_host h = {w->cluster, w->inv, &w->inv->hosts[1], w->arena};
	json_t *items = json_array();
	storage_diagnoses.items[0].ask(&h, items);
	assert_int_equal(json_array_size(items), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(items, 0), "name")), "storage.1");
	json_decref(items);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_cannot_be_is_found_in_the_file),
	    cmocka_unit_test(a_host_of_the_file_serves),
	    cmocka_unit_test(who_mounts_says_the_file),
	    cmocka_unit_test(a_class_can_do_without),
	    cmocka_unit_test(what_left_the_file_is_unmounted),
	    cmocka_unit_test(with_the_last_mount_goes_what_tried_it_again),
	    cmocka_unit_test(who_serves_no_more_exports_nothing),
	    cmocka_unit_test(a_server_that_does_not_answer_is_one_finding),
	    cmocka_unit_test(what_a_container_cannot_is_not_its_own),
	    cmocka_unit_test(the_state_may_be_on_it_from_the_first_run_on),
	    cmocka_unit_test(a_way_that_others_cannot_go_is_found_on_the_server),
	    cmocka_unit_test(a_mount_has_to_be_one_and_to_answer),
	    cmocka_unit_test(one_that_does_not_answer_is_not_looked_at_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
