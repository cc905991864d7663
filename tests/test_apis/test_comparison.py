"""Detectors side by side."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from mmvision_ext.apis.comparison import (
    Contestant,
    compare_detectors,
    comparison_table,
    parse_contestant,
    write_comparison,
)
from mmvision_ext.apis.model_cost import ModelCost
from mmvision_ext.utils import InputError


@pytest.fixture
def no_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take fixed costs in the place of measured ones."""
    cost = ModelCost(
        device='a device',
        latency_ms=50.0,
        fps=20.0,
        num_timed=3,
        peak_memory_mib=None,
        memory_kind='not measured',
        params=2_500_000,
        gflops=1.25,
        gflops_kind='traced',
        input_shape=(64, 128),
    )
    monkeypatch.setattr(
        'mmvision_ext.apis.comparison.measure_cost', lambda *args: cost
    )


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('a=x/c.py:w.pth', Contestant('a', 'x/c.py', 'w.pth')),
        ('x/c.py:w.pth', Contestant('c', 'x/c.py', 'w.pth')),
        (
            'b=c.py:https://host/w.pth',
            Contestant('b', 'c.py', 'https://host/w.pth'),
        ),
        ('c.py:run=3/w.pth', Contestant('c', 'c.py', 'run=3/w.pth')),
    ],
)
def test_models_are_read_from_text(text: str, expected: Contestant) -> None:
    assert parse_contestant(text) == expected


@pytest.mark.parametrize('text', ['c.py', 'c.py:', ':w.pth', 'c.yaml:w.pth'])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match='expected NAME=CONFIG.py'):
        parse_contestant(text)


def test_two_models_on_one_dataset(
    mask_rcnn, sparse_rcnn, no_timing, tmp_path: Path
) -> None:
    rows = compare_detectors(
        [
            Contestant('mask', mask_rcnn.config, mask_rcnn.checkpoint),
            Contestant('sparse', sparse_rcnn.config, sparse_rcnn.checkpoint),
        ],
        device='cpu',
        limit=4,
        command='the command',
    )
    mask, sparse = rows
    assert mask.mask_map is not None and mask.mask_ap50 is not None
    assert sparse.mask_map is None and sparse.box_map is not None
    assert 0 <= mask.box_map <= mask.box_ap50 <= 1
    assert mask.params_m == 2.5 and mask.input_shape == '64x128'
    assert mask.data == sparse.data
    assert mask.data.endswith('val.txt: 8 images, the first 4')

    text = comparison_table(rows)
    header, _, first, second = text.splitlines()[:4]
    assert [cell.strip() for cell in header.strip('|').split('|')] == [
        'model',
        'box mAP',
        'box AP50',
        'mask mAP',
        'mask AP50',
        'images/s',
        'peak memory (MiB)',
        'parameters (M)',
        'GFLOPs',
        'input',
    ]
    assert len({len(line) for line in (header, first, second)}) == 1
    assert second.split('|')[4].strip() == '–'
    assert '- Hardware: a device.' in text and '`the command`' in text

    markdown, table, chart = write_comparison(rows, tmp_path / 'new')
    assert markdown.read_text() == text
    with table.open() as file:
        saved = list(csv.DictReader(file))
    for column in (
        'config',
        'checkpoint',
        'commit',
        'data',
        'hardware',
        'command',
    ):
        assert saved[0][column]
    assert saved[1]['mask_map'] == '' and saved[0]['fps'] == '20.0'
    assert Image.open(chart).width > 800


def test_a_box_only_model_named_first_takes_no_masks_from_the_others(
    mask_rcnn, sparse_rcnn, no_timing, monkeypatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(
        'mmvision_ext.apis.comparison.print_log',
        lambda message, logger, level: warnings.append(message),
    )
    models = [
        Contestant('sparse', sparse_rcnn.config, sparse_rcnn.checkpoint),
        Contestant('mask', mask_rcnn.config, mask_rcnn.checkpoint),
    ]
    sparse, mask = compare_detectors(models, device='cpu', limit=2)
    assert sparse.mask_ap50 is None and mask.mask_ap50 is not None
    assert not warnings
    row = comparison_table([sparse, mask]).splitlines()[2]
    assert row.split('|')[4].strip() == '–'
    # Asked for by name, a dataset without masks is used, and said so.
    (mask,) = compare_detectors(
        models[1:], sparse_rcnn.config, device='cpu', limit=2
    )
    assert mask.mask_ap50 is None and mask.box_ap50 is not None
    assert len(warnings) == 1 and 'mask AP is not measured' in warnings[0]


def test_names_must_differ() -> None:
    model = Contestant('a', 'c.py', 'w.pth')
    with pytest.raises(InputError, match='different names'):
        compare_detectors([model, model])
    with pytest.raises(InputError, match='at least one'):
        compare_detectors([])
    with pytest.raises(InputError, match='num_timed: expected at least 1'):
        compare_detectors([model], num_timed=0)
