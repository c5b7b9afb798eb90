/* show-plan: a plan for people and as JSON. */
#ifndef REEVE_CLI_SHOW_PLAN_H
#define REEVE_CLI_SHOW_PLAN_H

#include <stdio.h>

#include "cli/operation.h"

/*
 * What would change, grouped over equal hosts, with the difference of each file; what is reloaded or restarted and why;
 * the jobs; where the live cluster differs from the file.
 */
void show_plan(const struct operation *o, FILE *out, bool color);
json_t *show_plan_json(const struct operation *o);

/* Nodes that would be drained, and why; how many would be let in again. */
void show_plan_nodes(const struct plan *plan, FILE *out);
json_t *show_plan_drains_json(const struct plan *plan); /* [{"nodes", "reason"}] */

/* Where the live cluster is not as the file says, as findings of the weight note: others did that, and it is left as it
 * is. */
void show_plan_drift(const struct operation *o, struct findings *ret);

#endif
