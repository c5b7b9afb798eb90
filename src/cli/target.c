#include "cli/target.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/password.h"
#include "hostlist/hostlist.h"
#include "lab/lab.h"

enum { CONNECT_MS = 60000, ROUND_MS = 60000, BYE_MS = 2000 };

/* The lab that is up, and has all of the file's hosts. An exit status, or -1. */
static int in_lab(struct context *context, const struct inventory *inv, const char *ssh_config)
{
	struct err err = {0};
	const char *cluster = inv->cluster.text, *const * missing;
	if (!ssh_config || access(ssh_config, R_OK) < 0) {
		err_set(&err, ERR_MISSING, "the lab of '%s' is not up: 'reeve lab up' brings it up", cluster);
		return context_fail(context, &err);
	}
	const char **names = arena_calloc(context->arena, inv->host_count, sizeof *names);
	for (size_t i = 0; i < inv->host_count; i++)
		names[i] = inv->hosts[i].name;
	if (lab_lacks(context->arena, cluster, names, inv->host_count, &missing, &err) < 0)
		return context_fail(context, &err);
	if (!missing[0])
		return -1;
	size_t count = 1;
	while (missing[count])
		count++;
	err_set(&err, ERR_MISSING, "%s %s not in the lab yet: reeve lab up",
		hostlist_compress(missing, count, context->arena), count == 1 ? "is" : "are");
	return context_fail(context, &err);
}

int target_options(struct context *context, const struct inventory *inv, struct fleet_options *ret)
{
	struct err err = {0};
	*ret = (struct fleet_options){.cancel = &context_interrupt()->cancel};
	if (context->lab) {
		ret->ssh_config = lab_ssh_config(context->arena, inv->cluster.text);
		return in_lab(context, inv, ret->ssh_config);
	}
	if (context_option(context, "ask-sudo")) {
		if (!context->sudo_password)
			context->sudo_password =
			    password_ask("Password for sudo (for the hosts where `sudo -n` is refused): ", &err);
		if (!context->sudo_password)
			return context_fail(context, &err);
		ret->sudo_password = context->sudo_password;
	}
	return -1;
}

struct fleet_target target_of(const struct context *context, const struct inv_host *host)
{
	if (context->lab)
		return (struct fleet_target){.name = host->name};
	return (struct fleet_target){
	    .name = host->name,
	    .address = host->address,
	    .user = host->user,
	    .port = host->port,
	    .local = host->local,
	};
}

int target_unknown(const struct context *context, const struct inventory *inv, const char *name)
{
	const char **names = arena_calloc(context->arena, inv->host_count + 1, sizeof *names);
	for (size_t i = 0; i < inv->host_count; i++)
		names[i] = inv->hosts[i].name;
	const char *nearest = str_nearest(name, names);
	return context_misused(context, "%s has no host '%s'%s%s%s", inv->file, name, nearest ? "; did you mean '" : "",
			       nearest ? nearest : "", nearest ? "'?" : "");
}

bool target_is_job(const char *text, bool tasks)
{
	enum { DIGITS_MAX = 10 };
	static const char digits[] = "0123456789";
	size_t job = strspn(text, digits), task = tasks && text[job] == '_' ? strspn(text + job + 1, digits) : 0;
	return job && job <= DIGITS_MAX && task <= DIGITS_MAX && !text[job + (task ? task + 1 : 0)];
}

/* Letters, digits and what stands in DNS names and IPv6 addresses. */
static bool is_destination(const char *s)
{
	return *s && *s != '-' && *s != '.' &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-")] == '\0' &&
	       strlen(s) <= 253;
}

int target_parse(const char *text, struct arena *arena, struct fleet_target *ret, struct err *err)
{
	const char *at = strrchr(text, '@');
	const char *user = at ? arena_strndup(arena, text, (size_t)(at - text)) : NULL;
	const char *host = arena_strdup(arena, at ? at + 1 : text);
	if (!is_destination(host) || (user && !str_is_name(user, 32)))
		return err_set(err, ERR_INPUT, "'%s' is not a host: HOST or USER@HOST is wanted", text);
	*ret = (struct fleet_target){.name = host, .address = host, .user = user};
	return 0;
}

struct report *target_report(const struct context *context)
{
	return report_new(&(struct report_options){
	    .out = stdout,
	    .progress = stderr,
	    .live = !context->json && report_can_redraw(stderr),
	    .color = context->progress_color,
	    .verbose = context->verbose,
	});
}

struct watch {
	struct report *report;
	struct fleet *fleet;
};

static void on_phase(void *data, size_t host, enum fleet_phase phase)
{
	const struct watch *w = data;
	if (phase == FLEET_FAILED && fleet_error(w->fleet, host)->code == ERR_CANCELLED)
		return; /* that is said once, by who is ended */
	if (phase == FLEET_FAILED)
		report_host(w->report, host, REPORT_UNREACHABLE, fleet_error(w->fleet, host)->text);
	else if (phase != FLEET_CLOSED)
		report_host(w->report, host, REPORT_WORKING, fleet_phase_name(phase));
}

static void on_warning(void *data, size_t host, const char *text)
{
	const struct watch *w = data;
	report_note(w->report, "%s%s%s", host == SIZE_MAX ? "" : fleet_name(w->fleet, host),
		    host == SIZE_MAX ? "" : ": ", text);
}

static void on_tick(void *data)
{
	const struct watch *w = data;
	report_tick(w->report);
}

int target_visit(struct context *context, const struct fleet_target *targets, size_t count,
		 const struct fleet_options *options,
		 int (*visit)(void *data, struct fleet *fleet, struct report *report, struct err *err), void *data,
		 struct err *err)
{
	_cleanup_report_ struct report *report = target_report(context);
	struct watch w = {.report = report};
	struct fleet_options all = *options;
	all.on_phase = on_phase;
	all.on_warning = on_warning;
	all.on_tick = on_tick;
	all.data = &w;
	const char **names = arena_calloc(context->arena, count, sizeof *names);
	for (size_t i = 0; i < count; i++)
		names[i] = targets[i].name;
	report_begin(report, names, count);
	w.fleet = fleet_new(targets, count, &all, err);
	int status = w.fleet ? fleet_connect(w.fleet, CONNECT_MS, err) : -1;
	if (status == 0)
		status = visit(data, w.fleet, report, err);
	if (w.fleet)
		fleet_bye(w.fleet, BYE_MS);
	fleet_free(w.fleet);
	return status;
}

struct asking {
	const struct facts_scope *scopes;
	struct asked *asked;
	struct arena *arena;
	bool keep;
	bool live; /* elsewhere only what goes wrong is worth a line */
};

static int ask(void *data, struct fleet *fleet, struct report *report, struct err *err)
{
	const struct asking *a = data;
	int status = ask_facts(fleet, a->scopes, a->keep, a->arena, ROUND_MS, a->asked, err);
	for (size_t i = 0; status == 0 && i < fleet_count(fleet); i++)
		if (!a->asked[i].facts || a->live)
			report_host(report, i, a->asked[i].facts ? REPORT_DONE : REPORT_UNREACHABLE,
				    a->asked[i].facts ? NULL : a->asked[i].error.text);
	return status;
}

int target_ask(struct context *context, const struct fleet_target *targets, const struct facts_scope *scopes,
	       size_t count, const struct fleet_options *options, bool keep, struct asked *ret, struct err *err)
{
	struct asking asking = {.scopes = scopes,
				.asked = ret,
				.arena = context->arena,
				.keep = keep,
				.live = !context->json && report_can_redraw(stderr)};
	return target_visit(context, targets, count, options, ask, &asking, err);
}
