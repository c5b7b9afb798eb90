#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "conf/value.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct parsed {
	struct arena *arena;
	struct diags diags;
	const struct conf_value *root;
};

static void parse_bytes(struct parsed *p, const char *text, size_t len)
{
	p->arena = arena_new();
	diags_init(&p->diags, "test.yaml", text, len);
	p->root = conf_parse(text, len, p->arena, &p->diags);
}

static void parse(struct parsed *p, const char *text)
{
	parse_bytes(p, text, strlen(text));
}

static void parsed_free(struct parsed *p)
{
	diags_free(&p->diags);
	arena_free(p->arena);
}

static void assert_span(struct span at, unsigned line, unsigned column, unsigned width)
{
	assert_int_equal(at.line, line);
	assert_int_equal(at.column, column);
	assert_int_equal(at.width, width);
}

/* Exactly one finding, this one, at this place. */
static void assert_only(struct parsed *p, unsigned code, unsigned line, unsigned column)
{
	assert_int_equal(p->diags.len, 1);
	assert_int_equal(p->diags.items[0].code, code);
	assert_int_equal(p->diags.items[0].at.line, line);
	assert_int_equal(p->diags.items[0].at.column, column);
}

static void values_have_places(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, "# head\n"
		  "größe: \"24.10\"\n"
		  "list: [a, 'b c', ~]\n"
		  "map:\n"
		  "  empty:\n"
		  "  block: |\n"
		  "    one\n"
		  "    two\n");
	assert_non_null(p.root);
	assert_int_equal(p.root->kind, CONF_MAP);
	assert_int_equal(p.root->count, 3);
	assert_string_equal(p.root->pairs[0].key, "größe");
	assert_span(p.root->pairs[0].at, 2, 1, 7);
	const struct conf_value *text = conf_get(p.root, "größe");
	assert_string_equal(text->text, "24.10");
	assert_false(text->plain);
	assert_span(text->at, 2, 11, 5);

	const struct conf_value *list = conf_get(p.root, "list");
	assert_int_equal(list->kind, CONF_LIST);
	assert_int_equal(list->count, 3);
	assert_span(list->at, 3, 7, 1);
	assert_true(list->items[0]->plain);
	assert_string_equal(list->items[1]->text, "b c");
	assert_span(list->items[1]->at, 3, 12, 3);
	assert_int_equal(list->items[2]->kind, CONF_NULL);

	const struct conf_value *map = conf_get(p.root, "map");
	const struct conf_value *empty = conf_get(map, "empty");
	assert_int_equal(empty->kind, CONF_NULL);
	assert_span(empty->at, 5, 3, 5);
	assert_string_equal(conf_get(map, "block")->text, "one\ntwo\n");
	assert_span(conf_get(map, "block")->at, 7, 5, 3);
	assert_null(conf_get(map, "none"));
	assert_null(conf_get(list, "none"));
	assert_null(conf_get(NULL, "none"));
	assert_int_equal(p.diags.len, 0);
	assert_int_equal(p.root->weight, 1 + 2 + 1 + 4 + 1 + 1 + 2 + 2);
	assert_int_equal(p.root->depth, 3);
	parsed_free(&p);
}

static void every_duplicate_is_found(void **state)
{
	(void)state;
	/* In a small map, and where keys are hashed. */
	for (int others = 0; others < 40; others += 13) {
		_cleanup_strbuf_ struct strbuf text = {0};
		strbuf_adds(&text, "x: 0\n");
		for (int i = 0; i < others; i++)
			strbuf_addf(&text, "k%d: %d\n", i, i);
		strbuf_adds(&text, "x: 1\ny: 2\nx: 3\ny: 4\n");
		struct parsed p;
		parse(&p, text.data);
		assert_int_equal(p.diags.errors, 3);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(p.diags.items[i].code, CONF_DUPLICATE_KEY_CODE);
		assert_int_equal(p.root->count, others + 2);
		assert_string_equal(conf_get(p.root, "x")->text, "0");
		assert_string_equal(conf_get(p.root, "y")->text, "2");
		parsed_free(&p);
	}
}

static void an_alias_is_the_value_itself(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, "a: &one { x: [1, 2] }\nb: *one\nc: [*one, *one]\n");
	assert_non_null(p.root);
	assert_int_equal(p.diags.len, 0);
	const struct conf_value *a = conf_get(p.root, "a");
	assert_ptr_equal(conf_get(p.root, "b"), a);
	assert_ptr_equal(conf_get(p.root, "c")->items[1], a);
	assert_int_equal(a->weight, 5);
	assert_int_equal(conf_get(p.root, "c")->weight, 11);
	assert_int_equal(conf_get(p.root, "c")->depth, 4);
	parsed_free(&p);
	/* A later anchor of the same name takes its place. */
	parse(&p, "a: &x 1\nb: &x 2\nc: *x\n");
	assert_string_equal(conf_get(p.root, "c")->text, "2");
	parsed_free(&p);
}

static void nesting_ends_at_its_bound(void **state)
{
	(void)state;
	for (int more = 0; more < 2; more++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		for (int i = 0; i < CONF_MAX_DEPTH + more; i++)
			strbuf_addc(&text, '[');
		for (int i = 0; i < CONF_MAX_DEPTH + more; i++)
			strbuf_addc(&text, ']');
		struct parsed p;
		parse(&p, text.data);
		if (more) {
			assert_null(p.root);
			assert_only(&p, CONF_TOO_DEEP_CODE, 1, CONF_MAX_DEPTH + 1);
		} else {
			assert_non_null(p.root);
			assert_int_equal(p.root->depth, CONF_MAX_DEPTH);
		}
		parsed_free(&p);
	}
}

static void repeat(struct strbuf *out, const char *piece, size_t times)
{
	size_t len = strlen(piece);
	strbuf_reserve(out, len * times);
	for (size_t i = 0; i < times; i++)
		strbuf_add(out, piece, len);
}

/* What costs most: each ends with one finding, within memory that stays bounded. */
static void bombs_are_refused(void **state)
{
	(void)state;
	const struct {
		const char *head, *piece;
		size_t times;
		unsigned code;
	} bombs[] = {
	    {"a: ", "[", 9 << 20, CONF_TOO_MANY_CODE},        /* one line, many levels */
	    {"a: ", "[\n", 1 << 20, CONF_TOO_MANY_CODE},      /* as many lines */
	    {"", "{a: ", 100000, CONF_TOO_LARGE_CODE},        /* a long line */
	    {"a: ", "x", CONF_MAX_LINE, CONF_TOO_LARGE_CODE}, /* another */
	    {"", "# 345678\n", 2 << 20, CONF_TOO_LARGE_CODE}, /* 18 MB of comments */
	    {"", "- a\n", (1 << 20) + 1, CONF_TOO_MANY_CODE}, /* many values */
	    {"", "? ", 1000, CONF_TOO_DEEP_CODE},             /* levels of keys */
	    {"", "- ", 1000, CONF_TOO_DEEP_CODE},             /* levels of items */
	};
	for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		strbuf_adds(&text, bombs[i].head);
		repeat(&text, bombs[i].piece, bombs[i].times);
		struct parsed p;
		parse_bytes(&p, text.data, text.len);
		assert_null(p.root);
		assert_true(p.diags.errors >= 1);
		assert_int_equal(p.diags.items[p.diags.len - 1].code, bombs[i].code);
		parsed_free(&p);
	}
}

static void bytes_that_are_no_text_are_found(void **state)
{
	(void)state;
	struct parsed p;
	parse_bytes(&p, "a: b\nc: d\0e\n", 12);
	assert_null(p.root);
	assert_only(&p, CONF_NOT_TEXT_CODE, 2, 5);
	parsed_free(&p);
	parse(&p, "a: \xe9\n");
	assert_null(p.root);
	assert_only(&p, CONF_NOT_TEXT_CODE, 1, 4);
	parsed_free(&p);
	parse(&p, "größe: \xed\xa0\x80\n"); /* a surrogate */
	assert_null(p.root);
	assert_only(&p, CONF_NOT_TEXT_CODE, 1, 10);
	parsed_free(&p);
	parse(&p, "a: 1\r\nb: 2\r\n");
	assert_non_null(p.root);
	assert_int_equal(p.diags.len, 0);
	parsed_free(&p);
	parse(&p, "\xef\xbb\xbf"
		  "a: 1\n"); /* a byte order mark */
	assert_string_equal(conf_get(p.root, "a")->text, "1");
	parsed_free(&p);
}

static const struct conf_value *scalar(struct conf_value *v, const char *text, bool plain)
{
	*v = (struct conf_value){
	    .kind = CONF_SCALAR, .at = {1, 1, 1}, .text = text, .len = strlen(text), .plain = plain};
	return v;
}

static void getters_take_what_they_say(void **state)
{
	(void)state;
	struct diags d;
	struct conf_value v;
	diags_init(&d, "x", NULL, 0);
	uint64_t n = 7;
	bool flag = false;
	const char *text = NULL;
	assert_int_equal(conf_mib(scalar(&v, "256 MB", true), "x", &n, &d), 0);
	assert_int_equal(n, 256);
	assert_int_equal(conf_mib(scalar(&v, "2GiB", true), "x", &n, &d), 0);
	assert_int_equal(n, 2048);
	assert_int_equal(conf_mib(scalar(&v, "1 tb", true), "x", &n, &d), 0);
	assert_int_equal(n, 1 << 20);
	assert_int_equal(conf_mbit(scalar(&v, "500 Mbit", true), "x", 1000000, &n, &d), 0);
	assert_int_equal(n, 500);
	assert_int_equal(conf_mbit(scalar(&v, "25Gbit/s", true), "x", 1000000, &n, &d), 0);
	assert_int_equal(n, 25000);
	assert_int_equal(conf_mbit(scalar(&v, "1 tbit", true), "x", 1000000, &n, &d), 0);
	assert_int_equal(n, 1000000);
	assert_int_equal(conf_bool(scalar(&v, "Yes", true), "x", &flag, &d), 0);
	assert_true(flag);
	assert_int_equal(conf_bool(scalar(&v, "off", true), "x", &flag, &d), 0);
	assert_false(flag);
	assert_int_equal(conf_int(scalar(&v, "22", true), "x", 1, 22, &n, &d), 0);
	assert_int_equal(n, 22);
	assert_int_equal(conf_version(scalar(&v, "22.10", false), "x", &text, &d), 0);
	assert_int_equal(conf_version(scalar(&v, "24.11.5-1", true), "x", &text, &d), 0);
	assert_string_equal(text, "24.11.5-1");
	const char *addresses[] = {"10.4.0.11", "::1", "fe80::1%eth0", "head", "a.b-c.example.org", "3com.example.org"};
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		assert_int_equal(conf_address(scalar(&v, addresses[i], true), "x", &text, &d), 0);
	const char *paths[] = {"/", "/a", "/mnt/nfs/slurm.d/..state/..."};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_int_equal(conf_path(scalar(&v, paths[i], true), "x", &text, &d), 0);
	assert_int_equal(d.len, 0);
	diags_free(&d);
}

static void getters_refuse_the_rest(void **state)
{
	(void)state;
	struct diags d;
	struct conf_value v;
	uint64_t n = 7;
	bool flag = true;
	const char *text = "kept";
	size_t expected = 0;
	diags_init(&d, "x", NULL, 0);
#define REFUSED(call, wanted) \
	do { \
		assert_int_equal((call), -1); \
		assert_int_equal(d.len, ++expected); \
		assert_int_equal(d.items[d.len - 1].code, (wanted)); \
	} while (0)
	const char *sizes[] = {"256",   "MB", "-1 MB", "1.5 GB", "1 PB", "1048577 TB", "99999999999999999999999 MB",
			       "1 MB x"};
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		REFUSED(conf_mib(scalar(&v, sizes[i], true), "x", &n, &d), CONF_SIZE_CODE);
	const char *speeds[] = {"500", "500 MB", "1.5 Gbit", "-1 Mbit", "1000001 Mbit", "2 Tbit", "Gbit", "1 Gbits"};
	for (size_t i = 0; i < ARRAY_LEN(speeds); i++)
		REFUSED(conf_mbit(scalar(&v, speeds[i], true), "x", 1000000, &n, &d), CONF_SPEED_CODE);
	const char *versions[] = {"22.10", "24", "1e3", ".5", "-1.0"};
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		REFUSED(conf_version(scalar(&v, versions[i], true), "x", &text, &d), CONF_VERSION_CODE);
	REFUSED(conf_version(scalar(&v, "-1", false), "x", &text, &d), CONF_VERSION_CODE);
	REFUSED(conf_version(scalar(&v, "1 2", false), "x", &text, &d), CONF_VERSION_CODE);
	const char *addresses[] = {
	    "-oProxyCommand=x", "10.0.0.256", "a b", "a..b", "-a.b", "a@b", "a:22", "a/b", "a;b", "$(x)"};
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		REFUSED(conf_address(scalar(&v, addresses[i], false), "x", &text, &d), CONF_ADDRESS_CODE);
	const char *paths[] = {"a",       "./a",  "/a/",  "//a",  "/a//b", "/.", "/..",
			       "/a/../b", "/a/.", "/a b", "/a:b", "/a\"",  "/#"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		REFUSED(conf_path(scalar(&v, paths[i], false), "x", &text, &d), CONF_PATH_CODE);
	REFUSED(conf_int(scalar(&v, "23", true), "x", 1, 22, &n, &d), CONF_NUMBER_CODE);
	REFUSED(conf_int(scalar(&v, "0x10", true), "x", 1, 22, &n, &d), CONF_NUMBER_CODE);
	REFUSED(conf_bool(scalar(&v, "1", true), "x", &flag, &d), CONF_TYPE_CODE);
	REFUSED(conf_name(scalar(&v, "-l", true), "x", 10, &text, &d), CONF_NAME_CODE);
	REFUSED(conf_name(scalar(&v, "12345678901", true), "x", 10, &text, &d), CONF_NAME_CODE);
	REFUSED(conf_text(scalar(&v, "", false), "x", &text, &d), CONF_EMPTY_CODE);
	const char *controls[] = {"a\nb", "a\rb", "a\tb", "\x7f", "a\xc2\x85"};
	for (size_t i = 0; i < ARRAY_LEN(controls); i++)
		REFUSED(conf_text(scalar(&v, controls[i], false), "x", &text, &d), CONF_CONTROL_CODE);
	v = (struct conf_value){.kind = CONF_LIST, .text = ""};
	REFUSED(conf_text(&v, "x", &text, &d), CONF_TYPE_CODE);
	v.kind = CONF_NULL;
	REFUSED(conf_text(&v, "x", &text, &d), CONF_EMPTY_CODE);
#undef REFUSED
	assert_int_equal(conf_text(NULL, "x", &text, &d), -1);
	assert_int_equal(d.len, expected);
	assert_int_equal(n, 7);
	assert_true(flag);
	assert_string_equal(text, "kept");
	diags_free(&d);
}

static void reading_is_bounded(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	char path[] = "/tmp/reeve-test-conf-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	const char *text;
	size_t len;
	struct err err = {0};
	assert_int_equal(write(fd, "a: 1\n", 5), 5);
	assert_int_equal(conf_read(path, arena, &text, &len, &err), 0);
	assert_int_equal(len, 5);
	assert_string_equal(text, "a: 1\n");
	/* 100 MB: refused by its size, not by reading it. */
	assert_int_equal(ftruncate(fd, 100000000), 0);
	size_t before = arena_size(arena);
	assert_int_equal(conf_read(path, arena, &text, &len, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.text, "16 MiB"));
	assert_int_equal(arena_size(arena), before);
	close(fd);
	unlink(path);
	assert_int_equal(conf_read(path, arena, &text, &len, &err), -1);
	assert_int_equal(err.code, ERR_SYSTEM);
	assert_int_equal(conf_read("/tmp", arena, &text, &len, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(conf_read("/dev/zero", arena, &text, &len, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_have_places),
	    cmocka_unit_test(every_duplicate_is_found),
	    cmocka_unit_test(an_alias_is_the_value_itself),
	    cmocka_unit_test(nesting_ends_at_its_bound),
	    cmocka_unit_test(bombs_are_refused),
	    cmocka_unit_test(bytes_that_are_no_text_are_found),
	    cmocka_unit_test(getters_take_what_they_say),
	    cmocka_unit_test(getters_refuse_the_rest),
	    cmocka_unit_test(reading_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
