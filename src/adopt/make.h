/* adopt/make: what the files of src/adopt share. Private to it. */
#ifndef REEVE_ADOPT_MAKE_H
#define REEVE_ADOPT_MAKE_H

#include "adopt/adopt.h"
#include "base/map.h"
#include "slurm/conf.h"
#include "slurm/effective.h"
#include "slurm/param.h"

/* Of a file that is missing. */
#define MAKE_AGAIN "if the hosts have one, adopt again with a copy of it there"

struct builder {
	struct arena *arena;
	struct adopted *out;
	const struct adopt_files *files; /* NULL: from Ansible's inventory */
	const struct slurm_conf *conf;
	struct slurm_units nodes;
	struct effective meaning;
	unsigned release; /* of Slurm; 0: not said */
	bool given;       /* the hosts are there already: what is said of others is left out */
	struct map hosts; /* name -> index in out->hosts + 1 */
	struct map addresses;
	struct map gres; /* name of a node -> its lines of gres.conf, struct adopt_texts */
};

/* `line` of slurm.conf with what it includes; 0: no place. */
void make_note(struct builder *b, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same of a file beside slurm.conf; line 0: of the whole file. */
void make_note_in(struct builder *b, const char *file, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* ": " and the first note since there were `before`, for an error; "" where there is none. */
const char *make_reason(const struct builder *b, size_t before);

/* An index into out->hosts + 1, or 0. */
size_t make_host(const struct builder *b, const char *name);
/* Adds one; why it cannot be one where that is so, else NULL. */
const char *make_add_host(struct builder *b, const struct adopt_host *host);

/* Gives a host another address; false where that is not one, or another host's. */
bool make_move_host(struct builder *b, const char *name, const char *address);

/* When all hosts are there: the loopback is an address for one that is alone. */
void make_addresses(struct builder *b);

/* Why a parameter or its value cannot stand in cluster.yaml; NULL: it can. */
const char *make_param_fault(struct builder *b, const struct slurm_param *param, const char *value);
/* The value as cluster.yaml takes it where that can be, else `value` itself, of which make_param_fault says why. Where the
 * meaning is another now, `*ret_note` says so; else it is NULL. */
const char *make_value(struct builder *b, const struct slurm_param *param, const char *value, const char **ret_note);
/* NULL: it is not among them. */
const char *make_param(const struct adopt_params *params, const char *key);
void make_add_param(struct builder *b, struct adopt_params *params, const char *key, const char *value, bool added);

const char *make_lower(struct arena *arena, const char *text); /* ASCII */

/* make_value of what stands on a line of nodes. */
const char *make_class_value(struct builder *b, const char *key, const char *value, const char **ret_note);
/* Why a key cannot be a class's; NULL: it can. */
const char *make_class_fault(struct builder *b, const char *key, const char *value);
/* One class, or several that say the same, for `nodes`; false where the file would have too many. All hosts are known.
 */
bool make_class(struct builder *b, const struct adopt_class *like, const char *const *nodes, size_t count);

/* The cluster's name as the language takes it; NULL where that cannot be. */
const char *make_cluster_name(struct builder *b, const char *text);

/* What --slurm-version says, into b->release and the pin; NULL: nothing. */
int make_version(struct builder *b, const char *text, struct err *err);

/* Each node's lines of gres.conf, into b->gres; before the classes are made of them. */
void make_gres_of(struct builder *b);
/* topology.conf and cgroup.conf; when all else is made. */
void make_topology_of(struct builder *b);
void make_cgroup_of(struct builder *b);

/* The parameters of a slurm.conf, with those that are in force because it does not name them; and its state directory. */
void make_params_of(struct builder *b);
void make_state_of(struct builder *b);

/* The hosts and classes, and the partitions, of a slurm.conf. */
int make_nodes_of(struct builder *b, struct err *err);
void make_partitions_of(struct builder *b);

#endif
