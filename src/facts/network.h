/*
 * network: the links of a host, its InfiniBand or RDMA ports, and the switches that its LLDP daemon sees.
 *
 * From the answers to the agent's question "tree" over /sys/class/net and /sys/class/infiniband (Linux,
 * Documentation/ABI/testing/sysfs-class-net and sysfs-class-infiniband) and from `lldpctl -f json0` (lldpctl(8)), which
 * is run only where it is there and only where the neighbours are asked for. All of it is the host's word and bounded:
 * at most FACTS_LINKS links, names of at most 15 bytes (IFNAMSIZ), speeds up to FACTS_MOST_MBIT. What does not fit is
 * left out; a host that lies has a slow network, and nobody else has.
 */
#ifndef REEVE_FACTS_NETWORK_H
#define REEVE_FACTS_NETWORK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

enum { FACTS_LINKS = 256, FACTS_PORTS = 64, FACTS_NEIGHBOURS = 64, FACTS_MOST_MBIT = 10000000 };

enum facts_link_kind {
	LINK_PHYSICAL, /* it has a device: Ethernet, InfiniBand's IPoIB, a virtual machine's card */
	LINK_VIRTUAL,  /* one end of a pair, as in a container */
	LINK_OTHER,    /* loopback, bridge, bond, VLAN, wireless, tunnel: what carries them counts, or nothing */
};

struct facts_link {
	const char *name;
	enum facts_link_kind kind;
	bool up;            /* operstate "up", or "unknown" with a carrier: drivers that cannot tell */
	unsigned speed;     /* Mbit/s; 0: not known */
	unsigned mtu;       /* bytes; 0: not known */
	const char *master; /* the bond or bridge it is in; NULL: none */
};

struct facts_port {
	const char *device; /* "mlx5_0" */
	unsigned number;
	bool active, infiniband; /* else RoCE, iWARP or alike */
	unsigned speed;          /* Mbit/s; 0: not known */
};

struct facts_neighbour {
	const char *link;
	const char *system; /* the switch's name without its domain, of [A-Za-z0-9_-]; NULL: it has none that is one */
	const char *port;   /* printable; NULL: not said */
	bool is_switch;     /* it bridges or routes, or does not say what it does; not another host on the same wire */
};

struct facts_network {
	const struct facts_link *links; /* by name */
	size_t link_count;
	const struct facts_port *ports;
	size_t port_count;
	const struct facts_neighbour *neighbours;
	size_t neighbour_count;
	bool lldp; /* an LLDP daemon answered */
};

/* Adds what is to be asked of every host, and starts no program; `neighbours`: also whether lldpctl is there. */
void facts_network_request(json_t *items, bool neighbours);

/* Adds to the second request what the answers to the first make sensible. */
void facts_network_more(const json_t *answers, json_t *items);

/* Never fails: what cannot be believed is left out. In `arena`. */
void facts_network_decode(const json_t *answers, struct arena *arena, struct facts_network *ret);

/*
 * The node's link: of the physical links that are up the fastest, the first by name of equal ones; in a container, which
 * has no physical link at all, of the virtual ones. NULL: none. Its speed may be unknown.
 */
const struct facts_link *facts_network_link(const struct facts_network *network);

/* Mbit/s of the node's link or of its fastest active port of InfiniBand, whichever is more; 0: not known. */
unsigned facts_network_speed(const struct facts_network *network);

/* An active port of InfiniBand. */
bool facts_network_infiniband(const struct facts_network *network);

/* The switch behind the node's link, else behind the first link that has one; NULL: not known. */
const char *facts_network_switch(const struct facts_network *network);

#endif
