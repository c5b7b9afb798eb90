#include "modules/lmod/lmod.h"

const struct inv_section lmod_section = {
    .name = "lmod",
    .leaves = "the package lmod, /etc/lmod, /etc/profile.d/zz-reeve-lmod.sh with its like for other shells, "
	      "and " LMOD_CACHE_TIMER " where it built the cache",
    .parse = lmod_parse,
};

const struct module lmod_module = {
    .name = "lmod",
    .summary = "environment modules by Lmod",
    .section = &lmod_section,
    .ask = lmod_ask,
    .take = lmod_take,
    .settle = lmod_settle,
    .compile = lmod_compile,
    .verify = lmod_verify,
    .prove = lmod_prove,
    .guide = lmod_guide,
};
