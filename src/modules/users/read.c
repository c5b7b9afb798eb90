/*
 * The section `users`. Accounts stand in the file itself, or in a table beside it (`from`): there the first line has the
 * names of the columns, which are those of the keys, and `name`; groups have spaces between, keys semicolons or line
 * breaks.
 */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "modules/users/csv.h"
#include "modules/users/users.h"

/* Debian's policy manual, 9.2.2: 60000 to 65535 are the system's. */
enum { FIRST_ID = 1000, LAST_ID = 2147483647, SYSTEM_FIRST = 60000, SYSTEM_LAST = 65535, NAME_BYTES = 32 };

enum { UID, GROUP, GROUPS, SHELL, KEYS, SUDO, PASSWORD, ABSENT, ACCOUNT_KEYS };

static const struct conf_key account_keys[ACCOUNT_KEYS + 1] = {
    [UID] = {"uid", true}, [GROUP] = {"group"}, [GROUPS] = {"groups"},     [SHELL] = {"shell"},
    [KEYS] = {"keys"},     [SUDO] = {"sudo"},   [PASSWORD] = {"password"}, [ABSENT] = {"absent"},
};

struct reading {
	struct inv_reader *r;
	struct {
		struct users_group *items;
		size_t len, cap;
	} groups;
	struct {
		struct users_account *items;
		size_t len, cap;
	} accounts;
	struct map group_names, account_names, gids, uids; /* to what was first */
};

/* useradd(8), "CAVEATS"; dots are Debian's. */
static bool is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
	size_t len = strlen(name);
	return len && len <= NAME_BYTES && strchr(letters, *name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789.-") == len;
}

static int check_name(struct reading *x, const char *what, const char *name, struct span at)
{
	if (is_name(name))
		return 0;
	diag_error(x->r->diags, USERS_NAME_CODE, at, NULL,
		   "%s: a name is small letters, digits, '_', '-' and '.', at most %d, and begins with a letter", what,
		   NAME_BYTES);
	return -1;
}

static int read_number(struct reading *x, const struct conf_value *value, const char *what, unsigned *ret)
{
	uint64_t number;
	if (conf_int(value, what, FIRST_ID, LAST_ID, &number, x->r->diags) < 0)
		return -1;
	if (number >= SYSTEM_FIRST && number <= SYSTEM_LAST) {
		diag_error(x->r->diags, USERS_NUMBER_CODE, value->at, NULL,
			   "%s: %d to %d are the system's; people have %d to %d, or %d and more", what, SYSTEM_FIRST,
			   SYSTEM_LAST, FIRST_ID, SYSTEM_FIRST - 1, SYSTEM_LAST + 1);
		return -1;
	}
	*ret = (unsigned)number;
	return 0;
}

/* Remembers whose it is; -1 where somebody has it already. */
static int claim(struct reading *x, struct map *map, const char *key, const char *what, const char *said,
		 struct span at)
{
	const char *first = map_get(map, key);
	if (!first) {
		map_set(map, key, (void *)what);
		return 0;
	}
	diag_error(x->r->diags, USERS_TWICE_CODE, at, NULL, "%s has the same %s as %s", what, said, first);
	return -1;
}

static const char *number_text(const struct reading *x, unsigned number)
{
	return arena_printf(x->r->arena, "%u", number);
}

static void add_group(struct reading *x, const char *name, unsigned gid, const char *what, struct span at)
{
	if (claim(x, &x->group_names, name, what, "group name", at) == 0 &&
	    claim(x, &x->gids, number_text(x, gid), what, "gid", at) == 0)
		*vec_push_in(x->r->arena, &x->groups) = (struct users_group){.name = name, .gid = gid, .at = at};
}

static void read_groups(struct reading *x, const struct conf_value *value)
{
	unsigned gid;
	if (!value || value->kind == CONF_NULL)
		return;
	if (value->kind != CONF_MAP) {
		diag_error(x->r->diags, CONF_TYPE_CODE, value->at, "groups: { physics: 2000 }",
			   "'groups' should be a map of names and numbers, this is %s", conf_kind_name(value));
		return;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct conf_pair *p = &value->pairs[i];
		const char *what = arena_printf(x->r->arena, "group '%.100s'", p->key);
		if (check_name(x, what, p->key, p->at) == 0 && read_number(x, p->value, what, &gid) == 0)
			add_group(x, p->key, gid, what, p->at);
	}
}

static void check_count(struct reading *x, const char *what, size_t count, size_t most, struct span at)
{
	if (count > most)
		diag_error(x->r->diags, USERS_COUNT_CODE, at, "a directory service is made for so many",
			   "%zu %s; reeve takes %zu", count, what, most);
}

static void read_own_groups(struct reading *x, const struct conf_value *value, const char *what,
			    struct users_account *a)
{
	const struct conf_value *const *texts;
	size_t count, n = 0;
	if (!value || conf_texts(value, arena_printf(x->r->arena, "'groups' of %s", what), x->r->arena, &texts, &count,
				 x->r->diags) < 0)
		return;
	check_count(x, arena_printf(x->r->arena, "groups of %s", what), count, USERS_MOST_GROUPS, value->at);
	const char **names = arena_calloc(x->r->arena, count + 1, sizeof *names);
	for (size_t i = 0; i < count; i++)
		if (check_name(x, arena_printf(x->r->arena, "group '%.100s' of %s", texts[i]->text, what),
			       texts[i]->text, texts[i]->at) == 0)
			names[n++] = texts[i]->text;
	a->groups = names;
}

/* Those that are empty or a comment are left out, as sshd does. */
static void add_key(struct reading *x, const char *line, const char *what, struct span at, struct strbuf *out)
{
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return;
	const char *why = users_key_fault(line);
	if (why)
		diag_error(x->r->diags, USERS_KEY_CODE, at, "one line of a file like ~/.ssh/id_ed25519.pub",
			   "a key of %s %s", what, why);
	else
		strbuf_addf(out, "%s\n", line);
}

/* Each is a key, or a file with keys. */
static void read_keys(struct reading *x, const struct conf_value *value, const char *what, struct users_account *a)
{
	_cleanup_strbuf_ struct strbuf lines = {0};
	const struct conf_value *const *texts;
	size_t count, len;
	const char *said = arena_printf(x->r->arena, "'keys' of %s", what), *text;
	if (!value || conf_texts(value, said, x->r->arena, &texts, &count, x->r->diags) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (strchr(texts[i]->text, ' ')) {
			add_key(x, texts[i]->text, what, texts[i]->at, &lines);
			continue;
		}
		if (inventory_file_text(x->r, texts[i], said, &text, &len) < 0)
			continue;
		char *rest = arena_strdup(x->r->arena, text);
		for (char *line; (line = str_next_line(&rest));)
			add_key(x, line, what, texts[i]->at, &lines);
	}
	if (lines.len)
		a->keys = arena_strndup(x->r->arena, lines.data, lines.len);
}

/* crypt(5): all that are made today begin with '$'; of shadow(5) none has a colon. */
static const char *hash_fault(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] <= ' ' || bytes[i] == ':' || bytes[i] >= 0x7F)
			return "is not one hash of a password";
	return bytes[0] == '$' ? NULL : "is not a hash as mkpasswd makes them";
}

/* Its hash stays in its file until a run needs it (run/secret.h). */
static void read_password(struct reading *x, const struct conf_value *value, const char *what, struct users_account *a)
{
	const char *path;
	if (!value || inventory_file(x->r, value, arena_printf(x->r->arena, "'password' of %s", what), &path) < 0)
		return;
	struct secret_row *row = arena_alloc(x->r->arena, sizeof *row);
	*row = (struct secret_row){.name = arena_printf(x->r->arena, "password.%s", a->name),
				   .said = arena_printf(x->r->arena, "password of %s", a->name),
				   .least = 13, /* crypt(5): the shortest hash that there ever was */
				   .file = path,
				   .at = value->at,
				   .fault = hash_fault};
	a->secret = row;
}

/* Its first group: one of `groups`, or one of its own with its name and number. */
static void read_group(struct reading *x, const struct conf_value *value, const char *what, struct users_account *a)
{
	if (!value) {
		a->group = a->name;
		a->gid = a->uid;
		add_group(x, a->name, a->uid, what, a->at);
		return;
	}
	const char **names = arena_calloc(x->r->arena, x->groups.len + 1, sizeof *names);
	if (conf_text(value, arena_printf(x->r->arena, "'group' of %s", what), &a->group, x->r->diags) < 0)
		return;
	for (size_t i = 0; i < x->groups.len; i++) {
		names[i] = x->groups.items[i].name;
		if (!streq(names[i], a->group))
			continue;
		a->gid = x->groups.items[i].gid;
		return;
	}
	const char *near = str_nearest(a->group, names);
	diag_error(x->r->diags, USERS_GROUP_CODE, value->at,
		   near ? diags_text(x->r->diags, "did you mean '%s'?", near) : "give it a number in 'groups'",
		   "the group '%.100s' of %s is not among 'groups'", a->group, what);
}

static void read_account(struct reading *x, const char *name, const struct conf_value *value, const char *what,
			 struct span at)
{
	const struct conf_value *values[ACCOUNT_KEYS] = {NULL};
	struct users_account a = {.name = name, .shell = "/bin/bash", .at = at};
	if (check_name(x, what, name, at) < 0)
		return;
	if (value->kind == CONF_SCALAR)
		values[UID] = value;
	else if (conf_walk(value, what, account_keys, values, x->r->diags) < 0 && !values[UID])
		return;
	if (read_number(x, values[UID], arena_printf(x->r->arena, "the uid of %s", what), &a.uid) < 0 ||
	    claim(x, &x->account_names, name, what, "name", at) < 0 ||
	    claim(x, &x->uids, number_text(x, a.uid), what, "uid", at) < 0)
		return;
	if (values[ABSENT])
		conf_bool(values[ABSENT], "'absent'", &a.absent, x->r->diags);
	if (values[SUDO])
		conf_bool(values[SUDO], "'sudo'", &a.sudo, x->r->diags);
	if (values[SHELL])
		conf_path(values[SHELL], arena_printf(x->r->arena, "'shell' of %s", what), &a.shell, x->r->diags);
	read_own_groups(x, values[GROUPS], what, &a);
	read_keys(x, values[KEYS], what, &a);
	read_password(x, values[PASSWORD], what, &a);
	if (!a.absent)
		read_group(x, values[GROUP], what, &a);
	*vec_push_in(x->r->arena, &x->accounts) = a;
}

static void read_accounts(struct reading *x, const struct conf_value *value)
{
	if (!value || value->kind == CONF_NULL)
		return;
	if (value->kind != CONF_MAP) {
		diag_error(x->r->diags, CONF_TYPE_CODE, value->at, "accounts: { alice: { uid: 2001 } }",
			   "'accounts' should be a map of accounts, this is %s", conf_kind_name(value));
		return;
	}
	for (size_t i = 0; i < value->count; i++)
		read_account(x, value->pairs[i].key, value->pairs[i].value,
			     arena_printf(x->r->arena, "account '%.100s'", value->pairs[i].key), value->pairs[i].at);
}

static struct conf_value *scalar(const struct reading *x, const char *text, struct span at)
{
	struct conf_value *v = arena_alloc(x->r->arena, sizeof *v);
	*v = (struct conf_value){.kind = CONF_SCALAR, .at = at, .text = text, .len = strlen(text), .depth = 1};
	return v;
}

static struct conf_value *list(const struct reading *x, const char *text, const char *separators, struct span at)
{
	VEC(const struct conf_value *) items = {0};
	struct conf_value *v = arena_alloc(x->r->arena, sizeof *v);
	char *rest = arena_strdup(x->r->arena, text);
	for (char *piece; (piece = str_next(&rest, separators));) {
		piece += strspn(piece, " ");
		if (*piece)
			*vec_push_in(x->r->arena, &items) = scalar(x, piece, at);
	}
	*v = (struct conf_value){
	    .kind = CONF_LIST, .at = at, .text = "", .items = items.items, .count = items.len, .depth = 2};
	return v;
}

/* The row as it would be in cluster.yaml. */
static void read_row(struct reading *x, const char *file, const struct csv_row *header, const struct csv_row *row,
		     struct span at)
{
	struct conf_pair *pairs = arena_calloc(x->r->arena, row->len, sizeof *pairs);
	struct conf_value map = {.kind = CONF_MAP, .at = at, .text = "", .pairs = pairs};
	const char *name = NULL;
	for (size_t i = 0; i < row->len && i < header->len; i++) {
		const char *key = header->items[i], *text = row->items[i];
		if (streq(key, "name"))
			name = text;
		else if (*text)
			pairs[map.count++] =
			    (struct conf_pair){.key = key,
					       .at = at,
					       .value = streq(key, account_keys[GROUPS].name) ? list(x, text, " ;", at)
							: streq(key, account_keys[KEYS].name) ? list(x, text, ";\n", at)
											      : scalar(x, text, at)};
	}
	if (name && *name)
		read_account(x, name, &map,
			     arena_printf(x->r->arena, "account '%.100s' (%s, line %u)", name, file, row->line), at);
	else
		diag_error(x->r->diags, USERS_CSV_CODE, at, NULL, "%s, line %u: there is no name", file, row->line);
}

/* Columns that nobody knows are one finding, and not one for each row. */
static int check_header(struct reading *x, const char *file, const struct csv_row *header, struct span at)
{
	const char *words[ACCOUNT_KEYS + 2] = {"name"};
	bool named = false;
	for (size_t i = 0; i < ACCOUNT_KEYS; i++)
		words[i + 1] = account_keys[i].name;
	for (size_t i = 0; i < header->len; i++) {
		const char *key = header->items[i];
		size_t k = 0;
		while (words[k] && !streq(words[k], key))
			k++;
		named |= k == 0;
		if (words[k])
			continue;
		const char *near = str_nearest(key, words);
		diag_error(x->r->diags, USERS_CSV_CODE, at,
			   near ? diags_text(x->r->diags, "did you mean '%s'?", near) : NULL,
			   "%s, line %u: unknown column '%.100s'", file, header->line, key);
		return -1;
	}
	if (!named)
		diag_error(x->r->diags, USERS_CSV_CODE, at,
			   "the first line has the names of the columns: name,uid,group,groups,shell,keys,sudo,...",
			   "%s: no column 'name'", file);
	return named ? 0 : -1;
}

static void read_table(struct reading *x, const struct conf_value *value)
{
	const char *text;
	size_t len;
	struct csv csv;
	struct err err;
	if (!value || inventory_file_text(x->r, value, "'from' of 'users'", &text, &len) < 0)
		return;
	const char *file = value->text;
	inventory_keep(x->r, value, text, len);
	if (csv_parse(text, len, x->r->arena, &csv, &err) < 0) {
		diag_error(x->r->diags, USERS_CSV_CODE, value->at, NULL, "%s, %s", file, err.text);
		return;
	}
	if (!csv.len) {
		diag_error(x->r->diags, USERS_CSV_CODE, value->at, NULL, "%s is empty", file);
		return;
	}
	if (check_header(x, file, &csv.items[0], value->at) < 0)
		return;
	for (size_t i = 1; i < csv.len; i++)
		read_row(x, file, &csv.items[0], &csv.items[i], value->at);
}

void *users_parse(struct inv_reader *r, const struct conf_value *value)
{
	enum { GROUP_MAP, ACCOUNTS, FROM, HOME, SECTION_KEYS };
	static const struct conf_key keys[SECTION_KEYS + 1] = {
	    [GROUP_MAP] = {"groups"}, [ACCOUNTS] = {"accounts"}, [FROM] = {"from"}, [HOME] = {"home"}};
	const struct conf_value *values[SECTION_KEYS] = {NULL};
	struct reading x = {.r = r};
	struct users *users = arena_alloc(r->arena, sizeof *users);
	*users = (struct users){.home = "/home"};
	if (value && value->kind != CONF_NULL) {
		users->at = value->at;
		conf_walk(value, "'users'", keys, values, r->diags);
	}
	users->shared = values[HOME] && conf_path(values[HOME], "'home' of 'users'", &users->home, r->diags) == 0;
	read_groups(&x, values[GROUP_MAP]);
	users->shared_group_count = x.groups.len;
	read_accounts(&x, values[ACCOUNTS]);
	read_table(&x, values[FROM]);
	check_count(&x, "accounts", x.accounts.len, USERS_MOST, users->at);
	check_count(&x, "groups", users->shared_group_count, USERS_MOST_GROUPS, users->at);
	users->groups = x.groups.items;
	users->group_count = x.groups.len;
	users->accounts = x.accounts.items;
	users->account_count = x.accounts.len;
	map_free(&x.group_names);
	map_free(&x.account_names);
	map_free(&x.gids);
	map_free(&x.uids);
	return users;
}
