/*
 * The people of a cluster, as the controller knows them, on the nodes where their jobs run. A job runs under the number
 * of who submitted it, in a directory that has to be there.
 */
#include "doctor/rows.h"

#include <string.h>

#include "base/map.h"
#include "base/passwd-line.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

enum { PASSWD_MAX = 1 << 20, HOMES_MAX = 4096, NAMES_SHOWN = 4 };

struct users {
	struct passwd_line *items;
	size_t len, cap;
};

static void ask_passwd(const struct doctor_host *h, json_t *items)
{
	(void)h;
	doctor_ask_read(items, "/etc/passwd", PASSWD_MAX);
}

static void ask_homes(const struct doctor_host *h, json_t *items)
{
	ask_passwd(h, items);
	doctor_ask_list(items, "/home", HOMES_MAX);
	doctor_ask_read(items, "/proc/self/mountinfo", 1 << 20);
}

static struct users read_users(struct doctor *d, size_t host)
{
	struct users all = {0};
	const char *text = doctor_read(d, host, "/etc/passwd", NULL);
	char *rest = text ? arena_strdup(d->findings->arena, text) : NULL;
	for (char *line; rest && (line = str_next_line(&rest));) {
		struct passwd_line u;
		if (passwd_line_parse(line, &u))
			*vec_push_in(d->findings->arena, &all) = u;
	}
	return all;
}

/* The first controller that answered. */
static size_t reference(const struct doctor *d)
{
	for (size_t i = 0; i < d->cluster->inv->controller_count; i++)
		if (doctor_read(d, d->cluster->inv->controllers[i], "/etc/passwd", NULL))
			return d->cluster->inv->controllers[i];
	return SIZE_MAX;
}

/* "alice, bob and 3 more" */
struct name_list {
	struct strbuf text;
	size_t count;
};

static void add_name(struct name_list *n, const char *name)
{
	if (n->count++ < NAMES_SHOWN)
		strbuf_addf(&n->text, "%s%s", n->text.len ? ", " : "", name);
}

static const char *names_text(const struct doctor *d, const struct name_list *n)
{
	return n->count > NAMES_SHOWN ? doctor_text(d, "%s and %zu more", strbuf_str(&n->text), n->count - NAMES_SHOWN)
				      : doctor_text(d, "%s", strbuf_str(&n->text));
}

/* What a node makes of the controller's people. */
struct comparison {
	struct name_list missing, other, homeless;
};

static bool has_home(const json_t *homes, const struct passwd_line *u)
{
	size_t i;
	const json_t *name;
	const char *last = u->home + strlen("/home/");
	json_array_foreach(homes, i, name)
	{
		if (str_same(json_string_value(name), last))
			return true;
	}
	return false;
}

/* Homes that are mounted when they are used are not seen from outside. */
static bool may_come(const char *mounts)
{
	return !mounts || strstr(mounts, " - autofs ");
}

static void compare(struct doctor *d, size_t first, size_t host, struct comparison *ret)
{
	struct users known = read_users(d, first), there = read_users(d, host);
	const json_t *first_homes = doctor_list(d, first, "/home"), *homes = doctor_list(d, host, "/home");
	bool look = first_homes && homes && !may_come(doctor_read(d, host, "/proc/self/mountinfo", NULL));
	_cleanup_map_ struct map by_name = {0};
	for (size_t i = 0; i < there.len; i++)
		map_set(&by_name, there.items[i].name, &there.items[i]);
	for (size_t i = 0; there.len && i < known.len; i++) {
		const struct passwd_line *u = &known.items[i];
		if (!passwd_line_is_person(u))
			continue;
		const struct passwd_line *same = map_get(&by_name, u->name);
		if (!same)
			add_name(&ret->missing, u->name);
		else if (same->uid != u->uid)
			add_name(&ret->other, u->name);
		else if (look && str_starts(u->home, "/home/") && streq(u->home, same->home) &&
			 has_home(first_homes, u) && !has_home(homes, u))
			add_name(&ret->homeless, u->name);
	}
}

static void each_node(struct doctor *d,
		      void (*judge)(struct doctor *d, size_t first, size_t host, const struct comparison *c))
{
	size_t first = reference(d);
	for (size_t i = 0; first != SIZE_MAX && i < d->cluster->inv->host_count; i++) {
		struct comparison c = {0};
		if (i == first || !d->cluster->hosts[i].serves || !d->answers[i])
			continue;
		compare(d, first, i, &c);
		judge(d, first, i, &c);
		strbuf_free(&c.missing.text);
		strbuf_free(&c.other.text);
		strbuf_free(&c.homeless.text);
	}
}

static void one_missing(struct doctor *d, size_t first, size_t host, const struct comparison *c)
{
	const char *controller = d->cluster->inv->hosts[first].name;
	if (!c->missing.count)
		return;
	doctor_add(d, host, "users of %s are unknown there: %s", controller, names_text(d, &c->missing))->fix =
	    "if they submit jobs: useradd with the same uid on every node, or one directory service for all hosts";
}

static void one_uid(struct doctor *d, size_t first, size_t host, const struct comparison *c)
{
	const char *controller = d->cluster->inv->hosts[first].name;
	if (!c->other.count)
		return;
	doctor_add(d, host, "users have other uids than on %s: %s", controller, names_text(d, &c->other))->fix =
	    doctor_text(d,
			"on %s: usermod -u UID NAME, with the uid of %s; their jobs would write other people's files",
			d->cluster->inv->hosts[host].name, controller);
}

static void one_home(struct doctor *d, size_t first, size_t host, const struct comparison *c)
{
	(void)first;
	if (!c->homeless.count)
		return;
	struct finding *f = doctor_add(d, host, "home directories are missing there: %s", names_text(d, &c->homeless));
	f->evidence = "jobs submitted from them end at once, and their output is lost";
	f->fix = "mount the same /home on every node, or make the directories";
}

static void user_missing(struct doctor *d)
{
	each_node(d, one_missing);
}

static void user_uid(struct doctor *d)
{
	each_node(d, one_uid);
}

static void home_missing(struct doctor *d)
{
	each_node(d, one_home);
}

static const struct diagnosis rows[] = {
    {CODE_USER_UID, FINDING_WARNING, ask_passwd, NULL, user_uid},
    {CODE_USER_MISSING, FINDING_NOTE, ask_passwd, NULL, user_missing},
    {CODE_HOME_MISSING, FINDING_WARNING, ask_homes, NULL, home_missing},
};

const struct diagnoses doctor_users = {rows, ARRAY_LEN(rows)};
