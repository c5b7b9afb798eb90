#include "modules/users/users.h"

#include "base/str.h"
#include "base/vec.h"

const struct inv_section users_section = {
    .name = "users",
    .leaves = "groups, accounts and homes, " USERS_KEYS " and " USERS_SUDO,
    .parse = users_parse,
};

const struct users *users_of(const struct cluster *c, size_t host)
{
	if (!cluster_has_module(c, host, users_section.name))
		return NULL;
	return inventory_section(c->inv, c->hosts[host].class, users_section.name);
}

const struct users_account *users_account(const struct users *u, const char *name)
{
	for (size_t i = 0; i < u->account_count; i++)
		if (streq(u->accounts[i].name, name))
			return &u->accounts[i];
	return NULL;
}

const char *users_home(const struct users *u, const struct users_account *a, struct arena *arena)
{
	return arena_printf(arena, "%s/%s", u->home, a->name);
}

bool users_is_foreign(const struct users *u, const char *group)
{
	for (size_t i = 0; i < u->group_count; i++)
		if (streq(u->groups[i].name, group))
			return false;
	return true;
}

static bool can_make_homes(const struct cluster *c, size_t host, const void *about)
{
	(void)about;
	return c->hosts[host].facts && users_of(c, host);
}

size_t users_home_maker(const struct cluster *c)
{
	const struct users *users = inventory_section(c->inv, NULL, users_section.name);
	return cluster_first_at(c, users ? users->home : "/home", can_make_homes, NULL);
}

static void add_secrets(const struct users *u, struct secret_rows *rows)
{
	for (size_t i = 0; u && i < u->account_count; i++) {
		const struct secret_row *row = u->accounts[i].secret;
		bool there = !row || u->accounts[i].absent;
		for (size_t k = 0; !there && k < rows->len; k++)
			there = streq(rows->items[k]->name, row->name);
		if (!there)
			*vec_push_in(rows->arena, rows) = row;
	}
}

/* An account that classes give different passwords has that of the file, or else of the first class. */
static void secrets(const struct inventory *inv, struct secret_rows *rows)
{
	if (!inventory_has_module(inv, users_section.name))
		return;
	add_secrets(inventory_section(inv, NULL, users_section.name), rows);
	for (size_t i = 0; i < inv->class_count; i++)
		add_secrets(inventory_section(inv, &inv->classes[i], users_section.name), rows);
}

const struct module users_module = {
    .name = "users",
    .summary = "groups, accounts and their homes",
    .section = &users_section,
    .secrets = secrets,
    .ask = users_ask,
    .take = users_take,
    .settle = users_settle,
    .compile = users_compile,
    .verify = users_verify,
    .prove = users_prove,
    .guide = users_guide,
};
