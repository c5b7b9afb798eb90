#include "agent/mount-unit.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

#define MARK "# Written by reeve.\n"

/* Those that systemd itself starts after the network (systemd.mount(5)); others say _netdev. */
static const char *const network_types[] = {"afs",    "ceph", "cifs", "davfs", "glusterfs", "gfs2",
					    "lustre", "nfs",  "nfs4", "ocfs2", "smb3",      "sshfs"};

static bool is_network(const struct resource *r)
{
	for (size_t i = 0; i < ARRAY_LEN(network_types); i++)
		if (streq(r->mount.fstype, network_types[i]))
			return true;
	return str_has_item(r->mount.options, "_netdev", strncmp);
}

/* In a unit file % begins a specifier. */
static void add_line(struct strbuf *text, const char *key, const char *value)
{
	strbuf_addf(text, "%s=", key);
	for (const char *p = value; *p; p++) {
		if (*p == '%')
			strbuf_addc(text, '%');
		strbuf_addc(text, *p);
	}
	strbuf_addc(text, '\n');
}

static void add_install(struct strbuf *text, const struct resource *r)
{
	strbuf_addf(text, "\n[Install]\nWantedBy=%s\n", is_network(r) ? "remote-fs.target" : "local-fs.target");
}

const char *mount_unit_text(const struct resource *r, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_adds(&text, MARK "[Mount]\n");
	add_line(&text, "What", r->mount.source);
	add_line(&text, "Where", r->mount.where);
	add_line(&text, "Type", r->mount.fstype);
	if (r->mount.options)
		add_line(&text, "Options", r->mount.options);
	strbuf_addf(&text, "TimeoutSec=%u\n", r->mount.timeout_s);
	if (!r->mount.automount)
		add_install(&text, r);
	return arena_strndup(arena, text.data, text.len);
}

const char *mount_unit_automount_text(const struct resource *r, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_adds(&text, MARK "[Automount]\n");
	add_line(&text, "Where", r->mount.where);
	add_install(&text, r);
	return arena_strndup(arena, text.data, text.len);
}

bool mount_unit_is_ours(const char *text)
{
	return str_starts(text, MARK);
}

const char *mount_unit_get(const char *text, const char *key, struct arena *arena)
{
	size_t len = strlen(key);
	for (char *rest = arena_strdup(arena, text), *line; (line = str_next_line(&rest));) {
		if (strncmp(line, key, len) != 0 || line[len] != '=')
			continue;
		char *value = line + len + 1, *to = value;
		for (const char *p = value; *p; p++) {
			p += p[0] == '%' && p[1] == '%';
			*to++ = *p;
		}
		*to = '\0';
		return value;
	}
	return "";
}
