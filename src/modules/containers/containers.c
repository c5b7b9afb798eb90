#include "modules/containers/containers.h"

const struct inv_section containers_section = {
    .name = "containers",
    .leaves = "packages, " CONTAINERS_OCI_CONF ", " CONTAINERS_OCI ", " CONTAINERS_PODMAN
	      ", their files in /etc/containers, ids in /etc/subuid and /etc/subgid, and users' images "
	      "(`runtimes: []` takes the files away)",
    .parse = containers_parse,
};

const char *const containers_runtimes[CONTAINERS_RUNTIMES + 1] = {
    [CONTAINERS_CRUN] = "crun",
    [CONTAINERS_RUNC] = "runc",
    [CONTAINERS_PODMAN_RUNTIME] = "podman",
    [CONTAINERS_APPTAINER] = "apptainer",
    [CONTAINERS_SINGULARITY] = "singularity",
};

const struct containers *containers_of(const struct cluster *c, size_t host)
{
	const struct containers *k = inventory_section(c->inv, c->hosts[host].class, containers_section.name);
	if (!k || !cluster_has_module(c, host, containers_section.name))
		return NULL;
	bool named = k->on.hosts || k->on.classes;
	bool chosen = named ? cluster_chosen(c, &k->on, host) : c->hosts[host].inv->compute;
	return chosen && inventory_has_role(c->hosts[host].inv) ? k : NULL;
}

bool containers_has(const struct cluster *c, size_t host, enum containers_runtime runtime)
{
	const struct containers *k = containers_of(c, host);
	return k && k->runtimes[runtime];
}

const char *containers_oci(const struct containers *k)
{
	return k->runtimes[CONTAINERS_CRUN] ? "crun" : k->runtimes[CONTAINERS_RUNC] ? "runc" : NULL;
}

const struct module containers_module = {
    .name = "containers",
    .summary = "containers for users, by srun, Podman and Apptainer",
    .section = &containers_section,
    .ask = containers_ask,
    .take = containers_take,
    .settle = containers_settle,
    .diagnoses = &containers_diagnoses,
    .compile = containers_compile,
    .prove = containers_prove,
    .guide = containers_guide,
};
