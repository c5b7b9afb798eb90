/*
 * backup: what a file was before it was replaced or removed: /var/lib/reeve/backup/PATH.TIME with every '/' of PATH
 * written %2F, readable by root only (it may be a secret). The newest BACKUP_KEPT of each path are kept.
 */
#ifndef REEVE_AGENT_BACKUP_H
#define REEVE_AGENT_BACKUP_H

#include "agent/root.h"
#include "base/err.h"

enum { BACKUP_KEPT = 10 };

/* Copies the file that is open as `fd` and called `path`. Blocks on the disk. */
int backup_keep(const struct root *root, const char *path, int fd, struct err *err);

#endif
