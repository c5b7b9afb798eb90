/*
 * Several controllers must share one state directory, or the second one takes over with no jobs at all. That both lie on
 * a mount of the same name says little: /dev/sda2 is on every machine. So before a daemon is told anything, the first
 * controller writes a number there that nobody could guess, as the user slurm, whom an NFS export may keep out where it
 * lets root in and the other way round; and the others read it.
 */
#include <sodium.h>
#include <string.h>

#include "base/str.h"
#include "run/apply.h"

enum { NONCE = 16, RUN_MS = 30000 };

struct share {
	struct gathered *g;
	const char *path, *nonce;
	size_t writer;
};

static json_t *as_slurm(const char *script, const struct share *s)
{
	const char *const argv[] = {"runuser", "-u", "slurm", "--", "sh", "-c", script, s->path, s->nonce, NULL};
	return gather_run(argv, NULL, 4096, RUN_MS);
}

/* What a command printed, one line; NULL where it failed, with the reason in `ret_why`. */
static const char *line_of(const struct fleet_request *r, struct arena *arena, const char **ret_why)
{
	const json_t *status = json_object_get(r->answer, "status");
	const char *out = json_string_value(json_object_get(r->answer, "out"));
	const char *errors = json_string_value(json_object_get(r->answer, "err"));
	if (r->answer && json_is_integer(status) && json_integer_value(status) == 0 && out)
		return arena_strndup(arena, out, strcspn(out, "\n"));
	*ret_why = !r->answer          ? arena_strdup(arena, r->error.text)
		   : errors && *errors ? str_printable(arena, errors, strcspn(errors, "\n"))
				       : "no word why";
	return NULL;
}

static int write_nonce(struct share *s, struct findings *findings, struct err *err)
{
	struct gathered *g = s->g;
	const char *why = NULL;
	json_t *message = as_slurm("umask 077; echo $1 >$0 && cat $0", s);
	struct fleet_request request = gather_request(g, s->writer, message);
	int rc = fleet_round(g->fleet, &request, 1, RUN_MS + 10000, err);
	if (rc == 0 && !line_of(&request, g->arena, &why)) {
		struct finding *f = finding_add(findings, FINDING_STOP, "state-write", g->inv->hosts[s->writer].name,
						"the user slurm cannot write to %s: %s", g->inv->state.text, why);
		f->mend = "see the owner and mode of the directory, its file system's free space, and its export";
		f->origin = g->inv->state.at;
	}
	fleet_request_clear(&request);
	json_decref(message);
	return rc;
}

static void judge(const struct share *s, const struct fleet_request *request, struct findings *findings)
{
	const struct gathered *g = s->g;
	const char *why = "it is another directory there";
	const char *line = line_of(request, g->arena, &why);
	if (line && streq(line, s->nonce))
		return;
	struct finding *f = finding_add(
	    findings, FINDING_STOP, "state-share", g->inv->hosts[g->host_of[request->host]].name,
	    "it does not see in %s what %s wrote there: %s", g->inv->state.text, g->inv->hosts[s->writer].name, why);
	f->mend = "the controllers must mount the same directory of one file server; or name one controller only";
	f->origin = g->inv->state.at;
}

static int read_nonce(const struct share *s, struct findings *findings, struct err *err)
{
	struct gathered *g = s->g;
	struct fleet_request *requests = arena_calloc(g->arena, g->inv->controller_count, sizeof *requests);
	json_t *message = as_slurm("cat $0", s);
	size_t n = 0;
	for (size_t i = 0; i < g->inv->controller_count; i++)
		if (g->inv->controllers[i] != s->writer && gather_present(g, g->inv->controllers[i]))
			requests[n++] = gather_request(g, g->inv->controllers[i], message);
	int rc = fleet_round(g->fleet, requests, n, RUN_MS + 10000, err);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			judge(s, &requests[i], findings);
		fleet_request_clear(&requests[i]);
	}
	json_decref(message);
	return rc;
}

static int remove_nonce(const struct share *s, struct err *err)
{
	json_t *message = as_slurm("rm -f $0", s);
	struct fleet_request request = gather_request(s->g, s->writer, message);
	int rc = fleet_round(s->g->fleet, &request, 1, RUN_MS + 10000, err);
	fleet_request_clear(&request);
	json_decref(message);
	return rc;
}

int apply_share(struct gathered *g, struct apply_result *ret, struct err *err)
{
	unsigned char bytes[NONCE];
	char hex[2 * NONCE + 1];
	struct share s = {.g = g, .nonce = hex, .writer = SIZE_MAX};
	for (size_t i = g->inv->controller_count; i-- > 0;)
		if (gather_present(g, g->inv->controllers[i]))
			s.writer = g->inv->controllers[i];
	if (g->inv->controller_count < 2 || s.writer == SIZE_MAX)
		return 0;
	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
	s.path = arena_printf(g->arena, "%s/.reeve-%s", g->inv->state.text, hex);
	size_t before = findings_count(&ret->findings, FINDING_STOP);
	if (write_nonce(&s, &ret->findings, err) < 0)
		return -1;
	if (findings_count(&ret->findings, FINDING_STOP) > before)
		return 0;
	int rc = read_nonce(&s, &ret->findings, err);
	/* What they have is not what the cluster's state is to be held against from now on. */
	if (findings_count(&ret->findings, FINDING_STOP) > before)
		g->cluster->state_source = g->cluster->record ? g->cluster->record->state_source : NULL;
	return rc == 0 ? remove_nonce(&s, err) : rc;
}
