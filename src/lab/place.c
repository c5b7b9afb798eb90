#include "lab/place.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "lab/tool.h"

#define LOCK_WAIT_MS 600000
#define MOUNTINFO_MAX (16U << 20)

static const char *place_tag(struct arena *arena, const char *cluster)
{
	struct digest digest = digest_of(cluster, strlen(cluster));
	char word[8];
	size_t len = 0;

	for (const char *s = cluster; *s && len < 7; s++)
		if (isalnum((unsigned char)*s))
			word[len++] = (char)tolower((unsigned char)*s);
	word[len] = '\0';
	return arena_printf(arena, "%s%.4s", word, digest.hex);
}

int place_init(struct place *p, struct arena *arena, const char *cluster, struct err *err)
{
	const char *cache = getenv("REEVE_CACHE");

	if (!cache || !*cache)
		cache = "/var/cache/reeve";
	if (!str_is_name(cluster, 40))
		return err_set(err, ERR_INPUT, "'%s' cannot be the name of a lab", cluster);
	/* Paths are parts of overlay options and of ssh_config, where these have a meaning. */
	if (*cache != '/' || strpbrk(cache, ":,\\\"' \t\n%"))
		return err_set(err, ERR_INPUT, "REEVE_CACHE must be an absolute path without blanks and :,\\\"'%%: %s",
			       cache);

	*p = (struct place){
	    .arena = arena, .cluster = arena_strdup(arena, cluster), .cache = arena_strdup(arena, cache)};
	p->images = arena_printf(arena, "%s/images", cache);
	p->labs = arena_printf(arena, "%s/labs", cache);
	p->dir = arena_printf(arena, "%s/%s", p->labs, cluster);
	p->nodes = arena_printf(arena, "%s/nodes", p->dir);
	p->tag = place_tag(arena, cluster);
	p->bridge = arena_printf(arena, "rv-%s", p->tag);
	p->table = arena_printf(arena, "reeve_%s", p->tag);
	return 0;
}

char *place_path(const struct place *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *rest = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	return arena_printf(p->arena, "%s/%s", p->dir, rest);
}

char *place_node(const struct place *p, const char *node, const char *file)
{
	return arena_printf(p->arena, "%s/%s/%s", p->nodes, node, file);
}

int place_private(const char *path, struct err *err)
{
	if (dir_make(path, 0700, err) < 0)
		return -1;
	return chmod(path, 0700) < 0 ? err_system(err, errno, "cannot close %s to others", path) : 0;
}

int place_lock(const char *path, struct err *err)
{
	_cleanup_fd_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	uint64_t deadline = clock_ms() + LOCK_WAIT_MS;

	if (fd < 0)
		return err_system(err, errno, "cannot open %s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_system(err, errno, "cannot lock %s", path);
		if (clock_ms() > deadline)
			return err_set(err, ERR_TIMEOUT, "another reeve has held %s for ten minutes", path);
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	int locked = fd;
	fd = -1;
	return locked;
}

int place_write(const char *path, mode_t mode, const void *bytes, size_t len, struct err *err)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0 || fchmod(fd, mode) < 0 || fd_write_all(fd, bytes, len) < 0)
		return err_system(err, errno, "cannot write %s", path);
	return 0;
}

/* mountinfo writes blanks, backslashes and newlines as \ooo (proc_pid_mountinfo(5)). */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

int place_unmount(const char *path, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	VEC(char *) points = {0};
	size_t len = strlen(path);
	int rc = 0;

	if (file_read("/proc/self/mountinfo", MOUNTINFO_MAX, &text, err) < 0)
		return -1;
	for (char *rest = text.data, *line; rest && (line = str_next_line(&rest));) {
		char *point = NULL;
		for (int field = 0; field < 5; field++)
			point = str_next(&line, " ");
		if (!point)
			continue;
		unescape(point);
		if (strncmp(point, path, len) == 0 && (point[len] == '/' || point[len] == '\0'))
			*vec_push(&points) = point;
	}
	for (size_t i = points.len; i-- > 0 && rc == 0;)
		if (umount2(points.items[i], MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
			rc = err_system(err, errno, "cannot unmount %s", points.items[i]);
	vec_free(&points);
	return rc;
}

int place_remove(const char *path, struct err *err)
{
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	return tool_run((const char *const[]){"rm", "-rf", "--one-file-system", "--", path, NULL}, NULL, NULL, -1, err);
}
