/* delivery: local files that a step's resources are made of, brought to the spools of their hosts before it begins. */
#ifndef REEVE_RUN_DELIVERY_H
#define REEVE_RUN_DELIVERY_H

#include "run/run.h"

/*
 * A host whose file cannot be sent leaves the run, with the file, the reason and the line of the resource. Blocks as long as
 * it takes. -1: ERR_CANCELLED.
 */
int delivery_send(struct run *run, const struct step *step, struct err *err);

#endif
