/* What users are told of containers. */
#include "modules/containers/containers.h"

void containers_guide(const struct inventory *inv, struct strbuf *out)
{
	static const char *const how[CONTAINERS_RUNTIMES] = {
	    [CONTAINERS_CRUN] =
		"a bundle (a root file system and its config.json): `srun --container=DIRECTORY COMMAND`",
	    [CONTAINERS_RUNC] =
		"a bundle (a root file system and its config.json): `srun --container=DIRECTORY COMMAND`",
	    [CONTAINERS_PODMAN_RUNTIME] = "images as of Docker, in a job: `srun podman run --rm IMAGE COMMAND`",
	    [CONTAINERS_APPTAINER] = "one file: `srun apptainer exec IMAGE.sif COMMAND`",
	    [CONTAINERS_SINGULARITY] = "one file: `srun singularity exec IMAGE.sif COMMAND`",
	};
	const struct containers *c = inventory_section(inv, NULL, containers_section.name);
	if (!c)
		return;
	strbuf_adds(out, "\n## Containers\n\nAs yourself, without root:\n\n");
	for (size_t i = 0; i < CONTAINERS_RUNTIMES; i++)
		if (c->runtimes[i])
			strbuf_addf(out, "* %s: %s\n", containers_runtimes[i], how[i]);
	if (c->runtimes[CONTAINERS_PODMAN_RUNTIME])
		strbuf_addf(out, "\nPodman's images lie in %s on each node, and not in your home.\n", c->storage);
}
