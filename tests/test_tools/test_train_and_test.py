"""The command lines of training and testing, run as users run them."""

import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest
import torch

CONFIG = 'configs/mask_rcnn/mask-rcnn_r18_fpn_scratch_1xb8-8e_shapes.py'
# Two short epochs: four images a step.
SHORT = [
    'train_cfg.max_epochs=2',
    'train_cfg.val_interval=1',
    'train_dataloader.batch_size=4',
]
# Enough to find half of the objects of the images that it was trained on, so
# that metrics are no zeros, which would be equal whatever was measured.
SKILLED = [
    'train_cfg.max_epochs=10',
    'train_cfg.val_interval=10',
    'train_dataloader.batch_size=4',
    'optim_wrapper.optimizer.lr=0.001',
    'param_scheduler=[]',
    'val_dataloader.dataset.ann_file=ImageSets/Segmentation/train.txt',
    'test_dataloader.dataset.ann_file=ImageSets/Segmentation/train.txt',
]
NO_VALIDATION = [
    'val_cfg=None',
    'val_dataloader=None',
    'val_evaluator=None',
    'default_hooks.checkpoint.save_best=None',
]


def _run(
    command: list[str], repository: Path, shapes_root: Path, **environment: str
) -> subprocess.CompletedProcess:
    return subprocess.run(
        command,
        cwd=repository,
        env={
            **os.environ,
            'MMVISION_SHAPES_ROOT': str(shapes_root),
            'OMP_NUM_THREADS': '1',
            'PYTHON': sys.executable,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=600,
    )


def _succeed(*args, **kwargs) -> str:
    done = _run(*args, **kwargs)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def _scalars(work_dir: Path) -> list[dict]:
    """All logged records of the newest run in a work directory."""
    newest = sorted(work_dir.glob('*/vis_data/scalars.json'))[-1]
    return [json.loads(line) for line in newest.read_text().splitlines()]


def _tested_metrics(work_dir: Path) -> dict[str, float]:
    """Metrics that the newest test run wrote."""
    newest = sorted(
        path for path in work_dir.glob('*/2*.json') if path.is_file()
    )[-1]
    return {
        name: value
        for name, value in json.loads(newest.read_text()).items()
        if '/' in name  # the others are times
    }


def _wheel_tool(host: str, name: str) -> str:
    [package] = util.find_spec(host).submodule_search_locations
    return str(Path(package) / '.mim' / 'tools' / name)


@pytest.fixture(scope='module')
def trained(
    repository: Path,
    shapes_root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    """A work directory after two epochs, and what was printed."""
    work_dir = tmp_path_factory.mktemp('trained')
    printed = _succeed(
        [
            sys.executable,
            'tools/train.py',
            CONFIG,
            '--work-dir',
            str(work_dir),
            '--cfg-options',
            *SHORT,
        ],
        repository,
        shapes_root,
    )
    return work_dir, printed


def test_training_writes_checkpoints_and_logs(
    trained: tuple[Path, str],
) -> None:
    work_dir, printed = trained
    assert (work_dir / 'epoch_2.pth').is_file()
    assert list(work_dir.glob('best_coco_bbox_mAP_*.pth'))
    assert list(work_dir.glob('*/vis_data/events.out.tfevents*'))
    assert (
        'effective batch size 4 = 1 process(es) x 4 x 1 accumulated '
        'step(s); learning rate 0.003, meant for batch size 8: add '
        '--auto-scale-lr'
    ) in printed
    assert 'coco/segm_mAP_50' in _scalars(work_dir)[-1]


def test_resume_goes_on_where_it_stopped(
    repository: Path, shapes_root: Path, tmp_path: Path
) -> None:
    """A resumed run reaches the very weights of an uninterrupted one.

    Images are flipped, anchors and proposals sampled, both by chance.
    """
    whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
    options = ['--cfg-options', *SHORT, *NO_VALIDATION]
    train = [sys.executable, 'tools/train.py', CONFIG, '--work-dir']
    _succeed([*train, str(whole), *options], repository, shapes_root)
    # What a run leaves that is interrupted in its second epoch.
    resumed.mkdir()
    shutil.copy(whole / 'epoch_1.pth', resumed)
    (resumed / 'last_checkpoint').write_text(str(resumed / 'epoch_1.pth'))
    printed = _succeed(
        [*train, str(resumed), '--resume', *options], repository, shapes_root
    )
    assert 'resumed epoch: 1, iter: 4' in printed
    one, other = (
        torch.load(folder / 'epoch_2.pth', weights_only=False)
        for folder in (whole, resumed)
    )
    assert one['meta']['iter'] == other['meta']['iter'] == 8
    assert other['optimizer']['state'][0]['step'] == 8
    for name, value in one['state_dict'].items():
        assert torch.equal(value, other['state_dict'][name]), name


def test_auto_scale_lr_scales_from_the_base_batch(
    repository: Path, shapes_root: Path, tmp_path: Path
) -> None:
    printed = _succeed(
        [
            sys.executable,
            'tools/train.py',
            CONFIG,
            '--work-dir',
            str(tmp_path),
            '--auto-scale-lr',
            '--cfg-options',
            *SHORT,
            *NO_VALIDATION,
            'train_cfg.max_epochs=1',
        ],
        repository,
        shapes_root,
    )
    assert 'learning rate 0.0015, scaled from base batch size 8' in printed


@pytest.fixture(scope='module')
def skilled(
    repository: Path,
    shapes_root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A work directory with epoch_10.pth, which finds boxes and masks."""
    work_dir = tmp_path_factory.mktemp('skilled')
    _succeed(
        [
            sys.executable,
            'tools/train.py',
            CONFIG,
            '--work-dir',
            str(work_dir),
            '--cfg-options',
            *SKILLED,
        ],
        repository,
        shapes_root,
    )
    return work_dir


@pytest.fixture(scope='module')
def tested(
    skilled: Path,
    repository: Path,
    shapes_root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, float]:
    """Metrics of the skilled checkpoint from tools/test.py, one process."""
    work_dir = tmp_path_factory.mktemp('tested')
    _succeed(
        [
            sys.executable,
            'tools/test.py',
            CONFIG,
            str(skilled / 'epoch_10.pth'),
            '--work-dir',
            str(work_dir),
            '--out',
            str(work_dir / 'predictions.pkl'),
            '--show-dir',
            'pictures',
            '--cfg-options',
            *SKILLED,
        ],
        repository,
        shapes_root,
    )
    predictions = pickle.loads((work_dir / 'predictions.pkl').read_bytes())
    assert len(predictions) == 16
    for prediction in predictions:  # masks are compressed
        masks = prediction['pred_instances']['masks']
        assert len(masks) == len(prediction['pred_instances']['scores'])
        assert all(set(mask) == {'size', 'counts'} for mask in masks)
    assert any(len(each['pred_instances']['masks']) for each in predictions)
    assert len(list(work_dir.glob('*/pictures/*.jpg'))) == 16
    metrics = _tested_metrics(work_dir)
    for name in ('coco/bbox_mAP_50', 'coco/segm_mAP_50'):
        assert 0.1 < metrics[name] < 0.9
    return metrics


def test_test_gives_the_metrics_of_validation(
    skilled: Path, tested: dict[str, float]
) -> None:
    validated = _scalars(skilled)[-1]
    assert len(tested) == 14
    assert tested == pytest.approx(
        {name: validated[name] for name in tested}, abs=1e-9, nan_ok=True
    )


@pytest.mark.parametrize('host', ['mmdet', 'mmpretrain'])
def test_the_hosts_own_scripts_run_our_config(
    host: str,
    trained: tuple[Path, str],
    skilled: Path,
    tested: dict[str, float],
    repository: Path,
    shapes_root: Path,
    tmp_path: Path,
) -> None:
    _succeed(
        [
            sys.executable,
            _wheel_tool(host, 'train.py'),
            CONFIG,
            '--work-dir',
            str(tmp_path / 'train'),
            '--cfg-options',
            *SHORT,
        ],
        repository,
        shapes_root,
    )
    # The same seed through another script gives the same weights.
    ours, theirs = (
        torch.load(folder / 'epoch_2.pth', weights_only=False)['state_dict']
        for folder in (trained[0], tmp_path / 'train')
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    _succeed(
        [
            sys.executable,
            _wheel_tool(host, 'test.py'),
            CONFIG,
            str(skilled / 'epoch_10.pth'),
            '--work-dir',
            str(tmp_path / 'test'),
            '--cfg-options',
            *SKILLED,
        ],
        repository,
        shapes_root,
    )
    assert _tested_metrics(tmp_path / 'test') == pytest.approx(
        tested, nan_ok=True
    )


def test_two_processes_train_and_test_on_cpus(
    skilled: Path,
    tested: dict[str, float],
    repository: Path,
    shapes_root: Path,
    tmp_path: Path,
) -> None:
    cpu_only = dict(CUDA_VISIBLE_DEVICES='')
    printed = _succeed(
        [
            'bash',
            'tools/dist_train.sh',
            CONFIG,
            '2',
            '--work-dir',
            str(tmp_path / 'train'),
            '--cfg-options',
            *SHORT,
            'train_cfg.max_epochs=1',
        ],
        repository,
        shapes_root,
        **cpu_only,
    )
    assert 'effective batch size 8 = 2 process(es) x 4 x 1' in printed
    assert (tmp_path / 'train' / 'epoch_1.pth').is_file()
    _succeed(
        [
            'bash',
            'tools/dist_test.sh',
            CONFIG,
            str(skilled / 'epoch_10.pth'),
            '2',
            '--work-dir',
            str(tmp_path / 'test'),
            '--cfg-options',
            *SKILLED,
        ],
        repository,
        shapes_root,
        **cpu_only,
    )
    assert _tested_metrics(tmp_path / 'test') == pytest.approx(
        tested, nan_ok=True
    )


def test_a_named_port_is_used(
    repository: Path, shapes_root: Path, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        done = _run(
            ['bash', 'tools/dist_test.sh', CONFIG, 'x.pth', '2'],
            repository,
            shapes_root,
            PORT=str(taken.getsockname()[1]),
        )
    assert done.returncode != 0
    assert 'address already in use' in done.stderr.lower()


def test_amp_without_a_gpu_ends_with_one_message(
    repository: Path, shapes_root: Path, tmp_path: Path
) -> None:
    done = _run(
        [
            sys.executable,
            'tools/train.py',
            CONFIG,
            '--amp',
            '--work-dir',
            str(tmp_path),
        ],
        repository,
        shapes_root,
        CUDA_VISIBLE_DEVICES='',
    )
    assert done.returncode == 2
    assert 'needs a GPU' in done.stderr and 'Leave out --amp' in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    'options, message',
    [
        (
            ['model.roi_head.bbox_head.num_classes=80'],
            'set model.roi_head.bbox_head.num_classes = 3',
        ),
        (
            ['train_dataloader.dataset.data_root=/nowhere'],
            "train_dataloader.dataset.data_root: no folder '/nowhere'",
        ),
        (
            ['train_dataloader.dataset.metainfo.classes=cat'],
            "write a tuple, ('cat', )",
        ),
        (['load_from=gone.pth'], "load_from: no file 'gone.pth'"),
    ],
)
def test_wrong_configs_end_with_one_message(
    options: list[str],
    message: str,
    repository: Path,
    shapes_root: Path,
    tmp_path: Path,
) -> None:
    done = _run(
        [
            sys.executable,
            'tools/train.py',
            CONFIG,
            '--work-dir',
            str(tmp_path),
            '--cfg-options',
            *SHORT,
            *options,
        ],
        repository,
        shapes_root,
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert 'Traceback' not in done.stderr


def test_a_checkpoint_of_another_network_is_refused(
    repository: Path, shapes_root: Path, tmp_path: Path
) -> None:
    other = tmp_path / 'other.pth'
    torch.save(dict(state_dict={'encoder.weight': torch.zeros(3)}), other)
    done = _run(
        [
            sys.executable,
            'tools/test.py',
            CONFIG,
            str(other),
            '--work-dir',
            str(tmp_path),
            '--cfg-options',
            *SHORT,
        ],
        repository,
        shapes_root,
    )
    assert done.returncode == 2
    assert 'almost nothing of this checkpoint fits the model' in done.stderr
    assert str(other) in done.stderr


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['dist_train.sh', CONFIG], 'then the number of processes'),
        (['dist_test.sh', CONFIG, 'a.pth', 'two'], "found 'two'"),
        (
            ['slurm_train.sh', 'partition'],
            'expected PARTITION JOB_NAME CONFIG',
        ),
    ],
)
def test_launchers_say_what_is_missing(
    arguments: list[str], message: str, repository: Path, shapes_root: Path
) -> None:
    done = _run(
        ['bash', f'tools/{arguments[0]}', *arguments[1:]],
        repository,
        shapes_root,
    )
    assert done.returncode == 2
    assert message in done.stderr


def test_slurm_launchers_call_srun(
    repository: Path, shapes_root: Path, tmp_path: Path
) -> None:
    fake = tmp_path / 'srun'
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)
    printed = _succeed(
        ['bash', 'tools/slurm_train.sh', 'part', 'job', CONFIG, '--amp'],
        repository,
        shapes_root,
        PATH=f'{tmp_path}:{os.environ["PATH"]}',
        GPUS='16',
    )
    assert '--partition=part --job-name=job' in printed
    assert '--gres=gpu:8 --ntasks=16 --ntasks-per-node=8' in printed
    assert printed.strip().endswith(f'{CONFIG} --amp --launcher slurm')
