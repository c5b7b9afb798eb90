/*
 * Why verification failed. What it sees is a node that does not register, a job that does not run: consequences. doctor's rows
 * look for the cause on the hosts in question, after the fact and with new facts, since those that the run began with are of
 * another time; what explains a finding is told with it.
 *
 * After a first installation everything that doctor knows is told: what only users would notice, too. A run in which all went well
 * is only asked whether the controllers answer each other.
 */
#include "base/str.h"
#include "doctor/doctor.h"
#include "run/examine.h"
#include "run/verify.h"

static bool starts_slurmctld(const struct run *run)
{
	return run->plan->need >= SLURM_NEED_RESTART_CTLD;
}

/* NULL: all. */
static const bool *hosts_in_question(const struct verifier *v)
{
	const struct inventory *inv = v->run->inv;
	bool *hosts = arena_calloc(v->run->arena, inv->host_count, sizeof *hosts);
	for (size_t i = 0; i < inv->host_count; i++)
		hosts[i] = v->why[i] || v->unproven[i] || (v->bad && inv->hosts[i].controller);
	return starts_slurmctld(v->run) ? NULL : hosts;
}

/* Does finding `i` explain one of the first `told`? */
static bool explains(const struct findings *f, size_t i, size_t told)
{
	for (size_t k = 0; k < told; k++)
		if (f->items[k].cause == i + 1)
			return true;
	return false;
}

/* Verification itself has told it: of a closed port. */
static bool is_told(const struct findings *f, size_t i, size_t told)
{
	for (size_t k = 0; k < told; k++)
		if (streq(f->items[k].code, f->items[i].code) && str_same(f->items[k].host, f->items[i].host))
			return true;
	return false;
}

static bool is_worth_telling(const struct verifier *v, const struct findings *f, size_t i)
{
	const struct finding *x = &f->items[i];
	return !x->cause && starts_slurmctld(v->run) && (v->run->cluster->fresh || x->weight == FINDING_STOP);
}

/* Of those that were added, what explains the others or is worth telling anyway; that is a warning, since the run did its part. */
static void keep(const struct verifier *v, struct findings *f, size_t told)
{
	size_t n = told;
	for (size_t i = told; i < f->len; i++) {
		bool cause = explains(f, i, told);
		if (is_told(f, i, told) || (!cause && !is_worth_telling(v, f, i)))
			continue;
		f->items[n] = f->items[i];
		if (!cause && f->items[n].weight > FINDING_WARNING)
			f->items[n].weight = FINDING_WARNING;
		n++;
	}
	f->len = n;
	doctor_explain(f);
}

/* One that does not answer runs with what it had before, if at all. */
static int ask_controllers(struct verifier *v, struct err *err)
{
	struct findings *f = &v->result->findings;
	size_t told = f->len;
	if (examine_controllers(v->run, f, err) < 0)
		return -1;
	for (size_t i = told; i < f->len; i++)
		f->items[i].weight = FINDING_WARNING;
	v->result->faulty += f->len - told;
	return 0;
}

int verify_diagnose(struct verifier *v, struct err *err)
{
	struct findings *f = &v->result->findings;
	size_t told = f->len;
	enum finding_weight *weights = arena_calloc(v->run->arena, told + 1, sizeof *weights);
	if (!v->bad && !v->result->faulty && !(starts_slurmctld(v->run) && v->run->cluster->fresh))
		return ask_controllers(v, err);
	for (size_t i = 0; i < told; i++)
		weights[i] = f->items[i].weight;
	verify_phase(v, "causes");
	if (examine_anew(v->run, hosts_in_question(v), f, err) < 0)
		return -1;
	keep(v, f, told);
	/* What explains an error is one for doctor; here it is still what the run made of it. */
	for (size_t i = 0; i < told; i++)
		f->items[i].weight = weights[i];
	return 0;
}
