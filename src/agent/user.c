/*
 * Users: made where they are missing. What exists with another id, group or home belongs to someone, and is not changed;
 * shell, groups and password are. A system account that exists is left as it is: its package made it.
 *
 * An account that is locked has expired as well: without that a key would still log in.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agent/account.h"
#include "agent/passwd.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "agent/shadow.h"
#include "base/str.h"
#include "base/vec.h"

enum { EXPIRED = 1 }; /* the second day of 1970: what we set, and nobody else does */

/* What is to be done to an account that exists. */
struct wishes {
	bool lock, unlock, password;
	const char *shell;  /* NULL: as it is */
	const char *groups; /* all that it is to be in, with commas; NULL: as they are */
};

static bool is_among(const char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (streq(*list, name))
			return true;
	return false;
}

/* The groups that it is in and may stay in, and those that it is to be in. What changes goes to `why`. */
static const char *join_groups(struct session *s, const struct resource *r, struct arena *arena, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf all = {0};
	size_t before = why->len;
	const char *const *now = passwd_memberships(s, r->user.name, arena);
	for (const char *const *g = now; *g; g++)
		if (is_among(r->user.not_groups, *g) && !is_among(r->user.groups, *g))
			strbuf_addf(why, ", in the group %s", *g);
		else
			strbuf_addf(&all, "%s%s", all.len ? "," : "", *g);
	for (const char *const *g = r->user.groups; g && *g; g++)
		if (!is_among(now, *g) && !streq(*g, r->user.group)) {
			strbuf_addf(why, ", not in the group %s", *g);
			strbuf_addf(&all, "%s%s", all.len ? "," : "", *g);
		}
	return why->len > before ? arena_strndup(arena, strbuf_str(&all), all.len) : NULL;
}

static int find_locked_wishes(struct session *s, const struct resource *r, struct wishes *w, struct strbuf *why,
			      struct err *err)
{
	struct shadow shadow;
	if (shadow_look(s, r->user.name, NULL, &shadow, err) < 0)
		return -1;
	if (!shadow.there)
		return err_set(err, ERR_REFUSED, "the user %s is not in /etc/shadow: it cannot be locked here",
			       r->user.name);
	w->lock = !shadow.locked || shadow.expires != EXPIRED;
	if (w->lock)
		strbuf_adds(why, ", not locked");
	return 0;
}

static int find_wishes(struct session *s, const struct resource *r, const struct passwd_user *found,
		       struct arena *arena, struct wishes *w, struct strbuf *why, struct err *err)
{
	struct shadow shadow;
	*w = (struct wishes){0};
	if (r->user.locked)
		return find_locked_wishes(s, r, w, why, err);
	if (shadow_look(s, r->user.name, r->user.salt, &shadow, err) < 0)
		return -1;
	if (!r->user.system && !streq(found->shell, r->user.shell)) {
		w->shell = r->user.shell;
		strbuf_addf(why, ", shell %s, not %s", found->shell, r->user.shell);
	}
	w->groups = join_groups(s, r, arena, why);
	if (shadow.expires == EXPIRED) {
		w->unlock = true;
		strbuf_adds(why, ", locked");
	}
	if (r->user.secret && !streq(shadow.fingerprint, r->user.fingerprint)) {
		w->password = true;
		strbuf_adds(why, ", another password");
	}
	return 0;
}

/* One that exists: is it the one that is meant? */
static int check(struct session *s, const struct resource *r, const struct passwd_user *found, struct arena *arena,
		 struct err *err)
{
	struct passwd_group group;
	if (r->user.uid >= 0 && found->uid != (uid_t)r->user.uid)
		return err_set(err, ERR_REFUSED, "the user %s has id %u, not %ld; it is not changed", r->user.name,
			       found->uid, r->user.uid);
	if (r->user.locked)
		return 0;
	if (passwd_group(s, r->user.group, 0, arena, &group, err) == 1 && group.gid != found->gid)
		return err_set(err, ERR_REFUSED, "the user %s has the group %s, not %s; it is not changed",
			       r->user.name, passwd_group_name(s, found->gid, arena), r->user.group);
	if (!r->user.system && !streq(found->home, r->user.home))
		return err_set(err, ERR_REFUSED, "the user %s has the home %s, not %s; it is not changed", r->user.name,
			       found->home, r->user.home);
	return 0;
}

static void probe_missing(struct session *s, const struct resource *r, struct probe *p)
{
	struct passwd_user other;
	struct err err;
	if (r->user.locked)
		return probe_found(p, OBSERVED_SAME, "%s", "");
	if (r->user.uid >= 0 && passwd_user(s, NULL, (uid_t)r->user.uid, p->arena, &other, &err) == 1)
		return probe_found(p, OBSERVED_ERROR, "id %ld of the user %s is taken by %s", r->user.uid, r->user.name,
				   other.name);
	probe_found(p, OBSERVED_MISSING, "does not exist");
}

static void probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct passwd_user found;
	struct wishes w;
	struct err err;
	_cleanup_strbuf_ struct strbuf why = {0};
	int there = passwd_user(s, r->user.name, 0, p->arena, &found, &err);
	if (there == 0)
		return probe_missing(s, r, p);
	if (there < 0 || check(s, r, &found, p->arena, &err) < 0 ||
	    find_wishes(s, r, &found, p->arena, &w, &why, &err) < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	if (why.len)
		probe_found(p, OBSERVED_DIFFERS, "%s", why.data + 2);
	else
		probe_found(p, OBSERVED_SAME, "%s", "");
}

static int add_user(struct session *s, const struct resource *r, struct err *err)
{
	const char *argv[20] = {"useradd", "--no-create-home"};
	char id[24];
	size_t n = 2;
	if (r->user.system)
		argv[n++] = "--system";
	if (r->user.no_subids) {
		static const char *const none[] = {"--key", "SUB_UID_COUNT=0", "--key", "SUB_GID_COUNT=0"};
		memcpy(&argv[n], none, sizeof none);
		n += ARRAY_LEN(none);
	}
	if (r->user.uid >= 0) {
		snprintf(id, sizeof id, "%ld", r->user.uid);
		argv[n++] = "--uid";
		argv[n++] = id;
	}
	const char *const options[][2] = {
	    {"--gid", r->user.group}, {"--home-dir", r->user.home}, {"--shell", r->user.shell}};
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		argv[n++] = options[i][0];
		argv[n++] = options[i][1];
	}
	argv[n++] = "--";
	argv[n++] = r->user.name;
	return account_run(s, argv, NULL, 0, err);
}

static int change_user(struct session *s, const struct resource *r, const struct wishes *w, struct err *err)
{
	const char *argv[16] = {"usermod"};
	struct shadow shadow;
	size_t n = 1;
	if (w->lock || w->unlock) {
		if (shadow_look(s, r->user.name, NULL, &shadow, err) < 0)
			return -1;
		/* usermod refuses to unlock what would then have no password. */
		if (w->lock || (shadow.has_hash && shadow.locked && !w->password))
			argv[n++] = w->lock ? "--lock" : "--unlock";
		argv[n++] = "--expiredate";
		argv[n++] = w->lock ? "1" : "";
	}
	if (w->shell) {
		argv[n++] = "--shell";
		argv[n++] = w->shell;
	}
	if (w->groups) {
		argv[n++] = "--groups";
		argv[n++] = w->groups;
	}
	if (n == 1)
		return 0;
	argv[n++] = "--";
	argv[n++] = r->user.name;
	return account_run(s, argv, NULL, 0, err);
}

static int set_password(struct session *s, const struct resource *r, struct err *err)
{
	const char *const argv[] = {"chpasswd", "--encrypted", NULL};
	const struct secret *secret = secrets_get(&s->secrets, r->user.secret, r->user.salt, r->user.fingerprint, err);
	if (!secret)
		return -1;
	for (size_t i = 0; i < secret->len; i++)
		if (secret->bytes[i] <= ' ' || secret->bytes[i] == ':' || secret->bytes[i] >= 0x7F)
			return err_set(err, ERR_INPUT, "the password of %s is not a hash as crypt(5) has them",
				       r->user.name);
	size_t name = strlen(r->user.name), len = name + 1 + secret->len + 1;
	char *line = sodium_malloc(len);
	if (!line)
		return err_set(err, ERR_LIMIT, "no memory for a secret");
	memcpy(line, r->user.name, name);
	line[name] = ':';
	memcpy(line + name + 1, secret->bytes, secret->len);
	line[len - 1] = '\n';
	int rc = account_run(s, argv, line, len, err);
	sodium_free(line);
	return rc;
}

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		 struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_strbuf_ struct strbuf why = {0};
	struct passwd_user user;
	struct wishes w;
	if (found->state == OBSERVED_MISSING && add_user(s, r, err) < 0)
		return -1;
	int there = passwd_user(s, r->user.name, 0, arena, &user, err);
	if (there < 0)
		return -1;
	if (!there)
		return err_set(err, ERR_FAILED, "useradd made the user %s, and it does not exist", r->user.name);
	if (check(s, r, &user, arena, err) < 0 || find_wishes(s, r, &user, arena, &w, &why, err) < 0 ||
	    change_user(s, r, &w, err) < 0 || (w.password && set_password(s, r, err) < 0))
		return -1;
	if (found->state == OBSERVED_MISSING)
		strbuf_adds(what, "made");
	else if (r->user.locked)
		strbuf_adds(what, "locked");
	else
		strbuf_addf(what, "changed: %s", found->why);
	return 0;
}

const struct resource_ops user_ops = {.probe = probe, .apply = apply};
