/*
 * Files, programs, plugins and names beside slurm.conf, on every host that needs them, before a daemon is told to use
 * them. What a compute host lacks is that host's; what all of them lack, or a controller, is the cluster's.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "facts/beside.h"
#include "hostlist/hostlist.h"
#include "model/beside.h"
#include "model/blame.h"
#include "model/cluster.h"

static struct span place_of(const struct cluster *c, const char *param)
{
	for (size_t i = 0; i < c->inv->param_count; i++)
		if (strcasecmp(c->inv->params[i].key, param) == 0)
			return c->inv->params[i].value_at;
	return (struct span){0};
}

/* Who uses it there: root, the user slurm, or the users of jobs. */
static unsigned bits_of(const struct facts *f, const struct facts_path *p, const struct slurm_beside *b)
{
	bool root = b->kind != BESIDE_SCRIPT && !(b->readers & BESIDE_CONTROLLERS);
	if (root)
		return 0111;
	if (b->kind == BESIDE_SCRIPT)
		return 0001;
	return p->uid == f->roles[ROLE_CONTROLLER].uid ? 0100 : p->gid == f->roles[ROLE_CONTROLLER].gid ? 0010 : 0001;
}

/* Why a file does not serve; NULL: it does, or nothing is known. */
static const char *fault_of(const struct facts *f, const struct facts_path *p, const struct slurm_beside *b,
			    struct arena *arena)
{
	if (p->error)
		return p->error == ENOENT || p->error == ENOTDIR
			   ? "does not exist"
			   : arena_printf(arena, "cannot be used: %s", strerror(p->error));
	if (!p->type)
		return NULL;
	if (!streq(p->type, "file"))
		return arena_printf(arena, "is a %s, not a file", p->type);
	unsigned bits = bits_of(f, p, b);
	if (b->kind != BESIDE_FILE && !(p->mode & bits))
		return arena_printf(arena, "is not executable%s (mode %04o)",
				    bits == 0111               ? ""
				    : b->kind == BESIDE_SCRIPT ? " for the users of jobs"
							       : " for the user slurm",
				    p->mode);
	if (b->kind == BESIDE_FILE && b->readers == BESIDE_CONTROLLERS && f->roles[ROLE_CONTROLLER].uid >= 0 &&
	    !(p->mode & bits << 2))
		return arena_printf(arena, "cannot be read by the user slurm (mode %04o)", p->mode);
	return NULL;
}

static const struct facts_path *path_of(const struct facts_beside *b, const char *path)
{
	for (size_t i = 0; i < b->path_count; i++)
		if (streq(b->paths[i].path, path))
			return &b->paths[i];
	return NULL;
}

static const char *fault_there(const struct cluster *c, const struct cluster_host *h, const struct slurm_beside *b)
{
	if (b->kind == BESIDE_PLUGIN)
		return h->facts->beside.plugins && !facts_has_plugin(&h->facts->beside, b->path)
			   ? "is not among Slurm's plugins"
			   : NULL;
	const struct facts_path *p = path_of(&h->facts->beside, b->path);
	return p ? fault_of(h->facts, p, b, c->arena) : NULL;
}

static const char *fix_of(struct cluster *c, const struct slurm_beside *b, const char *where)
{
	const char *package = b->kind == BESIDE_PLUGIN ? slurm_beside_package(b->path) : NULL;
	if (package)
		return finding_text(&c->findings, "on %s: apt-get install %s", where, package);
	if (b->kind == BESIDE_PLUGIN)
		return finding_text(&c->findings, "install the package that has it on %s, or change %s", where,
				    b->param);
	return finding_text(&c->findings, "put it on %s%s, or change %s in cluster.yaml", where,
			    b->kind == BESIDE_FILE ? "" : " (chmod 755)", b->param);
}

/* `h` NULL: on all of `where`. */
static void report(struct cluster *c, const struct slurm_beside *b, struct cluster_host *h, const char *fault,
		   const char *where)
{
	struct finding *f =
	    b->soft ? finding_add(&c->findings, FINDING_WARNING, CODE_BESIDE, h ? h->inv->name : NULL, "%s: %s %s%s%s",
				  b->param, b->path, fault, h ? "" : " on ", h ? "" : where)
	    : h     ? cluster_blame(c, h, CODE_BESIDE, "%s: %s %s", b->param, b->path, fault)
		    : finding_add(&c->findings, FINDING_STOP, CODE_BESIDE, NULL, "%s: %s %s on %s", b->param, b->path,
				  fault, where);
	f->fix = fix_of(c, b, where);
	f->origin = place_of(c, b->param);
}

struct lack {
	size_t host;
	const char *fault;
};

/* On compute hosts: where none has it, no node could run a job. */
static void check_nodes(struct cluster *c, const struct slurm_beside *b)
{
	VEC(struct lack) lacks = {0};
	VEC(const char *) names = {0};
	size_t asked = 0;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->facts || !h->serves || cluster_is_out(h))
			continue;
		asked++;
		const char *fault = fault_there(c, h, b);
		if (!fault || (h->inv->controller && (b->readers & BESIDE_CONTROLLERS)))
			continue;
		*vec_push_in(c->arena, &lacks) = (struct lack){i, fault};
		*vec_push_in(c->arena, &names) = h->inv->name;
	}
	if (!lacks.len)
		return;
	if (lacks.len == asked) {
		report(c, b, NULL, lacks.items[0].fault, hostlist_compress(names.items, names.len, c->arena));
		return;
	}
	for (size_t i = 0; i < lacks.len; i++)
		report(c, b, &c->hosts[lacks.items[i].host], lacks.items[i].fault, names.items[i]);
}

static void check_controllers(struct cluster *c, const struct slurm_beside *b)
{
	for (size_t i = 0; i < c->inv->controller_count; i++) {
		struct cluster_host *h = &c->hosts[c->inv->controllers[i]];
		const char *fault = h->facts ? fault_there(c, h, b) : NULL;
		if (fault)
			report(c, b, h, fault, h->inv->name);
	}
}

/* What a daemon runs as root or slurm, and everybody may write. */
static void check_writable(struct cluster *c, const struct cluster_host *h)
{
	for (size_t i = 0; i < h->facts->beside.path_count; i++) {
		const struct facts_path *p = &h->facts->beside.paths[i];
		if (!p->type || !streq(p->type, "file") || !(p->mode & 0002))
			continue;
		struct finding *f = finding_add(
		    &c->findings, FINDING_WARNING, CODE_WRITABLE, h->inv->name,
		    "everybody may write to %s (mode %04o), and Slurm's daemons run or read it", p->path, p->mode);
		f->fix = finding_text(&c->findings, "on %s: chmod o-w %s", h->inv->name, p->path);
	}
}

/* A controller goes on without the nodes that it does not know; a node without its controller does not. */
static void add_unresolved(struct cluster *c, struct cluster_host *h, const char *what, const char *fix)
{
	struct finding *f = h->inv->controller
				? finding_add(&c->findings, FINDING_WARNING, CODE_UNRESOLVED, h->inv->name, "%s", what)
				: cluster_blame(c, h, CODE_UNRESOLVED, "%s", what);
	f->fix = fix;
}

static void check_names(struct cluster *c, struct cluster_host *h)
{
	const struct facts_beside *b = &h->facts->beside;
	if (b->late)
		add_unresolved(
		    c, h, arena_printf(c->arena, "the names in slurm.conf could not be looked up in time: %s", b->late),
		    finding_text(&c->findings, "on %s: see /etc/resolv.conf; or put the hosts into /etc/hosts",
				 h->inv->name));
	else if (b->unresolved_count)
		add_unresolved(c, h,
			       arena_printf(c->arena, "it does not know the name%s %s, which slurm.conf has",
					    b->unresolved_count == 1 ? "" : "s",
					    hostlist_compress(b->unresolved, b->unresolved_count, c->arena)),
			       finding_text(&c->findings,
					    "give the address in cluster.yaml, or put the name into the name server or "
					    "%s's /etc/hosts",
					    h->inv->name));
}

/* What `network` says would count for nothing. */
static void check_topology(struct cluster *c, struct cluster_host *h)
{
	enum { FIRST_YAML = 2505 };
	const struct facts_path *p = c->release >= FIRST_YAML ? path_of(&h->facts->beside, BESIDE_TOPOLOGY) : NULL;
	if (!p || !p->type)
		return;
	struct finding *f =
	    cluster_blame(c, h, CODE_TOPOLOGY,
			  BESIDE_TOPOLOGY " is there: Slurm reads it in place of topology.conf, which is "
					  "made from 'network' of cluster.yaml");
	f->fix = finding_text(
	    &c->findings, "on %s: mv " BESIDE_TOPOLOGY " /root/; or take 'network' out of cluster.yaml", h->inv->name);
	f->origin = c->inv->network.at;
}

void cluster_check_beside(struct cluster *c)
{
	const struct slurm_besides *nodes = beside_of(c->inv, false, true, c->arena);
	const struct slurm_besides *controllers = beside_of(c->inv, true, false, c->arena);
	for (size_t i = 0; i < controllers->len; i++)
		check_controllers(c, &controllers->items[i]);
	for (size_t i = 0; i < nodes->len; i++)
		check_nodes(c, &nodes->items[i]);
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		if (!h->facts || cluster_is_out(h))
			continue;
		check_writable(c, h);
		check_topology(c, h);
		check_names(c, h);
	}
}
