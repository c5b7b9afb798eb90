#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "slurm/conf.h"
#include "slurm/include.h"
#include "slurm/effective.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct file {
	const char *path, *text;
};

/* Files in memory; a NULL path ends them. */
static int read_memory(void *data, const char *path, struct arena *arena, const char **ret, size_t *ret_len,
		       struct err *err)
{
	(void)arena;
	for (const struct file *f = data; f->path; f++)
		if (streq(f->path, path)) {
			*ret = f->text;
			*ret_len = strlen(f->text);
			return 0;
		}
	return err_set(err, ERR_MISSING, "%s is not there", path);
}

static int joined(struct arena *a, struct file *files, struct slurm_text *ret, struct err *err)
{
	return slurm_include("/etc/slurm/slurm.conf", read_memory, files, a, ret, err);
}

static void included_files_stand_in_the_place_of_their_line(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct file files[] = {
	    {"/etc/slurm/slurm.conf",
	     "ClusterName=c\nInclude sub/a.conf\nkillwait=5\n  include\t/abs/%c.conf # why\nMinJobAge=9"},
	    /* Relative to slurm.conf, not to sub/a.conf; no newline at its end. */
	    {"/etc/slurm/sub/a.conf", "# one\nInclude b.conf\nWaitTime=3"},
	    {"/etc/slurm/b.conf", "TreeWidth=7 \\\n"},
	    {"/abs/c.conf", "NodeName=n1\n\nFoo\n"},
	    {NULL, NULL},
	};
	struct slurm_text text;
	struct slurm_conf *conf;
	struct err err = {0};
	if (joined(a, files, &text, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(text.files, 4);
	assert_int_equal(slurm_conf_parse(text.text, text.len, a, &conf, &err), -1);
	unsigned line = (unsigned)strtoul(err.text + strlen("line "), NULL, 10);
	assert_string_equal(slurm_text_place(&text, line, a), "/abs/c.conf:3");
	files[3].text = "NodeName=n1\n";
	assert_int_equal(joined(a, files, &text, &err), 0);
	assert_int_equal(slurm_conf_parse(text.text, text.len, a, &conf, &err), 0);
	assert_string_equal(slurm_conf_get(conf, "TreeWidth"), "7");
	assert_string_equal(slurm_conf_get(conf, "WaitTime"), "3");
	assert_string_equal(slurm_conf_get(conf, "KillWait"), "5");
	assert_string_equal(slurm_conf_get(conf, "MinJobAge"), "9");
	assert_int_equal(conf->includes.len, 0);
	static const struct {
		const char *key, *place;
	} places[] = {{"ClusterName", "/etc/slurm/slurm.conf:1"},
		      {"TreeWidth", "/etc/slurm/b.conf:1"},
		      {"WaitTime", "/etc/slurm/sub/a.conf:3"},
		      {"killwait", "/etc/slurm/slurm.conf:3"},
		      {"MinJobAge", "/etc/slurm/slurm.conf:5"}};
	assert_int_equal(conf->globals.len, ARRAY_LEN(places));
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *place = NULL;
		for (size_t k = 0; k < conf->globals.len; k++)
			if (streq(conf->globals.items[k].key, places[i].key))
				place = slurm_text_place(&text, conf->globals.items[k].line, a);
		assert_string_equal(place, places[i].place);
	}
}

static void includes_are_bounded(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error;
		enum err_code code;
	} cases[] = {
	    {"Include slurm.conf\n", "includes itself", ERR_INPUT},
	    {"Include gone.conf\n", "/etc/slurm/slurm.conf:1: /etc/slurm/gone.conf is not there", ERR_MISSING},
	    {"Include %c.conf\nClusterName=c\n", "stands above ClusterName", ERR_INPUT},
	    {"ClusterName=c\nInclude %h.conf\n", "means nothing to Slurm", ERR_INPUT},
	    {"Include /many.conf\n", "more than 1000 files", ERR_LIMIT},
	    {"Include /0\n", "more than 16 files deep", ERR_LIMIT},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_strbuf_ struct strbuf many = {0};
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&many, "Include /empty.conf\n");
	struct file files[30] = {{"/etc/slurm/slurm.conf", ""}, {"/many.conf", strbuf_str(&many)}, {"/empty.conf", ""}};
	for (int i = 0; i < 20; i++)
		files[3 + i] = (struct file){arena_printf(a, "/%d", i), arena_printf(a, "Include /%d\n", i + 1)};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slurm_text text;
		struct err err = {0};
		files[0].text = cases[i].text;
		assert_int_equal(joined(a, files, &text, &err), -1);
		if (!strstr(err.text, cases[i].error) || err.code != cases[i].code)
			fail_msg("case %zu: %s", i, err.text);
	}
}

static const char *node_says(struct arena *a, const char *text, const char *name, const char *key)
{
	struct slurm_conf *conf;
	struct slurm_units nodes;
	struct effective m = {.arena = a};
	assert_int_equal(slurm_conf_parse(text, strlen(text), a, &conf, NULL), 0);
	assert_int_equal(slurm_conf_nodes(conf, a, &nodes, NULL), 0);
	const char *value = effective_of_node(&m, slurm_units_get(&nodes, name), key);
	effective_free(&m);
	slurm_units_free(&nodes);
	return value;
}

static void a_node_has_its_own_of_a_list(void **state)
{
	(void)state;
	static const char text[] = "NodeName=n[1-3] NodeAddr=10.0.0.[7-9] Port=[7001-7003] feature=x\n"
				   "NodeName=m1,m2 NodeHostname=h[1-2] NodeAddr=one\nNodeName=k State=drain\n";
	static const struct {
		const char *node, *key, *value;
	} cases[] = {
	    {"n2", "NodeAddr", "10.0.0.8"}, {"n3", "Port", "7003"},     {"n1", "NodeHostname", "n1"},
	    {"m2", "NodeHostname", "h2"},   {"m2", "NodeAddr", "one"},  {"k", "NodeAddr", "k"},
	    {"k", "State", "DRAIN"},        {"n1", "State", "UNKNOWN"}, {"n1", "Features", "x"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(node_says(a, text, cases[i].node, cases[i].key), cases[i].value);
	assert_null(node_says(a, text, "k", "Weight"));
}

static void processors_may_be_said_in_several_ways(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
	    {"CPUs=8 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=2",
	     "Sockets=1 CoresPerSocket=4 ThreadsPerCore=2", true},
	    {"Procs=8", "CPUs=8 Sockets=8", true},
	    {"CPUs=8 CoresPerSocket=4", "Sockets=2 CoresPerSocket=4", true},
	    {"CPUs=8", "CPUs=8 Sockets=1 CoresPerSocket=8", false},
	    {"CPUs=4 Sockets=1 CoresPerSocket=4 ThreadsPerCore=2", "Sockets=1 CoresPerSocket=4 ThreadsPerCore=2",
	     false},
	    {"", "CPUs=1", true},
	    {"Boards=2 SocketsPerBoard=1 CoresPerSocket=2", "Sockets=2 CoresPerSocket=2", false},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slurm_conf *conf;
		const char *text = arena_printf(a, "NodeName=a %s\nNodeName=b %s\n", cases[i].a, cases[i].b);
		assert_int_equal(slurm_conf_parse(text, strlen(text), a, &conf, NULL), 0);
		if (effective_same_processors(&conf->nodes.items[0], &conf->nodes.items[1]) != cases[i].same)
			fail_msg("case %zu", i);
	}
}

static void partitions_name_nodes_in_several_ways(void **state)
{
	(void)state;
	static const char text[] = "NodeName=n[1-3] Feature=big,fast\nNodeName=m[1-2] Feature=fastest\n"
				   "NodeSet=quick Feature=fast\nNodeSet=some Nodes=m2,n1\n"
				   "PartitionName=a Nodes=ALL Default=yes\nPartitionName=b Nodes=quick,m1\n"
				   "PartitionName=c Nodes=some\nPartitionName=d Nodes=n3,n1,n2,n1 State=up\n";
	static const struct {
		const char *partition, *key, *value;
	} cases[] = {
	    {"a", "Nodes", "m[1-2],n[1-3]"},
	    {"b", "Nodes", "m1,n[1-3]"},
	    {"c", "Nodes", "m2,n1"},
	    {"d", "Nodes", "n[1-3]"},
	    {"a", "Default", "YES"},
	    {"b", "Default", "NO"},
	    {"d", "State", "UP"},
	    {"c", "State", "UP"},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_meaning_ struct effective m = {.arena = a};
	_cleanup_slurm_units_ struct slurm_units nodes, partitions;
	struct slurm_conf *conf;
	assert_int_equal(slurm_conf_parse(text, strlen(text), a, &conf, NULL), 0);
	assert_int_equal(slurm_conf_nodes(conf, a, &nodes, NULL), 0);
	assert_int_equal(slurm_conf_partitions(conf, a, &partitions, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(effective_of_partition(&m, conf, &nodes,
							   slurm_units_get(&partitions, cases[i].partition),
							   cases[i].key),
				    cases[i].value);
}

static void controllers_are_found_by_old_names_and_new(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"SlurmctldHost=a(10.0.0.1)\nSlurmctldHost=b\nControlMachine=z\n", "a/10.0.0.1 b/b "},
	    {"ControlMachine=a\nControlAddr=10.0.0.1\nBackupController=b\n", "a/10.0.0.1 b/b "},
	    {"BackupAddr=10.0.0.2\nBackupController=b\nControlMachine=a\n", "a/a b/10.0.0.2 "},
	    {"ClusterName=x\n", ""},
	};
	_cleanup_arena_ struct arena *a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		const struct slurm_controller_name *list;
		struct slurm_conf *conf;
		assert_int_equal(slurm_conf_parse(cases[i].text, strlen(cases[i].text), a, &conf, NULL), 0);
		size_t count = slurm_conf_controllers(conf, a, &list);
		for (size_t k = 0; k < count; k++)
			strbuf_addf(&out, "%s/%s ", list[k].name, list[k].address);
		assert_string_equal(strbuf_str(&out), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(included_files_stand_in_the_place_of_their_line),
	    cmocka_unit_test(includes_are_bounded),
	    cmocka_unit_test(a_node_has_its_own_of_a_list),
	    cmocka_unit_test(processors_may_be_said_in_several_ways),
	    cmocka_unit_test(partitions_name_nodes_in_several_ways),
	    cmocka_unit_test(controllers_are_found_by_old_names_and_new),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
