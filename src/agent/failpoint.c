#include "agent/failpoint.h"

#ifdef REEVE_FAILPOINTS
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

void failpoint(void)
{
	static long passed, wanted = -1;
	if (wanted < 0) {
		const char *value = getenv("REEVE_FAILPOINT");
		wanted = value ? strtol(value, NULL, 10) : 0;
	}
	if (++passed == wanted)
		kill(getpid(), SIGKILL);
}
#endif
