#include "slurm/action.h"

#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "base/str.h"

#define LOCATION "Location="
#define PROGRAM "Program="

int slurm_action_next(char **rest, struct arena *arena, struct slurm_action *ret)
{
	char *line = str_next(rest, "\n");
	if (!line)
		return 0;
	const char *name = str_next(&line, " "), *location = line ? str_next(&line, " ") : NULL;
	if (!name || !str_is_name(name, 63) || !location || strncasecmp(location, LOCATION, strlen(LOCATION)) != 0 ||
	    !line || strncasecmp(line, PROGRAM, strlen(PROGRAM)) != 0)
		return -1;
	location += strlen(LOCATION);
	bool nodes = strcasecmp(location, "slurmd") == 0;
	const char *program = line + strlen(PROGRAM);
	if ((!nodes && strcasecmp(location, "slurmctld") != 0) || *program != '/')
		return -1;
	*ret = (struct slurm_action){arena_strdup(arena, name), nodes, arena_strdup(arena, program)};
	return 1;
}

const char *slurm_action_text(const struct slurm_action *action, struct arena *arena)
{
	return arena_printf(arena, "%s " LOCATION "%s " PROGRAM "%s", action->name,
			    action->on_nodes ? "slurmd" : "slurmctld", action->program);
}

const char *slurm_actions_fault(const char *value, struct arena *arena)
{
	char *rest = arena_strdup(arena, value);
	struct slurm_action action;
	struct names seen = {0};
	int got;
	while ((got = slurm_action_next(&rest, arena, &action)) == 1) {
		size_t before = seen.len;
		names_add_once(&seen, action.name, arena);
		if (seen.len == before)
			return arena_printf(arena, "'%s' is there twice", action.name);
	}
	return got < 0 ? "each has to be 'NAME " LOCATION "slurmd " PROGRAM "/PATH ARGUMENTS', or " LOCATION "slurmctld"
		       : NULL;
}
