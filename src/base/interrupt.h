/*
 * interrupt: how a run is asked to end. The first signal cancels what blocks, at once; but while a section is held that must not be
 * left half done it only asks, and cancels when the section is released. A second signal cancels whatever is held.
 *
 * interrupt_signal() is for signal handlers; the rest is not.
 */
#ifndef REEVE_BASE_INTERRUPT_H
#define REEVE_BASE_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct interrupt {
	volatile sig_atomic_t first;  /* number of the first signal; 0: none came */
	volatile sig_atomic_t cancel; /* not 0: what blocks is to end now */
	volatile sig_atomic_t held;
	const char *section; /* what is held, for the operator: "slurmctld is stopped on c1" */
	bool told;           /* that the section is finished first */
};

static inline void interrupt_signal(struct interrupt *i, int number)
{
	bool again = i->first != 0;
	if (!again)
		i->first = number;
	if (again || !i->held)
		i->cancel = number;
}

/* False: it is to end before the section begins. `section` is borrowed until the release. */
static inline bool interrupt_hold(struct interrupt *i, const char *section)
{
	i->held = 1;
	i->section = section;
	if (!i->cancel)
		return true;
	i->held = 0;
	return false;
}

static inline void interrupt_release(struct interrupt *i)
{
	i->held = 0;
	if (i->first)
		i->cancel = i->first;
}

/* For what has to be written down although the run is to end: a further signal ends that, too. */
static inline void interrupt_grace(struct interrupt *i)
{
	i->held = 1;
	i->section = NULL;
	i->cancel = 0;
}

/* What is finished before the run ends, once after the first signal; else NULL. */
static inline const char *interrupt_news(struct interrupt *i)
{
	if (!i->first || !i->held || i->told)
		return NULL;
	i->told = true;
	return i->section;
}

#endif
