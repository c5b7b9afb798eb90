/* Generations in the record: their texts' digests, in the format of now and those of before, and how many have texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "model/generation.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct record_text texts[] = {{"cluster.yaml", HEX}, {"slurm.conf", HEX}};
static const struct record_generation new = {.when = "2026-11-22T22:04:08Z",
					     .who = "root@laptop",
					     .digest = HEX,
					     .summary = "2 resources changed",
					     .command = "reeve apply",
					     .texts = texts,
					     .text_count = ARRAY_LEN(texts)};

static struct record *decode(const char *generations, int format, struct arena *arena, struct err *err)
{
	const char *text =
	    arena_printf(arena, "{\"format\":%d,\"epoch\":1,\"cluster\":\"fen\",\"hosts\":[],\"generations\":[%s]}",
			 format, generations);
	return record_decode(text, arena, err);
}

static void test_what_is_written_is_read(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct record r = {.epoch = 1, .cluster = "fen"};
	struct err err = {0};
	const struct record_generation *added = generation_add(&r, &new, arena);
	assert_int_equal(added->number, 1);
	_cleanup_free_ char *text = record_encode(&r);
	const struct record *read = record_decode(text, arena, &err);
	assert_non_null(read);
	assert_int_equal(read->generation_count, 1);
	const struct record_generation *g = generation_find(read, 1);
	assert_non_null(g);
	assert_string_equal(g->command, "reeve apply");
	assert_int_equal(g->text_count, 2);
	assert_string_equal(generation_digest(g, "slurm.conf"), HEX);
	assert_null(generation_digest(g, "gres.conf"));
	assert_null(generation_find(read, 2));
	assert_string_equal(generation_path(g, "slurm.conf", arena), "/var/lib/reeve/generations/1/slurm.conf");
	assert_string_equal(generation_path(g, NULL, arena), "/var/lib/reeve/generations/1");
	assert_non_null(strstr(generation_meta(g, arena), "\"cluster.yaml\": \"" HEX "\""));
}

static void test_older_formats_are_read_and_newer_are_not(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *old = "{\"number\":7,\"when\":\"w\",\"who\":\"x\",\"digest\":\"\",\"summary\":\"s\"}";
	struct err err = {0};
	for (int format = 1; format <= RECORD_FORMAT; format++) {
		struct record *r = decode(old, format, arena, &err);
		assert_non_null(r);
		assert_int_equal(r->generations[0].text_count, 0);
		assert_null(r->generations[0].command);
		const struct record_generation *added = generation_add(r, &new, arena);
		assert_int_equal(added->number, 8);
	}
	assert_null(decode(old, RECORD_FORMAT + 1, arena, &err));
	assert_non_null(strstr(err.text, "newer reeve"));
}

static void test_what_no_text_can_be_is_refused(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	static const char *const bad[] = {
	    "[]",
	    "{\"../slurm.conf\":\"" HEX "\"}",
	    "{\"a/b\":\"" HEX "\"}",
	    "{\"\":\"" HEX "\"}",
	    "{\"slurm.conf\":\"abc\"}",
	    "{\"slurm.conf\":1}",
	    "{\"a\":\"" HEX "\",\"b\":\"" HEX "\",\"c\":\"" HEX "\",\"d\":\"" HEX "\",\"e\":\"" HEX "\",\"f\":\"" HEX
	    "\",\"g\":\"" HEX "\",\"h\":\"" HEX "\",\"i\":\"" HEX "\",\"j\":\"" HEX "\",\"k\":\"" HEX "\",\"l\":\"" HEX
	    "\",\"m\":\"" HEX "\",\"n\":\"" HEX "\",\"o\":\"" HEX "\",\"p\":\"" HEX "\",\"q\":\"" HEX "\"}",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};
		const char *g = arena_printf(
		    arena, "{\"number\":1,\"when\":\"w\",\"who\":\"x\",\"digest\":\"\",\"summary\":\"s\",\"texts\":%s}",
		    bad[i]);
		assert_null(decode(g, RECORD_FORMAT, arena, &err));
		assert_non_null(strstr(err.text, "'texts'"));
	}
}

static void test_only_the_newest_have_texts(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct record r = {.epoch = 1, .cluster = "fen"};
	struct err err = {0};
	for (size_t i = 1; i <= RECORD_GENERATIONS + 5; i++) {
		struct record_generation g = new;
		if (i == RECORD_GENERATIONS)
			g.text_count = 0; /* one that has none does not count */
		generation_add(&r, &g, arena);
	}
	_cleanup_free_ char *text = record_encode(&r);
	const struct record *read = record_decode(text, arena, &err);
	assert_non_null(read);
	assert_int_equal(read->generation_count, RECORD_GENERATIONS);
	size_t with = 0;
	for (size_t i = 0; i < read->generation_count; i++)
		with += read->generations[i].text_count > 0;
	assert_int_equal(with, GENERATION_KEPT);
	const uint64_t last = RECORD_GENERATIONS + 5;
	assert_int_equal(generation_find(read, last)->text_count, 2);
	assert_int_equal(generation_find(read, last - GENERATION_KEPT)->text_count, 2);
	assert_int_equal(generation_find(read, last - GENERATION_KEPT - 1)->text_count, 0);
}

static void test_a_command_of_any_length_can_be_read_again(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct record r = {.epoch = 1, .cluster = "fen"};
	struct err err = {0};
	struct record_generation g = new;
	char *command = arena_alloc(arena, 20001);
	for (size_t i = 0; i < 20000; i += 2)
		memcpy(command + i, "\xc3\xa9", 2);
	memcpy(command, "\033x\xff", 3); /* and what no JSON can hold */
	g.command = command;
	generation_add(&r, &g, arena);
	_cleanup_free_ char *text = record_encode(&r);
	const struct record *read = record_decode(text, arena, &err);
	assert_non_null(read);
	assert_true(strlen(read->generations[0].command) <= GENERATION_COMMAND + 3);
	assert_true(str_ends(read->generations[0].command, "\xc3\xa9..."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_written_is_read),
	    cmocka_unit_test(test_older_formats_are_read_and_newer_are_not),
	    cmocka_unit_test(test_what_no_text_can_be_is_refused),
	    cmocka_unit_test(test_only_the_newest_have_texts),
	    cmocka_unit_test(test_a_command_of_any_length_can_be_read_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
