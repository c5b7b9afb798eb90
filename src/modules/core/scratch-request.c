/*
 * What runs in the sandbox, as one shell script, for the agent knows nothing of Slurm.
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

#include "base/strbuf.h"
#include "modules/core/scratch.h"
#include "slurm/state.h"

enum { PORT_NEW = 6817, PORT_OLD = 6818, SLACK_MS = 15000 };

static const char script[] =
    "set -u\n"
    "state=$1 user=$2 wait=$3 limit=$4 address=$5 jobs=$6 offline=$7 new=$8 old=$9\n"
    "shift 9\n"
    "cgroup=$1\n"
    "export SLURM_BITSTR_LEN=0\n"
    "quote() { tr -d '\\000' | sed 's/^/ /'; }\n"
    "fail() { echo \"@failed $1\"; exit 0; }\n"
    "take() { if [ \"$1\" -gt 0 ]; then head -c \"$1\"; fi; }\n"
    "as_user() { if [ \"$user\" = root ]; then \"$@\"; else "
    "setpriv --reuid=\"$user\" --regid=\"$(id -g \"$user\")\" --init-groups \"$@\"; fi; }\n"
    "ms() { echo $(($(date +%s%N) / 1000000)); }\n"
    "echo '@scratch 1'\n"
    "id -u \"$user\" >/dev/null 2>&1 || fail \"there is no user $user\"\n"
    "command -v slurmctld >/dev/null || fail 'slurmctld is not installed'\n"
    "mount -t tmpfs -o size=640m,mode=755,nosuid,nodev scratch /tmp || fail 'cannot mount a tmpfs'\n"
    "cd /tmp || fail 'no /tmp'\n"
    /* configuration */
    "mkdir offline new old etc\n"
    "for f in /etc/slurm/*; do case $f in */slurm.conf|*/slurmdbd.conf) ;; *) [ -f \"$f\" ] && cp -p \"$f\" etc/;; "
    "esac; done\n"
    "for d in offline new old; do cp -p etc/* $d/ 2>/dev/null; done\n"
    "take \"$offline\" >offline/slurm.conf\n"
    "take \"$new\" >new/slurm.conf\n"
    "take \"$old\" >old/slurm.conf\n"
    "if [ \"$cgroup\" -gt 0 ]; then take \"$cgroup\" >new/cgroup.conf; cp new/cgroup.conf offline/; fi\n"
    /* the cheap step first: does Slurm's parser take the candidate as it is? */
    "SLURM_CONF=/tmp/offline/slurm.conf scontrol show hostnames n1 >offline.out 2>&1 </dev/null\n"
    "echo \"@parse $?\"\n"
    "quote <offline.out\n"
    /* names and addresses */
    "printf '127.0.0.1 localhost\\n%s %s\\n' \"$address\" \"$(cat /proc/sys/kernel/hostname)\" >hosts\n"
    "mount --bind hosts /etc/hosts || fail 'cannot bind /etc/hosts'\n"
    "if [ -f /etc/nsswitch.conf ]; then sed 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf >nss; "
    "mount --bind nss /etc/nsswitch.conf || fail 'cannot bind /etc/nsswitch.conf'; fi\n"
    /* state */
    "mkdir new/state old/state\n"
    "chown \"$user\" new new/state old old/state\n"
    "if as_user test -d \"$state\"; then\n"
    "as_user test -r \"$state\" || fail \"$user cannot read $state\"\n"
    "kib=$(as_user find \"$state\" -maxdepth 1 -type f ! -name '*.new' -printf '%k\\n' | awk '{n += $1} END {print n + "
    "0}')\n"
    "[ \"$kib\" -le \"$limit\" ] || fail \"the state directory holds $kib KiB of files, more than $limit\"\n"
    "as_user sh -c 'cd \"$1\" && find . -maxdepth 1 -type f ! -name \"*.new\" -exec cp -p -t /tmp/new/state {} + ; "
    "find . -maxdepth 2 -type d -path \"./hash.*\" | (cd /tmp/new/state && xargs -r -d \"\\n\" mkdir -p)' "
    "copy \"$state\" 2>copy.err\n"
    "if as_user test -e \"$state/job_state\" && ! [ -s new/state/job_state ] && ! [ -s new/state/job_state.old ]; "
    "then\n"
    "fail \"the state could not be copied: $(head -c 300 copy.err | tr '\\n' ' ')\"; fi\n"
    "if [ \"$old\" -gt 0 ]; then cp -a new/state/. old/state/; fi\n"
    "echo \"@state $kib $(find new/state -maxdepth 1 -type f | wc -l)\"\n"
    "mount -t tmpfs -o ro,size=4k cover \"$state\" || fail \"cannot cover $state\"\n"
    "else echo '@state 0 0'; fi\n"
    /* run */
    "start() { ( export SLURM_CONF=/tmp/$1/slurm.conf; slurmctld -D -f $SLURM_CONF >$1.log 2>&1 </dev/null; "
    "echo $? >$1.tmp; mv $1.tmp $1.exit ) & }\n"
    "up() { SLURM_CONF=/tmp/$1/slurm.conf scontrol ping 2>ping.err </dev/null | grep -q ' is UP'; }\n"
    "list() { n=$1 w=$2; shift 2; SLURM_CONF=/tmp/$n/slurm.conf \"$@\" >$n.out 2>$n.err </dev/null; "
    "echo \"@$n.$w $?\"; if [ -s $n.out ]; then quote <$n.out; else head -c 2000 $n.err | quote; fi; }\n"
    "report() {\n"
    "answers=no\n"
    "while ! [ -e $1.exit ] && [ $(ms) -lt $until ]; do if up $1; then answers=yes; break; fi; sleep 0.05; done\n"
    "if [ -e $1.exit ]; then echo \"@$1.exited $(cat $1.exit)\"\n"
    "elif [ $answers = no ]; then echo \"@$1.silent\"; head -c 2000 ping.err | quote\n"
    "else echo \"@$1.up $(($(ms) - begin))\"\n"
    "list $1 jobs squeue -h -a -t all -o \"$jobs\"\n"
    "list $1 nodes scontrol show nodes -o\n"
    "list $1 partitions scontrol show partitions -o\n"
    "list $1 reservations scontrol show reservations -o\n"
    "if [ -e $1.exit ]; then echo \"@$1.exited $(cat $1.exit)\"; fi\n"
    "fi\n"
    "echo \"@$1.log\"; grep -E 'fatal|error' $1.log | head -n 200 | quote\n"
    "}\n"
    "begin=$(ms)\n"
    "until=$((begin + wait))\n"
    "if [ \"$old\" -gt 0 ]; then start old; fi\n"
    "start new\n"
    "report new\n"
    "if [ \"$old\" -gt 0 ]; then report old; fi\n"
    "echo '@end'\n";

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
	if (test->state[0] != '/')
		return err_set(err, ERR_INPUT, "StateSaveLocation '%s' is not an absolute path", test->state), NULL;
	if (scratch_conf(test->new_conf, strlen(test->new_conf), test->host, PORT_NEW, "/tmp/new", arena, &new_text,
			 err) < 0)
		return NULL;
	if (test->old_conf && scratch_conf(test->old_conf, strlen(test->old_conf), test->host, PORT_OLD, "/tmp/old",
					   arena, &old_text, NULL) < 0)
		old_text = NULL;

	const char *parts[] = {test->new_conf, new_text, old_text ? old_text : "",
			       test->new_cgroup ? test->new_cgroup : ""};
	json_t *argv = json_pack("[s, s, s, s, s, s]", "sh", "-c", script, "scratch", test->state, test->user);
	add_number(argv, SCRATCH_START_MS);
	add_number(argv, SCRATCH_STATE_KIB);
	json_array_append_new(argv, json_string(SCRATCH_ADDRESS));
	json_array_append_new(argv, json_string(SLURM_JOBS_FORMAT));
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
