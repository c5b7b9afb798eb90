/*
 * The command line, by the tables of options. Options may stand before and behind the command and between operands;
 * "--" ends them, and so do operands behind which another program's command line begins (reeve lab ssh NODE COMMAND).
 */
#include "cli/context.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

const struct option_spec global_options[] = {
    {"file", 'f', "FILE",
     "the cluster's file (default: $REEVE_CLUSTER, ./cluster.yaml,\n"
     "                          /etc/reeve/cluster.yaml)"},
    {"lab", 0, NULL, "address the lab's nodes instead of the real hosts"},
    {"ask-sudo", 'K', NULL, "ask for the password that sudo wants on the hosts"},
    {"json", 0, NULL, "print JSON for programs"},
    {"verbose", 'v', NULL, "say more"},
    {"no-color", 0, NULL, "no colors (so does NO_COLOR in the environment)"},
    {"help", 'h', NULL, "show this help"},
    {"version", 0, NULL, "show the version"},
    {NULL},
};

struct parser {
	struct context *context;
	char **argv;
	int argc, at;
	VEC(char *) operands;
};

static const struct option_spec *own_options(const struct context *context)
{
	static const struct option_spec none[] = {{NULL}};
	return context->command && context->command->options ? context->command->options : none;
}

/* The global options keep their place, so that those given before the command are not moved by it. */
static const struct option_spec *option_at(const struct context *context, size_t i)
{
	for (const struct option_spec *o = global_options; o->name; o++)
		if (i-- == 0)
			return o;
	for (const struct option_spec *o = own_options(context); o->name; o++)
		if (i-- == 0)
			return o;
	return NULL;
}

static const struct option_spec *option_long(const struct context *context, const char *name, size_t len, size_t *ret)
{
	const struct option_spec *o;
	for (*ret = 0; (o = option_at(context, *ret)); ++*ret)
		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct option_spec *option_letter(const struct context *context, char letter, size_t *ret)
{
	const struct option_spec *o;
	for (*ret = 0; (o = option_at(context, *ret)); ++*ret)
		if (o->letter == letter)
			return o;
	return NULL;
}

const char *context_option(const struct context *context, const char *name)
{
	size_t at;
	return option_long(context, name, strlen(name), &at) ? context->values[at] : NULL;
}

static int unknown_long(const struct context *context, const char *name)
{
	const char *words[CONTEXT_OPTIONS + 1] = {0};
	const struct option_spec *o;
	for (size_t i = 0; (o = option_at(context, i)) && i < CONTEXT_OPTIONS; i++)
		words[i] = o->name;
	const char *nearest = str_nearest(name, words);
	return context_misused(context, "unknown option '--%s'%s%s%s", name, nearest ? "; did you mean '--" : "",
			       nearest ? nearest : "", nearest ? "'?" : "");
}

/* "--name", "--name=value", "--name value". */
static int parse_long(struct parser *p, char *arg)
{
	struct context *context = p->context;
	char *name = arg + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name), at;
	const struct option_spec *o = option_long(context, name, len, &at);
	if (!o) {
		if (equals)
			*equals = '\0';
		return unknown_long(context, name);
	}
	if (!o->argument && equals)
		return context_misused(context, "option '--%s' takes no argument", o->name);
	if (!o->argument) {
		context->values[at] = "";
		return 0;
	}
	if (!equals && p->at + 1 >= p->argc)
		return context_misused(context, "option '--%s' needs its %s", o->name, o->argument);
	context->values[at] = equals ? equals + 1 : p->argv[++p->at];
	return 0;
}

/* "-v", "-vf FILE", "-fFILE". */
static int parse_letters(struct parser *p, const char *arg)
{
	struct context *context = p->context;
	for (const char *s = arg + 1; *s; s++) {
		size_t at;
		const struct option_spec *o = option_letter(context, *s, &at);
		if (!o)
			return context_misused(context, "unknown option '-%c'", *s);
		if (!o->argument) {
			context->values[at] = "";
			continue;
		}
		if (!s[1] && p->at + 1 >= p->argc)
			return context_misused(context, "option '-%c' needs its %s", *s, o->argument);
		context->values[at] = s[1] ? s + 1 : p->argv[++p->at];
		return 0;
	}
	return 0;
}

/* `reeve help`, `reeve help plan`, `reeve version`: what people type first. */
static bool parse_word(struct context *context, const char *name)
{
	size_t at;
	if (!streq(name, "help") && !streq(name, "version"))
		return false;
	option_long(context, name, strlen(name), &at);
	context->values[at] = "";
	return true;
}

static int parse_command(struct context *context, const char *name)
{
	context->command = command_named(name);
	if (context->command || parse_word(context, name))
		return 0;
	const struct command *nearest = command_nearest(name);
	return context_misused(context, "unknown command '%s'%s%s%s", name, nearest ? "; did you mean '" : "",
			       nearest ? nearest->name : "", nearest ? "'?" : "");
}

static enum command_rest rest_of(const struct parser *p)
{
	const struct command *command = p->context->command;
	return command && command->takes_rest ? command->takes_rest(p->operands.items, p->operands.len) : REST_NOT_YET;
}

static int parse_all(struct parser *p)
{
	struct context *context = p->context;
	bool rest = false;
	for (p->at = 1; p->at < p->argc; p->at++) {
		char *arg = p->argv[p->at];
		int status = 0;
		if (rest || arg[0] != '-' || !arg[1]) {
			if (context->command)
				*vec_push(&p->operands) = arg;
			else
				status = parse_command(context, arg);
			enum command_rest begins = rest ? REST_NOT_YET : rest_of(p);
			rest |= begins != REST_NOT_YET;
			if (begins == REST_NEXT && p->at + 1 < p->argc && streq(p->argv[p->at + 1], "--"))
				p->at++;
		} else if (streq(arg, "--")) {
			rest = true;
		} else {
			status = arg[1] == '-' ? parse_long(p, arg) : parse_letters(p, arg);
		}
		if (status)
			return status;
	}
	return 0;
}

int context_parse(struct context *context, int argc, char **argv)
{
	struct parser p = {.context = context, .argv = argv, .argc = argc};
	int status = parse_all(&p);
	context->operands = p.operands.items;
	context->operand_count = p.operands.len;
	if (status)
		return status;
	if (context_option(context, "version")) {
		printf("reeve %s\n", REEVE_VERSION);
		return EXIT_DONE;
	}
	if (context_option(context, "help")) {
		if (context->command)
			help_command(context->command, stdout);
		else
			help_main(stdout);
		return EXIT_DONE;
	}
	if (!context->command) {
		help_main(stderr);
		return EXIT_MISUSED;
	}
	if (context->operand_count > context->command->operands_max)
		return context_misused(context, "unexpected argument '%s'",
				       context->operands[context->command->operands_max]);
	return -1;
}
