/* account: the programs of shadow-utils that change accounts. They take their own locks, and end what they began. */
#ifndef REEVE_AGENT_ACCOUNT_H
#define REEVE_AGENT_ACCOUNT_H

#include <stddef.h>

#include "base/err.h"

struct session;

/* Runs it, for a minute at most. `input` is what it reads, NULL: nothing. Secrets go there and never into argv. */
int account_run(struct session *s, const char *const *argv, const char *input, size_t len, struct err *err);

#endif
