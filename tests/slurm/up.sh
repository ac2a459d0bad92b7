#!/usr/bin/env bash
# Start Slurm on this machine: one node, no accounting, one pretended GPU. Usage: up.sh FOLDER
# Installs Debian's packages where they are missing, which needs root. Ends with 77 where it cannot.
# Everything lives in FOLDER; down.sh FOLDER stops it.
set -euo pipefail
folder=$(realpath --canonicalize-missing "$1")
here=$(dirname "$(realpath "$0")")
cpus=4
memory=6000 # MB

give_up() {
    echo "no Slurm here: $1" >&2
    exit 77
}

wait_for() {
    for _ in $(seq 150); do
        if timeout 5 "$@" >/dev/null 2>&1; then return; fi
        sleep 0.2
    done
    give_up "waited in vain for: $*"
}

[ "$(id -u)" -eq 0 ] || give_up "needs root"
if ! dpkg-query --show slurmctld slurmd slurm-client munge >/dev/null 2>&1; then
    command -v apt-get >/dev/null || give_up "needs apt-get"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet=2 >/dev/null || give_up "apt-get update failed"
    apt-get install --quiet=2 --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null ||
        give_up "apt-get install failed"
fi

# The Snakemake inside a job drops SLURM_CONF, so the default place names this configuration too.
mkdir -p /etc/slurm "$folder"/{munge,spool}
for file in slurm.conf gres.conf; do
    if [ -e "/etc/slurm/$file" ] && [ "$(readlink "/etc/slurm/$file")" != "$folder/$file" ]; then
        give_up "/etc/slurm/$file belongs to another Slurm"
    fi
    ln --symbolic --force --no-dereference "$folder/$file" "/etc/slurm/$file"
done
sed -e "s|@FOLDER@|$folder|g" -e "s|@HOST@|$(hostname -s)|g" \
    -e "s|@CPUS@|$cpus|g" -e "s|@MEMORY@|$memory|g" "$here/slurm.conf" >"$folder/slurm.conf"
echo "NodeName=$(hostname -s) Name=gpu File=/dev/tty0" >"$folder/gres.conf"
export SLURM_CONF=$folder/slurm.conf

chmod 755 "$folder" "$folder/munge"
head --bytes 1024 /dev/urandom >"$folder/munge/key"
chmod 400 "$folder/munge/key"
chown --recursive munge: "$folder/munge"
runuser --user munge -- munged --force --key-file "$folder/munge/key" \
    --socket "$folder/munge/socket" --pid-file "$folder/munge/pid" \
    --log-file "$folder/munge/log" --seed-file "$folder/munge/seed" 2>"$folder/munged.err" ||
    give_up "munged: $(cat "$folder/munged.err")"
wait_for munge --no-input --socket "$folder/munge/socket"
slurmctld
wait_for scontrol ping
slurmd
wait_for bash -c "sinfo --noheader --format %T | grep --quiet idle"
