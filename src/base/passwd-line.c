#include "base/passwd-line.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

bool passwd_line_parse(char *line, struct passwd_line *ret)
{
	enum { NAME, PASSWORD, UID, GID, GECOS, HOME, SHELL, FIELDS };
	char *fields[FIELDS], *rest = line;
	size_t n = 0;
	for (; n < FIELDS && rest; n++)
		fields[n] = strsep(&rest, ":");
	if (n < FIELDS || !*fields[NAME] || str_to_u64(fields[UID], 0, UINT32_MAX, &ret->uid) < 0 ||
	    str_to_u64(fields[GID], 0, UINT32_MAX, &ret->gid) < 0)
		return false;
	ret->name = fields[NAME];
	ret->home = fields[HOME];
	ret->shell = fields[SHELL];
	return true;
}

bool passwd_line_is_person(const struct passwd_line *line)
{
	return line->uid >= PERSON_UID_FIRST && line->uid <= PERSON_UID_LAST && !str_ends(line->shell, "/nologin") &&
	       !str_ends(line->shell, "/false");
}
