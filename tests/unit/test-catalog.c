#include "catalog/catalog.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/str.h"
#include "base/vec.h"
#include "catalog/unit-name.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void fill_product(struct resource *r)
{
	static const char *const urls[] = {"https://go.dev/dl/go1.23.0.linux-amd64.tar.gz", "ftp://m/go?a=b&c=%20",
					   NULL};
	static const char *const run[] = {"srun", "-p", "build", NULL};
	static struct source sources[2];
	r->product.path = "/apps/go/.1.23.0-x86_64-ba7816bf8f01";
	r->product.user = "software";
	r->product.script = "make -j \"$JOBS\"\nmake install\n";
	r->product.run = run;
	r->product.timeout_s = 7200;
	static struct digest abc;
	digest_parse(ABC, &abc);
	r->product.digest = &abc;
	sources[0] = (struct source){"go1.23.0.tar.gz", abc, 1000000000, urls, SOURCE_INTO_BUILD, 1, NULL};
	sources[1] = (struct source){"fix.patch", abc, 0, NULL, SOURCE_FILE, 0, "/home/me/fix.patch"};
	r->product.sources = sources;
	r->product.source_count = 2;
}

static void every_resource_survives_the_wire(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct catalog c = {.arena = a};
	const struct source deb = {.name = "code.deb", .digest = digest_of("x", 1), .file = "/home/me/code.deb"};
	const struct package packages[] = {
	    {"munge", NULL, NULL}, {"slurmd", "22.05.8-4+deb12u3", NULL}, {"code", "1.0-1", &deb}};
	const char *const inputs[] = {"/etc/munge/munge.key", NULL};
	const char *hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	catalog_packages(&c, STAGE_PREPARE, packages, 3);
	catalog_file(&c, STAGE_ACTIVATE, "/etc/slurm/slurm.conf", "root", "root", 0644, "x\n", 2);
	catalog_secret(&c, STAGE_AUTH, "/etc/munge/munge.key", "munge", "munge", 0400, "munge.key", hex, hex);
	catalog_directory(&c, STAGE_PREPARE, "/var/log/slurm", "slurm", "slurm", 0755);
	catalog_link(&c, STAGE_PREPARE, "/etc/slurm-llnl", "slurm");
	catalog_service(&c, STAGE_AUTH, "munge.service", YES, YES, inputs);
	catalog_service(&c, STAGE_PREPARE, "ssh.service", YES, YES, NULL)->service.reload = true;
	catalog_group(&c, STAGE_PREPARE, "slurm", 64030, true);
	catalog_user(&c, STAGE_PREPARE, "slurm", -1, "slurm", "/nonexistent", "/usr/sbin/nologin", true);
	catalog_absent(&c, STAGE_PREPARE, "/etc/slurm/old.conf");
	struct resource *alice =
	    catalog_user(&c, STAGE_PREPARE, "alice", 5000, "people", "/home/alice", "/bin/bash", false);
	alice->user.groups = (const char *const[]){"gpu", "render", NULL};
	alice->user.not_groups = (const char *const[]){"docker", NULL};
	alice->user.secret = "alice";
	alice->user.fingerprint = alice->user.salt = hex;
	catalog_locked_user(&c, STAGE_PREPARE, "bob", 5001);
	catalog_home(&c, STAGE_PREPARE, "/home/alice", "alice", false);
	catalog_home(&c, STAGE_SERVICES, "/shared/alice", "alice", true);
	catalog_mount(&c, STAGE_PREPARE, "/home", "fs1:/export/home", "nfs", "nosuid", 30, true);
	catalog_mount(&c, STAGE_PREPARE, "/scratch", "UUID=12-34", "xfs", NULL, 300, false);
	catalog_unmount(&c, STAGE_PREPARE, "/old");
	fill_product(catalog_product(&c, STAGE_SERVICES, "/apps/go/1.23.0/x86_64"));
	struct resource *gone = catalog_product(&c, STAGE_SERVICES, "/apps/go/1.22.0/x86_64");
	gone->product.path = "/apps/go/.1.22.0-x86_64-000000000000";
	gone->product.user = "software";
	gone->product.gone = true;
	gone->alone = true;
	catalog_spool(&c, STAGE_PREPARE, "software", (const char *const[]){hex, NULL},
		      (const char *const[]){"/apps/go/.1.22.0-x86_64-000000000000", NULL});
	for (size_t i = 0; i < c.len; i++) {
		json_t *json = resource_encode(&c.items[i]);
		struct resource back;
		struct err err = {0};
		if (resource_decode(json, a, &back, &err) < 0)
			fail_msg("%s: %s", c.items[i].id, err.text);
		json_t *again = resource_encode(&back);
		assert_true(json_equal(json, again));
		json_object_set_new(json, "surprise", json_true());
		assert_int_equal(resource_decode(json, a, &back, &err), -1);
		json_decref(json);
		json_decref(again);
	}
}

static void resources_say_what_they_touch_and_need(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct catalog c = {.arena = a};
	struct content content;
	const struct resource *r = catalog_mount(&c, STAGE_PREPARE, "/home", "fs1:/h", "nfs", NULL, 30, false);
	assert_string_equal(r->id, "mount:/home");
	assert_string_equal(resource_path(r), "/home");
	assert_null(resource_secret(r));
	assert_false(resource_content(r, &content));
	assert_int_equal(resource_limit_s(r), 0);
	struct resource *product = catalog_product(&c, STAGE_SERVICES, "/apps/go/1.23.0");
	fill_product(product);
	r = product;
	assert_string_equal(r->id, "product:/apps/go/1.23.0");
	assert_string_equal(resource_path(r), "/apps/go/1.23.0");
	assert_false(resource_content(r, &content));
	assert_ptr_equal(resource_source(r, 1), &r->product.sources[1]);
	assert_null(resource_source(r, 2));
	/* 4,000 s for a gigabyte, an hour for who knows how much, what unpacking takes, the script, the rest. */
	assert_int_equal(resource_limit_s(r), 4000 + 3600 + 2 * 1800 + 7200 + 1800);
	const struct package debs[] = {{"a", NULL, NULL}, {"b", "1-1", &product->product.sources[0]}};
	r = catalog_packages(&c, STAGE_PREPARE, debs, 2);
	assert_ptr_equal(resource_source(r, 0), debs[1].deb);
	assert_null(resource_source(r, 1));
	assert_int_equal(resource_limit_s(r), 4000);
	struct resource *user = catalog_user(&c, STAGE_PREPARE, "u", -1, "g", "/h", "/s", true);
	assert_null(resource_path(user));
	user->user.secret = "u";
	assert_string_equal(resource_secret(user), "u");
	r = catalog_home(&c, STAGE_PREPARE, "/home/u", "u", true);
	assert_string_equal(r->id, "home:/home/u");
	assert_string_equal(resource_path(r), "/home/u");
	r = catalog_secret(&c, STAGE_AUTH, "/k", "root", "root", 0400, "k", "f", "s");
	assert_string_equal(resource_secret(r), "k");
	assert_false(resource_content(r, &content));
	r = catalog_file(&c, STAGE_AUTH, "/f", "root", "root", 0644, "x", 1);
	assert_true(resource_content(r, &content) && content.size == 1);
}

/* The answers of `systemd-escape --path`. */
static void units_are_named_after_paths(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	static const char *const names[][2] = {
	    {"/home", "home"},       {"/srv/data", "srv-data"},   {"/srv//data/", "srv-data"}, {"/a-b", "a\\x2db"},
	    {"/a b", "a\\x20b"},     {"/a\\b", "a\\x5cb"},        {"/.hidden", "\\x2ehidden"}, {"/a/.b", "a-.b"},
	    {"/a.b:c_d", "a.b:c_d"}, {"/\xc3\xa9", "\\xc3\\xa9"}, {"/a@b", "a\\x40b"},         {"/", "-"},
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(unit_name(a, names[i][0], ""), names[i][1]);
	assert_string_equal(unit_name(a, "/home", ".mount"), "home.mount");
}

static void decoder_refuses_what_could_do_harm(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	const char *bad[] = {
	    "{\"id\":\"a\",\"type\":\"absent\",\"stage\":\"auth\",\"path\":\"etc/passwd\"}",
	    "{\"id\":\"a\",\"type\":\"absent\",\"stage\":\"auth\",\"path\":\"/etc/../etc/passwd\"}",
	    "{\"id\":\"a\",\"type\":\"absent\",\"stage\":\"auth\",\"path\":\"/\"}",
	    "{\"id\":\"a\",\"type\":\"absent\",\"stage\":\"auth\",\"path\":\"/a\\nb\"}",
	    "{\"id\":\"a\",\"type\":\"absent\",\"stage\":\"never\",\"path\":\"/a\"}",
	    "{\"id\":\"a\",\"type\":\"nothing\",\"stage\":\"auth\",\"path\":\"/a\"}",
	    "{\"id\":\"a\",\"type\":\"packages\",\"stage\":\"auth\",\"packages\":[{\"name\":\"-o\"}]}",
	    "{\"id\":\"a\",\"type\":\"packages\",\"stage\":\"auth\",\"packages\":[{\"name\":\"a b\"}]}",
	    "{\"id\":\"a\",\"type\":\"group\",\"stage\":\"auth\",\"name\":\"g\",\"gid\":-2,\"system\":true}",
	    ("{\"id\":\"a\",\"type\":\"directory\",\"stage\":\"auth\",\"path\":\"/a\","
	     "\"owner\":\"root\",\"group\":\"root\",\"mode\":\"9\"}"),
	    ("{\"id\":\"a\",\"type\":\"mount\",\"stage\":\"auth\",\"where\":\"/m\",\"source\":\"-o\","
	     "\"fstype\":\"nfs\",\"timeout\":5}"),
	    ("{\"id\":\"a\",\"type\":\"mount\",\"stage\":\"auth\",\"where\":\"/m\",\"source\":\"s:/x\","
	     "\"fstype\":\"nfs\",\"timeout\":0}"),
	    ("{\"id\":\"a\",\"type\":\"mount\",\"stage\":\"auth\",\"where\":\"/m\",\"source\":\"/x\","
	     "\"fstype\":\"none\",\"options\":\"ro,bind\",\"timeout\":5}"),
	    ("{\"id\":\"a\",\"type\":\"mount\",\"stage\":\"auth\",\"where\":\"/m\",\"source\":\"s:/x\\nExec\","
	     "\"fstype\":\"nfs\",\"timeout\":5}"),
	    ("{\"id\":\"a\",\"type\":\"mount\",\"stage\":\"auth\",\"where\":\"/m\",\"gone\":true,"
	     "\"source\":\"s:/x\"}"),
	    "{\"id\":\"a\",\"type\":\"user\",\"stage\":\"auth\",\"name\":\"a:b,c\",\"uid\":1,\"locked\":true}",
	    ("{\"id\":\"a\",\"type\":\"user\",\"stage\":\"auth\",\"name\":\"a\",\"uid\":1,\"group\":\"g\","
	     "\"home\":\"/h\",\"shell\":\"/s\",\"groups\":[\"a,b\"],\"not_groups\":[]}"),
	    ("{\"id\":\"a\",\"type\":\"user\",\"stage\":\"auth\",\"name\":\"a\",\"uid\":1,\"group\":\"g\","
	     "\"home\":\"/h\",\"shell\":\"/s\",\"groups\":[],\"not_groups\":[],\"secret\":\"s\"}"),
	    "{\"id\":\"a\",\"type\":\"home\",\"stage\":\"auth\",\"path\":\"/h/../etc\",\"user\":\"a\"}",
	    "{\"id\":\"a\",\"type\":\"home\",\"stage\":\"auth\",\"path\":\"/h\",\"user\":\"a:b c\"}",
	    ("{\"id\":\"a\",\"type\":\"packages\",\"stage\":\"auth\",\"packages\":[{\"name\":\"a\",\"deb\":"
	     "{\"name\":\"a.deb\",\"digest\":\"" ABC "\",\"size\":0,\"urls\":[],\"unpack\":\"file\",\"strip\":0}}]}"),
	    "[]",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		json_t *json = json_loads(bad[i], 0, NULL);
		assert_non_null(json);
		struct resource r;
		struct err err = {0};
		if (resource_decode(json, a, &r, &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.code, ERR_PROTOCOL);
		json_decref(json);
	}
}

/* One member of a product that is right otherwise; NULL: it is left out. */
static int decode_product_with(const char *in_source, const char *key, json_t *value)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct catalog c = {.arena = a};
	struct resource *r = catalog_product(&c, STAGE_SERVICES, "/apps/go/1.23.0/x86_64"), back;
	struct err err = {0};
	fill_product(r);
	json_t *json = resource_encode(r), *object = json;
	if (in_source)
		object = json_array_get(json_object_get(json, "sources"), 0);
	json_object_set_new(object, key, value);
	int rc = resource_decode(json, a, &back, &err);
	if (rc < 0)
		assert_int_equal(err.code, ERR_PROTOCOL);
	json_decref(json);
	return rc;
}

static void products_are_plain(void **state)
{
	(void)state;
	static const char *const names[] = {"", ".a", "-a", "a/b", "a b", "..", "a\nb"};
	static const char *const urls[] = {"",           "file:///etc/shadow", "scp://h/x",    "https://",
					   "https:///x", "http://h/{a,b}",     "http://h/a b", "-o",
					   "http://h/\n"};
	static const char *const paths[] = {"/apps/go/1.23.0-ba7816bf8f01", "/apps/go/.ba7816bf8f01",
					    "/apps/go/.1.23-ba7816bf8f02",  "/apps/go/.1.23-ba7816bf8f01a",
					    "/apps/go/.1.23-ba7816bf8f0",   "/apps/../.1.23-ba7816bf8f01",
					    "/apps/go/.-ba7816bf8f01"};
	assert_int_equal(decode_product_with(NULL, "timeout", json_integer(60)), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(decode_product_with("source", "name", json_string(names[i])), -1);
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		assert_int_equal(decode_product_with("source", "urls", json_pack("[s]", urls[i])), -1);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_int_equal(decode_product_with(NULL, "path", json_string(paths[i])), -1);
	assert_int_equal(decode_product_with("source", "strip", json_integer(10)), -1);
	assert_int_equal(decode_product_with("source", "size", json_integer(-1)), -1);
	assert_int_equal(decode_product_with("source", "unpack", json_string("root")), -1);
	assert_int_equal(decode_product_with("source", "file", json_string("/etc/shadow")), -1);
	assert_int_equal(decode_product_with("source", "name", json_string("fix.patch")), -1);
	assert_int_equal(decode_product_with(NULL, "user", json_string("root")), -1);
	assert_int_equal(decode_product_with(NULL, "timeout", json_integer(0)), -1);
	assert_int_equal(decode_product_with(NULL, "run", json_pack("[s]", "a\nb")), -1);
	assert_int_equal(decode_product_with(NULL, "gone", json_true()), -1);
	assert_int_equal(decode_product_with(NULL, "sources", json_string("")), -1);
}

static void what_a_spool_keeps_is_named_exactly(void **state)
{
	(void)state;
	static const char *const bad[] = {
	    "'user': 'root', 'keep': [], 'products': []",
	    "'user': 'software', 'keep': ['abc'], 'products': []",
	    "'user': 'software', 'keep': [7], 'products': []",
	    "'user': 'software', 'keep': [], 'products': ['/apps/go/1.22.0']",
	    "'user': 'software', 'keep': [], 'products': ['apps/go/.1.22.0-000000000000']",
	    "'user': 'software', 'products': []",
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *text = arena_printf(a, "{'id': 'spool:x', 'type': 'spool', 'stage': 'prepare', %s}", bad[i]);
		for (char *p = text; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		json_t *json = json_loads(text, 0, NULL);
		struct resource back;
		struct err err = {0};
		assert_non_null(json);
		assert_int_equal(resource_decode(json, a, &back, &err), -1);
		json_decref(json);
	}
}

/* The whole lattice: commutative, associative, and failed wins over everything, as does whatever is no result at all.
 */
static void merged_events_never_become_better(void **state)
{
	(void)state;
	for (int a = -2; a < EVENT_RESULTS + 2; a++)
		for (int b = -2; b < EVENT_RESULTS + 2; b++) {
			enum event_result m = event_merge((enum event_result)a, (enum event_result)b);
			assert_int_equal(m, event_merge((enum event_result)b, (enum event_result)a));
			bool valid = a >= 0 && b >= 0 && a < EVENT_RESULTS && b < EVENT_RESULTS;
			if (!valid || a == EVENT_FAILED || b == EVENT_FAILED)
				assert_int_equal(m, EVENT_FAILED);
			else
				assert_true((int)m == a || (int)m == b);
			if (m == EVENT_UNCHANGED)
				assert_true(a == EVENT_UNCHANGED && b == EVENT_UNCHANGED);
			for (int c = -2; c < EVENT_RESULTS + 2; c++)
				assert_int_equal(event_merge(m, (enum event_result)c),
						 event_merge((enum event_result)a,
							     event_merge((enum event_result)b, (enum event_result)c)));
		}
}

static void frames_are_found_and_bounded(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf out = {0};
	struct digest d = digest_of("abc", 3);
	wire_put(&out, WIRE_HEARTBEAT, "", 0);
	wire_put_blob(&out, &d, "abc", 3);
	struct err err = {0};
	struct wire_frame f;
	assert_int_equal(wire_next(&out, &f, &err), 1);
	assert_int_equal(f.type, WIRE_HEARTBEAT);
	strbuf_consume(&out, WIRE_HEADER + f.len);
	for (size_t cut = 0; cut < out.len; cut++)
		assert_int_equal(wire_parse(out.data, cut, WIRE_MAX, &f, &err), 0);
	assert_int_equal(wire_next(&out, &f, &err), 1);
	const char *bytes;
	size_t len;
	assert_int_equal(wire_blob(&f, &d, &bytes, &len, &err), 0);
	assert_int_equal(len, 3);
	out.data[out.len - 1] = 'X';
	assert_int_equal(wire_blob(&f, &d, &bytes, &len, &err), -1);
	assert_int_equal(wire_parse("\xff\xff\xff\xffM", 5, WIRE_MAX, &f, &err), -1);
	assert_int_equal(wire_parse("\0\0\0\1Q", 5, WIRE_MAX, &f, &err), -1);
}

static void secrets_open_only_for_their_session(void **state)
{
	(void)state;
	struct wire_keys *mine = wire_keys_new(), *other = wire_keys_new();
	char hex[65], name[WIRE_SECRET_NAME + 1];
	wire_keys_public_hex(mine, hex);
	_cleanup_strbuf_ struct strbuf out = {0};
	struct err err = {0};
	assert_int_equal(wire_put_secret(&out, "munge.key", hex, "topsecret", 9, &err), 0);
	assert_null(memmem(out.data, out.len, "topsecret", 9));
	struct wire_frame f;
	assert_int_equal(wire_next(&out, &f, &err), 1);
	unsigned char *bytes;
	size_t len;
	assert_int_equal(wire_secret(&f, other, name, &bytes, &len, &err), -1);
	assert_int_equal(wire_secret(&f, mine, name, &bytes, &len, &err), 0);
	assert_int_equal(len, 9);
	assert_memory_equal(bytes, "topsecret", 9);
	assert_string_equal(name, "munge.key");
	sodium_free(bytes);
	assert_int_equal(wire_put_secret(&out, "../x", hex, "", 0, &err), -1);
	wire_keys_free(mine);
	wire_keys_free(other);
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_resource_survives_the_wire),
	    cmocka_unit_test(decoder_refuses_what_could_do_harm),
	    cmocka_unit_test(resources_say_what_they_touch_and_need),
	    cmocka_unit_test(units_are_named_after_paths),
	    cmocka_unit_test(products_are_plain),
	    cmocka_unit_test(what_a_spool_keeps_is_named_exactly),
	    cmocka_unit_test(merged_events_never_become_better),
	    cmocka_unit_test(frames_are_found_and_bounded),
	    cmocka_unit_test(secrets_open_only_for_their_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
