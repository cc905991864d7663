#!/usr/bin/env bash
# Test as a Slurm job:
#   GPUS=8 bash tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS shape the job.
set -euo pipefail
if (($# < 4)); then
    echo "error: expected PARTITION JOB_NAME CONFIG CHECKPOINT [options]" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec bash "$here/misc/srun.sh" "$1" "$2" "$here/test.py" "${@:3}"
