/* passwd-line: one line of passwd(5), as /etc/passwd has it and getent(1) prints it. What it says is not checked further. */
#ifndef REEVE_BASE_PASSWD_LINE_H
#define REEVE_BASE_PASSWD_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct passwd_line {
	const char *name, *home, *shell; /* in the line */
	uint64_t uid, gid;               /* at most UINT32_MAX */
};

enum { PERSON_UID_FIRST = 1000, PERSON_UID_LAST = 59999 }; /* Debian's policy manual, 9.2.2 */

/* Cuts the line up. False where it is none. */
bool passwd_line_parse(char *line, struct passwd_line *ret);

/* Of a person's account by its number, which can log in by its shell. */
bool passwd_line_is_person(const struct passwd_line *line);

#endif
