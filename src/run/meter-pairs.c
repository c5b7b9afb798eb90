/* Who is measured with whom. */
#include "base/vec.h"
#include "run/meter.h"

static void add(struct arena *arena, struct meter_round *round, size_t a, size_t b)
{
	*vec_push_in(arena, round) = (struct meter_pair){.a = a < b ? a : b, .b = a < b ? b : a};
}

/* The circle method: one host stays, the others go round; with an odd number one rests in each round. */
static size_t all_pairs(size_t count, struct arena *arena, struct meter_round *rounds)
{
	size_t even = count + count % 2;
	for (size_t r = 0; r + 1 < even; r++)
		for (size_t i = 0; i < even / 2; i++) {
			size_t a = i ? (r + i) % (even - 1) : even - 1, b = (r + even - 1 - i) % (even - 1);
			if (a < count && b < count)
				add(arena, &rounds[r], a, b);
		}
	return even - 1;
}

/* Each with the next: two rounds, and a third for the last pair of an odd ring. */
static size_t ring(size_t count, struct arena *arena, struct meter_round *rounds)
{
	for (size_t i = 0; i < count; i++)
		add(arena, &rounds[i + 1 == count && count % 2 ? 2 : i % 2], i, (i + 1) % count);
	return 2 + count % 2;
}

static size_t next_random(uint64_t *state, size_t below)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return (size_t)(*state >> 33) % below;
}

/* The same pairs each time, so that two runs can be held against each other. */
static void random_pairs(size_t count, uint64_t seed, struct arena *arena, struct meter_round *round)
{
	size_t *order = arena_calloc(arena, count, sizeof *order);
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count - 1; i; i--) {
		size_t k = next_random(&seed, i + 1), kept = order[i];
		order[i] = order[k];
		order[k] = kept;
	}
	for (size_t i = 0; i + 1 < count; i += 2)
		add(arena, round, order[i], order[i + 1]);
}

size_t meter_schedule(size_t count, struct arena *arena, struct meter_round **ret)
{
	struct meter_round *rounds = arena_calloc(arena, METER_ALL + METER_SAMPLES + 3, sizeof *rounds);
	*ret = rounds;
	if (count < 2)
		return 0;
	if (count <= METER_ALL)
		return all_pairs(count, arena, rounds);
	size_t n = ring(count, arena, rounds);
	for (uint64_t i = 0; i < METER_SAMPLES; i++)
		random_pairs(count, i + 1, arena, &rounds[n++]);
	return n;
}
