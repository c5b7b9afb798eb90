#include "lab/power.h"

#include "lab/bridge.h"
#include "lab/identity.h"
#include "lab/machine.h"
#include "lab/wait.h"

/* Where a node is just starting its cable cannot be told from a dead one's: then none is removed. */
static int sweep_ports(struct work *w, struct err *err)
{
	struct roster *r = &w->roster;
	unsigned *ports = arena_calloc(w->place.arena, r->node_count + 1, sizeof *ports);
	size_t count = 0;

	for (size_t i = 0; i < r->node_count; i++) {
		const char *node = r->nodes[i].node.name;
		if (!machine_runs(&w->place, node))
			continue;
		ports[count] = machine_port(&w->place, node);
		if (!ports[count++])
			return 0;
	}
	return bridge_sweep(&w->place, ports, count, err);
}

static int start(struct work *w, struct roster_node *n, const char *hosts, struct err *err)
{
	if (machine_prepare(&w->place, &w->roster, n, hosts, err) < 0 ||
	    machine_start(&w->place, &w->roster, n, err) < 0)
		return err_wrap(err, "%s", n->node.name);
	return 0;
}

int power_on(struct work *w, struct roster_node *n, struct err *err)
{
	if (!machine_runs(&w->place, n->node.name) &&
	    (sweep_ports(w, err) < 0 || start(w, n, identity_hosts(&w->place, &w->roster), err) < 0))
		return -1;
	return wait_nodes(w, n, 1, 0, err);
}

int power_on_all(struct work *w, struct err *err)
{
	struct place *p = &w->place;
	const char *hosts = identity_hosts(p, &w->roster);

	if (sweep_ports(w, err) < 0)
		return -1;
	for (size_t i = 0; i < w->roster.node_count; i++) {
		struct roster_node *n = &w->roster.nodes[i];
		if (!machine_runs(p, n->node.name)) {
			if (start(w, n, hosts, err) < 0)
				return -1;
			continue;
		}
		unsigned port = machine_port(p, n->node.name);
		if (port && bridge_port_closed(port) && bridge_port_set(port, true, err) < 0)
			return err_wrap(err, "%s", n->node.name);
		if (machine_refresh(p, n->node.name, hosts, err) < 0)
			return -1;
	}
	return 0;
}
