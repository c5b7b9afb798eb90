/* Lists of hosts: "all", hostlists, lists of hostlists. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "hostlist/hostlist.h"
#include "inventory/build.h"

/* Looking for the nearest of many names takes time: a file with thousands of unknown ones gets help for the first. */
enum { MOST_SUGGESTIONS = 20 };

struct span build_offset(const struct conf_value *value, size_t offset)
{
	struct span at = value->at;
	/* Only where the text stands in the file as it is: no escapes, no folded lines. */
	if (at.width == value->len && offset < value->len) {
		at.column += (unsigned)offset;
		at.width -= (unsigned)offset;
	}
	return at;
}

/* The byte of a scalar's text where `name` stands as an item of its own; -1: nowhere. */
static long find_name(const struct conf_value *value, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = value->text; (p = strstr(p, name)); p++)
		if ((p == value->text || strchr(", ", p[-1])) && (!p[len] || strchr(", ", p[len])))
			return p - value->text;
	return -1;
}

struct span build_place(const struct conf_value *value, const char *name)
{
	for (size_t i = 0; value->kind == CONF_LIST && i < value->count; i++)
		if (value->items[i]->kind == CONF_SCALAR && find_name(value->items[i], name) >= 0)
			return build_place(value->items[i], name);
	long offset = value->kind == CONF_SCALAR ? find_name(value, name) : -1;
	if (offset < 0)
		return value->at;
	struct span at = build_offset(value, (size_t)offset);
	if (at.width > strlen(name))
		at.width = (unsigned)strlen(name);
	return at;
}

static const char *nearest_host(struct build *b, const char *name)
{
	if (b->suggestions++ >= MOST_SUGGESTIONS)
		return NULL;
	if (!b->name_list) {
		b->name_list = arena_calloc(b->arena, b->hosts.len + 1, sizeof *b->name_list);
		for (size_t i = 0; i < b->hosts.len; i++)
			b->name_list[i] = b->hosts.items[i].name;
	}
	return str_nearest(name, b->name_list);
}

/* What was meant by a host that is none, where there is a class or partition of that name. */
static const char *group_of(struct build *b, const char *name)
{
	if (inventory_class(b->inv, name))
		return arena_printf(b->arena, "class:%s", name);
	for (size_t i = 0; b->partition_names && b->partition_names[i]; i++)
		if (streq(b->partition_names[i], name))
			return arena_printf(b->arena, "partition:%s", name);
	return NULL;
}

static int add_name(struct build *b, const struct conf_value *value, const char *what, const char *name,
		    struct indexes *out)
{
	size_t index = (size_t)map_get(&b->names, name);
	if (!index) {
		if (map_has(&b->broken_names, name))
			return -1;
		const char *near = group_of(b, name);
		if (!near)
			near = nearest_host(b, name);
		diag_error(b->diags, INV_UNKNOWN_HOST_CODE, build_place(value, name),
			   near ? diags_text(b->diags, "did you mean '%s'?", near) : NULL,
			   "%s names '%s', which is not in 'hosts'", what, name);
		return -1;
	}
	index--;
	if (b->stamps[index] == b->stamp) {
		diag_error(b->diags, INV_LISTED_TWICE_CODE, build_place(value, name), NULL, "%s names '%s' twice", what,
			   name);
		return -1;
	}
	b->stamps[index] = b->stamp;
	*vec_push(out) = index;
	return 0;
}

static int add_hostlist(struct build *b, const struct conf_value *value, const char *what, struct indexes *out)
{
	_cleanup_arena_ struct arena *scratch = arena_new();
	const char *const *names;
	size_t count, at;
	struct err err = {0};
	if (hostlist_expand(value->text, b->budget, scratch, &names, &count, &at, &err) < 0) {
		if (err.code == ERR_LIMIT) {
			diag_error(b->diags, INV_TOO_MANY_HOSTS_CODE, value->at, NULL, "%s names too many hosts", what);
			b->budget = 0;
		} else {
			diag_error(b->diags, INV_RANGE_CODE, build_offset(value, at), NULL, "%s: %s", what, err.text);
		}
		return -1;
	}
	b->budget -= count;
	if (!count) {
		diag_error(b->diags, CONF_EMPTY_CODE, value->at, NULL, "%s has a list that names no host", what);
		return -1;
	}
	int result = 0;
	for (size_t i = 0; i < count; i++)
		if (add_name(b, value, what, names[i], out) < 0)
			result = -1;
	return result;
}

static int add_all(struct build *b, const struct conf_value *value, const char *what, const size_t *all, size_t count,
		   struct indexes *out)
{
	if (b->budget < count) {
		diag_error(b->diags, INV_TOO_MANY_HOSTS_CODE, value->at, NULL, "%s names too many hosts", what);
		return -1;
	}
	b->budget -= count;
	for (size_t i = 0; i < count; i++) {
		if (b->stamps[all[i]] == b->stamp) {
			diag_error(b->diags, INV_LISTED_TWICE_CODE, value->at, NULL, "%s names '%s' and then all", what,
				   b->hosts.items[all[i]].name);
			return -1;
		}
		b->stamps[all[i]] = b->stamp;
		*vec_push(out) = all[i];
	}
	return 0;
}

/* "class:NAME" and "partition:NAME": the place of NAME in `names`, each once. */
static int add_reference(struct build *b, const struct conf_value *value, const char *what, const char *kind,
			 const char *const *names, struct indexes *out)
{
	const char *name = value->text + strlen(kind) + 1;
	size_t i = 0;
	while (names[i] && !streq(names[i], name))
		i++;
	if (!names[i]) {
		const char *near = str_nearest(name, names);
		diag_error(b->diags, INV_UNKNOWN_NAME_CODE, value->at,
			   near ? diags_text(b->diags, "did you mean '%s:%s'?", kind, near) : NULL,
			   "%s names the %s '%s', which does not exist", what, kind, name);
		return -1;
	}
	for (size_t k = 0; k < out->len; k++)
		if (out->items[k] == i) {
			diag_error(b->diags, INV_LISTED_TWICE_CODE, value->at, NULL, "%s names '%s' twice", what,
				   value->text);
			return -1;
		}
	*vec_push(out) = i;
	return 0;
}

static int add_class(struct build *b, const struct conf_value *value, const char *what, struct references *others)
{
	const char **names = arena_calloc(b->arena, b->inv->class_count + 1, sizeof *names);
	for (size_t i = 0; i < b->inv->class_count; i++)
		names[i] = b->inv->classes[i].name;
	return add_reference(b, value, what, "class", names, &others->classes);
}

static int add_piece(struct build *b, const struct conf_value *value, const char *what, const size_t *all,
		     size_t all_count, struct indexes *out, struct references *others)
{
	bool class = str_starts(value->text, "class:"), partition = str_starts(value->text, "partition:");
	if (!strcasecmp(value->text, "all"))
		return add_all(b, value, what, all, all_count, out);
	if (!class && !partition)
		return add_hostlist(b, value, what, out);
	if (others)
		return class ? add_class(b, value, what, others)
			     : add_reference(b, value, what, "partition", b->partition_names, &others->partitions);
	diag_error(b->diags, INV_WORD_CODE, value->at, "name the hosts, or 'all'",
		   "%s takes hosts; classes and partitions can be named by the 'nodes' of a partition", what);
	return -1;
}

/* "n[1-3],class:x" in one text: each piece has its own place. */
static int add_text(struct build *b, const struct conf_value *value, const char *what, const size_t *all,
		    size_t all_count, struct indexes *out, struct references *others)
{
	if (!inventory_names_group(value->text))
		return add_piece(b, value, what, all, all_count, out, others);
	char *copy = arena_strdup(b->arena, value->text), *rest = copy;
	int result = 0;
	for (char *text; (text = build_piece(&rest));) {
		size_t begin = strspn(text, " "), end = strlen(text);
		while (end > begin && text[end - 1] == ' ')
			text[--end] = '\0';
		struct conf_value piece = *value;
		piece.at = build_offset(value, (size_t)(text - copy) + begin);
		piece.text = text + begin;
		piece.len = end - begin;
		if (piece.at.width > piece.len)
			piece.at.width = (unsigned)piece.len;
		if (piece.len)
			result |= add_piece(b, &piece, what, all, all_count, out, others);
	}
	return result;
}

int build_nodes(struct build *b, const struct conf_value *value, const char *what, const size_t *all, size_t all_count,
		struct indexes *out, struct references *others)
{
	const struct conf_value *const *texts;
	size_t count;
	if (conf_texts(value, what, b->arena, &texts, &count, b->diags) < 0)
		return -1;
	b->stamp++;
	int result = 0;
	for (size_t i = 0; i < count; i++)
		result |= add_text(b, texts[i], what, all, all_count, out, others);
	return result;
}

int inventory_read_choice(struct inv_reader *r, const struct conf_value *value, const char *what,
			  struct inv_choice *ret)
{
	struct build *b = r->build;
	struct indexes out = {0};
	struct references others = {0};
	bool *hosts = arena_calloc(b->arena, b->hosts.len + 1, sizeof *hosts),
	     *classes = arena_calloc(b->arena, b->inv->class_count + 1, sizeof *classes);
	size_t *all = arena_calloc(b->arena, b->hosts.len + 1, sizeof *all);
	for (size_t i = 0; i < b->hosts.len; i++)
		all[i] = i;
	int result = build_nodes(b, value, what, all, b->hosts.len, &out, &others);
	for (size_t i = 0; i < out.len; i++)
		hosts[out.items[i]] = true;
	for (size_t i = 0; i < others.classes.len; i++)
		classes[others.classes.items[i]] = true;
	for (size_t i = 0; i < others.partitions.len; i++) {
		const struct inv_partition *p = &b->inv->partitions[others.partitions.items[i]];
		for (size_t k = 0; k < p->node_count; k++)
			hosts[p->nodes[k]] = true;
		for (size_t k = 0; k < p->class_count; k++)
			classes[p->classes[k]] = true;
	}
	free(out.items);
	free(others.classes.items);
	free(others.partitions.items);
	*ret = (struct inv_choice){hosts, classes};
	return result;
}

static int by_number(const void *a, const void *b)
{
	const size_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

const size_t *build_sorted(struct build *b, struct indexes *list)
{
	size_t *sorted = arena_calloc(b->arena, list->len ? list->len : 1, sizeof *sorted);
	if (list->len) {
		memcpy(sorted, list->items, list->len * sizeof *sorted);
		qsort(sorted, list->len, sizeof *sorted, by_number);
	}
	return sorted;
}
