"""A model on a dataset with other classes."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmvision_ext.apis.cross_dataset import evaluate_on_coco
from mmvision_ext.utils import InputError

CATEGORIES = ('star', 'round', 'sheet', 'cone')  # ids 10, 20, 30, 40
OBJECTS = {  # image: category, box (x, y, width, height)
    1: [('round', [10, 10, 20, 30]), ('star', [50, 50, 20, 20])],
    2: [('cone', [5, 5, 40, 40]), ('round', [60, 60, 20, 20])],
    3: [('star', [1, 1, 9, 9])],
}


class Oracle:
    """Finds every object, and names it as the shapes model would.

    Its classes are not in the order of the file's categories, and one of
    them, 'triangle', is not in the class map.
    """

    classes = ('triangle', 'sheet-like', 'disc', 'spike')
    names = {'round': 'disc', 'cone': 'spike', 'star': 'triangle'}

    def __init__(self, config: Config) -> None:
        self.cfg = config
        self.dataset_meta = {'classes': self.classes}
        self.with_mask = False

    def test_step(self, batch):
        (sample,) = batch['data_samples']
        objects = OBJECTS[sample.img_id]
        boxes = torch.tensor(
            [[x, y, x + w, y + h] for _, (x, y, w, h) in objects]
        ).float()
        labels = [self.classes.index(self.names[name]) for name, _ in objects]
        sample.pred_instances = InstanceData(
            bboxes=boxes,
            labels=torch.tensor(labels),
            scores=torch.linspace(0.9, 0.2, len(labels)),
        )
        return [sample]


@pytest.fixture
def files(photos: list[Path], tmp_path: Path) -> SimpleNamespace:
    """A COCO file on three images, and a class map."""
    ids = {
        name: 10 * number for number, name in enumerate(CATEGORIES, start=1)
    }
    annotations = [
        dict(
            image_id=image,
            category_id=ids[name],
            bbox=box,
            iscrowd=0,
            area=box[2] * box[3],
        )
        for image, objects in OBJECTS.items()
        for name, box in objects
    ]
    for number, annotation in enumerate(annotations, start=1):
        annotation['id'] = number
    images = [
        dict(id=number, file_name=photos[number].name, height=96, width=96)
        for number in OBJECTS
    ]
    ann = tmp_path / 'ann.json'
    ann.write_text(
        json.dumps(
            dict(
                images=images,
                annotations=annotations,
                categories=[
                    dict(id=ids[name], name=name) for name in CATEGORIES
                ],
            )
        )
    )
    mapping = tmp_path / 'map.json'
    mapping.write_text(
        json.dumps({'spike': 'cone', 'disc': 'round', 'sheet-like': 'sheet'})
    )
    return SimpleNamespace(ann=ann, map=mapping, images=photos[0].parent)


@pytest.fixture
def oracle(sparse_rcnn, monkeypatch) -> None:
    """Put the oracle in the place of every model."""
    monkeypatch.setattr(
        'mmvision_ext.apis.cross_dataset.load_detector',
        lambda config, *rest: Oracle(Config.fromfile(config)),
    )


def test_an_oracle_is_perfect_on_what_is_mapped(
    files, oracle, sparse_rcnn, tmp_path: Path
) -> None:
    report = evaluate_on_coco(
        sparse_rcnn.config, '', files.ann, files.images, files.map
    )
    assert report.metrics['coco/bbox_mAP'] == pytest.approx(1)
    assert report.class_map.categories == ('sheet', 'round', 'cone')
    assert report.objects == {'star': 2, 'round': 2, 'sheet': 0, 'cone': 1}
    assert report.detections == {
        'triangle': 1,
        'sheet-like': 0,
        'disc': 1,
        'spike': 1,
    }
    rows = {row['category']: row for row in report.rows()}
    assert rows['round'] == {
        'category': 'round',
        'classes': 'disc',
        'objects': 2,
        'detections': 1,
        'box mAP': pytest.approx(1),
        'box AP50': pytest.approx(1),
    }
    assert rows['sheet']['box mAP'] is None
    assert rows['all']['objects'] == 3

    text = report.to_markdown()
    assert 'were dropped): triangle 1.' in text
    assert 'were not counted): star 2.' in text
    markdown, table, data = report.save(tmp_path / 'out')
    assert markdown.read_text() == text
    with table.open() as file:
        saved = list(csv.DictReader(file))
    assert [row['category'] for row in saved] == [
        'sheet',
        'round',
        'cone',
        'all',
    ]
    assert saved[0]['box mAP'] == ''
    content = json.loads(data.read_text())
    assert content['class_map'] == {
        'sheet-like': 'sheet',
        'disc': 'round',
        'spike': 'cone',
    }
    assert content['metrics']['coco/bbox_sheet_precision'] is None


def test_a_wrong_map_is_seen_in_the_result(files, oracle, sparse_rcnn) -> None:
    files.map.write_text('{"spike": "round", "disc": "cone"}')
    report = evaluate_on_coco(
        sparse_rcnn.config, '', files.ann, files.images, files.map
    )
    assert report.metrics['coco/bbox_mAP'] == 0


def test_a_limit_counts_only_the_images_used(
    files, oracle, sparse_rcnn
) -> None:
    report = evaluate_on_coco(
        sparse_rcnn.config, '', files.ann, files.images, files.map, limit=1
    )
    assert report.num_images == 1
    assert report.objects == {'star': 1, 'round': 1, 'sheet': 0, 'cone': 0}


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'found none at'),
        ('{', 'found a fault'),
        ('{"images": []}', "expected a list 'annotations'"),
        (
            '{"images": [], "categories": [], "annotations": [{"id": 1, '
            '"image_id": 7, "category_id": 1}]}',
            'which no entry',
        ),
    ],
)
def test_faulty_annotations_are_named(
    content: str | None,
    message: str,
    files,
    oracle,
    sparse_rcnn,
    tmp_path: Path,
) -> None:
    path = tmp_path / 'faulty.json'
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=message) as error:
        evaluate_on_coco(sparse_rcnn.config, '', path, files.images)
    assert 'faulty.json' in str(error.value)
