"""The doctor's checks of torch and mmcv's operators, on faked ones."""

from types import SimpleNamespace
from typing import Any

import pytest

from mmvision_ext.doctor import Finding, Level, hardware
from mmvision_ext.doctor.hardware import TorchPair, check_ops, check_torch
from mmvision_ext.ops import COMPILED, MISSING, STAND_IN

PAIR = TorchPair(('torch==2.11.0', 'torchvision==0.26.0'))


def fake_torch(
    built: str | None = '13.0',
    cuda: bool = False,
    mps: bool = False,
    operators: bool = True,
) -> SimpleNamespace:
    """What the doctor looks at in torch."""
    return SimpleNamespace(
        __version__='2.11.0',
        version=SimpleNamespace(cuda=built),
        cuda=SimpleNamespace(
            is_available=lambda: cuda,
            device_count=lambda: 1,
            get_device_name=lambda index: f'GPU {index}',
        ),
        backends=SimpleNamespace(
            mps=SimpleNamespace(is_available=lambda: mps)
        ),
        ops=SimpleNamespace(
            torchvision=SimpleNamespace(
                **({'nms': object()} if operators else {})
            )
        ),
    )


def examine(torch: Any, driver: tuple[int, int] | None) -> list[Finding]:
    """Run the check with a faked torch and torchvision."""
    modules = {
        'torch': torch,
        'torchvision': SimpleNamespace(__version__='0.26.0'),
    }
    return check_torch(driver, PAIR, modules.__getitem__)


@pytest.mark.parametrize(
    ('torch', 'driver', 'text'),
    [
        (fake_torch(cuda=True), (13, 0), 'CUDA 13.0: GPU 0'),
        (fake_torch(built=None, mps=True), None, 'MPS'),
        (fake_torch(), None, 'CPU; no NVIDIA driver'),
    ],
)
def test_devices(
    torch: Any, driver: tuple[int, int] | None, text: str
) -> None:
    device, operators = examine(torch, driver)
    assert device.level is operators.level is Level.OK
    assert text in device.text


def test_torch_for_a_newer_cuda_than_the_driver() -> None:
    device = examine(fake_torch('13.0'), (12, 4))[0]
    assert device.level is Level.MEND
    assert 'built for CUDA 13.0' in device.text
    assert 'CUDA 12.4 at most' in device.text
    assert 'torch==2.11.0 torchvision==0.26.0' in device.command
    assert device.command.endswith('/cu126')


def test_a_driver_but_no_visible_gpu() -> None:
    device = examine(fake_torch('12.6'), (12, 8))[0]
    assert device.level is Level.MEND
    assert 'sees no GPU' in device.text


@pytest.mark.parametrize(
    ('driver', 'build'), [((12, 4), 'cu126'), ((13, 1), 'cu130')]
)
def test_a_cpu_build_beside_a_driver_is_a_note(
    driver: tuple[int, int], build: str
) -> None:
    device = examine(fake_torch(None), driver)[0]
    assert device.level is Level.NOTE
    assert device.command.endswith(f'/{build}')


def test_torchvision_without_its_operators() -> None:
    operators = examine(fake_torch(operators=False), None)[1]
    assert operators.level is Level.MEND
    assert 'does not work with torch 2.11.0' in operators.text
    assert operators.command == PAIR.command()


@pytest.mark.parametrize(
    'error',
    [ModuleNotFoundError("No module named 'torch'"), OSError('libcudart.so')],
)
def test_torch_does_not_load(error: Exception) -> None:
    def load(name: str) -> None:
        raise error

    findings = check_torch(None, PAIR, load)
    assert [item.level for item in findings] == [Level.MEND]
    assert str(error) in findings[0].text


@pytest.mark.parametrize(
    ('kind', 'works', 'level', 'text', 'command'),
    [
        (COMPILED, True, Level.OK, 'all compiled', ''),
        (STAND_IN, True, Level.OK, 'stand-ins from torchvision for nms', ''),
        (MISSING, True, Level.MEND, 'neither', 'python -m mmvision_ext.ops'),
        (
            COMPILED,
            False,
            Level.MEND,
            'undefined symbol',
            'bash tools/install.sh --compile-ops',
        ),
        (
            STAND_IN,
            False,
            Level.MEND,
            'undefined symbol',
            'python -m mmvision_ext.ops',
        ),
    ],
)
def test_operators(
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    works: bool,
    level: Level,
    text: str,
    command: str,
) -> None:
    def load(name: str) -> None:
        if not works:
            raise ImportError('undefined symbol')

    monkeypatch.setattr(hardware, 'ops_kind', lambda: kind)
    finding = check_ops(load)
    assert finding.level is level
    assert text in finding.text
    assert finding.command == command


def test_operators_without_mmcv(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> str:
        raise ModuleNotFoundError('mmcv is not installed')

    monkeypatch.setattr(hardware, 'ops_kind', absent)
    assert check_ops().level is Level.MEND
