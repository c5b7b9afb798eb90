/*
 * What is changed in the tree beyond the packages makes nodes boot in seconds and answer at once, and nothing else:
 * units that have no work in a throwaway container are masked, ssh does not look up names, dpkg does not fsync.
 */
#include "lab/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "lab/foreign.h"
#include "lab/sources.h"
#include "lab/tool.h"

#define IMAGE_FORMAT "1" /* raised with every change here that changes the tree */
#define PACKAGES "systemd,systemd-sysv,dbus,openssh-server,iproute2,procps,ca-certificates,less"
#define UNBROUGHT ",mount" /* what systemd brings as far as trixie, and every Debian has from its installer */
#define BESIDE "lmod logrotate libpmix2" /* what clusters install beside the stock */

/* What is in the trees of all backends. */
static const struct image_file image_files[] = {
    {"/etc/ssh/sshd_config.d/reeve-lab.conf", 0644,
     "HostKey /etc/ssh/ssh_host_ed25519_key\n"
     "UseDNS no\n"
     "PrintMotd no\n"
     "PrintLastLog no\n"
     "PasswordAuthentication no\n"
     "MaxStartups 200\n"
     "MaxSessions 200\n"},
    {"/etc/dpkg/dpkg.cfg.d/reeve-lab", 0644, "force-unsafe-io\n"},
    {"/etc/machine-id", 0444, ""},
    {NULL, 0, NULL},
};

/* Credentials need mounts that qemu-user cannot make; the units work without. */
static const char *const image_foreign[] = {"systemd-sysusers", "systemd-tmpfiles-setup", "systemd-tmpfiles-setup-dev",
					    "systemd-tmpfiles-setup-dev-early", "systemd-journald"};

/* What no node of a lab needs, whatever it runs in. */
static const char *const image_masks[] = {
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "systemd-logind.service",
    "console-getty.service",
    "getty.target",
    "systemd-sysctl.service",
    "dev-hugepages.mount",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
    "systemd-networkd.service",
    "systemd-networkd.socket",
    "systemd-networkd-wait-online.service",
    NULL,
};

const char *image_native_arch(void)
{
	struct utsname u;

	if (uname(&u) == 0 && streq(u.machine, "x86_64"))
		return "amd64";
	if (uname(&u) == 0 && streq(u.machine, "aarch64"))
		return "arm64";
	return NULL;
}

const char *image_path(const struct place *p, const char *id)
{
	return arena_printf(p->arena, "%s/%s", p->images, id);
}

unsigned image_systemd(const struct place *p, const char *id)
{
	static const char package[] = "\nPackage: systemd\n", version[] = "\nVersion: ";
	_cleanup_strbuf_ struct strbuf status = {0};
	uint64_t n;

	if (file_read(arena_printf(p->arena, "%s/tree/var/lib/dpkg/status", image_path(p, id)), 64U << 20, &status,
		      NULL) < 0)
		return 0;
	const char *at = strstr(strbuf_str(&status), package);
	const char *end = at ? strstr(at, "\n\n") : NULL;
	at = at ? strstr(at, version) : NULL;
	return at && (!end || at < end) && str_read_u64(at + sizeof version - 1, 9999, &n) ? (unsigned)n : 0;
}

static int write_file(const char *tree, const char *path, mode_t mode, const char *text, struct err *err)
{
	_cleanup_free_ char *full = xasprintf("%s%s", tree, path);
	char *slash = strrchr(full, '/');

	*slash = '\0';
	if (dir_make(full, 0755, err) < 0)
		return -1;
	*slash = '/';
	if (unlink(full) < 0 && errno != ENOENT)
		return err_system(err, errno, "cannot replace %s", full);
	if (!text)
		return symlink("/dev/null", full) < 0 ? err_system(err, errno, "cannot make %s", full) : 0;
	return place_write(full, mode, text, strlen(text), err);
}

static int write_files(const char *tree, const struct image_file *files, struct err *err)
{
	for (size_t i = 0; files[i].path; i++)
		if (write_file(tree, files[i].path, files[i].mode, files[i].text, err) < 0)
			return -1;
	return 0;
}

/* Lines with `word` are taken out of a file of the tree; a file that is not there is right. */
static int drop_lines(const char *tree, const char *path, const char *word, struct err *err)
{
	_cleanup_free_ char *full = xasprintf("%s%s", tree, path);
	_cleanup_strbuf_ struct strbuf text = {0}, kept = {0};

	if (access(full, F_OK) < 0)
		return 0;
	if (file_read(full, 1U << 20, &text, err) < 0)
		return -1;
	for (char *rest = text.data, *line; rest && (line = str_next_line(&rest));)
		if (!strstr(line, word))
			strbuf_addf(&kept, "%s\n", line);
	return place_write(full, 0644, strbuf_str(&kept), kept.len, err);
}

static int mask_units(const char *tree, const char *const *units, struct err *err)
{
	for (; *units; units++) {
		_cleanup_free_ char *path = xasprintf("/etc/systemd/system/%s", *units);
		if (write_file(tree, path, 0, NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int finish_tree(const struct image_recipe *recipe, const char *tree, bool foreign, struct err *err)
{
	static const char *const keys[] = {"rsa", "ecdsa", "ed25519"};

	if (write_files(tree, image_files, err) < 0 || write_files(tree, recipe->files, err) < 0)
		return -1;
	if (mask_units(tree, image_masks, err) < 0 || mask_units(tree, recipe->masks, err) < 0)
		return -1;
	for (size_t i = 0; foreign && i < ARRAY_LEN(image_foreign); i++) {
		_cleanup_free_ char *path =
		    xasprintf("/etc/systemd/system/%s.service.d/reeve-lab.conf", image_foreign[i]);
		if (write_file(tree, path, 0644, "[Service]\nLoadCredential=\nSetCredential=\nImportCredential=\n",
			       err) < 0)
			return -1;
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		_cleanup_free_ char *key = xasprintf("%s/etc/ssh/ssh_host_%s_key", tree, keys[i]);
		_cleanup_free_ char *pub = xasprintf("%s.pub", key);
		if ((unlink(key) < 0 || unlink(pub) < 0) && errno != ENOENT)
			return err_system(err, errno, "cannot remove %s", key);
	}
	_cleanup_free_ char *wants = xasprintf("%s/etc/systemd/system/sysinit.target.wants", tree);
	_cleanup_free_ char *link = xasprintf("%s/reeve-lab.service", wants);
	if (dir_make(wants, 0755, err) < 0)
		return -1;
	if (symlink("/etc/systemd/system/reeve-lab.service", link) < 0 && errno != EEXIST)
		return err_system(err, errno, "cannot make %s", link);
	if (drop_lines(tree, "/etc/pam.d/sshd", "pam_motd", err) < 0 ||
	    drop_lines(tree, "/etc/pam.d/sshd", "pam_mail", err) < 0)
		return -1;
	return 0;
}

/* What the last line of a log says. */
static const char *last_line(const struct place *p, const char *path)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *last = "";

	if (file_read(path, 64U << 20, &text, NULL) < 0)
		return "";
	for (char *rest = text.data, *line; rest && (line = str_next_line(&rest));)
		if (*line)
			last = line;
	return str_printable(p->arena, last, strlen(last));
}

static const char *const *hooks_of(const struct image_recipe *recipe, const struct lab_stock *stock,
				   struct arena *arena)
{
	static const char *const none[] = {NULL};
	return recipe->hooks ? recipe->hooks(stock, arena) : none;
}

/* With a comma in front of each. */
static const char *brought(const char *suite)
{
	return streq(suite, SOURCES_UNRELEASED) ? UNBROUGHT : "";
}

static int build(const struct place *p, const struct image_recipe *recipe, const struct lab_stock *stock,
		 const char *suite, const char *arch, const char *sources, const char *options, const char *aside,
		 struct err *err)
{
	const char *const *hooks = hooks_of(recipe, stock, p->arena);
	const char *tree = arena_printf(p->arena, "%s/tree", aside);
	const char *list = arena_printf(p->arena, "%s/debian.sources", aside);
	const char *log = arena_printf(p->arena, "%s.log", aside);
	VEC(const char *) argv = {0};
	_cleanup_free_ char *lines = xstrdup(options);
	bool foreign = !streq(arch, image_native_arch());
	const char *const fixed[] = {
	    "mmdebstrap",
	    "--mode=root",
	    "--format=directory",
	    "--variant=apt",
	    "--skip=cleanup/apt",
	    "--dpkgopt=path-exclude=/usr/share/man/*",
	    "--dpkgopt=path-exclude=/usr/share/doc/*",
	    "--dpkgopt=path-exclude=/usr/share/locale/*",
	    "--dpkgopt=force-unsafe-io",
	    "--customize-hook=rm -f \"$1\"/var/cache/apt/archives/*.deb \"$1\"/etc/dpkg/dpkg.cfg.d/99mmdebstrap",
	    arena_printf(p->arena,
			 "--customize-hook=chroot \"$1\" apt-get -q -y --no-install-recommends --download-only "
			 "install %s " BESIDE,
			 stock->packages),
	    "--customize-hook=chroot \"$1\" apt-cache gencaches",
	};

	_cleanup_fd_ int log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0644);
	if (log_fd < 0)
		return err_system(err, errno, "cannot write %s", log);
	if (dir_make(aside, 0755, err) < 0 || place_write(list, 0644, sources, strlen(sources), err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		*vec_push(&argv) = fixed[i];
	for (; *hooks; hooks++)
		*vec_push(&argv) = arena_printf(p->arena, "--customize-hook=%s", *hooks);
	*vec_push(&argv) = arena_printf(p->arena, "--include=" PACKAGES "%s%s", brought(suite), recipe->packages);
	*vec_push(&argv) = arena_printf(p->arena, "--arch=%s", arch);
	for (char *rest = lines, *line; (line = str_next_line(&rest));)
		if (*line)
			*vec_push(&argv) = arena_printf(p->arena, "--aptopt=%s", line);
	*vec_push(&argv) = suite;
	*vec_push(&argv) = tree;
	*vec_push(&argv) = list;
	*vec_push(&argv) = NULL;
	int rc = tool_run(argv.items, NULL, NULL, log_fd, err);
	vec_free(&argv);
	if (rc < 0)
		return err_set(err, ERR_FAILED,
			       "mmdebstrap could not build the image of %s %s: %s (all of it is in %s)", suite, arch,
			       last_line(p, log), log);
	if (finish_tree(recipe, tree, foreign, err) < 0)
		return -1;
	return recipe->finish ? recipe->finish(p, aside, log_fd, err) : 0;
}

static int build_aside(const struct place *p, const struct image_recipe *recipe, const struct lab_stock *stock,
		       const char *suite, const char *arch, const char *sources, const char *options, const char *path,
		       struct err *err)
{
	const char *aside = arena_printf(p->arena, "%s.building", path);

	if (tool_need("mmdebstrap", "mmdebstrap", err) < 0)
		return -1;
	if (!streq(arch, image_native_arch()) && tool_need("arch-test", "arch-test", err) < 0)
		return -1;
	if (place_unmount(aside, err) < 0 || place_remove(aside, err) < 0)
		return -1;
	if (build(p, recipe, stock, suite, arch, sources, options, aside, err) < 0) {
		struct err ignored;
		(void)place_unmount(aside, &ignored);
		(void)place_remove(aside, &ignored);
		return -1;
	}
	/* rename alone is no promise that the files are on the disk */
	_cleanup_fd_ int fd = open(aside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) < 0 || rename(aside, path) < 0)
		return err_system(err, errno, "cannot put %s in place", path);
	return 0;
}

int image_get(const struct place *p, const struct image_recipe *recipe, const struct lab_stock *stock,
	      const char *suite, const char *arch, lab_progress *progress, void *context, const char **ret_id,
	      struct err *err)
{
	_cleanup_strbuf_ struct strbuf sources = {0}, options = {0}, text = {0};
	bool foreign = !streq(arch, image_native_arch());

	if (foreign && foreign_register(p, arch, err) < 0)
		return -1;
	if (sources_of_machine(suite, &sources, err) < 0 || sources_options(suite, &options, err) < 0)
		return -1;
	strbuf_addf(
	    &text,
	    "format " IMAGE_FORMAT "\nsuite %s\narch %s\npackages " PACKAGES "%s%s\narchives %s " BESIDE "\n%s%s",
	    suite, arch, brought(suite), recipe->packages, stock->packages, strbuf_str(&sources), strbuf_str(&options));
	for (const char *const *hooks = hooks_of(recipe, stock, p->arena); *hooks; hooks++)
		strbuf_addf(&text, "hook %s\n", *hooks);
	if (recipe->describe && recipe->describe(&text, err) < 0)
		return -1;
	struct digest digest = digest_of(text.data, text.len);
	const char *id = arena_printf(p->arena, "%s%s-%s-%.16s", recipe->name, suite, arch, digest.hex);
	const char *path = image_path(p, id);

	*ret_id = id;
	if (place_private(p->images, err) < 0)
		return -1;
	if (access(path, F_OK) == 0)
		return 0;
	_cleanup_fd_ int lock = place_lock(arena_printf(p->arena, "%s.lock", path), err);
	if (lock < 0)
		return -1;
	if (access(path, F_OK) == 0)
		return 0;
	progress(context, NULL,
		 arena_printf(p->arena, "building the image of %s%s %s (%s)", recipe->name, suite, arch,
			      foreign ? "about ten minutes, once" : "a minute or two, once"));
	uint64_t start = clock_ms();
	if (build_aside(p, recipe, stock, suite, arch, strbuf_str(&sources), strbuf_str(&options), path, err) < 0)
		return -1;
	progress(context, NULL,
		 arena_printf(p->arena, "image %s built in %.0f s", id, (double)(clock_ms() - start) / 1000));
	return 0;
}
