/* world: a small cluster made up of a cluster.yaml and facts, and what reeve makes of it. For tests of what is pure. */
#ifndef REEVE_TESTS_WORLD_H
#define REEVE_TESTS_WORLD_H

#include "plan/plan.h"

/* c1 is the controller, n1 and n2 are the nodes of partition work. */
extern const char world_yaml[];

enum { HOSTS = 3 };

struct world {
	struct arena *arena;
	struct diags diags;
	struct inventory *inv;
	struct facts facts[HOSTS];
	const struct facts *given[HOSTS];
	const char *unreached[HOSTS];
	struct cluster_options options;
	struct cluster *cluster;
	const struct catalog *catalogs[HOSTS];
	const struct observed *observed[HOSTS];
	struct live live;
	struct slurm_node_state nodes[HOSTS];
	bool slurmd_differs[HOSTS], slurmctld_differs[HOSTS];
	struct plan *plan;
};

/* Three healthy hosts with Slurm installed and nothing configured. */
struct world *world_new(const char *text);
struct world *world_more(const char *more); /* of world_yaml and `more` behind it */
void world_free(struct world *w);
void world_resolve(struct world *w);
/* Everything as wanted but what `state` says of files in /etc/slurm. */
void world_plan(struct world *w, enum observed_state conf_state);
/* The cluster runs with what cluster.yaml said until now: `w` is made to believe it. */
void world_running(struct world *w);
/* Another cluster.yaml for the same hosts: world_yaml with `to` for `from`. */
void world_edit(struct world *w, const char *from, const char *to);
const char *world_with(struct world *w, const char *text, const char *from, const char *to);

/* What is wrong with world_yaml and `more` behind it: "903 MESSAGE | ...", by the codes' numbers; "": nothing. */
const char *world_faults(const char *more, struct arena *arena);

bool world_has(const struct findings *f, const char *code);
const char *world_titles(const struct world *w); /* of the plan's steps, with " | " between */
/* The first step whose title has `title` in it; NULL: none. */
const struct step *world_step(const struct world *w, const char *title);
bool world_acts_on(const struct step *step, size_t host);

#endif
