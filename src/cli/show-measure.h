/* show-measure: what `reeve facts --measure network` found, as a table and its findings, or as JSON. */
#ifndef REEVE_CLI_SHOW_METER_H
#define REEVE_CLI_SHOW_METER_H

#include "cli/context.h"
#include "run/meter.h"

void show_measure(struct context *context, const struct meter_result *result, const char *const *names);

#endif
