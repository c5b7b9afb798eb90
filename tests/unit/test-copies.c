/*
 * Which copy of the record is right, over everything that can happen to up to three controllers: runs that reach a majority of them and write
 * to some before they are cut off, one controller at a time that is off or loses its copy, and one that lies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/epoch.h"
#include "base/str.h"
#include "base/vec.h"
#include "model/copies.h"
#include "world.h"

enum { MOST = 3, TEXTS = 32 };

/* Texts in the order in which they were made; a text's digest is its number. */
static struct text {
	struct record record;
	struct digest digest;
} texts[TEXTS];

struct state {
	size_t controllers, made;
	int holds[MOST]; /* a text's number; -1: none */
	int committed;   /* the last that a majority got */
	uint64_t epoch;
};

static int make(struct state *s, uint64_t epoch, int parent)
{
	struct text *t = &texts[s->made];
	snprintf(t->digest.hex, sizeof t->digest.hex, "%064zu", s->made);
	t->record = (struct record){.epoch = epoch, .parent = parent < 0 ? NULL : texts[parent].digest.hex};
	return (int)s->made++;
}

/* The text that counts for those in `up`; -1: none, -2: nobody can tell. */
static int look(const struct state *s, unsigned up)
{
	struct copy copies[MOST] = {0};
	bool split;
	for (size_t i = 0; i < s->controllers; i++)
		if (up & 1U << i && s->holds[i] >= 0)
			copies[i] = (struct copy){&texts[s->holds[i]].record, texts[s->holds[i]].digest};
	size_t best = copies_choose(copies, s->controllers, &split);
	assert_true(best == SIZE_MAX || !split);
	return best != SIZE_MAX ? s->holds[best] : split ? -2 : -1;
}

static bool most(const struct state *s, unsigned set)
{
	return (size_t)__builtin_popcount(set) * 2 > s->controllers;
}

static void put(struct state *s, int text, unsigned to)
{
	for (size_t i = 0; i < s->controllers; i++)
		if (to & 1U << i)
			s->holds[i] = text;
	if (most(s, to))
		s->committed = text;
}

static size_t histories, undecided;

/* What a majority got is never lost, whoever is looked at. */
static void check(const struct state *s)
{
	for (unsigned up = 1; up < 1U << s->controllers; up++) {
		int found = most(s, up) ? look(s, up) : s->committed;
		histories++;
		undecided += found == -2;
		if (found != -2 && found < s->committed)
			fail_msg("%d is taken for right, and %d was committed", found, s->committed);
	}
}

static void go_on(struct state s, int depth);

/* A run: reached are `up`, its first text comes to `first`; where that is a majority a second one comes to `second`. */
static void run_once(struct state s, unsigned up, unsigned first, unsigned second, int depth)
{
	int base = look(&s, up);
	if (base == -2)
		return; /* it stops */
	s.epoch++;
	int text = make(&s, s.epoch, base);
	put(&s, text, first);
	if (second && most(&s, first))
		put(&s, make(&s, s.epoch, text), second);
	check(&s);
	go_on(s, depth - 1);
}

static void go_on(struct state s, int depth)
{
	unsigned all = (1U << s.controllers) - 1;
	for (unsigned up = 1; depth && up <= all; up++)
		for (unsigned first = 1; most(&s, up) && first <= all; first++) {
			if (first & ~up)
				continue;
			run_once(s, up, first, 0, depth);
			for (unsigned second = 1; depth < 3 && most(&s, first) && second <= all; second++)
				if (!(second & ~up))
					run_once(s, up, first, second, depth);
		}
	/* One is installed anew, all others being there. */
	for (size_t i = 0; depth == 1 && s.controllers == MOST && i < s.controllers; i++) {
		struct state reimaged = s;
		int before = look(&s, all);
		reimaged.holds[i] = -1;
		int after = look(&reimaged, all);
		if (before >= 0 && after != -2)
			assert_true(after >= s.committed);
	}
}

static void what_a_majority_got_is_never_lost(void **state)
{
	(void)state;
	for (size_t n = 1; n <= MOST; n++) {
		struct state s = {.controllers = n, .holds = {-1, -1, -1}, .committed = -1};
		histories = undecided = 0;
		go_on(s, 3);
		print_message("%zu controllers: %zu views, %zu undecided\n", n, histories, undecided);
	}
}

/* With all there, a run that was cut off anywhere after one that was not leaves no question. */
static void a_run_that_was_cut_off_asks_nothing(void **state)
{
	(void)state;
	for (size_t n = 1; n <= MOST; n++)
		for (unsigned cut = 0; cut < 1U << n; cut++) {
			struct state s = {.controllers = n, .holds = {-1, -1, -1}};
			unsigned all = (1U << n) - 1;
			int first = make(&s, 4, -1), second = make(&s, 5, first), third = make(&s, 5, second);
			put(&s, first, all);
			put(&s, second, cut);
			assert_int_equal(look(&s, all), most(&s, cut) ? second : first);
			put(&s, second, all);
			put(&s, third, cut);
			assert_int_equal(look(&s, all), most(&s, cut) ? third : second);
		}
}

/* One of three that lies, whatever it says, against two that agree. */
static void one_of_three_decides_nothing(void **state)
{
	(void)state;
	for (uint64_t epoch = 1; epoch < 10; epoch++)
		for (int parent = -1; parent < 2; parent++)
			for (size_t liar = 0; liar < MOST; liar++) {
				struct state s = {.controllers = MOST};
				int before = make(&s, 4, -1), now = make(&s, 5, before), lie = make(&s, epoch, parent);
				put(&s, now, 7);
				s.holds[liar] = lie;
				assert_int_equal(look(&s, 7), now);
				/* With one of the honest ones off it can stop a run, not more. */
				for (size_t off = 0; off < MOST; off++) {
					int found = look(&s, 7U & ~(1U << off));
					if (off != liar && found != now)
						assert_int_equal(found, -2);
				}
			}
}

/* The only copy is right, and there may be none. */
static void the_only_copy_counts(void **state)
{
	(void)state;
	for (size_t n = 1; n <= MOST; n++)
		for (size_t i = 0; i < n; i++) {
			struct state s = {.controllers = n, .holds = {-1, -1, -1}};
			assert_int_equal(look(&s, 7), -1);
			s.holds[i] = make(&s, 9, -1);
			assert_int_equal(look(&s, 7), s.holds[i]);
		}
}

static const char yaml[] = "reeve: 1\ncluster: tiny\nhosts:\n  c1: 10.0.0.1\n  c2: 10.0.0.2\n  c3: 10.0.0.3\n"
			   "controllers: [c1, c2, c3]\nstate: /srv/state\ncompute: all\npartitions:\n"
			   "  work: { nodes: all, default: true }\n";

static const char *encode(struct world *w, uint64_t epoch, const char *parent)
{
	struct record r = {.epoch = epoch, .cluster = "tiny", .parent = parent};
	char *text = record_encode(&r);
	const char *copy = arena_strdup(w->arena, text);
	free(text);
	return copy;
}

static const struct finding *find(const struct world *w, const char *code, const char *host)
{
	for (size_t i = 0; i < w->cluster->findings.len; i++) {
		const struct finding *f = &w->cluster->findings.items[i];
		if (streq(f->code, code) && str_same(f->host, host))
			return f;
	}
	return NULL;
}

/* Its fix is not that of a record that is lost, which is to remove it. */
static void a_record_of_a_newer_reeve_stops_this_one(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	w->facts[0].record = w->facts[1].record = w->facts[2].record = "{\"format\": 999}";
	world_resolve(w);
	assert_null(w->cluster->record);
	assert_null(find(w, "record-lost", "c1"));
	bool stops = false;
	for (size_t i = 0; i < w->cluster->findings.len; i++)
		stops |= streq(w->cluster->findings.items[i].code, "record-newer") &&
			 w->cluster->findings.items[i].weight == FINDING_STOP;
	assert_true(stops);
	world_free(w);
}

static void copies_that_differ_are_said(void **state)
{
	(void)state;
	struct world *w = world_new(yaml);
	const char *four = encode(w, 4, NULL), *five = encode(w, 5, digest_of(four, strlen(four)).hex);
	w->facts[0].record = w->facts[1].record = five;
	w->facts[2].record = four; /* it was off */
	world_resolve(w);
	assert_int_equal(w->cluster->record->epoch, 5);
	assert_int_equal(find(w, "record-copies", "c3")->weight, FINDING_NOTE);
	assert_true(w->cluster->record_differs);
	w->facts[2].record = encode(w, 1ULL << 39, NULL);
	world_resolve(w);
	assert_int_equal(w->cluster->record->epoch, 5);
	assert_int_equal(w->cluster->epoch, 6);
	assert_int_equal(find(w, "record-copies", "c3")->weight, FINDING_WARNING);
	w->facts[2].record = NULL;
	world_resolve(w);
	assert_non_null(find(w, "record-copies", "c3"));
	w->facts[2].record = "{";
	world_resolve(w);
	assert_non_null(find(w, "record-damaged", "c3"));
	assert_null(find(w, "record-copies", "c3"));
	assert_true(w->cluster->record_differs);
	w->facts[2].record = "{\"format\": 999}";
	world_resolve(w);
	assert_int_equal(find(w, "record-newer", "c3")->weight, FINDING_WARNING);
	assert_null(find(w, "record-damaged", "c3"));
	assert_int_equal(w->cluster->record->epoch, 5);
	w->facts[2].record = "{";
	w->facts[1].record = four;
	world_resolve(w);
	const struct finding *f = find(w, "record-split", NULL);
	assert_non_null(f);
	assert_int_equal(f->weight, FINDING_STOP);
	assert_non_null(strstr(f->what, "c1: run 5 ("));
	assert_non_null(strstr(f->what, "c3: cannot be read"));
	/* What was cut off before most had it. */
	w->facts[2].record = four;
	world_resolve(w);
	assert_null(find(w, "record-split", NULL));
	assert_int_equal(w->cluster->record->epoch, 4);
	assert_int_equal(find(w, "record-copies", "c1")->weight, FINDING_WARNING);
	world_free(w);
}

/* All combinations of what three controllers have in their files. */
static void an_epoch_is_the_word_of_most_controllers(void **state)
{
	(void)state;
	static const int64_t values[] = {EPOCH_BAD, 0, 40, 41, 700, 1040, 1041, EPOCH_MOST - 1};
	struct world *w = world_new(yaml);
	w->facts[0].record = w->facts[1].record = w->facts[2].record = encode(w, 40, NULL);
	for (size_t k = 0; k < ARRAY_LEN(values) * ARRAY_LEN(values) * ARRAY_LEN(values); k++) {
		size_t left = k;
		int64_t plausible[HOSTS];
		for (size_t i = 0; i < HOSTS; i++, left /= ARRAY_LEN(values)) {
			w->facts[i].epoch = values[left % ARRAY_LEN(values)];
			plausible[i] = w->facts[i].epoch > 1040 || w->facts[i].epoch < 40 ? 40 : w->facts[i].epoch;
		}
		/* The middle one of three is what two have seen at least. */
		int64_t *p = plausible, low = p[0] < p[1] ? p[0] : p[1], high = p[0] < p[1] ? p[1] : p[0];
		int64_t middle = p[2] < low ? low : p[2] > high ? high : p[2];
		world_resolve(w);
		assert_int_equal(w->cluster->epoch, middle + 1);
		for (size_t i = 0; i < HOSTS; i++) {
			int64_t e = w->facts[i].epoch;
			assert_int_equal(w->cluster->hosts[i].epoch_over, e == EPOCH_BAD || e > middle);
			assert_int_equal(find(w, "epoch", w->inv->hosts[i].name) != NULL, e == EPOCH_BAD || e > 1040);
		}
	}
	world_free(w);
}

static void a_compute_hosts_epoch_counts_for_nothing(void **state)
{
	(void)state;
	static const int64_t values[] = {EPOCH_BAD, 0, 1, 2, 700, EPOCH_MOST - 1};
	struct world *w = world_new(world_yaml);
	world_running(w);
	world_resolve(w);
	uint64_t epoch = w->cluster->epoch;
	for (size_t k = 0; k < ARRAY_LEN(values); k++) {
		w->facts[2].epoch = values[k];
		world_plan(w, OBSERVED_SAME);
		assert_int_equal(w->cluster->epoch, epoch);
		assert_int_equal(findings_count(&w->plan->findings, FINDING_HOST), 0);
		assert_int_equal(w->cluster->hosts[2].epoch_over,
				 values[k] == EPOCH_BAD || values[k] >= (int64_t)epoch);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_majority_got_is_never_lost),
	    cmocka_unit_test(a_run_that_was_cut_off_asks_nothing),
	    cmocka_unit_test(one_of_three_decides_nothing),
	    cmocka_unit_test(the_only_copy_counts),
	    cmocka_unit_test(copies_that_differ_are_said),
	    cmocka_unit_test(a_record_of_a_newer_reeve_stops_this_one),
	    cmocka_unit_test(an_epoch_is_the_word_of_most_controllers),
	    cmocka_unit_test(a_compute_hosts_epoch_counts_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
