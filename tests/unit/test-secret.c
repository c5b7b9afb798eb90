/* The cluster's secrets by name: what hosts are asked, what they say, what is recorded, and what becomes of a new one beside the old. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/module.h"
#include "world.h"

#define KEY "munge.key"

static const char *fingerprint(struct world *w, int n)
{
	return arena_printf(w->arena, "%064d", n);
}

static const struct resource *resource_of(struct world *w, size_t host, const char *id)
{
	return catalog_find(modules_compile(w->cluster, host, w->arena), id);
}

static void hosts_are_asked_for_all_rows_and_what_lies_beside(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	struct facts_scope scope = {
	    .roles = module_roles, .secrets = w->options.secrets, .host = &w->inv->hosts[1], .salt = "00"};
	json_t *items = facts_request(&scope), *item;
	size_t i, asked = 0;
	json_array_foreach(items, i, item)
	{
		const char *path = json_string_value(json_object_get(item, "fingerprint"));
		asked += path && (streq(path, "/etc/munge/munge.key") || streq(path, "/etc/munge/munge.key.next"));
	}
	assert_int_equal(asked, 2);
	json_decref(items);
	struct inv_host nothing = *scope.host;
	nothing.controller = nothing.compute = false;
	scope.host = &nothing;
	items = facts_request(&scope);
	json_array_foreach(items, i, item) assert_null(json_object_get(item, "fingerprint"));
	json_decref(items);
	world_free(w);
}

static void an_older_record_has_the_one_secret_there_was(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	struct err err = {0};
	const char *old = arena_printf(w->arena,
				       "{\"format\":3,\"epoch\":1,\"cluster\":\"tiny\",\"hosts\":[],"
				       "\"generations\":[],\"key\":\"%064d\"}",
				       5);
	struct record *r = record_decode(old, w->arena, &err);
	assert_non_null(r);
	assert_string_equal(record_secret(r, w->options.secrets[0]), fingerprint(w, 5));
	const struct secret_row other = {.name = "other", .role = ROLE_NONE};
	assert_null(record_secret(r, &other));
	w->facts[0].record = old;
	w->facts[2].secrets[0].fingerprint = fingerprint(w, 5);
	world_resolve(w);
	assert_int_equal(w->cluster->secrets[0].state, SECRET_KNOWN);
	assert_int_equal(w->cluster->secrets[0].holders[0], 2);
	assert_false(cluster_secrets_differ(w->cluster));
	char *text = record_encode(cluster_record(w->cluster, w->arena));
	assert_non_null(strstr(text, "\"format\": 4"));
	r = record_decode(text, w->arena, &err);
	free(text);
	assert_non_null(r);
	assert_string_equal(r->secrets[0].name, KEY);
	assert_string_equal(record_secret(r, w->options.secrets[0]), fingerprint(w, 5));
	world_free(w);
}

static void a_record_that_lies_of_secrets_is_refused(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	const char *hex = arena_printf(a, "%064d", 1);
	const char *lies[] = {
	    "\"secrets\":[]",
	    "\"secrets\":{\"munge.key\":\"77\"}",
	    arena_printf(a, "\"secrets\":{\"a b\":\"%s\"}", hex),
	    arena_printf(a, "\"secrets\":{\"munge.key\":\"%s\"},\"key\":\"%s\"", hex, hex),
	    "\"key\":\"77\"",
	    arena_printf(a,
			 "\"secrets\":{\"a\":\"%s\",\"b\":\"%s\",\"c\":\"%s\",\"d\":\"%s\",\"e\":\"%s\",\"f\":\"%s\","
			 "\"g\":\"%s\",\"h\":\"%s\",\"i\":\"%s\"}",
			 hex, hex, hex, hex, hex, hex, hex, hex, hex),
	};
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct err err = {0};
		const char *text = arena_printf(
		    a, "{\"format\":4,\"epoch\":1,\"cluster\":\"x\",\"hosts\":[],\"generations\":[],%s}", lies[i]);
		assert_null(record_decode(text, a, &err));
		assert_int_equal(err.code, ERR_PROTOCOL);
	}
}

/* The record names the new one, and the run was cut off before all hosts had taken it. */
static void a_rotation_that_was_cut_off_is_completed_from_what_lies_beside(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	const char *old = w->facts[0].secrets[0].fingerprint, *new = fingerprint(w, 7);
	struct record *record = cluster_record(w->cluster, w->arena);
	record->secrets[0] = (struct record_secret){KEY, new};
	record->secret_count = 1;
	char *text = record_encode(record);
	w->facts[0].record = text;
	w->facts[0].secrets[0].next = w->facts[2].secrets[0].next = new;
	w->facts[1].secrets[0] = (struct facts_secret){.fingerprint = new};
	world_resolve(w);
	bool next;
	const struct cluster_secret *s = cluster_secret_of(w->cluster, ROLE_AUTH);
	assert_ptr_equal(s, cluster_secret(w->cluster, KEY));
	assert_int_equal(s->state, SECRET_KNOWN);
	assert_int_equal(s->holder_count, 3);
	assert_true(cluster_holds_secret(w->cluster, 0, s, &next) && next);
	assert_true(cluster_holds_secret(w->cluster, 1, s, &next) && !next);
	for (size_t i = 0; i < HOSTS; i++) {
		const struct resource *r = resource_of(w, i, "file:/etc/munge/munge.key");
		assert_string_equal(r->file.fingerprint, new);
		assert_string_equal(resource_secret(r), KEY);
		assert_null(resource_of(w, i, "absent:/etc/munge/munge.key.next"));
	}
	/* Nobody has it any more: the choices. */
	w->facts[0].secrets[0].next = w->facts[2].secrets[0].next = NULL;
	w->facts[1].secrets[0].fingerprint = old;
	world_resolve(w);
	assert_true(world_has(&w->cluster->findings, "key-lost"));
	free(text);
	world_free(w);
}

/* The run was cut off before the record named the new one: it never was the cluster's. */
static void what_lies_beside_and_is_not_wanted_goes(void **state)
{
	(void)state;
	struct world *w = world_new(world_yaml);
	world_running(w);
	const char *key = w->facts[0].secrets[0].fingerprint;
	w->facts[1].secrets[0].next = fingerprint(w, 7);
	w->facts[2].secrets[0].next = key; /* it has taken its place already, and came back */
	world_resolve(w);
	assert_string_equal(w->cluster->secrets[0].fingerprint, key);
	assert_null(resource_of(w, 0, "absent:/etc/munge/munge.key.next"));
	assert_non_null(resource_of(w, 1, "absent:/etc/munge/munge.key.next"));
	assert_non_null(resource_of(w, 2, "absent:/etc/munge/munge.key.next"));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hosts_are_asked_for_all_rows_and_what_lies_beside),
	    cmocka_unit_test(an_older_record_has_the_one_secret_there_was),
	    cmocka_unit_test(a_record_that_lies_of_secrets_is_refused),
	    cmocka_unit_test(a_rotation_that_was_cut_off_is_completed_from_what_lies_beside),
	    cmocka_unit_test(what_lies_beside_and_is_not_wanted_goes),
	};
	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
