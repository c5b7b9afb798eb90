/*
 * bridge: the lab's network: a bridge with the gateway's address, an nftables table that lets the nodes out through the
 * machine's address and nothing else through where nothing was forwarded before, and IPv4 forwarding and room for inotify, which are put back when the last lab goes.
 */
#ifndef REEVE_LAB_BRIDGE_H
#define REEVE_LAB_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "lab/place.h"

struct subnet {
	uint32_t net; /* host byte order */
	uint32_t gateway;
	unsigned prefix;
};

/*
 * The smallest subnet that holds all addresses and a gateway, not smaller than a /24, so that nodes can be added to a
 * running lab; the gateway is its first address that no node has. Duplicates and what is no IPv4 address are ERR_INPUT.
 */
int subnet_of(const char *const *addresses, size_t count, struct subnet *ret, struct err *err);
int subnet_parse(const char *text, struct subnet *ret); /* "10.4.0.0/24"; the gateway is 0 then */
bool subnet_has(const struct subnet *s, const char *address);
const char *subnet_text(struct arena *arena, const struct subnet *s);
const char *subnet_address(struct arena *arena, uint32_t address);

/*
 * ERR_REFUSED where a route of the machine, of the form of /proc/net/route, leads to any part of the subnet other than
 * by `bridge`; default routes are no hindrance. Changes the text.
 */
int subnet_check(const struct subnet *s, char *routes, const char *bridge, struct err *err);

/* What nft(8) is told; `net` as subnet_text() has it. The result lives in the place's arena. Pure. */
const char *bridge_rules(const struct place *p, const char *net, bool forwards_for_labs_alone);

/* Makes bridge, table and forwarding, or what is missing of them. subnet_check() against this machine comes first. */
int bridge_up(const struct place *p, const struct subnet *s, struct err *err);

/* Removes them; with the last lab's, what labs changed of the machine (forwarding, binfmt) is put back. What is not
 * there is no error. */
int bridge_down(const struct place *p, struct err *err);

/* The machine's end of the cable of the node whose systemd is `leader`: its index, 0 where there is none. */
unsigned bridge_port(pid_t leader);

/*
 * Removes the bridge's ports that are in none of `count` ports: the kernel takes apart the network of a killed node when it
 * has the time, and until then its cable's name is taken.
 */
int bridge_sweep(const struct place *p, const unsigned *ports, size_t count, struct err *err);

/*
 * A cable is cut by closing its port: the bridge then passes no frame either way (bridge(8), `state`). The interface
 * stays up: what is written to a tap device that is down fails, and after one failure the driver of user-mode Linux never
 * touches its own interface again (in_error, arch/um/drivers/vector_kern.c).
 */
bool bridge_port_closed(unsigned port);
int bridge_port_set(unsigned port, bool open, struct err *err);

#endif
