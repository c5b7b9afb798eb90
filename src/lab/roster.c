#include "lab/roster.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define ROSTER_MAX (16U << 20)
#define ROSTER_FORMAT 1

static const char *copy(const struct place *p, const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return arena_strdup(p->arena, s ? s : "");
}

static int decode(const struct place *p, const json_t *top, struct roster *r)
{
	json_t *nodes = json_object_get(top, "nodes"), *binds = json_object_get(top, "binds"), *item;
	const char *subnet = json_string_value(json_object_get(top, "subnet"));
	const char *gateway = json_string_value(json_object_get(top, "gateway"));
	struct subnet host;
	size_t i;

	if (json_integer_value(json_object_get(top, "format")) != ROSTER_FORMAT || !subnet || !gateway ||
	    subnet_parse(subnet, &r->subnet) < 0)
		return -1;
	_cleanup_free_ char *with_prefix = xasprintf("%s/32", gateway);
	if (subnet_parse(with_prefix, &host) < 0)
		return -1;
	r->subnet.gateway = host.net;
	r->nodes = arena_calloc(p->arena, json_array_size(nodes) + 1, sizeof *r->nodes);
	json_array_foreach(nodes, i, item)
	{
		struct roster_node *n = &r->nodes[r->node_count++];
		n->node =
		    (struct lab_node){.name = copy(p, item, "name"),
				      .address = copy(p, item, "address"),
				      .hostname = copy(p, item, "hostname"),
				      .suite = copy(p, item, "suite"),
				      .arch = copy(p, item, "arch"),
				      .backend = copy(p, item, "backend"),
				      .memory_mib = (unsigned long)json_integer_value(json_object_get(item, "memory")),
				      .gpus = (unsigned)json_integer_value(json_object_get(item, "gpus"))};
		if (!*n->node.backend)
			n->node.backend = "nspawn"; /* written before there was another */
		n->image = copy(p, item, "image");
		if (!str_is_name(n->node.name, 50) || !lab_has_backend(n->node.backend))
			return -1;
	}
	r->binds = arena_calloc(p->arena, json_array_size(binds) + 1, sizeof *r->binds);
	json_array_foreach(binds, i, item) r->binds[r->bind_count++] =
	    (struct lab_bind){.name = copy(p, item, "name"), .path = copy(p, item, "path")};
	return 0;
}

int roster_load(const struct place *p, struct roster *ret, struct err *err)
{
	const char *path = place_path(p, "lab.json");
	_cleanup_strbuf_ struct strbuf text = {0};
	struct roster r = {0};

	*ret = r;
	if (access(path, F_OK) < 0)
		return 0;
	if (file_read(path, ROSTER_MAX, &text, err) < 0)
		return -1;
	json_t *top = json_loadb(strbuf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
	int rc = top ? decode(p, top, &r) : -1;
	json_decref(top);
	if (rc < 0)
		return err_set(err, ERR_INPUT, "%s is not what reeve wrote; 'reeve lab down' removes it", path);
	*ret = r;
	return 0;
}

int roster_save(const struct place *p, const struct roster *r, struct err *err)
{
	json_t *nodes = json_array(), *binds = json_array();

	for (size_t i = 0; i < r->node_count; i++) {
		const struct lab_node *n = &r->nodes[i].node;
		json_array_append_new(nodes,
				      json_pack("{ss ss ss ss ss ss ss sI sI}", "name", n->name, "address", n->address,
						"hostname", n->hostname, "suite", n->suite, "arch", n->arch, "image",
						r->nodes[i].image, "backend", n->backend, "memory",
						(json_int_t)n->memory_mib, "gpus", (json_int_t)n->gpus));
	}
	for (size_t i = 0; i < r->bind_count; i++)
		json_array_append_new(binds, json_pack("{ss ss}", "name", r->binds[i].name, "path", r->binds[i].path));
	json_t *top = json_pack("{si ss ss ss so so}", "format", ROSTER_FORMAT, "cluster", p->cluster, "subnet",
				subnet_text(p->arena, &r->subnet), "gateway",
				subnet_address(p->arena, r->subnet.gateway), "binds", binds, "nodes", nodes);
	_cleanup_free_ char *text = json_dumps(top, JSON_INDENT(1));
	json_decref(top);
	return text ? file_write_atomic(place_path(p, "lab.json"), text, strlen(text), 0644, err)
		    : err_set(err, ERR_INPUT, "a name of the lab is not UTF-8");
}

struct roster_node *roster_find(const struct roster *r, const char *name)
{
	for (size_t i = 0; i < r->node_count; i++) {
		const struct lab_node *n = &r->nodes[i].node;
		if (streq(n->name, name) || streq(n->hostname, name) || streq(n->address, name))
			return &r->nodes[i];
	}
	return NULL;
}
