/*
 * Which hosts have which modules beyond core, as the record keeps it: so that it is said, once, when a host is not to have
 * one any more. Nothing of it is taken away: others may have come to rely on it, and a package may be needed by more.
 */
#include "base/map.h"
#include "base/names.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "model/cluster.h"

static const struct record_module *recorded(const struct cluster *c, const char *name)
{
	for (size_t i = 0; c->record && i < c->record->module_count; i++)
		if (streq(c->record->modules[i].name, name))
			return &c->record->modules[i];
	return NULL;
}

/* The hosts that are to be recorded as having it, and those that lose it. One that was not reached stays as it was. */
static void divide(const struct cluster *c, const char *module, struct names *have, struct names *lose)
{
	const struct record_module *before = recorded(c, module);
	_cleanup_map_ struct map had = {0};
	for (size_t i = 0; before && i < before->host_count; i++)
		map_set(&had, before->hosts[i], (void *)before);
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		bool role = inventory_has_role(h->inv), was = map_has(&had, h->inv->name);
		bool has = role ? inventory_class_has(c->inv, h->class, module) : inventory_is_needed(h->inv, module);
		if (!inventory_takes_part(h->inv))
			continue;
		if (h->facts ? has && (was || !cluster_is_out(h)) : was)
			*vec_push_in(c->arena, have) = h->inv->name;
		else if (was)
			*vec_push_in(c->arena, lose) = h->inv->name;
	}
}

void cluster_check_modules(struct cluster *c)
{
	for (size_t i = 0; c->inv->sections[i]; i++) {
		const struct inv_section *s = c->inv->sections[i];
		struct names have = {0}, lose = {0};
		divide(c, s->name, &have, &lose);
		if (!lose.len)
			continue;
		finding_add(&c->findings, FINDING_NOTE, CODE_MODULE_LEFT, NULL,
			    "module %s no longer applies to %s; left in place: %s", s->name,
			    hostlist_compress(lose.items, lose.len, c->arena), s->leaves)
		    ->fix = "remove it by hand where it is in the way";
	}
}

void cluster_record_modules(const struct cluster *c, struct record *r)
{
	size_t count = 0;
	while (c->inv->sections[count])
		count++;
	struct record_module *modules = arena_calloc(c->arena, count + 1, sizeof *modules);
	r->module_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct names have = {0}, lose = {0};
		divide(c, c->inv->sections[i]->name, &have, &lose);
		if (have.len)
			modules[r->module_count++] = (struct record_module){
			    .name = c->inv->sections[i]->name, .hosts = have.items, .host_count = have.len};
	}
	r->modules = modules;
}

bool cluster_modules_differ(const struct cluster *c)
{
	struct record now = {0};
	cluster_record_modules(c, &now);
	for (size_t i = 0; i < now.module_count; i++) {
		const struct record_module *m = &now.modules[i], *before = recorded(c, m->name);
		if (!before || !streq(hostlist_compress(before->hosts, before->host_count, c->arena),
				      hostlist_compress(m->hosts, m->host_count, c->arena)))
			return true;
	}
	return c->record && now.module_count != c->record->module_count;
}
