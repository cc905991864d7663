"""How a model does on a dataset that it was not trained for."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, DefaultScope

from mmvision_ext.datasets.coco_checks import check_coco
from mmvision_ext.datasets.json_files import read_json
from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import markdown_table, number, save_csv
from mmvision_ext.utils.type_name import type_name

from .class_map import ClassMap, read_class_map
from .model import load_detector
from .predictions import DatasetPredictions, test_pipeline

KINDS = {'bbox': 'box', 'segm': 'mask'}


@dataclass
class CrossDatasetReport:
    """Results on another dataset, for the classes that it shares.

    Attributes:
        class_map: Which class means which category.
        num_images: Number of images.
        objects: Category to its number of objects that count.
        detections: Model class to its number of detections at or above
            ``score_thr``, mapped or not.
        score_thr: Lowest score that ``detections`` counts.
        metrics: As :class:`~mmvision_ext.evaluation.metrics.
            CocoInstanceMetric` names them, for the mapped categories.
    """

    class_map: ClassMap
    num_images: int
    objects: dict[str, int]
    detections: dict[str, int]
    score_thr: float
    metrics: dict[str, float]

    def rows(self) -> list[dict[str, str | int | float | None]]:
        """One row per mapped category, then their mean.

        Returns:
            ``category``, ``classes``, ``objects``, ``detections`` and an
            average precision per kind and threshold; None where undefined.
        """
        kinds = {
            kind: name
            for kind, name in KINDS.items()
            if f'coco/{kind}_mAP' in self.metrics
        }
        rows = []
        for category in self.class_map.categories:
            classes = [
                name
                for name, meaning in self.class_map.pairs.items()
                if meaning == category
            ]
            row: dict[str, str | int | float | None] = dict(
                category=category,
                classes=' '.join(classes),
                objects=self.objects[category],
                detections=sum(self.detections[name] for name in classes),
            )
            for kind, name in kinds.items():
                key = f'coco/{kind}_{category}_precision'
                row[f'{name} mAP'] = _finite(self.metrics[key])
                row[f'{name} AP50'] = _finite(self.metrics[f'{key}_50'])
            rows.append(row)
        mean: dict[str, str | int | float | None] = dict(
            category='all',
            classes='',
            objects=sum(
                self.objects[name] for name in self.class_map.categories
            ),
            detections=sum(
                self.detections[name] for name in self.class_map.pairs
            ),
        )
        for kind, name in kinds.items():
            mean[f'{name} mAP'] = _finite(self.metrics[f'coco/{kind}_mAP'])
            mean[f'{name} AP50'] = _finite(self.metrics[f'coco/{kind}_mAP_50'])
        return [*rows, mean]

    def to_markdown(self) -> str:
        """The rows as a table, and what was left out, with numbers.

        Returns:
            Markdown text.
        """
        rows = self.rows()
        table = markdown_table(
            list(rows[0]),
            [
                [
                    number(value, '.3f')
                    if isinstance(value, float) or value is None
                    else str(value)
                    for value in row.values()
                ]
                for row in rows
            ],
        )
        pieces = [
            table,
            f'{self.num_images} images; detections counted from '
            f'score {self.score_thr:g}.',
        ]
        for title, names, counts in (
            (
                'Classes of the model without a category (their detections '
                'were dropped)',
                self.class_map.unmapped_classes,
                self.detections,
            ),
            (
                'Categories without a class (their objects were not counted)',
                self.class_map.unmapped_categories,
                self.objects,
            ),
        ):
            listed = [
                f'{name} {counts[name]}' for name in names if counts[name]
            ]
            if len(listed) < len(names):
                listed.append(f'{len(names) - len(listed)} with 0')
            pieces.append(f'{title}: {", ".join(listed) or "none"}.')
        return '\n\n'.join(pieces) + '\n'

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``cross_dataset.md``, ``.csv`` and ``.json``.

        Args:
            folder: Where to; made where missing.

        Returns:
            The files written.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        text, table, data = (
            folder / f'cross_dataset.{ending}'
            for ending in ('md', 'csv', 'json')
        )
        text.write_text(self.to_markdown(), 'utf-8')
        rows = self.rows()
        save_csv(table, list(rows[0]), (row.values() for row in rows))
        data.write_text(
            json.dumps(
                dict(
                    class_map=dict(self.class_map.pairs),
                    unmapped_classes=self.class_map.unmapped_classes,
                    unmapped_categories=self.class_map.unmapped_categories,
                    num_images=self.num_images,
                    objects=self.objects,
                    detections=self.detections,
                    score_thr=self.score_thr,
                    metrics={
                        key: _finite(value)
                        for key, value in self.metrics.items()
                    },
                ),
                indent=2,
            )
        )
        return [text, table, data]


def evaluate_on_coco(
    config: str | Path | Config,
    checkpoint: str | Path,
    ann_file: str | Path,
    img_dir: str | Path,
    class_map: str | Path = 'auto',
    device: str | None = None,
    score_thr: float = 0.3,
    limit: int | None = None,
) -> CrossDatasetReport:
    """Evaluate a model on a COCO-format dataset with other classes.

    Detections of classes without a category are dropped, objects of
    categories without a class are not counted; both are reported.

    Args:
        config: Config file or config of the model.
        checkpoint: File or http(s) address of its weights.
        ann_file: COCO-format annotations.
        img_dir: Folder of the images.
        class_map: See :func:`~mmvision_ext.apis.class_map.read_class_map`.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        score_thr: Lowest score of the detections that are counted; average
            precision uses all of them.
        limit: Use the first images only.

    Returns:
        The report.

    Raises:
        InputError: A file is missing or faulty, or nothing is mapped.
    """
    categories, objects_of = _read_annotations(Path(ann_file))
    model = load_detector(config, checkpoint, device)
    classes = tuple(model.dataset_meta['classes'])
    mapped = read_class_map(class_map, classes, categories)
    shared = [name for name in categories if name in mapped.categories]
    targets = {name: index for index, name in enumerate(shared)}
    lookup = torch.tensor(
        [
            targets[mapped.pairs[name]] if name in mapped.pairs else -1
            for name in classes
        ]
    )
    dataset = _coco_dataset(model.cfg, ann_file, img_dir, shared)
    predictions = DatasetPredictions(
        model, dataset, limit, check_classes=False
    )
    detections: Counter[str] = Counter(dict.fromkeys(classes, 0))
    objects: Counter[str] = Counter(dict.fromkeys(categories, 0))
    metric = predictions.new_metric(classwise=True)
    for sample in predictions:
        objects.update(objects_of[sample.img_id])
        found = sample.pred_instances
        confident = found.labels[found.scores >= score_thr]
        detections.update(classes[label] for label in confident.tolist())
        _relabel(sample, lookup)
        metric.process(None, [sample.to_dict()])
    metrics = metric.evaluate(len(predictions))
    return CrossDatasetReport(
        mapped,
        len(predictions),
        dict(objects),
        dict(detections),
        score_thr,
        metrics,
    )


def _read_annotations(path: Path) -> tuple[list[str], dict[int, Counter[str]]]:
    """Names of the categories, and objects of each by image id."""
    if not path.is_file():
        raise InputError(
            f'annotations: expected a COCO-format JSON file, '
            f'found none at {path}.'
        )
    content = read_json(path)
    check_coco(content, path)
    names = {item['id']: item['name'] for item in content['categories']}
    objects: dict[int, Counter[str]] = {
        image['id']: Counter() for image in content['images']
    }
    for item in content['annotations']:
        name = names.get(item['category_id'])  # the dataset tells of others
        if name is not None and not item.get('iscrowd', 0):
            objects[item['image_id']][name] += 1
    return list(names.values()), objects


def _coco_dataset(
    config: Config,
    ann_file: str | Path,
    img_dir: str | Path,
    categories: Sequence[str],
) -> BaseDataset:
    pipeline = test_pipeline(config, config)
    names = [type_name(step.get('type')) for step in pipeline]
    loading = pipeline[names.index('LoadAnnotations')]
    settings = dict(
        type='mmvision_ext.CocoInstanceDataset',
        ann_file=str(Path(ann_file).resolve()),
        data_prefix=dict(img=str(Path(img_dir).resolve())),
        metainfo=dict(classes=tuple(categories)),
        test_mode=True,
        with_mask=loading.get('with_mask', False),
        pipeline=pipeline,
    )
    with DefaultScope.overwrite_default_scope(
        config.get('default_scope', 'mmdet')
    ):
        return DATASETS.build(settings)


def _relabel(sample: DetDataSample, lookup: torch.Tensor) -> None:
    """Turn model labels into category indices; drop those without one."""
    found = sample.pred_instances
    meaning = lookup[found.labels]
    found.labels = meaning
    sample.pred_instances = found[meaning >= 0]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
