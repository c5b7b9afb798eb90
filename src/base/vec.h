/*
 * vec: arrays that grow, without a type of their own for each element type:
 *
 *	struct { struct host *items; size_t len, cap; } hosts = {0};
 *	*vec_push(&hosts) = (struct host){...};
 *	free(hosts.items);
 *
 * VEC(type) names that shape. vec_push gives a pointer to a zeroed new last element, valid until the next push.
 */
#ifndef REEVE_BASE_VEC_H
#define REEVE_BASE_VEC_H

#include <string.h>

#include "base/mem.h"

#define VEC(type) \
	struct { \
		type *items; \
		size_t len, cap; \
	}

#define vec_push(v) \
	({ \
		__typeof__(v) v_ = (v); \
		if (v_->len == v_->cap) { \
			v_->cap = v_->cap ? v_->cap * 2 : 8; \
			v_->items = xrealloc(v_->items, v_->cap, sizeof *v_->items); \
		} \
		memset(&v_->items[v_->len], 0, sizeof *v_->items); \
		&v_->items[v_->len++]; \
	})

/* As vec_push, in an arena: the old array stays in the arena unused; nothing to free. */
#define vec_push_in(arena, v) \
	({ \
		__typeof__(v) v_ = (v); \
		if (v_->len == v_->cap) { \
			v_->cap = v_->cap ? v_->cap * 2 : 8; \
			void *grown_ = arena_calloc((arena), v_->cap, sizeof *v_->items); \
			if (v_->len) \
				memcpy(grown_, v_->items, v_->len * sizeof *v_->items); \
			v_->items = grown_; \
		} \
		&v_->items[v_->len++]; \
	})

#define vec_free(v) \
	do { \
		free((v)->items); \
		memset((v), 0, sizeof *(v)); \
	} while (0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

#endif
