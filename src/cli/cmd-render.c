/* reeve render: Slurm's files as apply would write them, without asking any host. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/operation.h"
#include "hostlist/hostlist.h"
#include "modules/module.h"
#include "report/json.h"
#include "run/answers.h"

#define SLURM_DIR "/etc/slurm/"

enum { MODE = 0644 };

/* A file as some hosts get it. The first of a name is on the first host that has it. */
struct file {
	const char *name; /* "slurm.conf" */
	const struct resource *resource;
	const char *to; /* what it is called where it is written: "gres.conf", and "gres.conf.n7" of the others */
	VEC(const char *) hosts;
};

struct rendering {
	const struct inventory *inv;
	const struct cluster *cluster;
	struct answers answers;
	VEC(struct file) files;
	struct arena *arena;
};

/* Controllers first: what they read is what a file without a host's name is. */
static void add_file(struct rendering *r, const struct resource *resource, const char *host)
{
	const char *name = resource->file.path + strlen(SLURM_DIR);
	bool first = true;
	for (size_t i = 0; i < r->files.len; i++) {
		struct file *f = &r->files.items[i];
		if (!streq(f->name, name))
			continue;
		if (streq(f->resource->file.digest->hex, resource->file.digest->hex)) {
			*vec_push_in(r->arena, &f->hosts) = host;
			return;
		}
		first = false;
	}
	struct file *f = vec_push_in(r->arena, &r->files);
	*f = (struct file){
	    .name = name, .resource = resource, .to = first ? name : arena_printf(r->arena, "%s.%s", name, host)};
	*vec_push_in(r->arena, &f->hosts) = host;
}

static void add_host(struct rendering *r, size_t host)
{
	const struct cluster_host *h = &r->cluster->hosts[host];
	if (!h->facts)
		return;
	const struct catalog *c = modules_compile(r->cluster, host, r->arena);
	for (size_t i = 0; i < c->len; i++)
		if (c->items[i].type == RESOURCE_FILE && c->items[i].file.content &&
		    str_starts(c->items[i].file.path, SLURM_DIR))
			add_file(r, &c->items[i], h->inv->name);
}

static void compile(struct rendering *r)
{
	for (size_t i = 0; i < r->inv->controller_count; i++)
		add_host(r, r->inv->controllers[i]);
	for (size_t i = 0; i < r->inv->host_count; i++)
		if (!r->inv->hosts[i].controller)
			add_host(r, i);
}

static const char *hosts_in(const struct rendering *r, enum answers_state state)
{
	const char **names = arena_calloc(r->arena, r->inv->host_count, sizeof *names);
	size_t n = 0;
	for (size_t i = 0; i < r->inv->host_count; i++)
		if (r->answers.states[i] == state)
			names[n++] = r->inv->hosts[i].name;
	return n ? hostlist_compress(names, n, r->arena) : NULL;
}

/* What is not known, and what a run would have against it. */
static void say(const struct rendering *r, const char *dir, bool color)
{
	const struct operation o = {.inv = r->inv};
	const char *none = hosts_in(r, ANSWERS_NONE), *other = hosts_in(r, ANSWERS_OTHER);
	if (none)
		fprintf(stderr, "reeve render: nothing is known of %s: `reeve facts --save %s`, or a line in %s/%s\n",
			none, dir, dir, ANSWERS_DECLARED);
	if (other)
		fprintf(stderr,
			"reeve render: cluster.yaml asks %s for more than when the facts were saved: "
			"`reeve facts --save %s`\n",
			other, dir);
	operation_print_findings(&o, &r->cluster->findings, stderr, color, false);
}

static json_t *file_json(const struct file *f)
{
	json_t *hosts = json_array();
	for (size_t i = 0; i < f->hosts.len; i++)
		json_array_append_new(hosts, json_string(f->hosts.items[i]));
	return json_pack("{s:s, s:s, s:o, s:s%}", "name", f->to, "path", f->resource->file.path, "hosts", hosts, "text",
			 f->resource->file.content, f->resource->file.size);
}

static void print(struct context *context, const struct rendering *r)
{
	json_t *files = json_array();
	for (size_t i = 0; i < r->files.len; i++) {
		const struct file *f = &r->files.items[i];
		if (context->json) {
			json_array_append_new(files, file_json(f));
			continue;
		}
		printf("%s# %s on %s\n", i ? "\n" : "", f->resource->file.path,
		       hostlist_compress(f->hosts.items, f->hosts.len, r->arena));
		fwrite(f->resource->file.content, 1, f->resource->file.size, stdout);
	}
	if (context->json)
		json_print(json_pack("{s:s, s:o}", "cluster", r->inv->cluster.text, "files", files), JSON_INDENT(2),
			   stdout);
	else
		json_decref(files);
}

static bool is_rendered(const struct rendering *r, const char *name)
{
	for (size_t i = 0; i < r->files.len; i++)
		if (streq(r->files.items[i].to, name))
			return true;
	return false;
}

/* What an earlier rendering left, and is not there any more, would be taken for a part of this one. */
static int remove_others(const struct rendering *r, const char *dir, struct err *err)
{
	DIR *d = opendir(dir);
	if (!d)
		return err_system(err, errno, "cannot look into %s", dir);
	int rc = 0;
	for (struct dirent *e; rc == 0 && (e = readdir(d));) {
		_cleanup_strbuf_ struct strbuf text = {0};
		struct err ignored;
		const char *path = arena_printf(r->arena, "%s/%s", dir, e->d_name);
		if (e->d_type != DT_REG || is_rendered(r, e->d_name) ||
		    file_read(path, 16 << 20, &text, &ignored) < 0 || !str_starts(strbuf_str(&text), CLUSTER_CONF_MARK))
			continue;
		rc = unlink(path) < 0 ? err_system(err, errno, "cannot remove %s", path) : 0;
		if (rc == 0)
			printf("removed %s: it is not there any more\n", path);
	}
	closedir(d);
	return rc;
}

static int write_all(const struct rendering *r, const char *dir, bool quiet, struct err *err)
{
	_cleanup_free_ char *real = realpath(dir, NULL);
	if (str_is_under(real ? real : dir, "/etc/slurm"))
		return err_set(err, ERR_REFUSED, "%s is where Slurm's daemons read: `reeve apply` writes there", dir);
	if (dir_make(dir, 0755, err) < 0)
		return -1;
	for (size_t i = 0; i < r->files.len; i++) {
		const struct file *f = &r->files.items[i];
		const char *path = arena_printf(r->arena, "%s/%s", dir, f->to);
		if (file_write_atomic(path, f->resource->file.content, f->resource->file.size, MODE, err) < 0)
			return -1;
		if (!quiet)
			printf("%s: %s on %s\n", path, f->resource->file.path,
			       hostlist_compress(f->hosts.items, f->hosts.len, r->arena));
	}
	return remove_others(r, dir, err);
}

/* The directory `facts` beside cluster.yaml. */
static const char *usual_dir(const struct inventory *inv, struct arena *arena)
{
	const char *slash = strrchr(inv->file, '/');
	return slash ? arena_printf(arena, "%.*s/facts", (int)(slash - inv->file), inv->file) : "facts";
}

static int resolve(struct rendering *r, const char *dir, struct err *err)
{
	const struct cluster_options options = {.secrets = modules_secrets(r->inv, r->arena)};
	const char **why = arena_calloc(r->arena, r->inv->host_count, sizeof *why);
	if (answers_load(dir, r->inv, options.secrets, r->arena, &r->answers, err) < 0)
		return -1;
	for (size_t i = 0; i < r->inv->host_count; i++)
		if (!r->answers.facts[i])
			why[i] = "its facts are not saved";
	r->cluster = cluster_resolve(r->inv, r->answers.facts, why, &options, modules_settle, r->arena);
	if (!cluster_primary(r->cluster))
		return err_set(err, ERR_MISSING,
			       "%s has the facts of no controller: `reeve facts --save %s` saves them; lines in %s/%s "
			       "declare hosts that nobody can ask yet",
			       dir, dir, dir, ANSWERS_DECLARED);
	return 0;
}

static int run(struct context *context)
{
	struct rendering r = {.inv = context_inventory(context), .arena = context->arena};
	struct err err = {0};
	const char *dir = context_option(context, "facts"), *to = context_option(context, "output");
	if (!r.inv)
		return EXIT_FAILED;
	if (!dir)
		dir = usual_dir(r.inv, context->arena);
	if (resolve(&r, dir, &err) < 0)
		return context_fail(context, &err);
	compile(&r);
	say(&r, dir, context->progress_color);
	if (to && write_all(&r, to, context->json, &err) < 0)
		return context_fail(context, &err);
	if (!to || context->json)
		print(context, &r);
	return findings_count(&r.cluster->findings, FINDING_STOP) ? EXIT_FAILED
	       : hosts_in(&r, ANSWERS_NONE)                       ? EXIT_LEFT
								  : EXIT_DONE;
}

static const struct option_spec options[] = {
    {"facts", 0, "DIR", "what `reeve facts --save` saved (default: `facts` beside cluster.yaml)"},
    {"output", 'o', "DIR", "write the files there"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_render = {
    .name = "render",
    .synopsis = "[--facts DIR] [-o DIR] [--json]",
    .summary = "Print Slurm's files as apply would write them",
    .help = "Makes slurm.conf, cgroup.conf, gres.conf, topology.conf and whatever else modules\n"
	    "put into /etc/slurm, from cluster.yaml and from facts that were saved before, without\n"
	    "asking any host: for a review, or for a test in a repository. The bytes are those\n"
	    "that 'reeve apply' would write on hosts that are as they were then.\n"
	    "\n"
	    "'reeve facts --save DIR' saves what the hosts say. A host that cannot be asked yet has\n"
	    "a line in DIR/declared.conf as 'slurmd -C' prints it, and its release of Slurm is what\n"
	    "'slurm_version' in cluster.yaml names.\n"
	    "\n"
	    "The exit status is 0, 3 where nothing is known of some host, and 1 where apply would\n"
	    "refuse, or there are no facts of any controller.",
    .options = options,
    .run = run,
};
