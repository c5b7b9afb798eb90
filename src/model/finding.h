/*
 * finding: something about the cluster that the operator should know, with its evidence and its fix. Made by pure
 * judges from facts and answers of hosts; findings about what the operator wrote are diags (base/diag.h).
 */
#ifndef REEVE_MODEL_FINDING_H
#define REEVE_MODEL_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/mem.h"
#include "model/codes.h"

enum finding_weight {
	FINDING_NOTE,    /* worth knowing */
	FINDING_WARNING, /* should be mended; the run goes on */
	FINDING_HOST,    /* this host is skipped; the others go on */
	FINDING_STOP,    /* nothing may be touched until this is mended or decided */
};

struct finding {
	enum finding_weight weight;
	const char *code;           /* its word in codes.h: "clock-skew" */
	const char *host;           /* NULL: the cluster as a whole */
	const char *what;           /* one sentence, with the evidence; printable */
	const char *fix;            /* what to do, a command where there is one; NULL: nothing */
	const char *evidence;       /* lines that bear it out, printable; NULL: what says it all */
	const char *cure, *cure_on; /* a command that does it, which can hurt nobody, and the host for it; NULL: none */
	bool
	    lasting; /* a note on what the file or the release is like, which was said and stays: a run that changes nothing does not say it */
	size_t cause;       /* 1 + the index of the finding that explains this one; 0: none does */
	struct span origin; /* line of cluster.yaml that it is about; line 0: none */
};

struct findings {
	struct finding *items;
	size_t len, cap;
	struct arena *arena; /* borrowed */
};

/* Adds one and returns it, for fix and origin. Texts from hosts are made printable here. */
struct finding *finding_add(struct findings *f, enum finding_weight weight, enum finding_code code, const char *host,
			    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
const char *finding_text(struct findings *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* How many of at least this weight. */
size_t findings_count(const struct findings *f, enum finding_weight least);

const char *finding_weight_name(enum finding_weight weight);

#endif
