/*
 * mem: memory that is there or the program ends.
 *
 * Out of memory aborts: a program of this size has no better answer, and every caller is simpler for it. Limits on
 * what comes from outside are set where it comes in, not here.
 *
 * An arena holds everything of one phase: built once, then only read, freed whole. What it gives is zeroed, aligned
 * for any type and lives until arena_free(). Not for use from two threads.
 */
#ifndef REEVE_BASE_MEM_H
#define REEVE_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

void *xcalloc(size_t count, size_t size); /* zeroed; overflow aborts */
void *xrealloc(void *old, size_t count, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct arena;

struct arena *arena_new(void) __attribute__((returns_nonnull));
void arena_free(struct arena *a); /* accepts NULL */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
/* Overflow aborts. */
void *arena_calloc(struct arena *a, size_t count, size_t size) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *a, const char *s); /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
size_t arena_size(const struct arena *a); /* bytes asked for so far */

static inline void arena_freep(struct arena **a)
{
	arena_free(*a);
}
#define _cleanup_arena_ __attribute__((cleanup(arena_freep)))

/* free() as a cleanup: _cleanup_free_ char *s = ... */
void freep(void *pointer_to_pointer);
#define _cleanup_free_ __attribute__((cleanup(freep)))

/* Hands ownership on and leaves NULL behind, so that a cleanup finds nothing. */
#define TAKE(ptr) \
	({ \
		__typeof__(ptr) taken_ = (ptr); \
		(ptr) = NULL; \
		taken_; \
	})

#endif
