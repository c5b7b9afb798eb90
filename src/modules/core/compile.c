/*
 * What core wants on a host. Daemons have no `inputs` of slurm.conf: whether a changed configuration wants a
 * reconfigure or a restart, and in which order over the hosts, is the plan's to say (slurm/activation.h). Their units'
 * drop-ins are another matter: a change there acts on the next start. A library of its plugins is slurmd's input: what
 * comes after its start is found by the slurmstepd it starts and not by itself, and they no longer understand each other.
 */
#include "modules/core/core.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

const struct inv_section core_section = {.always = true, .name = "core"};

const struct role_names core_roles[ROLES] = {
    [ROLE_AUTH] = {"munge.service", "munge", "munge"},
    [ROLE_CONTROLLER] = {"slurmctld.service", "slurmctld", "slurm"},
    [ROLE_NODE] = {"slurmd.service", "slurmd", NULL},
    [ROLE_CLIENT] = {NULL, "slurm-client", NULL},
};

static struct resource *daemon_of(struct catalog *out, enum stage stage, enum role role, bool on,
				  const char *const *inputs)
{
	struct resource *r = catalog_service(out, stage, core_roles[role].unit, on, on, inputs);
	r->role = role;
	return r;
}

static void packages(const struct cluster *c, const struct cluster_host *h, struct catalog *out)
{
	const struct core_library *library = core_library_of(h);
	const char *names[3];
	size_t n = 0;
	if (h->inv->controller)
		names[n++] = "slurmctld";
	if (h->serves)
		names[n++] = "slurmd";
	names[n++] = "slurm-client";
	struct package *items = arena_calloc(c->arena, n + 3, sizeof *items);
	for (size_t i = 0; i < n; i++)
		items[i] = (struct package){names[i], h->slurm_package};
	items[n++] = (struct package){"munge", NULL};
	items[n++] = (struct package){"logrotate", NULL};
	if (library)
		items[n++] = (struct package){library->package, NULL};
	catalog_packages(out, STAGE_PREPARE, items, n);
	if (library)
		catalog_link(out, STAGE_PREPARE, core_library_path(library, h, c->arena), library->target);
}

static const char *const key_inputs[] = {CORE_KEY, NULL};

/* Without a fingerprint the key is still to be decided: there is a finding, and nothing is applied. One that a rotation left
 * beside it takes its place, where it is the cluster's (catalog.h, file), or goes. */
static void key(const struct cluster *c, const struct cluster_host *h, struct catalog *out)
{
	const struct cluster_secret *s = cluster_secret(c, core_munge_key.name);
	if (!s || !s->fingerprint)
		return;
	const struct facts_secret *found = h->facts ? &h->facts->secrets[s - c->secrets] : NULL;
	if (found && found->next &&
	    (!streq(found->next, s->fingerprint) || str_same(found->fingerprint, s->fingerprint)))
		catalog_absent(out, STAGE_AUTH, CORE_KEY SECRET_NEXT);
	catalog_secret(out, STAGE_AUTH, CORE_KEY, "munge", "munge", 0400, s->row->name, s->fingerprint, c->salt);
}

static void munge(const struct cluster *c, const struct cluster_host *h, struct catalog *out)
{
	catalog_own_directory(out, STAGE_PREPARE, "/etc/munge", "munge", "munge", 0700);
	catalog_own_directory(out, STAGE_PREPARE, "/var/log/munge", "munge", "munge", 0700);
	catalog_own_directory(out, STAGE_PREPARE, "/var/lib/munge", "munge", "munge", 0711);
	key(c, h, out);
	daemon_of(out, STAGE_AUTH, ROLE_AUTH, true, key_inputs);
}

static void put_file(struct catalog *out, enum stage stage, const char *path, mode_t mode, const char *text)
{
	catalog_file(out, stage, path, "root", "root", mode, text, strlen(text));
}

/* A file of Slurm's in its place, also over a link to one that machines share, where the operator said --replace. */
static void put_conf(const struct cluster *c, struct catalog *out, enum role role, const char *path, const char *text)
{
	struct resource *r = catalog_file(out, STAGE_ACTIVATE, path, "root", "root", 0644, text, strlen(text));
	r->role = role;
	r->file.over_link = c->replace;
}

/* Where a daemon writes its log, as logrotate(8) takes it: "%h" and the like (slurm.conf(5), SlurmdLogFile) are any text. */
static const char *log_of(const struct cluster *c, const char *key, const char *otherwise)
{
	const char *value = inventory_param(c->inv->params, c->inv->param_count, key);
	char *out = arena_strdup(c->arena, value ? value : otherwise), *to = out;
	for (const char *p = out; *p; p++)
		if (*p == '%' && p[1]) {
			*to++ = '*';
			p++;
		} else {
			*to++ = *p;
		}
	*to = '\0';
	return out;
}

/* SIGUSR2: the daemon opens its log again (slurmctld(8), slurmd(8), SIGNALS). */
static void logrotate(const struct cluster *c, const char *daemon, const char *user, const char *log,
		      struct catalog *out)
{
	const char *as = str_starts(log, CORE_LOGS "/") ? user : "root";
	put_file(out, STAGE_PREPARE, arena_printf(c->arena, "/etc/logrotate.d/%s", daemon), 0644,
		 arena_printf(c->arena,
			      "# Written by reeve. SIGUSR2: %s opens its log again (%s(8), SIGNALS).\n"
			      "%s {\n\tsu %s %s\n\tweekly\n\tsize 10M\n\trotate 8\n\tcompress\n\tdelaycompress\n"
			      "\tmissingok\n\tnotifempty\n\tcreate 0640 %s %s\n\tpostrotate\n"
			      "\t\tsystemctl kill -s USR2 --kill-who=main %s.service || true\n\tendscript\n}\n",
			      daemon, daemon, log, as, as, user, user, daemon));
}

/*
 * The state directory's mount comes first. One that a module promises may come minutes after a boot, with its server: a
 * unit that requires it would have failed by then, and nobody tries that again. So slurmctld itself fails as long as there is
 * no mount, and systemd tries it again.
 */
static const char *behind_mounts(const struct cluster *c, const struct cluster_mount *mount)
{
	if (!mount || mount->serves)
		return arena_printf(c->arena, "[Unit]\nRequiresMountsFor=%s\n", c->inv->state.text);
	return arena_printf(c->arena, "[Service]\nExecStartPre=/usr/bin/mountpoint -q %s\n[Unit]\n", mount->where);
}

static void slurmctld(const struct cluster *c, const struct cluster_host *h, struct catalog *out)
{
	const struct inventory *inv = c->inv;
	const struct cluster_mount *mount = cluster_mount_of(h, inv->state.text);
	struct resource *state =
	    catalog_directory(out, mount ? STAGE_AUTH : STAGE_PREPARE, inv->state.text, "slurm", "slurm", 0755);
	state->origin = inv->state.at;
	state->directory.ours = !inv->state.at.line;
	put_file(out, STAGE_PREPARE, "/etc/systemd/system/slurmctld.service.d/reeve.conf", 0644,
		 arena_printf(c->arena,
			      "# Written by reeve.\n%sAfter=remote-fs.target "
			      "munge.service\nWants=munge.service\n"
			      "[Service]\nRuntimeDirectory=slurmctld\nPIDFile=/run/slurmctld/slurmctld.pid\n"
			      "Restart=on-failure\nRestartSec=5\n",
			      behind_mounts(c, mount)));
	logrotate(c, "slurmctld", "slurm", log_of(c, "SlurmctldLogFile", CORE_LOGS "/slurmctld.log"), out);
	daemon_of(out, STAGE_ACTIVATE, ROLE_CONTROLLER, true, NULL)->origin = inv->controllers_at;
}

static void slurmd(const struct cluster *c, const struct cluster_host *h, struct catalog *out)
{
	const struct core_library *library = core_library_of(h);
	const char **inputs = NULL;
	if (!inventory_param(c->inv->params, c->inv->param_count, "SlurmdSpoolDir"))
		catalog_own_directory(out, STAGE_PREPARE, CORE_SPOOL, "slurm", "slurm", 0755);
	put_file(
	    out, STAGE_PREPARE, "/etc/systemd/system/slurmd.service.d/reeve.conf", 0644,
	    "# Written by reeve.\n[Unit]\nAfter=remote-fs.target munge.service\nWants=munge.service\n"
	    "[Service]\nRuntimeDirectory=slurmd\nPIDFile=/run/slurmd/slurmd.pid\nRestart=on-failure\nRestartSec=5\n"
	    "# hwloc loads plugins (OpenCL, X, PCI) in each step, and Slurm uses nothing of what they find.\n"
	    "Environment=HWLOC_PLUGINS_PATH=/nonexistent\n");
	logrotate(c, "slurmd", "root", log_of(c, "SlurmdLogFile", CORE_LOGS "/slurmd.log"), out);
	if (library) {
		inputs = arena_calloc(c->arena, 2, sizeof *inputs);
		inputs[0] = core_library_path(library, h, c->arena);
	}
	daemon_of(out, STAGE_ACTIVATE, ROLE_NODE, true, inputs);
}

#define IN_FORCE_TOPOLOGY "/var/lib/reeve/in-force/topology.conf"

/* Where there is to be none, reeve's own is taken away. */
static void no_topology(struct catalog *out, enum stage stage, const char *path, const char *there)
{
	if (there && str_starts(there, CLUSTER_CONF_MARK))
		catalog_absent(out, stage, path);
}

static void topology(const struct cluster *c, const struct cluster_host *h, struct catalog *out)
{
	if (core_topology_conf(c))
		put_conf(c, out, ROLE_CONTROLLER, CORE_TOPOLOGY, core_topology_conf(c));
	else
		no_topology(out, STAGE_ACTIVATE, CORE_TOPOLOGY, h->facts ? h->facts->topology_conf : NULL);
}

/*
 * What the daemons run with, written when the activation has succeeded (a later stage): the next run holds its own
 * configuration against it, and a run that was cut off in between is seen to have been.
 */
static void in_force(const struct cluster *c, const struct cluster_host *h, struct catalog *out)
{
	catalog_own_directory(out, STAGE_SERVICES, "/var/lib/reeve/in-force", "root", "root", 0700);
	put_file(out, STAGE_SERVICES, "/var/lib/reeve/in-force/slurm.conf", 0600, core_slurm_conf(c));
	put_file(out, STAGE_SERVICES, "/var/lib/reeve/in-force/cgroup.conf", 0600, core_cgroup_conf(c));
	if (core_gres_conf(c))
		put_file(out, STAGE_SERVICES, "/var/lib/reeve/in-force/gres.conf", 0600, core_gres_conf(c));
	if (core_topology_conf(c))
		put_file(out, STAGE_SERVICES, IN_FORCE_TOPOLOGY, 0600, core_topology_conf(c));
	else
		no_topology(out, STAGE_SERVICES, IN_FORCE_TOPOLOGY, h->facts ? h->facts->in_force_topology : NULL);
}

/* Its daemons are off, also at its next boot; its files stay as they are. */
static void excluded(const struct cluster_host *h, struct catalog *out)
{
	static const enum role roles[] = {ROLE_NODE, ROLE_AUTH};
	for (size_t i = 0; h->facts && i < ARRAY_LEN(roles); i++)
		if (h->facts->roles[roles[i]].unit.loaded)
			daemon_of(out, STAGE_ACTIVATE, roles[i], false, NULL);
}

/*
 * A slurmctld on a plain compute node would take itself for a controller of some other file. Of the record, which the
 * controllers have, a host that was one keeps an old copy: were it a controller again, that would stand against the others'.
 */
static void no_controller(const struct cluster *c, struct catalog *out)
{
	daemon_of(out, STAGE_ACTIVATE, ROLE_CONTROLLER, false, NULL);
	if (c->record)
		catalog_absent(out, STAGE_SERVICES, RECORD_PATH);
}

static void compile(const struct cluster *c, size_t index, struct catalog *out)
{
	const struct cluster_host *h = &c->hosts[index];
	if (cluster_is_out(h)) {
		excluded(h, out);
		return;
	}
	packages(c, h, out);
	munge(c, h, out);
	catalog_own_directory(out, STAGE_PREPARE, "/etc/slurm", "root", "root", 0755);
	catalog_own_directory(out, STAGE_PREPARE, CORE_LOGS, "slurm", "slurm", 0755);
	put_conf(c, out, ROLE_CONTROLLER, CORE_CONF, core_slurm_conf(c));
	put_conf(c, out, ROLE_NODE, CORE_CGROUP, core_cgroup_conf(c));
	if (core_gres_conf(c))
		put_conf(c, out, ROLE_NODE, CORE_GRES, core_gres_conf(c));
	topology(c, h, out);
	if (h->inv->controller)
		slurmctld(c, h, out);
	else if (h->facts && h->facts->roles[ROLE_CONTROLLER].unit.loaded)
		no_controller(c, out);
	if (h->serves)
		slurmd(c, h, out);
	else if (h->facts && h->facts->roles[ROLE_NODE].unit.loaded)
		daemon_of(out, STAGE_ACTIVATE, ROLE_NODE, false, NULL);
	in_force(c, h, out);
}

/* 1024 bits, and no less than 256: mungekey(8), --bits. */
const struct secret_row core_munge_key = {.name = "munge.key",
					  .path = CORE_KEY,
					  .said = "MUNGE key",
					  .role = ROLE_AUTH,
					  .bytes = 128,
					  .least = 32,
					  .has = inventory_has_role};

static void secrets(const struct inventory *inv, struct secret_rows *rows)
{
	(void)inv;
	*vec_push_in(rows->arena, rows) = &core_munge_key;
}

static const char *const compute_packages[] = {"slurmd", "slurm-client", "munge", NULL};

const struct module core_module = {
    .name = "core",
    .summary = "Slurm and MUNGE; every host that serves has it",
    .packages = compute_packages,
    .ask = core_ask,
    .take = core_take,
    .settle = core_settle,
    .params = core_params,
    .diagnoses = &core_diagnoses,
    .secrets = secrets,
    .compile = compile,
    .verify = core_verify,
    .prove = core_prove,
    .guide = core_guide,
};
