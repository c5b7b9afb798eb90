/*
 * include: a slurm.conf with what its Include lines name, as one text.
 *
 * As slurm.conf(5) "INCLUDE MODIFIERS" and src/common/parse_config.c have it: an included file stands in the place of
 * its line; a relative name is looked for in the directory of slurm.conf itself, also when an included file names it;
 * "%c" is the ClusterName that stands above the line. A name is one file: patterns are not expanded. Bounded: 16 files
 * deep, 1,000 in all, a file that includes itself is refused, and the whole is no longer than a slurm.conf may be.
 * Pure: the caller reads.
 */
#ifndef REEVE_SLURM_INCLUDE_H
#define REEVE_SLURM_INCLUDE_H

#include "base/err.h"
#include "base/mem.h"

enum { SLURM_INCLUDE_DEPTH = 16, SLURM_INCLUDE_FILES = 1000 };

/* Where a stretch of the text comes from. */
struct slurm_origin {
	unsigned line; /* of the whole text, from 1: the first of the stretch */
	const char *file;
	unsigned file_line; /* of the file */
};

struct slurm_text {
	const char *text;
	size_t len;
	const struct slurm_origin *origins; /* by rising line; at least one */
	size_t origin_count;
	size_t files; /* that were read, slurm.conf itself among them */
};

/* The bytes of `path` into *ret and *ret_len, in `arena`. -1 where it cannot be read. */
typedef int slurm_include_reader(void *data, const char *path, struct arena *arena, const char **ret, size_t *ret_len,
				 struct err *err);

/* `path` is slurm.conf. Names in the result live in `arena`. ERR_INPUT and ERR_LIMIT name the file and the line; what
 * the reader said is wrapped with them. */
int slurm_include(const char *path, slurm_include_reader *reader, void *data, struct arena *arena,
		  struct slurm_text *ret, struct err *err);

/* "slurm.conf:12", for a line of the whole text. In `arena`. */
const char *slurm_text_place(const struct slurm_text *text, unsigned line, struct arena *arena);

#endif
