#include "slurm/include.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/conf.h"
#include "slurm/lines.h"

struct origins {
	struct slurm_origin *items;
	size_t len, cap;
};

struct joiner {
	slurm_include_reader *reader;
	void *data;
	struct arena *arena;
	struct err *err;
	const char *directory; /* of slurm.conf, with its '/'; "" for the working directory */
	const char *cluster;   /* ClusterName as far as it was read; NULL */
	const char *open[SLURM_INCLUDE_DEPTH];
	size_t depth, files;
	struct strbuf out;
	struct origins origins;
	unsigned line; /* of the whole text, that is written next */
};

static int add_file(struct joiner *j, const char *path);

/* As slurm.conf's value of ClusterName is: quotes taken off. */
static void note_cluster(struct joiner *j, const char *p)
{
	static const char key[] = "ClusterName";
	p = lines_skip_space(p);
	if (strncasecmp(p, key, strlen(key)) != 0)
		return;
	p = lines_skip_space(p + strlen(key));
	if (*p != '=')
		return;
	p = lines_skip_space(p + 1);
	p += *p == '"';
	j->cluster = arena_strndup(j->arena, p, strcspn(p, "\" \t\r\v\f"));
}

/* The file's name with "%c" written out, and its directory before it. NULL with an error. */
static const char *resolve(struct joiner *j, const char *name, size_t len)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	for (size_t i = 0; i < len; i++) {
		if (name[i] != '%' || i + 1 == len) {
			strbuf_addc(&path, name[i]);
		} else if (name[i + 1] != 'c' || !j->cluster) {
			err_set(j->err, ERR_INPUT, "'%%%c' in '%.*s' %s", name[i + 1], (int)(len < 200 ? len : 200),
				name, name[i + 1] == 'c' ? "stands above ClusterName" : "means nothing to Slurm");
			return NULL;
		} else {
			strbuf_adds(&path, j->cluster);
			i++;
		}
	}
	if (!path.len || memchr(path.data, '\0', path.len)) {
		err_set(j->err, ERR_INPUT, "Include names no file");
		return NULL;
	}
	return arena_printf(j->arena, "%s%s", *path.data == '/' ? "" : j->directory, path.data);
}

static void add_origin(struct joiner *j, const char *file, unsigned file_line)
{
	*vec_push_in(j->arena, &j->origins) =
	    (struct slurm_origin){.line = j->line, .file = file, .file_line = file_line};
}

static int add_included(struct joiner *j, const char *file, unsigned line, const char *name, size_t len)
{
	const char *path = resolve(j, name, len);
	if (!path || add_file(j, path) < 0)
		return err_wrap(j->err, "%s:%u", file, line);
	return 0;
}

static int add_text(struct joiner *j, const char *file, const char *text, size_t size)
{
	_cleanup_strbuf_ struct strbuf joined = {0};
	const char *p = text, *end = text + size;
	unsigned count = 0;
	add_origin(j, file, 1);
	for (const char *start = p;; start = p) {
		unsigned first = count + 1;
		size_t len;
		if (!lines_next(&p, end, &joined, &count))
			break;
		if (joined.len > LINES_MAX_BYTES)
			return err_set(j->err, ERR_LIMIT, "%s:%u: longer than %u bytes", file, first, LINES_MAX_BYTES);
		const char *included = lines_included(strbuf_str(&joined), &len);
		if (included) {
			if (add_included(j, file, first, included, len) < 0)
				return -1;
			add_origin(j, file, count + 1);
			continue;
		}
		note_cluster(j, strbuf_str(&joined));
		strbuf_add(&j->out, start, (size_t)(p - start));
		j->line += count + 1 - first;
		if (p[-1] != '\n')
			strbuf_addc(&j->out, '\n');
		if (j->out.len > SLURM_CONF_MAX)
			return err_set(j->err, ERR_LIMIT, "with what is included, slurm.conf is longer than %u bytes",
				       SLURM_CONF_MAX);
	}
	/* A backslash at the end of a file joins nothing of the file that includes it. */
	if (j->depth > 1) {
		strbuf_addc(&j->out, '\n');
		j->line++;
	}
	return 0;
}

static int add_file(struct joiner *j, const char *path)
{
	const char *text;
	size_t len;
	for (size_t i = 0; i < j->depth; i++)
		if (streq(j->open[i], path))
			return err_set(j->err, ERR_INPUT, "%s includes itself", path);
	if (j->depth == SLURM_INCLUDE_DEPTH)
		return err_set(j->err, ERR_LIMIT, "%s: more than %d files deep", path, SLURM_INCLUDE_DEPTH);
	if (++j->files > SLURM_INCLUDE_FILES)
		return err_set(j->err, ERR_LIMIT, "%s: more than %d files", path, SLURM_INCLUDE_FILES);
	if (j->reader(j->data, path, j->arena, &text, &len, j->err) < 0)
		return -1;
	if (len > SLURM_CONF_MAX)
		return err_set(j->err, ERR_LIMIT, "%s: more than %u bytes", path, SLURM_CONF_MAX);
	if (len && memchr(text, '\0', len))
		return err_set(j->err, ERR_INPUT, "%s: a NUL byte in it", path);
	j->open[j->depth++] = path;
	int rc = add_text(j, path, text, len);
	j->depth--;
	return rc;
}

int slurm_include(const char *path, slurm_include_reader *reader, void *data, struct arena *arena,
		  struct slurm_text *ret, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct joiner j = {
	    .reader = reader,
	    .data = data,
	    .arena = arena,
	    .err = err,
	    .directory = slash ? arena_strndup(arena, path, (size_t)(slash + 1 - path)) : "",
	    .line = 1,
	};
	int rc = add_file(&j, arena_strdup(arena, path));
	if (rc == 0)
		*ret = (struct slurm_text){
		    .text = arena_strndup(arena, strbuf_str(&j.out), j.out.len),
		    .len = j.out.len,
		    .origins = j.origins.items,
		    .origin_count = j.origins.len,
		    .files = j.files,
		};
	strbuf_free(&j.out);
	return rc;
}

const char *slurm_text_place(const struct slurm_text *text, unsigned line, struct arena *arena)
{
	size_t i = text->origin_count;
	while (i > 1 && text->origins[i - 1].line > line)
		i--;
	const struct slurm_origin *o = &text->origins[i - 1];
	return arena_printf(arena, "%s:%u", o->file, o->file_line + (line - o->line));
}
