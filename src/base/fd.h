/* fd: file descriptors and whole files, bounded. All block; EINTR is handled inside. */
#ifndef REEVE_BASE_FD_H
#define REEVE_BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"

void fd_closep(int *fd);
#define _cleanup_fd_ __attribute__((cleanup(fd_closep)))

/* Writes all of it, or -1 with errno set. */
int fd_write_all(int fd, const void *bytes, size_t len);

/* Appends what is left in `fd` to `out`; more than `max` bytes is ERR_LIMIT. */
int fd_read_all(int fd, size_t max, struct strbuf *out, struct err *err);

/* The whole file, at most `max` bytes. ERR_SYSTEM with ENOENT where there is none. */
int file_read(const char *path, size_t max, struct strbuf *out, struct err *err);

/*
 * Replaces `path` so that at every moment it is the old file or the new: a temporary file in the same directory, fsync,
 * rename, fsync of the directory (rename(2), fsync(2)). `mode` is set before the rename. Nothing is left behind on
 * failure.
 */
int file_write_atomic(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err);

/* mkdir -p; directories that exist are left as they are. */
int dir_make(const char *path, mode_t mode, struct err *err);

#endif
