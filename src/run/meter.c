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
	size_t count = fleet_count(m->fleet), n = 0;
	struct fleet_request *requests = arena_calloc(m->arena, count, sizeof *requests);
	json_t *message = script_message("tools", "", TOOLS_MS);
	for (size_t i = 0; i < count; i++) {
		if (fleet_phase(m->fleet, i) == FLEET_OPEN)
			requests[n++] = (struct fleet_request){.host = i, .message = message};
		else
			leave_out(m, i, fleet_error(m->fleet, i)->text, NULL);
	}
	int rc = fleet_round(m->fleet, requests, n, TOOLS_MS + SLACK_MS, err);
	for (size_t i = 0; i < n; i++) {
		size_t host = requests[i].host;
		const char *out = out_of(&requests[i]);
		const char *why = round_failure(&requests[i], m->arena);
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
		fleet_request_clear(&requests[i]);
	}
	json_decref(message);
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

static int run_round(struct measuring *m, struct meter_round *round, struct err *err)
{
	struct fleet_request *requests = arena_calloc(m->arena, round->len * 2, sizeof *requests);
	json_t **messages = arena_calloc(m->arena, round->len * 2, sizeof *messages);
	for (size_t i = 0; i < round->len; i++) {
		struct meter_pair *p = &round->items[i];
		p->a = m->hosts[p->a];
		p->b = m->hosts[p->b];
		messages[2 * i] = script_message("server", m->addresses[p->a], SERVER_MS);
		messages[2 * i + 1] = script_message("client", m->addresses[p->b], CLIENT_MS);
		requests[2 * i] = (struct fleet_request){.host = p->b, .message = messages[2 * i]};
		requests[2 * i + 1] = (struct fleet_request){.host = p->a, .message = messages[2 * i + 1]};
		if (m->report) {
			report_host(m->report, p->a, REPORT_WORKING, m->names[p->b]);
			report_host(m->report, p->b, REPORT_WORKING, m->names[p->a]);
		}
	}
	int rc = fleet_round(m->fleet, requests, round->len * 2, CLIENT_MS + SLACK_MS, err);
	for (size_t i = 0; i < round->len; i++) {
		struct meter_pair *p = &round->items[i];
		meter_read_server(out_of(&requests[2 * i]), p);
		meter_read_client(out_of(&requests[2 * i + 1]), m->arena, p);
		p->error = error_of(&requests[2 * i + 1], &requests[2 * i], p, m->arena);
	}
	for (size_t i = 0; i < round->len * 2; i++) {
		fleet_request_clear(&requests[i]);
		json_decref(messages[i]);
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
