#include "catalog/kind.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

static const struct kind *const kinds[RESOURCE_TYPES] = {
    [RESOURCE_PACKAGES] = &kind_packages, [RESOURCE_FILE] = &kind_file,       [RESOURCE_DIRECTORY] = &kind_directory,
    [RESOURCE_LINK] = &kind_link,         [RESOURCE_SERVICE] = &kind_service, [RESOURCE_GROUP] = &kind_group,
    [RESOURCE_USER] = &kind_user,         [RESOURCE_ABSENT] = &kind_absent,   [RESOURCE_MOUNT] = &kind_mount,
    [RESOURCE_PRODUCT] = &kind_product,   [RESOURCE_HOME] = &kind_home,       [RESOURCE_BLOCK] = &kind_block,
    [RESOURCE_SPOOL] = &kind_spool,
};

const char *resource_type_name(enum resource_type type)
{
	return (unsigned)type < RESOURCE_TYPES ? kinds[type]->name : "unknown";
}

const char *resource_path(const struct resource *r)
{
	return kinds[r->type]->path ? kinds[r->type]->path(r) : NULL;
}

bool resource_content(const struct resource *r, struct content *ret)
{
	return kinds[r->type]->content && kinds[r->type]->content(r, ret);
}

const struct source *resource_source(const struct resource *r, size_t index)
{
	return kinds[r->type]->source ? kinds[r->type]->source(r, index) : NULL;
}

unsigned resource_limit_s(const struct resource *r)
{
	return kinds[r->type]->limit_s ? kinds[r->type]->limit_s(r) : 0;
}

const char *resource_secret(const struct resource *r)
{
	return kinds[r->type]->secret ? kinds[r->type]->secret(r) : NULL;
}

/* "file:/etc/slurm/slurm.conf". A large cluster has 200,000 of them, and printf takes its time. */
static const char *id_of(enum resource_type type, const char *subject, struct arena *arena)
{
	const char *name = resource_type_name(type);
	size_t name_len = strlen(name), len = strlen(subject);
	char *id = arena_alloc(arena, name_len + 1 + len + 1);
	memcpy(id, name, name_len);
	id[name_len] = ':';
	memcpy(id + name_len + 1, subject, len);
	return id;
}

struct resource *kind_add(struct catalog *c, enum resource_type type, enum stage stage, const char *subject)
{
	struct resource *r = vec_push_in(c->arena, c);
	*r = (struct resource){
	    .id = id_of(type, subject, c->arena),
	    .type = type,
	    .stage = stage,
	};
	return r;
}

json_t *resource_encode(const struct resource *r)
{
	json_t *object = json_object();
	fields_put_text(object, "id", r->id);
	fields_put_text(object, "type", kinds[r->type]->name);
	fields_put_text(object, "stage", stage_name(r->stage));
	fields_put_flag(object, "alone", r->alone);
	kinds[r->type]->encode(r, object);
	return object;
}

static enum resource_type take_type(struct fields *f)
{
	const char *names[RESOURCE_TYPES];
	for (size_t i = 0; i < RESOURCE_TYPES; i++)
		names[i] = kinds[i]->name;
	return (enum resource_type)fields_one_of(f, "type", names, RESOURCE_TYPES);
}

static enum stage take_stage(struct fields *f)
{
	const char *names[STAGES];
	for (size_t i = 0; i < STAGES; i++)
		names[i] = stage_rows[i].name;
	return (enum stage)fields_one_of(f, "stage", names, STAGES);
}

int resource_decode(const json_t *json, struct arena *arena, struct resource *ret, struct err *err)
{
	struct fields f = {.object = json, .arena = arena, .err = err};
	struct resource out = {0};
	if (!json_is_object(json))
		return err_set(err, ERR_PROTOCOL, "a resource that is not an object");
	out.id = fields_text(&f, "id", true);
	if (!f.bad && (!*out.id || strlen(out.id) > RESOURCE_ID_MAX))
		fields_fail(&f, "id", "is empty or too long");
	out.type = take_type(&f);
	out.stage = take_stage(&f);
	out.alone = fields_flag(&f, "alone");
	if (f.bad)
		return -1;
	kinds[out.type]->decode(&f, &out);
	fields_end(&f, out.id);
	if (f.bad)
		return -1;
	*ret = out;
	return 0;
}
