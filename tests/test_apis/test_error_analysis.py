"""Errors of a detector, counted and drawn."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.apis.error_analysis import (
    ERROR_COLOR,
    TRUTH_COLOR,
    collect_error_data,
    write_confusion,
    write_error_pages,
)
from mmvision_ext.utils import InputError

A, B, C = [10.0, 10, 40, 40], [50.0, 50, 90, 90], [60.0, 5, 90, 35]


class Samples(list):
    """Data samples and the names of their classes."""

    classes = ('circle', 'square', 'triangle')


@pytest.fixture
def samples(make_sample) -> Samples:
    """Each kind of error once, beside one correct detection.

    Image 0: A found twice; B found with the wrong class. Image 1: A missed;
    C found, but moved by half its width; a detection on nothing. Image 2: no
    objects and no detections.
    """
    moved = [C[0] - 15, C[1], C[2] - 15, C[3]]
    return Samples(
        [
            make_sample(
                0,
                [(A, 0), (B, 1)],
                [(A, 0, 0.9), (A, 0, 0.6), (B, 2, 0.8), (C, 1, 0.1)],
                with_masks=True,
            ),
            make_sample(
                1,
                [(A, 0), (C, 2)],
                [(moved, 2, 0.7), ([0.0, 70, 20, 90], 1, 0.5)],
                with_masks=True,
            ),
            make_sample(2, [], [], with_masks=True),
        ]
    )


@pytest.mark.parametrize('kind', ['bbox', 'segm'])
def test_every_kind_of_error_is_listed_and_drawn(
    samples: Samples, kind: str, tmp_path: Path
) -> None:
    data = collect_error_data(samples, kind)
    files = write_error_pages(data, tmp_path / kind)
    assert [path.name for path in files] == [
        'errors.csv',
        'errors.png',
        'errors_missed.png',
        'errors_duplicate.png',
        'errors_confusion.png',
        'errors_localisation.png',
        'errors_background.png',
    ]
    with files[0].open() as file:
        rows = {row['error']: row for row in csv.DictReader(file)}
    assert len(rows) == 5
    assert rows['missed']['true_class'] == 'circle'
    assert rows['missed']['true_box'] == '10.0 10.0 40.0 40.0'
    assert rows['missed']['detected_class'] == ''
    assert rows['duplicate']['score'] == '0.6000'
    confusion = rows['confusion']
    assert (confusion['true_class'], confusion['detected_class']) == (
        'square',
        'triangle',
    )
    assert confusion['iou'] == '1.0000'
    assert float(rows['localisation']['iou']) == pytest.approx(1 / 3, abs=0.01)
    assert rows['background']['true_class'] == ''
    assert Path(rows['background']['image']).stem == 'shapes_00001'


def test_pages_show_truth_and_error_in_their_colours(
    samples: Samples, tmp_path: Path
) -> None:
    write_error_pages(collect_error_data(samples), tmp_path)
    shown = {}
    for kind in ('missed', 'confusion', 'background'):
        page = np.asarray(Image.open(tmp_path / f'errors_{kind}.png'))
        shown[kind] = [
            bool((page == color).all(axis=2).any())
            for color in (TRUTH_COLOR, ERROR_COLOR)
        ]
    assert shown == {
        'missed': [True, False],
        'confusion': [True, True],
        'background': [False, True],
    }


def test_a_page_holds_no_more_than_asked(make_sample, tmp_path: Path) -> None:
    samples = Samples(make_sample(n, [(A, 0), (B, 1)], []) for n in range(4))
    write_error_pages(collect_error_data(samples), tmp_path, per_page=3)
    page = Image.open(tmp_path / 'errors_missed.png')
    assert page.width == 3 * 320 + 4 * 12


def test_no_errors_give_a_chart_and_no_pages(
    make_sample, tmp_path: Path
) -> None:
    samples = Samples(
        [make_sample(0, [(A, 0)], [(A, 0, 0.9)]), make_sample(1, [], [])]
    )
    files = write_error_pages(collect_error_data(samples), tmp_path)
    assert [path.name for path in files] == ['errors.csv', 'errors.png']


def test_the_confusion_table_counts_objects_once(
    samples: Samples, tmp_path: Path
) -> None:
    chart, table = write_confusion(
        collect_error_data(samples), tmp_path / 'new'
    )
    with table.open() as file:
        rows = list(csv.reader(file))
    assert rows == [
        ['true \\ detected', 'circle', 'square', 'triangle', '(missed)'],
        ['circle', '1', '0', '0', '1'],
        ['square', '0', '0', '1', '0'],
        ['triangle', '0', '0', '0', '1'],
        ['(background)', '1', '1', '1', '0'],
    ]
    assert Image.open(chart).width > 300


def test_nothing_to_count_is_drawn_too(make_sample, tmp_path: Path) -> None:
    samples = Samples([make_sample(0, [], [])])
    chart, _ = write_confusion(collect_error_data(samples), tmp_path)
    assert chart.is_file()


@pytest.mark.parametrize(
    ('iou', 'score'), [(0.05, 0.3), (1.5, 0.3), (0.5, -1)]
)
def test_thresholds_out_of_range_are_refused(
    samples: Samples, iou: float, score: float
) -> None:
    with pytest.raises(InputError, match='thresholds: expected'):
        collect_error_data(samples, 'bbox', iou, score)
