/* rows: the files of diagnoses that the table is made of. */
#ifndef REEVE_DOCTOR_ROWS_H
#define REEVE_DOCTOR_ROWS_H

#include "doctor/doctor.h"

extern const struct diagnoses doctor_accounting;
extern const struct diagnoses doctor_controllers; /* slurmctld as it answers */
extern const struct diagnoses doctor_daemons;     /* slurmctld and slurmd as systemd sees them */
extern const struct diagnoses doctor_disks;
extern const struct diagnoses doctor_files; /* of Slurm's configuration */
extern const struct diagnoses doctor_leftovers;
extern const struct diagnoses doctor_nodes; /* what slurmctld says of them */
extern const struct diagnoses doctor_packaging;
extern const struct diagnoses doctor_places; /* directories and logs */
extern const struct diagnoses doctor_ports;  /* who gets through to which daemon */
extern const struct diagnoses doctor_queue;  /* partitions, reservations, jobs */
extern const struct diagnoses doctor_stuck;  /* nodes that stay COMPLETING */
extern const struct diagnoses doctor_system;
extern const struct diagnoses doctor_users;

#endif
