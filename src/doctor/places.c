/* Directories and logs that daemons need, as reeve made them. */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

#define LOG_MOST (2LL << 30)

/* Of a host that was deployed, those that its catalog has: what they are to be, and what they are. */
static void each_directory(struct doctor *d, size_t host, enum observed_state state)
{
	const struct catalog *c = d->catalogs ? d->catalogs[host] : NULL;
	const struct observed *o = d->observed ? d->observed[host] : NULL;
	if (!c || !o || !d->cluster->hosts[host].facts->in_force_slurm)
		return;
	for (size_t i = 0; i < c->len; i++) {
		const struct resource *r = &c->items[i];
		if (r->type != RESOURCE_DIRECTORY || o[i].state != state)
			continue;
		struct finding *f =
		    state == OBSERVED_MISSING
			? doctor_add(d, host, "the directory %s is missing", r->directory.path)
			: doctor_add(d, host, "the directory %s is not as reeve made it", r->directory.path);
		if (state == OBSERVED_DIFFERS)
			f->evidence = doctor_text(d, "%s", o[i].why);
		f->fix = "reeve apply";
	}
}

static void differs(struct doctor *d, size_t host)
{
	each_directory(d, host, OBSERVED_DIFFERS);
}

static void missing(struct doctor *d, size_t host)
{
	each_directory(d, host, OBSERVED_MISSING);
}

static void ask_logs(const struct doctor_host *h, json_t *items)
{
	doctor_ask_stat(items, "/var/log/munge/munged.log");
	if (h->host->compute)
		doctor_ask_stat(items, doctor_param(h, "SlurmdLogFile"));
	if (h->host->controller)
		doctor_ask_stat(items, doctor_param(h, "SlurmctldLogFile"));
}

static void large(struct doctor *d, size_t host)
{
	const struct doctor_host h = doctor_host_of(d, host);
	const char *const logs[] = {"/var/log/munge/munged.log", doctor_param(&h, "SlurmdLogFile"),
				    doctor_param(&h, "SlurmctldLogFile")};
	for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
		struct doctor_stat st;
		if (!doctor_stat(d, host, logs[i], &st, NULL) || st.size < LOG_MOST)
			continue;
		struct finding *f = doctor_add(d, host, "the log %s is very large", logs[i]);
		f->evidence = doctor_text(d, "%lld MiB; nothing rotates it", (long long)(st.size >> 20));
		f->fix = doctor_text(d, "on %s: systemctl status logrotate.timer; logrotate -v /etc/logrotate.conf",
				     d->cluster->inv->hosts[host].name);
	}
}

static const struct diagnosis rows[] = {
    {CODE_DIRECTORY_MISSING, FINDING_WARNING, NULL, missing, NULL},
    {CODE_DIRECTORY_DIFFERS, FINDING_WARNING, NULL, differs, NULL},
    {CODE_LOG_LARGE, FINDING_WARNING, ask_logs, large, NULL},
};

const struct diagnoses doctor_places = {rows, ARRAY_LEN(rows)};
