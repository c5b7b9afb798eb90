/* What the judges have in common. */
#include "doctor/doctor.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

struct finding *doctor_add(struct doctor *d, size_t host, const char *fmt, ...)
{
	struct findings unseen = {.arena = d->findings->arena};
	bool wanted = host == SIZE_MAX || !d->chosen || d->chosen[host];
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(d->findings->arena, fmt, ap);
	va_end(ap);
	return finding_add(wanted ? d->findings : &unseen, d->row->weight, d->row->code,
			   host == SIZE_MAX ? NULL : d->cluster->inv->hosts[host].name, "%s", text);
}

const char *doctor_text(const struct doctor *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(d->findings->arena, fmt, ap);
	va_end(ap);
	/* Evidence may be several lines, each printable. */
	_cleanup_strbuf_ struct strbuf out = {0};
	for (char *rest = text, *line; (line = str_next_line(&rest));)
		strbuf_addf(&out, "%s%s", out.len ? "\n" : "", str_printable(d->findings->arena, line, strlen(line)));
	return arena_strndup(d->findings->arena, strbuf_str(&out), out.len);
}

void doctor_cure(struct doctor *d, struct finding *f, size_t on, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	f->cure = arena_vprintf(d->findings->arena, fmt, ap);
	va_end(ap);
	f->cure_on = d->cluster->inv->hosts[on].name;
	f->fix = doctor_text(d, "reeve doctor --fix %s   # %s", f->host, f->cure);
}

struct doctor_host doctor_host_of(const struct doctor *d, size_t host)
{
	return (struct doctor_host){d->cluster, d->cluster->inv, &d->cluster->inv->hosts[host], d->findings->arena};
}

/* "%h" and "%n" (slurm.conf(5), SlurmdLogFile). */
static const char *expanded(const struct doctor_host *h, const char *value)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (const char *p = value; *p; p++) {
		if (*p == '%' && (p[1] == 'h' || p[1] == 'n'))
			strbuf_adds(&out, *++p == 'h' ? h->host->hostname : h->host->name);
		else
			strbuf_addc(&out, *p);
	}
	return arena_strndup(h->arena, strbuf_str(&out), out.len);
}

const char *doctor_param(const struct doctor_host *h, const char *key)
{
	static const struct {
		const char *key, *value;
	} defaults[] = {
	    {"SlurmdSpoolDir", "/var/lib/slurm/slurmd"},
	    {"SlurmctldLogFile", "/var/log/slurm/slurmctld.log"},
	    {"SlurmdLogFile", "/var/log/slurm/slurmd.log"},
	    {"SlurmdTimeout", "300"},
	};
	const struct inventory *inv = h->inv;
	const char *value =
	    streq(key, "StateSaveLocation") ? inv->state.text : inventory_param(inv->params, inv->param_count, key);
	for (size_t i = 0; !value && i < ARRAY_LEN(defaults); i++)
		if (streq(defaults[i].key, key))
			value = defaults[i].value;
	return value && *value == '/' && strchr(value, '%') ? expanded(h, value) : value;
}

const struct slurm_node_state *doctor_node(const struct doctor *d, size_t host)
{
	for (size_t i = 0; d->slurm.up && i < d->slurm.node_count; i++)
		if (streq(d->slurm.nodes[i].name, d->cluster->inv->hosts[host].name))
			return &d->slurm.nodes[i];
	return NULL;
}

bool doctor_wants_slurmd(const struct doctor *d, size_t host)
{
	return d->cluster->hosts[host].serves;
}

bool doctor_wants_slurmctld(const struct doctor *d, size_t host)
{
	return d->cluster->inv->hosts[host].controller;
}
