/*
 * What a host has already under our names and numbers. getent(1) answers for its files and for a directory service alike, and is
 * started only where there may be one; /etc/passwd tells them apart.
 */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/users/users.h"

enum { GETENT_MS = 20000, ANSWER_MAX = 1 << 20, LOCAL_MAX = 1 << 20, LIST_MAX = 1 << 20, SHELL_BYTES = 49, SHOWN = 3 };

/* The section as it is for hosts of no class, and of each class that has one of its own. The next one, NULL: no more. */
static const struct users *next_users(const struct inventory *inv, size_t *at)
{
	const struct users *common = inventory_section(inv, NULL, users_section.name);
	if ((*at)++ == 0 && common)
		return common;
	for (; *at <= inv->class_count; (*at)++) {
		const struct users *u = inventory_section(inv, &inv->classes[*at - 1], users_section.name);
		if (u && u != common) {
			(*at)++;
			return u;
		}
	}
	return NULL;
}

/* What is looked up, each once. */
struct keys {
	const char *database;
	json_t *list;
	struct map seen;
};

static void add_key(struct keys *k, const char *key)
{
	if (map_has(&k->seen, key))
		return;
	json_array_append_new(k->list, json_string(key));
	/* The array's own: it lives as long as the map. */
	map_set(&k->seen, json_string_value(json_array_get(k->list, json_array_size(k->list) - 1)), k);
}

static void add_number(struct keys *k, unsigned number)
{
	char text[16];
	snprintf(text, sizeof text, "%u", number);
	add_key(k, text);
}

static void ask_keys(json_t *items, const char *name, struct keys *k)
{
	if (json_array_size(k->list))
		json_array_append_new(items, json_pack("{s:s, s:s, s:O, s:{s:[s, s], s:i, s:i}}", "name", name, "nss",
						       k->database, "keys", k->list, "otherwise", "run", "getent",
						       k->database, "max", ANSWER_MAX, "timeout", GETENT_MS));
	json_decref(k->list);
	map_free(&k->seen);
}

static void ask_shell(json_t *items, const char *shell)
{
	size_t i;
	const json_t *item;
	json_array_foreach(items, i, item)
	{
		if (str_same(json_string_value(json_object_get(item, "stat")), shell))
			return;
	}
	json_array_append_new(
	    items, json_pack("{s:o, s:s, s:b}", "name", json_sprintf("shell.%s", shell), "stat", shell, "follow", 1));
}

void users_ask(const struct inventory *inv, const struct inv_host *host, json_t *items)
{
	struct keys accounts = {.database = "passwd", .list = json_array()};
	struct keys groups = {.database = "group", .list = json_array()};
	const struct users *u;
	(void)host;
	for (size_t at = 0; (u = next_users(inv, &at));) {
		for (size_t i = 0; i < u->account_count; i++) {
			const struct users_account *a = &u->accounts[i];
			add_key(&accounts, a->name);
			add_number(&accounts, a->uid);
			for (const char *const *g = a->groups; g && *g; g++)
				add_key(&groups, *g);
			/* The name of an item has a bound. */
			if (strlen(a->shell) <= SHELL_BYTES)
				ask_shell(items, a->shell);
		}
		for (size_t i = 0; i < u->group_count; i++) {
			add_key(&groups, u->groups[i].name);
			add_number(&groups, u->groups[i].gid);
		}
	}
	ask_keys(items, "accounts", &accounts);
	ask_keys(items, "groups", &groups);
	static const struct {
		const char *name, *path;
		int max;
	} files[] = {{"local", "/etc/passwd", LOCAL_MAX}, {"list", USERS_LIST, LIST_MAX}};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		json_array_append_new(items, json_pack("{s:s, s:s, s:i}", "name", files[i].name, "read", files[i].path,
						       "max", files[i].max));
	static const char *const paths[][2] = {{"sshd", "/usr/sbin/sshd"},
					       {"socket", "/etc/systemd/system/sockets.target.wants/ssh.socket"}};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		json_array_append_new(
		    items, json_pack("{s:s, s:s, s:b}", "name", paths[i][0], "stat", paths[i][1], "follow", 0));
}

/* NAME:x:GID:MEMBERS (group(5)). */
static bool parse_group(char *line, struct passwd_line *ret)
{
	char *rest = line, *name = strsep(&rest, ":");
	strsep(&rest, ":");
	const char *gid = strsep(&rest, ":");
	*ret = (struct passwd_line){.name = name};
	return gid && *name && str_to_u64(gid, 0, UINT32_MAX, &ret->gid) == 0;
}

static void take_names(const char *text, bool (*parse)(char *line, struct passwd_line *ret), struct arena *arena,
		       struct users_names *ret)
{
	char *rest = arena_strdup(arena, text);
	for (char *line; rest && (line = str_next_line(&rest));) {
		struct passwd_line one;
		if (parse(line, &one))
			*vec_push_in(arena, ret) = one;
	}
}

static void index_names(const struct users_names *names, struct map *ret)
{
	for (size_t i = 0; i < names->len; i++)
		map_set(ret, names->items[i].name, &names->items[i]);
}

/* Those that are on it and still what they were. A name that somebody uses otherwise since is no account of ours. */
static void take_list(const char *text, const struct users_names *local, struct arena *arena, struct users_list *ret)
{
	_cleanup_map_ struct map names = {0}, seen = {0};
	char *rest = arena_strdup(arena, text);
	index_names(local, &names);
	for (char *line; rest && ret->len < USERS_MOST && (line = str_next_line(&rest));) {
		const char *name = strsep(&line, " ");
		const struct passwd_line *now = map_get(&names, name);
		uint64_t uid;
		if (line && str_is_name(name, 32) && str_to_u64(line, PERSON_UID_FIRST, INT32_MAX, &uid) == 0 && now &&
		    now->uid == uid && !map_set(&seen, name, ret))
			*vec_push_in(arena, ret) = (struct users_listed){.name = name, .uid = (unsigned)uid};
	}
}

static const char *text_of(const json_t *items, const char *name, const char *member)
{
	return json_string_value(json_object_get(json_object_get(items, name), member));
}

static bool was_late(const json_t *items, const char *name)
{
	return json_is_true(json_object_get(json_object_get(items, name), "timeout"));
}

static bool is_there(const json_t *items, const char *name)
{
	return json_object_get(json_object_get(items, name), "type");
}

void *users_take(const json_t *items, struct arena *arena, struct err *err)
{
	static const char shell[] = "shell.";
	struct users_there *t = arena_alloc(arena, sizeof *t);
	VEC(const char *) missing = {0};
	const char *name;
	json_t *answer;
	(void)err;
	take_names(text_of(items, "accounts", "out"), passwd_line_parse, arena, &t->accounts);
	take_names(text_of(items, "groups", "out"), parse_group, arena, &t->groups);
	take_names(text_of(items, "local", "text"), passwd_line_parse, arena, &t->local);
	take_list(text_of(items, "list", "text"), &t->local, arena, &t->given);
	t->silent = was_late(items, "accounts") || was_late(items, "groups");
	t->sshd = is_there(items, "sshd");
	t->socket = is_there(items, "socket");
	json_object_foreach((json_t *)items, name, answer)
	{
		if (str_starts(name, shell) && !json_object_get(answer, "type"))
			*vec_push_in(arena, &missing) = arena_strdup(arena, name + strlen(shell));
	}
	*vec_push_in(arena, &missing) = NULL;
	t->no_shells = missing.items;
	return t;
}

/* By name, and by number as text. */
struct index {
	struct map names, numbers;
};

static void index_free(struct index *x)
{
	map_free(&x->names);
	map_free(&x->numbers);
}

static struct index index_of(const struct users_names *names, bool groups, struct arena *arena)
{
	struct index x = {0};
	index_names(names, &x.names);
	for (size_t i = 0; i < names->len; i++) {
		struct passwd_line *one = &names->items[i];
		uint64_t number = groups ? one->gid : one->uid;
		map_set(&x.numbers, arena_printf(arena, "%llu", (unsigned long long)number), one);
	}
	return x;
}

static const struct passwd_line *numbered(const struct index *x, unsigned number)
{
	char text[16];
	snprintf(text, sizeof text, "%u", number);
	return map_get(&x->numbers, text);
}

/* What stands against our accounts on one host, the first few of it. */
struct clashes {
	struct strbuf text;
	size_t count;
};

static void add_clash(struct clashes *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add_clash(struct clashes *c, const char *fmt, ...)
{
	va_list ap;
	if (c->count++ >= SHOWN)
		return;
	if (c->text.len)
		strbuf_adds(&c->text, "; ");
	va_start(ap, fmt);
	strbuf_vaddf(&c->text, fmt, ap);
	va_end(ap);
}

/* One host's. */
struct checking {
	const struct users *users;
	const struct users_there *there;
	struct index accounts, groups;
	struct map local;
	struct arena *arena;
	struct clashes taken, needs;
};

static void check_account(struct checking *k, const struct users_account *a)
{
	const struct passwd_line *same = map_get(&k->accounts.names, a->name), *other = numbered(&k->accounts, a->uid);
	const char *home = users_home(k->users, a, k->arena);
	if (!same && other)
		add_clash(&k->taken, "the uid %u of %s is that of %s there", a->uid, a->name, other->name);
	else if (!same)
		return;
	else if (same->uid != a->uid)
		add_clash(&k->taken, "%s has the uid %llu there, not %u", a->name, (unsigned long long)same->uid,
			  a->uid);
	else if (k->there->local.len && !map_has(&k->local, a->name))
		add_clash(&k->taken, "%s comes from a directory service there", a->name);
	else if (!a->absent && same->gid != a->gid)
		add_clash(&k->taken, "the first group of %s has the gid %llu there, not %u", a->name,
			  (unsigned long long)same->gid, a->gid);
	else if (!a->absent && !streq(same->home, home))
		add_clash(&k->taken, "%s has the home %s there, not %s", a->name, same->home, home);
}

static void check_group(struct checking *k, const struct users_group *g)
{
	const struct passwd_line *same = map_get(&k->groups.names, g->name), *other = numbered(&k->groups, g->gid);
	if (same && same->gid != g->gid)
		add_clash(&k->taken, "the group %s has the gid %llu there, not %u", g->name,
			  (unsigned long long)same->gid, g->gid);
	else if (!same && other)
		add_clash(&k->taken, "the gid %u of %s is that of %s there", g->gid, g->name, other->name);
}

static bool needs_shell(const struct users *u, const char *shell)
{
	for (size_t i = 0; i < u->account_count; i++)
		if (!u->accounts[i].absent && streq(u->accounts[i].shell, shell))
			return true;
	return false;
}

/* Groups and shells of others that our accounts need. */
static void check_needs(struct checking *k)
{
	const struct users *u = k->users;
	_cleanup_map_ struct map said = {0};
	for (const char *const *s = k->there->no_shells; *s; s++)
		if (needs_shell(u, *s))
			add_clash(&k->needs, "there is no shell %s", *s);
	for (size_t i = 0; i < u->account_count; i++)
		for (const char *const *g = u->accounts[i].groups; g && *g && !u->accounts[i].absent; g++)
			if (!map_has(&k->groups.names, *g) && users_is_foreign(u, *g) && !map_set(&said, *g, k))
				add_clash(&k->needs, "there is no group %s, which %s is to be in", *g,
					  u->accounts[i].name);
}

static void blame(struct cluster *c, struct cluster_host *h, enum finding_code code, struct clashes *clashes,
		  const char *fix)
{
	if (clashes->count) {
		const char *more =
		    clashes->count > SHOWN ? finding_text(&c->findings, "; and %zu more", clashes->count - SHOWN) : "";
		struct finding *f = cluster_blame(c, h, code, "%s%s", strbuf_str(&clashes->text), more);
		f->fix = fix;
		f->origin = users_of(c, h->inv->index)->at;
	}
	strbuf_free(&clashes->text);
}

static void check_host(struct cluster *c, size_t host, struct users_there *t)
{
	struct cluster_host *h = &c->hosts[host];
	struct checking k = {.users = users_of(c, host), .there = t, .arena = c->arena};
	if (t->silent) {
		cluster_blame(c, h, CODE_ACCOUNTS_SILENT, "it did not say within %d s which accounts it has",
			      GETENT_MS / 1000)
		    ->fix = "`getent passwd` there: a directory service that it asks may be down";
		return;
	}
	k.accounts = index_of(&t->accounts, false, c->arena);
	k.groups = index_of(&t->groups, true, c->arena);
	index_names(&t->local, &k.local);
	for (size_t i = 0; i < k.users->account_count; i++)
		check_account(&k, &k.users->accounts[i]);
	for (size_t i = 0; i < k.users->group_count; i++)
		check_group(&k, &k.users->groups[i]);
	check_needs(&k);
	t->against = k.taken.count || k.needs.count;
	index_free(&k.accounts);
	index_free(&k.groups);
	map_free(&k.local);
	blame(c, h, CODE_ACCOUNT_TAKEN, &k.taken,
	      "write what the host has into cluster.yaml, or change it there (usermod(8), groupmod(8)); "
	      "`users: false` for its class keeps accounts off it");
	blame(c, h, CODE_ACCOUNT_NEEDS, &k.needs,
	      "install what it belongs to, or give a group a number in `groups` of `users`");
}

/* What hosts of one class share is made once: `same` is the last host that got one of its own. */
static void promise(struct cluster *c, size_t host, size_t *same)
{
	const struct users *u = users_of(c, host);
	const struct cluster_host *before = &c->hosts[*same];
	VEC(struct cluster_account) all = {0};
	if (!u)
		return;
	if (*same < host && users_of(c, *same) == u) {
		cluster_promise_accounts(&c->hosts[host], before->accounts, before->account_count);
		return;
	}
	for (size_t i = 0; i < u->account_count; i++) {
		const struct users_account *a = &u->accounts[i];
		if (!a->absent)
			*vec_push_in(c->arena, &all) =
			    (struct cluster_account){.name = a->name, .group = a->group, .uid = a->uid, .gid = a->gid};
	}
	cluster_promise_accounts(&c->hosts[host], all.items, all.len);
	*same = host;
}

void users_settle(struct cluster *c)
{
	for (size_t i = 0, same = 0; i < c->inv->host_count; i++) {
		struct users_there *t = module_own(c->hosts[i].facts, &users_module);
		promise(c, i, &same);
		if (t && !cluster_is_out(&c->hosts[i]) && users_of(c, i))
			check_host(c, i, t);
	}
}
