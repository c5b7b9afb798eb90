/*
 * NVIDIA's cards and their instances. A card's index, by which nvidia-smi names it, is its place in the order of PCI
 * addresses; its minor number, by which its files are named, is another thing and often differs.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/ran.h"
#include "base/str.h"
#include "base/vec.h"
#include "facts/gpu.h"

enum { INSTANCES_MAX = 64, MINOR_MAX = 65535 };

struct instance {
	unsigned gi, ci;
	const char *profile; /* "3g.20gb", "1c.3g.20gb" */
};

struct instances {
	struct instance items[INSTANCES_MAX];
	size_t len;
};

/* The value of "Key: \t value" in /proc/driver/nvidia/gpus/ADDRESS/information; NULL: none. */
static const char *value_of(struct arena *arena, const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		if (strncmp(p, key, len) != 0 || p[len] != ':')
			continue;
		p += len + 1;
		p += strspn(p, " \t");
		size_t n = strcspn(p, "\n");
		while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
			n--;
		return arena_strndup(arena, p, n);
	}
	return NULL;
}

static const char *information(const struct gpu_reader *r, const char *address)
{
	const char *name;
	json_t *entry;
	json_object_foreach((json_t *)gpu_entries(r->items, "gpu.nvidia"), name,
			    entry) if (strcasecmp(name, address) == 0) return gpu_text(entry, "information");
	return NULL;
}

/* "gi1", "config", ... of a card that is divided; NULL: none. */
static const json_t *instance_names(const struct gpu_reader *r, uint64_t minor)
{
	const json_t *entry =
	    json_object_get(gpu_entries(r->items, "gpu.mig"), arena_printf(r->arena, "gpu%u", (unsigned)minor));
	return json_object_get(json_object_get(entry, "mig"), "names");
}

static bool has_instances(const struct gpu_reader *r, uint64_t minor)
{
	size_t i;
	const json_t *one;
	json_array_foreach(instance_names(r, minor), i, one)
	{
		const char *name = json_string_value(one);
		if (name && str_starts(name, "gi"))
			return true;
	}
	return false;
}

static int by_number(const void *a, const void *b)
{
	const struct instance *x = a, *y = b;
	if (x->gi != y->gi)
		return x->gi < y->gi ? -1 : 1;
	return x->ci < y->ci ? -1 : x->ci > y->ci;
}

/*
 * The table that `nvidia-smi mig -lci` prints, a line for each compute instance:
 *	|   0      1       MIG 1c.3g.20gb       0         2          2:1     |
 * card, GPU instance, name, profile's number, compute instance, and from some driver on its placement.
 */
static void find_instances(const struct gpu_reader *r, unsigned index, struct instances *ret)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const json_t *answer = json_object_get(r->items, "gpu.instances");
	struct ran ran = ran_of(answer);
	/* A part of the table would be fewer instances. */
	if (ran.status != 0 || ran.cut)
		return;
	char *rest = arena_strdup(arena, gpu_text(answer, "out"));
	for (char *line; rest && (line = str_next_line(&rest)) && ret->len < INSTANCES_MAX;) {
		uint64_t n[4];
		const char *words[6];
		size_t count = 0;
		for (char *word; count < 6 && (word = str_next(&line, "| "));)
			words[count++] = word;
		if (count < 6 || !streq(words[2], "MIG") || str_to_u64(words[0], 0, 255, &n[0]) < 0 ||
		    str_to_u64(words[1], 0, 255, &n[1]) < 0 || str_to_u64(words[4], 0, 255, &n[2]) < 0 ||
		    str_to_u64(words[5], 0, 255, &n[3]) < 0 || n[0] != index || !facts_gpu_is_type(words[3]))
			continue;
		ret->items[ret->len++] = (struct instance){
		    .gi = (unsigned)n[1], .ci = (unsigned)n[3], .profile = arena_strdup(r->arena, words[3])};
	}
	qsort(ret->items, ret->len, sizeof *ret->items, by_number);
}

/* /proc/driver/nvidia-caps/mig-minors: "gpu0/gi1/ci0/access 13". */
static void read_minors(struct gpu_reader *r)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *rest = arena_strdup(arena, gpu_text(json_object_get(r->items, "gpu.minors"), "text"));
	for (char *line; rest && (line = str_next_line(&rest));) {
		char *number = strchr(line, ' ');
		uint64_t minor;
		if (!number || !str_starts(line, "gpu") || str_to_u64(number + 1, 0, MINOR_MAX, &minor) < 0)
			continue;
		*number = '\0';
		if (!map_has(&r->minors, line))
			map_set(&r->minors, arena_strdup(r->arena, line), (void *)(uintptr_t)(minor + 1));
	}
	r->minors_read = true;
}

/* NULL where it is not named. */
static const char *cap_file(struct gpu_reader *r, const char *capability)
{
	if (!r->minors_read)
		read_minors(r);
	uintptr_t minor = (uintptr_t)map_get(&r->minors, capability);
	return minor ? arena_printf(r->arena, "nvidia-cap%u", (unsigned)(minor - 1)) : NULL;
}

/* AutoDetect's form: what is before the first '-' of the card's type, and the profile (gpu_nvml.c). */
static int add_instance(struct gpu_reader *r, const struct facts_gpu *card, unsigned minor, const struct instance *one)
{
	struct facts_gpu gpu = *card;
	const char *caps[2] = {
	    cap_file(r, arena_printf(r->arena, "gpu%u/gi%u/access", minor, one->gi)),
	    cap_file(r, arena_printf(r->arena, "gpu%u/gi%u/ci%u/access", minor, one->gi, one->ci)),
	};
	gpu.instance = true;
	gpu.type = arena_printf(r->arena, "%.*s_%s", (int)strcspn(card->type, "-"), card->type, one->profile);
	if (!caps[0] || !caps[1] || !facts_gpu_is_type(gpu.type)) {
		gpu.state = GPU_NO_PROFILE;
		return gpu_add(r, &gpu);
	}
	gpu.files = arena_printf(r->arena, "%s,/dev/nvidia-caps/%s,/dev/nvidia-caps/%s", card->files, caps[0], caps[1]);
	for (size_t i = 0; i < ARRAY_LEN(caps) && !gpu.missing; i++)
		if (!gpu_names_have(json_object_get(r->items, "gpu.caps"), caps[i]))
			gpu.missing = arena_printf(r->arena, "/dev/nvidia-caps/%s", caps[i]);
	if (gpu.missing)
		gpu.state = GPU_NO_FILE;
	return gpu_add(r, &gpu);
}

/* Which GPU instances there are is in files, only what they are is not. */
static const char *files_of_instances(struct gpu_reader *r, uint64_t minor)
{
	size_t i;
	const json_t *one;
	const char *all = NULL;
	json_array_foreach(instance_names(r, minor), i, one)
	{
		const char *name = json_string_value(one);
		if (!name || !str_starts(name, "gi") || strlen(name) > 8)
			continue;
		const char *file = cap_file(r, arena_printf(r->arena, "gpu%u/%s/access", (unsigned)minor, name));
		if (!file || !gpu_names_have(json_object_get(r->items, "gpu.caps"), file) || i >= INSTANCES_MAX)
			return NULL;
		all = arena_printf(r->arena, "%s%s/dev/nvidia-caps/%s", all ? all : "", all ? "," : "", file);
	}
	return all;
}

int gpu_nvidia_decode(struct gpu_reader *r, const struct facts_gpu *card, unsigned index)
{
	struct facts_gpu gpu = *card;
	const char *text = information(r, card->address), *excluded, *minor_text;
	uint64_t minor;
	excluded = text ? value_of(r->arena, text, "GPU Excluded") : NULL;
	if (text && !excluded)
		excluded = value_of(r->arena, text, "Blacklisted"); /* before driver 460 */
	minor_text = text ? value_of(r->arena, text, "Device Minor") : NULL;
	if (!minor_text || str_to_u64(minor_text, 0, 255, &minor) < 0 || (excluded && streq(excluded, "Yes"))) {
		gpu.state = GPU_NOT_UP;
		return gpu_add(r, &gpu);
	}
	gpu.type = gpu_type_of(r->arena, value_of(r->arena, text, "Model"));
	if (!gpu.type) {
		const char *device =
		    gpu_text(json_object_get(gpu_entries(r->items, "gpu.pci"), card->address), "device");
		gpu.type = arena_printf(r->arena, "nvidia_%.4s", device + 2);
	}
	gpu.files = arena_printf(r->arena, "/dev/nvidia%u", (unsigned)minor);
	if (!json_object_get(gpu_entries(r->items, "gpu.dev"), gpu.files + strlen("/dev/"))) {
		gpu.missing = gpu.files;
		gpu.state = GPU_NO_FILE;
		return gpu_add(r, &gpu);
	}
	if (!has_instances(r, minor))
		return gpu_add(r, &gpu);
	struct instances found = {0};
	find_instances(r, index, &found);
	for (size_t i = 0; i < found.len; i++)
		if (add_instance(r, &gpu, (unsigned)minor, &found.items[i]) < 0)
			return -1;
	if (found.len)
		return 0;
	gpu.caps = files_of_instances(r, minor);
	gpu.state = GPU_NO_PROFILE;
	return gpu_add(r, &gpu);
}
