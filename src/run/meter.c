#include "run/meter.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "run/run.h"
#include "run/meter.sh.h"
#include "run/round.h"

enum { TOOLS_MS = 10000, CLIENT_MS = 25000, SERVER_MS = 25000, OUTPUT_MAX = 65536, SLACK_MS = 5000 };

struct measuring {
	struct fleet *fleet;
	const char *const *names, *const *addresses;
	struct report *report;
	struct arena *arena;
	struct meter_result *result;
	size_t *hosts; /* those that take part */
	size_t count;
};

static json_t *script_message(const char *what, const char *address, unsigned timeout_ms)
{
	char port[8], seconds[8];
	snprintf(port, sizeof port, "%d", METER_PORT);
	snprintf(seconds, sizeof seconds, "%d", METER_SECONDS);
	const char *const argv[] = {"sh", "-c", meter_sh, "reeve-measure", what, address, port, seconds, NULL};
	return round_command(argv, NULL, OUTPUT_MAX, timeout_ms);
}

static const char *out_of(const struct fleet_request *r)
{
	const char *out = json_string_value(json_object_get(r->answer, "out"));
	return out ? out : "";
}

static void leave_out(struct measuring *m, size_t host, const char *why, const char *fix)
{
	m->result->left_out++;
	finding_add(&m->result->findings, FINDING_HOST, CODE_NOT_MEASURED, m->names[host], "%s", why)->fix = fix;
}

/* Which hosts can be measured. */
static int find_hosts(struct measuring *m, struct err *err)
{
	_cleanup_round_ struct round round = {.fleet = m->fleet};
	for (size_t i = 0; i < fleet_count(m->fleet); i++) {
		if (fleet_phase(m->fleet, i) == FLEET_OPEN)
			round_add(&round, i, script_message("tools", "", TOOLS_MS));
		else
			leave_out(m, i, fleet_error(m->fleet, i)->text, NULL);
	}
	int rc = round_send(&round, TOOLS_MS + SLACK_MS, err);
	for (size_t i = 0; i < round.len; i++) {
		size_t host = round_host(&round, i);
		const char *out = out_of(&round.items[i]);
		const char *why = round_failure(&round.items[i], m->arena);
		if (why)
			leave_out(m, host, why, NULL);
		else if (strstr(out, "iperf3\n") || strstr(out, "ip\n"))
			leave_out(m, host,
				  strstr(out, "iperf3\n") ? "iperf3 is not installed" : "ip(8) is not installed",
				  arena_printf(m->arena, "on %s: apt-get install %s", m->names[host],
					       strstr(out, "iperf3\n") ? "iperf3" : "iproute2"));
		else
			m->hosts[m->count++] = host;
		if (!why && strstr(out, "ping\n"))
			finding_add(&m->result->findings, FINDING_NOTE, CODE_NO_PING, m->names[host],
				    "ping is not installed: no latency from here")
			    ->fix = arena_printf(m->arena, "on %s: apt-get install iputils-ping", m->names[host]);
	}
	return rc;
}

static const char *error_of(const struct fleet_request *client, const struct fleet_request *server,
			    const struct meter_pair *pair, struct arena *arena)
{
	if (pair->forward && pair->backward)
		return NULL;
	if (!client->answer)
		return round_failure(client, arena);
	if (pair->error)
		return pair->error;
	const char *why = round_failure(server, arena);
	return why ? why : "iperf3 said nothing that can be read";
}

static int run_round(struct measuring *m, struct meter_round *pairs, struct err *err)
{
	_cleanup_round_ struct round round = {.fleet = m->fleet};
	for (size_t i = 0; i < pairs->len; i++) {
		struct meter_pair *p = &pairs->items[i];
		p->a = m->hosts[p->a];
		p->b = m->hosts[p->b];
		round_add(&round, p->b, script_message("server", m->addresses[p->a], SERVER_MS));
		round_add(&round, p->a, script_message("client", m->addresses[p->b], CLIENT_MS));
		if (m->report) {
			report_host(m->report, p->a, REPORT_WORKING, m->names[p->b]);
			report_host(m->report, p->b, REPORT_WORKING, m->names[p->a]);
		}
	}
	int rc = round_send(&round, CLIENT_MS + SLACK_MS, err);
	for (size_t i = 0; i < pairs->len; i++) {
		struct meter_pair *p = &pairs->items[i];
		const struct fleet_request *server = &round.items[2 * i], *client = server + 1;
		meter_read_server(out_of(server), p);
		meter_read_client(out_of(client), m->arena, p);
		p->error = error_of(client, server, p, m->arena);
	}
	return rc;
}

int meter_network(struct fleet *fleet, const char *const *names, const char *const *addresses, struct report *report,
		  struct arena *arena, struct meter_result *ret, struct err *err)
{
	*ret = (struct meter_result){.findings = {.arena = arena}};
	struct measuring m = {.fleet = fleet,
			      .names = names,
			      .addresses = addresses,
			      .report = report,
			      .arena = arena,
			      .result = ret,
			      .hosts = arena_calloc(arena, fleet_count(fleet) + 1, sizeof *m.hosts)};
	struct meter_round *rounds;
	VEC(struct meter_pair) pairs = {0};
	if (find_hosts(&m, err) < 0)
		return -1;
	size_t count = meter_schedule(m.count, arena, &rounds);
	for (size_t i = 0; i < count; i++) {
		if (report)
			report_phase(report, arena_printf(arena, "measure: round %zu of %zu", i + 1, count));
		if (run_round(&m, &rounds[i], err) < 0)
			return -1;
		for (size_t k = 0; k < rounds[i].len; k++)
			*vec_push_in(arena, &pairs) = rounds[i].items[k];
	}
	ret->pairs = pairs.items;
	ret->count = pairs.len;
	meter_judge(pairs.items, pairs.len, names, fleet_count(fleet), &ret->findings);
	return 0;
}
