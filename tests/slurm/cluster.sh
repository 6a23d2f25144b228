#!/bin/sh
# A SLURM cluster of one machine, for tests: `cluster.sh start DIR`, `cluster.sh stop DIR`.
# Needs Debian's packages slurm-wlm and munge. All that it writes is in DIR, whose path must be
# short, as it holds a socket. Use it with SLURM_CONF=DIR/slurm.conf. Each has ports of its own: two
# workers may start one each.
set -eu
DIR=$2
export SLURM_CONF=$DIR/slurm.conf
PORT=$((10000 + $$ % 10000 * 2))  # below those that the system gives to anyone

start() {
    mkdir -p "$DIR/state" "$DIR/spool"
    chmod 755 "$DIR"
    (umask 077; head -c 1024 /dev/urandom > "$DIR/munge.key")
    munged --force --key-file="$DIR/munge.key" --socket="$DIR/munge.socket" \
        --pid-file="$DIR/munged.pid" --log-file="$DIR/munged.log" --seed-file="$DIR/munge.seed"
    cat > "$SLURM_CONF" <<END
ClusterName=local
SlurmctldHost=$(hostname)
NodeName=$(hostname) CPUs=$(nproc) RealMemory=2000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
AuthType=auth/munge
AuthInfo=socket=$DIR/munge.socket,cred_expire=5
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
SlurmctldPort=$PORT
SlurmdPort=$((PORT + 1))
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool
SlurmctldPidFile=$DIR/slurmctld.pid
SlurmdPidFile=$DIR/slurmd.pid
SlurmctldLogFile=$DIR/slurmctld.log
SlurmdLogFile=$DIR/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobRequeue=1
KillWait=5
ReturnToService=2
SchedulerParameters=sched_interval=1
END
    slurmctld
    slurmd
    for _ in $(seq 60); do
        sinfo --noheader --format=%t 2> /dev/null | grep -q idle && return
        sleep 0.5
    done
    echo "the cluster has not started; see the logs in $DIR" >&2
    exit 1
}

stop() {
    scancel --me
    for _ in $(seq 60); do  # or what is left of a job waits for the daemons for ever
        squeue --noheader | grep -q . || break
        sleep 0.5
    done
    for daemon in slurmd slurmctld munged; do
        [ ! -f "$DIR/$daemon.pid" ] || kill "$(cat "$DIR/$daemon.pid")" || true
    done
}

"$1"
