"""A generated VOC devkit: textured shapes on textured grounds, with masks.

It has the layout of a PASCAL VOC year folder (images, XML, object and class
masks with a void border, image sets), so that every tool for VOC runs on it,
in seconds and without a download.
"""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmvision_ext.utils import InputError

SHAPE_CLASSES = ('circle', 'square', 'triangle')

VOID = 255
MIN_VISIBLE = 0.5  # of an object's area, else another place is tried
DIFFICULT_VISIBLE = 0.6  # below this an object is marked difficult
MIN_COLOUR_DISTANCE = 90.0  # between objects and ground, in RGB values
MAX_CONTRAST = 70.0  # of a texture, in RGB values


@dataclass
class Shape:
    """One object of a generated image.

    Attributes:
        label: Index into :data:`SHAPE_CLASSES`.
        full_mask: The whole outline, bool, shape (H, W).
        visible_mask: What later objects leave of it, bool, shape (H, W).
    """

    label: int
    full_mask: np.ndarray
    visible_mask: np.ndarray

    @property
    def visible_fraction(self) -> float:
        """Visible pixels over pixels of the outline, in [0, 1]."""
        return float(self.visible_mask.sum() / self.full_mask.sum())

    def tight_box(self) -> tuple[int, int, int, int]:
        """VOC box of the visible part: 1-based, inclusive, in pixels."""
        rows, cols = np.nonzero(self.visible_mask)
        return (
            int(cols.min()) + 1,
            int(rows.min()) + 1,
            int(cols.max()) + 1,
            int(rows.max()) + 1,
        )


def make_shapes_devkit(
    root: str | Path,
    num_train: int = 960,
    num_val: int = 80,
    image_size: int = 128,
    seed: int = 0,
) -> Path:
    """Write a generated VOC devkit.

    Args:
        root: Year folder to make, for example ``data/shapes/VOC2012``.
        num_train: Images in ``train.txt``.
        num_val: Images in ``val.txt``, disjoint from the training images.
        image_size: Height and width of the images in pixels, at least 32.
        seed: The same seed gives the same devkit.

    Returns:
        ``root`` as a path.

    Raises:
        InputError: If a size or a count cannot be used.
    """
    if image_size < 32 or num_train < 1 or num_val < 1:
        raise InputError(
            'expected image_size >= 32 and at least one image a split, found '
            f'image_size={image_size}, num_train={num_train}, '
            f'num_val={num_val}'
        )
    root = Path(root)
    for folder in (
        'JPEGImages',
        'Annotations',
        'SegmentationObject',
        'SegmentationClass',
        'ImageSets/Main',
        'ImageSets/Segmentation',
    ):
        (root / folder).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    names = [f'shapes_{index:05d}' for index in range(num_train + num_val)]
    for name in names:
        image, shapes = draw_scene(rng, image_size)
        _write_image(root, name, image, shapes)
    for split, members in (
        ('train', names[:num_train]),
        ('val', names[num_train:]),
    ):
        text = ''.join(f'{name}\n' for name in members)
        for folder in ('Main', 'Segmentation'):
            (root / 'ImageSets' / folder / f'{split}.txt').write_text(text)
    return root


def draw_scene(
    rng: np.random.Generator, size: int
) -> tuple[np.ndarray, list[Shape]]:
    """Draw one image with one to four objects, later ones in front.

    Args:
        rng: Source of randomness.
        size: Height and width in pixels.

    Returns:
        The RGB image, uint8, shape (size, size, 3), and its objects.
    """
    ground = rng.uniform(20, 235, 3)
    image = _texture(rng, size, ground)
    shapes: list[Shape] = []
    wanted = int(rng.integers(1, 5))
    for _ in range(wanted * 8):
        if len(shapes) == wanted:
            break
        label = int(rng.integers(len(SHAPE_CLASSES)))
        mask = _outline(rng, label, size)
        if any(
            (shape.visible_mask & ~mask).sum()
            < MIN_VISIBLE * shape.full_mask.sum()
            for shape in shapes
        ):
            continue
        for shape in shapes:
            shape.visible_mask &= ~mask
        shapes.append(Shape(label, mask, mask.copy()))
        # Shade by coverage, so that edges are as soft as a camera's.
        soft = cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0.6)
        cover = soft[..., None]
        image = image * (1 - cover) + cover * _texture(
            rng, size, _colour_unlike(rng, ground)
        )
    noise = rng.normal(0, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8), shapes


def _colour_unlike(rng: np.random.Generator, other: np.ndarray) -> np.ndarray:
    """An RGB colour, shape (3, ), that can be told from another."""
    while True:
        colour = rng.uniform(20, 235, 3)
        if np.linalg.norm(colour - other) > MIN_COLOUR_DISTANCE:
            return colour


def _texture(
    rng: np.random.Generator, size: int, colour: np.ndarray
) -> np.ndarray:
    """A plain, striped, chequered or cloudy area around one colour.

    Returns:
        Float RGB values, shape (size, size, 3).
    """
    ys, xs = np.mgrid[:size, :size].astype(np.float32)
    kind = int(rng.integers(4))
    period = rng.uniform(6, 24)
    angle = rng.uniform(0, np.pi)
    along = xs * np.cos(angle) + ys * np.sin(angle)
    if kind == 0:
        blend = along / (np.abs(along).max() + 1)
    elif kind == 1:
        blend = 0.5 + 0.5 * np.sin(2 * np.pi * along / period)
    elif kind == 2:
        blend = ((xs // period + ys // period) % 2).astype(np.float32)
    else:
        coarse = rng.uniform(0, 1, (6, 6)).astype(np.float32)
        blend = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    contrast = rng.uniform(-MAX_CONTRAST, MAX_CONTRAST, 3)
    return colour + contrast * (blend[..., None] - 0.5)


def _outline(rng: np.random.Generator, label: int, size: int) -> np.ndarray:
    """The filled outline of one shape, bool, shape (size, size).

    Squares lean by at most 0.3 radians, triangles stand at any angle.
    """
    radius = rng.uniform(0.16, 0.3) * size
    centre = rng.uniform(0.6 * radius, size - 0.6 * radius, 2)
    mask = np.zeros((size, size), np.uint8)
    if SHAPE_CLASSES[label] == 'circle':
        cv2.circle(mask, tuple(int(v) for v in centre), int(radius), 1, -1)
    else:
        corners, turn = (
            (4, np.pi / 4 + rng.uniform(-0.3, 0.3))
            if SHAPE_CLASSES[label] == 'square'
            else (3, rng.uniform(0, 2 * np.pi))
        )
        angles = turn + np.arange(corners) * 2 * np.pi / corners
        points = centre + radius * np.stack(
            [np.cos(angles), np.sin(angles)], axis=1
        )
        cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1)
    return mask.astype(bool)


def _write_image(
    root: Path, name: str, image: np.ndarray, shapes: list[Shape]
) -> None:
    """Write the picture, its XML and its two masks."""
    Image.fromarray(image).save(
        root / 'JPEGImages' / f'{name}.jpg', quality=92
    )
    (root / 'Annotations' / f'{name}.xml').write_text(
        _to_xml(name, image.shape[:2], shapes)
    )
    objects = np.zeros(image.shape[:2], np.uint8)
    classes = np.zeros(image.shape[:2], np.uint8)
    for index, shape in enumerate(shapes, start=1):
        objects[shape.visible_mask] = index
        classes[shape.visible_mask] = shape.label + 1
    # As in VOC, the border of every object is void.
    grown = cv2.dilate((objects > 0).astype(np.uint8), np.ones((3, 3)))
    border = (grown > 0) & (objects == 0)
    for array, folder in (
        (objects, 'SegmentationObject'),
        (classes, 'SegmentationClass'),
    ):
        array[border] = VOID
        picture = Image.fromarray(array)
        picture.putpalette(_voc_palette())
        picture.save(root / folder / f'{name}.png')


def _to_xml(name: str, shape: tuple[int, int], shapes: list[Shape]) -> str:
    """One annotation file in the devkit's layout."""
    height, width = shape
    root = ElementTree.Element('annotation')
    ElementTree.SubElement(root, 'folder').text = 'VOC2012'
    ElementTree.SubElement(root, 'filename').text = f'{name}.jpg'
    size = ElementTree.SubElement(root, 'size')
    for key, value in (('width', width), ('height', height), ('depth', 3)):
        ElementTree.SubElement(size, key).text = str(value)
    ElementTree.SubElement(root, 'segmented').text = '1'
    for item in shapes:
        box = item.tight_box()
        at_edge = min(box[:2]) == 1 or box[2] == width or box[3] == height
        difficult = item.visible_fraction < DIFFICULT_VISIBLE
        node = ElementTree.SubElement(root, 'object')
        ElementTree.SubElement(node, 'name').text = SHAPE_CLASSES[item.label]
        ElementTree.SubElement(node, 'pose').text = 'Unspecified'
        ElementTree.SubElement(node, 'truncated').text = str(int(at_edge))
        ElementTree.SubElement(node, 'difficult').text = str(int(difficult))
        bndbox = ElementTree.SubElement(node, 'bndbox')
        for index, key in enumerate(('xmin', 'ymin', 'xmax', 'ymax')):
            ElementTree.SubElement(bndbox, key).text = str(box[index])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding='unicode') + '\n'


def _voc_palette() -> list[int]:
    """The 256 colours of VOC's indexed masks, as 768 channel values.

    Bit k of each channel, from the top, is bit 3k + channel of the index.
    """
    index = np.arange(256)
    channels = [
        sum(((index >> (3 * k + channel)) & 1) << (7 - k) for k in range(8))
        for channel in range(3)
    ]
    return np.stack(channels, axis=1).reshape(-1).tolist()
