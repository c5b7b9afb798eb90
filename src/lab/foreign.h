/*
 * foreign: programs of another architecture, run by the kernel through qemu-user (package qemu-user-static,
 * binfmt_misc). What was not registered before a lab needed it is taken back when the last lab goes.
 */
#ifndef REEVE_LAB_FOREIGN_H
#define REEVE_LAB_FOREIGN_H

#include "base/err.h"
#include "lab/place.h"

/* From now on the kernel runs programs of `arch` ("amd64", "arm64"). ERR_MISSING without qemu. */
int foreign_register(const struct place *p, const char *arch, struct err *err);

/* Takes back what foreign_register() changed since the machine started; nothing where it changed nothing. */
int foreign_release(const struct place *p, struct err *err);

#endif
