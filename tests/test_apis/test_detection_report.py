"""All that is to be seen of a detector on a dataset."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from mmvision_ext.apis.detection_report import (
    write_class_table,
    write_detection_report,
)
from mmvision_ext.apis.error_analysis import collect_error_data
from mmvision_ext.utils import InputError

A, B, C = [10.0, 10, 40, 40], [50.0, 50, 90, 90], [60.0, 5, 90, 35]


class Samples(list):
    """Data samples and the names of their classes; counts its readings."""

    classes = ('circle', 'square', 'triangle')
    readings = 0

    def __iter__(self):
        self.readings += 1
        return super().__iter__()


def _samples(make_sample, with_masks: bool) -> Samples:
    """Circles: a false alarm before the first of two, the second missed.

    Squares: found, with a low score. Triangles: none.
    """
    return Samples(
        [
            make_sample(
                0,
                [(A, 0), (B, 1)],
                [(C, 0, 0.9), (A, 0, 0.8), (B, 1, 0.01)],
                with_masks,
            ),
            make_sample(1, [(C, 0)], [], with_masks),
        ]
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_the_table_holds_the_average_precision_of_every_class(
    make_sample, tmp_path: Path
) -> None:
    samples = _samples(make_sample, True)
    # The square's mask is only a quarter of it: a hit as box, not as mask.
    samples[0].pred_instances.masks[2, 70:] = False
    samples[0].pred_instances.masks[2, :, 70:] = False
    table, chart = write_class_table(
        collect_error_data(samples), tmp_path / 'new'
    )
    names = ['class', 'objects', 'box AP50', 'mask AP50']
    assert _rows(table) == [
        dict(zip(names, row, strict=True))
        for row in (
            ('circle', '2', '0.2500', '0.2500'),  # half the recall at 1/2
            ('square', '1', '1.0000', '0.0000'),
            ('triangle', '0', '', ''),
            ('mean', '3', '0.6250', '0.1250'),
        )
    ]
    assert Image.open(chart).width > 800


def test_box_only_models_leave_the_column_of_masks_empty(
    make_sample, tmp_path: Path
) -> None:
    data = collect_error_data(_samples(make_sample, False))
    table, _ = write_class_table(data, tmp_path)
    assert [row['box AP50'] for row in _rows(table)][-1] == '0.6250'
    assert {row['mask AP50'] for row in _rows(table)} == {''}


def test_one_prediction_gives_the_whole_report(
    make_sample, tmp_path: Path
) -> None:
    samples = _samples(make_sample, True)
    files = write_detection_report(samples, tmp_path / 'new', 'segm')
    assert [path.name for path in files] == [
        'per_class.csv',
        'per_class.png',
        'confusion_matrix.png',
        'confusion_matrix.csv',
        'errors.csv',
        'errors.png',
        'errors_missed.png',
        'errors_background.png',
    ]
    assert all(path.is_file() for path in files)
    assert samples.readings == 1


def test_pages_without_examples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='per_page: expected at least 1'):
        write_detection_report(Samples([]), tmp_path, per_page=0)


def test_errors_on_masks_need_masks(make_sample, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\['masks'\] in the data sample"):
        write_detection_report(
            Samples(
                [make_sample(0, [(A, 0)], [(A, 0, 0.9)], with_masks=False)]
            ),
            tmp_path,
            'segm',
        )
