#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/state-text.h"
#include "slurm/state.h"

const char *const slurm_nodes_argv[] = {"scontrol", "show", "nodes", "-o", NULL};

static const struct {
	const char *word;
	enum slurm_node_base base;
	unsigned flags;
} words[] = {
    {"UNKNOWN", SLURM_NODE_UNKNOWN, 0},
    {"UNK", SLURM_NODE_UNKNOWN, 0},
    {"DOWN", SLURM_NODE_DOWN, 0},
    {"IDLE", SLURM_NODE_IDLE, 0},
    {"ALLOCATED", SLURM_NODE_ALLOCATED, 0},
    {"ALLOC", SLURM_NODE_ALLOCATED, 0},
    {"MIXED", SLURM_NODE_MIXED, 0},
    {"MIX", SLURM_NODE_MIXED, 0},
    {"ERROR", SLURM_NODE_ERROR, 0},
    {"FUTURE", SLURM_NODE_FUTURE, 0},
    {"FUTR", SLURM_NODE_FUTURE, 0},
    /* Words of sinfo that say base and flag at once. */
    {"DRAINED", SLURM_NODE_IDLE, SLURM_NODE_DRAIN},
    {"DRAINING", SLURM_NODE_ALLOCATED, SLURM_NODE_DRAIN},
    {"INVAL", SLURM_NODE_DOWN, SLURM_NODE_INVALID_REG},
    {"COMPLETING", SLURM_NODE_ALLOCATED, SLURM_NODE_COMPLETING},
    {"COMP", SLURM_NODE_ALLOCATED, SLURM_NODE_COMPLETING},
    {"FAILING", SLURM_NODE_ALLOCATED, SLURM_NODE_FAIL},
};

static const struct {
	const char *word;
	unsigned flag;
} flags[] = {
    {"DRAIN", SLURM_NODE_DRAIN},
    {"NOT_RESPONDING", SLURM_NODE_NO_RESPOND},
    {"COMPLETING", SLURM_NODE_COMPLETING},
    {"INVALID_REG", SLURM_NODE_INVALID_REG},
    {"FAIL", SLURM_NODE_FAIL},
    {"MAINTENANCE", SLURM_NODE_MAINT},
    {"RESERVED", SLURM_NODE_RESERVED},
    {"REBOOT_REQUESTED", SLURM_NODE_REBOOT},
    {"REBOOT_ISSUED", SLURM_NODE_REBOOT},
    {"REBOOT_CANCEL", SLURM_NODE_REBOOT},
    {"CLOUD", SLURM_NODE_POWER},
    {"POWER_DOWN", SLURM_NODE_POWER},
    {"POWER_UP", SLURM_NODE_POWER},
    {"POWERED_DOWN", SLURM_NODE_POWER},
    {"POWERING_DOWN", SLURM_NODE_POWER},
    {"POWERING_UP", SLURM_NODE_POWER},
    {"PLANNED", SLURM_NODE_PLANNED},
    {"DYNAMIC_NORM", SLURM_NODE_DYNAMIC},
    {"DYNAMIC_FUTURE", SLURM_NODE_DYNAMIC},
    {"BLOCKED", SLURM_NODE_BLOCKED},
};

/* The sign that sinfo puts behind a state: sinfo(1) "NODE STATE CODES". */
static unsigned sign_flag(char sign)
{
	switch (sign) {
	case '*':
		return SLURM_NODE_NO_RESPOND;
	case '~':
	case '#':
	case '!':
	case '%':
		return SLURM_NODE_POWER;
	case '$':
		return SLURM_NODE_MAINT;
	case '^':
	case '@':
		return SLURM_NODE_REBOOT;
	case '-':
		return SLURM_NODE_PLANNED;
	default:
		return 0;
	}
}

static bool same(const char *word, const char *p, size_t len)
{
	return strlen(word) == len && strncasecmp(word, p, len) == 0;
}

static unsigned flag_of(const char *p, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (same(flags[i].word, p, len))
			return flags[i].flag;
	return len ? SLURM_NODE_OTHER : 0;
}

bool slurm_node_state_parse(const char *text, enum slurm_node_base *ret_base, unsigned *ret_flags)
{
	size_t len = strcspn(text, "+"), word = len;
	unsigned found = 0;
	bool known = false;
	enum slurm_node_base base = SLURM_NODE_UNKNOWN;
	while (word > 0 && sign_flag(text[word - 1]))
		found |= sign_flag(text[--word]);
	for (size_t i = 0; i < ARRAY_LEN(words) && !known; i++) {
		if (!same(words[i].word, text, word))
			continue;
		known = true;
		base = words[i].base;
		found |= words[i].flags;
	}
	/* sinfo prints some flags in place of the base state. */
	if (!known && word > 0)
		found |= flag_of(text, word);
	for (const char *p = text + len; *p == '+'; p += len) {
		p++;
		len = strcspn(p, "+");
		size_t n = len;
		while (n > 0 && sign_flag(p[n - 1]))
			found |= sign_flag(p[--n]);
		found |= flag_of(p, n);
	}
	*ret_base = base;
	*ret_flags = found;
	return known;
}

/* "text [root@2026-11-22T22:04:08]" into its two parts. */
static void split_reason(char *reason, struct slurm_node_state *node)
{
	size_t len = strlen(reason);
	node->reason = reason;
	if (len == 0 || reason[len - 1] != ']')
		return;
	char *open = strrchr(reason, '[');
	if (!open || !strchr(open, '@'))
		return;
	reason[len - 1] = '\0';
	node->reason_by = open + 1;
	while (open > reason && open[-1] == ' ')
		open--;
	*open = '\0';
}

static int read_numbers(const char *line, struct slurm_node_state *node, struct err *err)
{
	const struct {
		const char *key;
		unsigned *value;
	} small[] = {
	    {"CPUTot", &node->cpus},     {"CPUAlloc", &node->cpus_allocated}, {"Boards", &node->boards},
	    {"Sockets", &node->sockets}, {"CoresPerSocket", &node->cores},    {"ThreadsPerCore", &node->threads},
	};
	for (size_t i = 0; i < ARRAY_LEN(small); i++) {
		uint64_t n = 0;
		if (slurm_text_number(line, small[i].key, UINT32_MAX, &n, err) < 0)
			return -1;
		*small[i].value = (unsigned)n;
	}
	if (slurm_text_number(line, "RealMemory", UINT64_MAX, &node->memory_mib, err) < 0)
		return -1;
	return slurm_text_number(line, "Weight", UINT32_MAX, &node->weight, err);
}

/*
 * Free text on the line is OS, which the node chose, and behind all else the reason and the comment, which people
 * chose. What is read after them is therefore read in front of the second and, for those that have a place, behind the
 * first.
 */
static int read_node(char *line, struct arena *arena, struct slurm_node_state *node, struct err *err)
{
	const char *reason = slurm_text_until(line, "Reason", "Comment", arena);
	char *tail = strstr(line, " Reason=");
	for (const char *const *key = (const char *const[]){" Comment=", " Extra=", NULL}; *key; key++) {
		char *at = strstr(line, *key);
		if (at && (!tail || at < tail))
			tail = at;
	}
	if (tail)
		*tail = '\0';
	node->name = slurm_text_value(line, "NodeName", arena);
	if (!node->name || !str_starts(line, "NodeName=") || !str_is_name(node->name, 255))
		return err_set(err, ERR_PROTOCOL, "a line does not begin with the name of a node: '%.60s'", line);
	node->state_text = slurm_text_value(line, "State", arena);
	if (!node->state_text)
		return err_set(err, ERR_PROTOCOL, "node %s has no state", node->name);
	slurm_node_state_parse(node->state_text, &node->base, &node->flags);
	node->version = slurm_text_value(line, "Version", arena);
	node->arch = slurm_text_value(line, "Arch", arena);
	node->os = slurm_text_until(line, "OS", "RealMemory", arena);
	node->address = slurm_text_value(line, "NodeAddr", arena);
	node->hostname = slurm_text_value(line, "NodeHostName", arena);
	node->gres = slurm_text_value(line, "Gres", arena);
	node->features = slurm_text_value(line, "AvailableFeatures", arena);
	node->boot_time = slurm_text_value(line, "BootTime", arena);
	node->slurmd_start_time = slurm_text_value(line, "SlurmdStartTime", arena);
	node->partitions = slurm_text_value(line, "Partitions", arena);
	if (reason)
		split_reason(arena_strdup(arena, reason), node);
	if (read_numbers(line, node, err) < 0)
		return err_wrap(err, "node %s", node->name);
	return 0;
}

int slurm_nodes_parse(const char *text, size_t len, struct arena *arena, struct slurm_node_state **ret,
		      size_t *ret_count, struct err *err)
{
	static const char what[] = "scontrol show nodes";
	struct {
		struct slurm_node_state *items;
		size_t len, cap;
	} nodes = {0};
	char *rest = slurm_text_copy(text, len, what, arena, err), *line;
	if (!rest)
		return -1;
	while ((line = str_next_line(&rest))) {
		if (*line == '\0' || str_starts(line, "No nodes in the system"))
			continue;
		if (read_node(line, arena, vec_push_in(arena, &nodes), err) < 0)
			return err_wrap(err, "%s", what);
	}
	*ret = nodes.items;
	*ret_count = nodes.len;
	return 0;
}

bool slurm_node_is_usable(const struct slurm_node_state *node)
{
	const unsigned out = SLURM_NODE_DRAIN | SLURM_NODE_NO_RESPOND | SLURM_NODE_INVALID_REG | SLURM_NODE_FAIL |
			     SLURM_NODE_REBOOT | SLURM_NODE_POWER | SLURM_NODE_MAINT;
	return (node->base == SLURM_NODE_IDLE || node->base == SLURM_NODE_ALLOCATED ||
		node->base == SLURM_NODE_MIXED) &&
	       !(node->flags & out);
}

bool slurm_node_is_idle(const struct slurm_node_state *node)
{
	return node->base == SLURM_NODE_IDLE && node->cpus_allocated == 0 &&
	       !(node->flags & (SLURM_NODE_NO_RESPOND | SLURM_NODE_COMPLETING));
}
