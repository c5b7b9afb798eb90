/*
 * A slurm.conf as a cluster. Of the parameters those that Slurm reads last count, as for slurmctld. What is in force
 * only because the file says nothing is written out where reeve would write something else (slurm_param_default).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/str.h"
#include "base/vec.h"
#include "conf/schema.h"
#include "inventory/inventory.h"
#include "slurm/action.h"
#include "slurm/param.h"

#define STATE_DEFAULT "/var/spool/slurmctld" /* where a state directory has to move to */

/* What reeve writes of these is what most files say. */
static bool is_as_written(const char *key, const char *value)
{
	static const char *const same[][2] = {
	    {"AuthType", "auth/munge"}, {"CredType", "cred/munge"}, {"AuthType", "munge"},
	    {"CredType", "munge"},      {"CredType", "auth/munge"}, {"CryptoType", "crypto/munge"}, /* its old name */
	    {"FastSchedule", "1"}, /* what Slurm has done since it is gone */
	    {"SlurmUser", "slurm"},     {"SlurmdUser", "root"}};
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (strcasecmp(same[i][0], key) == 0 && strcasecmp(same[i][1], value) == 0)
			return true;
	return false;
}

static void note_owned(struct builder *b, const struct slurm_pair *pair, const struct slurm_owned *owned)
{
	make_note(b, pair->line, "%s=%s is not kept: %s", pair->key, pair->value, owned->reason);
}

/* Has a place of its own in cluster.yaml. */
static bool is_placed(const char *key)
{
	return strcasecmp(key, "ClusterName") == 0 || strcasecmp(key, "StateSaveLocation") == 0 ||
	       slurm_conf_names_controller(key);
}

/*
 * From 25.11 on JobContainerType is NamespaceType, and its plugins are called so; the old name is read where the new one is not given
 * (src/common/read_config.c). It is written as it is meant.
 */
static struct slurm_pair renamed(struct builder *b, const struct slurm_pair *pair)
{
	enum { FIRST_NAMESPACES = 2511 };
	struct slurm_pair p = *pair;
	if (strcasecmp(p.key, "JobContainerType") != 0 || b->release < FIRST_NAMESPACES ||
	    slurm_conf_get(b->conf, "NamespaceType"))
		return p;
	const char *slash = strchr(p.value, '/');
	p.key = "NamespaceType";
	p.value = arena_printf(b->arena, "namespace/%s", slash ? slash + 1 : p.value);
	make_note(b, p.line, "%s=%s is written %s=%s, as it is called from 25.11 on", pair->key, pair->value, p.key,
		  p.value);
	return p;
}

/* Each of these may stand there more than once from 24.05 on, and all are run (_load_script() of src/common/read_config.c). */
static bool is_run_with_others(const struct builder *b, const char *key)
{
	enum { FIRST_SCRIPTS = 2405 };
	static const char *const keys[] = {"Prolog", "Epilog", "PrologSlurmctld", "EpilogSlurmctld"};
	for (size_t i = 0; b->release >= FIRST_SCRIPTS && i < ARRAY_LEN(keys); i++)
		if (strcasecmp(keys[i], key) == 0)
			return true;
	return false;
}

/* `last`: the one of its name that is given last. */
static void add_global(struct builder *b, const struct slurm_pair *given, const struct slurm_pair *last)
{
	bool repeated = given != last;
	if (repeated && streq(given->value, last->value))
		return;
	const struct slurm_pair now = repeated ? *given : renamed(b, given), *pair = &now;
	const struct slurm_owned *owned = slurm_param_owned(SLURM_GLOBAL, pair->key);
	const struct slurm_param *param = slurm_param_find(SLURM_GLOBAL, pair->key);
	if (is_placed(pair->key))
		return;
	if (!repeated && is_as_written(pair->key, pair->value))
		return;
	if (repeated) {
		make_note(
		    b, pair->line, "%s=%s is not kept: %s", pair->key, pair->value,
		    is_run_with_others(b, pair->key)
			? "Slurm runs it and the one further down; cluster.yaml has a place for one: let that call both"
			: "the parameter is given again further down");
	} else if (owned) {
		note_owned(b, pair, owned);
	} else if (!param && slurm_param_find(SLURM_CGROUP, pair->key)) {
		make_note(b, pair->line, "%s=%s is not kept: it is a parameter of cgroup.conf, not of slurm.conf",
			  pair->key, pair->value);
	} else if (!param) {
		const char *near = str_nearest(pair->key, slurm_param_names(SLURM_GLOBAL, b->release, b->arena));
		make_note(b, pair->line, "%s=%s is not kept: Slurm from 22.05 on has no such parameter%s%s%s",
			  pair->key, pair->value, near ? "; is it " : "", near ? near : "", near ? "?" : "");
	} else {
		const char *note, *value = make_value(b, param, pair->value, &note);
		const char *fault = make_param_fault(b, param, value);
		if (note)
			make_note(b, pair->line, "%s", note);
		if (fault)
			make_note(b, pair->line, "%s=%s is not kept: %s", pair->key, pair->value, fault);
		else
			make_add_param(b, &b->out->params, param->name, value, false);
	}
}

static void add_globals(struct builder *b)
{
	const struct slurm_pairs *all = &b->conf->globals;
	_cleanup_map_ struct map last = {0}; /* name in lower case -> the last pair of that name */
	const char **keys = arena_calloc(b->arena, all->len, sizeof *keys);
	for (size_t i = 0; i < all->len; i++) {
		keys[i] = make_lower(b->arena, all->items[i].key);
		map_set(&last, keys[i], &all->items[i]);
	}
	for (size_t i = 0; i < all->len; i++)
		add_global(b, &all->items[i], map_get(&last, keys[i]));
}

/* In force because the file says nothing; reeve's own default would be another. */
static void add_defaults(struct builder *b)
{
	/* What reeve would write. */
	static const char *const ours[][2] = {{"SelectType", "select/cons_tres"},
					      {"TaskPlugin", "task/affinity,task/cgroup"},
					      {"ReturnToService", "1"},
					      {"SlurmctldTimeout", "60"},
					      {"SlurmdSpoolDir", "/var/lib/slurm/slurmd"}};
	static const char *const logs[] = {"SlurmctldLogFile", "SlurmdLogFile"};
	static const char *const memory[] = {"DefMemPerCPU", "DefMemPerNode", "DefMemPerGPU"};
	struct adopt_params *params = &b->out->params;
	const char *select = slurm_conf_get(b->conf, "SelectType");
	bool limited = false;
	for (size_t i = 0; i < ARRAY_LEN(memory); i++)
		limited |= make_param(params, memory[i]) != NULL;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		const char *value = slurm_param_default(ours[i][0], b->release);
		if (value && !streq(value, ours[i][1]) && !slurm_conf_get(b->conf, ours[i][0]))
			make_add_param(b, params, ours[i][0], value, true);
	}
	const char *parameters = slurm_conf_get(b->conf, "SelectTypeParameters");
	const char *type = make_param(params, "SelectType");
	bool whole = type && strcasecmp(type, "select/linear") == 0;
	if (!limited && (parameters ? strcasestr(parameters, "memory") != NULL : !whole))
		make_add_param(b, params, "DefMemPerNode", slurm_param_default("DefMemPerNode", b->release), true);
	if (!select && !slurm_param_default("SelectType", b->release))
		make_note(b, 0,
			  "SelectType is not given: Slurm's default is select/linear in 22.05 and select/cons_tres in "
			  "24.11; reeve's is select/cons_tres. Say --slurm-version to keep what is in force");
	if (!slurm_conf_get(b->conf, "ReconfigFlags"))
		make_note(
		    b, 0,
		    "ReconfigFlags is not given: reeve's default is KeepPartState, so that a reconfigure does not "
		    "undo what was done to a partition by hand");
	const char *control = slurm_conf_get(b->conf, "SlurmctldParameters");
	if (control && strcasestr(control, "enable_configless"))
		make_note(
		    b, 0,
		    "SlurmctldParameters has enable_configless: slurmds that get their configuration from slurmctld "
		    "have to be changed to a slurm.conf of their own before the first apply");
	for (size_t i = 0; i < ARRAY_LEN(logs); i++)
		if (!slurm_conf_get(b->conf, logs[i]))
			make_note(b, 0, "%s is not given: reeve's default is a file in /var/log/slurm", logs[i]);
	if (!slurm_conf_get(b->conf, "SlurmUser"))
		make_note(b, 0, "SlurmUser is not given, which means root: %s",
			  slurm_param_owned(SLURM_GLOBAL, "SlurmUser")->reason);
}

static const char *first_label(struct arena *arena, const char *name)
{
	return arena_strndup(arena, name, strcspn(name, "."));
}

/* The host that a controller's name means: what slurmctld compares with gethostname(2), short or long. */
static const struct adopt_host *controller_host(const struct builder *b, const char *name)
{
	const char *label = first_label(b->arena, name);
	for (size_t i = 0; i < b->out->hosts.len; i++) {
		const struct adopt_host *h = &b->out->hosts.items[i];
		if (streq(h->hostname, name) || streq(h->name, name) || streq(h->hostname, label) ||
		    streq(h->name, label))
			return h;
	}
	return NULL;
}

static const struct adopt_host *host_at(const struct builder *b, const char *address)
{
	for (size_t i = 0; i < b->out->hosts.len; i++)
		if (streq(b->out->hosts.items[i].address, address))
			return &b->out->hosts.items[i];
	return NULL;
}

static void add_controller(struct builder *b, const struct slurm_controller_name *c)
{
	const struct adopt_host *known = controller_host(b, c->name);
	const char *label = first_label(b->arena, c->name);
	if (inventory_is_address(c->name)) {
		const struct adopt_host *meant = host_at(b, c->name);
		make_note(
		    b, c->line,
		    "the controller %s is not kept: that is an address, and slurmctld compares the name with what the "
		    "machine calls itself: write %s(%s)%s",
		    c->name, meant ? meant->name : "NAME", c->name,
		    meant ? "" : ", with NAME what `hostname -s` prints there");
		return;
	}
	if (b->out->controllers.len == INV_MAX_CONTROLLERS) {
		make_note(b, 0, "the controller %s is not kept: there are more than %d", c->name, INV_MAX_CONTROLLERS);
		return;
	}
	if (!known) {
		struct adopt_host host = {.name = label, .hostname = label, .address = c->address, .was = ""};
		const char *fault = make_add_host(b, &host);
		if (fault) {
			make_note(b, c->line, "the controller %s is not kept: %s", c->name, fault);
			return;
		}
		*vec_push_in(b->arena, &b->out->controllers) = label;
		return;
	}
	for (size_t i = 0; i < b->out->controllers.len; i++)
		if (streq(b->out->controllers.items[i], known->name))
			return;
	/* The node's is its name, which nobody wrote as its address. */
	bool named = streq(known->address, known->hostname) || streq(known->address, known->name);
	if (named && !streq(c->address, c->name) && make_move_host(b, known->name, c->address))
		named = false;
	if (!named && !streq(known->address, "local") && !streq(c->address, c->name) &&
	    !streq(c->address, known->address))
		make_note(
		    b, 0,
		    "the controller %s has the address %s, and the node %s the address %s: a host has one address "
		    "in cluster.yaml, and that is the node's",
		    c->name, c->address, known->name, known->address);
	*vec_push_in(b->arena, &b->out->controllers) = known->name;
}

static int add_controllers(struct builder *b, struct err *err)
{
	const struct slurm_controller_name *list;
	size_t count = slurm_conf_controllers(b->conf, b->arena, &list), notes = b->out->notes.len;
	for (size_t i = 0; i < count; i++)
		add_controller(b, &list[i]);
	if (!b->out->controllers.len)
		return err_set(err, ERR_INPUT,
			       "%s: neither SlurmctldHost nor ControlMachine names a controller that can "
			       "be kept%s",
			       b->out->from, make_reason(b, notes));
	return 0;
}

void make_state_of(struct builder *b)
{
	const char *given = slurm_conf_get(b->conf, "StateSaveLocation");
	const char *path =
	    inventory_plain_path(b->arena, given ? given : slurm_param_default("StateSaveLocation", b->release));
	const char *fault = inventory_state_fault(path);
	if (!fault)
		fault = conf_path_fault(path);
	if (fault)
		make_note(
		    b, 0,
		    "StateSaveLocation=%s cannot stay where it is, as it %s. Stop slurmctld, copy what is in it to "
		    "%s, and only then apply",
		    path, fault, STATE_DEFAULT);
	b->out->state = fault ? STATE_DEFAULT : path;
}

static int add_cluster(struct builder *b, const struct adopt_options *options, struct err *err)
{
	const char *given = slurm_conf_get(b->conf, "ClusterName");
	const char *text = options->name ? options->name : given;
	if (!text)
		return err_set(err, ERR_INPUT, "%s has no ClusterName: use --name", b->out->from);
	b->out->cluster = make_cluster_name(b, text);
	if (!b->out->cluster)
		return err_set(
		    err, ERR_INPUT,
		    "'%.100s' cannot be a cluster's name: lower-case letters, digits, '.', '_', '-', at most %d; "
		    "use --name",
		    text, INV_MAX_CLUSTER);
	if (given && !streq(given, b->out->cluster))
		make_note(b, 0, "ClusterName=%s is written '%s'%s", given, b->out->cluster,
			  strcasecmp(given, b->out->cluster) == 0
			      ? ", as Slurm itself folds it"
			      : ": slurmctld refuses a state directory of another cluster's name");
	return 0;
}

/* Each name once; what Slurm would not take has no place. */
static void add_actions(struct builder *b)
{
	const struct slurm_param *param = slurm_param_find(SLURM_GLOBAL, "PowerAction");
	const char *all = NULL;
	for (size_t i = 0; i < b->conf->power_actions.len; i++) {
		const struct slurm_line *line = &b->conf->power_actions.items[i];
		const char *location = slurm_line_get(line, "Location"), *program = slurm_line_get(line, "Program");
		const struct slurm_action action = {line->names, location && strcasecmp(location, "slurmd") == 0,
						    program ? program : ""};
		const char *text = slurm_action_text(&action, b->arena);
		const char *with = all ? arena_printf(b->arena, "%s\n%s", all, text) : text;
		const char *fault = !location || (!action.on_nodes && strcasecmp(location, "slurmctld") != 0)
					? "Location has to be slurmd or slurmctld"
					: make_param_fault(b, param, with);
		if (fault)
			make_note(b, line->line, "PowerAction=%s is not kept: %s", line->names, fault);
		else
			all = with;
	}
	if (all)
		make_add_param(b, &b->out->params, param->name, all, false);
}

void make_params_of(struct builder *b)
{
	add_globals(b);
	add_actions(b);
	add_defaults(b);
}

static void note_lines(struct builder *b, const struct slurm_lines *lines, const char *key)
{
	for (size_t i = 0; i < lines->len; i++)
		make_note(b, lines->items[i].line, "%s=%s is not kept: %s", key, lines->items[i].names,
			  slurm_param_owned(SLURM_GLOBAL, key)->reason);
}

static int build(struct builder *b, const struct adopt_options *options, struct err *err)
{
	if (add_cluster(b, options, err) < 0)
		return -1;
	make_gres_of(b);
	if (make_nodes_of(b, err) < 0 || add_controllers(b, err) < 0)
		return -1;
	make_addresses(b);
	make_state_of(b);
	make_params_of(b);
	size_t notes = b->out->notes.len;
	make_partitions_of(b);
	if (!b->out->partitions.len)
		return err_set(err, ERR_INPUT, "%s: no partition can be kept%s", b->out->from, make_reason(b, notes));
	note_lines(b, &b->conf->down_nodes, "DownNodes");
	note_lines(b, &b->conf->frontends, "FrontendName");
	for (size_t i = 0; i < b->conf->node_sets.len; i++)
		make_note(b, b->conf->node_sets.items[i].line,
			  "NodeSet=%s: its nodes are written out in the partitions that name it",
			  b->conf->node_sets.items[i].names);
	make_cgroup_of(b);
	make_topology_of(b);
	return 0;
}

/* slurm_conf_parse counts the lines of the whole text. */
static int at_its_place(struct builder *b, const struct err *why, struct err *err)
{
	char *end;
	unsigned long line = str_starts(why->text, "line ") ? strtoul(why->text + 5, &end, 10) : 0;
	if (!line || !str_starts(end, ": "))
		return err_set(err, why->code, "%s: %s", b->out->from, why->text);
	return err_set(err, why->code, "%s: %s", slurm_text_place(&b->files->slurm, (unsigned)line, b->arena), end + 2);
}

int adopt_slurm(const struct adopt_files *files, const struct adopt_options *options, struct arena *arena,
		struct adopted **ret, struct err *err)
{
	struct slurm_conf *conf;
	struct err why = {0};
	struct adopted *out = arena_alloc(arena, sizeof *out);
	struct builder b = {.arena = arena, .out = out, .files = files, .meaning = {.arena = arena}};
	*out = (struct adopted){.from = files->path};
	*vec_push_in(arena, &out->digests) = files->digest;
	if (make_version(&b, options->slurm_version, err) < 0)
		return -1;
	int rc = slurm_conf_parse(files->slurm.text, files->slurm.len, arena, &conf, &why);
	if (rc == 0) {
		b.conf = conf;
		rc = slurm_conf_nodes(conf, arena, &b.nodes, &why);
	}
	rc = rc < 0 ? at_its_place(&b, &why, err) : build(&b, options, err);
	slurm_units_free(&b.nodes);
	effective_free(&b.meaning);
	map_free(&b.hosts);
	map_free(&b.addresses);
	map_free(&b.gres);
	if (rc == 0)
		*ret = out;
	return rc;
}
