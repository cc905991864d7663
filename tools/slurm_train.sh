#!/usr/bin/env bash
# Train as a Slurm job:
#   GPUS=8 bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG [options]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS shape the job.
# REQUEUE=1 submits a batch job that starts again by itself, with --resume,
# after a preemption, a failed node, or at its time limit; GRACE, 120 by
# default, is how many seconds before that limit it saves and ends.
set -euo pipefail
if (($# < 3)); then
    echo "error: expected PARTITION JOB_NAME CONFIG [options]" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
launcher=srun.sh
if [[ ${REQUEUE:-0} == 1 ]]; then
    launcher=sbatch.sh
fi
exec bash "$here/misc/$launcher" "$1" "$2" "$here/train.py" "${@:3}"
