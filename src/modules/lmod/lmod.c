#include "modules/lmod/lmod.h"

const struct inv_section lmod_section = {
    .name = "lmod",
    .leaves = "the package lmod, /etc/lmod, and /etc/profile.d/zz-reeve-lmod.sh with its like for other shells",
    .parse = lmod_parse,
};

const struct module lmod_module = {
    .name = "lmod",
    .summary = "environment modules by Lmod",
    .section = &lmod_section,
    .compile = lmod_compile,
    .verify = lmod_verify,
    .prove = lmod_prove,
};
