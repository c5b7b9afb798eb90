/* Partitions, reservations, controllers and the configuration in force. */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/state-text.h"
#include "slurm/state.h"

const char *const slurm_partitions_argv[] = {"scontrol", "show", "partitions", "-o", NULL};
const char *const slurm_reservations_argv[] = {"scontrol", "show", "reservations", "-o", NULL};
const char *const slurm_ping_argv[] = {"scontrol", "ping", NULL};

static int read_partition(const char *line, struct arena *arena, struct slurm_partition_state *p, struct err *err)
{
	if (!str_starts(line, "PartitionName="))
		return err_set(err, ERR_PROTOCOL, "a line does not begin with the name of a partition: '%.60s'", line);
	p->name = slurm_field_get(line, "PartitionName", arena);
	p->state = slurm_text_value(line, "State", arena);
	if (*p->name == '\0' || !p->state)
		return err_set(err, ERR_PROTOCOL, "a partition without name or state: '%.60s'", line);
	const char *is_default = slurm_text_value(line, "Default", arena);
	p->is_default = is_default && streq(is_default, "YES");
	p->nodes = slurm_text_value(line, "Nodes", arena);
	p->text = line;
	if (slurm_text_number(line, "TotalCPUs", UINT32_MAX, &p->total_cpus, err) < 0 ||
	    slurm_text_number(line, "TotalNodes", UINT32_MAX, &p->total_nodes, err) < 0)
		return err_wrap(err, "partition %s", p->name);
	return 0;
}

int slurm_partitions_parse(const char *text, size_t len, struct arena *arena, struct slurm_partition_state **ret,
			   size_t *ret_count, struct err *err)
{
	static const char what[] = "scontrol show partitions";
	struct {
		struct slurm_partition_state *items;
		size_t len, cap;
	} partitions = {0};
	char *rest = slurm_text_copy(text, len, what, arena, err), *line;
	if (!rest)
		return -1;
	while ((line = str_next_line(&rest))) {
		if (*line == '\0' || str_starts(line, "No partitions in the system"))
			continue;
		if (read_partition(line, arena, vec_push_in(arena, &partitions), err) < 0)
			return err_wrap(err, "%s", what);
	}
	*ret = partitions.items;
	*ret_count = partitions.len;
	return 0;
}

static int read_reservation(const char *line, struct arena *arena, struct slurm_reservation *r, struct err *err)
{
	if (!str_starts(line, "ReservationName="))
		return err_set(err, ERR_PROTOCOL, "a line does not begin with the name of a reservation: '%.60s'",
			       line);
	r->name = slurm_field_get(line, "ReservationName", arena);
	if (*r->name == '\0')
		return err_set(err, ERR_PROTOCOL, "a reservation has no name");
	r->nodes = slurm_text_value(line, "Nodes", arena);
	r->partition = slurm_text_value(line, "PartitionName", arena);
	r->start = slurm_text_value(line, "StartTime", arena);
	r->end = slurm_text_value(line, "EndTime", arena);
	r->state = slurm_text_value(line, "State", arena);
	r->flags = slurm_text_value(line, "Flags", arena);
	return 0;
}

int slurm_reservations_parse(const char *text, size_t len, struct arena *arena, struct slurm_reservation **ret,
			     size_t *ret_count, struct err *err)
{
	static const char what[] = "scontrol show reservations";
	struct {
		struct slurm_reservation *items;
		size_t len, cap;
	} reservations = {0};
	char *rest = slurm_text_copy(text, len, what, arena, err), *line;
	if (!rest)
		return -1;
	while ((line = str_next_line(&rest))) {
		/* Lines behind the first describe the nodes of a reservation of cores. */
		if (*line == '\0' || *line == ' ' || str_starts(line, "NodeName=") ||
		    str_starts(line, "No reservations in the system"))
			continue;
		if (read_reservation(line, arena, vec_push_in(arena, &reservations), err) < 0)
			return err_wrap(err, "%s", what);
	}
	*ret = reservations.items;
	*ret_count = reservations.len;
	return 0;
}

/* "Slurmctld(primary) at ctl is UP", "Slurmctld(backup1) at bak is DOWN". */
static int read_controller(const char *line, struct arena *arena, struct slurm_controller *c, struct err *err)
{
	const char *host = strstr(line, ") at "), *is = host ? strstr(host + 5, " is ") : NULL;
	const char *role = line + strlen("Slurmctld(");
	uint64_t index = 1;
	if (!is || is == host + 5)
		return err_set(err, ERR_PROTOCOL, "'%.80s' is not understood", line);
	if (str_starts(role, "primary)"))
		index = 0;
	else if (!str_starts(role, "backup"))
		return err_set(err, ERR_PROTOCOL, "'%.80s' names neither primary nor backup", line);
	else if (role[6] != ')' &&
		 str_to_u64(arena_strndup(arena, role + 6, (size_t)(host - role - 6)), 1, 1000, &index) < 0)
		return err_set(err, ERR_PROTOCOL, "'%.80s' has no number of a backup", line);
	c->host = arena_strndup(arena, host + 5, (size_t)(is - host - 5));
	c->index = (unsigned)index;
	c->up = streq(is + 4, "UP");
	return 0;
}

int slurm_ping_parse(const char *text, size_t len, struct arena *arena, struct slurm_controller **ret,
		     size_t *ret_count, struct err *err)
{
	struct {
		struct slurm_controller *items;
		size_t len, cap;
	} controllers = {0};
	char *rest = slurm_text_copy(text, len, "scontrol ping", arena, err), *line;
	if (!rest)
		return -1;
	while ((line = str_next_line(&rest)))
		if (str_starts(line, "Slurmctld(") &&
		    read_controller(line, arena, vec_push_in(arena, &controllers), err) < 0)
			return err_wrap(err, "scontrol ping");
	*ret = controllers.items;
	*ret_count = controllers.len;
	return 0;
}
