/* What a host of a Slurm cluster can be called, and where the others can find it: one rule for check, adopt and init. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "inventory/inventory.h"

bool inventory_is_address(const char *text)
{
	struct in6_addr v6;
	return inet_pton(AF_INET6, text, &v6) == 1 || (*text && strspn(text, "0123456789.") == strlen(text));
}

/* slurm.conf(5): NodeName=DEFAULT gives defaults, Nodes=ALL means all. */
const char *inventory_name_fault(const char *name)
{
	if (inventory_is_address(name))
		return strchr(name, '.') || strchr(name, ':')
			   ? "is an address, and a host's name has to be what `hostname -s` prints on it"
			   : "is a number, and programs take a number for an address";
	if (!str_is_name(name, INV_MAX_NAME))
		return "is not a host name: letters, digits, '.', '_' and '-', at most 63 of them, beginning with a "
		       "letter or digit";
	if (!strcasecmp(name, "all") || !strcasecmp(name, "default"))
		return "has a meaning of its own in Slurm";
	if (!strcasecmp(name, "localhost") || !strncasecmp(name, "localhost.", 10))
		return "is what every machine calls itself";
	return NULL;
}

bool inventory_is_loopback(const char *address)
{
	static const char *const names[] = {"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"};
	struct in_addr v4;
	struct in6_addr v6;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcasecmp(address, names[i]))
			return true;
	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

const char *inventory_address_fault(const char *address, bool alone)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (inventory_is_loopback(address))
		return alone ? NULL : "is this machine's own for every host that uses it";
	if (inet_pton(AF_INET, address, &v4) == 1) {
		unsigned first = ntohl(v4.s_addr) >> 24;
		return first == 0                             ? "is not the address of a host"
		       : v4.s_addr == htonl(INADDR_BROADCAST) ? "is the broadcast address"
		       : first >= 224 && first < 240          ? "is a multicast address"
		       : first >= 240                         ? "is not the address of a host"
							      : NULL;
	}
	if (inet_pton(AF_INET6, address, &v6) == 1)
		return IN6_IS_ADDR_UNSPECIFIED(&v6) ? "is not the address of a host"
		       : IN6_IS_ADDR_MULTICAST(&v6) ? "is a multicast address"
						    : NULL;
	return NULL;
}
