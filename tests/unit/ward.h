/* ward: a patient for doctor's judges: the cluster of world.h, which runs, and what each of its hosts answers. */
#ifndef REEVE_TESTS_WARD_H
#define REEVE_TESTS_WARD_H

#include "doctor/doctor.h"
#include "world.h"

/* A patient: three hosts that run, and what each of them answers. */
struct ward {
	struct world *w;
	struct findings findings;
	json_t *answers[HOSTS];
	int64_t now_ms[HOSTS];
	struct slurm_partition_state partitions[1];
	struct slurm_job jobs[4];
	struct slurm_reservation reservations[1];
	struct slurm_controller controllers[2];
	const json_t *given[HOSTS];
	struct doctor d;
};

void ward_set_unit_as(struct ward *x, size_t host, const char *unit, const char *load, const char *active,
		      const char *file, const char *result);

void ward_set_unit(struct ward *x, size_t host, const char *unit, const char *active, const char *result);

/* The answer to an item; takes the reference. */
void ward_tell(struct ward *x, size_t host, const char *name, json_t *answer);

void ward_set_process(struct ward *x, size_t host, const char *name, char state, bool replaced);

void ward_set_fs(struct ward *x, size_t host, const char *path, int total_mib, int free_mib, int inodes,
		 int free_inodes);

void ward_set_stat(struct ward *x, size_t host, const char *path, const char *mode, const char *owner, json_int_t size);

void ward_set_text(struct ward *x, size_t host, const char *item, const char *text);

void ward_set_packages(struct ward *x, size_t host, const char *broken);

void ward_set_node(struct ward *x, enum slurm_node_base base, unsigned flags, const char *reason, const char *by);

struct ward *ward_new(void);
struct ward *ward_of(const char *text); /* with another cluster.yaml for these hosts */

void ward_free(struct ward *x);

/* "code host, code host" of what stands at the top, in the order of the findings. */
const char *ward_causes(struct ward *x);

/* What a host got when it tried another. The addresses of c1, n1 and n2 are 10.0.0.1 to 3. */
void ward_set_connect(struct ward *x, size_t from, size_t to, int port, int error);

void ward_add_param(struct ward *x, const char *key, const char *value);

#endif
