/* What a daemon's own log says: the last error of its last life. */
#include "doctor/doctor.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

static const char *const bad[] = {"error:", "Error:", "ERROR:"};
static const char *const worst[] = {"fatal:", "Emergency:"};

static bool has_any(const char *line, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

/* "slurmd version 22.05.8 started", "Starting munge-0.5.15 daemon": what stands before it is another life's. */
static bool is_start(const char *line)
{
	return (strstr(line, " version ") && str_ends(line, " started")) || strstr(line, "Starting munge-");
}

const char *doctor_last_error(const struct doctor *d, const char *log)
{
	const char *error = NULL, *fatal = NULL;
	char *rest = log ? arena_strdup(d->findings->arena, log) : NULL;
	for (char *line; rest && (line = str_next_line(&rest));) {
		if (is_start(line))
			error = fatal = NULL;
		if (has_any(line, worst, ARRAY_LEN(worst)))
			fatal = line;
		else if (has_any(line, bad, ARRAY_LEN(bad)))
			error = line;
	}
	if (!fatal && !error)
		return NULL;
	return doctor_text(d, "%s", fatal ? fatal : error);
}
