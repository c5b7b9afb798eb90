/*
 * map: strings to pointers. Open addressing with a keyed hash (SipHash of libsodium, random key), so that names from
 * outside cannot be chosen to collide. Keys are borrowed: they must outlive the map.
 */
#ifndef REEVE_BASE_MAP_H
#define REEVE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map_slot;
struct map {
	struct map_slot *slots;
	size_t len, size;
};

/* `{0}` is an empty map. */
void map_free(struct map *m);
void *map_get(const struct map *m, const char *key); /* NULL where there is none */
bool map_has(const struct map *m, const char *key);
/* Sets, and gives what was there before (NULL where nothing was). */
void *map_set(struct map *m, const char *key, void *value);
#define _cleanup_map_ __attribute__((cleanup(map_free)))

#endif
