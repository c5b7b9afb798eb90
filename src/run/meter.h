/*
 * meter: what the network between hosts carries, pair by pair: bandwidth each way with iperf3(1), latency and whether
 * packets of the full MTU pass with ping(8). Nothing is installed; a host without these programs is named and left out.
 *
 * Bounded: up to METER_ALL hosts every pair, beyond that a ring and METER_SAMPLES random partners for each; one
 * measurement a host at a time, METER_SECONDS each way. Each server serves one test and has a bound of its own, so
 * that all ends by itself when the operator is gone. Pairs of one round run side by side: an uplink that they share is
 * measured under that load, as jobs would find it.
 *
 * Servers listen on METER_PORT (iperf3's own) for as long as a measurement takes. What hosts say is untrusted: a host
 * that lies spoils the figures of its own pairs.
 */
#ifndef REEVE_RUN_METER_H
#define REEVE_RUN_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/finding.h"
#include "report/report.h"
#include "transport/fleet.h"

enum { METER_ALL = 12, METER_SAMPLES = 4, METER_SECONDS = 1, METER_PORT = 5201 };

enum meter_large { LARGE_UNKNOWN, LARGE_PASS, LARGE_LOST };

struct meter_pair {
	size_t a, b;                /* hosts of the fleet */
	uint64_t forward, backward; /* kbit/s that arrived, from a to b and from b to a; 0: not measured */
	uint64_t rtt_us;            /* mean; 0: not measured */
	unsigned mtu_a, mtu_b;      /* of the link towards the other; 0: not known */
	enum meter_large large;     /* packets of a's MTU, not to be split */
	const char *error;          /* printable; NULL: it was measured both ways */
};

struct meter_result {
	struct meter_pair *pairs;
	size_t count;
	struct findings findings; /* hosts left out, asymmetries, slow hosts, MTUs */
	size_t left_out;          /* hosts that are not open or lack a program */
};

/*
 * `addresses[i]`: by which the others reach host i of the fleet; `names` likewise. Blocks for some 5 s a round, at most
 * 30 s where hosts do not answer. The result lives in `arena`. -1 only where all was stopped: ERR_CANCELLED.
 */
int meter_network(struct fleet *fleet, const char *const *names, const char *const *addresses, struct report *report,
		  struct arena *arena, struct meter_result *ret, struct err *err);

/* Parts that are pure, for meter_network and its tests. */

struct meter_round {
	struct meter_pair *items; /* no host is in two of them */
	size_t len, cap;
};

/* Who is measured with whom: rounds of disjoint pairs over `count` hosts, which are numbers from 0. In `arena`. */
size_t meter_schedule(size_t count, struct arena *arena, struct meter_round **ret);

/* What the two sides' scripts printed, into the pair. */
void meter_read_client(const char *out, struct arena *arena, struct meter_pair *pair);
void meter_read_server(const char *out, struct meter_pair *pair);

/* Directions that differ by more than a fifth, hosts whose sending or receiving is below half of what is usual, MTUs. */
void meter_judge(const struct meter_pair *pairs, size_t count, const char *const *names, size_t host_count,
		 struct findings *findings);
bool meter_is_asymmetric(const struct meter_pair *pair);

#endif
