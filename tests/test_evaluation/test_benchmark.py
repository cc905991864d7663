import os
import subprocess
import sys

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmvision_ext.evaluation.benchmark import (
    Comparison,
    DataSize,
    compare_evaluators,
    markdown_table,
    random_records,
)

SMALL = DataSize(
    images=6, classes=3, objects=2, detections=5, height=40, width=60
)


def test_random_records_have_the_size_asked_for():
    records = random_records(SMALL, with_masks=True)
    assert len(records) == 6
    for record in records:
        assert (record.height, record.width) == (40, 60)
        assert record.truth.boxes.shape == (2, 4)
        assert record.detections.boxes.shape == (5, 4)
        assert mask_utils.decode(record.truth.masks).shape == (40, 60, 2)
    again = random_records(SMALL, with_masks=False)
    np.testing.assert_array_equal(
        again[5].detections.scores, records[5].detections.scores
    )
    assert again[5].truth.masks is None


def test_masks_fill_the_ellipse_in_the_box():
    record = random_records(SMALL, with_masks=True)[0]
    for box, mask in zip(record.truth.boxes, record.truth.masks, strict=True):
        area = np.pi / 4 * (box[2] - box[0]) * (box[3] - box[1])
        assert mask_utils.area(mask) == pytest.approx(area, rel=0.15)


@pytest.mark.parametrize('kind', ['bbox', 'segm'])
def test_both_evaluators_run_and_agree(kind):
    lines = []
    records = random_records(SMALL, with_masks=kind == 'segm')
    result = compare_evaluators(records, 3, kind, 2, lines.append)
    assert result.kind == kind and result.difference < 1e-9
    assert result.reference_seconds > 0 and result.faster_seconds > 0
    assert [line.split()[1] for line in lines] == [
        'faster_coco_eval',
        'pycocotools',
    ] * 2
    assert lines[-1].endswith('run 2 of 2 ...')


def test_too_few_detections_are_refused():
    with pytest.raises(ValueError, match='detections=1 must be at least'):
        random_records(DataSize(detections=1), with_masks=False)


def test_table():
    table = markdown_table([Comparison('bbox', 10.0, 2.0, 0.0)])
    cells = ' '.join(table.splitlines()[-1].split())
    assert cells == '| bbox | 10.00 | 2.00 | 5.0 | 0.0e+00 |'


def test_tool_prints_the_table(repository):
    done = subprocess.run(
        [
            sys.executable,
            'tools/benchmarks/coco_evaluation.py',
            '--images',
            '3',
            '--classes',
            '2',
            '--detections',
            '4',
            '--kinds',
            'bbox',
        ],
        cwd=repository,
        env=os.environ | {'PYTHONPATH': str(repository)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith('| kind |')
    assert '| bbox |' in done.stdout
