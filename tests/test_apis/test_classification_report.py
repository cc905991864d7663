"""Accuracies and confusions against scikit-learn, tables and pictures."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics

from mmvision_ext.apis import DatasetClassification
from mmvision_ext.apis.classification_confusion import (
    block_order,
    class_accuracy,
    confused_pairs,
    count_confusions,
    summarise,
)
from mmvision_ext.apis.classification_report import (
    most_confident_mistakes,
    pairs_table,
    write_report,
)
from mmvision_ext.utils import InputError


def _results(
    num_classes: int = 7, count: int = 200, seed: int = 0
) -> DatasetClassification:
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.ones(num_classes), count).astype(np.float32)
    labels = rng.integers(0, num_classes, count)
    return DatasetClassification(
        scores,
        labels,
        [f'image {index}' for index in range(count)],
        tuple(f'class {index}' for index in range(num_classes)),
    )


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline='') as file:
        return list(csv.reader(file))


def test_summary_is_scikit_learn_s() -> None:
    results = _results()
    summary = summarise(results)
    labels, scores = results.labels, results.scores
    assert summary.top1 == pytest.approx(
        100 * metrics.accuracy_score(labels, scores.argmax(1))
    )
    assert summary.top5 == pytest.approx(
        100 * metrics.top_k_accuracy_score(labels, scores, k=5)
    )
    assert summary.mean_class == pytest.approx(
        100 * metrics.balanced_accuracy_score(labels, scores.argmax(1))
    )
    assert summary.chance_top1 == pytest.approx(100 / 7)
    assert summary.chance_top5 == pytest.approx(500 / 7)
    assert summary.largest_class == pytest.approx(
        100 * np.bincount(labels).max() / 200
    )
    assert 'on 200 images of 7 classes' in str(summary)


def test_summary_names_classes_without_images_and_leaves_out_top5() -> None:
    results = _results(num_classes=4, count=20)
    results.labels[:] = results.labels % 3
    summary = summarise(results)
    assert summary.num_seen == 3 and summary.top5 is None
    assert '4 classes, 1 of them without an image' in str(summary)
    assert 'top-5' not in str(summary)
    shares = class_accuracy(results)
    assert np.isnan(shares[3])
    assert summary.mean_class == pytest.approx(100 * shares[:3].mean())


def test_confusions_and_pairs_count_every_image() -> None:
    results = _results()
    matrix = count_confusions(results)
    expected = np.zeros((7, 7), int)
    for label, found in zip(results.labels, results.predicted, strict=True):
        expected[label, found] += 1
    assert (matrix == expected).all()
    pairs = confused_pairs(matrix)
    assert sum(pair.count for pair in pairs) == (200 - np.trace(expected))
    assert [pair.count for pair in pairs] == sorted(
        (pair.count for pair in pairs), reverse=True
    )
    first = pairs[0]
    assert first.count == expected[first.true, first.predicted]
    assert first.share == first.count / expected[first.true].sum()


def test_order_brings_planted_blocks_together() -> None:
    rng = np.random.default_rng(3)
    groups = rng.permutation(np.repeat(np.arange(4), 5))
    matrix = np.where(groups[:, None] == groups, 3, 0) + 20 * np.eye(
        20, dtype=int
    )
    matrix += rng.integers(0, 2, (20, 20))
    arranged = groups[block_order(matrix)]
    assert sorted(block_order(matrix)) == list(range(20))
    assert (np.diff(arranged) != 0).sum() == 3


def test_order_of_few_classes() -> None:
    assert block_order(np.eye(2, dtype=int)).tolist() == [0, 1]


def test_mistakes_come_by_confidence() -> None:
    results = _results()
    chosen = most_confident_mistakes(results, 10)
    assert len(chosen) == 10
    assert (results.predicted[chosen] != results.labels[chosen]).all()
    confidence = results.scores.max(axis=1)
    wrong = confidence[results.predicted != results.labels]
    assert confidence[chosen] == pytest.approx(np.sort(wrong)[::-1][:10])


@pytest.fixture
def with_images(tmp_path: Path) -> DatasetClassification:
    """Results whose images exist, of different shapes."""
    results = _results(num_classes=3, count=6)
    for index in range(6):
        path = tmp_path / f'{index}.png'
        Image.new('RGB', (20 + 30 * index, 60), (255, 0, 0)).save(path)
        results.paths[index] = str(path)
    results.labels[:] = (results.predicted + [0, 1, 1, 1, 1, 1]) % 3
    return results


def test_report_writes_what_it_names(
    with_images: DatasetClassification, tmp_path: Path
) -> None:
    paths = write_report(with_images, tmp_path / 'out', num_mistakes=4)
    assert sorted(path.name for path in paths) == sorted(
        path.name for path in (tmp_path / 'out').iterdir()
    )
    header, *rows = _rows(tmp_path / 'out' / 'confusion_matrix.csv')
    order = [with_images.classes.index(name) for name in header[1:]]
    counts = np.array([[int(cell) for cell in row[1:]] for row in rows])
    assert (
        counts == count_confusions(with_images)[np.ix_(order, order)]
    ).all()
    header, *rows = _rows(tmp_path / 'out' / 'predictions.csv')
    assert [row[0] for row in rows] == with_images.paths
    assert sum(row[1] == row[2] for row in rows) == 1
    page = np.asarray(Image.open(tmp_path / 'out' / 'mistakes.png'))
    red = (page == [255, 0, 0]).all(axis=2)
    assert red.any(), 'images keep their colours'


def test_report_without_mistakes(
    with_images: DatasetClassification, tmp_path: Path
) -> None:
    with_images.labels[:] = with_images.predicted
    paths = write_report(with_images, tmp_path / 'out')
    assert 'mistakes.png' not in [path.name for path in paths]
    assert pairs_table(with_images) == (
        'No image was taken for another class.'
    )


def test_report_of_very_many_classes_shows_the_worst(
    tmp_path: Path, monkeypatch
) -> None:
    shown = []
    for name in ('plot_class_confusion', 'plot_class_accuracy'):
        monkeypatch.setattr(
            f'mmvision_ext.apis.classification_report.{name}',
            lambda values, names, path, title, *_: (
                shown.append((names, title)) or path
            ),
        )
    results = _results(num_classes=160, count=320)
    results.labels[:] = np.arange(320) // 2
    results.scores[:] = np.eye(160)[results.labels]
    for image in range(0, 8, 2):  # an image of class 0 to 3 is taken for 9
        results.scores[image] = np.eye(160)[9]
    write_report(results, tmp_path, num_mistakes=0)
    assert len(_rows(tmp_path / 'class_accuracy.csv')) == 161
    for names, title in shown:
        assert len(names) == 150
        assert {f'class {index}' for index in range(4)} < set(names)
        assert 'the 150 of 160 classes with the most mistakes' in title
    assert 'class 9' in shown[0][0]


def test_wrong_inputs_are_named(
    with_images: DatasetClassification, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match='at least 0, found -1'):
        write_report(with_images, tmp_path, -1)
    Path(with_images.paths[1]).write_bytes(b'')
    with pytest.raises(InputError, match='1.png cannot be read'):
        write_report(with_images, tmp_path / 'out')
