/* Every host sees every version, and a job on the nodes runs what each names as its check. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/software/prove.sh.h"
#include "modules/software/software.h"

enum { LOOK_MS = 15000, PROVE_MS = 120000 };

static const char look[] = "for p; do [ -e \"$p\" ] || { echo \"$p\"; exit 1; }; done";

static enum check_verdict judge_there(const struct check *check, const struct check_answer *answer, struct arena *arena,
				      const char **ret_why)
{
	(void)check;
	if (!answer->status)
		return CHECK_HOLDS;
	*ret_why = answer->status < 0 ? "its directory does not answer"
				      : arena_printf(arena, "%s does not exist",
						     str_printable(arena, answer->out, strcspn(answer->out, "\n")));
	return CHECK_FAILED;
}

static const char *const *look_argv(const struct verify_context *v, size_t host, struct arena *arena)
{
	const struct cluster *c = v->cluster;
	const struct software *s = software_of(c);
	int arch = software_arch_of(c, host);
	VEC(const char *) argv = {0};
	for (size_t i = 0; i < 4; i++)
		*vec_push_in(arena, &argv) = (const char *const[]){"sh", "-c", look, "sh"}[i];
	for (size_t i = 0; i < s->count && arch >= 0; i++) {
		const struct software_item *item = &s->items[i];
		if (software_is_made(item) && !item->absent && item->files[arch].name &&
		    software_is_on(c, host, item) && !verify_is_missing(v, item->at))
			*vec_push_in(arena, &argv) = software_link(s, item, (size_t)arch, arena);
	}
	*vec_push_in(arena, &argv) = NULL;
	return argv.len > 5 ? argv.items : NULL;
}

/* A run that changed nothing has seen by its probe what is there. */
void software_verify(const struct verify_context *v, struct checks *checks)
{
	size_t count = v->cluster->inv->host_count;
	bool *hosts = arena_calloc(checks->arena, count, sizeof *hosts), any = false;
	const char *const **argv_of = arena_calloc(checks->arena, count, sizeof *argv_of);
	if (!v->idle || !software_of(v->cluster))
		return;
	for (size_t i = 0; i < count; i++) {
		argv_of[i] = v->present[i] ? look_argv(v, i, checks->arena) : NULL;
		any |= hosts[i] = argv_of[i] != NULL;
	}
	if (!any)
		return;
	struct check *check =
	    checks_add(checks, "software", "software:there", "all versions of software are there", CHECK_RUN, hosts);
	check->argv_of = argv_of;
	check->timeout_ms = LOOK_MS;
	check->judge = judge_there;
	check->fix = "is its file system mounted there? `reeve doctor` says";
	check->origin = software_of(v->cluster)->at;
}

static enum check_verdict judge_job(const struct check *check, const struct check_answer *answer, struct arena *arena,
				    const char **ret_why)
{
	(void)check;
	if (!answer->status)
		return CHECK_HOLDS;
	if (str_starts(answer->out, "software: ")) {
		*ret_why = str_printable(arena, answer->out + strlen("software: "),
					 strcspn(answer->out, "\n") - strlen("software: "));
		return CHECK_FAILED;
	}
	return verify_job_end(answer, arena, ret_why);
}

static bool on_all(const struct cluster *c, const struct job_set *set, const struct software_item *item)
{
	for (const char *const *name = set->names; *name; name++)
		if (!software_is_on(c, inventory_host(c->inv, *name)->index, item))
			return false;
	return true;
}

/* LABEL DIRECTORY VERSION COMMAND for each that says how it is checked. */
static const char *const *prove_argv(const struct verify_context *v, const struct job_set *set, struct arena *a)
{
	const struct cluster *c = v->cluster;
	const struct software *s = software_of(c);
	VEC(const char *) argv = {0};
	for (size_t i = 0; i < 4; i++)
		*vec_push_in(a, &argv) = (const char *const[]){"sh", "-c", prove_sh, "sh"}[i];
	for (size_t i = 0; s && i < s->count; i++) {
		const struct software_item *item = &s->items[i];
		if (!item->check || item->absent || !on_all(c, set, item) || verify_is_missing(v, item->at))
			continue;
		bool made = software_is_made(item);
		*vec_push_in(a, &argv) = item->name;
		*vec_push_in(a, &argv) = made ? arena_printf(a, "%s/%s/%s", s->prefix, item->name, item->version) : "/";
		*vec_push_in(a, &argv) = item->version ? item->version : "";
		*vec_push_in(a, &argv) = item->check;
	}
	*vec_push_in(a, &argv) = NULL;
	return argv.len > 5 ? argv.items : NULL;
}

void software_prove(const struct verify_context *v, const struct job_set *set, struct checks *checks)
{
	struct arena *a = checks->arena;
	const char *const *command = set->user ? NULL : prove_argv(v, set, a);
	if (!command)
		return;
	struct check *check = checks_add_for_all(checks, v, "software", arena_printf(a, "software:runs:%s", set->label),
						 arena_printf(a, "software is run by a job on %s", set->hostlist));
	check->argv = verify_job_argv(v, set, command, a);
	check->timeout_ms = PROVE_MS;
	check->judge = judge_job;
	check->origin = software_of(v->cluster)->at;
}
