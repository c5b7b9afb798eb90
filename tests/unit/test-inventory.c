#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "inventory/codes.h"
#include "inventory/inventory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* A module's section, as a module would have it. */
struct colour {
	const char *name, *shade;
	struct inv_choice on;
	const struct inv_class *class;
};

static void *parse_colour(struct inv_reader *r, const struct conf_value *value)
{
	static const struct conf_key keys[] = {{"name", true}, {"shade", false}, {"on", false}, {NULL, false}};
	const struct conf_value *values[3] = {NULL};
	struct diags *diags = r->diags;
	struct colour *colour = arena_alloc(r->arena, sizeof *colour);
	colour->class = r->class;
	colour->name = "grey";
	if (value && conf_walk(value, "'colour'", keys, values, diags) == 0) {
		conf_text(values[0], "'name'", &colour->name, diags);
		if (values[1])
			conf_text(values[1], "'shade'", &colour->shade, diags);
		if (values[2])
			inventory_read_choice(r, values[2], "'on'", &colour->on);
	}
	return colour;
}

static const struct inv_section core_section = {.always = true, .name = "core"};
static const struct inv_section colour_section = {.name = "colour", .parse = parse_colour};
static const struct inv_section storage_section = {.name = "storage", .parse = parse_colour};
static const struct inv_section *const sections[] = {&core_section, &colour_section, &storage_section, NULL};

struct loaded {
	struct arena *arena;
	struct diags diags;
	struct err err;
	const struct inventory *inv;
};

static void load_text(struct loaded *l, const char *text)
{
	*l = (struct loaded){.arena = arena_new()};
	l->inv = inventory_parse("cluster.yaml", text, strlen(text), sections, &l->diags, l->arena, &l->err);
	if (!l->inv != !!l->diags.errors || !l->inv != (l->err.code == ERR_INPUT))
		fail_msg("an inventory and errors, or neither");
}

static void loaded_free(struct loaded *l)
{
	diags_free(&l->diags);
	arena_free(l->arena);
}

static const char small[] = "reeve: 1\n"
			    "cluster: small\n"
			    "hosts:\n"
			    "  jast: 10.4.0.19\n"
			    "  dalt: { address: dalt.example.org, user: admin, port: 2222, hostname: dalt01 }\n"
			    "  \"n[08-10]\": \"10.4.1.[8-10]\"\n"
			    "  nfs: 10.4.0.10\n"
			    "controllers: [dalt, jast]\n"
			    "state: /srv/slurm\n"
			    "compute: [\"n[08-10]\", jast]\n"
			    "memory: { reserve: 1 GB }\n"
			    "partitions:\n"
			    "  general: { nodes: all, default: true, max_time: 2-00:00:00 }\n"
			    "  debug: { nodes: [n09, jast], AllowGroups: [staff, root] }\n"
			    "slurm:\n"
			    "  return_to_service: 2\n";

static void everything_is_where_it_belongs(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, small);
	const struct inventory *inv = l.inv;
	assert_non_null(inv);
	assert_int_equal(l.diags.len, 0);
	assert_string_equal(inv->cluster.text, "small");
	assert_int_equal(inv->cluster.at.line, 2);
	assert_null(inv->slurm_version.text);
	assert_int_equal(inv->host_count, 6);
	const struct inv_host *dalt = inventory_host(inv, "dalt");
	assert_int_equal(dalt->index, 1);
	assert_string_equal(dalt->address, "dalt.example.org");
	assert_string_equal(dalt->user, "admin");
	assert_string_equal(dalt->hostname, "dalt01");
	assert_int_equal(dalt->port, 2222);
	assert_true(dalt->controller);
	assert_false(dalt->compute || dalt->local);
	const struct inv_host *n09 = inventory_host(inv, "n09");
	assert_string_equal(n09->address, "10.4.1.9");
	assert_string_equal(n09->hostname, "n09");
	assert_null(n09->user);
	assert_int_equal(n09->port, 0);
	assert_int_equal(n09->at.line, 6);
	assert_string_equal(n09->suite, "bookworm");
	assert_null(n09->arch);
	assert_string_equal(n09->backend, "nspawn");
	assert_int_equal(n09->memory, 0);
	assert_null(inventory_host(inv, "n9"));
	assert_false(inventory_host(inv, "nfs")->controller || inventory_host(inv, "nfs")->compute);
	/* Controllers as they were written, compute nodes as the hosts are. */
	assert_int_equal(inv->controller_count, 2);
	assert_int_equal(inv->controllers[0], 1);
	assert_int_equal(inv->controllers[1], 0);
	assert_int_equal(inv->compute_count, 4);
	const size_t compute[] = {0, 2, 3, 4};
	assert_memory_equal(inv->compute, compute, sizeof compute);
	assert_string_equal(inv->state.text, "/srv/slurm");
	assert_int_equal(inv->reserve.mib, 1024);
	assert_int_equal(inv->reserve.percent, 0);
	assert_int_equal(inv->partition_count, 2);
	const struct inv_partition *general = &inv->partitions[0], *debug = inventory_partition(inv, "debug");
	assert_true(general->is_default);
	assert_memory_equal(general->nodes, compute, sizeof compute);
	assert_int_equal(general->param_count, 1);
	assert_string_equal(general->params[0].key, "MaxTime");
	assert_string_equal(general->params[0].value, "2-00:00:00");
	assert_int_equal(general->params[0].at.line, 13);
	assert_false(debug->is_default);
	assert_int_equal(debug->node_count, 2);
	assert_int_equal(debug->nodes[0], 0);
	assert_int_equal(debug->nodes[1], 3);
	assert_string_equal(debug->params[0].value, "staff,root");
	assert_int_equal(inv->param_count, 1);
	assert_string_equal(inv->params[0].key, "ReturnToService");
	assert_string_equal(inv->params[0].value, "2");
	assert_string_equal(inv->modules[0], "core");
	assert_null(inv->modules[1]);
	assert_int_equal(inv->lab.at.line, 0);
	loaded_free(&l);
}

static char *with(const char *more)
{
	return xasprintf("%s%s", small, more);
}

static void defaults_are_the_documented_ones(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "reeve: 1\ncluster: one\nhosts: { solo: { address: local } }\ncontrollers: solo\ncompute: all\n"
		      "partitions: { main: { nodes: all, default: yes } }\nlab: { suite: trixie }\n");
	assert_non_null(l.inv);
	assert_string_equal(l.inv->state.text, "/var/spool/slurmctld");
	assert_int_equal(l.inv->state.at.line, 0);
	assert_int_equal(l.inv->reserve.mib + l.inv->reserve.percent, 0);
	assert_true(l.inv->hosts[0].local && l.inv->hosts[0].controller && l.inv->hosts[0].compute);
	assert_string_equal(l.inv->hosts[0].address, "localhost");
	assert_string_equal(l.inv->hosts[0].suite, "trixie");
	loaded_free(&l);
}

static void what_the_lab_says_holds_unless_a_node_differs(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "reeve: 1\ncluster: two\nhosts: { a: 10.0.0.1, b: 10.0.0.2 }\ncontrollers: a\ncompute: all\n"
		      "partitions: { main: { nodes: all, default: yes } }\n"
		      "lab: { backend: uml, memory: 7812 MB, nodes: { b: { backend: nspawn, memory: 3797 MB } } }\n");
	assert_non_null(l.inv);
	assert_string_equal(l.inv->hosts[0].backend, "uml");
	assert_int_equal(l.inv->hosts[0].memory, 7812);
	assert_string_equal(l.inv->hosts[1].backend, "nspawn");
	assert_int_equal(l.inv->hosts[1].memory, 3797);
	assert_string_equal(l.inv->hosts[1].suite, "bookworm");
	loaded_free(&l);
}

/* A section names hosts as a partition does, with the same findings. */
static void sections_can_name_hosts_classes_and_partitions(void **state)
{
	(void)state;
	static const struct {
		const char *on;
		bool jast, n08, n09, class;
		const char *wrong;
	} cases[] = {
	    {"jast", true, false, false, false, NULL},
	    {"['n[08-09]', class:fast]", false, true, true, true, NULL},
	    {"partition:debug", true, false, true, false, NULL},
	    {"partition:quick", false, false, false, true, NULL},
	    {"all", true, true, true, false, NULL},
	    {"jasd", false, false, false, false, "'on' names 'jasd', which is not in 'hosts'"},
	    {"class:slow", false, false, false, false, "'on' names the class 'slow', which does not exist"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct loaded l;
		_cleanup_free_ char *more =
		    xasprintf("  quick: { nodes: class:fast }\nclasses: [ { name: fast, when: 'cpus > 9' } ]\n"
			      "colour: { name: red, on: %s }\n",
			      cases[i].on);
		_cleanup_free_ char *text = xasprintf("%.*s%s", (int)(strstr(small, "slurm:") - small), small, more);
		load_text(&l, text);
		if (cases[i].wrong) {
			assert_null(l.inv);
			assert_string_equal(l.diags.items[0].message, cases[i].wrong);
			loaded_free(&l);
			continue;
		}
		assert_non_null(l.inv);
		const struct colour *colour = inventory_section(l.inv, NULL, "colour");
		assert_int_equal(colour->on.hosts[inventory_host(l.inv, "jast")->index], cases[i].jast);
		assert_int_equal(colour->on.hosts[inventory_host(l.inv, "n08")->index], cases[i].n08);
		assert_int_equal(colour->on.hosts[inventory_host(l.inv, "n09")->index], cases[i].n09);
		assert_int_equal(colour->on.classes[0], cases[i].class);
		assert_null(colour->class);
		loaded_free(&l);
	}
}

static void modules_own_their_sections(void **state)
{
	(void)state;
	struct loaded l;
	const struct {
		const char *more, *colour;
		bool enabled;
		size_t warnings;
	} cases[] = {
	    {"", NULL, false, 0},
	    {"colour: { name: red }\n", "red", true, 0},
	    {"modules: [core, colour]\n", "grey", true, 0},
	    {"modules: [colour]\ncolour: { name: red }\n", "red", true, 0},
	    {"modules: [core]\ncolour: { name: red }\n", "red", false, 1},
	    {"modules: []\n", NULL, false, 0},
	    {"colour:\n", "grey", true, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *text = with(cases[i].more);
		load_text(&l, text);
		assert_non_null(l.inv);
		assert_true(inventory_has_module(l.inv, "core"));
		assert_int_equal(inventory_has_module(l.inv, "colour"), cases[i].enabled);
		const struct colour *colour = inventory_section(l.inv, NULL, "colour");
		if (cases[i].colour)
			assert_string_equal(colour->name, cases[i].colour);
		else
			assert_null(colour);
		assert_int_equal(l.diags.warnings, cases[i].warnings);
		assert_null(inventory_section(l.inv, NULL, "nothing"));
		loaded_free(&l);
	}
	/* What a module says about its section counts. */
	_cleanup_free_ char *bad = with("colour: { nam: red }\n");
	load_text(&l, bad);
	assert_null(l.inv);
	loaded_free(&l);
	/* A section that a module of the table owns is not "not supported". */
	_cleanup_free_ char *storage = with("storage: { name: nfs }\n");
	load_text(&l, storage);
	assert_non_null(l.inv);
	assert_true(inventory_has_module(l.inv, "storage"));
	loaded_free(&l);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of three classes: what they have of the module, "" for nothing; then the hosts of none. */
static void classes_choose_modules(void **state)
{
	(void)state;
	struct loaded l;
	const struct {
		const char *more, *a, *b, *c, *none;
		size_t warnings;
	} cases[] = {
	    {"colour: { name: red, shade: dark }\nclasses:\n"
	     "  - { name: a, when: 'cpus > 9', colour: false }\n"
	     "  - { name: b, when: 'cpus > 8', colour: { name: blue } }\n"
	     "  - { name: c, when: 'cpus > 7' }\n",
	     "", "blue dark", "red dark", "red dark", 0},
	    /* Only where a class wants it. */
	    {"classes:\n"
	     "  - { name: a, when: 'cpus > 9', colour: { name: blue, shade: dark } }\n"
	     "  - { name: b, when: 'cpus > 8', colour: true }\n"
	     "  - { name: c, when: 'cpus > 7', modules: [] }\n",
	     "blue dark", "grey", "", "", 0},
	    {"classes:\n"
	     "  - { name: a, when: 'cpus > 9', colour: }\n"
	     "  - { name: b, when: 'cpus > 8', modules: [core, colour] }\n"
	     "  - { name: c, when: 'cpus > 7', colour: no }\n",
	     "grey", "grey", "", "", 0},
	    {"colour: { name: red }\nclasses:\n"
	     "  - { name: a, when: 'cpus > 9', modules: [colour], colour: { shade: dark } }\n"
	     "  - { name: b, when: 'cpus > 8', modules: core, colour: { shade: dark } }\n"
	     "  - { name: c, when: 'cpus > 7', modules: [], colour: false }\n",
	     "red dark", "", "", "red", 1},
	    /* What the file's list leaves out no class has. */
	    {"modules: [core]\nclasses:\n"
	     "  - { name: a, when: 'cpus > 9', colour: { name: blue } }\n"
	     "  - { name: b, when: 'cpus > 8', colour: false }\n"
	     "  - { name: c, when: 'cpus > 7' }\n",
	     "", "", "", "", 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *text = with(cases[i].more);
		load_text(&l, text);
		assert_non_null(l.inv);
		const char *const expected[] = {cases[i].a, cases[i].b, cases[i].c, cases[i].none};
		for (size_t k = 0; k < ARRAY_LEN(expected); k++) {
			const struct inv_class *class = k < 3 ? &l.inv->classes[k] : NULL;
			const struct colour *colour = inventory_section(l.inv, class, "colour");
			bool has = inventory_class_has(l.inv, class, "colour");
			assert_true(inventory_class_has(l.inv, class, "core"));
			assert_string_equal(!has ? ""
					    : !colour->shade
						? colour->name
						: arena_printf(l.arena, "%s %s", colour->name, colour->shade),
					    expected[k]);
		}
		assert_int_equal(l.diags.warnings, cases[i].warnings);
		loaded_free(&l);
	}
}

/* Each finding once, at its own place, whether it is in the file's part or in a class's. */
static void what_is_wrong_with_a_class_s_section_is_said_once(void **state)
{
	(void)state;
	struct loaded l;
	const struct {
		const char *more;
		size_t errors;
	} cases[] = {
	    {"colour: { name: red, shde: dark }\nclasses:\n"
	     "  - { name: a, when: 'cpus > 9', colour: { name: blue } }\n"
	     "  - { name: b, when: 'cpus > 8', colour: { nam: blue } }\n",
	     2},
	    {"classes: [ { name: a, colour: { shade: dark } } ]\n", 1},
	    {"classes: [ { name: a, colour: maybe } ]\n", 1},
	    {"classes: [ { name: a, colour: [red] } ]\n", 1},
	    {"colour: { name: red }\nclasses: [ { name: a, modules: colour, colour: false } ]\n", 1},
	    {"modules: core\nclasses: [ { name: a, modules: colour } ]\n", 1},
	    {"classes: [ { name: a, containers: true } ]\n", 1},
	    {"classes: [ { name: a, coluor: false } ]\n", 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *text = with(cases[i].more);
		load_text(&l, text);
		assert_null(l.inv);
		assert_int_equal(l.diags.errors, cases[i].errors);
		assert_int_equal(l.diags.len, cases[i].errors);
		loaded_free(&l);
	}
}

/* A section that is read once for each class could be made much of. */
static void sections_of_classes_are_bounded(void **state)
{
	(void)state;
	struct loaded l;
	_cleanup_strbuf_ struct strbuf s = {0};
	strbuf_adds(&s, "colour:\n  name: red\n  shade: [x");
	for (unsigned i = 0; i < 20000; i++)
		strbuf_adds(&s, ", x");
	strbuf_adds(&s, "]\nclasses:\n");
	for (unsigned i = 0; i < 200; i++)
		strbuf_addf(&s, "  - { name: c%u, when: 'cpus > 9', colour: { name: blue } }\n", i);
	_cleanup_free_ char *text = with(strbuf_str(&s));
	load_text(&l, text);
	assert_null(l.inv);
	size_t too_many = 0;
	for (size_t i = 0; i < l.diags.len; i++)
		too_many += l.diags.items[i].code == CONF_TOO_MANY_CODE;
	assert_int_equal(too_many, 200 - CONF_MAX_VALUES / 20000);
	loaded_free(&l);
}

static void command_lines_select_hosts(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, small);
	const struct {
		const char *nodes, *chosen;
	} good[] = {
	    {"jast", "100000"},
	    {"n[08-09],nfs", "001101"},
	    {"partition:debug", "100100"},
	    {"partition:debug,dalt", "110100"},
	    {"all", "111111"},
	    {"n[08,10]", "001010"},
	};
	const char *bad[] = {"", ",", "n[1-3]", "jasst", "partition:x", "class:gpu", "n[", "-l", "n[08-09"};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct inv_choice choice;
		char text[7] = "";
		assert_int_equal(inventory_select(l.inv, good[i].nodes, false, l.arena, &choice, &l.err), 0);
		for (size_t k = 0; k < 6; k++)
			text[k] = choice.hosts[k] ? '1' : '0';
		assert_string_equal(text, good[i].chosen);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct inv_choice choice;
		assert_int_equal(inventory_select(l.inv, bad[i], false, l.arena, &choice, &l.err), -1);
		assert_int_equal(l.err.code, ERR_INPUT);
	}
	struct inv_choice choice;
	inventory_select(l.inv, "jasst", false, l.arena, &choice, &l.err);
	assert_non_null(strstr(l.err.text, "did you mean 'jast'?"));
	inventory_select(l.inv, "partition:debug,general", false, l.arena, &choice, &l.err);
	assert_non_null(strstr(l.err.text, "did you mean 'partition:general'?"));
	loaded_free(&l);
}

static void command_lines_select_classes(void **state)
{
	(void)state;
	struct loaded l;
	struct inv_choice choice;
	_cleanup_free_ char *text = with("classes: [ { name: a, when: \"cores > 1\" }, { name: b } ]\n");
	load_text(&l, text);
	assert_int_equal(inventory_select(l.inv, "n[08-09],class:b", true, l.arena, &choice, &l.err), 0);
	assert_true(choice.hosts[2] && choice.hosts[3] && !choice.hosts[4]);
	assert_true(choice.classes[1] && !choice.classes[0]);
	assert_int_equal(inventory_select(l.inv, "class:a,b", true, l.arena, &choice, &l.err), -1);
	assert_non_null(strstr(l.err.text, "did you mean 'class:b'?"));
	assert_int_equal(inventory_select(l.inv, "class:a", false, l.arena, &choice, &l.err), -1);
	assert_non_null(strstr(l.err.text, "says what is measured on them"));
	assert_int_equal(inventory_select(l.inv, "class:c", true, l.arena, &choice, &l.err), -1);
	assert_non_null(strstr(l.err.text, "no class 'c'"));
	assert_true(inventory_names_group("n1,class:a") && inventory_names_group("partition:x"));
	assert_false(inventory_names_group("n[1,2],fe80::1"));
	loaded_free(&l);
}

/* Ten thousand hosts, as lines and as one range; and as many mistakes. The bound is generous: it fails for what is n².
 */
static void ten_thousand_hosts_take_little_time(void **state)
{
	(void)state;
	enum { MANY = 10000 };
	static const char tail[] = "controllers: [n0]\ncompute: all\npartitions:\n  a: { nodes: all, default: true }\n"
				   "  b: { nodes: \"n[1-9999]\" }\n";
	for (int kind = 0; kind < 3; kind++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		strbuf_adds(&text, "reeve: 1\ncluster: big\nhosts:\n");
		if (kind == 0)
			strbuf_adds(&text, "  \"n[0-9999]\": \"n[0-9999].example.org\"\n");
		for (int i = 0; kind && i < MANY; i++)
			strbuf_addf(&text, "  n%d: %s10.%d.%d.%d\n", i, kind == 2 ? "-" : "", i / 62500, i / 250 % 250,
				    i % 250 + 1);
		strbuf_adds(&text, kind == 2 ? "controllers: [n0]\ncompute: [\"m[0-9999]\"]\npartitions: {}\n" : tail);
		struct loaded l;
		double start = seconds();
		load_text(&l, text.data);
		double took = seconds() - start;
		assert_true(took < 2.0);
		if (kind == 2) {
			assert_true(l.diags.errors >= 2 * MANY);
		} else {
			assert_non_null(l.inv);
			assert_int_equal(l.inv->host_count, MANY);
			assert_int_equal(l.inv->partitions[1].node_count, MANY - 1);
			assert_string_equal(inventory_host(l.inv, "n9999")->hostname, "n9999");
		}
		loaded_free(&l);
	}
}

/* Lists that explode, in a file of a few bytes. */
static void explosions_are_bounded(void **state)
{
	(void)state;
	struct loaded l;
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_adds(&text, "reeve: 1\ncluster: big\nhosts: { \"n[1-60000]\": \"n[1-60000].lan\" }\ncontrollers: [n1]\n"
			   "compute: all\npartitions:\n  a: { nodes: all, default: true }\n");
	for (int i = 0; i < 2000; i++)
		strbuf_addf(&text, "  p%d: { nodes: [\"n[1-30000]\", \"n[30001-60000]\"] }\n", i);
	double start = seconds();
	load_text(&l, text.data);
	assert_true(seconds() - start < 10.0);
	assert_null(l.inv);
	bool found = false;
	for (size_t i = 0; i < l.diags.len; i++)
		found = found || l.diags.items[i].code == INV_TOO_MANY_HOSTS_CODE;
	assert_true(found);
	assert_true(arena_size(l.arena) < 200 << 20);
	loaded_free(&l);
}

static void files_that_cannot_be_read_say_why(void **state)
{
	(void)state;
	struct loaded l = {.arena = arena_new()};
	assert_null(inventory_load("/nonexistent/cluster.yaml", sections, &l.diags, l.arena, &l.err));
	assert_int_equal(l.err.code, ERR_SYSTEM);
	assert_int_equal(l.diags.len, 0);
	diags_free(&l.diags);
	/* Too large is a finding about the file, with a place. */
	assert_null(inventory_load("/dev/zero", sections, &l.diags, l.arena, &l.err));
	assert_int_equal(l.err.code, ERR_INPUT);
	assert_int_equal(l.diags.len, 1);
	assert_int_equal(l.diags.items[0].at.line, 1);
	loaded_free(&l);
}

/* Each code once, in rising order, with a meaning: the lists go into the documentation. */
static void codes_are_one_list(void **state)
{
	(void)state;
	static const struct {
		unsigned number;
		const char *meaning;
	} codes[] = {
#define X(n, name, text) {n, text},
	    CONF_CODES(X) INV_CODES(X)
#undef X
	};
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		assert_true(!i || codes[i].number > codes[i - 1].number);
		assert_true(strlen(codes[i].meaning) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_is_where_it_belongs),
	    cmocka_unit_test(defaults_are_the_documented_ones),
	    cmocka_unit_test(what_the_lab_says_holds_unless_a_node_differs),
	    cmocka_unit_test(modules_own_their_sections),
	    cmocka_unit_test(sections_can_name_hosts_classes_and_partitions),
	    cmocka_unit_test(classes_choose_modules),
	    cmocka_unit_test(what_is_wrong_with_a_class_s_section_is_said_once),
	    cmocka_unit_test(sections_of_classes_are_bounded),
	    cmocka_unit_test(command_lines_select_hosts),
	    cmocka_unit_test(command_lines_select_classes),
	    cmocka_unit_test(ten_thousand_hosts_take_little_time),
	    cmocka_unit_test(explosions_are_bounded),
	    cmocka_unit_test(files_that_cannot_be_read_say_why),
	    cmocka_unit_test(codes_are_one_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
