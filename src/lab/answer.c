#include "lab/answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define ROUND_MS 150 /* how often refused connections are tried again */
#define CONNECT_MS 1000
#define PATIENCE_MS 20000

static int connect_start(const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(22)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* True when the matter of this connection is settled, one way or the other. */
static bool connect_look(struct answer *a)
{
	char banner[4];
	ssize_t got = recv(a->fd, banner, sizeof banner, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	a->yes = got == (ssize_t)sizeof banner && memcmp(banner, "SSH-", 4) == 0;
	close(a->fd);
	a->fd = -1;
	return true;
}

/*
 * A connection to a node whose address is not there yet hangs in the neighbour's resolution for seconds: it is given one
 * second only. Once it is made, a slow node may need many to start an sshd for it, and the more connections the longer.
 */
static bool is_late(const struct answer *a, uint64_t age)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof peer;

	return age > (getpeername(a->fd, (struct sockaddr *)&peer, &len) == 0 ? PATIENCE_MS : CONNECT_MS);
}

size_t answer_wait(struct answer *all, size_t count, unsigned ms, bool (*still)(struct answer *, void *),
		   void (*answered)(struct answer *, void *), void *context)
{
	_cleanup_free_ struct pollfd *fds = xcalloc(count + 1, sizeof *fds);
	_cleanup_free_ uint64_t *since = xcalloc(count + 1, sizeof *since);
	uint64_t start = clock_ms(), round = 0;
	size_t yes = 0, open = count;

	for (size_t i = 0; i < count; i++) {
		all[i].fd = -1;
		open -= all[i].given_up;
	}
	while (open && clock_ms() - start < ms) {
		if (clock_ms() - round >= ROUND_MS) {
			round = clock_ms();
			for (size_t i = 0; i < count; i++) {
				struct answer *a = &all[i];
				if (a->yes || a->given_up)
					continue;
				if (still && !still(a, context)) {
					a->given_up = true;
					open--;
				}
				if (a->fd >= 0 && (a->given_up || is_late(a, round - since[i]))) {
					close(a->fd);
					a->fd = -1;
				}
				if (a->fd < 0 && !a->given_up) {
					a->fd = connect_start(a->address);
					since[i] = round;
				}
			}
		}
		for (size_t i = 0; i < count; i++)
			fds[i] = (struct pollfd){.fd = all[i].fd, .events = POLLIN};
		if (poll(fds, (nfds_t)count, ROUND_MS) <= 0)
			continue;
		for (size_t i = 0; i < count; i++) {
			if (!fds[i].revents || !connect_look(&all[i]) || !all[i].yes)
				continue;
			yes++;
			open--;
			if (answered)
				answered(&all[i], context);
		}
	}
	for (size_t i = 0; i < count; i++)
		if (all[i].fd >= 0)
			close(all[i].fd);
	return yes;
}
