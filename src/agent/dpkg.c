#include "agent/dpkg.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define DPKG_DIR "/var/lib/dpkg"

enum { STATUS_MAX = 256 << 20 };

/* One paragraph's fields that matter here (deb-control(5), dpkg-query(1)); the strings are not terminated. */
struct entry {
	const char *name, *version, *want, *status;
	size_t name_len, version_len, want_len, status_len;
};

static bool is_field(const char *line, size_t len, const char *name, const char **value, size_t *value_len)
{
	size_t n = strlen(name);
	if (len <= n || memcmp(line, name, n) != 0 || line[n] != ':')
		return false;
	line += n + 1, len -= n + 1;
	while (len && *line == ' ')
		line++, len--;
	*value = line;
	*value_len = len;
	return true;
}

/* "install ok installed": what is wanted, an error flag, what is. */
static void split_status(const char *value, size_t len, struct entry *e)
{
	const char *first = memchr(value, ' ', len);
	const char *last = memrchr(value, ' ', len);
	e->want = value;
	e->want_len = first ? (size_t)(first - value) : len;
	e->status = last ? last + 1 : value;
	e->status_len = last ? len - (size_t)(last + 1 - value) : len;
}

/* Takes the paragraph at `*at` and moves behind it. */
static struct entry next_entry(const char **at, const char *end)
{
	struct entry e = {0};
	const char *p = *at, *value;
	size_t value_len;
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t len = eol ? (size_t)(eol - p) : (size_t)(end - p);
		const char *line = p;
		p = eol ? eol + 1 : end;
		if (!len)
			break;
		if (*line == 'P' && is_field(line, len, "Package", &value, &value_len))
			e.name = value, e.name_len = value_len;
		else if (*line == 'V' && is_field(line, len, "Version", &value, &value_len))
			e.version = value, e.version_len = value_len;
		else if (*line == 'S' && is_field(line, len, "Status", &value, &value_len))
			split_status(value, value_len, &e);
	}
	*at = p;
	return e;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

static enum dpkg_state state_of(const struct entry *e)
{
	if (is_word(e->status, e->status_len, "installed"))
		return DPKG_INSTALLED;
	if (is_word(e->status, e->status_len, "not-installed") || is_word(e->status, e->status_len, "config-files"))
		return DPKG_NOT_INSTALLED;
	return DPKG_HALF;
}

static void note(const struct entry *e, const struct package *wanted, size_t len, struct arena *arena, struct dpkg *ret)
{
	enum dpkg_state state = state_of(e);
	if (!e->status || !e->name)
		return;
	if (state == DPKG_HALF && !ret->broken)
		ret->broken =
		    arena_printf(arena, "%.*s is %.*s", (int)e->name_len, e->name, (int)e->status_len, e->status);
	for (size_t i = 0; i < len; i++) {
		struct dpkg_package *p = &ret->packages[i];
		/* The same name may be there for several architectures: the one that is installed counts. */
		if (!is_word(e->name, e->name_len, wanted[i].name) || p->state == DPKG_INSTALLED)
			continue;
		p->state = state;
		p->status = arena_strndup(arena, e->status, e->status_len);
		p->held = is_word(e->want, e->want_len, "hold");
		p->version = state == DPKG_INSTALLED ? arena_strndup(arena, e->version, e->version_len) : NULL;
	}
}

static bool has_updates(const struct root *root)
{
	int fd = root_file(root, DPKG_DIR "/updates", O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	bool found = false;
	if (!d)
		return false;
	for (struct dirent *e; !found && (e = readdir(d));)
		found = e->d_name[0] >= '0' && e->d_name[0] <= '9';
	closedir(d);
	return found;
}

int dpkg_read(const struct root *root, const struct package *wanted, size_t len, struct arena *arena, struct dpkg *ret,
	      struct err *err)
{
	*ret = (struct dpkg){.packages = arena_calloc(arena, len + 1, sizeof *ret->packages)};
	for (size_t i = 0; i < len; i++)
		ret->packages[i].status = "not-installed";
	ret->interrupted = has_updates(root);
	_cleanup_fd_ int fd = root_file(root, DPKG_DIR "/status", O_RDONLY | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return root_error(err, errno, "cannot read", DPKG_DIR "/status");
	if (!S_ISREG(st.st_mode) || st.st_size > STATUS_MAX)
		return err_set(err, ERR_LIMIT, "%s is not a file of a sensible size", DPKG_DIR "/status");
	if (!st.st_size)
		return 0;
	/* dpkg replaces the file by rename, so what is mapped does not change below us. */
	size_t size = (size_t)st.st_size;
	char *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (text == MAP_FAILED)
		return root_error(err, errno, "cannot read", DPKG_DIR "/status");
	for (const char *at = text; at < text + size;) {
		struct entry e = next_entry(&at, text + size);
		if (e.name && e.status && e.version)
			note(&e, wanted, len, arena, ret);
	}
	munmap(text, size);
	return 0;
}

static const char *name_process(pid_t pid, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_free_ char *path = xasprintf("/proc/%d/cmdline", (int)pid);
	struct err ignored;
	if (pid <= 0 || file_read(path, 4096, &text, &ignored) < 0 || !text.len)
		return arena_strdup(arena, pid > 0 ? arena_printf(arena, "process %d", (int)pid) : "another process");
	for (size_t i = 0; i + 1 < text.len; i++)
		if (!text.data[i])
			text.data[i] = ' ';
	return arena_printf(arena, "process %d (%.200s)", (int)pid, text.data);
}

const char *dpkg_lock_holder(const struct root *root, struct arena *arena)
{
	const char *const files[] = {DPKG_DIR "/lock-frontend", DPKG_DIR "/lock", "/var/cache/apt/archives/lock"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		_cleanup_fd_ int fd = root_file(root, files[i], O_RDWR | O_NOCTTY | O_NONBLOCK);
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		if (fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
			return name_process(lock.l_pid, arena);
	}
	return NULL;
}
