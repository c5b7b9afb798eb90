/*
 * archive-list: tar(1) over a blob, and what may be in one: files, directories, and links, none of which has an absolute
 * name or a ".." in it. Both pump the session while they wait.
 */
#ifndef REEVE_AGENT_ARCHIVE_LIST_H
#define REEVE_AGENT_ARCHIVE_LIST_H

#include <stddef.h>

#include "agent/blob.h"
#include "base/err.h"

struct session;

/* ERR_REFUSED names the member that may not be there, ERR_FAILED says what tar says. */
int archive_list_check(struct session *s, const struct blob *blob, struct err *err);

/* `tar MODE` with `options` (NULL-terminated), reading the blob; `on_output` may be NULL. At most half an hour. */
int archive_list_tar(struct session *s, const struct blob *blob, const char *mode, const char *const *options,
		     void (*on_output)(void *userdata, const char *bytes, size_t len), void *userdata, struct err *err);

#endif
