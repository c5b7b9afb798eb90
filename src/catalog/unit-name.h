/*
 * unit-name: the name that systemd wants for the unit of a path: "/home/a-b" and ".mount" are "home-a\x2db.mount"
 * (systemd.unit(5), "String escaping for inclusion in unit names").
 */
#ifndef REEVE_CATALOG_UNIT_NAME_H
#define REEVE_CATALOG_UNIT_NAME_H

#include "base/mem.h"

enum { UNIT_NAME_BYTES = 255 }; /* systemd takes no longer name */

/* Of an absolute path without "." and ".." components; slashes too many do not count. In the arena. */
char *unit_name(struct arena *arena, const char *path, const char *suffix);

#endif
