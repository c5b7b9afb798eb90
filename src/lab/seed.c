#include "lab/seed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "lab/identity.h"

const char *seed_machine_id(const struct place *p, const char *node)
{
	_cleanup_free_ char *text = xasprintf("reeve-lab %s %s", p->cluster, node);

	return arena_printf(p->arena, "%.32s", digest_of(text, strlen(text)).hex);
}

/* resolv.conf of this machine; where that names a resolver on the loopback, the one that it asks. */
static int resolvers(struct strbuf *out, struct err *err)
{
	static const char *const files[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		strbuf_reset(out);
		if (access(files[i], R_OK) < 0)
			continue;
		if (file_read(files[i], 1U << 20, out, err) < 0)
			return -1;
		if (!strstr(strbuf_str(out), "nameserver 127."))
			break;
	}
	return 0;
}

static int copy_file(const char *from, const char *to, mode_t mode, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	return file_read(from, 1U << 20, &text, err) < 0 ? -1 : place_write(to, mode, strbuf_str(&text), text.len, err);
}

/* They take the place of the image's: with the same modes. */
static int make_dirs(const struct place *p, const char *node, const char *dir, struct err *err)
{
	static const struct {
		const char *path;
		mode_t mode;
	} dirs[] = {{"", 0755},      {"/etc", 0755},       {"/etc/ssh", 0755},
		    {"/root", 0700}, {"/root/.ssh", 0700}, {"/var", 0755}};

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (dir_make(arena_printf(p->arena, "%s%s", place_node(p, node, dir), dirs[i].path), dirs[i].mode,
			     err) < 0)
			return -1;
	return 0;
}

int seed_write(const struct place *p, const struct roster *r, const struct roster_node *n, const char *dir,
	       const char *hosts, struct err *err)
{
	const char *node = n->node.name, *key = identity_host_key(p, node), *top = place_node(p, node, dir);
	_cleanup_strbuf_ struct strbuf dns = {0};

	if (make_dirs(p, node, dir, err) < 0 || resolvers(&dns, err) < 0)
		return -1;
	_cleanup_free_ char *id = xasprintf("%s\n", seed_machine_id(p, node));
	_cleanup_free_ char *hostname = xasprintf("%s\n", n->node.hostname);
	_cleanup_free_ char *network = xasprintf("ADDRESS=%s/%u\nGATEWAY=%s\n", n->node.address, r->subnet.prefix,
						 subnet_address(p->arena, r->subnet.gateway));
	const struct {
		const char *path, *text;
		mode_t mode;
	} files[] = {
	    {"etc/hostname", hostname, 0644},
	    {"etc/reeve-lab", network, 0644},
	    {"etc/machine-id", id, 0444},
	    {"etc/hosts", hosts, 0644},
	    {"etc/resolv.conf", strbuf_str(&dns), 0644},
	    /* The image is up to date: without these systemd runs ldconfig, sysusers and more at every node's first boot
	     * (systemd-update-done.service(8)). */
	    {"etc/.updated", "", 0644},
	    {"var/.updated", "", 0644},
	};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (place_write(arena_printf(p->arena, "%s/%s", top, files[i].path), files[i].mode, files[i].text,
				strlen(files[i].text), err) < 0)
			return -1;
	const struct {
		const char *from, *to;
		mode_t mode;
	} copies[] = {
	    {key, "etc/ssh/ssh_host_ed25519_key", 0600},
	    {arena_printf(p->arena, "%s.pub", key), "etc/ssh/ssh_host_ed25519_key.pub", 0644},
	    {arena_printf(p->arena, "%s.pub", identity_lab_key(p)), "root/.ssh/authorized_keys", 0600},
	};
	for (size_t i = 0; i < ARRAY_LEN(copies); i++)
		if (copy_file(copies[i].from, arena_printf(p->arena, "%s/%s", top, copies[i].to), copies[i].mode, err) <
		    0)
			return -1;
	return 0;
}
