/* Fuzzes what a host says of its network, and what its measurements print: bounded names and numbers, and no crash. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "facts/network.h"
#include "run/meter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_facts(const char *text, size_t size, struct arena *arena)
{
	struct facts_network n;
	json_t *answers = json_loadb(text, size, 0, NULL);
	facts_network_decode(answers, arena, &n);
	if (n.link_count > FACTS_LINKS || n.port_count > FACTS_PORTS || n.neighbour_count > FACTS_NEIGHBOURS ||
	    facts_network_speed(&n) > FACTS_MOST_MBIT)
		abort();
	for (size_t i = 0; i < n.link_count; i++)
		if (!str_is_name(n.links[i].name, 15))
			abort();
	const char *system = facts_network_switch(&n);
	if (system && (!str_is_name(system, 63) || strchr(system, '.')))
		abort();
	json_decref(answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *text = size ? arena_strndup(arena, (const char *)data, size) : "";
	struct meter_pair pair = {0};
	check_facts(text, size, arena);
	meter_read_client(text, arena, &pair);
	meter_read_server(text, &pair);
	return 0;
}
