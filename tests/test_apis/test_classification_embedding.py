"""t-SNE and PCA of features."""

import csv
from pathlib import Path

import numpy as np
import pytest

from mmvision_ext.apis import DatasetClassification
from mmvision_ext.apis.classification_embedding import embed, write_embedding
from mmvision_ext.utils import InputError


def _features(count: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Three well separated clusters in 8 dimensions."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 3
    centres = 20 * rng.normal(size=(3, 8))
    features = centres[labels] + rng.normal(size=(count, 8))
    return features.astype(np.float32), labels


def test_pca_is_the_singular_value_decomposition() -> None:
    features, _ = _features()
    found = embed(features, 'pca')
    centred = features - features.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * values[:2]
    for axis in range(2):
        sign = np.sign(found.points[:, axis] @ expected[:, axis])
        assert found.points[:, axis] == pytest.approx(
            sign * expected[:, axis], abs=1e-3
        )
    assert found.explained == pytest.approx(
        tuple(values[:2] ** 2 / (values**2).sum()), rel=1e-4
    )


def test_tsne_keeps_clusters_and_repeats_with_its_seed() -> None:
    features, labels = _features()
    found = embed(features, 'tsne', seed=3)
    assert found.explained is None
    assert 'perplexity 10, seed 3' in found.method
    distance = np.linalg.norm(
        found.points[:, None] - found.points[None], axis=2
    )
    np.fill_diagonal(distance, np.inf)
    assert (labels[distance.argmin(axis=1)] == labels).all()
    again = embed(features, 'tsne', seed=3)
    assert (found.points == again.points).all()


@pytest.mark.parametrize('count', [3, 4, 7])
def test_few_images_are_embedded(count: int) -> None:
    points = embed(_features(count)[0], 'tsne').points
    assert points.shape == (count, 2) and np.isfinite(points).all()


def test_wrong_settings_are_named() -> None:
    features, _ = _features(6)
    with pytest.raises(InputError, match='less than the 6 images, found 6'):
        embed(features, 'tsne', perplexity=6)
    with pytest.raises(InputError, match='found 2 images and 8 dim'):
        embed(features[:2], 'pca')
    with pytest.raises(InputError, match='and 1 dimensions'):
        embed(features[:, :1], 'pca')


def test_files_hold_points_and_classes(tmp_path: Path) -> None:
    features, labels = _features(9)
    scores = np.eye(3, dtype=np.float32)[(labels + 1) % 3]
    results = DatasetClassification(
        scores, labels, [f'{i}.jpg' for i in range(9)], ('a', 'b', 'c')
    )
    embedding = embed(features, 'pca')
    chart, table = write_embedding(
        embedding, results, tmp_path, 'pca', 'backbone', ['c', '0', 'c']
    )
    assert chart.is_file()
    with table.open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['image'] for row in rows] == results.paths
    assert rows[1]['true'] == 'b' and rows[1]['predicted'] == 'c'
    points = [[float(row['x']), float(row['y'])] for row in rows]
    assert np.array(points) == pytest.approx(embedding.points, rel=1e-3)
    with pytest.raises(InputError, match="found 'd'"):
        write_embedding(embedding, results, tmp_path, 'x', 'backbone', ['d'])


def test_more_classes_than_a_legend_can_hold(tmp_path: Path) -> None:
    names = tuple(f'class {index}' for index in range(21))
    results = DatasetClassification(
        np.eye(21, dtype=np.float32), np.arange(21), ['x'] * 21, names
    )
    embedding = embed(np.random.default_rng(0).normal(size=(21, 4)), 'pca')
    with pytest.raises(InputError, match='at most 20.*found 21'):
        write_embedding(embedding, results, tmp_path, 'x', 'y', names)
