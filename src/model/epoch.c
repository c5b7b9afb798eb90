/*
 * The epoch of the run to come: the controllers' word, of a majority of them. What another host has in its file counts for nothing, and
 * what a controller has alone neither: such a file is ahead because a run was cut off after it had reached that host, or somebody
 * wrote it. In both cases the run that has the locks of the controllers is right, and tells the host so (`epoch_over`).
 *
 * A run that changes nothing leaves its epoch in the controllers' files only. So that these are never far ahead of the record, it is
 * written anew now and then.
 */
#include "base/epoch.h"

#include <stdlib.h>

#include "model/cluster.h"

static int falling(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x < y) - (x > y);
}

static int64_t limit(const struct cluster *c)
{
	int64_t most = EPOCH_MOST - 1;
	return c->record && (int64_t)c->record->epoch + EPOCH_JUMP < most ? (int64_t)c->record->epoch + EPOCH_JUMP
									  : most;
}

/* The highest that a majority of the controllers has seen; of those that were reached, where they are fewer: then nothing is changed. */
static int64_t seen_by_most(const struct cluster *c)
{
	size_t controllers = c->inv->controller_count, need = controllers / 2 + 1, n = 0;
	int64_t *seen = arena_calloc(c->arena, controllers, sizeof *seen);
	for (size_t i = 0; i < controllers; i++) {
		const struct facts *f = c->hosts[c->inv->controllers[i]].facts;
		if (f)
			seen[n++] = f->epoch > limit(c) || f->epoch == EPOCH_BAD ? 0 : f->epoch;
	}
	if (!n)
		return 0;
	qsort(seen, n, sizeof *seen, falling);
	return n < need ? seen[0] : seen[need - 1];
}

static void say(struct cluster *c, const struct cluster_host *h, int64_t at)
{
	int64_t e = h->facts->epoch;
	if (e != EPOCH_BAD && e <= limit(c))
		return;
	struct finding *f = e == EPOCH_BAD
				? finding_add(&c->findings, FINDING_WARNING, CODE_EPOCH, h->inv->name,
					      "its /var/lib/reeve/epoch does not hold the number of a run")
				: finding_add(&c->findings, FINDING_WARNING, CODE_EPOCH, h->inv->name,
					      "its /var/lib/reeve/epoch says run %lld, and this cluster is at run %lld",
					      (long long)e, (long long)at);
	f->fix = "the next apply corrects it; only root can write there: find out what did";
	f->origin = h->inv->at;
}

void cluster_count_epoch(struct cluster *c)
{
	int64_t recorded = c->record ? (int64_t)c->record->epoch : 0, seen = seen_by_most(c);
	int64_t at = seen > recorded ? seen : recorded;
	c->epoch = (uint64_t)(at < EPOCH_MOST ? at + 1 : at);
	c->record_differs |= c->record && at - recorded > EPOCH_JUMP / 2;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		if (!h->facts || !inventory_takes_part(h->inv))
			continue;
		h->epoch_over = h->facts->epoch == EPOCH_BAD || h->facts->epoch >= (int64_t)c->epoch;
		if (!cluster_is_out(h) && !h->dismissed)
			say(c, h, at);
	}
}
