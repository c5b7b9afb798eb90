/*
 * keeper: the first process of a PID namespace, with a /proc that shows it, in which a program runs. Whatever the program starts, also
 * what leaves its session, ends when the program ends, and when the agent does, by SIGKILL as by anything: the kernel ends all
 * processes of a namespace with its first one.
 *
 * A SIGTERM, and the agent's end, it hands on to all of them, and gives them two seconds: srun(1) takes its job back, which would run on
 * with nobody to end it.
 */
#ifndef REEVE_AGENT_KEEPER_H
#define REEVE_AGENT_KEEPER_H

#include <sys/types.h>

/* As fork(2): the child is to call keeper_stay(), before anything else but for its descriptors. -1 with EPERM: we are not root. */
pid_t keeper_fork(void);

/* Returns in the process that is to become the program. The keeper itself ends with the program's status, or 128 and its signal. */
void keeper_stay(void);

/* Of the keeper's own status, as waitpid(2) has it, that of the program: a shell says a signal of its last command in the same way. */
int keeper_status(int status);

#endif
