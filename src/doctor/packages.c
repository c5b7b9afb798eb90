/* Packages: half done, missing, not held, or newer than the daemon that runs. */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/version.h"

static void ask_packages(const struct doctor_host *h, json_t *items)
{
	doctor_ask_package(items, "slurm-client");
	doctor_ask_package(items, "munge");
	if (h->host->compute)
		doctor_ask_package(items, "slurmd");
	if (h->host->controller)
		doctor_ask_package(items, "slurmctld");
	doctor_ask_tail(items, "/var/log/apt/term.log", 8192);
}

/* The maintainer script's own words: the last line before dpkg's summary that says what went wrong. */
static const char *script_said(const struct doctor *d, size_t host)
{
	const char *log = doctor_tail(d, host, "/var/log/apt/term.log", NULL), *found = NULL;
	char *rest = log ? arena_strdup(d->findings->arena, log) : NULL;
	for (char *line; rest && (line = str_next_line(&rest));)
		if (strstr(line, "adduser:") || strstr(line, "useradd:") || strstr(line, "addgroup:") ||
		    strstr(line, "already in use") || strstr(line, "rror: ") || strstr(line, "annot "))
			found = strstr(line, "dpkg: error") ? found : line;
	return found;
}

/* While dpkg is at work nothing is whole. */
static void broken(struct doctor *d, size_t host)
{
	struct doctor_packages p;
	if (!doctor_packages(d, host, &p) || p.busy || (!p.broken && !p.interrupted))
		return;
	struct finding *f = doctor_add(d, host, "dpkg was interrupted or a package's script failed");
	const char *said = p.broken ? script_said(d, host) : NULL;
	f->evidence = doctor_text(d, "%s%s%s", p.broken ? p.broken : "/var/lib/dpkg/updates is not empty",
				  said ? "\n" : "", said ? said : "");
	doctor_cure(
	    d, f, host,
	    "export DEBIAN_FRONTEND=noninteractive; dpkg --force-confold --configure -a || apt-get -y -f install");
}

static bool has(const struct doctor_packages *p, const char *name)
{
	return json_object_get(p->versions, name) != NULL;
}

/* Of a host that was deployed. */
static void missing(struct doctor *d, size_t host)
{
	struct doctor_packages p;
	if (!d->cluster->hosts[host].facts->in_force_slurm || !doctor_packages(d, host, &p) || p.busy || p.broken)
		return;
	const char *gone = !has(&p, "munge")                                          ? "munge"
			   : doctor_wants_slurmd(d, host) && !has(&p, "slurmd")       ? "slurmd"
			   : doctor_wants_slurmctld(d, host) && !has(&p, "slurmctld") ? "slurmctld"
			   : !has(&p, "slurm-client")                                 ? "slurm-client"
										      : NULL;
	if (gone)
		doctor_add(d, host, "the package %s is not installed any more", gone)->fix = "reeve apply";
}

static void unheld(struct doctor *d, size_t host)
{
	struct doctor_packages p;
	const char *name;
	json_t *version;
	if (!d->cluster->hosts[host].facts->in_force_slurm || !doctor_packages(d, host, &p))
		return;
	json_object_foreach((json_t *)p.versions, name, version)
	{
		size_t i;
		const json_t *held;
		bool is_held = streq(name, "munge");
		json_array_foreach(p.held, i, held)
		{
			is_held |= str_same(json_string_value(held), name);
		}
		if (is_held)
			continue;
		struct finding *f =
		    doctor_add(d, host, "the package %s is not held: an upgrade of the system would replace it", name);
		f->fix = "reeve apply";
	}
}

/* slurmctld says which version registered. */
static void not_restarted(struct doctor *d, size_t host)
{
	const struct slurm_node_state *n = d->cluster->hosts[host].serves ? doctor_node(d, host) : NULL;
	const char *installed = d->cluster->hosts[host].facts->roles[ROLE_NODE].package.installed;
	struct slurm_version runs, there;
	struct err err;
	if (!n || !n->version || !installed || n->flags & SLURM_NODE_NO_RESPOND ||
	    slurm_version_parse(n->version, &runs, &err) < 0 || slurm_version_parse(installed, &there, &err) < 0)
		return;
	if (runs.release == there.release && runs.micro == there.micro)
		return;
	doctor_add(d, host, "slurmd runs %s, and %s is installed", n->version, installed)->fix = doctor_text(
	    d, "on %s, when it suits: systemctl restart slurmd (no job is hurt)", d->cluster->inv->hosts[host].name);
}

static const struct diagnosis rows[] = {
    {CODE_PACKAGES_BROKEN, FINDING_STOP, ask_packages, broken, NULL},
    {CODE_PACKAGE_MISSING, FINDING_STOP, ask_packages, missing, NULL},
    {CODE_PACKAGE_UNHELD, FINDING_NOTE, ask_packages, unheld, NULL},
    {CODE_SLURMD_OLD, FINDING_WARNING, NULL, not_restarted, NULL},
};

const struct diagnoses doctor_packaging = {rows, ARRAY_LEN(rows)};
