/* Texts that name hosts: on the command line, and the splitting of those in the file. */
#include <string.h>

#include "base/str.h"
#include "hostlist/hostlist.h"
#include "inventory/build.h"

char *build_piece(char **rest)
{
	char *piece = *rest, *p = piece;
	int depth = 0;
	if (!piece)
		return NULL;
	for (; *p && (depth > 0 || *p != ','); p++)
		depth += *p == '[' ? 1 : *p == ']' ? -1 : 0;
	*rest = *p ? p + 1 : NULL;
	*p = '\0';
	return piece;
}

bool inventory_names_group(const char *nodes)
{
	_cleanup_free_ char *copy = xstrdup(nodes);
	char *rest = copy;
	for (char *piece; (piece = build_piece(&rest));)
		if (str_starts(piece, "class:") || str_starts(piece, "partition:"))
			return true;
	return false;
}

/* What was meant by a host that is none. */
static const char *group_of(const struct inventory *inv, const char *name, struct arena *arena)
{
	if (inventory_class(inv, name))
		return arena_printf(arena, "class:%s", name);
	return inventory_partition(inv, name) ? arena_printf(arena, "partition:%s", name) : NULL;
}

static int unknown(const struct inventory *inv, const char *name, struct err *err)
{
	_cleanup_arena_ struct arena *scratch = arena_new();
	const char **names = arena_calloc(scratch, inv->host_count + 1, sizeof *names);
	for (size_t i = 0; i < inv->host_count; i++)
		names[i] = inv->hosts[i].name;
	const char *near = group_of(inv, name, scratch);
	if (!near)
		near = str_nearest(name, names);
	return err_set(err, ERR_INPUT, "no host '%.100s' in %s%s%s%s", name, inv->file, near ? "; did you mean '" : "",
		       near ? near : "", near ? "'?" : "");
}

struct selection {
	const struct inventory *inv;
	bool *hosts, *classes; /* `classes` NULL: what hosts are is not known where they are chosen */
	struct err *err;
};

static int select_class(const struct selection *s, const char *name)
{
	const struct inv_class *class = inventory_class(s->inv, name);
	if (!class)
		return err_set(s->err, ERR_INPUT, "no class '%.100s' in %s", name, s->inv->file);
	if (!s->classes)
		return err_set(s->err, ERR_INPUT,
			       "which hosts are of class '%.100s' says what is measured on them, which is not known "
			       "here: name them ('reeve facts -l class:%.100s' lists them)",
			       name, name);
	s->classes[class - s->inv->classes] = true;
	return 0;
}

static int select_partition(const struct selection *s, const char *name)
{
	const struct inv_partition *partition = inventory_partition(s->inv, name);
	if (!partition)
		return err_set(s->err, ERR_INPUT, "no partition '%.100s' in %s", name, s->inv->file);
	for (size_t i = 0; i < partition->node_count; i++)
		s->hosts[partition->nodes[i]] = true;
	for (size_t i = 0; i < partition->class_count; i++)
		if (select_class(s, s->inv->classes[partition->classes[i]].name) < 0)
			return -1;
	return 0;
}

static int select_piece(const struct selection *s, const char *piece)
{
	_cleanup_arena_ struct arena *scratch = arena_new();
	const char *const *names;
	size_t count;
	if (str_starts(piece, "partition:"))
		return select_partition(s, piece + strlen("partition:"));
	if (str_starts(piece, "class:"))
		return select_class(s, piece + strlen("class:"));
	if (streq(piece, "all")) {
		memset(s->hosts, true, s->inv->host_count * sizeof *s->hosts);
		return 0;
	}
	if (hostlist_expand(piece, INV_MAX_HOSTS, scratch, &names, &count, NULL, s->err) < 0)
		return err_wrap(s->err, "'%.100s'", piece);
	for (size_t i = 0; i < count; i++) {
		const struct inv_host *host = inventory_host(s->inv, names[i]);
		if (!host)
			return unknown(s->inv, names[i], s->err);
		s->hosts[host->index] = true;
	}
	return 0;
}

int inventory_select(const struct inventory *inv, const char *nodes, bool by_class, struct arena *arena,
		     struct inv_choice *ret, struct err *err)
{
	const struct selection s = {
	    .inv = inv,
	    .hosts = arena_calloc(arena, inv->host_count, sizeof *s.hosts),
	    .classes = by_class ? arena_calloc(arena, inv->class_count, sizeof *s.classes) : NULL,
	    .err = err,
	};
	_cleanup_free_ char *copy = xstrdup(nodes);
	char *rest = copy;
	bool any = false;
	for (char *piece; (piece = build_piece(&rest));)
		if (*piece && select_piece(&s, piece) < 0)
			return -1;
	for (size_t i = 0; i < inv->host_count; i++)
		any |= s.hosts[i];
	for (size_t i = 0; by_class && i < inv->class_count; i++)
		any |= s.classes[i];
	if (!any)
		return err_set(err, ERR_INPUT, "no host is named");
	*ret = (struct inv_choice){s.hosts, s.classes};
	return 0;
}
