#include "run/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/json-text.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "hostlist/hostlist.h"

enum { FORMAT = 1, FILE_BYTES = 16 << 20, FILE_VALUES = 1000000, FILE_MODE = 0600, DIRECTORY_MODE = 0700 };

/* What it was asked: another question has its answers under the same names. */
static struct digest digest_of_question(const struct facts_scope *scope)
{
	json_t *items = facts_request(scope);
	_cleanup_free_ char *text = json_dumps(items, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(items);
	return digest_of(text, strlen(text));
}

static const char *path_of(const char *dir, const char *host, struct arena *arena)
{
	return arena_printf(arena, "%s/%s.json", dir, host);
}

int answers_save(const char *dir, const char *host, const struct facts_scope *question, const struct answer *answer,
		 struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct digest asked = digest_of_question(question);
	json_t *all = json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:O}", "reeve", FORMAT, "host", host, "arch",
				answer->arch, "question", asked.hex, "sent_ms", (json_int_t)answer->sent_ms, "got_ms",
				(json_int_t)answer->got_ms, "answer", answer->json);
	_cleanup_free_ char *text = json_dumps(all, JSON_INDENT(1) | JSON_SORT_KEYS);
	json_decref(all);
	if (dir_make(dir, DIRECTORY_MODE, err) < 0)
		return -1;
	return file_write_atomic(path_of(dir, host, arena), text, strlen(text), FILE_MODE, err);
}

/* What may be at another place by now, and whose answers are told apart by their places alone. */
static struct facts_scope without_places(const struct facts_scope *scope)
{
	struct facts_scope s = *scope;
	s.path_count = s.name_count = s.device_count = 0;
	s.state = NULL;
	return s;
}

struct loading {
	const char *dir;
	const struct inventory *inv;
	struct arena *arena;
	struct answers *ret;
};

static int take(const struct loading *l, const json_t *all, const struct facts_scope *scope, struct err *err)
{
	size_t host = scope->host->index;
	const char *name, *question;
	struct answer answer;
	json_int_t format, sent, got;
	if (json_unpack((json_t *)all, "{s:I, s:s, s:s, s:s, s:I, s:I, s:o}", "reeve", &format, "host", &name, "arch",
			&answer.arch, "question", &question, "sent_ms", &sent, "got_ms", &got, "answer",
			&answer.json) < 0 ||
	    format != FORMAT || !str_is_name(answer.arch, 31))
		return err_set(err, ERR_INPUT, "it is not what `reeve facts --save` of this reeve wrote");
	if (!streq(name, scope->host->name))
		return err_set(err, ERR_INPUT, "it is of the host '%s'", name);
	answer.sent_ms = sent;
	answer.got_ms = got;
	bool exact = streq(question, digest_of_question(scope).hex);
	const struct facts_scope other = without_places(scope);
	l->ret->facts[host] = ask_take(&answer, exact ? scope : &other, l->arena, err);
	l->ret->states[host] = exact ? ANSWERS_EXACT : ANSWERS_OTHER;
	return l->ret->facts[host] ? 0 : -1;
}

static int load_host(const struct loading *l, const struct facts_scope *scope, struct err *err)
{
	const char *path = path_of(l->dir, scope->host->name, l->arena);
	_cleanup_strbuf_ struct strbuf text = {0};
	if (file_read(path, FILE_BYTES, &text, err) < 0)
		return err->code == ERR_SYSTEM && err->sys == ENOENT ? 0 : -1;
	json_t *all = json_text_load(strbuf_str(&text), text.len, FILE_VALUES, err);
	int rc = all ? take(l, all, scope, err) : -1;
	json_decref(all);
	return rc < 0 ? err_wrap(err, "%s", path) : 0;
}

/* As a host of Debian's newest kernel would be, with the release of Slurm that cluster.yaml names. */
static struct facts *declare(const struct inv_host *h, const struct facts_hardware *hardware, const char *version,
			     struct arena *arena)
{
	static const struct facts_unit none = {.active = "inactive", .file = ""};
	struct facts *f = arena_alloc(arena, sizeof *f);
	*f = (struct facts){.hostname = h->hostname,
			    .arch = "x86_64",
			    .kernel = "",
			    .boot_id = "",
			    .machine_id = h->name,
			    .os = "debian",
			    .os_version = "",
			    .suite = "",
			    .hardware = *hardware,
			    .cgroup = CGROUP_V2,
			    .cgroup_cpuset = true,
			    .cgroup_memory = true,
			    .cgroup_freezer = true,
			    .cgroup_devices = true};
	for (size_t i = 0; i < ROLES; i++)
		f->roles[i] = (struct facts_role){.unit = none, .uid = -1, .gid = -1, .package.candidate = version};
	return f;
}

static int declare_line(const struct loading *l, char *line, struct err *err)
{
	struct facts_hardware hardware;
	const char *const *names;
	size_t count, length = strcspn(line, " \t");
	if (!str_starts(line, "NodeName="))
		return err_set(err, ERR_INPUT, "it does not begin with NodeName=");
	const char *list = arena_strndup(l->arena, line + strlen("NodeName="), length - strlen("NodeName="));
	if (hostlist_expand(list, INV_MAX_HOSTS, l->arena, &names, &count, NULL, err) < 0 ||
	    facts_parse_slurmd(line, &hardware, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct inv_host *h = inventory_host(l->inv, names[i]);
		if (!h)
			return err_set(err, ERR_INPUT, "cluster.yaml has no host '%s'", names[i]);
		if (l->ret->facts[h->index])
			continue;
		if (!l->inv->slurm_version.text)
			return err_set(
			    err, ERR_INPUT,
			    "the release of Slurm on %s is not known: name it in cluster.yaml as `slurm_version`",
			    names[i]);
		l->ret->facts[h->index] = declare(h, &hardware, l->inv->slurm_version.text, l->arena);
		l->ret->states[h->index] = ANSWERS_DECLARED_ONLY;
	}
	return 0;
}

/* What was asked counts before what is declared. */
static int load_declared(const struct loading *l, struct err *err)
{
	const char *path = arena_printf(l->arena, "%s/" ANSWERS_DECLARED, l->dir);
	_cleanup_strbuf_ struct strbuf text = {0};
	if (file_read(path, FILE_BYTES, &text, err) < 0)
		return err->code == ERR_SYSTEM && err->sys == ENOENT ? 0 : -1;
	char *rest = arena_strndup(l->arena, strbuf_str(&text), text.len);
	size_t number = 0;
	for (char *line; rest && (line = str_next_line(&rest));) {
		number++;
		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t");
		if (*line && declare_line(l, line, err) < 0)
			return err_wrap(err, "%s:%zu", path, number);
	}
	return 0;
}

int answers_load(const char *dir, const struct inventory *inv, const struct secret_row *const *secrets,
		 struct arena *arena, struct answers *ret, struct err *err)
{
	const struct loading l = {.dir = dir, .inv = inv, .arena = arena, .ret = ret};
	size_t count = inv->host_count, *hosts = arena_calloc(arena, count, sizeof *hosts);
	struct facts_scope *scopes = arena_calloc(arena, count, sizeof *scopes);
	int rc = 0;
	*ret = (struct answers){arena_calloc(arena, count, sizeof *ret->facts),
				arena_calloc(arena, count, sizeof *ret->states)};
	for (size_t i = 0; i < count; i++)
		hosts[i] = i;
	ask_scopes(inv, hosts, count, secrets, arena, scopes);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = load_host(&l, &scopes[i], err);
	ask_scopes_end(scopes, count);
	return rc < 0 ? -1 : load_declared(&l, err);
}
