/*
 * weigh: what the configuration that lies on hosts costs to understand. A short text can name 65,533 nodes in each of its
 * lines; the bounds of slurm/conf.h and slurm/gres.h find that out before it is done. Equal texts are looked at once.
 */
#ifndef REEVE_RUN_WEIGH_H
#define REEVE_RUN_WEIGH_H

#include "facts/facts.h"

/* Texts that were looked at; `{0}` is an empty one. They are borrowed. */
struct weigh {
	struct weigh_text {
		const char *text;
		bool gres;
		struct err err;
	} * items;
	size_t len, cap;
};

/* ERR_LIMIT where one of a host's texts is beyond what is worth reading; names the file. */
int weigh_facts(struct weigh *w, const struct facts *f, struct err *err);

void weigh_free(struct weigh *w);

#endif
