"""Reports at the end of trainings and tests, by the runtime's own hooks."""

import json
from pathlib import Path

import pytest

from mmvision_ext.apis import inference_speed
from mmvision_ext.engine.hooks import InferenceReportHook, TrainingReportHook
from mmvision_ext.engine.launch import build_runner
from mmvision_ext.testing.scripted_attributes import scripted_config

CONFIG = 'configs/coco_attributes/r50_1xb8-30e_apascal.py'
HOOKS = 'mmvision_ext.engine.hooks'


@pytest.fixture
def config(repository: Path, tmp_path: Path):
    """Two epochs of an attribute config with scripted model and data."""
    cfg = scripted_config(repository / CONFIG, [0, 1], tmp_path)
    cfg.train_cfg.max_epochs = 2
    return cfg


def test_training_and_test_end_with_a_report(
    config, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(inference_speed, 'SECONDS', 0)
    runner = build_runner(config)
    runner.train()
    folder = tmp_path / 'training_report'
    report = (folder / 'training_report.md').read_text()
    for line in (
        f'- config: {config.filename}',
        '- seed: 0',
        '- epochs: 2 of 2\n',
        '- batch size: 6',
        '- parameters: 1, of which 1 trained at the start',
        '- training data: six generated samples',
        '`best_attributes_mAP_epoch_2.pth`',
    ):
        assert line in report
    assert 'not recorded' not in report
    rows = json.loads((folder / 'history.json').read_text())['rows']
    assert [row['attributes/mAP'] for row in rows] == [
        pytest.approx(100 * 7 / 18),
        100,
    ]
    runner.test()  # the trained model, without a checkpoint
    (file,) = tmp_path.glob('*/inference_report/inference_report.json')
    record = json.loads(file.read_text())
    assert record['metrics']['attributes/mAP'] == 100
    assert (record['checkpoint'], record['sha256']) == ('', None)


def test_tables_stay_where_the_config_wants_them(
    config, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(inference_speed, 'SECONDS', 0)
    config.test_evaluator[0].out_dir = str(tmp_path / 'tables')
    config.default_hooks.inference_report.out_dir = str(tmp_path / 'report')
    runner = build_runner(config)
    runner.model.steps += 1
    runner.test()
    assert (tmp_path / 'tables' / 'attributes.csv').is_file()
    names = {path.name for path in (tmp_path / 'report').iterdir()}
    assert 'attribute_ap.png' in names and 'attributes.csv' not in names


def test_only_the_first_process_writes(
    config, tmp_path: Path, monkeypatch
) -> None:
    for name in ('training_report_hook', 'inference_report_hook'):
        monkeypatch.setattr(f'{HOOKS}.{name}.is_main_process', lambda: False)
    runner = build_runner(config)
    runner.train()
    runner.test()
    for name in ('training_*', 'inference_report.*', 'a*.png'):
        assert not list(tmp_path.rglob(name))


def test_a_training_without_a_log_ends_well(
    config, tmp_path: Path, caplog
) -> None:
    config.visualizer.vis_backends = [dict(type='TensorboardVisBackend')]
    runner = build_runner(config)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert 'TrainingReportHook: no report' in caplog.text
    assert 'LocalVisBackend' in caplog.text
    assert (tmp_path / 'epoch_2.pth').is_file()


@pytest.mark.parametrize('hook', [TrainingReportHook, InferenceReportHook])
def test_reports_come_last(hook) -> None:
    assert hook().priority == 'LOWEST'
