/* Mounts, as a host sees them: what is there, and whether it answers. stat(1) is asked, which can be given up in time. */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/storage/storage.h"

enum { LOOK_MS = 10000, DOCTOR_MS = 3000 };

static const char *const *look(const struct storage_nfs *nfs, struct arena *arena)
{
	const char **argv = arena_calloc(arena, 6, sizeof *argv);
	argv[0] = "stat";
	argv[1] = "-f";
	argv[2] = "-c";
	argv[3] = "%T";
	argv[4] = nfs->mount;
	return argv;
}

/* What is wrong with a mount by what stat said; NULL: nothing. `status` < 0: it did not end. */
static const char *fault(const struct storage_nfs *nfs, int status, const char *out, const char *errors,
			 struct arena *arena)
{
	if (status < 0)
		return arena_printf(arena, "%s does not answer: the server %s is down or unreachable", nfs->mount,
				    nfs->address);
	if (status)
		return arena_printf(arena, "%s: %s", nfs->mount, str_printable(arena, errors, strcspn(errors, "\n")));
	return str_starts(out, "nfs") ? NULL : arena_printf(arena, "%s is not mounted", nfs->mount);
}

static enum check_verdict judge(const struct check *check, const struct check_answer *answer, struct arena *arena,
				const char **ret_why)
{
	*ret_why = fault(check->about, answer->status, answer->out, answer->errors, arena);
	return *ret_why ? CHECK_FAILED : CHECK_HOLDS;
}

static enum check_verdict judge_provided(const struct check *check, const struct check_answer *answer,
					 struct arena *arena, const char **ret_why)
{
	const struct storage_nfs *nfs = check->about;
	if (answer->status == 0)
		return CHECK_HOLDS;
	*ret_why = arena_printf(arena, "%s is not mounted, and the machine that this container runs on is to do it",
				nfs->mount);
	return CHECK_FAILED;
}

static void add_check(const struct verify_context *v, struct checks *checks, const struct storage_nfs *nfs,
		      bool provided)
{
	const struct cluster *c = v->cluster;
	struct arena *a = checks->arena;
	const char *const is_mount[] = {"mountpoint", "-q", nfs->mount, NULL};
	bool *hosts = arena_calloc(a, c->inv->host_count, sizeof *hosts), any = false;
	for (size_t k = 0; k < c->inv->host_count; k++)
		any |= hosts[k] = v->present[k] && storage_mounts(c, k, nfs) && storage_is_provided(c, k) == provided;
	if (!any)
		return;
	struct check *check = checks_add(
	    checks, "storage", arena_printf(a, "storage:%s:%s", provided ? "provided" : "mounted", nfs->mount),
	    arena_printf(a, "%s is mounted and answers", nfs->mount), CHECK_RUN, hosts);
	check->argv = provided ? memcpy(arena_alloc(a, sizeof is_mount), is_mount, sizeof is_mount) : look(nfs, a);
	check->timeout_ms = LOOK_MS;
	check->judge = provided ? judge_provided : judge;
	check->about = nfs;
	check->origin = nfs->at;
}

/* A run that changed nothing has seen it all with the facts and the probe: what hangs, and what is not mounted. */
void storage_verify(const struct verify_context *v, struct checks *checks)
{
	const struct storage *s = storage_of(v->cluster);
	for (size_t i = 0; s && v->idle && i < s->count; i++)
		for (int provided = 0; provided < 2; provided++)
			add_check(v, checks, &s->nfs[i], provided);
}

/* One that hangs was found so with the host's facts, and is not asked again. */
static bool looks(const struct cluster *c, size_t host, size_t mount)
{
	const struct storage_nfs *nfs = &storage_of(c)->nfs[mount];
	return storage_mounts(c, host, nfs) && !storage_is_provided(c, host) && !nfs->automount &&
	       !storage_is_silent(c, host, mount);
}

static void ask(const struct doctor_host *h, json_t *items)
{
	const struct storage *s = storage_of(h->cluster);
	for (size_t i = 0; s && i < s->count; i++)
		if (looks(h->cluster, h->host->index, i))
			doctor_ask_run(items, arena_printf(h->arena, "storage.%zu", i), look(&s->nfs[i], h->arena),
				       DOCTOR_MS);
}

static void not_mounted(struct doctor *d, size_t host)
{
	const struct storage *s = storage_of(d->cluster);
	for (size_t i = 0; s && i < s->count; i++) {
		const char *out, *errors;
		if (!looks(d->cluster, host, i))
			continue;
		int status = doctor_run(d, host, doctor_text(d, "storage.%zu", i), &out, &errors);
		const char *why = status < 0 ? NULL : fault(&s->nfs[i], status, out, errors, d->findings->arena);
		if (why)
			doctor_cure(d, doctor_add(d, host, "%s", why), host, "systemctl restart " STORAGE_RETRY_UNIT);
	}
}

static const struct diagnosis rows[] = {
    {CODE_STORAGE, FINDING_STOP, ask, not_mounted, NULL},
};

const struct diagnoses storage_diagnoses = {rows, ARRAY_LEN(rows), "storage"};
