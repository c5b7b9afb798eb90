/* slurmd-log: the log of slurmd, as SlurmdLogFile has it or the journal. Pure. */
#ifndef REEVE_SLURM_SLURMD_LOG_H
#define REEVE_SLURM_SLURMD_LOG_H

#include "base/mem.h"

/*
 * The last complaint since slurmd was started last: its "fatal:" line, else the last "error:" line, without the time in
 * front. `text` is the end of the log, and may begin in the middle of a line. Printable, in `arena`; NULL: there is none.
 */
const char *slurmd_log_complaint(const char *text, struct arena *arena);

/*
 * Why a daemon did not come up: `complaint` is that of its log, `told` what its host said of the attempt, with the end of
 * the journal. A "fatal:" line is the cause wherever it stands: a daemon that ends before it has opened its log leaves it
 * in the journal, and the last complaint of the log is another start's. Either may be NULL. Borrowed, or in `arena`.
 */
const char *slurmd_log_cause(const char *complaint, const char *told, struct arena *arena);

/* Where this node's slurmd writes it: `file` is the value of SlurmdLogFile, with %h and %n. In `arena`. */
const char *slurmd_log_path(const char *file, const char *hostname, const char *node, struct arena *arena);

#endif
