/*
 * store: local files brought into the spools of hosts, in pieces, so that neither side ever has one of them in memory whole
 * (wire.h, `store`). What a host has already is not sent.
 */
#ifndef REEVE_TRANSPORT_STORE_H
#define REEVE_TRANSPORT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "transport/fleet.h"

struct store_file {
	size_t host;      /* of the fleet */
	const char *path; /* here */
	struct digest digest;
	uint64_t size;    /* bytes; 0: not known */
	struct err error; /* set: why it is not there; ERR_NONE: it is */
};

/*
 * Returns when each file is there or has an error: it cannot be read, is not of that size, changes meanwhile, has another content
 * than its digest says, or its host refused it or was lost. Some files at a time, each at most 8 MiB of memory; no piece may
 * take longer than timeout_ms. `on_progress` (may be NULL): the host has so many bytes of one. -1: ERR_CANCELLED.
 */
int store_files(struct fleet *fleet, struct store_file *files, size_t count, unsigned timeout_ms,
		void (*on_progress)(void *data, const struct store_file *file, uint64_t have, uint64_t size),
		void *data, struct err *err);

#endif
