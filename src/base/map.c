#include "base/map.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct map_slot {
	const char *key; /* NULL: free */
	void *value;
};

static uint64_t hash_of(const char *key)
{
	static unsigned char secret[crypto_shorthash_KEYBYTES];
	static bool made;
	if (!made) {
		randombytes_buf(secret, sizeof secret);
		made = true;
	}
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t hash;
	crypto_shorthash(out, (const unsigned char *)key, strlen(key), secret);
	memcpy(&hash, out, sizeof hash);
	return hash;
}

/* The slot that holds `key`, or the free one where it would go. The table is never full. */
static struct map_slot *find(const struct map *m, const char *key)
{
	size_t i = hash_of(key) & (m->size - 1);
	while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0)
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}

void *map_get(const struct map *m, const char *key)
{
	return m->size ? find(m, key)->value : NULL;
}

bool map_has(const struct map *m, const char *key)
{
	return m->size && find(m, key)->key;
}

static void grow(struct map *m)
{
	struct map bigger = {.size = m->size ? m->size * 2 : 16};
	bigger.slots = xcalloc(bigger.size, sizeof *bigger.slots);
	for (size_t i = 0; i < m->size; i++)
		if (m->slots[i].key)
			*find(&bigger, m->slots[i].key) = m->slots[i];
	bigger.len = m->len;
	free(m->slots);
	*m = bigger;
}

void *map_set(struct map *m, const char *key, void *value)
{
	if ((m->len + 1) * 4 > m->size * 3)
		grow(m);
	struct map_slot *slot = find(m, key);
	void *before = slot->value;
	if (!slot->key) {
		slot->key = key;
		m->len++;
	}
	slot->value = value;
	return before;
}
