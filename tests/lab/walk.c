/*
 * walk: every parameter, with what the activation table says of it, as a change that a test can make: for
 * tests/variants/walk.bats.
 *
 *	walk RELEASE    a line for each: VERDICT NEED GROUP SECTION NAME VALUE WITH, tabs between, "-" for none
 *	walk            looks only whether no parameter of a release is left out; the first that is ends it, status 1
 *
 * VERDICT is what reeve has to do while jobs run: "set" it, by NEED; "refused", because the table has a condition; or
 * "never": VALUE says why no change of it can be made there. GROUP: "excludes" where it does not go beside others of its
 * family, or comes twice; "asked" where it is never put in force, because what it needs is not in the lab; "stays" where
 * it may come under jobs and not go. SECTION says where VALUE belongs; WITH are parameters that it needs beside it, with
 * ';' between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "slurm/activation.h"
#include "walk.h"

static const char *const sections[] = {[SLURM_GLOBAL] = "slurm",
				       [SLURM_NODE] = "node",
				       [SLURM_PARTITION] = "partition",
				       [SLURM_CGROUP] = "cgroup",
				       [WALK_FILE] = "file"};
static const unsigned releases[] = {2205, 2302, 2311, 2405, 2411, 2505, 2511, 2605};

static bool is_in(const struct walk_row *row, unsigned release)
{
	return (!row->since || release >= row->since) && (!row->until || release <= row->until);
}

static struct slurm_effect effect_of(const struct walk_row *row, unsigned release, bool comes)
{
	const char *old_value = comes ? NULL : row->value, *new_value = comes ? row->value : NULL;
	switch (row->section) {
	case SLURM_NODE:
		return slurm_effect_of_node_key(release, row->name);
	case SLURM_CGROUP:
		return slurm_effect_of_cgroup_key(release, row->name);
	case SLURM_PARTITION:
		return (struct slurm_effect){.need = SLURM_NEED_RECONFIGURE};
	default:
		return slurm_effect_of_param(release, row->name, old_value, new_value);
	}
}

static void print_never(unsigned section, const char *name, const char *why)
{
	printf("never\t-\t-\t%s\t%s\t%s\t-\n", sections[section], name, why);
}

static void print_row(const struct walk_row *row, unsigned release)
{
	if (row->why) {
		print_never(row->section, row->name, row->why);
		return;
	}
	struct slurm_effect comes = effect_of(row, release, true), goes = effect_of(row, release, false);
	bool refused = comes.condition != SLURM_WITH_JOBS;
	const char *group = row->how == WALK_ASKED                          ? "asked"
			    : !refused && goes.condition != SLURM_WITH_JOBS ? "stays"
			    : row->how == WALK_EXCLUDES                     ? "excludes"
									    : "-";
	printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", refused ? "refused" : "set", slurm_need_name(comes.need), group,
	       sections[row->section], row->name, row->value, row->with ? row->with : "-");
}

/* 0: there is none. */
static size_t print_rows_of(unsigned section, const char *name, unsigned release, bool print)
{
	size_t count = 0;
	for (const struct walk_row *row = walk_rows; row->name; row++) {
		bool here = row->section == section || (section == SLURM_GLOBAL && row->section == WALK_FILE);
		if (!here || strcasecmp(row->name, name) != 0 || !is_in(row, release))
			continue;
		if (print)
			print_row(row, release);
		count++;
	}
	return count;
}

static int walk_section(unsigned section, unsigned release, bool print)
{
	struct err err = {0};
	for (const struct slurm_param *p = slurm_param_table(section); p->name; p++) {
		if (slurm_param_available(p, release, NULL) < 0)
			continue;
		if (print_rows_of(section, p->name, release, print))
			continue;
		const struct slurm_owned *owned = slurm_param_owned(section, p->name);
		if (!owned)
			return fprintf(stderr, "walk: %s of %u has no row\n", p->name, release), 1;
		if (print)
			print_never(section, p->name, owned->reason);
	}
	for (const struct walk_row *row = walk_rows; row->name; row++) {
		const struct slurm_param *p =
		    row->section == section && row->value ? slurm_param_find(section, row->name) : NULL;
		if (p && is_in(row, release) && slurm_param_available(p, release, NULL) == 0 &&
		    slurm_param_check(p, release, row->value, &err) < 0)
			return fprintf(stderr, "walk: %u: %s\n", release, err.text), 1;
		if (row->section == section && !slurm_param_find(section, row->name))
			return fprintf(stderr, "walk: %s is not a parameter\n", row->name), 1;
	}
	return 0;
}

static int walk(unsigned release, bool print)
{
	static const enum slurm_section walked[] = {SLURM_GLOBAL, SLURM_NODE, SLURM_PARTITION, SLURM_CGROUP};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(walked); i++) {
		const char *name;
		for (size_t k = 0; (name = slurm_effect_name(walked[i], k)); k++)
			if (!slurm_param_find(walked[i], name))
				return fprintf(stderr, "walk: %s of the activation table is not a parameter\n", name),
				       1;
		rc = walk_section(walked[i], release, print);
	}
	return rc;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return walk((unsigned)strtoul(argv[1], NULL, 10), true);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(releases); i++)
		rc = walk(releases[i], false);
	return rc;
}
