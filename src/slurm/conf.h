/*
 * conf: the text of a slurm.conf as a tree: global parameters, and the lines that describe nodes, partitions and the
 * like. It reads what slurmctld would read, whoever wrote it, and judges neither names nor values (see param.h).
 *
 * As slurm.conf(5) and src/common/parse_config.c have it: '#' begins a comment unless a backslash stands before it, a
 * backslash at the end of a line joins it with the next, keys know no case, values may stand in double quotes. Include
 * lines are kept, not followed. The text is untrusted: it is bounded in size, lines and pairs.
 */
#ifndef REEVE_SLURM_CONF_H
#define REEVE_SLURM_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"

#define SLURM_CONF_MAX (16U << 20)  /* bytes of one slurm.conf */
#define SLURM_CONF_NODES_MAX 65533U /* MaxNodeCount's own maximum */

struct slurm_pair {
	const char *key; /* as written */
	const char *value;
	unsigned line; /* from 1 */
};

/* "NodeName=n[1-3] CPUs=4 ..." */
struct slurm_line {
	const char *names; /* value of the line's first key, unexpanded; "DEFAULT" gives defaults to the lines below */
	const struct slurm_pair *pairs;
	size_t count;
	unsigned line;
};

struct slurm_lines {
	struct slurm_line *items;
	size_t len, cap;
};

struct slurm_pairs {
	struct slurm_pair *items;
	size_t len, cap;
};

struct slurm_conf {
	struct slurm_pairs globals;  /* in their order, repetitions kept; Include lines are not among them */
	struct slurm_pairs includes; /* key "Include", value the file */
	struct slurm_lines nodes;    /* NodeName */
	struct slurm_lines partitions;
	struct slurm_lines down_nodes;
	struct slurm_lines node_sets;
	struct slurm_lines frontends;
	struct slurm_lines power_actions; /* PowerAction, from 26.05 on: `names` is what it is called */
};

/*
 * `text` is copied. The tree lives in `arena`. ERR_INPUT begins with the line: "line 12: ..."; ERR_LIMIT for a text
 * that is too long. Text with NUL bytes is refused: pass its length.
 */
int slurm_conf_parse(const char *text, size_t len, struct arena *arena, struct slurm_conf **ret, struct err *err);

/*
 * A file in which each line stands for itself, as gres.conf and topology.conf: its lines as pairs, `names` NULL. As
 * slurm_conf_parse in all else.
 */
int slurm_rows_parse(const char *text, size_t len, struct arena *arena, struct slurm_lines *ret, struct err *err);

/* Value of a global parameter; the last where it is repeated, as Slurm does; NULL where it is not given. */
const char *slurm_conf_get(const struct slurm_conf *conf, const char *key);

/* A machine that runs slurmctld: what it calls itself, and its address (the name where none is given). */
struct slurm_controller_name {
	const char *name, *address;
	unsigned line; /* of the text; 0: not known */
};

/* In their order: SlurmctldHost's, or, where there is none, those of ControlMachine and BackupController. */
size_t slurm_conf_controllers(const struct slurm_conf *conf, struct arena *arena,
			      const struct slurm_controller_name **ret);
/* Is it one of the parameters that these come from? */
bool slurm_conf_names_controller(const char *key);

/* Value of a key on a line; NULL where it is not given. */
const char *slurm_line_get(const struct slurm_line *line, const char *key);

/* A node, or a partition, with the DEFAULT lines above it applied. Nodes of one line share `line`. */
struct slurm_unit {
	const char *name;
	const struct slurm_line *line; /* defaults included; its own .line is where the name is written */
	size_t index;                  /* its place among the names of the line: lists of addresses pair with them */
};

/* `items` in the order of the file; `by_name` gives the struct slurm_unit. */
struct slurm_units {
	const struct slurm_unit *items;
	size_t count;
	struct map by_name;
};

/*
 * One unit a node, hostlists expanded. A node named twice is ERR_INPUT, as for slurmctld ("Duplicated NodeName"). What
 * is given has to be freed with slurm_units_free; the names live in `arena`. The text is untrusted: what is said of all nodes
 * together is bounded (ERR_LIMIT), and so are the lists that are paired with a line's nodes, which cannot be longer.
 */
int slurm_conf_nodes(const struct slurm_conf *conf, struct arena *arena, struct slurm_units *ret, struct err *err);

/* One unit a partition, as slurm_conf_nodes. */
int slurm_conf_partitions(const struct slurm_conf *conf, struct arena *arena, struct slurm_units *ret, struct err *err);

/* Does a partition take what a DEFAULT line says of the key? Some are read of its own line alone. */
bool slurm_conf_is_inherited(const char *key);

/* Does a key of a node line give a name to each node of the line, out of a hostlist? NodeAddr and the like. */
bool slurm_conf_is_paired(const char *key);

const struct slurm_unit *slurm_units_get(const struct slurm_units *units, const char *name);
void slurm_units_free(struct slurm_units *units); /* the map only */
#define _cleanup_slurm_units_ __attribute__((cleanup(slurm_units_free)))

#endif
