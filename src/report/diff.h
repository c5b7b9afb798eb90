/*
 * diff: two texts line by line, as diff -u shows them (three lines of context).
 *
 * Bounded: the longest common subsequence is looked for where (lines of one) x (lines of the other), without what both
 * begin and end with, is at most 4 million; beyond that the middle is shown as taken out and put in whole. That is
 * right, if longer than it could be. Control bytes are made visible.
 */
#ifndef REEVE_REPORT_DIFF_H
#define REEVE_REPORT_DIFF_H

#include <stdbool.h>

#include "base/strbuf.h"

/* Adds the difference to `out`, nothing where there is none. NULL for `before` or `after` is a file that is not there.
 * `label` is put behind --- and +++. `color` for a terminal. */
void diff_unified(struct strbuf *out, const char *label, const char *before, const char *after, bool color);

#endif
