/* Questions to a host, and its answers: the same name for both, made of what is asked. */
#include "doctor/doctor.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/ran.h"
#include "base/str.h"
#include "facts/beside.h"

/* A packet that is lost is sent again after one second (RFC 6298). */
enum { CONNECT_MS = 1300 };
enum { ITEM_NAME = 64, RUN_MAX = 64 << 10, PROCESS_NAME = 15, PROCESSES_MAX = 512 };

/* "read:/etc/passwd"; a path that is too long for a name is there as its hash. */
static const char *name_of(char out[ITEM_NAME + 1], const char *kind, const char *path)
{
	if (strlen(kind) + 1 + strlen(path) <= ITEM_NAME)
		snprintf(out, ITEM_NAME + 1, "%s:%s", kind, path);
	else
		snprintf(out, ITEM_NAME + 1, "%s:%.40s", kind, digest_of(path, strlen(path)).hex);
	return out;
}

static json_t *item_named(json_t *items, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach(items, i, item)
	{
		if (str_same(json_string_value(json_object_get(item, "name")), name))
			return item;
	}
	return NULL;
}

/* Takes the reference. */
static void add(json_t *items, const char *name, json_t *item)
{
	if (item_named(items, name)) {
		json_decref(item);
		return;
	}
	json_object_set_new(item, "name", json_string(name));
	json_array_append_new(items, item);
}

void doctor_ask_read(json_t *items, const char *path, int max)
{
	char name[ITEM_NAME + 1];
	add(items, name_of(name, "read", path), json_pack("{s:s, s:i}", "read", path, "max", max));
}

void doctor_ask_tail(json_t *items, const char *path, int max)
{
	char name[ITEM_NAME + 1];
	add(items, name_of(name, "tail", path), json_pack("{s:s, s:i}", "tail", path, "max", max));
}

void doctor_ask_stat(json_t *items, const char *path)
{
	char name[ITEM_NAME + 1];
	add(items, name_of(name, "stat", path), json_pack("{s:s, s:b}", "stat", path, "follow", 1));
}

void doctor_ask_fs(json_t *items, const char *path)
{
	char name[ITEM_NAME + 1];
	add(items, name_of(name, "fs", path), json_pack("{s:s}", "fs", path));
}

void doctor_ask_list(json_t *items, const char *path, int max)
{
	char name[ITEM_NAME + 1];
	add(items, name_of(name, "list", path), json_pack("{s:s, s:i}", "list", path, "max", max));
}

static void add_name(json_t *names, const char *name)
{
	size_t i;
	const json_t *other;
	json_array_foreach(names, i, other)
	{
		if (str_same(json_string_value(other), name))
			return;
	}
	json_array_append_new(names, json_string(name));
}

void doctor_ask_unit(json_t *items, const char *unit)
{
	add(items, "units", json_pack("{s:[]}", "units"));
	add_name(json_object_get(item_named(items, "units"), "units"), unit);
}

void doctor_ask_package(json_t *items, const char *name)
{
	add(items, "packages", json_pack("{s:[]}", "packages"));
	add_name(json_object_get(item_named(items, "packages"), "packages"), name);
}

/* Of all processes those with these names: comm in proc(5) is a line. */
void doctor_ask_process(json_t *items, const char *name)
{
	char line[PROCESS_NAME + 2];
	snprintf(line, sizeof line, "%.*s\n", PROCESS_NAME, name);
	add(items, "processes",
	    json_pack("{s:s, s:[s, s, s], s:i, s:[s, s, s, s, s, s, s, s, s], s:{s:s, s:[]}}", "tree", "/proc", "of",
		      "comm", "stat", "exe", "max", PROCESSES_MAX, "prefix", "1", "2", "3", "4", "5", "6", "7", "8",
		      "9", "where", "file", "comm", "begins"));
	add_name(json_object_get(json_object_get(item_named(items, "processes"), "where"), "begins"), line);
}

static const char *address_of(const struct cluster *c, size_t host, const char *name)
{
	if (str_is_address(name))
		return name;
	const struct facts *facts = c->hosts[host].facts;
	return facts ? facts_address(&facts->beside, name) : NULL;
}

unsigned doctor_port(const struct doctor_host *h, const char *key, unsigned otherwise)
{
	const char *value = doctor_param(h, key);
	uint64_t port;
	const char *text = value ? arena_strndup(h->arena, value, strcspn(value, "-")) : "";
	return str_to_u64(text, 1, 65535, &port) == 0 ? (unsigned)port : otherwise;
}

void doctor_ask_connect(const struct doctor_host *h, json_t *items, const char *name, unsigned port)
{
	const char *address = address_of(h->cluster, h->host->index, name);
	if (!address)
		return;
	add(items, "connect", json_pack("{s:[], s:i}", "connect", "timeout", CONNECT_MS));
	json_t *list = json_object_get(item_named(items, "connect"), "connect");
	if (json_array_size(list) < DOCTOR_CONNECTS)
		json_array_append_new(list, json_pack("[s, i]", address, (int)port));
}

void doctor_ask_run(json_t *items, const char *name, const char *const *argv, unsigned timeout_ms)
{
	json_t *list = json_array();
	for (; *argv; argv++)
		json_array_append_new(list, json_string(*argv));
	add(items, name, json_pack("{s:o, s:i, s:i}", "run", list, "max", RUN_MAX, "timeout", (int)timeout_ms));
}

static const json_t *answer(const struct doctor *d, size_t host, const char *kind, const char *path, int *ret_errno)
{
	char name[ITEM_NAME + 1];
	const json_t *found = json_object_get(d->answers[host], name_of(name, kind, path));
	if (ret_errno)
		*ret_errno = (int)json_integer_value(json_object_get(found, "errno"));
	return found;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static uint64_t number_of(const json_t *o, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(o, key));
	return value < 0 ? 0 : (uint64_t)value;
}

const char *doctor_read(const struct doctor *d, size_t host, const char *path, int *ret_errno)
{
	return json_string_value(json_object_get(answer(d, host, "read", path, ret_errno), "text"));
}

const char *doctor_tail(const struct doctor *d, size_t host, const char *path, int *ret_errno)
{
	return json_string_value(json_object_get(answer(d, host, "tail", path, ret_errno), "text"));
}

bool doctor_stat(const struct doctor *d, size_t host, const char *path, struct doctor_stat *ret, int *ret_errno)
{
	const json_t *o = answer(d, host, "stat", path, ret_errno);
	if (!json_object_get(o, "type"))
		return false;
	*ret = (struct doctor_stat){
	    .type = text_of(o, "type"),
	    .mode = text_of(o, "mode"),
	    .owner = text_of(o, "owner"),
	    .group = text_of(o, "group"),
	    .size = (int64_t)number_of(o, "size"),
	    .mtime_ms = (int64_t)number_of(o, "mtime"),
	};
	return true;
}

bool doctor_fs(const struct doctor *d, size_t host, const char *path, struct doctor_fs *ret)
{
	const json_t *o = answer(d, host, "fs", path, NULL);
	if (!json_object_get(o, "total"))
		return false;
	*ret = (struct doctor_fs){number_of(o, "total"), number_of(o, "free"), number_of(o, "inodes"),
				  number_of(o, "free_inodes")};
	return true;
}

const json_t *doctor_list(const struct doctor *d, size_t host, const char *path)
{
	return json_object_get(answer(d, host, "list", path, NULL), "names");
}

bool doctor_unit(const struct doctor *d, size_t host, const char *unit, struct doctor_unit *ret)
{
	const json_t *units = json_object_get(json_object_get(d->answers[host], "units"), "units");
	const json_t *o = json_object_get(units, unit);
	if (!o)
		return false;
	*ret = (struct doctor_unit){
	    .load = text_of(o, "load"),
	    .active = text_of(o, "active"),
	    .sub = text_of(o, "sub"),
	    .file = text_of(o, "file"),
	    .result = text_of(o, "result"),
	    .since_us = number_of(o, "since"),
	    .pid = (long)number_of(o, "pid"),
	};
	return true;
}

bool doctor_packages(const struct doctor *d, size_t host, struct doctor_packages *ret)
{
	const json_t *o = json_object_get(d->answers[host], "packages");
	if (!json_object_get(o, "versions"))
		return false;
	*ret = (struct doctor_packages){
	    .versions = json_object_get(o, "versions"),
	    .held = json_object_get(o, "held"),
	    .broken = json_string_value(json_object_get(o, "broken")),
	    .interrupted = json_is_true(json_object_get(o, "interrupted")),
	    .busy = json_is_true(json_object_get(o, "busy")),
	};
	return true;
}

int doctor_processes(const struct doctor *d, size_t host, const char *name, struct doctor_process *ret, size_t max)
{
	json_t *all = json_object_get(json_object_get(d->answers[host], "processes"), "entries"), *entry;
	const char *pid;
	size_t n = 0, len = strlen(name);
	if (!all)
		return -1;
	json_object_foreach(all, pid, entry)
	{
		const char *comm = text_of(entry, "comm");
		uint64_t number;
		if (strncmp(comm, name, len) != 0 || comm[len] != '\n' || str_to_u64(pid, 1, INT32_MAX, &number) < 0)
			continue;
		const char *exe = text_of(json_object_get(entry, "exe"), "link");
		const char *stat = strrchr(text_of(entry, "stat"), ')'); /* pid (comm) state ... */
		if (n < max)
			ret[n] = (struct doctor_process){
			    .pid = (long)number,
			    .state = stat && stat[1] == ' ' ? stat[2] : '\0',
			    .replaced = str_ends(exe, " (deleted)"),
			};
		n++;
	}
	return (int)n;
}

int doctor_connect(const struct doctor *d, size_t host, const char *name, unsigned port)
{
	const char *address = address_of(d->cluster, host, name);
	char key[INET6_ADDRSTRLEN + sizeof " 65535"];
	if (!address)
		return -1;
	snprintf(key, sizeof key, "%.*s %u", INET6_ADDRSTRLEN, address, port);
	const json_t *results = json_object_get(json_object_get(d->answers[host], "connect"), "results");
	const json_t *result = json_object_get(results, key);
	return json_is_integer(result) ? (int)json_integer_value(result) : -1;
}

int doctor_run(const struct doctor *d, size_t host, const char *name, const char **ret_out, const char **ret_err)
{
	struct ran ran = ran_of(json_object_get(d->answers[host], name));
	if (ran.status < 0)
		return -1;
	*ret_out = ran.out ? ran.out : "";
	*ret_err = ran.errors ? ran.errors : "";
	return ran.status;
}
