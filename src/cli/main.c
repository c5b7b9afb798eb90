#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/term.h"
#include "cli/context.h"

/* Descriptors 0 to 2 are taken, so that no file or socket gets their numbers. Writing to one that was closed fails. */
static void hold_standard_descriptors(void)
{
	while (true) {
		int fd = open("/dev/null", O_RDONLY);
		if (fd < 0)
			return;
		if (fd > STDERR_FILENO) {
			close(fd);
			return;
		}
	}
}

static bool colored(const struct context *context, FILE *f)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	if (context_option(context, "no-color") || (no_color && *no_color))
		return false;
	return isatty(term_fd(f)) && term && !streq(term, "dumb");
}

/* A result that could not be written is no result. */
static int flush_results(int status)
{
	errno = 0;
	bool failed = fflush(stdout) != 0;
	int why = errno;
	if (!failed && !ferror(stdout))
		return status;
	fprintf(stderr, "reeve: cannot write to standard output%s%s\n", failed && why ? ": " : "",
		failed && why ? strerror(why) : "");
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	hold_standard_descriptors();
	term_guard();
	signal(SIGPIPE, SIG_IGN);
	_cleanup_arena_ struct arena *arena = arena_new();
	struct context context = {.arena = arena};
	int status = context_parse(&context, argc, argv);
	if (status < 0) {
		context.lab = context_option(&context, "lab");
		context.json = context_option(&context, "json");
		if (context.json)
			term_json();
		context.verbose = context_option(&context, "verbose");
		context.color = colored(&context, stdout);
		context.progress_color = colored(&context, stderr);
		status = context.command->run(&context);
	}
	status = flush_results(status);
	free((void *)context.operands);
	return status;
}
