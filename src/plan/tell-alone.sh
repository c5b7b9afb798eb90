#!/bin/sh
# `scontrol reconfigure` for the controller $1 and no other, by a slurm.conf that names only this one.
d=$(mktemp -d /run/reeve.XXXXXX) || exit
trap 'rm -rf "$d"' EXIT
sed '/^SlurmctldHost=/{/^SlurmctldHost='"$1"'\((\|$\)/!d}' /etc/slurm/slurm.conf >"$d/slurm.conf" || exit
SLURM_CONF=$d/slurm.conf scontrol reconfigure
