/*
 * An inventory of Ansible's as a cluster: what `ansible-inventory --list` prints (ansible-inventory(1)): a map of groups
 * with "hosts" and "children", and under "_meta" the variables of each host. Which group are the controllers and which
 * the compute nodes it does not say: that is told by options, or guessed by the names that are common.
 */
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/names.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "inventory/inventory.h"

enum { GROUP_DEPTH = 32, MOST_MEMBERS = 1 << 20 };

static const char *const controller_groups[] = {"slurm_controllers", "slurm_controller", "slurmctld",  "slurm_control",
						"slurmservers",      "slurm_master",     "slurm_head", "controllers",
						"controller",        "control",          "head",       "headnode",
						"head_node",         "master",           "masters",    NULL};
static const char *const compute_groups[] = {"slurm_compute", "slurm_computes", "slurmd",        "slurm_nodes",
					     "slurm_node",    "slurmexechosts", "slurm_workers", "slurm_worker",
					     "compute",       "computes",       "compute_nodes", "compute_node",
					     "nodes",         "workers",        "worker",        NULL};

struct members {
	const char **items;
	size_t len, cap;
	struct map seen;
};

struct inventory_reader {
	struct builder b;
	const json_t *root, *vars;
	size_t visits;
	struct err *err;
};

static bool same_name(const char *group, const char *known)
{
	for (; *group && *known; group++, known++)
		if (strncasecmp(*group == '-' || *group == '.' ? "_" : group, known, 1) != 0)
			return false;
	return *group == *known;
}

/* The hosts of a group and of those below it, in their order, each once. */
static int add_group(struct inventory_reader *r, const char *name, unsigned depth, struct members *out)
{
	const json_t *group = json_object_get(r->root, name), *one;
	size_t i;
	if (depth == GROUP_DEPTH || ++r->visits > MOST_MEMBERS)
		return err_set(r->err, ERR_INPUT, "%s: the groups below '%.100s' have no end", r->b.out->from, name);
	json_array_foreach(json_object_get(group, "hosts"), i, one)
	{
		const char *host = json_string_value(one);
		if (host && !map_set(&out->seen, host, (void *)host))
			*vec_push_in(r->b.arena, out) = host;
	}
	json_array_foreach(json_object_get(group, "children"), i,
			   one) if (json_is_string(one) &&
				    add_group(r, json_string_value(one), depth + 1, out) < 0) return -1;
	return 0;
}

static const char *guess(struct inventory_reader *r, const char *const *known)
{
	const char *name;
	json_t *group;
	for (; *known; known++)
		json_object_foreach((json_t *)r->root, name,
				    group) if (json_is_object(group) && same_name(name, *known)) return name;
	return NULL;
}

static int read_group(struct inventory_reader *r, const char *given, const char *const *known, const char *option,
		      struct members *out)
{
	const char *name = given ? given : guess(r, known);
	if (!name)
		return err_set(r->err, ERR_INPUT,
			       "%s: no group has a name that says which hosts these are: say %s GROUP", r->b.out->from,
			       option);
	if (!json_is_object(json_object_get(r->root, name)))
		return err_set(r->err, ERR_INPUT, "%s has no group '%.100s'", r->b.out->from, name);
	if (add_group(r, name, 0, out) < 0)
		return -1;
	if (!out->len)
		return err_set(r->err, ERR_INPUT, "%s: the group '%.100s' has no hosts", r->b.out->from, name);
	if (!given)
		make_note(&r->b, 0, "taken for %s by its name: the group %s (%s says another)", option + 2, name,
			  option);
	return 0;
}

/* The first of the variables that is a text or a number, as text; NULL: none. */
static const char *variable(struct inventory_reader *r, const char *host, const char *const *names)
{
	const json_t *vars = json_object_get(r->vars, host);
	for (; *names; names++) {
		const json_t *v = json_object_get(vars, *names);
		if (json_is_string(v) && *json_string_value(v))
			return json_string_value(v);
		if (json_is_integer(v))
			return arena_printf(r->b.arena, "%lld", (long long)json_integer_value(v));
	}
	return NULL;
}

static const char *const address_names[] = {"ansible_host", "ansible_ssh_host", NULL};
static const char *const user_names[] = {"ansible_user", "ansible_ssh_user", NULL};
static const char *const port_names[] = {"ansible_port", "ansible_ssh_port", NULL};
static const char *const connection_names[] = {"ansible_connection", NULL};
static const char *const cluster_names[] = {"slurm_cluster_name", "openhpc_cluster_name", NULL};

static const char *node_name(struct inventory_reader *r, const char *host)
{
	return arena_strndup(r->b.arena, host, strcspn(host, "."));
}

static void add_host(struct inventory_reader *r, const char *name, bool compute)
{
	struct builder *b = &r->b;
	const char *node = node_name(r, name);
	size_t known = make_host(b, node);
	if (known) {
		b->out->hosts.items[known - 1].compute |= compute;
		return;
	}
	const char *address = variable(r, name, address_names), *user = variable(r, name, user_names);
	const char *port = variable(r, name, port_names), *connection = variable(r, name, connection_names);
	struct adopt_host host = {
	    .name = node, .hostname = node, .address = address ? address : name, .was = "", .compute = compute};
	uint64_t number = 0;
	if (connection && streq(connection, "local"))
		host.address = "localhost";
	if (port && str_to_u64(port, 1, 65535, &number) < 0)
		make_note(b, 0, "ansible_port of %s is not a port: %s", name, port);
	host.port = number == 22 ? 0 : (unsigned)number;
	if (user && str_is_name(user, 64))
		host.user = user;
	else if (user)
		make_note(b, 0, "ansible_user of %s is not kept, it is not a name: %s", name, user);
	const char *fault = make_add_host(b, &host);
	if (fault)
		make_note(b, 0, "%s is left out: %s (its address is %s)", name, fault, host.address);
}

static int add_hosts(struct inventory_reader *r, const struct members *controllers, const struct members *compute)
{
	struct builder *b = &r->b;
	bool any = false;
	for (size_t i = 0; i < controllers->len; i++) {
		const char *name = node_name(r, controllers->items[i]);
		if (i >= INV_MAX_CONTROLLERS) {
			make_note(b, 0, "%s is left out: there are more than %d controllers", controllers->items[i],
				  INV_MAX_CONTROLLERS);
			continue;
		}
		add_host(r, controllers->items[i], false);
		if (make_host(b, name))
			*vec_push_in(b->arena, &b->out->controllers) = name;
	}
	for (size_t i = 0; i < compute->len; i++)
		add_host(r, compute->items[i], true);
	for (size_t i = 0; i < b->out->hosts.len; i++)
		any |= b->out->hosts.items[i].compute;
	if (!any || !b->out->controllers.len)
		return err_set(r->err, ERR_INPUT, "%s: no %s can be kept", b->out->from,
			       any ? "controller" : "compute node");
	return 0;
}

/* What Ansible's ssh is told, and ours is not: it is the operator's own, with his ssh_config. */
static const struct way {
	const char *name, *option; /* of ssh_config(5); NULL: it is words for ssh's command line */
	bool password;
} ways[] = {{"ansible_ssh_common_args", NULL, false},
	    {"ansible_ssh_extra_args", NULL, false},
	    {"ansible_ssh_args", NULL, false},
	    {"ansible_ssh_private_key_file", "IdentityFile", false},
	    {"ansible_private_key_file", "IdentityFile", false},
	    {"ansible_ssh_pass", NULL, true},
	    {"ansible_password", NULL, true}};

/* "-o ProxyCommand="ssh -W %h:%p u@gate" -J gate" as lines of ssh_config(5), with "; " between. */
static const char *words_of_ssh(struct arena *arena, const char *args)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (const char *p = args; *p;) {
		_cleanup_strbuf_ struct strbuf word = {0};
		char quote = 0;
		for (p += strspn(p, " "); *p && (quote || *p != ' '); p++)
			if (*p == quote)
				quote = 0;
			else if (!quote && (*p == '"' || *p == '\''))
				quote = *p;
			else
				strbuf_addc(&word, *p);
		char *text = arena_strdup(arena, strbuf_str(&word)), *equals = strchr(text, '=');
		if (streq(text, "-o"))
			continue;
		if (str_starts(text, "-J")) {
			strbuf_addf(&out, "%sProxyJump%s%s", out.len ? "; " : "", text[2] ? " " : "", text + 2);
			continue;
		}
		if (equals && *text != '-')
			*equals = ' ';
		strbuf_addf(&out, "%s%s", !out.len ? "" : str_ends(strbuf_str(&out), "ProxyJump") ? " " : "; ", text);
	}
	return arena_strdup(arena, strbuf_str(&out));
}

/* Of each host of ours by what is said, for one note about all of them. */
static void note_ways(struct inventory_reader *r)
{
	struct builder *b = &r->b;
	VEC(const char *) texts = {0};
	_cleanup_map_ struct map hosts = {0};
	const char *host;
	json_t *vars;
	json_object_foreach((json_t *)r->vars, host, vars)
	{
		for (size_t i = 0; i < ARRAY_LEN(ways) && make_host(b, node_name(r, host)); i++) {
			const char *said = variable(r, host, (const char *const[]){ways[i].name, NULL});
			if (!said)
				continue;
			const char *lines = ways[i].password ? NULL
					    : ways[i].option ? arena_printf(b->arena, "%s %s", ways[i].option, said)
							     : words_of_ssh(b->arena, said);
			const char *text = arena_printf(b->arena, "%s is not kept: %s%s", ways[i].name,
							lines ? "your ssh_config has to say for them: "
							      : "log in with a key (ssh-copy-id)",
							lines ? lines : "");
			struct names *names = map_get(&hosts, text);
			if (!names) {
				names = arena_alloc(b->arena, sizeof *names);
				map_set(&hosts, text, names);
				*vec_push_in(b->arena, &texts) = text;
			}
			*vec_push_in(b->arena, names) = node_name(r, host);
		}
	}
	for (size_t i = 0; i < texts.len; i++) {
		const struct names *names = map_get(&hosts, texts.items[i]);
		make_note(b, 0, "of %s: %s", hostlist_compress(names->items, names->len, b->arena), texts.items[i]);
	}
}

/* Hosts without variables are in groups alone. */
static void note_rest(struct inventory_reader *r)
{
	struct members all = {0};
	const char *name;
	json_t *ignored;
	json_object_foreach((json_t *)r->vars, name, ignored)
	{
		(void)ignored;
		if (!map_set(&all.seen, name, (void *)name))
			*vec_push_in(r->b.arena, &all) = name;
	}
	json_object_foreach((json_t *)r->root, name, ignored)
	{
		struct err err = {0};
		struct inventory_reader reader = *r;
		reader.err = &err;
		if (!streq(name, "_meta"))
			(void)add_group(&reader, name, 0, &all); /* what has no end was said */
	}
	for (size_t i = 0; i < all.len; i++)
		if (!make_host(&r->b, node_name(r, all.items[i])))
			make_note(&r->b, 0, "%s is left out: it is neither a controller nor a compute node",
				  all.items[i]);
	map_free(&all.seen);
}

/* What the roles that people use call the parts of a slurm.conf (galaxyproject.slurm, stackhpc.openhpc). */
static const char *const config_names[] = {"slurm_config", "openhpc_config", NULL};
static const char *const nodes_names[] = {"slurm_nodes", NULL};
static const char *const partitions_names[] = {"slurm_partitions", NULL};
static const char *const gres_names[] = {"slurm_gres_config", NULL};

/* Of the controller, else of the first host that has it. NULL: nobody has. */
static const json_t *part_of(const struct inventory_reader *r, const char *controller, const char *const *names)
{
	const char *host;
	json_t *vars;
	for (const char *const *n = names; *n; n++) {
		const json_t *part = json_object_get(json_object_get(r->vars, controller), *n);
		if (part)
			return part;
	}
	json_object_foreach((json_t *)r->vars, host, vars)
	{
		for (const char *const *n = names; *n; n++)
			if (json_object_get(vars, *n))
				return json_object_get(vars, *n);
	}
	return NULL;
}

static int add_cluster(struct inventory_reader *r, const struct adopt_options *options, const struct members *first)
{
	const json_t *role = json_object_get(part_of(r, first->items[0], config_names), "ClusterName");
	const char *said = json_is_string(role) ? json_string_value(role) : variable(r, first->items[0], cluster_names);
	const char *text = options->name ? options->name : said ? said : "cluster";
	r->b.out->cluster = make_cluster_name(&r->b, text);
	if (!r->b.out->cluster)
		return err_set(r->err, ERR_INPUT, "'%.100s' cannot be a cluster's name: use --name", text);
	if (!options->name)
		make_note(&r->b, 0, "the cluster's name is %s",
			  said ? "that of its variables" : "made up: --name says another");
	return 0;
}

/* As a template of the role would print it; what has no such form is left out. */
static void print_value(struct strbuf *out, const json_t *value)
{
	size_t i;
	const json_t *one;
	if (json_is_boolean(value))
		strbuf_adds(out, json_is_true(value) ? "YES" : "NO");
	else if (json_is_integer(value))
		strbuf_addf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_string(value) && !strpbrk(json_string_value(value), "\n\r\""))
		strbuf_adds(out, json_string_value(value));
	json_array_foreach(value, i, one)
	{
		strbuf_adds(out, i ? "," : "");
		print_value(out, one);
	}
}

static void print_pair(struct strbuf *out, const char *key, const json_t *value, char end)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	print_value(&text, value);
	if (text.len && !key[strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")])
		strbuf_addf(out, strchr(strbuf_str(&text), ' ') ? "%s=\"%s\"%c" : "%s=%s%c", key, strbuf_str(&text),
			    end);
}

/* Lines of one kind: what `name` says is behind `first`. */
static void print_rows(struct strbuf *out, const char *first, const json_t *rows)
{
	size_t i;
	json_t *row, *value;
	const char *key;
	json_array_foreach(rows, i, row)
	{
		const json_t *name = json_object_get(row, "name");
		if (first && name)
			print_pair(out, first, name, ' ');
		json_object_foreach(row, key, value)
		{
			if (!first || !streq(key, "name"))
				print_pair(out, key, value, ' ');
		}
		strbuf_addc(out, '\n');
	}
}

/* slurm.conf as the role would write it, read as any other; the hosts stay those of the inventory. */
static void add_role(struct inventory_reader *r, const char *controller, struct adopt_files *files)
{
	struct builder *b = &r->b;
	_cleanup_strbuf_ struct strbuf conf = {0}, gres = {0};
	struct slurm_conf *read;
	struct err err = {0};
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)part_of(r, controller, config_names), key, value)
	{
		print_pair(&conf, key, value, '\n');
	}
	print_rows(&conf, "NodeName", part_of(r, controller, nodes_names));
	print_rows(&conf, "PartitionName", part_of(r, controller, partitions_names));
	print_rows(&gres, NULL, part_of(r, controller, gres_names));
	if (!conf.len)
		return;
	if (slurm_conf_parse(strbuf_str(&conf), conf.len, b->arena, &read, &err) < 0 ||
	    slurm_conf_nodes(read, b->arena, &b->nodes, &err) < 0) {
		make_note(b, 0, "what its variables say of slurm.conf cannot be read, and is not kept: %s", err.text);
		return;
	}
	if (gres.len)
		files->gres = (struct adopt_text){.text = arena_strdup(b->arena, strbuf_str(&gres)), .len = gres.len};
	b->files = files;
	b->conf = read;
	b->given = true;
	make_gres_of(b);
	if (b->nodes.count)
		(void)make_nodes_of(b, &err); /* the hosts are there: nothing can be wrong with all of them */
	make_state_of(b);
	make_params_of(b);
	make_partitions_of(b);
}

static int build(struct inventory_reader *r, const struct adopt_options *options)
{
	struct adopted *out = r->b.out;
	struct members controllers = {0}, compute = {0};
	struct adopt_files files = {0};
	int rc = -1;
	if (make_version(&r->b, options->slurm_version, r->err) == 0 &&
	    read_group(r, options->controllers, controller_groups, "--controllers", &controllers) == 0 &&
	    read_group(r, options->compute, compute_groups, "--compute", &compute) == 0 &&
	    add_cluster(r, options, &controllers) == 0)
		rc = add_hosts(r, &controllers, &compute);
	map_free(&controllers.seen);
	map_free(&compute.seen);
	if (rc < 0)
		return -1;
	make_addresses(&r->b);
	note_rest(r);
	note_ways(r);
	add_role(r, controllers.items[0], &files);
	if (out->controllers.len > 1 && !(r->b.conf && slurm_conf_get(r->b.conf, "StateSaveLocation"))) {
		out->state = "/var/spool/slurmctld";
		make_note(
		    &r->b, 0,
		    "'state' is a guess: with several controllers it has to be a directory that all of them share");
	}
	r->b.files = NULL;
	if (out->partitions.len)
		return 0;
	*vec_push_in(r->b.arena, &out->partitions) = (struct adopt_partition){.name = "main", .is_default = true};
	make_note(&r->b, 0, "the partition 'main' is made up: Ansible's inventory knows none");
	return 0;
}

/* Texts of `json` are kept in the arena: everything that is printed afterwards. */
static void keep_texts(struct inventory_reader *r)
{
	struct adopted *out = r->b.out;
	for (size_t i = 0; i < out->hosts.len; i++) {
		struct adopt_host *h = &out->hosts.items[i];
		h->address = arena_strdup(r->b.arena, h->address);
		h->user = arena_strdup(r->b.arena, h->user);
	}
}

int adopt_ansible(const char *path, const char *text, size_t len, const struct adopt_options *options,
		  struct arena *arena, struct adopted **ret, struct err *err)
{
	json_error_t why;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	struct adopted *out = arena_alloc(arena, sizeof *out);
	struct inventory_reader r = {
	    .b = {.arena = arena, .out = out, .meaning = {.arena = arena}}, .root = root, .err = err};
	int rc;
	*out = (struct adopted){.from = path};
	r.vars = json_object_get(json_object_get(root, "_meta"), "hostvars");
	if (!root)
		rc = err_set(err, ERR_INPUT, "%s:%d:%d: %s (it should be what `ansible-inventory --list` prints)", path,
			     why.line, why.column, why.text);
	else if (!json_is_object(root) || !json_is_object(json_object_get(root, "_meta")))
		rc = err_set(err, ERR_INPUT, "%s is not what `ansible-inventory --list` prints: it has no '_meta'",
			     path);
	else
		rc = build(&r, options);
	keep_texts(&r);
	json_decref(root);
	slurm_units_free(&r.b.nodes);
	effective_free(&r.b.meaning);
	map_free(&r.b.gres);
	map_free(&r.b.hosts);
	map_free(&r.b.addresses);
	if (rc == 0)
		*ret = out;
	return rc;
}
