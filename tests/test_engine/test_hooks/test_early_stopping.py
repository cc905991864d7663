"""Patience and the best checkpoint, as the attribute configs have them."""

from pathlib import Path

import torch

from mmvision_ext.engine.launch import build_runner
from mmvision_ext.testing.scripted_attributes import scripted_config

COCONUT = 'configs/coconut/cross-modal_r50_1xb4-30e_coconut.py'
OBJECTS = (
    'configs/coco_attributes/'
    'efficientnet-lite0_early-stopping_1xb16-30e_apascal.py'
)
# Worst, chance, best of all in epoch 3, and never as good again.
PLATEAU = (-1, 0, 1, 0)
# Best in epoch 3, and no better than that for ever.
SATURATED = (-1, 0, 1)


def _train(config: Path, script: tuple[int, ...], work_dir: Path) -> list[str]:
    """Train and name the checkpoints that are left."""
    build_runner(scripted_config(config, script, work_dir)).train()
    return sorted(path.name for path in work_dir.glob('*.pth'))


def _steps(path: Path) -> float:
    return torch.load(path, weights_only=False)['state_dict']['steps'].item()


def test_a_plateau_stops_the_run_and_the_best_epoch_is_kept(
    repository: Path, tmp_path: Path
) -> None:
    names = _train(repository / COCONUT, PLATEAU, tmp_path)
    last = [f'epoch_{number}.pth' for number in (11, 12, 13)]  # 3 + patience
    assert names == ['best_attributes_mAP_epoch_3.pth', *last]
    assert _steps(tmp_path / names[0]) == 3


def test_objects_that_stay_equal_stop_the_run(
    repository: Path, tmp_path: Path
) -> None:
    names = _train(repository / OBJECTS, SATURATED, tmp_path)
    assert 'epoch_13.pth' in names and 'epoch_14.pth' not in names
    assert 'best_attributes_mAP_epoch_3.pth' in names
