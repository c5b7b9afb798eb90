#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "slurm/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slurm_conf *parsed(struct arena *a, const char *text)
{
	struct slurm_conf *conf = NULL;
	struct err err = {0};
	if (slurm_conf_parse(text, strlen(text), a, &conf, &err) < 0)
		fail_msg("%s", err.text);
	return conf;
}

static const char example[] = "# comment\n"
			      "ClusterName=golden   # behind\n"
			      "clustername=goldentooth\n"
			      "SlurmctldHost=bettley(10.4.0.11)\n"
			      "SlurmctldHost=cargyll\n"
			      "  MailDomain = \"a b\"  ReturnToService=2\r\n"
			      "SchedulerParameters=a,\\\n"
			      "b\n"
			      "LaunchParameters=x\\#y\n"
			      "include /etc/slurm/nodes.conf\n"
			      "\n"
			      "NodeName=DEFAULT CPUs=4 Sockets=1 \\  \n"
			      "   CoresPerSocket=4\n"
			      "NodeName=n[1-3] RealMemory=7000 State=UNKNOWN\n"
			      "NodeName=DEFAULT CPUs=2 Reason=\"to be mended\"\n"
			      "nodename=x RealMemory=3000 realmemory=3500\n"
			      "PartitionName=DEFAULT MaxTime=60\n"
			      "PartitionName=general Nodes=n[1-3] Default=YES\n"
			      "PartitionName=debug Nodes=ALL MaxTime=INFINITE\n"
			      "DownNodes=n2 State=DOWN Reason=\"power,ETA=Dec25\"\n"
			      "NodeSet=pi Feature=pi\n";

static void reads_what_slurmctld_reads(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_conf *conf = parsed(a, example);
	assert_int_equal(conf->globals.len, 8);
	assert_string_equal(slurm_conf_get(conf, "CLUSTERNAME"), "goldentooth");
	assert_string_equal(conf->globals.items[0].value, "golden");
	assert_int_equal(conf->globals.items[0].line, 2);
	assert_string_equal(conf->globals.items[2].value, "bettley(10.4.0.11)");
	assert_string_equal(slurm_conf_get(conf, "MailDomain"), "a b");
	assert_string_equal(slurm_conf_get(conf, "ReturnToService"), "2");
	assert_string_equal(slurm_conf_get(conf, "SchedulerParameters"), "a,b");
	assert_string_equal(slurm_conf_get(conf, "LaunchParameters"), "x#y");
	assert_int_equal(conf->globals.items[7].line, 9);
	assert_null(slurm_conf_get(conf, "NodeName"));
	assert_int_equal(conf->includes.len, 1);
	assert_string_equal(conf->includes.items[0].value, "/etc/slurm/nodes.conf");
	assert_int_equal(conf->nodes.len, 4);
	assert_string_equal(conf->nodes.items[0].names, "DEFAULT");
	assert_string_equal(slurm_line_get(&conf->nodes.items[0], "corespersocket"), "4");
	assert_string_equal(slurm_line_get(&conf->nodes.items[3], "RealMemory"), "3500");
	assert_int_equal(conf->nodes.items[1].line, 14);
	assert_int_equal(conf->partitions.len, 3);
	assert_int_equal(conf->down_nodes.len, 1);
	assert_string_equal(slurm_line_get(&conf->down_nodes.items[0], "Reason"), "power,ETA=Dec25");
	assert_int_equal(conf->node_sets.len, 1);
}

static void defaults_apply_to_the_lines_below(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_conf *conf = parsed(a, example);
	_cleanup_slurm_units_ struct slurm_units nodes = {0};
	_cleanup_slurm_units_ struct slurm_units partitions = {0};
	struct err err = {0};
	assert_int_equal(slurm_conf_nodes(conf, a, &nodes, &err), 0);
	assert_int_equal(nodes.count, 4);
	assert_string_equal(nodes.items[2].name, "n3");
	assert_string_equal(slurm_line_get(slurm_units_get(&nodes, "n2")->line, "CPUs"), "4");
	assert_string_equal(slurm_line_get(slurm_units_get(&nodes, "n2")->line, "RealMemory"), "7000");
	assert_null(slurm_line_get(slurm_units_get(&nodes, "n2")->line, "Reason"));
	assert_ptr_equal(slurm_units_get(&nodes, "n1")->line, slurm_units_get(&nodes, "n3")->line);
	/* A second DEFAULT adds to the first. */
	assert_string_equal(slurm_line_get(slurm_units_get(&nodes, "x")->line, "CPUs"), "2");
	assert_string_equal(slurm_line_get(slurm_units_get(&nodes, "x")->line, "CoresPerSocket"), "4");
	assert_string_equal(slurm_line_get(slurm_units_get(&nodes, "x")->line, "RealMemory"), "3500");
	assert_int_equal(slurm_units_get(&nodes, "x")->line->line, 16);
	assert_null(slurm_units_get(&nodes, "DEFAULT"));
	assert_int_equal(slurm_conf_partitions(conf, a, &partitions, &err), 0);
	assert_int_equal(partitions.count, 2);
	assert_string_equal(slurm_line_get(slurm_units_get(&partitions, "general")->line, "MaxTime"), "60");
	assert_string_equal(slurm_line_get(slurm_units_get(&partitions, "debug")->line, "MaxTime"), "INFINITE");
}

static void errors_name_the_line(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	    {"a=1\nfoo\n", "line 2: not a key=value pair: 'foo'"},
	    {"a=1\n=3\n", "line 2: not a key=value pair: '=3'"},
	    {"a=1 b c=2\n", "line 1: '=' is missing behind the key: 'b c=2'"},
	    {"a+=1\n", "line 1: '=' is missing behind the key: 'a+=1'"},
	    {"a=\"x y\"z\n", "line 1: '=' is missing behind the key: 'y\"z'"},
	    {"x=1\\\ny\n\nNodeName=n1 CPUs\n", "line 4: not a key=value pair: 'CPUs'"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_conf *conf = NULL;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		assert_int_equal(slurm_conf_parse(cases[i][0], strlen(cases[i][0]), a, &conf, &err), -1);
		assert_string_equal(err.text, cases[i][1]);
		assert_int_equal(err.code, ERR_INPUT);
		assert_null(conf);
	}
	assert_int_equal(slurm_conf_parse("a\0b", 3, a, &conf, NULL), -1);
}

static void twice_the_same_is_an_error(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct slurm_units units = {0};
	struct err err = {0};
	assert_int_equal(slurm_conf_nodes(parsed(a, "NodeName=n[1-3]\nNodeName=n3\n"), a, &units, &err), -1);
	assert_string_equal(err.text, "line 2: node n3 is described twice");
	assert_int_equal(slurm_conf_partitions(parsed(a, "PartitionName=p\nPartitionName=p\n"), a, &units, &err), -1);
	assert_string_equal(err.text, "line 2: partition p is described twice");
	assert_int_equal(slurm_conf_nodes(parsed(a, "NodeName=n[1-99999]\n"), a, &units, &err), -1);
	assert_string_equal(err.text, "line 1: NodeName=n[1-99999]: too many names");
	assert_int_equal(err.code, ERR_LIMIT);
}

static void rows_stand_for_themselves(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	static const char text[] =
	    "# gres\nNodeName=n[1-2] Name=gpu \\\n File=/dev/nvidia0 # card\n\n  AutoDetect=nvml\n";
	struct slurm_lines rows;
	struct err err = {0};
	assert_int_equal(slurm_rows_parse(text, strlen(text), a, &rows, &err), 0);
	assert_int_equal(rows.len, 2);
	assert_int_equal(rows.items[0].line, 2);
	assert_null(rows.items[0].names);
	assert_string_equal(slurm_line_get(&rows.items[0], "file"), "/dev/nvidia0");
	assert_int_equal(rows.items[1].line, 5);
	assert_string_equal(rows.items[1].pairs[0].key, "AutoDetect");
	assert_int_equal(slurm_rows_parse("Name=a\nName\n", 12, a, &rows, &err), -1);
	assert_string_equal(err.text, "line 2: not a key=value pair: 'Name'");
}

static void limits_hold(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct slurm_conf *conf = NULL;
	struct err err = {0};
	strbuf_adds(&text, "a=");
	for (int i = 0; i < 300000; i++)
		strbuf_addc(&text, 'x');
	assert_int_equal(slurm_conf_parse(text.data, text.len, a, &conf, &err), -1);
	assert_string_equal(err.text, "line 1: longer than 262144 bytes");
	strbuf_reset(&text);
	for (int i = 0; i < 300000; i++)
		strbuf_adds(&text, "a=1\n");
	assert_int_equal(slurm_conf_parse(text.data, text.len, a, &conf, &err), -1);
	assert_string_equal(err.text, "line 20001: more than 20000 parameters");
	assert_int_equal(err.code, ERR_LIMIT);
}

static void ten_thousand_nodes_are_quick(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_slurm_units_ struct slurm_units nodes = {0};
	for (int i = 0; i < 10000; i++)
		strbuf_addf(&text, "NodeName=n%d CPUs=4 RealMemory=%d\n", i, 4000 + i);
	uint64_t start = clock_ms();
	assert_int_equal(slurm_conf_nodes(parsed(a, text.data), a, &nodes, NULL), 0);
	assert_int_equal(nodes.count, 10000);
	assert_string_equal(slurm_line_get(slurm_units_get(&nodes, "n9999")->line, "RealMemory"), "13999");
	assert_true(clock_ms() - start < 2000); /* 40 ms with sanitizers on an idle machine */
}

/* `text` with each '~' written out as 240 letters. */
static const char *written_out(struct arena *a, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (; *text; text++)
		for (size_t i = 0; i < (*text == '~' ? 240 : 1); i++)
			strbuf_addc(&out, (char)(*text == '~' ? 'x' : *text));
	return arena_strdup(a, strbuf_str(&out));
}

/* A short text that says much: each of these is refused by what it would cost, before that is made. */
static void what_is_said_of_nodes_is_bounded(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum err_code code;
	} cases[] = {
	    {"NodeName=n[1-3] NodeAddr=a[1-4]\n", ERR_INPUT},
	    {"NodeName=n1 NodeHostname=h[0-65532]\n", ERR_INPUT},
	    {"NodeName=n[0-65532] Features=~~\n", ERR_LIMIT},
	    {"NodeName=n~[0-65532]\n", ERR_LIMIT},
	    {"NodeName=n[0-32766] NodeAddr=a~[0-32766] NodeHostname=h~[0-32766] BcastAddr=b~[0-32766]\n", ERR_LIMIT},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct slurm_units units;
		struct err err = {0};
		assert_int_equal(slurm_conf_nodes(parsed(a, written_out(a, cases[i].text)), a, &units, &err), -1);
		assert_int_equal(err.code, cases[i].code);
		assert_true(arena_size(a) < 1 << 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_slurmctld_reads),   cmocka_unit_test(defaults_apply_to_the_lines_below),
	    cmocka_unit_test(errors_name_the_line),         cmocka_unit_test(twice_the_same_is_an_error),
	    cmocka_unit_test(rows_stand_for_themselves),    cmocka_unit_test(limits_hold),
	    cmocka_unit_test(ten_thousand_nodes_are_quick), cmocka_unit_test(what_is_said_of_nodes_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
