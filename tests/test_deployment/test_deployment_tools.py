"""The command lines of export and quantisation; see test_prune.py too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

for _package in ('onnxscript', 'onnxruntime'):
    pytest.importorskip(_package, reason='extra deploy is not installed')


def test_quantize_prints_a_table(
    tool: Callable[..., None],
    read_rows: Callable[[Path], list[dict[str, str]]],
    resnet: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    tool(
        'quantize',
        resnet.config,
        resnet.checkpoint,
        *('--out', tmp_path, '--calibration-batches', 2, '--rounds', 2),
    )
    full, small = read_rows(tmp_path / 'quantization.csv')
    assert float(full['top1']) > 90
    assert float(small['agreement']) > 90
    assert float(small['size_mib']) < 0.4 * float(full['size_mib'])
    assert '32 training images' in small['method']
    assert 'int8 against float32' in capsys.readouterr().out
    onnx.checker.check_model(tmp_path / 'model_int8.onnx')


def test_export_ends_with_status_2_beyond_the_tolerance(
    tool: Callable[..., None],
    resnet: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    files = resnet.config, resnet.checkpoint
    out = ('--out', tmp_path / 'm.onnx', '--batch-sizes', 1, 3)
    with pytest.raises(SystemExit) as end:
        tool('export_onnx', *files, *out, '--tolerance', 0)
    assert end.value.code == 2
    printed = capsys.readouterr()
    assert 'batch 3: largest difference of a probability' in printed.out
    assert 'error: export: expected probabilities' in printed.err
    assert [*tmp_path.glob('*.onnx')] == [tmp_path / 'm.unchecked.onnx']
    with pytest.raises(SystemExit):
        tool('export_onnx', *files, '--out', tmp_path / 'model')
    assert '--out: expected a file *.onnx' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('name', 'arguments'), [('prune', ['--ratio', 0.5]), ('quantize', [])]
)
def test_the_output_folder_is_looked_at_first(
    name: str,
    arguments: list[object],
    tool: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    file = tmp_path / 'taken'
    file.touch()
    with pytest.raises(SystemExit) as end:
        tool(name, 'no.py', 'no.pth', '--out', file, *arguments)
    assert end.value.code == 2
    assert f'found the file {file}' in capsys.readouterr().err
