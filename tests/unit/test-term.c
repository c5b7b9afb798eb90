/* What goes to the terminal: every character there is, and every byte that is none, through the filter in all pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/term.h"

static void put_point(struct strbuf *b, uint32_t p)
{
	if (p < 0x80) {
		strbuf_addc(b, (char)p);
	} else if (p < 0x800) {
		strbuf_addc(b, (char)(0xC0 | p >> 6));
		strbuf_addc(b, (char)(0x80 | (p & 0x3F)));
	} else {
		if (p < 0x10000) {
			strbuf_addc(b, (char)(0xE0 | p >> 12));
		} else {
			strbuf_addc(b, (char)(0xF0 | p >> 18));
			strbuf_addc(b, (char)(0x80 | (p >> 12 & 0x3F)));
		}
		strbuf_addc(b, (char)(0x80 | (p >> 6 & 0x3F)));
		strbuf_addc(b, (char)(0x80 | (p & 0x3F)));
	}
}

/* What comes out of a guarded stdout, written in pieces of `piece` bytes. */
static void print(const struct strbuf *in, size_t piece, bool json, struct strbuf *out)
{
	char path[] = "/tmp/reeve-test-XXXXXX";
	int status, fd = mkstemp(path);
	assert_true(fd >= 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fd, STDOUT_FILENO);
		term_guard();
		if (json)
			term_json();
		for (size_t i = 0; i < in->len; i += piece) {
			size_t len = in->len - i < piece ? in->len - i : piece;
			if (fwrite(in->data + i, 1, len, stdout) != len || fflush(stdout) != 0)
				_exit(1);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(file_read(path, 256 << 20, out, NULL), 0);
	strbuf_str(out);
	close(fd);
	unlink(path);
}

/* Independent of what the program thinks is plain. */
static bool is_harmful(uint32_t p)
{
	return (p < 0x20 && p != '\n' && p != '\t') || (p >= 0x7F && p <= 0x9F) || p == 0x61C || p == 0x200E ||
	       p == 0x200F || (p >= 0x2028 && p <= 0x202E) || (p >= 0x2066 && p <= 0x2069) || p == 0xFEFF;
}

static size_t harm_in(const struct strbuf *out)
{
	const unsigned char *s = (const unsigned char *)out->data;
	size_t harm = 0;
	for (size_t i = 0, n; i < out->len; i += n) {
		n = str_utf8_length(s + i, out->len - i);
		if (!n)
			return SIZE_MAX;
		uint32_t p = n == 1 ? s[i] : s[i] & (0xFFU >> (n + 1));
		for (size_t k = 1; k < n; k++)
			p = p << 6 | (s[i + k] & 0x3FU);
		harm += is_harmful(p);
	}
	return harm;
}

static void test_every_character(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf all = {0}, out = {0}, expected = {0};
	for (uint32_t p = 0; p <= 0x10FFFF; p++)
		if (p < 0xD800 || p > 0xDFFF)
			put_point(&all, p);
	print(&all, 4093, false, &out);
	assert_int_equal(harm_in(&out), 0);
	/* and nothing else is touched */
	for (uint32_t p = 0; p < 0x2000; p++)
		if (!is_harmful(p))
			put_point(&expected, p);
	_cleanup_strbuf_ struct strbuf back = {0};
	print(&expected, 7, false, &back);
	assert_int_equal(back.len, expected.len);
	assert_memory_equal(back.data, expected.data, back.len);
}

static void test_every_byte_and_piece(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf all = {0};
	for (unsigned a = 0; a < 256; a++) {
		strbuf_addc(&all, (char)a);
		strbuf_addc(&all, 'z');
		for (unsigned b = 0x7F; b < 0xC1; b++) {
			/* what the program itself prints: marks, tested below */
			strbuf_addc(&all, (char)(a == 0xFF ? 0xFE : a));
			strbuf_addc(&all, (char)b);
		}
	}
	strbuf_adds(&all, "\033]0;owned\007\033[2J\xc2\x9b"
			  "2J\xe2\x80\xae"
			  "end\xe2\x80");
	for (size_t piece = 1; piece < 6; piece++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		print(&all, piece, false, &out);
		assert_int_equal(harm_in(&out), 0);
		assert_non_null(strstr(out.data, "\\x1b]0;owned\\x07\\x1b[2J\\xc2\\x9b2J\\xe2\\x80\\xaeend"));
	}
}

static void test_json_stays_json(void **state)
{
	(void)state;
	_cleanup_strbuf_ struct strbuf text = {0}, in = {0}, out = {0};
	for (uint32_t p = 1; p <= 0xE0100; p++)
		if (p < 0xD800 || (p > 0xDFFF && p < 0x10300) || p > 0xDFF00)
			put_point(&text, p);
	json_t *value = json_pack("[s%]", text.data, text.len);
	char *dumped = json_dumps(value, 0);
	strbuf_adds(&in, dumped);
	free(dumped);
	print(&in, 4095, true, &out);
	assert_int_equal(harm_in(&out), 0);
	json_t *back = json_loads(out.data, 0, NULL);
	assert_true(json_equal(value, back));
	json_decref(value);
	json_decref(back);
}

static void test_our_own_marks(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 4; piece++) {
		_cleanup_strbuf_ struct strbuf in = {0}, out = {0};
		strbuf_adds(&in, TERM_RED "no" TERM_PLAIN " \xff? " TERM_HOME);
		print(&in, piece, false, &out);
		assert_string_equal(out.data, "\033[31mno\033[0m \\xff? \033[H\033[2J");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_character),
	    cmocka_unit_test(test_every_byte_and_piece),
	    cmocka_unit_test(test_json_stays_json),
	    cmocka_unit_test(test_our_own_marks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
