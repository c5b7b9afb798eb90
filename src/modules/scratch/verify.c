/* Namespaces that a kernel gives or not; and what doctor looks at: space, and what jobs left. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "modules/scratch/namespace.sh.h"
#include "modules/scratch/scratch.h"

enum { LOOK_MS = 10000, LOW_PART = 20, LEFT_MAX = 10000, MOST_NAMED = 5, ID_DIGITS = 10 };

static enum check_verdict judge_namespace(const struct check *check, const struct check_answer *answer,
					  struct arena *arena, const char **ret_why)
{
	(void)check;
	if (!answer->status)
		return CHECK_HOLDS;
	*ret_why =
	    arena_printf(arena, "it cannot make the mount namespaces that keep the directories of jobs apart: %s",
			 answer->status < 0 ? "unshare(1) did not end"
					    : str_printable(arena, answer->errors, strcspn(answer->errors, "\n")));
	return CHECK_FAILED;
}

/* What slurmd does for each job, so that its failure has a name. A run that changed nothing asks for no more than facts. */
void scratch_verify(const struct verify_context *v, struct checks *checks)
{
	const struct scratch *s = scratch_of(v->cluster);
	size_t count = v->cluster->inv->host_count;
	bool *hosts = arena_calloc(checks->arena, count, sizeof *hosts), any = false;
	if (!v->idle || !s || s->prolog)
		return;
	const char *const argv[] = {"sh", "-c", namespace_sh, "sh", s->jobs, NULL};
	for (size_t i = 0; i < count; i++)
		any |= hosts[i] = v->present[i] && scratch_is_on(v->cluster, i);
	if (!any)
		return;
	struct check *check = checks_add(checks, "scratch", "scratch:namespace",
					 "the kernel gives mount namespaces to slurmd", CHECK_RUN, hosts);
	check->argv = memcpy(arena_alloc(checks->arena, sizeof argv), argv, sizeof argv);
	check->timeout_ms = LOOK_MS;
	check->judge = judge_namespace;
	check->fix = "let the kernel give it one, or `scratch: { how: prolog }`, which needs none";
	check->origin = s->at;
}

static void ask_space(const struct doctor_host *h, json_t *items)
{
	const struct scratch *s = scratch_of(h->cluster);
	if (!s || !scratch_is_on(h->cluster, h->host->index))
		return;
	doctor_ask_fs(items, s->path);
	doctor_ask_fs(items, "/");
}

/* That the file system of the system is full is another row's. */
static void full(struct doctor *d, size_t host)
{
	const struct scratch *s = scratch_of(d->cluster);
	struct doctor_fs fs, root;
	if (!s || !scratch_is_on(d->cluster, host) || !doctor_fs(d, host, s->path, &fs) || !fs.total_kib)
		return;
	if (doctor_fs(d, host, "/", &root) && root.total_kib == fs.total_kib && root.inodes == fs.inodes)
		return;
	bool space = fs.free_kib < fs.total_kib / LOW_PART;
	if (!space && !(fs.inodes && fs.free_inodes < fs.inodes / LOW_PART))
		return;
	struct finding *f = doctor_add(d, host, "%s is nearly full: jobs fail that write to their scratch", s->path);
	f->evidence = space ? doctor_text(d, "%llu MiB free of %llu MiB", (unsigned long long)fs.free_kib >> 10,
					  (unsigned long long)fs.total_kib >> 10)
			    : doctor_text(d, "%llu inodes free of %llu", (unsigned long long)fs.free_inodes,
					  (unsigned long long)fs.inodes);
	f->fix = doctor_text(d, "see what has it, on %s: du -xh -d 3 %s | sort -h | tail",
			     d->cluster->inv->hosts[host].name, s->path);
}

/* Debian's slurmd has a directory of its node's name in between (--enable-multiple-slurmd). */
static const char *below(const struct scratch *s, const struct inv_host *host, struct arena *arena)
{
	return arena_printf(arena, "%s/%s", s->jobs, host->name);
}

static void ask_left(const struct doctor_host *h, json_t *items)
{
	const struct scratch *s = scratch_of(h->cluster);
	if (!s || !scratch_is_on(h->cluster, h->host->index))
		return;
	doctor_ask_list(items, s->jobs, LEFT_MAX);
	doctor_ask_list(items, below(s, h->host, h->arena), LEFT_MAX);
}

static bool is_job(const char *name)
{
	size_t len = name ? strlen(name) : 0;
	return len && len <= ID_DIGITS && strspn(name, "0123456789") == len;
}

static size_t count_left(struct doctor *d, size_t host, const char *path, struct strbuf *out)
{
	const json_t *names = doctor_list(d, host, path);
	size_t n = 0;
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		if (!is_job(name) || streq(name, d->cluster->inv->hosts[host].name))
			continue;
		if (n++ < MOST_NAMED)
			strbuf_addf(out, "%s%s/%s", out->len ? " " : "", path, name);
	}
	return n;
}

/* On a node without a job there is none whose directory it could be. */
static void left(struct doctor *d, size_t host)
{
	const struct scratch *s = scratch_of(d->cluster);
	const struct slurm_node_state *node = doctor_node(d, host);
	_cleanup_strbuf_ struct strbuf names = {0};
	if (!s || !scratch_is_on(d->cluster, host) || !node || !slurm_node_is_idle(node))
		return;
	const struct inv_host *h = &d->cluster->inv->hosts[host];
	size_t n = count_left(d, host, s->jobs, &names) + count_left(d, host, below(s, h, d->findings->arena), &names);
	if (!n)
		return;
	struct finding *f = doctor_add(d, host, "%zu director%s of jobs that are over take%s space", n,
				       n == 1 ? "y" : "ies", n == 1 ? "s" : "");
	f->evidence = doctor_text(d, "%s%s", strbuf_str(&names), n > MOST_NAMED ? " ..." : "");
	f->fix = doctor_text(d, "on %s, while no job runs there: %srm -r them; or boot it", h->name,
			     s->prolog ? "" : "systemctl restart slurmd, and if they stay: ");
}

static const struct diagnosis rows[] = {
    {CODE_SCRATCH_FULL, FINDING_WARNING, ask_space, full, NULL, false},
    {CODE_SCRATCH_LEFT, FINDING_WARNING, ask_left, left, NULL, true},
};

const struct diagnoses scratch_diagnoses = {rows, sizeof rows / sizeof *rows, "scratch"};
