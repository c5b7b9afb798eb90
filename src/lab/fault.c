#include "lab/fault.h"

#include "base/fd.h"
#include "base/str.h"
#include "lab/bridge.h"
#include "lab/machine.h"
#include "lab/power.h"
#include "lab/work.h"

static int power_off(struct work *w, struct roster_node *n, struct err *err)
{
	return machine_stop(&w->place, n->node.name, err);
}

static int set_cable(struct work *w, const struct roster_node *n, bool open, struct err *err)
{
	unsigned port = machine_port(&w->place, n->node.name);

	if (!port)
		return err_set(err, ERR_MISSING, "%s does not run: it has no cable", n->node.name);
	return bridge_port_set(port, open, err);
}

static int cable_out(struct work *w, struct roster_node *n, struct err *err)
{
	return set_cable(w, n, false, err);
}

static int cable_in(struct work *w, struct roster_node *n, struct err *err)
{
	return set_cable(w, n, true, err);
}

const struct fault faults[] = {
    {.name = "stop",
     .help = "power off at once, without a shutdown; the disk stays",
     .end_name = "start",
     .end_help = "power on again, and wait until it answers",
     .inject = power_off,
     .heal = power_on},
    {.name = "cut",
     .help = "pull its network cable",
     .end_name = "heal",
     .end_help = "put the cable in again",
     .inject = cable_out,
     .heal = cable_in},
    {.name = NULL},
};

const struct fault *fault_named(const char *word, bool *ret_heal)
{
	for (const struct fault *f = faults; f->name; f++) {
		*ret_heal = streq(f->end_name, word);
		if (*ret_heal || streq(f->name, word))
			return f;
	}
	return NULL;
}

bool fault_fits(const struct fault *fault, const char *backend)
{
	for (const char *const *b = fault->backends; b && *b; b++)
		if (streq(*b, backend))
			return true;
	return !fault->backends;
}

const char *fault_words(struct arena *arena)
{
	const char *text = "";
	for (const struct fault *f = faults; f->name; f++)
		text = arena_printf(arena, "%s%s%s, %s", text, *text ? ", " : "", f->name, f->end_name);
	return text;
}

int fault_do(const struct fault *fault, bool heal, const char *cluster, const char *node, lab_progress *progress,
	     void *context, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct work w = {.progress = progress, .context = context};
	_cleanup_fd_ int lock = work_open(&w, arena, cluster, err);

	if (lock < 0 || roster_load(&w.place, &w.roster, err) < 0)
		return -1;
	struct roster_node *n = roster_find(&w.roster, node);
	if (!n)
		return err_set(err, ERR_MISSING, "the lab of %s has no node %s", cluster, node);
	if (!fault_fits(fault, n->node.backend))
		return err_set(err, ERR_REFUSED, "%s is a node of %s, which cannot have the fault '%s'", n->node.name,
			       n->node.backend, fault->name);
	return heal ? fault->heal(&w, n, err) : fault->inject(&w, n, err);
}
