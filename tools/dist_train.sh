#!/usr/bin/env bash
# Train on several GPUs, or several CPU processes where there is no GPU.
#   bash tools/dist_train.sh CONFIG PROCESSES [options of tools/train.py]
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT say which is which.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec bash "$here/misc/torchrun.sh" "$here/train.py" 1 "$@"
