/* The section `containers`. */
#include "base/passwd-line.h"
#include "base/str.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "modules/containers/containers.h"

enum { RUNTIMES, ON, STORAGE, SUBIDS, KEYS };
enum { FIRST, COUNT, SUBIDS_KEYS };

/* Beyond what useradd(8) gives by itself, 100000 to 600100000. */
enum { FIRST_DEFAULT = 600200000, COUNT_DEFAULT = 65536 };

static void read_runtime(struct inv_reader *r, const struct conf_value *value, struct containers *k)
{
	for (size_t i = 0; i < CONTAINERS_RUNTIMES; i++) {
		if (!streq(containers_runtimes[i], value->text))
			continue;
		if (k->runtimes[i])
			diag_error(r->diags, CONTAINERS_RUNTIME_CODE, value->at, NULL, "%s is named twice",
				   value->text);
		k->runtimes[i] = true;
		if (k->runtimes[CONTAINERS_CRUN] && k->runtimes[CONTAINERS_RUNC])
			diag_error(r->diags, CONTAINERS_RUNTIME_CODE, value->at, "one of both, crun where in doubt",
				   "srun --container starts one runtime, and crun and runc are named");
		return;
	}
	const char *near = str_nearest(value->text, containers_runtimes);
	diag_error(r->diags, CONTAINERS_RUNTIME_CODE, value->at,
		   near ? near : "crun, runc, podman, apptainer or singularity",
		   "'%.100s' is not a runtime of containers", value->text);
}

static void read_runtimes(struct inv_reader *r, const struct conf_value *value, struct containers *k)
{
	const struct conf_value *const *texts;
	size_t count = 0;
	if (!value) {
		k->runtimes[CONTAINERS_CRUN] = k->runtimes[CONTAINERS_PODMAN_RUNTIME] = true;
		return;
	}
	if (value->kind == CONF_LIST && !value->count)
		return;
	conf_texts(value, "'runtimes' of 'containers'", r->arena, &texts, &count, r->diags);
	for (size_t i = 0; i < count; i++)
		read_runtime(r, texts[i], k);
}

static void read_storage(struct inv_reader *r, const struct conf_value *value, struct containers *k)
{
	if (!value || conf_path(value, "'storage' of 'containers'", &k->storage, r->diags) < 0)
		return;
	const char *why = inventory_mount_fault(k->storage);
	if (why)
		diag_error(r->diags, CONTAINERS_STORAGE_CODE, value->at, NULL, "'storage' of 'containers': %s %s",
			   k->storage, why);
}

static void read_subids(struct inv_reader *r, const struct conf_value *value, struct containers *k)
{
	static const struct conf_key keys[SUBIDS_KEYS + 1] = {[FIRST] = {"first"}, [COUNT] = {"count"}};
	const struct conf_value *values[SUBIDS_KEYS] = {NULL};
	if (!value || conf_walk(value, "'subids'", keys, values, r->diags) < 0)
		return;
	if (values[FIRST])
		conf_int(values[FIRST], "'first' of 'subids'", 65536, CONTAINERS_ID_MAX, &k->first, r->diags);
	if (values[COUNT])
		conf_int(values[COUNT], "'count' of 'subids'", 1, CONTAINERS_ID_MAX, &k->count, r->diags);
	if (k->first + k->count - 1 > CONTAINERS_ID_MAX)
		diag_error(r->diags, CONTAINERS_SUBIDS_CODE, value->at, NULL,
			   "'subids': not even one account has room between %llu and the last id",
			   (unsigned long long)k->first);
}

void *containers_parse(struct inv_reader *r, const struct conf_value *value)
{
	static const struct conf_key keys[KEYS + 1] = {
	    [RUNTIMES] = {"runtimes"}, [ON] = {"on"}, [STORAGE] = {"storage"}, [SUBIDS] = {"subids"}};
	const struct conf_value *values[KEYS] = {NULL};
	struct containers *k = arena_alloc(r->arena, sizeof *k);
	*k = (struct containers){.storage = CONTAINERS_STORAGE, .first = FIRST_DEFAULT, .count = COUNT_DEFAULT};
	if (value && value->kind != CONF_NULL) {
		k->at = value->at;
		conf_walk(value, "'containers'", keys, values, r->diags);
	}
	read_runtimes(r, values[RUNTIMES], k);
	read_storage(r, values[STORAGE], k);
	read_subids(r, values[SUBIDS], k);
	if (values[ON])
		inventory_read_choice(r, values[ON], "'on' of 'containers'", &k->on);
	return k;
}
