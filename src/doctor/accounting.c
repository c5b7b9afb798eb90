/* The accounting that slurm.conf asks for: is there a slurmdbd at its end? */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

static bool is_asked_for(const struct doctor_host *h)
{
	const char *type = doctor_param(h, "AccountingStorageType");
	return type && str_ends(type, "slurmdbd") && h->host->controller;
}

/* slurm.conf(5): without one it is this host. */
static const char *server(const struct doctor_host *h)
{
	const char *host = doctor_param(h, "AccountingStorageHost");
	return host ? host : "127.0.0.1";
}

static const char *backup(const struct doctor_host *h)
{
	return doctor_param(h, "AccountingStorageBackupHost");
}

static unsigned port(const struct doctor_host *h)
{
	return doctor_port(h, "AccountingStoragePort", 6819);
}

static void ask_servers(const struct doctor_host *h, json_t *items)
{
	if (!is_asked_for(h))
		return;
	doctor_ask_connect(h, items, server(h), port(h));
	if (backup(h))
		doctor_ask_connect(h, items, backup(h), port(h));
}

/* slurmctld keeps what it could not tell anybody, for some time; what asks slurmdbd itself fails at once. */
static void down(struct doctor *d, size_t host)
{
	const struct doctor_host h = doctor_host_of(d, host);
	int error = is_asked_for(&h) ? doctor_connect(d, host, server(&h), port(&h)) : -1;
	if (error <= 0)
		return;
	bool other = backup(&h) && doctor_connect(d, host, backup(&h), port(&h)) == 0;
	struct finding *f =
	    doctor_add(d, host, "no slurmdbd answers at %s:%u: %s", server(&h), port(&h),
		       other ? "the backup has to do alone" : "no job is accounted for, and sacct fails");
	f->weight = other ? FINDING_WARNING : f->weight;
	f->evidence = doctor_text(d, "%s", strerror(error));
	f->fix = "start slurmdbd there; reeve does not set it up: see slurmdbd(8)";
}

static const struct diagnosis rows[] = {
    {CODE_ACCOUNTING_DOWN, FINDING_STOP, ask_servers, down, NULL},
};

const struct diagnoses doctor_accounting = {rows, ARRAY_LEN(rows)};
