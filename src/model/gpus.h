/*
 * gpus: GPUs as Slurm's files name them, and how two lists of them differ. Pure.
 *
 * A node's Gres= is its baseline (baseline.c): what was ready when it was last applied or accepted. gres.conf names of
 * these only what is there, so that slurmd does not wait for a file that is gone, and end.
 */
#ifndef REEVE_MODEL_GPUS_H
#define REEVE_MODEL_GPUS_H

#include <jansson.h>

#include "facts/gpu.h"

/* Those that jobs can be given, in the order of their device files' numbers; in `arena`. */
struct facts_gpus gpus_ready(const struct facts_gpus *all, struct arena *arena);

/*
 * `now`, and of `before` (the record's) the MIG instances of cards whose profiles nobody could say, where their GPU instances are
 * the same files: nvidia-smi that takes too long once takes no GPU away. `now` itself where there is nothing to add. In `arena`.
 */
struct facts_gpus gpus_recall(const struct facts_gpus *now, const struct facts_gpus *before, struct arena *arena);

/* Those of `gpus` whose files `now` has too. */
struct facts_gpus gpus_among(const struct facts_gpus *gpus, const struct facts_gpus *now, struct arena *arena);

/* The value of Gres= on a node's line (slurm.conf(5)): "gpu:nvidia_a100:2,gpu:tesla_t4:1", types in order of their
 * names; NULL where there are none. */
const char *gpus_gres(const struct facts_gpus *gpus, struct arena *arena);

/* The same types, files and cores. */
bool gpus_equal(const struct facts_gpus *a, const struct facts_gpus *b, struct arena *arena);

/* What `now` has less and more of than `before`, each in the form of gpus_gres(); NULL: nothing. Only types and their
 * numbers count, not in which slot a card sits. Either pointer may be NULL. */
void gpus_differ(const struct facts_gpus *before, const struct facts_gpus *now, struct arena *arena,
		 const char **ret_less, const char **ret_more);

/* Lines of gres.conf(5) for a node, each beginning with a blank, to stand behind NodeName=...; "" for none. `nvml`: NVIDIA's
 * cards with AutoDetect=nvml, and without Cores=, which are then NVML's: where the two differ, slurmd leaves the card out. */
const char *gpus_lines(const struct facts_gpus *gpus, bool nvml, struct arena *arena);
bool gpus_have(const struct facts_gpus *gpus, enum facts_gpu_vendor vendor);

/* For the record. What is malformed there is ERR_PROTOCOL. */
json_t *gpus_encode(const struct facts_gpus *gpus);
int gpus_decode(const json_t *json, struct arena *arena, struct facts_gpus *ret, struct err *err);

#endif
