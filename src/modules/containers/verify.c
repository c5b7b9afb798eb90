/*
 * A job of an ordinary user makes an image of the node's own shell and runs it, by each runtime. srun's is run with every proof;
 * Podman and Apptainer take seconds, and are where it was asked for.
 */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/containers/containers.h"
#include "modules/containers/image.sh.h"
#include "modules/containers/prove.sh.h"

enum { PROVE_MS = 120000, LOW_KIB = 1 << 20 };

/* A runtime on nodes where it is the same program, and has the same place. */
struct group {
	enum containers_runtime runtime;
	const char *program, *storage;
	struct {
		const char **items;
		size_t len, cap;
	} names;
};

struct proof {
	struct group *items;
	size_t len, cap;
};

static enum check_verdict judge(const struct check *check, const struct check_answer *answer, struct arena *arena,
				const char **ret_why)
{
	const struct proof *proof = check->about;
	const char *said = verify_job_said(answer->errors, arena), *out = arena_printf(arena, "\n%s", answer->out);
	const char *failed = strstr(out, "\nfailed: ");
	for (size_t i = 0; !answer->status && i < proof->len; i++)
		for (size_t k = 0; k < proof->items[i].names.len; k++) {
			const char *runtime = containers_runtimes[proof->items[i].runtime];
			const char *name = proof->items[i].names.items[k];
			if (strstr(out, arena_printf(arena, "\n%s %s: this is an image\n", runtime, name)))
				continue;
			*ret_why = arena_printf(arena, "%s ran nothing in a container on %s", runtime, name);
			return CHECK_FAILED;
		}
	enum check_verdict end = verify_job_end(answer, arena, ret_why);
	if (end == CHECK_FAILED && failed) {
		failed += strlen("\nfailed: ");
		*ret_why = arena_printf(arena, "%s: %s", str_printable(arena, failed, strcspn(failed, "\n")),
					said ? said : *ret_why);
	}
	return end;
}

static const struct cluster_account *account_of(const struct cluster_host *h, const char *name)
{
	for (size_t i = 0; i < h->account_count; i++)
		if (streq(h->accounts[i].name, name))
			return &h->accounts[i];
	return NULL;
}

static const struct cluster_host *host_of(const struct cluster *c, const char *name)
{
	return &c->hosts[inventory_host(c->inv, name)->index];
}

/* The first account that the controller and all of these nodes have. */
static const struct cluster_account *choose(const struct verify_context *v, const struct job_set *s)
{
	const struct cluster_host *controller = &v->cluster->hosts[v->controller];
	for (size_t i = 0; i < controller->account_count; i++) {
		const struct cluster_account *one = &controller->accounts[i];
		bool all = true;
		for (const char *const *name = s->names; all && *name; name++)
			all = account_of(host_of(v->cluster, *name), one->name);
		if (all)
			return one;
	}
	return NULL;
}

/* The program of a runtime on a node that is to have it and can; NULL: it is not, or what keeps it was said. */
static const char *able(const struct cluster *c, size_t host, enum containers_runtime runtime, struct arena *a)
{
	const struct containers_there *t = containers_there(c, host);
	if (!containers_has(c, host, runtime) || (t && (t->kernel || (t->no_json && runtime <= CONTAINERS_RUNC))))
		return NULL;
	return containers_program(c, host, runtime, a);
}

static struct group *group_of(struct proof *proof, enum containers_runtime runtime, const char *program,
			      const char *storage, struct arena *a)
{
	for (size_t i = 0; i < proof->len; i++)
		if (proof->items[i].runtime == runtime && streq(proof->items[i].program, program) &&
		    streq(proof->items[i].storage, storage))
			return &proof->items[i];
	struct group *one = vec_push_in(a, proof);
	*one = (struct group){.runtime = runtime, .program = program, .storage = storage};
	return one;
}

/* What is to be tried, and the nodes on which anything is. */
static struct job_set gather(const struct verify_context *v, const struct job_set *s, struct proof *proof,
			     struct arena *a)
{
	const struct cluster *c = v->cluster;
	VEC(const char *) names = {0};
	for (const char *const *name = s->names; *name; name++) {
		size_t host = inventory_host(c->inv, *name)->index;
		const struct containers *k = containers_of(c, host);
		bool any = false;
		for (size_t i = 0; k && i < CONTAINERS_RUNTIMES; i++) {
			const char *program = i <= CONTAINERS_RUNC || v->asked ? able(c, host, i, a) : NULL;
			if (program)
				*vec_push_in(a, &group_of(proof, i, program, k->storage, a)->names) = *name;
			any |= program != NULL;
		}
		if (any)
			*vec_push_in(a, &names) = *name;
	}
	if (!names.len)
		return (struct job_set){0};
	*vec_push_in(a, &names) = NULL;
	return verify_job_subset(s, names.items, a);
}

static const char *const *command_of(const struct proof *proof, struct arena *a)
{
	VEC(const char *) argv = {0};
	for (size_t i = 0; i < 5; i++)
		*vec_push_in(a, &argv) = (const char *const[]){"bash", "-c", prove_sh, "bash", image_sh}[i];
	for (size_t i = 0; i < proof->len; i++) {
		const struct group *g = &proof->items[i];
		*vec_push_in(a, &argv) = containers_runtimes[g->runtime];
		*vec_push_in(a, &argv) = g->program;
		*vec_push_in(a, &argv) = g->storage;
		*vec_push_in(a, &argv) = arena_printf(a, "%zu", g->names.len);
		*vec_push_in(a, &argv) = hostlist_compress(g->names.items, g->names.len, a);
	}
	*vec_push_in(a, &argv) = NULL;
	return argv.items;
}

/* "crun and podman" */
static const char *runtimes_of(const struct proof *proof, struct arena *a)
{
	const char *all = containers_runtimes[proof->items[0].runtime];
	for (size_t i = 1; i < proof->len; i++)
		if (proof->items[i].runtime != proof->items[i - 1].runtime)
			all = arena_printf(a, "%s, %s", all, containers_runtimes[proof->items[i].runtime]);
	return all;
}

/* Where accounts are promised the job is one's of theirs, whoever else is there; once for each set. */
void containers_prove(const struct verify_context *v, const struct job_set *s, struct checks *checks)
{
	struct arena *a = checks->arena;
	bool promised = v->cluster->hosts[v->controller].account_count;
	struct proof *proof = arena_alloc(a, sizeof *proof);
	struct job_set set = promised == !s->user ? gather(v, s, proof, a) : (struct job_set){0};
	const struct cluster_account *account = promised && set.count ? choose(v, &set) : NULL;
	if (account) {
		set.user = account->name;
		set.gid = account->gid;
	}
	if (!set.count || !set.user)
		return;
	const struct containers *k = containers_of(v->cluster, inventory_host(v->cluster->inv, *set.names)->index);
	struct check *check = checks_add_for_all(
	    checks, v, "containers", arena_printf(a, "containers:runs:%s", s->label),
	    arena_printf(a, "containers of %s run on %s: %s", set.user, set.hostlist, runtimes_of(proof, a)));
	check->argv = verify_allocation_argv(v, &set, command_of(proof, a), a);
	check->timeout_ms = PROVE_MS;
	check->judge = judge;
	check->about = proof;
	check->fix = "docs/handbook/containers.md has what a container needs of the kernel and of cluster.yaml";
	check->origin = k && k->at.line ? k->at : v->cluster->inv->cluster.at;
}

static void ask(const struct doctor_host *h, json_t *items)
{
	const struct containers *k = containers_of(h->cluster, h->host->index);
	if (!k)
		return;
	doctor_ask_fs(items, k->storage);
	if (k->runtimes[CONTAINERS_PODMAN_RUNTIME]) {
		doctor_ask_stat(items, "/usr/bin/newuidmap");
		doctor_ask_stat(items, "/usr/bin/newgidmap");
	}
}

/* Images fill it, and nothing of it is removed by itself. */
static void storage_low(struct doctor *d, size_t host)
{
	const struct containers *k = containers_of(d->cluster, host);
	struct doctor_fs fs;
	if (!k || !doctor_fs(d, host, k->storage, &fs) || fs.free_kib >= LOW_KIB)
		return;
	doctor_add(d, host, "%llu MB are left in %s, where containers of users keep their images",
		   (unsigned long long)(fs.free_kib >> 10), k->storage)
	    ->fix = doctor_text(
	    d, "`du -sh %s/*` there shows by uid who has how much; `podman system prune` of that user frees some",
	    k->storage);
}

/* newuidmap(1) is what gives a user his subordinate ids: with the set-user-ID bit on Debian. */
static void not_setuid(struct doctor *d, size_t host)
{
	static const char *const paths[] = {"/usr/bin/newuidmap", "/usr/bin/newgidmap"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct doctor_stat st;
		if (!doctor_stat(d, host, paths[i], &st, NULL) || (facts_mode(st.mode) & 04000))
			continue;
		struct finding *f =
		    doctor_add(d, host, "%s is not set-user-ID root: Podman cannot use subordinate ids", paths[i]);
		doctor_cure(d, f, host, "chmod u+s %s", paths[i]);
	}
}

static const struct diagnosis rows[] = {
    {CODE_CONTAINERS_STORAGE, FINDING_WARNING, ask, storage_low, NULL},
    {CODE_CONTAINERS_NEWUIDMAP, FINDING_WARNING, ask, not_setuid, NULL},
};

const struct diagnoses containers_diagnoses = {rows, ARRAY_LEN(rows), "containers"};
