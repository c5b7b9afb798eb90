/* newfile: a cluster.yaml that a command writes: where to, that nothing is overwritten, that it is right. */
#ifndef REEVE_CLI_NEWFILE_H
#define REEVE_CLI_NEWFILE_H

#include "base/strbuf.h"
#include "cli/context.h"

/* -o, else -f, else cluster.yaml; "-" is standard output. */
const char *newfile_path(const struct context *context);

/* What is said with --name; -1 where that is no name for a cluster, an exit status then in *ret_status. */
int newfile_name(const struct context *context, const char **ret, int *ret_status);

/* May `path` be written? An exit status, said, or -1. */
int newfile_refused(const struct context *context, const char *path);

/* Writes it, after it has passed reeve's own check: an exit status. `count` hosts are in it. */
int newfile_save(struct context *context, const char *path, const struct strbuf *text, size_t count, const char *next);

#endif
