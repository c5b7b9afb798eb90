/* Who is measured with whom, what is read from the scripts' output, and what is remarkable. */
#include "run/meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void nobody_is_measured_twice_at_once(void **state)
{
	(void)state;
	for (size_t n = 0; n < 70; n++) {
		struct meter_round *rounds;
		size_t count = meter_schedule(n, arena, &rounds), pairs = 0;
		size_t *met = arena_calloc(arena, (n + 1) * (n + 1), sizeof *met);
		for (size_t r = 0; r < count; r++) {
			bool *busy = arena_calloc(arena, n, sizeof *busy);
			for (size_t i = 0; i < rounds[r].len; i++) {
				size_t a = rounds[r].items[i].a, b = rounds[r].items[i].b;
				assert_true(a < b && b < n);
				assert_false(busy[a] || busy[b]);
				busy[a] = busy[b] = true;
				met[a * n + b]++;
				pairs++;
			}
		}
		if (n < 2)
			assert_int_equal(count, 0);
		assert_true(count <= METER_ALL);
		if (n <= METER_ALL) {
			assert_int_equal(pairs, n ? n * (n - 1) / 2 : 0);
			for (size_t a = 0; a < n; a++)
				for (size_t b = a + 1; b < n; b++)
					assert_int_equal(met[a * n + b], 1);
			continue;
		}
		assert_int_equal(pairs, n + n / 2 * METER_SAMPLES);
		for (size_t i = 0; i + 1 < n; i++)
			assert_true(met[i * n + i + 1] >= 1);
	}
}

#define TEST(bits) \
	"{\n\t\"start\":\t{},\n\t\"end\":\t{\n\t\t\"sum_received\":\t{\"bits_per_second\":\t" bits "}\n\t}\n}\n"

static void output_is_read(void **state)
{
	(void)state;
	struct meter_pair p = {0};
	meter_read_client(
	    "@mtu 9000\n@forward\n" TEST("941000000.5") "@backward\n" TEST(
		"9.41e8") "@ping\nPING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n\n--- 10.0.0.2 ping statistics ---\n"
			  "5 packets transmitted, 5 received, 0% packet loss, time 812ms\n"
			  "rtt min/avg/max/mdev = 0.045/0.161/0.290/0.015 ms\n@large lost\n",
	    arena, &p);
	meter_read_server("@mtu 1500\n", &p);
	assert_int_equal(p.forward, 941000);
	assert_int_equal(p.backward, 941000);
	assert_int_equal(p.rtt_us, 161);
	assert_int_equal(p.mtu_a, 9000);
	assert_int_equal(p.mtu_b, 1500);
	assert_int_equal(p.large, LARGE_LOST);
	assert_null(p.error);
}

static void nonsense_is_not_believed(void **state)
{
	(void)state;
	const char *bad[] = {"",
			     "@forward\n{\n",
			     "@forward\n[1]\n@backward\n3\n",
			     "@mtu 99999999999\n@forward\n" TEST("-5") "@backward\n" TEST("1e300"),
			     "@mtu -1\n@forward\n" TEST("\"x\""),
			     "@ping\nrtt min/avg/max/mdev = x/y/z ms\nrtt \nrtt min = -1/-1\n"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct meter_pair p = {0};
		meter_read_client(bad[i], arena, &p);
		assert_int_equal(p.forward | p.backward | p.rtt_us | p.mtu_a, 0);
	}
	struct meter_pair p = {0};
	meter_read_client("@forward\n{\"start\":{},\"error\":\"unable to connect to server: \\u001b[2JNo route\"}\n",
			  arena, &p);
	assert_non_null(strstr(p.error, "No route"));
	assert_null(strchr(p.error, '\033'));
}

static size_t count_of(const struct findings *f, const char *code, const char *part)
{
	size_t n = 0;
	for (size_t i = 0; i < f->len; i++)
		n += streq(f->items[i].code, code) && (!part || strstr(f->items[i].what, part));
	return n;
}

static void what_is_remarkable_is_named(void **state)
{
	(void)state;
	static const char *const names[] = {"n1", "n2", "n3", "n4"};
	struct findings f = {.arena = arena};
	/* What n4 sends is slow; n1 and n2 differ by less than a fifth. */
	const struct meter_pair pairs[] = {
	    {.a = 0, .b = 1, .forward = 940000, .backward = 800000, .mtu_a = 1500, .mtu_b = 1500, .rtt_us = 100},
	    {.a = 0, .b = 2, .forward = 940000, .backward = 941000, .mtu_a = 9000, .mtu_b = 1500, .rtt_us = 100},
	    {.a = 1,
	     .b = 2,
	     .forward = 940000,
	     .backward = 940000,
	     .large = LARGE_LOST,
	     .mtu_a = 9000,
	     .mtu_b = 9000,
	     .rtt_us = 90},
	    {.a = 0, .b = 3, .forward = 940000, .backward = 94000},
	    {.a = 1, .b = 3, .forward = 940000, .backward = 94000},
	    {.a = 2, .b = 3, .error = "no route"},
	};
	meter_judge(pairs, sizeof pairs / sizeof *pairs, names, 4, &f);
	assert_int_equal(count_of(&f, "asymmetric", NULL), 2);
	assert_int_equal(count_of(&f, "asymmetric", "n4 to n1 carries 94 Mbit/s, and n1 to n4 940"), 1);
	assert_int_equal(count_of(&f, "slow", NULL), 1);
	assert_int_equal(count_of(&f, "slow", "it sends 94 Mbit/s, where 940 is usual here"), 1);
	assert_int_equal(count_of(&f, "mtu", NULL), 2);
	assert_int_equal(count_of(&f, "mtu", "n1 has an MTU of 9000 towards n3, which has 1500"), 1);
	assert_int_equal(count_of(&f, "mtu", "packets of the MTU 9000 do not get from n2 to n3"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nobody_is_measured_twice_at_once),
	    cmocka_unit_test(output_is_read),
	    cmocka_unit_test(nonsense_is_not_believed),
	    cmocka_unit_test(what_is_remarkable_is_named),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
