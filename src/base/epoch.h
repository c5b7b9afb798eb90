/*
 * epoch: the number of a run. Each run has a higher one than the last that a majority of the controllers has seen, so that a host
 * knows a run that slept through another (docs/adr/0055-one-hosts-word.md). Bounded by the same number wherever one is read, sent or stored.
 */
#ifndef REEVE_BASE_EPOCH_H
#define REEVE_BASE_EPOCH_H

#define EPOCH_MOST (1LL << 40) /* of a run; nobody runs that often */
#define EPOCH_JUMP 1000        /* further ahead of the record than this is no run of this cluster */

/* What a host's /var/lib/reeve/epoch holds where that is no epoch. */
#define EPOCH_BAD (-1LL)

#endif
