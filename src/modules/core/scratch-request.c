/*
 * What runs in the sandbox, as one shell script (scratch.sh), for the agent knows nothing of Slurm.
 *
 * The script gets its files on stdin, one behind the other with their lengths as arguments, and everything it writes
 * is on a tmpfs over /tmp of its own mount namespace. It reads the state directory as SlurmUser (root may be nobody
 * there: NFS root_squash) and then covers it, so that no path in any configuration can lead a daemon to it. Of batch
 * jobs only the directories are copied: slurmctld asks for no more to keep a pending job (sync_job_files in
 * src/slurmctld/job_mgr.c), and scripts can be large. munged is reached through its socket's path, as ever. Name
 * lookups see files only: a resolver that cannot be reached costs seconds.
 *
 * The report is lines. "@WORD..." says something; lines that begin with a blank are somebody's output, under the word
 * before. Nothing that is printed can therefore pass for a word of the report.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "modules/core/scratch-copy.sh.h"
#include "modules/core/scratch.h"
#include "modules/core/scratch.sh.h"
#include "slurm/state.h"

enum { PORT_NEW = 6817, PORT_OLD = 6818, SLACK_MS = 40000 };

static void add_number(json_t *argv, size_t n)
{
	char text[24];
	snprintf(text, sizeof text, "%zu", n);
	json_array_append_new(argv, json_string(text));
}

json_t *scratch_request(const struct scratch_test *test, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_strbuf_ struct strbuf input = {0};
	char *new_text, *old_text = NULL;
	if (test->state[0] != '/' || str_starts(test->state, "/tmp/") || strchr(test->state, '%'))
		return err_set(err, ERR_INPUT, "StateSaveLocation '%s' cannot be rehearsed", test->state), NULL;
	if (!str_is_name(test->user, 64) || !str_is_name(test->host, 64))
		return err_set(err, ERR_INPUT, "SlurmUser or the controller's name is not valid"), NULL;
	if (scratch_conf(test->new_conf, strlen(test->new_conf), test->host, PORT_NEW, "/tmp/new", arena, &new_text,
			 err) < 0)
		return NULL;
	if (test->old_conf && scratch_conf(test->old_conf, strlen(test->old_conf), test->host, PORT_OLD, "/tmp/old",
					   arena, &old_text, NULL) < 0)
		old_text = NULL;

	const char *parts[] = {test->new_conf,
			       new_text,
			       old_text ? old_text : "",
			       test->new_cgroup ? test->new_cgroup : "",
			       test->new_gres ? test->new_gres : "",
			       test->new_topology ? test->new_topology : ""};
	json_t *argv = json_pack("[s, s, s, s, s, s]", "sh", "-c", scratch_sh, "scratch", test->state, test->user);
	add_number(argv, SCRATCH_START_MS);
	add_number(argv, SCRATCH_STATE_KIB);
	json_array_append_new(argv, json_string(SCRATCH_ADDRESS));
	json_array_append_new(argv, json_string(SLURM_JOBS_FORMAT));
	json_array_append_new(argv, json_string(scratch_copy_sh));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		add_number(argv, strlen(parts[i]));
		strbuf_adds(&input, parts[i]);
	}
	json_t *sandbox =
	    json_pack("{s:[s, s, s, s, s], s:s, s:s, s:[], s:[]}", "unshare", "mount", "net", "uts", "pid", "ipc",
		      "hostname", test->host, "address", SCRATCH_ADDRESS "/32", "tmpfs", "bind");
	json_t *request = json_pack("{s:s, s:i, s:i}", "verb", "run", "max", SCRATCH_OUTPUT_BYTES, "timeout",
				    SCRATCH_START_MS + SLACK_MS);
	json_object_set_new(request, "argv", argv);
	json_object_set_new(request, "sandbox", sandbox);
	json_t *text = json_stringn(strbuf_str(&input), input.len);
	if (!text) {
		json_decref(request);
		return err_set(err, ERR_INPUT, "slurm.conf is not valid UTF-8"), NULL;
	}
	json_object_set_new(request, "input", text);
	return request;
}
