/* state-text: lines of "Key=value" as scontrol prints them with -o. Private to src/slurm. */
#ifndef REEVE_SLURM_STATE_TEXT_H
#define REEVE_SLURM_STATE_TEXT_H

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/*
 * A copy of `text` in the arena, checked: not too long, no NUL bytes; invalid UTF-8 and control bytes other than line
 * ends become '?'. `what` names the command in errors.
 */
char *slurm_text_copy(const char *text, size_t len, const char *what, struct arena *arena, struct err *err);

/* Value of `key` in a line, a copy; NULL where it is not there, empty, "(null)", "None", "N/A" or "n/a". Values end at
 * a blank. */
const char *slurm_text_value(const char *line, const char *key, struct arena *arena);

/* As slurm_text_value, but the value ends where " `next`=" begins, or the line: for free text. NULL `next`: the line's
 * end. */
const char *slurm_text_until(const char *line, const char *key, const char *next, struct arena *arena);

/* A decimal number; 0 where there is none. -1 where it is not a number or above `max`. */
int slurm_text_number(const char *line, const char *key, uint64_t max, uint64_t *ret, struct err *err);

#endif
