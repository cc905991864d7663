"""CocoInstanceDataset: counts, orders and refuses as it says."""

import json

import numpy as np
import pytest
from mmengine.logging import MMLogger
from PIL import Image

from mmvision_ext.datasets import CocoInstanceDataset
from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.datasets.report import Reason

SQUARE = [[10, 10, 30, 10, 30, 30, 10, 30]]
CLASSES = ('cat', 'dog')
PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='mmdet.PackDetInputs', meta_keys=('img_id', 'ori_shape')),
]


def obj(index, image_id=1, **fields):
    """A sound annotation, but for ``fields``; None removes a field."""
    entry = dict(
        id=index,
        image_id=image_id,
        category_id=5,
        bbox=[10, 10, 20, 20],
        area=400,
        iscrowd=0,
        segmentation=SQUARE,
    )
    entry |= fields
    return {key: value for key, value in entry.items() if value is not None}


def content(*annotations):
    return dict(
        images=[
            dict(id=index, file_name=f'{index}.jpg', width=60, height=40)
            for index in (1, 2)
        ],
        annotations=list(annotations),
        categories=[
            dict(id=5, name='cat'),
            dict(id=3, name='dog'),
            dict(id=9, name='bird'),
        ],
    )


@pytest.fixture
def build(tmp_path):
    (tmp_path / 'images').mkdir()
    for index in (1, 2):
        Image.new('RGB', (60, 40)).save(tmp_path / f'images/{index}.jpg')

    def build_dataset(data, **kwargs):
        text = data if isinstance(data, str) else json.dumps(data)
        (tmp_path / 'train.json').write_text(text)
        return CocoInstanceDataset(
            **{
                'data_root': str(tmp_path),
                'ann_file': 'train.json',
                'data_prefix': dict(img='images'),
                'metainfo': dict(classes=CLASSES),
                **kwargs,
            }
        )

    return build_dataset


def labels(dataset, index=0):
    return [
        item['bbox_label']
        for item in dataset.get_data_info(index)['instances']
    ]


def test_sound_file(build):
    dataset = build(content(obj(1), obj(2, category_id=3), obj(3, 2)))
    assert len(dataset) == 2
    assert labels(dataset) == [0, 1]
    item = dataset[0]['instances'][0]
    assert item['bbox'] == [10, 10, 30, 30] and item['mask'] == SQUARE
    report = dataset.report
    assert (report.images_read, report.objects_read) == (2, 3)
    assert report.objects_used == report.masks_used == 3
    assert report.lost == 0


def test_label_follows_metainfo_not_the_file(build, caplog):
    MMLogger.get_instance('coco').addHandler(caplog.handler)
    data = content(obj(1), obj(2, category_id=3))
    dataset = build(data, metainfo=dict(classes=('dog', 'cat')))
    assert labels(dataset) == [1, 0]
    assert dataset.cat_ids == [3, 5]
    assert "mmdet's CocoMetric does not support" in caplog.text
    caplog.clear()
    build(data, metainfo=dict(classes=('cat', 'dog')))
    assert 'objects used' in caplog.text and 'CocoMetric' not in caplog.text


@pytest.mark.parametrize(
    'fields, reason',
    [
        (dict(category_id=77), Reason.UNKNOWN_CATEGORY),
        (dict(category_id=9), Reason.OTHER_CLASSES),
        (dict(ignore=1), Reason.MARKED_IGNORE),
        (dict(bbox=None), Reason.BAD_BOX),
        (dict(bbox=[1, 2, 3]), Reason.BAD_BOX),
        (dict(bbox=[1, 2, 'wide', 4]), Reason.BAD_BOX),
        (dict(bbox=[1, float('nan'), 3, 4]), Reason.BAD_BOX),
        (dict(area='large'), Reason.BAD_BOX),
        (dict(bbox=[10, 10, 0, 20]), Reason.ZERO_AREA),
        (dict(bbox=[10, 10, 20, -5]), Reason.ZERO_AREA),
        (dict(area=0), Reason.ZERO_AREA),
        (dict(bbox=[60, 10, 20, 20]), Reason.OUTSIDE),
        (dict(bbox=[10, 40, 20, 20]), Reason.OUTSIDE),
        (dict(bbox=[10, -30, 20, 20]), Reason.OUTSIDE),
    ],
)
def test_unusable_annotations_are_counted(build, fields, reason):
    dataset = build(content(obj(1), obj(2, **fields), obj(3, 2)))
    assert labels(dataset) == [0]
    assert dict(dataset.report.counts) == {reason: 1}
    assert dataset.report.examples[reason][0].startswith('annotation 2')
    assert dataset.report.objects_read == 3
    assert dataset.report.objects_used == 2


@pytest.mark.parametrize(
    'segmentation, reason',
    [
        (None, Reason.NO_SEGMENTATION),
        ([], Reason.NO_SEGMENTATION),
        ([[1, 2, 3, 4]], Reason.BAD_SEGMENTATION),
        ([[1, 2, 3, 4, 5, 6, 7]], Reason.BAD_SEGMENTATION),
        ([[1, 2, 3, 4, 5, float('nan')]], Reason.BAD_SEGMENTATION),
        ('none', Reason.BAD_SEGMENTATION),
        (dict(size=[60, 40], counts='abc'), Reason.BAD_SEGMENTATION),
        (dict(counts=[1, 2]), Reason.BAD_SEGMENTATION),
    ],
)
def test_objects_without_a_mask_are_ignored_boxes(build, segmentation, reason):
    broken = obj(2, bbox=[20, 5, 30, 10], segmentation=segmentation)
    data = content(obj(1), broken)
    dataset = build(data, pipeline=PIPELINE)
    assert dict(dataset.report.counts) == {reason: 1}
    assert dataset.report.objects_ignored == 1
    sample = dataset[0]['data_samples']
    assert len(sample.gt_instances) == len(sample.ignored_instances) == 1
    expected = np.zeros((40, 60), bool)
    expected[5:15, 20:50] = True
    np.testing.assert_array_equal(
        sample.ignored_instances.masks.masks[0], expected
    )
    boxes_alone = build(data, with_mask=False)
    assert boxes_alone.report.counts.total() == 0
    assert boxes_alone.report.objects_used == 2
    assert 'mask' not in boxes_alone[0]['instances'][1]


def test_some_bad_polygons(build):
    dataset = build(content(obj(1, segmentation=[*SQUARE, [1, 2]])))
    assert dataset[0]['instances'][0]['mask'] == SQUARE
    assert dataset.report.counts[Reason.PARTLY_BAD] == 1
    assert dataset.report.lost == 0


def test_crowd_and_rle(build):
    rle = dict(size=[40, 60], counts=[0, 400, 2000])
    dataset = build(
        content(obj(1), obj(2, iscrowd=1, segmentation=rle)), pipeline=PIPELINE
    )
    assert dataset.report.counts[Reason.CROWD] == 1
    assert dataset.report.lost == 0
    ignored = dataset[0]['data_samples'].ignored_instances
    assert ignored.masks.masks[0].sum() == 400


@pytest.mark.parametrize(
    'fields, reason, crowd',
    [
        (dict(iscrowd=1), Reason.CROWD, True),
        (dict(iscrowd=1, difficult=1), Reason.DIFFICULT, False),
        (dict(iscrowd=1, no_mask=1), Reason.NO_MATCH, False),
        (dict(segmentation=None), Reason.NO_SEGMENTATION, False),
        (dict(iscrowd=1, segmentation=None), Reason.CROWD, True),
    ],
)
def test_groups_are_told_from_single_ignored_objects(
    build, fields, reason, crowd
):
    data = content(obj(1), obj(2, **fields), obj(3, iscrowd=1))
    dataset = build(data, pipeline=PIPELINE, test_mode=True)
    assert dataset.report.counts[reason] == (2 if crowd else 1)
    sample = dataset[0]['data_samples']
    assert len(sample.gt_instances) == 1
    assert sample.ignored_instances.crowds.tolist() == [crowd, True]
    assert 'ignored_instances' in dataset[1]['data_samples']
    trained = build(data, pipeline=PIPELINE)[0]['data_samples']
    assert 'crowds' not in trained.ignored_instances


def test_boxes_without_annotations_or_many_views_have_groups_or_none(build):
    data = content(obj(1), obj(2, iscrowd=1))
    load, annotations, pack = PIPELINE
    bare = build(data, pipeline=[load, pack], test_mode=True)
    assert not len(bare[0]['data_samples'].ignored_instances)
    views = dict(type='TestTimeAug', transforms=[[annotations], [pack]])
    views = build(data, pipeline=[load, views], test_mode=True)
    [sample] = views[0]['data_samples']
    assert sample.ignored_instances.crowds.tolist() == [True]


def test_objects_that_lack_only_a_mask_are_boxes(build):
    """As in a devkit that is read without masks."""
    data = content(
        obj(1, iscrowd=1, no_mask=1), obj(2, iscrowd=1, difficult=1)
    )
    dataset = build(data, with_mask=False)
    assert dataset.report.objects_used == 1
    assert dataset.report.objects_ignored == 1


def test_area_and_iscrowd_may_be_missing(build):
    dataset = build(content(obj(1, area=None, iscrowd=None)))
    assert dataset.report.objects_used == 1


def test_no_segmentation_at_all(build):
    data = content(obj(1, segmentation=None), obj(2, segmentation=None))
    with pytest.raises(DatasetError, match='no annotation.*with_mask=False'):
        build(data)
    assert build(data, with_mask=False).report.objects_used == 2


def test_empty_images_and_filters(build):
    data = content(obj(1, 2), obj(2, 1, area=0))
    dataset = build(data, pipeline=PIPELINE)
    assert len(dataset) == 2
    assert len(dataset[0]['data_samples'].gt_instances) == 0
    dataset = build(data, filter_cfg=dict(filter_empty_gt=True))
    assert [info['img_id'] for info in dataset] == [2]
    assert dataset.report.counts[Reason.EMPTY_IMAGE] == 1
    dataset = build(
        data, filter_cfg=dict(filter_empty_gt=True), test_mode=True
    )
    assert len(dataset) == 2


def test_no_usable_sample(build):
    with pytest.raises(DatasetError) as caught:
        build(content(), filter_cfg=dict(filter_empty_gt=True))
    message = str(caught.value)
    assert 'CocoInstanceDataset has no usable sample' in message
    assert 'train.json: 0 of 2 images used' in message
    with pytest.raises(DatasetError, match='no usable object'):
        build(content(obj(1, area=0)))
    with pytest.raises(DatasetError, match='names no image'):
        build(content() | dict(images=[]))


def test_classes_that_the_file_lacks(build):
    with pytest.raises(DatasetError) as caught:
        build(content(obj(1)), metainfo=dict(classes=('cat', 'fish', 'cow')))
    message = str(caught.value)
    assert 'in metainfo, not in the file: fish, cow' in message
    assert 'in the file: cat, dog, bird' in message


@pytest.mark.parametrize(
    'kwargs, words',
    [
        (dict(data_root='/nowhere'), ['data_root', '/nowhere']),
        (
            dict(ann_file='trian.json'),
            ['ann_file', 'trian.json', 'train.json'],
        ),
        (
            dict(data_prefix=dict(img='pictures')),
            ["data_prefix['img']", 'pictures'],
        ),
        (
            dict(metainfo=dict(classes='cat')),
            ["the string 'cat'", "('cat', )"],
        ),
        (
            dict(metainfo=dict(classes=CLASSES, palette=[(0, 0, 0)])),
            ['palette', '1 colours for 2 classes'],
        ),
    ],
)
def test_unusable_arguments_name_the_key(build, kwargs, words):
    with pytest.raises(DatasetError) as caught:
        build(content(obj(1)), **kwargs)
    for word in words:
        assert word in str(caught.value)


def test_missing_images(build, tmp_path):
    (tmp_path / 'images/2.jpg').unlink()
    with pytest.raises(DatasetError) as caught:
        build(content(obj(1)))
    assert '1 of 2 images' in str(caught.value)
    assert '2.jpg' in str(caught.value)


def without(section, key):
    data = content(obj(1))
    del data[section][0][key]
    return data


@pytest.mark.parametrize(
    'data, words',
    [
        ('', ['expected JSON']),
        ('{"images": [', ['expected JSON']),
        ('[]', ['JSON object', 'images']),
        ('{}', ["'images'", 'empty object']),
        ({'images': [], 'annotations': {}}, ["'annotations'"]),
        (content(3), ['annotations[0]', 'int']),
        (without('annotations', 'id'), ['annotations[0]', "no 'id'"]),
        (without('annotations', 'image_id'), ['(id 1)', "no 'image_id'"]),
        (without('annotations', 'category_id'), ["no 'category_id'"]),
        (without('images', 'file_name'), ['images[0]', "no 'file_name'"]),
        (without('images', 'width'), ['images[0] (id 1)', "no 'width'"]),
        (without('categories', 'name'), ['categories[0]', "no 'name'"]),
        (content(obj(1), obj(1)), ['annotations', 'ids more than once: 1']),
        (content(obj(4, image_id=8)), ['annotation 4', 'image_id 8']),
        (
            content() | dict(categories=[dict(id=1, name='cat')] * 2),
            ['categories', 'more than once'],
        ),
        (
            content()
            | dict(
                images=[dict(id=1, file_name='1.jpg', width='60', height=40)]
            ),
            ['images[0].width', "'60'"],
        ),
    ],
)
def test_malformed_file_names_the_field(build, data, words):
    with pytest.raises(AnnotationError) as caught:
        build(data)
    for word in ['train.json', *words]:
        assert word in str(caught.value)
