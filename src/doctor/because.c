/*
 * What explains what. A rule says that each of its causes, on a host, explains each of its effects on the same host; an
 * effect that concerns the cluster as a whole is explained by a cause on any host. What explains is itself asked for its
 * cause, so that what stands at the top is the first one. It weighs as much as the worst of what it explains.
 */
#include <stdint.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "doctor/doctor.h"

enum { MOST = 32 };
#define END FINDING_CODE_COUNT

/* What slurmctld, and a verification, see of a node whose host is not well. */
#define VIEW \
	CODE_CHECK, CODE_PROOF, CODE_NODE_DOWN, CODE_NODE_DRAINED, CODE_NODE_INVALID, CODE_NODE_SILENT, \
	    CODE_NODE_STUCK, CODE_NODE_UNREGISTERED
#define SLURMD_GONE CODE_SLURMD_DIED, CODE_SLURMD_HANGS, CODE_SLURMD_MASKED, CODE_SLURMD_STOPPED
#define SLURMCTLD_GONE CODE_SLURMCTLD_DIED, CODE_SLURMCTLD_HANGS, CODE_SLURMCTLD_MASKED, CODE_SLURMCTLD_STOPPED
#define MUNGED_GONE CODE_MUNGED_HANGS, CODE_MUNGED_MASKED, CODE_MUNGED_STOPPED, CODE_MUNGE_SOCKET
#define KEY_WRONG CODE_MUNGE_KEY_DIFFERS, CODE_MUNGE_KEY_MISSING, CODE_MUNGE_KEY_MODE
#define PORTS CODE_PORT_SLURMCTLD, CODE_PORT_SLURMD, CODE_PORT_SRUN
#define NOT_WRITABLE CODE_DISK_FULL, CODE_INODES_FULL, CODE_READ_ONLY
#define STATE_WRONG \
	CODE_STATE_CLUSTER, CODE_STATE_MOUNT, CODE_STATE_PATH, CODE_STATE_SHARE, CODE_STATE_WRITE, CODE_STATE_ASK

static const struct rule {
	enum finding_code causes[MOST];
	enum finding_code effects[MOST];
} rules[] = {
    /* From what lies deepest upwards. */
    {{CODE_UNREACHED, END},
     {VIEW, PORTS, CODE_CONTROLLER_DOWN, CODE_CONTROLLER_UNREACHABLE, CODE_NO_QUORUM, CODE_NO_NODES,
      CODE_PARTITION_UNUSABLE, CODE_JOBS_STUCK, END}},
    {{CODE_UID_TAKEN, END}, {CODE_PACKAGES_BROKEN, CODE_PACKAGE_MISSING, END}},
    {{NOT_WRITABLE, END},
     {CODE_PACKAGES_BROKEN, MUNGED_GONE, SLURMD_GONE, SLURMCTLD_GONE, VIEW, CODE_STATE_WRITE, CODE_JOBS_HELD, END}},
    {{CODE_PACKAGES_BROKEN, CODE_PACKAGE_MISSING, END},
     {CODE_PACKAGE_MISSING, CODE_PACKAGE_UNHELD, MUNGED_GONE, SLURMD_GONE, SLURMCTLD_GONE, CODE_DIRECTORY_MISSING,
      CODE_MUNGE_KEY_MISSING, CODE_MUNGE, VIEW, END}},
    {{CODE_CLOCK_SKEW, END}, {CODE_MUNGE, VIEW, END}},
    {{KEY_WRONG, END}, {MUNGED_GONE, CODE_MUNGE, VIEW, END}},
    {{CODE_DIRECTORY_MISSING, CODE_DIRECTORY_DIFFERS, END}, {MUNGED_GONE, SLURMD_GONE, SLURMCTLD_GONE, END}},
    {{MUNGED_GONE, END},
     {CODE_MUNGE, SLURMD_GONE, SLURMCTLD_GONE, CODE_SLURMCTLD_SILENT, CODE_CONTROLLER_DOWN, VIEW, END}},
    {{CODE_MUNGE, END}, {VIEW, END}},
    {{CODE_HOSTNAME, CODE_SLURM_UID, CODE_SLURM_VERSIONS, END}, {SLURMD_GONE, SLURMCTLD_GONE, VIEW, END}},
    {{CODE_CONF_EDITED, CODE_CONF_MISSING, END},
     {CODE_EDITED_FILE, SLURMD_GONE, SLURMCTLD_GONE, CODE_SLURMCTLD_SILENT, END}},
    {{CODE_STORAGE_SERVER, END},
     {CODE_STORAGE, STATE_WRONG, SLURMCTLD_GONE, CODE_RESOURCE, CODE_DIRECTORY_MISSING, CODE_DIRECTORY_DIFFERS, VIEW,
      END}},
    {{CODE_STORAGE, END}, {STATE_WRONG, SLURMCTLD_GONE, VIEW, END}},
    {{STATE_WRONG, END}, {SLURMCTLD_GONE, END}},
    {{CODE_GPU_DEVICE, CODE_GPU_DRIVER, CODE_GRES_DEVICE, CODE_CGROUP, END}, {SLURMD_GONE, VIEW, END}},
    {{CODE_SHRANK, CODE_SCRATCH_PATH, END}, {CODE_NODE_INVALID, CODE_NODE_DRAINED, CODE_NODE_DRAINED_REEVE, END}},
    {{CODE_SLURMD_MASKED, END}, {CODE_SLURMD_STOPPED, CODE_SLURMD_DIED, CODE_SLURMD_DISABLED, END}},
    {{CODE_SLURMCTLD_MASKED, END}, {CODE_SLURMCTLD_STOPPED, CODE_SLURMCTLD_DIED, CODE_SLURMCTLD_DISABLED, END}},
    {{CODE_MUNGED_MASKED, END}, {CODE_MUNGED_STOPPED, END}},
    {{SLURMD_GONE, END}, {VIEW, CODE_PORT_SLURMD, CODE_SLURMD_REPLACED, CODE_SLURMD_OLD, END}},
    {{SLURMCTLD_GONE, END},
     {CODE_SLURMCTLD, CODE_PORT_SLURMCTLD, CODE_CONTROLLER_DOWN, CODE_SLURMCTLD_SILENT, CODE_SLURMCTLD_REPLACED, END}},
    {{PORTS, END}, {VIEW, END}},
    {{CODE_SLURMD_REPLACED, END}, {CODE_SLURMD_OLD, END}},
    {{CODE_NODE_SILENT, END}, {CODE_NODE_INVALID, CODE_NODE_UNREGISTERED, END}},
    {{CODE_NODE_INVALID, END}, {CODE_NODE_DRAINED, CODE_NODE_DOWN, END}},
    {{VIEW, CODE_NODE_DRAINED_HAND, CODE_NODE_DRAINED_REEVE, END}, {CODE_PARTITION_UNUSABLE, CODE_JOBS_STUCK, END}},
};

/* explains[a][b]: a finding of code a explains one of code b. */
struct relation {
	bool explains[FINDING_CODE_COUNT][FINDING_CODE_COUNT];
};

static struct relation *relation_of(struct arena *arena)
{
	struct relation *r = arena_alloc(arena, sizeof *r);
	for (const struct rule *x = rules; x < rules + ARRAY_LEN(rules); x++)
		for (const enum finding_code *cause = x->causes; *cause != END; cause++)
			for (const enum finding_code *effect = x->effects; *effect != END; effect++)
				r->explains[*cause][*effect] = *cause != *effect;
	return r;
}

static enum finding_code code_of(const struct finding *f)
{
	int code = 0;
	while (code < FINDING_CODE_COUNT - 1 && !streq(finding_code_word((enum finding_code)code), f->code))
		code++;
	return (enum finding_code)code;
}

struct explaining {
	const struct findings *f;
	const struct relation *relation;
	enum finding_code *codes; /* by finding */
	size_t *next;             /* by finding: another of its host, 1 + index; 0: it is the last */
	struct map first;         /* by host: 1 + index */
};

/* The first that explains it; its own index where none does. */
static size_t cause_of(const struct explaining *e, size_t effect)
{
	const struct finding *x = &e->f->items[effect];
	size_t i = x->host ? (size_t)(uintptr_t)map_get(&e->first, x->host) : 1;
	for (; i && i <= e->f->len; i = x->host ? e->next[i - 1] : i + 1)
		if (e->relation->explains[e->codes[i - 1]][e->codes[effect]])
			return i - 1;
	return effect;
}

static void explain(const struct explaining *e, struct findings *f)
{
	for (size_t i = 0; i < f->len; i++) {
		size_t top = i, next;
		/* At most as many steps as there are codes: whatever the rules say, it ends. */
		for (size_t steps = 0; steps < END && (next = cause_of(e, top)) != top; steps++)
			top = next;
		f->items[i].cause = top == i ? 0 : top + 1;
		if (f->items[top].weight < f->items[i].weight)
			f->items[top].weight = f->items[i].weight;
	}
}

void doctor_explain(struct findings *f)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct explaining e = {.f = f, .relation = relation_of(arena)};
	e.codes = arena_calloc(arena, f->len + 1, sizeof *e.codes);
	e.next = arena_calloc(arena, f->len + 1, sizeof *e.next);
	for (size_t i = f->len; i-- > 0;) {
		e.codes[i] = code_of(&f->items[i]);
		if (f->items[i].host)
			e.next[i] = (size_t)(uintptr_t)map_set(&e.first, f->items[i].host, (void *)(uintptr_t)(i + 1));
	}
	explain(&e, f);
	map_free(&e.first);
}
