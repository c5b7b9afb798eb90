#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *expanded(struct arena *a, const char *text)
{
	const char *const *names;
	size_t count;
	struct err err = {0};
	_cleanup_strbuf_ struct strbuf out = {0};
	if (hostlist_expand(text, 100000, a, &names, &count, NULL, &err) < 0)
		return arena_strdup(a, err.text);
	for (size_t i = 0; i < count; i++)
		strbuf_addf(&out, "%s%s", i ? " " : "", names[i]);
	assert_null(names[count]);
	return arena_strdup(a, strbuf_str(&out));
}

static void expands_as_slurm_does(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"", ""},
	    {"dalt", "dalt"},
	    {"n1-3", "n1-3"},
	    {"n[1-3,5]a[01-02],x", "n1a01 n1a02 n2a01 n2a02 n3a01 n3a02 n5a01 n5a02 x"},
	    {"n[08-11]", "n08 n09 n10 n11"},
	    {"n[9-11]", "n9 n10 n11"},
	    {"n[001-2]", "n001 n002"},
	    {"n[1-002]", "n1 n2"},
	    {"n[0]", "n0"},
	    {"n[00]", "n00"},
	    {"n[98-101]", "n98 n99 n100 n101"},
	    {"a, b\tc", "a b c"},
	    {" a ", "a"},
	    {"n[1-2].lan", "n1.lan n2.lan"},
	    {"10.0.0.[1-2]", "10.0.0.1 10.0.0.2"},
	    {"a,a", "a a"},
	    {"n[1,1]", "n1 n1"},
	    {"[1-2]", "1 2"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(expanded(a, cases[i][0]), cases[i][1]);
}

static void errors_say_what_and_where(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t at;
		enum err_code code;
		const char *message;
	} cases[] = {
	    {"n[1-3", 5, ERR_INPUT, "a closing bracket is missing"},
	    {"n[1-3,", 6, ERR_INPUT, "a closing bracket is missing"},
	    {"n[", 2, ERR_INPUT, "a closing bracket is missing"},
	    {"n[]", 2, ERR_INPUT, "a number is missing here"},
	    {"n[1,,2]", 4, ERR_INPUT, "a number is missing here"},
	    {"n[1-]", 4, ERR_INPUT, "a number is missing here"},
	    {"n1]", 2, ERR_INPUT, "a closing bracket without an opening one"},
	    {"n[[1]]", 2, ERR_INPUT, "only numbers and ranges of numbers may stand in brackets"},
	    {"n[1-2-3]", 5, ERR_INPUT, "only numbers and ranges of numbers may stand in brackets"},
	    {"n[a-c]", 2, ERR_INPUT, "only numbers and ranges of numbers may stand in brackets"},
	    {"n[3,7-5]", 4, ERR_INPUT, "this range runs backwards"},
	    {"a,,b", 2, ERR_INPUT, "a name is missing here"},
	    {",a", 0, ERR_INPUT, "a name is missing here"},
	    {"a,", 2, ERR_INPUT, "a name is missing here"},
	    {"a;b", 1, ERR_INPUT, "this character cannot stand in a name"},
	    {"x,n[1000000000000000000]", 4, ERR_INPUT, "a number of more than 18 digits"},
	    {"a,n[1-101]", 4, ERR_LIMIT, "too many names"},
	    {"a,n[0-999999999999999999]", 4, ERR_LIMIT, "too many names"},
	    {"a,n[1-50]m[1-3]", 2, ERR_LIMIT, "too many names"},
	    {"a[1-60],b[1-60]", 8, ERR_LIMIT, "too many names"},
	    {"a[1][1][1][1][1][1][1][1][1]", 25, ERR_INPUT, "more than 8 pairs of brackets in one name"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	size_t before = arena_size(a);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const *names = NULL;
		size_t count = 77, at = 999;
		struct err err = {0};
		assert_int_equal(hostlist_expand(cases[i].text, 100, a, &names, &count, &at, &err), -1);
		assert_string_equal(err.text, cases[i].message);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(at, cases[i].at);
		assert_null(names);
		assert_int_equal(count, 77);
	}
	assert_int_equal(arena_size(a), before);
}

static void long_names_are_refused(void **state)
{
	(void)state;
	char text[300];
	size_t count = 0, at = 0;
	struct err err = {0};
	for (size_t i = 0; i < 255; i++)
		text[i] = 'a';
	text[255] = '\0';
	assert_int_equal(hostlist_count(text, 10, &count, &at, &err), 0);
	text[253] = '[', text[254] = '8', text[255] = '-', text[256] = '9', text[257] = ']', text[258] = '\0';
	assert_int_equal(hostlist_count(text, 10, &count, &at, &err), 0);
	assert_int_equal(count, 2);
	text[256] = '1', text[257] = '1', text[258] = '1', text[259] = ']', text[260] = '\0';
	assert_int_equal(hostlist_count(text, 1000, &count, &at, &err), -1);
	assert_string_equal(err.text, "a name of more than 255 characters");
}

static void compresses_as_scontrol_does(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"", ""},
	    {"dalt,bettley,cargyll", "bettley,cargyll,dalt"},
	    {"n07,n1,n2,bettley,n05,n3,n06", "bettley,n[1-3,05-07]"},
	    {"n10,n9,n8", "n[8-10]"},
	    {"n10,n09,n08", "n[08-10]"},
	    {"n1000,n[001-999]", "n[001-1000]"},
	    {"n1,n1,n1", "n1"},
	    {"n1,n,n2", "n,n[1-2]"},
	    {"n1,n3,n5", "n[1,3,5]"},
	    {"n0,n00,n000", "n[0,00,000]"},
	    {"rack10n1,rack2n2,rack2n1", "rack2n[1-2],rack10n1"},
	    {"a2b,a10b,a1b", "a1b,a2b,a10b"},
	    {"n01,n2,n010,n10,n100", "n[2,01,10,010,100]"},
	    {"n12345678901234567890,n12345678901234567892", "n12[345678901234567890,345678901234567892]"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const *names;
		size_t count;
		assert_int_equal(hostlist_expand(cases[i][0], 10000, a, &names, &count, NULL, NULL), 0);
		assert_string_equal(hostlist_compress(names, count, a), cases[i][1]);
	}
}

/* Whatever is compressed expands to the same set, sorted and without duplicates. */
static void compress_and_expand_agree(void **state)
{
	(void)state;
	static const char *const prefixes[] = {"n", "node", "a1b", "n0", "x-"};
	unsigned seed = 7;
	for (int round = 0; round < 200; round++) {
		_cleanup_arena_ struct arena *a = arena_new();
		const char *names[40];
		const char *const *back;
		size_t count, again;
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			seed = seed * 1103515245U + 12345U;
			names[i] = arena_printf(a, "%s%0*u", prefixes[(seed >> 8) % ARRAY_LEN(prefixes)],
						(int)((seed >> 12) % 4), (seed >> 16) % 120);
		}
		const char *text = hostlist_compress(names, ARRAY_LEN(names), a);
		assert_int_equal(hostlist_expand(text, 100, a, &back, &count, NULL, NULL), 0);
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			bool found = false;
			for (size_t j = 0; j < count; j++)
				found |= streq(names[i], back[j]);
			assert_true(found);
		}
		for (size_t j = 0; j < count; j++) {
			bool found = false;
			for (size_t i = 0; i < ARRAY_LEN(names); i++)
				found |= streq(names[i], back[j]);
			assert_true(found);
			for (size_t k = 0; k < j; k++)
				assert_string_not_equal(back[k], back[j]);
		}
		assert_string_equal(hostlist_compress(back, count, a), text);
		again = count;
		assert_int_equal(hostlist_count(text, 100, &count, NULL, NULL), 0);
		assert_int_equal(count, again);
	}
}

static void compares_numbers_by_value(void **state)
{
	(void)state;
	assert_true(hostlist_compare("n9", "n10") < 0);
	assert_true(hostlist_compare("n10", "n9") > 0);
	assert_true(hostlist_compare("n10", "n10") == 0);
	assert_true(hostlist_compare("n", "n0") < 0);
	assert_true(hostlist_compare("n01", "n1") != 0);
	assert_true(hostlist_compare("a", "b") < 0);
}

static void ten_thousand_names_take_milliseconds(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	const char *const *names;
	size_t count;
	uint64_t start = clock_ms();
	assert_int_equal(hostlist_expand("n[1-5000],p[00001-05000]", 10000, a, &names, &count, NULL, NULL), 0);
	assert_int_equal(count, 10000);
	assert_string_equal(hostlist_compress(names, count, a), "n[1-5000],p[00001-05000]");
	assert_true(clock_ms() - start < 1000); /* 20 ms with sanitizers on an idle machine */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(expands_as_slurm_does),
	    cmocka_unit_test(errors_say_what_and_where),
	    cmocka_unit_test(long_names_are_refused),
	    cmocka_unit_test(compresses_as_scontrol_does),
	    cmocka_unit_test(compress_and_expand_agree),
	    cmocka_unit_test(compares_numbers_by_value),
	    cmocka_unit_test(ten_thousand_names_take_milliseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
