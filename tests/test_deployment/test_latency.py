"""Ways to run a model, in one table."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from torch import nn

for _package in ('onnxscript', 'onnxruntime'):
    pytest.importorskip(_package, reason='extra deploy is not installed')

from mmvision_ext.deployment import latency, latency_ways  # noqa: E402
from mmvision_ext.deployment.latency import (  # noqa: E402
    COMPILED,
    EAGER,
    FLOAT,
    INT8,
    LatencyRow,
    compare_latency,
    print_latency,
)
from mmvision_ext.deployment.latency_ways import TimedClassifier  # noqa: E402
from mmvision_ext.deployment.report import Protocol  # noqa: E402
from mmvision_ext.utils import InputError  # noqa: E402


def test_ways_of_a_classifier(
    tool: Callable[..., None],
    read_rows: Callable[[Path], list[dict[str, str]]],
    resnet: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    def no_compiler(self: nn.Module) -> None:
        raise RuntimeError('No working C++ compiler found.\nSee the docs.')

    monkeypatch.setattr(nn.Module, 'compile', no_compiler)
    csv = tmp_path / 'new' / 'latency.csv'
    tool(
        'latency',
        resnet.config,
        resnet.checkpoint,
        *('--rounds', 2, '--csv', csv),
    )
    eager, compiled, full, small = read_rows(csv)
    assert [row['name'] for row in (eager, compiled, full, small)] == [
        EAGER,
        COMPILED,
        FLOAT,
        INT8,
    ]
    assert float(eager['speed']) == 1 and float(eager['max_difference']) == 0
    assert compiled['note'] == (
        'not possible: No working C++ compiler found. See the docs'
    )
    assert compiled['latency_ms'] == ''
    assert float(full['max_difference']) < 1e-5
    assert 1e-5 < float(small['max_difference']) < 0.5
    for row in (full, small):
        assert float(row['speed']) == pytest.approx(
            float(eager['latency_ms']) / float(row['latency_ms'])
        )
    printed = capsys.readouterr().out
    assert 'torch.compile: not possible: No working C++' in printed
    assert '32 x 32 (height x width)' in printed


def test_what_a_model_cannot_do_is_an_error(
    resnet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only compiling and quantising may fail."""

    def fail(*arguments: Any) -> None:
        raise InputError('no export')

    monkeypatch.setattr(nn.Module, 'compile', lambda self: None)
    monkeypatch.setattr(latency_ways, 'export_onnx', fail)
    with pytest.raises(InputError, match='no export'):
        compare_latency(resnet.load_config(), resnet.checkpoint, rounds=2)


def test_differences_of_detections() -> None:
    boxes = np.array([[0, 0, 4, 4], [1, 1, 9, 9]], np.float32)
    labels = np.array([1, 0])
    expected = [boxes, labels]
    assert latency._difference(expected, [boxes + 0.5, labels]) == (0.5, '')
    assert latency._difference(expected, [boxes[:1], labels[:1]]) == (
        None,
        '1 detections, 2 in PyTorch eager',
    )
    other, note = latency._difference(expected, [boxes, labels[::-1]])
    assert other is None and 'other classes' in note


def test_a_row_without_a_time_is_printed() -> None:
    protocol = Protocol('one image', 'cpu', 1, 2, 'm', '', '', '', '', '')
    console = Console(width=80, file=io.StringIO())
    rows = [
        LatencyRow(EAGER, 4.0, 3.0, 5.0, 1.0, 0.0),
        LatencyRow(INT8, note='not possible: for a reason'),
    ]
    print_latency(rows, protocol, console)
    text = console.file.getvalue()
    assert '4.00' in text and f'{INT8}: not possible: for a reason.' in text


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(rounds=1), 'rounds: expected at least 2'),
        (dict(threads=0), 'threads: expected at least 1'),
        (dict(input_size=(0, 32)), 'input size: expected .* found 0 and 32'),
    ],
)
def test_numbers_too_small_are_refused(
    resnet: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        compare_latency(resnet.load_config(), resnet.checkpoint, **arguments)


def test_int8_of_another_size_says_why(resnet: Any, tmp_path: Path) -> None:
    config = resnet.load_config()
    model = TimedClassifier(config, resnet.checkpoint, (48, 32))
    with pytest.raises(InputError, match='size of the test pipeline, 32 x 32'):
        model.int8(tmp_path, 1)
