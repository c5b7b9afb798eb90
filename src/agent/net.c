/* The network of a sandbox, by rtnetlink(7): there may be no ip(8), and it is five messages. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/sandbox.h"
#include "base/fd.h"
#include "base/str.h"

#define DUMMY "reeve0"

struct message {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		char room[256];
	};
};

static void begin(struct message *m, unsigned short type, unsigned short flags, size_t body)
{
	memset(m, 0, sizeof *m);
	m->header = (struct nlmsghdr){.nlmsg_len = (unsigned)NLMSG_LENGTH(body),
				      .nlmsg_type = type,
				      .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags)};
}

static struct rtattr *add(struct message *m, unsigned short type, const void *bytes, size_t len)
{
	struct rtattr *a = (struct rtattr *)((char *)m + NLMSG_ALIGN(m->header.nlmsg_len));
	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), bytes, len);
	m->header.nlmsg_len = (unsigned)(NLMSG_ALIGN(m->header.nlmsg_len) + RTA_ALIGN(a->rta_len));
	return a;
}

/* Sends one and waits for the kernel's word: 0, or a positive errno. */
static int ask(int fd, struct message *m)
{
	char answer[4096];
	if (send(fd, m, m->header.nlmsg_len, 0) < 0)
		return errno;
	ssize_t n = recv(fd, answer, sizeof answer, 0);
	const struct nlmsghdr *h = (const struct nlmsghdr *)answer;
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || h->nlmsg_type != NLMSG_ERROR)
		return EPROTO;
	return -((const struct nlmsgerr *)NLMSG_DATA(h))->error;
}

static int make_dummy(int fd)
{
	struct message m;
	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof m.link);
	add(&m, IFLA_IFNAME, DUMMY, sizeof DUMMY);
	struct rtattr *info = add(&m, IFLA_LINKINFO, NULL, 0);
	add(&m, IFLA_INFO_KIND, "dummy", 5);
	info->rta_len = (unsigned short)((char *)&m + m.header.nlmsg_len - (char *)info);
	return ask(fd, &m);
}

static int bring_up(int fd, unsigned index)
{
	struct message m;
	begin(&m, RTM_NEWLINK, 0, sizeof m.link);
	m.link.ifi_index = (int)index;
	m.link.ifi_flags = m.link.ifi_change = IFF_UP;
	return ask(fd, &m);
}

static int add_address(int fd, unsigned index, int family, const void *bytes, size_t len, unsigned prefix)
{
	struct message m;
	begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof m.address);
	m.address.ifa_family = (unsigned char)family;
	m.address.ifa_prefixlen = (unsigned char)prefix;
	m.address.ifa_index = index;
	add(&m, IFA_LOCAL, bytes, len);
	add(&m, IFA_ADDRESS, bytes, len);
	return ask(fd, &m);
}

int net_set_up(const char *address, struct err *err)
{
	unsigned char bytes[16];
	uint64_t prefix = 0;
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	unsigned lo = if_nametoindex("lo");
	if (fd < 0 || !lo)
		return err_system(err, errno, "no network in the sandbox");
	int sys = bring_up(fd, lo);
	if (sys)
		return err_system(err, sys, "cannot bring up lo");
	if (!address)
		return 0;
	_cleanup_free_ char *text = xstrdup(address);
	char *slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	uint64_t most = family == AF_INET ? 32 : 128;
	if (!slash || str_to_u64(slash + 1, 1, most, &prefix) < 0 || inet_pton(family, text, bytes) != 1)
		return err_set(err, ERR_PROTOCOL, "the sandbox's address %s is not an address", address);
	unsigned index = lo;
	if (make_dummy(fd) == 0)
		index = if_nametoindex(DUMMY);
	sys = add_address(fd, index, family, bytes, family == AF_INET ? 4 : 16, (unsigned)prefix);
	if (!sys && index != lo)
		sys = bring_up(fd, index);
	return sys ? err_system(err, sys, "cannot set the sandbox's address") : 0;
}
