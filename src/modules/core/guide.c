/* What users are told of partitions, and of jobs with this cluster's own names. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/core/core.h"

static void add_nodes(const struct inventory *inv, const struct inv_partition *p, struct strbuf *out)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	VEC(const char *) names = {0};
	for (size_t i = 0; i < p->node_count; i++)
		*vec_push_in(arena, &names) = inv->hosts[p->nodes[i]].name;
	if (names.len)
		strbuf_addf(out, "%s (%zu)", hostlist_compress(names.items, names.len, arena), names.len);
	for (size_t i = 0; i < p->class_count; i++)
		strbuf_addf(out, "%sclass %s", i || names.len ? ", " : "", inv->classes[p->classes[i]].name);
}

/* Of the partition, or of Slurm where that says nothing: slurm.conf(5), MaxTime, DefaultTime. */
static const char *limit_of(const struct inv_partition *p, const char *key)
{
	const char *value = inventory_param(p->params, p->param_count, key);
	return value && strcasecmp(value, "UNLIMITED") != 0 && !streq(value, "-1") ? value : NULL;
}

static void add_partitions(const struct inventory *inv, struct strbuf *out)
{
	strbuf_adds(
	    out,
	    "\n## Partitions\n\n| partition | nodes | longest job | without --time |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < inv->partition_count; i++) {
		const struct inv_partition *p = &inv->partitions[i];
		const char *most = limit_of(p, "MaxTime"), *usual = limit_of(p, "DefaultTime");
		strbuf_addf(out, "| %s%s | ", p->name, p->is_default ? " (default)" : "");
		add_nodes(inv, p, out);
		strbuf_addf(out, " | %s | %s |\n", most ? most : "no limit", usual ? usual : most ? most : "no limit");
	}
	strbuf_adds(out, "\nTimes are days-hours:minutes:seconds. `sinfo -N -l` shows each node with its processors "
			 "and memory (MB).\n");
}

/* Words by which a job asks for a kind of node. */
static void add_features(const struct inventory *inv, struct strbuf *out)
{
	bool any = false;
	for (size_t i = 0; i < inv->class_count; i++) {
		const struct inv_class *c = &inv->classes[i];
		if (c->exclude.text)
			continue;
		for (size_t k = 0; k < c->feature_count; k++) {
			if (!any)
				strbuf_adds(out, "\nKinds of nodes, for `--constraint=`:\n\n");
			any = true;
			strbuf_addf(out, "* %s: nodes of class %s\n", c->features[k], c->name);
		}
	}
}

static const struct inv_partition *usual_partition(const struct inventory *inv)
{
	for (size_t i = 0; i < inv->partition_count; i++)
		if (inv->partitions[i].is_default)
			return &inv->partitions[i];
	return &inv->partitions[0];
}

void core_guide(const struct inventory *inv, struct strbuf *out)
{
	const char *partition = usual_partition(inv)->name;
	add_partitions(inv, out);
	add_features(inv, out);
	strbuf_addf(out,
		    "\n## Jobs\n\n"
		    "A program on a node, now: `srun -p %s hostname`; a shell there: `srun -p %s --pty bash`.\n"
		    "What takes longer is a script:\n\n"
		    "    #!/bin/bash\n"
		    "    #SBATCH --job-name=first\n"
		    "    #SBATCH --partition=%s\n"
		    "    #SBATCH --ntasks=1 --cpus-per-task=1 --mem=500M --time=00:10:00\n"
		    "    srun hostname\n\n"
		    "`sbatch first.sh` submits it. Its output comes into slurm-JOBID.out, in the directory where it "
		    "was submitted.\n\n"
		    "| | |\n| --- | --- |\n"
		    "| my jobs, and why one waits | `squeue --me` |\n"
		    "| when it may start | `squeue --me --start` |\n"
		    "| all about it | `scontrol show job JOBID` |\n"
		    "| end it | `scancel JOBID` |\n",
		    partition, partition, partition);
}
