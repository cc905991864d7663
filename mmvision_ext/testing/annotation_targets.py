"""A tiny file of every annotation format, and the dataset that reads it."""

import json
import math
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmdet.datasets.transforms import LoadAnnotations
from PIL import Image

from mmvision_ext.datasets import (
    APascalAttributes,
    APascalDetection,
    Caltech101,
    COCOAttributes,
    COCOAttributesDetection,
    CocoInstanceDataset,
    COCONutAttributes,
    DIORDataset,
    VOCInstanceDataset,
)
from mmvision_ext.datasets.category_attributes import COCONUT_139
from mmvision_ext.datasets.coco_attribute_files import (
    read_object_attributes,
    write_object_attributes,
)
from mmvision_ext.datasets.oriented_boxes import CORNERS, convert_oriented
from mmvision_ext.models.text.embeddings import (
    TextEmbeddings,
    read_embeddings,
    write_embeddings,
)
from mmvision_ext.models.text.prompts import fill, read_phrases

from .annotation_campaign import Target, UnsoundSample
from .annotation_faults import (
    Mutator,
    mutate_bytes,
    mutate_json,
    mutate_lines,
    mutate_npz,
    mutate_pickle,
)
from .safetensors_faults import mutate_safetensors
from .tiny_attributes import IMAGES, make_attribute_data
from .xml_faults import mutate_xml

WIDTH, HEIGHT = 60, 40  # of the images of the devkits, in pixels
TOLERANCE = 1.0  # pixels by which a box of COCO may leave its image
#: A filled box x 5, y 5, width 15, height 20, as pycocotools compresses it.
_BOX_COUNTS = ']6d0d0000000000000000000000000000ka1'
_OBJECTS = (('cat', (5, 5, 30, 30)), ('dog', (31, 10, 50, 35)))


def annotation_targets(root: str | Path) -> dict[str, Target]:
    """Write the files of every kind.

    Args:
        root: Folder for them.

    Returns:
        The targets by their kind.
    """
    root = Path(root)
    targets = [
        *_devkit_targets(root / 'voc'),
        *_dior_targets(root / 'dior'),
        *_caltech_targets(root / 'caltech'),
        *_coco_targets(root / 'coco'),
        *_attribute_targets(root / 'attributes'),
        *_word_targets(root / 'words'),
    ]
    return {target.kind: target for target in targets}


def check_objects(dataset: Any, tolerance: float = 0.0) -> None:
    """Check every object of a detection dataset.

    Args:
        dataset: Any of this package.
        tolerance: Pixels by which a box may leave its image.

    Raises:
        UnsoundSample: If a box, a label, a mask or an attribute is nonsense.
    """
    classes = len(dataset.metainfo['classes'])
    masks = LoadAnnotations(with_mask=True)
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        size = info['width'], info['height']
        _expect(all(s >= 1 and s == int(s) for s in size), 'size', size)
        _expect(isinstance(info['img_path'], str), 'path', info['img_path'])
        for item in info['instances']:
            label = item['bbox_label']
            _expect(label in range(classes), 'label', label)
            _expect(item['ignore_flag'] in (0, 1), 'flag', item)
            _check_box(item['bbox'], size, tolerance)
            if 'attributes' in item:
                _check_labels(item['attributes'], item['attribute_mask'])
        if info['instances'] and 'mask' in info['instances'][0]:
            with Image.open(info['img_path']) as image:
                shape = image.height, image.width
            loaded = masks({**info, 'ori_shape': shape, 'img_shape': shape})
            _expect(
                len(loaded['gt_masks']) == len(info['instances']),
                'masks',
                loaded['gt_masks'],
            )


def check_attributes(dataset: Any) -> None:
    """Check every sample of a dataset with attributes.

    Args:
        dataset: Any of this package.

    Raises:
        UnsoundSample: If a label or a box is nonsense.
    """
    count = len(dataset.metainfo['classes'])
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        scores = info['gt_score']
        _expect(scores.shape == (count,), 'scores', scores)
        _check_labels(scores, info.get('gt_mask', np.ones(count, bool)))
        if 'bbox' in info:
            _check_box(info['bbox'], (info['width'], info['height']), 0)


def _check_box(
    box: Sequence[float], size: tuple[float, float], tolerance: float
) -> None:
    """Four finite edges in the right order, within the image."""
    width, height = size
    sound = (
        len(box) == 4
        and all(math.isfinite(edge) for edge in box)
        and -tolerance <= box[0] < box[2] <= width + tolerance
        and -tolerance <= box[1] < box[3] <= height + tolerance
    )
    _expect(sound, f'box in {size}', box)


def _check_labels(scores: Any, mask: Any) -> None:
    """0 or 1 where known, and nothing where not."""
    _expect(scores.dtype == np.float32, 'scores', scores.dtype)
    _expect(mask.dtype == bool and mask.shape == scores.shape, 'mask', mask)
    _expect(bool(np.isin(scores, (0, 1)).all()), 'scores', scores)
    _expect(not scores[~mask].any(), 'scores of unknown entries', scores)


def _expect(sound: bool, what: str, found: Any) -> None:
    if not sound:
        raise UnsoundSample(f'{what}: {str(found)[:200]}')


def _write_images(folder: Path, names: Sequence[str]) -> None:
    folder.mkdir(parents=True)
    for name in names:
        Image.new('RGB', (WIDTH, HEIGHT), (90, 120, 50)).save(folder / name)


def _voc_xml(objects: Sequence[tuple[str, Sequence[int]]]) -> str:
    """An annotation as the devkit has it."""
    tags = ('xmin', 'ymin', 'xmax', 'ymax')
    body = ''
    for name, box in objects:
        inside = ''.join(
            f'<{tag}>{edge}</{tag}>'
            for tag, edge in zip(tags, box, strict=True)
        )
        body += (
            f'<object><name>{name}</name><difficult>0</difficult>'
            f'<bndbox>{inside}</bndbox></object>\n'
        )
    return (
        f'<annotation><size><width>{WIDTH}</width><height>{HEIGHT}</height>'
        f'<depth>3</depth></size>\n{body}</annotation>\n'
    )


def _devkit_targets(root: Path) -> list[Target]:
    """A devkit with masks: its XML, its masks and its two kinds of lists."""
    _write_images(root / 'JPEGImages', ('a.png', 'b.png'))
    for folder in ('Annotations', 'ImageSets', 'SegmentationObject'):
        (root / folder).mkdir()
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    for number, (_, (x1, y1, x2, y2)) in enumerate(_OBJECTS, start=1):
        ids[y1 - 1 : y2, x1 - 1 : x2] = number
    for name in 'ab':
        mask = Image.fromarray(ids)
        mask.save(root / 'SegmentationObject' / f'{name}.png')
        path = root / 'Annotations' / f'{name}.xml'
        path.write_text(_voc_xml(_OBJECTS))
    (root / 'ImageSets/train.txt').write_text('a\nb\n')
    (root / 'ImageSets/cat_train.txt').write_text('a 1\nb -1\n')

    def read(ann_file: str, with_mask: bool) -> Callable[[], None]:
        return lambda: check_objects(
            VOCInstanceDataset(
                data_root=str(root), ann_file=ann_file, with_mask=with_mask
            )
        )

    train, by_class = 'ImageSets/train.txt', 'ImageSets/cat_train.txt'
    xml = root / 'Annotations/a.xml'
    return [
        Target('VOC XML, with masks', xml, mutate_xml, read(train, True)),
        Target('VOC XML', xml, mutate_xml, read(train, False)),
        Target(
            'VOC mask (bytes)',
            root / 'SegmentationObject/a.png',
            mutate_bytes,
            read(train, True),
        ),
        Target(
            'VOC image list', root / train, mutate_lines, read(train, False)
        ),
        Target(
            'VOC class list',
            root / by_class,
            mutate_lines,
            read(by_class, False),
        ),
    ]


def _dior_targets(root: Path) -> list[Target]:
    """DIOR's XML and list, and an oriented annotation as DIOR-R has it."""
    _write_images(root / 'JPEGImages-trainval', ('1.jpg', '2.jpg'))
    folder = root / 'Annotations/Horizontal Bounding Boxes'
    folder.mkdir(parents=True)
    objects = [
        ('ship', _OBJECTS[0][1]),
        ('Expressway-toll-station', _OBJECTS[1][1]),
    ]
    for name in '12':
        (folder / f'{name}.xml').write_text(_voc_xml(objects))
    lists = root / 'train.txt'
    lists.write_text('1\n2\n')
    oriented = root / 'oriented'
    oriented.mkdir()
    corners = zip(
        CORNERS['robndbox'], ((5, 8), (20, 3), (25, 15), (9, 30)), strict=True
    )
    inside = ''.join(
        f'<{x}>{a}</{x}><{y}>{b}</{y}>' for (x, y), (a, b) in corners
    )
    (oriented / 'r.xml').write_text(
        f'<annotation><size><width>{WIDTH}</width><height>{HEIGHT}</height>'
        '</size>\n<object><name>ship</name><type>robndbox</type><robndbox>'
        f'{inside}</robndbox></object></annotation>\n'
    )

    def read() -> None:
        check_objects(DIORDataset(data_root=str(root), ann_file='train.txt'))

    def convert() -> None:
        out = root / 'converted'
        try:
            convert_oriented(oriented, out)
        finally:
            for path in out.glob('*'):
                path.unlink()

    return [
        Target('DIOR XML', folder / '1.xml', mutate_xml, read),
        Target('DIOR list', lists, mutate_lines, read),
        Target('DIOR-R XML', oriented / 'r.xml', mutate_xml, convert),
    ]


def _caltech_targets(root: Path) -> list[Target]:
    """A list of Caltech-101."""
    for name in ('accordion', 'ant'):
        folder = root / '101_ObjectCategories' / name
        _write_images(folder, ('image_0001.jpg', 'image_0002.jpg'))
    path = root / 'list.txt'
    path.write_text(
        'accordion/image_0001.jpg\nant/image_0001.jpg\nant/image_0002.jpg\n'
    )

    def read() -> None:
        data = Caltech101(data_root=str(root), ann_file=path.name)
        for index in range(len(data)):
            info = data.get_data_info(index)
            _expect(info['gt_label'] in range(101), 'label', info)
            _expect(Path(info['img_path']).is_file(), 'path', info)

    return [Target('Caltech-101 list', path, mutate_lines, read)]


def _coco_targets(root: Path) -> list[Target]:
    """COCO's instances with each kind of mask."""
    _write_images(root / 'images', ('a.jpg', 'b.jpg'))
    path = root / 'instances.json'
    square = [5, 5, 20, 5, 20, 25, 5, 25]
    common = dict(image_id=1, iscrowd=0, area=300, bbox=[5, 5, 15, 20])
    annotations = [
        dict(id=1, category_id=7, segmentation=[square], **common),
        dict(common, id=2, category_id=3, iscrowd=1)
        | dict(segmentation=dict(size=[HEIGHT, WIDTH], counts=[400, 2000])),
        dict(common, id=3, category_id=3, image_id=2)
        | dict(segmentation=dict(size=[HEIGHT, WIDTH], counts=_BOX_COUNTS)),
    ]
    size = dict(width=WIDTH, height=HEIGHT)
    content = dict(
        info={},
        images=[
            dict(id=1, file_name='a.jpg', **size),
            dict(id=2, file_name='b.jpg', **size),
        ],
        annotations=annotations,
        categories=[dict(id=3, name='cat'), dict(id=7, name='dog')],
    )
    path.write_text(json.dumps(content))

    def read() -> None:
        data = CocoInstanceDataset(
            data_root=str(root),
            ann_file=path.name,
            data_prefix=dict(img='images'),
            metainfo=dict(classes=('cat', 'dog')),
        )
        check_objects(data, TOLERANCE)

    return [Target('COCO instances', path, mutate_json, read)]


def _attribute_targets(root: Path) -> list[Target]:
    """The files of all attribute datasets, around the same two images."""
    make_attribute_data(root, images=2)
    files = _write_scores(root)
    targets = [
        Target(kind, path, mutate, _read_scores(root, path.name))
        for kind, (path, mutate) in files.items()
    ]
    instances = root / 'instances.json'
    panoptic = _write_panoptic(root)
    table = root / 'table.json'
    table.write_text(json.dumps(_short_table()))
    listed = root / 'list.txt'
    listed.write_text('0.jpg\n1.jpg\n')

    def read_images(ann_file: Path, **options: Any) -> Callable[[], None]:
        return lambda: check_attributes(
            COCONutAttributes(
                data_root=str(root),
                ann_file=ann_file.name,
                data_prefix=IMAGES,
                split='all',
                **options,
            )
        )

    def read_apascal() -> None:
        check_attributes(APascalAttributes(data_root=str(root)))
        check_objects(APascalDetection(data_root=str(root)))

    return [
        *targets,
        Target(
            'COCO instances, for attributes',
            instances,
            mutate_json,
            _read_scores(root, 'by_object.json'),
        ),
        Target(
            'COCO instances, for COCONut',
            instances,
            mutate_json,
            read_images(instances),
        ),
        Target('panoptic JSON', panoptic, mutate_json, read_images(panoptic)),
        Target(
            'COCONut table of attributes',
            table,
            mutate_json,
            read_images(instances, attribute_file=str(table)),
        ),
        Target(
            'COCONut image list',
            listed,
            mutate_lines,
            read_images(instances, image_list=listed.name),
        ),
        Target(
            'aPascal',
            root / 'apascal/apascal_train.txt',
            mutate_lines,
            read_apascal,
        ),
    ]


def _write_scores(root: Path) -> dict[str, tuple[Path, Mutator]]:
    """COCO Attributes in every layout."""
    names = [dict(id=5, name='metal'), dict(id=2, name='round')]
    rows = ([0.0, 1.0], [-1.0, 0.7], [0.25, 0.5], [1.0, 0.0])
    by_patch: dict[str, Any] = dict(
        attributes=names,
        ann_vecs={str(10 + i): row for i, row in enumerate(rows)},
        patch_id_to_ann_id={str(10 + i): i + 1 for i in range(len(rows))},
        split={str(10 + i): 'train2014' for i in range(len(rows))},
    )
    by_object = dict(
        attributes=names,
        ann_attrs={
            str(i + 1): dict(attrs_vector=row, split='train2014')
            for i, row in enumerate(rows)
        },
    )
    paths = {
        'COCO Attributes by patch, JSON': (
            root / 'by_patch.json',
            json.dumps(by_patch).encode(),
            mutate_json,
        ),
        'COCO Attributes by patch, pickle': (
            root / 'by_patch.pkl',
            pickle.dumps(by_patch, protocol=2),
            mutate_pickle,
        ),
        'COCO Attributes by object, JSON': (
            root / 'by_object.json',
            json.dumps(by_object).encode(),
            mutate_json,
        ),
    }
    found: dict[str, tuple[Path, Mutator]] = {}
    for kind, (path, content, mutate) in paths.items():
        path.write_bytes(content)
        found[kind] = path, mutate
    converted = root / 'converted.npz'
    table = read_object_attributes(root / 'by_object.json')
    write_object_attributes(table, converted)
    return found | {
        'COCO Attributes, converted': (converted, mutate_npz),
    }


def _read_scores(root: Path, ann_file: str) -> Callable[[], None]:
    options: dict[str, Any] = dict(
        data_root=str(root),
        ann_file=ann_file,
        instances=[dict(ann_file='instances.json', img=IMAGES)],
        min_match_rate=0.5,
    )

    def read() -> None:
        check_attributes(COCOAttributes(**options))
        check_objects(COCOAttributesDetection(**options))

    return read


def _write_panoptic(root: Path) -> Path:
    """A panoptic file with two segments an image."""
    content = json.loads((root / 'instances.json').read_text())
    segments = [
        dict(id=9, category_id=1, area=30, bbox=[1, 1, 6, 5], iscrowd=0),
        dict(id=8, category_id=2, area=12, bbox=[9, 9, 4, 3], iscrowd=1),
    ]
    content['annotations'] = [
        dict(image_id=image['id'], file_name='0.png', segments_info=segments)
        for image in content['images']
    ]
    path = root / 'panoptic.json'
    path.write_text(json.dumps(content))
    return path


def _short_table() -> dict[str, Any]:
    """Cats and forks out of the table of COCO's categories."""
    table = json.loads(COCONUT_139.read_text('utf-8'))
    wanted = {name: table['categories'][name] for name in ('cat', 'fork')}
    used = {name for names in wanted.values() for name in names}
    rows = [row for row in table['attributes'] if row['name'] in used]
    pairs = {
        key: [pair for pair in table[key] if used >= set(pair)]
        for key in ('implications', 'exclusions')
    }
    groups = {row['group']: 'a group' for row in rows}
    return dict(attributes=rows, categories=wanted, groups=groups, **pairs)


def _word_targets(root: Path) -> list[Target]:
    """Phrases and embeddings of words."""
    root.mkdir(parents=True)
    phrases = root / 'phrases.json'
    phrases.write_text(
        json.dumps(
            dict(
                patterns=dict(made=['made of {}', 'not made of {}']),
                phrases=dict(metal=['made', 'metal'], wood=['made', 'wood']),
            )
        )
    )
    path = root / 'words.safetensors'
    write_embeddings(
        TextEmbeddings(
            ('cat', 'dog'),
            torch.eye(2, 3),
            (('a cat',), ('a dog', 'the dog')),
            'random',
            logit_scale=100.0,
        ),
        path,
    )

    def read_words() -> None:
        found = read_phrases(str(phrases))
        for texts in (found.present, found.absent or {}):
            _check_texts(texts)
        prompts = fill(tuple(found.present.values()), ('a photo of {}.',))
        _expect(len(prompts) == len(found.present), 'prompts', prompts)

    def read_vectors() -> None:
        found = read_embeddings(path)
        lengths = found.features.norm(dim=1)
        _expect(
            found.features.shape[0] == len(found.names)
            and bool(torch.isfinite(lengths).all())
            and float((lengths - 1).abs().max()) < 0.01,
            'features',
            found.features,
        )
        _check_texts(dict.fromkeys(found.names, 'x'))

    return [
        Target('phrases of words', phrases, mutate_json, read_words),
        Target('embedding file', path, mutate_safetensors, read_vectors),
    ]


def _check_texts(texts: Mapping[Any, Any]) -> None:
    for pair in texts.items():
        sound = all(isinstance(text, str) and text.strip() for text in pair)
        _expect(sound, 'texts', pair)
