/*
 * Whose job proves something besides root's: an ordinary user, since most of what keeps users' jobs from running (uids that
 * differ, modes of directories, a partition's groups) does not keep root's.
 */
#include <string.h>

#include "base/passwd-line.h"
#include "base/str.h"
#include "base/vec.h"
#include "run/round.h"
#include "run/verify.h"

enum { MOST_PASSWD = 4 << 20, READ_MS = 15000 };

struct accounts {
	struct passwd_line *items;
	size_t len, cap;
};

/* Of a person who can log in, with a name that is safe in a command. */
static bool is_usable(const struct passwd_line *line)
{
	return passwd_line_is_person(line) && str_is_name(line->name, 32);
}

static struct accounts parse(const char *passwd, struct arena *arena)
{
	struct accounts all = {0};
	struct passwd_line one;
	char *rest = passwd ? arena_strdup(arena, passwd) : NULL;
	for (char *line; rest && (line = str_next_line(&rest));)
		if (passwd_line_parse(line, &one) && is_usable(&one))
			*vec_push_in(arena, &all) = one;
	return all;
}

static bool knows(const struct accounts *all, const struct passwd_line *one)
{
	for (size_t i = 0; i < all->len; i++)
		if (streq(all->items[i].name, one->name))
			return all->items[i].uid == one->uid && all->items[i].gid == one->gid;
	return false;
}

void verify_choose_user(const char *const *passwd, size_t count, size_t controller, struct arena *arena,
			struct verify_user *ret)
{
	struct accounts *all = arena_calloc(arena, count, sizeof *all);
	const struct passwd_line *best = NULL;
	size_t most = 0;
	for (size_t i = 0; i < count; i++)
		all[i] = parse(passwd[i], arena);
	for (size_t k = 0; k < all[controller].len; k++) {
		const struct passwd_line *one = &all[controller].items[k];
		size_t n = 0;
		for (size_t i = 0; i < count; i++)
			n += knows(&all[i], one);
		if (n > most || (n == most && best && one->uid < best->uid)) {
			best = one;
			most = n;
		}
	}
	*ret = (struct verify_user){.name = best ? best->name : NULL,
				    .gid = best ? (long)best->gid : -1,
				    .hosts = arena_calloc(arena, count, sizeof *ret->hosts)};
	for (size_t i = 0; best && i < count; i++)
		ret->hosts[i] = knows(&all[i], best);
}

struct reading {
	const char **passwd; /* by host index */
	struct arena *arena;
};

static void take_passwd(void *data, size_t host, const struct fleet_request *request)
{
	const struct reading *r = data;
	r->passwd[host] =
	    arena_strdup(r->arena, json_string_value(json_object_get(round_item(request, "file"), "text")));
}

int verify_find_user(struct verifier *v, const bool *hosts, struct verify_user *ret, struct err *err)
{
	struct run *run = v->run;
	struct round round = {.run = run};
	struct reading reading = {arena_calloc(run->arena, run->inv->host_count, sizeof *reading.passwd), run->arena};
	bool *asked = arena_calloc(run->arena, run->inv->host_count, sizeof *asked);
	for (size_t i = 0; i < run->inv->host_count; i++)
		asked[i] = hosts[i] || i == v->context.controller;
	round_add_all(&round, asked, round_read("/etc/passwd", MOST_PASSWD));
	if (round_ask(&round, READ_MS, take_passwd, &reading, err) < 0)
		return -1;
	verify_choose_user(reading.passwd, run->inv->host_count, v->context.controller, run->arena, ret);
	return 0;
}
