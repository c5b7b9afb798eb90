#include "lab/made.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "lab/made.sh.h"

#define THERE "/run/reeve-lab"                         /* in the node */
#define UNIT "/run/systemd/system/reeve-lab.service.d" /* adds to what each node does first */
#define CARD "0x030200", "0x10de", "0x1eb8"            /* a Tesla T4: class, vendor, device (pci-ids.ucw.cz) */
#define MODEL "Tesla T4"
enum { NVIDIA_MAJOR = 195 /* the kernel's Documentation/admin-guide/devices.txt */ };

void made_meminfo(const char *machine, unsigned long mib, struct strbuf *out)
{
	_cleanup_free_ char *copy = xstrdup(machine);
	uint64_t total = (uint64_t)mib * 1024, n;

	for (char *rest = copy, *line; (line = str_next_line(&rest));) {
		char *value = strchr(line, ':');
		if (value)
			value += 1 + strspn(value + 1, " ");
		if (!value || !str_ends(line, " kB") || !str_read_u64(value, UINT64_MAX, &n)) {
			strbuf_addf(out, "%s\n", line);
			continue;
		}
		n = str_starts(line, "MemTotal:") ? total : str_starts(line, "Swap") ? 0 : n > total ? total : n;
		strbuf_addf(out, "%-16.*s%8" PRIu64 " kB\n", (int)(strchr(line, ':') - line + 1), line, n);
	}
}

static const char *made_path(const struct place *p, const struct roster_node *n, const char *file)
{
	return arena_printf(p->arena, "%s/%s", place_node(p, n->node.name, "made"), file);
}

static int made_write(const struct place *p, const struct roster_node *n, const char *file, const char *text,
		      struct err *err)
{
	return place_write(made_path(p, n, file), 0644, text, strlen(text), err);
}

static int made_dir(const struct place *p, const struct roster_node *n, const char *dir, struct err *err)
{
	return dir_make(made_path(p, n, dir), 0755, err);
}

static int made_memory(const struct place *p, const struct roster_node *n, struct err *err)
{
	_cleanup_strbuf_ struct strbuf machine = {0}, text = {0};

	if (!n->node.memory_mib)
		return 0;
	if (file_read("/proc/meminfo", 1U << 20, &machine, err) < 0)
		return -1;
	made_meminfo(strbuf_str(&machine), n->node.memory_mib, &text);
	return made_write(p, n, "meminfo", strbuf_str(&text), err);
}

/* The card's entry on the bus, what its driver says of it, and its device file. */
static int made_card(const struct place *p, const struct roster_node *n, unsigned i, const char *cpus, struct err *err)
{
	static const char *const ids[] = {CARD}, *const names[] = {"class", "vendor", "device"};
	const char *bus = arena_printf(p->arena, "pci/0000:%02x:00.0", 0x3b + i);
	const char *driver = arena_printf(p->arena, "driver/nvidia/gpus/0000:%02x:00.0", 0x3b + i);
	const char *file = made_path(p, n, arena_printf(p->arena, "nvidia%u", i));
	_cleanup_free_ char *text = xasprintf("Model: \t\t %s\nDevice Minor: \t %u\nGPU Excluded:\t No\n", MODEL, i);

	if (made_dir(p, n, bus, err) < 0 || made_dir(p, n, driver, err) < 0 ||
	    made_write(p, n, arena_printf(p->arena, "%s/information", driver), text, err) < 0 ||
	    made_write(p, n, arena_printf(p->arena, "%s/local_cpulist", bus), cpus, err) < 0)
		return -1;
	for (size_t k = 0; k < ARRAY_LEN(ids); k++)
		if (made_write(p, n, arena_printf(p->arena, "%s/%s", bus, names[k]),
			       arena_printf(p->arena, "%s\n", ids[k]), err) < 0)
			return -1;
	if (symlink("../../../bus/pci/drivers/nvidia", made_path(p, n, arena_printf(p->arena, "%s/driver", bus))) < 0)
		return err_system(err, errno, "cannot make a link below %s", made_path(p, n, bus));
	if (mknod(file, S_IFCHR | 0666, makedev(NVIDIA_MAJOR, i)) < 0 || chmod(file, 0666) < 0)
		return err_system(err, errno, "cannot make the device file %s", file);
	return 0;
}

static int made_gpus(const struct place *p, const struct roster_node *n, struct err *err)
{
	static const char *const dirs[] = {"pci", "driver", "driver/nvidia", "driver/nvidia/gpus"};
	_cleanup_strbuf_ struct strbuf cpus = {0};

	if (!n->node.gpus)
		return 0;
	if (access("/sys/bus/pci/devices", F_OK) < 0 || access("/proc/driver", F_OK) < 0)
		return err_set(err, ERR_MISSING, "%s cannot have GPUs: this kernel has no PCI bus", n->node.name);
	if (file_read("/sys/devices/system/cpu/online", 4096, &cpus, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (made_dir(p, n, dirs[i], err) < 0)
			return -1;
	for (unsigned i = 0; i < n->node.gpus; i++)
		if (made_card(p, n, i, strbuf_str(&cpus), err) < 0)
			return -1;
	return 0;
}

static bool made_any(const struct roster_node *n)
{
	return n->node.memory_mib || n->node.gpus;
}

int made_prepare(const struct place *p, const struct roster_node *n, struct err *err)
{
	if (place_remove(place_node(p, n->node.name, "made"), err) < 0)
		return -1;
	if (!made_any(n))
		return 0;
	if (made_dir(p, n, "", err) < 0 || made_dir(p, n, "unit", err) < 0 ||
	    made_write(p, n, "unit/made.conf", "[Service]\nExecStart=/bin/sh " THERE "/show\n", err) < 0 ||
	    made_write(p, n, "show", made_sh, err) < 0)
		return -1;
	return made_memory(p, n, err) < 0 ? -1 : made_gpus(p, n, err);
}

void made_options(const struct place *p, const struct roster_node *n, struct names *argv)
{
	if (!made_any(n))
		return;
	*vec_push_in(p->arena, argv) =
	    arena_printf(p->arena, "--bind-ro=%s:" THERE, place_node(p, n->node.name, "made"));
	*vec_push_in(p->arena, argv) = arena_printf(p->arena, "--bind-ro=%s:" UNIT, made_path(p, n, "unit"));
	for (unsigned i = 0; i < n->node.gpus; i++)
		*vec_push_in(p->arena, argv) = arena_printf(p->arena, "--bind=%s:/dev/nvidia%u",
							    made_path(p, n, arena_printf(p->arena, "nvidia%u", i)), i);
}
