#include "inventory/fact-names.h"

const struct expr_name inv_fact_names[INV_FACTS + 1] = {
    [INV_FACT_NAME] = {"name", EXPR_TEXT, "the host's name in 'hosts'"},
    [INV_FACT_ARCH] = {"arch", EXPR_TEXT, "as uname -m prints it: x86_64, aarch64"},
    [INV_FACT_OS] = {"os", EXPR_TEXT, "ID of os-release(5): debian"},
    [INV_FACT_SUITE] = {"suite", EXPR_TEXT, "VERSION_CODENAME of os-release(5): bookworm"},
    [INV_FACT_KERNEL] = {"kernel", EXPR_VERSION, "as uname -r prints it"},
    [INV_FACT_CPUS] = {"cpus", EXPR_COUNT, "CPUs as slurmd counts them"},
    [INV_FACT_SOCKETS] = {"sockets", EXPR_COUNT, "sockets"},
    [INV_FACT_CORES] = {"cores", EXPR_COUNT, "cores of all sockets"},
    [INV_FACT_THREADS] = {"threads", EXPR_COUNT, "threads of each core"},
    [INV_FACT_MEMORY] = {"memory", EXPR_MEMORY, "memory as slurmd counts it, nothing taken off"},
    [INV_FACT_SCRATCH] = {"scratch", EXPR_MEMORY, "the file system of 'path' of 'scratch', whole, of a compute host"},
    [INV_FACT_GPUS] = {"gpus", EXPR_COUNT, "GPUs that jobs can be given, of a compute host"},
    [INV_FACT_GPU] = {"gpu", EXPR_TEXTS, "their types, as in Gres="},
    [INV_FACT_SPEED] = {"speed", EXPR_SPEED, "of the node's link; not known of many virtual ones"},
    [INV_FACT_INFINIBAND] = {"infiniband", EXPR_BOOL, "it has an active port of InfiniBand"},
    [INV_FACT_CONTROLLER] = {"controller", EXPR_BOOL, "it is one of 'controllers'"},
};
