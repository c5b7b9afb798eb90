#include "agent/account.h"

#include "agent/child.h"
#include "agent/failpoint.h"

enum { ACCOUNT_MS = 60000 };

int account_run(struct session *s, const char *const *argv, const char *input, size_t len, struct err *err)
{
	const struct child_spec spec = {
	    .argv = argv, .input = input, .input_len = len, .timeout_ms = ACCOUNT_MS, .locked = true};
	failpoint();
	int r = child_run(s, &spec, NULL, err);
	failpoint();
	return r;
}
