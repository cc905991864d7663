"""Labelling of folders and of COCO files, killed and resumed."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from mmvision_ext.apis import AttributeInferencer
from mmvision_ext.apis.attribute_model import AttributeModel
from mmvision_ext.apis.auto_label import auto_label
from mmvision_ext.apis.label_journal import LabelJournal
from mmvision_ext.datasets.apascal_attributes import GROUPS, NAMES
from mmvision_ext.studies.lock import run_lock
from mmvision_ext.testing.tiny_attributes import (
    BOXES,
    HEIGHT,
    IMAGES,
    WIDTH,
    image_config,
    make_attribute_data,
    object_config,
    save_random,
)
from mmvision_ext.utils import InputError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Seven images, a config and weights for objects and for images."""
    root = tmp_path / 'data'
    make_attribute_data(root, images=7)
    for kind, config in (
        ('objects', object_config(root)),
        ('images', image_config(root)),
    ):
        config.dump(root / f'{kind}.py')
        meta = dict(classes=NAMES, attribute_groups=GROUPS)
        save_random(
            config,
            root / f'{kind}.pth',
            meta if kind == 'objects' else None,
        )
    return root


def label(root: Path, out: Path, kind: str = 'objects', **options):
    return auto_label(
        root / f'{kind}.py',
        root / f'{kind}.pth',
        root / IMAGES,
        out,
        **{'batch_size': 2, 'device': 'cpu', 'progress': False, **options},
    )


def read(path: Path) -> dict:
    return json.loads(path.read_text())


@pytest.fixture
def predicted(monkeypatch) -> list[int]:
    """Size of each batch that went through the model."""
    sizes: list[int] = []
    predict = AttributeModel.predict

    def counted(self, batch):
        sizes.append(len(batch))
        return predict(self, batch)

    monkeypatch.setattr(AttributeModel, 'predict', counted)
    return sizes


def kill_after(monkeypatch, batches: int) -> None:
    """Let the model stop after some batches."""
    predict, count = AttributeModel.predict, iter(range(batches))

    def mortal(self, batch):
        if next(count, None) is None:
            raise KeyboardInterrupt
        return predict(self, batch)

    monkeypatch.setattr(AttributeModel, 'predict', mortal)


def test_images_get_attributes(root, tmp_path) -> None:
    out = tmp_path / 'labels.json'
    summary = label(root, out, 'images', thresholds=0.55)
    assert (summary.images, summary.labelled, summary.failed) == (7, 7, [])
    coco = COCO(out)
    content = coco.dataset
    describe = AttributeInferencer(
        root / 'images.py', root / 'images.pth', 'cpu', 0.55
    )
    results = describe(root / IMAGES, batch_size=2, progress=False)
    assert list(results[0].names) == content['attribute_names']
    for entry, result in zip(
        coco.loadImgs(coco.getImgIds()), results, strict=True
    ):
        assert entry['file_name'] == result.source.path.name
        assert (entry['height'], entry['width']) == (HEIGHT, WIDTH)
        np.testing.assert_array_equal(
            np.array(entry['attribute_scores'], np.float32), result.scores
        )
        assert entry['attributes'] == [item.name for item in result.above()]
        assert 0 < len(entry['attributes']) < 139
    assert content['annotations'] == [] and content['failed'] == []


def test_boxes_get_attributes(root, tmp_path) -> None:
    out = tmp_path / 'labels.json'
    given = read(root / 'instances.json')
    given |= dict(info=dict(year=2020), licenses=[dict(id=1)])
    (root / 'instances.json').write_text(json.dumps(given))
    summary = label(root, out, annotations=root / 'instances.json')
    assert (summary.images, summary.labelled) == (7, 14)
    coco = COCO(out)
    assert coco.getCatIds(['fork']) == [2] and len(coco.getAnnIds()) == 14
    describe = AttributeInferencer(
        root / 'objects.py', root / 'objects.pth', 'cpu'
    )
    images = sorted((root / IMAGES).iterdir())
    results = describe(images, boxes=[BOXES] * 7, batch_size=2, progress=False)
    for annotation, before, result in zip(
        coco.loadAnns(coco.getAnnIds()),
        given['annotations'],
        results,
        strict=True,
    ):
        assert before.items() <= annotation.items()
        np.testing.assert_allclose(
            annotation['attribute_scores'], result.scores, atol=1e-6
        )
        assert annotation['attributes'] == [x.name for x in result.above()]
    info = coco.dataset['info']
    assert info['year'] == 2020 and coco.dataset['licenses'] == [{'id': 1}]
    assert len(info['attributes']['checkpoint_sha256']) == 64
    assert set(info['attributes']['thresholds'].values()) == {0.5}
    assert coco.dataset['attribute_groups'][0] == next(iter(GROUPS))


@pytest.mark.parametrize(('calls', 'reused'), [(0, 0), (3, 3), (4, 6)])
def test_a_killed_run_goes_on_to_the_same_file(
    root, tmp_path, monkeypatch, calls, reused
) -> None:
    whole, out = tmp_path / 'whole.json', tmp_path / 'killed.json'
    options = dict(annotations=root / 'instances.json', batch_size=3)
    label(root, whole, **options)
    with monkeypatch.context() as patch:
        kill_after(patch, calls)  # two for three images
        with pytest.raises(KeyboardInterrupt):
            label(root, out, **options)
    assert not out.exists()
    summary = label(root, out, **options)
    assert summary.reused == reused
    assert out.read_bytes() == whole.read_bytes()
    leftover = {path.name for path in tmp_path.iterdir()} - {'data'}
    assert leftover == {
        f'{name}.json{end}'
        for name in ('whole', 'killed')
        for end in ('', '.journal.jsonl')
    }


def test_a_line_that_was_cut_off_is_done_again(root, tmp_path) -> None:
    out = tmp_path / 'labels.json'
    label(root, out)
    before = out.read_bytes()
    journal = tmp_path / 'labels.json.journal.jsonl'
    content = journal.read_bytes()
    journal.write_bytes(content[:-20])
    out.unlink()
    assert label(root, out).reused == 6  # of 7, in batches of 2
    assert out.read_bytes() == before and journal.read_bytes() == content


def test_only_new_and_changed_images_are_labelled(
    root, tmp_path, predicted
) -> None:
    out, images = tmp_path / 'labels.json', root / IMAGES
    label(root, out)
    assert predicted == [2, 2, 2, 1]
    os.utime(images / '3.jpg', ns=(0, 0))
    (images / '9.jpg').write_bytes((images / '0.jpg').read_bytes())
    predicted.clear()
    summary = label(root, out)
    assert sum(predicted) == 2 and summary.reused == 6
    assert [entry['file_name'] for entry in read(out)['images']] == [
        f'{name}.jpg' for name in (0, 1, 2, 3, 4, 5, 6, 9)
    ]


def test_other_thresholds_need_no_new_scores(
    root, tmp_path, predicted
) -> None:
    out = tmp_path / 'labels.json'
    label(root, out, thresholds=0.0)
    assert len(read(out)['images'][0]['attributes']) == 64
    predicted.clear()
    label(root, out, thresholds=1.0)
    assert not predicted and read(out)['images'][0]['attributes'] == []


def test_another_model_is_refused_or_starts_anew(
    root, tmp_path, predicted
) -> None:
    out = tmp_path / 'labels.json'
    label(root, out)
    before = out.read_bytes()
    save_random(
        object_config(root), root / 'objects.pth', dict(classes=NAMES), 1
    )
    with pytest.raises(InputError, match=r'checkpoint_sha256 is .*--restart'):
        label(root, out)
    assert out.read_bytes() == before
    predicted.clear()
    assert label(root, out, restart=True).reused == 0
    assert sum(predicted) == 7 and out.read_bytes() != before
    assert label(root, out).reused == 7


def test_another_input_is_refused(root, tmp_path) -> None:
    out = tmp_path / 'labels.json'
    label(root, out)
    with pytest.raises(InputError, match='annotations_sha256 is None there'):
        label(root, out, annotations=root / 'instances.json')
    pipeline = object_config(root)
    pipeline.test_dataloader.dataset.pipeline[0].padding = 5
    pipeline.dump(root / 'objects.py')
    with pytest.raises(InputError, match='config_sha256 is'):
        label(root, out)


def test_another_pipeline_inside_a_wrapper_is_refused(root, tmp_path) -> None:
    out = tmp_path / 'labels.json'
    for padding in (4, 4, 5):
        config = object_config(root)
        data = config.test_dataloader.dataset
        data.pipeline[0].padding = padding
        config.test_dataloader.dataset = dict(
            type='RepeatDataset', times=1, dataset=data
        )
        (root / 'objects.py').unlink()
        config.dump(root / 'objects.py')
        if padding == 4:
            label(root, out)
    with pytest.raises(InputError, match='config_sha256 is'):
        label(root, out)


def test_failures_are_listed_and_tried_again(root, tmp_path) -> None:
    out = tmp_path / 'labels.json'
    good = (root / IMAGES / '2.jpg').read_bytes()
    (root / IMAGES / '2.jpg').write_bytes(good[:300])
    given = read(root / 'instances.json')
    given['annotations'][0]['bbox'] = [50, 0, 30, 20]  # beyond 60 px
    given['annotations'][3].pop('bbox')
    given['images'][6]['width'] = 61
    given['images'].append(
        dict(id=7, file_name='7.jpg', width=WIDTH, height=HEIGHT)
    )  # nothing to label, and no file
    (root / 'instances.json').write_text(json.dumps(given))
    options = dict(annotations=root / 'instances.json')
    summary = label(root, out, **options)
    content = read(out)
    assert [item.get('annotation_id') for item in content['failed']] == [
        None,
        None,
        1,
        4,
    ]
    assert [item['file_name'] for item in content['failed']] == [
        '2.jpg',
        '6.jpg',
        '0.jpg',
        '1.jpg',
    ]
    assert 'expected 61 x 44 px' in content['failed'][1]['reason']
    assert 'annotation 4: expected a bbox' in content['failed'][3]['reason']
    assert [entry['id'] for entry in content['images']] == [0, 1, 3, 4, 5, 7]
    assert len(content['annotations']) == 14 - 4 - 2 == summary.labelled
    assert '4 left out' in summary.text() and '2.jpg' in summary.text()
    (root / IMAGES / '2.jpg').write_bytes(good)
    assert [
        item['file_name'] for item in label(root, out, **options).failed
    ] == ['6.jpg', '0.jpg', '1.jpg']


def test_an_info_that_is_no_object(root, tmp_path, predicted) -> None:
    given = read(root / 'instances.json')
    path = root / 'instances.json'
    out = tmp_path / 'labels.json'
    path.write_text(json.dumps(given | dict(info=[1])))
    with pytest.raises(InputError, match=r"'info': expected .* found \[1\]"):
        label(root, out, annotations=path)
    assert not predicted and not out.exists()
    path.write_text(json.dumps(given | dict(info=None)))
    label(root, out, annotations=path)
    assert set(read(out)['info']) == {'attributes'}


def test_images_and_folders_are_not_replaced(
    root, tmp_path, predicted
) -> None:
    image = root / IMAGES / '0.jpg'
    before = image.read_bytes()
    boxes = root / 'instances.json'
    for annotations in (None, boxes):
        with pytest.raises(
            InputError, match=r'than the image, found .*0\.jpg'
        ):
            label(root, image, annotations=annotations, restart=True)
    for restart in (False, True):
        with pytest.raises(InputError, match='a file, found the folder'):
            label(root, tmp_path, restart=restart)
    assert not predicted and image.read_bytes() == before


def test_nothing_that_can_be_labelled_is_an_error(root, tmp_path) -> None:
    for path in (root / IMAGES).iterdir():
        path.write_bytes(b'no image')
    with pytest.raises(InputError, match=r'found none of 7(.|\n)*6\.jpg'):
        label(root, tmp_path / 'labels.json')
    assert not (tmp_path / 'labels.json').exists()


def test_boxes_that_are_all_outside_are_an_error(root, tmp_path) -> None:
    given = read(root / 'instances.json')
    for annotation in given['annotations']:
        annotation['bbox'] = [900, 900, 5, 5]
    path = tmp_path / 'outside.json'
    path.write_text(json.dumps(given))
    out = tmp_path / 'labels.json'
    for _ in range(2):  # the second time by the journal
        with pytest.raises(InputError, match=r'none of 7(.|\n)*annotation 14'):
            label(root, out, annotations=path)
    assert not out.exists()


def test_another_file_is_not_replaced(root, tmp_path) -> None:
    out = tmp_path / 'other.json'
    out.write_text('{}')
    with pytest.raises(InputError, match='expected a new file or an earlier'):
        label(root, out)
    assert out.read_text() == '{}'


@pytest.mark.parametrize('what', ['config', 'checkpoint', 'annotations'])
def test_an_input_is_never_replaced(root, tmp_path, what) -> None:
    names = dict(
        config='objects.py',
        checkpoint='objects.pth',
        annotations='instances.json',
    )
    out = tmp_path / 'link.json'
    out.symlink_to(root / names[what])
    before = out.read_bytes()
    options = dict(annotations=root / 'instances.json', restart=True)
    with pytest.raises(InputError, match=f'another file than the {what}'):
        label(root, out, **options)
    journal = root / 'a.json.journal.jsonl'
    (root / names[what]).rename(journal)
    (root / names[what]).symlink_to(journal)
    with pytest.raises(InputError, match=f'another file than the {what}'):
        label(root, root / 'a.json', **options)
    assert journal.read_bytes() == before


def test_images_keep_their_ids(root, tmp_path) -> None:
    out, images = tmp_path / 'labels.json', root / IMAGES
    broken = (images / '1.jpg').read_bytes()
    (images / '1.jpg').write_bytes(b'no image')

    def ids() -> dict[str, int]:
        label(root, out)
        return {x['file_name']: x['id'] for x in read(out)['images']}

    first = ids()
    assert first == {f'{i}.jpg': i + 1 for i in range(7) if i != 1}
    (images / '00.jpg').write_bytes((images / '0.jpg').read_bytes())
    (images / '1.jpg').write_bytes(broken)  # mended
    (images / '6.jpg').unlink()
    first.pop('6.jpg')
    assert ids() == first | {'1.jpg': 2, '00.jpg': 8}
    (images / '9.jpg').write_bytes((images / '0.jpg').read_bytes())
    assert ids()['9.jpg'] == 9


def test_folders_in_the_folder(root, tmp_path) -> None:
    inner = root / IMAGES / 'inner'
    inner.mkdir()
    (root / IMAGES / '3.jpg').rename(inner / '3.jpg')
    summary = label(root, tmp_path / 'flat.json')
    assert (summary.images, summary.left_out) == (6, 1)
    assert 'left out: 1 (--recursive' in summary.text()
    summary = label(root, tmp_path / 'deep.json', recursive=True)
    assert (summary.images, summary.left_out) == (7, 0)
    assert 'recursive' not in summary.text()
    last = read(tmp_path / 'deep.json')['images'][-1]
    assert last['file_name'] == 'inner/3.jpg'


def test_names_that_json_cannot_hold(root, tmp_path) -> None:
    name = os.fsdecode(b'\xff.jpg')
    (root / IMAGES / '0.jpg').rename(root / IMAGES / name)
    out = tmp_path / 'labels.json'
    with pytest.raises(InputError, match='file names: expected UTF-8'):
        label(root, out)
    given = read(root / 'instances.json')
    given['images'][0]['file_name'] = name
    (root / 'instances.json').write_text(json.dumps(given))
    with pytest.raises(InputError, match='surrogates not allowed'):
        label(root, out, annotations=root / 'instances.json')
    assert not out.exists()


def test_inputs_that_cannot_be_used(root, tmp_path) -> None:
    out = tmp_path / 'labels.json'
    with pytest.raises(InputError, match='batch_size: .* found 0'):
        label(root, out, batch_size=0)
    with pytest.raises(InputError, match='looks at whole images'):
        label(root, out, 'images', annotations=root / 'instances.json')
    with pytest.raises(InputError, match='whose hash is recorded'):
        label(root, out, annotations=root / 'no.json')
    (root / 'empty.json').write_text(
        '{"images": [], "annotations": [], "categories": []}'
    )
    with pytest.raises(InputError, match='found 0 annotations'):
        label(root, out, annotations=root / 'empty.json')
    with pytest.raises(InputError, match='images: expected a folder'):
        auto_label(root / 'objects.py', root / 'objects.pth', root / 'no', out)


def test_a_second_run_is_kept_out(root, tmp_path) -> None:
    journal = tmp_path / 'labels.json.journal.jsonl'
    with run_lock(journal), pytest.raises(InputError, match='no other run'):
        label(root, tmp_path / 'labels.json')


@pytest.mark.parametrize(
    'text',
    [
        'a\n',
        '[]\n',
        '{"identity": {}}\n1\n',
        '{"identity": {}}\n{"ids": [1]}\n',
    ],
)
def test_a_file_that_is_no_journal(tmp_path, text) -> None:
    path = tmp_path / 'a.jsonl'
    path.write_text(text)
    with pytest.raises(InputError, match='expected the journal of a lab'):
        LabelJournal(path, {})
    with LabelJournal(path, {}, restart=True) as book:
        book.add({'a': dict(stamp=[1, 2])})
        assert book.number(['b', 'a']) == {'b': 1, 'a': 2}
    with LabelJournal(path, {}) as book:
        assert book.get('a', (1, 2)) and book.get('a', (1, 3)) is None
        assert book.get('b', (1, 2)) is None
        assert book.number(['A', 'a']) == {'b': 1, 'a': 2, 'A': 3}
