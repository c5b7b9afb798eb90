/*
 * The overlay is mounted by the node's own process in a mount namespace of its own, just before it becomes
 * systemd-nspawn. When that process ends, however it ends, the mount is gone: a killed lab leaves none behind.
 */
#include "lab/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "lab/cgroups.h"
#include "lab/identity.h"
#include "lab/image.h"
#include "lab/process.h"

bool machine_runs(const struct place *p, const char *node)
{
	return process_find(place_node(p, node, "pid")) > 0;
}

pid_t machine_leader(const struct place *p, const char *node)
{
	pid_t pid = process_find(place_node(p, node, "pid"));

	return pid ? process_child(pid) : 0;
}

/* A 128 bit identity (machine-id(5)) that is the same whenever this node of this lab is made anew. */
static void machine_id(const struct place *p, const char *node, char ret[34])
{
	_cleanup_free_ char *text = xasprintf("reeve-lab %s %s", p->cluster, node);

	(void)snprintf(ret, 34, "%.32s\n", digest_of(text, strlen(text)).hex);
}

/* resolv.conf of this machine; where that names a resolver on the loopback, the one that it asks. */
static int resolvers(struct strbuf *out, struct err *err)
{
	static const char *const files[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		strbuf_reset(out);
		if (access(files[i], R_OK) < 0)
			continue;
		if (file_read(files[i], 1U << 20, out, err) < 0)
			return -1;
		if (!strstr(strbuf_str(out), "nameserver 127."))
			break;
	}
	return 0;
}

static int copy_file(const char *from, const char *to, mode_t mode, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	return file_read(from, 1U << 20, &text, err) < 0 ? -1 : place_write(to, mode, strbuf_str(&text), text.len, err);
}

/* The directories of the overlay take the place of the image's: with the same modes. */
static int make_dirs(const struct place *p, const char *node, struct err *err)
{
	static const struct {
		const char *path;
		mode_t mode;
	} dirs[] = {{"upper", 0755},           {"work", 0755},          {"root", 0755},
		    {"upper/etc", 0755},       {"upper/etc/ssh", 0755}, {"upper/root", 0700},
		    {"upper/root/.ssh", 0700}, {"upper/var", 0755}};

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (dir_make(place_node(p, node, dirs[i].path), dirs[i].mode, err) < 0)
			return -1;
	return 0;
}

static int write_disk(const struct place *p, const struct roster *r, const struct roster_node *n, const char *hosts,
		      struct err *err)
{
	const char *node = n->node.name, *key = identity_host_key(p, node);
	_cleanup_strbuf_ struct strbuf dns = {0};
	char id[34];

	if (make_dirs(p, node, err) < 0 || resolvers(&dns, err) < 0)
		return -1;
	machine_id(p, node, id);
	_cleanup_free_ char *hostname = xasprintf("%s\n", n->node.hostname);
	_cleanup_free_ char *network = xasprintf("ADDRESS=%s/%u\nGATEWAY=%s\n", n->node.address, r->subnet.prefix,
						 subnet_address(p->arena, r->subnet.gateway));
	const struct {
		const char *path, *text;
		mode_t mode;
	} files[] = {
	    {"upper/etc/hostname", hostname, 0644},
	    {"upper/etc/reeve-lab", network, 0644},
	    {"upper/etc/machine-id", id, 0444},
	    {"upper/etc/hosts", hosts, 0644},
	    {"upper/etc/resolv.conf", strbuf_str(&dns), 0644},
	    {"hosts", hosts, 0644},
	    /* The image is up to date: without these systemd runs ldconfig, sysusers and more at every node's first boot
	     * (systemd-update-done.service(8)). */
	    {"upper/etc/.updated", "", 0644},
	    {"upper/var/.updated", "", 0644},
	};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (place_write(place_node(p, node, files[i].path), files[i].mode, files[i].text, strlen(files[i].text),
				err) < 0)
			return -1;
	if (copy_file(key, place_node(p, node, "upper/etc/ssh/ssh_host_ed25519_key"), 0600, err) < 0 ||
	    copy_file(arena_printf(p->arena, "%s.pub", key),
		      place_node(p, node, "upper/etc/ssh/ssh_host_ed25519_key.pub"), 0644, err) < 0 ||
	    copy_file(arena_printf(p->arena, "%s.pub", identity_lab_key(p)),
		      place_node(p, node, "upper/root/.ssh/authorized_keys"), 0600, err) < 0)
		return -1;
	/* written last: a disk with it is whole */
	return place_write(place_node(p, node, "image"), 0644, n->image, strlen(n->image), err);
}

static int refresh_hosts(const struct place *p, const char *node, const char *path, const char *hosts, struct err *err)
{
	_cleanup_strbuf_ struct strbuf now = {0}, ours = {0};
	const char *record = place_node(p, node, "hosts");

	if (file_read(path, 1U << 20, &now, NULL) < 0 || file_read(record, 1U << 20, &ours, NULL) < 0 ||
	    !streq(strbuf_str(&now), strbuf_str(&ours)) || streq(strbuf_str(&now), hosts))
		return 0;
	if (place_write(path, 0644, hosts, strlen(hosts), err) < 0)
		return -1;
	return place_write(record, 0644, hosts, strlen(hosts), err);
}

int machine_refresh(const struct place *p, const char *node, const char *hosts, struct err *err)
{
	pid_t leader = machine_leader(p, node);

	return leader
		   ? refresh_hosts(p, node, arena_printf(p->arena, "/proc/%d/root/etc/hosts", (int)leader), hosts, err)
		   : 0;
}

int machine_prepare(const struct place *p, const struct roster *r, const struct roster_node *n, const char *hosts,
		    struct err *err)
{
	const char *dir = place_path(p, "nodes/%s", n->node.name);
	_cleanup_strbuf_ struct strbuf image = {0};

	if (file_read(place_node(p, n->node.name, "image"), 4096, &image, NULL) == 0 &&
	    streq(strbuf_str(&image), n->image))
		return refresh_hosts(p, n->node.name, place_node(p, n->node.name, "upper/etc/hosts"), hosts, err);
	if (place_unmount(dir, err) < 0 || place_remove(dir, err) < 0)
		return -1;
	return write_disk(p, r, n, hosts, err);
}

static const char *const *arguments(const struct place *p, const struct roster *r, const struct roster_node *n)
{
	VEC(const char *) argv = {0};
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
	for (size_t i = 0; i < r->bind_count; i++)
		*vec_push_in(p->arena, &argv) = arena_printf(
		    p->arena, "--bind=%s:%s", place_path(p, "shared/%s", r->binds[i].name), r->binds[i].path);
	*vec_push_in(p->arena, &argv) = NULL;
	return argv.items;
}

/* In the node's own process: becomes its systemd-nspawn, or says why not. */
static int become(const struct place *p, const char *node, const char *const *argv, const char *overlay,
		  struct err *err)
{
	static const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
						  "LANG=C.UTF-8", "SYSTEMD_NSPAWN_LOCK=0", NULL};
	const char *log = place_node(p, node, "log");
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);

	umask(022);
	if (process_record(place_node(p, node, "pid"), getpid(), err) < 0 || cgroups_enter(p, node, err) < 0)
		return -1;
	if (null < 0 || out < 0)
		return err_system(err, errno, "cannot write %s", log);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_system(err, errno, "cannot make a mount namespace");
	if (mount("overlay", place_node(p, node, "root"), "overlay", 0, overlay) < 0)
		return err_system(
		    err, errno,
		    "cannot mount the overlay of %s (REEVE_CACHE on a file system that can be an overlay's?)", node);
	if (chdir("/") < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return err_system(err, errno, "cannot set up standard input and output");
	execvpe(argv[0], (char *const *)argv, (char *const *)environment);
	return err_system(err, errno, "cannot execute %s", argv[0]);
}

/* The middle process: leaves the session and is no parent for long, so that the node lives on by itself. */
__attribute__((noreturn)) static void leave(const struct place *p, const char *node, const char *const *argv,
					    const char *overlay, int report)
{
	struct err err = {0};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	pid_t pid = setsid() < 0 ? -1 : fork();
	if (pid > 0)
		_exit(0);
	if (pid < 0)
		err_system(&err, errno, "cannot start a session");
	else
		(void)become(p, node, argv, overlay, &err);
	(void)fd_write_all(report, &err, sizeof err);
	_exit(1);
}

/* What a node that does not run may have left when it was killed. */
static int clear(const struct place *p, const char *node, struct err *err)
{
	/* empty: what was mounted there was so in the node's own namespace */
	const char *left = arena_printf(p->arena, "/run/systemd/nspawn/propagate/%s-%s", p->tag, node);

	if (cgroups_kill(p, node, err) < 0 || cgroups_remove(p, node, err) < 0)
		return -1;
	if (rmdir(left) < 0 && errno != ENOENT)
		return err_system(err, errno, "cannot remove %s", left);
	return place_unmount(place_path(p, "nodes/%s", node), err);
}

int machine_start(const struct place *p, const struct roster *r, const struct roster_node *n, struct err *err)
{
	const char *node = n->node.name;
	const char *overlay = arena_printf(p->arena, "lowerdir=%s,upperdir=%s,workdir=%s", image_tree(p, n->image),
					   place_node(p, node, "upper"), place_node(p, node, "work"));
	const char *const *argv = arguments(p, r, n);
	_cleanup_strbuf_ struct strbuf said = {0};
	int report[2];

	if (clear(p, node, err) < 0)
		return -1;
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_system(err, errno, "cannot make a pipe");
	pid_t pid = fork();
	if (pid == 0)
		leave(p, node, argv, overlay, report[1]);
	_cleanup_fd_ int from = report[0];
	close(report[1]);
	if (pid < 0)
		return err_system(err, errno, "cannot start %s", node);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	/* ends when the node's process executes systemd-nspawn: the pipe is closed then */
	if (fd_read_all(from, sizeof(struct err), &said, err) < 0)
		return -1;
	if (said.len == sizeof(struct err)) {
		if (err)
			memcpy(err, said.data, sizeof *err);
		return -1;
	}
	return 0;
}

int machine_stop(const struct place *p, const char *node, struct err *err)
{
	if (cgroups_thaw(p, node, err) < 0 || process_end(place_node(p, node, "pid"), err) < 0)
		return err_wrap(err, "%s", node);
	(void)unlink(place_node(p, node, "pid"));
	return clear(p, node, err);
}

const char *machine_last_words(const struct place *p, const char *node)
{
	_cleanup_strbuf_ struct strbuf log = {0};
	const char *last = "";

	if (file_read(place_node(p, node, "log"), 16U << 20, &log, NULL) < 0)
		return "";
	for (char *rest = log.data, *line; rest && (line = str_next_line(&rest));)
		/* that one it says at every end where /run is no tmpfs */
		if (line[strspn(line, " \t\r")] && !strstr(line, "Attempted to remove disk file system"))
			last = line;
	return str_printable(p->arena, last, strlen(last));
}
