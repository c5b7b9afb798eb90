#include "adopt/make.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/mask.h"
#include "base/str.h"
#include "base/vec.h"
#include "conf/schema.h"
#include "inventory/inventory.h"
#include "slurm/param.h"
#include "slurm/version.h"

enum { MOST_NOTES = 2000 };

__attribute__((format(printf, 3, 0))) static void add_note(struct builder *b, const char *where, const char *fmt,
							   va_list ap)
{
	if (b->out->notes.len > MOST_NOTES)
		return;
	struct adopt_note *note = vec_push_in(b->arena, &b->out->notes);
	if (b->out->notes.len > MOST_NOTES) {
		note->text = "and more of the kind: this file wants to be looked at by hand";
		return;
	}
	char *text = arena_vprintf(b->arena, fmt, ap);
	mask_secrets(text, strlen(text));
	note->text = str_printable(b->arena, text, strlen(text));
	note->where = where;
}

void make_note(struct builder *b, unsigned line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	bool placed = line && b->files && b->files->slurm.origin_count;
	add_note(b, placed ? slurm_text_place(&b->files->slurm, line, b->arena) : NULL, fmt, ap);
	va_end(ap);
}

void make_note_in(struct builder *b, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add_note(b, line ? arena_printf(b->arena, "%s:%u", file, line) : file, fmt, ap);
	va_end(ap);
}

const char *make_reason(const struct builder *b, size_t before)
{
	if (before >= b->out->notes.len)
		return "";
	const struct adopt_note *note = &b->out->notes.items[before];
	return arena_printf(b->arena, ": %s%s%s", note->where ? note->where : "", note->where ? ": " : "", note->text);
}

size_t make_host(const struct builder *b, const char *name)
{
	return (size_t)map_get(&b->hosts, name);
}

const char *make_lower(struct arena *arena, const char *text)
{
	char *out = arena_strdup(arena, text);
	for (char *p = out; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return out;
}

/* One machine, however its address is written. */
static const char *address_key(struct arena *arena, const struct adopt_host *host)
{
	struct in6_addr v6;
	char text[INET6_ADDRSTRLEN];
	const char *address = make_lower(arena, host->address);
	if (inet_pton(AF_INET6, address, &v6) == 1)
		address = inet_ntop(AF_INET6, &v6, text, sizeof text);
	return arena_printf(arena, "a %s %u", address, host->port);
}

const char *make_add_host(struct builder *b, const struct adopt_host *given)
{
	struct adopt_host copy = *given, *host = &copy;
	const char *fault = inventory_name_fault(host->name);
	if (fault)
		return arena_printf(b->arena, "its name %s", fault);
	if (!str_is_name(host->hostname, 64))
		return "its NodeHostname is not a name";
	if (streq(host->hostname, host->name)) /* slurmd looks for its node by the first label of its host name */
		host->hostname = arena_strndup(b->arena, host->hostname, strcspn(host->hostname, "."));
	if (inventory_is_loopback(host->address)) {
		host->address = "local";
	} else if (streq(host->address, "local")) {
		return "the address 'local' has a meaning of its own in cluster.yaml";
	} else {
		const char *hint = NULL;
		fault = conf_address_fault(host->address, &hint);
		if (!fault)
			fault = inventory_address_fault(host->address, false);
		if (fault)
			return arena_printf(b->arena, "its address %s", fault);
	}
	if (b->out->hosts.len == INV_MAX_HOSTS)
		return "there are more hosts than Slurm can have";
	if (make_host(b, host->name))
		return "a host of that name is there already";
	const char *address = address_key(b->arena, host);
	const char *hostname = arena_printf(b->arena, "h %s", host->hostname);
	const char *other = map_get(&b->addresses, address);
	if (!other)
		other = map_get(&b->addresses, hostname);
	if (other)
		return arena_printf(
		    b->arena, "it is on the same machine as %s, and reeve deploys one slurmd on a machine", other);
	map_set(&b->addresses, address, (void *)host->name);
	map_set(&b->addresses, hostname, (void *)host->name);
	*vec_push_in(b->arena, &b->out->hosts) = *host;
	map_set(&b->hosts, host->name, (void *)b->out->hosts.len);
	return NULL;
}

bool make_move_host(struct builder *b, const char *name, const char *address)
{
	struct adopt_host *host = &b->out->hosts.items[make_host(b, name) - 1], moved = *host;
	const char *hint;
	moved.address = address;
	if (conf_address_fault(address, &hint) || inventory_address_fault(address, false) ||
	    map_has(&b->addresses, address_key(b->arena, &moved)))
		return false;
	map_set(&b->addresses, address_key(b->arena, &moved), (void *)host->name);
	*host = moved;
	return true;
}

void make_addresses(struct builder *b)
{
	for (size_t i = 0; b->out->hosts.len > 1 && i < b->out->hosts.len; i++) {
		struct adopt_host *h = &b->out->hosts.items[i];
		if (!streq(h->address, "local"))
			continue;
		h->address = h->hostname;
		make_note(
		    b, 0,
		    "the address of %s is the loopback, where the other hosts find themselves: its name is written "
		    "instead; give its address where that is not known to all",
		    h->name);
	}
}

const char *make_param_fault(struct builder *b, const struct slurm_param *param, const char *value)
{
	struct err err = {0};
	const char *bad = strpbrk(value, "#\"\\"), *instead = slurm_param_secret(param->name, value);
	if (instead)
		return arena_printf(b->arena, "it is a password, and every user can read slurm.conf: %s", instead);
	if (!str_is_utf8(value, strlen(value)))
		return "its value is no UTF-8";
	if (bad)
		return arena_printf(b->arena, "its value holds '%c', which cluster.yaml does not take", *bad);
	if (*value == ' ' || (*value && value[strlen(value) - 1] == ' '))
		return "its value begins or ends with a blank";
	if (slurm_param_check(param, b->release, value, &err) < 0)
		return arena_strdup(b->arena, err.text);
	return inventory_param_fault(param->name, value);
}

const char *make_param(const struct adopt_params *params, const char *key)
{
	for (size_t i = 0; i < params->len; i++)
		if (strcasecmp(params->items[i].key, key) == 0)
			return params->items[i].value;
	return NULL;
}

void make_add_param(struct builder *b, struct adopt_params *params, const char *key, const char *value, bool added)
{
	*vec_push_in(b->arena, params) = (struct adopt_param){.key = key, .value = value, .added = added};
}

const char *make_cluster_name(struct builder *b, const char *text)
{
	const char *name = make_lower(b->arena, text);
	return inventory_is_cluster_name(name) ? name : NULL;
}

int make_version(struct builder *b, const char *text, struct err *err)
{
	struct slurm_version version;
	char release[8];
	if (!text)
		return 0;
	if (slurm_version_parse(text, &version, err) < 0)
		return -1;
	slurm_release_print(version.release, release);
	if (!slurm_release_usable(version.release))
		return err_set(err, ERR_INPUT, "Slurm %s is not a release that this reeve knows", release);
	b->release = version.release;
	b->out->slurm_version =
	    version.micro ? arena_printf(b->arena, "%s.%u", release, version.micro) : arena_strdup(b->arena, release);
	return 0;
}
