"""The converter: same ground truth and same counts as the dataset class."""

import json
import runpy
import subprocess
import sys

import pytest
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmvision_ext.datasets import CocoInstanceDataset, VOCInstanceDataset
from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.datasets.report import Reason
from mmvision_ext.datasets.voc_to_coco import (
    convert_devkit,
    find_years,
    write_json,
)
from mmvision_ext.testing import SHAPE_CLASSES

VOC_CLASSES = VOCInstanceDataset.METAINFO['classes']


def as_rle(mask, info):
    """A mask in the form that VOCInstanceDataset gives it."""
    if isinstance(mask, list):
        mask = mask_utils.merge(
            mask_utils.frPyObjects(mask, info['height'], info['width'])
        )
        mask['counts'] = mask['counts'].decode()
    return dict(mask, size=list(mask['size']))


def instances(dataset):
    """What to compare: by image file, independent of image ids."""
    result = {}
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        for item in info['instances']:
            if 'mask' in item:
                item['mask'] = as_rle(item['mask'], info)
        result[info['img_path']] = (
            info['width'],
            info['height'],
            info['instances'],
        )
    return result


def convert_and_read(
    root,
    out_dir,
    split,
    mask_format,
    classes=VOC_CLASSES,
    image_dir='JPEGImages',
    **kwargs,
):
    (conversion,) = convert_devkit(
        root, out_dir, [split], mask_format, classes=classes, **kwargs
    )
    dataset = CocoInstanceDataset(
        data_root=str(root),
        ann_file=str(conversion.path),
        data_prefix=dict(img=image_dir),
        metainfo=dict(classes=classes),
        with_mask=mask_format != 'none',
    )
    return conversion, dataset


@pytest.mark.parametrize('mask_format', ['rle', 'polygon', 'none'])
def test_round_trip(devkit, tmp_path, mask_format):
    conversion, converted = convert_and_read(
        devkit.root, tmp_path / 'out', 'train', mask_format
    )
    direct = VOCInstanceDataset(
        data_root=str(devkit.root),
        ann_file='ImageSets/Segmentation/train.txt',
        with_mask=mask_format != 'none',
    )
    assert instances(converted) == instances(direct)
    assert conversion.report == direct.report
    assert converted.report.images_used == direct.report.images_used
    assert converted.report.objects_used == direct.report.objects_used
    assert converted.report.objects_ignored == direct.report.objects_ignored
    assert converted.report.masks_used == direct.report.masks_used
    assert conversion.path.name == 'my_voc_train.json'


@pytest.mark.parametrize('mask_format', ['rle', 'polygon'])
def test_round_trip_on_shapes(shapes_root, tmp_path, mask_format):
    root = shapes_root / 'VOC2012'
    conversion, converted = convert_and_read(
        root, tmp_path, 'val', mask_format, classes=SHAPE_CLASSES
    )
    direct = VOCInstanceDataset(
        data_root=str(root),
        ann_file='ImageSets/Segmentation/val.txt',
        metainfo=dict(classes=SHAPE_CLASSES),
    )
    assert instances(converted) == instances(direct)
    assert conversion.report == direct.report


def test_round_trip_on_sbd(sbd, tmp_path):
    conversion, converted = convert_and_read(
        sbd.root, tmp_path / 'out', 'train', 'rle', image_dir='img'
    )
    direct = VOCInstanceDataset(**sbd.config)
    assert instances(converted) == instances(direct)
    assert conversion.report == direct.report
    assert conversion.path.name == 'dataset_train.json'


@pytest.mark.parametrize('mask_format', ['rle', 'polygon'])
def test_round_trip_on_real_voc(voc_cut, tmp_path, mask_format):
    conversion, converted = convert_and_read(
        voc_cut, tmp_path, 'val', mask_format
    )
    direct = VOCInstanceDataset(
        data_root=str(voc_cut), ann_file='ImageSets/Segmentation/val.txt'
    )
    assert len(converted) == 150
    assert instances(converted) == instances(direct)
    assert conversion.report == direct.report
    assert conversion.report.lost == 0


def test_file_content(devkit, tmp_path):
    (conversion,) = convert_devkit(devkit.root, tmp_path, ['train'])
    coco = COCO(str(conversion.path))
    assert [
        (entry['id'], entry['name']) for entry in coco.dataset['categories']
    ] == list(enumerate(VOC_CLASSES, 1))
    assert [image['file_name'] for image in coco.dataset['images']] == [
        'plain.jpg',
        'empty.jpg',
        'unmatched.jpg',
        'foreign.png',
    ]
    cat, dog, person = coco.imgToAnns[1]
    assert cat['category_id'] == 8 and cat['bbox'] == [4, 4, 26, 26]
    assert cat['area'] == coco.annToMask(cat).sum() == 26 * 26
    assert cat['iscrowd'] == 0 and 'difficult' not in cat
    assert person['iscrowd'] == person['difficult'] == 1
    unmatched = coco.imgToAnns[3][1]
    assert unmatched['iscrowd'] == unmatched['no_mask'] == 1
    assert 'difficult' not in unmatched and 'no_mask' not in person
    assert coco.annToMask(dog).sum() == dog['area']


def test_years_of_a_devkit(empty_devkit, tmp_path):
    devkit = tmp_path / 'VOCdevkit'
    devkit.mkdir()
    empty_devkit.add(
        'a', [('cat', (5, 5, 30, 30), False)], [('cat', (5, 5, 30, 30))]
    )
    empty_devkit.write_list()
    empty_devkit.write_list(['a'], 'Segmentation/val.txt')
    empty_devkit.root.rename(devkit / 'VOC2007')
    (devkit / 'VOC2012').symlink_to(devkit / 'VOC2007')
    (devkit / 'results').mkdir()
    assert [year.name for year in find_years(devkit)] == ['VOC2007', 'VOC2012']
    seen = []
    conversions = convert_devkit(
        devkit, tmp_path / 'out', on_written=seen.append
    )
    assert [conversion.path.name for conversion in conversions] == [
        'VOC2007_train.json',
        'VOC2007_val.json',
        'VOC2012_train.json',
        'VOC2012_val.json',
    ]
    assert seen == conversions


def test_not_a_devkit(tmp_path):
    with pytest.raises(DatasetError, match='VOCDEVKIT: no folder'):
        find_years(tmp_path / 'absent')
    (tmp_path / 'pictures').mkdir()
    with pytest.raises(DatasetError) as caught:
        find_years(tmp_path)
    for word in ('JPEGImages', 'Annotations', 'inst', 'pictures'):
        assert word in str(caught.value)


def test_missing_split_writes_nothing(devkit, tmp_path):
    with pytest.raises(DatasetError) as caught:
        convert_devkit(devkit.root, tmp_path / 'out', ['train', 'val'])
    assert 'Segmentation/val.txt' in str(caught.value)
    assert not (tmp_path / 'out').exists()


def test_malformed_devkit_leaves_an_older_file(devkit, tmp_path):
    (conversion,) = convert_devkit(devkit.root, tmp_path, ['train'])
    before = conversion.path.read_bytes()
    devkit.write_xml('plain', '<annotation>')
    with pytest.raises(AnnotationError, match='plain.xml'):
        convert_devkit(devkit.root, tmp_path, ['train'])
    assert conversion.path.read_bytes() == before


def test_interrupted_writing_leaves_the_older_file(tmp_path):
    path = tmp_path / 'a.json'
    write_json(path, dict(images=[1]))
    with pytest.raises(TypeError):
        write_json(path, dict(images=[2], annotations=object()))
    assert json.loads(path.read_text()) == dict(images=[1])
    assert list(tmp_path.iterdir()) == [path]


def test_class_subset_is_not_a_loss(devkit, tmp_path):
    devkit.write_list(['plain'])
    (conversion,) = convert_devkit(
        devkit.root, tmp_path, ['train'], classes=['dog']
    )
    assert conversion.report.counts[Reason.OTHER_CLASSES] == 2
    assert conversion.report.lost == 0
    assert json.loads(conversion.path.read_text())['categories'] == [
        dict(id=1, name='dog')
    ]


TOOL = 'tools/dataset_converters/pascal_voc.py'


def test_tool_fails_on_a_loss_and_says_what(devkit, tmp_path, repository):
    done = subprocess.run(
        [
            sys.executable,
            TOOL,
            devkit.root,
            '--out-dir',
            tmp_path / 'out',
            '--splits',
            'train',
        ],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert (
        'my_voc_train.json: 4 images, 7 boxes (3 ignored: iscrowd=1), 4 masks'
    ) in done.stdout
    assert 'images without a mask file: 1 (unmasked)' in done.stdout
    assert '5 images, objects or masks' in done.stderr
    assert '--allow-drops' in done.stderr
    assert (tmp_path / 'out/my_voc_train.json').is_file()


@pytest.fixture
def run_tool(repository, monkeypatch):
    """Run the tool in this process; returns its exit status."""

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', [TOOL, *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            runpy.run_path(str(repository / TOOL), run_name='__main__')
        return caught.value.code

    return run


def test_tool_accepts_losses_when_told_to(devkit, tmp_path, run_tool):
    arguments = (devkit.root, '--out-dir', tmp_path, '--splits', 'train')
    assert run_tool(*arguments) == 1
    assert run_tool(*arguments, '--allow-drops') == 0


def test_tool_succeeds_without_losses(devkit, tmp_path, run_tool):
    devkit.write_list(['plain', 'empty'], 'Main/trainval.txt')
    assert (
        run_tool(
            devkit.root,
            '--out-dir',
            tmp_path,
            '--splits',
            'trainval',
            '--image-set',
            'Main',
            '--mask-format',
            'polygon',
            '--classes',
            'cat',
            'dog',
        )
        == 0
    )
    written = json.loads((tmp_path / 'my_voc_trainval.json').read_text())
    assert [entry['name'] for entry in written['categories']] == ['cat', 'dog']
    assert isinstance(written['annotations'][0]['segmentation'], list)


def test_tool_gives_errors_without_a_traceback(tmp_path, run_tool, capsys):
    assert run_tool(tmp_path / 'absent', '--out-dir', tmp_path) == 2
    assert 'error: VOCDEVKIT: no folder' in capsys.readouterr().err
