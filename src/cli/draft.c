#include "cli/draft.h"

#include <ctype.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "conf/print.h"
#include "inventory/inventory.h"
#include "slurm/version.h"

/* The first label of a DNS name, in lower case as Slurm's users write it; NULL for what is no name. */
static const char *label(struct arena *arena, const char *name)
{
	if (!name || inventory_is_address(name))
		return NULL;
	char *s = arena_strndup(arena, name, strcspn(name, "."));
	for (char *p = s; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return inventory_name_fault(s) ? NULL : s;
}

int draft_names(struct draft_host *hosts, size_t count, struct arena *arena, struct err *err)
{
	_cleanup_map_ struct map taken = {0};
	for (size_t i = 0; i < count; i++) {
		struct draft_host *h = &hosts[i];
		h->name = label(arena, h->facts->hostname);
		if (!h->name && !streq(h->address, "local"))
			h->name = label(arena, h->address);
		if (!h->name)
			return err_set(err, ERR_INPUT, "%s calls itself '%s', which cannot be a node's name",
				       h->address, h->facts->hostname);
		const struct draft_host *other = map_set(&taken, h->name, h);
		if (other)
			return err_set(err, ERR_INPUT, "%s and %s both call themselves '%s'", other->address,
				       h->address, h->name);
	}
	return 0;
}

static size_t scalar_width(const char *text)
{
	_cleanup_strbuf_ struct strbuf s = {0};
	conf_print_scalar(&s, text);
	return s.len;
}

/* Text of a host in a comment: letters, digits and a few signs, so that no host writes a line into the file. */
static void print_said(struct strbuf *out, const char *text)
{
	for (; text && *text; text++)
		strbuf_addc(out, isalnum((unsigned char)*text) || strchr(" ._+-", *text) ? *text : '?');
}

static void print_host(struct strbuf *out, const struct draft_host *h, size_t name_width, size_t address_width)
{
	_cleanup_strbuf_ struct strbuf address = {0};
	if (h->user)
		strbuf_adds(&address, "{ address: ");
	if (streq(h->address, "local"))
		strbuf_adds(&address, "local");
	else
		conf_print_scalar(&address, h->address);
	if (h->user) {
		strbuf_adds(&address, ", user: ");
		conf_print_scalar(&address, h->user);
		strbuf_adds(&address, " }");
	}
	strbuf_adds(out, "  ");
	conf_print_scalar(out, h->name);
	strbuf_addf(out, ":%*s %-*s  # ", (int)(name_width - scalar_width(h->name)), "", (int)address_width,
		    strbuf_str(&address));
	print_said(out, h->facts->os);
	strbuf_addc(out, ' ');
	print_said(out, h->facts->os_version);
	strbuf_addc(out, ' ');
	print_said(out, h->facts->arch);
	strbuf_addf(out, ", %u CPUs, %llu MB\n", h->facts->hardware.cpus,
		    (unsigned long long)h->facts->hardware.memory);
}

/* The release that the hosts have or would get, where they agree; else "". */
static const char *common_release(const struct draft_host *hosts, size_t count, char text[8])
{
	unsigned release = 0;
	for (size_t i = 0; i < count; i++) {
		const struct facts_package *p = &hosts[i].facts->roles[ROLE_NODE].package;
		const char *version = p->installed ? p->installed : p->candidate;
		struct slurm_version v;
		if (!version || slurm_version_parse(version, &v, NULL) < 0 || !slurm_release_usable(v.release) ||
		    (release && v.release != release))
			return "";
		release = v.release;
	}
	return release ? slurm_release_print(release, text) : "";
}

static void print_hosts(struct strbuf *out, const struct draft_host *hosts, size_t count)
{
	size_t name_width = 0, address_width = 0;
	for (size_t i = 0; i < count; i++) {
		size_t name = scalar_width(hosts[i].name);
		size_t address = hosts[i].user ? 0 : scalar_width(hosts[i].address);
		name_width = name > name_width ? name : name_width;
		address_width = address > address_width ? address : address_width;
	}
	strbuf_adds(
	    out,
	    "hosts:                                  # name: address, or { address: ..., user: ..., port: ... }\n");
	for (size_t i = 0; i < count; i++)
		print_host(out, &hosts[i], name_width, address_width);
}

void draft_print(struct strbuf *out, const char *cluster, const struct draft_host *hosts, size_t count)
{
	char text[8];
	const char *release = common_release(hosts, count, text);
	bool one = count == 1;
	strbuf_adds(
	    out, "# A Slurm cluster. 'reeve check' says whether this file is right, 'reeve plan' what would be\n"
		 "# done, and 'reeve apply' does it. CPUs and memory of the nodes are measured, never written here.\n"
		 "\n"
		 "reeve: 1                                # version of this language\n");
	strbuf_addf(out, "cluster: ");
	conf_print_scalar(out, cluster);
	strbuf_addf(out, "%*s # ClusterName\n", (int)(scalar_width(cluster) < 30 ? 30 - scalar_width(cluster) : 0), "");
	strbuf_addf(out, "# slurm_version: \"%s\"%s                # refuse any other release\n\n",
		    *release ? release : "24.11", "");
	print_hosts(out, hosts, count);
	strbuf_adds(out, "\ncontrollers: [");
	conf_print_scalar(out, hosts[0].name);
	strbuf_adds(out, one ? "]\n" : "]   # the first is the primary, others take over; they need a shared state\n");
	strbuf_adds(
	    out,
	    "# state: /var/spool/slurmctld           # where slurmctld keeps its state\n"
	    "compute: all                            # which hosts run jobs: a list, or a hostlist\n"
	    "\n"
	    "partitions:\n"
	    "  main: { nodes: all, default: true }   # also: max_time: 2-00:00:00, and Slurm's other parameters\n"
	    "\n"
	    "# memory: { reserve: 256 MB }           # kept from jobs on each node\n"
	    "# slurm:                                # any parameter of slurm.conf that reeve does not set itself\n"
	    "#   ReturnToService: 2\n"
	    "\n"
	    "modules: [core]                         # add lmod for environment modules\n");
}
