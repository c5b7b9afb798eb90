/*
 * mount-unit: the texts of the unit files of a mount (systemd.mount(5), systemd.automount(5)). Pure. A first line says that
 * they are reeve's: a unit file without it belongs to somebody else.
 */
#ifndef REEVE_AGENT_MOUNT_UNIT_H
#define REEVE_AGENT_MOUNT_UNIT_H

#include <stdbool.h>

#include "base/mem.h"
#include "catalog/catalog.h"

const char *mount_unit_text(const struct resource *r, struct arena *arena);
const char *mount_unit_automount_text(const struct resource *r, struct arena *arena);

bool mount_unit_is_ours(const char *text);

/* What= and Type= of a text of ours, in the arena; "" where it is missing. */
const char *mount_unit_get(const char *text, const char *key, struct arena *arena);

#endif
