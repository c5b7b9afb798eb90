#include "facts/beside.h"
#include "facts/facts.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/epoch.h"
#include "base/hash.h"
#include "base/ran.h"
#include "base/str.h"
#include "base/vec.h"

struct reader {
	const json_t *items;
	struct arena *arena;
	struct err *err;
};

static const json_t *item(const struct reader *r, const char *name)
{
	return json_object_get(r->items, name);
}

/* Text of something that was read, or NULL where it was not there. */
static const char *text_of(const struct reader *r, const char *name)
{
	return arena_strdup(r->arena, json_string_value(json_object_get(item(r, name), "text")));
}

/*
 * A configuration that may be somebody's work: also where it is no text, or cannot be read, it is there, and must not
 * be taken for none.
 */
static const char *conf_of(const struct reader *r, const char *name)
{
	const json_t *o = item(r, name), *errno_value = json_object_get(o, "errno");
	const char *text = text_of(r, name), *coded = json_string_value(json_object_get(o, "b64"));
	if (text)
		return text;
	if (errno_value)
		return json_integer_value(errno_value) == ENOENT ? NULL : "# it cannot be read\n";
	size_t len = coded ? strlen(coded) : 0;
	char *bytes = arena_alloc(r->arena, len + 1);
	if (!coded || sodium_base642bin((unsigned char *)bytes, len, coded, len, NULL, &len, NULL,
					sodium_base64_VARIANT_ORIGINAL) < 0)
		return NULL;
	for (size_t i = 0; i < len; i++)
		bytes[i] = bytes[i] ? bytes[i] : '?';
	bytes[len] = '\0';
	return bytes;
}

/* Standard output of a command, also where it ended with a status other than 0; NULL where it did not run to its end.
 */
static const char *output_of(const struct reader *r, const char *name, int *ret_status)
{
	struct ran ran = ran_of(item(r, name));
	if (ran.status < 0 || !ran.out || ran.cut)
		return NULL;
	if (ret_status)
		*ret_status = ran.status;
	return arena_strdup(r->arena, ran.out);
}

/* One line, or NULL where it is missing, empty or longer than `max`; its form is for the caller to judge. */
static const char *line_of(const struct reader *r, const char *name, size_t max)
{
	char *text = arena_strdup(r->arena, json_string_value(json_object_get(item(r, name), "text")));
	if (!text)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return *text && strlen(text) <= max ? text : NULL;
}

static int decode_identity(const struct reader *r, struct facts *f)
{
	f->hostname = line_of(r, "hostname", 253);
	f->kernel = line_of(r, "kernel", 200);
	f->boot_id = line_of(r, "boot", 64);
	f->machine_id = line_of(r, "machine", 64);
	if (!f->hostname || !str_is_name(f->hostname, 253))
		return err_set(r->err, ERR_PROTOCOL, "the host's name for itself is missing or is not a host name");
	if (!f->kernel || strspn(f->kernel, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-~#") !=
			      strlen(f->kernel))
		return err_set(r->err, ERR_PROTOCOL, "the kernel's release is missing or malformed");
	if (!f->boot_id || !str_is_name(f->boot_id, 64))
		return err_set(r->err, ERR_PROTOCOL, "the boot id is missing or malformed");
	if (f->machine_id && !str_is_name(f->machine_id, 64))
		return err_set(r->err, ERR_PROTOCOL, "the machine id is malformed");
	return 0;
}

static const char *os_value(struct arena *a, const char *line, const char *key)
{
	size_t len = strlen(key);
	if (strncmp(line, key, len) != 0 || line[len] != '=')
		return NULL;
	char *value = arena_strdup(a, line + len + 1);
	size_t end = strlen(value);
	if (end >= 2 && (*value == '"' || *value == '\'') && value[end - 1] == *value) {
		value[end - 1] = '\0';
		value++;
	}
	return str_is_name(value, 64) ? value : NULL;
}

/* os-release(5). */
static void decode_os(const struct reader *r, struct facts *f)
{
	char *rest = arena_strdup(r->arena, text_of(r, "os"));
	f->os = f->os_version = f->suite = "";
	for (char *line; rest && (line = str_next_line(&rest));) {
		const char *value;
		if ((value = os_value(r->arena, line, "ID")))
			f->os = value;
		else if ((value = os_value(r->arena, line, "VERSION_ID")))
			f->os_version = value;
		else if ((value = os_value(r->arena, line, "VERSION_CODENAME")))
			f->suite = value;
	}
}

/* What a question about several things gave, or NULL with its reason. */
static const json_t *found_in(const struct reader *r, const char *name, const char *key)
{
	const json_t *o = item(r, name), *found = json_object_get(o, key);
	const char *why = json_string_value(json_object_get(o, "error"));
	if (json_is_object(found))
		return found;
	if (why)
		err_set(r->err, ERR_FAILED, "it did not say which %s it has: %s", name,
			str_printable(r->arena, why, strlen(why)));
	else
		err_set(r->err, ERR_PROTOCOL, "it did not say which %s it has", name);
	return NULL;
}

static int decode_user(const struct reader *r, const json_t *users, const char *name, long *ret_uid, long *ret_gid)
{
	const json_t *user = json_object_get(users, name);
	const json_t *uid = json_object_get(user, "uid"), *gid = json_object_get(user, "gid");
	*ret_uid = *ret_gid = -1;
	if (!user)
		return 0;
	if (!json_is_integer(uid) || !json_is_integer(gid) || json_integer_value(uid) < 0 ||
	    json_integer_value(gid) < 0 || json_integer_value(uid) > 0xFFFFFFFE || json_integer_value(gid) > 0xFFFFFFFE)
		return err_set(r->err, ERR_PROTOCOL, "an entry of the password database is malformed");
	*ret_uid = (long)json_integer_value(uid);
	*ret_gid = (long)json_integer_value(gid);
	return 0;
}

static int decode_users(const struct reader *r, const struct role_names *roles, struct facts *f)
{
	const json_t *users = found_in(r, "users", "users");
	if (!users)
		return -1;
	for (enum role i = 0; i < ROLES; i++) {
		struct facts_role *x = &f->roles[i];
		x->uid = x->gid = -1;
		if (roles[i].user && decode_user(r, users, roles[i].user, &x->uid, &x->gid) < 0)
			return -1;
	}
	return 0;
}

/* "alice:x:64030:..." of getent(1), a user or a group. */
static const char *owner_of(const struct reader *r, const char *name, const char *user)
{
	enum { LONGEST = 256 }; /* useradd(8) takes 256 at most */
	int status = 1;
	const char *said = output_of(r, name, &status);
	if (!said || status)
		return NULL;
	const char *line = arena_strndup(r->arena, said, strnlen(said, LONGEST));
	line = arena_strndup(r->arena, line, strcspn(line, ":\n"));
	return *line && !streq(line, user) && str_is_utf8(line, strlen(line)) ? line : NULL;
}

static bool is_version(const char *s)
{
	return *s && strlen(s) <= 100 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-~:") == strlen(s);
}

static struct facts_package *package_named(const struct role_names *roles, struct facts *f, const char *name)
{
	for (enum role i = 0; i < ROLES; i++)
		if (str_same(roles[i].package, name))
			return &f->roles[i].package;
	return NULL;
}

/* apt-cache policy: a paragraph for each package, "NAME:", "  Installed: ...", "  Candidate: VERSION" (apt-cache(8)). */
static int decode_candidates(const struct reader *r, const struct role_names *roles, struct facts *f)
{
	char *rest = arena_strdup(r->arena, output_of(r, "candidates", NULL));
	struct facts_package *current = NULL;
	for (char *line; rest && (line = str_next_line(&rest));) {
		size_t len = strlen(line);
		if (len && *line != ' ' && line[len - 1] == ':') {
			line[len - 1] = '\0';
			current = package_named(roles, f, line);
			continue;
		}
		char *value = strstr(line, "Candidate: ");
		if (!value || !current)
			continue;
		value += strlen("Candidate: ");
		if (streq(value, "(none)"))
			continue;
		if (!is_version(value))
			return err_set(r->err, ERR_PROTOCOL, "apt's candidate version is malformed");
		current->candidate = value;
	}
	return 0;
}

/* On a host that did not answer nothing is known: that is not the same as nothing installed. */
static int decode_packages(const struct reader *r, const struct role_names *roles, struct facts *f)
{
	const json_t *versions = found_in(r, "packages", "versions");
	const char *name;
	json_t *value;
	if (!versions)
		return -1;
	json_object_foreach((json_t *)versions, name, value)
	{
		struct facts_package *p = package_named(roles, f, name);
		const char *version = json_string_value(value);
		if (p && (!version || !is_version(version)))
			return err_set(r->err, ERR_PROTOCOL, "the version of %s is malformed", name);
		if (p)
			p->installed = arena_strdup(r->arena, version);
	}
	return decode_candidates(r, roles, f);
}

/* One of systemd's words, or `none` where it is none. */
static const char *word_of(const struct reader *r, const json_t *unit, const char *key, const char *none)
{
	const char *word = json_string_value(json_object_get(unit, key));
	return word && (!*word || str_is_name(word, 64)) ? arena_strdup(r->arena, word) : none;
}

static struct facts_unit decode_unit(const struct reader *r, const json_t *units, const char *name)
{
	const json_t *unit = name ? json_object_get(units, name) : NULL;
	const char *load = word_of(r, unit, "load", "");
	json_int_t since = json_integer_value(json_object_get(unit, "since"));
	return (struct facts_unit){.loaded = streq(load, "loaded") || streq(load, "masked"),
				   .active = word_of(r, unit, "active", "unknown"),
				   .file = word_of(r, unit, "file", ""),
				   .since_us = since > 0 ? (uint64_t)since : 0,
				   .stopped = json_is_true(json_object_get(unit, "stopped"))};
}

unsigned facts_cgroup_use(const struct facts *f)
{
	return (f->cgroup_cpuset ? CGROUP_USE_CORES : 0U) | (f->cgroup_memory ? CGROUP_USE_MEMORY : 0U) |
	       (f->cgroup_freezer ? CGROUP_USE_TRACK : 0U) | (f->cgroup_devices ? CGROUP_USE_DEVICES : 0U);
}

bool facts_unit_runs(const struct facts_unit *unit)
{
	static const char *const words[] = {"active", "reloading", "refreshing", "activating", "deactivating"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (streq(unit->active, words[i]))
			return true;
	return false;
}

static int decode_units(const struct reader *r, const struct role_names *roles, struct facts *f)
{
	const json_t *answer = item(r, "units"), *units = json_object_get(answer, "units");
	/* A machine whose init is not systemd has none, and can be looked at all the same (sd_booted(3)). Where systemd
	 * runs and does not answer, a daemon that holds jobs would be taken for none. */
	bool systemd = json_object_get(item(r, "systemd"), "type");
	bool none = json_object_get(answer, "error") && !systemd;
	if (!none && !(units = found_in(r, "units", "units")))
		return -1;
	for (enum role i = 0; i < ROLES; i++)
		f->roles[i].unit = decode_unit(r, units, roles[i].unit);
	return 0;
}

/*
 * /proc/self/mountinfo (proc(5)): id parent dev root MOUNTPOINT OPTIONS [fields...] - FSTYPE SOURCE SUPEROPTIONS. Two
 * questions: how cgroups are mounted, and what the state directory would lie on (the longest mount point that is a
 * prefix of it; of equal ones the last, which lies on top).
 */
static bool holds(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *p = list; (p = strstr(p, word)); p += len)
		if ((p == list || p[-1] == ',' || p[-1] == ' ') && (!p[len] || strchr(", \n", p[len])))
			return true;
	return false;
}

/*
 * Does the kernel have control groups of version 1, whatever is mounted? In a container that is shown version 2 alone, slurmd's plugin
 * ends it: "Hybrid mode is not supported" (src/plugins/cgroup/v2/cgroup_v2.c, of 22.05 to 26.05).
 */
static bool has_v1_beside(const struct reader *r)
{
	char *rest = arena_strdup(r->arena, text_of(r, "init.groups"));
	for (const char *line; rest && (line = str_next_line(&rest));)
		if (*line && !str_starts(line, "0::"))
			return true;
	return false;
}

static void decode_mounts(const struct reader *r, const struct facts_scope *scope, struct facts *f)
{
	char *rest = arena_strdup(r->arena, text_of(r, "mounts"));
	const char *controllers = text_of(r, "controllers");
	bool v1 = false, v2 = false, unified = false;
	size_t best = 0;
	for (char *line; rest && (line = str_next_line(&rest));) {
		char *fields[6], *tail = strstr(line, " - ");
		int n = 0;
		if (!tail)
			continue;
		*tail = '\0';
		tail += 3;
		for (char *p; n < 6 && (p = str_next(&line, " "));)
			fields[n++] = p;
		char *fstype = str_next(&tail, " "), *source = tail ? str_next(&tail, " ") : NULL;
		if (n < 6 || !fstype || !source)
			continue;
		const char *at = fields[4], *super = tail ? tail : "";
		bool writable = holds(fields[5], "rw");
		if (streq(fstype, "cgroup2")) {
			v2 = true;
			unified |= streq(at, "/sys/fs/cgroup");
		} else if (streq(fstype, "cgroup")) {
			v1 = true;
			f->cgroup_cpuset |= writable && holds(super, "cpuset");
			f->cgroup_memory |= writable && holds(super, "memory");
			f->cgroup_freezer |= writable && holds(super, "freezer");
			f->cgroup_devices |= writable && holds(super, "devices");
		}
		size_t len = strlen(at);
		bool root = streq(at, "/");
		if (scope->state && len >= best &&
		    (root ||
		     (strncmp(scope->state, at, len) == 0 && (scope->state[len] == '/' || !scope->state[len])))) {
			best = len;
			f->state_mount = at;
			f->state_source = source;
			f->state_fstype = fstype;
			/* A bind of a part of a file system differs from another part of it by its root. */
			if (!streq(fields[3], "/"))
				f->state_source = arena_printf(r->arena, "%s[%s]", source, fields[3]);
		}
	}
	if (unified && !v1) {
		bool usable = !has_v1_beside(r);
		f->cgroup = CGROUP_V2;
		f->cgroup_freezer = f->cgroup_devices = usable;
		f->cgroup_cpuset = usable && controllers && holds(controllers, "cpuset");
		f->cgroup_memory = usable && controllers && holds(controllers, "memory");
	} else {
		f->cgroup = v1 ? (v2 ? CGROUP_HYBRID : CGROUP_V1) : CGROUP_NONE;
	}
}

unsigned facts_mode(const char *text)
{
	unsigned mode = 0;
	for (; text && *text >= '0' && *text <= '7'; text++)
		mode = (mode << 3 | (unsigned)(*text - '0')) & 07777;
	return mode;
}

static void decode_state(const struct reader *r, const struct facts_scope *scope, struct facts *f)
{
	char name[32];
	for (const char *p = scope->state; p && f->state_len < FACTS_DEPTH; f->state_len++) {
		p = strchr(p + 1, '/');
		struct facts_path *path = &f->state[f->state_len];
		path->path =
		    arena_strndup(r->arena, scope->state, p ? (size_t)(p - scope->state) : strlen(scope->state));
		snprintf(name, sizeof name, "state.%zu", f->state_len);
		const json_t *o = item(r, name);
		const char *mode = json_string_value(json_object_get(o, "mode"));
		path->error = (int)json_integer_value(json_object_get(o, "errno"));
		path->type = arena_strdup(r->arena, json_string_value(json_object_get(o, "type")));
		path->mode = facts_mode(mode);
		path->uid = (long)json_integer_value(json_object_get(o, "uid"));
		path->gid = (long)json_integer_value(json_object_get(o, "gid"));
	}
	/* From 24.11 "NAME|ID" (slurmctld's controller.c, _create_clustername_file). */
	const char *cluster = line_of(r, "state.cluster", 200);
	f->state_cluster = cluster ? arena_strndup(r->arena, cluster, strcspn(cluster, "|")) : NULL;
}

static void decode_devices(const struct reader *r, const struct facts_scope *scope, struct facts *f)
{
	const char **missing = arena_calloc(r->arena, scope->device_count, sizeof *missing);
	char name[32];
	for (size_t i = 0; i < scope->device_count; i++) {
		snprintf(name, sizeof name, "device.%zu", i);
		if (!json_object_get(item(r, name), "type"))
			missing[f->missing_count++] = scope->devices[i];
	}
	f->missing = missing;
}

static int decode_hardware(const struct reader *r, struct facts *f)
{
	const char *slurmd = output_of(r, "hardware", NULL), *topology = output_of(r, "topology", NULL);
	const char *meminfo = text_of(r, "meminfo");
	if (slurmd && str_starts(slurmd, "NodeName="))
		return facts_parse_slurmd(slurmd, &f->hardware, r->err);
	if (!topology || !meminfo)
		return err_set(r->err, ERR_PROTOCOL, "memory and CPUs could not be read");
	return facts_parse_sysfs(meminfo, topology, &f->hardware, r->err);
}

/* Whatever is there and is no epoch is not none. */
static int64_t epoch_of(const struct reader *r)
{
	const json_t *o = item(r, "epoch"), *errno_value = json_object_get(o, "errno");
	const char *line = line_of(r, "epoch", 20);
	uint64_t n;
	if (!o || (errno_value && json_integer_value(errno_value) == ENOENT))
		return 0;
	return line && str_to_u64(line, 0, EPOCH_MOST - 1, &n) == 0 ? (int64_t)n : EPOCH_BAD;
}

/* Year 2262, as nanoseconds end: what comes later would overflow in the reckoning. */
#define LATEST_MS INT64_C(9223372036854)

static int decode_secrets(struct reader *r, const struct facts_scope *scope, struct facts *f)
{
	char name[32];
	for (size_t i = 0; scope->secrets && scope->secrets[i] && !scope->secrets[i]->file; i++)
		for (int next = 0; next < 2; next++) {
			struct digest ignored;
			snprintf(name, sizeof name, next ? "secret.%zu.next" : "secret.%zu", i);
			const char *hex = json_string_value(json_object_get(item(r, name), "hex"));
			if (hex && digest_parse(hex, &ignored) < 0)
				return err_set(r->err, ERR_PROTOCOL, "the fingerprint of its %s is malformed",
					       scope->secrets[i]->said);
			*(next ? &f->secrets[i].next : &f->secrets[i].fingerprint) = arena_strdup(r->arena, hex);
		}
	return 0;
}

struct facts *facts_decode(const json_t *answer, const struct facts_scope *scope, const char *arch, int64_t sent_ms,
			   int64_t got_ms, struct arena *arena, struct err *err)
{
	const json_t *start = json_object_get(answer, "start"), *end = json_object_get(answer, "end");
	struct reader r = {.items = json_object_get(answer, "items"), .arena = arena, .err = err};
	if (!json_is_object(r.items) || !json_is_integer(start) || !json_is_integer(end)) {
		err_set(err, ERR_PROTOCOL, "facts without items or times");
		return NULL;
	}
	struct facts *f = arena_alloc(arena, sizeof *f);
	f->arch = arena_strdup(arena, arch);
	/* NTP's reckoning (RFC 5905, 8): both ways are taken to last equally long. */
	int64_t host_start = json_integer_value(start), host_end = json_integer_value(end);
	if (host_start < 0 || host_end < 0 || host_start > LATEST_MS || host_end > LATEST_MS) {
		err_set(err, ERR_PROTOCOL, "its clock says what no clock says");
		return NULL;
	}
	f->clock_offset_ms = ((host_start - sent_ms) + (host_end - got_ms)) / 2;
	f->clock_error_ms = ((got_ms - sent_ms) - (host_end - host_start)) / 2;
	if (f->clock_error_ms < 0)
		f->clock_error_ms = 0;
	if (decode_identity(&r, f) < 0 || decode_hardware(&r, f) < 0 || decode_users(&r, scope->roles, f) < 0 ||
	    decode_packages(&r, scope->roles, f) < 0 || decode_units(&r, scope->roles, f) < 0)
		return NULL;
	if (scope->compute &&
	    facts_gpus_decode(r.items, f->hardware.sockets * f->hardware.cores, arena, &f->gpus, err) < 0)
		return NULL;
	f->gpu_plugins = facts_gpu_plugins_decode(r.items);
	decode_os(&r, f);
	facts_network_decode(r.items, arena, &f->network);
	decode_mounts(&r, scope, f);
	f->epoch = epoch_of(&r);
	if (decode_secrets(&r, scope, f) < 0)
		return NULL;
	f->slurm_conf = conf_of(&r, "slurm.conf");
	f->cgroup_conf = text_of(&r, "cgroup.conf");
	f->gres_conf = text_of(&r, "gres.conf");
	f->in_force_slurm = text_of(&r, "in-force.slurm");
	f->in_force_cgroup = text_of(&r, "in-force.cgroup");
	f->in_force_gres = text_of(&r, "in-force.gres");
	f->topology_conf = text_of(&r, "topology.conf");
	f->in_force_topology = text_of(&r, "in-force.topology");
	decode_devices(&r, scope, f);
	f->uid_taken = owner_of(&r, "uid", scope->roles[ROLE_CONTROLLER].user);
	if (!f->uid_taken)
		f->uid_taken = owner_of(&r, "gid", scope->roles[ROLE_CONTROLLER].user);
	facts_beside_decode(r.items, scope, arena, &f->beside);
	if (scope->controller) {
		f->record = text_of(&r, "record");
		facts_begun_decode(item(&r, "begun"), arena, f);
		if (scope->state)
			decode_state(&r, scope, f);
	}
	return f;
}
