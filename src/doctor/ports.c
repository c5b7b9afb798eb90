/*
 * Both ends of each wire: slurmctld's port as its hosts and nodes reach it, slurmd's as the controllers do, and the ports that
 * srun listens on where they were chosen. A firewall is the commonest fault of all, and Slurm's own words for it lead astray.
 *
 * Whose host does not answer to us either is not examined: it may be off. A refused connection says that nobody listens, which
 * is the affair of other rows, unless the daemon's own host gets through to it.
 */
#include "doctor/rows.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/activation.h"

enum { SLURMCTLD_PORT = 6817, SLURMD_PORT = 6818 };

static unsigned slurmctld_port(const struct doctor_host *h)
{
	return doctor_port(h, "SlurmctldPort", SLURMCTLD_PORT);
}

static unsigned slurmd_port(const struct doctor_host *h)
{
	return doctor_port(h, "SlurmdPort", SLURMD_PORT);
}

/* Both ends of the range: a firewall that lets one through lets them all through, mostly. 0 of them: srun takes any port. */
static unsigned srun_ports(const struct doctor_host *h, unsigned ret[2])
{
	const char *range = doctor_param(h, "SrunPortRange"), *dash = range ? strchr(range, '-') : NULL;
	uint64_t last;
	ret[0] = doctor_port(h, "SrunPortRange", 0);
	if (!ret[0] || !dash || str_to_u64(dash + 1, ret[0] + 1, 65535, &last) < 0)
		return ret[0] != 0;
	ret[1] = (unsigned)last;
	return 2;
}

static bool serves(const struct doctor_host *h, size_t host)
{
	return h->cluster->hosts[host].serves && h->cluster->hosts[host].listed;
}

/* For all rows of this file. */
static void ask_ports(const struct doctor_host *h, json_t *items)
{
	const struct inventory *inv = h->inv;
	unsigned srun[2], count = h->host->compute ? srun_ports(h, srun) : 0;
	for (size_t i = 0; i < inv->controller_count; i++) {
		const char *address = inv->hosts[inv->controllers[i]].slurm_address;
		doctor_ask_connect(h, items, address, slurmctld_port(h));
		for (unsigned k = 0; k < count; k++)
			doctor_ask_connect(h, items, address, srun[k]);
	}
	for (size_t i = 0; i < inv->compute_count; i++) {
		size_t node = inv->compute[i];
		if (serves(h, node) && (h->host->controller || node == h->host->index))
			doctor_ask_connect(h, items, inv->hosts[node].slurm_address, slurmd_port(h));
	}
}

/* Why `from` does not get through to `to`; NULL: it does, or nothing is known. */
static const char *blocked(const struct doctor *d, size_t from, size_t to, unsigned port)
{
	const char *address = d->cluster->inv->hosts[to].slurm_address;
	if (from == to || !d->answers[from] || !d->answers[to])
		return NULL;
	switch (doctor_connect(d, from, address, port)) {
	case ETIMEDOUT:
		return "no answer";
	case EHOSTUNREACH:
	case EHOSTDOWN:
		return "the host is unreachable from there";
	case ENETUNREACH:
		return "there is no route to it";
	case EACCES:
	case EPERM:
		return "forbidden by a firewall there";
	case ECONNREFUSED:
		return doctor_connect(d, to, address, port) == 0 ? "refused, though the daemon listens" : NULL;
	default:
		return NULL;
	}
}

/* Hosts that do not get through, or are not got through to, with the evidence of each. */
struct wires {
	struct names names;
	const char *evidence;
};

static void add(const struct doctor *d, struct wires *w, size_t name, size_t from, size_t to, unsigned port)
{
	const char *why = blocked(d, from, to, port);
	const struct inv_host *hosts = d->cluster->inv->hosts;
	if (!why)
		return;
	*vec_push_in(d->findings->arena, &w->names) = hosts[name].name;
	w->evidence = doctor_text(d, "%s%s%s to %s port %u: %s", w->evidence ? w->evidence : "",
				  w->evidence ? "\n" : "", hosts[from].name, hosts[to].slurm_address, port, why);
}

static const char *list_of(const struct doctor *d, const struct wires *w)
{
	return hostlist_compress(w->names.items, w->names.len, d->findings->arena);
}

static void say_way(const struct doctor *d, struct finding *f, const struct wires *w, const char *from, unsigned port,
		    const char *to)
{
	f->evidence = w->evidence;
	f->fix =
	    doctor_text(d, "let %s through to TCP port %u of %s: see the firewalls of these hosts and between them",
			from, port, to);
}

static void to_slurmctld(struct doctor *d, size_t host)
{
	const struct doctor_host h = doctor_host_of(d, host);
	const struct inventory *inv = d->cluster->inv;
	struct wires w = {0};
	for (size_t i = 0; i < inv->controller_count; i++)
		add(d, &w, inv->controllers[i], host, inv->controllers[i], slurmctld_port(&h));
	if (!w.names.len)
		return;
	struct finding *f =
	    doctor_add(d, host, "it cannot connect to slurmctld on %s (port %u)", list_of(d, &w), slurmctld_port(&h));
	say_way(d, f, &w, h.host->name, slurmctld_port(&h), list_of(d, &w));
}

static void to_slurmd(struct doctor *d, size_t host)
{
	const struct doctor_host h = doctor_host_of(d, host);
	const struct inventory *inv = d->cluster->inv;
	struct wires w = {0};
	for (size_t i = 0; serves(&h, host) && i < inv->controller_count; i++)
		add(d, &w, inv->controllers[i], inv->controllers[i], host, slurmd_port(&h));
	if (!w.names.len)
		return;
	struct finding *f =
	    doctor_add(d, host, "%s cannot connect to its slurmd (port %u)", list_of(d, &w), slurmd_port(&h));
	say_way(d, f, &w, list_of(d, &w), slurmd_port(&h), h.host->name);
}

/* srun listens only while it runs: a refused connection is what is to be expected there. */
static void to_srun(struct doctor *d, size_t host)
{
	const struct doctor_host h = doctor_host_of(d, host);
	const struct inventory *inv = d->cluster->inv;
	const char *range = doctor_param(&h, "SrunPortRange");
	struct wires w = {0};
	unsigned ports[2], count = h.host->compute ? srun_ports(&h, ports) : 0;
	for (size_t i = 0; i < inv->controller_count; i++) {
		size_t to = inv->controllers[i], had = w.names.len;
		for (unsigned k = 0; k < count && w.names.len == had; k++)
			if (doctor_connect(d, host, inv->hosts[to].slurm_address, ports[k]) != ECONNREFUSED)
				add(d, &w, to, host, to, ports[k]);
	}
	if (!w.names.len)
		return;
	struct finding *f =
	    doctor_add(d, host, "it cannot connect to srun on %s (ports %s): jobs started there with srun hang",
		       list_of(d, &w), range);
	f->evidence = w.evidence;
	f->fix = doctor_text(d, "let %s through to TCP ports %s of %s, which is SrunPortRange", h.host->name, range,
			     list_of(d, &w));
}

static const struct diagnosis rows[] = {
    {CODE_PORT_SLURMCTLD, FINDING_STOP, ask_ports, to_slurmctld, NULL},
    {CODE_PORT_SLURMD, FINDING_STOP, NULL, to_slurmd, NULL},
    {CODE_PORT_SRUN, FINDING_WARNING, NULL, to_srun, NULL},
};

const struct diagnoses doctor_ports = {rows, ARRAY_LEN(rows)};
