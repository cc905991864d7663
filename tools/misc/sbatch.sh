#!/usr/bin/env bash
# Submits what slurm_job.sh runs, as a job that may start again:
#   sbatch.sh PARTITION JOB_NAME SCRIPT [arguments of the script]
set -euo pipefail
partition=$1 job=$2 script=$3
shift 3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/misc/find_python.sh
source "$here/find_python.sh"
# shellcheck source=tools/misc/slurm_shape.sh
source "$here/slurm_shape.sh"
exec sbatch "${shape[@]}" --requeue --open-mode=append \
    --signal=USR1@"${GRACE:-120}" \
    "$here/slurm_job.sh" "$python" -u "$script" "$@" --launcher slurm
