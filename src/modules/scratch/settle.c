/* What speaks against it: the file's own words, and what a host has where jobs are to write. */
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/str.h"
#include "modules/scratch/scratch.h"
#include "slurm/version.h"

enum { DIRS_SINCE = 2302 }; /* job_container.conf(5): Dirs */

static struct span place_of(const struct cluster *c, const char *key)
{
	for (size_t i = 0; i < c->inv->param_count; i++)
		if (strcasecmp(c->inv->params[i].key, key) == 0)
			return c->inv->params[i].value_at;
	return (struct span){0};
}

/* What the operator wrote holds (params_default): where that leaves jobs without a directory of their own, nothing is begun. */
static void check_params(struct cluster *c, const struct scratch *s)
{
	for (const struct scratch_param *x = scratch_params_of(s, c->release, c->arena); x->key; x++) {
		const char *value = inventory_param(c->inv->params, c->inv->param_count, x->key);
		bool fits = !value || (x->joins ? str_has_item(value, x->value, strncasecmp) ||
						      str_has_item(value, "Contain", strncasecmp) ||
						      str_has_item(value, "X11", strncasecmp)
						: strcasecmp(value, x->value) == 0);
		if (fits)
			continue;
		struct finding *f =
		    finding_add(&c->findings, FINDING_STOP, CODE_SCRATCH_PARAM, NULL,
				"%s is '%s' under 'slurm', and 'scratch' needs '%s'", x->key, value, x->value);
		f->fix = x->joins ? finding_text(&c->findings, "%s: \"%s,%s\"", x->key, value, x->value)
				  : finding_text(&c->findings, "leave %s out", x->key);
		f->origin = place_of(c, x->key);
	}
}

static void check_release(struct cluster *c, const struct scratch *s)
{
	char text[8];
	if (s->prolog || s->private == SCRATCH_USUAL || !c->release || c->release >= DIRS_SINCE)
		return;
	struct finding *f =
	    finding_add(&c->findings, FINDING_STOP, CODE_SCRATCH_PRIVATE, NULL,
			"Slurm %s makes /tmp and /dev/shm private and nothing else, and 'private' says %s",
			slurm_release_print(c->release, text), scratch_private(s, ", ", c->arena));
	f->fix = "private: [/tmp, /dev/shm]";
	f->origin = s->private_at;
}

/* The parameters are the whole cluster's, and slurmd needs what they name on every node. */
static void check_nodes(struct cluster *c, const struct scratch *s)
{
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->inv->compute || !h->serves || scratch_is_on(c, i))
			continue;
		struct finding *f = finding_add(&c->findings, FINDING_STOP, CODE_SCRATCH_NODES, h->inv->name,
						"its class '%s' leaves out 'scratch', which all nodes have or none",
						h->class ? h->class->name : "");
		f->fix = "let the class have it, or take the section out";
		f->origin = h->class ? h->class->at : s->at;
	}
}

static struct finding *say(struct cluster *c, struct cluster_host *h, const struct scratch *s, const char *text)
{
	struct finding *f = cluster_blame_slurmd(c, h, CODE_SCRATCH_PATH, "%s", text);
	if (s->at.line)
		f->origin = s->path_at.line ? s->path_at : s->at;
	return f;
}

/* Root makes and removes what is below path/jobs: nobody else may put another directory in its place. */
static void check_path(struct cluster *c, struct cluster_host *h, const struct scratch *s,
		       const struct scratch_there *t)
{
	struct arena *a = c->arena;
	const char *on = h->inv->name;
	if (t->silent) {
		say(c, h, s, arena_printf(a, "%s does not answer, and is to be scratch", s->path))->fix =
		    "scratch belongs on a disk of the node's own";
	} else if (t->type && !streq(t->type, "directory")) {
		say(c, h, s, arena_printf(a, "%s is not a directory, and is to be scratch", s->path))->fix =
		    arena_printf(a, "on %s, move it away; or correct `path`", on);
	} else if (s->mount && !t->mounted) {
		say(c, h, s,
		    arena_printf(a, "nothing is mounted at %s: jobs would fill the disk of the system", s->path))
		    ->fix = arena_printf(a, "on %s, mount its disk there, in fstab(5), then apply again", on);
	} else if (t->type && (t->mode & S_IWOTH) && !(t->mode & S_ISVTX)) {
		say(c, h, s,
		    arena_printf(a, "everybody may put another directory in place of %s (%s has mode %04o)", s->jobs,
				 s->path, t->mode))
		    ->fix = arena_printf(a, "on %s: chmod +t %s", on, s->path);
	} else if (t->type && t->uid) {
		say(c, h, s,
		    arena_printf(a, "%s belongs to the uid %ld, who could put another directory in place of %s",
				 s->path, t->uid, s->jobs))
		    ->fix = arena_printf(a, "on %s: chown root: %s; or name a directory of root's", on, s->path);
	} else if (t->type && s->prolog && !(t->mode & S_IXOTH)) {
		say(c, h, s, arena_printf(a, "users cannot reach %s (mode %04o)", s->path, t->mode))->fix =
		    arena_printf(a, "on %s: chmod o+x %s", on, s->path);
	}
}

void scratch_settle(struct cluster *c)
{
	const struct scratch *s = scratch_of(c);
	if (!s)
		return;
	check_params(c, s);
	check_release(c, s);
	check_nodes(c, s);
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		const struct scratch_there *t = module_own(h->facts, &scratch_module);
		if (t && scratch_is_on(c, i))
			check_path(c, h, s, t);
	}
}
