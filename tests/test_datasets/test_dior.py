"""DIORDataset on files written by hand, and on all published annotations."""

import logging
import subprocess

import pytest
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import DATASETS
from PIL import Image

from mmvision_ext.datasets import DIORDataset
from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.datasets.metadata import load_metadata
from mmvision_ext.datasets.report import Reason
from mmvision_ext.testing import data_root

META = load_metadata('dior_20')
BASE = tuple(
    name for name in META['classes'] if name not in META['novel_classes']
)
SIZE = '<size><width>80</width><height>60</height><depth>3</depth></size>'

# Counted in the published files: training, validation, test.
COUNTS = {
    'airplane': (1238, 650, 8212),
    'airport': (328, 334, 666),
    'baseballfield': (1245, 1139, 3434),
    'basketballcourt': (561, 516, 2146),
    'bridge': (506, 861, 2589),
    'chimney': (342, 307, 1031),
    'dam': (252, 260, 538),
    'Expressway-Service-area': (537, 543, 1085),
    'Expressway-toll-station': (292, 318, 688),
    'golffield': (237, 274, 575),
    'groundtrackfield': (565, 597, 1885),
    'harbor': (1147, 1217, 3105),
    'overpass': (577, 753, 1782),
    'ship': (13028, 14323, 35186),
    'stadium': (293, 302, 672),
    'storagetank': (1337, 1705, 23361),
    'tenniscourt': (2233, 2665, 7343),
    'trainstation': (246, 255, 509),
    'vehicle': (6709, 7016, 26640),
    'windmill': (961, 1404, 2998),
}


def thing(name, *box):
    """One <object>; the box in VOC's inclusive coordinates."""
    keys = ('xmin', 'ymin', 'xmax', 'ymax')
    sides = ''.join(
        f'<{key}>{value}</{key}>'
        for key, value in zip(keys, box, strict=False)
    )
    return (
        f'<object><name>{name}</name><pose>Unspecified</pose>'
        f'<bndbox>{sides}</bndbox></object>'
    )


def write(root, img_id, *objects, size=SIZE, image=True):
    ann = root / 'Annotations' / 'Horizontal Bounding Boxes'
    images = root / 'JPEGImages-trainval'
    for folder in (ann, images, root / 'ImageSets' / 'Main'):
        folder.mkdir(parents=True, exist_ok=True)
    (ann / f'{img_id}.xml').write_text(
        f'<annotation>{size}{"".join(objects)}</annotation>'
    )
    with open(root / 'ImageSets' / 'Main' / 'train.txt', 'a') as file:
        file.write(f'{img_id}\n')
    if image:
        Image.new('RGB', (80, 60)).save(images / f'{img_id}.jpg')


def build(root, **kwargs):
    return DIORDataset(
        data_root=str(root), ann_file='ImageSets/Main/train.txt', **kwargs
    )


@pytest.fixture
def small(tmp_path):
    """Two images with a base class, one with novel classes alone."""
    write(
        tmp_path,
        '00001',
        thing('ship', 11, 6, 30, 25),
        thing('Expressway-Service-area', 1, 1, 80, 60),
    )
    write(
        tmp_path,
        '00002',
        thing('dam', 1, 1, 9, 9),
        thing('airport', 2, 2, 3, 3),
    )
    write(tmp_path, '00003', thing('windmill', 5, 5, 9, 9))
    return tmp_path


def test_samples(small):
    dataset = build(small)
    assert dataset.metainfo['classes'] == META['classes']
    assert len(dataset.metainfo['palette']) == 20
    info = dataset.get_data_info(0)
    assert info['img_path'].endswith('JPEGImages-trainval/00001.jpg')
    assert (info['width'], info['height']) == (80, 60)
    ship, area = info['instances']
    assert ship == dict(
        bbox=[10, 5, 30, 25],
        bbox_label=META['classes'].index('ship'),
        ignore_flag=0,
    )
    assert area['bbox'] == [0, 0, 80, 60]
    assert area['bbox_label'] == META['classes'].index(
        'Expressway-Service-area'
    )


def test_registered_and_usable_by_a_pipeline(small):
    dataset = DATASETS.build(
        dict(
            type='mmvision_ext.DIORDataset',
            data_root=str(small),
            ann_file='ImageSets/Main/train.txt',
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='mmdet.LoadAnnotations', with_bbox=True),
                dict(type='mmdet.PackDetInputs'),
            ],
        )
    )
    sample = dataset[0]
    assert sample['inputs'].shape == (3, 60, 80)
    assert len(sample['data_samples'].gt_instances) == 2


def test_novel_objects_leave_the_annotations(small, caplog):
    logger = MMLogger.get_instance('dior', log_level='INFO')
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO, 'dior'):
        dataset = build(
            small,
            metainfo=dict(classes=BASE),
            filter_cfg=dict(filter_empty_gt=True),
        )
    labels = [
        [item['bbox_label'] for item in dataset.get_data_info(i)['instances']]
        for i in range(len(dataset))
    ]
    names = [[BASE[label] for label in image] for image in labels]
    assert names == [['ship', 'Expressway-Service-area'], ['dam']]
    counts = dataset.report.counts
    assert counts[Reason.OTHER_CLASSES] == 2
    assert counts[Reason.EMPTY_IMAGE] == 1
    text = caplog.text
    assert 'objects of classes that metainfo leaves out: 2 (' in text
    assert 'images without objects (filter_cfg filter_empty_gt): 1' in text
    assert 'airport (1)' in text and 'windmill (1)' in text
    assert 'objects read: airplane 0, ' in text and 'ship 1' in text


def test_every_object_is_kept_without_a_split(small):
    assert build(small).report.objects_used == 5


def test_images_may_be_absent_for_statistics(small):
    for path in (small / 'JPEGImages-trainval').iterdir():
        path.unlink()
    dataset = build(small, with_images=False)
    assert len(dataset) == 3
    with pytest.raises(
        DatasetError, match='3 of 3 images.*00001.jpg'
    ) as error:
        build(small)
    assert error.match('with_images=False')
    (small / 'JPEGImages-trainval').rmdir()
    with pytest.raises(DatasetError, match=r"data_prefix\['img'\]"):
        build(small)


def test_size_from_the_image_where_the_xml_lacks_it(tmp_path):
    write(tmp_path, '1', thing('ship', 1, 1, 80, 60), size='')
    assert build(tmp_path).get_data_info(0)['width'] == 80
    with pytest.raises(AnnotationError, match=r'1\.xml.*<size>.*with_images'):
        build(tmp_path, with_images=False)


def test_boxes_up_to_two_pixels_outside_are_clipped(tmp_path):
    write(tmp_path, '1', thing('ship', 0, 40, 82, 62))
    dataset = build(tmp_path)
    assert dataset.get_data_info(0)['instances'][0]['bbox'] == [0, 39, 80, 60]
    assert dataset.report.counts[Reason.CLIPPED] == 1


@pytest.mark.parametrize(
    'body, match',
    [
        (thing('ship', 1, 1, 83, 9), r'object 1 \(ship\).*xmax 83'),
        (thing('ship', 9, 1, 5, 9), r'inverted bndbox.*xmin 9'),
        (thing('ship', 1, 1, 5), r'object 1 \(ship\), bndbox/ymax is missing'),
        (thing('ship', 1, 1, 'x', 9), "bndbox/xmax: expected a number.*'x'"),
        (thing('ship', 1, 1, 'nan', 9), 'bndbox/xmax: expected a number'),
        (thing('', 1, 1, 5, 9), 'object 1 has no class'),
        ('<object><name>ship</name></object>', 'has no <bndbox>'),
        ('<object>', 'no valid XML'),
    ],
)
def test_malformed_annotations(tmp_path, body, match):
    write(tmp_path, '00001', body)
    with pytest.raises(AnnotationError, match=match) as error:
        build(tmp_path)
    assert error.match(r'00001\.xml')


def test_all_faults_are_reported_together(tmp_path):
    write(tmp_path, '00001', thing('ship', 1, 1, 2, 2))
    for number in range(12):
        write(tmp_path, f'1{number}', thing('', 1, 1, 2, 2))
    (tmp_path / 'Annotations/Horizontal Bounding Boxes/00001.xml').unlink()
    with pytest.raises(AnnotationError, match='13 annotations') as error:
        build(tmp_path)
    assert error.match('no such annotation file') and error.match('3 more')


def test_another_spelling_is_named(tmp_path):
    write(
        tmp_path,
        '00001',
        thing('expressway-service-area', 1, 1, 9, 9),
        thing('ship', 1, 1, 9, 9),
    )
    dataset = build(tmp_path)
    assert dataset.report.counts[Reason.UNKNOWN_CLASS] == 1
    hints = list(dataset._hints())
    assert any("'Expressway-Service-area'" in hint for hint in hints)


def test_other_folders_and_unknown_keys(small):
    with pytest.raises(DatasetError, match=r"data_prefix\['ann'\].*Oriented"):
        build(small, data_prefix=dict(ann='Annotations/Oriented'))
    with pytest.raises(DatasetError, match='unknown key image'):
        build(small, data_prefix=dict(image='x'))


def test_metadata_of_the_split():
    assert len(BASE) == 16
    assert set(META['novel_classes']) < set(META['classes'])
    root = data_root()
    if root is None or not (root / 'dior').is_dir():
        pytest.skip('no dior: link data/ to compare the class names')
    names = (root / 'dior' / 'classes.txt').read_text().split()
    assert META['classes'] == tuple(names)


@pytest.fixture(scope='module')
def published(tmp_path_factory):
    """The published annotations, unpacked; skips where they are absent."""
    root = data_root()
    archive = root / 'dior' / 'Annotations_hbb.tar.gz' if root else None
    if archive is None or not archive.is_file():
        pytest.skip(
            'no dior/Annotations_hbb.tar.gz: set MMVISION_DATA_ROOT or link '
            'data/ to read the real annotations'
        )
    out = tmp_path_factory.mktemp('dior')
    subprocess.run(['tar', '-xzf', archive, '-C', out], check=True)
    (out / 'ImageSets').symlink_to(archive.parent / 'ImageSets')
    return out


def read(root, split, **kwargs):
    return DIORDataset(
        data_root=str(root),
        ann_file=f'ImageSets/Main/{split}.txt',
        data_prefix=dict(ann='horizontal'),
        with_images=False,
        **kwargs,
    )


def test_all_published_annotations(published):
    reports = []
    for split in ('train', 'val', 'test'):
        dataset = read(published, split, lazy_init=True)
        dataset.load_data_list()
        reports.append(dataset.report)
    assert [r.images_used for r in reports] == [5862, 5863, 11738]
    for name, wanted in COUNTS.items():
        assert tuple(r.found[name] for r in reports) == wanted, name
    assert set().union(*(r.found for r in reports)) == set(META['classes'])
    assert sum(r.objects_used for r in reports) == 192_518
    lost = [r.lost for r in reports]
    assert lost == [0, 0, 0]
    # 05195 sticks out by 2 px, 01072 by 1 px.
    assert [r.counts[Reason.CLIPPED] for r in reports] == [2, 0, 0]


def test_published_training_set_without_the_novel_classes(published):
    dataset = read(
        published,
        'train',
        metainfo=dict(classes=BASE),
        filter_cfg=dict(filter_empty_gt=True),
    )
    report = dataset.report
    assert report.counts[Reason.OTHER_CLASSES] == 328 + 561 + 565 + 961
    assert report.counts[Reason.EMPTY_IMAGE] == 929
    assert len(dataset) == 5862 - 929
    assert report.objects_used == sum(COUNTS[name][0] for name in BASE)


def test_open_vocabulary_config_has_this_split(repository):
    cfg = Config.fromfile(
        repository / 'configs/_base_/datasets/dior_open-vocab.py'
    )
    trained = cfg.train_dataloader.dataset.metainfo.classes
    assert tuple(trained) == BASE
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        # Equal labels mean equal classes in training and test.
        named = tuple(loader.dataset.metainfo.classes)
        assert named == BASE + tuple(META['novel_classes'])


def test_a_class_list_leaves_out_what_it_marks(tmp_path):
    for img_id in ('1', '2'):
        write(tmp_path, img_id, thing('ship', 10, 10, 20, 20))
    (tmp_path / 'ImageSets/Main/ship_train.txt').write_text('1 -1\n2 1\n')
    dataset = DIORDataset(
        data_root=str(tmp_path), ann_file='ImageSets/Main/ship_train.txt'
    )
    assert [dataset.get_data_info(0)['img_id'], len(dataset)] == ['2', 1]
    assert dataset.report.counts[Reason.CLASS_FLAG] == 1
