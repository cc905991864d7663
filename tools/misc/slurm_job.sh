#!/usr/bin/env bash
# A batch job that goes on where it was when Slurm starts it again:
#   slurm_job.sh COMMAND [arguments]
# Slurm itself starts it again after a preemption and a failed node. Ahead of
# the time limit it sends SIGUSR1; the training saves and exits with 138, and
# the job asks to be started again. One that is cancelled is not.
set -euo pipefail
resume=()
if ((${SLURM_RESTART_COUNT:-0} > 0)); then
    resume=(--resume) # the last one counts
fi
status=0
# When a process fails the others have a minute; when all have saved, each
# ends by itself.
srun --kill-on-bad-exit=0 --wait=60 "$@" ${resume[@]+"${resume[@]}"} ||
    status=$?
if ((status == 138)); then
    echo "Job $SLURM_JOB_ID has saved and asks to be started again."
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
