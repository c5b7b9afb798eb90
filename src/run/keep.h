/*
 * keep: the texts of a generation (model/generation.h) on their way to the controllers: what to send them in the round in which the
 * record is written, and what became of it. A controller that does not take them is a warning: the others have them.
 */
#ifndef REEVE_RUN_KEEP_H
#define REEVE_RUN_KEEP_H

#include "model/generation.h"
#include "run/round.h"

struct keep {
	struct run *run;
	struct record_text *texts;
	size_t text_count;
	struct fleet_blob *blobs; /* of the texts, in their order, and of GENERATION_META */
	size_t blob_count;
	json_t *prune, *write; /* messages; NULL: nothing is kept */
	struct keep_sent *sent;
	size_t sent_count;
};

/* Finds the texts of what is in force now: k->texts, for the record. In run's arena. keep_end in any case. */
void keep_begin(struct keep *k, struct run *run);

/* The messages: `added` is the record's newest generation, with these texts. */
void keep_prepare(struct keep *k, const struct record *record, const struct record_generation *added);

/* Adds the requests to one host. */
void keep_add(struct keep *k, size_t host, struct round *round);

/* False: the request is not one of them. Else what failed of it is a warning; where its session ended, others say so. */
bool keep_judge(const struct keep *k, const struct fleet_request *request, struct findings *findings);

void keep_end(struct keep *k);

#endif
