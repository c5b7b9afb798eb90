#include "lab/ram.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/vec.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

/* A listener that gets the calls to sysinfo(2) from here on; -1 with errno. */
static int ram_filter(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sysinfo, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = ARRAY_LEN(code), .filter = code};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

union ram_message {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static int ram_send(int socket, int fd)
{
	char byte = 0;
	struct iovec text = {&byte, 1};
	union ram_message control = {.room = {0}};
	struct msghdr message = {
	    .msg_iov = &text, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};

	control.header =
	    (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* -1 where the other end was closed instead. */
static int ram_receive(int socket)
{
	char byte;
	int fd = -1;
	struct iovec text = {&byte, 1};
	union ram_message control = {.room = {0}};
	struct msghdr message = {
	    .msg_iov = &text, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && message.msg_controllen >= CMSG_LEN(sizeof fd) &&
	    control.header.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
	return fd;
}

/* What the machine says, in bytes, with no more than `total` of anything, and without swap. */
static void ram_bound(struct sysinfo *s, unsigned long total)
{
	unsigned long *const amounts[] = {&s->freeram, &s->sharedram, &s->bufferram};
	unsigned long unit = s->mem_unit ? s->mem_unit : 1;

	for (size_t i = 0; i < ARRAY_LEN(amounts); i++)
		*amounts[i] = *amounts[i] > total / unit ? total : *amounts[i] * unit;
	s->totalram = total;
	s->totalswap = s->freeswap = s->totalhigh = s->freehigh = 0;
	s->mem_unit = 1;
}

static void ram_answer(int listener, unsigned long total)
{
	struct seccomp_notif call = {0};
	struct seccomp_notif_resp answer = {0};
	struct sysinfo s;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return; /* who called has ended */
	answer.id = call.id;
	if (sysinfo(&s) < 0) {
		answer.error = -errno;
	} else {
		ram_bound(&s, total);
		const struct iovec from = {&s, sizeof s}, to = {(void *)(uintptr_t)call.data.args[0], sizeof s};
		/* The number may have become another's until here; what is written while the call is still valid is
		 * its own. */
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call.id) < 0)
			return;
		if (process_vm_writev((pid_t)call.pid, &from, 1, &to, 1, 0) != sizeof s)
			answer.error = -EFAULT;
	}
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* The process that answers: no child of the node's, and with nothing open but the listener and the node's log. */
__attribute__((noreturn)) static void ram_serve(int socket, unsigned long total)
{
	int listener = ram_receive(socket);

	if (listener < 0 || dup2(listener, 3) < 0 || syscall(SYS_close_range, 4, ~0U, 0) < 0)
		_exit(1);
	(void)prctl(PR_SET_NAME, "reeve-lab-ram");
	for (;;) {
		struct pollfd ready = {.fd = 3, .events = POLLIN};
		if (poll(&ready, 1, -1) < 0 && errno != EINTR)
			_exit(1);
		if (ready.revents & POLLIN)
			ram_answer(3, total);
		else if (ready.revents)
			_exit(0); /* nobody has the filter any more */
	}
}

/* Its process is started before the filter is set: it could not answer itself. */
int ram_tell(unsigned long mib, struct err *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_system(err, errno, "cannot make a socket");
	_cleanup_fd_ int ours = ends[0], theirs = ends[1];
	pid_t middle = fork();
	if (middle == 0) {
		close(ours);
		pid_t pid = fork();
		if (pid == 0)
			ram_serve(theirs, mib << 20);
		_exit(pid < 0);
	}
	int status;
	if (middle < 0 || waitpid(middle, &status, 0) != middle || status)
		return err_system(err, errno ? errno : EAGAIN, "cannot start a process");
	_cleanup_fd_ int listener = ram_filter();
	if (listener < 0 || ram_send(ours, listener) < 0)
		return err_system(err, errno,
				  "this kernel does not let the memory of a node be told (seccomp_unotify(2))");
	return 0;
}
