/* The accounting that slurm.conf asks for: is there a slurmdbd at its end? */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

enum { TRY_MS = 2000 };

static bool is_asked_for(const struct doctor_host *h)
{
	const char *type = doctor_param(h, "AccountingStorageType");
	return type && str_ends(type, "slurmdbd");
}

static const char *server(const struct doctor_host *h)
{
	const char *host = doctor_param(h, "AccountingStorageHost");
	return host ? host : "localhost";
}

static const char *port(const struct doctor_host *h)
{
	uint64_t number;
	const char *value = doctor_param(h, "AccountingStoragePort");
	return value && str_to_u64(value, 1, 65535, &number) == 0 ? value : "6819";
}

/* A name or an address, and nothing that a shell could take for more. */
static bool is_plain(const char *host)
{
	return *host && !host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-")];
}

static void ask_server(const struct doctor_host *h, json_t *items)
{
	if (!h->host->controller || !is_asked_for(h) || !is_plain(server(h)))
		return;
	const char *script = arena_printf(h->arena, "exec 3<>/dev/tcp/%s/%s", server(h), port(h));
	const char *const argv[] = {"timeout", "1", "bash", "-c", script, NULL};
	doctor_ask_run(items, "accounting", argv, TRY_MS);
}

static void down(struct doctor *d, size_t host)
{
	const struct doctor_host h = doctor_host_of(d, host);
	const char *out, *errors;
	int status = doctor_run(d, host, "accounting", &out, &errors);
	if (status <= 0 || status == 127)
		return;
	struct finding *f = doctor_add(
	    d, host, "no slurmdbd answers at %s:%s: no job is accounted for, and sacct fails", server(&h), port(&h));
	f->evidence =
	    status == 124 ? "the connection timed out" : doctor_text(d, "%.*s", (int)strcspn(errors, "\n"), errors);
	f->fix = "start slurmdbd there; reeve does not set it up: see slurmdbd(8)";
}

static const struct diagnosis rows[] = {
    {CODE_ACCOUNTING_DOWN, FINDING_STOP, ask_server, down, NULL},
};

const struct diagnoses doctor_accounting = {rows, ARRAY_LEN(rows)};
