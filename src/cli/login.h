/* login: how a command becomes ssh to a host, so that its exit status, its terminal and its signals are ssh's. */
#ifndef REEVE_CLI_LOGIN_H
#define REEVE_CLI_LOGIN_H

#include "cli/context.h"

/*
 * `words` are a host's name and, behind it, what to run there, `count` of them, at least 1: one is a line for the host's shell, as ssh
 * has it; several are a program and its arguments, which arrive as they are; none is a shell. With --lab it is the lab's node. An exit
 * status, said, where that cannot be; else it does not return.
 */
int login_become(struct context *context, const struct inventory *inv, char *const *words, size_t count);

#endif
