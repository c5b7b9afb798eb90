/*
 * Directories: they exist, with owner, group and mode. What is in them is nobody's business here, but for one question: a
 * directory that somebody else has, or has put something into, keeps its owner (docs/adr/0057-owners.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/failpoint.h"
#include "agent/passwd.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/fd.h"

/* Is it somebody's who is not the wanted owner (-1: who does not exist yet)? */
static bool is_foreign(const struct resource *r, int fd, const struct stat *st, uid_t uid)
{
	return !r->directory.ours && st->st_uid != uid && (st->st_uid != 0 || !root_is_empty(fd));
}

static void refuse(struct session *s, const struct resource *r, const struct stat *st, struct probe *p)
{
	probe_found(p, OBSERVED_ERROR, "%s exists already and belongs to %s%s; its owner is not changed to %s",
		    r->directory.path, passwd_user_name(s, st->st_uid, p->arena),
		    st->st_uid ? "" : ", and is not empty", r->directory.owner);
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct stat st;
	struct err err;
	uid_t uid;
	gid_t gid;
	_cleanup_strbuf_ struct strbuf why = {0};
	if (root_lstat(&s->root, r->directory.path, &st) < 0) {
		if (errno == ENOENT)
			return probe_found(p, OBSERVED_MISSING, "is not there");
		root_error(&err, errno, "cannot look at", r->directory.path);
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	}
	if (!S_ISDIR(st.st_mode))
		return probe_found(p, OBSERVED_ERROR, "%s is a %s, not a directory", r->directory.path,
				   root_kind(st.st_mode));
	bool known = passwd_ids(s, r->directory.owner, r->directory.group, &uid, &gid, &err) == 0;
	_cleanup_fd_ int fd = root_file(&s->root, r->directory.path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
	if (is_foreign(r, fd, &st, known ? uid : (uid_t)-1))
		return refuse(s, r, &st, p);
	if (!known) {
		strbuf_addf(&why, ", %s", err.text);
	} else {
		if (st.st_uid != uid)
			strbuf_addf(&why, ", owner %s, not %s", passwd_user_name(s, st.st_uid, p->arena),
				    r->directory.owner);
		if (st.st_gid != gid)
			strbuf_addf(&why, ", group %s, not %s", passwd_group_name(s, st.st_gid, p->arena),
				    r->directory.group);
	}
	if ((st.st_mode & 07777) != r->directory.mode)
		strbuf_addf(&why, ", mode %04o, not %04o", st.st_mode & 07777, r->directory.mode);
	if (why.len)
		probe_found(p, OBSERVED_DIFFERS, "%s", why.data + 2);
	else
		probe_found(p, OBSERVED_SAME, "%s", "");
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	const char *path = r->directory.path, *name;
	struct stat st;
	uid_t uid;
	gid_t gid;
	if (passwd_ids(s, r->directory.owner, r->directory.group, &uid, &gid, err) < 0)
		return -1;
	_cleanup_fd_ int above = root_parent_make(&s->root, path, &name, err);
	if (above < 0)
		return -1;
	failpoint();
	if (found->state == OBSERVED_MISSING && mkdirat(above, name, 0700) < 0 && errno != EEXIST)
		return root_error(err, errno, "cannot make the directory", path);
	failpoint();
	_cleanup_fd_ int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return root_error(err, errno, "cannot open the directory", path);
	if (is_foreign(r, fd, &st, uid))
		return err_set(err, ERR_REFUSED, "%s was made by somebody else in the meantime", path);
	if (fchown(fd, uid, gid) < 0)
		return root_error(err, errno, "cannot change the owner of", path);
	failpoint();
	if (fchmod(fd, r->directory.mode) < 0)
		return root_error(err, errno, "cannot change the mode of", path);
	failpoint();
	if (fsync(above) < 0)
		return root_error(err, errno, "cannot write the directory of", path);
	if (found->state == OBSERVED_MISSING)
		strbuf_adds(what, "made");
	else
		strbuf_addf(what, "changed: %s", found->why);
	return 0;
}

const struct resource_ops directory_ops = {.probe = probe, .apply = apply};
