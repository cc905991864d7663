#!/usr/bin/env bash
# What slurm_train.sh and slurm_test.sh share:
#   srun.sh PARTITION JOB_NAME SCRIPT [arguments of the script]
set -euo pipefail
partition=$1 job=$2 script=$3
shift 3
gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
# shellcheck source=tools/misc/find_python.sh
source "$(dirname "${BASH_SOURCE[0]}")/find_python.sh"
read -ra extra <<<"${SRUN_ARGS:-}"
exec srun --partition="$partition" --job-name="$job" \
    --gres=gpu:"$per_node" --ntasks="$gpus" --ntasks-per-node="$per_node" \
    --cpus-per-task="${CPUS_PER_TASK:-4}" --kill-on-bad-exit=1 \
    ${extra[@]+"${extra[@]}"} \
    "$python" -u "$script" "$@" --launcher slurm
