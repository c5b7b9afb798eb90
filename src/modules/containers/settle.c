/* What a kernel, a release or a host cannot do. Nothing of it keeps a host out: all else of the cluster works without containers. */
#include <string.h>

#include "base/str.h"
#include "modules/containers/containers.h"

static void check_kernel(struct cluster *c, size_t host, const struct containers_there *t)
{
	const char *name = c->inv->hosts[host].name;
	if (!t->kernel)
		return;
	struct finding *f = finding_add(&c->findings, FINDING_WARNING, CODE_CONTAINERS_KERNEL, name,
					"users can run no containers there: %s", t->kernel);
	f->fix =
	    finding_text(&c->findings,
			 "on %s: echo %s >/etc/sysctl.d/60-containers.conf && sysctl --system; whether users may do "
			 "that is yours to decide",
			 name, t->sysctl);
	f->origin = containers_of(c, host)->at;
}

static void check_slurm(struct cluster *c, size_t host, const struct containers_there *t)
{
	const struct containers *k = containers_of(c, host);
	if (!t->no_json || !containers_oci(k))
		return;
	struct finding *f = finding_add(&c->findings, FINDING_WARNING, CODE_CONTAINERS_SLURM, c->inv->hosts[host].name,
					"`srun --container` fails there: its Slurm was built without JSON "
					"(serializer_json.so), by which it reads a bundle's config.json");
	f->fix = "a Slurm that was built with json-c (--with-json)";
	f->origin = k->at;
}

/* A file that stands where one of ours would. */
static void check_file(struct cluster *c, size_t host, enum containers_file file)
{
	const struct containers_there *t = containers_there(c, host);
	if (!t->files[file].there || t->files[file].ours)
		return;
	struct finding *f =
	    finding_add(&c->findings, FINDING_WARNING, CODE_CONTAINERS_FOREIGN, c->inv->hosts[host].name,
			"%s was not written by reeve, and is left as it is", containers_files[file]);
	f->fix = "move it away to have reeve's";
	f->origin = containers_of(c, host)->at;
}

static void check_files(struct cluster *c, size_t host)
{
	const struct containers *k = containers_of(c, host);
	for (size_t i = 0; i < CONTAINERS_FILES; i++) {
		bool oci = i == CONTAINERS_FILE_OCI_CONF || i == CONTAINERS_FILE_OCI;
		if (oci ? containers_oci(k) != NULL : k->runtimes[CONTAINERS_PODMAN_RUNTIME])
			check_file(c, host, i);
	}
}

static bool gives_ids(const struct containers *k)
{
	return k->runtimes[CONTAINERS_PODMAN_RUNTIME] || k->runtimes[CONTAINERS_APPTAINER] ||
	       k->runtimes[CONTAINERS_SINGULARITY];
}

static void check_ids(struct cluster *c, size_t host, const struct containers_there *t)
{
	c->hosts[host].subids = gives_ids(containers_of(c, host));
	if (!c->hosts[host].subids)
		return;
	containers_ids(c, host, "/etc/subuid", &t->uids, c->arena, &c->findings);
	containers_ids(c, host, "/etc/subgid", &t->gids, c->arena, &c->findings);
}

static void check_program(struct cluster *c, size_t host, enum containers_runtime runtime, const char *recipe)
{
	if (!containers_has(c, host, runtime) || containers_program(c, host, runtime, c->arena))
		return;
	struct finding *f =
	    finding_add(&c->findings, FINDING_WARNING, CODE_CONTAINERS_SOFTWARE, c->inv->hosts[host].name,
			"%s is to run there, and nothing installs it", containers_runtimes[runtime]);
	f->fix = finding_text(&c->findings, "`software: { %s: }`; Debian has no package of it", recipe);
	f->origin = containers_of(c, host)->at;
}

/* Podman lays one directory over others, and not every file system can be the one on top. */
static void check_storage(struct cluster *c, size_t host, const struct containers_there *t)
{
	const struct containers *k = containers_of(c, host);
	const struct cluster_mount *mount = cluster_mount_of(&c->hosts[host], k->storage);
	const char *why = t->fs ? finding_text(&c->findings, "its file system is %s", t->fs) : NULL;
	if (mount && !mount->serves)
		why =
		    finding_text(&c->findings, "%s is mounted over the network, from %s", mount->where, mount->source);
	if (!why || !k->runtimes[CONTAINERS_PODMAN_RUNTIME])
		return;
	struct finding *f =
	    finding_add(&c->findings, FINDING_WARNING, CODE_CONTAINERS_STORAGE, c->inv->hosts[host].name,
			"Podman cannot unpack images in %s: %s", k->storage, why);
	f->fix = "`storage` of `containers` on a disk of each node";
	f->origin = k->at;
}

/* Of the whole cluster: what its release does not have, and what is not set up. */
static void note(struct cluster *c, bool oci, bool gpus)
{
	enum { SCRUN = 2302 };
	const struct containers *k = inventory_section(c->inv, NULL, containers_section.name);
	struct span at = k ? k->at : c->inv->cluster.at;
	struct finding *f;
	if (oci && c->release && c->release < SCRUN) {
		f = finding_add(
		    &c->findings, FINDING_NOTE, CODE_CONTAINERS_SLURM, NULL,
		    "Slurm %u.%02u starts one task on each node in a container, and has no scrun: Podman and Docker "
		    "cannot hand containers to it",
		    c->release / 100, c->release % 100);
		f->origin = at;
		f->lasting = true;
	}
	if (gpus) {
		f = finding_add(
		    &c->findings, FINDING_NOTE, CODE_CONTAINERS_GPU, NULL,
		    "crun, runc and Podman are not given the GPUs of a job: what does that is not in Debian "
		    "(docs/handbook/containers.md has it); Apptainer has --nv");
		f->origin = at;
		f->lasting = true;
	}
}

static bool is_of_gpus(const struct cluster *c, size_t host)
{
	const struct containers *k = containers_of(c, host);
	return c->hosts[host].listed && c->hosts[host].gpus.len &&
	       (containers_oci(k) || k->runtimes[CONTAINERS_PODMAN_RUNTIME]);
}

void containers_settle(struct cluster *c)
{
	bool oci = false, gpus = false;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct containers *k = containers_of(c, i);
		const struct containers_there *t = containers_there(c, i);
		if (!k || !t || cluster_is_out(&c->hosts[i]))
			continue;
		oci |= containers_oci(k) != NULL;
		gpus |= is_of_gpus(c, i);
		check_kernel(c, i, t);
		check_slurm(c, i, t);
		check_files(c, i);
		check_ids(c, i, t);
		check_program(c, i, CONTAINERS_APPTAINER, "apptainer");
		check_program(c, i, CONTAINERS_SINGULARITY, "singularity-ce");
		check_storage(c, i, t);
	}
	note(c, oci, gpus);
}
