/*
 * err: why a function failed.
 *
 * Functions that can fail return 0 or -1 (or a pointer or NULL) and fill one trailing `struct err *`, which
 * carries the code and a sentence for a person. Each caller on the way up may put its own context in front with
 * err_wrap(). Nothing here allocates, prints or exits, so an err is always usable, also when memory is short.
 */
#ifndef REEVE_BASE_ERR_H
#define REEVE_BASE_ERR_H

#include <stdarg.h>

enum err_code {
	ERR_NONE = 0,
	ERR_SYSTEM,      /* a system call failed; .sys is its errno */
	ERR_INPUT,       /* what the operator wrote is wrong */
	ERR_PROTOCOL,    /* the other side of a session broke the protocol, or said what cannot be */
	ERR_REFUSED,     /* it could be done, and must not be */
	ERR_UNREACHABLE, /* a host does not answer */
	ERR_TIMEOUT,     /* a deadline passed */
	ERR_CANCELLED,   /* the operator asked to stop */
	ERR_LIMIT,       /* a bound of ours was passed */
	ERR_MISSING,     /* something that is needed is not there */
	ERR_FAILED,      /* a command ended with a status other than 0 */
	ERR_INTERNAL,    /* a defect of reeve */
};

struct err {
	enum err_code code;
	int sys;         /* errno for ERR_SYSTEM, else 0 */
	char text[1000]; /* one sentence without a final full stop; may be cut, never unterminated */
};

/* All set `*err` (which may be NULL: then nothing is kept) and return -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_vset(struct err *err, enum err_code code, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));

/* As err_set with ERR_SYSTEM; `: ` and strerror(sys) are added. `sys` is a positive errno. */
int err_system(struct err *err, int sys, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts context in front of what is there: "context: text". Keeps the code. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What a static analyzer cannot see, since it reads one file at a time. */
#if defined(__clang_analyzer__) && !defined(ERR_IMPLEMENTATION)
#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_vset(...) (err_vset(__VA_ARGS__), -1)
#define err_system(...) (err_system(__VA_ARGS__), -1)
#define err_wrap(...) (err_wrap(__VA_ARGS__), -1)
#endif

/* The code's own word, for JSON ("system", "input", ...); never NULL. */
const char *err_code_name(enum err_code code);

#endif
