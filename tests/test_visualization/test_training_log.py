"""Curves read from mmengine's scalars.json."""

import json
from pathlib import Path

import pytest

from mmvision_ext.utils import InputError
from mmvision_ext.visualization.training_log import (
    plot_training_logs,
    read_training_log,
)


def _train(step: int, loss: float, epoch: int = 1) -> dict:
    return {
        'lr': 0.1,
        'loss': loss,
        'loss_cls': loss / 2,
        's0.loss_bbox': loss,
        'lr/head': 0.1,
        'gradients/total_norm': loss,
        'time': 0.2,
        'epoch': epoch,
        'iter': step,
        'step': step,
    }


def _val(step: int, ap: float) -> dict:
    return {
        'coco/bbox_mAP': ap,
        'coco/bbox_mAP_s': ap,
        'time': 1.0,
        'step': step,
    }


def _write(work_dir: Path, start: str, records: list[dict]) -> Path:
    file = work_dir / start / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(record) + '\n' for record in records))
    return file


def test_training_and_validation_are_told_apart(tmp_path: Path) -> None:
    _write(
        tmp_path / 'run',
        '1',
        [_train(10, 3.0), _val(1, 0.1), _train(20, 2.0), _val(2, 0.2)],
    )
    log = read_training_log(tmp_path / 'run')
    assert log.name == 'run' and log.val_unit == 'epoch'
    assert (log.train['loss'].x, log.train['loss'].y) == ([10, 20], [3, 2])
    assert (log.val['coco/bbox_mAP'].x, log.val['coco/bbox_mAP'].y) == (
        [1, 2],
        [0.1, 0.2],
    )
    assert 'time' not in log.train and 'step' not in log.val


def test_a_resumed_run_continues_where_it_was_resumed(tmp_path: Path) -> None:
    _write(
        tmp_path,
        '20260101',
        [_train(10, 3.0), _val(1, 0.1), _train(20, 9.0), _train(30, 9.0)],
    )
    _write(tmp_path, '20260102', [_train(20, 2.0), _val(2, 0.2)])
    log = read_training_log(tmp_path)
    assert (log.train['loss'].x, log.train['loss'].y) == ([10, 20], [3, 2])
    assert log.val['coco/bbox_mAP'].y == [0.1, 0.2]


def test_values_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    _write(
        tmp_path,
        '1',
        [_train(10, float('nan')), _train(20, 1.0), _val(1, float('nan'))],
    )
    log = read_training_log(tmp_path)
    assert log.train['loss'].x == [20]
    assert 'coco/bbox_mAP' not in log.val


def test_one_dated_folder_can_be_read_alone(tmp_path: Path) -> None:
    _write(tmp_path, '1', [_train(10, 3.0)])
    _write(tmp_path, '2', [_train(10, 1.0)])
    assert read_training_log(tmp_path / '1').train['loss'].y == [3.0]


def test_a_folder_that_is_absent(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='gone: expected a folder, found no'):
        read_training_log(tmp_path / 'gone')


@pytest.mark.parametrize('content', [None, ''])
def test_no_log_names_the_folder(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        _write(tmp_path, '1', []).write_text(content)
    with pytest.raises(InputError, match='LocalVisBackend') as error:
        read_training_log(tmp_path)
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize('damage', ['{"loss": 0.', '7', '\0\0'])
def test_a_damaged_line_is_named(damage: str, tmp_path: Path) -> None:
    file = _write(tmp_path, '1', [_train(10, 1.0)])
    good = file.read_text()
    file.write_text(f'{good.rstrip()}\n{damage}\n{good}')
    with pytest.raises(InputError, match='line 2'):
        read_training_log(tmp_path)


@pytest.mark.parametrize('half', [b'{"loss": 0.', b'{"\xc3', b'\0\0'])
def test_half_a_last_line_is_left_out(half: bytes, tmp_path: Path) -> None:
    file = _write(tmp_path, '1', [_train(10, 1.0)])
    file.write_bytes(file.read_bytes().rstrip() + b'\n' + half)
    assert read_training_log(tmp_path).train['loss'].x == [10]


def test_default_panels_leave_out_parts_of_stages_and_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(
        'mmvision_ext.visualization.training_log.plot_curves',
        lambda panels, path, *rest, **options: seen.extend(panels),
    )
    _write(tmp_path / 'a', '1', [_train(10, 3.0), _val(1, 0.1)])
    _write(tmp_path / 'other' / 'a', '1', [_train(10, 2.0)])
    logs = [
        read_training_log(tmp_path / 'a'),
        read_training_log(tmp_path / 'other' / 'a'),
    ]
    plot_training_logs(logs, tmp_path / 'x.png')
    assert [panel.title for panel in seen] == [
        'loss',
        'loss_cls',
        'lr',
        'coco/bbox_mAP (validation)',
    ]
    assert list(seen[0].curves) == ['a (1)', 'a (2)']
    assert list(seen[3].curves) == ['a (1)']
    assert (seen[0].x_label, seen[3].x_label) == ('iteration', 'epoch')


def test_chosen_quantities_are_drawn(tmp_path: Path) -> None:
    _write(tmp_path / 'run', '1', [_train(10, 3.0), _val(1, 0.1)])
    log = read_training_log(tmp_path / 'run')
    path = plot_training_logs([log], tmp_path / 'x.png', ['s0.loss_bbox'])
    assert path.stat().st_size > 1000
    with pytest.raises(InputError, match=r"none named \['nothing'\]"):
        plot_training_logs([log], tmp_path / 'x.png', ['nothing'])
