#!/usr/bin/env bash
# What slurm_train.sh and slurm_test.sh share:
#   srun.sh PARTITION JOB_NAME SCRIPT [arguments of the script]
set -euo pipefail
partition=$1 job=$2 script=$3
shift 3
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tools/misc/find_python.sh
source "$here/find_python.sh"
# shellcheck source=tools/misc/slurm_shape.sh
source "$here/slurm_shape.sh"
exec srun "${shape[@]}" --kill-on-bad-exit=1 \
    "$python" -u "$script" "$@" --launcher slurm
