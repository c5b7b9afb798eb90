#include "base/diag.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json-text.h"
#include "base/map.h"
#include "base/mask.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <errno.h>

#include <cmocka.h>

static void err_keeps_code_and_wraps(void **state)
{
	(void)state;
	struct err err = {0};
	assert_int_equal(err_system(&err, ENOENT, "cannot open %s", "x"), -1);
	err_wrap(&err, "host %s", "dalt");
	assert_int_equal(err.code, ERR_SYSTEM);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.text, "host dalt: cannot open x: No such file or directory");
	err_set(&err, ERR_INPUT, "again: %s", err.text);
	assert_string_equal(err.text, "again: host dalt: cannot open x: No such file or directory");
}

static void arena_gives_zeroed_aligned_memory(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		char *p = arena_alloc(a, size);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xAA, size);
	}
	assert_string_equal(arena_printf(a, "%s-%d", "n", 7), "n-7");
}

static void numbers_are_whole_and_bounded(void **state)
{
	(void)state;
	uint64_t n = 42;
	assert_int_equal(str_to_u64("18446744073709551615", 0, UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);
	n = 42;
	const char *bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "1.0", "101"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(str_to_u64(bad[i], 0, i == 8 ? 100 : UINT64_MAX, &n), -1);
	assert_int_equal(n, 42);
}

static void texts_and_lists_are_compared(void **state)
{
	(void)state;
	assert_true(str_same("a", "a") && str_same(NULL, NULL));
	assert_false(str_same("a", NULL) || str_same(NULL, "a") || str_same("a", "b"));
	assert_true(str_has_item("a,bc,d", "bc", strncmp) && str_has_item("a,bc", "bc", strncmp));
	assert_false(str_has_item("a,bcd,d", "bc", strncmp) || str_has_item("a,b", "bc", strncmp));
	assert_false(str_has_item("A", "a", strncmp) || str_has_item("", "a", strncmp) ||
		     str_has_item(NULL, "a", strncmp));
	assert_true(str_has_item("x,A", "a", strncasecmp) && str_has_item(",,a", "a", strncasecmp));
}

static void nearest_word_is_the_meant_one(void **state)
{
	(void)state;
	const char *const words[] = {"address", "hostname", "user", "port", NULL};
	assert_string_equal(str_nearest("adress", words), "address");
	assert_string_equal(str_nearest("Port", words), "port");
	assert_string_equal(str_nearest("sure", words) ? str_nearest("sure", words) : "none", "user");
	assert_null(str_nearest("zebra", words));
	assert_int_equal(str_distance("ab", "ba", 5), 1);
}

static void text_from_outside_is_made_visible(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_string_equal(str_printable(a, "a\033[2Jb\n\xff", 8), "a\\x1b[2Jb\\n\\xff");
	assert_string_equal(str_printable(a, "gr\xc3\xbcn", 5), "gr\xc3\xbcn");
	assert_false(str_is_utf8("\xed\xa0\x80", 3));
	assert_false(str_is_utf8("\xc0\xaf", 2));
	assert_true(str_is_utf8("\xf0\x9f\x98\x80", 4));
	assert_false(str_is_name("-oProxyCommand", 255));
	assert_true(str_is_name("bettley.lab", 255));
}

static void map_holds_what_was_set(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_map_ struct map m = {0};
	for (uintptr_t i = 1; i <= 5000; i++)
		assert_null(map_set(&m, arena_printf(a, "key%zu", (size_t)i), (void *)i));
	for (uintptr_t i = 1; i <= 5000; i++)
		assert_int_equal((uintptr_t)map_get(&m, arena_printf(a, "key%zu", (size_t)i)), i);
	assert_null(map_get(&m, "key0"));
	assert_false(map_has(&m, "key5001"));
}

static void digest_is_sha256(void **state)
{
	(void)state;
	struct digest d = digest_of("abc", 3);
	assert_string_equal(d.hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(digest_parse(d.hex, &d), 0);
	assert_int_equal(digest_parse("BA78", &d), -1);
}

static void findings_show_line_and_caret(void **state)
{
	(void)state;
	const char *source = "reeve: 1\nhosts:\n  a: { adress: 1 }\n";
	struct diags d;
	diags_init(&d, "cluster.yaml", source, strlen(source));
	diag_error(&d, 102, ((struct span){3, 8, 6}), diags_text(&d, "did you mean '%s'?", "address"),
		   "unknown key '%s'", "adress");
	diag_warning(&d, 1, ((struct span){1, 1, 5}), NULL, "first");
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	diags_print(&d, out, false);
	fclose(out);
	assert_string_equal(text, "cluster.yaml:1:1: warning: first [RV0001]\n"
				  "    1 | reeve: 1\n"
				  "      | ^~~~~\n"
				  "cluster.yaml:3:8: error: unknown key 'adress' [RV0102]\n"
				  "    3 |   a: { adress: 1 }\n"
				  "      |        ^~~~~~\n"
				  "      = help: did you mean 'address'?\n");
	assert_int_equal(d.errors, 1);
	free(text);
	diags_free(&d);
}

static int load(const char *text, size_t most)
{
	struct err err = {0};
	json_t *json = json_text_load(text, strlen(text), most, &err);
	json_decref(json);
	return json ? 0 : (int)err.code;
}

static size_t values_of(const json_t *json)
{
	size_t n = 1;
	const char *key;
	json_t *value;
	for (size_t i = 0; i < json_array_size(json); i++)
		n += values_of(json_array_get(json, i));
	json_object_foreach((json_t *)json, key, value) n += 1 + values_of(value);
	return n;
}

/* A tree is never larger than its text was said to be. */
static void json_is_weighed_before_it_is_built(void **state)
{
	(void)state;
	static const char *const texts[] = {"{}", "[]", "[[],[[]],{}]",
					    "{\"a\": 1, \"b\": [true, null, \"x,y:[{\", -1.5e3]}",
					    "[\"\\\"\", \"\\\\\", {\"[\": {\"\\u005b\": \"]\"}}]"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		json_t *json = json_text_load(texts[i], strlen(texts[i]), 1000, NULL);
		assert_non_null(json);
		assert_true(values_of(json) <= json_text_weigh(texts[i], strlen(texts[i])));
		json_decref(json);
	}
	assert_int_equal(load("[1,2,3]", 4), 0);
	assert_int_equal(load("[1,2,3]", 3), ERR_LIMIT);
	assert_int_equal(load("[\",,,,,,\"]", 2), 0);
	assert_int_equal(load("{\"a\":1,\"a\":2}", 100), ERR_PROTOCOL);
	assert_int_equal(load("[", 100), ERR_PROTOCOL);
	assert_int_equal(load("[,,,,", 2), ERR_LIMIT);
	assert_int_equal(load("\"\\", 2), ERR_PROTOCOL);
}

static void passwords_are_masked(void **state)
{
	(void)state;
	static const char *const texts[][2] = {
	    {"JobCompPass=hunter2 JobCompType=x", "JobCompPass=******* JobCompType=x"},
	    {"a\n  job_comp_pass: hunter2\nb", "a\n  job_comp_pass: *******\nb"},
	    {"-\"StoragePass\": \"hunter 2\"", "-\"StoragePass\": \"********\""},
	    {"StoragePass = a=b #c", "StoragePass = *** #c"},
	    {"AccountingStoragePass=/run/munge/munge.socket.2", "AccountingStoragePass=/run/munge/munge.socket.2"},
	    {"JobCompLoc=https://u:p:q@h:9200/a http://h:1/ x://v:w@z",
	     "JobCompLoc=https://u:***@h:9200/a http://h:1/ x://v:*@z"},
	    {"Passive=yes pass", "Passive=yes pass"},
	    {"pass=", "pass="},
	    {"PASSWORD=\nx=1", "PASSWORD=\nx=1"},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *text = strdup(texts[i][0]);
		mask_secrets(text, strlen(text));
		assert_string_equal(text, texts[i][1]);
		free(text);
	}
	assert_true(mask_is_secret("ProfileInfluxDBPass", "x"));
	assert_true(mask_is_secret("JobCompLoc", "http://u:p@h"));
	assert_false(mask_is_secret("JobCompPass", ""));
	assert_false(mask_is_secret("JobCompLoc", "http://h:9200"));
	assert_false(mask_is_secret("JobCompPassScript", "/etc/slurm/pass"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(err_keeps_code_and_wraps),      cmocka_unit_test(arena_gives_zeroed_aligned_memory),
	    cmocka_unit_test(numbers_are_whole_and_bounded), cmocka_unit_test(texts_and_lists_are_compared),
	    cmocka_unit_test(nearest_word_is_the_meant_one), cmocka_unit_test(text_from_outside_is_made_visible),
	    cmocka_unit_test(map_holds_what_was_set),        cmocka_unit_test(digest_is_sha256),
	    cmocka_unit_test(findings_show_line_and_caret),  cmocka_unit_test(json_is_weighed_before_it_is_built),
	    cmocka_unit_test(passwords_are_masked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
