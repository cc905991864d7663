"""COCONutAttributes on files drawn by hand, and on the real cut of COCO."""

import json
import logging

import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmengine.registry import DATASETS
from PIL import Image

from mmvision_ext.datasets import COCONutAttributes
from mmvision_ext.datasets.category_attributes import (
    COCONUT_139,
    read_category_attributes,
)
from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.datasets.image_splits import (
    draw_order,
    draw_part,
    held_out,
    part_counts,
)
from mmvision_ext.testing import data_root
from mmvision_ext.utils.config.check import check_config

TABLE = read_category_attributes(COCONUT_139)
CATEGORIES = {1: 'person', 2: 'wall-brick', 7: 'cat', 9: 'fork'}


def annotation(index, image, category, area=100.0, **other):
    return dict(
        id=index, image_id=image, category_id=category, area=area, **other
    )


def coco(annotations, images=4):
    return dict(
        images=[
            dict(id=i, file_name=f'{i}.jpg', width=20, height=10)
            for i in range(1, images + 1)
        ],
        categories=[dict(id=i, name=n) for i, n in CATEGORIES.items()],
        annotations=annotations,
    )


@pytest.fixture
def root(tmp_path):
    """Image 1: cat and fork; 2: group of persons; 3: wall; 4: tiny cat."""
    (tmp_path / 'img').mkdir()
    for index in range(1, 11):
        Image.new('RGB', (20, 10)).save(tmp_path / 'img' / f'{index}.jpg')
    write(
        tmp_path,
        coco(
            [
                annotation(1, 1, 7, iscrowd=0),
                annotation(2, 1, 9),
                annotation(3, 1, 7),
                annotation(4, 2, 1, iscrowd=1),
                annotation(5, 3, 2),
                annotation(6, 4, 7, area=3.5),
            ]
        ),
    )
    return tmp_path


def write(root, content, name='a.json'):
    (root / name).write_text(json.dumps(content))


def build(root, **kwargs):
    settings = dict(
        ann_file='a.json',
        data_prefix='img',
        split='all',
        serialize_data=False,  # which collects garbage for a second
    )
    return COCONutAttributes(str(root), **{**settings, **kwargs})


def labels(dataset):
    """File name to the set of attributes."""
    names = dataset.metainfo['classes']
    return {
        info['img_path'].rpartition('/')[2]: {
            names[column] for column in np.flatnonzero(info['gt_score'])
        }
        for info in map(dataset.get_data_info, range(len(dataset)))
    }


def of(*categories):
    return set().union(*(TABLE.categories[name] for name in categories))


@pytest.fixture
def logged(caplog):
    """Text of the log; mmengine's logger does not propagate by itself."""
    logger = MMLogger.get_instance('coconut', log_level='INFO')
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    return caplog


def test_an_image_has_the_union_over_its_objects(root, logged):
    dataset = build(root)
    assert labels(dataset) == {
        '1.jpg': of('cat', 'fork'),
        '2.jpg': of('person'),
        '3.jpg': set(),
        '4.jpg': of('cat'),
    }
    info = dataset.get_data_info(0)
    assert info['gt_score'].shape == (139,) and info['img_id'] == 1
    assert info['gt_score'].dtype == np.float32 and 'gt_mask' not in info
    assert dataset.metainfo['classes'] == TABLE.names
    assert dataset.metainfo['attribute_groups'] == TABLE.groups
    assert dataset.metainfo['protocol'] == 'all 4 images of a.json'
    assert 'of categories without attributes: 1' in logged.text
    assert 'without a counted object, kept: 1 (3.jpg)' in logged.text
    assert 'have no attributes: wall-brick' in logged.text


def test_area_and_crowd_options(root, logged):
    dataset = build(root, min_area=4, with_crowds=False)
    found = labels(dataset)
    assert found['1.jpg'] and not any(found[f'{i}.jpg'] for i in (2, 3, 4))
    assert 'below 4 px²: 1' in logged.text
    assert 'groups (with_crowds=False): 1' in logged.text
    assert 'kept: 3 (2.jpg, 3.jpg, 4.jpg)' in logged.text
    dropped = build(root, min_area=4, without_objects='drop')
    assert set(labels(dropped)) == {'1.jpg', '2.jpg'}
    assert 'left out: 2 (3.jpg, 4.jpg)' in logged.text


def test_area_of_a_box_serves_where_none_is_given(root):
    item = annotation(1, 1, 7, bbox=[0, 0, 2, 3])
    del item['area']
    write(root, coco([item]))
    assert labels(build(root, min_area=6))['1.jpg'] == of('cat')
    assert not labels(build(root, min_area=6.5))['1.jpg']
    del item['bbox']
    write(root, coco([item]))
    with pytest.raises(AnnotationError, match='annotation 1: .* or a bbox'):
        build(root)


def test_panoptic_files_give_the_same(root):
    instances = labels(build(root))
    content = json.loads((root / 'a.json').read_text())
    by_image = {}
    for item in content['annotations']:
        segments = by_image.setdefault(item['image_id'], [])
        # Ids of segments are colours; they come again in other images.
        segments.append({**item, 'id': len(segments) + 8})
    content['annotations'] = [
        dict(image_id=image, file_name=f'{image}.png', segments_info=found)
        for image, found in by_image.items()
    ]
    write(root, content)
    assert labels(build(root)) == instances
    del content['annotations'][1]['segments_info']
    write(root, content)
    with pytest.raises(AnnotationError, match=r'annotations\[1\]: expected'):
        build(root)


def test_a_part_of_the_attributes_in_its_own_order(root):
    dataset = build(root, metainfo=dict(classes=('metal', 'fur')))
    scores, mask = dataset.attribute_matrix()
    np.testing.assert_array_equal(scores, [[1, 1], [0, 0], [0, 0], [0, 1]])
    assert mask.all() and mask.shape == (4, 2)
    assert [dataset.get_cat_ids(i) for i in range(4)] == [[0, 1], [], [], [1]]
    assert dataset.metainfo['attribute_groups']['material'] == ('metal',)
    with pytest.raises(AnnotationError, match="found 'furr'; .*'fur'"):
        build(root, metainfo=dict(classes=('metal', 'furr')))


def test_another_table(root):
    content = json.loads(COCONUT_139.read_text())
    content.update(
        attributes=[dict(name='brick', group='material', definition='A.')],
        categories={'wall-brick': ['brick']},
        implications=[],
        exclusions=[],
    )
    write(root, content, 'table.json')
    dataset = build(root, attribute_file=str(root / 'table.json'))
    assert dataset.attribute_matrix()[0].tolist() == [[0], [0], [1], [0]]
    content['categories'] = {'stone': ['brick']}
    write(root, content, 'table.json')
    with pytest.raises(DatasetError, match='expected categories such as sto'):
        build(root, attribute_file=str(root / 'table.json'))


def test_samples_go_through_a_stock_pipeline(root):
    dataset = build(
        root,
        pipeline=[
            dict(type='mmvision_ext.LoadUprightImage'),
            dict(type='mmpretrain.PackInputs'),
        ],
    )
    packed = dataset[0]
    assert packed['inputs'].shape == (3, 10, 20)
    score = packed['data_samples'].gt_score
    assert score.shape == (139,) and score.sum() == len(of('cat', 'fork'))
    assert packed['data_samples'].num_classes == 139


def test_parts_are_disjoint_whatever_the_options(root):
    write(root, coco([annotation(i, i, 7) for i in range(1, 8)], images=10))
    parts = {
        split: set(
            labels(
                build(
                    root,
                    split=split,
                    split_sizes=sizes,
                    # Images 8 to 10 have no object.
                    without_objects='drop' if split == 'train' else 'keep',
                )
            )
        )
        for sizes in [(6, 2, 2)]
        for split in ('train', 'val', 'test')
    }
    assert not parts['train'] & parts['val'] | parts['val'] & parts['test']
    drawn = draw_order([f'{i}.jpg' for i in range(1, 11)], 0)
    assert parts['val'] == set(drawn[6:8]) and parts['test'] == set(drawn[8:])
    shares = build(root, split='val', split_sizes=(0.6, 0.2, 0.2))
    assert set(labels(shares)) == parts['val']
    assert shares.test_mode
    assert shares.metainfo['protocol'] == (
        'val of 10 images of a.json, split 0.6/0.2/0.2 with seed 0'
    )
    other = build(root, split='train', split_sizes=(6, 2, 2), seed=1)
    assert set(labels(other)) != set(drawn[:6])


def test_the_draw_is_the_same_on_every_machine():
    # printf 0/NAME | sha256sum, sorted.
    assert draw_order(['a.jpg', 'b.jpg', 'c.jpg'], 0) == draw_order(
        ['c.jpg', 'b.jpg', 'a.jpg'], 0
    )
    assert draw_order(map(str, range(6)), 0) == [*'402153']
    assert part_counts(155, (0.8, 0.1, 0.1)) == [124, 16, 15]
    assert part_counts(1000, (800, 100, 100)) == [800, 100, 100]
    names = [str(i) for i in range(20)]
    parts = [
        draw_part(names, part, (0.5, 0.25, 0.25), 3)
        for part in ('train', 'val', 'test')
    ]
    assert set.union(*parts) == set(names)
    assert [len(part) for part in parts] == [10, 5, 5]
    assert held_out([*names, '3'], 0.1, 0) <= set(names)
    assert len(held_out([*names, '3'], 0.1, 0)) == 2
    assert held_out(names, 0, 0) == set()


def test_image_lists(root):
    (root / 'test.txt').write_text('4.jpg\n\n1.jpg\n')
    dataset = build(root, image_list='test.txt')
    assert list(labels(dataset)) == ['4.jpg', '1.jpg']
    assert dataset.metainfo['protocol'] == (
        '2 images of a.json by the list test.txt'
    )
    for text, message in (
        ('1.jpg\n77.jpg', "line 2: .* found '77.jpg'"),
        ('1.jpg\n1.jpg', 'line 2: 1.jpg is in line 1 already'),
        ('\n', 'found none'),
    ):
        (root / 'test.txt').write_text(text)
        with pytest.raises((AnnotationError, DatasetError), match=message):
            build(root, image_list='test.txt')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(split='dev'), "split: expected .* found 'dev'"),
        (dict(without_objects='skip'), "without_objects: .* found 'skip'"),
        (dict(min_area=-1), 'min_area: expected at least 0'),
        (dict(split='val'), 'at least 1000 images .* found 4. Set shares'),
        (dict(split='val', split_sizes=(0.5, 0.1, 0.1)), 'which sum to 0.7'),
        (dict(split='val', split_sizes=(1, 1)), 'expected three numbers'),
        (dict(ann_file='b.json'), "found no file '.*b.json'"),
        (dict(data_prefix='no'), '4 of them missing, the first is .*1.jpg'),
        (dict(image_list='no.txt'), "found no file '.*no.txt'"),
    ],
)
def test_options_that_cannot_be_used(root, options, message):
    with pytest.raises(DatasetError, match=message):
        build(root, **options)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([], 'found a list'),
        (coco([annotation(1, 77, 7)]), 'annotation 1 has image_id 77'),
        (coco([annotation(1, 1, 8)]), 'annotation 1 has category_id 8'),
        (coco([annotation(1, 1, 7, area=-2)]), 'found area -2'),
    ],
)
def test_malformed_files_are_named(root, content, message):
    write(root, content)
    with pytest.raises(AnnotationError, match=f'a.json: .*{message}'):
        build(root)


def config(root, **kwargs):
    settings = dict(
        type='mmvision_ext.COCONutAttributes',
        data_root=str(root),
        ann_file='a.json',
        data_prefix='img',
    )
    return {**settings, **kwargs}


def test_configs_that_do_not_fit_are_found(root):
    def faults(train, other):
        return COCONutAttributes.config_faults(
            config(root, **train), config(root, **other)
        )

    assert not faults(dict(split='train'), dict(split='val'))
    assert not faults(dict(split='all'), dict(ann_file='b.json', split='all'))
    pair = dict(split='train'), dict(split='val', seed=1)
    assert 'seed is 0 and 1' in faults(*pair)[0]
    assert "'train' in both" in faults({}, {})[0]
    assert "'all' of the same" in faults({}, dict(split='all'))[0]
    assert (
        'attributes'
        in faults(
            dict(split='train'),
            dict(split='val', metainfo=dict(classes=('fur',))),
        )[0]
    )
    assert not faults(
        dict(split_sizes=[8, 1, 1]), dict(split='val', split_sizes=(8, 1, 1))
    )
    for name, text in (('t.txt', '1.jpg\n2.jpg\n'), ('v.txt', '2.jpg\n')):
        (root / name).write_text(text)
    both = dict(image_list='t.txt'), dict(image_list='v.txt')
    assert '1 of 1 images' in faults(*both)[0]
    assert 'give both a list' in faults({}, both[1])[0]


def test_the_config_check_counts_attributes(root):
    cfg = dict(
        default_scope='mmpretrain',
        train_dataloader=dict(dataset=config(root)),
        model=dict(head=dict(num_classes=140)),
    )
    with pytest.raises(Exception, match='num_classes = 139'):
        check_config(cfg, ['train'])
    cfg['model']['head']['num_classes'] = 139
    check_config(cfg, ['train'])


def test_the_real_cut_of_coco():
    root = data_root()
    if root is None or not (root / 'coco').is_dir():
        pytest.skip('no coco: set MMVISION_DATA_ROOT or link data/')
    kind = DATASETS.get('mmvision_ext.COCONutAttributes')
    for part, count in (('train', 100), ('val', 55)):
        ann_file = f'annotations/instances_{part}2017.json'
        dataset = kind(
            str(root / 'coco'),
            ann_file,
            data_prefix=f'{part}2017',
            split='all',
        )
        scores, _ = dataset.attribute_matrix()
        assert scores.shape == (count, 139)
        content = json.loads((root / 'coco' / ann_file).read_text())
        names = {c['id']: c['name'] for c in content['categories']}
        for index in (0, count // 2, count - 1):
            info = dataset.get_data_info(index)
            present = [
                names[item['category_id']]
                for item in content['annotations']
                if item['image_id'] == info['img_id']
            ]
            found = {
                name
                for name, score in zip(
                    TABLE.names, info['gt_score'], strict=True
                )
                if score
            }
            assert found == of(*present)
