/*
 * `bandwidth_gres`, of the network and of a class: how much of the nodes' links Slurm is to count out.
 *
 *	bandwidth_gres: true			# as many as the link has Mbit/s
 *	bandwidth_gres: { reserve: 10% }	# less what is kept from jobs; or 500 Mbit
 *	bandwidth_gres: 25 Gbit			# of links that do not say their speed
 *	bandwidth_gres: false
 */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "inventory/build.h"

enum { MOST_PERCENT = 90 };

static void read_reserve(struct build *b, const struct conf_value *value, struct inv_bandwidth *out)
{
	uint64_t n;
	if (value->kind != CONF_SCALAR || value->len < 2 || value->text[value->len - 1] != '%') {
		if (conf_mbit(value, "the reserve", INV_MAX_MBIT, &n, b->diags) == 0)
			out->reserve = (unsigned)n;
		return;
	}
	const char *number = arena_strndup(b->arena, value->text, value->len - 1);
	if (str_to_u64(number, 0, MOST_PERCENT, &n) == 0)
		out->percent = (unsigned)n;
	else
		diag_error(b->diags, INV_RESERVE_CODE, value->at, NULL,
			   "the reserve should be at most %d%% of a node's link, not '%s'", MOST_PERCENT, value->text);
}

void build_bandwidth(struct build *b, const struct conf_value *value, struct inv_bandwidth *out)
{
	static const struct conf_key keys[] = {{"reserve", true}, {NULL, false}};
	const struct conf_value *values[1];
	uint64_t n = 0;
	*out = (struct inv_bandwidth){.at = value->at, .wanted = true};
	if (value->kind == CONF_MAP) {
		conf_walk(value, "'bandwidth_gres'", keys, values, b->diags);
		if (values[0])
			read_reserve(b, values[0], out);
	} else if (value->kind == CONF_SCALAR && isdigit((unsigned char)value->text[0])) {
		if (conf_mbit(value, "'bandwidth_gres'", INV_MAX_MBIT, &n, b->diags) == 0 && !n)
			diag_error(b->diags, CONF_SPEED_CODE, value->at, "'false' is for none",
				   "'bandwidth_gres' should be more than nothing");
		out->count = (unsigned)n;
	} else {
		conf_bool(value, "'bandwidth_gres'", &out->wanted, b->diags);
	}
}
