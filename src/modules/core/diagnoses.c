/* munged, without which nothing of Slurm on a host can speak with anybody, and its key. */
#include "doctor/doctor.h"
#include "modules/core/core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

#define KEY "/etc/munge/munge.key"
#define SOCKET "/run/munge/munge.socket.2"
#define LOG "/var/log/munge/munged.log"

static void ask_munge(const struct doctor_host *h, json_t *items)
{
	(void)h;
	doctor_ask_unit(items, "munge.service");
	doctor_ask_process(items, "munged");
	doctor_ask_tail(items, LOG, 4096);
}

static void stopped(struct doctor *d, size_t host)
{
	struct doctor_unit u;
	if (!doctor_unit(d, host, "munge.service", &u) || !streq(u.load, "loaded") ||
	    (!streq(u.active, "inactive") && !streq(u.active, "failed")))
		return;
	struct finding *f =
	    doctor_add(d, host, "munge.service %s", streq(u.active, "failed") ? "failed" : "is stopped");
	if (streq(u.active, "failed"))
		f->evidence = doctor_last_error(d, doctor_tail(d, host, LOG, NULL));
	doctor_cure(d, f, host, "systemctl start munge.service");
}

static void hangs(struct doctor *d, size_t host)
{
	struct doctor_process p[4];
	struct doctor_unit u;
	int n = doctor_processes(d, host, "munged", p, ARRAY_LEN(p));
	for (int i = 0; i < n && i < (int)ARRAY_LEN(p); i++) {
		if (p[i].state != 'T' || !doctor_unit(d, host, "munge.service", &u) || p[i].pid != u.pid)
			continue;
		struct finding *f = doctor_add(d, host, "munged hangs: it was stopped by a signal");
		f->evidence = doctor_text(d, "process %ld is in state T, and answers nobody", p[i].pid);
		doctor_cure(d, f, host, "kill -CONT %ld", p[i].pid);
	}
}

static void masked(struct doctor *d, size_t host)
{
	struct doctor_unit u;
	if (doctor_unit(d, host, "munge.service", &u) && streq(u.load, "masked"))
		doctor_add(d, host, "munge.service is masked: nothing can start it")->fix = doctor_text(
		    d, "on %s: systemctl unmask munge.service, then reeve apply", d->cluster->inv->hosts[host].name);
}

static void ask_key(const struct doctor_host *h, json_t *items)
{
	(void)h;
	doctor_ask_stat(items, KEY);
	doctor_ask_unit(items, "munge.service");
}

/* munged refuses a key that others can read or write, or that is not its own (munged(8), --key-file). */
static void key_mode(struct doctor *d, size_t host)
{
	struct doctor_stat st;
	if (!doctor_stat(d, host, KEY, &st, NULL))
		return;
	unsigned mode = facts_mode(st.mode);
	if (streq(st.type, "file") && streq(st.owner, "munge") && !(mode & 077))
		return;
	struct finding *f = doctor_add(d, host, KEY " is not as munged wants it");
	f->evidence = doctor_text(d, "a %s of %s:%s with mode %s; it has to be munge's own, mode 0400", st.type,
				  st.owner, st.group, st.mode);
	if (!streq(st.type, "file"))
		f->fix = "move it away, then reeve apply";
	else if (!streq(st.owner, "munge"))
		doctor_cure(d, f, host, "chown munge:munge " KEY);
	else
		doctor_cure(d, f, host, "chmod 0400 " KEY);
}

static void key_missing(struct doctor *d, size_t host)
{
	struct doctor_stat st;
	int error;
	if (d->cluster->fresh || doctor_stat(d, host, KEY, &st, &error) || error != ENOENT)
		return;
	doctor_add(d, host, KEY " is missing")->fix = "reeve apply";
}

/* The fingerprint that the record has is the cluster's. */
static void key_differs(struct doctor *d, size_t host)
{
	const struct facts *f = d->cluster->hosts[host].facts;
	const struct cluster_secret *s = cluster_secret_of(d->cluster, ROLE_AUTH);
	const char *key = s ? record_secret(d->cluster->record, s->row) : NULL;
	const char *found = f && s ? f->secrets[s - d->cluster->secrets].fingerprint : NULL;
	if (!key || !found || streq(found, key))
		return;
	doctor_add(d, host, "its MUNGE key is not the cluster's: nobody accepts its credentials")->fix = "reeve apply";
}

static void ask_socket(const struct doctor_host *h, json_t *items)
{
	(void)h;
	doctor_ask_unit(items, "munge.service");
	doctor_ask_stat(items, SOCKET);
	doctor_ask_stat(items, "/run/munge");
}

/* Everybody has to be able to pass through to the socket (munged.c, "Socket is inaccessible"). */
static void socket_unreachable(struct doctor *d, size_t host)
{
	struct doctor_unit u;
	struct doctor_stat dir, st;
	int error;
	if (!doctor_unit(d, host, "munge.service", &u) || !streq(u.active, "active") || !streq(u.sub, "running"))
		return;
	bool closed = doctor_stat(d, host, "/run/munge", &dir, NULL) && !(facts_mode(dir.mode) & 1);
	bool gone = !doctor_stat(d, host, SOCKET, &st, &error) && error == ENOENT;
	if (!closed && !gone)
		return;
	struct finding *f = doctor_add(d, host, "munged runs, and its socket cannot be reached");
	f->evidence = closed ? doctor_text(d, "/run/munge has mode %s, not 0755", dir.mode) : SOCKET " is missing";
	if (closed)
		doctor_cure(d, f, host, "chmod 0755 /run/munge");
	else
		doctor_cure(d, f, host, "systemctl restart munge.service");
}

static const struct diagnosis rows[] = {
    {CODE_MUNGED_STOPPED, FINDING_STOP, ask_munge, stopped, NULL},
    {CODE_MUNGED_HANGS, FINDING_STOP, ask_munge, hangs, NULL},
    {CODE_MUNGED_MASKED, FINDING_STOP, ask_munge, masked, NULL},
    {CODE_MUNGE_KEY_MODE, FINDING_STOP, ask_key, key_mode, NULL},
    {CODE_MUNGE_KEY_MISSING, FINDING_STOP, ask_key, key_missing, NULL},
    {CODE_MUNGE_KEY_DIFFERS, FINDING_STOP, NULL, key_differs, NULL},
    {CODE_MUNGE_SOCKET, FINDING_STOP, ask_socket, socket_unreachable, NULL},
};

const struct diagnoses core_diagnoses = {rows, ARRAY_LEN(rows), "core"};
