#include "agent/passwd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { GETENT_MS = 10000, TEXT_MAX = 64 << 20 };

static void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}
#define _cleanup_file_ __attribute__((cleanup(fclosep)))

/*
 * The file, read whole into `text`: glibc asks a stream for its place at every line, which on a file is a system call
 * each. NULL with errno where it cannot be read, ENODATA where it is empty.
 */
static FILE *open_text(struct session *s, const char *path, struct strbuf *text)
{
	_cleanup_fd_ int fd = root_file(&s->root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	struct err err;
	if (fd < 0)
		return NULL;
	int r = fd_read_all(fd, TEXT_MAX, text, &err);
	if (r < 0 || !text->len) {
		errno = r == 0 ? ENODATA : err.code == ERR_LIMIT ? EFBIG : err.sys;
		return NULL;
	}
	return fmemopen(text->data, text->len, "r");
}

/* One line of getent(1), as a stream, or NULL where the name is unknown: status 2. A directory service that does not
 * answer is no proof that nobody has the name. */
static int ask_getent(struct session *s, const char *database, const char *name, struct strbuf *text, FILE **ret,
		      struct err *err)
{
	const char *const argv[] = {"getent", database, name, NULL};
	*ret = NULL;
	if (root_is_scratch(&s->root))
		return 0;
	struct child *c = child_start(s, &(struct child_spec){.argv = argv, .timeout_ms = GETENT_MS}, err);
	if (!c)
		return -1;
	int r = child_wait(s, c, err);
	bool unknown = r == 0 && !c->timed_out && WIFEXITED(c->status) && WEXITSTATUS(c->status) == 2;
	if (r == 0 && !unknown && !child_succeeded(c)) {
		_cleanup_strbuf_ struct strbuf why = {0};
		child_describe(c, "getent", &why);
		r = err_set(err, c->timed_out ? ERR_TIMEOUT : ERR_FAILED, "getent %s %s: %s", database, name, why.data);
	}
	if (r == 0 && !unknown && c->outbuf.len) {
		strbuf_add(text, strbuf_str(&c->outbuf), c->outbuf.len);
		*ret = fmemopen(text->data, text->len, "r");
	}
	child_free(s, c);
	return r;
}

static int scan_users(FILE *f, const char *name, uid_t uid, struct arena *arena, struct passwd_user *ret)
{
	for (struct passwd *pw; f && (pw = fgetpwent(f));)
		if (name ? streq(pw->pw_name, name) : pw->pw_uid == uid) {
			*ret = (struct passwd_user){.name = arena_strdup(arena, pw->pw_name),
						    .home = arena_strdup(arena, pw->pw_dir),
						    .shell = arena_strdup(arena, pw->pw_shell),
						    .uid = pw->pw_uid,
						    .gid = pw->pw_gid};
			return 1;
		}
	return 0;
}

static int scan_groups(FILE *f, const char *name, gid_t gid, struct arena *arena, struct passwd_group *ret)
{
	for (struct group *gr; f && (gr = fgetgrent(f));)
		if (name ? streq(gr->gr_name, name) : gr->gr_gid == gid) {
			*ret = (struct passwd_group){.name = arena_strdup(arena, gr->gr_name), .gid = gr->gr_gid};
			return 1;
		}
	return 0;
}

int passwd_user(struct session *s, const char *name, uid_t uid, struct arena *arena, struct passwd_user *ret,
		struct err *err)
{
	_cleanup_strbuf_ struct strbuf all = {0}, text = {0};
	_cleanup_file_ FILE *file = open_text(s, "/etc/passwd", &all);
	if (!file && errno != ENOENT && errno != ENODATA)
		return root_error(err, errno, "cannot open", "/etc/passwd");
	if (scan_users(file, name, uid, arena, ret))
		return 1;
	if (!name)
		return 0;
	_cleanup_file_ FILE *line = NULL;
	if (ask_getent(s, "passwd", name, &text, &line, err) < 0)
		return -1;
	return scan_users(line, name, uid, arena, ret);
}

int passwd_group(struct session *s, const char *name, gid_t gid, struct arena *arena, struct passwd_group *ret,
		 struct err *err)
{
	_cleanup_strbuf_ struct strbuf all = {0}, text = {0};
	_cleanup_file_ FILE *file = open_text(s, "/etc/group", &all);
	if (!file && errno != ENOENT && errno != ENODATA)
		return root_error(err, errno, "cannot open", "/etc/group");
	if (scan_groups(file, name, gid, arena, ret))
		return 1;
	if (!name)
		return 0;
	_cleanup_file_ FILE *line = NULL;
	if (ask_getent(s, "group", name, &text, &line, err) < 0)
		return -1;
	return scan_groups(line, name, gid, arena, ret);
}

int passwd_ids(struct session *s, const char *owner, const char *group, uid_t *ret_uid, gid_t *ret_gid, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	uint64_t number;
	if (streq(owner, "root")) {
		*ret_uid = 0;
	} else if (str_to_u64(owner, 0, UINT32_MAX - 1, &number) == 0) {
		*ret_uid = (uid_t)number;
	} else {
		struct passwd_user user = {0};
		int r = passwd_user(s, owner, 0, arena, &user, err);
		if (r <= 0)
			return r < 0 ? -1 : err_set(err, ERR_MISSING, "the user %s does not exist", owner);
		*ret_uid = user.uid;
	}
	if (streq(group, "root")) {
		*ret_gid = 0;
	} else if (str_to_u64(group, 0, UINT32_MAX - 1, &number) == 0) {
		*ret_gid = (gid_t)number;
	} else {
		struct passwd_group found;
		int r = passwd_group(s, group, 0, arena, &found, err);
		if (r <= 0)
			return r < 0 ? -1 : err_set(err, ERR_MISSING, "the group %s does not exist", group);
		*ret_gid = found.gid;
	}
	return 0;
}

size_t passwd_groups_of(struct session *s, const char *name, gid_t gid, gid_t *ret, size_t max)
{
	size_t n = 0;
	if (max)
		ret[n++] = gid;
	_cleanup_strbuf_ struct strbuf all = {0};
	_cleanup_file_ FILE *file = open_text(s, "/etc/group", &all);
	for (struct group *gr; file && (gr = fgetgrent(file));)
		for (char **member = gr->gr_mem; *member; member++)
			if (streq(*member, name) && gr->gr_gid != gid && n < max)
				ret[n++] = gr->gr_gid;
	return n;
}

const char *const *passwd_memberships(struct session *s, const char *name, struct arena *arena)
{
	VEC(const char *) names = {0};
	_cleanup_strbuf_ struct strbuf all = {0};
	_cleanup_file_ FILE *file = open_text(s, "/etc/group", &all);
	for (struct group *gr; file && (gr = fgetgrent(file));)
		for (char **member = gr->gr_mem; *member; member++)
			if (streq(*member, name)) {
				*vec_push_in(arena, &names) = arena_strdup(arena, gr->gr_name);
				break;
			}
	*vec_push_in(arena, &names) = NULL;
	return names.items;
}

const char *passwd_user_name(struct session *s, uid_t uid, struct arena *arena)
{
	struct passwd_user user = {0};
	if (uid == 0)
		return "root";
	if (passwd_user(s, NULL, uid, arena, &user, NULL) == 1)
		return user.name;
	return arena_printf(arena, "%u", uid);
}

const char *passwd_group_name(struct session *s, gid_t gid, struct arena *arena)
{
	struct passwd_group group = {0};
	if (gid == 0)
		return "root";
	if (passwd_group(s, NULL, gid, arena, &group, NULL) == 1)
		return group.name;
	return arena_printf(arena, "%u", gid);
}
