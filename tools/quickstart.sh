#!/usr/bin/env bash
# From a fresh clone to pictures: set up, make a small data set, train Mask
# R-CNN on it from random weights, test it, draw what it sees. Minutes on CPU.
# Ends with status 1 when box AP50 is below 0.80 or mask AP50 below 0.75.
#
# Usage: bash tools/quickstart.sh
#
# Everything lands in work_dirs/quickstart; run it again to start afresh.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=${VENV:-$ROOT/.venv}
[[ $VENV == /* ]] || VENV=$PWD/$VENV
export VENV
cd "$ROOT"
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p;}' "${BASH_SOURCE[0]}"
    exit 0
fi

say() { printf '\n[quickstart %3ds] %s\n' "$SECONDS" "$*"; }

bash tools/install.sh

export MPLBACKEND=Agg
export OMP_WAIT_POLICY=PASSIVE # other programs on the machine slow us less
OUT=work_dirs/quickstart
CONFIG=configs/mask_rcnn/mask-rcnn_r18_fpn_scratch_1xb8-8e_shapes.py
export MMVISION_SHAPES_ROOT=$OUT/data
python=$VENV/bin/python
rm -rf "$OUT"

say 'making a VOC devkit of textured shapes, with masks'
"$python" tools/misc/make_shapes_devkit.py "$OUT/data/VOC2012"

say "training $CONFIG"
"$python" tools/train.py "$CONFIG" --work-dir "$OUT/train"
checkpoint=$(cat "$OUT/train/last_checkpoint")

say 'testing on the held-out images'
"$python" tools/test.py "$CONFIG" "$checkpoint" --work-dir "$OUT/test"

say 'drawing'
"$python" tools/analysis_tools/visualize_proposals.py "$CONFIG" \
    "$checkpoint" --limit 4 --score-thr 0.5 --out "$OUT/pictures/proposals"
"$python" tools/analysis_tools/detection_report.py "$CONFIG" "$checkpoint" \
    --out "$OUT/pictures/report"
"$python" tools/analysis_tools/plot_training_curves.py "$OUT/train" \
    --out "$OUT/pictures/training_curves.png"

say 'done; the metrics are in the tables of the test above, the pictures in'
find "$OUT/pictures" -name '*.png' | sort
"$python" - "$OUT/test" <<'EOF'
import json
import sys
from pathlib import Path

[path] = Path(sys.argv[1]).glob('[0-9]*/[0-9]*.json')
metrics = json.loads(path.read_text())
box, mask = metrics['coco/bbox_mAP_50'], metrics['coco/segm_mAP_50']
line = f'COCO box AP50 {box:.3f}, mask AP50 {mask:.3f}, held-out images'
if not (box >= 0.80 and mask >= 0.75):  # nan fails, too
    sys.exit(
        f'error: {line}; expected at least 0.800 and 0.750: the training did '
        'not reach what it should, see the losses above'
    )
print(line)
EOF
