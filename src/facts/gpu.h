/*
 * gpu: the GPUs of a host, from sysfs, procfs and the drivers' device files, without any vendor's library.
 *
 * What Slurm's AutoDetect would find in the same places: type names in its form (gpu_common_underscorify_tolower() in
 * src/plugins/gpu/common/gpu_common.c: lower case, '_' for a blank), the device files, and the cores near a card.
 *
 *	PCI      /sys/bus/pci/devices/ADDRESS/{class,vendor,device,driver,drm,local_cpulist} (the kernel's
 *	         Documentation/ABI/testing/sysfs-bus-pci); classes 0x03 display, 0x12 processing accelerator
 *	NVIDIA   /proc/driver/nvidia/gpus/ADDRESS/information: Model, Device Minor (src/plugins/gpu/nvidia/gpu_nvidia.c
 *	         reads the same); /dev/nvidiaMINOR. MIG instances: /proc/driver/nvidia/capabilities/gpuMINOR/mig/giN, their
 *	         profiles from `nvidia-smi mig -lci`, their files from /proc/driver/nvidia-caps/mig-minors (NVIDIA's
 *	         Multi-Instance GPU User Guide, "Device Enumeration"; src/plugins/gpu/nvml/gpu_nvml.c)
 *	AMD      .../product_name (the kernel's Documentation/gpu/amdgpu/driver-misc.rst), /dev/dri/renderDMINOR and
 *	         /dev/kfd (src/plugins/gpu/rsmi/gpu_rsmi.c)
 *	Intel    /dev/dri/renderDMINOR (src/plugins/gpu/oneapi/gpu_oneapi.c); sysfs has no name of it
 *
 * A card without a name that can be used has its PCI ids as a type: "amd_7550". Graphics in a processor or a management
 * controller are no GPUs here: other vendors' cards, Intel's on PCI bus 0, and an AMD VGA adapter that has neither a
 * product name nor a memory controller of its own (mem_busy_percent).
 */
#ifndef REEVE_FACTS_GPU_H
#define REEVE_FACTS_GPU_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"

/* Cards in a host, and instances of all its cards. More is refused. */
enum { FACTS_CARDS_MAX = 64, FACTS_GPUS_MAX = 256, FACTS_GPU_TYPE_MAX = 64 };

enum facts_gpu_vendor { GPU_NVIDIA, GPU_AMD, GPU_INTEL };

enum facts_gpu_state {
	GPU_READY,
	GPU_NO_DRIVER,  /* none, or one that no job can compute with: `driver` */
	GPU_NOT_UP,     /* its driver is there, and has no device for it */
	GPU_NO_FILE,    /* `missing` is not there: slurmd would wait for it and end */
	GPU_NO_PROFILE, /* MIG instances that nvidia-smi could not say more of, or not in time */
};

const char *facts_gpu_state_name(enum facts_gpu_state state);

struct facts_gpu {
	enum facts_gpu_vendor vendor;
	enum facts_gpu_state state;
	const char *address; /* on the PCI bus: "0000:3b:00.0" */
	const char *type;    /* "nvidia_a100-sxm4-80gb", "nvidia_a100_3g.20gb"; NULL where it is not ready */
	const char *files;   /* "/dev/nvidia0"; of a MIG instance three, with commas; NULL where it is not ready */
	const char *cores;   /* as in Cores= of gres.conf(5): "0-15,32-47"; NULL: any */
	const char *driver;  /* NULL: none */
	const char *missing; /* with GPU_NO_FILE */
	const char *caps; /* with GPU_NO_PROFILE: a file of each GPU instance, with commas; NULL: not all are known */
	bool instance;    /* a MIG instance, not a card */
};

/* In order of their PCI addresses, instances in order of their numbers. */
struct facts_gpus {
	struct facts_gpu *items;
	size_t len;
};

/* What Slurm's own AutoDetect (gres.conf(5)) can be there, by the plugins that are installed: gpu_nvml.so and so on. */
enum facts_gpu_plugin { GPU_PLUGIN_NVML, GPU_PLUGIN_NVIDIA, GPU_PLUGIN_RSMI, GPU_PLUGIN_ONEAPI, GPU_PLUGINS };

const char *facts_gpu_plugin_name(enum facts_gpu_plugin plugin); /* as in AutoDetect= */

/* Adds what to ask of a host for them to the items of the agent's verb collect; all of it is files. */
void facts_gpus_request(json_t *items);

/* The plugins in Debian's directory for them, a bit for each: 1U << GPU_PLUGIN_NVML. */
unsigned facts_gpu_plugins_decode(const json_t *items);

/* What is left to ask of a host that gave this answer: of one with MIG instances their profiles, of one whose cards are
 * near to some of its CPUs only, its CPUs. Nothing where there is no GPU. */
void facts_gpus_request_more(const json_t *items, json_t *more);

/* `cores`: how many slurmd counts in all; 0 where that is not known, and then no core is near to any card. ERR_PROTOCOL
 * for what cannot be. */
int facts_gpus_decode(const json_t *items, unsigned cores, struct arena *arena, struct facts_gpus *ret,
		      struct err *err);

/* Of a type, of files and of cores as they stand above: for what comes from elsewhere (the record). */
bool facts_gpu_is_type(const char *s);
bool facts_gpu_are_files(const char *s);
bool facts_gpu_are_cores(const char *s);

/* gpu-cores.c: cores as slurmd numbers them (hwloc's order), by CPU. NULL where it cannot be told or does not go with
 * `cores` of them in all. */
struct gpu_cpus *gpu_cpus_decode(const json_t *items, unsigned cores, struct arena *arena);
/* The cores of these CPUs ("0-15,32-47", cpuset(7)); NULL where they are all of them. */
const char *gpu_cpus_cores(const struct gpu_cpus *cpus, const char *cpulist, struct arena *arena);

/* gpu-nvidia.c: parts of facts_gpus_decode. */
struct gpu_reader {
	const json_t *items;
	struct arena *arena;
	struct err *err;
	struct gpu_cpus *cpus;
	struct facts_gpus *out;
	unsigned cards;
	struct map minors; /* gpu-nvidia.c: capability -> the number of its file, and one */
	bool minors_read;
};
int gpu_nvidia_decode(struct gpu_reader *r, const struct facts_gpu *card, unsigned index);
const char *gpu_type_of(struct arena *arena, const char *name); /* NULL: no form for a type */
const char *gpu_text(const json_t *entry, const char *key);     /* NULL: not there */
int gpu_add(struct gpu_reader *r, const struct facts_gpu *gpu);
bool gpu_names_have(const json_t *item, const char *name);
const json_t *gpu_entries(const json_t *items, const char *name);

#endif
