/* reeve adopt: the cluster.yaml of a cluster that exists, from its own files. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "adopt/adopt.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/newfile.h"
#include "slurm/conf.h"

static int read_file(const char *path, struct arena *arena, const char **ret, size_t *ret_len, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	if (file_read(path, SLURM_CONF_MAX, &text, err) < 0)
		return -1;
	*ret = arena_strndup(arena, strbuf_str(&text), text.len);
	*ret_len = text.len;
	return 0;
}

struct conf_reader {
	const char *path; /* of slurm.conf */
	bool read;
	struct digest digest; /* of slurm.conf itself, the first that is read */
};

/* What an absolute path of the cluster's machines is in a copy of their directory: the longest end of it that is there.
 */
static const char *in_copy(const struct conf_reader *reader, const char *path, struct arena *arena)
{
	const char *slash = strrchr(reader->path, '/');
	int directory = slash ? (int)(slash + 1 - reader->path) : 0;
	struct stat st;
	for (const char *end = path; *end == '/'; end += 1 + strcspn(end + 1, "/")) {
		const char *other = arena_printf(arena, "%.*s%s", directory, reader->path, end + 1);
		if (stat(other, &st) == 0 && S_ISREG(st.st_mode))
			return other;
	}
	return NULL;
}

static int read_conf(void *data, const char *path, struct arena *arena, const char **ret, size_t *ret_len,
		     struct err *err)
{
	struct conf_reader *reader = data;
	if (read_file(path, arena, ret, ret_len, err) < 0) {
		const char *other = reader->read && err->sys == ENOENT ? in_copy(reader, path, arena) : NULL;
		if (!other || read_file(other, arena, ret, ret_len, err) < 0)
			return -1;
		fprintf(stderr, "reeve adopt: %s is not there: %s is taken for it\n",
			str_printable(arena, path, strlen(path)), str_printable(arena, other, strlen(other)));
	}
	if (!reader->read)
		reader->digest = digest_of(*ret, *ret_len);
	reader->read = true;
	return 0;
}

/* A file in the directory of `path`; it need not be there. */
static int read_beside(const char *path, const char *name, struct arena *arena, struct adopt_text *ret, struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *other = arena_printf(arena, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, name);
	struct err why = {0};
	if (read_file(other, arena, &ret->text, &ret->len, &why) == 0) {
		ret->digest = arena_strdup(arena, digest_of(ret->text, ret->len).hex);
		return 0;
	}
	return why.code == ERR_SYSTEM && why.sys == ENOENT ? 0 : err_set(err, why.code, "%s", why.text);
}

static int from_slurm(const char *path, const struct adopt_options *options, struct arena *arena, struct adopted **ret,
		      struct err *err)
{
	struct conf_reader reader = {.path = path};
	struct adopt_files files = {.path = path};
	if (slurm_include(path, read_conf, &reader, arena, &files.slurm, err) < 0 ||
	    read_beside(path, "cgroup.conf", arena, &files.cgroup, err) < 0 ||
	    read_beside(path, "gres.conf", arena, &files.gres, err) < 0 ||
	    read_beside(path, "topology.conf", arena, &files.topology, err) < 0 ||
	    read_beside(path, "topology.yaml", arena, &files.topology_yaml, err) < 0)
		return -1;
	/* What it includes is part of it, on the hosts as here. */
	if (files.slurm.files > 1)
		reader.digest = digest_of(files.slurm.text, files.slurm.len);
	files.digest = arena_strdup(arena, reader.digest.hex);
	return adopt_slurm(&files, options, arena, ret, err);
}

static int from_ansible(const char *path, const struct adopt_options *options, struct arena *arena,
			struct adopted **ret, struct err *err)
{
	const char *text;
	size_t len;
	if (read_file(path, arena, &text, &len, err) < 0)
		return -1;
	return adopt_ansible(path, text, len, options, arena, ret, err);
}

static void say_notes(const struct context *context, const struct adopted *a)
{
	for (size_t i = 0; i < a->notes.len; i++) {
		const struct adopt_note *n = &a->notes.items[i];
		fprintf(stderr, "reeve %s: %s%s%s\n", context->command->name,
			n->where ? str_printable(context->arena, n->where, strlen(n->where)) : "", n->where ? ": " : "",
			n->text);
	}
}

static int run(struct context *context)
{
	const char *conf = context_option(context, "slurm-conf"),
		   *ansible = context_option(context, "ansible-inventory");
	const char *path = newfile_path(context);
	struct adopt_options options = {
	    .slurm_version = context_option(context, "slurm-version"),
	    .controllers = context_option(context, "controllers"),
	    .compute = context_option(context, "compute"),
	};
	struct adopted *adopted;
	struct err err = {0};
	int status;
	if (!conf == !ansible)
		return context_misused(context, "one of --slurm-conf FILE and --ansible-inventory FILE");
	if (conf && (options.controllers || options.compute))
		return context_misused(context, "--controllers and --compute name groups of Ansible's; slurm.conf says "
						"itself which hosts these are");
	if (newfile_name(context, &options.name, &status) < 0)
		return status;
	status = newfile_refused(context, path);
	if (status >= 0)
		return status;
	if ((conf ? from_slurm(conf, &options, context->arena, &adopted, &err)
		  : from_ansible(ansible, &options, context->arena, &adopted, &err)) < 0)
		return context_fail(context, &err);
	_cleanup_strbuf_ struct strbuf text = {0};
	adopt_print(&text, adopted, context->arena);
	say_notes(context, adopted);
	return newfile_save(context, path, &text, adopted->hosts.len, "reeve plan");
}

static const struct option_spec options[] = {
    {"slurm-conf", 0, "FILE", "a slurm.conf, with what it includes and what lies beside it"},
    {"ansible-inventory", 0, "FILE", "what `ansible-inventory --list` printed"},
    {"controllers", 0, "GROUP", "Ansible's group of the controllers (default: guessed)"},
    {"compute", 0, "GROUP", "Ansible's group of the compute nodes (default: guessed)"},
    {"slurm-version", 0, "VERSION", "what the cluster runs, as 22.05: its defaults, and a pin"},
    {"output", 'o', "FILE", "where to write, - for standard output (default: cluster.yaml)"},
    {"force", 0, NULL, "replace a file that is there"},
    {"name", 0, "NAME", "the cluster's name (default: ClusterName)"},
    {NULL},
};

const struct command cmd_adopt = {
    .name = "adopt",
    .synopsis = "--slurm-conf FILE [--slurm-version VERSION] [-o FILE] [--force] [--name NAME]\n"
		"--ansible-inventory FILE [--controllers GROUP] [--compute GROUP] [-o FILE] [--force] [--name NAME]",
    .summary = "Write the cluster.yaml of a cluster that exists",
    .help = "Reads the slurm.conf of a cluster, with the files it includes, or an inventory of\n"
	    "Ansible's, and writes a cluster.yaml. What cluster.yaml has no place for, what\n"
	    "reeve measures or decides itself and what was guessed is said, with the reason,\n"
	    "on standard error and at the head of the file. No host is asked. Afterwards\n"
	    "'reeve plan' shows what would change on the running cluster; 'reeve apply' may\n"
	    "replace the very files that were read, and no others.",
    .options = options,
    .run = run,
};
