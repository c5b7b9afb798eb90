#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/schema.h"
#include "expr/expr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARCH, NAME, MODEL, MEMORY, CORES, CPUS, GPUS, VIRTUAL, IB, LINKS, SPEED, KERNEL, OS };

static const struct expr_name names[] = {
    [ARCH] = {"arch", EXPR_TEXT, NULL},    [NAME] = {"name", EXPR_TEXT, NULL},
    [MODEL] = {"model", EXPR_TEXT, NULL},  [MEMORY] = {"memory", EXPR_MEMORY, NULL},
    [CORES] = {"cores", EXPR_COUNT, NULL}, [CPUS] = {"cpus", EXPR_COUNT, NULL},
    [GPUS] = {"gpus", EXPR_COUNT, NULL},   [VIRTUAL] = {"virtual", EXPR_BOOL, NULL},
    [IB] = {"ib", EXPR_BOOL, NULL},        [LINKS] = {"links", EXPR_TEXTS, NULL},
    [SPEED] = {"speed", EXPR_SPEED, NULL}, [KERNEL] = {"kernel", EXPR_VERSION, NULL},
    [OS] = {"os", EXPR_VERSION, NULL},     {0},
};

static const char *const links[] = {"eth0", "mlx5_0"};

/* What a host has; `gpus`, `ib` and `os` are not known. */
static const struct expr_value pi[] = {
    [ARCH] = {.known = true, .text = "aarch64"},
    [NAME] = {.known = true, .text = "pi07"},
    [MODEL] = {.known = true, .text = "Raspberry Pi 4"},
    [MEMORY] = {.known = true, .number = 3797},
    [CORES] = {.known = true, .number = 4},
    [CPUS] = {.known = true, .number = 8},
    [GPUS] = {.number = 7},
    [VIRTUAL] = {.known = true, .truth = true},
    [IB] = {.truth = true},
    [LINKS] = {.known = true, .texts = links, .text_count = 2},
    [SPEED] = {.known = true, .number = 10000},
    [KERNEL] = {.known = true, .text = "6.1.0-28-arm64"},
    [OS] = {.known = true, .text = NULL},
};

static const struct expr *read_it(struct arena *a, const char *text)
{
	struct expr_fault fault = {0};
	const struct expr *e = expr_parse(text, names, a, &fault);
	if (!e)
		fail_msg("%s: at %zu: %s", text, fault.at, fault.text);
	return e;
}

static void judges(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum expr_truth truth;
	} cases[] = {
	    {"arch == aarch64", EXPR_YES},
	    {"arch==aarch64", EXPR_YES},
	    {"arch == \"aarch64\"", EXPR_YES},
	    {"arch == 'aarch64'", EXPR_YES},
	    {"arch == AArch64", EXPR_NO},
	    {"arch != aarch64", EXPR_NO},
	    {"arch != x86-64", EXPR_YES},
	    {"arch == \"\"", EXPR_NO},
	    {"model == 'Raspberry Pi 4'", EXPR_YES},
	    {"name == \"arch\"", EXPR_NO},
	    {"memory == 3797 MB", EXPR_YES},
	    {"memory == 3797MB", EXPR_YES},
	    {"memory == 3797 mib", EXPR_YES},
	    {"memory >= 4 GB", EXPR_NO},
	    {"memory < 4096 MB", EXPR_YES},
	    {"memory > 3796 MB", EXPR_YES},
	    {"memory > 3797 MB", EXPR_NO},
	    {"memory >= 3797 MB", EXPR_YES},
	    {"memory >= 3798 MB", EXPR_NO},
	    {"memory <= 3796 MB", EXPR_NO},
	    {"memory <= 3797 MB", EXPR_YES},
	    {"memory < 3797 MB", EXPR_NO},
	    {"memory != 3797 MB", EXPR_NO},
	    {"memory < 1 TB", EXPR_YES},
	    {"memory < 1048576 TiB", EXPR_YES},
	    {"speed == 10 Gbit", EXPR_YES},
	    {"speed == 10000 Mbit/s", EXPR_YES},
	    {"speed < 1 Tbit", EXPR_YES},
	    {"cores < cpus", EXPR_YES},
	    {"cores == cpus", EXPR_NO},
	    {"cores >= 18446744073709551615", EXPR_NO},
	    {"cores in [2, 4]", EXPR_YES},
	    {"cores in [2,3]", EXPR_NO},
	    {"cores not in [2, 4]", EXPR_NO},
	    {"cores not  in [2, 3]", EXPR_YES},
	    {"arch in [x86_64, aarch64]", EXPR_YES},
	    {"arch in ['x86_64']", EXPR_NO},
	    {"memory in [4 GB, 3797 MB]", EXPR_YES},
	    {"name ~ \"pi*\"", EXPR_YES},
	    {"name ~ 'pi?'", EXPR_NO},
	    {"name ~ 'pi?\?'", EXPR_YES},
	    {"name ~ '*0?'", EXPR_YES},
	    {"name ~ '*p*7*'", EXPR_YES},
	    {"name ~ '*'", EXPR_YES},
	    {"name ~ 'i*'", EXPR_NO},
	    {"name ~ '*p'", EXPR_NO},
	    {"links has eth0", EXPR_YES},
	    {"links has eth1", EXPR_NO},
	    {"links ~ 'mlx*'", EXPR_YES},
	    {"links ~ 'ib*'", EXPR_NO},
	    {"kernel == 6.1", EXPR_YES},
	    {"kernel == 6", EXPR_YES},
	    {"kernel == 6.1.0.0", EXPR_YES},
	    {"kernel == '6.01'", EXPR_YES},
	    {"kernel > 6.1", EXPR_NO},
	    {"kernel > 6.0.9", EXPR_YES},
	    {"kernel < 6.10", EXPR_YES},
	    {"kernel >= 6.1.1", EXPR_NO},
	    {"kernel in [5.10, 6.1]", EXPR_YES},
	    {"virtual", EXPR_YES},
	    {"not virtual", EXPR_NO},
	    {"not not virtual", EXPR_YES},
	    {"not virtual and arch == x", EXPR_NO},
	    {"not (virtual and arch == x)", EXPR_YES},
	    {"arch == x or virtual", EXPR_YES},
	    {"(arch == x or virtual) and cores == 4", EXPR_YES},
	    {"arch == x or (virtual and cores == 5)", EXPR_NO},
	    {" ( ( virtual ) )\n", EXPR_YES},
	    {"not arch == x", EXPR_YES},
	    /* not known */
	    {"gpus >= 1", EXPR_UNKNOWN},
	    {"gpus < 1", EXPR_UNKNOWN},
	    {"gpus not in [1]", EXPR_UNKNOWN},
	    {"not gpus >= 1", EXPR_UNKNOWN},
	    {"ib", EXPR_UNKNOWN},
	    {"not ib", EXPR_UNKNOWN},
	    {"os != 12", EXPR_UNKNOWN},
	    {"cores > gpus", EXPR_UNKNOWN},
	    {"ib and virtual", EXPR_UNKNOWN},
	    {"ib and not virtual", EXPR_NO},
	    {"ib or virtual", EXPR_YES},
	    {"ib or not virtual", EXPR_UNKNOWN},
	    {"not (ib and not virtual)", EXPR_YES},
	    {"not (ib or virtual)", EXPR_NO},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct expr *e = read_it(a, cases[i].text);
		if (expr_judge(e, pi) != cases[i].truth)
			fail_msg("%s: %d", cases[i].text, (int)expr_judge(e, pi));
		assert_int_equal(expr_holds(e, pi), cases[i].truth == EXPR_YES);
		assert_int_equal(expr_why_not(e, pi, a) == NULL, cases[i].truth == EXPR_YES);
	}
}

static void versions_of_hosts_are_read_with_care(void **state)
{
	(void)state;
	static const struct {
		const char *version, *text;
		enum expr_truth truth;
	} cases[] = {
	    {"22.05.8", "kernel == 22.05", EXPR_YES},
	    {"22.05.8-4+deb12", "kernel >= 22.05.8", EXPR_YES},
	    {"9", "kernel < 10", EXPR_YES},
	    {"6", "kernel == 6.0", EXPR_YES},
	    {"6", "kernel < 6.0.1", EXPR_YES},
	    {"6.1-rc2", "kernel == 6.1", EXPR_YES},
	    {"6.-x", "kernel < 6.1", EXPR_YES},
	    {"1:22.05", "kernel >= 1", EXPR_UNKNOWN},
	    {"1.2:22.05", "kernel >= 1", EXPR_UNKNOWN},
	    {"v6.1", "kernel >= 1", EXPR_UNKNOWN},
	    {"", "kernel >= 1", EXPR_UNKNOWN},
	    {"6.1234567890", "kernel >= 1", EXPR_UNKNOWN},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct expr_value values[ARRAY_LEN(pi)];
		memcpy(values, pi, sizeof values);
		values[KERNEL].text = cases[i].version;
		if (expr_judge(read_it(a, cases[i].text), values) != cases[i].truth)
			fail_msg("%s of %s", cases[i].text, cases[i].version);
	}
}

static void patterns_know_characters(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct expr_value values[ARRAY_LEN(pi)];
	memcpy(values, pi, sizeof values);
	values[NAME].text = "köln";
	assert_true(expr_holds(read_it(a, "name ~ 'k?ln'"), values));
	assert_false(expr_holds(read_it(a, "name ~ 'k?\?ln'"), values));
	values[NAME].text = "k*";
	assert_true(expr_holds(read_it(a, "name ~ 'k?'"), values));
	/* Not exponential: this would not end in an age. */
	char *long_name = arena_alloc(a, 20001);
	memset(long_name, 'a', 20000);
	values[NAME].text = long_name;
	assert_false(expr_holds(read_it(a, "name ~ '*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b'"), values));
}

/* The caret is part of the case: '^' under the first byte, '~' under the others. */
static void faults_say_what_and_where(void **state)
{
	(void)state;
	static const struct {
		const char *text, *caret, *message, *hint;
	} cases[] = {
	    {"", "^", "a condition is missing here", NULL},
	    {"  ", "  ^", "a condition is missing here", NULL},
	    {"arch = aarch64", "     ^", "'=' is nothing that an expression may hold", "'==' compares"},
	    {"arch === aarch64", "     ^~~", "'===' is nothing that an expression may hold", "'==' compares"},
	    {"memory >= 7000", "          ^~~~", "'memory' is an amount of memory, '7000' is a number without a unit",
	     "with its unit: '7000 MB', '7000 GB'"},
	    {"speed >= 10", "         ^~", "'speed' is a speed, '10' is a number without a unit",
	     "with its unit: '10 Mbit', '10 Gbit'"},
	    {"speed >= 10G", "           ^", "'G' is not a unit of speeds, these are: Mbit, Gbit, Tbit",
	     "write '10 Gbit'"},
	    {"memory >= 8 g", "            ^", "'g' is not a unit of memory, these are: MB, GB, TB", "write '8 GB'"},
	    {"memory >= 8 KB", "            ^~", "'KB' is not a unit of memory, these are: MB, GB, TB", NULL},
	    {"memory >= 7.5 GB", "          ^~~", "'7.5' is not a whole number", "write it in a smaller unit"},
	    {"memory >= 10 Gbit", "          ^~~~~~~", "'memory' is an amount of memory, '10 Gbit' is a speed",
	     "write a value like '7000 MB'"},
	    {"memory >= \"7000 MB\"", "          ^~~~~~~~~", "'memory' is an amount of memory, '7000 MB' is a text",
	     "write a value like '7000 MB', without quotes"},
	    {"memory >= 1048577 TB", "          ^~~~~~~~~~", "'1048577 TB' is too much for an amount of memory", NULL},
	    {"cores >= 18446744073709551616", "         ^~~~~~~~~~~~~~~~~~~~",
	     "'18446744073709551616' is too much for a number", NULL},
	    {"cores >= 4 GB", "         ^~~~", "'cores' is a number, '4 GB' is an amount of memory",
	     "write a value like '4'"},
	    {"cores >= 4.5", "         ^~~", "'4.5' is not a whole number", NULL},
	    {"cores >= -1", "         ^", "'-' is nothing that an expression may hold",
	     "numbers have no sign, and nothing is computed"},
	    {"cores >= four", "         ^~~~", "there is no fact 'four', and 'cores' is a number",
	     "write a value like '4'"},
	    {"cores > memory", "        ^~~~~~", "'cores' is a number, 'memory' is an amount of memory",
	     "write a value like '4'"},
	    {"arch == 64", "        ^~", "'arch' is a text, '64' is a number",
	     "a text of that spelling stands in quotes: \"64\""},
	    {"arch == 4x", "         ^", "'arch' is a text, and 'x' no unit",
	     "a text of that spelling stands in quotes: \"4x\""},
	    {"arch == name", "        ^~~~", "'arch' is a text, 'name' is another fact",
	     "a text of that spelling stands in quotes: \"name\""},
	    {"arch < aarch64", "     ^", "'arch' is a text, for which there is no '<'",
	     "write 'arch == word', 'arch in [word, word]' or 'arch ~ \"pattern*\"'"},
	    {"arch", "^~~~", "'arch' is a text, and neither true nor false",
	     "write 'arch == word', 'arch in [word, word]' or 'arch ~ \"pattern*\"'"},
	    {"cores and virtual", "^~~~~", "'cores' is a number, and neither true nor false",
	     "compare it, as in 'cores >= 1'"},
	    {"virtual == true", "        ^~", "'virtual' is true or false, for which there is no '=='",
	     "write 'virtual' or 'not virtual' alone"},
	    {"links == eth0", "      ^~", "'links' is a set of texts, for which there is no '=='",
	     "write 'links has word' or 'links ~ \"pattern*\"'"},
	    {"arhc == aarch64", "^~~~", "there is no fact 'arhc'", "did you mean 'arch'?"},
	    {"arch == aarch64 and temperature > 3", "                    ^~~~~~~~~~~", "there is no fact 'temperature'",
	     "there are: arch, name, model, memory, cores, cpus, gpus, virtual, ib, links, speed, kernel, os"},
	    {"aarch64 == arch", "^~~~~~~", "there is no fact 'aarch64'", "the fact goes first: 'arch == aarch64'"},
	    {"7000 MB <= memory", "^~~~", "the name of a fact should stand here, not '7000'",
	     "the fact goes first: 'memory >= 7000 MB'"},
	    {"4 < cores < 8", "^", "the name of a fact should stand here, not '4'", "the fact goes first: 'cores > 4'"},
	    {"cores > 4 < 8", "          ^", "comparisons cannot be chained",
	     "write two tests: 'cores > 4 and cores < ...'"},
	    {"gpus < cores < cpus", "             ^", "comparisons cannot be chained",
	     "write two tests: 'gpus < cores and cores < ...'"},
	    {"virtual and ib or ib", "               ^~", "'and' and 'or' are mixed without parentheses",
	     "parentheses say what belongs together, as in '(virtual and ib) or ...'"},
	    {"(ib or ib and ib)", "          ^~~", "'or' and 'and' are mixed without parentheses",
	     "parentheses say what belongs together, as in '(ib or ib) and ...'"},
	    {"(virtual", "^", "this parenthesis is not closed", NULL},
	    {"virtual)", "       ^", "')' closes nothing", NULL},
	    {"virtual an ib", "        ^~", "'and', 'or' or the end should stand here, not 'an'",
	     "did you mean 'and'?"},
	    {"cores == 4 adn ib", "           ^~~", "'cores' is a number, and 'adn' no unit", "did you mean 'and'?"},
	    {"virtual && ib", "        ^~", "'&&' is nothing that an expression may hold", "write 'and'"},
	    {"!virtual", "^", "'!' is nothing that an expression may hold", "write 'not'"},
	    {"virtual and", "           ^", "a condition is missing here", NULL},
	    {"and virtual", "^~~", "a condition is missing before 'and'", NULL},
	    {"arch ==", "       ^", "a value to compare 'arch' with is missing here", "write a value like 'word'"},
	    {"arch not x", "     ^~~", "'not' cannot stand here", "'not' stands before a fact, or in 'not in'"},
	    {"arch in aarch64", "        ^~~~~~~", "a list in brackets should stand behind 'in'",
	     "write 'arch in [..., ...]'"},
	    {"arch in {a}", "        ^", "'{' is nothing that an expression may hold",
	     "a list stands in brackets: [a, b]"},
	    {"arch in []", "         ^", "a value is missing here", NULL},
	    {"arch in [a,]", "           ^", "a value is missing here", NULL},
	    {"arch in [a b]", "           ^", "',' or the closing bracket of the list should stand here", NULL},
	    {"arch in [a", "          ^", "',' or the closing bracket of the list should stand here", NULL},
	    {"cores in [cpus]", "          ^~~~", "'cores' is a number, 'cpus' is another fact",
	     "write a value like '4'"},
	    {"name ~ pi*", "       ^~", "a pattern stands in quotes", "write: name ~ \"pi*\""},
	    {"name ~ *i", "       ^", "'*' is nothing that an expression may hold",
	     "a pattern stands in quotes: name ~ \"pi*\""},
	    {"name ~ 'pi'", "       ^~~~", "this pattern has neither '*' nor '?'",
	     "write: name == 'pi'; or with '*' for any text before or behind it"},
	    {"name ~ 'pi[1-4]*'", "          ^", "'[' cannot stand in a pattern",
	     "'*' is any text, '?' any character; there are no ranges and no regular expressions"},
	    {"name ~ '^pi.*'", "        ^", "'^' cannot stand in a pattern",
	     "'*' is any text, '?' any character; there are no ranges and no regular expressions"},
	    {"arch == 'x", "        ^~", "the quote that closes this text is missing", NULL},
	    {"arch == 'a\\'b'", "          ^", "a backslash cannot stand in a text",
	     "a quote may stand in the other kind of quotes"},
	    {"arch == 'a\nb'", "          ^", "a control character cannot stand in a text", NULL},
	    {"arch == “x”", "        ^~~", "'“' is nothing that an expression may hold", "write straight quotes"},
	    {"memory ≥ 1 GB", "       ^~~", "'≥' is nothing that an expression may hold", "'>=' compares"},
	    {"kernel == x", "          ^", "there is no fact 'x', and 'kernel' is a version",
	     "write a value like '6.1'"},
	    {"cores == gpu", "         ^~~", "there is no fact 'gpu', and 'cores' is a number", "did you mean 'gpus'?"},
	    {"kernel == '6.x'", "          ^~~~~", "'kernel' is a version, '6.x' is a text",
	     "write a value like '6.1'"},
	    {"kernel == 6.1.1234567890", "          ^~~~~~~~~~~~~~", "a number of more than 9 digits in a version",
	     NULL},
	    {"kernel == os", "          ^~", "'kernel' is a version, 'os' is another fact", "write a value like '6.1'"},
	    {"virtual \xff", "^~~~~~~~~", "this text is not UTF-8", NULL},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	size_t wrong = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct expr_fault fault = {0};
		_cleanup_strbuf_ struct strbuf caret = {0};
		assert_null(expr_parse(cases[i].text, names, a, &fault));
		assert_true(fault.at + fault.width <= strlen(cases[i].text));
		for (size_t k = 0; k < fault.at; k++)
			strbuf_addc(&caret, ' ');
		strbuf_addc(&caret, '^');
		for (size_t k = 1; k < fault.width; k++)
			strbuf_addc(&caret, '~');
		if (!streq(fault.text, cases[i].message) || !streq(strbuf_str(&caret), cases[i].caret) ||
		    !streq(fault.hint ? fault.hint : "-", cases[i].hint ? cases[i].hint : "-")) {
			wrong++;
			print_error("%s\n%s\n%s\n%s\n\n", cases[i].text, strbuf_str(&caret), fault.text,
				    fault.hint ? fault.hint : "-");
		}
	}
	assert_int_equal(wrong, 0);
}

static char *repeated(struct arena *a, const char *before, const char *what, size_t count, const char *after)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_adds(&out, before);
	for (size_t i = 0; i < count; i++)
		strbuf_adds(&out, what);
	strbuf_adds(&out, after);
	return arena_strndup(a, out.data, out.len);
}

static const char *fault_of(struct arena *a, const char *text)
{
	struct expr_fault fault = {0};
	return expr_parse(text, names, a, &fault) ? NULL : arena_strdup(a, fault.text);
}

static void bounds_hold(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_null(fault_of(a, repeated(a, "", " ", EXPR_TEXT_MAX - 2, "ib")));
	assert_string_equal(fault_of(a, repeated(a, "", " ", EXPR_TEXT_MAX - 1, "ib")),
			    "an expression of more than 1024 bytes");
	assert_null(fault_of(a, repeated(a, "ib", " or ib", EXPR_TERMS_MAX - 1, "")));
	assert_string_equal(fault_of(a, repeated(a, "ib", " or ib", EXPR_TERMS_MAX, "")),
			    "more than 64 tests in one expression");
	assert_null(fault_of(a, repeated(a, "", "not ", EXPR_DEPTH_MAX, "ib")));
	assert_string_equal(fault_of(a, repeated(a, "", "not ", EXPR_DEPTH_MAX + 1, "ib")),
			    "more than 16 parentheses and 'not' within each other");
	assert_string_equal(fault_of(a, repeated(a, "", "(", 1000, "")),
			    "more than 16 parentheses and 'not' within each other");
	/* Beside each other is not within each other. */
	assert_null(fault_of(a, repeated(a, "ib", " or (ib)", 40, "")));
	/* What is quoted in a message is cut to its room. */
	assert_int_equal(strlen(fault_of(a, repeated(a, "", "x", 1000, ""))), 198);
}

static void says_why_not(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"arch == aarch64 and memory >= 7000 MB", "memory >= 7000 MB: it has 3797 MB"},
	    {"memory  >=\n8 GB", "memory  >= 8 GB: it has 3797 MB, 8 GB is 8192 MB"},
	    {"arch == x86_64", "arch == x86_64: it is aarch64"},
	    {"arch == x and cores >= 5 and virtual", "arch == x: it is aarch64; cores >= 5: it has 4"},
	    {"arch == x or cores >= 5", "arch == x: it is aarch64; cores >= 5: it has 4"},
	    {"(arch == x and virtual) or (cores == 4 and not virtual)",
	     "arch == x: it is aarch64; not virtual: it is true"},
	    {"not (arch == aarch64 or cores == 5)", "not arch == aarch64: it is aarch64"},
	    {"not (arch == aarch64 and cores == 4)", "not arch == aarch64: it is aarch64; not cores == 4: it has 4"},
	    {"not not arch == x", "arch == x: it is aarch64"},
	    {"speed > 25 Gbit", "speed > 25 Gbit: it has 10 Gbit"},
	    {"links has ib0", "links has ib0: it has eth0, mlx5_0"},
	    {"kernel >= 6.2", "kernel >= 6.2: it is 6.1.0-28-arm64"},
	    {"cores == cpus", "cores == cpus: cores is 4, cpus is 8"},
	    {"cores < cores", "cores < cores: it has 4"},
	    {"cores in [1, 2]", "cores in [1, 2]: it has 4"},
	    {"gpus >= 1", "gpus >= 1: gpus is not known"},
	    {"cores > gpus", "cores > gpus: gpus is not known"},
	    {"not ib", "not ib: ib is not known"},
	    {"ib and virtual", "ib: ib is not known"},
	    {"ib and arch == x", "arch == x: it is aarch64"},
	    {"ib or arch == x", "ib: ib is not known; arch == x: it is aarch64"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(expr_why_not(read_it(a, cases[i][0]), pi, a), cases[i][1]);
}

static void what_hosts_say_is_made_printable_and_cut(void **state)
{
	(void)state;
	static const char *const many[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	_cleanup_arena_ struct arena *a = arena_new();
	struct expr_value values[ARRAY_LEN(pi)];
	memcpy(values, pi, sizeof values);
	values[ARCH].text = "a\nb\x1b[31m";
	assert_string_equal(expr_why_not(read_it(a, "arch == x"), values, a), "arch == x: it is a\\nb\\x1b[31m");
	values[ARCH].text = "";
	assert_string_equal(expr_why_not(read_it(a, "arch == x"), values, a), "arch == x: it is empty");
	values[ARCH].text = repeated(a, "aaaaaaaaa", "ö", 100, "");
	assert_string_equal(expr_why_not(read_it(a, "arch == x"), values, a),
			    repeated(a, "arch == x: it is aaaaaaaaa", "ö", 25, "..."));
	values[LINKS] = (struct expr_value){.known = true};
	assert_string_equal(expr_why_not(read_it(a, "links has x"), values, a), "links has x: it has none");
	values[LINKS] = (struct expr_value){.known = true, .texts = many, .text_count = ARRAY_LEN(many)};
	assert_string_equal(expr_why_not(read_it(a, "links has x"), values, a),
			    "links has x: it has a, b, c, d, e, f, g, h and 2 more");
}

/* An amount of memory, or a speed, is written in one way in the whole of cluster.yaml. */
static size_t amounts_taken(const char *fact, size_t index, bool memory)
{
	static const char *const numbers[] = {"0",
					      "1",
					      "07",
					      "1048576",
					      "1048577",
					      "1073741825",
					      "1099511627776",
					      "1099511627777",
					      "18446744073709551616",
					      "1.5"};
	static const char *const unit_names[] = {
	    " MB", "MB",    " MiB",   " GB",   "GiB",     "  TB", " TiB",   " mb",    " gIb", " tb", " KB",
	    " B",  " Mbit", "Mbit/s", " gbit", " Tbit/s", "TBIT", " Mbits", " Mbit/", "",     " M",  " MBs"};
	size_t taken = 0;
	for (size_t i = 0; i < ARRAY_LEN(numbers) * ARRAY_LEN(unit_names); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct expr_value values[ARRAY_LEN(pi)];
		struct expr_fault fault;
		struct diags diags;
		uint64_t amount = 0;
		const char *text =
		    arena_printf(a, "%s%s", numbers[i % ARRAY_LEN(numbers)], unit_names[i / ARRAY_LEN(numbers)]);
		struct conf_value value = {.kind = CONF_SCALAR, .text = text, .len = strlen(text)};
		diags_init(&diags, "cluster.yaml", NULL, 0);
		bool is_one = (memory ? conf_mib(&value, "it", &amount, &diags)
				      : conf_mbit(&value, "it", 1ULL << 40, &amount, &diags)) == 0;
		diags_free(&diags);
		const struct expr *e = expr_parse(arena_printf(a, "%s == %s", fact, text), names, a, &fault);
		if ((e != NULL) != is_one)
			fail_msg("%s", text);
		if (!e)
			continue;
		memcpy(values, pi, sizeof values);
		values[index].number = amount;
		assert_true(expr_holds(e, values));
		taken++;
	}
	return taken;
}

static void amounts_are_what_conf_says(void **state)
{
	(void)state;
	assert_true(amounts_taken("memory", MEMORY, true) > 30);
	assert_true(amounts_taken("speed", SPEED, false) > 15);
}

static void examples_of_the_manual_page_are_right(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_strbuf_ struct strbuf page = {0};
	size_t count = 0;
	assert_int_equal(file_read(UNIT_DATA "/../../docs/man/reeve-cluster.yaml.5.scd", 1 << 20, &page, NULL), 0);
	char *section = strstr(page.data, "\n# EXPRESSIONS\n");
	assert_non_null(section);
	char *rest = strstr(section, "\n```\ngpus >= 1\n");
	assert_non_null(rest);
	rest += strlen("\n```\n");
	for (char *line; (line = str_next_line(&rest)) && !streq(line, "```"); count++)
		read_it(a, line);
	assert_true(count >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(judges),
	    cmocka_unit_test(versions_of_hosts_are_read_with_care),
	    cmocka_unit_test(patterns_know_characters),
	    cmocka_unit_test(faults_say_what_and_where),
	    cmocka_unit_test(bounds_hold),
	    cmocka_unit_test(says_why_not),
	    cmocka_unit_test(what_hosts_say_is_made_printable_and_cut),
	    cmocka_unit_test(amounts_are_what_conf_says),
	    cmocka_unit_test(examples_of_the_manual_page_are_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
