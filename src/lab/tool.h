/* tool: the programs that the lab is made with (ip, nft, mmdebstrap, ...), run one at a time to their end. */
#ifndef REEVE_LAB_TOOL_H
#define REEVE_LAB_TOOL_H

#include "base/err.h"
#include "base/strbuf.h"

/*
 * Runs argv[0] from PATH and waits for it. `input` (may be NULL) is its standard input. Its output goes to `log_fd`
 * where that is not -1; else standard output is appended to `out` (may be NULL), at most 1 MiB of it, and standard
 * error is kept for the error. A status other than 0 is ERR_FAILED and quotes the last line said.
 */
int tool_run(const char *const *argv, const char *input, struct strbuf *out, int log_fd, struct err *err);

/* ERR_MISSING, naming the Debian package, where the program is not in PATH. */
int tool_need(const char *program, const char *package, struct err *err);

#endif
