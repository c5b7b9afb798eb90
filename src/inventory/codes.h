/*
 * inventory/codes: the findings about cluster.yaml as a description of a cluster; those about the file as YAML are in
 * conf/codes.h. Codes are stable: once given out, a code keeps its meaning. X(number, NAME, what it means), in rising
 * order. Those from 800 on are modules': each has a hundred of them in its own header.
 */
#ifndef REEVE_INVENTORY_CODES_H
#define REEVE_INVENTORY_CODES_H

/* clang-format off */
#define INV_CODES(X) \
	X(201, LANGUAGE, "the file is written in a version of the language that this reeve does not know") \
	X(202, NOT_SUPPORTED, "a section or module of the language that this version of reeve does not have yet") \
	X(203, CLUSTER_NAME, "a cluster's name that Slurm does not take") \
	X(204, SLURM_VERSION, "a version of Slurm that does not exist or that reeve does not know") \
	X(205, STATE, "a state directory that would be lost or is not there for every controller") \
	X(206, RESERVE, "a reserve of memory that cannot be") \
	X(207, WORD, "a value that is not one of the possible ones") \
	X(208, UNKNOWN_MODULE, "a module that reeve does not have") \
	X(209, MODULE_OFF, "warning: a section is written whose module is not enabled") \
	X(210, ADOPTED, "'adopted' is not the digest of a file") \
	X(211, CLASS_MODULE, "a class both has a module and leaves it out") \
	X(212, FILE, "a file that cluster.yaml names cannot be read") \
	X(220, LAB_MEMORY, "a node of the lab with a memory that cannot be") \
	X(301, HOST_NAME, "a name that a host of a Slurm cluster cannot have") \
	X(302, HOST_TWICE, "a host is given twice, perhaps by two ranges") \
	X(303, ADDRESS_TWICE, "two hosts have the same address and port") \
	X(304, HOSTNAME_TWICE, "two hosts call themselves the same") \
	X(305, RANGE, "a hostlist is not written as Slurm's hostlists are") \
	X(306, RANGE_COUNT, "a range of hosts and the range beside it have different counts") \
	X(307, TOO_MANY_HOSTS, "more hosts than Slurm can have, or lists of them beyond all measure") \
	X(308, ADDRESS, "an address at which the other hosts cannot find a host") \
	X(401, UNKNOWN_HOST, "a host that is not in 'hosts'") \
	X(402, LISTED_TWICE, "a host is listed twice in one list") \
	X(403, CONTROLLERS, "no controller, or too many") \
	X(404, UNKNOWN_NAME, "a class or partition that is not in the file") \
	X(501, PARTITION_NAME, "a name that a partition cannot have") \
	X(502, PARTITION_EMPTY, "a partition without nodes, or no partition") \
	X(503, NOT_COMPUTE, "a partition has a host that is not in 'compute'") \
	X(504, TWO_DEFAULTS, "more than one default partition") \
	X(505, NO_DEFAULT, "warning: no default partition") \
	X(506, PARTITION_CYCLE, "partitions that are made of each other") \
	X(521, CLASS_TWICE, "a class is given twice") \
	X(522, CLASS_NEVER, "no host can be of a class, because one before it takes all") \
	X(523, EXPRESSION, "a condition over facts is not written as one") \
	X(524, FEATURE, "a feature that --constraint could not name, or is given twice") \
	X(525, REASON, "a reason that Slurm could not print") \
	X(526, GRES_CONF, "a line of gres.conf that Slurm would not take, or that the class's Gres does not go with") \
	X(527, CLASS_COUNT, "more classes than reeve takes") \
	X(601, UNKNOWN_PARAM, "a parameter that Slurm does not have, or not in this version") \
	X(602, OWNED_PARAM, "a parameter of Slurm that reeve writes itself") \
	X(603, PARAM_VALUE, "a value that the parameter of Slurm does not take") \
	X(604, PARAM_TWICE, "a parameter of Slurm is given twice, in two spellings") \
	X(605, TOGETHER, "parameters of Slurm that it refuses beside each other") \
	X(606, NO_EFFECT, "warning: a parameter of Slurm that has no effect, or lets no job run, as the others are") \
	X(607, SECRET_PARAM, "a password in what every user of every host can read") \
	X(701, SWITCH_NAME, "a name that a switch or a block cannot have") \
	X(702, SWITCH_EMPTY, "a switch or block with nothing below it, or with both nodes and switches") \
	X(703, UNKNOWN_SWITCH, "a switch that is not in 'switches'") \
	X(704, SWITCH_PARENT, "a switch or a node is below two switches or in two blocks, or below itself") \
	X(705, SWITCH_DEPTH, "switches in more levels than Slurm takes") \
	X(706, SWITCH_APART, "warning: trees of switches that nothing connects") \
	X(707, NODE_APART, "a compute host below no switch or in no block") \
	X(708, BLOCK_SIZE, "sizes of blocks that Slurm does not take") \
	X(709, TOPOLOGY, "a topology without what it is made of, or that the release of Slurm does not have")
/* clang-format on */

enum inv_code {
#define X(number, name, meaning) INV_##name##_CODE = (number),
	INV_CODES(X)
#undef X
};

#endif
