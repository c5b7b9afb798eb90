/* The cluster's record from the controllers' copies, and what is to be said of these (model/copies.h: which one is right). */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "model/cluster.h"
#include "model/copies.h"

#define USE_NEWER "use the reeve that wrote it, or a newer one; its version is `reeve --version` there"

struct recall {
	struct cluster *c;
	struct copy *copies;                        /* by place among the controllers */
	const struct cluster_host *damaged, *newer; /* that have a copy of which nothing is known; NULL: none */
	size_t reached;
};

static const struct cluster_host *controller(const struct cluster *c, size_t i)
{
	return &c->hosts[c->inv->controllers[i]];
}

static void read_copy(struct recall *r, size_t i)
{
	struct cluster *c = r->c;
	const struct cluster_host *h = controller(c, i);
	struct err err = {0};
	r->reached += h->facts != NULL;
	if (!h->facts || !h->facts->record)
		return;
	const struct record *record = record_decode(h->facts->record, c->arena, &err);
	if (!record && err.code == ERR_REFUSED) {
		finding_add(&c->findings, FINDING_WARNING, CODE_RECORD_NEWER, h->inv->name,
			    "its copy of the cluster's record cannot be read: %s", err.text)
		    ->fix = USE_NEWER;
		r->newer = h;
	} else if (!record) {
		finding_add(&c->findings, FINDING_WARNING, CODE_RECORD_DAMAGED, h->inv->name,
			    "its copy of the cluster's record cannot be read: %s", err.text)
		    ->fix = "the next apply replaces it from the other controllers";
		r->damaged = h;
	} else if (!streq(record->cluster, c->inv->cluster.text)) {
		struct finding *f = finding_add(&c->findings, FINDING_STOP, CODE_RECORD_CLUSTER, h->inv->name,
						"it serves the cluster '%s', and cluster.yaml says '%s'",
						record->cluster, c->inv->cluster.text);
		f->fix = "take it out of `controllers`, or give the cluster its old name back: Slurm refuses the "
			 "state of a cluster of another name";
		f->origin = c->inv->cluster.at;
	} else {
		r->copies[i] = (struct copy){record, digest_of(h->facts->record, strlen(h->facts->record))};
	}
}

/* "run 7 of 2026-11-27T01:02:03Z by root@vm (1a2b3c4d)" */
static const char *describe(struct cluster *c, const struct copy *copy)
{
	const struct record *r = copy->record;
	const struct record_generation *g = r->generation_count ? &r->generations[r->generation_count - 1] : NULL;
	return arena_printf(c->arena, "run %llu%s%s%s%s (%.8s)", (unsigned long long)r->epoch,
			    g ? ", last change " : "", g ? g->when : "", g ? " by " : "", g ? g->who : "",
			    copy->digest.hex);
}

static void say_split(struct recall *r)
{
	struct cluster *c = r->c;
	_cleanup_strbuf_ struct strbuf text = {0};
	for (size_t i = 0; i < c->inv->controller_count; i++) {
		const struct cluster_host *h = controller(c, i);
		strbuf_addf(&text, "%s%s: %s", i ? "; " : "", h->inv->name,
			    r->copies[i].record ? describe(c, &r->copies[i])
			    : !h->facts         ? "not reached"
			    : h->facts->record  ? "cannot be read"
						: "none");
	}
	struct finding *f = finding_add(
	    &c->findings, FINDING_STOP, CODE_RECORD_SPLIT, NULL,
	    "the controllers' copies of the cluster's record differ, and no majority agrees: %s", strbuf_str(&text));
	f->fix = "bring the missing controllers back; or decide which copy is right and put it to " RECORD_PATH " "
		 "of the other controllers; a controller that is gone for good: take it out of `controllers`";
	f->origin = c->inv->controllers_at;
}

/* Those that differ from the right one are brought up by the next run, even if it has nothing else to do. */
static void say_others(struct recall *r, size_t best)
{
	struct cluster *c = r->c;
	const struct copy *right = &r->copies[best];
	for (size_t i = 0; i < c->inv->controller_count; i++) {
		const struct copy *x = &r->copies[i];
		const struct cluster_host *h = controller(c, i);
		if (!h->facts || (x->record && streq(x->digest.hex, right->digest.hex)))
			continue;
		c->record_differs = true;
		if (!x->record && h->facts->record)
			continue; /* damaged */
		struct finding *f =
		    !x->record
			? finding_add(&c->findings, FINDING_NOTE, CODE_RECORD_COPIES, h->inv->name,
				      "it has no copy of the cluster's record: was it reinstalled?")
			: finding_add(&c->findings,
				      x->record->epoch < right->record->epoch ? FINDING_NOTE : FINDING_WARNING,
				      CODE_RECORD_COPIES, h->inv->name,
				      "its copy of the cluster's record differs from that of %s, which counts: %s "
				      "instead of %s",
				      controller(c, best)->inv->name, describe(c, x), describe(c, right));
		f->fix = "the next apply replaces it";
		f->origin = h->inv->at;
	}
}

void cluster_recall(struct cluster *c)
{
	struct recall r = {.c = c};
	bool split;
	r.copies = arena_calloc(c->arena, c->inv->controller_count, sizeof *r.copies);
	for (size_t i = 0; i < c->inv->controller_count; i++)
		read_copy(&r, i);
	c->quorum = r.reached * 2 > c->inv->controller_count;
	size_t best = copies_choose(r.copies, c->inv->controller_count, &split);
	if (split)
		say_split(&r);
	/* Something to show the rest by: nothing is done. */
	for (size_t i = 0; split && best == SIZE_MAX && i < c->inv->controller_count; i++)
		best = r.copies[i].record ? i : best;
	if (best != SIZE_MAX) {
		c->record = r.copies[best].record;
		c->record_digest = r.copies[best].digest;
	}
	if (best != SIZE_MAX && !split)
		say_others(&r, best);
	if (r.newer && !c->record)
		finding_add(&c->findings, FINDING_STOP, CODE_RECORD_NEWER, r.newer->inv->name,
			    "the cluster's record was written by a newer reeve: nothing is done with this one")
		    ->fix = USE_NEWER;
	else if (r.damaged && !c->record)
		finding_add(&c->findings, FINDING_STOP, CODE_RECORD_LOST, r.damaged->inv->name,
			    "no controller that was reached has a copy of the cluster's record that can be read")
		    ->fix =
		    "put a good copy to /var/lib/reeve/record.json of one of them; or remove it there: baselines, "
		    "exclusions and the key's fingerprint are forgotten then, and the next apply starts over";
}
