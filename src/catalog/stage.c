/* The stages in their order. Each is one step of a plan, over all hosts, but the one without a title (plan/steps.c). */
#include "catalog/kind.h"

const struct stage_row stage_rows[STAGES] = {
    /*                   name        title of its step */
    [STAGE_PREPARE] = {"prepare", "prepare"},    /* packages, users, directories; what is not in force yet */
    [STAGE_SERVERS] = {"servers", "servers"},    /* what other hosts mount or ask: file servers, clocks, registries */
    [STAGE_MOUNTS] = {"mounts", "mounts"},       /* what these serve */
    [STAGE_AUTH] = {"auth", "auth"},             /* credentials */
    [STAGE_DATABASE] = {"database", "database"}, /* what the controllers write to */
    [STAGE_ACTIVATE] = {"activate", NULL},       /* Slurm's configuration put in force, its daemons */
    [STAGE_SERVICES] = {"services", "services"}, /* what needs a cluster at work, or is for users alone */
    [STAGE_OFFERS] = {"offers", "offers"},       /* what tells users of the things that were made before */
};

const char *stage_name(enum stage stage)
{
	return (unsigned)stage < STAGES ? stage_rows[stage].name : "unknown";
}

const char *stage_title(enum stage stage)
{
	return (unsigned)stage < STAGES ? stage_rows[stage].title : NULL;
}
