/*
 * made: what a node that shares the machine's kernel is shown in the place of what the machine has: memory in
 * /proc/meminfo and sysinfo(2), and GPUs, as the PCI bus and NVIDIA's driver show them (facts/gpu.h says where). That
 * much of it is real: what reeve and slurmd measure, what Slurm gives out, and the limit of memory, which the node's
 * control group has. No program can compute on such a GPU: its device file has no driver.
 */
#ifndef REEVE_LAB_MADE_H
#define REEVE_LAB_MADE_H

#include "base/err.h"
#include "base/names.h"
#include "base/strbuf.h"
#include "lab/place.h"
#include "lab/roster.h"

/* Writes into the node's directory what it is to be shown; ERR_MISSING where this kernel has nothing in whose place it
 * could be put. */
int made_prepare(const struct place *p, const struct roster_node *n, struct err *err);

/* /proc/meminfo of a machine with that much memory, out of this machine's: no amount is greater, and there is no swap. */
void made_meminfo(const char *machine, unsigned long mib, struct strbuf *out);

/* Adds the options of systemd-nspawn for it. */
void made_options(const struct place *p, const struct roster_node *n, struct names *argv);

#endif
