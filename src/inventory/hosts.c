/* `hosts`: names and ranges of names, each with its address. */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "hostlist/hostlist.h"
#include "inventory/build.h"

/* One entry of `hosts`, a host or a range of them. */
struct entry {
	const struct conf_pair *pair;
	const char *const *names;
	size_t count;
	const char *const *addresses;       /* NULL: none that is good */
	const char *const *hostnames;       /* NULL: not given */
	const char *const *slurm_addresses; /* NULL: not given */
	const struct conf_value *address_value, *hostname_value, *slurm_value;
	const char *user;
	uint64_t port;
	bool local;
};

struct host_maps {
	struct map addresses, hostnames; /* -> index + 1 */
	struct arena *arena;             /* for their keys */
};

/* `text` as `count` texts: itself for one host, expanded for a range. NULL with a finding. */
static const char *const *spread(struct build *b, const struct conf_value *value, const char *text, const char *what,
				 size_t count, const char *name)
{
	if (count == 1 && !strchr(text, '[')) {
		const char **one = arena_calloc(b->arena, 2, sizeof *one);
		one[0] = text;
		return one;
	}
	const char *const *texts;
	size_t n, at = 0;
	struct err err = {0};
	if (hostlist_expand(text, INV_MAX_HOSTS, b->arena, &texts, &n, &at, &err) < 0) {
		if (err.code == ERR_LIMIT)
			diag_error(b->diags, INV_TOO_MANY_HOSTS_CODE, value->at, NULL, "%s: more than %d of them", what,
				   INV_MAX_HOSTS);
		else
			diag_error(b->diags, INV_RANGE_CODE, build_offset(value, at), NULL, "%s: %s", what, err.text);
		return NULL;
	}
	if (n == count)
		return texts;
	diag_error(b->diags, INV_RANGE_COUNT_CODE, value->at,
		   "ranges pair in order: \"pi[001-254]\": \"10.5.0.[1-254]\"", "'%s' is %zu %s, but %s is %zu", name,
		   count, count == 1 ? "host" : "hosts", what, n);
	return NULL;
}

/* `text` as the addresses of the entry's hosts; NULL with a finding. */
static const char *const *spread_addresses(struct build *b, const struct entry *e, const struct conf_value *value,
					   const char *text, const char *what)
{
	const char *const *addresses = spread(b, value, text, what, e->count, e->pair->key);
	for (size_t i = 0; addresses && i < e->count; i++)
		if (conf_address_check(addresses[i], what, build_place(value, addresses[i]), b->diags) < 0)
			return NULL;
	return addresses;
}

static void read_slurm_address(struct build *b, struct entry *e, const struct conf_value *value)
{
	const char *text;
	char what[300];
	snprintf(what, sizeof what, "the slurm_address of '%.200s'", e->pair->key);
	if (!value || conf_text(value, what, &text, b->diags) < 0)
		return;
	e->slurm_value = value;
	e->slurm_addresses = spread_addresses(b, e, value, text, what);
}

static void read_address(struct build *b, struct entry *e, const struct conf_value *value)
{
	const char *text, *name = e->pair->key;
	char what[300];
	snprintf(what, sizeof what, "the address of '%.200s'", name);
	if (conf_text(value, what, &text, b->diags) < 0)
		return;
	e->address_value = value;
	if (streq(text, "local")) {
		if (e->count > 1) {
			diag_error(b->diags, INV_RANGE_COUNT_CODE, value->at, NULL,
				   "'%s' is %zu hosts, only one can be local", name, e->count);
			return;
		}
		e->local = true;
		text = "localhost";
	}
	e->addresses = spread_addresses(b, e, value, text, what);
}

static void read_hostname(struct build *b, struct entry *e, const struct conf_value *value)
{
	const char *text;
	char what[300];
	snprintf(what, sizeof what, "the hostname of '%.200s'", e->pair->key);
	if (!value || conf_text(value, what, &text, b->diags) < 0)
		return;
	const char *const *hostnames = spread(b, value, text, what, e->count, e->pair->key);
	for (size_t i = 0; hostnames && i < e->count; i++)
		if (!str_is_name(hostnames[i], 64)) {
			diag_error(b->diags, CONF_NAME_CODE, value->at, NULL,
				   "%s '%s' is not a name: letters, digits, '.', '_' and '-', at most 64 of them", what,
				   hostnames[i]);
			return;
		}
	e->hostnames = hostnames;
	e->hostname_value = value;
}

static void read_value(struct build *b, struct entry *e)
{
	enum { ADDRESS, USER, PORT, HOSTNAME, SLURM_ADDRESS, KEYS };
	static const struct conf_key keys[] = {
	    [ADDRESS] = {"address", true},       [USER] = {"user"}, [PORT] = {"port"}, [HOSTNAME] = {"hostname"},
	    [SLURM_ADDRESS] = {"slurm_address"}, [KEYS] = {NULL}};
	const struct conf_value *value = e->pair->value, *values[KEYS];
	if (value->kind == CONF_SCALAR) {
		read_address(b, e, value);
		return;
	}
	char what[300];
	snprintf(what, sizeof what, "host '%.200s'", e->pair->key);
	if (value->kind != CONF_MAP) {
		diag_error(b->diags, value->kind == CONF_NULL ? CONF_EMPTY_CODE : CONF_TYPE_CODE, value->at,
			   "'dalt: 10.4.0.13', or 'dalt: { address: 10.4.0.13, user: admin }'",
			   "%s should be an address, or a map with 'address', this is %s", what, conf_kind_name(value));
		return;
	}
	conf_walk(value, what, keys, values, b->diags);
	if (values[ADDRESS])
		read_address(b, e, values[ADDRESS]);
	if (values[USER])
		conf_name(values[USER], "the user", 64, &e->user, b->diags);
	if (values[PORT])
		conf_int(values[PORT], "the port", 1, 65535, &e->port, b->diags);
	read_hostname(b, e, values[HOSTNAME]);
	read_slurm_address(b, e, values[SLURM_ADDRESS]);
}

static int read_names(struct build *b, struct entry *e)
{
	const struct conf_pair *pair = e->pair;
	/* The key as a scalar, so that places in it can be found. */
	const struct conf_value key = {
	    .kind = CONF_SCALAR, .at = pair->at, .text = pair->key, .len = strlen(pair->key), .plain = true};
	size_t at = 0, room = INV_MAX_HOSTS - b->hosts.len;
	struct err err = {0};
	int failed = 0;
	if (strpbrk(pair->key, "[], ")) {
		failed = hostlist_expand(pair->key, room, b->arena, &e->names, &e->count, &at, &err);
	} else {
		const char **one = arena_calloc(b->arena, 2, sizeof *one);
		one[0] = pair->key;
		e->names = one;
		e->count = 1;
		failed = room ? 0 : err_set(&err, ERR_LIMIT, "no room");
	}
	if (failed && err.code == ERR_LIMIT)
		diag_error(b->diags, INV_TOO_MANY_HOSTS_CODE, pair->at, NULL,
			   "with '%.100s' there are more than %d hosts, the most that Slurm can have", pair->key,
			   INV_MAX_HOSTS);
	else if (failed)
		diag_error(b->diags, INV_RANGE_CODE, build_offset(&key, at), NULL, "host '%.100s': %s", pair->key,
			   err.text);
	if (failed) {
		map_set(&b->broken_names, pair->key, b);
		return -1;
	}
	for (size_t i = 0; i < e->count; i++) {
		const char *fault = inventory_name_fault(e->names[i]);
		if (!fault)
			continue;
		diag_error(b->diags, INV_HOST_NAME_CODE, pair->at, NULL, "'%s' %s", e->names[i], fault);
		map_set(&b->broken_names, e->names[i], b);
		return -1;
	}
	return e->count ? 0 : -1;
}

/* One machine, however its address is written; a port of its own makes another of it. */
static char *address_key(struct arena *arena, const char *address, uint64_t port)
{
	struct in_addr v4;
	struct in6_addr v6;
	char text[INET6_ADDRSTRLEN];
	if (inet_pton(AF_INET, address, &v4) == 1)
		return arena_printf(arena, "4 %08x %u", v4.s_addr, (unsigned)port);
	if (inet_pton(AF_INET6, address, &v6) == 1)
		return arena_printf(arena, "6 %s %u", inet_ntop(AF_INET6, &v6, text, sizeof text), (unsigned)port);
	char *key = arena_printf(arena, "n %s %u", address, (unsigned)port);
	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

/* The host that had this key before; else it has it from now on. */
static const struct inv_host *claim(struct build *b, struct map *map, const char *key, size_t index)
{
	size_t before = (size_t)map_get(map, key);
	if (before)
		return &b->hosts.items[before - 1];
	map_set(map, key, (void *)(index + 1));
	return NULL;
}

/* Of a range that overlaps another, the first double is enough: `*told`. */
static void add_host(struct build *b, const struct entry *e, size_t i, struct host_maps *maps, unsigned *told)
{
	enum { NAME = 1, ADDRESS = 2, HOSTNAME = 4 };
	const char *name = e->names[i];
	size_t index = b->hosts.len;
	const struct inv_host *other = claim(b, &b->names, name, index);
	if (other) {
		if (!(*told & NAME))
			diag_error(b->diags, INV_HOST_TWICE_CODE, e->pair->at, NULL,
				   "host '%s' is given twice, first at line %u", name, other->at.line);
		*told |= NAME;
		return;
	}
	struct inv_host host = {
	    .name = name,
	    .address = e->addresses ? e->addresses[i] : name,
	    .user = e->user,
	    .hostname = e->hostnames ? e->hostnames[i] : name,
	    .port = (unsigned)e->port,
	    .local = e->local,
	    .slurm_address = e->slurm_addresses ? e->slurm_addresses[i]
			     : e->local         ? "127.0.0.1"
			     : e->addresses     ? e->addresses[i]
						: name,
	    .at = e->pair->at,
	    .index = index,
	};
	*vec_push_in(b->arena, &b->hosts) = host;
	other =
	    e->addresses ? claim(b, &maps->addresses, address_key(maps->arena, host.address, e->port), index) : NULL;
	if (other && !(*told & ADDRESS)) {
		*told |= ADDRESS;
		diag_error(b->diags, INV_ADDRESS_TWICE_CODE, build_place(e->address_value, host.address), NULL,
			   "'%s' and '%s' (line %u) have the same address %s", name, other->name, other->at.line,
			   e->local ? "local" : host.address);
	}
	other = claim(b, &maps->hostnames, host.hostname, index);
	if (other && !(*told & HOSTNAME)) {
		*told |= HOSTNAME;
		diag_error(b->diags, INV_HOSTNAME_TWICE_CODE, e->hostname_value ? e->hostname_value->at : e->pair->at,
			   NULL, "'%s' and '%s' (line %u) both call themselves '%s'", name, other->name, other->at.line,
			   host.hostname);
	}
}

/* Where the daemons of the others find a host, and what slurmd there calls itself. */
static void check_entry(struct build *b, const struct entry *e, bool alone)
{
	const struct conf_value *value = e->slurm_value ? e->slurm_value : e->address_value;
	bool named = e->slurm_value != NULL;
	if (!e->hostname_value && strchr(e->names[0], '.'))
		diag_error(b->diags, INV_HOST_NAME_CODE, e->pair->at,
			   diags_text(b->diags, "call it '%.*s', or give its own name: hostname: %.*s",
				      (int)strcspn(e->names[0], "."), e->names[0], (int)strcspn(e->names[0], "."),
				      e->names[0]),
			   "'%s' has a domain in it, and slurmd goes by what `hostname -s` prints", e->names[0]);
	if (e->local && !named && !alone) {
		diag_error(b->diags, INV_ADDRESS_CODE, value->at,
			   diags_text(b->diags,
				      "give the address where the others find it: %.100s: { address: local, "
				      "slurm_address: 10.11.0.31 }",
				      e->names[0]),
			   "'local' is 127.0.0.1, which is another machine for each of the other hosts");
		return;
	}
	const char *const *addresses = named ? e->slurm_addresses : e->local ? NULL : e->addresses;
	for (size_t i = 0; addresses && i < e->count; i++) {
		const char *fault = inventory_address_fault(addresses[i], alone);
		if (!fault)
			continue;
		diag_error(b->diags, INV_ADDRESS_CODE, build_place(value, addresses[i]),
			   !named && inventory_is_loopback(addresses[i])
			       ? "where it is only ssh's way to it, give the one for Slurm, too: { address: ..., "
				 "slurm_address: ... }"
			       : NULL,
			   "%s of '%s', %s, %s", named ? "the slurm_address" : "the address", e->names[i], addresses[i],
			   fault);
		return;
	}
}

void build_hosts(struct build *b, const struct conf_value *value)
{
	if (!value)
		return;
	if (value->kind != CONF_MAP || !value->count) {
		diag_error(b->diags, value->kind == CONF_NULL || value->count == 0 ? CONF_EMPTY_CODE : CONF_TYPE_CODE,
			   value->at, "for example: hosts: { dalt: 10.4.0.13 }",
			   "'hosts' should be a map of names and addresses, this is %s",
			   value->kind == CONF_MAP ? "an empty one" : conf_kind_name(value));
		return;
	}
	_cleanup_arena_ struct arena *scratch = arena_new();
	struct host_maps maps = {.arena = scratch};
	struct entry *entries = arena_calloc(scratch, value->count, sizeof *entries);
	for (size_t i = 0; i < value->count; i++) {
		struct entry *e = &entries[i];
		e->pair = &value->pairs[i];
		if (read_names(b, e) < 0) {
			e->count = 0;
			continue;
		}
		read_value(b, e);
		unsigned told = 0;
		for (size_t k = 0; k < e->count; k++)
			add_host(b, e, k, &maps, &told);
	}
	for (size_t i = 0; i < value->count; i++)
		if (entries[i].count)
			check_entry(b, &entries[i], b->hosts.len == 1);
	map_free(&maps.addresses);
	map_free(&maps.hostnames);
}
