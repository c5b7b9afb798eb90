/* What the operator is told in the end: what was proven, and what to type next. */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "run/verify.h"

/* "root and alice" for all proofs of the partition that are about the same nodes. */
static const char *users_of(const struct apply_result *r, size_t first, bool *done, struct arena *arena)
{
	const struct proof *p = &r->proofs.items[first];
	const char *list = hostlist_compress(p->names.items, p->names.len, arena), *users = p->user;
	for (size_t i = first + 1; i < r->proofs.len; i++) {
		const struct proof *q = &r->proofs.items[i];
		if (done[i] || q->partition != p->partition ||
		    !streq(list, hostlist_compress(q->names.items, q->names.len, arena)))
			continue;
		done[i] = true;
		users = arena_printf(arena, "%s and %s", users, q->user);
	}
	return users;
}

/* A line for each. */
static const char *jobs_text(const struct apply_result *r, struct arena *arena)
{
	bool *done = arena_calloc(arena, r->proofs.len, sizeof *done);
	const char *text = "";
	for (size_t i = 0; i < r->proofs.len; i++) {
		const struct proof *p = &r->proofs.items[i];
		if (!done[i])
			text = arena_printf(arena, "%s%sa job ran on %s (partition %s) as %s", text,
					    *text ? "\n  " : "", hostlist_compress(p->names.items, p->names.len, arena),
					    p->partition->name, users_of(r, i, done, arena));
	}
	return text;
}

/* In the default partition, on the nodes where a job has run just now. */
static const char *try_this(const struct verifier *v, struct arena *arena)
{
	const struct apply_result *r = v->result;
	for (size_t i = 0; i < r->proofs.len; i++)
		if (r->proofs.items[i].partition->is_default)
			return arena_printf(arena, "srun -N%zu hostname   (on %s)", r->proofs.items[i].names.len,
					    v->run->inv->hosts[v->context.controller].name);
	return NULL;
}

static size_t count_registered(const struct verifier *v)
{
	size_t n = 0;
	for (size_t i = 0; i < v->run->inv->host_count; i++)
		n += v->run->cluster->hosts[i].listed && v->run->cluster->hosts[i].serves && v->present[i];
	return n;
}

void apply_verdict(struct verifier *v, bool munge)
{
	struct arena *arena = v->run->arena;
	size_t registered = count_registered(v);
	const char *jobs = jobs_text(v->result, arena);
	/* Of modules alone, as `reeve verify mpi` has it. */
	for (size_t i = 0; !munge && !v->result->proofs.len && i < v->result->proven.len; i++)
		jobs = arena_printf(arena, "%s%s%s", jobs, i ? ", " : "jobs ran for ", v->result->proven.items[i]);
	if (v->bad || (!munge && !*jobs))
		return;
	v->result->verdict =
	    munge ? arena_printf(arena, "verified: %zu node%s registered, MUNGE credentials decoded both ways%s%s",
				 registered, registered == 1 ? "" : "s", *jobs ? "\n  " : "", jobs)
		  : arena_printf(arena, "verified: %s", jobs);
	v->result->try_this = try_this(v, arena);
}
