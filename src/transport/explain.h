/*
 * explain: why a host could not be reached, in words that say what to do about it.
 *
 * ssh, sudo and login shells say what is wrong in texts for people, on stderr, with exit statuses that tell little
 * (ssh: 255 for all of its own). Known texts are recognised, each with its fix; anything else is quoted. What the host
 * may have written is shown as its words: "n1 says: ...". Pure.
 */
#ifndef REEVE_TRANSPORT_EXPLAIN_H
#define REEVE_TRANSPORT_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct explain {
	const char *name; /* of the host, as the operator wrote it */
	bool local;
	int status;         /* wait(2)'s, of ssh; -1: it did not end, a bound of time was passed */
	const char *errors; /* what came on stderr; may hold anything */
	size_t errors_len;
	const char *noise; /* what came on stdout before the bootstrap's first answer */
	size_t noise_len;
	const char
	    *fail;    /* what the bootstrap gave as reason: "sudo", "arch ARCH", "place", "copy DIR"; NULL: nothing */
	bool heard;   /* the bootstrap had answered */
	bool started; /* the agent was being executed */
	bool opened;  /* its hello had come */
};

/* Always fills `err`, and returns -1. */
int explain_failure(const struct explain *why, struct err *err);

/* The last part of a text of a host, on one line, made printable, lines that mean nothing left out. At most 300 bytes.
 */
void explain_quote(const char *text, size_t len, char *out, size_t size);

#endif
