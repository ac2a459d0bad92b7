#!/usr/bin/env bash
# Stop, by their ids, the daemons that up.sh started. Usage: down.sh FOLDER
set -uo pipefail
folder=$(realpath "$1")
export SLURM_CONF=$folder/slurm.conf

stop() { # FILE NAME: the process whose id the file holds, if it is still the one
    local id
    id=$(cat "$1" 2>/dev/null) || return 0
    [ "$(cat "/proc/$id/comm" 2>/dev/null)" = "$2" ] || return 0
    kill "$id"
    for _ in $(seq 50); do
        [ -d "/proc/$id" ] || return 0
        sleep 0.1
    done
    kill -KILL "$id"
}

squeue --noheader --format %A 2>/dev/null | xargs --no-run-if-empty scancel
stop "$folder/slurmd.pid" slurmd
stop "$folder/slurmctld.pid" slurmctld
stop "$folder/munge/pid" munged
for file in slurm.conf gres.conf; do
    if [ "$(readlink "/etc/slurm/$file")" = "$folder/$file" ]; then rm "/etc/slurm/$file"; fi
done
exit 0
