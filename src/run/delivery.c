#include "run/delivery.h"

#include "base/str.h"
#include "base/vec.h"
#include "transport/store.h"

enum { PIECE_MS = 600000 };

struct delivery {
	struct run *run;
	VEC(struct store_file) files;
	/* Whose each of them is, and its name there. */
	VEC(struct owner {
		const struct resource *resource;
		const char *name;
	})
	owners;
};

static bool is_listed(const struct delivery *d, size_t place, const struct digest *digest)
{
	for (size_t i = 0; i < d->files.len; i++)
		if (d->files.items[i].host == place && streq(d->files.items[i].digest.hex, digest->hex))
			return true;
	return false;
}

static void add(struct delivery *d, size_t host, const struct resource *r)
{
	struct arena *arena = d->run->arena;
	size_t place = roll_request(d->run->roll, host, NULL).host;
	const struct source *s;
	for (size_t i = 0; (s = resource_source(r, i)); i++) {
		if (!s->file || is_listed(d, place, &s->digest))
			continue;
		*vec_push_in(arena, &d->files) =
		    (struct store_file){.host = place, .path = s->file, .digest = s->digest, .size = s->size};
		*vec_push_in(arena, &d->owners) = (struct owner){r, s->name};
	}
}

static size_t host_of(const struct delivery *d, const struct store_file *file)
{
	return roll_host(d->run->roll, &(struct fleet_request){.host = file->host});
}

static void on_progress(void *data, const struct store_file *file, uint64_t have, uint64_t size)
{
	const struct delivery *d = data;
	roll_show(d->run->roll, host_of(d, file), REPORT_WORKING,
		  arena_printf(d->run->arena, "%s: %llu of %llu MB sent", d->owners.items[file - d->files.items].name,
			       (unsigned long long)have / 1000000, (unsigned long long)size / 1000000));
}

int delivery_send(struct run *run, const struct step *step, struct err *err)
{
	struct delivery d = {.run = run};
	for (size_t i = 0; i < step->len; i++) {
		const struct action *a = &step->items[i];
		for (size_t k = 0; a->kind == ACTION_APPLY && roll_in(run->roll, a->host) && k < a->count; k++)
			add(&d, a->host, a->resources[k]);
	}
	if (!d.files.len)
		return 0;
	if (store_files(run->fleet, d.files.items, d.files.len, PIECE_MS, on_progress, &d, err) < 0)
		return -1;
	for (size_t i = 0; i < d.files.len; i++) {
		const struct store_file *file = &d.files.items[i];
		const struct owner *of = &d.owners.items[i];
		if (file->error.code)
			roll_leave(run->roll, host_of(&d, file), CODE_APPLY, "%s: %s: %s", of->resource->id, of->name,
				   file->error.text)
			    ->origin = of->resource->origin;
	}
	return 0;
}
