#include "facts/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-text.h"
#include "base/ran.h"
#include "base/str.h"
#include "base/vec.h"

/* ARPHRD_ETHER and ARPHRD_INFINIBAND (linux/if_arp.h). */
enum { TYPE_ETHERNET = 1, TYPE_INFINIBAND = 32, NAME_MAX_BYTES = 15, ANSWER_MAX = 1 << 20, RUN_MS = 5000 };

#define LLDPCTL "/usr/sbin/lldpctl"

void facts_network_request(json_t *items, bool neighbours)
{
	json_array_append_new(items, json_pack("{s:s, s:s, s:[s,s,s,s,s,s,s,s], s:i}", "name", "links", "tree",
					       "/sys/class/net", "of", "operstate", "carrier", "speed", "mtu", "type",
					       "device", "master", "uevent", "max", FACTS_LINKS));
	json_array_append_new(items, json_pack("{s:s, s:s, s:[s,s,s,s,s,s], s:i}", "name", "ports", "tree",
					       "/sys/class/infiniband", "of", "ports/1/state", "ports/1/rate",
					       "ports/1/link_layer", "ports/2/state", "ports/2/rate",
					       "ports/2/link_layer", "max", FACTS_PORTS / 2));
	if (neighbours)
		json_array_append_new(items,
				      json_pack("{s:s, s:s, s:b}", "name", "lldpctl", "stat", LLDPCTL, "follow", 1));
}

void facts_network_more(const json_t *answers, json_t *items)
{
	if (json_object_get(json_object_get(answers, "lldpctl"), "type"))
		json_array_append_new(items, json_pack("{s:s, s:[s,s,s], s:i, s:i}", "name", "neighbours", "run",
						       LLDPCTL, "-f", "json0", "max", ANSWER_MAX, "timeout", RUN_MS));
}

/* One line of a file of an entry, without its end; NULL: it is not there. */
static const char *line_of(const json_t *entry, const char *file, struct arena *arena)
{
	char *text = arena_strdup(arena, json_string_value(json_object_get(entry, file)));
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static unsigned number_of(const json_t *entry, const char *file, unsigned most, struct arena *arena)
{
	const char *line = line_of(entry, file, arena);
	uint64_t n;
	return line && str_to_u64(line, 1, most, &n) == 0 ? (unsigned)n : 0;
}

static bool is_link_name(const char *s)
{
	return str_is_name(s, NAME_MAX_BYTES);
}

/* DEVTYPE of the uevent names what a driver makes beside Ethernet: bridge, bond, vlan, wlan, ... */
static enum facts_link_kind kind_of(const json_t *entry, struct arena *arena)
{
	unsigned type = number_of(entry, "type", 65535, arena);
	const char *uevent = json_string_value(json_object_get(entry, "uevent"));
	if ((type != TYPE_ETHERNET && type != TYPE_INFINIBAND) || (uevent && strstr(uevent, "DEVTYPE=")))
		return LINK_OTHER;
	return json_is_object(json_object_get(entry, "device")) ? LINK_PHYSICAL : LINK_VIRTUAL;
}

static const char *master_of(const json_t *entry, struct arena *arena)
{
	const char *target = json_string_value(json_object_get(json_object_get(entry, "master"), "link"));
	const char *slash = target ? strrchr(target, '/') : NULL;
	const char *name = slash ? slash + 1 : target;
	return name && is_link_name(name) ? arena_strdup(arena, name) : NULL;
}

static int link_by_name(const void *a, const void *b)
{
	return strcmp(((const struct facts_link *)a)->name, ((const struct facts_link *)b)->name);
}

static const json_t *entries_of(const json_t *answers, const char *name)
{
	return json_object_get(json_object_get(answers, name), "entries");
}

static void decode_links(const json_t *answers, struct arena *arena, struct facts_network *ret)
{
	VEC(struct facts_link) links = {0};
	const char *name;
	json_t *entry;
	json_object_foreach((json_t *)entries_of(answers, "links"), name, entry)
	{
		const char *state = line_of(entry, "operstate", arena);
		if (!state || !is_link_name(name) || links.len >= FACTS_LINKS)
			continue;
		bool unknown = streq(state, "unknown") && number_of(entry, "carrier", 1, arena);
		*vec_push_in(arena, &links) = (struct facts_link){
		    .name = arena_strdup(arena, name),
		    .kind = kind_of(entry, arena),
		    .up = streq(state, "up") || unknown,
		    .speed = number_of(entry, "speed", FACTS_MOST_MBIT, arena),
		    .mtu = number_of(entry, "mtu", 1 << 24, arena),
		    .master = master_of(entry, arena),
		};
	}
	if (links.len)
		qsort(links.items, links.len, sizeof *links.items, link_by_name);
	ret->links = links.items;
	ret->link_count = links.len;
}

/* "100 Gb/sec (4X EDR)", "2.5 Gb/sec (1X SDR)". */
static unsigned rate_of(const char *text)
{
	uint64_t whole;
	size_t len = text ? str_read_u64(text, FACTS_MOST_MBIT / 1000, &whole) : 0;
	unsigned tenth = 0;
	if (!len)
		return 0;
	const char *end = text + len;
	if (*end == '.' && end[1] >= '0' && end[1] <= '9') {
		tenth = (unsigned)(end[1] - '0');
		end += 2;
	}
	return str_starts(end, " Gb/sec") ? (unsigned)whole * 1000 + tenth * 100 : 0;
}

static void decode_ports(const json_t *answers, struct arena *arena, struct facts_network *ret)
{
	VEC(struct facts_port) ports = {0};
	const char *name;
	json_t *entry;
	json_object_foreach((json_t *)entries_of(answers, "ports"), name, entry)
	{
		for (unsigned i = 1; i <= 2 && ports.len < FACTS_PORTS && str_is_name(name, 63); i++) {
			const char *state = line_of(entry, arena_printf(arena, "ports/%u/state", i), arena);
			const char *layer = line_of(entry, arena_printf(arena, "ports/%u/link_layer", i), arena);
			if (!state)
				continue;
			*vec_push_in(arena, &ports) = (struct facts_port){
			    .device = arena_strdup(arena, name),
			    .number = i,
			    .active = strstr(state, "ACTIVE"),
			    .infiniband = layer && streq(layer, "InfiniBand"),
			    .speed = rate_of(line_of(entry, arena_printf(arena, "ports/%u/rate", i), arena)),
			};
		}
	}
	ret->ports = ports.items;
	ret->port_count = ports.len;
}

/* json0 has a list at every level, each value an object {"value": ...} in a list of one (lldpctl(8), -f json0). */
static const char *value_of(const json_t *o, const char *key)
{
	const json_t *first = json_array_get(json_object_get(o, key), 0);
	return json_string_value(json_object_get(first, "value"));
}

/* The first component of a DNS name, where it is a name that a switch can have in topology.conf. */
static const char *system_name(const char *text, struct arena *arena)
{
	if (!text)
		return NULL;
	const char *name = arena_strndup(arena, text, strcspn(text, "."));
	return str_is_name(name, 63) ? name : NULL;
}

/* "capability": [{"type": "Bridge", "enabled": true}, ...]; the element may be left out (IEEE 802.1AB). */
static bool is_switch(const json_t *chassis)
{
	const json_t *all = json_object_get(chassis, "capability");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *c = json_array_get(all, i);
		const char *type = json_string_value(json_object_get(c, "type"));
		if (type && (streq(type, "Bridge") || streq(type, "Router")) &&
		    json_is_true(json_object_get(c, "enabled")))
			return true;
	}
	return !json_array_size(all);
}

static void decode_neighbours(const json_t *answers, struct arena *arena, struct facts_network *ret)
{
	struct ran ran = ran_of(json_object_get(answers, "neighbours"));
	if (!ran.out || ran.status != 0 || ran.cut)
		return;
	json_t *all = json_text_load(ran.out, strlen(ran.out), JSON_TEXT_VALUES, NULL);
	const json_t *lldp = json_array_get(json_object_get(all, "lldp"), 0);
	const json_t *links = json_object_get(lldp, "interface"), *link;
	VEC(struct facts_neighbour) found = {0};
	ret->lldp = lldp;
	for (size_t i = 0; i < json_array_size(links) && found.len < FACTS_NEIGHBOURS; i++) {
		link = json_array_get(links, i);
		const char *name = json_string_value(json_object_get(link, "name"));
		const json_t *chassis = json_array_get(json_object_get(link, "chassis"), 0);
		const json_t *port = json_array_get(json_object_get(link, "port"), 0);
		const char *port_name = value_of(port, "descr") ? value_of(port, "descr") : value_of(port, "id");
		if (!name || !is_link_name(name) || !chassis)
			continue;
		*vec_push_in(arena, &found) = (struct facts_neighbour){
		    .link = arena_strdup(arena, name),
		    .system = system_name(value_of(chassis, "name"), arena),
		    .is_switch = is_switch(chassis),
		    .port = port_name ? str_printable(arena, port_name, strnlen(port_name, 64)) : NULL,
		};
	}
	ret->neighbours = found.items;
	ret->neighbour_count = found.len;
	json_decref(all);
}

void facts_network_decode(const json_t *answers, struct arena *arena, struct facts_network *ret)
{
	*ret = (struct facts_network){0};
	decode_links(answers, arena, ret);
	decode_ports(answers, arena, ret);
	decode_neighbours(answers, arena, ret);
}

const struct facts_link *facts_network_link(const struct facts_network *network)
{
	enum facts_link_kind kind = LINK_VIRTUAL;
	const struct facts_link *best = NULL;
	for (size_t i = 0; i < network->link_count; i++)
		if (network->links[i].kind == LINK_PHYSICAL)
			kind = LINK_PHYSICAL;
	for (size_t i = 0; i < network->link_count; i++) {
		const struct facts_link *l = &network->links[i];
		if (l->kind == kind && l->up && (!best || l->speed > best->speed))
			best = l;
	}
	return best;
}

unsigned facts_network_speed(const struct facts_network *network)
{
	const struct facts_link *link = facts_network_link(network);
	unsigned speed = link ? link->speed : 0;
	for (size_t i = 0; i < network->port_count; i++) {
		const struct facts_port *p = &network->ports[i];
		if (p->active && p->infiniband && p->speed > speed)
			speed = p->speed;
	}
	return speed;
}

bool facts_network_infiniband(const struct facts_network *network)
{
	for (size_t i = 0; i < network->port_count; i++)
		if (network->ports[i].active && network->ports[i].infiniband)
			return true;
	return false;
}

const char *facts_network_switch(const struct facts_network *network)
{
	const struct facts_link *link = facts_network_link(network);
	const char *any = NULL;
	for (size_t i = 0; i < network->neighbour_count; i++) {
		const struct facts_neighbour *n = &network->neighbours[i];
		if (!n->is_switch)
			continue;
		if (n->system && link && streq(n->link, link->name))
			return n->system;
		if (!any)
			any = n->system;
	}
	return any;
}
