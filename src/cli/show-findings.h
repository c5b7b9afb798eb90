/* show-findings: findings as doctor groups them, for people. */
#ifndef REEVE_CLI_SHOW_FINDINGS_H
#define REEVE_CLI_SHOW_FINDINGS_H

#include <stdio.h>

#include "cli/operation.h"

/* Those of at least this weight, the worst first: what is wrong, the evidence, what follows from it, the fix. Gives how
 * many were shown. */
size_t show_findings(const struct context *context, const struct operation *o, const struct findings *findings,
		     enum finding_weight least, FILE *out, bool color);

/* The same in a line for each: what is wrong, and where. */
size_t show_findings_brief(const struct context *context, const struct operation *o, const struct findings *findings,
			   enum finding_weight least, FILE *out, bool color);

/* [{weight, code, host, what, evidence, fix, cure, because}]: because is {code, host}. */
json_t *show_findings_json(const struct operation *o, const struct findings *findings);

#endif
