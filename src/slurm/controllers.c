/* The controllers of a slurm.conf, however it names them. */
#include <string.h>
#include <strings.h>

#include "base/vec.h"
#include "slurm/conf.h"

static struct slurm_controller_name read_one(const char *text, unsigned line, struct arena *arena)
{
	size_t len = strcspn(text, "(");
	const char *name = arena_strndup(arena, text, len);
	if (text[len] != '(')
		return (struct slurm_controller_name){name, name, line};
	const char *address = text + len + 1;
	size_t end = strcspn(address, ")");
	return (struct slurm_controller_name){name, end ? arena_strndup(arena, address, end) : name, line};
}

static unsigned line_of(const struct slurm_conf *conf, const char *key)
{
	unsigned line = 0;
	for (size_t i = 0; i < conf->globals.len; i++)
		if (strcasecmp(conf->globals.items[i].key, key) == 0)
			line = conf->globals.items[i].line;
	return line;
}

size_t slurm_conf_controllers(const struct slurm_conf *conf, struct arena *arena,
			      const struct slurm_controller_name **ret)
{
	static const char *const old[][2] = {{"ControlMachine", "ControlAddr"}, {"BackupController", "BackupAddr"}};
	VEC(struct slurm_controller_name) list = {0};
	for (size_t i = 0; i < conf->globals.len; i++)
		if (strcasecmp(conf->globals.items[i].key, "SlurmctldHost") == 0)
			*vec_push_in(arena, &list) =
			    read_one(conf->globals.items[i].value, conf->globals.items[i].line, arena);
	for (size_t i = 0, given = list.len; !given && i < ARRAY_LEN(old); i++) {
		const char *name = slurm_conf_get(conf, old[i][0]), *address = slurm_conf_get(conf, old[i][1]);
		if (!name || !*name)
			continue;
		struct slurm_controller_name *one = vec_push_in(arena, &list);
		*one = read_one(name, line_of(conf, old[i][0]), arena);
		if (address && *address)
			one->address = address;
	}
	*ret = list.items;
	return list.len;
}

bool slurm_conf_names_controller(const char *key)
{
	static const char *const keys[] = {"SlurmctldHost", "ControlMachine", "ControlAddr", "BackupController",
					   "BackupAddr"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcasecmp(keys[i], key) == 0)
			return true;
	return false;
}
