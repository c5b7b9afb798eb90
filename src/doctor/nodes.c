/*
 * What slurmctld says of nodes. Who took a node out of service decides what may be done about it: Slurm itself (its user
 * stands in the reason), reeve (its reasons begin with "reeve:"), or a person.
 */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

enum hand { HAND_SLURM, HAND_REEVE, HAND_PERSON };

static enum hand hand_of(const struct slurm_node_state *n)
{
	if (n->reason && str_starts(n->reason, "reeve:"))
		return HAND_REEVE;
	return !n->reason_by || str_starts(n->reason_by, "slurm@") ? HAND_SLURM : HAND_PERSON;
}

static const char *reason_of(const struct slurm_node_state *n)
{
	return n->reason ? n->reason : "no reason was given";
}

static const char *since(const struct doctor *d, const struct slurm_node_state *n)
{
	const char *at = n->reason_by ? strrchr(n->reason_by, '@') : NULL;
	return at ? doctor_text(d, "since %s", at + 1) : NULL;
}

static bool is_out_of_service(const struct slurm_node_state *n)
{
	return n->base == SLURM_NODE_DOWN || n->flags & (SLURM_NODE_DRAIN | SLURM_NODE_FAIL);
}

/* Is anything else wrong with the host? Nodes come last in the table. */
static bool is_sound(const struct doctor *d, size_t host)
{
	const char *name = d->cluster->inv->hosts[host].name;
	for (size_t i = 0; i < d->findings->len; i++) {
		const struct finding *f = &d->findings->items[i];
		if (f->host && streq(f->host, name) && f->weight >= FINDING_WARNING && !str_starts(f->code, "node-"))
			return false;
	}
	return d->answers[host] != NULL;
}

/* The controller that was asked. */
static size_t controller_of(const struct doctor *d)
{
	for (size_t i = 0; i < d->cluster->inv->controller_count; i++)
		if (d->answers[d->cluster->inv->controllers[i]])
			return d->cluster->inv->controllers[i];
	return d->cluster->inv->controllers[0];
}

/* Reasons of Slurm's whose cause is looked at by other rows, or is over when slurmd has registered again. */
static bool is_over(const struct slurm_node_state *n)
{
	static const char *const reasons[] = {"Not responding",
					      "Prolog error",
					      "Epilog error",
					      "Low ",
					      "gres/",
					      "batch job complete failure",
					      "Node unexpectedly rebooted",
					      "Duplicate jobid",
					      "SlurmdSpoolDir is full",
					      "Kill task failed"};
	if (n->flags & (SLURM_NODE_NO_RESPOND | SLURM_NODE_INVALID_REG | SLURM_NODE_COMPLETING))
		return false;
	for (size_t i = 0; n->reason && i < ARRAY_LEN(reasons); i++)
		if (str_starts(n->reason, reasons[i]))
			return true;
	return false;
}

static void set_way_back(struct doctor *d, struct finding *f, size_t host, const struct slurm_node_state *n)
{
	const char *name = d->cluster->inv->hosts[host].name;
	if (is_over(n) && is_sound(d, host))
		doctor_cure(d, f, controller_of(d), "scontrol update nodename=%s state=resume", name);
	else
		f->fix = doctor_text(d, "when the cause is gone: reeve resume %s", name);
}

/* Each node that serves and that slurmctld knows. */
static void each(struct doctor *d, void (*judge)(struct doctor *d, size_t host, const struct slurm_node_state *n))
{
	for (size_t i = 0; d->slurm.up && i < d->cluster->inv->host_count; i++) {
		const struct slurm_node_state *n = d->cluster->hosts[i].serves ? doctor_node(d, i) : NULL;
		if (n)
			judge(d, i, n);
	}
}

static void one_down(struct doctor *d, size_t host, const struct slurm_node_state *n)
{
	if (n->base != SLURM_NODE_DOWN || hand_of(n) != HAND_SLURM)
		return;
	struct finding *f = doctor_add(d, host, "Slurm set the node down: %s", reason_of(n));
	f->evidence = since(d, n);
	set_way_back(d, f, host, n);
}

static void one_drained(struct doctor *d, size_t host, const struct slurm_node_state *n)
{
	if (n->base == SLURM_NODE_DOWN || !is_out_of_service(n) || hand_of(n) != HAND_SLURM)
		return;
	struct finding *f = doctor_add(d, host, "Slurm drained the node: %s", reason_of(n));
	f->evidence = since(d, n);
	set_way_back(d, f, host, n);
}

static void one_by_reeve(struct doctor *d, size_t host, const struct slurm_node_state *n)
{
	if (!is_out_of_service(n) || hand_of(n) != HAND_REEVE)
		return;
	struct finding *f = doctor_add(d, host, "reeve drained the node: %s", n->reason + strlen("reeve:") + 1);
	f->evidence = since(d, n);
	f->fix = "reeve apply   # resumes the node when the cause is gone";
}

/* What a person did is that person's to undo. */
static void one_by_hand(struct doctor *d, size_t host, const struct slurm_node_state *n)
{
	if (!is_out_of_service(n) || hand_of(n) != HAND_PERSON)
		return;
	size_t who = strcspn(n->reason_by, "@");
	struct finding *f = doctor_add(d, host, "%.*s %s the node: %s", (int)who, n->reason_by,
				       n->base == SLURM_NODE_DOWN ? "set down" : "drained", reason_of(n));
	f->evidence = since(d, n);
	f->fix = doctor_text(d, "when that is over: reeve resume %s", d->cluster->inv->hosts[host].name);
}

static void one_silent(struct doctor *d, size_t host, const struct slurm_node_state *n)
{
	if (n->flags & SLURM_NODE_NO_RESPOND && n->base != SLURM_NODE_DOWN)
		doctor_add(d, host, "its slurmd does not respond to slurmctld")->fix =
		    "see slurmd's log there; both must be able to connect to each other (ports 6817 and 6818)";
}

static void one_invalid(struct doctor *d, size_t host, const struct slurm_node_state *n)
{
	if (!(n->flags & SLURM_NODE_INVALID_REG))
		return;
	struct finding *f = doctor_add(d, host, "the node registered with less than slurm.conf says: %s", reason_of(n));
	f->evidence = since(d, n);
	f->fix = "reeve plan   # compares what the node has with its baseline";
}

/* One that never registered with this slurmctld has no version. */
static void one_unregistered(struct doctor *d, size_t host, const struct slurm_node_state *n)
{
	if (n->version || n->base == SLURM_NODE_DOWN || n->base == SLURM_NODE_FUTURE || !d->cluster->hosts[host].last)
		return;
	doctor_add(d, host, "its slurmd has never registered with slurmctld")->fix =
	    "see slurmd's log there; both must be able to connect to each other (ports 6817 and 6818)";
}

/* The record says that it serves: whoever took it out of slurm.conf did not do it here. */
static void unknown(struct doctor *d)
{
	for (size_t i = 0; d->slurm.up && d->slurm.node_count && i < d->cluster->inv->host_count; i++) {
		const struct cluster_host *h = &d->cluster->hosts[i];
		if (h->serves && h->listed && h->last && !doctor_node(d, i))
			doctor_add(d, i, "slurmctld does not know the node")->fix = "reeve apply";
	}
}

#define EACH(what) \
	static void what(struct doctor *d) \
	{ \
		each(d, one_##what); \
	}

EACH(down)
EACH(drained)
EACH(by_reeve)
EACH(by_hand)
EACH(silent)
EACH(invalid)
EACH(unregistered)

static const struct diagnosis rows[] = {
    {CODE_NODE_DOWN, FINDING_STOP, NULL, NULL, down},
    {CODE_NODE_DRAINED, FINDING_STOP, NULL, NULL, drained},
    {CODE_NODE_DRAINED_REEVE, FINDING_WARNING, NULL, NULL, by_reeve},
    {CODE_NODE_DRAINED_HAND, FINDING_NOTE, NULL, NULL, by_hand},
    /* slurmctld says so of each node that it has just resumed, until it has asked its slurmd. */
    {CODE_NODE_SILENT, FINDING_STOP, NULL, NULL, silent, .passes = true},
    {CODE_NODE_INVALID, FINDING_STOP, NULL, NULL, invalid},
    {CODE_NODE_UNREGISTERED, FINDING_STOP, NULL, NULL, unregistered, .passes = true},
    {CODE_NODE_UNKNOWN, FINDING_STOP, NULL, NULL, unknown},
};

const struct diagnoses doctor_nodes = {rows, ARRAY_LEN(rows)};
