import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmvision_ext.benchmarks.coco_evaluation import (
    DataSize,
    compare_evaluators,
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
    row = compare_evaluators(SMALL, kind, repeats=1)
    assert row.what.startswith(f'{kind}, 6 images of 3 classes')
    assert row.ours > 0 and row.peer > 0 and row.unit == 's'
    assert float(row.difference.removeprefix('AP of a class to ')) < 1e-9


def test_too_few_detections_are_refused():
    with pytest.raises(ValueError, match='detections=1 must be at least'):
        random_records(DataSize(detections=1), with_masks=False)
