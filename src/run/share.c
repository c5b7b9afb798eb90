/*
 * Several controllers must share one state directory, or the second one takes over with no jobs at all. That both lie on
 * a mount of the same name says little: /dev/sda2 is on every machine. So before a daemon is told anything, a controller
 * writes a number there that nobody could guess, as the user slurm, whom an NFS export may keep out where it lets root
 * in and the other way round; and the others read it.
 *
 * A controller that cannot be asked is skipped, as in any other step; only one that answers, and sees something
 * else, stops the run.
 */
#include <sodium.h>
#include <string.h>

#include "base/str.h"
#include "run/apply.h"

enum { NONCE = 16, RUN_MS = 30000 };

/* $0 is the file, $1 the number. What an earlier run could not remove goes first: whoever is here holds the lock. The
 * answer is in the output; a status that is not 0 says that nothing could be asked. */
static const char write_script[] =
    "umask 077; rm -f ${0%/*}/.reeve-*; { echo $1 >$0; } && cat $0 || { rm -f $0; echo; }";
static const char read_script[] = "cat $0 || echo";
static const char remove_script[] = "rm -f $0";

struct share {
	struct gathered *g;
	struct findings *findings;
	const char *path, *nonce;
	size_t writer; /* SIZE_MAX: none yet */
};

static json_t *as_slurm(const char *script, const struct share *s)
{
	const char *const argv[] = {"runuser", "-u", "slurm", "--", "sh", "-c", script, s->path, s->nonce, NULL};
	return gather_run(argv, NULL, 4096, RUN_MS);
}

static struct finding *say(struct share *s, enum finding_weight weight, enum finding_code code, size_t host,
			   const char *what)
{
	struct finding *f = finding_add(s->findings, weight, code, s->g->inv->hosts[host].name, "%s", what);
	f->origin = s->g->inv->state.at;
	return f;
}

/* Whether a controller sees the number; *ret_why where it does not, and *ret_asked: it could be asked at all. */
static bool sees(struct share *s, size_t host, const struct fleet_request *request, const char **ret_why,
		 bool *ret_asked)
{
	struct arena *a = s->g->arena;
	const char *failure = gather_run_failure(request, a);
	const char *out = json_string_value(json_object_get(request->answer, "out"));
	const char *errors = json_string_value(json_object_get(request->answer, "err"));
	*ret_asked = !failure;
	if (failure) {
		roll_leave(s->g->roll, host, CODE_STATE_ASK, "the state directory %s could not be examined: %s",
			   s->g->inv->state.text, failure)
		    ->origin = s->g->inv->state.at;
		return false;
	}
	*ret_why =
	    errors && *errors ? str_printable(a, errors, strcspn(errors, "\n")) : "it is another directory there";
	return out && strcspn(out, "\n") == strlen(s->nonce) && str_starts(out, s->nonce);
}

/* The first that can be asked. */
static int write_nonce(struct share *s, struct err *err)
{
	struct gathered *g = s->g;
	json_t *message = as_slurm(write_script, s);
	int rc = 0;
	bool asked = false;
	for (size_t i = 0; rc == 0 && !asked && i < g->inv->controller_count; i++) {
		size_t host = g->inv->controllers[i];
		const char *why = NULL;
		if (!roll_in(g->roll, host))
			continue;
		struct fleet_request request = roll_request(g->roll, host, message);
		rc = fleet_round(g->fleet, &request, 1, RUN_MS + 10000, err);
		if (rc == 0 && sees(s, host, &request, &why, &asked))
			s->writer = host;
		else if (rc == 0 && asked)
			say(s, FINDING_STOP, CODE_STATE_WRITE, host,
			    arena_printf(g->arena, "the user slurm cannot write to %s: %s", g->inv->state.text, why))
			    ->fix = "see the owner and mode of the directory, its file system's free space, and its "
				    "export";
		fleet_request_clear(&request);
	}
	json_decref(message);
	return rc;
}

static void judge(struct share *s, size_t host, const struct fleet_request *request)
{
	const struct gathered *g = s->g;
	const char *why = NULL;
	bool asked;
	if (sees(s, host, request, &why, &asked) || !asked)
		return;
	say(s, FINDING_STOP, CODE_STATE_SHARE, host,
	    arena_printf(g->arena, "it does not see in %s what %s wrote there: %s", g->inv->state.text,
			 g->inv->hosts[s->writer].name, why))
	    ->fix = "the controllers must mount the same directory of one file server; or name one controller only";
}

static int read_nonce(struct share *s, struct err *err)
{
	struct gathered *g = s->g;
	struct fleet_request *requests = arena_calloc(g->arena, g->inv->controller_count, sizeof *requests);
	json_t *message = as_slurm(read_script, s);
	size_t n = 0;
	for (size_t i = 0; i < g->inv->controller_count; i++) {
		size_t host = g->inv->controllers[i];
		if (host != s->writer && roll_in(g->roll, host))
			requests[n++] = roll_request(g->roll, host, message);
	}
	int rc = fleet_round(g->fleet, requests, n, RUN_MS + 10000, err);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			judge(s, roll_host(g->roll, &requests[i]), &requests[i]);
		fleet_request_clear(&requests[i]);
	}
	json_decref(message);
	return rc;
}

/* What stays is removed by the next run. */
static int remove_nonce(const struct share *s, struct err *err)
{
	json_t *message = as_slurm(remove_script, s);
	struct fleet_request request = roll_request(s->g->roll, s->writer, message);
	int rc = fleet_round(s->g->fleet, &request, 1, RUN_MS + 10000, err);
	fleet_request_clear(&request);
	json_decref(message);
	return rc;
}

int apply_share(struct gathered *g, struct apply_result *ret, struct err *err)
{
	unsigned char bytes[NONCE];
	char hex[2 * NONCE + 1];
	struct share s = {.g = g, .findings = &ret->findings, .nonce = hex, .writer = SIZE_MAX};
	if (g->inv->controller_count < 2)
		return 0;
	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
	s.path = arena_printf(g->arena, ".%s/.reeve-%s", g->inv->state.text, hex);
	size_t before = findings_count(&ret->findings, FINDING_STOP);
	if (write_nonce(&s, err) < 0)
		return -1;
	if (s.writer == SIZE_MAX)
		return 0;
	int rc = read_nonce(&s, err);
	/* What they have is not what the cluster's state is to be held against from now on. */
	if (findings_count(&ret->findings, FINDING_STOP) > before)
		g->cluster->state_source = g->cluster->record ? g->cluster->record->state_source : NULL;
	return rc == 0 ? remove_nonce(&s, err) : rc;
}
