#include "run/roll.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

struct entry {
	enum roll_state state;
	bool excused;
	size_t place; /* in the fleet; SIZE_MAX: it takes no part */
};

struct roll {
	const struct inventory *inv;
	struct report *report;
	struct interrupt *interrupt;
	struct fleet *fleet;
	struct entry *hosts; /* by host index */
	size_t *members;     /* by place */
	size_t count;
	const char **reasons; /* by host index; NULL: it is in, or takes no part */
	struct findings findings;
	struct finding unread; /* of hosts that had left before */
	struct arena *arena;
};

struct roll *roll_new(const struct inventory *inv, struct report *report, struct interrupt *interrupt,
		      struct arena *arena)
{
	struct roll *r = arena_alloc(arena, sizeof *r);
	*r = (struct roll){
	    .inv = inv, .report = report, .interrupt = interrupt, .arena = arena, .findings = {.arena = arena}};
	r->hosts = arena_calloc(arena, inv->host_count, sizeof *r->hosts);
	r->members = arena_calloc(arena, inv->host_count, sizeof *r->members);
	r->reasons = arena_calloc(arena, inv->host_count, sizeof *r->reasons);
	for (size_t i = 0; i < inv->host_count; i++) {
		bool member = inventory_takes_part(&inv->hosts[i]);
		r->hosts[i] =
		    (struct entry){.state = member ? ROLL_IN : ROLL_ABSENT, .place = member ? r->count : SIZE_MAX};
		if (member)
			r->members[r->count++] = i;
	}
	return r;
}

static void on_phase(void *data, size_t place, enum fleet_phase now)
{
	const struct roll *r = data;
	/* What failed is said with its reason by roll_miss(); what is closed had its end before. */
	if (r->report && now != FLEET_FAILED && now != FLEET_CLOSED)
		report_host(r->report, place, REPORT_WORKING, fleet_phase_name(now));
}

static void on_warning(void *data, size_t place, const char *text)
{
	const struct roll *r = data;
	if (r->report)
		report_note(r->report, "%s%s%s", place == SIZE_MAX ? "" : r->inv->hosts[r->members[place]].name,
			    place == SIZE_MAX ? "" : ": ", text);
}

static void on_tick(void *data)
{
	const struct roll *r = data;
	const char *section = r->interrupt ? interrupt_news(r->interrupt) : NULL;
	if (!r->report)
		return;
	if (section)
		report_note(r->report, "finishing: %s; Ctrl-C again to stop at once", section);
	report_tick(r->report);
}

int roll_open(struct roll *r, const struct fleet_options *given, bool by_name, struct err *err)
{
	struct fleet_target *targets = arena_calloc(r->arena, r->count, sizeof *targets);
	const char **names = arena_calloc(r->arena, r->count, sizeof *names);
	for (size_t i = 0; i < r->count; i++) {
		const struct inv_host *h = &r->inv->hosts[r->members[i]];
		names[i] = h->name;
		targets[i].name = h->name;
		if (!by_name)
			targets[i] = (struct fleet_target){h->name, h->address, h->user, h->port, h->local};
	}
	if (r->report) {
		report_begin(r->report, names, r->count);
		report_phase(r->report, "connect");
	}
	struct fleet_options options = *given;
	options.on_phase = on_phase;
	options.on_warning = on_warning;
	options.on_tick = on_tick;
	options.data = r;
	r->fleet = fleet_new(targets, r->count, &options, err);
	return r->fleet ? 0 : -1;
}

void roll_close(struct roll *r)
{
	if (!r || !r->fleet)
		return;
	fleet_bye(r->fleet, 5000);
	fleet_free(r->fleet);
	r->fleet = NULL;
}

struct fleet *roll_fleet(const struct roll *r)
{
	return r->fleet;
}

size_t roll_count(const struct roll *r)
{
	return r->count;
}

size_t roll_at(const struct roll *r, size_t place)
{
	return r->members[place];
}

enum fleet_phase roll_phase(const struct roll *r, size_t host)
{
	size_t place = r->hosts[host].place;
	return place == SIZE_MAX ? FLEET_CLOSED : fleet_phase(r->fleet, place);
}

bool roll_in(const struct roll *r, size_t host)
{
	return r->hosts[host].state == ROLL_IN && roll_phase(r, host) == FLEET_OPEN;
}

enum roll_state roll_state(const struct roll *r, size_t host)
{
	return r->hosts[host].state;
}

const char *roll_why(const struct roll *r, size_t host)
{
	return r->reasons[host];
}

const char *const *roll_reasons(const struct roll *r)
{
	return r->reasons;
}

/* The state changes, and everybody hears that it is skipped; why stands in the findings. */
static void leave(struct roll *r, size_t host, enum roll_state state, const char *why)
{
	struct entry *e = &r->hosts[host];
	e->state = state;
	r->reasons[host] = why;
	if (r->report)
		report_skip(r->report, e->place, state == ROLL_ABSENT ? REPORT_UNREACHABLE : REPORT_FAILED, why);
}

static struct finding *add(struct roll *r, size_t host, enum finding_code code, const char *what)
{
	return finding_add(&r->findings, r->hosts[host].excused ? FINDING_NOTE : FINDING_HOST, code,
			   r->inv->hosts[host].name, "%s", what);
}

struct finding *roll_leave(struct roll *r, size_t host, enum finding_code code, const char *fmt, ...)
{
	va_list ap;
	if (r->hosts[host].state != ROLL_IN)
		return &r->unread;
	va_start(ap, fmt);
	const char *what = arena_vprintf(r->arena, fmt, ap);
	va_end(ap);
	struct finding *f = add(r, host, code, what);
	leave(r, host, ROLL_LEFT, f->what);
	return f;
}

void roll_fail(struct roll *r, size_t host, enum finding_code code, const struct err *why)
{
	if (why->code != ERR_CANCELLED)
		roll_leave(r, host, code, "%s", why->text);
}

void roll_miss(struct roll *r, size_t host, const struct err *why)
{
	if (r->hosts[host].state != ROLL_IN)
		return;
	leave(r, host, ROLL_ABSENT, add(r, host, CODE_UNREACHED, why->text)->what);
}

static const struct inv_host *skips(const struct roll *r, const struct finding *f)
{
	return f->host && f->weight == FINDING_HOST ? inventory_host(r->inv, f->host) : NULL;
}

static void keep_others(const struct roll *r, struct findings *findings)
{
	size_t kept = 0;
	for (size_t i = 0; i < findings->len; i++)
		if (!skips(r, &findings->items[i]))
			findings->items[kept++] = findings->items[i];
	findings->len = kept;
}

void roll_take(struct roll *r, struct findings *findings)
{
	bool *before = arena_calloc(r->arena, r->inv->host_count, sizeof *before);
	for (size_t i = 0; i < r->inv->host_count; i++)
		before[i] = r->hosts[i].state != ROLL_IN;
	for (size_t i = 0; i < findings->len; i++) {
		const struct finding *f = &findings->items[i];
		const struct inv_host *h = skips(r, f);
		if (!h || before[h->index])
			continue;
		struct finding *own = vec_push_in(r->arena, &r->findings);
		*own = *f;
		if (r->hosts[h->index].excused)
			own->weight = FINDING_NOTE;
		if (r->hosts[h->index].state == ROLL_IN)
			leave(r, h->index, ROLL_LEFT, f->what);
	}
	keep_others(r, findings);
}

void roll_look(struct roll *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (fleet_phase(r->fleet, i) == FLEET_FAILED)
			roll_fail(r, r->members[i], CODE_LOST, fleet_error(r->fleet, i));
}

void roll_excuse(struct roll *r, size_t host)
{
	r->hosts[host].excused = true;
	for (size_t i = 0; i < r->findings.len; i++)
		if (streq(r->findings.items[i].host, r->inv->hosts[host].name))
			r->findings.items[i].weight = FINDING_NOTE;
}

size_t roll_skipped(const struct roll *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct entry *e = &r->hosts[r->members[i]];
		n += e->state != ROLL_IN && !e->excused;
	}
	return n;
}

bool roll_majority(const struct roll *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->inv->controller_count; i++)
		n += roll_in(r, r->inv->controllers[i]);
	return n * 2 > r->inv->controller_count;
}

size_t roll_controller(const struct roll *r)
{
	for (size_t i = 0; i < r->inv->controller_count; i++)
		if (roll_in(r, r->inv->controllers[i]))
			return r->inv->controllers[i];
	return SIZE_MAX;
}

void roll_hush(struct roll *r, size_t host)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->findings.len; i++)
		if (!streq(r->findings.items[i].host, r->inv->hosts[host].name))
			r->findings.items[kept++] = r->findings.items[i];
	r->findings.len = kept;
}

void roll_tell(const struct roll *r, struct findings *to)
{
	for (size_t i = 0; i < r->findings.len; i++)
		*vec_push_in(to->arena, to) = r->findings.items[i];
}

struct fleet_request roll_request(const struct roll *r, size_t host, const json_t *message)
{
	return (struct fleet_request){.host = r->hosts[host].place, .message = message};
}

size_t roll_host(const struct roll *r, const struct fleet_request *request)
{
	return r->members[request->host];
}

int roll_await(const struct roll *r, const bool *hosts, unsigned timeout_ms, struct err *err)
{
	bool *places = hosts ? arena_calloc(r->arena, r->count, sizeof *places) : NULL;
	for (size_t i = 0; hosts && i < r->count; i++)
		places[i] = hosts[r->members[i]];
	return fleet_await(r->fleet, places, timeout_ms, err);
}

void roll_hang_up(const struct roll *r, size_t host, const struct err *why)
{
	fleet_fail(r->fleet, r->hosts[host].place, why);
}

void roll_show(const struct roll *r, size_t host, enum report_state state, const char *text)
{
	if (r->report)
		report_host(r->report, r->hosts[host].place, state, text);
}

void roll_show_ready(const struct roll *r, size_t host)
{
	if (r->report)
		report_ready(r->report, r->hosts[host].place);
}

void roll_show_event(const struct roll *r, size_t host, const struct event *event, const char *where)
{
	if (r->report)
		report_event(r->report, r->hosts[host].place, event, where);
}
