#include "cli/reach.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/password.h"
#include "lab/lab.h"

enum { CONNECT_MS = 60000, ROUND_MS = 60000, BYE_MS = 2000 };

int reach_options(struct context *context, const struct inventory *inv, struct fleet_options *ret)
{
	struct err err = {0};
	*ret = (struct fleet_options){.cancel = context_cancel()};
	if (context->lab) {
		ret->ssh_config = lab_ssh_config(context->arena, inv->cluster.text);
		if (ret->ssh_config && access(ret->ssh_config, R_OK) == 0)
			return -1;
		err_set(&err, ERR_MISSING, "the lab of '%s' is not up: 'reeve lab up' brings it up", inv->cluster.text);
		return context_fail(context, &err);
	}
	if (context_option(context, "ask-sudo")) {
		ret->sudo_password = password_ask("Password for sudo on the hosts: ", &err);
		if (!ret->sudo_password)
			return context_fail(context, &err);
	}
	return -1;
}

struct fleet_target reach_target(const struct context *context, const struct inv_host *host)
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

/* Letters, digits and what stands in DNS names and IPv6 addresses. */
static bool is_destination(const char *s)
{
	return *s && *s != '-' && *s != '.' &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-")] == '\0' &&
	       strlen(s) <= 253;
}

int reach_parse(const char *text, struct arena *arena, struct fleet_target *ret, struct err *err)
{
	const char *at = strrchr(text, '@');
	const char *user = at ? arena_strndup(arena, text, (size_t)(at - text)) : NULL;
	const char *host = arena_strdup(arena, at ? at + 1 : text);
	if (!is_destination(host) || (user && !str_is_name(user, 32)))
		return err_set(err, ERR_INPUT, "'%s' is not a host: HOST or USER@HOST is wanted", text);
	*ret = (struct fleet_target){.name = host, .address = host, .user = user};
	return 0;
}

struct report *reach_report(const struct context *context)
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
	bool live; /* elsewhere only what goes wrong is worth a line */
	struct fleet *fleet;
};

static void on_phase(void *data, size_t host, enum fleet_phase phase)
{
	const struct watch *w = data;
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

static int ask(struct context *context, struct watch *w, const struct facts_scope *scopes, struct asked *ret,
	       struct err *err)
{
	size_t count = fleet_count(w->fleet);
	if (fleet_connect(w->fleet, CONNECT_MS, err) < 0)
		return -1;
	int status = ask_facts(w->fleet, scopes, context->arena, ROUND_MS, ret, err);
	for (size_t i = 0; status == 0 && i < count; i++)
		if (!ret[i].facts || w->live)
			report_host(w->report, i, ret[i].facts ? REPORT_DONE : REPORT_UNREACHABLE,
				    ret[i].facts ? NULL : ret[i].error.text);
	fleet_bye(w->fleet, BYE_MS);
	return status;
}

int reach_ask(struct context *context, const struct fleet_target *targets, const struct facts_scope *scopes,
	      size_t count, const struct fleet_options *options, struct asked *ret, struct err *err)
{
	_cleanup_report_ struct report *report = reach_report(context);
	struct watch w = {.report = report, .live = !context->json && report_can_redraw(stderr)};
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
	int status = w.fleet ? ask(context, &w, scopes, ret, err) : -1;
	fleet_free(w.fleet);
	return status;
}
