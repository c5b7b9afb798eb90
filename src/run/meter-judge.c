/* What the scripts of meter.c printed, and what is remarkable about it. */
#include <stdlib.h>
#include <string.h>

#include "base/json-text.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "run/meter.h"

/* What no link carries: a petabit. */
static const double most_kbit = 1e12;

static unsigned read_mtu(const char *line)
{
	uint64_t n;
	return str_starts(line, "@mtu ") && str_to_u64(line + strlen("@mtu "), 1, 1 << 24, &n) == 0 ? (unsigned)n : 0;
}

/* The end of a test as iperf3 -J prints it: what arrived, in bits a second. */
static uint64_t read_test(const char *text, struct arena *arena, const char **ret_error)
{
	json_t *all = json_text_load(text, strlen(text), JSON_TEXT_VALUES, NULL);
	const json_t *end = json_object_get(json_object_get(all, "end"), "sum_received");
	double kbit = json_number_value(json_object_get(end, "bits_per_second")) / 1000;
	const char *why = json_string_value(json_object_get(all, "error"));
	if (why)
		*ret_error = str_printable(arena, why, strnlen(why, 200));
	json_decref(all);
	return !why && kbit >= 1 && kbit < most_kbit ? (uint64_t)kbit : 0;
}

/* "rtt min/avg/max/mdev = 0.045/0.061/0.090/0.015 ms" (ping(8) of iputils). */
static uint64_t read_rtt(const char *line)
{
	const char *p = str_starts(line, "rtt ") ? strstr(line, " = ") : NULL;
	p = p ? strchr(p, '/') : NULL;
	double ms = p ? strtod(p + 1, NULL) : 0;
	return ms > 0 && ms < 60000 ? (uint64_t)(ms * 1000 + 0.5) : 0;
}

void meter_read_server(const char *out, struct meter_pair *pair)
{
	_cleanup_free_ char *copy = xstrdup(out);
	copy[strcspn(copy, "\n")] = '\0';
	pair->mtu_b = read_mtu(copy);
}

void meter_read_client(const char *out, struct arena *arena, struct meter_pair *pair)
{
	_cleanup_free_ char *copy = xstrdup(out);
	_cleanup_strbuf_ struct strbuf forward = {0}, backward = {0};
	struct strbuf *into = NULL;
	char *rest = copy;
	for (char *line; (line = str_next_line(&rest));) {
		if (*line != '@') {
			if (into)
				strbuf_addf(into, "%s\n", line);
			else if (read_rtt(line))
				pair->rtt_us = read_rtt(line);
			continue;
		}
		into = streq(line, "@forward") ? &forward : streq(line, "@backward") ? &backward : NULL;
		if (read_mtu(line))
			pair->mtu_a = read_mtu(line);
		if (str_starts(line, "@large "))
			pair->large = streq(line, "@large pass") ? LARGE_PASS : LARGE_LOST;
	}
	pair->forward = read_test(strbuf_str(&forward), arena, &pair->error);
	pair->backward = read_test(strbuf_str(&backward), arena, &pair->error);
}

bool meter_is_asymmetric(const struct meter_pair *p)
{
	uint64_t more = p->forward > p->backward ? p->forward : p->backward;
	uint64_t less = p->forward > p->backward ? p->backward : p->forward;
	return less && less * 5 < more * 4;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static uint64_t median(uint64_t *numbers, size_t count)
{
	if (!count)
		return 0;
	qsort(numbers, count, sizeof *numbers, by_number);
	return numbers[count / 2];
}

struct judging {
	const struct meter_pair *pairs;
	size_t count;
	const char *const *names;
	struct findings *findings;
	uint64_t *numbers; /* room for all of them */
};

static void judge_pair(const struct judging *j, const struct meter_pair *p)
{
	const char *a = j->names[p->a], *b = j->names[p->b];
	if (meter_is_asymmetric(p)) {
		bool forward = p->forward > p->backward;
		finding_add(j->findings, FINDING_WARNING, CODE_ASYMMETRIC, NULL,
			    "%s to %s carries %llu Mbit/s, and %s to %s %llu", forward ? b : a, forward ? a : b,
			    (unsigned long long)(forward ? p->backward : p->forward) / 1000, forward ? a : b,
			    forward ? b : a, (unsigned long long)(forward ? p->forward : p->backward) / 1000)
		    ->fix =
		    "look for errors on both ports and their duplex (ethtool -S, ethtool), the cable, the switch";
	}
	if (p->mtu_a && p->mtu_b && p->mtu_a != p->mtu_b)
		finding_add(j->findings, FINDING_WARNING, CODE_MTU, NULL,
			    "%s has an MTU of %u towards %s, which has %u", a, p->mtu_a, b, p->mtu_b)
		    ->fix = "give both the same: packets that are too large are dropped silently";
	else if (p->large == LARGE_LOST && p->rtt_us)
		finding_add(j->findings, FINDING_WARNING, CODE_MTU, NULL,
			    "packets of the MTU %u do not get from %s to %s and back, small ones do", p->mtu_a, a, b)
		    ->fix = "a switch between them has a smaller MTU";
}

/* What a host sends, or receives, in the middle of its pairs. */
static uint64_t usual(const struct judging *j, size_t host, bool sends)
{
	size_t n = 0;
	for (size_t i = 0; i < j->count; i++) {
		const struct meter_pair *p = &j->pairs[i];
		uint64_t speed = p->a == host   ? (sends ? p->forward : p->backward)
				 : p->b == host ? (sends ? p->backward : p->forward)
						: 0;
		if (speed)
			j->numbers[n++] = speed;
	}
	return median(j->numbers, n);
}

static void judge_host(const struct judging *j, size_t host, uint64_t all)
{
	for (int sends = 0; sends < 2; sends++) {
		uint64_t own = usual(j, host, sends);
		if (own && own * 2 < all)
			finding_add(j->findings, FINDING_WARNING, CODE_SLOW, j->names[host],
				    "it %s %llu Mbit/s, where %llu is usual here", sends ? "sends" : "receives",
				    (unsigned long long)own / 1000, (unsigned long long)all / 1000)
			    ->fix = "compare the link with the others': ethtool, the cable, the port of the switch";
	}
}

void meter_judge(const struct meter_pair *pairs, size_t count, const char *const *names, size_t host_count,
		 struct findings *findings)
{
	struct judging j = {.pairs = pairs, .count = count, .names = names, .findings = findings};
	size_t n = 0;
	j.numbers = arena_calloc(findings->arena, count * 2 + 1, sizeof *j.numbers);
	for (size_t i = 0; i < count; i++) {
		judge_pair(&j, &pairs[i]);
		if (pairs[i].forward)
			j.numbers[n++] = pairs[i].forward;
		if (pairs[i].backward)
			j.numbers[n++] = pairs[i].backward;
	}
	uint64_t all = median(j.numbers, n);
	for (size_t i = 0; i < host_count; i++)
		judge_host(&j, i, all);
}
