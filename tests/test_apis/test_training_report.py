"""Reports from the files of trainings."""

import json
import math
from pathlib import Path

import pytest

from mmvision_ext.apis.training_history import read_history
from mmvision_ext.apis.training_report import write_training_report
from mmvision_ext.testing.training_logs import train_record, write_start
from mmvision_ext.utils import InputError

KEEPS_BEST = """
default_scope = 'mmpretrain'
train_cfg = dict(by_epoch=True, max_epochs=4)
randomness = dict(seed=7)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='LeNet5'),
    head=dict(type='ClsHead'),
)
default_hooks = dict(
    checkpoint=dict(save_best='attributes/mAP', rule='greater'))
"""
KEEPS_LAST = """
default_scope = 'mmpretrain'
train_cfg = dict(by_epoch=True, max_epochs=4)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='LeNet5'),
    head=dict(type='LinearClsHead', num_classes=8, in_channels=4),
)
"""


def _val(epoch: int, value: float) -> dict[str, float]:
    return {
        'attributes/mAP': value,
        'attributes/mAP_chance': 21.5,
        'attributes/accuracy': 60.0 + epoch,
        'attributes/accuracy_all_negative': 88.25,
        'time': 0.1,
        'step': epoch,
    }


@pytest.fixture
def resumed(tmp_path: Path) -> Path:
    """Two epochs, a third that was killed, then resumed at its beginning."""
    work_dir = tmp_path / 'run'
    write_start(
        work_dir,
        '20260101_000000',
        [
            train_record(1, 1, 4.0),
            train_record(2, 1, 2.0),
            _val(1, 30.0),
            train_record(3, 2, 1.0),
            _val(2, 45.0),
            train_record(5, 3, 100.0),
        ],
        KEEPS_BEST,
        [
            '2026/01/01 00:00:00 - mmengine - INFO - ',
            '2026/01/01 00:01:40 - mmengine - INFO - killed',
        ],
    )
    write_start(
        work_dir,
        '20260102_000000',
        [train_record(5, 3, 0.5), _val(3, 40.0)],
        KEEPS_BEST,
        [
            '2026/01/02 00:00:00 - mmengine - INFO - ',
            '2026/01/02 00:00:20 - mmengine - INFO - AttributeMetric: mAP; '
            'protocol: 20 of 100 images',
            'the monitored metric did not improve in the last 1 records. ',
        ],
    )
    (work_dir / 'best_attributes_mAP_epoch_2.pth').touch()
    return work_dir


def _table(text: str, title: str) -> list[list[str]]:
    """Cells of the table below a heading."""
    lines = text.partition(title)[2].partition('\n#')[0].splitlines()
    rows = [line for line in lines if line.startswith('|')]
    return [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in (rows[0], *rows[2:])
    ]


def test_a_resumed_training_is_one_history(resumed: Path) -> None:
    write_training_report(resumed)
    content = json.loads(
        (resumed / 'training_report' / 'history.json').read_text()
    )
    assert content['unit'] == 'epoch' and content['not_finite'] == {}
    rows = content['rows']
    assert [row['epoch'] for row in rows] == [1, 2, 3]
    assert [row['loss'] for row in rows] == [3, 1, 0.5]  # means
    assert [row['lr'] for row in rows] == [0.05, 0.1 / 3, 0.02]  # the last
    assert [row['attributes/mAP'] for row in rows] == [30, 45, 40]
    assert set(rows[0]) == {'epoch', 'loss', 'lr', *_val(1, 0)} - {
        'time',
        'step',
    }


def test_report_of_a_training_that_keeps_its_best_epoch(resumed: Path) -> None:
    text, _, chart = write_training_report(resumed, resumed / 'new' / 'out')
    assert text.parent == resumed / 'new' / 'out'
    assert chart.stat().st_size > 10_000
    report = text.read_text()
    for line in (
        '- seed: 7',
        '- epochs: 3 of 4; stopped early: 1 evaluations',
        '- starts: 2',
        '- time (h:mm:ss): 0:02:00',
        '- validation data: 20 of 100 images',
        '- not recorded: config, commit, hardware',
        'keeps a checkpoint (`best_attributes_mAP_epoch_2.pth`)',
    ):
        assert line in report
    assert _table(report, '## Best and last epoch') == [
        ['metric', 'best (epoch 2)', 'last (epoch 3)', 'beside'],
        ['**attributes/mAP**', '45', '40', '21.5 (chance)'],
        ['attributes/accuracy', '62', '63', '88.25 (all-negative)'],
    ]
    course = _table(report, '## Every epoch')
    assert course[0] == [
        'epoch',
        'loss',
        'lr',
        'attributes/mAP',
        'chance',
        'attributes/accuracy',
        'all-negative',
    ]
    assert course[2] == ['2', '1', '0.03333', '45', '21.5', '62', '88.25']


def test_a_training_that_went_on_was_not_stopped_early(resumed: Path) -> None:
    write_start(
        resumed, '20260103_000000', [train_record(7, 4, 0.25)], KEEPS_BEST
    )
    report = write_training_report(resumed)[0].read_text()
    assert '- epochs: 4 of 4\n' in report


def test_a_config_that_keeps_the_last_epoch_is_not_flattered(
    tmp_path: Path,
) -> None:
    records = [
        train_record(1, 1, 2.0),
        {'accuracy/top1': 30.0, 'accuracy/top5': 70.0, 'step': 1},
        train_record(2, 2, 1.0),
        {'accuracy/top1': 20.0, 'accuracy/top5': 80.0, 'step': 2},
    ]
    write_start(tmp_path, '1', records, KEEPS_LAST)
    report = write_training_report(tmp_path)[0].read_text()
    assert 'would flatter' in report
    assert _table(report, '## Best and last epoch')[1:] == [
        ['**accuracy/top1**', '30', '20', '12.5 (chance)'],
        ['accuracy/top5', '70', '80', '62.5 (chance)'],
    ]


def test_values_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    records = [train_record(1, 1, 2.0), train_record(2, 1, math.nan)]
    write_start(tmp_path, '1', records, KEEPS_LAST)
    text, record, _ = write_training_report(tmp_path)
    assert 'left out: 1 of loss' in text.read_text()
    assert 'The log has no validation.' in text.read_text()
    content = json.loads(record.read_text(), parse_constant=pytest.fail)
    assert content['not_finite'] == {'loss': 1}
    assert content['rows'][0]['loss'] == 2


def test_a_training_that_counts_iterations(tmp_path: Path) -> None:
    losses = {10: 4.0, 20: 2.0, 30: 1.0, 40: 7.0}
    records = [
        dict(lr=0.1, loss=loss, iter=step, step=step)
        for step, loss in losses.items()
    ]
    records.insert(2, {'coco/bbox_mAP': 0.1, 'step': 20})
    records.insert(4, {'coco/bbox_mAP': 0.2, 'step': 30})
    write_start(tmp_path, '1', records)
    history = read_history(tmp_path)
    assert history.unit == 'iteration'
    assert history.column('loss') == [(20, 3), (30, 1), (40, 7)]
    assert history.column('coco/bbox_mAP') == [(20, 0.1), (30, 0.2)]


def test_long_trainings_have_a_short_table(tmp_path: Path) -> None:
    records = [train_record(step, step, 1.0) for step in range(1, 131)]
    write_start(tmp_path, '1', records, KEEPS_LAST)
    text, record, _ = write_training_report(tmp_path)
    shown = [row[0] for row in _table(text.read_text(), '## Every epoch')[1:]]
    assert shown == [str(epoch) for epoch in (*range(1, 131, 3),)]
    assert len(json.loads(record.read_text())['rows']) == 130


def test_no_config_names_the_backend(tmp_path: Path) -> None:
    folder = write_start(tmp_path, '1', [train_record(1, 1, 1.0)])
    (folder / 'vis_data' / 'config.py').unlink()
    with pytest.raises(InputError, match=r'config\.py.*LocalVisBackend'):
        write_training_report(tmp_path)


def test_a_damaged_record_names_the_file(resumed: Path) -> None:
    file = resumed / '20260102_000000' / 'training_facts.json'
    file.write_text('{"seed": 1}')
    with pytest.raises(InputError, match='TrainingReportHook') as error:
        write_training_report(resumed)
    assert str(file) in str(error.value)
