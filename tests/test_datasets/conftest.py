"""A devkit and an SBD drawn by hand."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import sparse
from scipy.io import savemat

from mmvision_ext.datasets.metadata import load_metadata

VOC_CLASSES = load_metadata('voc')['classes']
VOID = 255


class TinyDevkit:
    """Writes a year folder image by image.

    Boxes and masks are rectangles in VOC's coordinates: xmin, ymin, xmax,
    ymax, 1-based and inclusive.

    Args:
        root: Year folder to make.
        size: Image (width, height) in pixels.
    """

    def __init__(self, root: Path, size: tuple[int, int] = (60, 40)) -> None:
        self.root = root
        self.size = size
        self.ids: list[str] = []
        for folder in (
            'JPEGImages',
            'Annotations',
            'SegmentationObject',
            'SegmentationClass',
            'ImageSets/Segmentation',
            'ImageSets/Main',
        ):
            (root / folder).mkdir(parents=True)

    def add(self, img_id, objects=(), masks=(), suffix='.jpg', void=True):
        """Write one image; ``masks=None`` leaves its mask files out.

        ``objects``: (name, box, difficult); ``masks``: (name, box).
        """
        width, height = self.size
        rng = np.random.default_rng(len(self.ids))
        pixels = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(
            self.root / 'JPEGImages' / f'{img_id}{suffix}'
        )
        body = ''.join(
            f'<object><name>{name}</name><pose>Left</pose>'
            f'<truncated>0</truncated><difficult>{int(difficult)}</difficult>'
            f'{bndbox(box)}</object>'
            for name, box, difficult in objects
        )
        self.write_xml(
            img_id,
            f'<annotation><size><width>{width}</width><height>'
            f'{height}</height><depth>3</depth></size>{body}</annotation>',
        )
        if masks is not None:
            self.write_masks(img_id, masks, void)
        self.ids.append(img_id)
        return self

    def write_xml(self, img_id, text):
        """Write an annotation file as it is."""
        path = self.root / 'Annotations' / f'{img_id}.xml'
        path.write_text(text)
        return path

    def write_masks(self, img_id, masks, void=True):
        """Draw rectangles, later ones in front, with a void border."""
        ids = np.zeros(self.size[::-1], np.uint8)
        classes = np.zeros_like(ids)
        for index, (name, (x1, y1, x2, y2)) in enumerate(masks, start=1):
            for array, value in (
                (ids, index),
                (classes, VOC_CLASSES.index(name) + 1),
            ):
                if void:
                    frame = array[
                        max(y1 - 2, 0) : y2 + 1, max(x1 - 2, 0) : x2 + 1
                    ]
                    frame[frame == 0] = VOID
                array[y1 - 1 : y2, x1 - 1 : x2] = value
        for array, folder in (
            (ids, 'SegmentationObject'),
            (classes, 'SegmentationClass'),
        ):
            image = Image.fromarray(array)
            image.putpalette(list(range(256)) * 3)
            image.save(self.root / folder / f'{img_id}.png')

    def write_list(self, lines=None, name='Segmentation/train.txt'):
        """Write an image list; all images when no lines are given."""
        path = self.root / 'ImageSets' / name
        path.write_text(''.join(f'{line}\n' for line in lines or self.ids))
        return path


def bndbox(box):
    """A ``<bndbox>`` element as text."""
    inside = ''.join(
        f'<{key}>{value}</{key}>'
        for key, value in zip(
            ('xmin', 'ymin', 'xmax', 'ymax'), box, strict=True
        )
    )
    return f'<bndbox>{inside}</bndbox>'


@pytest.fixture
def empty_devkit(tmp_path):
    """A year folder of an unusual name, without images."""
    return TinyDevkit(tmp_path / 'my_voc')


@pytest.fixture
def devkit(empty_devkit):
    """Every case at once; ``train.txt`` lists all of it.

    ``plain``: two overlapping objects and a difficult one. ``empty``: no
    object. ``unmatched``: a box that no mask fits, a mask that no box fits,
    and a box that only a mask of another class fits. ``unmasked``: no mask
    file. ``foreign``: a PNG image with a class that VOC does not have.
    """
    empty_devkit.add(
        'plain',
        [
            ('cat', (5, 5, 30, 30), False),
            ('dog', (20, 10, 50, 35), False),
            ('person', (52, 2, 58, 12), True),
        ],
        [
            ('dog', (20, 10, 50, 35)),
            ('cat', (5, 5, 30, 30)),
            ('person', (52, 2, 58, 12)),
        ],
    )
    empty_devkit.add('empty')
    empty_devkit.add(
        'unmatched',
        [
            ('cat', (1, 1, 20, 20), False),
            ('dog', (40, 25, 60, 40), False),
            ('sofa', (30, 1, 60, 15), False),
        ],
        [
            ('cat', (1, 1, 20, 20)),
            ('chair', (30, 1, 60, 15)),
            ('bird', (3, 30, 12, 38)),
        ],
    )
    empty_devkit.add('unmasked', [('cat', (1, 1, 20, 20), False)], None)
    empty_devkit.add(
        'foreign',
        [
            ('unicorn', (10, 10, 30, 30), False),
            ('horse', (35, 5, 55, 35), False),
        ],
        [('horse', (35, 5, 55, 35))],
        suffix='.png',
    )
    empty_devkit.write_list()
    return empty_devkit


@pytest.fixture
def write_sbd():
    """Function that writes a file in the layout of SBD's ``inst``."""

    def write(path, segmentation, categories):
        ids = np.asarray(segmentation, np.uint8)
        boundaries = np.empty((len(categories), 1), object)
        for index in range(len(categories)):
            boundaries[index, 0] = sparse.csc_matrix(
                (ids == index + 1).astype(float)
            )
        savemat(
            path,
            {
                'GTinst': {
                    'Segmentation': ids,
                    'Boundaries': boundaries,
                    'Categories': np.array(categories, np.uint8).reshape(
                        -1, 1
                    ),
                }
            },
        )
        return path

    return write


@dataclass
class TinySBD:
    """SBD's ``dataset`` folder with one image of a cat and a dog.

    Attributes:
        root: The folder.
        ids: Object ids, 1 the cat, 2 the dog, shape (40, 60).
        config: What VOCInstanceDataset needs to read it.
    """

    root: Path
    ids: np.ndarray
    config: dict


@pytest.fixture
def sbd(tmp_path, write_sbd):
    """An SBD with one image."""
    root = tmp_path / 'dataset'
    (root / 'img').mkdir(parents=True)
    (root / 'inst').mkdir()
    Image.new('RGB', (60, 40)).save(root / 'img/2008_1.jpg')
    ids = np.zeros((40, 60), np.uint8)
    ids[5:20, 6:15] = 1
    ids[10:30, 20:38] = 2
    write_sbd(root / 'inst/2008_1.mat', ids, (8, 12))
    (root / 'train.txt').write_text('2008_1\n')
    return TinySBD(
        root,
        ids,
        dict(
            data_root=str(root),
            ann_file='train.txt',
            data_prefix=dict(img='img', ann='', mask='inst'),
        ),
    )
