/* The questions of collect that need no command of their own: one function each, and the table of them at the end. */
#include "agent/question.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/begun.h"
#include "agent/child.h"
#include "agent/dpkg.h"
#include "agent/passwd.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"
#include "wire/wire.h"

enum { READ_MAX = 16 << 20, LIST_MAX = 100000, NAMES_MAX = 256 };

static json_t *failure(int sys)
{
	return json_pack("{s:i}", "errno", sys);
}

static json_t *shape(struct err *err, const char *what)
{
	err_set(err, ERR_PROTOCOL, "an item (%s) of a wrong shape", what);
	return NULL;
}

static json_t *do_read(struct session *s, json_t *item, struct err *err)
{
	const char *path;
	json_int_t max;
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:I}", "read", &path, "max", &max) < 0 || max < 1 ||
	    max > READ_MAX)
		return shape(err, "read");
	_cleanup_fd_ int fd = root_file(&s->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct stat st;
	struct err why;
	if (fd < 0 || fstat(fd, &st) < 0)
		return failure(errno);
	if (!S_ISREG(st.st_mode))
		return failure(S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
	if (fd_read_all(fd, (size_t)max, &text, &why) < 0)
		return failure(why.code == ERR_LIMIT ? EFBIG : why.sys);
	json_t *result = json_object();
	child_set_text(result, "text", "b64", strbuf_str(&text), text.len);
	return result;
}

static const char *fs_name(int fd, char number[24])
{
	static const struct {
		unsigned long magic;
		const char *name;
	} known[] = {{0xEF53, "ext4"},      {0x58465342, "xfs"},      {0x9123683E, "btrfs"},  {0x01021994, "tmpfs"},
		     {0x6969, "nfs"},       {0x794C7630, "overlay"},  {0x2FC12FC1, "zfs"},    {0xBD00BD0, "lustre"},
		     {0x65735546, "fuse"},  {0x00C36400, "ceph"},     {0x47504653, "gpfs"},   {0x9FA0, "proc"},
		     {0x62656572, "sysfs"}, {0x73717368, "squashfs"}, {0xF2F52010, "f2fs"},   {0x858458F6, "ramfs"},
		     {0xFF534D42, "cifs"},  {0x63677270, "cgroup2"},  {0x19830326, "beegfs"}, {0x27E0EB, "cgroup"}};
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if ((unsigned long)fs.f_type == known[i].magic)
			return known[i].name;
	snprintf(number, 24, "0x%lx", (unsigned long)fs.f_type);
	return number;
}

static json_int_t stamp(const struct timespec *ts)
{
	return (json_int_t)ts->tv_sec * 1000 + ts->tv_nsec / 1000000;
}

static json_t *do_stat(struct session *s, json_t *item, struct err *err)
{
	const char *path, *name = NULL;
	int follow;
	char number[24], mode[8], target[4097];
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:b}", "stat", &path, "follow", &follow) < 0)
		return shape(err, "stat");
	_cleanup_arena_ struct arena *arena = arena_new();
	struct stat st;
	_cleanup_fd_ int dir = follow || streq(path, "/") ? -1 : root_parent(&s->root, path, &name);
	_cleanup_fd_ int fd = follow || streq(path, "/") ? root_file(&s->root, path, O_PATH)
			      : dir < 0                  ? -1
							 : openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstatat(fd, "", &st, AT_EMPTY_PATH) < 0)
		return failure(errno);
	snprintf(mode, sizeof mode, "%04o", st.st_mode & 07777);
	json_t *result = json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I}", "type",
				   S_ISREG(st.st_mode)   ? "file"
				   : S_ISDIR(st.st_mode) ? "directory"
				   : S_ISLNK(st.st_mode) ? "link"
							 : "other",
				   "mode", mode, "uid", (json_int_t)st.st_uid, "gid", (json_int_t)st.st_gid, "owner",
				   passwd_user_name(s, st.st_uid, arena), "group",
				   passwd_group_name(s, st.st_gid, arena), "size", (json_int_t)st.st_size, "mtime",
				   stamp(&st.st_mtim), "ctime", stamp(&st.st_ctim), "dev", (json_int_t)st.st_dev);
	const char *fs = fs_name(fd, number);
	if (fs)
		json_object_set_new(result, "fstype", json_string(fs));
	ssize_t len = S_ISLNK(st.st_mode) && dir >= 0 ? readlinkat(dir, name, target, sizeof target - 1) : -1;
	if (len >= 0 && str_is_utf8(target, (size_t)len))
		json_object_set_new(result, "target", json_stringn(target, (size_t)len));
	return result;
}

static json_t *do_fs(struct session *s, json_t *item, struct err *err)
{
	const char *path;
	struct statvfs fs;
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s}", "fs", &path) < 0)
		return shape(err, "fs");
	_cleanup_fd_ int fd = root_file(&s->root, path, O_PATH);
	if (fd < 0 || fstatvfs(fd, &fs) < 0)
		return failure(errno);
	unsigned long long block = fs.f_frsize;
	return json_pack("{s:I, s:I, s:I, s:I}", "total", (json_int_t)(fs.f_blocks * block >> 10), "free",
			 (json_int_t)(fs.f_bavail * block >> 10), "inodes", (json_int_t)fs.f_files, "free_inodes",
			 (json_int_t)fs.f_favail);
}

static json_t *do_list(struct session *s, json_t *item, struct err *err)
{
	const char *path;
	json_int_t max;
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:I}", "list", &path, "max", &max) < 0 || max < 1 ||
	    max > LIST_MAX)
		return shape(err, "list");
	int fd = root_file(&s->root, path, O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return failure(errno);
	json_t *names = json_array();
	bool over = false;
	for (struct dirent *e; !over && (e = readdir(d));) {
		if (streq(e->d_name, ".") || streq(e->d_name, "..") || !str_is_utf8(e->d_name, strlen(e->d_name)))
			continue;
		over = json_array_size(names) >= (size_t)max;
		if (!over)
			json_array_append_new(names, json_string(e->d_name));
	}
	closedir(d);
	if (!over)
		return json_pack("{s:o}", "names", names);
	json_decref(names);
	return failure(EFBIG);
}

static json_t *do_fingerprint(struct session *s, json_t *item, struct err *err)
{
	const char *path, *salt, *name;
	char hex[65];
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:s}", "fingerprint", &path, "salt", &salt) < 0)
		return shape(err, "fingerprint");
	_cleanup_fd_ int dir = root_parent(&s->root, path, &name);
	_cleanup_fd_ int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return failure(errno);
	if (!S_ISREG(st.st_mode) || st.st_size > SECRET_BYTES)
		return failure(S_ISREG(st.st_mode) ? EFBIG : EINVAL);
	unsigned char *bytes = sodium_malloc((size_t)st.st_size + 1);
	ssize_t len = bytes ? pread(fd, bytes, (size_t)st.st_size, 0) : -1;
	int sys = errno, r = len < 0 ? -1 : wire_fingerprint(salt, bytes, (size_t)len, hex, err);
	sodium_free(bytes);
	if (len < 0)
		return failure(sys);
	return r < 0 ? NULL : json_pack("{s:s, s:I}", "hex", hex, "ctime", stamp(&st.st_ctim));
}

/* Of a package, a user or a unit; nothing that a program could take for an option. */
static bool is_name(const char *s)
{
	return s && *s && *s != '-' && strlen(s) <= 255 &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_+@\\-")];
}

/* The names of a question about several things. NULL, and said, where they are none. */
static const char **names_of(json_t *question, const char *key, struct arena *arena, size_t *ret_count, struct err *err)
{
	size_t i;
	json_t *item, *list;
	if (json_unpack_ex(question, NULL, JSON_STRICT, "{s:o}", key, &list) < 0)
		return shape(err, key), NULL;
	*ret_count = json_array_size(list);
	const char **names = arena_calloc(arena, *ret_count + 1, sizeof *names);
	if (!*ret_count || *ret_count > NAMES_MAX)
		return err_set(err, ERR_PROTOCOL, "a question about no names, or more than %d", NAMES_MAX), NULL;
	json_array_foreach(list, i, item) if (!is_name(names[i] = json_string_value(item)))
	{
		err_set(err, ERR_PROTOCOL, "an invalid name");
		return NULL;
	}
	return names;
}

/* What failed on this host alone, and is no fault of the question. */
static json_t *excuse(const struct err *why)
{
	return json_pack("{s:s, s:b}", "error", why->text, "late", why->code == ERR_TIMEOUT);
}

static json_t *do_packages(struct session *s, json_t *item, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	size_t count;
	struct dpkg found;
	struct err why = {0};
	const char **names = names_of(item, "packages", arena, &count, err);
	if (!names)
		return NULL;
	struct package *wanted = arena_calloc(arena, count, sizeof *wanted);
	for (size_t i = 0; i < count; i++)
		wanted[i].name = names[i];
	if (dpkg_read(&s->root, wanted, count, arena, &found, &why) < 0)
		return excuse(&why);
	json_t *versions = json_object(), *held = json_array();
	for (size_t i = 0; i < count; i++) {
		if (found.packages[i].version)
			json_object_set_new(versions, names[i], json_string(found.packages[i].version));
		if (found.packages[i].version && found.packages[i].held)
			json_array_append_new(held, json_string(names[i]));
	}
	bool half = found.broken || found.interrupted;
	return json_pack("{s:o, s:o, s:s*, s:b, s:b}", "versions", versions, "held", held, "broken", found.broken,
			 "interrupted", found.interrupted, "busy", half && dpkg_lock_holder(&s->root, arena) != NULL);
}

static json_t *do_users(struct session *s, json_t *item, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	size_t count;
	struct err why = {0};
	const char **names = names_of(item, "users", arena, &count, err);
	if (!names)
		return NULL;
	json_t *users = json_object();
	for (size_t i = 0; i < count; i++) {
		struct passwd_user u;
		int r = passwd_user(s, names[i], 0, arena, &u, &why);
		if (r < 0) {
			json_decref(users);
			return excuse(&why);
		}
		if (r)
			json_object_set_new(
			    users, names[i],
			    json_pack("{s:I, s:I}", "uid", (json_int_t)u.uid, "gid", (json_int_t)u.gid));
	}
	return json_pack("{s:o}", "users", users);
}

static json_t *do_units(struct session *s, json_t *item, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	size_t count;
	struct err why = {0};
	const char **names = names_of(item, "units", arena, &count, err);
	if (!names)
		return NULL;
	json_t *units = services_describe(s, names, count, &why);
	return units ? json_pack("{s:o}", "units", units) : excuse(&why);
}

static json_t *do_hardware(struct session *s, json_t *item, struct err *err)
{
	int yes;
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:b}", "hardware", &yes) < 0)
		return shape(err, "hardware");
	return hardware_ask(s, err);
}

static json_t *do_begun(struct session *s, json_t *item, struct err *err)
{
	int yes;
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:b}", "begun", &yes) < 0)
		return shape(err, "begun");
	return begun_answer(&s->lock, &s->root);
}

static const struct {
	const char *key;
	json_t *(*answer)(struct session *s, json_t *item, struct err *err);
} kinds[] = {{"read", do_read},
	     {"stat", do_stat},
	     {"fs", do_fs},
	     {"list", do_list},
	     {"fingerprint", do_fingerprint},
	     {"packages", do_packages},
	     {"users", do_users},
	     {"units", do_units},
	     {"hardware", do_hardware},
	     {"begun", do_begun},
	     {"connect", connect_ask},
	     {"tail", tail_ask},
	     {"tree", tree_ask}};

const char *question_path(const json_t *item)
{
	static const char *const keys[] = {"read", "stat", "fs", "list", "fingerprint", "tail", "tree"};
	const char *path = NULL;
	for (size_t i = 0; !path && i < ARRAY_LEN(keys); i++)
		path = json_string_value(json_object_get(item, keys[i]));
	return path;
}

json_t *question_answer(struct session *s, json_t *item, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (json_object_get(item, kinds[i].key))
			return kinds[i].answer(s, item, err);
	err_set(err, ERR_PROTOCOL, "it asks for nothing that is known");
	return NULL;
}
