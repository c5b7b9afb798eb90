/* lines: the lines of a slurm.conf, joined and without comments. Private to src/slurm. */
#ifndef REEVE_SLURM_LINES_H
#define REEVE_SLURM_LINES_H

#include <stdbool.h>

#include "base/strbuf.h"

#define LINES_MAX_BYTES (256U << 10) /* of one joined line: ten thousand names of nodes fit */

/*
 * The next joined line into `out`; false at the end. `*line` counts physical lines read. Where the line is longer than
 * LINES_MAX_BYTES so is out->len, and nothing of it may be used.
 */
bool lines_next(const char **p, const char *end, struct strbuf *out, unsigned *line);

/* isspace(3) of the C locale, but for the line feed, which ends a line. */
bool lines_is_space(char c);
const char *lines_skip_space(const char *p);

/* The file that an Include line names, `*ret_len` bytes of it; NULL: it is none. `p` is a joined line. */
const char *lines_included(const char *p, size_t *ret_len);

#endif
