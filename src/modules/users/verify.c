/*
 * What shows that accounts are good: a job of one of them writes in its home, on each node, which where the home is shared is the
 * same directory as on the controller; and sshd looks at the keys.
 */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/users/users.h"

/* A directory's number (inode(7)), which is the server's own where one has it: the controller's first, then each node's. */
static const char before[] = "echo \"- $(stat -L -c %i \"$1\")\"; shift; exec \"$@\"";
static const char task[] = "f=$(mktemp -p \"$1\" .reeve.XXXXXXXX) && rm \"$f\" && "
			   "echo \"$SLURMD_NODENAME $(stat -L -c %i \"$1\")\"";

struct proof {
	const struct job_set *set;
	const char *home, *controller;
	bool shared;
};

static enum check_verdict judge(const struct check *check, const struct check_answer *answer, struct arena *arena,
				const char **ret_why)
{
	const struct proof *proof = check->about;
	const char *first = NULL;
	size_t nodes = 0;
	enum check_verdict end = verify_job_end(answer, arena, ret_why);
	if (end != CHECK_HOLDS)
		return end;
	char *rest = arena_strdup(arena, answer->out);
	for (char *line; (line = str_next_line(&rest));) {
		const char *node = strsep(&line, " ");
		if (line && !first) {
			first = line;
		} else if (line) {
			nodes++;
			if (!proof->shared || streq(first, line))
				continue;
			*ret_why = arena_printf(arena, "%s on %s is another directory than on %s", proof->home,
						str_printable(arena, node, strlen(node)), proof->controller);
			return CHECK_FAILED;
		}
	}
	if (nodes >= proof->set->count)
		return CHECK_HOLDS;
	*ret_why = arena_printf(arena, "only %zu of %zu nodes said that they wrote in %s", nodes, proof->set->count,
				proof->home);
	return CHECK_FAILED;
}

static bool has_account(const struct cluster *c, size_t host, const char *name)
{
	const struct users *u = users_of(c, host);
	const struct users_account *a = u ? users_account(u, name) : NULL;
	return a && !a->absent;
}

/* The first account that the controller and all nodes of the set have. */
static const struct users_account *choose(const struct verify_context *v, const struct job_set *s)
{
	const struct cluster *c = v->cluster;
	const struct users *u = users_of(c, v->controller);
	for (size_t i = 0; u && i < u->account_count; i++) {
		bool all = !u->accounts[i].absent;
		for (const char *const *name = s->names; all && *name; name++)
			all = has_account(c, inventory_host(c->inv, *name)->index, u->accounts[i].name);
		if (all)
			return &u->accounts[i];
	}
	return NULL;
}

/* Once for each set, and not for each of whose jobs it is to be. */
void users_prove(const struct verify_context *v, const struct job_set *s, struct checks *checks)
{
	struct arena *a = checks->arena;
	const struct users_account *account = s->user ? NULL : choose(v, s);
	if (!account)
		return;
	const struct users *u = users_of(v->cluster, v->controller);
	struct proof *proof = arena_alloc(a, sizeof *proof);
	*proof = (struct proof){.set = s,
				.home = users_home(u, account, a),
				.controller = v->cluster->inv->hosts[v->controller].name,
				.shared = u->shared};
	struct job_set own = *s;
	own.user = account->name;
	own.gid = account->gid;
	const char *const command[] = {"sh", "-c", task, "sh", proof->home, NULL};
	VEC(const char *) argv = {0};
	for (size_t i = 0; i < 4; i++)
		*vec_push_in(a, &argv) = (const char *const[]){"sh", "-c", before, "sh"}[i];
	*vec_push_in(a, &argv) = proof->home;
	for (const char *const *word = verify_job_argv(v, &own, command, a); *word; word++)
		*vec_push_in(a, &argv) = *word;
	*vec_push_in(a, &argv) = NULL;
	struct check *check = checks_add_for_all(
	    checks, v, "users", arena_printf(a, "users:home:%s", s->label),
	    arena_printf(a, "a job of %s wrote in %s on %s", account->name, proof->home, s->hostlist));
	check->argv = argv.items;
	check->timeout_ms = 45000;
	check->judge = judge;
	check->about = proof;
	check->origin = account->at;
}

/* sshd_config(5), "AuthorizedKeysFile"; sshd(8), -T and -C: what holds for this user. */
static enum check_verdict judge_keys(const struct check *check, const struct check_answer *answer, struct arena *arena,
				     const char **ret_why)
{
	(void)check;
	if (answer->status) {
		const char *said = *answer->errors ? answer->errors : answer->out;
		*ret_why = arena_printf(arena, "sshd: %s",
					*said ? str_printable(arena, said, strcspn(said, "\n")) : "no answer");
		return CHECK_FAILED;
	}
	if (strstr(answer->out, " " USERS_KEYS "/%u"))
		return CHECK_HOLDS;
	*ret_why = "sshd does not look at the keys in " USERS_KEYS;
	return CHECK_FAILED;
}

static const struct users_account *first_with_keys(const struct users *u)
{
	for (size_t i = 0; u && i < u->account_count; i++)
		if (u->accounts[i].keys && !u->accounts[i].absent)
			return &u->accounts[i];
	return NULL;
}

void users_verify(const struct verify_context *v, struct checks *checks)
{
	size_t count = v->cluster->inv->host_count;
	bool *hosts = arena_calloc(checks->arena, count, sizeof *hosts), any = false;
	const char *const **argv_of = arena_calloc(checks->arena, count, sizeof *argv_of);
	for (size_t i = 0; i < count; i++) {
		const struct users_there *t = module_own(v->cluster->hosts[i].facts, &users_module);
		const struct users_account *a = first_with_keys(users_of(v->cluster, i));
		if (!v->present[i] || !t || !t->sshd || !a)
			continue;
		const char **argv = arena_calloc(checks->arena, 6, sizeof *argv);
		argv[0] = "/usr/sbin/sshd";
		argv[1] = "-T";
		argv[2] = "-C";
		argv[3] = arena_printf(checks->arena, "user=%s,host=localhost,addr=127.0.0.1", a->name);
		argv_of[i] = argv;
		any = hosts[i] = true;
	}
	if (!any)
		return;
	struct check *check =
	    checks_add(checks, "users", "users:keys", "sshd looks at the keys of accounts", CHECK_RUN, hosts);
	check->argv_of = argv_of;
	check->timeout_ms = 10000;
	check->judge = judge_keys;
	check->fix = "`Include /etc/ssh/sshd_config.d/*.conf` has to be in /etc/ssh/sshd_config, before any Match";
}
