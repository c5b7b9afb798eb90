/* json: the objects of --json. */
#ifndef REEVE_REPORT_JSON_H
#define REEVE_REPORT_JSON_H

#include <jansson.h>
#include <stdio.h>

/* Which keys mean what: grows where one changes its meaning or goes; new ones leave it as it is. */
enum { JSON_SCHEMA = 2 };

/* Prints one object with its "schema" and a line's end; takes it over. `flags` are json_dumpf's. NULL: nothing. */
void json_print(json_t *object, size_t flags, FILE *out);

#endif
