#include "agent/failpoint.h"

#ifdef REEVE_FAILPOINTS
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
	pid_t agent;
	long passed, wanted;
} * shared; /* with the agent's copies (worker.h) */

__attribute__((constructor)) static void begin(void)
{
	const char *value = getenv("REEVE_FAILPOINT");
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
	shared->agent = getpid();
	shared->wanted = value ? strtol(value, NULL, 10) : 0;
}

void failpoint(void)
{
	if (++shared->passed != shared->wanted)
		return;
	kill(shared->agent, SIGKILL);
	for (;;)
		pause(); /* a copy ends with it */
}
#endif
