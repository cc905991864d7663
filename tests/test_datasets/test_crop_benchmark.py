"""The benchmark of object crops, on images drawn by hand."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.datasets.crop_benchmark import (
    ORDERS,
    CropSpeed,
    Samples,
    append_rows,
    markdown_table,
    measure_crops,
)
from mmvision_ext.datasets.errors import DatasetError


@pytest.fixture
def ann_file(tmp_path):
    """Images with 1, 5 and 6 objects."""
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for index, count in ((1, 1), (2, 5), (3, 6)):
        pixels = rng.integers(0, 255, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f'{index}.jpg')
        images.append(
            dict(id=index, file_name=f'{index}.jpg', width=60, height=40)
        )
        annotations += [
            dict(
                id=len(annotations) + place,
                image_id=index,
                category_id=1,
                bbox=[place, 5, 20, 20],
            )
            for place in range(1, count + 1)
        ]
    content = dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='cat')],
    )
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    return str(path)


def test_both_ways_crop_the_same_objects(ann_file, tmp_path):
    samples = Samples(ann_file, str(tmp_path), 5)
    for order in ORDERS:
        speed = measure_crops(samples, order, repeats=1, size=64)
        assert (speed.images, speed.objects) == (2, 11)
        assert speed.order == order and min(speed.single, speed.shared) > 0
    with pytest.raises(DatasetError, match='with 7 objects in .*a.json'):
        Samples(ann_file, str(tmp_path), 7)


def test_rows_are_added_to_one_table(tmp_path):
    speed = CropSpeed('by image', 2, 11, 224, single=50.0, shared=200.0)
    path = tmp_path / 'new' / 'a.csv'
    append_rows(path, [speed])
    append_rows(path, [speed, speed])
    rows = list(csv.DictReader(path.open()))
    assert len(rows) == 3
    assert rows[0] == rows[2]
    assert all(rows[0].pop(name) for name in ('commit', 'hardware', 'command'))
    assert int(rows[0].pop('threads')) >= 1
    assert rows[0] == dict(
        order='by image',
        images='2',
        objects='11',
        size='224',
        single='50.0',
        shared='200.0',
        ratio='4.0',
    )
    cells = markdown_table([speed]).splitlines()[-1].split()
    assert ' '.join(cells) == '| by image | 2 | 11 | 50 | 200 | 4.0 |'
