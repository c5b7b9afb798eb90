/* Groups: made where they are missing. What exists with another id belongs to someone, and is not changed. */
#include <stdio.h>

#include "agent/account.h"
#include "agent/passwd.h"
#include "agent/resource.h"
#include "agent/session.h"

static void probe(struct session *s, const struct resource *r, struct probe *p)
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

static int apply(struct session *s, const struct resource *r, const struct observed *found, struct strbuf *what,
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
	if (account_run(s, argv, NULL, 0, err) < 0)
		return -1;
	strbuf_adds(what, "made");
	return 0;
}

const struct resource_ops group_ops = {.probe = probe, .apply = apply};
