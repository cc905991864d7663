"""The quick start judges what it reached."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Stands for the Python of the environment: the tools leave what the real ones
# would, anything else runs in this Python.
TOOLS = """#!/bin/sh
out=work_dirs/quickstart
case "$1" in
tools/train.py) mkdir -p $out/train; echo a.pth > $out/train/last_checkpoint ;;
tools/test.py)
    mkdir -p $out/test/20260101_000000
    echo '{METRICS}' > $out/test/20260101_000000/20260101_000000.json ;;
tools/*) mkdir -p $out/pictures; touch "$out/pictures/$(basename $1).png" ;;
*) exec PYTHON "$@" ;;
esac
"""


def _quickstart(
    repository: Path, folder: Path, box: str, mask: str
) -> subprocess.CompletedProcess[str]:
    (folder / 'tools').mkdir()
    (folder / 'bin').mkdir()
    shutil.copy(repository / 'tools/quickstart.sh', folder / 'tools')
    (folder / 'tools/install.sh').write_text('true\n')
    python = folder / 'bin/python'
    metrics = f'"coco/bbox_mAP_50": {box}, "coco/segm_mAP_50": {mask}'
    python.write_text(
        TOOLS.replace('METRICS', metrics).replace('PYTHON', sys.executable)
    )
    python.chmod(0o755)
    return subprocess.run(
        ['bash', 'tools/quickstart.sh'],
        cwd=folder,
        env={**os.environ, 'VENV': str(folder)},
        capture_output=True,
        text=True,
    )


def test_good_training_ends_well(repository: Path, tmp_path: Path) -> None:
    done = _quickstart(repository, tmp_path, '0.80', '0.75')
    assert done.returncode == 0, done.stderr
    assert 'box AP50 0.800, mask AP50 0.750' in done.stdout.splitlines()[-1]
    assert 'detection_report.py.png' in done.stdout


@pytest.mark.parametrize(
    ('box', 'mask'), [('0.79', '0.9'), ('0.9', '0.74'), ('0.9', 'NaN')]
)
def test_bad_training_is_one_line_and_a_status(
    box: str, mask: str, repository: Path, tmp_path: Path
) -> None:
    done = _quickstart(repository, tmp_path, box, mask)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert f'box AP50 {float(box):.3f}, mask AP50 {float(mask):.3f}' in line
    assert 'expected at least 0.800 and 0.750' in line


def test_no_metrics_are_a_failure(repository: Path, tmp_path: Path) -> None:
    done = _quickstart(repository, tmp_path, '0.9', '"none"')
    assert done.returncode != 0
