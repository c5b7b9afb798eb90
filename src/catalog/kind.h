/*
 * kind: what the operator's side and the agent have in common about each type of resource: its name, and its members as
 * JSON and back. A type is one row of the table in kind.c and two files, kind-NAME.c here and the agent's of that name.
 */
#ifndef REEVE_CATALOG_KIND_H
#define REEVE_CATALOG_KIND_H

#include "catalog/catalog.h"
#include "catalog/fields.h"

struct kind {
	const char *name;
	void (*encode)(const struct resource *r, json_t *object);       /* puts its own members in */
	void (*decode)(struct fields *fields, struct resource *ret);    /* what is wrong is told by fields->bad */
	const char *(*path)(const struct resource *r);                  /* NULL: a type without a path */
	bool (*content)(const struct resource *r, struct content *ret); /* NULL: nothing is sent beside it */
	const char *(*secret)(const struct resource *r);                /* NULL: a type without secrets */
	const struct source *(*source)(const struct resource *r, size_t index); /* NULL: not made of any */
	unsigned (*limit_s)(const struct resource *r);                          /* NULL: as any other */
};

extern const struct kind kind_packages, kind_file, kind_directory, kind_link, kind_service, kind_group, kind_user,
    kind_absent, kind_mount, kind_product, kind_home, kind_block, kind_spool;

struct stage_row {
	const char *name; /* as it travels */
	const char *title;
};

extern const struct stage_row stage_rows[STAGES];

/* Appends a resource of this type with the id "TYPE:SUBJECT", for the functions that fill it. */
struct resource *kind_add(struct catalog *c, enum resource_type type, enum stage stage, const char *subject);

#endif
