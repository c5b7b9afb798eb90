/*
 * Directories that cluster.yaml names for Slurm's own use. What is named here is made, given to the user slurm or, by slurmd
 * itself, given another mode: a directory of the system's or of other people's is refused (docs/adr/0057-owners.md).
 */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "inventory/inventory.h"

/* Emptied at a boot, or no disk at all. */
#define FLEETING(path) \
	{ \
		path, "is under " path ", where the cluster's jobs would be lost" \
	}
static const struct {
	const char *path, *fault;
} fleeting[] = {FLEETING("/tmp"), FLEETING("/run"),  FLEETING("/var/run"), FLEETING("/var/tmp"),
		FLEETING("/dev"), FLEETING("/proc"), FLEETING("/sys")};

#define SYSTEM "is a directory of the system"

/* Directories of the system (file-hierarchy(7), hier(7)); `below`: and what is below them. */
static const struct {
	const char *path;
	bool below;
	const char *fault;
} taken[] = {
    {"/boot", true, "is under /boot, the system's"},
    {"/dev", true, "is under /dev, the system's"},
    {"/etc", true, "is under /etc, which holds configuration"},
    {"/proc", true, "is under /proc, the kernel's"},
    {"/sys", true, "is under /sys, the kernel's"},
    {"/usr/local", false, SYSTEM},
    {"/usr/bin", true, "is under /usr/bin, the system's"},
    {"/usr/include", true, "is under /usr/include, the system's"},
    {"/usr/lib", true, "is under /usr/lib, the system's"},
    {"/usr/sbin", true, "is under /usr/sbin, the system's"},
    {"/usr/share", true, "is under /usr/share, the system's"},
    {"/var/backups", false, SYSTEM},
    {"/var/cache", false, SYSTEM},
    {"/var/cache/apt", true, "is under /var/cache/apt, apt's"},
    {"/var/lib", false, SYSTEM},
    {"/var/lib/apt", true, "is under /var/lib/apt, apt's"},
    {"/var/lib/dpkg", true, "is under /var/lib/dpkg, dpkg's"},
    {"/var/lib/munge", true, "is under /var/lib/munge, MUNGE's"},
    {"/var/lib/reeve", true, "is under /var/lib/reeve, reeve's"},
    {"/var/lib/systemd", true, "is under /var/lib/systemd, systemd's"},
    {"/var/local", false, SYSTEM},
    {"/var/lock", false, SYSTEM},
    {"/var/log", false, SYSTEM},
    {"/var/log/journal", true, "is under /var/log/journal, systemd's"},
    {"/var/log/munge", true, "is under /var/log/munge, MUNGE's"},
    {"/var/mail", true, "is under /var/mail, where people's mail is"},
    {"/var/opt", false, SYSTEM},
    {"/var/run", false, SYSTEM},
    {"/var/spool", false, SYSTEM},
    {"/var/spool/cron", true, "is under /var/spool/cron, cron's"},
    {"/var/spool/mail", true, "is under /var/spool/mail, where people's mail is"},
    {"/var/tmp", false, SYSTEM},
};

static const char *taken_fault(const char *path)
{
	if (streq(path, "/"))
		return "needs a directory of its own, not /";
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (streq(path, taken[i].path) || (taken[i].below && str_is_under(path, taken[i].path)))
			return taken[i].fault;
	return NULL;
}

const char *inventory_mount_fault(const char *path)
{
	static const char *const top[] = {"/bin",  "/lib", "/lib32", "/lib64", "/libx32", "/media", "/mnt", "/opt",
					  "/root", "/run", "/sbin",  "/srv",   "/tmp",    "/usr",   "/var"};
	for (size_t i = 0; i < ARRAY_LEN(top); i++)
		if (streq(path, top[i]))
			return SYSTEM;
	for (size_t i = 0; i < ARRAY_LEN(fleeting); i++)
		if (str_is_under(path, fleeting[i].path))
			return "is under a directory that is emptied at a boot";
	return taken_fault(path);
}

const char *inventory_directory_fault(const char *path)
{
	const char *why = taken_fault(path);
	if (why)
		return why;
	if (path[0] == '/' && !strchr(path + 1, '/'))
		return "is a whole top-level directory: Slurm needs one of its own below it";
	return NULL;
}

const char *inventory_plain_path(struct arena *arena, const char *path)
{
	char *out = arena_strdup(arena, path);
	size_t n = 0;
	for (const char *p = path; *p; p++)
		if (*p != '/' || p[1] != '/')
			out[n++] = *p;
	while (n > 1 && out[n - 1] == '/')
		n--;
	out[n] = '\0';
	return out;
}

/*
 * slurmd makes its spool directory where it is missing, and sets the mode of one that exists (slurm.conf(5), SlurmdSpoolDir). It
 * can hold %h and %n, so that its bytes are not looked into.
 */
const char *inventory_param_fault(const char *key, const char *value)
{
	if (strcasecmp(key, "SlurmdSpoolDir") != 0)
		return NULL;
	_cleanup_arena_ struct arena *scratch = arena_new();
	const char *path = inventory_plain_path(scratch, value);
	if (strstr(path, "/../") || strstr(path, "/./") || str_ends(path, "/..") || str_ends(path, "/."))
		return "has '.' or '..' in it";
	return inventory_directory_fault(path);
}

const char *inventory_state_fault(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(fleeting); i++)
		if (str_is_under(path, fleeting[i].path))
			return fleeting[i].fault;
	if (str_is_under(path, INV_SPOOL))
		return "is slurmd's spool directory (SlurmdSpoolDir)";
	return inventory_directory_fault(path);
}
