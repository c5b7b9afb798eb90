#include "lab/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "lab/tool.h"

const char *identity_lab_key(const struct place *p)
{
	return place_path(p, "keys/id_ed25519");
}

const char *identity_host_key(const struct place *p, const char *node)
{
	return place_path(p, "keys/host_%s", node);
}

/* ssh-keygen writes the private half first: the pair is made beside and the public half renamed last. */
static int make_key(const struct place *p, const char *path, const char *comment, struct err *err)
{
	const char *aside = arena_printf(p->arena, "%s.new", path);
	const char *public = arena_printf(p->arena, "%s.pub", path),
		   *public_aside = arena_printf(p->arena, "%s.pub", aside);

	if (access(public, F_OK) == 0)
		return 0;
	(void)unlink(aside);
	if (tool_run(
		(const char *const[]){"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", aside, NULL},
		NULL, NULL, -1, err) < 0)
		return -1;
	if (rename(aside, path) < 0 || rename(public_aside, public) < 0)
		return err_system(err, errno, "cannot put %s in place", path);
	return 0;
}

int identity_keys(const struct place *p, const struct roster *r, struct err *err)
{
	if (dir_make(place_path(p, "keys"), 0700, err) < 0)
		return -1;
	if (make_key(p, identity_lab_key(p), arena_printf(p->arena, "reeve-lab-%s", p->cluster), err) < 0)
		return -1;
	for (size_t i = 0; i < r->node_count; i++)
		if (make_key(p, identity_host_key(p, r->nodes[i].node.name), r->nodes[i].node.name, err) < 0)
			return -1;
	return 0;
}

static void add_names(struct strbuf *b, const struct lab_node *n, char separator)
{
	strbuf_adds(b, n->name);
	if (!streq(n->hostname, n->name))
		strbuf_addf(b, "%c%s", separator, n->hostname);
	strbuf_addf(b, "%c%s", separator, n->address);
}

int identity_write(const struct place *p, const struct roster *r, struct err *err)
{
	_cleanup_strbuf_ struct strbuf known = {0}, config = {0};

	for (size_t i = 0; i < r->node_count; i++) {
		const struct lab_node *n = &r->nodes[i].node;
		_cleanup_strbuf_ struct strbuf key = {0};
		const char *path = arena_printf(p->arena, "%s.pub", identity_host_key(p, n->name));
		if (file_read(path, 4096, &key, err) < 0)
			return -1;
		add_names(&known, n, ',');
		strbuf_addf(&known, " %s", strbuf_str(&key));
		strbuf_adds(&config, "Host ");
		add_names(&config, n, ' ');
		strbuf_addf(&config, "\n\tHostName %s\n", n->address);
	}
	strbuf_addf(&config,
		    "Host *\n\tUser root\n\tPort 22\n\tIdentityFile %s\n\tIdentitiesOnly yes\n\tIdentityAgent none\n"
		    "\tUserKnownHostsFile %s\n\tGlobalKnownHostsFile /dev/null\n\tStrictHostKeyChecking yes\n"
		    "\tPreferredAuthentications publickey\n\tConnectTimeout 20\n\tLogLevel ERROR\n",
		    identity_lab_key(p), place_path(p, "known_hosts"));
	if (file_write_atomic(place_path(p, "known_hosts"), strbuf_str(&known), known.len, 0644, err) < 0)
		return -1;
	return file_write_atomic(place_path(p, "ssh_config"), config.data, config.len, 0644, err);
}

const char *identity_hosts(const struct place *p, const struct roster *r)
{
	_cleanup_strbuf_ struct strbuf hosts = {0};

	strbuf_adds(&hosts, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	for (size_t i = 0; i < r->node_count; i++) {
		const struct lab_node *n = &r->nodes[i].node;
		strbuf_addf(&hosts, "%s\t%s", n->address, n->hostname);
		if (!streq(n->hostname, n->name))
			strbuf_addf(&hosts, " %s", n->name);
		strbuf_addc(&hosts, '\n');
	}
	return arena_strdup(p->arena, strbuf_str(&hosts));
}
