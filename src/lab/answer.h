/* answer: does an sshd answer at an address? Many are asked at once; each is asked until it answers or time is up. */
#ifndef REEVE_LAB_ANSWER_H
#define REEVE_LAB_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct answer {
	const char *address; /* IPv4 */
	void *data;          /* the asker's */
	bool yes;            /* "SSH-" was read from port 22 */
	bool given_up;       /* set by the asker: not asked at all; or `still` said that it is no use */
	int fd;              /* own */
};

/*
 * Asks for at most `ms` milliseconds; returns how many answered. `still` (may be NULL) is asked now and then whether
 * one that has not answered still can; `answered` (may be NULL) is told of each that did.
 */
size_t answer_wait(struct answer *all, size_t count, unsigned ms, bool (*still)(struct answer *, void *),
		   void (*answered)(struct answer *, void *), void *context);

#endif
