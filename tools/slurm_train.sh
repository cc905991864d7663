#!/usr/bin/env bash
# Train as a Slurm job:
#   GPUS=8 bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG [options]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS shape the job.
set -euo pipefail
if (($# < 3)); then
    echo "error: expected PARTITION JOB_NAME CONFIG [options]" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec bash "$here/misc/srun.sh" "$1" "$2" "$here/train.py" "${@:3}"
