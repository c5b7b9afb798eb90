#include "lab/bridge.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "lab/foreign.h"
#include "lab/process.h"
#include "lab/tool.h"

static uint32_t mask_of(unsigned prefix)
{
	return prefix ? ~(uint32_t)0 << (32 - prefix) : 0;
}

static int address_parse(const char *text, uint32_t *ret)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return -1;
	*ret = ntohl(in.s_addr);
	return 0;
}

const char *subnet_address(struct arena *arena, uint32_t address)
{
	return arena_printf(arena, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
			    address & 255);
}

const char *subnet_text(struct arena *arena, const struct subnet *s)
{
	return arena_printf(arena, "%s/%u", subnet_address(arena, s->net), s->prefix);
}

int subnet_parse(const char *text, struct subnet *ret)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *slash = strchr(copy, '/');
	struct subnet s = {0};
	uint64_t prefix;

	if (!slash)
		return -1;
	*slash = '\0';
	if (address_parse(copy, &s.net) < 0 || str_to_u64(slash + 1, 0, 32, &prefix) < 0)
		return -1;
	s.prefix = (unsigned)prefix;
	*ret = s;
	return 0;
}

bool subnet_has(const struct subnet *s, const char *address)
{
	uint32_t a;

	return address_parse(address, &a) == 0 && (a & mask_of(s->prefix)) == s->net;
}

static bool taken(const uint32_t *addresses, size_t count, uint32_t address)
{
	for (size_t i = 0; i < count; i++)
		if (addresses[i] == address)
			return true;
	return false;
}

int subnet_of(const char *const *addresses, size_t count, struct subnet *ret, struct err *err)
{
	_cleanup_free_ uint32_t *all = xcalloc(count + 1, sizeof *all);
	struct subnet s = {.prefix = 24};

	for (size_t i = 0; i < count; i++) {
		if (address_parse(addresses[i], &all[i]) < 0)
			return err_set(err, ERR_INPUT, "'%s' is not an IPv4 address: the lab gives its nodes no other",
				       addresses[i]);
		if (taken(all, i, all[i]))
			return err_set(err, ERR_INPUT, "two nodes have the address %s", addresses[i]);
	}
	if (!count)
		return err_set(err, ERR_INPUT, "a lab needs at least one node");
	for (;; s.prefix--) {
		bool fits = true;
		s.net = all[0] & mask_of(s.prefix);
		uint32_t last = s.net | ~mask_of(s.prefix);
		for (size_t i = 0; i < count; i++)
			fits = fits && (all[i] & mask_of(s.prefix)) == s.net && all[i] != s.net && all[i] != last;
		for (s.gateway = s.net + 1; s.gateway != last && taken(all, count, s.gateway);)
			s.gateway++;
		if (fits && s.gateway != last)
			break;
		if (s.prefix == 8)
			return err_set(err, ERR_INPUT,
				       "the nodes' addresses do not lie in one network of /8 or smaller");
	}
	*ret = s;
	return 0;
}

int subnet_check(const struct subnet *s, char *routes, const char *bridge, struct err *err)
{
	str_next_line(&routes); /* the head of the table */
	for (char *line; routes && (line = str_next_line(&routes));) {
		char name[64];
		uint32_t to, mask;
		if (sscanf(line, "%63s %" SCNx32 " %*s %*s %*s %*s %*s %" SCNx32, name, &to, &mask) != 3)
			continue;
		to = ntohl(to);
		mask = ntohl(mask);
		uint32_t common = mask & mask_of(s->prefix);
		if (!mask || streq(name, bridge) || (to & common) != (s->net & common))
			continue;
		_cleanup_arena_ struct arena *arena = arena_new();
		return err_set(err, ERR_REFUSED,
			       "the lab's network %s overlaps the machine's route to %s/%d by %s%s; give the nodes "
			       "other addresses "
			       "or take that away",
			       subnet_text(arena, s), subnet_address(arena, to), __builtin_popcount(mask), name,
			       str_starts(name, "rv-") ? " (another lab)" : "");
	}
	return 0;
}

#define BRIDGES "rv-" /* how the bridges of all labs begin (place.c) */

enum { FORWARDING };

/*
 * What labs need of the kernel for all of the machine. Each systemd in a node takes some ten inotify instances of the
 * one user root, and with the usual 128 the twelfth node does not start (inotify(7)).
 */
static const struct setting {
	const char *path, *kept; /* kept: in it stands the boot and the value that was there before */
	uint64_t least;
} settings[] = {
    [FORWARDING] = {"/proc/sys/net/ipv4/ip_forward", "ip_forward.was-off", 1},
    {"/proc/sys/fs/inotify/max_user_instances", "inotify.was-low", 8192},
};

static int setting_write(const struct setting *s, uint64_t value, struct err *err)
{
	_cleanup_free_ char *text = xasprintf("%" PRIu64 "\n", value);
	_cleanup_fd_ int fd = open(s->path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 ? err_system(err, errno, "cannot write %s", s->path)
								  : 0;
}

/* Is it high enough as it is? What is no number is not touched. */
static int setting_read(const struct setting *s, uint64_t *ret_value, bool *ret_enough, struct err *err)
{
	_cleanup_strbuf_ struct strbuf now = {0};

	if (file_read(s->path, 64, &now, err) < 0)
		return -1;
	strbuf_str(&now);
	now.data[strcspn(now.data, "\n")] = '\0';
	*ret_enough = str_to_u64(now.data, 0, UINT64_MAX, ret_value) < 0 || *ret_value >= s->least;
	return 0;
}

static int setting_raise(const struct place *p, const struct setting *s, struct err *err)
{
	char boot[64];
	uint64_t value;
	bool enough;

	if (setting_read(s, &value, &enough, err) < 0)
		return -1;
	if (enough)
		return 0;
	_cleanup_free_ char *kept = xasprintf("%s %" PRIu64, process_boot(boot), value);
	if (file_write_atomic(arena_printf(p->arena, "%s/%s", p->labs, s->kept), kept, strlen(kept), 0644, err) < 0)
		return -1;
	return setting_write(s, s->least, err);
}

static int setting_put_back(const struct place *p, const struct setting *s, struct err *err)
{
	_cleanup_strbuf_ struct strbuf was = {0};
	const char *kept = arena_printf(p->arena, "%s/%s", p->labs, s->kept);
	char boot[64], *value;
	uint64_t old = 0;

	if (file_read(kept, 128, &was, NULL) < 0 || !was.len)
		return 0;
	value = strchr(was.data, ' ');
	if (value)
		*value++ = '\0';
	if (value && str_to_u64(value, 0, UINT64_MAX, &old) < 0)
		return err_set(err, ERR_INPUT, "%s is damaged", kept);
	if (streq(was.data, process_boot(boot)) && setting_write(s, old, err) < 0)
		return -1;
	if (unlink(kept) < 0)
		return err_system(err, errno, "cannot remove %s", kept);
	return 0;
}

/* Did a lab of this boot raise it, or will the next one? */
static bool setting_is_ours(const struct place *p, const struct setting *s)
{
	_cleanup_strbuf_ struct strbuf was = {0};
	char boot[64];
	uint64_t value;
	bool enough;

	if (setting_read(s, &value, &enough, NULL) == 0 && !enough)
		return true;
	if (file_read(arena_printf(p->arena, "%s/%s", p->labs, s->kept), 128, &was, NULL) < 0 || !was.len)
		return false;
	was.data[strcspn(was.data, " ")] = '\0';
	return streq(was.data, process_boot(boot));
}

static int settings_raise(const struct place *p, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (setting_raise(p, &settings[i], err) < 0)
			return -1;
	return 0;
}

static bool labs_left(void)
{
	struct if_nameindex *all = if_nameindex();
	bool left = false;

	for (struct if_nameindex *i = all; i && i->if_name; i++)
		left = left || str_starts(i->if_name, "rv-");
	if_freenameindex(all);
	return left;
}

/* Puts back what a lab of this boot changed. */
static int settings_put_back(const struct place *p, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (setting_put_back(p, &settings[i], err) < 0)
			return -1;
	return 0;
}

/*
 * Made, emptied and filled in one transaction (nft(8)). Where the machine forwarded nothing before there was a lab, it is
 * no router now: what is neither from nor to a lab's bridge is dropped.
 */
const char *bridge_rules(const struct place *p, const char *net, bool forwards_for_labs_alone)
{
	return arena_printf(
	    p->arena,
	    "table ip %s {}\ndelete table ip %s\ntable ip %s {\n"
	    " chain out { type nat hook postrouting priority srcnat; ip saddr %s oifname != \"%s\" masquerade; }\n"
	    " chain through { type filter hook forward priority filter; iifname \"%s\" accept; oifname \"%s\" "
	    "accept;%s }\n}\n",
	    p->table, p->table, p->table, net, p->bridge, p->bridge, p->bridge,
	    forwards_for_labs_alone ? " iifname != \"" BRIDGES "*\" oifname != \"" BRIDGES "*\" drop;" : "");
}

int bridge_up(const struct place *p, const struct subnet *s, struct err *err)
{
	const char *gateway = subnet_address(p->arena, s->gateway);
	const char *net = subnet_text(p->arena, s);
	_cleanup_fd_ int lock = place_lock(arena_printf(p->arena, "%s/network.lock", p->labs), err);
	_cleanup_strbuf_ struct strbuf routes = {0};

	if (lock < 0 || file_read("/proc/net/route", 16U << 20, &routes, err) < 0)
		return -1;
	if (routes.len && subnet_check(s, routes.data, p->bridge, err) < 0)
		return -1;
	_cleanup_free_ char *links =
	    xasprintf("%s%s%saddress replace %s/%u dev %s\nlink set %s up\n",
		      if_nametoindex(p->bridge) ? "" : "link add ", if_nametoindex(p->bridge) ? "" : p->bridge,
		      if_nametoindex(p->bridge) ? "" : " type bridge forward_delay 0\n", gateway, s->prefix, p->bridge,
		      p->bridge);
	if (tool_run((const char *const[]){"ip", "-batch", "-", NULL}, links, NULL, -1, err) < 0)
		return -1;
	const char *rules = bridge_rules(p, net, setting_is_ours(p, &settings[FORWARDING]));
	if (tool_run((const char *const[]){"nft", "-f", "-", NULL}, rules, NULL, -1, err) < 0)
		return -1;
	return settings_raise(p, err);
}

int bridge_down(const struct place *p, struct err *err)
{
	_cleanup_fd_ int lock = place_lock(arena_printf(p->arena, "%s/network.lock", p->labs), err);
	_cleanup_free_ char *rules = xasprintf("table ip %s {}\ndelete table ip %s\n", p->table, p->table);

	if (lock < 0)
		return -1;
	if (if_nametoindex(p->bridge) &&
	    tool_run((const char *const[]){"ip", "link", "delete", p->bridge, NULL}, NULL, NULL, -1, err) < 0)
		return -1;
	if (tool_run((const char *const[]){"nft", "-f", "-", NULL}, rules, NULL, -1, err) < 0)
		return -1;
	return labs_left() ? 0 : settings_put_back(p, err) < 0 ? -1 : foreign_release(p, err);
}

unsigned bridge_port(pid_t leader)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[96], name[IF_NAMESIZE];
	uint64_t port;

	/* the node's own sysfs: the index of its cable's other end, which is here */
	(void)snprintf(path, sizeof path, "/proc/%d/root/sys/class/net/host0/iflink", (int)leader);
	if (leader <= 0 || file_read(path, 64, &text, NULL) < 0 || !text.len)
		return 0;
	text.data[strcspn(text.data, "\n")] = '\0';
	if (str_to_u64(text.data, 1, INT32_MAX, &port) < 0 || !if_indextoname((unsigned)port, name) ||
	    !str_starts(name, "vb-"))
		return 0;
	return (unsigned)port;
}

int bridge_sweep(const struct place *p, const unsigned *ports, size_t count, struct err *err)
{
	const char *path = arena_printf(p->arena, "/sys/class/net/%s/brif", p->bridge);
	DIR *dir = opendir(path);
	int rc = 0;

	for (struct dirent *entry; dir && rc == 0 && (entry = readdir(dir));) {
		unsigned port = entry->d_name[0] == '.' ? 0 : if_nametoindex(entry->d_name);
		bool known = !port;
		for (size_t i = 0; i < count; i++)
			known = known || ports[i] == port;
		if (!known &&
		    tool_run((const char *const[]){"ip", "link", "delete", entry->d_name, NULL}, NULL, NULL, -1, err) <
			0 &&
		    if_nametoindex(entry->d_name))
			rc = -1;
	}
	if (dir)
		closedir(dir);
	return rc;
}

static bool link_says(const char *name, const char *file, const char *value)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	char path[64];

	(void)snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, file);
	return file_read(path, 16, &text, NULL) == 0 && streq(strbuf_str(&text), value);
}

/* Of a node that is just starting there is no carrier yet, and the bridge has closed the port by itself. */
bool bridge_port_closed(unsigned port)
{
	char name[IF_NAMESIZE];

	return if_indextoname(port, name) && link_says(name, "carrier", "1\n") &&
	       link_says(name, "brport/state", "0\n"); /* BR_STATE_DISABLED */
}

int bridge_port_set(unsigned port, bool open, struct err *err)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname(port, name))
		return err_system(err, errno, "the node has no cable on the lab's bridge");
	return tool_run((const char *const[]){"bridge", "link", "set", "dev", name, "state", open ? "3" : "0", NULL},
			NULL, NULL, -1, err);
}
