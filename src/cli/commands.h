/* commands: all of them. Each is in the file cmd-NAME.c. */
#ifndef REEVE_CLI_COMMANDS_H
#define REEVE_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command cmd_adopt;
extern const struct command cmd_check;
extern const struct command cmd_facts;
extern const struct command cmd_guide;
extern const struct command cmd_history;
extern const struct command cmd_init;
extern const struct command cmd_plan;
extern const struct command cmd_apply;
extern const struct command cmd_render;
extern const struct command cmd_run;
extern const struct command cmd_ssh;
extern const struct command cmd_status;
extern const struct command cmd_doctor;
extern const struct command cmd_exclude;
extern const struct command cmd_include;
extern const struct command cmd_resume;
extern const struct command cmd_remove;
extern const struct command cmd_rotate_key;
extern const struct command cmd_accept;
extern const struct command cmd_lab;
extern const struct command cmd_logs;
extern const struct command cmd_trust;
extern const struct command cmd_verify;
extern const struct command cmd_why;

#endif
