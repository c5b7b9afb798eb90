/*
 * User-mode Linux: a kernel as a process, with the memory that it is given, a clock and control groups of its own, and
 * one processor. Its disk is a copy-on-write file over the image; what makes the node itself it reads by hostfs, the file
 * system that shows it a directory of this machine. Its cable is a tap device with a name made from the node's, so that
 * a killed one's is found.
 *
 * The guest's processes are processes here, too, whose system calls the kernel takes over with ptrace(2). When it is
 * killed they are let go: they would run on as root of this machine, in the middle of what they did. So the kernel is the
 * first process of a PID namespace, which ends with it and takes them along (pid_namespaces(7)).
 *
 * Directories are not shared among these nodes: by hostfs all that a guest's user makes belongs to root.
 */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "lab/backend.h"
#include "lab/cgroups.h"
#include "lab/reeve-lab.sh.h"
#include "lab/seed.h"
#include "lab/tool.h"

#define KERNEL "/usr/bin/linux.uml"
#define MODULES "/usr/lib/uml/modules"
#define SCRIPT "/usr/local/libexec/reeve-lab"
#define DISK_SIZE "8G"                                           /* sparse */
#define BESIDE "logrotate libpmix2 nfs-common nfs-kernel-server" /* what clusters install beside the stock */
#define BESIDE_UNITS "nfs-server"                                /* of these, that are not to start by themselves */

static const char *const tools[][2] = {
    {"linux.uml", "user-mode-linux"}, {"mke2fs", "e2fsprogs"}, {"unshare", "util-linux"}, {NULL, NULL}};

/* hostfs and virtual network are in the kernel; modules are there for what Slurm and its neighbours may want. */
static const struct image_file files[] = {
    {"/etc/systemd/system/reeve-lab.service", 0644,
     "[Unit]\n"
     "Description=Identity and network address of a lab node\n"
     "DefaultDependencies=no\n"
     "Before=sysinit.target network.target ssh.service\n"
     "[Service]\n"
     "Type=oneshot\n"
     "RemainAfterExit=yes\n"
     "ExecStart=" SCRIPT " boot\n"
     "[Install]\n"
     "WantedBy=sysinit.target\n"},
    {SCRIPT, 0755, reeve_lab_sh},
    {"/etc/fstab", 0644, ""},
    /* as in seed.c, which comes too late here */
    {"/etc/.updated", 0644, ""},
    {"/var/.updated", 0644, ""},
    {NULL, 0, NULL},
};

/* Without a virtual machine's speed every unit is a second: what a node of Slurm does not need is left out. */
static const char *const masks[] = {
    "dev-mqueue.mount",
    "kmod-static-nodes.service",
    "modprobe@.service",
    "proc-sys-fs-binfmt_misc.automount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-ask-password-console.path",
    "systemd-ask-password-wall.path",
    "systemd-binfmt.service",
    "systemd-journal-flush.service",
    "systemd-modules-load.service",
    "systemd-pstore.service",
    "systemd-random-seed.service",
    "systemd-timesyncd.service",
    NULL,
};

/*
 * Unpacking packages takes ten times as long in such a node: they lie in the image as their installation leaves them, but
 * for what it starts, enables and makes. That they are installed on bare nodes is shown with containers.
 */
static const char *const *hooks(const struct lab_stock *stock, struct arena *arena)
{
	const char *clean = "rm -f \"$1\"/usr/sbin/policy-rc.d";
	for (size_t i = 0; stock->secrets[i]; i++)
		clean = arena_printf(arena, "%s \"$1\"%s", clean, stock->secrets[i]);
	const char *const list[] = {
	    "printf '#!/bin/sh\\nexit 101\\n' >\"$1\"/usr/sbin/policy-rc.d && chmod 755 \"$1\"/usr/sbin/policy-rc.d",
	    arena_printf(arena, "chroot \"$1\" apt-get -qy --no-install-recommends install %s " BESIDE,
			 stock->packages),
	    arena_printf(arena, "systemctl --root=\"$1\" disable %s " BESIDE_UNITS, stock->units),
	    clean,
	    NULL,
	};
	return memcpy(arena_alloc(arena, sizeof list), list, sizeof list);
}

/* The kernel's version is in the name of its modules' directory. */
static int describe(struct strbuf *recipe, struct err *err)
{
	return tool_run((const char *const[]){"ls", MODULES, NULL}, NULL, recipe, -1, err);
}

static int finish(const struct place *p, const char *dir, int log_fd, struct err *err)
{
	const char *tree = arena_printf(p->arena, "%s/tree", dir), *disk = arena_printf(p->arena, "%s/disk", dir);
	const char *modules = arena_printf(p->arena, "%s/usr/lib/modules", tree);
	const char *const *const steps[] = {
	    (const char *const[]){"cp", "-a", "-T", MODULES, modules, NULL},
	    (const char *const[]){"mke2fs", "-q", "-F", "-t", "ext4", "-J", "size=16", "-E", "lazy_itable_init=1", "-d",
				  tree, disk, DISK_SIZE, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (tool_run(steps[i], NULL, NULL, log_fd, err) < 0)
			return -1;
	return place_remove(tree, err);
}

static const struct image_recipe recipe = {.name = "uml-",
					   .packages = ",kmod",
					   .files = files,
					   .masks = masks,
					   .hooks = hooks,
					   .describe = describe,
					   .finish = finish};

/* At most 15 bytes (IFNAMSIZ), different for the nodes of all labs. */
static const char *cable(const struct place *p, const char *node)
{
	_cleanup_free_ char *text = xasprintf("%s %s", p->cluster, node);

	return arena_printf(p->arena, "vt-%.12s", digest_of(text, strlen(text)).hex);
}

static int prepare(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err)
{
	const char *name = cable(p, n->node.name);
	_cleanup_free_ char *links =
	    xasprintf("tuntap add dev %s mode tap\nlink set dev %s master %s up\n", name, name, p->bridge);

	(void)r;
	return tool_run((const char *const[]){"ip", "-batch", "-", NULL}, links, NULL, -1, err);
}

/* A kernel without SMP that wanders from one processor to another is slow: each keeps to one, in turn. */
static int pin(size_t index, struct err *err)
{
	cpu_set_t allowed, one;
	size_t seen = 0;

	if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
		return err_system(err, errno, "cannot tell which processors may be used");
	index %= (size_t)CPU_COUNT(&allowed);
	CPU_ZERO(&one);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && seen++ == index)
			CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof one, &one) < 0 ? err_system(err, errno, "cannot keep to a processor") : 0;
}

static const char *const *arguments(const struct place *p, const struct roster_node *n)
{
	const char *node = n->node.name;
	const char *scope[] = {"systemd-run", "--quiet", "--scope", "--collect",
			       arena_printf(p->arena, "--unit=%s-%s", p->tag, node)};
	const char *alone[] = {"unshare", "--pid", "--fork", "--kill-child"};
	const char *kernel[] = {
	    KERNEL,
	    arena_printf(p->arena, "mem=%luM", n->node.memory_mib),
	    arena_printf(p->arena, "ubd0=%s,%s/disk", place_node(p, node, "cow"), image_path(p, n->image)),
	    "root=/dev/ubda",
	    "rw",
	    "quiet",
	    "selinux=0",
	    arena_printf(p->arena, "vec0:transport=tap,ifname=%s,depth=128,gro=1", cable(p, node)),
	    "con=null",
	    "con0=null,fd:1",
	    "umid=uml",
	    arena_printf(p->arena, "uml_dir=%s/", place_node(p, node, "run")),
	    arena_printf(p->arena, "hostfs=%s", p->dir),
	    arena_printf(p->arena, "lab.seed=nodes/%s/seed", node),
	    arena_printf(p->arena, "systemd.machine_id=%s", seed_machine_id(p, node)),
	    "systemd.show_status=0",
	};
	VEC(const char *) argv = {0};

	for (size_t i = 0; cgroups_systemd() && i < ARRAY_LEN(scope); i++)
		*vec_push_in(p->arena, &argv) = scope[i];
	for (size_t i = 0; i < ARRAY_LEN(alone); i++)
		*vec_push_in(p->arena, &argv) = alone[i];
	for (size_t i = 0; i < ARRAY_LEN(kernel); i++)
		*vec_push_in(p->arena, &argv) = kernel[i];
	*vec_push_in(p->arena, &argv) = NULL;
	return argv.items;
}

static int become(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err)
{
	/* TMPDIR: where its memory lies, in a file without a name (linux/Documentation/virt/uml) */
	static const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
						  "TMPDIR=/dev/shm", "HOME=/root", NULL};
	const char *const *argv = arguments(p, n), *run = place_node(p, n->node.name, "run");

	/* there lies the number of the last one, 1, and a kernel that finds that number alive takes another place */
	if (place_remove(run, err) < 0 || dir_make(run, 0755, err) < 0 || pin((size_t)(n - r->nodes), err) < 0)
		return -1;
	execvpe(argv[0], (char *const *)argv, (char *const *)environment);
	return err_system(err, errno, "cannot execute %s", argv[0]);
}

/* A node that runs takes the new file itself, when it is told to; one that is off, at its next boot. */
static int refresh(const struct place *p, const char *node, bool runs, const char *hosts, struct err *err)
{
	const char *seed = place_node(p, node, "seed/etc/hosts");
	_cleanup_strbuf_ struct strbuf now = {0};

	if (file_read(seed, 1U << 20, &now, err) < 0)
		return -1;
	if (streq(strbuf_str(&now), hosts))
		return 0;
	if (place_write(seed, 0644, hosts, strlen(hosts), err) < 0)
		return -1;
	if (!runs)
		return 0;
	return tool_run((const char *const[]){"timeout", "30", "ssh", "-F", place_path(p, "ssh_config"), node, SCRIPT,
					      "hosts", NULL},
			NULL, NULL, -1, err);
}

static unsigned port(const struct place *p, const char *node)
{
	return if_nametoindex(cable(p, node));
}

static int clear(const struct place *p, const char *node, struct err *err)
{
	if (!port(p, node))
		return 0;
	return tool_run((const char *const[]){"ip", "link", "delete", cable(p, node), NULL}, NULL, NULL, -1, err);
}

const struct backend backend_uml = {
    .name = "uml",
    .tools = tools,
    .image = &recipe,
    .memory_mib = 2048,
    .wait_s = 600,
    .seed = "seed",
    .child_leads = true,
    .prepare = prepare,
    .become = become,
    .refresh = refresh,
    .port = port,
    .clear = clear,
};
