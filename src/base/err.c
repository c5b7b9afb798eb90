#define ERR_IMPLEMENTATION
#include "base/err.h"

#include <stdio.h>
#include <string.h>

int err_vset(struct err *err, enum err_code code, const char *fmt, va_list ap)
{
	if (!err)
		return -1;
	/* Formatted aside first: an argument may be the old text itself. */
	char text[sizeof err->text];
	vsnprintf(text, sizeof text, fmt, ap);
	memcpy(err->text, text, sizeof text);
	err->code = code;
	err->sys = 0;
	return -1;
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	err_vset(err, code, fmt, ap);
	va_end(ap);
	return -1;
}

static void append(char *to, size_t size, const char *a, const char *b)
{
	/* Cut where it does not fit: that is what the buffer promises. */
	strncat(to, a, size - strlen(to) - 1);
	strncat(to, b, size - strlen(to) - 1);
}

int err_system(struct err *err, int sys, const char *fmt, ...)
{
	if (!err)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	err_vset(err, ERR_SYSTEM, fmt, ap);
	va_end(ap);
	err->sys = sys;
	append(err->text, sizeof err->text, ": ", strerror(sys));
	return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	if (!err)
		return -1;
	char text[sizeof err->text];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	append(text, sizeof text, ": ", err->text);
	memcpy(err->text, text, sizeof text);
	return -1;
}

const char *err_code_name(enum err_code code)
{
	static const char *const names[] = {
	    [ERR_NONE] = "none",         [ERR_SYSTEM] = "system",       [ERR_INPUT] = "input",
	    [ERR_PROTOCOL] = "protocol", [ERR_REFUSED] = "refused",     [ERR_UNREACHABLE] = "unreachable",
	    [ERR_TIMEOUT] = "timeout",   [ERR_CANCELLED] = "cancelled", [ERR_LIMIT] = "limit",
	    [ERR_MISSING] = "missing",   [ERR_FAILED] = "failed",       [ERR_INTERNAL] = "internal",
	};
	return (unsigned)code < sizeof names / sizeof *names ? names[code] : "internal";
}
