"""Trainings that save safely, in mmengine's runner and in ours."""

import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import EMAHook
from mmengine.runner import Runner as StockRunner
from mmengine.runner import set_random_seed

from mmvision_ext.engine.checkpointing import (
    CheckpointWriteError,
    checksum_path,
    fault_of,
    newest_good,
    read_checkpoint,
)
from mmvision_ext.engine.hooks import SafeCheckpointHook
from mmvision_ext.engine.runner import Runner
from mmvision_ext.testing.file_faults import FileFault
from mmvision_ext.testing.tiny_training import tiny_runner
from mmvision_ext.utils import InputError

RUNNERS = pytest.mark.parametrize('runner_class', [StockRunner, Runner])


@pytest.fixture(autouse=True)
def _without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """Folder of the run."""
    (tmp_path / 'run').mkdir()
    return tmp_path / 'run'


def _checkpoints(folder: Path) -> set[str]:
    return {file.name for file in folder.glob('*.pth')}


@RUNNERS
def test_what_is_kept(work_dir: Path, runner_class: type[StockRunner]) -> None:
    tiny_runner(
        work_dir, 4, runner_class, checkpoint=dict(max_keep_ckpts=2)
    ).train()
    assert _checkpoints(work_dir) == {
        'best_test_accuracy_epoch_4.pth',
        'epoch_3.pth',
        'epoch_4.pth',
    }
    for name in _checkpoints(work_dir):
        assert checksum_path(work_dir / name).exists()
        assert fault_of(work_dir / name) is None
    last = work_dir / 'epoch_4.pth'
    assert (work_dir / 'last_checkpoint').read_text() == str(last)
    hub = read_checkpoint(last)['message_hub']['runtime_info']
    assert hub['keep_ckpt_ids'] == [3, 4]
    assert hub['best_score'] == 4


def test_the_content_is_mmengines(work_dir: Path, tmp_path: Path) -> None:
    """Same weights, optimizer and averages as its own hook saves."""
    (tmp_path / 'stock').mkdir()
    options = dict(
        custom_hooks=[EMAHook(momentum=0.5)],
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        param_scheduler=dict(type='ExponentialLR', gamma=0.5),
    )
    set_random_seed(0)
    tiny_runner(work_dir, **options).train()
    set_random_seed(0)
    options['custom_hooks'] = [EMAHook(momentum=0.5)]
    stock_hook = dict(type='CheckpointHook')
    tiny_runner(tmp_path / 'stock', checkpoint=stock_hook, **options).train()
    ours, stock = (
        read_checkpoint(folder / 'epoch_2.pth')
        for folder in (work_dir, tmp_path / 'stock')
    )
    assert ours.keys() == stock.keys()
    assert 'ema_state_dict' in ours
    for key in ('state_dict', 'ema_state_dict', 'optimizer'):
        torch.testing.assert_close(ours[key], stock[key], rtol=0, atol=0)
    assert ours['param_schedulers'] == stock['param_schedulers']
    assert ours['meta']['epoch'] == stock['meta']['epoch'] == 2


@RUNNERS
def test_resume_passes_over_a_damaged_file(
    work_dir: Path, runner_class: type[StockRunner]
) -> None:
    keep_two = dict(max_keep_ckpts=2)
    tiny_runner(work_dir, 3, runner_class, checkpoint=keep_two).train()
    bad = work_dir / 'epoch_3.pth'
    bad.write_bytes(bad.read_bytes()[:-100])
    (work_dir / 'epoch_4.pth.unfinished').write_bytes(b'half')
    runner = tiny_runner(
        work_dir, 4, runner_class, checkpoint=keep_two, resume=True
    )
    runner.train()
    journal = (work_dir / 'journal').read_text().split()
    assert journal == ['1', '2', '3', '3', '4']
    assert newest_good(work_dir).path == work_dir / 'epoch_4.pth'
    assert fault_of(bad) is None
    assert not [*work_dir.glob('*.unfinished')]


def test_resume_names_what_it_rejects(work_dir: Path, capfd) -> None:
    tiny_runner(work_dir, 2, checkpoint=dict(max_keep_ckpts=2)).train()
    (work_dir / 'epoch_2.pth').write_bytes(b'')
    (work_dir / 'last_checkpoint').write_text('')
    tiny_runner(work_dir, 2, resume=True, log_level='WARNING').train()
    printed = ''.join(capfd.readouterr())
    assert f'that verifies: {work_dir}/epoch_1.pth' in printed
    assert f'rejected {work_dir}/epoch_2.pth: the file is empty' in printed
    assert f'rejected {work_dir}/last_checkpoint: names no file' in printed


def test_resume_without_a_checkpoint(work_dir: Path) -> None:
    tiny_runner(work_dir, 1, resume=True).train()  # starts
    for file in work_dir.glob('*.pth'):
        file.write_bytes(b'')
    with pytest.raises(InputError, match='no checkpoint verifies'):
        tiny_runner(work_dir, 1, resume=True).train()


@pytest.mark.parametrize('resume', [True, False])
def test_a_named_checkpoint_is_checked(work_dir: Path, resume: bool) -> None:
    tiny_runner(work_dir, 2, checkpoint=dict(max_keep_ckpts=2)).train()
    first, second = (work_dir / f'epoch_{n}.pth' for n in (1, 2))
    content = bytearray(second.read_bytes())
    content[len(content) // 2] ^= 1
    second.write_bytes(content)
    with pytest.raises(InputError, match=f'its sha256 is.*{first} verifies'):
        tiny_runner(work_dir, 2, resume=resume, load_from=str(second)).train()
    tiny_runner(work_dir, 2, resume=resume, load_from=str(first)).train()


def test_another_folder(work_dir: Path, tmp_path: Path) -> None:
    elsewhere = dict(out_dir=str(tmp_path / 'elsewhere'))
    tiny_runner(work_dir, 2, checkpoint=elsewhere).train()
    folder = tmp_path / 'elsewhere' / 'run'
    assert 'epoch_2.pth' in _checkpoints(folder)
    assert not _checkpoints(work_dir)
    shutil.copy(folder / 'epoch_2.pth', folder / 'epoch_3.pth')
    (folder / 'epoch_3.pth').write_bytes(b'')
    (work_dir / 'last_checkpoint').unlink()
    tiny_runner(work_dir, 3, checkpoint=elsewhere, resume=True).train()
    assert (work_dir / 'journal').read_text().split() == ['1', '2', '3']


def test_another_training_is_resumed(work_dir: Path, tmp_path: Path) -> None:
    """What that one no longer kept has nothing to do with this folder."""
    tiny_runner(work_dir, 2).train()
    (tmp_path / 'new').mkdir()
    own = tmp_path / 'new' / 'best_test_accuracy_epoch_1.pth'
    own.write_bytes(b'of this folder')
    tiny_runner(
        tmp_path / 'new',
        2,
        resume=True,
        load_from=str(work_dir / 'epoch_2.pth'),
    ).train()
    assert own.exists()


def test_iterations(work_dir: Path) -> None:
    loop = dict(type='IterBasedTrainLoop', max_iters=1, val_interval=1)
    options = dict(
        train_cfg=loop,
        checkpoint=dict(by_epoch=False),
        log_processor=dict(by_epoch=False),
    )
    tiny_runner(work_dir, **options).train()
    assert newest_good(work_dir).path == work_dir / 'iter_1.pth'
    loop['max_iters'] = 2
    tiny_runner(work_dir, resume=True, **options).train()
    assert newest_good(work_dir).path == work_dir / 'iter_2.pth'
    assert len([*work_dir.glob('iter_*.pth')]) == 1


def test_a_full_disk_stops_the_training(work_dir: Path) -> None:
    tiny_runner(work_dir, 1).train()
    before = (work_dir / 'epoch_1.pth').read_bytes()
    runner = tiny_runner(work_dir, 2, resume=True)
    with pytest.raises(CheckpointWriteError, match='No space left'):
        _train_on_full_disk(runner, until_epoch=2)
    assert (work_dir / 'epoch_1.pth').read_bytes() == before
    assert newest_good(work_dir).path == work_dir / 'epoch_1.pth'


def test_a_training_may_go_on_without_a_save(work_dir: Path, capfd) -> None:
    runner = tiny_runner(
        work_dir,
        3,
        checkpoint=dict(on_write_error='continue', max_keep_ckpts=2),
    )
    _train_on_full_disk(runner, until_epoch=2)
    assert 'Training goes on' in ''.join(capfd.readouterr())
    assert _checkpoints(work_dir) == {
        'best_test_accuracy_epoch_3.pth',
        'epoch_3.pth',
    }
    hub = read_checkpoint(work_dir / 'epoch_3.pth')['message_hub']
    assert hub['runtime_info']['keep_ckpt_ids'] == [3]


def test_the_last_save_is_not_left_out(work_dir: Path) -> None:
    runner = tiny_runner(
        work_dir, 2, checkpoint=dict(on_write_error='continue')
    )
    with pytest.raises(CheckpointWriteError, match='epoch_2.pth'):
        _train_on_full_disk(runner, until_epoch=9)
    assert not _checkpoints(work_dir)


def test_publishing(work_dir: Path) -> None:
    tiny_runner(
        work_dir, 1, checkpoint=dict(published_keys=['state_dict'])
    ).train()
    (published,) = work_dir.glob('epoch_1-*.pth')
    assert read_checkpoint(published).keys() == {'state_dict'}
    digest = published.stem.removeprefix('epoch_1-')
    assert checksum_path(published).read_text().startswith(digest)


def _train_in_a_group(rank: int, work_dir: Path) -> None:
    group = f'file://{work_dir}/group'
    torch.distributed.init_process_group(
        'gloo', group, rank=rank, world_size=2
    )
    tiny_runner(work_dir, 1).train()
    last = work_dir / 'epoch_1.pth'
    assert fault_of(last) is None  # the others waited for it
    runner = tiny_runner(work_dir, 2, resume=True)
    with pytest.raises(CheckpointWriteError, match='No space left'):
        if rank == 0:
            _train_on_full_disk(runner, until_epoch=2)
        runner.train()
    torch.distributed.barrier()
    last.write_bytes(b'')
    with pytest.raises(InputError, match='no checkpoint verifies'):
        tiny_runner(work_dir, 2, resume=True).train()
    (work_dir / f'done{rank}').touch()
    torch.distributed.destroy_process_group()


def test_all_processes_learn_of_a_failure(work_dir: Path) -> None:
    torch.multiprocessing.start_processes(
        _train_in_a_group,
        (work_dir,),
        nprocs=2,
        start_method='fork',  # a spawned process imports for seconds
    )
    assert len([*work_dir.glob('done*')]) == 2


@pytest.mark.parametrize(
    ('settings', 'match'),
    [
        (dict(on_write_error='ignore'), "'stop' or 'continue'"),
        (dict(backend_args=dict(backend='petrel')), "backend 'petrel'"),
        (dict(out_dir='s3://bucket'), 's3://bucket'),
    ],
)
def test_what_cannot_be_meant(settings: dict, match: str) -> None:
    with pytest.raises(InputError, match=match):
        SafeCheckpointHook(**settings)


@pytest.mark.parametrize(
    ('settings', 'keys'),
    [
        (
            dict(custom_hooks=[dict(type='CheckpointHook')]),
            'default_hooks.checkpoint and custom_hooks.0: ',
        ),
        (
            dict(
                default_hooks={},
                custom_hooks=[dict(type='mmvision_ext.SafeCheckpointHook')],
            ),
            'custom_hooks.0 and default_hooks.checkpoint (mmengine adds one',
        ),
        (
            dict(
                custom_hooks=[
                    dict(type='SyncBuffersHook'),
                    dict(type='mmvision_ext.SafeCheckpointHook', interval=2),
                ]
            ),
            'default_hooks.checkpoint and custom_hooks.1: ',
        ),
    ],
    ids=['a stock one', 'the one that mmengine adds', 'two safe ones'],
)
def test_it_saves_alone(settings: dict, keys: str, work_dir: Path) -> None:
    saver = dict(type='mmvision_ext.SafeCheckpointHook', interval=1)
    settings = {'default_hooks': dict(checkpoint=saver), **settings}
    runner = tiny_runner(work_dir, **settings, cfg=Config(settings))
    with pytest.raises(InputError) as caught:
        runner.train()
    text = str(caught.value)
    assert text.startswith(keys)
    assert 'expected one hook that saves checkpoints, found ' in text
    assert not _checkpoints(work_dir)


@pytest.mark.parametrize(
    ('first', 'second', 'works'),
    [
        (dict(), dict(by_epoch=False), True),
        (dict(), dict(filename_tmpl='other_{}.pth'), True),
        (dict(), dict(), False),
        (dict(max_keep_ckpts=2), dict(by_epoch=False), False),
        (dict(save_best='test/accuracy'), dict(by_epoch=False), True),
        (
            dict(save_best='test/accuracy'),
            dict(by_epoch=False, save_best='test/accuracy'),
            False,
        ),
    ],
)
def test_several_with_names_of_their_own(
    first: dict, second: dict, works: bool, work_dir: Path
) -> None:
    hook = dict(
        type='mmvision_ext.SafeCheckpointHook', interval=1, rule='greater'
    )
    runner = tiny_runner(
        work_dir,
        1,
        default_hooks=dict(checkpoint={**hook, **first}),
        custom_hooks=[{**hook, **second}],
    )
    if works:
        runner.train()
        assert len(_checkpoints(work_dir)) >= 2
    else:
        with pytest.raises(InputError, match='one hook that saves'):
            runner.train()


@pytest.mark.parametrize(
    'template',
    ['last.pth', 'epoch_{}_{}.pth', 'epoch_{step}.pth', 'epoch_{.pth'],
)
def test_every_checkpoint_has_a_name_of_its_own(template: str) -> None:
    """Else the new one would be removed as the one before it."""
    match = f'filename_tmpl.*found {template!r}'
    with pytest.raises(InputError, match=match):
        SafeCheckpointHook(interval=1, filename_tmpl=template)


def test_alone_in_custom_hooks(work_dir: Path) -> None:
    settings = dict(
        default_hooks=dict(checkpoint=None),
        custom_hooks=[dict(type='mmvision_ext.SafeCheckpointHook')],
    )
    tiny_runner(work_dir, 1, **settings).train()
    assert _checkpoints(work_dir) == {'epoch_1.pth'}


def _train_on_full_disk(runner: StockRunner, until_epoch: int) -> None:
    """Train; nothing can be written before an epoch is reached."""
    fault = FileFault(0, 'full')
    original = runner.call_hook

    def call_hook(name: str, **arguments: object) -> None:
        if name == 'before_train':
            fault.__enter__()
        if name == 'before_train_epoch' and runner.epoch + 1 > until_epoch:
            fault.step = None
        original(name, **arguments)

    runner.call_hook = call_hook
    try:
        runner.train()
    finally:
        fault.__exit__(None, None, None)
