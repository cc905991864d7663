#!/usr/bin/env bash
# What dist_train.sh and dist_test.sh share:
#   torchrun.sh SCRIPT N ARG_1..ARG_N PROCESSES [options]
# Finds the project's Python and, on one machine, a free port.
set -euo pipefail
script=$1 count=$2
shift 2
if (($# <= count)); then
    echo "error: expected $count file(s), then the number of processes" >&2
    exit 2
fi
files=("${@:1:count}")
processes=${*:count+1:1}
shift $((count + 1))
if ! [[ $processes =~ ^[1-9][0-9]*$ ]]; then
    echo "error: expected a number of processes, found '$processes'" >&2
    exit 2
fi
# shellcheck source=tools/misc/find_python.sh
source "$(dirname "${BASH_SOURCE[0]}")/find_python.sh"
nodes=${NNODES:-1}
if ((nodes == 1)) && [[ -z ${PORT:-} ]]; then
    meeting=(--standalone) # torchrun takes a free port itself
else
    meeting=(--nnodes="$nodes" --node-rank="${NODE_RANK:-0}"
        --master-addr="${MASTER_ADDR:-127.0.0.1}"
        --master-port="${PORT:-29500}")
fi
exec "$python" -m mmvision_ext.engine.distributed.torchrun "${meeting[@]}" \
    --nproc-per-node="$processes" "$script" "${files[@]}" \
    --launcher pytorch "$@"
