/*
 * Containers. The overlay is mounted by the node's own process in a mount namespace of its own, just before it becomes
 * systemd-nspawn. When that process ends, however it ends, the mount is gone: a killed lab leaves none behind.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/names.h"
#include "lab/backend.h"
#include "lab/cgroups.h"
#include "lab/machine.h"
#include "lab/made.h"
#include "lab/ram.h"

static const char *const tools[][2] = {{"systemd-nspawn", "systemd-container"}, {NULL, NULL}};

static const struct image_file files[] = {
    /* Identity comes from the overlay: /etc/reeve-lab. The v1 controllers are read-only inside until bound again. */
    {"/etc/systemd/system/reeve-lab.service", 0644,
     "[Unit]\n"
     "Description=Network address and cgroups of a lab node\n"
     "DefaultDependencies=no\n"
     "Before=sysinit.target network.target ssh.service\n"
     "[Service]\n"
     "Type=oneshot\n"
     "RemainAfterExit=yes\n"
     "EnvironmentFile=/etc/reeve-lab\n"
     "ExecStart=ip address replace ${ADDRESS} dev host0\n"
     "ExecStart=ip link set host0 up\n"
     "ExecStart=ip route replace default via ${GATEWAY}\n"
     "ExecStart=-/bin/sh -c 'for c in freezer cpuset memory cpuacct devices cpu; do"
     " if [ -d /sys/fs/cgroup/$$c ]; then mount -o remount,bind,rw /sys/fs/cgroup/$$c; fi; done'\n"
     "[Install]\n"
     "WantedBy=sysinit.target\n"},
    {NULL, 0, NULL},
};

static const char *const masks[] = {
    "container-getty@.service",
    "systemd-remount-fs.service",
    NULL,
};

static const struct image_recipe recipe = {.name = "", .packages = "", .files = files, .masks = masks};

static const char *const *arguments(const struct place *p, const struct roster *r, const struct roster_node *n)
{
	struct names argv = {0};
	const char *fixed[] = {"systemd-nspawn",
			       "--quiet",
			       "--boot",
			       "--directory",
			       place_node(p, n->node.name, "root"),
			       arena_printf(p->arena, "--machine=%s-%s", p->tag, n->node.name),
			       arena_printf(p->arena, "--hostname=%s", n->node.hostname),
			       arena_printf(p->arena, "--network-bridge=%s", p->bridge),
			       "--register=no",
			       "--resolv-conf=off",
			       "--timezone=off",
			       "--link-journal=no",
			       "--setenv=SYSTEMD_COLORS=0"};

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		*vec_push_in(p->arena, &argv) = fixed[i];
	if (!cgroups_systemd())
		*vec_push_in(p->arena, &argv) = "--keep-unit";
	else if (n->node.memory_mib)
		*vec_push_in(p->arena, &argv) = arena_printf(p->arena, "--property=MemoryMax=%luM", n->node.memory_mib);
	for (size_t i = 0; i < r->bind_count; i++)
		*vec_push_in(p->arena, &argv) = arena_printf(
		    p->arena, "--bind=%s:%s", place_path(p, "shared/%s", r->binds[i].name), r->binds[i].path);
	made_options(p, n, &argv);
	*vec_push_in(p->arena, &argv) = NULL;
	return argv.items;
}

static int prepare(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err)
{
	(void)r;
	if (made_prepare(p, n, err) < 0)
		return -1;
	if (dir_make(place_node(p, n->node.name, "work"), 0755, err) < 0)
		return -1;
	return dir_make(place_node(p, n->node.name, "root"), 0755, err);
}

/* From there on systemd refuses to be started with control groups of version 1, which systemd-nspawn gives where the machine has them
 * (systemd's NEWS, "CHANGES WITH 258"). Those of version 2 are there beside them, without the controllers that version 1 has. */
enum { SYSTEMD_WITHOUT_V1 = 258 };

static int become(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err)
{
	const char *unified =
	    image_systemd(p, n->image) >= SYSTEMD_WITHOUT_V1 ? "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1" : NULL;
	const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
					   "LANG=C.UTF-8", "SYSTEMD_NSPAWN_LOCK=0", unified, NULL};
	const char *node = n->node.name;
	const char *overlay = arena_printf(p->arena, "lowerdir=%s/tree,upperdir=%s,workdir=%s", image_path(p, n->image),
					   place_node(p, node, "upper"), place_node(p, node, "work"));
	const char *const *argv = arguments(p, r, n);

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_system(err, errno, "cannot make a mount namespace");
	if (mount("overlay", place_node(p, node, "root"), "overlay", 0, overlay) < 0)
		return err_system(
		    err, errno,
		    "cannot mount the overlay of %s (REEVE_CACHE on a file system that can be an overlay's?)", node);
	if (n->node.memory_mib && ram_tell(n->node.memory_mib, err) < 0)
		return -1;
	execvpe(argv[0], (char *const *)argv, (char *const *)environment);
	return err_system(err, errno, "cannot execute %s", argv[0]);
}

static int refresh(const struct place *p, const char *node, bool runs, const char *hosts, struct err *err)
{
	_cleanup_strbuf_ struct strbuf now = {0}, ours = {0};
	const char *record = place_node(p, node, "hosts");
	pid_t leader = runs ? machine_leader(p, node) : 0;
	const char *path = leader ? arena_printf(p->arena, "/proc/%d/root/etc/hosts", (int)leader)
				  : place_node(p, node, "upper/etc/hosts");

	if ((runs && !leader) || file_read(path, 1U << 20, &now, NULL) < 0 ||
	    file_read(record, 1U << 20, &ours, NULL) < 0 || !streq(strbuf_str(&now), strbuf_str(&ours)) ||
	    streq(strbuf_str(&now), hosts))
		return 0;
	if (place_write(path, 0644, hosts, strlen(hosts), err) < 0)
		return -1;
	return place_write(record, 0644, hosts, strlen(hosts), err);
}

static unsigned port(const struct place *p, const char *node)
{
	return bridge_port(machine_leader(p, node));
}

static int clear(const struct place *p, const char *node, struct err *err)
{
	/* empty: what was mounted there was so in the node's own namespace */
	const char *left = arena_printf(p->arena, "/run/systemd/nspawn/propagate/%s-%s", p->tag, node);

	if (rmdir(left) < 0 && errno != ENOENT)
		return err_system(err, errno, "cannot remove %s", left);
	return 0;
}

const struct backend backend_nspawn = {
    .name = "nspawn",
    .tools = tools,
    .image = &recipe,
    .foreign = true,
    .binds = true,
    .shows = true,
    .wait_s = 120,
    .seed = "upper",
    .child_leads = true,
    .prepare = prepare,
    .become = become,
    .refresh = refresh,
    .port = port,
    .clear = clear,
};
