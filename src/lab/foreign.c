#include "lab/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "lab/process.h"

#define BINFMT "/proc/sys/fs/binfmt_misc"

static const char *const cpus[][2] = {{"arm64", "aarch64"}, {"amd64", "x86_64"}};

static int tell_kernel(const char *path, const char *text, size_t len)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, len) < 0 ? -1 : 0;
}

/* LABS/binfmt.was-off: the boot, then "mounted" or the names registered, a line each. */
static const char *record_path(const struct place *p)
{
	return arena_printf(p->arena, "%s/binfmt.was-off", p->labs);
}

static int record(const struct place *p, const char *what, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *path = record_path(p);
	char boot[64];

	process_boot(boot);
	if (file_read(path, 1U << 16, &text, NULL) < 0 || !str_starts(strbuf_str(&text), boot)) {
		strbuf_reset(&text);
		strbuf_addf(&text, "%s\n", boot);
	}
	strbuf_addf(&text, "%s\n", what);
	return file_write_atomic(path, text.data, text.len, 0644, err);
}

int foreign_register(const struct place *p, const char *arch, struct err *err)
{
	_cleanup_strbuf_ struct strbuf rule = {0};
	const char *cpu = cpus[streq(arch, cpus[0][0]) ? 0 : 1][1];
	const char *name = arena_printf(p->arena, "qemu-%s", cpu);
	const char *known = arena_printf(p->arena, BINFMT "/%s", name);
	const char *file = arena_printf(p->arena, "/usr/lib/binfmt.d/%s.conf", name);

	if (access(known, F_OK) == 0)
		return 0;
	if (file_read(file, 1U << 16, &rule, NULL) < 0)
		return err_set(err, ERR_MISSING, "nodes of %s need qemu: apt-get install qemu-user-static", arch);
	if (access(BINFMT "/register", F_OK) < 0) {
		if (record(p, "mounted", err) < 0)
			return -1;
		if (mount("binfmt_misc", BINFMT, "binfmt_misc", 0, NULL) < 0)
			return err_system(err, errno, "cannot mount " BINFMT);
	}
	if (access(known, F_OK) == 0)
		return 0;
	if (record(p, name, err) < 0)
		return -1;
	if (tell_kernel(BINFMT "/register", rule.data, rule.len) < 0)
		return err_system(err, errno, "cannot register %s with the kernel", file);
	return 0;
}

int foreign_release(const struct place *p, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *path = record_path(p);
	bool mounted = false;
	char boot[64];

	if (file_read(path, 1U << 16, &text, NULL) < 0)
		return 0;
	char *rest = text.data, *line = str_next_line(&rest);
	bool now = line && streq(line, process_boot(boot));
	while (now && rest && (line = str_next_line(&rest))) {
		if (streq(line, "mounted"))
			mounted = true;
		for (size_t i = 0; i < sizeof cpus / sizeof *cpus; i++) {
			const char *name = arena_printf(p->arena, "qemu-%s", cpus[i][1]);
			/* "-1" takes an entry away (binfmt-misc.rst of the kernel's documentation) */
			if (streq(line, name) && tell_kernel(arena_printf(p->arena, BINFMT "/%s", name), "-1", 2) < 0 &&
			    errno != ENOENT)
				return err_system(err, errno, "cannot take %s from the kernel", name);
		}
	}
	if (mounted && umount2(BINFMT, 0) < 0 && errno != EINVAL && errno != ENOENT)
		return err_system(err, errno, "cannot unmount " BINFMT);
	return unlink(path) < 0 ? err_system(err, errno, "cannot remove %s", path) : 0;
}
