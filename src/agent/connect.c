/*
 * The question "connect": who answers at these addresses? All are tried beside each other.
 *
 * Nothing is left at the other end. The kernel's ACK that would complete the handshake is delayed (TCP_QUICKACK off, tcp(7)),
 * and by then the socket was closed with a reset (SO_LINGER of 0, socket(7)), so that a daemon which listens never sees the
 * connection, and writes nothing into its log. HAProxy checks servers in this way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/question.h"
#include "base/clock.h"
#include "base/mem.h"
#include "wire/wire.h"

/* AT_ONCE: of the 1024 descriptors that a process has unless somebody gave it more. */
enum { AT_ONCE = 768, TIMEOUT_MS = 10000, KEY = INET6_ADDRSTRLEN + sizeof " 65535" };

struct address {
	struct sockaddr_storage sa;
	socklen_t len;
	char key[KEY];
};

static bool parse(const char *text, json_int_t port, struct address *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->sa;
	*ret = (struct address){0};
	if (port < 1 || port > 65535)
		return false;
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		ret->len = sizeof *v4;
	} else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		ret->len = sizeof *v6;
	}
	snprintf(ret->key, sizeof ret->key, "%.*s %d", INET6_ADDRSTRLEN, text, (int)port);
	return ret->len > 0;
}

/* The descriptor on which the answer is waited for; -1: `*ret` is known. */
static int begin(const struct address *a, int *ret)
{
	const struct linger reset = {.l_onoff = 1};
	const int off = 0;
	int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
		if (connect(fd, (const struct sockaddr *)&a->sa, a->len) < 0 && errno == EINPROGRESS)
			return fd;
	}
	*ret = errno;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void end(struct pollfd *p, int *ret)
{
	int error = ETIMEDOUT;
	socklen_t len = sizeof error;
	if (p->revents)
		getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	*ret = error;
	close(p->fd);
	p->fd = -1;
}

static void try_some(const struct address *addresses, size_t count, json_int_t timeout_ms, int *results)
{
	struct pollfd fds[AT_ONCE] = {{0}};
	uint64_t until = clock_ms() + (uint64_t)timeout_ms, now;
	size_t left = 0;
	for (size_t i = 0; i < count; i++) {
		errno = 0;
		fds[i] = (struct pollfd){.fd = begin(&addresses[i], &results[i]), .events = POLLOUT};
		left += fds[i].fd >= 0;
	}
	while (left && (now = clock_ms()) < until) {
		if (poll(fds, count, (int)(until - now)) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < count; i++)
			if (fds[i].fd >= 0 && fds[i].revents) {
				end(&fds[i], &results[i]);
				left--;
			}
	}
	for (size_t i = 0; i < count; i++)
		if (fds[i].fd >= 0) {
			fds[i].revents = 0;
			end(&fds[i], &results[i]);
		}
}

static int read_addresses(json_t *list, struct address *ret)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		const char *text;
		json_int_t port;
		if (json_unpack_ex(item, NULL, JSON_STRICT, "[s, I]", &text, &port) < 0 || !parse(text, port, &ret[i]))
			return -1;
	}
	return 0;
}

json_t *connect_ask(struct session *s, json_t *item, struct err *err)
{
	(void)s;
	json_t *list;
	json_int_t timeout_ms;
	_cleanup_arena_ struct arena *arena = arena_new();
	if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:o, s:I}", "connect", &list, "timeout", &timeout_ms) < 0 ||
	    !json_is_array(list) || json_array_size(list) > WIRE_CONNECT_MAX || timeout_ms < 1 ||
	    timeout_ms > TIMEOUT_MS) {
		err_set(err, ERR_PROTOCOL, "an item (connect) of a wrong shape");
		return NULL;
	}
	size_t count = json_array_size(list);
	struct address *addresses = arena_calloc(arena, count + 1, sizeof *addresses);
	int *results = arena_calloc(arena, count + 1, sizeof *results);
	if (read_addresses(list, addresses) < 0) {
		err_set(err, ERR_PROTOCOL, "an item (connect) with something that is not an address and a port");
		return NULL;
	}
	for (size_t at = 0; at < count; at += AT_ONCE)
		try_some(addresses + at, count - at < AT_ONCE ? count - at : AT_ONCE, timeout_ms, results + at);
	json_t *all = json_object();
	for (size_t i = 0; i < count; i++)
		json_object_set_new(all, addresses[i].key, json_integer(results[i]));
	return json_pack("{s:o}", "results", all);
}
