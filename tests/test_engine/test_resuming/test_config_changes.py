"""Settings of the schedule that changed between two runs."""

import pytest
from mmengine.config import Config

from mmvision_ext.engine.resuming import describe_changes, find_stateful_parts


def _text(end: int = 12, rate: float = 0.1, **others: object) -> str:
    return Config(
        dict(
            train_cfg=dict(by_epoch=True, max_epochs=end),
            param_scheduler=[
                dict(type='LinearLR', end=2),
                dict(type='MultiStepLR', milestones=[8, end - 1]),
            ],
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=rate), **others),
            work_dir=f'work_dirs/{end}',
        )
    ).pretty_text


def test_nothing_is_said_about_what_is_equal() -> None:
    assert describe_changes(_text(), _text()) == ''
    assert describe_changes('', '') == ''


def test_every_change_is_named_with_what_is_in_force() -> None:
    lines = describe_changes(
        _text(), _text(24, 0.2, accumulative_counts=2)
    ).splitlines()
    assert lines[1] == "in force is the checkpoint's, which is resumed:"
    assert sorted(lines[2:4]) == [
        '  optim_wrapper.optimizer.lr: 0.1 in the checkpoint, 0.2 in the '
        'config',
        '  param_scheduler[1].milestones: [8, 11] in the checkpoint, [8, 23] '
        'in the config',
    ]
    assert lines[4] == "in force is the config's:"
    assert sorted(lines[5:7]) == [
        '  optim_wrapper.accumulative_counts: not set in the checkpoint, 2 in '
        'the config',
        '  train_cfg.max_epochs: 12 in the checkpoint, 24 in the config',
    ]
    assert 'load_from' in lines[7]


def test_a_config_in_a_checkpoint_is_not_run() -> None:
    text = "param_scheduler = __import__('os').abort()"
    assert '__import__' not in describe_changes(text, text)


def test_objects_are_refused_where_they_matter() -> None:
    assert describe_changes('model = <object>\n' + _text(), _text()) == ''
    with pytest.raises(SyntaxError):
        describe_changes('train_cfg = <object>', '')


def test_parts_with_a_state_of_their_own() -> None:
    pipeline = [dict(type='mmdet.CachedMosaic'), dict(type='RandomFlip')]
    cfg = dict(train_dataloader=dict(dataset=dict(pipeline=pipeline)))
    [found] = find_stateful_parts(cfg)
    assert found.startswith('CachedMosaic')
