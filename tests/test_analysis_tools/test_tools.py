"""The command-line tools, run as a user runs them."""

import csv
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from mmvision_ext.testing import SHAPE_CLASSES

TOOLS = (
    'compare_detectors',
    'cross_dataset',
    'detection_report',
    'plot_training_curves',
    'visualize_proposals',
)


@pytest.fixture
def run(repository: Path, shapes_root: Path, monkeypatch) -> Callable:
    """Run a script of the repository with arguments."""
    monkeypatch.setenv('MMVISION_SHAPES_ROOT', str(shapes_root))

    def call(script: str, *arguments: object) -> None:
        path = repository / script
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name='__main__')

    return call


@pytest.fixture(scope='module')
def model(
    repository: Path, shapes_root: Path, tmp_path_factory
) -> tuple[Path, Path]:
    """Config and random weights of a small Mask R-CNN."""
    (path,) = (repository / 'configs/mask_rcnn').glob('*_shapes.py')
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        detector = MODELS.build(Config.fromfile(path).model)
    checkpoint = tmp_path_factory.mktemp('weights') / 'random.pth'
    meta = {'dataset_meta': {'classes': SHAPE_CLASSES}}
    torch.save({'state_dict': detector.state_dict(), 'meta': meta}, checkpoint)
    return path, checkpoint


@pytest.mark.parametrize(
    'script',
    [
        *(f'tools/analysis_tools/{tool}.py' for tool in TOOLS),
        'projects/demo/image_demo.py',
    ],
)
def test_help_shows_an_example(script: str, run, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        run(script, '--help')
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert 'Example:' in text and f'python {script}' in text


def test_proposals(run, model, tmp_path: Path, capsys) -> None:
    run(
        'tools/analysis_tools/visualize_proposals.py',
        *model,
        '--limit',
        1,
        '--out',
        tmp_path,
    )
    assert (tmp_path / 'shapes_00016.png').is_file()
    assert f'1 page(s) in {tmp_path}' in capsys.readouterr().out


def test_proposals_of_own_images(
    run, model, shapes_root: Path, tmp_path: Path
) -> None:
    images = shapes_root / 'VOC2012' / 'JPEGImages' / 'shapes_0000[12].jpg'
    run(
        'tools/analysis_tools/visualize_proposals.py',
        *model,
        '--images',
        images,
        '--out',
        tmp_path,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'shapes_00001.png',
        'shapes_00002.png',
    ]


def test_comparison_measures_in_a_process_of_its_own(
    run, model, tmp_path: Path
) -> None:
    config, checkpoint = model
    run(
        'tools/analysis_tools/compare_detectors.py',
        f'small={config}:{checkpoint}',
        '--limit',
        2,
        '--num-timed',
        2,
        '--device',
        'cpu',
        '--out',
        tmp_path,
    )
    with (tmp_path / 'comparison.csv').open() as file:
        (row,) = csv.DictReader(file)
    assert row['name'] == 'small' and float(row['fps']) > 0
    assert float(row['gflops']) > 0 and row['gflops_kind'].startswith('trac')
    assert row['input_shape'] == '128x128'
    if Path('/proc/self/status').is_file():
        assert 1 < float(row['peak_memory_mib']) < 2000
    assert 'compare_detectors.py small=' in row['command']
    assert (tmp_path / 'comparison.png').is_file()


def test_detection_report(run, model, tmp_path: Path, capsys) -> None:
    run(
        'tools/analysis_tools/detection_report.py',
        *model,
        '--limit',
        2,
        '--score-thr',
        0.2,
        '--kind',
        'segm',
        '--out',
        tmp_path / 'report',
    )
    written = {path.name for path in (tmp_path / 'report').iterdir()}
    assert written >= {
        'per_class.csv',
        'per_class.png',
        'confusion_matrix.csv',
        'confusion_matrix.png',
        'errors.csv',
        'errors.png',
    }
    lines = capsys.readouterr().out.splitlines()
    assert {Path(line).name for line in lines if line} >= written


def test_cross_dataset_and_own_images(
    run, model, shapes_root: Path, tmp_path: Path, capsys
) -> None:
    folder = shapes_root / 'VOC2012' / 'JPEGImages'
    ann = tmp_path / 'ann.json'
    ann.write_text(
        json.dumps(
            dict(
                images=[
                    dict(
                        id=1, file_name='shapes_00000.jpg', height=96, width=96
                    )
                ],
                categories=[
                    dict(id=5, name='Circle'),
                    dict(id=6, name='moon'),
                ],
                annotations=[
                    dict(
                        id=1,
                        image_id=1,
                        category_id=5,
                        bbox=[10, 10, 20, 20],
                        area=400,
                        iscrowd=0,
                        segmentation=[[10, 10, 30, 10, 30, 30, 10, 30]],
                    )
                ],
            )
        )
    )
    run(
        'tools/analysis_tools/cross_dataset.py',
        *model,
        '--ann',
        ann,
        '--img-dir',
        folder,
        '--images',
        folder / 'shapes_00001.jpg',
        '--out',
        tmp_path / 'out',
    )
    text = capsys.readouterr().out
    assert '| Circle' in text and 'moon' not in text.split('\n\n')[0]
    names = {path.name for path in (tmp_path / 'out').iterdir()}
    assert names == {
        'cross_dataset.md',
        'cross_dataset.csv',
        'cross_dataset.json',
        'shapes_00001.png',
        'predictions.json',
    }


def test_own_images_are_refused_as_output_before_the_long_work(
    run, model, shapes_root: Path, tmp_path: Path, capsys
) -> None:
    folder = shapes_root / 'VOC2012' / 'JPEGImages'
    with pytest.raises(SystemExit):
        run(
            'tools/analysis_tools/cross_dataset.py',
            *model,
            '--ann',
            tmp_path / 'absent.json',
            '--img-dir',
            folder,
            '--images',
            folder,
            '--out',
            folder,
        )
    assert 'Name a folder of its own' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('tool', 'arguments'),
    [
        ('compare_detectors', ['a=no.py:no.pth']),
        ('cross_dataset', ['no.py', 'no.pth', '--images', 'no.jpg']),
        ('detection_report', ['no.py', 'no.pth']),
        ('visualize_proposals', ['no.py', 'no.pth']),
    ],
)
def test_the_output_folder_is_looked_at_first(
    tool: str, arguments: list[str], run, tmp_path: Path, capsys
) -> None:
    file = tmp_path / 'taken'
    file.touch()
    script = f'tools/analysis_tools/{tool}.py'
    with pytest.raises(SystemExit) as stop:
        run(script, *arguments, '--out', file)
    assert stop.value.code == 2
    assert f'found the file {file}' in capsys.readouterr().err


@pytest.mark.parametrize('arguments', [[], ['--ann', 'a.json']])
def test_cross_dataset_needs_something_to_do(
    run, model, arguments: list[str], tmp_path: Path, capsys
) -> None:
    with pytest.raises(SystemExit) as stop:
        run(
            'tools/analysis_tools/cross_dataset.py',
            *model,
            *arguments,
            '--out',
            tmp_path,
        )
    assert stop.value.code == 2
    assert '--img-dir' in capsys.readouterr().err


def test_training_curves(run, tmp_path: Path) -> None:
    log = tmp_path / 'run' / '1' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('{"loss": 2.0, "iter": 1, "step": 1}\n')
    run(
        'tools/analysis_tools/plot_training_curves.py',
        tmp_path / 'run',
        '--out',
        tmp_path / 'curves.png',
    )
    assert (tmp_path / 'curves.png').is_file()


def test_image_demo(
    run, model, shapes_root: Path, tmp_path: Path, capsys
) -> None:
    image = shapes_root / 'VOC2012' / 'JPEGImages' / 'shapes_00000.jpg'
    run(
        'projects/demo/image_demo.py',
        image,
        *model,
        '--out',
        tmp_path,
        '--score-thr',
        0.99,
    )
    assert 'shapes_00000.jpg: nothing found' in capsys.readouterr().out
    assert (tmp_path / 'shapes_00000.png').is_file()


def test_an_error_is_one_message_without_a_traceback(
    run, model, tmp_path: Path, capsys
) -> None:
    with pytest.raises(SystemExit) as stop:
        run(
            'projects/demo/image_demo.py',
            tmp_path / 'no.jpg',
            *model,
            '--out',
            tmp_path,
        )
    assert stop.value.code == 2
    text = capsys.readouterr().err
    assert 'error: image: expected a file or folder' in text
    assert 'Traceback' not in text
