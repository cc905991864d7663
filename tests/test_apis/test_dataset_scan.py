"""A scan of generated files, and the tool that runs it."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image
from rich.console import Console

from mmvision_ext.apis.dataset_scan import DatasetScan, scan_config
from mmvision_ext.apis.dataset_scan_report import print_scan, save_scan
from mmvision_ext.testing.image_faults import (
    FAULTS,
    UNUSUAL,
    inject,
    make_image_folder,
    turn,
)
from mmvision_ext.utils import InputError

SIZE = (96, 64)
MakeConfig = Callable[..., Config]


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """24 image files, of which the last eight are for validation."""
    return make_image_folder(tmp_path / 'data', size=SIZE)


@pytest.fixture
def make_config(tmp_path: Path, paths: list[Path]) -> MakeConfig:
    """A factory of configs of a COCO dataset that annotates the files."""

    def make(**loading: Any) -> Config:
        settings = {}
        for split, files in dict(train=paths[:16], val=paths[16:]).items():
            images = [
                dict(
                    id=number,
                    file_name=str(path.relative_to(tmp_path)),
                    width=SIZE[0],
                    height=SIZE[1],
                )
                for number, path in enumerate(files)
            ]
            ann_file = tmp_path / f'{split}.json'
            content = dict(
                images=images,
                annotations=[],
                categories=[dict(id=1, name='thing')],
            )
            ann_file.write_text(json.dumps(content))
            settings[f'{split}_dataloader'] = dict(
                dataset=dict(
                    type='CocoDataset',
                    data_root=str(tmp_path),
                    ann_file=ann_file.name,
                    data_prefix=dict(img=''),
                    metainfo=dict(classes=('thing',)),
                    pipeline=[dict(type='LoadImageFromFile', **loading)],
                )
            )
        return Config(dict(default_scope='mmdet', **settings))

    return make


def _kinds(scan: DatasetScan, path: Path, fails: bool) -> list[str]:
    return [
        problem.kind
        for problem in scan.records[str(path)].problems
        if problem.fails == fails
    ]


@pytest.mark.parametrize('workers', [0, 2])
def test_every_fault_is_an_error(
    workers: int, make_config: MakeConfig, paths: list[Path]
) -> None:
    done = inject(paths[3:13], FAULTS)
    scan = scan_config(make_config(), workers=workers, visible=False)
    assert scan.fails
    assert [d.samples for d in scan.datasets] == [16, 8]
    bad = {path for path in paths if _kinds(scan, path, fails=True)}
    assert bad == set(done)


def test_unusual_files_are_warnings(
    make_config: MakeConfig, paths: list[Path]
) -> None:
    done = inject(paths[:5], UNUSUAL)
    scan = scan_config(make_config(), workers=0, visible=False)
    expected = dict(
        cmyk=['cmyk'],
        sixteen_bit=['extension', 'wide'],
        sixteen_bit_colour=['extension', 'wide'],
        other_format=['extension'],
        turned=['orientation'],
    )
    for path, name in done.items():
        assert _kinds(scan, path, fails=False) == expected[name]
    assert not scan.fails
    for path in paths[5:]:
        assert not scan.records[str(path)].problems


def test_what_a_backend_reads_wrongly(
    make_config: MakeConfig, paths: list[Path]
) -> None:
    done = inject(paths[:5], UNUSUAL)
    config = make_config(imdecode_backend='pillow')
    scan = scan_config(config, workers=0, visible=False)
    [wide] = [path for path, name in done.items() if name == 'sixteen_bit']
    assert _kinds(scan, wide, fails=True) == ['levels']
    config = make_config(color_type='color_ignore_orientation')
    scan = scan_config(config, workers=0, visible=False)
    [turned] = [path for path, name in done.items() if name == 'turned']
    assert _kinds(scan, turned, fails=True) == ['size']
    assert 'ignored' in scan.records[str(turned)].problems[0].text


def test_boxes_of_the_stored_picture(
    make_config: MakeConfig, paths: list[Path]
) -> None:
    config = make_config()
    # Stored as annotated; the tag turns it when it is read.
    image = Image.open(paths[0]).rotate(-90, expand=True)
    image.save(paths[0], quality=95)
    turn(paths[0], np.random.default_rng(0))
    assert Image.open(paths[0]).size == SIZE
    scan = scan_config(config, workers=0, visible=False)
    assert _kinds(scan, paths[0], fails=True) == ['orientation']


def test_damage_in_the_middle(
    make_config: MakeConfig, paths: list[Path]
) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    Image.fromarray(noise).save(paths[4], quality=95)
    content = bytearray(paths[4].read_bytes())
    start = len(content) // 2  # of the pixels
    content[start : start + 64] = rng.bytes(64)
    paths[4].write_bytes(bytes(content))
    scan = scan_config(make_config(), workers=0, visible=False)
    assert _kinds(scan, paths[4], fails=False) == ['decoder']


def test_leaks_and_sizes(make_config: MakeConfig, paths: list[Path]) -> None:
    paths[20].write_bytes(paths[1].read_bytes())
    Image.new('RGB', (50, 40)).save(paths[2])
    scan = scan_config(make_config(), workers=0, visible=False)
    assert _kinds(scan, paths[1], fails=False) == ['leak']
    assert _kinds(scan, paths[20], fails=False) == ['duplicate']
    assert _kinds(scan, paths[2], fails=True) == ['size']


def test_report(
    make_config: MakeConfig, paths: list[Path], tmp_path: Path
) -> None:
    inject(paths[:3], FAULTS)
    scan = scan_config(make_config(), workers=0, visible=False)
    table, summary = save_scan(scan, tmp_path / 'out')
    rows = list(csv.DictReader(table.open()))
    assert [row['image'] for row in rows] == [str(p) for p in paths[:3]]
    assert {row['fails'] for row in rows} == {'1'}
    content = json.loads(summary.read_text())
    assert content['fails'] and content['datasets'][0]['errors'] == 3
    text = StringIO()
    print_scan(scan, Console(file=text, width=200))
    assert str(paths[1]) in text.getvalue()


def test_no_loader() -> None:
    with pytest.raises(InputError, match='train_dataloader, found none'):
        scan_config(Config({}), ['train'])
    with pytest.raises(InputError, match='workers: .* found -1'):
        scan_config(Config({}), workers=-1)


def test_tool(
    make_config: MakeConfig,
    paths: list[Path],
    repository: Path,
    tmp_path: Path,
) -> None:
    paths[7].write_bytes(b'')
    config = tmp_path / 'config.py'
    make_config().dump(config)
    out = tmp_path / 'out'
    tool = repository / 'tools' / 'misc' / 'verify_dataset.py'
    command = [sys.executable, str(tool), str(config)]
    command += ['--split', 'train', '--workers', '0', '--out', str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert 'empty' in done.stdout
    assert (out / 'images.csv').is_file()
