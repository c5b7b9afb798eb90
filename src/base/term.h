/*
 * term: the way of everything that is printed to the terminal.
 *
 * term_guard() puts a filter between a stream and its descriptor. What passes it is valid UTF-8 in which nothing moves
 * the cursor, changes colors or turns the direction of writing (str_is_plain), whoever it came from: other bytes come
 * out as "\xNN", in a stream of JSON as "\uNNNN". So no text of a host or a file has to be looked at before it is
 * printed. Our own sequences are marks that no text holds (0xFF is in no UTF-8), and become sequences in the filter. In
 * other streams the marks stay as they are.
 */
#ifndef REEVE_BASE_TERM_H
#define REEVE_BASE_TERM_H

#include <stdio.h>

#define TERM_PLAIN \
	"\xff" \
	"0"
#define TERM_BOLD \
	"\xff" \
	"1"
#define TERM_FAINT \
	"\xff" \
	"2"
#define TERM_RED \
	"\xff" \
	"r"
#define TERM_GREEN \
	"\xff" \
	"g"
#define TERM_YELLOW \
	"\xff" \
	"y"
#define TERM_MAGENTA \
	"\xff" \
	"m"
#define TERM_CYAN \
	"\xff" \
	"c"
#define TERM_BOLD_RED \
	"\xff" \
	"R"
#define TERM_BOLD_MAGENTA \
	"\xff" \
	"M"
#define TERM_BOLD_CYAN \
	"\xff" \
	"C"

#define TERM_HIDE \
	"\xff" \
	"h" /* the cursor */
#define TERM_SHOW \
	"\xff" \
	"s"
#define TERM_RETURN \
	"\xff" \
	"<" /* to the first column */
#define TERM_UP \
	"\xff" \
	"^" /* one line */
#define TERM_CLEAR \
	"\xff" \
	"J" /* from the cursor on */
#define TERM_HOME \
	"\xff" \
	"H" /* to the first column of the first line, and clears all */

/* Guards stdout and stderr, for the life of the program; called first. */
void term_guard(void);

/* What is printed to stdout from here on is JSON. */
void term_json(void);

/* The descriptor behind a stream, guarded or not (fileno(3) knows none behind a guarded one). */
int term_fd(FILE *f);

#endif
