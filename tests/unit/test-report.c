#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/term.h"
#include "report/diff.h"
#include "report/table.h"

static char *diff(const char *before, const char *after)
{
	struct strbuf out = {0};
	diff_unified(&out, "f", before, after, false);
	return strbuf_take(&out);
}

static void expect_diff(const char *before, const char *after, const char *want)
{
	_cleanup_free_ char *got = diff(before, after);
	assert_string_equal(got, want);
}

static void differences_are_unified(void **state)
{
	(void)state;
	expect_diff("a\nb\n", "a\nb\n", "");
	expect_diff("", "", "");
	expect_diff("a\nb\nc\n", "a\nB\nc\n", "--- f\n+++ f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
	expect_diff(NULL, "x\n", "--- /dev/null\n+++ f\n@@ -0,0 +1 @@\n+x\n");
	expect_diff("x\n", NULL, "--- f\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n");
	expect_diff(NULL, "", "--- /dev/null\n+++ f\n");
	expect_diff("a\n", "a", "--- f\n+++ f\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
	/* Two changes eight lines apart are two hunks; the second knows that a line was put in before it. */
	expect_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n",
		    "--- f\n+++ f\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -6,4 +7,3 @@\n 6\n 7\n 8\n-9\n");
	/* Bytes that could move the terminal do not reach it; tabs do. */
	expect_diff("\ta\n", "\t\033[2J\n", "--- f\n+++ f\n@@ -1 +1 @@\n-\ta\n+\t\\x1b[2J\n");
}

/* Whatever the two texts are: the lines kept and taken out are the one, those kept and put in the other. */
static void a_difference_holds_both_texts(void **state)
{
	(void)state;
	srandom(7);
	for (int round = 0; round < 2000; round++) {
		char text[2][80];
		for (int side = 0; side < 2; side++) {
			size_t lines = (size_t)(random() % 7);
			for (size_t i = 0; i < lines; i++) {
				text[side][2 * i] = (char)('a' + random() % 3);
				text[side][2 * i + 1] = '\n';
			}
			text[side][2 * lines] = '\0';
		}
		_cleanup_free_ char *got = diff(text[0], text[1]);
		if (strcmp(text[0], text[1]) == 0) {
			assert_string_equal(got, "");
			continue;
		}
		/* At most seven lines a side: with a context of three all of it can be in several hunks, so only what
		 * differs is counted. */
		int balance[256] = {0};
		for (const char *p = text[0]; *p; p++)
			balance[(unsigned char)*p]--;
		for (const char *p = text[1]; *p; p++)
			balance[(unsigned char)*p]++;
		size_t out = 0, in = 0;
		for (char *line = strtok(got, "\n"); line; line = strtok(NULL, "\n")) {
			if (strncmp(line, "---", 3) == 0 || strncmp(line, "+++", 3) == 0 || *line == '@')
				continue;
			balance[(unsigned char)line[1]] -= *line == '+' ? 1 : *line == '-' ? -1 : 0;
			out += *line == '-';
			in += *line == '+';
		}
		for (int c = 'a'; c <= 'c'; c++)
			assert_int_equal(balance[c], 0);
		assert_int_equal(strlen(text[1]) / 2 - strlen(text[0]) / 2, in - out);
	}
}

static void a_difference_too_large_to_search_is_still_right(void **state)
{
	(void)state;
	struct strbuf a = {0}, b = {0}, out = {0};
	for (int i = 0; i < 5000; i++) {
		strbuf_addf(&a, "a%d\n", i);
		strbuf_addf(&b, "b%d\n", i);
	}
	diff_unified(&out, "f", a.data, b.data, false);
	assert_non_null(strstr(out.data, "@@ -1,5000 +1,5000 @@\n-a0\n"));
	assert_non_null(strstr(out.data, "-a4999\n+b0\n"));
	strbuf_free(&a);
	strbuf_free(&b);
	strbuf_free(&out);
}

static void tables_align_and_are_cut(void **state)
{
	(void)state;
	static const struct table_column columns[] = {{"HOST"}, {"CPUS", true}, {"WHAT"}};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct table t = {.columns = columns, .count = 3, .arena = arena};
	table_add(&t, (const char *const[]){"bettley", "4", "a long story\n"});
	table_add(&t, (const char *const[]){"b\303\244r", "128", NULL});
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	table_print(&t, out, 0, false);
	fclose(out);
	assert_string_equal(text, "HOST     CPUS  WHAT\n"
				  "bettley     4  a long story\\n\n"
				  "b\303\244r       128  -\n");
	free(text);
	out = open_memstream(&text, &len);
	table_print(&t, out, 24, false);
	fclose(out);
	assert_non_null(strstr(text, "bettley     4  a lon...\n"));
	free(text);
}

struct capture {
	struct report *report;
	FILE *out, *progress;
	char *out_text, *progress_text;
	size_t out_len, progress_len;
};

static void open_capture(struct capture *c, bool json, bool live)
{
	*c = (struct capture){0};
	c->out = open_memstream(&c->out_text, &c->out_len);
	c->progress = open_memstream(&c->progress_text, &c->progress_len);
	c->report =
	    report_new(&(struct report_options){.out = c->out, .progress = c->progress, .json = json, .live = live});
}

static void close_capture(struct capture *c)
{
	report_free(c->report);
	fclose(c->out);
	fclose(c->progress);
}

static void free_capture(struct capture *c)
{
	free(c->out_text);
	free(c->progress_text);
}

static const char *const hosts[] = {"n1", "n2", "n3", "n4"};

static struct report_totals tell(struct report *r)
{
	report_begin(r, hosts, 4);
	report_phase(r, "prepare");
	for (size_t i = 0; i < 3; i++) {
		report_host(r, i, REPORT_WORKING, "installing");
		report_event(r, i, &(struct event){"packages:core", EVENT_CHANGED, "munge"}, NULL);
		report_event(r, i, &(struct event){"file:/etc/a", EVENT_UNCHANGED, ""}, NULL);
	}
	report_host(r, 3, REPORT_UNREACHABLE, "connection timed out\n");
	report_event(r, 1, &(struct event){"file:/etc/b", EVENT_FAILED, "read-only \033file system"}, "c.yaml:3:1");
	report_host(r, 0, REPORT_DONE, NULL);
	report_host(r, 1, REPORT_DONE, NULL);
	report_host(r, 2, REPORT_DONE, NULL);
	return report_end(r, NULL);
}

static void a_run_is_told_in_lines(void **state)
{
	(void)state;
	struct capture c;
	open_capture(&c, false, false);
	struct report_totals t = tell(c.report);
	close_capture(&c);
	assert_int_equal(t.changed, 3);
	assert_int_equal(t.failed, 1);
	assert_int_equal(t.unreachable, 1);
	assert_false(t.ok);
	assert_string_equal(c.progress_text,
			    "prepare\nn4: unreachable: connection timed out\\n\n"
			    "n2: failed: file:/etc/b: read-only \\x1bfile system (c.yaml:3:1)\nn1: done\nn3: done\n");
	static const char want[] = "changed on n[1-3]:\n  packages:core\n"
				   "failed: n2\n  file:/etc/b: read-only \\x1bfile system (c.yaml:3:1)\n"
				   "unreachable: n4\n  connection timed out\\n\n"
				   "4 hosts: 3 changed, 1 failed, 1 unreachable; ";
	assert_memory_equal(c.out_text, want, sizeof want - 1);
	free_capture(&c);
}

static void the_last_line_of_json_is_the_summary(void **state)
{
	(void)state;
	struct capture c;
	open_capture(&c, true, false);
	tell(c.report);
	close_capture(&c);
	assert_string_equal(c.progress_text ? c.progress_text : "", "");
	json_t *last = NULL;
	size_t lines = 0;
	for (char *line = strtok(c.out_text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
		json_decref(last);
		last = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(last);
	}
	assert_true(lines > 10);
	assert_int_equal(json_integer_value(json_object_get(last, "changed")), 3);
	assert_int_equal(json_integer_value(json_object_get(last, "failed")), 1);
	assert_int_equal(json_integer_value(json_object_get(last, "unreachable")), 1);
	assert_true(json_is_false(json_object_get(last, "ok")));
	assert_true(json_is_real(json_object_get(last, "seconds")));
	json_t *list = json_object_get(last, "hosts");
	assert_int_equal(json_array_size(list), 4);
	json_t *n2 = json_array_get(list, 1);
	assert_string_equal(json_string_value(json_object_get(n2, "name")), "n2");
	assert_string_equal(json_string_value(json_object_get(n2, "state")), "failed");
	assert_int_equal(json_integer_value(json_object_get(n2, "failed")), 1);
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "error")));
	json_decref(last);
	free_capture(&c);
}

static void a_live_run_leaves_the_terminal_in_order(void **state)
{
	(void)state;
	struct capture c;
	open_capture(&c, false, true);
	tell(c.report);
	close_capture(&c);
	/* Each frame shows the cursor again; the last one leaves nothing of the block. */
	const char *hidden = c.progress_text;
	size_t frames = 0;
	for (const char *p = hidden; (p = strstr(p, TERM_HIDE)); p++, frames++)
		assert_non_null(strstr(p, TERM_SHOW));
	assert_true(frames >= 1 && frames < 10);
	assert_true(strlen(hidden) > 2 && strcmp(hidden + strlen(hidden) - 2, TERM_SHOW) == 0);
	assert_non_null(strstr(hidden, "n4: unreachable: connection timed out\\n\n"));
	free_capture(&c);
}

static void what_is_no_result_is_a_failure(void **state)
{
	(void)state;
	struct capture c;
	open_capture(&c, false, false);
	report_begin(c.report, hosts, 1);
	report_event(c.report, 0, &(struct event){"file:/x", (enum event_result)77, "?"}, NULL);
	report_host(c.report, 7, REPORT_DONE, NULL);
	report_host(c.report, 0, REPORT_DONE, NULL);
	struct report_totals t = report_end(c.report, NULL);
	close_capture(&c);
	assert_int_equal(t.failed, 1);
	assert_false(t.ok);
	free_capture(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(differences_are_unified),
	    cmocka_unit_test(a_difference_holds_both_texts),
	    cmocka_unit_test(a_difference_too_large_to_search_is_still_right),
	    cmocka_unit_test(tables_align_and_are_cut),
	    cmocka_unit_test(a_run_is_told_in_lines),
	    cmocka_unit_test(the_last_line_of_json_is_the_summary),
	    cmocka_unit_test(a_live_run_leaves_the_terminal_in_order),
	    cmocka_unit_test(what_is_no_result_is_a_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
