#include "run/examine.h"

#include "base/clock.h"
#include "doctor/doctor.h"
#include "modules/module.h"
#include "run/round.h"

enum { EXAMINE_MS = 10000, PASSING_MS = 3000, PAUSE_MS = 500 };

static struct doctor_slurm slurm_of(const struct live *live)
{
	if (!live)
		return (struct doctor_slurm){.up = false};
	return (struct doctor_slurm){
	    .up = live->up,
	    .why = live->why,
	    .controller = live->controller,
	    .nodes = live->nodes,
	    .node_count = live->node_count,
	    .partitions = live->partitions,
	    .partition_count = live->partition_count,
	    .jobs = live->jobs,
	    .job_count = live->job_count,
	    .reservations = live->reservations,
	    .reservation_count = live->reservation_count,
	    .controllers = live->controllers,
	    .controller_count = live->controller_count,
	};
}

/* What was there before, without what a judgement made of it. */
static void restore(struct findings *f, const struct finding *before, size_t count)
{
	for (f->len = 0; f->len < count; f->len++)
		f->items[f->len] = before[f->len];
}

/* slurmctld is asked again while all that is left may pass by itself. */
static int judge(struct run *run, struct doctor *d, struct err *err)
{
	struct findings *f = d->findings;
	size_t count = f->len;
	struct finding *before = arena_calloc(run->arena, count + 1, sizeof *before);
	for (size_t i = 0; i < count; i++)
		before[i] = f->items[i];
	doctor_judge(d);
	for (uint64_t until = clock_ms() + PASSING_MS; doctor_may_pass(d) && clock_ms() < until;) {
		if (fleet_pump(run->fleet, PAUSE_MS, err) < 0 || run_ask_live(run, err) < 0)
			return -1;
		restore(f, before, count);
		d->slurm = slurm_of(run->live);
		doctor_judge(d);
	}
	return 0;
}

/* Asks all that are in the run, and has the answers judged. `d` is complete but for them. */
static int ask(struct run *run, struct doctor *d, struct err *err)
{
	const struct cluster *cluster = d->cluster;
	size_t count = run->inv->host_count;
	_cleanup_round_ struct round round = {.run = run};
	int64_t *now_ms = arena_calloc(run->arena, count, sizeof *now_ms);
	const json_t **answers = arena_calloc(run->arena, count, sizeof *answers);
	for (size_t i = 0; i < count; i++)
		if (roll_in(run->roll, i) && !cluster_is_out(&cluster->hosts[i]))
			round_add(&round, i, round_collect(doctor_items(cluster, i, d->others, run->arena)));
	if (round_send(&round, EXAMINE_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < round.len; i++) {
		size_t host = round_host(&round, i);
		answers[host] = json_object_get(round.items[i].answer, "items");
		now_ms[host] = json_integer_value(json_object_get(round.items[i].answer, "end"));
		if (!round.items[i].answer)
			roll_fail(run->roll, host, CODE_LOST, &round.items[i].error);
	}
	d->slurm = slurm_of(run->live);
	d->answers = answers;
	d->now_ms = now_ms;
	return judge(run, d, err);
}

int examine(struct run *run, const bool *chosen, struct findings *findings, struct err *err)
{
	struct doctor d = {.cluster = run->cluster,
			   .catalogs = run->catalogs,
			   .observed = run->observed,
			   .chosen = chosen,
			   .others = modules_diagnoses(run->inv, run->arena),
			   .findings = findings};
	return ask(run, &d, err);
}

int examine_anew(struct run *run, const bool *chosen, struct findings *findings, struct err *err)
{
	struct doctor d = {.chosen = chosen, .others = modules_diagnoses(run->inv, run->arena), .findings = findings};
	return run_cluster_now(run, &d.cluster, err) < 0 ? -1 : ask(run, &d, err);
}

int examine_controllers(struct run *run, struct findings *findings, struct err *err)
{
	struct doctor d = {.cluster = run->cluster,
			   .slurm = slurm_of(run->live),
			   .answers = arena_calloc(run->arena, run->inv->host_count, sizeof *d.answers),
			   .wires = true,
			   .findings = findings};
	return judge(run, &d, err);
}
