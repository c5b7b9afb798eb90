/*
 * catalogs: compiles the catalogs of all hosts of a cluster.yaml, with facts that are made up, and says how long that
 * took. With a directory it also makes a scratch root for each host there, in the state that the catalogs want, so that
 * an apply finds nothing to do (bench/fake-host.c plays the programs in it).
 *
 *	catalogs CLUSTER.YAML [DIRECTORY]
 *
 * Prints `hosts N load_ms N resolve_ms N compile_ms N cpu_ms N resources N rss_kib N`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "modules/core/core.h"
#include "modules/module.h"
#include "wire/wire.h"

enum { SLURM_ID = 64030, MUNGE_ID = 112, MEMORY_MIB = 7820, MODE_SECRET = 0400 };

#define VERSION "22.05.8-4+deb12u3"
#define MUNGE_VERSION "0.5.15-2"
#define BOOT "00000000-0000-4000-8000-000000000000"
#define KERNEL "6.1.0-bench"
static const char key_bytes[] =
    "a key of the bench, which protects nothing at all, and is as long as a real one is wont to be\n";

static int stop(const char *path, const struct err *err)
{
	fprintf(stderr, "catalogs: %s: %s\n", path, err->text);
	exit(1);
}

static const struct facts *facts_of(const struct inv_host *h, const struct inventory *inv, const char *fingerprint,
				    const char *record, struct arena *a)
{
	static const struct facts_unit up = {true, "active", "enabled", 1000000};
	static const struct facts_unit none = {false, "inactive", "", 0};
	struct facts *f = arena_alloc(a, sizeof *f);
	*f = (struct facts){
	    .hostname = h->hostname,
	    .arch = "x86_64",
	    .kernel = KERNEL,
	    .boot_id = BOOT,
	    .os = "debian",
	    .os_version = "12",
	    .suite = "bookworm",
	    .hardware = {1, 1, 4, 1, 4, MEMORY_MIB, true},
	    .roles[ROLE_CONTROLLER].uid = SLURM_ID,
	    .roles[ROLE_CONTROLLER].gid = SLURM_ID,
	    .roles[ROLE_AUTH].uid = MUNGE_ID,
	    .roles[ROLE_AUTH].gid = MUNGE_ID,
	    .cgroup = CGROUP_V2,
	    .cgroup_cpuset = true,
	    .cgroup_memory = true,
	    .cgroup_freezer = true,
	    .roles[ROLE_CONTROLLER].package = {h->controller ? VERSION : NULL, NULL},
	    .roles[ROLE_NODE].package = {VERSION, NULL},
	    .roles[ROLE_CLIENT].package = {VERSION, NULL},
	    .roles[ROLE_AUTH].package = {MUNGE_VERSION, NULL},
	    .roles[ROLE_AUTH].unit = up,
	    .roles[ROLE_CONTROLLER].unit = h->controller ? up : none,
	    .roles[ROLE_NODE].unit = up,
	    .secrets[0].fingerprint = fingerprint,
	    .record = h->controller ? record : NULL,
	    .state_source = "/dev/bench",
	    .state_fstype = "ext4",
	    .state_mount = "/",
	    .state_cluster = inv->cluster.text,
	};
	return f;
}

static const struct cluster *resolve(const struct inventory *inv, const char *record, struct arena *a)
{
	const struct facts **facts = arena_calloc(a, inv->host_count, sizeof *facts);
	const char **unreached = arena_calloc(a, inv->host_count, sizeof *unreached);
	const struct cluster_options options = {.secrets = modules_secrets(inv, a)};
	char salt[65], fingerprint[65];
	cluster_salt(inv->cluster.text, salt);
	wire_fingerprint(salt, key_bytes, sizeof key_bytes - 1, fingerprint, NULL);
	const char *kept = arena_strdup(a, fingerprint);
	for (size_t i = 0; i < inv->host_count; i++)
		facts[i] = facts_of(&inv->hosts[i], inv, kept, record, a);
	return cluster_resolve(inv, facts, unreached, &options, modules_settle, a);
}

/* A file below a host's root, its directories made; owner by name, as the root's own passwd has it. */
static void put(const char *root, const char *path, const char *owner, mode_t mode, const void *bytes, size_t len)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, path), *dir = xstrdup(full);
	struct err err;
	uid_t id = streq(owner, "slurm") ? SLURM_ID : streq(owner, "munge") ? MUNGE_ID : 0;
	*strrchr(dir, '/') = '\0';
	FILE *f = dir_make(dir, 0755, &err) < 0 ? NULL : fopen(full, "we");
	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f) || chmod(full, mode) < 0 || chown(full, id, id) < 0) {
		err_system(&err, errno, "cannot write");
		stop(full, &err);
	}
}

static void put_text(const char *root, const char *path, const char *text)
{
	put(root, path, "root", 0644, text, strlen(text));
}

static void put_directory(const char *root, const struct resource *r)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, r->directory.path);
	struct err err;
	uid_t id = streq(r->directory.owner, "slurm") ? SLURM_ID : streq(r->directory.owner, "munge") ? MUNGE_ID : 0;
	if (dir_make(full, 0755, &err) == 0 && chown(full, id, id) == 0 && chmod(full, r->directory.mode) == 0)
		return;
	err_system(&err, errno, "cannot make");
	stop(full, &err);
}

static void put_link(const char *root, const struct resource *r)
{
	_cleanup_free_ char *full = xasprintf("%s%s", root, r->link.path), *dir = xstrdup(full);
	struct err err;
	*strrchr(dir, '/') = '\0';
	if (dir_make(dir, 0755, &err) == 0 && symlink(r->link.target, full) == 0)
		return;
	err_system(&err, errno, "cannot make");
	stop(full, &err);
}

static void put_packages(const char *root, const struct resource *r)
{
	_cleanup_strbuf_ struct strbuf status = {0};
	for (size_t i = 0; i < r->packages.len; i++) {
		const struct package *p = &r->packages.items[i];
		strbuf_addf(&status, "Package: %s\nStatus: %s ok installed\nVersion: %s\n\n", p->name,
			    p->version ? "hold" : "install", p->version ? p->version : MUNGE_VERSION);
	}
	put_text(root, "/var/lib/dpkg/status", strbuf_str(&status));
}

/* fake00250 is 10.32.0.250, as measure.py has it. */
static void put_names(const char *root, const struct inventory *inv)
{
	_cleanup_strbuf_ struct strbuf hosts = {0};
	for (size_t i = 0; i < inv->host_count; i++)
		strbuf_addf(&hosts, "10.%zu.%zu.%zu %s\n", 32 + (i + 1) / 50000, (i + 1) / 250 % 250, 1 + (i + 1) % 250,
			    inv->hosts[i].hostname);
	put_text(root, "/etc/hosts", strbuf_str(&hosts));
	put_text(root, "/etc/nsswitch.conf", "passwd: files\nhosts: files dns\n");
}

/* What the facts say, where the agent looks for it. */
static void put_host(const char *root, const struct inv_host *h)
{
	_cleanup_free_ char *name = xasprintf("%s\n", h->hostname);
	_cleanup_free_ char *slurmd = xasprintf("NodeName=%s CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 "
						"ThreadsPerCore=1 RealMemory=%d\nUpTime=1-00:00:00\n",
						h->hostname, MEMORY_MIB);
	put_text(root, "/proc/sys/kernel/hostname", name);
	put_text(root, "/proc/sys/kernel/osrelease", KERNEL "\n");
	put_text(root, "/proc/sys/kernel/random/boot_id", BOOT "\n");
	put_text(root, "/proc/meminfo", "MemTotal:        8007680 kB\n");
	put_text(root, "/sys/devices/system/cpu/online", "0-3\n");
	put_text(root, "/proc/self/mountinfo",
		 "1 0 8:1 / / rw - ext4 /dev/bench rw\n2 1 0:2 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	put_text(root, "/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
	put_text(root, "/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
	put_text(root, "/etc/passwd",
		 "root:x:0:0::/root:/bin/sh\nslurm:x:64030:64030::/:/bin/false\nmunge:x:112:112::/:/bin/false\n");
	put_text(root, "/etc/group", "root:x:0:\nslurm:x:64030:\nmunge:x:112:\n");
	put_text(root, "/fake/slurmd", slurmd);
}

/* What a slurmctld would answer. */
static void put_controller(const char *root, const struct cluster *c, const char *record)
{
	_cleanup_strbuf_ struct strbuf nodes = {0}, names = {0}, partitions = {0};
	_cleanup_free_ char *state = xasprintf("%s/clustername", c->inv->state.text);
	_cleanup_free_ char *ping =
	    xasprintf("Slurmctld(primary) at %s is UP\n", c->inv->hosts[c->inv->controllers[0]].hostname);
	_cleanup_free_ char *cluster = xasprintf("%s\n", c->inv->cluster.text);
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		strbuf_addf(&names, "%s%s", i ? "," : "", h->inv->name);
		strbuf_addf(&nodes,
			    "NodeName=%s Arch=x86_64 CoresPerSocket=4 CPUAlloc=0 CPUEfctv=4 CPUTot=4 CPULoad=0.10 "
			    "AvailableFeatures=(null) ActiveFeatures=(null) Gres=(null) NodeAddr=%s NodeHostName=%s "
			    "Version=22.05.8 OS=Linux RealMemory=%llu AllocMem=0 FreeMem=7000 Sockets=1 Boards=1 "
			    "State=IDLE ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A Partitions=general "
			    "BootTime=2026-01-01T00:00:00 SlurmdStartTime=2026-01-01T00:00:00 "
			    "LastBusyTime=2026-01-01T00:00:00\n",
			    h->inv->name, h->inv->address, h->inv->hostname, (unsigned long long)h->memory);
	}
	strbuf_addf(&partitions, "PartitionName=general Default=YES State=UP Nodes=%s TotalNodes=%zu\n",
		    strbuf_str(&names), c->inv->host_count);
	put_text(root, "/fake/scontrol.nodes", strbuf_str(&nodes));
	put_text(root, "/fake/scontrol.partitions", strbuf_str(&partitions));
	put_text(root, "/fake/scontrol.reservations", "No reservations in the system\n");
	put_text(root, "/fake/scontrol.ping", ping);
	put_text(root, "/fake/squeue", "");
	put(root, state, "slurm", 0644, cluster, strlen(cluster));
	put(root, "/var/lib/reeve/record.json", "root", 0600, record, strlen(record));
}

static void put_root(const char *directory, const struct cluster *c, const struct catalog *catalog, size_t index,
		     const char *record)
{
	const struct inv_host *h = &c->inv->hosts[index];
	_cleanup_free_ char *root = xasprintf("%s/%s", directory, h->name);
	put_host(root, h);
	put_names(root, c->inv);
	for (size_t i = 0; i < catalog->len; i++) {
		const struct resource *r = &catalog->items[i];
		if (r->type == RESOURCE_PACKAGES)
			put_packages(root, r);
		else if (r->type == RESOURCE_DIRECTORY)
			put_directory(root, r);
		else if (r->type == RESOURCE_LINK)
			put_link(root, r);
		else if (r->type == RESOURCE_FILE && r->file.secret)
			put(root, r->file.path, r->file.owner, MODE_SECRET, key_bytes, sizeof key_bytes - 1);
		else if (r->type == RESOURCE_FILE)
			put(root, r->file.path, r->file.owner, r->file.mode, r->file.content, r->file.size);
	}
	if (h->controller)
		put_controller(root, c, record);
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct diags diags;
	struct err err;
	struct rusage usage;
	if (argc < 2 || argc > 3) {
		fputs("usage: catalogs CLUSTER.YAML [DIRECTORY]\n", stderr);
		return 64;
	}
	uint64_t start = clock_ms();
	const struct inventory *inv = inventory_load(argv[1], module_sections, &diags, arena, &err);
	uint64_t loaded = clock_ms();
	if (!inv)
		return stop(argv[1], &err);
	/* The first resolution has no record; the one that is measured has, as in the life of a cluster. */
	_cleanup_free_ char *record = record_encode(cluster_record(resolve(inv, NULL, arena), arena));
	uint64_t before = clock_ms();
	clock_t used_before = clock();
	const struct cluster *c = resolve(inv, record, arena);
	uint64_t resolved = clock_ms();
	const struct catalog **catalogs = arena_calloc(arena, inv->host_count, sizeof *catalogs);
	size_t resources = 0;
	for (size_t i = 0; i < inv->host_count; i++) {
		catalogs[i] = modules_compile(c, i, arena);
		resources += catalogs[i]->len;
	}
	uint64_t compiled = clock_ms();
	clock_t used = clock() - used_before;
	if (findings_count(&c->findings, FINDING_STOP) || c->secrets[0].state != SECRET_KNOWN)
		return err_set(&err, ERR_FAILED, "%s",
			       c->findings.len ? c->findings.items[0].what : "the key is not known"),
		       stop(argv[1], &err);
	for (size_t i = 0; argc == 3 && i < inv->host_count; i++)
		put_root(argv[2], c, catalogs[i], i, record);
	getrusage(RUSAGE_SELF, &usage);
	printf("hosts %zu load_ms %llu resolve_ms %llu compile_ms %llu cpu_ms %ld resources %zu rss_kib %ld\n",
	       inv->host_count, (unsigned long long)(loaded - start), (unsigned long long)(resolved - before),
	       (unsigned long long)(compiled - resolved), (long)(used * 1000 / CLOCKS_PER_SEC), resources,
	       usage.ru_maxrss);
	diags_free(&diags);
	return 0;
}
