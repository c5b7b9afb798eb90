/*
 * lab-sources: what the lab makes its images from, for scripts that make a tree of a suite (script/package).
 *
 *	lab-sources SUITE            the sources, as the lines of one deb822 file (sources.list(5))
 *	lab-sources --options SUITE  apt's options, one a line (apt.conf(5))
 */
#include <stdio.h>

#include "base/str.h"
#include "lab/sources.h"

int main(int argc, char **argv)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err err = {0};

	bool options = argc == 3 && streq(argv[1], "--options");

	if (argc != 2 && !options)
		return fprintf(stderr, "usage: lab-sources [--options] SUITE\n"), 64;
	if ((options ? sources_options(argv[2], &text, &err) : sources_of_machine(argv[1], &text, &err)) < 0)
		return fprintf(stderr, "lab-sources: %s\n", err.text), 1;
	return fputs(strbuf_str(&text), stdout) < 0 || fflush(stdout) != 0;
}
