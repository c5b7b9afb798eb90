/*
 * Accounts as resources. The list of those that a host was given is the last of them, so that one that could not be locked
 * stays on it and is tried again.
 */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/users/users.h"

#define HEAD "# Written by reeve from cluster.yaml: change it there and run `reeve apply`.\n"

enum { NAMES_A_LINE = 40 }; /* sshd(8) reads lines of some length only */

struct putting {
	const struct cluster *c;
	size_t host;
	const struct users *users;
	const struct users_there *there; /* NULL: nothing is known */
	struct catalog *out;
};

static const char *keep(const struct putting *p, const struct strbuf *text)
{
	return arena_strndup(p->out->arena, strbuf_str(text), text->len);
}

static void put_file(const struct putting *p, const char *path, mode_t mode, const struct strbuf *text)
{
	catalog_file(p->out, STAGE_PREPARE, path, "root", "root", mode, keep(p, text), text->len);
}

static const char *key_path(const struct putting *p, const char *name)
{
	return arena_printf(p->out->arena, "%s/%s", USERS_KEYS, name);
}

/* The groups of the file that it is not in. Who is in a group that is one account's own is that person's affair. */
static const char *const *other_groups(const struct putting *p, const struct users_account *a)
{
	VEC(const char *) names = {0};
	for (size_t i = 0; i < p->users->shared_group_count; i++) {
		const char *name = p->users->groups[i].name;
		bool in = streq(name, a->group);
		for (const char *const *g = a->groups; g && *g; g++)
			in |= streq(*g, name);
		if (!in)
			*vec_push_in(p->out->arena, &names) = name;
	}
	*vec_push_in(p->out->arena, &names) = NULL;
	return names.items;
}

static void put_account(const struct putting *p, const struct users_account *a)
{
	const char *home = users_home(p->users, a, p->out->arena);
	struct resource *r = catalog_user(p->out, STAGE_PREPARE, a->name, a->uid, a->group, home, a->shell, false);
	const struct cluster_secret *secret = a->secret ? cluster_secret(p->c, a->secret->name) : NULL;
	r->user.groups = a->groups;
	r->user.not_groups = other_groups(p, a);
	r->user.no_subids = p->c->hosts[p->host].subids;
	if (secret && secret->fingerprint) {
		r->user.secret = secret->row->name;
		r->user.fingerprint = secret->fingerprint;
		r->user.salt = p->c->salt;
	}
}

/* Those that have left the file. */
static void put_left(const struct putting *p)
{
	for (size_t i = 0; p->there && i < p->there->given.len; i++) {
		const struct users_listed *one = &p->there->given.items[i];
		if (users_account(p->users, one->name))
			continue;
		catalog_absent(p->out, STAGE_PREPARE, key_path(p, one->name));
		catalog_locked_user(p->out, STAGE_PREPARE, one->name, one->uid);
	}
}

static void put_accounts(const struct putting *p)
{
	for (size_t i = 0; i < p->users->group_count; i++)
		catalog_group(p->out, STAGE_PREPARE, p->users->groups[i].name, p->users->groups[i].gid, false);
	for (size_t i = 0; i < p->users->account_count; i++) {
		const struct users_account *a = &p->users->accounts[i];
		if (a->absent)
			catalog_locked_user(p->out, STAGE_PREPARE, a->name, a->uid);
		else
			put_account(p, a);
	}
}

/* On a disk of the host's own they are there before anything else is; what all share may have to be mounted first. */
static void put_homes(const struct putting *p, bool maker)
{
	enum stage stage = p->users->shared ? STAGE_AUTH : STAGE_PREPARE;
	for (size_t i = 0; i < p->users->account_count && (maker || !p->users->shared); i++) {
		const struct users_account *a = &p->users->accounts[i];
		if (!a->absent)
			catalog_home(p->out, stage, users_home(p->users, a, p->out->arena), a->name, p->users->shared);
	}
}

static void put_sudo(const struct putting *p)
{
	static const struct package packages[] = {{"sudo", NULL}};
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_adds(&text, HEAD);
	size_t before = text.len;
	for (size_t i = 0; i < p->users->account_count; i++) {
		const struct users_account *a = &p->users->accounts[i];
		/* Whoever has no password cannot be asked for it. */
		if (a->sudo && !a->absent)
			strbuf_addf(&text, "%s ALL=(ALL:ALL) %sALL\n", a->name, a->secret ? "" : "NOPASSWD: ");
	}
	if (text.len == before) {
		catalog_absent(p->out, STAGE_PREPARE, USERS_SUDO);
		return;
	}
	catalog_packages(p->out, STAGE_PREPARE, packages, ARRAY_LEN(packages));
	put_file(p, USERS_SUDO, 0440, &text);
}

/* For these accounts sshd looks at root's directory, too; for all others it stays as it is (sshd_config(5), Match). */
static void put_sshd(const struct putting *p, const struct strbuf *names)
{
	static const char *const inputs[] = {USERS_SSHD, NULL};
	_cleanup_strbuf_ struct strbuf text = {0};
	char *all = arena_strndup(p->out->arena, strbuf_str(names), names->len);
	strbuf_adds(&text, HEAD);
	for (size_t n = 0;; n++) {
		const char *name = str_next(&all, " ");
		if (n && (!name || n % NAMES_A_LINE == 0))
			strbuf_adds(&text,
				    "\n\tAuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2 " USERS_KEYS
				    "/%u\n");
		if (!name)
			break;
		strbuf_addf(&text, "%s%s", n % NAMES_A_LINE ? "," : "Match User ", name);
	}
	put_file(p, USERS_SSHD, 0644, &text);
	/* One that is started for each connection reads its files each time. */
	if (!p->there->socket)
		catalog_service(p->out, STAGE_PREPARE, "ssh.service", true, true, inputs)->service.reload = true;
}

static void put_keys(const struct putting *p)
{
	_cleanup_strbuf_ struct strbuf names = {0};
	if (!p->there || !p->there->sshd)
		return;
	for (size_t i = 0; i < p->users->account_count; i++) {
		const struct users_account *a = &p->users->accounts[i];
		if (a->absent || !a->keys) {
			catalog_absent(p->out, STAGE_PREPARE, key_path(p, a->name));
			continue;
		}
		if (!names.len)
			catalog_own_directory(p->out, STAGE_PREPARE, USERS_KEYS, "root", "root", 0755);
		catalog_file(p->out, STAGE_PREPARE, key_path(p, a->name), "root", "root", 0644, a->keys,
			     strlen(a->keys));
		strbuf_addf(&names, "%s%s", names.len ? " " : "", a->name);
	}
	if (names.len)
		put_sshd(p, &names);
	else
		catalog_absent(p->out, STAGE_PREPARE, USERS_SSHD);
}

static void put_list(const struct putting *p)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (size_t i = 0; i < p->users->account_count; i++)
		if (!p->users->accounts[i].absent)
			strbuf_addf(&text, "%s %u\n", p->users->accounts[i].name, p->users->accounts[i].uid);
	put_file(p, USERS_LIST, 0600, &text);
}

void users_compile(const struct cluster *c, size_t host, struct catalog *out)
{
	struct putting p = {.c = c,
			    .host = host,
			    .users = users_of(c, host),
			    .there = module_own(c->hosts[host].facts, &users_module),
			    .out = out};
	size_t first = out->len;
	/* What is in the way was said. */
	if (!p.users || (p.there && p.there->against))
		return;
	put_accounts(&p);
	put_homes(&p, users_home_maker(c) == host);
	put_keys(&p);
	put_left(&p);
	put_sudo(&p);
	put_list(&p);
	for (size_t i = first; p.users->at.line && i < out->len; i++)
		out->items[i].origin = p.users->at;
}
