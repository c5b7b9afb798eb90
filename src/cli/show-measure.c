#include "cli/show-measure.h"

#include <jansson.h>

#include "report/table.h"
#include "report/json.h"

static const char *speed_text(struct arena *a, uint64_t kbit)
{
	return kbit ? arena_printf(a, "%llu", (unsigned long long)(kbit + 500) / 1000) : NULL;
}

static const char *mtu_text(struct arena *a, const struct meter_pair *p)
{
	if (!p->mtu_a || !p->mtu_b)
		return p->mtu_a ? arena_printf(a, "%u", p->mtu_a) : NULL;
	return p->mtu_a == p->mtu_b ? arena_printf(a, "%u", p->mtu_a) : arena_printf(a, "%u/%u", p->mtu_a, p->mtu_b);
}

static const char *note_text(const struct meter_pair *p)
{
	if (p->error)
		return p->error;
	if (meter_is_asymmetric(p))
		return "asymmetric";
	return p->large == LARGE_LOST ? "large packets are lost" : "";
}

static void print_table(struct context *context, const struct meter_result *result, const char *const *names)
{
	static const struct table_column columns[] = {
	    {"A"}, {"B"}, {"A>B Mbit/s", true}, {"B>A Mbit/s", true}, {"RTT/ms", true}, {"MTU", true}, {"NOTE"}};
	struct arena *a = context->arena;
	struct table t = {.columns = columns, .count = sizeof columns / sizeof *columns, .arena = a};
	for (size_t i = 0; i < result->count; i++) {
		const struct meter_pair *p = &result->pairs[i];
		const char *cells[] = {
		    names[p->a],
		    names[p->b],
		    speed_text(a, p->forward),
		    speed_text(a, p->backward),
		    p->rtt_us ? arena_printf(a, "%.3f", (double)p->rtt_us / 1000) : NULL,
		    mtu_text(a, p),
		    note_text(p),
		};
		table_add(&t, cells);
	}
	if (t.cells.len)
		table_print(&t, stdout, report_width(stdout), context->color);
	for (size_t i = 0; i < result->findings.len; i++) {
		const struct finding *f = &result->findings.items[i];
		printf("%s: %s%s%s [%s]\n", finding_weight_name(f->weight), f->host ? f->host : "", f->host ? ": " : "",
		       f->what, f->code);
		if (f->fix)
			printf("    %s\n", f->fix);
	}
}

static json_t *pair_json(const struct meter_pair *p, const char *const *names)
{
	json_t *o =
	    json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s*}", "a", names[p->a], "b", names[p->b], "forward_kbit",
		      (json_int_t)p->forward, "backward_kbit", (json_int_t)p->backward, "rtt_us", (json_int_t)p->rtt_us,
		      "mtu_a", (json_int_t)p->mtu_a, "mtu_b", (json_int_t)p->mtu_b, "error", p->error);
	if (p->large != LARGE_UNKNOWN)
		json_object_set_new(o, "large_packets_pass", json_boolean(p->large == LARGE_PASS));
	json_object_set_new(o, "asymmetric", json_boolean(meter_is_asymmetric(p)));
	return o;
}

static void print_json(const struct meter_result *result, const char *const *names)
{
	json_t *pairs = json_array(), *findings = json_array();
	for (size_t i = 0; i < result->count; i++)
		json_array_append_new(pairs, pair_json(&result->pairs[i], names));
	for (size_t i = 0; i < result->findings.len; i++) {
		const struct finding *f = &result->findings.items[i];
		json_array_append_new(findings,
				      json_pack("{s:s, s:s, s:s*, s:s, s:s*}", "weight", finding_weight_name(f->weight),
						"code", f->code, "host", f->host, "what", f->what, "fix", f->fix));
	}
	json_t *all = json_pack("{s:s, s:I, s:o, s:o}", "measure", "network", "left_out", (json_int_t)result->left_out,
				"pairs", pairs, "findings", findings);
	json_print(all, JSON_INDENT(2), stdout);
}

void show_measure(struct context *context, const struct meter_result *result, const char *const *names)
{
	if (context->json)
		print_json(result, names);
	else
		print_table(context, result, names);
}
