/*
 * strbuf: a byte string that grows. Always followed by a NUL that is not counted, so that `data` is a C string
 * wherever no NUL was put in. `{0}` is an empty one; its data is then NULL, strbuf_str() gives "" instead.
 */
#ifndef REEVE_BASE_STRBUF_H
#define REEVE_BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
	char *data;
	size_t len, size;
};

void strbuf_free(struct strbuf *b);                 /* and empties it */
void strbuf_reset(struct strbuf *b);                /* keeps the memory */
void strbuf_reserve(struct strbuf *b, size_t more); /* room for `more` bytes behind len */
void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void strbuf_consume(struct strbuf *b, size_t len); /* drops `len` bytes from the front */
const char *strbuf_str(const struct strbuf *b);
char *strbuf_take(struct strbuf *b); /* the caller frees it; never NULL; the buffer is empty afterwards */
#define _cleanup_strbuf_ __attribute__((cleanup(strbuf_free)))

#endif
