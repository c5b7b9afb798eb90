#include "cli/context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/standin.h"
#include "modules/module.h"

static void say(const struct context *context, const char *text)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	fflush(stdout);
	fprintf(stderr, "reeve%s%s: %s\n", context->command ? " " : "", context->command ? context->command->name : "",
		str_printable(arena, text, strlen(text)));
}

int context_fail(const struct context *context, const struct err *err)
{
	say(context, err->text);
	return context_failed(err);
}

int context_misused(const struct context *context, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(context->arena, fmt, ap);
	va_end(ap);
	say(context, text);
	fprintf(stderr, "Try 'reeve%s%s --help'.\n", context->command ? " " : "",
		context->command ? context->command->name : "");
	return EXIT_MISUSED;
}

/*
 * A file that was not named but found is the word of whoever could put it there, and what it says is done as root: as with
 * ssh's own, nobody but this user and root may own or write it, and nobody else put another in its place.
 */
static bool is_safe(const struct context *context, const char *file)
{
	_cleanup_free_ char *dir = xstrdup(strchr(file, '/') ? file : ".");
	const char *sudo = getenv("SUDO_UID"), *why = NULL;
	struct stat st, above;
	uint64_t caller = 0;
	if (geteuid() == 0 && sudo && str_to_u64(sudo, 0, UINT32_MAX, &caller) < 0)
		caller = 0;
	if (strchr(dir, '/'))
		*strrchr(dir, '/') = '\0';
	if (stat(file, &st) < 0 || stat(dir, &above) < 0)
		return true; /* reading it says why */
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != caller)
		why = "belongs to another user";
	else if (st.st_mode & S_IWOTH ||
		 (st.st_mode & S_IWGRP && st.st_gid != 0 && st.st_gid != getegid() && st.st_gid != st.st_uid))
		why = "can be written by others";
	else if (above.st_mode & S_IWOTH && !(above.st_mode & S_ISVTX))
		why = "lies where others can put another in its place";
	if (!why)
		return true;
	_cleanup_free_ char *text = xasprintf("%s%s %s, and was not named: use -f %s where it is meant",
					      strchr(file, '/') ? "" : "./", file, why, file);
	say(context, text);
	return false;
}

const char *context_file(struct context *context)
{
	static const char *const places[] = {"cluster.yaml", "/etc/reeve/cluster.yaml"};
	const char *file = context_option(context, "file");
	if (file)
		return file;
	file = getenv("REEVE_CLUSTER");
	if (file && *file)
		return file;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (access(places[i], F_OK) == 0 || errno != ENOENT)
			return is_safe(context, places[i]) ? places[i] : NULL;
	say(context, "there is no cluster.yaml here and no /etc/reeve/cluster.yaml: name the file with -f, "
		     "or let 'reeve init' write one");
	return NULL;
}

const struct inventory *context_inventory(struct context *context)
{
	if (context->inventory)
		return context->inventory;
	const char *file = context_file(context);
	if (!file)
		return NULL;
	struct diags diags;
	struct err err = {0};
	const struct inventory *inv = inventory_load(file, module_sections, &diags, context->arena, &err);
	diags_print(&diags, stderr, context->progress_color);
	diags_free(&diags);
	if (inv && context->lab)
		inv = standin_inventory(inv, context->arena, &err);
	if (!inv)
		say(context, err.text);
	context->inventory = inv;
	return inv;
}

void context_forget_inventory(struct context *context)
{
	context->inventory = NULL;
}

const struct inv_choice *context_select(struct context *context, const struct inventory *inv, const char *nodes,
					bool by_class)
{
	struct inv_choice *choice = arena_alloc(context->arena, sizeof *choice);
	struct err err = {0};
	if (inventory_select(inv, nodes ? nodes : "all", by_class, context->arena, choice, &err) == 0)
		return choice;
	say(context, err.text);
	return NULL;
}

static struct interrupt interrupt;

/* The third one is nobody's to hold. */
static void on_signal(int number)
{
	static volatile sig_atomic_t before;
	if (++before > 2)
		signal(number, SIG_DFL);
	interrupt_signal(&interrupt, number);
}

struct interrupt *context_interrupt(void)
{
	static bool set;
	if (!set) {
		const struct sigaction action = {.sa_handler = on_signal};
		static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
		for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
			sigaction(signals[i], &action, NULL);
		set = true;
	}
	return &interrupt;
}

int context_failed(const struct err *err)
{
	return err->code == ERR_CANCELLED && interrupt.first ? EXIT_SIGNAL + interrupt.first : EXIT_FAILED;
}
