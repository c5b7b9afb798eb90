/* The pure parts of transport: the bootstrap's answers and command line, explanations, known_hosts lines, ssh's command
 * line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "transport/beat.h"
#include "transport/bootstrap.h"
#include "transport/budget.h"
#include "transport/explain.h"
#include "transport/ssh.h"
#include "transport/trust.h"
#include "wire/wire.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static struct bootstrap_answer answer_of(const char *text)
{
	struct bootstrap_answer answer;
	struct err err;
	assert_int_equal(bootstrap_read(NONCE, text, strlen(text), &answer, &err), 0);
	return answer;
}

static void test_answers(void **state)
{
	(void)state;
	assert_int_equal(answer_of("").word, BOOTSTRAP_MORE);
	assert_int_equal(answer_of("Welcome\n").noise, 8);
	struct bootstrap_answer a = answer_of("Welcome " NONCE " ready\nframes");
	assert_int_equal(a.word, BOOTSTRAP_READY);
	assert_int_equal(a.noise, 8);
	assert_int_equal(a.end, 8 + 32 + 7);
	a = answer_of(NONCE " need aarch64\n");
	assert_int_equal(a.word, BOOTSTRAP_NEED);
	assert_string_equal(a.rest, "aarch64");
	a = answer_of(NONCE " fail copy /var/lib/reeve/agent\r\n");
	assert_int_equal(a.word, BOOTSTRAP_FAIL);
	assert_string_equal(a.rest, "copy /var/lib/reeve/agent");
}

static void test_answers_in_pieces(void **state)
{
	(void)state;
	const char *text = "hello\n" NONCE " need x86_64\n";
	for (size_t i = 0; i < strlen(text); i++) {
		struct bootstrap_answer answer;
		assert_int_equal(bootstrap_read(NONCE, text, i, &answer, NULL), 0);
		assert_int_equal(answer.word, BOOTSTRAP_MORE);
	}
	assert_int_equal(answer_of(text).word, BOOTSTRAP_NEED);
}

static void test_answers_of_liars(void **state)
{
	(void)state;
	static const char *const lies[] = {NONCE " perhaps\n", NONCE " readyready\n", NONCE " \n", NONCE " need\n"};
	struct bootstrap_answer answer;
	struct err err;
	char longer[400] = NONCE " need ";
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		assert_int_equal(bootstrap_read(NONCE, lies[i], strlen(lies[i]), &answer, &err), -1);
		assert_int_equal(err.code, ERR_PROTOCOL);
	}
	memset(longer + strlen(longer), 'x', 300);
	assert_int_equal(bootstrap_read(NONCE, longer, strlen(longer), &answer, &err), -1);
	strcat(longer, "\n");
	assert_int_equal(bootstrap_read(NONCE, longer, strlen(longer), &answer, &err), -1);
}

static void test_command_echoed_is_no_answer(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct bootstrap b = {
	    .count = 1, .agents = {{.arch = "x86_64", .digest = digest_of("x", 1), .bytes = "x", .len = 1}}};
	for (int asks = 0; asks < 2; asks++) {
		char *command = bootstrap_command(&b, NONCE, asks, arena);
		assert_int_equal(answer_of(arena_printf(arena, "+ %s\n", command)).word, BOOTSTRAP_MORE);
		assert_null(strpbrk(command, "!\\\"\n`"));
		size_t quotes = 0;
		for (const char *c = command; *c; c++)
			quotes += *c == '\'';
		assert_int_equal(quotes, 4);
		assert_true(str_starts(command, "exec /bin/sh -c '"));
		assert_non_null(strstr(command, b.agents[0].digest.hex));
		assert_true(str_ends(command, " 1 - 0"));
	}
}

static struct err explained(struct explain why)
{
	struct err err;
	why.name = "n1";
	why.errors = why.errors ? why.errors : "";
	why.errors_len = strlen(why.errors);
	why.noise = why.noise ? why.noise : "";
	why.noise_len = strlen(why.noise);
	assert_int_equal(explain_failure(&why, &err), -1);
	assert_int_not_equal(err.code, ERR_NONE);
	return err;
}

static const int ssh_failed = 255 << 8;

static void test_explanations(void **state)
{
	(void)state;
	struct err err =
	    explained((struct explain){.status = ssh_failed, .errors = "Host key verification failed.\r\n"});
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.text, "reeve trust n1"));
	err = explained((struct explain){
	    .status = ssh_failed,
	    .errors = "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\r\n"});
	assert_non_null(strstr(err.text, "--replace n1"));
	err = explained(
	    (struct explain){.status = 126 << 8, .heard = true, .started = true, .errors = "sh: Permission denied"});
	assert_non_null(strstr(err.text, "noexec"));
	err = explained((struct explain){.status = -1});
	assert_int_equal(err.code, ERR_TIMEOUT);
	err = explained((struct explain){.status = 9, .opened = true, .heard = true, .started = true, .local = true});
	assert_non_null(strstr(err.text, "signal 9"));
	err = explained((struct explain){.status = 1 << 8, .fail = "arch riscv64", .heard = true});
	assert_non_null(strstr(err.text, "riscv64"));
	err = explained((struct explain){.status = 7 << 8, .noise = "a\033[31mb\nlast words\n"});
	assert_non_null(strstr(err.text, "last words"));
	assert_null(strchr(err.text, '\033'));
	/* advice that a host's words chose stands beside them */
	err = explained((struct explain){.status = 1 << 8, .errors = "sudo: a password is required\n"});
	assert_non_null(strstr(err.text, "--ask-sudo"));
	assert_non_null(strstr(err.text, "; n1 says: \"sudo: a password is required\""));
	/* and what only ssh can know it does not say: with another status, or after the command has begun */
	static const char changed[] = "WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\n";
	err = explained((struct explain){.status = 1 << 8, .errors = changed});
	assert_null(strstr(err.text, "reeve trust"));
	assert_non_null(strstr(err.text, "n1 says: "));
	err = explained((struct explain){.status = ssh_failed, .heard = true, .errors = changed});
	assert_null(strstr(err.text, "reeve trust"));
	err = explained((struct explain){.status = 1 << 8, .noise = changed});
	assert_null(strstr(err.text, "reeve trust"));
	err = explained((struct explain){
	    .status = ssh_failed, .heard = true, .opened = true, .errors = "Timeout, server n1 not responding.\n"});
	assert_non_null(strstr(err.text, "it stopped answering"));
}

static void test_quote(void **state)
{
	(void)state;
	char out[1300], text[2000];
	explain_quote("", 0, out, sizeof out);
	assert_string_equal(out, "");
	explain_quote("one\r\n\ntwo\nControlSocket x already exists\n", 41, out, sizeof out);
	assert_string_equal(out, "one | two");
	memset(text, 'x', sizeof text);
	explain_quote(text, sizeof text, out, sizeof out);
	assert_int_equal(strlen(out), 300);
	memset(text, 0xff, sizeof text);
	explain_quote(text, sizeof text, out, sizeof out);
	assert_int_equal(strlen(out), 1200);
}

static void test_known_hosts_lines(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct trust_key key;
	struct err err;
	/* fingerprint as ssh-keygen -lf shows it */
	assert_int_equal(trust_parse("[n1]:2222 ssh-ed25519 "
				     "AAAAC3NzaC1lZDI1NTE5AAAAIEfqVp1cxgB4vYFvBqYk0mAdK8ZK6vJ3Q5M4zE3k7m1s a comment",
				     arena, &key, &err),
			 0);
	assert_string_equal(key.type, "ssh-ed25519");
	assert_string_equal(key.line, "[n1]:2222 ssh-ed25519 "
				      "AAAAC3NzaC1lZDI1NTE5AAAAIEfqVp1cxgB4vYFvBqYk0mAdK8ZK6vJ3Q5M4zE3k7m1s");
	assert_string_equal(key.fingerprint, "SHA256:8IxdZ8qigs+XjXJKl22eL9y1eZ3cT4UNlU5eCvo/VPc");
	static const char *const bad[] = {"", "# n1 ssh-rsa AAAA", "n1 ssh-rsa", "n1 ssh-rsa ????",
					  "@revoked n1 ssh-rsa AAAA"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(trust_parse(bad[i], arena, &key, &err), -1);
}

static void test_revoked_lines(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_strbuf_ struct strbuf out = {0};
	const struct trust_key key = {.line = "[n1]:2222 ssh-ed25519 NEW"};
	trust_revoke("# Host [n1]:2222 found: line 1\n"
		     "[n1]:2222,10.0.0.1 ssh-ed25519 OLD comment\n"
		     "|1|c2FsdA==|aGFzaA== ssh-rsa OLDER\r\n"
		     "|1|eA==|eQ== ssh-rsa OLDER\n"
		     "n*,!n2,[n1]:2222 ssh-rsa PATTERN\n"
		     "[n1]:2222 ssh-ed25519 NEW\n"
		     "@cert-authority [n1]:2222 ssh-rsa CA\n"
		     "@revoked [n1]:2222 ssh-rsa GONE\n"
		     "[n1]:2222 broken",
		     &key, arena, &out);
	assert_string_equal(strbuf_str(&out), "@revoked [n1]:2222,10.0.0.1 ssh-ed25519 OLD\n"
					      "@revoked [n1]:2222 ssh-rsa OLDER\n"
					      "@revoked [n1]:2222 ssh-rsa PATTERN\n");
}

static bool has_pair(char **argv, const char *a, const char *b)
{
	for (; argv[0] && argv[1]; argv++)
		if (streq(argv[0], a) && streq(argv[1], b))
			return true;
	return false;
}

static void test_ssh_command_line(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct ssh ssh = {
	    .program = "ssh", .known_hosts = "/h/k", .control_dir = "/run/x", .connect_timeout_s = 9};
	const struct ssh_dest dest = {.host = "-oProxyCommand=x", .user = "u", .port = 22};
	char **argv = ssh_argv(&ssh, &dest, "cmd", false, arena);
	size_t n = 0;
	while (argv[n])
		n++;
	assert_string_equal(argv[n - 1], "cmd");
	assert_string_equal(argv[n - 2], "-oProxyCommand=x");
	assert_string_equal(argv[n - 3], "--");
	assert_true(has_pair(argv, "-o", "ControlPath=none"));
	assert_true(has_pair(argv, "-o", "ConnectTimeout=9"));
	assert_true(has_pair(argv, "-p", "22"));
	assert_true(has_pair(argv, "-l", "u"));
	argv = ssh_argv(&ssh, &dest, "cmd", true, arena);
	assert_true(has_pair(argv, "-o", "ControlMaster=auto"));
	assert_false(has_pair(argv, "-o", "ControlPath=none"));
}

static void test_control_dir(void **state)
{
	(void)state;
	char dir[] = "/tmp/reeve-test-XXXXXX", path[300];
	struct err err;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(ssh_control_dir_check(dir, &err), 0);
	chmod(dir, 0750);
	assert_int_equal(ssh_control_dir_check(dir, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	chmod(dir, 0700);
	snprintf(path, sizeof path, "%s/link", dir);
	assert_int_equal(symlink(".", path), 0);
	assert_int_equal(ssh_control_dir_check(path, &err), -1);
	unlink(path);
	snprintf(path, sizeof path, "%s/%070d", dir, 1);
	assert_int_equal(ssh_control_dir_check(path, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	rmdir(dir);
}

/* The bound of bytes follows the question; nothing raises it over BUDGET_BYTES. */
static void budget_follows_the_question(void **state)
{
	(void)state;
	struct err err;
	struct budget b, small;
	json_t *read = json_pack("{s:s, s:[{s:s, s:s, s:i}]}", "verb", "collect", "items", "name", "a", "read", "/a",
				 "max", 65536);
	json_t *many = json_pack("{s:s, s:[{s:s, s:s, s:I}]}", "verb", "collect", "items", "name", "a", "read", "/a",
				 "max", (json_int_t)1 << 62);
	budget_begin(&small);
	budget_begin(&b);
	assert_int_equal(budget_take_event(&b, &err), -1);
	budget_ask(&b, read);
	assert_true(b.bytes >= small.bytes + 2 * 65536 && b.bytes < small.bytes + 4 * 65536);
	assert_int_equal(budget_take_event(&b, &err), 0);
	assert_int_equal(budget_take_bytes(&b, small.bytes + 2 * 65536, &err), 0);
	assert_int_equal(budget_take_bytes(&b, BUDGET_BYTES, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	for (int i = 0; i < 100; i++)
		budget_ask(&b, many);
	assert_int_equal(b.asked, BUDGET_BYTES);
	assert_true(b.bytes < BUDGET_BYTES);
	assert_int_equal(b.events, BUDGET_EVENTS);
	json_decref(many);
	json_decref(read);

	/* What takes hours may tell how far it is. */
	json_t *plain = json_pack("{s:s, s:[{}]}", "verb", "apply", "resources");
	json_t *product = json_pack("{s:s, s:[{s:[]}]}", "verb", "apply", "resources", "sources");
	budget_begin(&small);
	budget_begin(&b);
	budget_ask(&small, plain);
	budget_ask(&b, product);
	assert_int_equal(b.events, small.events + 2000);
	assert_int_equal(b.bytes, small.bytes + 2000 * 1024);
	json_decref(plain);
	json_decref(product);
}

/* Whole heartbeats to those that are open, and not a byte to one that was dropped. */
static void beats_go_out_while_nobody_pumps(void **state)
{
	(void)state;
	int kept[2], dropped[2];
	char bytes[2 * WIRE_HEADER];
	assert_int_equal(pipe2(kept, O_CLOEXEC), 0);
	assert_int_equal(pipe2(dropped, O_CLOEXEC | O_NONBLOCK), 0);
	struct beat *beat = beat_new();
	const int fds[] = {dropped[1], kept[1]};
	beat_begin(beat, fds, 2);
	beat_drop(beat, dropped[1]);
	assert_int_equal(read(kept[0], bytes, sizeof bytes), WIRE_HEADER);
	assert_memory_equal(bytes, "\0\0\0\0H", WIRE_HEADER);
	assert_int_equal(read(dropped[0], bytes, sizeof bytes), -1);
	beat_end(beat);
	beat_free(beat);
	for (int i = 0; i < 2; i++) {
		close(kept[i]);
		close(dropped[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_answers_in_pieces),
	    cmocka_unit_test(test_answers_of_liars),
	    cmocka_unit_test(test_command_echoed_is_no_answer),
	    cmocka_unit_test(test_explanations),
	    cmocka_unit_test(test_quote),
	    cmocka_unit_test(test_known_hosts_lines),
	    cmocka_unit_test(test_revoked_lines),
	    cmocka_unit_test(test_ssh_command_line),
	    cmocka_unit_test(test_control_dir),
	    cmocka_unit_test(budget_follows_the_question),
	    cmocka_unit_test(beats_go_out_while_nobody_pumps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
