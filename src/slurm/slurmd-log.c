#include "slurm/slurmd-log.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

enum { MOST_SHOWN = 240 };

/* slurmd.c: "slurmd version 22.05.8 started", once it has read its configuration. */
static bool is_start(const char *line)
{
	const char *version = strstr(line, "slurmd version ");
	return version && strstr(version, " started");
}

const char *slurmd_log_complaint(const char *text, struct arena *arena)
{
	const char *fatal = NULL, *error = NULL;
	char *rest = arena_strdup(arena, text);
	for (char *line; (line = str_next_line(&rest));) {
		const char *at;
		if (is_start(line))
			fatal = error = NULL;
		else if ((at = strstr(line, "fatal: ")))
			fatal = at;
		else if ((at = strstr(line, "error: ")))
			error = at;
	}
	const char *last = fatal ? fatal : error;
	return last ? str_printable(arena, last, strnlen(last, MOST_SHOWN)) : NULL;
}

const char *slurmd_log_cause(const char *complaint, const char *told, struct arena *arena)
{
	const char *fatal = told ? strstr(told, "fatal: ") : NULL;
	if (!fatal || (complaint && str_starts(complaint, "fatal: ")))
		return complaint ? complaint : told;
	const char *end = strstr(fatal, "; ");
	return arena_strndup(arena, fatal, end ? (size_t)(end - fatal) : strlen(fatal));
}

const char *slurmd_log_path(const char *file, const char *hostname, const char *node, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	for (const char *p = file; *p; p++) {
		const char *with = *p != '%' ? NULL : p[1] == 'h' ? hostname : p[1] == 'n' ? node : NULL;
		if (with)
			strbuf_adds(&path, with);
		else
			strbuf_addc(&path, *p);
		p += with != NULL;
	}
	return arena_strndup(arena, strbuf_str(&path), path.len);
}
