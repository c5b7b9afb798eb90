#include "slurm/clash.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"

struct judge {
	const struct slurm_settings *globals, *own;
	struct arena *arena;
	struct slurm_clashes *out;
};

static size_t find(const struct slurm_settings *s, const char *key)
{
	for (size_t i = 0; i < s->len; i++)
		if (strcasecmp(s->items[i].key, key) == 0)
			return i;
	return SIZE_MAX;
}

static const char *value_of(const struct slurm_settings *s, const char *key)
{
	size_t i = find(s, key);
	return i == SIZE_MAX ? NULL : s->items[i].value;
}

static void say(struct judge *j, bool refused, size_t index, const char *fix, const char *text)
{
	*vec_push_in(j->arena, j->out) =
	    (struct slurm_clash){.refused = refused, .index = index, .text = text, .fix = fix};
}

static bool has_word(const char *list, const char *word)
{
	return str_has_item(list, word, strncasecmp);
}

enum preempt { PREEMPT_NONE, PREEMPT_QOS, PREEMPT_TIER };

static enum preempt preempt_of(const struct slurm_settings *globals)
{
	const char *type = value_of(globals, "PreemptType");
	if (type && strcasecmp(type, "preempt/qos") == 0)
		return PREEMPT_QOS;
	return type && strcasecmp(type, "preempt/partition_prio") == 0 ? PREEMPT_TIER : PREEMPT_NONE;
}

static const char *const modes[] = {"CANCEL", "REQUEUE", "SUSPEND", "OFF"};

/* What becomes of a job that is preempted, one of `modes`; NULL: nothing is said. `*ret_many`: several. */
static const char *mode_of(const char *value, bool *ret_many)
{
	const char *mode = NULL;
	*ret_many = false;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (has_word(value, modes[i])) {
			*ret_many |= mode != NULL;
			mode = modes[i];
		}
	return mode;
}

/* preempt_mode_num(): one mode, and GANG beside it, or WITHIN and PRIORITY. False where that does not hold; it was said. */
static bool check_mode(struct judge *j, const struct slurm_settings *in, size_t index)
{
	const char *value = in->items[index].value;
	bool many;
	mode_of(value, &many);
	if (many)
		say(j, true, index, NULL, "PreemptMode takes one of OFF, CANCEL, REQUEUE and SUSPEND");
	else if (has_word(value, "GANG") && (has_word(value, "WITHIN") || has_word(value, "PRIORITY")))
		say(j, true, index, NULL, "PreemptMode takes GANG without WITHIN or PRIORITY");
	else
		return true;
	return false;
}

static void check_memory(struct judge *j, const struct slurm_settings *in, const char *node, const char *cpu,
			 const char *text)
{
	if (find(in, node) != SIZE_MAX && find(in, cpu) != SIZE_MAX)
		say(j, false, find(in, cpu), "leave one of them out", text);
}

static void check_both(struct judge *j, const struct slurm_settings *in)
{
	check_memory(j, in, "DefMemPerNode", "DefMemPerCPU",
		     "DefMemPerCPU has no effect beside DefMemPerNode: they exclude each other");
	check_memory(j, in, "MaxMemPerNode", "MaxMemPerCPU",
		     "MaxMemPerCPU has no effect beside MaxMemPerNode: they exclude each other");
}

static void check_preemption(struct judge *j)
{
	const struct slurm_settings *g = j->globals;
	size_t type = find(g, "PreemptType"), mode = find(g, "PreemptMode");
	enum preempt preempt = preempt_of(g);
	bool many;
	if (mode != SIZE_MAX && !check_mode(j, g, mode))
		return;
	const char *value = mode == SIZE_MAX ? "" : g->items[mode].value;
	const char *what = mode_of(value, &many);
	bool off = !what || streq(what, "OFF");
	if (preempt == PREEMPT_NONE && (!off || has_word(value, "WITHIN") || has_word(value, "PRIORITY")))
		say(j, true, mode, "PreemptType: preempt/partition_prio, or preempt/qos",
		    "without a PreemptType, PreemptMode can be OFF or GANG only");
	else if (preempt != PREEMPT_NONE && off)
		say(j, true, mode == SIZE_MAX ? type : mode, "PreemptMode: requeue (or cancel, or suspend,gang)",
		    "with a PreemptType, PreemptMode has to say what becomes of the jobs that are preempted");
	else if (!off && strcasecmp(value, "SUSPEND") == 0)
		say(j, true, mode, "PreemptMode: [suspend, gang]",
		    "SUSPEND goes with GANG only, which resumes the jobs");
}

void slurm_clash_globals(const struct slurm_settings *globals, struct arena *arena, struct slurm_clashes *out)
{
	struct judge j = {.globals = globals, .arena = arena, .out = out};
	check_preemption(&j);
	check_both(&j, globals);
}

static void check_partition_preemption(struct judge *j)
{
	size_t mode = find(j->own, "PreemptMode"), grace = find(j->own, "GraceTime");
	const char *all = value_of(j->globals, "PreemptMode");
	bool tiers = preempt_of(j->globals) == PREEMPT_TIER, many;
	static const char fix[] = "PreemptType: preempt/partition_prio, under 'slurm'";
	if (grace != SIZE_MAX && !tiers && !streq(j->own->items[grace].value, "0"))
		say(j, false, grace, fix,
		    "GraceTime of a partition has an effect with PreemptType=preempt/partition_prio only");
	if (mode == SIZE_MAX || !check_mode(j, j->own, mode))
		return;
	const char *value = j->own->items[mode].value, *what = mode_of(value, &many);
	if (has_word(value, "GANG"))
		say(j, false, mode, NULL, "GANG has an effect in the PreemptMode of the cluster only");
	if (!what || streq(what, "OFF"))
		return;
	if (!tiers)
		say(j, false, mode, fix,
		    "PreemptMode of a partition has an effect with PreemptType=preempt/partition_prio only");
	else if (streq(what, "SUSPEND") && !has_word(all, "GANG"))
		say(j, false, mode, "PreemptMode: [suspend, gang], under 'slurm'",
		    "SUSPEND has an effect only where the PreemptMode of the cluster has GANG, which suspends and "
		    "resumes");
}

/* Minutes; UINT64_MAX: no bound, or not given (time_str2mins(); slurm.conf(5), MaxTime). */
static uint64_t minutes_of(const char *value)
{
	unsigned long n[4] = {0};
	size_t count = 0;
	bool days = value && strchr(value, '-') && value[0] != '-';
	if (!value || value[0] < '0' || value[0] > '9')
		return UINT64_MAX;
	for (const char *p = value; count < 4;) {
		char *end;
		n[count++] = strtoul(p, &end, 10);
		if (!*end)
			break;
		p = end + 1;
	}
	if (days)
		return n[0] * 1440 + n[1] * 60 + n[2] + (n[3] != 0);
	if (count == 3)
		return n[0] * 60 + n[1] + (n[2] != 0);
	return n[0] + (n[1] != 0);
}

static uint64_t count_of(const char *value)
{
	uint64_t n;
	return value && str_to_u64(value, 0, UINT32_MAX, &n) == 0 ? n : UINT64_MAX;
}

static void check_bounds(struct judge *j)
{
	const struct slurm_settings *own = j->own;
	size_t time = find(own, "DefaultTime"), nodes = find(own, "MinNodes");
	if (time != SIZE_MAX && minutes_of(own->items[time].value) > minutes_of(value_of(own, "MaxTime")))
		say(j, false, time, NULL, "DefaultTime is over MaxTime, and has no effect: jobs get MaxTime");
	uint64_t least = nodes == SIZE_MAX ? 0 : count_of(own->items[nodes].value);
	if (least != UINT64_MAX && least > count_of(value_of(own, "MaxNodes")))
		say(j, false, nodes, NULL, "MinNodes is over MaxNodes: no job can run");
}

static bool is_all(const char *value)
{
	return strcasecmp(value, "ALL") == 0;
}

static void check_access(struct judge *j)
{
	static const struct {
		const char *allow, *deny, *text;
	} pairs[] = {
	    {"AllowAccounts", "DenyAccounts", "DenyAccounts has no effect beside AllowAccounts"},
	    {"AllowQos", "DenyQos", "DenyQos has no effect beside AllowQos"},
	};
	static const char *const qos[] = {"AllowQos", "DenyQos", "QOS"};
	const char *storage = value_of(j->globals, "AccountingStorageType");
	bool accounting = storage && strcasestr(storage, "slurmdbd");
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const char *allow = value_of(j->own, pairs[i].allow);
		if (allow && !is_all(allow) && find(j->own, pairs[i].deny) != SIZE_MAX)
			say(j, false, find(j->own, pairs[i].deny), "leave one of them out", pairs[i].text);
	}
	for (size_t i = 0; i < ARRAY_LEN(qos) && !accounting; i++) {
		size_t index = find(j->own, qos[i]);
		if (index != SIZE_MAX && !is_all(j->own->items[index].value))
			say(j, false, index, NULL,
			    arena_printf(j->arena,
					 "%s has no effect without AccountingStorageType=accounting_storage/slurmdbd, "
					 "where QOSes are kept",
					 qos[i]));
	}
}

void slurm_clash_partition(const struct slurm_settings *globals, const struct slurm_settings *own, struct arena *arena,
			   struct slurm_clashes *out)
{
	struct judge j = {.globals = globals, .own = own, .arena = arena, .out = out};
	check_partition_preemption(&j);
	check_bounds(&j);
	check_both(&j, own);
	check_access(&j);
}

void slurm_clash_node(const struct slurm_settings *globals, const struct slurm_settings *own, struct arena *arena,
		      struct slurm_clashes *out)
{
	struct judge j = {.globals = globals, .own = own, .arena = arena, .out = out};
	size_t address = find(own, "BcastAddr");
	if (address != SIZE_MAX && has_word(value_of(globals, "CommunicationParameters"), "NoInAddrAny"))
		say(&j, true, address, "leave one of them out",
		    "slurmd does not start with a BcastAddr where CommunicationParameters has NoInAddrAny");
}

unsigned long slurm_clash_tier(const struct slurm_settings *own)
{
	const char *tier = value_of(own, "PriorityTier"), *both = value_of(own, "Priority");
	return both ? strtoul(both, NULL, 10) : tier ? strtoul(tier, NULL, 10) : 1;
}

size_t slurm_clash_by_tier(const struct slurm_settings *globals)
{
	return preempt_of(globals) == PREEMPT_TIER ? find(globals, "PreemptType") : SIZE_MAX;
}
