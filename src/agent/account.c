/* Groups and users: made where they are missing. What exists with other ids belongs to someone, and is not changed. */
#include <stdio.h>
#include <string.h>

#include "agent/child.h"
#include "agent/failpoint.h"
#include "agent/passwd.h"
#include "agent/resource.h"
#include "agent/session.h"
#include "base/str.h"
#include "base/vec.h"

enum { ACCOUNT_MS = 60000 };

static void group_probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct passwd_group found, other;
	struct err err;
	int there = passwd_group(s, r->group.name, 0, p->arena, &found, &err);
	if (there < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	if (there && r->group.gid >= 0 && found.gid != (gid_t)r->group.gid)
		return probe_found(p, OBSERVED_ERROR, "the group %s has id %u, not %ld; it is not changed",
				   r->group.name, found.gid, r->group.gid);
	if (there)
		return probe_found(p, OBSERVED_SAME, "%s", "");
	if (r->group.gid >= 0 && passwd_group(s, NULL, (gid_t)r->group.gid, p->arena, &other, &err) == 1)
		return probe_found(p, OBSERVED_ERROR, "id %ld of the group %s is taken by %s", r->group.gid,
				   r->group.name, other.name);
	probe_found(p, OBSERVED_MISSING, "does not exist");
}

static void user_probe(struct session *s, const struct resource *r, struct probe *p)
{
	struct passwd_user found, other;
	struct passwd_group group = {0};
	struct err err;
	int there = passwd_user(s, r->user.name, 0, p->arena, &found, &err);
	if (there < 0)
		return probe_found(p, OBSERVED_ERROR, "%s", err.text);
	if (there && r->user.uid >= 0 && found.uid != (uid_t)r->user.uid)
		return probe_found(p, OBSERVED_ERROR, "the user %s has id %u, not %ld; it is not changed", r->user.name,
				   found.uid, r->user.uid);
	if (there && r->user.group && passwd_group(s, r->user.group, 0, p->arena, &group, &err) == 1 &&
	    group.gid != found.gid)
		return probe_found(p, OBSERVED_ERROR, "the user %s has the group %s, not %s; it is not changed",
				   r->user.name, passwd_group_name(s, found.gid, p->arena), r->user.group);
	if (there)
		return probe_found(p, OBSERVED_SAME, "%s", "");
	if (r->user.uid >= 0 && passwd_user(s, NULL, (uid_t)r->user.uid, p->arena, &other, &err) == 1)
		return probe_found(p, OBSERVED_ERROR, "id %ld of the user %s is taken by %s", r->user.uid, r->user.name,
				   other.name);
	probe_found(p, OBSERVED_MISSING, "does not exist");
}

static int make_account(struct session *s, const char *const *argv, struct strbuf *what, struct err *err)
{
	failpoint();
	if (child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = ACCOUNT_MS, .locked = true}, NULL, err) < 0)
		return -1;
	failpoint();
	strbuf_adds(what, "made");
	return 0;
}

static int group_apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		       struct err *err)
{
	const char *argv[8] = {"groupadd"};
	char id[24];
	size_t n = 1;
	(void)found;
	if (r->group.system)
		argv[n++] = "--system";
	if (r->group.gid >= 0) {
		snprintf(id, sizeof id, "%ld", r->group.gid);
		argv[n++] = "--gid";
		argv[n++] = id;
	}
	argv[n++] = "--";
	argv[n++] = r->group.name;
	return make_account(s, argv, what, err);
}

static int user_apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
		      struct err *err)
{
	const char *argv[16] = {"useradd", "--no-create-home"};
	char id[24];
	size_t n = 2;
	(void)found;
	if (r->user.system)
		argv[n++] = "--system";
	if (r->user.uid >= 0) {
		snprintf(id, sizeof id, "%ld", r->user.uid);
		argv[n++] = "--uid";
		argv[n++] = id;
	}
	const struct {
		const char *option, *value;
	} options[] = {{"--gid", r->user.group}, {"--home-dir", r->user.home}, {"--shell", r->user.shell}};
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].value) {
			argv[n++] = options[i].option;
			argv[n++] = options[i].value;
		}
	argv[n++] = "--";
	argv[n++] = r->user.name;
	return make_account(s, argv, what, err);
}

const struct resource_ops group_ops = {.probe = group_probe, .apply = group_apply};
const struct resource_ops user_ops = {.probe = user_probe, .apply = user_apply};
