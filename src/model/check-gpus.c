/*
 * GPUs and other devices that jobs cannot be given, and why. A device file that is missing is the gravest: slurmd waits 20 s for what
 * gres.conf names and then ends (src/common/gres.c, "can't stat gres.conf file").
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "model/cluster.h"
#include "model/gpus.h"
#include "model/network.h"
#include "slurm/gres.h"

static const struct {
	const char *name, *driver, *fix;
} vendors[] = {
    [GPU_NVIDIA] = {"NVIDIA", "nvidia",
		    "install NVIDIA's driver there (package nvidia-driver), then `modprobe nvidia`, or reboot"},
    [GPU_AMD] = {"AMD", "amdgpu", "on it: modprobe amdgpu (package firmware-amd-graphics), or reboot"},
    [GPU_INTEL] = {"Intel", "i915 or xe", "on it: modprobe i915 (or xe, by the card's age), or reboot"},
};

static const char *device_mend(struct cluster *c, const struct cluster_host *h, const struct facts_gpu *g)
{
	if (g->vendor == GPU_NVIDIA && g->instance)
		return finding_text(&c->findings, "on %s: nvidia-modprobe -f /proc/driver/nvidia/capabilities/...",
				    h->inv->name);
	if (g->vendor == GPU_NVIDIA)
		return finding_text(&c->findings,
				    "on %s: nvidia-modprobe -c 0 -u, and enable nvidia-persistenced, which makes the "
				    "files at each boot",
				    h->inv->name);
	return finding_text(&c->findings, "on %s: udevadm trigger --subsystem-match=drm --subsystem-match=kfd",
			    h->inv->name);
}

static bool is_listed(const struct cluster_host *h, const struct facts_gpu *g)
{
	for (size_t i = 0; g->files && i < h->gpus.len; i++)
		if (streq(h->gpus.items[i].files, g->files))
			return true;
	return false;
}

static bool is_recalled(const struct cluster_host *h, const struct facts_gpu *card)
{
	for (size_t i = 0; i < h->facts->gpus.len; i++) {
		const struct facts_gpu *g = &h->facts->gpus.items[i];
		if (g != card && g->instance && g->address && streq(g->address, card->address))
			return true;
	}
	return false;
}

static void check_card(struct cluster *c, const struct cluster_host *h, const struct facts_gpu *g)
{
	const char *vendor = vendors[g->vendor].name;
	struct finding *f = NULL;
	switch (g->state) {
	case GPU_READY:
		return;
	case GPU_NO_DRIVER:
		if (g->driver && streq(g->driver, "vfio-pci")) {
			finding_add(&c->findings, FINDING_NOTE, CODE_GPU_DRIVER, h->inv->name,
				    "the %s card at %s is kept for virtual machines (vfio-pci): no GPU for jobs",
				    vendor, g->address);
			return;
		}
		if (g->driver)
			f = finding_add(&c->findings, FINDING_WARNING, CODE_GPU_DRIVER, h->inv->name,
					"the %s card at %s is driven by %s instead of %s: not offered to jobs", vendor,
					g->address, g->driver, vendors[g->vendor].driver);
		else
			f = finding_add(&c->findings, FINDING_WARNING, CODE_GPU_DRIVER, h->inv->name,
					"the %s card at %s has no driver: not offered to jobs", vendor, g->address);
		f->fix = vendors[g->vendor].fix;
		break;
	case GPU_NOT_UP:
		f = finding_add(&c->findings, FINDING_WARNING, CODE_GPU_DRIVER, h->inv->name,
				"the driver %s is loaded and has no device for the %s card at %s", g->driver, vendor,
				g->address);
		f->fix = finding_text(&c->findings, "on %s: `dmesg | grep -i %s` says why", h->inv->name,
				      g->vendor == GPU_NVIDIA ? "nvrm" : g->driver);
		break;
	case GPU_NO_FILE:
		if (is_listed(h, g))
			f = finding_add(
			    &c->findings, FINDING_WARNING, CODE_GPU_DEVICE, h->inv->name,
			    "%s of the %s card at %s is not there: slurmd, when it starts, waits 20 s for it and "
			    "ends",
			    g->missing, vendor, g->address);
		else
			f = finding_add(&c->findings, FINDING_WARNING, CODE_GPU_DEVICE, h->inv->name,
					"%s of the %s card at %s is not there: not offered to jobs", g->missing, vendor,
					g->address);
		f->fix = device_mend(c, h, g);
		break;
	case GPU_NO_PROFILE:
		f = finding_add(&c->findings, FINDING_WARNING, CODE_GPU_MIG, h->inv->name,
				"the NVIDIA card at %s has MIG instances whose profiles are not known: %s", g->address,
				is_recalled(h, g) ? "they are taken for what they were" : "not offered to jobs");
		f->fix = finding_text(&c->findings, "on %s: `nvidia-smi mig -lci` should list them", h->inv->name);
		break;
	}
	f->origin = h->inv->at;
}

/* What the class's lines of gres.conf name. */
static void check_devices(struct cluster *c, struct cluster_host *h)
{
	for (size_t i = 0; i < h->class->device_count; i++)
		for (size_t k = 0; k < h->facts->missing_count; k++) {
			if (!streq(h->class->devices[i], h->facts->missing[k]))
				continue;
			struct finding *f = cluster_blame_slurmd(
			    c, h, CODE_GRES_DEVICE,
			    "%s does not exist, and the class '%s' has it in gres_conf: slurmd, when it starts, waits "
			    "20 s for it and ends",
			    h->facts->missing[k], h->class->name);
			f->fix = "load the device's driver there; or take the line out of the class";
			f->origin = h->class->at;
		}
}

/* Slurm takes such a line for invalid, logs it on every node, and knows no core near the device. */
static void check_cores(struct cluster *c, struct cluster_host *h)
{
	long cores = (long)h->facts->hardware.sockets * h->facts->hardware.cores;
	for (size_t i = 0; i < h->class->gres_conf_count; i++) {
		long highest = slurm_gres_highest_core(h->class->gres_conf[i]);
		if (highest < cores)
			continue;
		struct finding *f = cluster_blame_slurmd(
		    c, h, CODE_GRES_CORES, "the class '%s' names core %ld in gres_conf, and the node has cores 0-%ld",
		    h->class->name, highest, cores - 1);
		f->fix =
		    "number cores through the node, not threads as the operating system does; `slurmd -C` there prints "
		    "sockets and cores";
		f->origin = h->class->at;
		return;
	}
}

/* Has the class an AutoDetect of its own among its lines? Two that differ are the end of slurmd (src/common/gres.c). */
static bool detects_itself(const struct inv_class *class)
{
	for (size_t i = 0; class && i < class->gres_conf_count; i++)
		if (str_starts(class->gres_conf[i], "AutoDetect=") || strstr(class->gres_conf[i], " AutoDetect="))
			return true;
	return false;
}

/* A plugin that is asked for and not installed: slurmd logs "cannot create gpu context" and finds nothing (src/common/gpu.c).
 */
static void check_detection(struct cluster *c, const struct cluster_host *h)
{
	for (size_t i = 0; i < h->class->gres_conf_count; i++)
		for (unsigned plugin = 0; plugin < GPU_PLUGINS; plugin++) {
			const char *name = facts_gpu_plugin_name(plugin);
			const char *at = strstr(h->class->gres_conf[i], "AutoDetect=");
			size_t len = strlen(name);
			if (h->facts->gpu_plugins & 1U << plugin || !at || strncasecmp(at + 11, name, len) != 0 ||
			    (at[11 + len] && at[11 + len] != ' '))
				continue;
			struct finding *f = finding_add(
			    &c->findings, FINDING_HOST, CODE_GRES_AUTODETECT, h->inv->name,
			    "the class '%s' has AutoDetect=%s in gres_conf, and slurmd has no gpu_%s.so there",
			    h->class->name, name, name);
			f->fix = finding_text(
			    &c->findings,
			    "install slurm-wlm-%s-plugin of slurmd's version there; or take the line out of the class",
			    name);
			f->origin = h->class->at;
		}
}

/* A host that was not reached stays as it was: so does its part of gres.conf. */
void cluster_autodetect(struct cluster *c)
{
	const char **names = arena_calloc(c->arena, c->inv->host_count + 1, sizeof *names);
	size_t count = 0;
	struct span at = {0};
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		const struct inv_gpus *g = h->class && h->class->gpus.at.line ? &h->class->gpus : &c->inv->gpus;
		if (!h->listed || !g->nvml || detects_itself(h->class) || !gpus_have(&h->gpus_there, GPU_NVIDIA))
			continue;
		h->nvml = h->facts ? h->facts->gpu_plugins & 1U << GPU_PLUGIN_NVML : h->last->nvml;
		if (h->nvml || !h->facts)
			continue;
		names[count++] = h->inv->name;
		at = g->at;
	}
	if (!count)
		return;
	struct finding *f =
	    finding_add(&c->findings, FINDING_WARNING, CODE_GPU_AUTODETECT, NULL,
			"%s: slurmd has no gpu_nvml.so there, so gres.conf has no AutoDetect=nvml for it",
			hostlist_compress(names, count, c->arena));
	f->fix = "install slurm-wlm-nvml-plugin (Debian's contrib) of slurmd's version there, or write 'gpus: { "
		 "autodetect: off }'";
	f->origin = at;
}

bool cluster_has_gpus(const struct cluster *c)
{
	for (size_t i = 0; i < c->inv->host_count; i++)
		if (c->hosts[i].listed && c->hosts[i].gpus.len)
			return true;
	return false;
}

bool cluster_has_gres(const struct cluster *c)
{
	bool lines = cluster_has_gpus(c) || network_wants_bandwidth(c->inv);
	for (size_t i = 0; i < c->inv->host_count; i++)
		lines |= c->hosts[i].listed && c->hosts[i].class && c->hosts[i].class->gres_conf_count;
	return lines;
}

void cluster_check_gpus(struct cluster *c)
{
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		if (h->facts && h->serves && h->class) {
			check_devices(c, h);
			check_cores(c, h);
			check_detection(c, h);
		}
		for (size_t k = 0; h->facts && h->serves && k < h->facts->gpus.len; k++)
			check_card(c, h, &h->facts->gpus.items[k]);
	}
}
