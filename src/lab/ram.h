/*
 * ram: how much memory sysinfo(2) tells in a node that shares the machine's kernel. glibc's sysconf(_SC_PHYS_PAGES)
 * asks that call, and so `slurmd -C`; what reads /proc/meminfo has made.h.
 *
 * A seccomp filter hands the call, and no other, to a process of the lab that answers in the kernel's place
 * (seccomp_unotify(2), Linux 5.5). That process is in the node's control group, holds nothing of whoever called reeve, and
 * ends when no process with the filter is left. While it lives no program in the node can have a filter of that kind of
 * its own.
 */
#ifndef REEVE_LAB_RAM_H
#define REEVE_LAB_RAM_H

#include "base/err.h"

/* For the calling process and all that it will start, also by execve(2), for good. Needs root. */
int ram_tell(unsigned long mib, struct err *err);

#endif
