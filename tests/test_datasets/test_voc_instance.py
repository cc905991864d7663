"""VOCInstanceDataset on a devkit drawn by hand, on SBD and on real VOC."""

import logging

import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmengine.registry import DATASETS
from PIL import Image
from pycocotools import mask as mask_utils

from mmvision_ext.datasets import VOCInstanceDataset
from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.datasets.report import Reason

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='mmdet.LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='mmdet.PackDetInputs', meta_keys=('img_id', 'ori_shape')),
]


def build(devkit, **kwargs):
    return VOCInstanceDataset(
        **{
            'data_root': str(devkit.root),
            'ann_file': 'ImageSets/Segmentation/train.txt',
            **kwargs,
        }
    )


def by_id(dataset):
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return {info['img_id']: info for info in infos}


def rectangle(size, x1, y1, x2, y2):
    """Mask of a box in pixel edges, bool, (H, W)."""
    mask = np.zeros(size[::-1], bool)
    mask[y1:y2, x1:x2] = True
    return mask


def test_objects_boxes_and_masks(devkit):
    info = by_id(build(devkit))['plain']
    assert info['img_path'] == str(devkit.root / 'JPEGImages/plain.jpg')
    assert (info['width'], info['height']) == devkit.size
    cat, dog, person = info['instances']
    assert cat['bbox'] == [4, 4, 30, 30]
    assert dog['bbox'] == [19, 9, 50, 35]
    assert [item['bbox_label'] for item in info['instances']] == [7, 11, 14]
    assert [item['ignore_flag'] for item in info['instances']] == [0, 0, 1]
    # The cat is drawn over the dog; the void border is nobody's.
    front = rectangle(devkit.size, 4, 4, 30, 30)
    np.testing.assert_array_equal(mask_utils.decode(cat['mask']), front)
    np.testing.assert_array_equal(
        mask_utils.decode(dog['mask']),
        rectangle(devkit.size, 19, 9, 50, 35) & ~front,
    )
    np.testing.assert_array_equal(
        mask_utils.decode(person['mask']),
        rectangle(devkit.size, 51, 1, 58, 12),
    )


def test_everything_lost_is_counted(devkit):
    report = build(devkit).report
    assert (report.images_read, report.images_used) == (5, 4)
    assert report.objects_read == 8
    assert (report.objects_used, report.masks_used) == (4, 4)
    assert report.objects_ignored == 3
    assert dict(report.counts) == {
        Reason.NO_MASK_FILE: 1,
        Reason.DIFFICULT: 1,
        Reason.NO_MATCH: 1,
        Reason.OTHER_CLASS: 1,
        Reason.ORPHAN_MASK: 1,
        Reason.UNKNOWN_CLASS: 1,
    }
    assert report.lost == 5
    assert report.examples[Reason.NO_MASK_FILE] == ['unmasked']
    assert report.examples[Reason.NO_MATCH] == ['unmatched: dog']
    assert report.examples[Reason.OTHER_CLASS] == ['unmatched: sofa']
    assert report.examples[Reason.ORPHAN_MASK] == ['unmatched: bird']
    assert report.examples[Reason.UNKNOWN_CLASS] == ['foreign: unicorn']


def test_unmatched_objects_are_ignored_boxes(devkit):
    cat, dog, sofa = by_id(build(devkit))['unmatched']['instances']
    assert [x['ignore_flag'] for x in (cat, dog, sofa)] == [0, 1, 1]
    np.testing.assert_array_equal(
        mask_utils.decode(dog['mask']), rectangle(devkit.size, 39, 24, 60, 40)
    )


def test_log_is_one_block(devkit, caplog):
    MMLogger.get_instance('voc').addHandler(caplog.handler)
    build(devkit)
    records = [r for r in caplog.records if 'VOCInstance' in r.getMessage()]
    assert len(records) == 1
    assert records[0].levelno == logging.WARNING
    text = records[0].getMessage()
    assert '4 of 5 images used' in text
    assert 'images without a mask file: 1 (unmasked)' in text
    assert 'in the files, not in metainfo classes: unicorn (1)' in text
    assert "data_prefix['mask']" in text


def test_image_suffix_and_empty_image(devkit):
    infos = by_id(build(devkit))
    assert infos['foreign']['img_path'].endswith('foreign.png')
    assert infos['empty']['instances'] == []


def test_pipeline_separates_ignored_objects(devkit):
    dataset = build(devkit, pipeline=PIPELINE)
    samples = {
        data['data_samples'].img_id: data['data_samples'] for data in dataset
    }
    plain = samples['plain']
    assert plain.gt_instances.labels.tolist() == [7, 11]
    assert plain.gt_instances.masks.masks.shape == (2, 40, 60)
    assert plain.ignored_instances.labels.tolist() == [14]
    assert plain.ignored_instances.bboxes.tensor.tolist() == [[51, 1, 58, 12]]
    assert plain.ignored_instances.masks.masks.sum() == 7 * 11
    empty = samples['empty']
    assert empty.gt_instances.bboxes.tensor.shape == (0, 4)
    assert len(empty.gt_instances.masks) == 0
    assert len(samples['unmatched'].ignored_instances) == 2


def test_everything_ignored(empty_devkit):
    empty_devkit.add(
        'a', [('cat', (5, 5, 30, 30), True)], [('cat', (5, 5, 30, 30))]
    ).write_list()
    sample = build(empty_devkit, pipeline=PIPELINE)[0]['data_samples']
    assert len(sample.gt_instances) == 0
    assert len(sample.ignored_instances) == 1


def test_boxes_alone_need_no_masks(devkit):
    for folder in ('SegmentationObject', 'SegmentationClass'):
        for path in (devkit.root / folder).iterdir():
            path.unlink()
        (devkit.root / folder).rmdir()
    dataset = build(devkit, with_mask=False)
    assert len(dataset) == 5
    assert dataset.report.masks_used == 0
    flags = [
        item['ignore_flag']
        for info in by_id(dataset).values()
        for item in info['instances']
    ]
    assert sum(flags) == 1  # the difficult one
    assert not any(
        'mask' in item
        for info in by_id(dataset).values()
        for item in info['instances']
    )
    with pytest.raises(DatasetError) as caught:
        build(devkit)
    assert "data_prefix['mask']" in str(caught.value)
    assert 'with_mask=False' in str(caught.value)


def test_pipeline_with_masks_on_a_dataset_without(devkit):
    with pytest.raises(DatasetError, match='with_mask=False.*LoadAnnotations'):
        build(devkit, with_mask=False, pipeline=PIPELINE)


def test_class_subset_is_on_purpose(devkit):
    dataset = build(devkit, metainfo=dict(classes=('dog', 'cat')))
    infos = by_id(dataset)
    labels = [item['bbox_label'] for item in infos['plain']['instances']]
    assert labels == [1, 0]
    assert dataset.report.counts[Reason.OTHER_CLASSES] == 3
    assert dataset.report.counts[Reason.UNKNOWN_CLASS] == 1
    # Masks are matched before classes are left out.
    assert dataset.report.counts[Reason.ORPHAN_MASK] == 1
    full = VOCInstanceDataset.METAINFO
    assert dataset.metainfo['palette'] == [
        full['palette'][full['classes'].index(name)] for name in ('dog', 'cat')
    ]


def test_misspelt_class_is_pointed_out(devkit):
    with pytest.raises(DatasetError) as caught:
        build(
            devkit, metainfo=dict(classes=('unicorns', 'kat')), with_mask=False
        )
    message = str(caught.value)
    assert "'unicorns' in metainfo['classes'] meant to be 'unicorn'" in message
    assert 'in metainfo classes, not in the files: unicorns, kat' in message
    assert 'cat (3)' in message
    with pytest.raises(AnnotationError, match='unicorns, kat.*spelling'):
        build(devkit, metainfo=dict(classes=('unicorns', 'kat')))


def test_other_classes_than_vocs(empty_devkit):
    empty_devkit.add(
        'a', [('lion', (5, 5, 30, 30), False)], [('aeroplane', (5, 5, 30, 30))]
    ).write_list()
    dataset = build(empty_devkit, metainfo=dict(classes=('lion', 'zebra')))
    assert dataset[0]['instances'][0]['ignore_flag'] == 0  # id 1 is 'lion'
    dataset = build(
        empty_devkit,
        metainfo=dict(classes=('lion',)),
        mask_classes=('zebra', 'lion'),
    )
    assert dataset.report.counts[Reason.OTHER_CLASS] == 1
    empty_devkit.write_masks('a', [('bird', (5, 5, 30, 30))])
    with pytest.raises(AnnotationError, match='class id 3.*mask_classes'):
        build(empty_devkit, metainfo=dict(classes=('lion',)))


def test_class_list_leaves_negative_ids_out(devkit):
    devkit.write_list(
        ['plain 1', 'empty -1', 'unmatched  0'], 'Main/cat_train.txt'
    )
    dataset = build(devkit, ann_file='ImageSets/Main/cat_train.txt')
    assert sorted(by_id(dataset)) == ['plain', 'unmatched']
    assert dataset.report.counts[Reason.CLASS_FLAG] == 1


@pytest.mark.parametrize(
    'folder, name, words',
    [
        ('Annotations', 'plain.xml', ['no annotation', 'plain.xml']),
        ('JPEGImages', 'plain.jpg', ['no image', '.jpg, .jpeg or .png']),
    ],
)
def test_missing_files_name_list_and_line(devkit, folder, name, words):
    (devkit.root / folder / name).unlink()
    with pytest.raises(AnnotationError) as caught:
        build(devkit)
    for word in ["train.txt, line 1: id 'plain'", *words]:
        assert word in str(caught.value)


def test_all_malformed_files_are_named_at_once(devkit):
    devkit.write_xml('plain', '')
    devkit.write_xml('empty', '<annotation>')
    with pytest.raises(AnnotationError) as caught:
        build(devkit)
    assert '2 images cannot be read' in str(caught.value)
    assert 'plain.xml' in str(caught.value)
    assert 'empty.xml' in str(caught.value)


@pytest.mark.parametrize(
    'kwargs, words',
    [
        (dict(data_root='/nowhere'), ['data_root', '/nowhere']),
        (
            dict(ann_file='ImageSets/Segmentation/trial.txt'),
            ['ann_file', 'trial.txt', 'train.txt'],
        ),
        (dict(ann_file=''), ['ann_file', 'expected an image list']),
        (
            dict(data_prefix=dict(img='pictures')),
            ["data_prefix['img']", 'pictures'],
        ),
        (dict(data_prefix=dict(ann='xml')), ["data_prefix['ann']", 'xml']),
        (
            dict(data_prefix=dict(sub_data_root='VOC2007')),
            ['sub_data_root', 'img, ann, mask, seg_class'],
        ),
        (
            dict(metainfo=dict(classes='cat')),
            ["the string 'cat'", "('cat', )"],
        ),
        (dict(metainfo=dict(classes=())), ['at least one name']),
        (dict(metainfo=dict(classes=('cat', 'cat'))), ['each name once']),
        (
            dict(metainfo=dict(classes=('cat',), palette=[(0, 0, 0)] * 2)),
            ['palette', '2 colours for 1 classes'],
        ),
        (
            dict(filter_cfg=dict(bbox_min_size=3)),
            ['bbox_min_size', 'filter_empty_gt'],
        ),
        (
            dict(filter_cfg=dict(min_size=41)),
            ['no usable sample', 'images too small', 'min_size'],
        ),
        (dict(indices=0), ['indices=0']),
        (dict(min_match_iou=0), ['min_match_iou']),
        (dict(mask_classes='cat'), ['mask_classes', "('cat', )"]),
    ],
)
def test_unusable_arguments_name_the_key(devkit, kwargs, words):
    with pytest.raises(DatasetError) as caught:
        build(devkit, **kwargs)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize('serialize_data', [True, False])
def test_no_usable_sample_says_why(empty_devkit, serialize_data):
    empty_devkit.add('a').add('b', masks=None).write_list()
    with pytest.raises(DatasetError) as caught:
        build(
            empty_devkit,
            filter_cfg=dict(filter_empty_gt=True),
            serialize_data=serialize_data,
        )
    message = str(caught.value)
    assert '0 of 2 images used' in message
    assert 'images without a mask file: 1 (b)' in message
    assert 'images without objects (filter_cfg filter_empty_gt): 1 (a)' in (
        message
    )
    assert 'filter_empty_gt=False' in message


def test_empty_list(empty_devkit):
    empty_devkit.write_list(['']).write_text('\n')
    with pytest.raises(DatasetError, match='names no image'):
        build(empty_devkit)


def test_filters_spare_test_sets(devkit):
    filters = dict(filter_empty_gt=True, min_size=32)
    train = build(devkit, filter_cfg=filters)
    assert sorted(by_id(train)) == ['foreign', 'plain', 'unmatched']
    test = build(devkit, filter_cfg=filters, test_mode=True)
    assert len(test) == 4
    assert train.report.counts[Reason.EMPTY_IMAGE] == 1
    assert test.report.counts[Reason.EMPTY_IMAGE] == 0


def test_test_set_without_any_object(empty_devkit):
    empty_devkit.add('a').add('b').write_list()
    assert len(build(empty_devkit, test_mode=True)) == 2


def test_image_size_wins_over_xml(empty_devkit):
    empty_devkit.add(
        'a', [('cat', (5, 5, 30, 30), False)], [('cat', (5, 5, 30, 30))]
    ).write_list()
    path = empty_devkit.root / 'Annotations/a.xml'
    path.write_text(path.read_text().replace('>60<', '>600<'))
    dataset = build(empty_devkit)
    assert dataset[0]['width'] == 60
    assert dataset.report.counts[Reason.SIZE_DIFFERS] == 1


def test_mask_of_another_size(devkit):
    Image.new('P', (10, 10)).save(devkit.root / 'SegmentationObject/plain.png')
    Image.new('P', (10, 10)).save(devkit.root / 'SegmentationClass/plain.png')
    with pytest.raises(AnnotationError, match='plain.png.*60x40.*10x10'):
        build(devkit)


def test_box_overhang_is_clipped_and_counted(empty_devkit):
    empty_devkit.add(
        'a', [('cat', (0, 0, 30, 30), False)], [('cat', (1, 1, 30, 30))]
    ).write_list()
    dataset = build(empty_devkit)
    assert dataset[0]['instances'][0]['bbox'] == [0, 0, 30, 30]
    assert dataset.report.counts[Reason.CLIPPED] == 1
    assert dataset.report.lost == 0


def test_sbd(sbd):
    dataset = VOCInstanceDataset(**sbd.config)
    cat, dog = dataset[0]['instances']
    assert (cat['bbox_label'], dog['bbox_label']) == (7, 11)
    assert cat['bbox'] == [6, 5, 15, 20] and dog['bbox'] == [20, 10, 38, 30]
    for index, item in enumerate((cat, dog), start=1):
        assert item['ignore_flag'] == 0
        np.testing.assert_array_equal(
            mask_utils.decode(item['mask']), sbd.ids == index
        )


def test_sbd_boxes_alone_and_subset(sbd):
    dataset = VOCInstanceDataset(
        with_mask=False, metainfo=dict(classes=('dog',)), **sbd.config
    )
    assert dataset[0]['instances'] == [
        dict(bbox=[20, 10, 38, 30], bbox_label=0, ignore_flag=0)
    ]


def test_sbd_masks_with_xml_boxes(empty_devkit, write_sbd):
    empty_devkit.add('a', [('cat', (5, 5, 30, 30), False)], None).write_list()
    ids = np.zeros((40, 60), np.uint8)
    ids[4:30, 4:30] = 1
    inst = empty_devkit.root / 'inst'
    inst.mkdir()
    write_sbd(inst / 'a.mat', ids, [8])
    dataset = build(empty_devkit, data_prefix=dict(mask='inst'))
    item = dataset[0]['instances'][0]
    assert item['ignore_flag'] == 0
    np.testing.assert_array_equal(mask_utils.decode(item['mask']), ids)


def test_masks_as_only_annotation_need_classes(devkit):
    prefix = dict(ann='')
    dataset = build(devkit, data_prefix=prefix)
    labels = [
        item['bbox_label'] for item in by_id(dataset)['plain']['instances']
    ]
    assert labels == [11, 7, 14]  # the order of the mask ids
    with pytest.raises(AnnotationError, match=r"data_prefix\['seg_class'\]"):
        build(devkit, data_prefix=prefix | dict(seg_class='nowhere'))


def test_registered_in_our_scope(devkit):
    dataset = DATASETS.build(
        dict(
            type='mmvision_ext.VOCInstanceDataset',
            data_root=str(devkit.root),
            ann_file='ImageSets/Segmentation/train.txt',
        )
    )
    assert isinstance(dataset, VOCInstanceDataset)
    assert dataset.get_cat_ids(0) == [7, 11, 14]


def test_real_cut(voc_cut):
    for split, images, objects in (('train', 300, 477), ('val', 150, 246)):
        dataset = VOCInstanceDataset(
            data_root=str(voc_cut),
            ann_file=f'ImageSets/Segmentation/{split}.txt',
            filter_cfg=dict(filter_empty_gt=True, min_size=32),
        )
        report = dataset.report
        assert len(dataset) == report.images_read == images
        assert report.objects_used == report.masks_used == objects
        assert report.lost == 0
    for info in by_id(dataset).values():
        for item in info['instances']:
            x1, y1, x2, y2 = item['bbox']
            mask = mask_utils.decode(item['mask'])
            assert mask.shape == (info['height'], info['width'])
            inside = mask[int(y1) : int(y2), int(x1) : int(x2)].sum()
            assert inside >= 0.8 * mask.sum()
