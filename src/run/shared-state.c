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
#include "base/vec.h"
#include "run/apply.h"
#include "run/round.h"

enum { NONCE = 16, MOST_OUTPUT = 4096, RUN_MS = 30000 };

/* $0 is the file, $1 the number. What an earlier run could not remove goes first: whoever is here holds the lock. The
 * answer is in the output; a status that is not 0 says that nothing could be asked. */
static const char write_script[] =
    "umask 077; rm -f ${0%/*}/.reeve-*; { echo $1 >$0; } && cat $0 || { rm -f $0; echo; }";
static const char read_script[] = "cat $0 || echo";
static const char remove_script[] = "rm -f $0";

struct share {
	struct run *run;
	struct findings *findings;
	const char *path, *nonce;
	size_t writer; /* SIZE_MAX: none yet */
};

/* As the user slurm: its NULL-terminated command, in the run's arena. */
static const char *const *as_slurm(const char *script, const struct share *s)
{
	const char *const argv[] = {"runuser", "-u", "slurm", "--", "sh", "-c", script, s->path, s->nonce, NULL};
	const char **copy = arena_calloc(s->run->arena, ARRAY_LEN(argv), sizeof *copy);
	memcpy(copy, argv, sizeof argv);
	return copy;
}

static struct finding *say(struct share *s, enum finding_weight weight, enum finding_code code, size_t host,
			   const char *what)
{
	struct finding *f = finding_add(s->findings, weight, code, s->run->inv->hosts[host].name, "%s", what);
	f->origin = s->run->inv->state.at;
	return f;
}

/* Whether a controller sees the number; *ret_why where it does not, and *ret_asked: it could be asked at all. */
static bool sees(struct share *s, size_t host, const struct round_answer *answer, const char **ret_why, bool *ret_asked)
{
	*ret_asked = !answer->failure;
	if (answer->failure) {
		roll_leave(s->run->roll, host, CODE_STATE_ASK, "the state directory %s could not be examined: %s",
			   s->run->inv->state.text, answer->failure)
		    ->origin = s->run->inv->state.at;
		return false;
	}
	const char *said = answer->errors;
	*ret_why = *said ? str_printable(s->run->arena, said, strcspn(said, "\n")) : "it is another directory there";
	return strcspn(answer->out, "\n") == strlen(s->nonce) && str_starts(answer->out, s->nonce);
}

/* The first that can be asked. */
static int write_nonce(struct share *s, struct err *err)
{
	struct run *run = s->run;
	bool asked = false;
	for (size_t i = 0; !asked && i < run->inv->controller_count; i++) {
		size_t host = run->inv->controllers[i];
		const char *why = NULL;
		struct round_answer answer;
		if (!roll_in(run->roll, host))
			continue;
		if (round_run(run, host, as_slurm(write_script, s), MOST_OUTPUT, RUN_MS, &answer, err) < 0)
			return -1;
		if (sees(s, host, &answer, &why, &asked))
			s->writer = host;
		else if (asked)
			say(s, FINDING_STOP, CODE_STATE_WRITE, host,
			    arena_printf(run->arena, "the user slurm cannot write to %s: %s", run->inv->state.text,
					 why))
			    ->fix = "see the owner and mode of the directory, its file system's free space, and its "
				    "export";
	}
	return 0;
}

static void judge(void *data, size_t host, const struct fleet_request *request)
{
	struct share *s = data;
	const struct run *run = s->run;
	struct round_answer answer = round_answer_of(request, run->arena);
	const char *why = NULL;
	bool asked;
	if (sees(s, host, &answer, &why, &asked) || !asked)
		return;
	say(s, FINDING_STOP, CODE_STATE_SHARE, host,
	    arena_printf(run->arena, "it does not see in %s what %s wrote there: %s", run->inv->state.text,
			 run->inv->hosts[s->writer].name, why))
	    ->fix = "the controllers must mount the same directory of one file server; or name one controller only";
}

static int read_nonce(struct share *s, struct err *err)
{
	struct run *run = s->run;
	struct round round = {.run = run};
	for (size_t i = 0; i < run->inv->controller_count; i++)
		if (run->inv->controllers[i] != s->writer && roll_in(run->roll, run->inv->controllers[i]))
			round_add(&round, run->inv->controllers[i],
				  round_command(as_slurm(read_script, s), NULL, MOST_OUTPUT, RUN_MS));
	return round_ask(&round, RUN_MS + 10000, judge, s, err);
}

/* What stays is removed by the next run. */
static int remove_nonce(const struct share *s, struct err *err)
{
	struct round_answer ignored;
	return round_run(s->run, s->writer, as_slurm(remove_script, s), MOST_OUTPUT, RUN_MS, &ignored, err);
}

int apply_shared_state(struct run *run, struct apply_result *ret, struct err *err)
{
	unsigned char bytes[NONCE];
	char hex[2 * NONCE + 1];
	struct share s = {.run = run, .findings = &ret->findings, .nonce = hex, .writer = SIZE_MAX};
	if (run->inv->controller_count < 2)
		return 0;
	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
	s.path = arena_printf(run->arena, ".%s/.reeve-%s", run->inv->state.text, hex);
	size_t before = findings_count(&ret->findings, FINDING_STOP);
	if (write_nonce(&s, err) < 0)
		return -1;
	if (s.writer == SIZE_MAX)
		return 0;
	int rc = read_nonce(&s, err);
	/* What they have is not what the cluster's state is to be held against from now on. */
	if (findings_count(&ret->findings, FINDING_STOP) > before)
		run->cluster->state_source = run->cluster->record ? run->cluster->record->state_source : NULL;
	return rc == 0 ? remove_nonce(&s, err) : rc;
}
