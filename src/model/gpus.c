#include "model/gpus.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

static const struct {
	const char *name, *flag; /* gres.conf(5), Flags: what jobs see in their environment */
} vendors[] = {
    [GPU_NVIDIA] = {"nvidia", "nvidia_gpu_env"},
    [GPU_AMD] = {"amd", "amd_gpu_env"},
    [GPU_INTEL] = {"intel", "intel_gpu_env"},
};

static uint64_t number_at(const char *file)
{
	size_t len = strcspn(file, ","), n = len;
	while (n && file[n - 1] >= '0' && file[n - 1] <= '9')
		n--;
	uint64_t number = 0;
	str_read_u64(file + n, UINT64_MAX, &number);
	return number;
}

/* Text before the number of the first file. */
static size_t stem(const char *file)
{
	size_t n = strcspn(file, ",");
	while (n && file[n - 1] >= '0' && file[n - 1] <= '9')
		n--;
	return n;
}

/* As Slurm sorts them: by file, numbers as numbers; instances of one card by their own files. */
static int by_file(const void *a, const void *b)
{
	const char *x = ((const struct facts_gpu *)a)->files, *y = ((const struct facts_gpu *)b)->files;
	size_t n = stem(x), m = stem(y);
	if (n != m || strncmp(x, y, n) != 0)
		return strcmp(x, y);
	if (number_at(x) != number_at(y))
		return number_at(x) < number_at(y) ? -1 : 1;
	const char *rest_x = strchr(x, ','), *rest_y = strchr(y, ',');
	if (!rest_x || !rest_y)
		return rest_x ? 1 : rest_y ? -1 : 0;
	unsigned long i = number_at(rest_x + 1), k = number_at(rest_y + 1);
	return i != k ? (i < k ? -1 : 1) : strcmp(rest_x, rest_y);
}

struct facts_gpus gpus_ready(const struct facts_gpus *all, struct arena *arena)
{
	struct facts_gpus out = {.items = arena_calloc(arena, all->len, sizeof *out.items)};
	for (size_t i = 0; i < all->len; i++)
		if (all->items[i].state == GPU_READY)
			out.items[out.len++] = all->items[i];
	if (out.len)
		qsort(out.items, out.len, sizeof *out.items, by_file);
	return out;
}

/* The second of the files of an instance of this card; NULL: it is none. */
static const char *instance_file(const struct facts_gpu *gpu, const struct facts_gpu *card, size_t *ret_len)
{
	size_t len = strlen(card->files);
	if (strncmp(gpu->files, card->files, len) != 0 || gpu->files[len] != ',')
		return NULL;
	*ret_len = strcspn(gpu->files + len + 1, ",");
	return gpu->files + len + 1;
}

static size_t place_in(const char *list, const char *word, size_t len)
{
	size_t i = 1;
	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL, i++)
		if (strcspn(p, ",") == len && strncmp(p, word, len) == 0)
			return i;
	return 0;
}

/* Each GPU instance that is there was known, and each that was known is there. */
static bool same_instances(const struct facts_gpu *card, const struct facts_gpus *before)
{
	bool seen[FACTS_GPUS_MAX + 1] = {false};
	size_t count = 1, known = 0, len;
	for (const char *p = card->caps; *p; p++)
		count += *p == ',';
	for (size_t i = 0; i < before->len; i++) {
		const char *file = instance_file(&before->items[i], card, &len);
		size_t place = file ? place_in(card->caps, file, len) : 0;
		if (file && (!place || place > FACTS_GPUS_MAX))
			return false;
		known += file && !seen[place];
		if (file)
			seen[place] = true;
	}
	return known == count;
}

struct facts_gpus gpus_recall(const struct facts_gpus *now, const struct facts_gpus *before, struct arena *arena)
{
	struct facts_gpus out = *now;
	size_t len;
	for (size_t i = 0; i < now->len; i++) {
		const struct facts_gpu *card = &now->items[i];
		if (card->state != GPU_NO_PROFILE || !card->caps || !same_instances(card, before))
			continue;
		if (out.items == now->items) {
			out.items = arena_calloc(arena, now->len + before->len, sizeof *out.items);
			memcpy(out.items, now->items, now->len * sizeof *out.items);
		}
		for (size_t k = 0; k < before->len; k++)
			if (instance_file(&before->items[k], card, &len)) {
				out.items[out.len] = before->items[k];
				out.items[out.len].address = card->address;
				out.items[out.len++].driver = card->driver;
			}
	}
	return out;
}

struct facts_gpus gpus_among(const struct facts_gpus *gpus, const struct facts_gpus *now, struct arena *arena)
{
	struct facts_gpus out = {.items = arena_calloc(arena, gpus->len, sizeof *out.items)};
	for (size_t i = 0; i < gpus->len; i++)
		for (size_t k = 0; k < now->len; k++)
			if (streq(gpus->items[i].files, now->items[k].files)) {
				out.items[out.len++] = gpus->items[i];
				break;
			}
	return out;
}

struct count {
	const char *type;
	unsigned before, now;
};

struct counts {
	struct count *items;
	size_t len, cap;
};

static int by_type(const void *a, const void *b)
{
	return strcmp(((const struct count *)a)->type, ((const struct count *)b)->type);
}

static void add(struct counts *c, const char *type, bool before, struct arena *arena)
{
	struct count *found = NULL;
	for (size_t i = 0; i < c->len && !found; i++)
		if (streq(c->items[i].type, type))
			found = &c->items[i];
	if (!found) {
		found = vec_push_in(arena, c);
		found->type = type;
	}
	if (before)
		found->before++;
	else
		found->now++;
}

static struct counts count_types(const struct facts_gpus *before, const struct facts_gpus *now, struct arena *arena)
{
	struct counts c = {0};
	for (size_t i = 0; i < before->len; i++)
		add(&c, before->items[i].type, true, arena);
	for (size_t i = 0; i < now->len; i++)
		add(&c, now->items[i].type, false, arena);
	if (c.len)
		qsort(c.items, c.len, sizeof *c.items, by_type);
	return c;
}

static void put(struct strbuf *out, const char *type, unsigned count)
{
	if (count)
		strbuf_addf(out, "%sgpu:%s:%u", out->len ? "," : "", type, count);
}

static const char *text_or_none(const struct strbuf *s, struct arena *arena)
{
	return s->len ? arena_strndup(arena, s->data, s->len) : NULL;
}

void gpus_differ(const struct facts_gpus *before, const struct facts_gpus *now, struct arena *arena,
		 const char **ret_less, const char **ret_more)
{
	_cleanup_strbuf_ struct strbuf less = {0}, more = {0};
	struct counts c = count_types(before, now, arena);
	for (size_t i = 0; i < c.len; i++) {
		const struct count *t = &c.items[i];
		put(&less, t->type, t->before > t->now ? t->before - t->now : 0);
		put(&more, t->type, t->now > t->before ? t->now - t->before : 0);
	}
	if (ret_less)
		*ret_less = text_or_none(&less, arena);
	if (ret_more)
		*ret_more = text_or_none(&more, arena);
}

const char *gpus_gres(const struct facts_gpus *gpus, struct arena *arena)
{
	static const struct facts_gpus none = {0};
	const char *all;
	gpus_differ(&none, gpus, arena, NULL, &all);
	return all;
}

static bool alike(const struct facts_gpu *a, const struct facts_gpu *b)
{
	bool same_cores = a->cores && b->cores ? streq(a->cores, b->cores) : a->cores == b->cores;
	return a->vendor == b->vendor && same_cores && streq(a->type, b->type);
}

/* Do they follow each other, so that one line with a range holds both? */
static bool follows(const struct facts_gpu *a, const struct facts_gpu *b)
{
	size_t n = stem(a->files);
	return alike(a, b) && !strchr(a->files, ',') && !strchr(b->files, ',') && stem(b->files) == n &&
	       strncmp(a->files, b->files, n) == 0 && number_at(b->files) == number_at(a->files) + 1;
}

bool gpus_have(const struct facts_gpus *gpus, enum facts_gpu_vendor vendor)
{
	for (size_t i = 0; i < gpus->len; i++)
		if (gpus->items[i].vendor == vendor)
			return true;
	return false;
}

static struct facts_gpus without_cores(const struct facts_gpus *gpus, enum facts_gpu_vendor vendor, struct arena *arena)
{
	struct facts_gpus out = {.items = arena_calloc(arena, gpus->len, sizeof *out.items), .len = gpus->len};
	for (size_t i = 0; i < gpus->len; i++) {
		out.items[i] = gpus->items[i];
		if (out.items[i].vendor == vendor)
			out.items[i].cores = NULL;
	}
	return out;
}

const char *gpus_lines(const struct facts_gpus *all, bool nvml, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	const struct facts_gpus bare = nvml ? without_cores(all, GPU_NVIDIA, arena) : *all, *gpus = &bare;
	for (size_t i = 0, last; i < gpus->len; i = last + 1) {
		const struct facts_gpu *g = &gpus->items[i];
		for (last = i; last + 1 < gpus->len && follows(&gpus->items[last], &gpus->items[last + 1]);)
			last++;
		strbuf_addf(&out, "%s Name=gpu Type=%s %s=", nvml && g->vendor == GPU_NVIDIA ? " AutoDetect=nvml" : "",
			    g->type, strchr(g->files, ',') ? "MultipleFiles" : "File");
		if (last > i)
			strbuf_addf(&out, "%.*s[%lu-%lu]", (int)stem(g->files), g->files, number_at(g->files),
				    number_at(gpus->items[last].files));
		else
			strbuf_adds(&out, g->files);
		if (g->cores)
			strbuf_addf(&out, " Cores=%s", g->cores);
		strbuf_addf(&out, " Flags=%s\n", vendors[g->vendor].flag);
	}
	return arena_strdup(arena, strbuf_str(&out));
}

json_t *gpus_encode(const struct facts_gpus *gpus)
{
	json_t *all = json_array();
	for (size_t i = 0; i < gpus->len; i++) {
		const struct facts_gpu *g = &gpus->items[i];
		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s*}", "vendor", vendors[g->vendor].name, "type",
						     g->type, "files", g->files, "cores", g->cores));
	}
	return all;
}

static int decode_one(const json_t *json, struct arena *arena, struct facts_gpu *ret)
{
	const char *vendor = json_string_value(json_object_get(json, "vendor"));
	const char *type = json_string_value(json_object_get(json, "type"));
	const char *files = json_string_value(json_object_get(json, "files"));
	const char *cores = json_string_value(json_object_get(json, "cores"));
	size_t v = 0;
	while (vendor && v < ARRAY_LEN(vendors) && !streq(vendors[v].name, vendor))
		v++;
	if (!vendor || v == ARRAY_LEN(vendors) || !facts_gpu_is_type(type) || !files || !facts_gpu_are_files(files) ||
	    (cores && !facts_gpu_are_cores(cores)))
		return -1;
	*ret = (struct facts_gpu){
	    .vendor = (enum facts_gpu_vendor)v,
	    .type = arena_strdup(arena, type),
	    .files = arena_strdup(arena, files),
	    .cores = arena_strdup(arena, cores),
	    .instance = strchr(files, ','),
	};
	return 0;
}

int gpus_decode(const json_t *json, struct arena *arena, struct facts_gpus *ret, struct err *err)
{
	struct facts_gpus out = {0};
	size_t n = json_array_size(json);
	if (json && (!json_is_array(json) || n > FACTS_GPUS_MAX))
		return err_set(err, ERR_PROTOCOL, "a list of GPUs is malformed");
	out.items = arena_calloc(arena, n + 1, sizeof *out.items);
	for (; out.len < n; out.len++)
		if (decode_one(json_array_get(json, out.len), arena, &out.items[out.len]) < 0)
			return err_set(err, ERR_PROTOCOL, "a list of GPUs is malformed");
	*ret = out;
	return 0;
}

bool gpus_equal(const struct facts_gpus *a, const struct facts_gpus *b, struct arena *arena)
{
	return streq(gpus_lines(a, false, arena), gpus_lines(b, false, arena));
}
