"""COCOAttributes on files drawn by hand, and on the real cut of COCO."""

import json
import logging

import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from PIL import Image

from mmvision_ext.datasets import COCOAttributes
from mmvision_ext.datasets.coco_attribute_files import (
    ObjectAttributes,
    write_object_attributes,
)
from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.testing import data_root
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import check_config

NAMES = ('furry', 'metal', 'wet')
#: The image of each annotation: 1 and 2 are in train2017, 3 in val2017.
IMAGE_OF = {21: 1, 22: 2, 23: 1, 24: 3}


@pytest.fixture
def root(tmp_path):
    """Three images of 60 x 40 px; annotation 22 was moved to training."""
    (tmp_path / 'annotations').mkdir()
    for part, images in (('train2017', (1, 2)), ('val2017', (3,))):
        (tmp_path / part).mkdir()
        for index in images:
            Image.new('RGB', (60, 40)).save(tmp_path / part / f'{index}.jpg')
        write_instances(
            tmp_path,
            part,
            [
                (ann_id, image, [ann_id - 20, 5, 30, 20])
                for ann_id, image in IMAGE_OF.items()
                if image in images
            ],
            images,
        )
    write(tmp_path)
    return tmp_path


def write_instances(root, part, items, images):
    content = dict(
        images=[
            dict(id=i, file_name=f'{i}.jpg', width=60, height=40)
            for i in images
        ],
        categories=[dict(id=5, name='cat')],
        annotations=[
            dict(id=ann_id, image_id=image, category_id=5, area=9, bbox=box)
            for ann_id, image, box in items
        ],
    )
    path = root / 'annotations' / f'instances_{part}.json'
    path.write_text(json.dumps(content))


def write(root, ann_ids=(24, 22, 21, 23), scores=None):
    """The split of 24 and 21 is training, whatever folder they are in."""
    table = ObjectAttributes(
        NAMES,
        np.array(ann_ids),
        np.array([ann_id in (24, 21, 23) for ann_id in ann_ids]),
        np.array(
            scores or [[1, 0.5, 0], [0, -1, 1], [0.49, -1, 0.51], [1, 1, 1]],
            np.float32,
        ),
    )
    write_object_attributes(table, root / 'a.npz')


def build(root, **kwargs):
    ann_file = kwargs.pop('ann_file', 'a.npz')
    return COCOAttributes(str(root), ann_file, serialize_data=False, **kwargs)


def infos(dataset):
    return {
        info['ann_id']: info
        for info in map(dataset.get_data_info, range(len(dataset)))
    }


@pytest.fixture
def logged(caplog):
    """Text of the log; mmengine's logger does not propagate by itself."""
    logger = MMLogger.get_instance('coco_attributes', log_level='INFO')
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    return caplog


def test_objects_are_found_by_their_ids_in_any_split(root, logged):
    train, test = infos(build(root)), infos(build(root, split='test'))
    # By image, so that neighbours share a decode.
    assert list(train) == [21, 23, 24] and list(test) == [22]
    assert train[24]['img_path'].endswith('val2017/3.jpg')
    assert test[22]['img_path'].endswith('train2017/2.jpg')
    assert train[23]['bbox'] == (3, 5, 33, 25)
    assert (train[23]['height'], train[23]['width']) == (40, 60)
    assert train[23]['category'] == 'cat' and train[23]['img_id'] == 1
    assert '4 of 4 annotation ids (100.00%)' in logged.text
    assert '83.3% of the entries known' in logged.text


def test_scores_have_a_threshold_and_unknown_ones_a_mask(root):
    dataset = build(root)
    info = infos(dataset)[21]
    assert info['gt_score'].tolist() == [0, 0, 1]
    assert info['gt_score'].dtype == np.float32
    assert info['gt_mask'].tolist() == [True, False, True]
    scores, masks = dataset.attribute_matrix()
    np.testing.assert_array_equal(scores, [[0, 0, 1], [1, 1, 1], [1, 1, 0]])
    np.testing.assert_array_equal(
        masks, [[True, False, True], [True] * 3, [True] * 3]
    )
    assert dataset.get_cat_ids(0) == [2]
    strict = build(root, threshold=0.52)
    assert not infos(strict)[21]['gt_score'].any()
    assert infos(strict)[24]['gt_score'].tolist() == [1, 0, 0]
    assert dataset.metainfo['protocol'] == (
        'training split of a.npz, threshold 0.5'
    )


def test_samples_go_through_the_crop_pipeline(root):
    dataset = build(
        root,
        metainfo=dict(classes=('wet', 'metal')),
        pipeline=[
            dict(type='mmvision_ext.LoadObjectCrop'),
            dict(type='mmvision_ext.PackAttributes'),
        ],
    )
    packed = dataset[0]
    assert packed['inputs'].shape == (3, 224, 224)
    sample = packed['data_samples']
    assert sample.gt_score.tolist() == [1, 0]
    assert sample.gt_mask.tolist() == [True, False]
    assert sample.metainfo['ann_id'] == 21


def test_a_data_loader_groups_images(root):
    loader = Runner.build_dataloader(
        dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='mmvision_ext.ImageGroupSampler', batch_size=2),
            collate_fn=dict(type='default_collate'),
            dataset=dict(
                type='mmvision_ext.COCOAttributes',
                data_root=str(root),
                ann_file='a.npz',
                pipeline=[
                    dict(type='mmvision_ext.LoadObjectCrop', size=64),
                    dict(type='mmvision_ext.PackAttributes'),
                ],
            ),
        ),
        seed=0,
    )
    batches = list(loader)
    assert [len(batch['inputs']) for batch in batches] == [2, 1]
    samples = [s for batch in batches for s in batch['data_samples']]
    assert {s.metainfo['ann_id'] for s in samples} == {21, 23, 24}
    assert all(s.gt_mask.shape == s.gt_score.shape == (3,) for s in samples)


def test_validation_images_come_out_of_the_training_split(root):
    train, val = (
        {
            info['img_path']
            for info in infos(
                build(root, split=split, val_share=0.5, seed=1)
            ).values()
        }
        for split in ('train', 'val')
    )
    assert len(train) == len(val) == 1 and not train & val
    whole = build(root, split='val', val_share=0.5, seed=1)
    assert whole.metainfo['protocol'].startswith('50% of the images of the t')
    assert whole.test_mode
    # Test data stay what they are.
    assert list(infos(build(root, split='test', val_share=0.5))) == [22]


def test_ids_without_a_match_are_named(root, logged):
    write(root, (24, 22, 21, 99))
    with pytest.raises(
        DatasetError,
        match=r'min_match_rate: expected at least 100.00% .* 3 of 4 .*'
        r'\(75.00%\).* not found: 99. List the instance files',
    ):
        build(root)
    assert list(infos(build(root, min_match_rate=0.75))) == [21, 24]
    assert 'not found: 99' in logged.text
    with pytest.raises(DatasetError, match='3 of 4'):
        build(root, min_match_rate=0.76)
    write(root, (96, 97, 98, 99))
    with pytest.raises(DatasetError, match='0 of 4'):
        build(root, min_match_rate=1e-9)


@pytest.mark.parametrize(
    ('box', 'message'),
    [
        (
            [40, 5, 30, 20],
            'annotation 24, bbox: expected a box in its image',
        ),
        ([5, 5, 0, 20], 'annotation 24, bbox: expected a box with x1 < x2'),
        ([5, 5, float('nan'), 20], 'annotation 24, bbox: expected a bbox'),
        ([5, 5], 'annotation 24, bbox: expected a bbox, four numbers'),
        (None, 'annotation 24, bbox: expected a bbox, four numbers'),
    ],
)
def test_boxes_outside_their_image_are_named(root, box, message):
    write_instances(root, 'val2017', [(24, 3, box)], (3,))
    with pytest.raises(AnnotationError, match=message):
        build(root)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(split='val2014'), "split: expected .* found 'val2014'"),
        (dict(split='val'), 'val_share=0. Set val_share'),
        (dict(val_share=1.0), 'val_share: expected a share from 0 to below'),
        (dict(val_share=0.1), 'val_share: .* 2 images that gives at least'),
        (dict(threshold=0), 'threshold: expected a value above 0'),
        (dict(min_match_rate=95), 'min_match_rate: expected a value above'),
        (dict(instances=[]), 'instances: expected a list of dict'),
        (dict(instances=['a.json']), 'instances: expected a list of dict'),
        (
            dict(instances=[dict(ann_file='no.json', img='train2017')]),
            "found no file '.*no.json'",
        ),
        (dict(ann_file='b.npz'), "found no file '.*b.npz'"),
        (dict(metainfo=dict(classes=('metall',))), "'metall'; .*'metal'"),
    ],
)
def test_options_that_cannot_be_used(root, options, message):
    with pytest.raises(InputError, match=message):
        build(root, **options)


def test_missing_images_are_named(root):
    (root / 'val2017' / '3.jpg').unlink()
    with pytest.raises(DatasetError, match='1 of them missing, .*3.jpg'):
        build(root)


def test_configs_that_do_not_fit_are_found(root):
    def faults(train, other):
        base = dict(data_root=str(root), ann_file='a.npz')
        return COCOAttributes.config_faults(base | train, base | other)

    assert not faults({}, dict(split='test'))
    assert not faults(dict(val_share=0.1), dict(split='val', val_share=0.1))
    assert "'train' in both" in faults({}, {})[0]
    pair = dict(val_share=0.2), dict(split='val', val_share=0.1)
    assert 'val_share is 0.2 and 0.1' in faults(*pair)[0]
    pair = dict(val_share=0.1), dict(split='val', val_share=0.1, seed=2)
    assert 'seed is 0 and 2' in faults(*pair)[0]
    assert not faults({}, dict(ann_file='b.npz'))


def test_the_config_check_counts_attributes_of_converted_files(root):
    cfg = dict(
        default_scope='mmpretrain',
        train_dataloader=dict(
            dataset=dict(
                type='mmvision_ext.COCOAttributes',
                data_root=str(root),
                ann_file='a.npz',
            )
        ),
        model=dict(head=dict(num_classes=204)),
    )
    with pytest.raises(InputError, match='num_classes = 3'):
        check_config(cfg, ['train'])
    cfg['train_dataloader']['dataset']['ann_file'] = 'b.json'
    (root / 'b.json').write_text('{}')
    check_config(cfg, ['train'])  # known only after the file was read


def test_real_boxes_of_coco(tmp_path):
    root = data_root()
    if root is None or not (root / 'coco').is_dir():
        pytest.skip('no coco: set MMVISION_DATA_ROOT or link data/')
    rng = np.random.default_rng(0)
    ann_ids = []
    for part in ('train', 'val'):
        path = root / f'coco/annotations/instances_{part}2017.json'
        content = json.loads(path.read_text())
        ann_ids += [item['id'] for item in content['annotations'][::20]]
    table = ObjectAttributes(
        NAMES,
        np.array(ann_ids),
        rng.random(len(ann_ids)) < 0.5,
        rng.random((len(ann_ids), 3), dtype=np.float32),
    )
    write_object_attributes(table, tmp_path / 'a.npz')
    counts = [
        len(
            COCOAttributes(
                str(root / 'coco'), str(tmp_path / 'a.npz'), split=split
            )
        )
        for split in ('train', 'test')
    ]
    assert sum(counts) == len(ann_ids) and min(counts) > 0
