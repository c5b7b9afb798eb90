/*
 * failpoint: places where a crash hurts most, one on each side of every call that changes something. In the sanitized
 * build the agent kills itself at the k-th place it passes, where REEVE_FAILPOINT=k is in its environment; elsewhere
 * nothing of this is compiled.
 */
#ifndef REEVE_AGENT_FAILPOINT_H
#define REEVE_AGENT_FAILPOINT_H

#ifdef REEVE_FAILPOINTS
void failpoint(void);
#else
static inline void failpoint(void)
{
}
#endif

#endif
