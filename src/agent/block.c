/*
 * Blocks: lines of our own in a file that is somebody else's and has no directory beside it for such lines. They stand
 * between two marks at its end; whoever moves them finds them there again. All else of the file, owner and mode stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/backup.h"
#include "agent/failpoint.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/fd.h"
#include "base/str.h"

enum { FILE_BYTES = 1 << 20 };

/* The file, and where our lines are in it, marks included; where there are none, its end. */
struct there {
	struct stat st;
	struct strbuf text;
	size_t from, to;
	bool has; /* our lines */
};

static bool is_line(const char *line, size_t len, const char *mark)
{
	return len == strlen(mark) && !memcmp(line, mark, len);
}

static int find(struct there *t, const char *path, struct err *err)
{
	const char *text = strbuf_str(&t->text);
	size_t number = 0, begun = 0;
	for (size_t at = 0, len; at < t->text.len; at += len + 1) {
		number++;
		len = strcspn(text + at, "\n");
		bool begins = is_line(text + at, len, BLOCK_BEGIN), ends = is_line(text + at, len, BLOCK_END);
		if ((begins && (begun || t->has)) || (ends && !begun))
			return err_set(err, ERR_REFUSED,
				       "%s: line %zu is a mark of reeve's that is there once too often: "
				       "remove it and the lines that belong to it",
				       path, number);
		if (begins) {
			begun = number;
			t->from = at;
		}
		if (ends) {
			begun = 0;
			t->has = true;
			t->to = at + len + (text[at + len] == '\n');
		}
	}
	if (begun)
		return err_set(err, ERR_REFUSED,
			       "%s: line %zu begins lines of reeve's, and nothing ends them: remove them", path, begun);
	if (!t->has)
		t->from = t->to = t->text.len;
	return 0;
}

/* 1: it is there; 0: it is not. -1 on failure. */
static int look(struct session *s, const char *path, struct there *t, struct err *err)
{
	*t = (struct there){0};
	if (root_lstat(&s->root, path, &t->st) < 0)
		return errno == ENOENT ? 0 : root_error(err, errno, "cannot look at", path);
	if (!S_ISREG(t->st.st_mode))
		return err_set(err, ERR_REFUSED, "%s is a %s, not a regular file", path, root_kind(t->st.st_mode));
	if (root_read(&s->root, path, FILE_BYTES, &t->text, err) < 0)
		return -1;
	if (memchr(strbuf_str(&t->text), '\0', t->text.len))
		return err_set(err, ERR_REFUSED, "%s is not a text file", path);
	return find(t, path, err) < 0 ? -1 : 1;
}

static void wanted(const struct there *t, const char *lines, struct strbuf *out)
{
	const char *text = strbuf_str(&t->text);
	strbuf_add(out, text, t->from);
	if (t->from && text[t->from - 1] != '\n')
		strbuf_adds(out, "\n");
	strbuf_addf(out, BLOCK_BEGIN "\n%s" BLOCK_END "\n", lines);
	strbuf_add(out, text + t->to, t->text.len - t->to);
}

/* Who has no such file has no program that reads it. */
static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct there t;
	struct err err;
	_cleanup_strbuf_ struct strbuf whole = {0};
	int there = look(s, r->block.path, &t, &err);
	if (there > 0)
		wanted(&t, r->block.text, &whole);
	if (there < 0)
		probe_found(p, OBSERVED_ERROR, "%s", err.text);
	else if (!there || (whole.len == t.text.len && !memcmp(strbuf_str(&whole), strbuf_str(&t.text), whole.len)))
		probe_found(p, OBSERVED_SAME, "%s", "");
	else
		probe_found(p, OBSERVED_DIFFERS, "%s",
			    t.has ? "reeve's lines in it differ" : "has no lines of reeve's");
	strbuf_free(&t.text);
}

static int keep(struct session *s, const char *path, struct err *err)
{
	_cleanup_fd_ int fd = root_file(&s->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 ? root_error(err, errno, "cannot open", path) : backup_keep(&s->root, path, fd, err);
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	const char *path = r->block.path;
	struct there t;
	_cleanup_strbuf_ struct strbuf whole = {0};
	(void)found;
	int rc = look(s, path, &t, err);
	if (rc > 0) {
		wanted(&t, r->block.text, &whole);
		rc = keep(s, path, err) < 0 ? -1
					    : root_write(&s->root, path, strbuf_str(&whole), whole.len, t.st.st_uid,
							 t.st.st_gid, t.st.st_mode & 07777, err);
		strbuf_adds(what, t.has ? "changed reeve's lines" : "added reeve's lines");
	}
	strbuf_free(&t.text);
	return rc < 0 ? -1 : 0;
}

const struct resource_ops block_ops = {.probe = probe, .apply = apply};
