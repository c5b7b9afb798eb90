#include "lab/lab.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "lab/answer.h"
#include "lab/backend.h"
#include "lab/bridge.h"
#include "lab/cgroups.h"
#include "lab/identity.h"
#include "lab/image.h"
#include "lab/machine.h"
#include "lab/place.h"
#include "lab/power.h"
#include "lab/roster.h"
#include "lab/tool.h"
#include "lab/wait.h"
#include "lab/work.h"

static void forward(void *work, const char *node, const char *text)
{
	work_say(work, node, text);
}

static int need_tools(const struct lab_spec *spec, struct err *err)
{
	static const char *const tools[][2] = {{"ip", "iproute2"},
					       {"nft", "nftables"},
					       {"ssh-keygen", "openssh-client"},
					       {"rm", "coreutils"},
					       {"apt-config", "apt"}};
	_cleanup_strbuf_ struct strbuf systems = {0};

	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (tool_need(tools[i][0], tools[i][1], err) < 0)
			return -1;
	for (size_t i = 0; i < spec->node_count; i++)
		for (const char *const(*tool)[2] = backend_of_node(&spec->nodes[i])->tools; (*tool)[0]; tool++)
			if (tool_need((*tool)[0], (*tool)[1], err) < 0)
				return -1;
	if (file_read("/proc/filesystems", 1U << 16, &systems, err) < 0)
		return -1;
	if (!strstr(strbuf_str(&systems), "\toverlay\n") &&
	    tool_run((const char *const[]){"modprobe", "overlay", NULL}, NULL, NULL, -1, err) < 0)
		return err_set(err, ERR_MISSING, "this kernel has no overlay file system");
	return 0;
}

static int check_spec(const struct lab_spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->node_count; i++) {
		const struct lab_node *n = &spec->nodes[i];
		const char *hostname = n->hostname ? n->hostname : n->name;
		if (!str_is_name(n->name, 50) || strchr(n->name, '_'))
			return err_set(err, ERR_INPUT,
				       "'%s' cannot be a lab node: at most 50 letters, digits, '-' and '.'", n->name);
		if (!str_is_name(hostname, 63) || strchr(hostname, '_'))
			return err_set(err, ERR_INPUT, "'%s' cannot be the host name of %s", hostname, n->name);
		if (n->suite && n->suite[strspn(n->suite, "abcdefghijklmnopqrstuvwxyz")])
			return err_set(err, ERR_INPUT, "'%s' is not a suite of Debian", n->suite);
		if (n->arch && !streq(n->arch, "amd64") && !streq(n->arch, "arm64"))
			return err_set(err, ERR_INPUT, "the lab knows amd64 and arm64, not '%s'", n->arch);
		if (!backend_of_node(n))
			return err_set(err, ERR_INPUT, "the lab has no backend '%s'", n->backend);
		if (n->arch && !backend_of_node(n)->foreign && image_native_arch() &&
		    !streq(n->arch, image_native_arch()))
			return err_set(err, ERR_INPUT, "%s cannot be %s: a node of %s has the machine's architecture",
				       n->name, n->arch, n->backend);
		if (n->gpus && !backend_of_node(n)->shows)
			return err_set(err, ERR_INPUT,
				       "%s cannot have GPUs: a node of %s has no devices of the machine", n->name,
				       n->backend);
		if (spec->bind_count && !backend_of_node(n)->binds)
			return err_set(err, ERR_INPUT, "%s cannot share %s: a node of %s has no shared directories",
				       n->name, spec->binds[0].path, n->backend);
		for (size_t j = 0; j < i; j++)
			if (streq(spec->nodes[j].name, n->name))
				return err_set(err, ERR_INPUT, "two nodes are named %s", n->name);
	}
	for (size_t i = 0; i < spec->bind_count; i++)
		if (!str_is_name(spec->binds[i].name, 64) || spec->binds[i].path[0] != '/' ||
		    strpbrk(spec->binds[i].path, ":,\\\"' \t\n"))
			return err_set(err, ERR_INPUT, "the lab cannot share '%s' at '%s'", spec->binds[i].name,
				       spec->binds[i].path);
	if (!image_native_arch())
		return err_set(err, ERR_REFUSED, "the lab runs on amd64 and arm64 machines");
	return 0;
}

/* The roster that the spec asks for, without images; nodes of the old one that still run stay in it. */
static int plan_roster(struct work *w, const struct roster *old, const struct lab_spec *spec, struct err *err)
{
	struct arena *arena = w->place.arena;
	struct roster *r = &w->roster;

	*r = (struct roster){0};
	r->nodes = arena_calloc(arena, spec->node_count + old->node_count + 1, sizeof *r->nodes);
	for (size_t i = 0; i < spec->node_count; i++) {
		const struct lab_node *n = &spec->nodes[i];
		r->nodes[r->node_count++].node =
		    (struct lab_node){.name = arena_strdup(arena, n->name),
				      .address = arena_strdup(arena, n->address),
				      .hostname = arena_strdup(arena, n->hostname ? n->hostname : n->name),
				      .suite = arena_strdup(arena, n->suite ? n->suite : "bookworm"),
				      .arch = arena_strdup(arena, n->arch ? n->arch : image_native_arch()),
				      .backend = backend_of_node(n)->name,
				      .memory_mib = n->memory_mib ? n->memory_mib : backend_of_node(n)->memory_mib,
				      .gpus = n->gpus};
	}
	for (size_t i = 0; i < old->node_count; i++) {
		const char *name = old->nodes[i].node.name;
		bool asked = false;
		for (size_t j = 0; j < spec->node_count; j++)
			asked = asked || streq(spec->nodes[j].name, name);
		if (!asked && machine_runs(&w->place, name))
			r->nodes[r->node_count++] = old->nodes[i];
	}
	r->binds = arena_calloc(arena, spec->bind_count + 1, sizeof *r->binds);
	for (size_t i = 0; i < spec->bind_count; i++)
		r->binds[r->bind_count++] = (struct lab_bind){.name = arena_strdup(arena, spec->binds[i].name),
							      .path = arena_strdup(arena, spec->binds[i].path)};

	const char **addresses = arena_calloc(arena, r->node_count + 1, sizeof *addresses);
	bool fits = old->node_count > 0;
	for (size_t i = 0; i < r->node_count; i++) {
		addresses[i] = r->nodes[i].node.address;
		fits = fits && subnet_has(&old->subnet, addresses[i]) &&
		       !streq(addresses[i], subnet_address(arena, old->subnet.gateway));
	}
	if (subnet_of(addresses, r->node_count, &r->subnet, err) < 0)
		return -1;
	if (fits)
		r->subnet = old->subnet;
	return 0;
}

static bool same_node(const struct lab_node *a, const struct lab_node *b)
{
	return streq(a->address, b->address) && streq(a->hostname, b->hostname) && streq(a->suite, b->suite) &&
	       streq(a->arch, b->arch) && streq(a->backend, b->backend) && a->memory_mib == b->memory_mib &&
	       a->gpus == b->gpus;
}

/* What of the old roster stays: a disk whose node and network are the same keeps its image; others are thrown away,
 * unless their node runs: then the lab has to go down first. */
static int settle_old(struct work *w, const struct roster *old, struct err *err)
{
	struct place *p = &w->place;
	bool moved = old->subnet.net != w->roster.subnet.net || old->subnet.prefix != w->roster.subnet.prefix ||
		     old->subnet.gateway != w->roster.subnet.gateway;

	for (size_t i = 0; i < old->node_count; i++) {
		const struct roster_node *was = &old->nodes[i];
		struct roster_node *is = NULL;
		for (size_t j = 0; j < w->roster.node_count; j++)
			if (streq(w->roster.nodes[j].node.name, was->node.name))
				is = &w->roster.nodes[j];
		bool runs = machine_runs(p, was->node.name);
		bool same =
		    is && !moved && same_node(&is->node, &was->node) && access(image_path(p, was->image), F_OK) == 0;
		if (runs && !same)
			return err_set(
			    err, ERR_REFUSED,
			    "%s runs with another address, host name, suite, backend, memory, GPUs or network than "
			    "asked for now: 'reeve lab down' first",
			    was->node.name);
		if (same)
			is->image = was->image;
		else if (machine_stop(p, was->node.name, err) < 0 ||
			 place_remove(place_path(p, "nodes/%s", was->node.name), err) < 0)
			return -1;
	}
	return 0;
}

static int find_images(struct work *w, const struct lab_stock *stock, struct err *err)
{
	struct roster *r = &w->roster;

	for (size_t i = 0; i < r->node_count; i++) {
		struct roster_node *n = &r->nodes[i];
		for (size_t j = 0; j < i && !n->image; j++)
			if (streq(r->nodes[j].node.suite, n->node.suite) &&
			    streq(r->nodes[j].node.arch, n->node.arch) &&
			    streq(r->nodes[j].node.backend, n->node.backend))
				n->image = r->nodes[j].image;
		if (!n->image && image_get(&w->place, backend_of_node(&n->node)->image, stock, n->node.suite,
					   n->node.arch, forward, w, &n->image, err) < 0)
			return -1;
	}
	return 0;
}

static int make_shared(struct work *w, struct err *err)
{
	for (size_t i = 0; i < w->roster.bind_count; i++)
		if (dir_make(place_path(&w->place, "shared/%s", w->roster.binds[i].name), 0755, err) < 0)
			return -1;
	return 0;
}

int lab_up(const struct lab_spec *spec, lab_progress *progress, void *context, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct work w = {.progress = progress, .context = context};
	struct roster old;

	if (check_spec(spec, err) < 0 || need_tools(spec, err) < 0)
		return -1;
	_cleanup_fd_ int lock = work_open(&w, arena, spec->cluster, err);
	if (lock < 0 || dir_make(w.place.nodes, 0755, err) < 0 || roster_load(&w.place, &old, err) < 0)
		return -1;
	if (plan_roster(&w, &old, spec, err) < 0 || settle_old(&w, &old, err) < 0 ||
	    find_images(&w, &spec->stock, err) < 0)
		return -1;
	w.start = clock_ms();
	if (bridge_up(&w.place, &w.roster.subnet, err) < 0 || identity_keys(&w.place, &w.roster, err) < 0)
		return -1;
	if (roster_save(&w.place, &w.roster, err) < 0 || identity_write(&w.place, &w.roster, err) < 0)
		return -1;
	if (make_shared(&w, err) < 0 || power_on_all(&w, err) < 0)
		return -1;
	return wait_nodes(&w, w.roster.nodes, w.roster.node_count, spec->wait_s, err);
}

/* The names of all nodes that have anything on the disk, whether the roster knows them or not. */
static char **node_dirs(const struct place *p)
{
	VEC(char *) names = {0};
	DIR *dir = opendir(p->nodes);

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (str_is_name(entry->d_name, 50))
			*vec_push_in(p->arena, &names) = arena_strdup(p->arena, entry->d_name);
	if (dir)
		closedir(dir);
	*vec_push_in(p->arena, &names) = NULL;
	return names.items;
}

static int remove_files(const struct place *p, bool purge, struct err *err)
{
	static const char *const files[] = {"nodes", "shared", "lab.json", "ssh_config", "known_hosts", "keys"};

	if (place_unmount(p->dir, err) < 0)
		return -1;
	if (purge)
		return place_remove(p->dir, err);
	for (size_t i = 0; i < ARRAY_LEN(files) - 1; i++)
		if (place_remove(place_path(p, "%s", files[i]), err) < 0)
			return -1;
	return 0;
}

int lab_down(const char *cluster, bool purge, lab_progress *progress, void *context, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct work w = {.progress = progress, .context = context};
	_cleanup_fd_ int lock = work_open(&w, arena, cluster, err);

	if (lock < 0)
		return -1;
	char **names = node_dirs(&w.place);
	for (char **name = names; *name; name++)
		machine_strike(&w.place, *name);
	for (char **name = names; *name; name++) {
		if (machine_stop(&w.place, *name, err) < 0)
			return -1;
		work_say(&w, *name, "is off");
	}
	if (cgroups_kill(&w.place, NULL, err) < 0 || cgroups_remove(&w.place, NULL, err) < 0 ||
	    bridge_sweep(&w.place, NULL, 0, err) < 0 || bridge_down(&w.place, err) < 0)
		return -1;
	return remove_files(&w.place, purge, err);
}

int lab_status(struct arena *arena, const char *cluster, struct lab_status *ret, struct err *err)
{
	struct place p;
	struct roster r;

	if (place_init(&p, arena, cluster, err) < 0 || roster_load(&p, &r, err) < 0)
		return -1;
	struct lab_status s = {.cluster = p.cluster,
			       .subnet = r.node_count ? subnet_text(arena, &r.subnet) : "",
			       .bridge = p.bridge,
			       .ssh_config = place_path(&p, "ssh_config"),
			       .nodes = arena_calloc(arena, r.node_count + 1, sizeof *s.nodes),
			       .node_count = r.node_count};
	struct answer *all = arena_calloc(arena, r.node_count + 1, sizeof *all);
	unsigned wait_s = 0;
	for (size_t i = 0; i < r.node_count; i++) {
		const struct lab_node *n = &r.nodes[i].node;
		struct lab_node_status *to = &s.nodes[i];
		*to = (struct lab_node_status){.name = n->name,
					       .address = n->address,
					       .hostname = n->hostname,
					       .suite = n->suite,
					       .arch = n->arch,
					       .backend = n->backend,
					       .memory_mib = n->memory_mib,
					       .gpus = n->gpus,
					       .running = machine_runs(&p, n->name)};
		to->leader = to->running ? machine_leader(&p, n->name) : 0;
		unsigned port = machine_port(&p, n->name);
		to->cut = port && bridge_port_closed(port);
		wait_s = backend_of_node(n)->wait_s > wait_s ? backend_of_node(n)->wait_s : wait_s;
		all[i] = (struct answer){.address = n->address, .given_up = !to->running || to->cut};
	}
	answer_wait(all, r.node_count, wait_s * 1000 / 60, NULL, NULL, NULL);
	for (size_t i = 0; i < r.node_count; i++)
		s.nodes[i].ssh = all[i].yes;
	*ret = s;
	return 0;
}

bool lab_has_backend(const char *name)
{
	return backend_named(name) != NULL;
}

const char *lab_ssh_config(struct arena *arena, const char *cluster)
{
	struct place p;

	return place_init(&p, arena, cluster, NULL) < 0 ? NULL : place_path(&p, "ssh_config");
}

int lab_lacks(struct arena *arena, const char *cluster, const char *const *names, size_t count, const char *const **ret,
	      struct err *err)
{
	const char **missing = arena_calloc(arena, count + 1, sizeof *missing);
	struct place p;
	struct roster r;
	size_t n = 0;

	if (place_init(&p, arena, cluster, err) < 0 || roster_load(&p, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (!roster_find(&r, names[i]))
			missing[n++] = names[i];
	*ret = missing;
	return 0;
}

int lab_ssh_argv(struct arena *arena, const char *cluster, const char *node, char *const *command, char ***ret,
		 struct err *err)
{
	VEC(char *) argv = {0};
	struct place p;
	struct roster r;

	if (place_init(&p, arena, cluster, err) < 0 || roster_load(&p, &r, err) < 0)
		return -1;
	if (!r.node_count)
		return err_set(err, ERR_MISSING, "the lab of %s is not up: 'reeve lab up'", cluster);
	struct roster_node *n = roster_find(&r, node);
	if (!n)
		return err_set(err, ERR_MISSING, "the lab of %s has no node %s", cluster, node);
	char *fixed[] = {arena_strdup(arena, "ssh"), arena_strdup(arena, "-F"), place_path(&p, "ssh_config"),
			 arena_strdup(arena, n->node.name), arena_strdup(arena, "--")};
	bool shell = !command || !*command;
	for (size_t i = 0; i < ARRAY_LEN(fixed) - (shell ? 1 : 0); i++)
		*vec_push_in(arena, &argv) = fixed[i];
	for (; !shell && *command; command++)
		*vec_push_in(arena, &argv) = arena_strdup(arena, *command);
	*vec_push_in(arena, &argv) = NULL;
	*ret = argv.items;
	return 0;
}
