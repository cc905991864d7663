"""Faults that fuzzing of the annotation readers found, one test each."""

import json

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmvision_ext.datasets.category_attributes import (
    COCONUT_139,
    read_category_attributes,
)
from mmvision_ext.datasets.coco_attribute_files import (
    converted_names,
    read_object_attributes,
)
from mmvision_ext.datasets.coco_checks import (
    box_fault,
    check_coco,
    fit_overhang,
    is_polygon,
    rle_runs,
    segmentation_fault,
)
from mmvision_ext.datasets.coco_objects import read_coco_objects
from mmvision_ext.datasets.errors import AnnotationError
from mmvision_ext.datasets.image_folders import read_image_list
from mmvision_ext.datasets.json_files import read_json
from mmvision_ext.datasets.report import Reason
from mmvision_ext.datasets.text_lists import read_lines
from mmvision_ext.datasets.voc_devkit import read_image_list as read_voc_list
from mmvision_ext.datasets.xml_files import DEEPEST, read_xml
from mmvision_ext.models.text.prompts import read_phrases
from mmvision_ext.utils import InputError, brief

SIZE = (60, 40)  # of images, in pixels


@pytest.fixture
def coco():
    """A sound COCO file's content."""
    return dict(
        images=[dict(id=1, file_name='a.jpg', width=60, height=40)],
        annotations=[
            dict(id=1, image_id=1, category_id=2, bbox=[1, 2, 3, 4], area=12)
        ],
        categories=[dict(id=2, name='cat')],
    )


@pytest.fixture
def scores():
    """A sound file of COCO Attributes by object."""
    return dict(
        attributes=['metal', 'round'],
        ann_attrs={'7': dict(attrs_vector=[0.0, 1.0], split='train2014')},
    )


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_doctype_is_refused_before_its_entities_are_read(tmp_path):
    entities = ''.join(
        f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(11)
    )
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "ha">{entities}]><a>&e11;</a>'
    path = tmp_path / 'a.xml'
    for encoding in ('utf-8', 'utf-16'):
        path.write_bytes(bomb.encode(encoding))
        with pytest.raises(AnnotationError, match=r'a\.xml.*DOCTYPE'):
            read_xml(path)
    path.write_text(
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>'
    )
    with pytest.raises(AnnotationError, match='DOCTYPE'):
        read_xml(path)


def test_deep_xml_is_refused(tmp_path):
    path = tmp_path / 'a.xml'
    path.write_text('<a>' * DEEPEST + '</a>' * DEEPEST)
    assert read_xml(path).tag == 'a'
    path.write_text('<a>' * (DEEPEST + 1) + '</a>' * (DEEPEST + 1))
    with pytest.raises(AnnotationError, match=r'a\.xml.*in each other'):
        read_xml(path)


def test_deep_json_is_refused(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('[' * 100_000)
    with pytest.raises(AnnotationError, match=r'a\.json.*in each other'):
        read_json(path)


def test_json_with_half_a_character_is_refused(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text(r'{"name": "\ud800"}')
    with pytest.raises(AnnotationError, match=r'a\.json.*surrogates'):
        read_json(path)
    path.write_text(r'{"name": "\ud83d\ude00"}')  # both halves
    assert read_json(path) == {'name': '\N{GRINNING FACE}'}


def test_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / 'a.json'
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(path) == {'a': 1}
    path.write_bytes(b'\xef\xbb\xbfant/1.jpg\r\n')
    assert list(read_lines(path, 'ann_file')) == [(1, 'ant/1.jpg')]


def test_list_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_bytes('ant/é.jpg'.encode('latin-1'))
    with pytest.raises(AnnotationError, match=r'list\.txt.*UTF-8'):
        list(read_image_list(path))


@pytest.mark.parametrize('read', [read_voc_list, read_image_list])
@pytest.mark.parametrize('name', ['x' * 5000, 'a\0b'])
def test_name_that_no_file_has_is_refused(tmp_path, read, name):
    path = tmp_path / 'list.txt'
    folder = 'ant/' if read is read_image_list else ''
    path.write_text(f'{folder}{name}\n')
    with pytest.raises(AnnotationError, match=r'list\.txt, line 1') as error:
        list(read(path))
    assert len(str(error.value)) < 400


def test_message_stays_short_and_printable():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    found = [brief(v) for v in ('x' * 5000, deep, 10**5000, '\ud800')]
    assert all(len(text) <= 80 for text in found)
    assert all(text.encode() for text in found)
    while deep:  # Python's own removal of so deep a list is recursive
        deep = deep[0]


@pytest.mark.parametrize(
    ('section', 'key', 'value'),
    [
        ('images', 'id', [1]),
        ('images', 'id', 10**400),
        ('images', 'file_name', None),
        ('images', 'file_name', 'x' * 5000),
        ('images', 'file_name', 'a\0b'),
        ('images', 'width', 10**400),
        ('images', 'width', 60.5),
        ('images', 'height', 2**21),
        ('annotations', 'id', {}),
        ('annotations', 'image_id', []),
        ('annotations', 'category_id', {'0': 2}),
        ('annotations', 'iscrowd', 'text'),
        ('annotations', 'ignore', []),
        ('categories', 'name', ['cat']),
        ('categories', 'name', ' '),
    ],
)
def test_coco_field_of_another_kind_is_refused(coco, section, key, value):
    check_coco(coco, 'a.json')
    coco[section][0][key] = value
    with pytest.raises(AnnotationError, match=rf'a\.json.*{section}.*{key}'):
        check_coco(coco, 'a.json')


def test_coco_ids_of_two_kinds_are_refused(coco):
    coco['images'].append(dict(coco['images'][0], id='b'))
    with pytest.raises(AnnotationError, match=r"'images' has ids"):
        check_coco(coco, 'a.json')


@pytest.mark.parametrize('bbox', [[1, 2, None, 4], [1, 2, 10**400, 4]])
def test_coco_box_without_numbers_is_refused(coco, tmp_path, bbox):
    del coco['annotations'][0]['area']
    coco['annotations'][0]['bbox'] = bbox
    with pytest.raises(AnnotationError, match='annotation 1: expected an are'):
        read_coco_objects(write(tmp_path / 'a.json', coco))
    assert box_fault(dict(bbox=bbox), SIZE) is Reason.BAD_BOX


def test_coco_box_that_leaves_its_image_is_clipped():
    assert fit_overhang((-0.5, 0, 60.9, 40), SIZE) == (-0.5, 0, 60.9, 40)
    assert fit_overhang((-5, 3, 1e9, 50), SIZE) == (0, 3, 60, 40)
    assert box_fault(dict(bbox=[-5, 3, 1e9, 50]), SIZE) is None
    assert box_fault(dict(bbox=[59.5, 3, 9, 9]), SIZE) is Reason.OUTSIDE


def test_polygon_far_from_its_image_is_none():
    near = [0, 0, 60, 0, 60, 40]
    assert is_polygon(near, SIZE)
    assert not is_polygon([0, 0, 1e8, 0, 60, 40], SIZE)  # 11 GB of points
    assert not is_polygon([0, 0, 60, 0, 60, -41], SIZE)
    both = dict(segmentation=[near, [0, 0, 1e8, 0, 60, 40]])
    assert segmentation_fault(both, SIZE) is Reason.PARTLY_BAD


def test_runs_of_a_mask_are_those_of_pycocotools():
    rng = np.random.default_rng(0)
    for share in (0.02, 0.5, 0.98):
        mask = np.asfortranarray(rng.random((40, 60)) < share, np.uint8)
        flat = mask.reshape(-1, order='F')
        ends = np.flatnonzero(np.diff(flat, prepend=0))
        runs = np.diff([0, *ends, flat.size]).tolist()
        counts = mask_utils.encode(mask)['counts'].decode()
        assert rle_runs(counts) == runs


@pytest.mark.parametrize(
    ('counts', 'sound'),
    [
        ([400, 2000], True),
        ([400, 1999], False),
        ([-400, 2800], False),
        ([400, '2000'], False),
        ([], False),
        ('`<`n1', True),
        ('`<`>', False),
        ('', False),
        ('xxxx', False),
    ],
)
def test_mask_that_does_not_fill_its_image_is_none(counts, sound):
    found = dict(segmentation=dict(size=[40, 60], counts=counts))
    expected = None if sound else Reason.BAD_SEGMENTATION
    assert segmentation_fault(found, SIZE) is expected


@pytest.mark.parametrize('size', [None, 40, [40], [60, 40]])
def test_mask_of_another_size_is_none(size):
    found = dict(segmentation=dict(size=size, counts=[400, 2000]))
    assert segmentation_fault(found, SIZE) is Reason.BAD_SEGMENTATION


@pytest.mark.parametrize(
    ('vector', 'split'),
    [
        ([10**400, 0], 'train2014'),
        (['1', '0'], 'train2014'),
        ([True, False], 'train2014'),
        ([0.0, 1.0], ['train2014']),
    ],
)
def test_scores_of_another_kind_are_refused(tmp_path, scores, vector, split):
    path = write(tmp_path / 'a.json', scores)
    assert read_object_attributes(path).scores.tolist() == [[0.0, 1.0]]
    scores['ann_attrs']['7'] = dict(attrs_vector=vector, split=split)
    with pytest.raises(AnnotationError, match=r'a\.json, annotation 7'):
        read_object_attributes(write(path, scores))


@pytest.mark.parametrize('ann_id', ['1' * 30, '7.5'])
def test_annotation_id_that_is_none_is_refused(tmp_path, scores, ann_id):
    scores['ann_attrs'] = {ann_id: scores['ann_attrs']['7']}
    with pytest.raises(AnnotationError, match=r'ann_attrs.*whole number'):
        read_object_attributes(write(tmp_path / 'a.json', scores))


def test_object_in_both_splits_is_refused(tmp_path):
    content = dict(
        attributes=['metal'],
        ann_vecs={'1': [1.0], '2': [0.0]},
        patch_id_to_ann_id={'1': 5, '2': 5},
        split={'1': 'train2014', '2': 'val2014'},
    )
    with pytest.raises(AnnotationError, match='annotation 5.*one split'):
        read_object_attributes(write(tmp_path / 'a.json', content))


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('ann_ids', 3),
        ('ann_ids', [np.nan]),
        ('scores', [['text', 'text']]),
        ('scores', [[1j, 0]]),
        ('training', ['no']),
        ('attributes', 'metal'),
        ('attributes', ['metal', 'metal']),
    ],
)
def test_array_of_another_kind_is_refused(tmp_path, key, value):
    path = tmp_path / 'a.npz'
    arrays = dict(
        attributes=['metal', 'round'],
        ann_ids=[7],
        training=[True],
        scores=np.float32([[0, 1]]),
    )
    np.savez(path, **arrays)
    assert read_object_attributes(path).ann_ids.tolist() == [7]
    np.savez(path, **(arrays | {key: np.array(value)}))
    with pytest.raises(AnnotationError, match=rf'a\.npz, {key}'):
        read_object_attributes(path)


def test_damaged_archive_is_refused(tmp_path):
    path = tmp_path / 'a.npz'
    np.savez_compressed(path, attributes=np.array(['metal'] * 50))
    sound = path.read_bytes()
    for place in range(0, len(sound), 7):
        damaged = bytearray(sound)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        converted_names(path)
        with pytest.raises(AnnotationError, match=r'a\.npz'):
            read_object_attributes(path)


@pytest.mark.parametrize(
    ('section', 'change'),
    [
        ('categories', lambda table: table['categories'].update(cat=[['a']])),
        ('categories', lambda table: table['categories'].update(cat='pet')),
        ('implications', lambda table: table['implications'].append([[], 1])),
        ('exclusions', lambda table: table['exclusions'].append([None, {}])),
    ],
)
def test_table_of_attributes_of_another_kind(tmp_path, section, change):
    table = json.loads(COCONUT_139.read_text('utf-8'))
    change(table)
    with pytest.raises(AnnotationError, match=rf'a\.json, {section}'):
        read_category_attributes(write(tmp_path / 'a.json', table))


@pytest.mark.parametrize(
    'content',
    [
        dict(phrases=dict(metal=['made', 'metal']), patterns=['made']),
        dict(phrases=dict(metal=['made', 'metal']), patterns=dict(made=[5])),
        dict(phrases={'metal': ' '}),
        dict(phrases={'': 'metal'}),
    ],
)
def test_phrases_of_another_kind_are_refused(tmp_path, content):
    path = write(tmp_path / 'words.json', content)
    with pytest.raises(InputError, match=r'words\.json.*(phrase|patterns)'):
        read_phrases(str(path))


def test_phrase_with_other_braces_is_read(tmp_path):
    content = dict(
        phrases=dict(metal=['made', 'metal']),
        patterns=dict(made=['made of {} {x}']),
    )
    found = read_phrases(str(write(tmp_path / 'words.json', content)))
    assert found.present == {'metal': 'made of metal {x}'}
