/* Trees as /sys/class/net and /sys/class/infiniband have them on real machines, and as a liar would have them. */
#include "facts/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static struct arena *arena;

static struct facts_network decode(const char *links, const char *ports, const char *lldp)
{
	struct facts_network n;
	json_t *answers = json_object();
	const char *const names[] = {"links", "ports"}, *const texts[] = {links, ports};
	for (size_t i = 0; i < 2; i++) {
		json_t *entries = texts[i] ? json_loads(texts[i], 0, NULL) : NULL;
		if (texts[i])
			assert_non_null(entries);
		json_object_set_new(answers, names[i],
				    entries ? json_pack("{s:o}", "entries", entries) : json_pack("{s:i}", "errno", 2));
	}
	if (lldp)
		json_object_set_new(answers, "neighbours",
				    json_pack("{s:i, s:s, s:s, s:b}", "status", 0, "out", lldp, "err", "", "cut", 0));
	facts_network_decode(answers, arena, &n);
	json_decref(answers);
	return n;
}

#define DEVICE "\"device\":{\"link\":\"../../../0000:01:00.0\"}"
#define LO \
	"\"lo\":{\"operstate\":\"unknown\\n\",\"mtu\":\"65536\\n\",\"type\":\"772\\n\",\"carrier\":\"1\\n\"," \
	"\"uevent\":\"\"}"

/* A Pi: the wireless card is down, the wired one has a gigabit. */
static const char pi[] =
    "{" LO ",\"eth0\":{\"operstate\":\"up\\n\",\"carrier\":\"1\\n\",\"speed\":\"1000\\n\",\"mtu\":\"1500\\n\","
    "\"type\":\"1\\n\"," DEVICE ",\"uevent\":\"INTERFACE=eth0\\nIFINDEX=2\\n\"},"
    "\"wlan0\":{\"operstate\":\"down\\n\",\"carrier\":\"0\\n\",\"mtu\":\"1500\\n\",\"type\":\"1\\n\"," DEVICE
    ",\"uevent\":\"DEVTYPE=wlan\\nINTERFACE=wlan0\\n\"}}";

/* A server: two ports in a bond, a bridge with a faster-looking virtual link, a VLAN, and a 25 Gbit card. */
static const char server[] =
    "{" LO ",\"bonding_masters\":{},"
    "\"eno1\":{\"operstate\":\"up\\n\",\"speed\":\"10000\\n\",\"mtu\":\"9000\\n\",\"type\":\"1\\n\"," DEVICE
    ",\"master\":{\"link\":\"../bond0\"},\"uevent\":\"\"},"
    "\"eno2\":{\"operstate\":\"up\\n\",\"speed\":\"10000\\n\",\"mtu\":\"9000\\n\",\"type\":\"1\\n\"," DEVICE
    ",\"master\":{\"link\":\"../bond0\"},\"uevent\":\"\"},"
    "\"bond0\":{\"operstate\":\"up\\n\",\"speed\":\"20000\\n\",\"mtu\":\"9000\\n\",\"type\":\"1\\n\","
    "\"uevent\":\"DEVTYPE=bond\\n\"},"
    "\"bond0.7\":{\"operstate\":\"up\\n\",\"speed\":\"20000\\n\",\"mtu\":\"9000\\n\",\"type\":\"1\\n\","
    "\"uevent\":\"DEVTYPE=vlan\\n\"},"
    "\"br0\":{\"operstate\":\"up\\n\",\"speed\":\"40000\\n\",\"mtu\":\"1500\\n\",\"type\":\"1\\n\","
    "\"uevent\":\"DEVTYPE=bridge\\n\"},"
    "\"veth3\":{\"operstate\":\"up\\n\",\"speed\":\"100000\\n\",\"mtu\":\"1500\\n\",\"type\":\"1\\n\",\"uevent\":\"\"},"
    "\"enp1s0\":{\"operstate\":\"up\\n\",\"speed\":\"25000\\n\",\"mtu\":\"1500\\n\",\"type\":\"1\\n\"," DEVICE
    ",\"uevent\":\"\"},"
    "\"enp2s0\":{\"operstate\":\"down\\n\",\"speed\":\"100000\\n\",\"mtu\":\"1500\\n\",\"type\":\"1\\n\"," DEVICE
    ",\"uevent\":\"\"}}";

static const char mlx[] =
    "{\"mlx5_0\":{\"ports/1/state\":\"4: ACTIVE\\n\",\"ports/1/rate\":\"100 Gb/sec (4X EDR)\\n\","
    "\"ports/1/link_layer\":\"InfiniBand\\n\"},"
    "\"mlx5_1\":{\"ports/1/state\":\"1: DOWN\\n\",\"ports/1/rate\":\"400 Gb/sec (4X NDR)\\n\","
    "\"ports/1/link_layer\":\"InfiniBand\\n\"},"
    "\"rocep1s0\":{\"ports/1/state\":\"4: ACTIVE\\n\",\"ports/1/rate\":\"200 Gb/sec (4X HDR)\\n\","
    "\"ports/1/link_layer\":\"Ethernet\\n\"}}";

static void the_node_s_link_is_the_fastest_physical_one(void **state)
{
	(void)state;
	struct facts_network n = decode(pi, NULL, NULL);
	assert_int_equal(n.link_count, 3);
	assert_string_equal(facts_network_link(&n)->name, "eth0");
	assert_int_equal(facts_network_speed(&n), 1000);
	assert_int_equal(n.links[2].kind, LINK_OTHER);

	n = decode(server, NULL, NULL);
	assert_string_equal(facts_network_link(&n)->name, "enp1s0");
	assert_int_equal(facts_network_speed(&n), 25000);
	assert_int_equal(n.link_count, 9);
	assert_string_equal(n.links[3].name, "eno1");
	assert_string_equal(n.links[3].master, "bond0");
	assert_int_equal(n.links[3].mtu, 9000);
}

/* In a container there is no physical link; where there is one that is down, a virtual one does not stand in for it. */
static void virtual_links_count_where_nothing_else_is(void **state)
{
	(void)state;
	struct facts_network n =
	    decode("{" LO ",\"host0\":{\"operstate\":\"up\\n\",\"speed\":\"10000\\n\",\"type\":\"1\\n\"}}", NULL, NULL);
	assert_string_equal(facts_network_link(&n)->name, "host0");
	assert_int_equal(facts_network_speed(&n), 10000);
	n = decode("{\"eth0\":{\"operstate\":\"down\\n\",\"type\":\"1\\n\"," DEVICE "},"
		   "\"veth1\":{\"operstate\":\"up\\n\",\"speed\":\"10000\\n\",\"type\":\"1\\n\"}}",
		   NULL, NULL);
	assert_null(facts_network_link(&n));
	assert_int_equal(facts_network_speed(&n), 0);
}

/* A virtual machine's card says -1 or nothing. */
static void a_speed_that_is_not_known_is_none(void **state)
{
	(void)state;
	struct facts_network n =
	    decode("{\"ens3\":{\"operstate\":\"up\\n\",\"speed\":\"-1\\n\",\"type\":\"1\\n\"," DEVICE "}}", NULL, NULL);
	assert_string_equal(facts_network_link(&n)->name, "ens3");
	assert_int_equal(facts_network_speed(&n), 0);
	n = decode("{\"eth0\":{\"operstate\":\"unknown\\n\",\"carrier\":\"1\\n\",\"speed\":\"100\\n\",\"type\":"
		   "\"1\\n\"," DEVICE "}}",
		   NULL, NULL);
	assert_int_equal(facts_network_speed(&n), 100);
}

static void infiniband_is_told_from_ethernet(void **state)
{
	(void)state;
	struct facts_network n = decode(pi, mlx, NULL);
	assert_int_equal(n.port_count, 3);
	assert_true(facts_network_infiniband(&n));
	assert_int_equal(facts_network_speed(&n), 100000);
	n = decode(pi,
		   "{\"rxe0\":{\"ports/1/state\":\"4: ACTIVE\\n\",\"ports/1/rate\":\"2.5 Gb/sec (1X SDR)\\n\","
		   "\"ports/1/link_layer\":\"Ethernet\\n\"}}",
		   NULL);
	assert_false(facts_network_infiniband(&n));
	assert_int_equal(n.ports[0].speed, 2500);
	assert_int_equal(facts_network_speed(&n), 1000);
}

/* lldpctl -f json0 of lldpd 1.0.16. */
static const char lldp[] =
    "{\"lldp\":[{\"interface\":[{\"name\":\"wlan0\",\"chassis\":[{\"name\":[{\"value\":\"other\"}]}]},"
    "{\"name\":\"eth0\",\"via\":\"LLDP\",\"rid\":\"1\",\"age\":\"0 day, 00:01:02\","
    "\"chassis\":[{\"id\":[{\"type\":\"mac\",\"value\":\"00:11:22:33:44:55\"}],"
    "\"name\":[{\"value\":\"rack7-leaf.example.net\"}],\"descr\":[{\"value\":\"Switch OS 1\"}]}],"
    "\"port\":[{\"id\":[{\"type\":\"ifname\",\"value\":\"Ethernet12\"}],\"descr\":[{\"value\":\"to \\u001b[2J "
    "dalt\"}]}]}]}]}";

static void neighbours_are_read_and_bounded(void **state)
{
	(void)state;
	struct facts_network n = decode(pi, NULL, lldp);
	assert_true(n.lldp);
	assert_int_equal(n.neighbour_count, 2);
	assert_string_equal(n.neighbours[1].system, "rack7-leaf");
	assert_null(strchr(n.neighbours[1].port, '\033'));
	assert_string_equal(facts_network_switch(&n), "rack7-leaf");
	/* Another host, behind a switch that does not speak LLDP; and a switch that says so. */
	n = decode(
	    pi, NULL,
	    "{\"lldp\":[{\"interface\":[{\"name\":\"eth0\",\"chassis\":[{\"name\":[{\"value\":\"dalt\"}],"
	    "\"capability\":[{\"type\":\"Bridge\",\"enabled\":false},{\"type\":\"Station\",\"enabled\":true}]}]}]}]}");
	assert_int_equal(n.neighbour_count, 1);
	assert_null(facts_network_switch(&n));
	n = decode(pi, NULL,
		   "{\"lldp\":[{\"interface\":[{\"name\":\"eth0\",\"chassis\":[{\"name\":[{\"value\":\"leaf1\"}],"
		   "\"capability\":[{\"type\":\"Bridge\",\"enabled\":true}]}]}]}]}");
	assert_string_equal(facts_network_switch(&n), "leaf1");
#define NAMED(name) \
	"{\"lldp\":[{\"interface\":[{\"name\":\"eth0\",\"chassis\":[{\"name\":[{\"value\":\"" name "\"}]}]}]}]}"
	const char *bad[] = {"",
			     "{",
			     "[]",
			     "{\"lldp\":3}",
			     "{\"lldp\":[{\"interface\":{\"name\":\"eth0\"}}]}",
			     NAMED("a b"),
			     NAMED("x\\nNodeName=evil"),
			     NAMED("-x")};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		n = decode(pi, NULL, bad[i]);
		assert_null(facts_network_switch(&n));
	}
}

static void lies_are_left_out(void **state)
{
	(void)state;
	struct facts_network n = decode(
	    "{\"a b\":{\"operstate\":\"up\\n\",\"type\":\"1\\n\"},\"-x\":{\"operstate\":\"up\\n\",\"type\":\"1\\n\"},"
	    "\"a-name-that-is-too-long\":{\"operstate\":\"up\\n\"},\"\":{\"operstate\":\"up\\n\"},"
	    "\"list\":[1],\"text\":\"x\",\"num\":{\"operstate\":3},"
	    "\"e0\":{\"operstate\":\"up\\n\",\"speed\":\"99999999999999999999\\n\",\"mtu\":\"-5\\n\",\"type\":"
	    "\"1\\n\"," DEVICE ",\"master\":{\"link\":\"../../x y\"}},"
	    "\"e1\":{\"operstate\":\"up\\n\",\"speed\":\"1000 NodeName=x\\n\",\"type\":\"1\\n\"," DEVICE "}}",
	    "{\"mlx5_0\":{\"ports/1/state\":\"4: ACTIVE\\n\",\"ports/1/rate\":\"99999999999 Gb/sec\\n\","
	    "\"ports/1/link_layer\":\"InfiniBand\\n\"},\"x/y\":{\"ports/1/state\":\"4: ACTIVE\\n\"}}",
	    NULL);
	assert_int_equal(n.link_count, 2);
	assert_string_equal(n.links[0].name, "e0");
	assert_int_equal(n.links[0].speed, 0);
	assert_int_equal(n.links[0].mtu, 0);
	assert_null(n.links[0].master);
	assert_int_equal(n.links[1].speed, 0);
	assert_int_equal(n.port_count, 1);
	assert_int_equal(n.ports[0].speed, 0);
	assert_int_equal(facts_network_speed(&n), 0);
}

static void lldpctl_is_run_only_where_it_is(void **state)
{
	(void)state;
	json_t *items = json_array(), *answers = json_pack("{s:{s:i}}", "lldpctl", "errno", 2);
	facts_network_request(items, false);
	assert_int_equal(json_array_size(items), 2);
	facts_network_request(items, true);
	assert_int_equal(json_array_size(items), 5);
	json_array_clear(items);
	facts_network_more(answers, items);
	assert_int_equal(json_array_size(items), 0);
	json_object_set_new(answers, "lldpctl", json_pack("{s:s}", "type", "file"));
	facts_network_more(answers, items);
	assert_int_equal(json_array_size(items), 1);
	json_decref(answers);
	json_decref(items);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_node_s_link_is_the_fastest_physical_one),
	    cmocka_unit_test(virtual_links_count_where_nothing_else_is),
	    cmocka_unit_test(a_speed_that_is_not_known_is_none),
	    cmocka_unit_test(infiniband_is_told_from_ethernet),
	    cmocka_unit_test(neighbours_are_read_and_bounded),
	    cmocka_unit_test(lies_are_left_out),
	    cmocka_unit_test(lldpctl_is_run_only_where_it_is),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
