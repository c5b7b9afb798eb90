#include "catalog/kind.h"

enum { INPUTS_MAX = 100 };

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "unit", r->service.unit);
	json_object_set_new(object, "enabled", json_boolean(r->service.enabled));
	json_object_set_new(object, "running", json_boolean(r->service.running));
	json_object_set_new(object, "restart", json_boolean(r->service.restart));
	fields_put_flag(object, "reload", r->service.reload);
	fields_put_list(object, "inputs", r->service.inputs);
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->service.unit = fields_word(f, "unit", true);
	ret->service.enabled = fields_bool(f, "enabled");
	ret->service.running = fields_bool(f, "running");
	ret->service.restart = fields_bool(f, "restart");
	ret->service.reload = fields_flag(f, "reload");
	ret->service.inputs = fields_paths(f, "inputs", INPUTS_MAX);
}

struct resource *catalog_service(struct catalog *c, enum stage stage, const char *unit, bool enabled, bool running,
				 const char *const *inputs)
{
	struct resource *r = kind_add(c, RESOURCE_SERVICE, stage, unit);
	r->service.unit = unit;
	r->service.enabled = enabled;
	r->service.running = running;
	r->service.inputs = inputs;
	return r;
}

const struct kind kind_service = {.name = "service", .encode = encode, .decode = decode};
