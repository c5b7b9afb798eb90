#include "modules/time/time.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/schema.h"

#define CONF "/etc/chrony/chrony.conf"
#define DROP_IN "/etc/systemd/system/chrony.service.d/reeve.conf"
#define UNIT "chrony.service"

static const char *const *read_servers(struct inv_reader *r, const struct conf_value *value)
{
	const struct conf_value *const *texts;
	size_t count = 0, n = 0;
	if (value)
		conf_texts(value, "'servers'", r->arena, &texts, &count, r->diags);
	const char **list = arena_calloc(r->arena, count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++)
		if (conf_address(texts[i], "a server of 'time'", &list[n], r->diags) == 0)
			n++;
	return list;
}

static void read_serve(struct inv_reader *r, const struct conf_value *value, struct inv_choice *ret)
{
	inventory_read_choice(r, value, "'serve'", ret);
	for (size_t i = 0; ret->hosts && i < r->host_count; i++)
		if (ret->hosts[i])
			inventory_need(r, i);
}

static void *parse(struct inv_reader *r, const struct conf_value *value)
{
	static const struct conf_key keys[] = {{"servers", false}, {"serve", false}, {NULL, false}};
	const struct conf_value *values[ARRAY_LEN(keys)] = {NULL};
	struct time *time = arena_alloc(r->arena, sizeof *time);
	if (value && value->kind != CONF_NULL) {
		time->at = value->at;
		conf_walk(value, "'time'", keys, values, r->diags);
	}
	time->servers = read_servers(r, values[0]);
	if (values[1])
		read_serve(r, values[1], &time->serve);
	return time;
}

const struct inv_section time_section = {
    .name = "time",
    .leaves = "the package chrony, and " CONF,
    .parse = parse,
};

const struct time *time_of(const struct cluster *c)
{
	return inventory_section(c->inv, NULL, "time");
}

/* Others ask the hosts that serve, and not the servers of the file. */
static bool has_own(const struct time *time)
{
	return time->serve.hosts || !time->servers[0];
}

bool time_serves(const struct cluster *c, size_t host)
{
	const struct time *time = time_of(c);
	if (!has_own(time) || !cluster_has_module(c, host, "time"))
		return false;
	return time->serve.hosts ? cluster_chosen(c, &time->serve, host) : c->inv->hosts[host].controller;
}

/* What its take makes of a host. */
struct host_time {
	bool container; /* its clock is its machine's */
	bool other;     /* another program that sets clocks is installed: ntpsec's and openntpd's have the same path */
};

static void ask(const struct inventory *inv, const struct inv_host *host, json_t *items)
{
	(void)inv;
	(void)host;
	json_array_append_new(
	    items, json_pack("{s:s, s:s, s:b}", "name", "container", "stat", "/run/systemd/container", "follow", 1));
	json_array_append_new(items,
			      json_pack("{s:s, s:s, s:b}", "name", "ntpd", "stat", "/usr/sbin/ntpd", "follow", 1));
}

static void *take(const json_t *items, struct arena *arena, struct err *err)
{
	struct host_time *t = arena_alloc(arena, sizeof *t);
	(void)err;
	t->container = json_object_get(json_object_get(items, "container"), "type");
	t->other = json_object_get(json_object_get(items, "ntpd"), "type");
	return t;
}

static void settle(struct cluster *c)
{
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		const struct host_time *t = module_own(h->facts, &time_module);
		if (!t || !t->other || cluster_is_out(h) || !cluster_has_module(c, i, "time"))
			continue;
		struct finding *f =
		    cluster_blame(c, h, CODE_TIME_DAEMON,
				  "another program sets its clock, and chrony would replace its package: "
				  "/usr/sbin/ntpd");
		f->fix = finding_text(&c->findings,
				      "on %s: apt-get purge ntpsec (or openntpd); or `time: false` for its class",
				      h->inv->name);
		f->origin = time_of(c)->at;
	}
}

static void put_servers(const struct cluster *c, size_t index, struct strbuf *out)
{
	const struct time *time = inventory_section(c->inv, c->hosts[index].class, "time");
	bool serves = time_serves(c, index);
	for (const char *const *s = time->servers; (serves || !has_own(time_of(c))) && *s; s++)
		strbuf_addf(out, "server %s iburst\n", *s);
	for (size_t i = 0; i < c->inv->host_count; i++)
		if (i != index && time_serves(c, i) && !(serves && time->servers[0]))
			strbuf_addf(out, "server %s iburst\n", c->inv->hosts[i].slurm_address);
}

/* Whom the host serves, and with what where it has nobody to ask. */
static void put_clients(const struct cluster *c, size_t index, struct strbuf *out)
{
	const struct time *time = inventory_section(c->inv, c->hosts[index].class, "time");
	for (size_t i = 0; i < c->inv->host_count; i++)
		if (i != index)
			strbuf_addf(out, "allow %s\n", c->inv->hosts[i].slurm_address);
	if (!time->servers[0])
		strbuf_adds(out, "local stratum 10 orphan\n");
}

static void put_conf(const struct cluster *c, size_t index, enum stage stage, struct catalog *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_adds(&text, "# Written by reeve from cluster.yaml: change it there and run `reeve apply`.\n");
	put_servers(c, index, &text);
	if (time_serves(c, index))
		put_clients(c, index, &text);
	strbuf_adds(&text,
		    "driftfile /var/lib/chrony/chrony.drift\nmakestep 1 3\nrtcsync\nconfdir /etc/chrony/conf.d\n");
	catalog_file(out, stage, CONF, "root", "root", 0644, arena_strndup(out->arena, text.data, text.len), text.len);
}

/* The package's unit does not start where the clock cannot be set (ConditionCapability); -x: it is not tried. */
static const char drop_in[] = "# Written by reeve: a container's clock is its machine's, and is measured only.\n"
			      "[Unit]\nConditionCapability=\n"
			      "[Service]\nExecStart=\nExecStart=!/usr/sbin/chronyd -x $DAEMON_OPTS\n";

static void compile(const struct cluster *c, size_t index, struct catalog *out)
{
	static const struct package packages[] = {{"chrony", NULL}};
	static const char *const inputs[] = {CONF, DROP_IN, NULL};
	const struct host_time *t = module_own(c->hosts[index].facts, &time_module);
	enum stage stage = time_serves(c, index) ? STAGE_SERVERS : STAGE_AUTH;
	size_t first = out->len;
	catalog_packages(out, STAGE_PREPARE, packages, ARRAY_LEN(packages));
	put_conf(c, index, stage, out);
	if (t && t->container)
		catalog_file(out, stage, DROP_IN, "root", "root", 0644, drop_in, strlen(drop_in));
	catalog_service(out, stage, UNIT, true, true, inputs);
	for (size_t i = first; time_of(c)->at.line && i < out->len; i++)
		out->items[i].origin = time_of(c)->at;
}

const struct module time_module = {
    .name = "time",
    .summary = "clocks set by chrony",
    .section = &time_section,
    .ask = ask,
    .take = take,
    .settle = settle,
    .diagnoses = &time_diagnoses,
    .compile = compile,
    .verify = time_verify,
};
