"""Work directories that cannot be written are refused at the start."""

import argparse
from pathlib import Path

import pytest

from mmvision_ext.cli.runner_job import run_job
from mmvision_ext.testing.config_faults import BASE


@pytest.mark.parametrize('part', ['', 'below'])
def test_a_file_is_no_work_dir(
    part: str,
    tmp_path: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.setenv('LOCAL_RANK', '0')
    file = tmp_path / 'taken'
    file.touch()
    args = argparse.Namespace(
        config=str(repository / BASE),
        cfg_options=None,
        launcher='none',
        local_rank=0,
        work_dir=str(file / part),
    )
    with pytest.raises(SystemExit) as ended:
        run_job(args, lambda cfg, args: None, lambda runner: None)
    assert ended.value.code == 2
    expected = f'error: --work-dir: expected a folder, found the file {file}.'
    assert expected in capsys.readouterr().err
