/* The module users: what is read, what hosts have against it, what becomes of it, and what proves it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/users/csv.h"
#include "modules/users/users.h"
#include "world.h"

/* ssh-keygen -t ed25519 */
#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH28CsdyEoy+dd3KIGgvneQiFaoEZCsSKF8+o9S9fkuy"

static void what_cannot_be_is_found_in_the_file(void **state)
{
	(void)state;
	static const struct {
		const char *users, *faults;
	} cases[] = {
	    {"{ accounts: { alice: 2001 } }", ""},
	    {"", ""},
	    {"{ accounts: { Alice: 2001 } }", "901 account 'Alice': a name is small letters, digits, '_', '-' and '.', "
					      "at most 32, and begins with a letter"},
	    {"{ accounts: { alice: 2001, bob: 2001 } }", "903 account 'bob' has the same uid as account 'alice'"},
	    {"{ groups: { a: 2000, b: 2000 } }", "903 group 'b' has the same gid as group 'a'"},
	    {"{ groups: { alice: 2000 }, accounts: { alice: 2001 } }",
	     "903 account 'alice' has the same group name as group 'alice'"},
	    {"{ accounts: { alice: 64030 } }", "902 the uid of account 'alice': 60000 to 65535 are the system's; "
					       "people have 1000 to 59999, or 65536 and more"},
	    {"{ accounts: { alice: { uid: 2001, group: physics } } }",
	     "904 the group 'physics' of account 'alice' is not among 'groups'"},
	    {"{ accounts: { alice: { uid: 2001, keys: ['ssh-ed25519 AAAA'] } } }",
	     "905 a key of account 'alice' is cut off or damaged"},
	    {"{ accounts: { alice: { uid: 2001, keys: ['" KEY " alice@desk'] } } }", ""},
	    {"{ accounts: { alice: { uid: 2001, keys: [/nonexistent/alice.pub] } } }",
	     "212 'keys' of account 'alice' '/nonexistent/alice.pub': No such file or directory"},
	    {"{ accounts: { alice: { uid: 2001, password: /tmp } } }",
	     "212 'password' of account 'alice' '/tmp': it is not a regular file"},
	    {"{ accounts: { alice: { uid: 2001, shel: /bin/sh } } }", "102 unknown key 'shel' in account 'alice'"},
	    {"{ accounts: { alice: {} } }", "103 account 'alice' has no 'uid'"},
	    {"{ from: /nonexistent/users.csv }",
	     "212 'from' of 'users' '/nonexistent/users.csv': No such file or directory"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(world_faults(arena_printf(a, "users: %s\n", cases[i].users), a), cases[i].faults);
}

static void a_key_says_its_type_itself(void **state)
{
	(void)state;
	static const struct {
		const char *line, *fault;
	} cases[] = {
	    {KEY, NULL},
	    {KEY " a comment", NULL},
	    {"from=\"10.0.0.0/8\",command=\"echo \\\"a b\\\"\" " KEY, NULL},
	    {"no-pty  " KEY, NULL},
	    {"-----BEGIN OPENSSH PRIVATE KEY-----", "is a private key"},
	    {"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIH28CsdyEoy+dd3KIGgvneQiFaoEZCsSKF8+o9S9fkuy", "is cut off or damaged"},
	    {"ssh-ed25519", "is cut off or damaged"},
	    {"", "does not begin with the type of a key, like 'ssh-ed25519'"},
	    {"alice.pub", "does not begin with the type of a key, like 'ssh-ed25519'"},
	    {KEY "\nssh-rsa x", "is not one line of text"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *fault = users_key_fault(cases[i].line);
		if (!cases[i].fault)
			assert_null(fault);
		else
			assert_string_equal(fault ? fault : "none", cases[i].fault);
	}
}

static void a_table_is_read_as_spreadsheets_write_it(void **state)
{
	(void)state;
	static const char text[] = "\xEF\xBB\xBFname,uid\r\n\r\n\"a \"\"b\"\"\n,c\" , 2001\r\nlast,";
	_cleanup_arena_ struct arena *a = arena_new();
	struct csv csv;
	struct err err = {0};
	assert_int_equal(csv_parse(text, strlen(text), a, &csv, &err), 0);
	assert_int_equal(csv.len, 3);
	assert_string_equal(csv.items[0].items[0], "name");
	assert_string_equal(csv.items[1].items[0], "a \"b\"\n,c");
	assert_string_equal(csv.items[1].items[1], "2001");
	assert_int_equal(csv.items[1].line, 3);
	assert_int_equal(csv.items[2].line, 5);
	assert_int_equal(csv.items[2].len, 2);
	assert_string_equal(csv.items[2].items[1], "");
	assert_int_equal(csv_parse("", 0, a, &csv, &err), 0);
	assert_int_equal(csv.len, 0);
	assert_int_equal(csv_parse("a\n\"b", 4, a, &csv, &err), -1);
	assert_string_equal(err.text, "line 2: the quote is not closed");
	assert_int_equal(csv_parse("\"a\"b", 4, a, &csv, &err), -1);
	assert_string_equal(err.text, "line 1: a closing quote with something behind it");
	assert_int_equal(csv_parse("a\0b", 3, a, &csv, &err), -1);
}

/* A file of the operator's, gone with the test. */
struct file {
	char path[32];
};

static struct file file_with(const char *text)
{
	struct file f = {"/tmp/reeve-users-XXXXXX"};
	int fd = mkstemp(f.path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return f;
}

static void a_table_has_the_keys_of_accounts_as_columns(void **state)
{
	(void)state;
	static const struct {
		const char *text, *faults;
	} cases[] = {
	    {"uid,name,groups,keys\n2001,alice,video staff," KEY ";" KEY " two\n", ""},
	    {"name,uid\nalice,2001\nbob,x\nalice,2003\n",
	     "105 the uid of account 'bob' (FILE, line 3) should be a whole number from 1000 to 2147483647, not 'x' | "
	     "903 account 'alice' (FILE, line 4) has the same name as account 'alice' (FILE, line 2)"},
	    {"name,uid,hobby\nalice,2001,chess\n", "906 FILE, line 1: unknown column 'hobby'"},
	    {"uid\n2001\n", "906 FILE: no column 'name'"},
	    {"name,uid\n,2001\n", "906 FILE, line 2: there is no name"},
	    {"", "906 FILE is empty"},
	    {"name,uid\n\"alice,2001\n", "906 FILE, line 2: the quote is not closed"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct file f = file_with(cases[i].text);
		const char *faults = world_faults(arena_printf(a, "users: { from: %s }\n", f.path), a);
		const char *wanted = cases[i].faults, *all = "";
		for (const char *at; (at = strstr(wanted, "FILE")); wanted = at + 4)
			all = arena_printf(a, "%s%.*s%s", all, (int)(at - wanted), wanted, f.path);
		unlink(f.path);
		assert_string_equal(faults, arena_printf(a, "%s%s", all, wanted));
	}
}

static void tell(struct world *w, size_t host, const char *name, json_t *answer)
{
	static const char sshd[] = "users.sshd";
	struct err err = {0};
	json_t *answers = json_pack("{s:{s:s}}", sshd, "type", "file");
	json_object_set_new(answers, name, answer);
	assert_int_equal(modules_take(answers, w->arena, &w->facts[host].own, &err), 0);
	json_decref(answers);
}

/* "n1 account-taken: what | ..." of all hosts. */
static const char *blames(const struct world *w)
{
	const char *all = "";
	for (size_t i = 0; i < w->cluster->findings.len; i++) {
		const struct finding *f = &w->cluster->findings.items[i];
		if (str_starts(f->code, "account"))
			all =
			    arena_printf(w->arena, "%s%s%s %s: %s", all, *all ? " | " : "", f->host, f->code, f->what);
	}
	return all;
}

static void what_means_something_else_on_a_host_leaves_it_out(void **state)
{
	(void)state;
	static const char users[] = "users: { groups: { physics: 2000 }, accounts: { alice: { uid: 2001, group: "
				    "physics, groups: video }, bob: 2002 } }\n";
	static const struct {
		const char *item, *key, *text, *blames;
	} cases[] = {
	    {"users.accounts", "out", "alice:x:2001:2000::/home/alice:/bin/zsh\n", ""},
	    {"users.accounts", "out", "alice:x:2009:2000::/home/alice:/bin/sh\n",
	     "n1 account-taken: alice has the uid 2009 there, not 2001"},
	    {"users.accounts", "out", "eve:x:2001:2000::/home/eve:/bin/sh\n",
	     "n1 account-taken: the uid 2001 of alice is that of eve there"},
	    {"users.accounts", "out", "alice:x:2001:100::/home/alice:/bin/sh\n",
	     "n1 account-taken: the first group of alice has the gid 100 there, not 2000"},
	    {"users.accounts", "out", "alice:x:2001:2000::/data/alice:/bin/sh\nbob:x:7:7::/:/\n",
	     "n1 account-taken: alice has the home /data/alice there, not /home/alice; bob has the uid 7 there, not "
	     "2002"},
	    {"users.accounts", "out", "nonsense\n:::\nalice\n", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_more(users);
		json_t *answers = json_pack("{s:{s:s}, s:{s:s}}", cases[i].item, cases[i].key, cases[i].text,
					    "users.groups", "out", "video:x:44:\n");
		struct err err = {0};
		assert_int_equal(modules_take(answers, w->arena, &w->facts[1].own, &err), 0);
		json_decref(answers);
		world_resolve(w);
		assert_string_equal(blames(w), cases[i].blames);
		assert_true((w->cluster->hosts[1].blamed != NULL) == (*cases[i].blames != '\0'));
		assert_null(w->cluster->hosts[2].blamed);
		assert_null(catalog_find(modules_compile(w->cluster, 2, w->arena), "user:eve"));
		world_free(w);
	}
}

static void groups_and_shells_have_to_be_there(void **state)
{
	(void)state;
	struct world *w =
	    world_more("users: { groups: { physics: 2000 }, accounts: { alice: { uid: 2001, groups: [video, physics], "
		       "shell: /bin/zsh } } }\n");
	json_t *items = modules_ask(w->inv, &w->inv->hosts[1]);
	char *text = json_dumps(items, JSON_COMPACT);
	assert_non_null(strstr(text, "\"keys\":[\"alice\",\"2001\"],\"otherwise\":{\"run\":[\"getent\",\"passwd\"]"));
	assert_non_null(strstr(text, "\"keys\":[\"video\",\"physics\",\"2000\",\"alice\",\"2001\"],\"otherwise\":"
				     "{\"run\":[\"getent\",\"group\"]"));
	assert_non_null(strstr(text, "{\"name\":\"users.shell./bin/zsh\",\"stat\":\"/bin/zsh\",\"follow\":true}"));
	free(text);
	json_decref(items);
	tell(w, 1, "users.shell./bin/zsh", json_pack("{s:i}", "errno", 2));
	tell(w, 2, "users.accounts", json_pack("{s:b}", "timeout", 1));
	world_resolve(w);
	assert_string_equal(
	    blames(w),
	    "n1 account-needs: there is no shell /bin/zsh; there is no group video, which alice is to be in | "
	    "n2 accounts-silent: it did not say within 20 s which accounts it has");
	world_free(w);
}

/* IDs of what the module wants on a host, with " " between. */
static const char *wanted(struct world *w, size_t host)
{
	const struct catalog *c = modules_compile(w->cluster, host, w->arena);
	const char *all = "";
	for (size_t i = 0; i < c->len; i++)
		if (streq(c->items[i].module, "users"))
			all = arena_printf(w->arena, "%s%s%s", all, *all ? " " : "", c->items[i].id);
	return all;
}

static void accounts_become_resources(void **state)
{
	(void)state;
	struct world *w = world_more(
	    "users: { groups: { physics: 2000 }, accounts: { alice: { uid: 2001, group: physics, keys: ['" KEY
	    "'], sudo: true }, bob: 2002, carol: { uid: 2003, absent: true } } }\n");
	tell(w, 1, "users.groups", json_null());
	tell(w, 2, "users.socket", json_pack("{s:s}", "type", "link"));
	world_resolve(w);
	/* Nothing is known of sshd there. */
	assert_string_equal(wanted(w, 0),
			    "group:physics group:bob user:alice user:bob user:carol home:/home/alice home:/home/bob "
			    "packages:sudo file:/etc/sudoers.d/reeve file:/var/lib/reeve/accounts");
	static const char keys[] = "directory:/etc/ssh/reeve file:/etc/ssh/reeve/alice absent:/etc/ssh/reeve/bob "
				   "absent:/etc/ssh/reeve/carol file:/etc/ssh/sshd_config.d/reeve-users.conf";
	assert_non_null(strstr(wanted(w, 1), keys));
	assert_non_null(strstr(wanted(w, 2), keys));
	const struct catalog *c = modules_compile(w->cluster, 1, w->arena);
	const struct resource *ssh = catalog_find(c, "service:ssh.service"), *alice = catalog_find(c, "user:alice");
	assert_true(ssh->service.reload);
	assert_string_equal(ssh->service.inputs[0], "/etc/ssh/sshd_config.d/reeve-users.conf");
	assert_null(catalog_find(modules_compile(w->cluster, 2, w->arena), "service:ssh.service"));
	assert_non_null(strstr(catalog_find(c, "file:/etc/ssh/sshd_config.d/reeve-users.conf")->file.content,
			       "\nMatch User alice\n\tAuthorizedKeysFile .ssh/authorized_keys "
			       ".ssh/authorized_keys2 /etc/ssh/reeve/%u\n"));
	assert_non_null(strstr(catalog_find(c, "file:/etc/sudoers.d/reeve")->file.content,
			       "\nalice ALL=(ALL:ALL) NOPASSWD: ALL\n"));
	assert_string_equal(catalog_find(c, "file:/var/lib/reeve/accounts")->file.content, "alice 2001\nbob 2002\n");
	assert_null(alice->user.not_groups[0]);
	assert_string_equal(catalog_find(c, "user:bob")->user.not_groups[0], "physics");
	assert_null(catalog_find(c, "user:bob")->user.not_groups[1]);
	assert_true(catalog_find(c, "user:carol")->user.locked);
	assert_int_equal(alice->stage, STAGE_PREPARE);
	world_free(w);
}

/* Each with a group of its own: what is sent of one does not grow with the others. */
static void many_accounts_can_be_sent(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err err = {0};
	strbuf_adds(&text, "users: { accounts: { ");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&text, "p%d: %d, ", i, 2000 + i);
	strbuf_adds(&text, "} }\n");
	struct world *w = world_more(strbuf_str(&text));
	world_resolve(w);
	const struct resource *last = catalog_find(modules_compile(w->cluster, 1, w->arena), "user:p999");
	struct resource read;
	json_t *json = resource_encode(last);
	assert_int_equal(resource_decode(json, w->arena, &read, &err), 0);
	json_decref(json);
	world_free(w);
}

static void more_groups_than_a_host_takes_are_refused(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_adds(&text, "users: { groups: { ");
	for (int i = 0; i < 201; i++)
		strbuf_addf(&text, "g%d: %d, ", i, 2000 + i);
	strbuf_adds(&text, "} }\n");
	assert_string_equal(world_faults(strbuf_str(&text), a), "907 201 groups; reeve takes 200");
}

/* Made once, where all share it, and only after what it lies on may have been mounted. */
static void shared_homes_are_made_by_one_host(void **state)
{
	(void)state;
	struct world *w = world_more("users: { home: /srv/home, accounts: { alice: 2001 } }\n");
	world_resolve(w);
	const struct resource *home = catalog_find(modules_compile(w->cluster, 0, w->arena), "home:/srv/home/alice");
	assert_true(home && home->home.shared && home->stage == STAGE_AUTH);
	for (size_t i = 1; i < HOSTS; i++)
		assert_null(catalog_find(modules_compile(w->cluster, i, w->arena), "home:/srv/home/alice"));
	world_free(w);
	w = world_more("users: { home: /srv/home, accounts: { alice: 2001 } }\n"
		       "classes: [ { name: head, when: controller, users: false } ]\n");
	world_resolve(w);
	assert_non_null(catalog_find(modules_compile(w->cluster, 1, w->arena), "home:/srv/home/alice"));
	assert_null(catalog_find(modules_compile(w->cluster, 2, w->arena), "home:/srv/home/alice"));
	world_free(w);
	/* Root of c1 is nobody there. */
	w = world_more("users: { home: /srv/home, accounts: { alice: 2001 } }\n"
		       "storage: { nfs: [ { server: n1, export: /disk, mount: /srv/home, root: n2 } ] }\n");
	for (size_t i = 0; i < HOSTS; i++) {
		struct err err = {0};
		json_t *answers = json_pack("{s:{s:i}}", "storage.list", "errno", 2);
		assert_int_equal(modules_take(answers, w->arena, &w->facts[i].own, &err), 0);
		json_decref(answers);
	}
	world_resolve(w);
	for (size_t i = 0; i < HOSTS; i++)
		assert_true(!catalog_find(modules_compile(w->cluster, i, w->arena), "home:/srv/home/alice") ==
			    (i != 1));
	world_free(w);
}

/* Its hash is read by the run: until then the password stays as it is. */
static void a_password_is_a_secret_in_a_file(void **state)
{
	(void)state;
	struct file f = file_with("$6$saltsalt$hash\n");
	_cleanup_arena_ struct arena *a = arena_new();
	struct world *w = world_more(
	    arena_printf(a, "users: { accounts: { alice: { uid: 2001, password: %s }, bob: 2002 } }\n", f.path));
	world_resolve(w);
	assert_int_equal(w->cluster->secret_count, 2);
	struct cluster_secret *s = &w->cluster->secrets[1];
	assert_string_equal(s->row->name, "password.alice");
	assert_string_equal(s->row->file, f.path);
	assert_int_equal(s->state, SECRET_GIVEN);
	assert_null(s->row->fault((const unsigned char *)"$6$a$b", 6));
	assert_non_null(s->row->fault((const unsigned char *)"$6$a$b\n$6", 9));
	assert_non_null(s->row->fault((const unsigned char *)"correct horse", 13));
	assert_non_null(s->row->fault((const unsigned char *)"bob:$6$saltsalt", 15));
	assert_null(catalog_find(modules_compile(w->cluster, 1, w->arena), "user:alice")->user.secret);
	s->fingerprint = "ab";
	const struct resource *alice = catalog_find(modules_compile(w->cluster, 1, w->arena), "user:alice");
	assert_string_equal(alice->user.secret, "password.alice");
	assert_string_equal(alice->user.fingerprint, "ab");
	assert_null(catalog_find(modules_compile(w->cluster, 1, w->arena), "user:bob")->user.secret);
	struct record r = {0};
	cluster_record_secrets(w->cluster, &r);
	for (size_t i = 0; i < r.secret_count; i++)
		assert_string_not_equal(r.secrets[i].name, "password.alice");
	unlink(f.path);
	world_free(w);
}

static void proof_of(struct world *w, const char *user, struct checks *checks)
{
	static const char *const names[] = {"n1", "n2", NULL};
	const bool present[HOSTS] = {true, true, true};
	static struct job_set set;
	struct verify_context v = {.cluster = w->cluster, .controller = 0, .present = present, .job_name = "test"};
	set = (struct job_set){.partition = w->inv->partitions,
			       .label = "work",
			       .names = names,
			       .hostlist = "n[1-2]",
			       .count = 2,
			       .user = user};
	users_prove(&v, &set, checks);
	if (!user)
		users_verify(&v, checks);
}

static void a_job_in_the_home_proves_it(void **state)
{
	(void)state;
	static const struct {
		const char *out;
		enum check_verdict shared, own;
	} cases[] = {
	    {"- 17\nn1 17\nn2 17\n", CHECK_HOLDS, CHECK_HOLDS},  {"- 17\nn1 17\nn2 18\n", CHECK_FAILED, CHECK_HOLDS},
	    {"- 17\nn1 18\nn2 18\n", CHECK_FAILED, CHECK_HOLDS}, {"- 17\nn2 17\n", CHECK_FAILED, CHECK_FAILED},
	    {"- \nn1 17\nn2 17\n", CHECK_FAILED, CHECK_HOLDS},   {"", CHECK_FAILED, CHECK_FAILED},
	};
	for (int shared = 0; shared < 2; shared++) {
		struct world *w = world_more(
		    shared
			? "users: { home: /srv/home, accounts: { carol: { uid: 2003, absent: true }, alice: 2001 } }\n"
			: "users: { accounts: { alice: 2001 } }\n");
		struct checks checks = {.arena = w->arena};
		world_resolve(w);
		proof_of(w, "somebody", &checks);
		assert_int_equal(checks.len, 0);
		proof_of(w, NULL, &checks);
		assert_int_equal(checks.len, 1);
		const struct check *c = &checks.items[0];
		assert_string_equal(c->argv[4], shared ? "/srv/home/alice" : "/home/alice");
		assert_string_equal(c->argv[5], "setpriv");
		assert_string_equal(c->argv[6], "--reuid=alice");
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			const char *why = NULL;
			enum check_verdict end =
			    c->judge(c, &(struct check_answer){0, cases[i].out, ""}, w->arena, &why);
			assert_int_equal(end, shared ? cases[i].shared : cases[i].own);
			assert_true((why != NULL) == (end == CHECK_FAILED));
		}
		world_free(w);
	}
}

static void sshd_has_to_look_at_the_keys(void **state)
{
	(void)state;
	struct world *w = world_more("users: { accounts: { alice: { uid: 2001, keys: ['" KEY "'] } } }\n");
	struct checks checks = {.arena = w->arena};
	const char *why = NULL;
	tell(w, 1, "users.groups", json_null());
	world_resolve(w);
	proof_of(w, NULL, &checks);
	assert_int_equal(checks.len, 2);
	const struct check *c = &checks.items[1];
	assert_true(c->hosts[1] && !c->hosts[0] && !c->hosts[2]);
	assert_string_equal(c->argv_of[1][3], "user=alice,host=localhost,addr=127.0.0.1");
	assert_int_equal(
	    c->judge(c, &(struct check_answer){0, "authorizedkeysfile .ssh/authorized_keys /etc/ssh/reeve/%u\n", ""},
		     w->arena, &why),
	    CHECK_HOLDS);
	assert_int_equal(
	    c->judge(c, &(struct check_answer){0, "authorizedkeysfile .ssh/authorized_keys\n", ""}, w->arena, &why),
	    CHECK_FAILED);
	assert_string_equal(why, "sshd does not look at the keys in /etc/ssh/reeve");
	assert_int_equal(c->judge(c, &(struct check_answer){255, "", "/etc/ssh/x: line 1: Bad\n"}, w->arena, &why),
			 CHECK_FAILED);
	assert_string_equal(why, "sshd: /etc/ssh/x: line 1: Bad");
	world_free(w);
}

/* What was given to a host and is not in the file any more, as far as it is still what it was. */
static void who_left_the_file_is_locked(void **state)
{
	(void)state;
	struct world *w = world_more("users: { accounts: { bob: 2002 } }\n");
	struct err err = {0};
	json_t *answers = json_pack("{s:{s:s}, s:{s:s}}", "users.list", "text",
				    "dave 2004\n../x 2005\nbob 2002\nroot 0\ndave 2004\nerin 2006\nfred 2007\n",
				    "users.local", "text",
				    "root:x:0:0::/root:/bin/sh\nbob:x:2002:2002::/home/bob:/bin/sh\n"
				    "dave:x:2004:2004::/home/dave:/bin/sh\nerin:x:2106:2006::/home/erin:/bin/sh\n");
	assert_int_equal(modules_take(answers, w->arena, &w->facts[1].own, &err), 0);
	json_decref(answers);
	world_resolve(w);
	const struct catalog *c = modules_compile(w->cluster, 1, w->arena);
	const struct resource *dave = catalog_find(c, "user:dave");
	assert_true(dave && dave->user.locked && dave->user.uid == 2004);
	assert_non_null(catalog_find(c, "absent:/etc/ssh/reeve/dave"));
	assert_null(catalog_find(c, "user:erin"));
	assert_null(catalog_find(c, "user:fred"));
	assert_null(catalog_find(c, "user:root"));
	assert_false(catalog_find(c, "user:bob")->user.locked);
	assert_string_equal(c->items[c->len - 1].module, "users");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_cannot_be_is_found_in_the_file),
	    cmocka_unit_test(a_key_says_its_type_itself),
	    cmocka_unit_test(a_table_is_read_as_spreadsheets_write_it),
	    cmocka_unit_test(a_table_has_the_keys_of_accounts_as_columns),
	    cmocka_unit_test(what_means_something_else_on_a_host_leaves_it_out),
	    cmocka_unit_test(groups_and_shells_have_to_be_there),
	    cmocka_unit_test(accounts_become_resources),
	    cmocka_unit_test(many_accounts_can_be_sent),
	    cmocka_unit_test(more_groups_than_a_host_takes_are_refused),
	    cmocka_unit_test(shared_homes_are_made_by_one_host),
	    cmocka_unit_test(a_password_is_a_secret_in_a_file),
	    cmocka_unit_test(a_job_in_the_home_proves_it),
	    cmocka_unit_test(sshd_has_to_look_at_the_keys),
	    cmocka_unit_test(who_left_the_file_is_locked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
