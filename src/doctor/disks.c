/* File systems that are full, nearly full, or cannot be written to, where a daemon or a job has to write. */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

enum { MOUNTS_MAX = 1 << 20, PLACES = 8 };

/* Below a hundredth and 1 GiB nothing is certain to be written; below a twentieth and 4 GiB it will soon be so. */
enum { FULL_PART = 100, LOW_PART = 20 };
#define FULL_KIB (1ULL << 20)
#define LOW_KIB (4ULL << 20)

struct place {
	const char *path, *what;
};

static const char *directory_of(const struct doctor_host *h, const char *file)
{
	const char *slash = strrchr(file, '/');
	return slash && slash > file ? arena_strndup(h->arena, file, (size_t)(slash - file)) : "/";
}

/* Where something has to be written on this host. */
static size_t places_of(const struct doctor_host *h, struct place ret[PLACES])
{
	size_t n = 0;
	ret[n++] = (struct place){"/", "the root file system"};
	ret[n++] = (struct place){"/var/lib", "what packages and reeve keep"};
	ret[n++] = (struct place){"/tmp", "what jobs and programs write"};
	if (h->host->compute) {
		ret[n++] = (struct place){doctor_param(h, "SlurmdSpoolDir"), "slurmd's spool: no job can start"};
		ret[n++] = (struct place){directory_of(h, doctor_param(h, "SlurmdLogFile")), "slurmd's log"};
	}
	if (h->host->controller) {
		ret[n++] =
		    (struct place){doctor_param(h, "StateSaveLocation"), "slurmctld's state: jobs would be lost"};
		ret[n++] = (struct place){directory_of(h, doctor_param(h, "SlurmctldLogFile")), "slurmctld's log"};
	}
	return n;
}

static void ask_fs(const struct doctor_host *h, json_t *items)
{
	struct place places[PLACES];
	size_t count = places_of(h, places);
	for (size_t i = 0; i < count; i++)
		doctor_ask_fs(items, places[i].path);
}

static bool is_full(uint64_t total, uint64_t free)
{
	return total && free < total / FULL_PART && free < FULL_KIB;
}

static bool is_low(uint64_t total, uint64_t free)
{
	return total && !is_full(total, free) && free < total / LOW_PART && free < LOW_KIB;
}

static bool no_inodes(const struct doctor_fs *fs)
{
	return fs->inodes && fs->free_inodes < fs->inodes / FULL_PART && fs->free_inodes < 1000;
}

static bool full(const struct doctor_fs *fs)
{
	return is_full(fs->total_kib, fs->free_kib);
}

static bool low(const struct doctor_fs *fs)
{
	return is_low(fs->total_kib, fs->free_kib);
}

/* Paths on one file system have the same numbers, and are one finding: the last path says most of what it hurts. */
static void each_fs(struct doctor *d, size_t host, bool (*holds)(const struct doctor_fs *fs),
		    void (*say)(struct doctor *d, size_t host, const struct place *p, const struct doctor_fs *fs))
{
	const struct doctor_host h = doctor_host_of(d, host);
	struct place places[PLACES];
	struct doctor_fs fs[PLACES];
	size_t count = places_of(&h, places);
	for (size_t i = 0; i < count; i++) {
		if (!doctor_fs(d, host, places[i].path, &fs[i]))
			fs[i] = (struct doctor_fs){0};
		bool last = holds(&fs[i]);
		for (size_t k = i + 1; last && k < count; k++) {
			struct doctor_fs other;
			last = !doctor_fs(d, host, places[k].path, &other) || other.total_kib != fs[i].total_kib ||
			       other.inodes != fs[i].inodes;
		}
		if (last)
			say(d, host, &places[i], &fs[i]);
	}
}

static void say_space(struct doctor *d, size_t host, const struct place *p, const struct doctor_fs *fs, const char *how)
{
	struct finding *f = doctor_add(d, host, "the file system of %s is %s (%s)", p->path, how, p->what);
	f->evidence = doctor_text(d, "%llu MiB free of %llu MiB", (unsigned long long)fs->free_kib >> 10,
				  (unsigned long long)fs->total_kib >> 10);
	f->fix =
	    doctor_text(d, "make room, on %s: du -xh %s | sort -h | tail", d->cluster->inv->hosts[host].name, p->path);
}

static void say_full(struct doctor *d, size_t host, const struct place *p, const struct doctor_fs *fs)
{
	say_space(d, host, p, fs, "full");
}

static void say_low(struct doctor *d, size_t host, const struct place *p, const struct doctor_fs *fs)
{
	say_space(d, host, p, fs, "nearly full");
}

static void say_inodes(struct doctor *d, size_t host, const struct place *p, const struct doctor_fs *fs)
{
	struct finding *f = doctor_add(d, host, "the file system of %s has no inodes left (%s)", p->path, p->what);
	f->evidence = doctor_text(d, "%llu inodes free of %llu", (unsigned long long)fs->free_inodes,
				  (unsigned long long)fs->inodes);
	f->fix = doctor_text(d, "remove files, on %s: du -x --inodes %s | sort -n | tail",
			     d->cluster->inv->hosts[host].name, p->path);
}

static void disk_full(struct doctor *d, size_t host)
{
	each_fs(d, host, full, say_full);
}

static void disk_low(struct doctor *d, size_t host)
{
	each_fs(d, host, low, say_low);
}

static void inodes_full(struct doctor *d, size_t host)
{
	each_fs(d, host, no_inodes, say_inodes);
}

static void ask_mounts(const struct doctor_host *h, json_t *items)
{
	(void)h;
	doctor_ask_read(items, "/proc/self/mountinfo", MOUNTS_MAX);
}

/* id parent dev root MOUNTPOINT OPTIONS [fields...] - FSTYPE SOURCE SUPEROPTIONS (proc(5)). The mount that the path lies
 * on: the longest, of equal ones the last. */
static bool is_read_only(struct doctor *d, const char *mounts, const char *path, const char **ret_mount)
{
	struct arena *arena = d->findings->arena;
	size_t best = 0;
	bool read_only = false;
	for (char *rest = arena_strdup(arena, mounts), *line; (line = str_next_line(&rest));) {
		char *fields[6] = {0}, *words = line;
		for (size_t i = 0; i < 6; i++)
			fields[i] = str_next(&words, " ");
		if (!fields[5] || !str_is_under(path, fields[4]) || strlen(fields[4]) < best)
			continue;
		char *behind = words ? strstr(words, "- ") : NULL;
		const char *super = behind ? strrchr(behind, ' ') : NULL;
		best = strlen(fields[4]);
		*ret_mount = fields[4];
		read_only = str_has_item(fields[5], "ro", strncmp) || (super && str_has_item(super + 1, "ro", strncmp));
	}
	return read_only;
}

static void read_only(struct doctor *d, size_t host)
{
	const struct doctor_host h = doctor_host_of(d, host);
	const char *mounts = doctor_read(d, host, "/proc/self/mountinfo", NULL), *said[PLACES + 1];
	struct place places[PLACES + 1];
	size_t count = places_of(&h, places), n = 0;
	places[0] = (struct place){"/etc/slurm", "Slurm's configuration"};
	for (size_t i = 0; mounts && i < count; i++) {
		const char *mount = "/";
		if (!is_read_only(d, mounts, places[i].path, &mount))
			continue;
		bool known = false;
		for (size_t k = 0; k < n; k++)
			known |= streq(said[k], mount);
		if (known)
			continue;
		said[n++] = mount;
		struct finding *f =
		    doctor_add(d, host, "%s lies on a file system that is mounted read-only", places[i].path);
		f->evidence = doctor_text(d, "%s: an error of the disk makes the kernel do that", mount);
		f->fix = doctor_text(d, "on %s: see `journalctl -k -p err`, then mount -o remount,rw %s",
				     d->cluster->inv->hosts[host].name, mount);
	}
}

static const struct diagnosis rows[] = {
    {CODE_DISK_FULL, FINDING_STOP, ask_fs, disk_full, NULL},
    {CODE_DISK_LOW, FINDING_WARNING, ask_fs, disk_low, NULL},
    {CODE_INODES_FULL, FINDING_STOP, ask_fs, inodes_full, NULL},
    {CODE_READ_ONLY, FINDING_STOP, ask_mounts, read_only, NULL},
};

const struct diagnoses doctor_disks = {rows, ARRAY_LEN(rows)};
