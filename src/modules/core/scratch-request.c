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

#include "base/str.h"
#include "base/strbuf.h"
#include "modules/core/scratch.h"
#include "slurm/state.h"

enum { PORT_NEW = 6817, PORT_OLD = 6818, SLACK_MS = 40000 };

/* As SlurmUser, with the directory and the bound in KiB. What does not exist is an empty state: a first start. */
static const char copy_script[] =
    "if ! [ -d \"$1\" ]; then echo '@state 0 0'; exit 0; fi\n"
    "cd \"$1\" && ls >/dev/null || exit 1\n"
    "find . -maxdepth 1 -type f ! -name '*.new' -printf '%k\\n' >/tmp/new/state/.sizes\n"
    "kib=0 count=0\n"
    "while read -r k; do kib=$((kib + k)) count=$((count + 1)); done </tmp/new/state/.sizes\n"
    "rm /tmp/new/state/.sizes\n"
    "if [ $kib -gt \"$2\" ]; then echo \"it holds $kib KiB of files, more than $2\" >&2; exit 1; fi\n"
    "if [ $count -gt 0 ]; then find . -maxdepth 1 -type f ! -name '*.new' -exec cp -p -t /tmp/new/state {} +; fi\n"
    "for d in hash.*; do\n"
    "if [ -d \"$d\" ]; then find . -maxdepth 2 -type d -path './hash.*' | (cd /tmp/new/state && xargs -d '\\n' mkdir "
    "-p); fi\n"
    "break\n"
    "done\n"
    "if [ -e job_state ] && ! [ -s /tmp/new/state/job_state ] && ! [ -s /tmp/new/state/job_state.old ]; then exit 1; "
    "fi\n"
    "echo \"@state $kib $count\"\n";

static const char script[] =
    "set -u\n"
    "state=$1 user=$2 wait=$3 limit=$4 address=$5 jobs=$6 copy=$7\n"
    "shift 7\n"
    "candidate=$1 new=$2 old=$3 cgroup=$4 gres=$5 topology=$6\n"
    "export SLURM_BITSTR_LEN=0\n"
    "quote() { sed 's/\\x00//g; s/^/ /'; }\n"
    "fail() { echo \"@failed $1\"; exit 0; }\n"
    "take() { if [ \"$1\" -gt 0 ]; then head -c \"$1\"; fi; }\n"
    "now() { read -r now idle </proc/uptime; now=${now%.*}${now#*.}; }\n"
    "echo '@scratch 1'\n"
    "gid=$(id -g \"$user\" 2>/dev/null) || fail \"there is no user $user\"\n"
    "command -v slurmctld >/dev/null || fail 'slurmctld is not installed'\n"
    "mount -t tmpfs -o size=640m,mode=755,nosuid,nodev scratch /tmp || fail 'cannot mount a tmpfs'\n"
    "cd /tmp && mkdir -p new/state old/state || fail 'cannot use /tmp'\n"
    "chown \"$user\" new new/state old old/state\n"
    /* state, meanwhile */
    "as=\"setpriv --reuid=$user --regid=$gid --init-groups\"\n"
    "if [ \"$user\" = root ]; then as=; fi\n"
    "$as sh -c \"$copy\" copy \"$state\" \"$limit\" >copy.out 2>copy.err &\n"
    "copying=$!\n"
    /* configuration */
    "set --\n"
    "for f in /etc/slurm/*; do\n"
    "case $f in */slurm.conf | */slurmdbd.conf) ;; *) if [ -f \"$f\" ]; then set -- \"$@\" \"$f\"; fi ;; esac\n"
    "done\n"
    "if [ $# -gt 0 ]; then cp -p \"$@\" new/; if [ \"$old\" -gt 0 ]; then cp -p \"$@\" old/; fi; fi\n"
    "take \"$candidate\" >new/candidate.conf\n"
    "take \"$new\" >new/slurm.conf\n"
    "take \"$old\" >old/slurm.conf\n"
    "if [ \"$cgroup\" -gt 0 ]; then take \"$cgroup\" >new/cgroup.conf; fi\n"
    "if [ \"$gres\" -gt 0 ]; then take \"$gres\" >new/gres.conf; fi\n"
    "if [ \"$topology\" -gt 0 ]; then take \"$topology\" >new/topology.conf; fi\n"
    /* names and addresses */
    "read -r host </proc/sys/kernel/hostname\n"
    "printf '127.0.0.1 localhost\\n%s %s\\n' \"$address\" \"$host\" >hosts\n"
    "mount --bind hosts /etc/hosts || fail 'cannot bind /etc/hosts'\n"
    "if [ -f /etc/nsswitch.conf ]; then\n"
    "sed 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf >nss\n"
    "mount --bind nss /etc/nsswitch.conf || fail 'cannot bind /etc/nsswitch.conf'\n"
    "fi\n"
    /* the cheap step: does Slurm's parser take the candidate as it is? */
    "(SLURM_CONF=/tmp/new/candidate.conf scontrol show hostnames n1 >parse.out 2>&1 </dev/null; echo $? >parse.rc) &\n"
    "parse=$!\n"
    /* state */
    "wait $copying || fail \"the state could not be copied by $user: $(head -c 300 copy.err | tr '\\n' ' ')\"\n"
    "read -r said <copy.out\n"
    "if [ \"$said\" = '@state 0 0' ] && [ -d \"$state\" ] && [ \"$(ls -A \"$state\")\" ]; then fail \"$user cannot "
    "read $state\"; fi\n"
    "echo \"$said\"\n"
    "if [ \"$old\" -gt 0 ]; then cp -a new/state/. old/state/; fi\n"
    "if [ -d \"$state\" ]; then mount -t tmpfs -o ro,size=4k cover \"$state\" || fail \"cannot cover $state\"; fi\n"
    /* run */
    "start() {\n"
    "(export SLURM_CONF=/tmp/$1/slurm.conf\n"
    "slurmctld -D -f $SLURM_CONF >$1.log 2>&1 </dev/null\n"
    "echo $? >$1.tmp\n"
    "mv $1.tmp $1.exit) &\n"
    "}\n"
    "list() {\n"
    "w=$1\n"
    "shift\n"
    "(rc=0; \"$@\" >$n.$w.out 2>$n.$w.err </dev/null || rc=$?; echo $rc >$n.$w.rc) &\n"
    "pids=\"$pids $!\"\n"
    "}\n"
    "report() {\n"
    "n=$1 answers=no pids=\n"
    "export SLURM_CONF=/tmp/$n/slurm.conf\n"
    "while ! [ -e $n.exit ] && now && [ $now -lt $until ]; do\n"
    "if scontrol ping 2>$n.ping </dev/null | grep -q ' is UP'; then answers=yes; break; fi\n"
    "sleep 0.05\n"
    "done\n"
    "if [ -e $n.exit ]; then\n"
    "read -r rc <$n.exit; echo \"@$n.exited $rc\"\n"
    "elif [ $answers = no ]; then\n"
    "echo \"@$n.silent\"; head -c 2000 $n.ping | quote\n"
    "else\n"
    "now; echo \"@$n.up $((now - begin))0\"\n"
    "list jobs squeue -h -a -t all -o \"$jobs\"\n"
    "list nodes scontrol show nodes -o\n"
    "list partitions scontrol show partitions -o\n"
    "list reservations scontrol show reservations -o\n"
    "wait $pids\n"
    "for w in jobs nodes partitions reservations; do\n"
    "read -r rc <$n.$w.rc; echo \"@$n.$w $rc\"\n"
    "if [ $rc != 0 ]; then head -c 2000 $n.$w.err >>$n.$w.out; fi\n"
    "quote <$n.$w.out\n"
    "done\n"
    "if [ -e $n.exit ]; then read -r rc <$n.exit; echo \"@$n.exited $rc\"; fi\n"
    "fi\n"
    "echo \"@$n.log\"; awk '/^slurmctld: /{on=0} /fatal|error/{on=1} on' $n.log | head -n 200 | quote\n"
    "}\n"
    "now\n"
    "begin=$now until=$((now + wait / 10))\n"
    "if [ \"$old\" -gt 0 ]; then start old; fi\n"
    "start new\n"
    "if [ \"$old\" -gt 0 ]; then report old >old.report & fi\n"
    "other=$!\n"
    "report new\n"
    "wait $parse\n"
    "read -r rc <parse.rc\n"
    "echo \"@parse $rc\"\n"
    "quote <parse.out\n"
    "if [ \"$old\" -gt 0 ]; then wait $other; cat old.report; fi\n"
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
	if (test->state[0] != '/' || str_starts(test->state, "/tmp/") || strchr(test->state, '%'))
		return err_set(err, ERR_INPUT, "StateSaveLocation '%s' cannot be rehearsed", test->state), NULL;
	if (!str_is_name(test->user, 64) || !str_is_name(test->host, 64))
		return err_set(err, ERR_INPUT, "SlurmUser or the controller's name is none"), NULL;
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
	json_t *argv = json_pack("[s, s, s, s, s, s]", "sh", "-c", script, "scratch", test->state, test->user);
	add_number(argv, SCRATCH_START_MS);
	add_number(argv, SCRATCH_STATE_KIB);
	json_array_append_new(argv, json_string(SCRATCH_ADDRESS));
	json_array_append_new(argv, json_string(SLURM_JOBS_FORMAT));
	json_array_append_new(argv, json_string(copy_script));
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
