/* The verb collect: many small questions at once. Commands run beside each other; the rest is asked between. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/passwd.h"
#include "agent/session.h"
#include "agent/verb.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

enum { PARALLEL = 8, ITEMS_MAX = 4096, NAME_MAX_BYTES = 64, READ_MAX = 16 << 20, LIST_MAX = 100000 };

static json_t *failure(int sys)
{
	return json_pack("{s:i}", "errno", sys);
}

static json_t *shape(struct err *err, const char *what)
{
	err_set(err, ERR_PROTOCOL, "an item to %s of a wrong shape", what);
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

static const struct {
	const char *key;
	json_t *(*answer)(struct session *s, json_t *item, struct err *err);
} kinds[] = {{"read", do_read}, {"stat", do_stat}, {"fs", do_fs}, {"list", do_list}, {"fingerprint", do_fingerprint}};

/* A command of the list and where its result goes. */
struct running {
	const char *name;
	struct child *child;
};

struct work {
	json_t *results;
	struct arena *arena;
	struct running running[PARALLEL];
};

static void finish(struct session *s, struct work *w, struct running *r)
{
	json_object_set_new(w->results, r->name, child_encode(r->child));
	child_free(s, r->child);
	*r = (struct running){0};
}

/* A free place; waits for one. */
static struct running *free_place(struct session *s, struct work *w)
{
	for (;;) {
		for (size_t i = 0; i < PARALLEL; i++) {
			if (w->running[i].child && w->running[i].child->ended)
				finish(s, w, &w->running[i]);
			if (!w->running[i].child)
				return &w->running[i];
		}
		session_pump(s, -1);
	}
}

static int start_run(struct session *s, struct work *w, const char *name, json_t *item, struct err *err)
{
	json_t *list;
	const char *input = NULL;
	size_t input_len = 0;
	json_int_t max, timeout_ms;
	struct child_spec spec = {0};
	json_error_t why;
	if (json_unpack_ex(item, &why, JSON_STRICT, "{s:o, s?s%, s:I, s:I}", "run", &list, "input", &input, &input_len,
			   "max", &max, "timeout", &timeout_ms) < 0)
		return err_set(err, ERR_PROTOCOL, "a command of a wrong shape: %s", why.text);
	if (!(spec.argv = run_arguments(list, w->arena, err)) || run_limits(max, timeout_ms, &spec, err) < 0)
		return -1;
	spec.input = input;
	spec.input_len = input_len;
	struct running *place = free_place(s, w);
	struct err failed = {0};
	place->child = child_start(s, &spec, &failed);
	place->name = name;
	if (place->child)
		return 0;
	if (failed.code != ERR_MISSING)
		return err_set(err, failed.code, "%s", failed.text);
	/* As a shell would say it. */
	json_object_set_new(w->results, name,
			    json_pack("{s:i, s:s, s:s, s:b}", "status", 127, "out", "", "err", failed.text, "cut", 0));
	return 0;
}

static int do_item(struct session *s, struct work *w, json_t *item, struct err *err)
{
	json_t *name_value = json_object_get(item, "name");
	const char *name = arena_strdup(w->arena, json_string_value(name_value));
	if (!name || !*name || strlen(name) > NAME_MAX_BYTES || json_object_get(w->results, name))
		return err_set(err, ERR_PROTOCOL, "an item without a name of its own");
	json_object_del(item, "name");
	if (json_object_get(item, "run"))
		return start_run(s, w, name, item, err);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (json_object_get(item, kinds[i].key)) {
			json_t *result = kinds[i].answer(s, item, err);
			if (!result)
				return err_wrap(err, "%s", name);
			json_object_set_new(w->results, name, result);
			return 0;
		}
	return err_set(err, ERR_PROTOCOL, "an item %s that asks for nothing that is known", name);
}

json_t *collect(struct session *s, json_t *request, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct work w = {.results = json_object(), .arena = arena};
	json_t *items, *item;
	size_t i;
	int failed = verb_unpack(request, err, "{s:o}", "items", &items);
	int64_t start = clock_wall_ms();
	if (!failed && (!json_is_array(items) || json_array_size(items) > ITEMS_MAX))
		failed = err_set(err, ERR_PROTOCOL, "collect takes a list of at most %d items", ITEMS_MAX);
	/* Commands first: they go on while the rest is done. */
	for (int commands = 1; !failed && commands >= 0; commands--)
		json_array_foreach(items, i, item)
		{
			if (failed || (json_object_get(item, "run") != NULL) != commands)
				continue;
			failed = do_item(s, &w, item, err);
		}
	for (i = 0; i < PARALLEL; i++) {
		if (!w.running[i].child)
			continue;
		if (!failed)
			failed = child_wait(s, w.running[i].child, err);
		if (!failed)
			finish(s, &w, &w.running[i]);
		else
			child_free(s, w.running[i].child);
	}
	if (!failed)
		return json_pack("{s:o, s:I, s:I}", "items", w.results, "start", (json_int_t)start, "end",
				 (json_int_t)clock_wall_ms());
	json_decref(w.results);
	return NULL;
}
