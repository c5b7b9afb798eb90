/* What a host gets: packages, the files of srun and of Podman, ids, and a directory for each user. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/containers/containers.h"
#include "modules/containers/oci.sh.h"
#include "modules/containers/podman.sh.h"

#define HEAD CONTAINERS_MARK " from cluster.yaml: change it there and run `reeve apply`.\n"

struct putting {
	const struct cluster *c;
	const struct containers *k;
	const struct containers_there *there; /* NULL: nothing is known */
	size_t host;
	struct catalog *out;
};

/* overlayfs in a user's namespace: from Linux 5.11 on (its commit 459c7c565ac3). */
static bool needs_fuse(const struct facts *f)
{
	uint64_t major = 0, minor = 0;
	size_t len = f && f->kernel ? str_read_u64(f->kernel, 1000, &major) : 0;
	if (!len || f->kernel[len] != '.' || !str_read_u64(f->kernel + len + 1, 1000, &minor))
		return false;
	return major < 5 || (major == 5 && minor < 11);
}

static void put_packages(const struct putting *p)
{
	VEC(struct package) all = {0};
	bool podman = p->k->runtimes[CONTAINERS_PODMAN_RUNTIME];
	const struct {
		const char *name;
		bool wanted;
	} packages[] = {
	    {"crun", p->k->runtimes[CONTAINERS_CRUN] || podman},
	    {"runc", p->k->runtimes[CONTAINERS_RUNC]},
	    {"podman", podman},
	    {"uidmap", podman},
	    {"slirp4netns", podman},
	    {"passt", podman},
	    {"catatonit", podman},
	    {"fuse-overlayfs", podman && needs_fuse(p->c->hosts[p->host].facts)},
	};
	for (size_t i = 0; i < ARRAY_LEN(packages); i++)
		if (packages[i].wanted)
			*vec_push_in(p->out->arena, &all) = (struct package){.name = packages[i].name};
	if (all.len)
		catalog_packages(p->out, STAGE_PREPARE, all.items, all.len);
}

/* Whoever wrote a file there keeps it: that was said. */
static void put_file(const struct putting *p, enum containers_file file, mode_t mode, const char *text)
{
	if (!p->there || !p->there->files[file].there || p->there->files[file].ours)
		catalog_file(p->out, STAGE_PREPARE, containers_files[file], "root", "root", mode, text, strlen(text));
}

static void drop_file(const struct putting *p, enum containers_file file)
{
	if (p->there && p->there->files[file].ours)
		catalog_absent(p->out, STAGE_PREPARE, containers_files[file]);
}

/*
 * oci.conf(5) of each release: 22.05 has no EnvExclude and RunTimeEnvExclude, and ends at a replacement that it does not know, of which
 * those below are in all. RunTimeRun is in all, and asks the runtime less than create and start do.
 */
const char *containers_oci_conf(unsigned release, struct arena *arena)
{
	enum { ENV_EXCLUDE = 2302 };
	static const char env[] = "EnvExclude=\"^(SLURM_CONF|SLURM_CONF_SERVER)=\"\n"
				  "RunTimeEnvExclude=\"^(SLURM_CONF|SLURM_CONF_SERVER)=\"\n";
	return arena_printf(arena,
			    HEAD "%sRunTimeQuery=\"" CONTAINERS_OCI " state %%u %%n.%%u.%%j.%%s.%%t\"\n"
				 "RunTimeKill=\"" CONTAINERS_OCI " kill %%u %%n.%%u.%%j.%%s.%%t\"\n"
				 "RunTimeDelete=\"" CONTAINERS_OCI " delete %%u %%n.%%u.%%j.%%s.%%t\"\n"
				 "RunTimeRun=\"" CONTAINERS_OCI " run %%u %%n.%%u.%%j.%%s.%%t '%%b'\"\n",
			    release >= ENV_EXCLUDE ? env : "");
}

/* slurmstepd reads oci.conf for each step: no daemon is restarted for it. */
static void put_oci(const struct putting *p)
{
	const char *runtime = p->k ? containers_oci(p->k) : NULL;
	if (!runtime || !p->c->release) {
		if (!runtime) {
			drop_file(p, CONTAINERS_FILE_OCI_CONF);
			drop_file(p, CONTAINERS_FILE_OCI);
		}
		return;
	}
	const char *script =
	    arena_printf(p->out->arena, "#!/bin/sh\n" HEAD "runtime=%s storage=%s\n%s", runtime, p->k->storage, oci_sh);
	put_file(p, CONTAINERS_FILE_OCI, 0755, script);
	put_file(p, CONTAINERS_FILE_OCI_CONF, 0644, containers_oci_conf(p->c->release, p->out->arena));
}

/* containers.conf(5): what runs stays in the job's control group, where Slurm's limits hold it, and needs no session of systemd. */
static const char podman_conf[] = HEAD "[containers]\n"
				       "cgroups = \"disabled\"\n"
				       "keyring = false\n"
				       "netns = \"host\"\n"
				       "log_driver = \"k8s-file\"\n"
				       "[engine]\n"
				       "cgroup_manager = \"cgroupfs\"\n"
				       "events_logger = \"file\"\n"
				       "runtime = \"crun\"\n";

/* containers-storage.conf(5): for root as it is without it; the images of all others lie on the node's own disk. */
static const char *storage_conf(const struct putting *p)
{
	bool fuse = needs_fuse(p->c->hosts[p->host].facts);
	return arena_printf(p->out->arena,
			    HEAD "[storage]\n"
				 "driver = \"overlay\"\n"
				 "runroot = \"/run/containers/storage\"\n"
				 "graphroot = \"/var/lib/containers/storage\"\n"
				 "rootless_storage_path = \"%s/$UID/storage\"\n%s",
			    p->k->storage,
			    fuse ? "[storage.options.overlay]\nmount_program = \"/usr/bin/fuse-overlayfs\"\n" : "");
}

static void put_podman(const struct putting *p)
{
	static const enum containers_file files[] = {CONTAINERS_FILE_PODMAN_CONF, CONTAINERS_FILE_STORAGE_CONF,
						     CONTAINERS_FILE_PODMAN};
	if (!p->k || !p->k->runtimes[CONTAINERS_PODMAN_RUNTIME]) {
		for (size_t i = 0; i < ARRAY_LEN(files); i++)
			drop_file(p, files[i]);
		return;
	}
	put_file(p, CONTAINERS_FILE_PODMAN_CONF, 0644, podman_conf);
	put_file(p, CONTAINERS_FILE_STORAGE_CONF, 0644, storage_conf(p));
	put_file(p, CONTAINERS_FILE_PODMAN, 0755, arena_printf(p->out->arena, "#!/bin/sh\n" HEAD "%s", podman_sh));
}

static void put_ids(const struct putting *p)
{
	static const char *const paths[] = {"/etc/subuid", "/etc/subgid"};
	if (!p->c->hosts[p->host].subids || !p->there)
		return;
	const struct containers_ranges *ranges[] = {&p->there->uids, &p->there->gids};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const char *lines = containers_ids(p->c, p->host, paths[i], ranges[i], p->out->arena, NULL);
		if (*lines)
			catalog_block(p->out, STAGE_PREPARE, paths[i], lines);
	}
}

/*
 * Who is known gets a directory; then nobody else can make one, and none is made beforehand by somebody else. Where accounts come from
 * a directory service each makes his own.
 */
static void put_storage(const struct putting *p)
{
	const struct cluster_host *h = &p->c->hosts[p->host];
	struct arena *a = p->out->arena;
	if (!p->k || (!containers_oci(p->k) && !p->k->runtimes[CONTAINERS_PODMAN_RUNTIME]))
		return;
	struct resource *top =
	    catalog_directory(p->out, STAGE_AUTH, p->k->storage, "root", "root", h->account_count ? 0711 : 01777);
	top->directory.ours = streq(p->k->storage, CONTAINERS_STORAGE);
	for (size_t i = 0; i < h->account_count; i++) {
		const struct cluster_account *one = &h->accounts[i];
		catalog_directory(p->out, STAGE_AUTH, arena_printf(a, "%s/%u", p->k->storage, one->uid), one->name,
				  one->group, 0700);
	}
}

void containers_compile(const struct cluster *c, size_t host, struct catalog *out)
{
	const struct putting p = {
	    .c = c, .k = containers_of(c, host), .there = containers_there(c, host), .host = host, .out = out};
	size_t first = out->len;
	if (p.k)
		put_packages(&p);
	put_oci(&p);
	put_podman(&p);
	put_ids(&p);
	put_storage(&p);
	for (size_t i = first; p.k && p.k->at.line && i < out->len; i++)
		out->items[i].origin = p.k->at;
}
