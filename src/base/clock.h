/* clock: milliseconds. Deadlines are monotonic (they survive a clock that is set); wall time is only for people and
 * facts. */
#ifndef REEVE_BASE_CLOCK_H
#define REEVE_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_ms(void);                       /* CLOCK_BOOTTIME: monotonic, counts suspended time */
int64_t clock_wall_ms(void);                   /* since 1970-01-01 UTC */
void clock_iso(int64_t wall_ms, char out[21]); /* "2026-11-22T22:04:08Z" */

#endif
