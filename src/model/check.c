/*
 * What speaks against touching a host, or anything: found from the facts of all hosts before a single change. Where hosts differ, the
 * controllers are right, and of these most: the clock in their middle, the uid of most of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/str.h"
#include "model/cluster.h"
#include "slurm/version.h"

static void check_clock(struct cluster *c, struct cluster_host *h, const struct cluster_host *right)
{
	int64_t apart = h->facts->clock_offset_ms - right->facts->clock_offset_ms;
	int64_t error = h->facts->clock_error_ms + right->facts->clock_error_ms;
	int64_t least = llabs(apart) - error;
	if (least <= CLUSTER_CLOCK_BOUND_MS)
		return;
	struct finding *f = cluster_blame(
	    c, h, CODE_CLOCK_SKEW,
	    "its clock is %lld s %s that of %s (known to %lld ms); MUNGE refuses credentials when clocks differ",
	    (long long)llabs(apart) / 1000, apart > 0 ? "ahead of" : "behind", right->inv->name, (long long)error);
	f->fix = finding_text(
	    &c->findings, "on %s: timedatectl set-ntp true (or install chrony), and see `timedatectl timesync-status`",
	    h->inv->name);
}

/* slurmd finds its own NodeName by comparing its short host name (slurmd.c, "Unable to determine this slurmd's
 * NodeName"). */
static void check_hostname(struct cluster *c, struct cluster_host *h)
{
	size_t len = strcspn(h->facts->hostname, ".");
	bool same = streq(h->facts->hostname, h->inv->hostname) ||
		    (strlen(h->inv->hostname) == len && strncmp(h->facts->hostname, h->inv->hostname, len) == 0);
	if (same)
		return;
	struct finding *f = cluster_blame(c, h, CODE_HOSTNAME, "the machine at %s calls itself '%s', not '%s'",
					  h->inv->address, h->facts->hostname, h->inv->hostname);
	f->fix = finding_text(&c->findings,
			      "on it: hostnamectl set-hostname %s; or, in cluster.yaml, hostname: %s; or the address "
			      "is another machine's",
			      h->inv->hostname, h->facts->hostname);
}

/* Said until a run has taken the node out: then it is not in the record any more, and its host not asked. */
static void check_leaving(struct cluster *c)
{
	for (size_t i = 0; c->record && i < c->record->host_count; i++) {
		const char *name = c->record->hosts[i].name;
		const struct inv_host *h = inventory_host(c->inv, name);
		if (h && h->compute)
			continue;
		struct finding *f =
		    finding_add(&c->findings, FINDING_NOTE, CODE_LEAVES, NULL,
				"%s leaves this cluster; what is installed on it stays, and its slurmd runs on%s", name,
				h && h->controller ? " until this run has stopped it" : "");
		if (!h || !h->controller)
			f->fix = "on it, when its jobs are over: systemctl disable --now slurmd";
	}
}

static void check_machine_id(struct cluster *c, const struct cluster_host *h, struct map *seen)
{
	const struct cluster_host *twin = h->facts->machine_id ? map_get(seen, h->facts->machine_id) : NULL;
	if (h->facts->machine_id && !twin)
		map_set(seen, h->facts->machine_id, (void *)h);
	if (!twin)
		return;
	struct finding *f =
	    finding_add(&c->findings, FINDING_WARNING, CODE_MACHINE_ID, h->inv->name,
			"it has the same /etc/machine-id as %s: one was cloned from the other", twin->inv->name);
	f->fix = finding_text(&c->findings, "on %s: rm /etc/machine-id && systemd-machine-id-setup, then reboot",
			      h->inv->name);
	f->origin = h->inv->at;
}

static void check_uid_taken(struct cluster *c, struct cluster_host *h)
{
	const char *by = h->facts->uid_taken;
	if (h->facts->roles[ROLE_CONTROLLER].uid >= 0 || !by)
		return;
	struct finding *f =
	    cluster_blame(c, h, CODE_UID_TAKEN,
			  "uid %d, which Slurm's packages give to slurm, belongs to %s: they cannot be installed",
			  FACTS_SLURM_UID, by);
	f->fix = finding_text(&c->findings,
			      "on %s: `usermod -u OTHER %s` (and `groupmod -g OTHER` for a group of that number)",
			      h->inv->name, by);
	f->origin = h->inv->at;
}

static void check_uid(struct cluster *c, struct cluster_host *h, const struct cluster_host *right)
{
	if (!right || h->facts->roles[ROLE_CONTROLLER].uid < 0 ||
	    h->facts->roles[ROLE_CONTROLLER].uid == right->facts->roles[ROLE_CONTROLLER].uid)
		return;
	struct finding *f = cluster_blame(
	    c, h, CODE_SLURM_UID, "the user slurm has uid %ld here and %ld on %s: daemons refuse each other's messages",
	    h->facts->roles[ROLE_CONTROLLER].uid, right->facts->roles[ROLE_CONTROLLER].uid, right->inv->name);
	f->fix = finding_text(
	    &c->findings, "on %s, with Slurm stopped: usermod -u %ld slurm, then chown what belonged to uid %ld",
	    h->inv->name, right->facts->roles[ROLE_CONTROLLER].uid, h->facts->roles[ROLE_CONTROLLER].uid);
}

static int by_clock(const void *a, const void *b)
{
	const struct cluster_host *x = *(const struct cluster_host *const *)a,
				  *y = *(const struct cluster_host *const *)b;
	return (x->facts->clock_offset_ms > y->facts->clock_offset_ms) -
	       (x->facts->clock_offset_ms < y->facts->clock_offset_ms);
}

/* The controller whose clock is the middle one of the controllers'; of two the first. NULL: none was reached. */
static const struct cluster_host *right_clock(const struct cluster *c)
{
	const struct cluster_host **all = arena_calloc(c->arena, c->inv->controller_count, sizeof *all);
	size_t n = 0;
	for (size_t i = 0; i < c->inv->controller_count; i++)
		if (c->hosts[c->inv->controllers[i]].facts)
			all[n++] = &c->hosts[c->inv->controllers[i]];
	if (n > 2)
		qsort(all, n, sizeof *all, by_clock);
	return !n ? NULL : n > 2 ? all[n / 2] : all[0];
}

/* A host with the uid that most of the controllers have, or where none of these has the user, most of the others; of as many
 * the first. */
static const struct cluster_host *right_uid(const struct cluster *c, bool controllers)
{
	const struct cluster_host *best = NULL;
	size_t most = 0;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		size_t votes = 0;
		if (!h->facts || h->facts->roles[ROLE_CONTROLLER].uid < 0 || cluster_is_out(h) ||
		    h->inv->controller != controllers)
			continue;
		if (best && best->facts->roles[ROLE_CONTROLLER].uid == h->facts->roles[ROLE_CONTROLLER].uid)
			continue;
		for (size_t k = 0; k < c->inv->host_count; k++) {
			const struct cluster_host *v = &c->hosts[k];
			votes += v->facts && !cluster_is_out(v) && v->inv->controller == controllers &&
				 v->facts->roles[ROLE_CONTROLLER].uid == h->facts->roles[ROLE_CONTROLLER].uid;
		}
		if (votes > most) {
			best = h;
			most = votes;
		}
	}
	return best || !controllers ? best : right_uid(c, false);
}

void cluster_check_hosts(struct cluster *c)
{
	check_leaving(c);
	const struct cluster_host *clock = right_clock(c), *slurm = right_uid(c, true);
	_cleanup_map_ struct map machine_ids = {0};
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		if (!h->facts || cluster_is_out(h))
			continue;
		if (clock)
			check_clock(c, h, clock);
		check_hostname(c, h);
		check_machine_id(c, h, &machine_ids);
		if (!inventory_has_role(h->inv))
			continue;
		check_uid(c, h, slurm);
		check_uid_taken(c, h);
	}
}

void cluster_check_versions(struct cluster *c)
{
	const struct cluster_host *primary = cluster_primary(c);
	struct slurm_version server = {0};
	if (!primary)
		return;
	struct err err = {0};
	if (!primary->slurm_package || slurm_version_parse(primary->slurm_package, &server, &err) < 0) {
		struct finding *f = finding_add(&c->findings, FINDING_STOP, CODE_NO_SLURM_PACKAGE, primary->inv->name,
						"Slurm is not installed, and apt knows no package slurmctld");
		f->fix = finding_text(&c->findings, "on %s: apt-get update; Slurm is in Debian's main section",
				      primary->inv->name);
		return;
	}
	char text[8], last[8];
	slurm_release_print(server.release, text);
	if (server.release > SLURM_RELEASE_LAST)
		finding_add(&c->findings, FINDING_WARNING, CODE_SLURM_RELEASE, primary->inv->name,
			    "Slurm %s is newer than the releases that this reeve knows: it is treated as %s", text,
			    slurm_release_print(SLURM_RELEASE_LAST, last))
		    ->fix = "look for a newer reeve";
	else if (!slurm_release_known(server.release))
		finding_add(&c->findings, FINDING_WARNING, CODE_SLURM_RELEASE, primary->inv->name,
			    "Slurm %s is not a release whose parameters reeve knows; the nearest one's are used", text);
	struct slurm_version pin;
	if (c->inv->slurm_version.text && slurm_version_parse(c->inv->slurm_version.text, &pin, &err) == 0 &&
	    (pin.release != server.release || (pin.micro && pin.micro != server.micro))) {
		struct finding *f = finding_add(&c->findings, FINDING_STOP, CODE_SLURM_PIN, primary->inv->name,
						"it has, or would get, Slurm %s, and cluster.yaml pins %s",
						primary->slurm_package, c->inv->slurm_version.text);
		f->fix = "change slurm_version, or offer the other version to apt on that host";
		f->origin = c->inv->slurm_version.at;
	}
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		struct slurm_version v;
		if (!h->facts || h == primary || cluster_is_out(h) || !inventory_has_role(h->inv))
			continue;
		if (!h->slurm_package || slurm_version_parse(h->slurm_package, &v, &err) < 0) {
			cluster_blame(c, h, CODE_NO_SLURM_PACKAGE,
				      "Slurm is not installed, and apt knows no package for it")
			    ->fix = finding_text(&c->findings, "on %s: apt-get update", h->inv->name);
			continue;
		}
		char other[8], oldest[8];
		slurm_release_print(v.release, other);
		slurm_release_print(slurm_release_oldest_accepted(server.release), oldest);
		bool fits =
		    h->inv->controller ? v.release == server.release : slurm_release_accepts(server.release, v.release);
		if (fits)
			continue;
		cluster_blame(c, h, CODE_SLURM_VERSIONS, "Slurm %s here does not work with the controller's %s on %s",
			      other, text, primary->inv->name)
		    ->fix =
		    h->inv->controller
			? "all controllers must run the same release"
			: finding_text(&c->findings, "a slurmd may be as old as %s with slurmctld %s, and never newer",
				       oldest, text);
	}
}

/* Could the user with this uid and gid pass through, or (for the last one) write? Supplementary groups are not known
 * here. */
static bool may_enter(const struct facts_path *p, long uid, long gid)
{
	unsigned bit = p->uid == uid ? 0100 : p->gid == gid ? 0010 : 0001;
	return p->mode & bit;
}

static void check_path(struct cluster *c, const struct cluster_host *h)
{
	const struct facts *f = h->facts;
	for (size_t i = 0; i < f->state_len; i++) {
		const struct facts_path *p = &f->state[i];
		struct finding *x = NULL;
		if (!p->type) {
			if (p->error && p->error != ENOENT)
				x = finding_add(&c->findings, FINDING_STOP, CODE_STATE_PATH, h->inv->name,
						"cannot examine %s: %s", p->path, strerror(p->error));
			if (x)
				x->fix = "on an NFS server this is an export with root squashed below a directory of "
					 "mode 700: chmod 755 it there";
		} else if (!streq(p->type, "directory")) {
			x = finding_add(&c->findings, FINDING_STOP, CODE_STATE_PATH, h->inv->name,
					"%s is a %s, no directory", p->path, p->type);
			x->fix = "move it away, or choose another `state`";
		} else if (i + 1 < f->state_len &&
			   !may_enter(p, f->roles[ROLE_CONTROLLER].uid >= 0 ? f->roles[ROLE_CONTROLLER].uid : -2,
				      f->roles[ROLE_CONTROLLER].gid >= 0 ? f->roles[ROLE_CONTROLLER].gid : -2)) {
			x = finding_add(&c->findings, FINDING_STOP, CODE_STATE_PATH, h->inv->name,
					"%s has mode %04o: the user slurm cannot reach the state directory below it",
					p->path, p->mode);
			x->fix = finding_text(&c->findings, "chmod o+x %s (if it is a mounted share, on its server)",
					      p->path);
		}
		if (x) {
			x->origin = c->inv->state.at;
			return;
		}
	}
}

static struct finding *blame_mount(struct cluster *c, const struct cluster_host *h, const char *text)
{
	struct finding *x = finding_add(&c->findings, FINDING_STOP, CODE_STATE_MOUNT, h->inv->name, "%s", text);
	x->origin = c->inv->state.at;
	return x;
}

/* `source` is what its state directory lies on, or will; `first` that of the controllers before it, NULL: it is the first. */
static void check_source(struct cluster *c, const struct cluster_host *h, const char *source, const char *first,
			 const char *first_name)
{
	const struct facts *f = h->facts;
	const char *state = c->inv->state.text, *was = c->record ? c->record->state_source : NULL;
	bool promised = cluster_mount_of(h, state);
	if (was && !streq(was, source)) {
		blame_mount(
		    c, h,
		    finding_text(&c->findings,
				 "%s lies on %s (mounted at %s), and was on %s: a slurmctld started on it would "
				 "lose every job",
				 state, source, promised ? cluster_mount_of(h, state)->where : f->state_mount, was))
		    ->fix = "mount it; if it was moved on purpose, stop slurmctld, copy the state, and take "
			    "\"state\" out of "
			    "/var/lib/reeve/record.json on every controller";
	} else if (!promised && c->inv->controller_count > 1 && streq(f->state_mount, "/")) {
		blame_mount(
		    c, h,
		    finding_text(&c->findings,
				 "%s lies on the machine's own root file system, and %zu controllers must share it",
				 state, c->inv->controller_count))
		    ->fix = "mount the shared file system first, or correct `state`";
	} else if (first && !streq(first, source)) {
		blame_mount(
		    c, h,
		    finding_text(&c->findings, "%s is on %s here and on %s on %s", state, source, first, first_name))
		    ->fix = "all controllers must see the same directory";
	}
}

void cluster_check_state(struct cluster *c)
{
	const char *first_name = NULL;
	for (size_t i = 0; i < c->inv->controller_count; i++) {
		const struct cluster_host *h = &c->hosts[c->inv->controllers[i]];
		const struct cluster_mount *promised = cluster_mount_of(h, c->inv->state.text);
		if (!h->facts || !h->facts->state_source)
			continue;
		const char *source = promised ? promised->source : h->facts->state_source;
		if (!promised || (streq(h->facts->state_source, source) && !promised->silent))
			check_path(c, h);
		if (h->facts->state_cluster && !streq(h->facts->state_cluster, c->inv->cluster.text)) {
			struct finding *x = finding_add(&c->findings, FINDING_STOP, CODE_STATE_CLUSTER, h->inv->name,
							"%s holds the state of the cluster '%s'", c->inv->state.text,
							h->facts->state_cluster);
			x->fix = "choose another `state`, or give the cluster that name";
			x->origin = c->inv->state.at;
		}
		check_source(c, h, source, c->state_source, first_name);
		if (!c->state_source) {
			c->state_source = source;
			first_name = h->inv->name;
		}
	}
}
