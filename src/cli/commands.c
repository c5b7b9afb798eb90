#include "cli/commands.h"

#include "base/str.h"

const struct command *const commands[] = {
    &cmd_init,    &cmd_adopt,  &cmd_trust,  &cmd_check,  &cmd_facts,      &cmd_render,  &cmd_plan,
    &cmd_apply,   &cmd_verify, &cmd_status, &cmd_doctor, &cmd_why,        &cmd_logs,    &cmd_exclude,
    &cmd_include, &cmd_resume, &cmd_remove, &cmd_accept, &cmd_rotate_key, &cmd_history, &cmd_ssh,
    &cmd_run,     &cmd_guide,  &cmd_lab,    NULL,
};

const struct command *command_named(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (streq((*c)->name, name))
			return *c;
	return NULL;
}

const struct command *command_nearest(const char *mistyped)
{
	const char *names[sizeof commands / sizeof *commands] = {0};
	for (size_t i = 0; commands[i]; i++)
		names[i] = commands[i]->name;
	const char *nearest = str_nearest(mistyped, names);
	return nearest ? command_named(nearest) : NULL;
}
