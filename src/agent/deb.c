#include "agent/deb.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/failpoint.h"
#include "agent/session.h"
#include "agent/spool.h"
#include "base/fd.h"
#include "base/str.h"

enum { SHOW_MS = 60000 };

const char *deb_path(struct session *s, const struct package *want, struct arena *arena)
{
	return arena_printf(arena, "%s" SPOOL_DIR "/%s.deb", s->root.path, want->deb->digest.hex);
}

/* Beside the file, whose name has no end: apt-get judges by that. */
static int name_it(struct session *s, const struct package *want, struct arena *arena, struct err *err)
{
	const char *hex = want->deb->digest.hex, *path = arena_printf(arena, SPOOL_DIR "/%s.deb", hex), *name;
	_cleanup_fd_ int dir = root_parent(&s->root, path, &name);
	failpoint();
	if (dir < 0 || (unlinkat(dir, name, 0) < 0 && errno != ENOENT) || symlinkat(hex, dir, name) < 0)
		return root_error(err, errno, "cannot make the link", path);
	failpoint();
	return 0;
}

int deb_get(struct session *s, const char *resource, const struct package *want, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_strbuf_ struct strbuf out = {0};
	struct spool sp = {.session = s, .resource = resource, .arena = arena};
	const char *path;
	if (spool_open(&sp, NULL, 0, 0, err) < 0 || spool_get(&sp, want->deb, &path, err) < 0)
		return -1;
	const char *const argv[] = {"dpkg-deb", "--show", "--showformat=${Package} ${Version}", path, NULL};
	if (child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = SHOW_MS, .max = 1000}, &out, err) < 0)
		return err_wrap(err, "%s", want->deb->name);
	const char *wanted = arena_printf(arena, "%s %s", want->name, want->version);
	if (!streq(strbuf_str(&out), wanted))
		return err_set(err, ERR_INPUT, "%s is %s, not %s", want->deb->name, strbuf_str(&out), wanted);
	return name_it(s, want, arena, err);
}
