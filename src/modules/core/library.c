#include "base/str.h"
#include "base/vec.h"
#include "modules/core/core.h"
#include "slurm/version.h"

/*
 * mpi/pmix of Debian 12 opens libpmix.so by the path it was built with, where only libpmix-dev has a link; Debian 13's opens
 * libpmix.so.2, of a package that it depends on. The link is the same as libpmix-dev's: who installs that changes nothing.
 */
static const struct core_library libraries[] = {
    {2205, "libpmix2", "pmix2/lib/libpmix.so", "libpmix.so.2.6.2"},
};

const struct core_library *core_library_of(const struct cluster_host *host)
{
	static const char *const arches[] = {"x86_64", "aarch64"}; /* uname -m and Debian's multiarch say the same */
	struct slurm_version v;
	struct err err;
	bool known = false;
	if (!host->facts || !host->slurm_package || slurm_version_parse(host->slurm_package, &v, &err) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(arches); i++)
		known |= streq(host->facts->arch, arches[i]);
	for (size_t i = 0; known && i < ARRAY_LEN(libraries); i++)
		if (libraries[i].release == v.release)
			return &libraries[i];
	return NULL;
}

const char *core_library_path(const struct core_library *library, const struct cluster_host *host, struct arena *arena)
{
	return arena_printf(arena, "/usr/lib/%s-linux-gnu/%s", host->facts->arch, library->link);
}
