"""Objects of detection datasets as samples of classifiers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.registry import DATASETS
from PIL import Image

from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.testing import data_root

BOXES = [(2, 3, 10, 20), (20, 4, 10, 8), (0, 0, 30, 30)]  # x, y, w, h


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """Two images, one of them empty, the other with a crowd."""
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    images = []
    for index in range(2):
        Image.fromarray(pixels).save(tmp_path / f'{index}.png')
        images.append(
            dict(id=index, file_name=f'{index}.png', width=60, height=40)
        )
    annotations = [
        dict(
            id=number,
            image_id=1,
            category_id=number,
            bbox=box,
            area=box[2] * box[3],
            iscrowd=int(number == 3),
        )
        for number, box in enumerate(BOXES, start=1)
    ]
    names = ('bridge', 'ship', 'harbor')
    categories = [dict(id=i, name=n) for i, n in enumerate(names, start=1)]
    content = dict(
        images=images, annotations=annotations, categories=categories
    )
    (tmp_path / 'a.json').write_text(json.dumps(content))
    return dict(
        type='mmvision_ext.CocoInstanceDataset',
        with_mask=False,
        data_root=str(tmp_path),
        ann_file='a.json',
        data_prefix=dict(img=''),
        metainfo=dict(classes=('ship', 'harbor', 'bridge')),
        test_mode=True,
    )


def build(dataset: dict[str, Any], **options: Any) -> Any:
    return DATASETS.build(
        dict(type='mmvision_ext.ObjectCrops', dataset=dataset, **options)
    )


def test_every_object_is_a_sample_of_its_class(config: dict) -> None:
    crops = build(config)
    assert crops.metainfo['classes'] == ('ship', 'harbor', 'bridge')
    assert crops.metainfo['protocol'] == 'crops of 2 objects of 2 images'
    found = [crops.get_data_info(index) for index in range(len(crops))]
    assert [(s['category'], s['gt_label']) for s in found] == [
        ('bridge', 2),
        ('ship', 0),
    ]
    assert [s['ann_id'] for s in found] == [1, 2]
    assert found[0]['bbox'] == [2, 3, 12, 23]
    assert all(s['img_id'] == 1 for s in found)


def test_pixels_are_those_of_the_box(config: dict) -> None:
    crops = build(
        config,
        pipeline=[
            dict(type='mmvision_ext.LoadObjectCrop', size=10, padding=0),
            dict(type='mmpretrain.PackInputs'),
        ],
    )
    image = np.asarray(Image.open(Path(config['data_root']) / '1.png'))
    sample = crops[1]
    assert sample['inputs'].shape == (3, 10, 10)
    column = image[4:12, 20, ::-1].astype(float)  # of the box, BGR
    left = sample['inputs'][:, :, 0].numpy().T
    # 8 rows become 10: the first and the last stay.
    assert np.abs(left[0] - column[0]).max() <= 1
    assert np.abs(left[-1] - column[-1]).max() <= 1
    assert sample['data_samples'].gt_label.tolist() == [0]


def test_a_data_set_without_objects(config: dict) -> None:
    config['indices'] = 1
    with pytest.raises(DatasetError, match='expected objects, found none'):
        build(config)


def test_real_objects() -> None:
    root = data_root()
    if root is None or not (root / 'nwpu_vhr10').is_dir():
        pytest.skip('no nwpu_vhr10: set MMVISION_DATA_ROOT or link data/')
    names = ('bridge', 'ship')
    crops = build(
        dict(
            type='mmvision_ext.CocoInstanceDataset',
            with_mask=False,
            data_root=str(root / 'nwpu_vhr10'),
            ann_file='annotations/instances_val.json',
            data_prefix=dict(img='images/'),
            metainfo=dict(classes=names),
            test_mode=True,
        )
    )
    labels = [crops.get_data_info(i)['gt_label'] for i in range(len(crops))]
    assert np.bincount(labels).tolist() == [16, 20]
