/* Fuzzes what is read from Slurm. The first byte chooses: a slurm.conf, against itself and another, or one of the
 * outputs. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "slurm/activation.h"
#include "slurm/param.h"
#include "slurm/state.h"
#include "slurm/version.h"
#include "slurm/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_conf(const char *text, size_t len, struct arena *arena)
{
	static const char other[] = "ClusterName=c\nNodeName=n[1-3] CPUs=4\nPartitionName=p Nodes=n[1-3]\n";
	struct slurm_conf *conf, *other_conf;
	struct slurm_activation *out;
	if (slurm_conf_parse(text, len, arena, &conf, NULL) < 0)
		return;
	if (slurm_activation_of(2205, conf, conf, arena, &out, NULL) == 0 &&
	    (out->need != SLURM_NEED_NOTHING || out->len))
		abort();
	if (slurm_conf_parse(other, sizeof other - 1, arena, &other_conf, NULL) < 0)
		abort();
	if (slurm_activation_of(2411, other_conf, conf, arena, &out, NULL) == 0 &&
	    (out->need == SLURM_NEED_NOTHING) != (out->len == 0))
		abort();
	for (size_t i = 0; i < conf->globals.len; i++) {
		const struct slurm_param *p = slurm_param_find(SLURM_GLOBAL, conf->globals.items[i].key);
		if (p)
			slurm_param_check(p, 2205, conf->globals.items[i].value, NULL);
	}
}

static void check_nodes(const char *text, size_t len, struct arena *arena)
{
	struct slurm_node_state *nodes;
	size_t count;
	if (slurm_nodes_parse(text, len, arena, &nodes, &count, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (!nodes[i].name || !nodes[i].state_text)
			abort();
}

static void check_jobs(const char *text, size_t len, struct arena *arena)
{
	struct slurm_job *jobs;
	size_t count;
	if (slurm_jobs_parse(text, len, arena, &jobs, &count, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (!jobs[i].id || !jobs[i].number || !jobs[i].state || !jobs[i].user || !jobs[i].reason)
			abort();
}

/* Of the first job, among the others. */
static void check_why(const char *text, size_t len, struct arena *arena)
{
	struct slurm_why_job *jobs;
	size_t count;
	if (slurm_why_parse(text, len, arena, &jobs, &count, NULL) < 0 || !count)
		return;
	const struct slurm_why_scene scene = {.waiting = jobs, .waiting_count = count};
	const struct slurm_why why = slurm_why_explain(&jobs[0], &scene, arena);
	if (!why.what || !why.figures)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct slurm_partition_state *partitions;
	struct slurm_reservation *reservations;
	struct slurm_controller *controllers;
	struct slurm_version version;
	size_t count;
	if (size == 0)
		return 0;
	const char *text = (const char *)data + 1;
	switch (data[0]) {
	case 'c':
		check_conf(text, size - 1, arena);
		break;
	case 'n':
		check_nodes(text, size - 1, arena);
		break;
	case 'j':
		check_jobs(text, size - 1, arena);
		break;
	case 'w':
		check_why(text, size - 1, arena);
		break;
	case 'p':
		slurm_partitions_parse(text, size - 1, arena, &partitions, &count, NULL);
		break;
	case 'r':
		slurm_reservations_parse(text, size - 1, arena, &reservations, &count, NULL);
		break;
	case 'i':
		slurm_ping_parse(text, size - 1, arena, &controllers, &count, NULL);
		break;
	default:
		slurm_version_parse(arena_strndup(arena, text, size - 1), &version, NULL);
	}
	return 0;
}
