"""The generated devkit is a VOC devkit and repeats itself by seed."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.testing import SHAPE_CLASSES, make_shapes_devkit


def _digest(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


def test_same_seed_same_files(tmp_path: Path) -> None:
    roots = [
        make_shapes_devkit(tmp_path / name, 3, 2, 64, seed)
        for name, seed in (('a', 5), ('b', 5), ('c', 6))
    ]
    first, again, other = map(_digest, roots)
    assert first == again
    assert first != other


def test_boxes_enclose_the_visible_masks(shapes_root: Path) -> None:
    year = shapes_root / 'VOC2012'
    occluded = 0
    for xml in sorted((year / 'Annotations').glob('*.xml')):
        masks = np.asarray(
            Image.open(year / 'SegmentationObject' / f'{xml.stem}.png')
        )
        classes = np.asarray(
            Image.open(year / 'SegmentationClass' / f'{xml.stem}.png')
        )
        objects = ElementTree.parse(xml).findall('object')
        assert set(np.unique(masks)) <= {0, 255, *range(1, len(objects) + 1)}
        for index, node in enumerate(objects, start=1):
            rows, cols = np.nonzero(masks == index)
            box = [
                int(node.findtext(f'bndbox/{key}', ''))
                for key in ('xmin', 'ymin', 'xmax', 'ymax')
            ]
            assert box == [
                cols.min() + 1,
                rows.min() + 1,
                cols.max() + 1,
                rows.max() + 1,
            ]
            label = SHAPE_CLASSES.index(node.findtext('name', '')) + 1
            assert set(classes[masks == index]) == {label}
            occluded += int(node.findtext('difficult', ''))
    assert occluded > 0  # the difficult objects exist


def test_splits_are_disjoint_and_complete(shapes_root: Path) -> None:
    year = shapes_root / 'VOC2012'
    lists = year / 'ImageSets' / 'Segmentation'
    train = (lists / 'train.txt').read_text().split()
    val = (lists / 'val.txt').read_text().split()
    images = {path.stem for path in (year / 'JPEGImages').iterdir()}
    assert len(train) == 16 and len(val) == 8
    assert not set(train) & set(val)
    assert images == set(train) | set(val)


@pytest.mark.parametrize(
    'wrong', [dict(image_size=16), dict(num_train=0), dict(num_val=0)]
)
def test_unusable_sizes_are_refused(tmp_path: Path, wrong: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        make_shapes_devkit(tmp_path / 'x', **wrong)
